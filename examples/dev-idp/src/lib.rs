//! A local identity provider to develop against.
//!
//! It signs anybody in as whoever the form says, so it is for this machine only: answers go to the
//! assertion consumer services it was told about, and, if it was told so, to any on a loopback
//! address. Its sign-in form can also send broken answers, to see what a service provider says.

#![forbid(unsafe_code)]

mod answer;
mod idp;
mod page;
#[cfg(test)]
mod tests;
mod variant;
mod web;

pub use idp::{Config, DevIdp, StartError};
pub use variant::Variant;
