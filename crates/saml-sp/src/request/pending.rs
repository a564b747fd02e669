//! What is kept between a request and its answer.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::error::Error;
use crate::ids::{ConnectionId, RelayState, RequestId, Secret};
use crate::reason::RequestRule;
use crate::response::name_id::NameId;

/// A login that was started and not yet answered.
///
/// It belongs to one connection and one browser. `Debug` hides the secret that binds it to the
/// browser; serialised it has that secret, and is meant for the application's own store.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingLogin {
    pub(crate) id: RequestId,
    pub(crate) connection: ConnectionId,
    pub(crate) relay_state: RelayState,
    #[serde(with = "timestamp")]
    pub(crate) created: OffsetDateTime,
    #[serde(with = "timestamp")]
    pub(crate) expires: OffsetDateTime,
    pub(crate) return_to: Option<String>,
    pub(crate) acs_url: String,
    pub(crate) force_authn: bool,
    pub(crate) name_id_format: Option<String>,
    pub(crate) authn_context_class_refs: Vec<String>,
    #[serde(default)]
    pub(crate) subject: Option<NameId>,
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
    pub fn acs_url(&self) -> &str {
        &self.acs_url
    }

    /// The secret to put in a cookie of the browser that starts the login.
    ///
    /// The cookie has to come along with the identity provider's cross-site POST: `SameSite=None;
    /// Secure; HttpOnly`, with the prefix `__Host-`.
    #[must_use]
    pub const fn browser_binding(&self) -> &Secret {
        &self.browser_binding
    }

    /// Whether the browser that posts the Response is the one that started the login. What it
    /// presents is the cookie's value, `None` when it has no cookie.
    ///
    /// # Errors
    /// `request.other_browser`.
    ///
    /// # Security
    /// Without this check an attacker can start a login, sign in as themselves, and have a
    /// victim's browser post the answer (login CSRF).
    pub fn check_browser(&self, presented: Option<&str>) -> Result<(), Error> {
        match presented {
            Some(presented) if self.browser_binding.matches(presented) => Ok(()),
            _ => Err(RequestRule::OtherBrowser.into()),
        }
    }

    pub(crate) const fn force_authn(&self) -> bool {
        self.force_authn
    }

    pub(crate) fn name_id_format(&self) -> Option<&str> {
        self.name_id_format.as_deref()
    }

    pub(crate) const fn subject(&self) -> Option<&NameId> {
        self.subject.as_ref()
    }

    pub(crate) fn authn_context_class_refs(&self) -> &[String] {
        &self.authn_context_class_refs
    }
}

/// Times as nanoseconds since 1970: exact, and independent of any text form.
pub(crate) mod timestamp {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::OffsetDateTime;

    pub(crate) fn serialize<S: Serializer>(
        time: &OffsetDateTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        // 64 bits of nanoseconds last until 2262
        i64::try_from(time.unix_timestamp_nanos())
            .unwrap_or(i64::MAX)
            .serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<OffsetDateTime, D::Error> {
        let nanos = i64::deserialize(deserializer)?;
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(nanos)).map_err(D::Error::custom)
    }
}
