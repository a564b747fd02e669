//! Many customers on one service provider: which connection a message belongs to, whom a login
//! names, and which account an e-mail address may select.
//!
//! Everything here is keyed by our own [`ConnectionId`](crate::ConnectionId). Entity IDs of
//! identity providers are free text that two customers can share, and an e-mail address is a claim
//! that any identity provider can make about anybody.

mod email;
mod route;
mod subject_key;

pub use email::{AccountEmail, EmailDomains};
pub use route::{Route, RoutedBy};
pub use subject_key::SubjectKey;
