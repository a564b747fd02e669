//! The certificate behind a fingerprint, learnt from a login.

use core::fmt;

use saml_xml::{Certificate, VerifyingKey};
use serde::{Deserialize, Serialize};

/// The certificate that signed a login at a connection that knows a fingerprint alone.
///
/// A message over Redirect is signed without carrying the certificate, so a fingerprint cannot
/// verify it. This one can: it came with a login that the fingerprint did verify. Keep it with the
/// connection, and give it back with
/// [`Connection::pinned_certificate`](crate::Connection::pinned_certificate); it is compared with
/// the fingerprint each time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PinnedCertificate(String);

impl PinnedCertificate {
    pub(crate) fn of(certificate: &Certificate) -> Self {
        Self(saml_xml::types::encode_base64(certificate.der()))
    }

    /// Its key, if it is the certificate of that fingerprint.
    pub(crate) fn key(&self, sha256: &[u8; 32]) -> Option<VerifyingKey> {
        let der = saml_xml::types::decode_base64(&self.0).ok()?;
        let certificate = Certificate::from_der(&der).ok()?;
        if certificate.sha256() != *sha256 {
            return None;
        }
        certificate.key().ok()
    }
}

impl fmt::Debug for PinnedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinnedCertificate(…)")
    }
}
