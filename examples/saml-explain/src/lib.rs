//! Why was this SAML Response accepted or rejected?
//!
//! [`Explanation`] shows a report the way a compiler shows an error: the message, what of it was
//! signed, the spot that failed, what was expected, whose side it is on, and what to do.

#![forbid(unsafe_code)]

mod explanation;
mod layout;

pub use explanation::{Explanation, Finding, SignedRegion};
pub use layout::Layout;
