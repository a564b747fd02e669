//! Keys of a fake IdP: made fresh in each process, kept in a pool because RSA keys are slow to make.

use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::{hmac, rand::SystemRandom, signature};
use rcgen::{CertificateParams, DnType, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, RsaKeySize};
use time::{Duration, OffsetDateTime};

use crate::raw_rsa::RawRsaKey;
use crate::signer::algorithm;

/// What kind of key an IdP signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA, 2048 bits: what most IdPs have.
    Rsa2048,
    /// RSA, 4096 bits: JumpCloud. A second or more to make in a debug build, so made only when asked for.
    Rsa4096,
    /// ECDSA on P-256.
    EcP256,
    /// ECDSA on P-384.
    EcP384,
    /// RSA, 1024 bits, from a committed throw-away key: too weak to trust.
    Rsa1024,
    /// RSA, 2048 bits, public exponent 3, from a committed throw-away key.
    RsaE3,
}

/// A private key and the self-signed certificate that an IdP publishes for it.
#[derive(Clone)]
pub struct IdpKey {
    kind: KeyKind,
    private_pem: String,
    pkcs8: Vec<u8>,
    certificate: Vec<u8>,
}

impl std::fmt::Debug for IdpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IdpKey").field("kind", &self.kind).finish_non_exhaustive()
    }
}

type Pool = Mutex<Vec<((KeyKind, usize), Arc<IdpKey>)>>;

impl IdpKey {
    /// A new key with a self-signed certificate for `subject`, valid for five years from `not_before`.
    ///
    /// # Panics
    /// When the machine has no randomness to make a key from.
    #[must_use]
    pub(crate) fn generate(kind: KeyKind, subject: &[(DnType, &str)], not_before: OffsetDateTime) -> Self {
        let pair = match kind {
            KeyKind::Rsa2048 => rcgen::KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
            KeyKind::Rsa4096 => rcgen::KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_4096),
            KeyKind::EcP256 => rcgen::KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            KeyKind::EcP384 => rcgen::KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            KeyKind::Rsa1024 => {
                return Self::from_pem(
                    include_str!("../fixtures/rsa1024.key.pem"),
                    include_str!("../fixtures/rsa1024.crt.pem"),
                )
                .map(|key| Self { kind, ..key })
                .expect("the committed key is well formed");
            }
            KeyKind::RsaE3 => {
                return Self::from_pem(
                    include_str!("../fixtures/rsa_e3.key.pem"),
                    include_str!("../fixtures/rsa_e3.crt.pem"),
                )
                .map(|key| Self { kind, ..key })
                .expect("the committed key is well formed");
            }
        }
        .expect("a key pair");
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for (name, value) in subject {
            params.distinguished_name.push(name.clone(), *value);
        }
        params.not_before = not_before;
        params.not_after = not_before + Duration::days(5 * 365 + 1);
        let certificate = params.self_signed(&pair).expect("a self-signed certificate");
        Self {
            kind,
            private_pem: pair.serialize_pem(),
            pkcs8: pair.serialize_der(),
            certificate: certificate.der().to_vec(),
        }
    }

    /// A new key whose certificate has one name, valid for five years from `not_before`.
    ///
    /// # Panics
    /// When the machine has no randomness to make a key from.
    #[must_use]
    pub fn generate_named(kind: KeyKind, common_name: &str, not_before: OffsetDateTime) -> Self {
        Self::generate(kind, &[(DnType::CommonName, common_name)], not_before)
    }

    /// The process's key number `index` of a kind: the same one each time, so that tests stay quick.
    ///
    /// # Panics
    /// When the machine has no randomness to make a key from.
    #[must_use]
    pub fn pooled(kind: KeyKind, index: usize) -> Arc<Self> {
        static POOL: OnceLock<Pool> = OnceLock::new();
        let pool = POOL.get_or_init(Pool::default);
        let mut keys = pool.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, key)) = keys.iter().find(|(id, _)| *id == (kind, index)) {
            return key.clone();
        }
        let not_before = time::Date::from_calendar_date(2025, time::Month::January, 1)
            .expect("a date")
            .midnight()
            .assume_utc();
        let subject: &[(DnType, &str)] = if kind == KeyKind::Rsa4096 {
            // the subject that JumpCloud puts in every certificate, but for the organisation's name
            &[
                (DnType::CountryName, "US"),
                (DnType::StateOrProvinceName, "CO"),
                (DnType::LocalityName, "Boulder"),
                (DnType::OrganizationName, "Example"),
                (DnType::OrganizationalUnitName, "JumpCloudSAMLIdP"),
                (DnType::CommonName, "JumpCloudSAMLUser"),
            ]
        } else {
            &[(DnType::CommonName, "idp.example.test")]
        };
        let key = Arc::new(Self::generate(kind, subject, not_before));
        keys.push(((kind, index), key.clone()));
        key
    }

    /// A key that was kept: PKCS#8 private key and certificate, both PEM.
    ///
    /// # Errors
    /// A sentence that says which of the two is not what it should be.
    pub fn from_pem(private_pem: &str, certificate_pem: &str) -> Result<Self, String> {
        let pkcs8 = pem_body(private_pem, "PRIVATE KEY").ok_or("the private key is not a PKCS#8 PEM block")?;
        let certificate = pem_body(certificate_pem, "CERTIFICATE").ok_or("the certificate is not a PEM block")?;
        let kind = if let Ok(key) = signature::RsaKeyPair::from_pkcs8(&pkcs8) {
            if key.public_modulus_len() >= 512 { KeyKind::Rsa4096 } else { KeyKind::Rsa2048 }
        } else if signature::EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).is_ok() {
            KeyKind::EcP256
        } else if signature::EcdsaKeyPair::from_pkcs8(&signature::ECDSA_P384_SHA384_FIXED_SIGNING, &pkcs8).is_ok() {
            KeyKind::EcP384
        } else if RawRsaKey::from_pkcs8(&pkcs8).is_some() {
            KeyKind::Rsa1024
        } else {
            return Err("the private key is neither RSA nor ECDSA on P-256 or P-384".to_owned());
        };
        Ok(Self {
            kind,
            private_pem: private_pem.to_owned(),
            pkcs8,
            certificate,
        })
    }

    /// What kind of key it is.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The certificate, DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// The certificate, base64 without line breaks, as metadata and KeyInfo carry it.
    #[must_use]
    pub fn certificate_base64(&self) -> String {
        saml_xml::types::encode_base64(&self.certificate)
    }

    /// The certificate, PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        to_pem("CERTIFICATE", &self.certificate)
    }

    /// The private key, PKCS#8 PEM: for keeping a development IdP's key over restarts, never for production.
    #[must_use]
    pub fn private_key_pem(&self) -> &str {
        &self.private_pem
    }

    /// SHA-256 over the certificate: what an administrator types as its fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.certificate);
        digest.as_ref().try_into().expect("32 octets")
    }

    /// The signature algorithm this kind of key signs with when nothing else is asked for.
    #[must_use]
    pub const fn default_algorithm(&self) -> &'static str {
        match self.kind {
            KeyKind::EcP256 => algorithm::ECDSA_SHA256,
            KeyKind::EcP384 => algorithm::ECDSA_SHA384,
            _ => algorithm::RSA_SHA256,
        }
    }

    /// Signs `message` with the algorithm of this URI, which may well be one that nobody should accept.
    ///
    /// A MAC algorithm uses the certificate's octets as the secret: the key confusion attack.
    ///
    /// # Panics
    /// When key and algorithm do not go together, or the URI is not one of [`algorithm`].
    #[must_use]
    pub fn sign(&self, uri: &str, message: &[u8]) -> Vec<u8> {
        match uri {
            algorithm::ECDSA_SHA256 | algorithm::ECDSA_SHA384 => {
                let with = if uri == algorithm::ECDSA_SHA256 {
                    &signature::ECDSA_P256_SHA256_FIXED_SIGNING
                } else {
                    &signature::ECDSA_P384_SHA384_FIXED_SIGNING
                };
                self.sign_ecdsa(with, message)
            }
            algorithm::RSA_SHA256 | algorithm::RSA_SHA384 | algorithm::RSA_SHA512 | algorithm::RSA_PSS_SHA256
                if self.kind != KeyKind::Rsa1024 =>
            {
                let key = signature::RsaKeyPair::from_pkcs8(&self.pkcs8).expect("an RSA key");
                let padding: &dyn signature::RsaEncoding = match uri {
                    algorithm::RSA_SHA256 => &signature::RSA_PKCS1_SHA256,
                    algorithm::RSA_SHA384 => &signature::RSA_PKCS1_SHA384,
                    algorithm::RSA_SHA512 => &signature::RSA_PKCS1_SHA512,
                    _ => &signature::RSA_PSS_SHA256,
                };
                let mut out = vec![0; key.public_modulus_len()];
                key.sign(padding, &SystemRandom::new(), message, &mut out).expect("a signature");
                out
            }
            algorithm::RSA_SHA1 | algorithm::RSA_SHA256 => self.raw_rsa().sign_pkcs1(uri, message),
            algorithm::HMAC_SHA1 | algorithm::HMAC_SHA256 => {
                let with = if uri == algorithm::HMAC_SHA1 {
                    hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY
                } else {
                    hmac::HMAC_SHA256
                };
                hmac::sign(&hmac::Key::new(with, &self.certificate), message).as_ref().to_vec()
            }
            other => panic!("the test kit cannot sign with {other}"),
        }
    }

    /// An ECDSA P-256 signature in DER, the encoding that XML Signature does not allow.
    ///
    /// # Panics
    /// When it is not a P-256 key.
    #[must_use]
    pub fn sign_ecdsa_der(&self, message: &[u8]) -> Vec<u8> {
        self.sign_ecdsa(&signature::ECDSA_P256_SHA256_ASN1_SIGNING, message)
    }

    fn sign_ecdsa(&self, with: &'static signature::EcdsaSigningAlgorithm, message: &[u8]) -> Vec<u8> {
        let key = signature::EcdsaKeyPair::from_pkcs8(with, &self.pkcs8).expect("an ECDSA key");
        key.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec()
    }

    /// The raw RSA operation under this key, for signatures with wrong padding.
    ///
    /// # Panics
    /// When it is not an RSA key.
    #[must_use]
    pub fn raw_rsa(&self) -> RawRsaKey {
        RawRsaKey::from_pkcs8(&self.pkcs8).expect("an RSA key")
    }
}

fn pem_body(pem: &str, label: &str) -> Option<Vec<u8>> {
    let body = pem.split_once(&format!("-----BEGIN {label}-----"))?.1;
    let body = body.split_once(&format!("-----END {label}-----"))?.0;
    saml_xml::types::decode_base64(body).ok()
}

pub(crate) fn to_pem(label: &str, der: &[u8]) -> String {
    let text = saml_xml::types::encode_base64(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        out.push_str(line);
        out.push('\n');
        rest = tail;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}
