//! When to tell somebody that a certificate is about to end. Pure: the caller keeps what was told.

use saml_xml::KeyId;
use time::{Date, OffsetDateTime};

use crate::IdentityProvider;

/// The days before the end on which there is an alert, as for SCIM tokens.
pub const ALERT_DAYS: [u16; 4] = [60, 30, 7, 1];

/// A certificate that is about to end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateAlert {
    /// The key it is for, which also names the alert.
    pub key: KeyId,
    /// Its subject.
    pub subject: String,
    /// The day it ends.
    pub ends: Date,
    /// Which of [`ALERT_DAYS`] has been reached.
    pub days: u16,
}

/// The alerts that are due for the signing certificates of an identity provider. `told` gives the
/// last of [`ALERT_DAYS`] that was told of for a key; the caller notes it after telling, so that
/// each is told once, and one that was missed is not told late beside the next.
///
/// An expired certificate causes no alert: its key is trusted, not its dates, and
/// [`warnings`](IdentityProvider::warnings) names it.
///
/// ```
/// use idp_config::{IdentityProvider, TrustPolicy, due_alerts};
/// use time::{Duration, macros::datetime};
///
/// # let xml = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/metadata/accepted__jumpcloud.xml"));
/// let now = datetime!(2026-12-01 12:00 UTC);
/// let idp = IdentityProvider::from_metadata_xml(xml, None, &TrustPolicy::default(), now)?;
/// let end = idp.signing_keys()[0].certificate().ok_or("a certificate")?.not_after();
///
/// let alerts = due_alerts(&idp, end - Duration::days(20), |_| None);
/// assert_eq!(alerts[0].days, 30);
/// assert!(due_alerts(&idp, end - Duration::days(20), |_| Some(30)).is_empty());
/// assert_eq!(due_alerts(&idp, end - Duration::days(5), |_| Some(30))[0].days, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn due_alerts(
    idp: &IdentityProvider,
    now: OffsetDateTime,
    told: impl Fn(&KeyId) -> Option<u16>,
) -> Vec<CertificateAlert> {
    let mut alerts = Vec::new();
    for key in idp.signing_keys() {
        let Some(certificate) = key.certificate() else {
            continue;
        };
        let left = certificate.not_after() - now;
        // The smallest threshold that has been reached
        let reached = ALERT_DAYS
            .into_iter()
            .filter(|days| left <= time::Duration::days(i64::from(*days)))
            .min();
        let id = key.id();
        if let Some(days) = reached
            && left > time::Duration::ZERO
            && told(&id).is_none_or(|last| last > days)
        {
            alerts.push(CertificateAlert {
                key: id,
                subject: certificate.subject().to_owned(),
                ends: certificate.not_after().date(),
                days,
            });
        }
    }
    alerts
}
