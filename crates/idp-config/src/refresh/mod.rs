//! Metadata by URL, kept fresh: a state machine without clock, randomness or network.
//!
//! ```text
//!            poll(now) ──► Wait(until) | Fetch(request) ──► your HTTP client
//!                                                              │
//!  unknown key ─► demand(now) ──► Fetch(request) ──────────────┤
//!                                                              ▼
//!  Unchanged | Changed(what) | error  ◄── handle_response / handle_failure
//! ```
//!
//! What was fetched last and was good stays in use, whatever the server says later, until its own
//! `validUntil`. [`RefreshState`] is all there is to store.

mod change;
mod message;
mod rule;
pub(crate) mod schedule;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use saml_xml::{TrustAnchors, VerifyingKey};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::types::{check_location, redacted};
use crate::{ConfigError, ConfigErrorKind, EntityId, IdentityProvider, TrustPolicy};

pub use change::ConfigChange;
pub use message::{FetchRequest, FetchResponse, RefreshError};
pub use rule::FetchRule;
pub use schedule::{Jitter, MAX_BACK_OFF, MAX_DELAY, MIN_DELAY, MIN_ON_DEMAND_DELAY};

/// What has to survive a restart, to be stored as JSON. `Debug` tells sizes, not the document.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshState {
    url: Url,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    entity_id: Option<EntityId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    xml: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    fetched_at: Option<OffsetDateTime>,
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    attempted_at: Option<OffsetDateTime>,
    #[serde(default, with = "seconds", skip_serializing_if = "Option::is_none")]
    next_at: Option<OffsetDateTime>,
    #[serde(default)]
    failures: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
}

impl RefreshState {
    /// Where the document is.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// When the document in use came, or was last said to be unchanged.
    #[must_use]
    pub const fn fetched_at(&self) -> Option<OffsetDateTime> {
        self.fetched_at
    }

    /// When the server was last asked.
    #[must_use]
    pub const fn attempted_at(&self) -> Option<OffsetDateTime> {
        self.attempted_at
    }

    /// When it is asked next.
    #[must_use]
    pub const fn next_at(&self) -> Option<OffsetDateTime> {
        self.next_at
    }

    /// How often in a row nothing good came.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// The reason code of the last attempt, when it failed.
    #[must_use]
    pub fn last_failure(&self) -> Option<&str> {
        self.last_failure.as_deref()
    }

    /// The snapshot that the stored document makes.
    ///
    /// # Errors
    /// `config.metadata_url_not_fetched` before the first document came; else as
    /// [`IdentityProvider::from_metadata_xml`], `metadata.expired` for one.
    pub fn resolve(
        &self,
        policy: &TrustPolicy,
        now: OffsetDateTime,
    ) -> Result<IdentityProvider, ConfigError> {
        let Some(xml) = &self.xml else {
            return Err(ConfigErrorKind::MetadataUrlNotFetched.into());
        };
        IdentityProvider::from_metadata_xml(xml.as_bytes(), self.entity_id.as_ref(), policy, now)
    }

    /// How old what is in use is.
    #[must_use]
    pub fn age(&self, now: OffsetDateTime) -> Option<Duration> {
        self.fetched_at.map(|at| (now - at).max(Duration::ZERO))
    }
}

impl fmt::Debug for RefreshState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshState")
            .field("url", &redacted(&self.url))
            .field("bytes", &self.xml.as_ref().map(String::len))
            .field("fetched_at", &self.fetched_at)
            .field("next_at", &self.next_at)
            .field("failures", &self.failures)
            .field("last_failure", &self.last_failure)
            .finish_non_exhaustive()
    }
}

/// What to do now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Poll {
    /// Ask the server, and hand over what it says.
    Fetch(FetchRequest),
    /// Nothing before then.
    Wait(OffsetDateTime),
}

/// What a good answer brought.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refreshed {
    /// The first document.
    First,
    /// The same as before.
    Unchanged,
    /// Something else.
    Changed(ConfigChange),
}

/// Keeps the metadata of one identity provider fresh.
///
/// ```
/// use idp_config::{FetchResponse, MetadataRefresher, Poll, Refreshed, TrustPolicy};
/// use time::macros::datetime;
///
/// # let xml = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/metadata/accepted__jumpcloud.xml")).to_vec();
/// let now = datetime!(2026-12-01 12:00 UTC);
/// let url = "https://sso.jumpcloud.com/saml2/metadata/acme".parse()?;
/// let mut refresher = MetadataRefresher::new(url, None, TrustPolicy::default())?;
///
/// let Poll::Fetch(request) = refresher.poll(now) else { panic!("nothing was fetched yet") };
/// // … your HTTP client asks for request.url …
/// let answer = FetchResponse { status: 200, body: xml, ..FetchResponse::default() };
/// assert_eq!(refresher.handle_response(answer, now, 0)?, Refreshed::First);
/// assert!(refresher.identity_provider().is_some());
/// assert!(matches!(refresher.poll(now), Poll::Wait(until) if until > now));
///
/// // A server that is down changes nothing
/// let later = datetime!(2026-12-02 12:00 UTC);
/// let down = FetchResponse { status: 503, ..FetchResponse::default() };
/// assert_eq!(refresher.handle_response(down, later, 0).unwrap_err().code(), "fetch.server_status");
/// assert!(refresher.identity_provider().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct MetadataRefresher {
    state: RefreshState,
    policy: TrustPolicy,
    signer: Option<(VerifyingKey, bool)>,
    idp: Option<Arc<IdentityProvider>>,
}

impl MetadataRefresher {
    /// Starts with nothing. `entity_id` says which entity is meant when the document holds several.
    ///
    /// # Errors
    /// `config.url_plain_http` for a URL that is not https, unless it is on this machine or the
    /// policy was [loosened](crate::danger::accept_plain_http); `config.url_scheme`,
    /// `config.url_malformed`.
    pub fn new(
        url: Url,
        entity_id: Option<EntityId>,
        policy: TrustPolicy,
    ) -> Result<Self, ConfigError> {
        check_location(&url, &policy)?;
        Ok(Self {
            state: RefreshState {
                url,
                entity_id,
                xml: None,
                etag: None,
                last_modified: None,
                fetched_at: None,
                attempted_at: None,
                next_at: None,
                failures: 0,
                last_failure: None,
            },
            policy,
            signer: None,
            idp: None,
        })
    }

    /// Goes on where a stored state left off. The stored document is judged again: one that is no
    /// longer good, because it expired say, is as if it had never come.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn restore(
        state: RefreshState,
        policy: TrustPolicy,
        now: OffsetDateTime,
    ) -> Result<Self, ConfigError> {
        check_location(&state.url, &policy)?;
        let idp = state.resolve(&policy, now).ok().map(Arc::new);
        Ok(Self {
            state,
            policy,
            signer: None,
            idp,
        })
    }

    /// Takes documents alone that are signed with this key. What is stored already was judged when
    /// it came.
    #[must_use]
    pub fn require_signature(mut self, signer: VerifyingKey) -> Self {
        self.signer = Some((signer, true));
        self
    }

    /// Verifies the signature of documents that have one with this key, and takes those that have
    /// none as well. See [`IdentityProvider::from_metadata_xml_signed_or_not`].
    #[must_use]
    pub fn verify_signature_if_present(mut self, signer: VerifyingKey) -> Self {
        self.signer = Some((signer, false));
        self
    }

    /// What to store after every call that changes something.
    #[must_use]
    pub const fn state(&self) -> &RefreshState {
        &self.state
    }

    /// The snapshot in use. `None` before the first document came, and when the last good one
    /// expired before this process started. Whether it is still valid is
    /// [`IdentityProvider::check_valid_at`], and checked at each login.
    #[must_use]
    pub const fn identity_provider(&self) -> Option<&Arc<IdentityProvider>> {
        self.idp.as_ref()
    }

    /// Whether it is time to ask the server.
    #[must_use]
    pub fn poll(&self, now: OffsetDateTime) -> Poll {
        match self.state.next_at {
            // A plan further off than any plan that is made means that the clock was set back
            Some(next) if now < next && next - now <= MAX_DELAY => Poll::Wait(next),
            _ => Poll::Fetch(self.request()),
        }
    }

    /// A login was refused for a key that is not known
    /// ([`Need::RefreshMetadata`](../saml_sp/enum.Need.html)): ask the server at once, if it was
    /// not asked within the last [`MIN_ON_DEMAND_DELAY`]. Notes the attempt, so that of many such
    /// logins one asks.
    pub fn demand(&mut self, now: OffsetDateTime) -> Poll {
        if let Some(last) = self.state.attempted_at
            && last <= now
            && now < last.saturating_add(MIN_ON_DEMAND_DELAY)
        {
            return Poll::Wait(last.saturating_add(MIN_ON_DEMAND_DELAY));
        }
        self.state.attempted_at = Some(now);
        Poll::Fetch(self.request())
    }

    pub(crate) fn request(&self) -> FetchRequest {
        // Validators belong to what is in use: without it, the whole document is needed
        let have = self.idp.is_some();
        FetchRequest {
            url: self.state.url.clone(),
            if_none_match: self.state.etag.clone().filter(|_| have),
            if_modified_since: self.state.last_modified.clone().filter(|_| have),
        }
    }

    /// Takes what the server answered.
    ///
    /// # Errors
    /// [`RefreshError`]; what was in use stays in use, and the next attempt is planned.
    pub fn handle_response(
        &mut self,
        response: FetchResponse,
        now: OffsetDateTime,
        jitter: Jitter,
    ) -> Result<Refreshed, RefreshError> {
        let retry_after = response.retry_after;
        match self.judge(response, now) {
            Ok(refreshed) => {
                if let Some(idp) = &self.idp {
                    self.state.next_at = Some(schedule::after_success(
                        idp.cache_duration(),
                        idp.valid_until(),
                        now,
                        jitter,
                    ));
                }
                self.state.fetched_at = Some(now);
                self.state.attempted_at = Some(now);
                self.state.failures = 0;
                self.state.last_failure = None;
                Ok(refreshed)
            }
            Err(error) => Err(self.fail(error, retry_after, now, jitter)),
        }
    }

    /// Takes that nothing came, and why; `detail` is for people, such as the operating system's
    /// words.
    pub fn handle_failure(
        &mut self,
        rule: FetchRule,
        detail: Option<String>,
        now: OffsetDateTime,
        jitter: Jitter,
    ) -> RefreshError {
        self.fail(RefreshError::Fetch(rule, detail), None, now, jitter)
    }

    fn fail(
        &mut self,
        error: RefreshError,
        retry_after: Option<Duration>,
        now: OffsetDateTime,
        jitter: Jitter,
    ) -> RefreshError {
        let state = &mut self.state;
        state.failures = state.failures.saturating_add(1);
        state.last_failure = Some(error.code().to_owned());
        state.attempted_at = Some(now);
        state.next_at = Some(schedule::after_failure(
            state.failures,
            retry_after,
            now,
            jitter,
        ));
        error
    }

    fn judge(
        &mut self,
        response: FetchResponse,
        now: OffsetDateTime,
    ) -> Result<Refreshed, RefreshError> {
        let status = || Some(format!("status {}", response.status));
        match response.status {
            200 => {}
            304 if self.idp.is_some() => return self.still_valid(now),
            304 => return Err(FetchRule::NotModified.into()),
            400..=499 => return Err(RefreshError::Fetch(FetchRule::ClientStatus, status())),
            500..=599 => return Err(RefreshError::Fetch(FetchRule::ServerStatus, status())),
            _ => return Err(RefreshError::Fetch(FetchRule::Status, status())),
        }
        let encoding = response.content_encoding.as_deref().unwrap_or("identity");
        if !encoding.trim().eq_ignore_ascii_case("identity") {
            return Err(FetchRule::Encoding.into());
        }
        if response.body.len() > FetchRequest::MAX_BYTES {
            return Err(FetchRule::TooLarge.into());
        }
        let wanted = self.state.entity_id.as_ref();
        let body = &response.body;
        let fresh = match &self.signer {
            None => IdentityProvider::from_metadata_xml(body, wanted, &self.policy, now)?,
            Some((key, required)) => {
                let anchors = TrustAnchors::Keys(std::slice::from_ref(key));
                let read = if *required {
                    IdentityProvider::from_signed_metadata_xml
                } else {
                    IdentityProvider::from_metadata_xml_signed_or_not
                };
                read(body, wanted, anchors, &self.policy, now)?
            }
        };
        // The parser takes UTF-8 alone, so this loses nothing
        let xml = String::from_utf8_lossy(&response.body).into_owned();
        let refreshed = match &self.idp {
            None => Refreshed::First,
            Some(_) if self.state.xml.as_ref() == Some(&xml) => Refreshed::Unchanged,
            Some(before) => match ConfigChange::between(before, &fresh) {
                change if change.is_empty() => Refreshed::Unchanged,
                change => Refreshed::Changed(change),
            },
        };
        // From now on the document is about this entity, after a restart too
        self.state.entity_id = Some(fresh.entity_id().clone());
        self.state.xml = Some(xml);
        self.state.etag = response.etag;
        self.state.last_modified = response.last_modified;
        self.idp = Some(Arc::new(fresh));
        Ok(refreshed)
    }

    /// The server says that nothing changed: time may have.
    fn still_valid(&self, now: OffsetDateTime) -> Result<Refreshed, RefreshError> {
        if let Some(idp) = &self.idp {
            idp.check_valid_at(now)?;
        }
        Ok(Refreshed::Unchanged)
    }
}

/// Whole seconds since 1970.
mod seconds {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use time::OffsetDateTime;

    #[expect(
        clippy::ref_option,
        reason = "the signature that serde's with attribute asks for"
    )]
    pub(super) fn serialize<S: Serializer>(
        time: &Option<OffsetDateTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(OffsetDateTime::unix_timestamp)
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<OffsetDateTime>, D::Error> {
        Option::<i64>::deserialize(deserializer)?
            .map(OffsetDateTime::from_unix_timestamp)
            .transpose()
            .map_err(D::Error::custom)
    }
}
