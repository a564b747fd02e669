//! Public keys that are trusted, and private keys that sign.

use core::fmt;
use std::sync::Arc;

use ring::rand::SystemRandom;
use ring::signature::{
    self as ring_signature, EcdsaKeyPair, KeyPair as _, RsaKeyPair, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

use super::algorithm::SignatureAlgorithm;
use super::certificate::Certificate;
use super::error::{KeyError, KeyErrorKind};
use super::{pem, spki};

/// Names a public key: the SHA-256 of its SubjectPublicKeyInfo.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 32]);

impl KeyId {
    /// The 32 bytes of the digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What kind of key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA, with the length of the modulus.
    #[non_exhaustive]
    Rsa {
        /// Bits of the modulus.
        bits: u32,
    },
    /// ECDSA on P-256.
    EcP256,
    /// ECDSA on P-384.
    EcP384,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA {bits}"),
            Self::EcP256 => f.write_str("EC P-256"),
            Self::EcP384 => f.write_str("EC P-384"),
        }
    }
}

pub(super) enum Material {
    Rsa(RsaPublicKeyComponents<Box<[u8]>>),
    Ec(Box<[u8]>),
}

struct Inner {
    id: KeyId,
    kind: KeyKind,
    material: Material,
    certificate: Option<Certificate>,
}

/// A public key that can verify signatures. Cheap to clone.
///
/// Two keys are equal when they are the same key, whatever certificate they came in.
#[derive(Clone)]
pub struct VerifyingKey(Arc<Inner>);

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, {})", self.kind(), self.id())
    }
}

impl VerifyingKey {
    /// Reads a SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    ///
    /// `key.der`, `key.unsupported`.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        spki::parse(der).map(|(material, kind)| Self::new(material, kind, None))
    }

    /// Reads a `PUBLIC KEY` block in PEM.
    ///
    /// # Errors
    ///
    /// `key.pem`, `key.der`, `key.unsupported`.
    pub fn from_spki_pem(text: &str) -> Result<Self, KeyError> {
        let (_, der) = pem::first(text, &["PUBLIC KEY"])?;
        Self::from_spki_der(&der)
    }

    /// Takes the modulus and exponent of an RSA key, big-endian (ds:RSAKeyValue).
    ///
    /// # Errors
    ///
    /// `key.unsupported`.
    pub fn from_rsa_components(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        spki::rsa(modulus, exponent).map(|(material, kind)| Self::new(material, kind, None))
    }

    pub(super) fn new(material: Material, kind: KeyKind, certificate: Option<Certificate>) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, &spki::encode(&material));
        let mut id = [0; 32];
        id.iter_mut()
            .zip(digest.as_ref())
            .for_each(|(to, from)| *to = *from);
        Self(Arc::new(Inner {
            id: KeyId(id),
            kind,
            material,
            certificate,
        }))
    }

    /// The key's name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.0.id
    }

    /// The key's type and size.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.0.kind
    }

    /// The certificate the key came in.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.0.certificate.as_ref()
    }

    /// The SubjectPublicKeyInfo in DER.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        spki::encode(&self.0.material)
    }

    pub(super) fn verifies(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        match (&self.0.material, self.0.kind) {
            (Material::Rsa(key), KeyKind::Rsa { bits }) => algorithm
                .rsa_parameters(bits)
                .is_some_and(|parameters| key.verify(parameters, message, signature).is_ok()),
            (Material::Ec(point), KeyKind::EcP256)
                if algorithm == SignatureAlgorithm::EcdsaP256Sha256 =>
            {
                UnparsedPublicKey::new(&ring_signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
            (Material::Ec(point), KeyKind::EcP384)
                if algorithm == SignatureAlgorithm::EcdsaP384Sha384 =>
            {
                UnparsedPublicKey::new(&ring_signature::ECDSA_P384_SHA384_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
            _ => false,
        }
    }
}

enum Pair {
    Rsa(RsaKeyPair),
    EcP256(EcdsaKeyPair),
    EcP384(EcdsaKeyPair),
}

/// A private key that signs. `Debug` shows the public half only; ring erases nothing on drop, so
/// keep one key for the life of the process rather than many copies.
///
/// Signing takes its randomness from ring itself: the trait ring wants is sealed, and an injected
/// source that repeats would give the private key of an ECDSA signer away
/// (docs/adr/0003-signing-randomness.md).
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    public: VerifyingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SigningKey({}, {})",
            self.public.kind(),
            self.public.id()
        )
    }
}

impl SigningKey {
    /// Reads a PKCS#8 private key in DER (RFC 5208): RSA of 2048 to 8192 bits, P-256 or P-384.
    ///
    /// # Errors
    ///
    /// `key.der` when it is none of these.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let rng = SystemRandom::new();
        let p256 = &ring_signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let p384 = &ring_signature::ECDSA_P384_SHA384_FIXED_SIGNING;
        if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
            Self::rsa(pair)
        } else if let Ok(pair) = EcdsaKeyPair::from_pkcs8(p256, der, &rng) {
            let (material, kind) = spki::ec(pair.public_key().as_ref())?;
            Ok(Self {
                pair: Arc::new(Pair::EcP256(pair)),
                public: VerifyingKey::new(material, kind, None),
            })
        } else if let Ok(pair) = EcdsaKeyPair::from_pkcs8(p384, der, &rng) {
            let (material, kind) = spki::ec(pair.public_key().as_ref())?;
            Ok(Self {
                pair: Arc::new(Pair::EcP384(pair)),
                public: VerifyingKey::new(material, kind, None),
            })
        } else {
            Err(KeyError::new(KeyErrorKind::Der))
        }
    }

    /// Reads a private key in PEM: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1).
    ///
    /// # Errors
    ///
    /// `key.pem`, `key.der`, `key.unsupported`.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyError> {
        match pem::first(text, &["PRIVATE KEY", "RSA PRIVATE KEY"])? {
            ("PRIVATE KEY", der) => Self::from_pkcs8_der(&der),
            (_, der) => RsaKeyPair::from_der(&der)
                .map_err(|_| KeyError::new(KeyErrorKind::Der))
                .and_then(Self::rsa),
        }
    }

    fn rsa(pair: RsaKeyPair) -> Result<Self, KeyError> {
        let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
        let (material, kind) = spki::rsa(&public.n, &public.e)?;
        Ok(Self {
            pair: Arc::new(Pair::Rsa(pair)),
            public: VerifyingKey::new(material, kind, None),
        })
    }

    /// Attaches the certificate that goes into messages and metadata.
    ///
    /// # Errors
    ///
    /// `key.unsupported` when the certificate is for another key.
    pub fn with_certificate(self, certificate: &Certificate) -> Result<Self, KeyError> {
        let public = certificate.key()?;
        if public != self.public {
            return Err(KeyError::new(KeyErrorKind::Unsupported));
        }
        Ok(Self { public, ..self })
    }

    /// The public half.
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// What [`sign`](Self::sign) signs with: RSA PKCS#1 v1.5 with SHA-256, ECDSA on P-256 with
    /// SHA-256, or on P-384 with SHA-384.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        match *self.pair {
            Pair::Rsa(_) => SignatureAlgorithm::RsaSha256,
            Pair::EcP256(_) => SignatureAlgorithm::EcdsaP256Sha256,
            Pair::EcP384(_) => SignatureAlgorithm::EcdsaP384Sha384,
        }
    }

    /// Signs a message.
    ///
    /// # Errors
    ///
    /// `key.unsupported` when the system's random source fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let rng = SystemRandom::new();
        let failed = |_| KeyError::new(KeyErrorKind::Unsupported);
        match &*self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(
                    &ring_signature::RSA_PKCS1_SHA256,
                    &rng,
                    message,
                    &mut signature,
                )
                .map_err(failed)?;
                Ok(signature)
            }
            Pair::EcP256(pair) | Pair::EcP384(pair) => pair
                .sign(&rng, message)
                .map(|s| s.as_ref().to_vec())
                .map_err(failed),
        }
    }
}
