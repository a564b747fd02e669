//! The XML that SAML needs, and no more.
//!
//! - [`Document`]: a strict parser into a read-only arena. DOCTYPE, processing instructions, other
//!   encodings than UTF-8, relative namespace names and repeated identifiers are refused, each
//!   with a reason code and a position. Cost is bounded by [`Limits`] and linear in the input.
//! - [`exclusive_c14n`]: Exclusive XML Canonicalization, streamed.
//! - [`dsig`]: XML Signature in the one profile of SAML, with keys that come from configuration.
//! - [`stream`]: a signed document of any size, verified in one pass.
//! - [`types`]: the scalar types, read strictly.
//! - [`XmlWriter`]: text out, everything escaped.
//!
//! There is no clock, network or disk in here, and no `unsafe`.

#![forbid(unsafe_code)]

mod c14n;
#[cfg(test)]
mod c14n_tests;
mod chars;
mod code;
mod document;
pub mod dsig;
mod encryption;
mod error;
mod limits;
mod parse;
pub mod stream;
pub mod types;
mod write;
#[cfg(feature = "decrypt")]
pub mod xmlenc;

pub use c14n::{C14nOptions, exclusive_c14n};
pub use code::Side;
pub use document::{Attribute, Document, Element};
pub use dsig::{
    AlgorithmPolicy, Certificate, DSIG_NAMESPACE, DigestAlgorithm, KeyError, KeyErrorKind, KeyId,
    KeyKind, SignError, SignErrorKind, SignOptions, SignatureAlgorithm, SignatureError,
    SignatureErrorKind, SigningKey, TrustAnchors, Verified, VerifyingKey, danger, sign_enveloped,
    signature_child, verify_detached, verify_enveloped,
};
pub use encryption::EncryptionErrorKind;
pub use error::{TextPos, XmlError, XmlErrorKind};
pub use limits::Limits;
pub use stream::StreamErrorKind;
pub use types::{ScalarError, ScalarErrorKind};
pub use write::XmlWriter;
