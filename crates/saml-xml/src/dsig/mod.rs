//! XML Signature in the one profile that SAML needs (SAML Core §5.4).
//!
//! A signature is a direct child of the element it signs. It has one Reference, to that element's
//! own `ID`; two transforms, enveloped-signature and exclusive C14N; an asymmetric algorithm that
//! belongs to the key's type; and nothing else. The signature over SignedInfo is checked with
//! configured keys *before* the Reference is digested, so that an unauthenticated sender cannot
//! cause work. Keys come from [`TrustAnchors`], never from the message.

mod algorithm;
mod certificate;
pub mod danger;
mod error;
mod key;
mod pem;
mod sign;
mod signature;
mod spki;
#[cfg(test)]
mod tests;
mod verify;

pub use algorithm::{AlgorithmPolicy, DigestAlgorithm, SignatureAlgorithm};
pub use certificate::Certificate;
pub use error::{KeyError, KeyErrorKind, SignatureError, SignatureErrorKind};
pub use key::{KeyId, KeyKind, SigningKey, VerifyingKey};
pub use sign::{SignError, SignErrorKind, SignOptions, sign_enveloped};
pub(crate) use signature::Signature;
pub use signature::signature_child;
pub(crate) use verify::{DigestSink, signing_key};
pub use verify::{TrustAnchors, Verified, verify_detached, verify_enveloped};

/// The namespace of XML Signature.
pub const DSIG_NAMESPACE: &str = "http://www.w3.org/2000/09/xmldsig#";
