//! The algorithms of the profile, and the policy that can loosen it.

use ring::signature as ring_signature;

use super::error::SignatureErrorKind;
use super::key::KeyKind;

/// A signature algorithm that may be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSA PKCS#1 v1.5 with SHA-1; only through [`danger`](super::danger).
    RsaSha1,
    /// RSA PKCS#1 v1.5 with SHA-256 (RFC 9231 §2.3.2).
    RsaSha256,
    /// RSA PKCS#1 v1.5 with SHA-384 (RFC 9231 §2.3.3).
    RsaSha384,
    /// RSA PKCS#1 v1.5 with SHA-512 (RFC 9231 §2.3.4).
    RsaSha512,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes (RFC 9231 §2.3.10).
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes (RFC 9231 §2.3.10).
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512 and a salt of 64 bytes (RFC 9231 §2.3.10).
    RsaPssSha512,
    /// ECDSA on P-256 with SHA-256, r and s of fixed length (RFC 9231 §2.3.6).
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384, r and s of fixed length (RFC 9231 §2.3.6).
    EcdsaP384Sha384,
}

impl SignatureAlgorithm {
    const URIS: [(Self, &'static str); 9] = [
        (
            Self::RsaSha256,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        ),
        (
            Self::RsaSha384,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        ),
        (
            Self::RsaSha512,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        ),
        (
            Self::RsaPssSha256,
            "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        ),
        (
            Self::RsaPssSha384,
            "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
        ),
        (
            Self::RsaPssSha512,
            "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
        ),
        (
            Self::EcdsaP256Sha256,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        ),
        (
            Self::EcdsaP384Sha384,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
        ),
        (Self::RsaSha1, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
    ];

    /// The algorithm identifier of XML Signature.
    #[must_use]
    pub fn uri(self) -> &'static str {
        Self::URIS
            .iter()
            .find(|(a, _)| *a == self)
            .map_or("", |(_, uri)| uri)
    }

    /// Finds the algorithm with an identifier and asks the policy whether it may be used. An
    /// unknown identifier never falls back to another algorithm.
    pub(crate) fn from_uri(
        uri: &str,
        policy: &AlgorithmPolicy,
    ) -> Result<Self, SignatureErrorKind> {
        match Self::URIS.iter().find(|(_, u)| *u == uri) {
            Some((Self::RsaSha1, _)) if !policy.sha1 => Err(SignatureErrorKind::AlgorithmWeak),
            Some((algorithm, _)) => Ok(*algorithm),
            None if uri.contains("#hmac-") => Err(SignatureErrorKind::Mac),
            None => Err(unlisted(uri)),
        }
    }

    /// RFC 9231: an algorithm belongs to one type of key.
    pub(crate) const fn fits(self, kind: KeyKind) -> bool {
        match self {
            Self::EcdsaP256Sha256 => matches!(kind, KeyKind::EcP256),
            Self::EcdsaP384Sha384 => matches!(kind, KeyKind::EcP384),
            _ => matches!(kind, KeyKind::Rsa { .. }),
        }
    }

    /// ring's parameters for an RSA algorithm and a key size.
    pub(crate) fn rsa_parameters(
        self,
        bits: u32,
    ) -> Option<&'static ring_signature::RsaParameters> {
        let legacy = bits < 2048;
        Some(match self {
            Self::RsaSha1 => &ring_signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Self::RsaSha256 if legacy => {
                &ring_signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY
            }
            Self::RsaSha512 if legacy => {
                &ring_signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY
            }
            _ if legacy => return None,
            Self::RsaSha256 => &ring_signature::RSA_PKCS1_2048_8192_SHA256,
            Self::RsaSha384 => &ring_signature::RSA_PKCS1_2048_8192_SHA384,
            Self::RsaSha512 => &ring_signature::RSA_PKCS1_2048_8192_SHA512,
            Self::RsaPssSha256 => &ring_signature::RSA_PSS_2048_8192_SHA256,
            Self::RsaPssSha384 => &ring_signature::RSA_PSS_2048_8192_SHA384,
            Self::RsaPssSha512 => &ring_signature::RSA_PSS_2048_8192_SHA512,
            Self::EcdsaP256Sha256 | Self::EcdsaP384Sha384 => return None,
        })
    }
}

/// Why an identifier that no table lists is refused: known to be broken, or not known.
fn unlisted(uri: &str) -> SignatureErrorKind {
    if ["md5", "sha1", "ripemd160"]
        .iter()
        .any(|weak| uri.contains(weak))
    {
        SignatureErrorKind::AlgorithmWeak
    } else {
        SignatureErrorKind::AlgorithmUnknown
    }
}

/// A digest algorithm of a Reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// SHA-1; only through [`danger`](super::danger).
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    const URIS: [(Self, &'static str); 4] = [
        (Self::Sha256, "http://www.w3.org/2001/04/xmlenc#sha256"),
        (
            Self::Sha384,
            "http://www.w3.org/2001/04/xmldsig-more#sha384",
        ),
        (Self::Sha512, "http://www.w3.org/2001/04/xmlenc#sha512"),
        (Self::Sha1, "http://www.w3.org/2000/09/xmldsig#sha1"),
    ];

    /// The algorithm identifier of XML Signature.
    #[must_use]
    pub fn uri(self) -> &'static str {
        Self::URIS
            .iter()
            .find(|(a, _)| *a == self)
            .map_or("", |(_, uri)| uri)
    }

    pub(crate) fn from_uri(
        uri: &str,
        policy: &AlgorithmPolicy,
    ) -> Result<Self, SignatureErrorKind> {
        match Self::URIS.iter().find(|(_, u)| *u == uri) {
            Some((Self::Sha1, _)) if !policy.sha1 => Err(SignatureErrorKind::AlgorithmWeak),
            Some((algorithm, _)) => Ok(*algorithm),
            None => Err(unlisted(uri)),
        }
    }

    pub(crate) fn ring(self) -> &'static ring::digest::Algorithm {
        match self {
            Self::Sha1 => &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &ring::digest::SHA256,
            Self::Sha384 => &ring::digest::SHA384,
            Self::Sha512 => &ring::digest::SHA512,
        }
    }
}

/// Which algorithms and key sizes a verifier accepts. The default is the strict profile; the only
/// ways to loosen it are the functions of [`danger`](super::danger).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlgorithmPolicy {
    pub(super) sha1: bool,
    pub(super) rsa1024: bool,
}

impl AlgorithmPolicy {
    /// Whether SHA-1 was let in.
    #[must_use]
    pub const fn accepts_sha1(&self) -> bool {
        self.sha1
    }

    /// Whether RSA keys of 1024 to 2047 bits were let in.
    #[must_use]
    pub const fn accepts_rsa1024(&self) -> bool {
        self.rsa1024
    }

    /// SAML2Int v2 SDP-MD06: "RSA public keys MUST be at least 2048 bits in length".
    pub(crate) const fn accepts_key(&self, kind: KeyKind) -> bool {
        match kind {
            KeyKind::Rsa { bits } => bits >= 2048 || (self.rsa1024 && bits >= 1024),
            KeyKind::EcP256 | KeyKind::EcP384 => true,
        }
    }
}
