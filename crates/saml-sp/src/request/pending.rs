//! What is kept between a request and its answer.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;

use crate::ids::{ConnectionId, RelayState, RequestId, Secret};

/// A login that was started and not yet answered.
///
/// It belongs to one connection and one browser. `Debug` hides the secret that binds it to the
/// browser; serialised, it is meant for the application's own store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingLogin {
    pub(crate) id: RequestId,
    pub(crate) connection: ConnectionId,
    pub(crate) relay_state: RelayState,
    #[serde(with = "timestamp")]
    pub(crate) created: OffsetDateTime,
    #[serde(with = "timestamp")]
    pub(crate) expires: OffsetDateTime,
    pub(crate) return_to: Option<String>,
    pub(crate) acs_url: Url,
    pub(crate) browser_binding: Secret,
}

impl PendingLogin {
    /// The `ID` of the AuthnRequest, which the answer names as `InResponseTo`.
    #[must_use]
    pub const fn id(&self) -> &RequestId {
        &self.id
    }

    /// The connection that the login was started at.
    #[must_use]
    pub const fn connection(&self) -> &ConnectionId {
        &self.connection
    }

    /// The opaque handle that went out as RelayState.
    #[must_use]
    pub const fn relay_state(&self) -> &RelayState {
        &self.relay_state
    }

    /// When the login was started.
    #[must_use]
    pub const fn created(&self) -> OffsetDateTime {
        self.created
    }

    /// When an answer is too late.
    #[must_use]
    pub const fn expires(&self) -> OffsetDateTime {
        self.expires
    }

    /// Where the application wanted to go.
    #[must_use]
    pub fn return_to(&self) -> Option<&str> {
        self.return_to.as_deref()
    }

    /// The ACS URL that the request named.
    #[must_use]
    pub const fn acs_url(&self) -> &Url {
        &self.acs_url
    }

    /// The secret to put in a cookie. An answer counts only in the browser that has it: otherwise
    /// an attacker could sign a victim in to the attacker's account.
    #[must_use]
    pub const fn browser_binding(&self) -> &Secret {
        &self.browser_binding
    }
}

/// Times as nanoseconds since 1970, exact and independent of any text form.
mod timestamp {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
    use time::OffsetDateTime;

    pub(super) fn serialize<S: Serializer>(time: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
        // 64 bits of nanoseconds last until 2262
        i64::try_from(time.unix_timestamp_nanos()).unwrap_or(i64::MAX).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<OffsetDateTime, D::Error> {
        let nanos = i64::deserialize(deserializer)?;
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(nanos)).map_err(D::Error::custom)
    }
}
