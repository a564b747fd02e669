//! X.509 certificates, as carriers of keys.

use core::fmt;
use std::sync::Arc;

use time::OffsetDateTime;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::error::{KeyError, KeyErrorKind};
use super::key::VerifyingKey;
use super::{pem, spki};

struct Inner {
    der: Vec<u8>,
    sha256: [u8; 32],
    subject: String,
    issuer: String,
    serial: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    spki: Vec<u8>,
}

/// A certificate. In SAML it carries a key; its dates and issuer are information, not authority
/// (FedInterop IIP-MD12). Cheap to clone.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.0.subject)
            .field("not_after", &self.0.not_after)
            .finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    ///
    /// `key.der`.
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let (rest, parsed) =
            X509Certificate::from_der(der).map_err(|_| KeyError::new(KeyErrorKind::Der))?;
        if !rest.is_empty() {
            return Err(KeyError::new(KeyErrorKind::Der));
        }
        let digest = ring::digest::digest(&ring::digest::SHA256, der);
        let mut sha256 = [0; 32];
        sha256
            .iter_mut()
            .zip(digest.as_ref())
            .for_each(|(to, from)| *to = *from);
        Ok(Self(Arc::new(Inner {
            der: der.to_vec(),
            sha256,
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            serial: parsed.raw_serial_as_string(),
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
            spki: parsed.public_key().raw.to_vec(),
        })))
    }

    /// Reads the first `CERTIFICATE` block in PEM.
    ///
    /// # Errors
    ///
    /// `key.pem`, `key.der`.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let (_, der) = pem::first(text, &["CERTIFICATE"])?;
        Self::from_der(&der)
    }

    /// Reads every `CERTIFICATE` block in PEM.
    ///
    /// # Errors
    ///
    /// `key.pem`, `key.der`.
    pub fn all_from_pem(text: &str) -> Result<Vec<Self>, KeyError> {
        pem::all(text, "CERTIFICATE")?
            .iter()
            .map(|der| Self::from_der(der))
            .collect()
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The SHA-256 of the DER: what `openssl x509 -noout -sha256 -fingerprint` prints.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.0.sha256
    }

    /// The subject's distinguished name.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The issuer's distinguished name.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The serial number in hexadecimal, bytes separated by colons.
    #[must_use]
    pub fn serial(&self) -> &str {
        &self.0.serial
    }

    /// Start of validity.
    #[must_use]
    pub fn not_before(&self) -> OffsetDateTime {
        self.0.not_before
    }

    /// End of validity.
    #[must_use]
    pub fn not_after(&self) -> OffsetDateTime {
        self.0.not_after
    }

    /// The public key, which remembers this certificate.
    ///
    /// # Errors
    ///
    /// `key.unsupported` for a key of another type than RSA, P-256 or P-384; `key.der`.
    pub fn key(&self) -> Result<VerifyingKey, KeyError> {
        let (material, kind) = spki::parse(&self.0.spki)?;
        Ok(VerifyingKey::new(material, kind, Some(self.clone())))
    }
}
