//! Why a signature, or a key, was refused.

use core::fmt;

use crate::dsig::key::KeyId;
use crate::error::{TextPos, XmlError, XmlErrorKind};

crate::reason_codes! {
    /// Why a signature was refused.
    pub enum SignatureErrorKind {
        /// The element has no Signature child.
        Missing => { code: "signature.missing", side: Idp, cite: "SAML Profiles §4.1.4.3; SAML Core §5.3",
            hint: "Turn on signing of the assertion or the response at the identity provider." },
        /// More than one Signature child.
        Duplicate => { code: "signature.duplicate", side: Attacker, cite: "SAML Core §5.4.1",
            hint: "An element carries one signature; treat the message as hostile." },
        /// A Signature, or a part of one, with children, attributes or text the profile has no
        /// place for.
        Malformed => { code: "signature.malformed", side: Attacker, cite: "SAML Core §5.4; XML Signature §4",
            hint: "The signature is not built as SAML prescribes; treat the message as hostile." },
        /// A ds:Object in the Signature.
        Object => { code: "signature.object", side: Attacker, cite: "SAML Core §5.4.2",
            hint: "SAML signatures carry no Object; treat the message as hostile." },
        /// SignedInfo is canonicalised by something other than exclusive C14N without comments.
        CanonicalizationMethod => { code: "signature.canonicalization_method", side: Idp, cite: "SAML Core §5.4.3",
            hint: "Choose exclusive canonicalisation without comments at the identity provider." },
        /// InclusiveNamespaces is malformed.
        InclusiveNamespaces => { code: "signature.inclusive_namespaces", side: Attacker, cite: "Exclusive C14N §4",
            hint: "InclusiveNamespaces is one empty element of the exclusive C14N namespace with a PrefixList." },
        /// A message authentication code instead of a signature.
        Mac => { code: "signature.mac", side: Attacker, cite: "SAML Core §5.4; CVE-2021-21239 class",
            hint: "Only asymmetric signatures are accepted; treat the message as hostile." },
        /// SHA-1 or MD5, as digest or in the signature.
        AlgorithmWeak => { code: "signature.algorithm_weak", side: Idp, cite: "SAML2Int v2 SDP-ALG01; RFC 9155",
            hint: "Switch the signature algorithm to RSA-SHA256 at the identity provider." },
        /// An algorithm that this profile does not know.
        AlgorithmUnknown => { code: "signature.algorithm_unknown", side: Idp, cite: "SAML2Int v2 SDP-ALG01",
            hint: "Switch the signature algorithm to RSA-SHA256 at the identity provider." },
        /// No configured key is of the type that the algorithm needs.
        AlgorithmKeyMismatch => { code: "signature.algorithm_key_mismatch", side: Attacker, cite: "RFC 9231 §2.3",
            hint: "The algorithm does not belong to the configured key's type; check that the right certificate is configured." },
        /// The key is too weak to trust.
        KeyWeak => { code: "signature.key_weak", side: Idp, cite: "SAML2Int v2 SDP-MD06",
            hint: "Make a new certificate with RSA of 2048 bits or more at the identity provider." },
        /// Not exactly one Reference.
        ReferenceCount => { code: "signature.reference_count", side: Attacker, cite: "SAML Core §5.4.2",
            hint: "A SAML signature has one Reference; treat the message as hostile." },
        /// The Reference names something other than the element that holds the signature.
        ReferenceUri => { code: "signature.reference_uri", side: Attacker, cite: "SAML Core §5.4.2",
            hint: "The signature must refer to the ID of the element it is in; treat the message as hostile." },
        /// The element that holds the signature has no usable ID.
        ReferenceId => { code: "signature.reference_id", side: Attacker, cite: "SAML Core §1.3.4, §5.4.2",
            hint: "A signed element has an ID attribute that is an NCName." },
        /// Transforms other than enveloped-signature followed by exclusive C14N.
        Transforms => { code: "signature.transforms", side: Attacker, cite: "SAML Core §5.4.4",
            hint: "Only enveloped-signature and exclusive C14N are accepted, in this order." },
        /// No configured key made this signature.
        UnknownKey => { code: "signature.unknown_key", side: Idp, cite: "SAML Metadata §2.4.1.1; SAML2Int v2 SDP-SP37",
            hint: "The identity provider signs with another key than the configured one: fetch its current metadata or certificate." },
        /// A configured key is named, but its signature over SignedInfo does not verify.
        ValueMismatch => { code: "signature.value_mismatch", side: Attacker, cite: "XML Signature §3.2.2",
            hint: "The signature block was changed after signing." },
        /// The signed element is not what was signed.
        DigestMismatch => { code: "signature.digest_mismatch", side: Attacker, cite: "XML Signature §3.2.1",
            hint: "The signed element was changed after signing; look for a proxy that rewrites bodies." },
        /// Fingerprint trust, and no certificate in the signature.
        CertificateMissing => { code: "signature.certificate_missing", side: Idp, cite: "XML Signature §4.5.4",
            hint: "Trust by fingerprint needs the certificate in the message: turn on 'include certificate', or configure metadata." },
        /// Fingerprint trust, and no certificate, or several, with the configured fingerprint.
        CertificateMismatch => { code: "signature.certificate_mismatch", side: Idp, cite: "XML Signature §4.5.4",
            hint: "The identity provider uses another certificate than the one whose fingerprint is configured." },
        /// The certificate with the right fingerprint cannot be read.
        Certificate => { code: "signature.certificate", side: Idp, cite: "RFC 5280 §4.1",
            hint: "The certificate in the message is damaged or has a key of another type than RSA, P-256 or P-384." },
        /// Canonicalisation failed.
        Canonicalization => { code: "signature.canonicalization", side: Attacker, cite: "SAML Core §5.4.3",
            hint: "Treat the message as hostile." },
    }
}

/// A signature that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureError {
    kind: SignatureErrorKind,
    at: Option<TextPos>,
    claimed_key: Option<KeyId>,
}

impl SignatureError {
    pub(crate) const fn new(kind: SignatureErrorKind, at: Option<TextPos>) -> Self {
        Self {
            kind,
            at,
            claimed_key: None,
        }
    }

    pub(crate) const fn claiming(mut self, key: Option<KeyId>) -> Self {
        self.claimed_key = key;
        self
    }

    /// The rule that was broken.
    #[must_use]
    pub const fn kind(&self) -> SignatureErrorKind {
        self.kind
    }

    /// The stable reason code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Where, when the signature is in a document.
    #[must_use]
    pub const fn at(&self) -> Option<TextPos> {
        self.at
    }

    /// The key of the certificate that the message carries: what its sender *claims* to have
    /// signed with. Good for telling an operator, never for trusting.
    #[must_use]
    pub const fn claimed_key(&self) -> Option<KeyId> {
        self.claimed_key
    }
}

impl From<XmlError> for SignatureError {
    fn from(error: XmlError) -> Self {
        debug_assert_eq!(error.kind(), XmlErrorKind::EmptyCanonicalForm);
        Self::new(SignatureErrorKind::Canonicalization, Some(error.at()))
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{} at {at}", self.kind.code()),
            None => f.write_str(self.kind.code()),
        }
    }
}

impl core::error::Error for SignatureError {}

crate::reason_codes! {
    /// Why a key or certificate could not be read.
    pub enum KeyErrorKind {
        /// Not PEM, or not the PEM block that was asked for.
        Pem => { code: "key.pem", side: Us, cite: "RFC 7468 §2",
            hint: "Paste the whole block, from -----BEGIN to -----END." },
        /// Not a certificate, public key or private key in DER.
        Der => { code: "key.der", side: Us, cite: "RFC 5280 §4.1; RFC 5208 §5",
            hint: "The key material is damaged or of another kind than asked for." },
        /// A key of another type than RSA, P-256 or P-384, or RSA outside 1024 to 8192 bits.
        Unsupported => { code: "key.unsupported", side: Us, cite: "SAML2Int v2 SDP-MD06, SDP-MD07",
            hint: "Use RSA of 2048 to 8192 bits, or ECDSA on P-256 or P-384." },
    }
}

/// A key or certificate that could not be read. Nothing of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError {
    kind: KeyErrorKind,
}

impl KeyError {
    pub(crate) const fn new(kind: KeyErrorKind) -> Self {
        Self { kind }
    }

    /// The rule that was broken.
    #[must_use]
    pub const fn kind(&self) -> KeyErrorKind {
        self.kind
    }

    /// The stable reason code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code())
    }
}

impl core::error::Error for KeyError {}
