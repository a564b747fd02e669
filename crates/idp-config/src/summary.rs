//! What an administrator compares with the identity provider's console.

use core::fmt;

use saml_xml::types::format_date_time;
use serde::Serialize;
use time::OffsetDateTime;

use crate::types::redacted;
use crate::{Binding, IdentityProvider, Sha256Fingerprint};

/// The values of an identity provider, for people to compare and programs to print.
///
/// ```
/// use idp_config::{IdentityProvider, TrustPolicy};
/// use time::macros::datetime;
///
/// # let xml = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/metadata/accepted__jumpcloud.xml"));
/// let now = datetime!(2026-12-01 12:00 UTC);
/// let idp = IdentityProvider::from_metadata_xml(xml, None, &TrustPolicy::default(), now)?;
/// let text = idp.summary().to_string();
/// assert!(text.contains("Entity ID"));
/// assert!(text.contains("SHA-256"));
/// assert!(serde_json::to_string(&idp.summary())?.contains("\"sha256\""));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IdpSummary {
    /// Its entity ID.
    pub entity_id: String,
    /// Where browsers are sent to sign in: binding and URL.
    pub sso: Vec<(&'static str, String)>,
    /// Where browsers are sent to sign out.
    pub slo: Vec<(&'static str, String)>,
    /// The keys that its signatures are verified with.
    pub keys: Vec<KeySummary>,
    /// The fingerprint, where a certificate is known by nothing else.
    pub fingerprint: Option<String>,
    /// The formats of NameIDs that it offers.
    pub name_id_formats: Vec<String>,
    /// Whether it wants requests to be signed.
    pub want_authn_requests_signed: bool,
    /// Until when its metadata may be used, in RFC 3339.
    pub valid_until: Option<String>,
    /// What is worth knowing, one sentence each.
    pub warnings: Vec<String>,
}

/// One signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeySummary {
    /// SHA-256 of the public key, as it stands in reports.
    pub key: String,
    /// Kind and size: `RSA 2048`.
    pub kind: String,
    /// Its certificate, if there is one.
    pub certificate: Option<CertificateSummary>,
}

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CertificateSummary {
    /// Its subject.
    pub subject: String,
    /// Its issuer.
    pub issuer: String,
    /// Its serial number.
    pub serial: String,
    /// SHA-256 of the certificate, as consoles show it.
    pub sha256: String,
    /// From when it is valid, in RFC 3339.
    pub not_before: String,
    /// Until when it is valid, in RFC 3339.
    pub not_after: String,
}

impl IdentityProvider {
    /// Its values, to compare with what the identity provider's console shows. URLs are without
    /// their query.
    #[must_use]
    pub fn summary(&self) -> IdpSummary {
        let certificate = |certificate: &saml_xml::Certificate| CertificateSummary {
            subject: certificate.subject().to_owned(),
            issuer: certificate.issuer().to_owned(),
            serial: certificate.serial().to_owned(),
            sha256: Sha256Fingerprint::from_bytes(certificate.sha256()).to_string(),
            not_before: time(certificate.not_before()),
            not_after: time(certificate.not_after()),
        };
        IdpSummary {
            entity_id: self.entity_id().as_str().to_owned(),
            sso: self
                .sso_endpoints()
                .iter()
                .map(|e| (name(e.binding()), redacted(e.location()).to_string()))
                .collect(),
            slo: self
                .slo_endpoints()
                .iter()
                .map(|e| (name(e.binding()), redacted(e.location()).to_string()))
                .collect(),
            keys: self
                .signing_keys()
                .iter()
                .map(|key| KeySummary {
                    key: key.id().to_string(),
                    kind: key.kind().to_string(),
                    certificate: key.certificate().map(certificate),
                })
                .collect(),
            fingerprint: self.fingerprint().map(|sha256| sha256.to_string()),
            name_id_formats: self
                .name_id_formats()
                .iter()
                .map(ToString::to_string)
                .collect(),
            want_authn_requests_signed: self.want_authn_requests_signed(),
            valid_until: self.valid_until().map(time),
            warnings: self.warnings().iter().map(ToString::to_string).collect(),
        }
    }
}

fn time(at: OffsetDateTime) -> String {
    format_date_time(at)
}

const fn name(binding: Binding) -> &'static str {
    match binding {
        Binding::HttpRedirect => "Redirect",
        Binding::HttpPost => "POST",
    }
}

impl fmt::Display for IdpSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |label: &str, value: &str| writeln!(f, "{label:<16}{value}");
        line("Entity ID", &self.entity_id)?;
        for (binding, url) in &self.sso {
            line("Sign-in", &format!("{url} ({binding})"))?;
        }
        for (binding, url) in &self.slo {
            line("Sign-out", &format!("{url} ({binding})"))?;
        }
        for key in &self.keys {
            line("Signing key", &format!("{}, {}", key.kind, key.key))?;
            if let Some(certificate) = &key.certificate {
                line("  certificate", &certificate.subject)?;
                line("  serial", &certificate.serial)?;
                line("  SHA-256", &certificate.sha256)?;
                line(
                    "  valid",
                    &format!("{} to {}", certificate.not_before, certificate.not_after),
                )?;
            }
        }
        if let Some(fingerprint) = &self.fingerprint {
            line("SHA-256", fingerprint)?;
        }
        for format in &self.name_id_formats {
            line("NameID format", format)?;
        }
        let wants = if self.want_authn_requests_signed {
            "wanted"
        } else {
            "not wanted"
        };
        line("Signed requests", wants)?;
        line(
            "Valid until",
            self.valid_until.as_deref().unwrap_or("not said"),
        )?;
        for warning in &self.warnings {
            line("Worth knowing", warning)?;
        }
        Ok(())
    }
}
