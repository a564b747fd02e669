//! A fake SAML identity provider, a simulated clock, and contract suites for stores.
//!
//! [`FakeIdp`] signs with keys made fresh in each process and answers the way a [`Preset`] does. It writes its
//! messages as text, not through the service provider's types, because it must be able to write wrong ones:
//! [`ResponseBuilder::mutate`] changes what it says before it signs, [`catalogue`] holds every attack of the
//! field as a mutator with the reason code that it is owed.
//!
//! Nothing in here is fit for production: keys are throw-away, arithmetic is not constant-time, and the way
//! to fail is a panic.

#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test kit fails by panicking, in the test that uses it wrongly"
)]

pub mod catalogue;
mod clock;
pub mod encrypt;
mod executor;
mod idp;
mod keys;
mod logout;
mod message;
mod random;
mod raw_rsa;
mod request;
pub mod resource_contract;
mod shape;
pub mod signer;
pub mod store_contract;
pub mod surgery;

pub use clock::Clock;
pub use executor::block_on;
pub use idp::{EMAIL, FakeIdp, Preset, Profile, UNSPECIFIED_SAML_1_0, User};
pub use keys::{IdpKey, KeyKind};
pub use logout::LogoutInfo;
pub use message::{
    ASSERTION, Answer, AssertionFields, BEARER, PROTOCOL, ResponseBuilder, ResponseFields, SUCCESS,
    Signs, form_body,
};
pub use random::{OsRandom, TestRandom};
pub use raw_rsa::RawRsaKey;
pub use request::AuthnRequestInfo;
pub use shape::Shape;
pub use signer::{KeyInfoRecipe, ReferenceRecipe, SignatureRecipe, algorithm, sha256_base64};
