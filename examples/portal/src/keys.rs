//! The service provider's own keys: one signs AuthnRequests and logout messages, one decrypts assertions.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use saml_sp::DecryptionKey;
use saml_xml::{Certificate, SigningKey};
use serde::{Deserialize, Serialize};
use sso_store::{Store, StoredSecret};
use time::{Duration, OffsetDateTime};

use crate::app::StartError;

const SECRET: &str = "sp-key";
const DECRYPTION_SECRET: &str = "sp-decryption-key";
/// Identity providers pin the key and ignore the date; a certificate that outlives the installation
/// spares everybody the day it expires.
const VALID: Duration = Duration::days(20 * 365);

#[derive(Serialize, Deserialize)]
struct Kept {
    private_key_pem: String,
    certificate_pem: String,
}

/// The key of this installation, made at the first start: RSA-2048, which every identity provider
/// can verify.
///
/// # Errors
/// [`StartError`].
pub fn signing_key(store: &Store, now: OffsetDateTime) -> Result<SigningKey, StartError> {
    let kept = store.secret_or_make(SECRET, || make(now).ok_or(StartError::Key))?;
    read(&kept).ok_or(StartError::Key)
}

/// The key that assertions are encrypted for, and its certificate: another one than the signing key,
/// so that nobody can have one do the other's work.
///
/// # Errors
/// [`StartError`].
pub fn decryption_key(
    store: &Store,
    now: OffsetDateTime,
) -> Result<(DecryptionKey, Certificate), StartError> {
    let kept = store.secret_or_make(DECRYPTION_SECRET, || make(now).ok_or(StartError::Key))?;
    let kept: Kept = serde_json::from_str(kept.expose()).map_err(|_| StartError::Key)?;
    let key = DecryptionKey::from_pkcs8_pem(&kept.private_key_pem);
    let certificate = Certificate::from_pem(&kept.certificate_pem);
    match (key, certificate) {
        (Ok(key), Ok(certificate)) => Ok((key, certificate)),
        _ => Err(StartError::Key),
    }
}

fn make(now: OffsetDateTime) -> Option<StoredSecret> {
    let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).ok()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "SAML service provider");
    params.not_before = now - Duration::days(1);
    params.not_after = now + VALID;
    let kept = Kept {
        private_key_pem: pair.serialize_pem(),
        certificate_pem: params.self_signed(&pair).ok()?.pem(),
    };
    serde_json::to_string(&kept).ok().map(StoredSecret::new)
}

fn read(kept: &StoredSecret) -> Option<SigningKey> {
    let kept: Kept = serde_json::from_str(kept.expose()).ok()?;
    let certificate = Certificate::from_pem(&kept.certificate_pem).ok()?;
    SigningKey::from_pkcs8_pem(&kept.private_key_pem)
        .ok()?
        .with_certificate(&certificate)
        .ok()
}
