//! Metadata by URL: fetched when the connection is added, when the plan says so, and when a login
//! comes with a key that nobody knows yet.

use std::sync::{Arc, PoisonError};

use idp_config::{
    Actor, FetchRequest, HistoryEvent, HttpsFetcher, IdentityProvider, IdpSource,
    MetadataRefresher, Poll, RefreshError, RefreshState, Refreshed, What,
};
use saml_sp::{Connection, FreshMetadata};
use sso_store::{
    ConnectionName, ConnectionRecord, ConnectionSettings, DbError, Event, NewLogEntry, Store,
};
use time::OffsetDateTime;
use url::Url;

use crate::app::App;
use crate::connections::{self, Refused};
use crate::random;

/// Whether the URL is on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A portal that is itself on a loopback address is being tried out, and may fetch from this
/// machine; any other reaches public addresses alone.
fn fetcher(settings: &ConnectionSettings, base: &Url) -> HttpsFetcher {
    let fetcher = HttpsFetcher::new();
    if settings.danger_accept_plain_http {
        idp_config::danger::fetch_from_any_address(fetcher)
    } else if is_loopback(base) {
        fetcher.allow_loopback()
    } else {
        fetcher
    }
}

/// Spreads the fetches of many connections out. Without random bytes they just coincide.
fn jitter() -> u8 {
    random::code(1)
        .ok()
        .and_then(|code| code.bytes().next())
        .unwrap_or_default()
}

/// Fetches the metadata of a new connection.
pub(crate) fn first(
    url: &Url,
    settings: &ConnectionSettings,
    base: &Url,
    now: OffsetDateTime,
) -> Result<RefreshState, Refused> {
    let policy = connections::policy(settings);
    let mut refresher =
        MetadataRefresher::new(url.clone(), None, policy).map_err(Refused::Config)?;
    fetcher(settings, base)
        .refresh(&mut refresher, now, jitter())
        .map_err(Refused::Metadata)?;
    Ok(refresher.state().clone())
}

/// Fetches whatever is due.
///
/// # Errors
/// `store.*`.
pub(crate) fn due(app: &App, now: OffsetDateTime) -> Result<(), DbError> {
    for record in app.store().connections()? {
        let Some(state) = record.metadata.clone() else {
            continue;
        };
        if record.settings.disabled || !matches!(record.source, IdpSource::MetadataUrl { .. }) {
            continue;
        }
        let policy = connections::policy(&record.settings);
        let planned = MetadataRefresher::restore(state, policy, now).map(|plan| plan.poll(now));
        if matches!(planned, Ok(Poll::Fetch(_))) {
            let _one_at_a_time = app
                .refreshing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            fetch(app, &record, Actor::Schedule, now)?;
        }
    }
    Ok(())
}

/// Asks the server, unless somebody (here or in another process) did within the last minute.
fn fetch(
    app: &App,
    record: &ConnectionRecord,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let policy = connections::policy(&record.settings);
    let store = app.store();
    let restore = |record: &ConnectionRecord| {
        let state = record.metadata.clone()?;
        MetadataRefresher::restore(state, policy, now).ok()
    };
    let claimed: Option<FetchRequest> = store.change_metadata(&record.name, |record| {
        let mut refresher = restore(record)?;
        let request = match refresher.demand(now) {
            Poll::Fetch(request) => Some(request),
            _ => None,
        };
        record.metadata = Some(refresher.state().clone());
        request
    })?;
    let Some(request) = claimed else {
        return Ok(());
    };
    let answer = fetcher(&record.settings, app.base()).fetch(&request);
    let noted = store.change_metadata(&record.name, |record| {
        let mut refresher = restore(record)?;
        let before = refresher.state().last_failure().map(str::to_owned);
        let outcome = match answer {
            Ok(response) => refresher.handle_response(response, now, jitter()),
            Err(RefreshError::Fetch(rule, detail)) => {
                Err(refresher.handle_failure(rule, detail, now, jitter()))
            }
            Err(other) => Err(other),
        };
        record.metadata = Some(refresher.state().clone());
        Some((outcome, before))
    })?;
    match noted {
        Some((Ok(Refreshed::Changed(change)), _)) => {
            let list = |name: &str, keys: &[String]| match keys {
                [] => String::new(),
                keys => format!(" {name}: {}.", keys.join(", ")),
            };
            let mut summary = String::from("The metadata changed.");
            summary.push_str(&list("New keys", &change.added_keys));
            summary.push_str(&list("Keys gone", &change.vanished_keys));
            if change.endpoints {
                summary.push_str(" Endpoints changed.");
            }
            note(
                store,
                Event::MetadataChanged,
                None,
                &record.name,
                &summary,
                trust_changed(app, record, actor, now).as_ref(),
                now,
            )
        }
        // Once when it begins, not at every attempt
        Some((Err(error), before)) if before.as_deref() != Some(error.code()) => note(
            store,
            Event::MetadataFailed,
            Some(error.code()),
            &record.name,
            &error.to_string(),
            Some(&HistoryEvent::new(
                now,
                actor,
                &record.source,
                What::Refused {
                    code: error.code().to_owned(),
                },
            )),
            now,
        ),
        _ => Ok(()),
    }
}

/// What the history says of fresh metadata: the keys before and after.
fn trust_changed(
    app: &App,
    before: &ConnectionRecord,
    actor: Actor,
    now: OffsetDateTime,
) -> Option<HistoryEvent> {
    let after = app.store().connection(&before.name).ok().flatten()?;
    let (old, new) = (
        connections::provider(before, now).ok()?,
        connections::provider(&after, now).ok()?,
    );
    HistoryEvent::trust(now, actor, &before.source, &old, &new)
}

fn note(
    store: &Store,
    event: Event,
    code: Option<&str>,
    name: &ConnectionName,
    summary: &str,
    history: Option<&HistoryEvent>,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let reference = random::code(2).unwrap_or_default();
    let mut entry = NewLogEntry::new(now, event, &reference, summary);
    entry.connection = Some(name.as_str());
    entry.code = code;
    let history = history.and_then(|event| serde_json::to_value(event).ok());
    entry.report = history.as_ref();
    store.append_log(&entry).map(drop)
}

/// Fresh metadata for a login whose key is not known.
pub(crate) struct OnDemand<'a> {
    pub(crate) app: &'a App,
    pub(crate) record: &'a ConnectionRecord,
}

impl OnDemand<'_> {
    fn look(&self, now: OffsetDateTime) -> Option<Arc<IdentityProvider>> {
        let before = self.record.metadata.as_ref()?;
        let _one_at_a_time = self
            .app
            .refreshing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let reload = || {
            self.app
                .store()
                .connection(&self.record.name)
                .ok()
                .flatten()
        };
        let mut record = reload()?;
        // Somebody may have been here while this one waited
        if record.metadata.as_ref()?.fetched_at() == before.fetched_at() {
            fetch(self.app, &record, Actor::UnknownKey, now).ok()?;
            record = reload()?;
        }
        if record.metadata.as_ref() == Some(before) {
            return None;
        }
        connections::provider(&record, now).ok().map(Arc::new)
    }
}

impl FreshMetadata for OnDemand<'_> {
    /// Runs on a thread that may block, like all of a login.
    async fn fresh(&self, _: &Connection, now: OffsetDateTime) -> Option<Arc<IdentityProvider>> {
        self.look(now)
    }
}
