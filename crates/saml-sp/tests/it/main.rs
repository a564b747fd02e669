//! Messages in, verdicts out: each rule broken by one change, with the code it owes.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod captures;
mod common;
#[cfg(feature = "decrypt")]
mod encrypted;
mod form;
mod logout;
mod report;
mod request;
mod request_options;
mod rules;
mod signatures;
mod stores;
