//! What happened to a connection: events to keep.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{ConfigChange, IdentityProvider, IdpSource};

/// One change of a connection, for an append-only log. What it says is safe to show to the
/// connection's administrators; [`redacted`](Self::redacted) is safe to show to anybody.
///
/// ```
/// use idp_config::{Actor, HistoryEvent, IdpSource};
/// use time::macros::datetime;
///
/// let source = IdpSource::fingerprint("JumpCloud", "https://sso.jumpcloud.com/saml2/acme", None, &"ab".repeat(32))?;
/// let now = datetime!(2026-11-23 12:00 UTC);
/// let idp = source.resolve(now)?;
/// let event = HistoryEvent::added(now, Actor::Administrator("ada".to_owned()), &source, &idp);
///
/// let kept = serde_json::to_string(&event)?;
/// assert_eq!(serde_json::from_str::<HistoryEvent>(&kept)?, event);
/// assert!(!serde_json::to_string(&event.redacted())?.contains("ada"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HistoryEvent {
    /// When, in seconds since 1970.
    #[serde(with = "seconds")]
    pub at: OffsetDateTime,
    /// Who or what did it.
    pub actor: Actor,
    /// Which way of naming the identity provider was used.
    pub source: SourceKind,
    /// What happened.
    pub what: What,
}

/// Who or what changed a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Actor {
    /// Somebody, by name.
    Administrator(String),
    /// The command line on the server.
    CommandLine,
    /// A fetch of metadata by schedule.
    Schedule,
    /// A fetch of metadata because a login came with an unknown key.
    UnknownKey,
    /// Somebody whose name was taken out.
    Redacted,
}

/// Which of the sources of [`IdpSource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SourceKind {
    /// Metadata by URL.
    MetadataUrl,
    /// Metadata as a document.
    MetadataXml,
    /// A fingerprint.
    Fingerprint,
}

impl From<&IdpSource> for SourceKind {
    fn from(source: &IdpSource) -> Self {
        match source {
            IdpSource::MetadataUrl { .. } => Self::MetadataUrl,
            IdpSource::MetadataXml { .. } => Self::MetadataXml,
            IdpSource::Fingerprint { .. } => Self::Fingerprint,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum What {
    /// The connection was made.
    Added {
        /// The keys that are trusted.
        fingerprints: Vec<String>,
    },
    /// Settings changed that do not say whom to trust.
    Settings {
        /// Their names.
        names: Vec<String>,
    },
    /// Whom to trust changed.
    Trust {
        /// The keys before.
        old: Vec<String>,
        /// The keys now.
        new: Vec<String>,
        /// Whether an endpoint changed.
        endpoints: bool,
        /// Whether `validUntil` or `cacheDuration` changed.
        validity: bool,
        /// Whether signed requests are wanted or not any more.
        want_authn_requests_signed: bool,
    },
    /// Fresh metadata were refused, and the last good ones stay.
    Refused {
        /// The reason code.
        code: String,
    },
    /// The connection was removed.
    Removed,
}

impl HistoryEvent {
    /// A connection was made.
    #[must_use]
    pub fn added(
        at: OffsetDateTime,
        actor: Actor,
        source: &IdpSource,
        idp: &IdentityProvider,
    ) -> Self {
        let fingerprints = fingerprints(idp);
        Self::new(at, actor, source, What::Added { fingerprints })
    }

    /// Whom to trust changed; `None` when nothing did.
    #[must_use]
    pub fn trust(
        at: OffsetDateTime,
        actor: Actor,
        source: &IdpSource,
        before: &IdentityProvider,
        after: &IdentityProvider,
    ) -> Option<Self> {
        let change = ConfigChange::between(before, after);
        let (old, new) = (fingerprints(before), fingerprints(after));
        if change.is_empty() && old == new {
            return None;
        }
        let what = What::Trust {
            old,
            new,
            endpoints: change.endpoints,
            validity: change.validity,
            want_authn_requests_signed: change.want_authn_requests_signed,
        };
        Some(Self::new(at, actor, source, what))
    }

    /// Anything else that happened.
    #[must_use]
    pub fn new(at: OffsetDateTime, actor: Actor, source: &IdpSource, what: What) -> Self {
        Self {
            // Kept in seconds
            at: at.replace_nanosecond(0).unwrap_or(at),
            actor,
            source: source.into(),
            what,
        }
    }

    /// Without the name of who did it.
    #[must_use]
    pub fn redacted(mut self) -> Self {
        if let Actor::Administrator(_) = self.actor {
            self.actor = Actor::Redacted;
        }
        self
    }
}

/// SHA-256 of the certificates, or of the bare keys, that are trusted.
fn fingerprints(idp: &IdentityProvider) -> Vec<String> {
    let of_key = |key: &saml_xml::VerifyingKey| match key.certificate() {
        Some(certificate) => crate::Sha256Fingerprint::from_bytes(certificate.sha256()).to_string(),
        None => key.id().to_string(),
    };
    let pinned = idp.fingerprint().map(|sha256| sha256.to_string());
    idp.signing_keys()
        .iter()
        .map(of_key)
        .chain(pinned)
        .collect()
}

/// Times as seconds since 1970.
mod seconds {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::OffsetDateTime;

    pub(super) fn serialize<S: Serializer>(
        at: &OffsetDateTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        at.unix_timestamp().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<OffsetDateTime, D::Error> {
        OffsetDateTime::from_unix_timestamp(i64::deserialize(deserializer)?)
            .map_err(D::Error::custom)
    }
}
