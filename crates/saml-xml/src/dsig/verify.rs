//! Verification: the only place where trust is made.

use core::fmt;

use super::DSIG_NAMESPACE;
use super::algorithm::{AlgorithmPolicy, DigestAlgorithm, SignatureAlgorithm};
use super::certificate::Certificate;
use super::error::{SignatureError, SignatureErrorKind as Kind};
use super::key::{KeyId, VerifyingKey};
use super::signature::{Signature, refuse};
use crate::c14n::{C14nOptions, Sink, canonicalise};
use crate::document::Element;
use crate::types::decode_base64;

/// Certificates of one message that are looked at; identity providers send one, or a chain of
/// three.
const MAX_CERTIFICATES: usize = 8;
/// Keys that are tried for one signature: an identity provider in roll-over has two, a federation
/// member at most a handful (SAML2Int v2 SDP-SP37: try every key).
const MAX_KEYS: usize = 16;

/// Whose signatures are believed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum TrustAnchors<'a> {
    /// These keys. What the message says about keys is not used.
    Keys(&'a [VerifyingKey]),
    /// The certificate with this SHA-256, taken from the message.
    CertificateSha256(&'a [[u8; 32]]),
}

/// An element whose signature was verified: the proof that a configured key signed exactly this
/// subtree. Only [`verify_enveloped`] makes one.
#[derive(Clone)]
pub struct Verified<'d> {
    element: Element<'d>,
    signature: Element<'d>,
    prefixes: &'d str,
    key: VerifyingKey,
    signature_algorithm: SignatureAlgorithm,
    digest_algorithm: DigestAlgorithm,
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("element", &self.element)
            .field("key", &self.key)
            .field("signature_algorithm", &self.signature_algorithm)
            .finish_non_exhaustive()
    }
}

impl<'d> Verified<'d> {
    /// The signed element. Its Signature child is part of the subtree but not of what was signed.
    #[must_use]
    pub const fn element(&self) -> Element<'d> {
        self.element
    }

    /// The ds:Signature that was verified.
    #[must_use]
    pub const fn signature(&self) -> Element<'d> {
        self.signature
    }

    /// The key that made it.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// How SignedInfo was signed.
    #[must_use]
    pub const fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.signature_algorithm
    }

    /// How the element was digested.
    #[must_use]
    pub const fn digest_algorithm(&self) -> DigestAlgorithm {
        self.digest_algorithm
    }

    /// The octets that were digested, made again.
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let options = C14nOptions::default()
            .inclusive(self.prefixes)
            .without(self.signature);
        // Verification has canonicalised this subtree before; it is not empty
        let written = canonicalise(self.element, &options, &mut out);
        debug_assert!(written.is_ok());
        out
    }
}

/// Verifies the signature that is a direct child of an element and covers that element.
///
/// The steps are those of XML Signature §3.2 in the safe order: structure, then the signature over
/// SignedInfo with a trusted key, then the digest of the element.
///
/// # Errors
///
/// A [`SignatureError`] with one of the `signature.*` codes of [`SignatureErrorKind`](super::SignatureErrorKind).
///
/// ```
/// use saml_xml::dsig::{AlgorithmPolicy, Certificate, TrustAnchors, verify_enveloped};
/// use saml_xml::{Document, Limits};
///
/// # let xml = include_bytes!("../../tests/data/simplesamlphp-assert.xml").to_vec();
/// # let pem = include_str!("../../tests/data/simplesamlphp-cert.pem");
/// let key = Certificate::from_pem(pem)?.key()?;
/// let document = Document::parse(xml, &Limits::default())?;
/// let assertion = document.root().children().find(|e| e.local_name() == "Assertion").unwrap();
/// let policy = AlgorithmPolicy::default();
///
/// let verified = verify_enveloped(assertion, TrustAnchors::Keys(&[key]), &policy)?;
/// assert_eq!(verified.element(), assertion);
///
/// // the Response around it carries no signature of its own
/// let error = verify_enveloped(document.root(), TrustAnchors::Keys(&[]), &policy).unwrap_err();
/// assert_eq!(error.code(), "signature.missing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_enveloped<'d>(
    element: Element<'d>,
    anchors: TrustAnchors<'_>,
    policy: &AlgorithmPolicy,
) -> Result<Verified<'d>, SignatureError> {
    let signature = Signature::of(element, policy)?;
    let key = signing_key(&signature, anchors, policy)?;

    // XML Signature §3.2.1. Only now, so that nobody without a trusted key causes this work.
    let reference = &signature.reference;
    let mut sink = DigestSink::new(reference.digest_algorithm);
    let options = C14nOptions::default()
        .inclusive(reference.prefixes)
        .without(signature.element);
    canonicalise(element, &options, &mut sink)?;
    if sink.finish().as_ref() != reference.digest.as_slice() {
        return refuse(Kind::DigestMismatch, reference.digest_element);
    }
    Ok(Verified {
        element,
        signature: signature.element,
        prefixes: reference.prefixes,
        key,
        signature_algorithm: signature.algorithm,
        digest_algorithm: reference.digest_algorithm,
    })
}

/// XML Signature §3.2.2: the trusted key that made the signature over SignedInfo.
pub(crate) fn signing_key(
    signature: &Signature<'_>,
    anchors: TrustAnchors<'_>,
    policy: &AlgorithmPolicy,
) -> Result<VerifyingKey, SignatureError> {
    let mut signed_info = Vec::with_capacity(1024);
    let options = C14nOptions::default().inclusive(signature.signed_info_prefixes);
    canonicalise(signature.signed_info, &options, &mut signed_info)?;

    match anchors {
        TrustAnchors::Keys(keys) => {
            let claimed = || claimed_key(signature);
            let at = signature.element;
            check_value(
                keys,
                signature.algorithm,
                &signed_info,
                &signature.value,
                policy,
                claimed,
            )
            .or_else(|(kind, claimed)| {
                refuse(kind, at).map_err(|e: SignatureError| e.claiming(claimed))
            })
        }
        TrustAnchors::CertificateSha256(fingerprints) => {
            let key = fingerprinted_key(signature, fingerprints)?;
            check_value(
                &[key],
                signature.algorithm,
                &signed_info,
                &signature.value,
                policy,
                || None,
            )
            // The key is the right one by its fingerprint, so the value must be wrong
            .or_else(|(kind, _)| {
                let kind = if kind == Kind::UnknownKey {
                    Kind::ValueMismatch
                } else {
                    kind
                };
                refuse(kind, signature.element)
            })
        }
    }
}

/// Verifies a signature over octets that stand outside XML: the query of the HTTP Redirect binding
/// (SAML Bindings §3.4.4.1).
///
/// # Errors
///
/// `signature.algorithm_weak`, `signature.algorithm_unknown`, `signature.mac`,
/// `signature.algorithm_key_mismatch`, `signature.key_weak`, `signature.unknown_key`.
pub fn verify_detached(
    message: &[u8],
    algorithm_uri: &str,
    signature: &[u8],
    keys: &[VerifyingKey],
    policy: &AlgorithmPolicy,
) -> Result<KeyId, SignatureError> {
    let refuse = |kind| SignatureError::new(kind, None);
    let algorithm = SignatureAlgorithm::from_uri(algorithm_uri, policy).map_err(refuse)?;
    check_value(keys, algorithm, message, signature, policy, || None)
        .map(|key| key.id())
        .map_err(|(kind, _)| refuse(kind))
}

/// Tries the keys that fit the algorithm. The failure that is reported is the one that says most.
fn check_value(
    keys: &[VerifyingKey],
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
    policy: &AlgorithmPolicy,
    claimed: impl FnOnce() -> Option<KeyId>,
) -> Result<VerifyingKey, (Kind, Option<KeyId>)> {
    let mut failure = if keys.is_empty() {
        Kind::UnknownKey
    } else {
        Kind::AlgorithmKeyMismatch
    };
    for key in keys.iter().take(MAX_KEYS) {
        if !algorithm.fits(key.kind()) {
            continue;
        }
        if !policy.accepts_key(key.kind()) {
            failure = Kind::KeyWeak;
            continue;
        }
        if key.verifies(algorithm, message, signature) {
            return Ok(key.clone());
        }
        failure = Kind::UnknownKey;
    }
    let claimed = claimed();
    let known = |id: KeyId| keys.iter().any(|key| key.id() == id);
    match (failure, claimed) {
        // The message names a configured key, and yet no configured key verifies it
        (Kind::UnknownKey, Some(id)) if known(id) => Err((Kind::ValueMismatch, claimed)),
        // It names a key that is not configured: of another type, or not strong enough to try
        (Kind::AlgorithmKeyMismatch, Some(id)) if !known(id) => Err((Kind::UnknownKey, claimed)),
        _ => Err((failure, claimed)),
    }
}

/// The certificates in KeyInfo/X509Data, decoded and not trusted.
fn certificates<'d>(signature: &Signature<'d>) -> impl Iterator<Item = Vec<u8>> + use<'d> {
    signature
        .key_info
        .into_iter()
        .flat_map(Element::children)
        .filter(|e| e.is(DSIG_NAMESPACE, "X509Data"))
        .flat_map(Element::children)
        .filter(|e| e.is(DSIG_NAMESPACE, "X509Certificate"))
        .take(MAX_CERTIFICATES)
        .filter_map(|e| decode_base64(e.text()?).ok())
}

fn claimed_key(signature: &Signature<'_>) -> Option<KeyId> {
    let der = certificates(signature).next()?;
    Certificate::from_der(&der)
        .and_then(|c| c.key())
        .map(|key| key.id())
        .ok()
}

/// Finds the one certificate in the message whose SHA-256 is configured.
fn fingerprinted_key(
    signature: &Signature<'_>,
    fingerprints: &[[u8; 32]],
) -> Result<VerifyingKey, SignatureError> {
    let mut matching = None;
    let mut seen = 0usize;
    for der in certificates(signature) {
        seen = seen.saturating_add(1);
        let digest = ring::digest::digest(&ring::digest::SHA256, &der);
        // A fingerprint is public, so nothing can be learnt from the time this takes
        if !fingerprints.iter().any(|f| f.as_slice() == digest.as_ref()) {
            continue;
        }
        if matching.replace(der).is_some() {
            return refuse(Kind::CertificateMismatch, signature.element);
        }
    }
    let Some(der) = matching else {
        let kind = if seen == 0 {
            Kind::CertificateMissing
        } else {
            Kind::CertificateMismatch
        };
        return refuse(kind, signature.element)
            .map_err(|e: SignatureError| e.claiming(claimed_key(signature)));
    };
    match Certificate::from_der(&der).and_then(|c| c.key()) {
        Ok(key) => Ok(key),
        Err(_) => refuse(Kind::Certificate, signature.element),
    }
}

/// Feeds a digest in blocks, because a canonicaliser writes a few bytes at a time.
pub(crate) struct DigestSink {
    context: ring::digest::Context,
    buffer: Vec<u8>,
}

const BLOCK: usize = 2048;

impl DigestSink {
    pub(crate) fn new(algorithm: DigestAlgorithm) -> Self {
        Self {
            context: ring::digest::Context::new(algorithm.ring()),
            buffer: Vec::with_capacity(BLOCK),
        }
    }

    pub(crate) fn finish(mut self) -> ring::digest::Digest {
        self.context.update(&self.buffer);
        self.context.finish()
    }
}

impl Sink for DigestSink {
    fn put(&mut self, bytes: &[u8]) {
        if self.buffer.len().saturating_add(bytes.len()) > BLOCK {
            self.context.update(&self.buffer);
            self.buffer.clear();
            if bytes.len() > BLOCK {
                return self.context.update(bytes);
            }
        }
        self.buffer.extend_from_slice(bytes);
    }
}
