//! Enveloped signing, in the same profile that is verified.

use core::fmt;

use super::DSIG_NAMESPACE;
use super::algorithm::DigestAlgorithm;
use super::error::KeyError;
use super::key::SigningKey;
use crate::c14n::{C14nOptions, canonicalise};
use crate::document::Document;
use crate::error::XmlError;
use crate::limits::Limits;
use crate::types::{encode_base64, parse_id};

/// How to sign.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SignOptions {
    /// Whether the key's certificate goes into KeyInfo.
    pub include_certificate: bool,
}

impl Default for SignOptions {
    fn default() -> Self {
        Self {
            include_certificate: true,
        }
    }
}

impl SignOptions {
    /// Leaves KeyInfo out.
    #[must_use]
    pub const fn without_certificate(mut self) -> Self {
        self.include_certificate = false;
        self
    }
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignErrorKind {
    /// The text is not a document that the verifier would read.
    Xml(XmlError),
    /// The ID is not an `xs:ID`, or no element has it.
    NoSuchElement,
    /// The element is already signed.
    AlreadySigned,
    /// The key failed.
    Key(KeyError),
}

/// Nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignError {
    kind: SignErrorKind,
}

impl SignError {
    /// Why.
    #[must_use]
    pub const fn kind(&self) -> SignErrorKind {
        self.kind
    }
}

impl From<SignErrorKind> for SignError {
    fn from(kind: SignErrorKind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SignErrorKind::Xml(error) => write!(f, "cannot sign: {error}"),
            SignErrorKind::NoSuchElement => f.write_str("cannot sign: no element has that ID"),
            SignErrorKind::AlreadySigned => {
                f.write_str("cannot sign: the element is already signed")
            }
            SignErrorKind::Key(error) => write!(f, "cannot sign: {error}"),
        }
    }
}

impl core::error::Error for SignError {}

/// Signs the element with an `ID`, and puts the ds:Signature where the schemas of SAML want it:
/// after the element's Issuer, or first when it has none.
///
/// The digest is SHA-256. The rest of the text stays as it was, byte for byte.
///
/// # Errors
///
/// [`SignErrorKind`] says which.
///
/// ```
/// use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
/// use saml_xml::dsig::{AlgorithmPolicy, SignOptions, SigningKey, TrustAnchors};
/// use saml_xml::dsig::{sign_enveloped, verify_enveloped};
/// use saml_xml::{Document, Limits};
///
/// let rng = ring::rand::SystemRandom::new();
/// let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
/// let key = SigningKey::from_pkcs8_der(pkcs8.as_ref())?;
///
/// let signed = sign_enveloped("<m ID='_1'><to>you</to></m>", "_1", &key, &SignOptions::default())?;
/// let document = Document::parse(signed.into_bytes(), &Limits::default())?;
/// let keys = [key.verifying_key().clone()];
/// let verified = verify_enveloped(document.root(), TrustAnchors::Keys(&keys), &AlgorithmPolicy::default())?;
/// assert_eq!(verified.signed_bytes(), b"<m ID=\"_1\"><to>you</to></m>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn sign_enveloped(
    xml: &str,
    id: &str,
    key: &SigningKey,
    options: &SignOptions,
) -> Result<String, SignError> {
    let limits = Limits {
        bytes: usize::MAX,
        nodes: usize::MAX,
        ..Limits::default()
    };
    let document = Document::parse(xml.as_bytes().to_vec(), &limits).map_err(SignErrorKind::Xml)?;
    let id = parse_id(id).map_err(|_| SignErrorKind::NoSuchElement)?;
    let found = document.elements().find(|e| e.attribute("ID") == Some(id));
    let element = found.ok_or(SignErrorKind::NoSuchElement)?;
    if element
        .children()
        .any(|c| c.is(DSIG_NAMESPACE, "Signature"))
    {
        return Err(SignErrorKind::AlreadySigned.into());
    }
    let mut canonical = Vec::new();
    canonicalise(element, &C14nOptions::default(), &mut canonical).map_err(SignErrorKind::Xml)?;
    let digest = ring::digest::digest(DigestAlgorithm::Sha256.ring(), &canonical);

    // Written in canonical form, so that these octets are what a verifier canonicalises to
    let body = signed_info_body(id, key.algorithm().uri(), digest.as_ref());
    let signed_info =
        format!("<ds:SignedInfo xmlns:ds=\"{DSIG_NAMESPACE}\">{body}</ds:SignedInfo>");
    let value = key
        .sign(signed_info.as_bytes())
        .map_err(SignErrorKind::Key)?;
    let key_info = match key.verifying_key().certificate() {
        Some(certificate) if options.include_certificate => format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
            encode_base64(certificate.der())
        ),
        _ => String::new(),
    };
    let signature = format!(
        "<ds:Signature xmlns:ds=\"{DSIG_NAMESPACE}\"><ds:SignedInfo>{body}</ds:SignedInfo><ds:SignatureValue>{}</ds:SignatureValue>{key_info}</ds:Signature>",
        encode_base64(&value)
    );
    let issuer = element
        .children()
        .next()
        .filter(|c| c.local_name() == "Issuer");
    let at = issuer.map_or(element.start_tag_span().end, |i| i.span().end);
    match (xml.get(..at), xml.get(at..)) {
        // An empty-element tag has no place to put a child
        (Some(before), Some(after)) if !before.ends_with("/>") || issuer.is_some() => {
            Ok([before, &signature, after].concat())
        }
        _ => Err(SignErrorKind::NoSuchElement.into()),
    }
}

fn signed_info_body(id: &str, algorithm: &str, digest: &[u8]) -> String {
    let digest_method = DigestAlgorithm::Sha256.uri();
    let digest = encode_base64(digest);
    format!(
        "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{algorithm}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform>\
         </ds:Transforms><ds:DigestMethod Algorithm=\"{digest_method}\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"
    )
}
