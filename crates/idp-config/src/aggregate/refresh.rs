//! The aggregate by URL, kept fresh: no clock, no network, no document in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use saml_xml::{TrustAnchors, VerifyingKey};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{Aggregate, AggregateReader, MAX_VALIDITY};
use crate::refresh::schedule;
use crate::types::check_location;
use crate::{
    ConfigChange, ConfigError, ConfigErrorKind, EntityId, FetchRequest, FetchResponse, FetchRule,
    IdentityProvider, Jitter, MAX_DELAY, Poll, RefreshError, TrustPolicy,
};

/// What a good answer brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AggregateChange {
    /// Identity providers that were wanted and usable, and are different now.
    pub changed: BTreeMap<EntityId, ConfigChange>,
    /// Those that were not usable before.
    pub added: Vec<EntityId>,
    /// Those that are not any more: the federation has taken them out, or what it says of them
    /// cannot be used. They sign nobody in from now on.
    pub vanished: Vec<EntityId>,
}

/// Keeps the aggregate of a federation fresh, by the plan of
/// [`MetadataRefresher`](crate::MetadataRefresher), for all connections that come from it.
///
/// The document never lies here: your HTTP client pushes it into a [reader](Self::reader) as it comes.
/// What was good stays in use until its own `validUntil`, whatever comes later.
///
/// ```
/// use idp_config::{AggregateRefresher, FetchResponse, Poll, TrustPolicy};
/// use saml_xml::Certificate;
/// use time::macros::datetime;
///
/// # let xml = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/aggregate/accepted__federation.xml")).as_slice();
/// # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/keys/idp.crt.pem"));
/// let federation = vec![Certificate::from_pem(pem)?.key()?];
/// let university = "https://idp.university.example/shibboleth".parse()?;
/// let url = "https://mds.federation.example/metadata.xml".parse()?;
/// let mut refresher = AggregateRefresher::new(url, federation, TrustPolicy::default())?;
/// refresher.want("https://idp.university.example/shibboleth".parse()?);
///
/// let now = datetime!(2026-12-01 12:00 UTC);
/// let Poll::Fetch(request) = refresher.poll(now) else { panic!("nothing was fetched yet") };
/// // … your HTTP client asks for request.url, and gets status 200 …
/// let mut reader = refresher.reader(now);
/// for piece in xml.chunks(64 * 1024) {
///     reader.push(piece)?;
/// }
/// let read = reader.finish();
/// let answer = FetchResponse { status: 200, ..FetchResponse::default() };
/// let change = refresher.handle_response(answer, Some(read), now, 0)?;
/// assert_eq!(change.added.len(), 1);
/// assert!(refresher.identity_provider(&university).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AggregateRefresher {
    url: Url,
    signers: Vec<VerifyingKey>,
    policy: TrustPolicy,
    max_validity: Duration,
    wanted: BTreeSet<EntityId>,
    aggregate: Option<Arc<Aggregate>>,
    etag: Option<String>,
    last_modified: Option<String>,
    next_at: Option<OffsetDateTime>,
    failures: u32,
}

impl AggregateRefresher {
    /// Starts with nothing. `signers` are the keys of the federation: more than one while it changes
    /// them.
    ///
    /// # Errors
    /// `config.url_plain_http`, `config.url_scheme`, `config.url_malformed`.
    pub fn new(
        url: Url,
        signers: Vec<VerifyingKey>,
        policy: TrustPolicy,
    ) -> Result<Self, ConfigError> {
        check_location(&url, &policy)?;
        Ok(Self {
            url,
            signers,
            policy,
            max_validity: MAX_VALIDITY,
            wanted: BTreeSet::new(),
            aggregate: None,
            etag: None,
            last_modified: None,
            next_at: None,
            failures: 0,
        })
    }

    /// How far ahead the aggregate may say that it is valid, instead of [`MAX_VALIDITY`].
    #[must_use]
    pub const fn max_validity(mut self, most: Duration) -> Self {
        self.max_validity = most;
        self
    }

    /// An identity provider that a connection needs from now on. One that was not wanted before makes
    /// [`poll`](Self::poll) ask for the whole document at once.
    pub fn want(&mut self, entity_id: EntityId) {
        if self.wanted.insert(entity_id) {
            (self.etag, self.last_modified, self.next_at) = (None, None, None);
        }
    }

    /// One that no connection needs any more.
    pub fn forget(&mut self, entity_id: &EntityId) {
        self.wanted.remove(entity_id);
    }

    /// Whether it is time to ask the server. The document is as large as the federation: read it with
    /// [`reader`](Self::reader), not into memory, and not with the limits of
    /// [`FetchRequest::MAX_BYTES`].
    #[must_use]
    pub fn poll(&self, now: OffsetDateTime) -> Poll {
        match self.next_at {
            // A plan further off than any plan that is made means that the clock was set back
            Some(next) if now < next && next - now <= MAX_DELAY => Poll::Wait(next),
            _ => Poll::Fetch(FetchRequest {
                url: self.url.clone(),
                if_none_match: self.etag.clone(),
                if_modified_since: self.last_modified.clone(),
            }),
        }
    }

    /// A reader for the document of an answer with status 200.
    #[must_use]
    pub fn reader(&self, now: OffsetDateTime) -> AggregateReader<'_> {
        AggregateReader::with_max_validity(
            TrustAnchors::Keys(&self.signers),
            self.wanted.iter().cloned(),
            self.policy,
            self.max_validity,
            now,
        )
    }

    /// Takes what the server answered, and what a [reader](Self::reader) made of it; without one, the
    /// document is in `response.body`.
    ///
    /// # Errors
    /// [`RefreshError`]; what was in use stays in use, and the next attempt is planned.
    pub fn handle_response(
        &mut self,
        response: FetchResponse,
        read: Option<Result<Aggregate, ConfigError>>,
        now: OffsetDateTime,
        jitter: Jitter,
    ) -> Result<AggregateChange, RefreshError> {
        let retry_after = response.retry_after;
        let judged = self.judge(response, read, now);
        match (&judged, &self.aggregate) {
            (Ok(_), Some(aggregate)) => {
                let (cache, until) = (aggregate.cache_duration(), aggregate.valid_until());
                self.next_at = Some(schedule::after_success(cache, until, now, jitter));
                self.failures = 0;
            }
            _ => self.plan_after_failure(retry_after, now, jitter),
        }
        judged
    }

    /// Takes that nothing came, and why; `detail` is for people.
    pub fn handle_failure(
        &mut self,
        rule: FetchRule,
        detail: Option<String>,
        now: OffsetDateTime,
        jitter: Jitter,
    ) -> RefreshError {
        self.plan_after_failure(None, now, jitter);
        RefreshError::Fetch(rule, detail)
    }

    /// What is in use. Whether it is still valid is [`Aggregate::check_valid_at`].
    #[must_use]
    pub const fn aggregate(&self) -> Option<&Arc<Aggregate>> {
        self.aggregate.as_ref()
    }

    /// The snapshot of one identity provider, for a connection. Whether it is still valid is
    /// [`IdentityProvider::check_valid_at`], and checked at each login.
    ///
    /// # Errors
    /// `config.metadata_url_not_fetched` before the first document came; else as
    /// [`Aggregate::identity_provider`].
    pub fn identity_provider(
        &self,
        entity_id: &EntityId,
    ) -> Result<&Arc<IdentityProvider>, ConfigError> {
        match &self.aggregate {
            Some(aggregate) => aggregate.identity_provider(entity_id),
            None => Err(ConfigErrorKind::MetadataUrlNotFetched.into()),
        }
    }

    fn judge(
        &mut self,
        response: FetchResponse,
        read: Option<Result<Aggregate, ConfigError>>,
        now: OffsetDateTime,
    ) -> Result<AggregateChange, RefreshError> {
        let status = || Some(format!("status {}", response.status));
        match (response.status, &self.aggregate) {
            (200, _) => {}
            (304, Some(aggregate)) => {
                aggregate.check_valid_at(now)?;
                return Ok(AggregateChange::default());
            }
            (304, None) => return Err(FetchRule::NotModified.into()),
            (400..=499, _) => return Err(RefreshError::Fetch(FetchRule::ClientStatus, status())),
            (500..=599, _) => return Err(RefreshError::Fetch(FetchRule::ServerStatus, status())),
            _ => return Err(RefreshError::Fetch(FetchRule::Status, status())),
        }
        let fresh = match read {
            Some(read) => read?,
            None => {
                let encoding = response.content_encoding.as_deref().unwrap_or("identity");
                if !encoding.trim().eq_ignore_ascii_case("identity") {
                    return Err(FetchRule::Encoding.into());
                }
                let mut reader = self.reader(now);
                reader.push(&response.body)?;
                reader.finish()?
            }
        };
        // One that danger read, or that another federation signed, does not come in this way
        if !fresh
            .signed_by()
            .is_some_and(|key| self.signers.contains(key))
        {
            return Err(ConfigError::new(ConfigErrorKind::SignatureMissing).into());
        }
        let change = self.change(&fresh);
        self.etag = response.etag;
        self.last_modified = response.last_modified;
        self.aggregate = Some(Arc::new(fresh));
        Ok(change)
    }

    fn change(&self, fresh: &Aggregate) -> AggregateChange {
        let mut change = AggregateChange::default();
        for id in &self.wanted {
            let before = self.aggregate.as_ref().map(|a| a.identity_provider(id));
            match (before, fresh.identity_provider(id)) {
                (Some(Ok(before)), Ok(after)) => {
                    let between = ConfigChange::between(before, after);
                    if !between.is_empty() {
                        change.changed.insert(id.clone(), between);
                    }
                }
                (Some(Ok(_)), Err(_)) => change.vanished.push(id.clone()),
                (_, Ok(_)) => change.added.push(id.clone()),
                (_, Err(_)) => {}
            }
        }
        change
    }

    fn plan_after_failure(
        &mut self,
        retry_after: Option<Duration>,
        now: OffsetDateTime,
        jitter: Jitter,
    ) {
        self.failures = self.failures.saturating_add(1);
        let next = schedule::after_failure(self.failures, retry_after, now, jitter);
        self.next_at = Some(next);
    }
}
