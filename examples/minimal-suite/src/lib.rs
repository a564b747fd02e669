//! What the short examples have to do, over HTTP: each is started as its reader starts it, and
//! visited by a browser without JavaScript.

#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod browser;
mod login;
mod program;
mod scim;

pub use browser::{Browser, Page};
pub use login::{
    a_file_of_metadata, a_login, a_replay_is_refused, another_browser_is_refused,
    nonsense_is_refused, short_enough, the_metadata,
};
pub use program::Program;
pub use scim::{a_lifecycle, too_large_is_refused, without_a_token};
