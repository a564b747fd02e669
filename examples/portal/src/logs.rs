//! The history and the SCIM requests as one list, and what of it somebody wants to see.

use scim_core::log::{LogLine, LogQuery, LogStore, RequestLog};
use scim_core::resource::{ConnectionId, ResourceId};
use sso_store::{DbError, LogEntry, LogFilter, Store};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};

use crate::people;
use crate::scim::ready;

/// A line of either log.
#[derive(Debug)]
pub(crate) enum Line {
    Sign(LogEntry),
    Scim(Box<LogLine>),
}

impl Line {
    pub(crate) fn at(&self) -> OffsetDateTime {
        match self {
            Self::Sign(entry) => entry.at,
            Self::Scim(line) => line.entry.at,
        }
    }
}

/// Which lines are wanted; the default is all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) connection: Option<String>,
    pub(crate) code: Option<String>,
    /// Of a SCIM answer; the history has none.
    pub(crate) status: Option<u16>,
    /// With a code, or answered with 400 and above.
    pub(crate) refused: bool,
    pub(crate) since: Option<OffsetDateTime>,
    pub(crate) until: Option<OffsetDateTime>,
    /// A user's number or name, or the id of a SCIM resource.
    pub(crate) user: Option<String>,
    /// Older than these, to page backwards.
    pub(crate) before: Option<(i64, u64)>,
}

/// A page of lines, latest first, and where the next one begins.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) lines: Vec<Line>,
    pub(crate) next: Option<(i64, u64)>,
}

/// A date, or a time with its offset. A date ends with its day where it is an end.
pub(crate) fn moment(text: &str, is_end: bool) -> Option<OffsetDateTime> {
    if let Ok(at) = OffsetDateTime::parse(text.trim(), &Rfc3339) {
        return Some(at);
    }
    let format = time::macros::format_description!("[year]-[month]-[day]");
    let date = Date::parse(text.trim(), &format).ok()?;
    let date = if is_end { date.next_day()? } else { date };
    Some(date.midnight().assume_utc())
}

/// Deletes what its time is over for: SCIM requests after [`RequestLog::DEFAULT_RETENTION`], and what
/// [`Store::purge`] names. Called at the start and every hour.
pub(crate) fn forget(store: &Store, now: OffsetDateTime) -> Result<(), DbError> {
    let before = now - RequestLog::DEFAULT_RETENTION;
    if let Err(error) = ready(LogStore::purge(store, before)) {
        eprintln!("the SCIM log could not be cut: {error}");
    }
    Store::purge(store, now)
}

/// The lines that are wanted, at most `limit`.
pub(crate) fn read(store: &Store, wanted: &Wanted, limit: u32) -> Result<Page, DbError> {
    let mut filter = LogFilter::default();
    let mut query = LogQuery::default();
    let mut history = wanted.status.is_none();
    let mut requests = true;
    if let Some(user) = &wanted.user {
        let accounts = people::pick(store, user, wanted.connection.as_deref())?;
        match accounts.as_slice() {
            [] => {
                // The id of a group, say
                history = false;
                query.resource = Some(ResourceId::new(user.trim()));
            }
            [account, ..] => {
                filter.account = Some(account.id);
                query.connection = account.connection.as_deref().map(ConnectionId::new);
                query.resource = account.scim_id.as_deref().map(ResourceId::new);
                requests = account.scim_id.is_some();
            }
        }
    }
    filter.connection.clone_from(&wanted.connection);
    filter.code.clone_from(&wanted.code);
    filter.refused = wanted.refused;
    (filter.since, filter.until) = (wanted.since, wanted.until);
    filter.before = wanted.before.map(|(history, _)| history);
    if let Some(connection) = &wanted.connection {
        query.connection = Some(ConnectionId::new(connection.as_str()));
    }
    query.code.clone_from(&wanted.code);
    query.refused = wanted.refused;
    query.status = wanted.status;
    (query.since, query.until) = (wanted.since, wanted.until);
    query.before = wanted.before.map(|(_, request)| request);
    query.limit = limit;
    let mut lines: Vec<Line> = Vec::new();
    if history {
        let entries = store.log_where(&filter, limit)?;
        lines.extend(entries.into_iter().map(Line::Sign));
    }
    if requests {
        match ready(store.read(&query)) {
            Ok(found) => lines.extend(found.into_iter().map(|line| Line::Scim(Box::new(line)))),
            Err(error) => eprintln!("the SCIM log cannot be read: {error}"),
        }
    }
    // Each comes latest first; a stable sort keeps the order of those of one moment
    lines.sort_by_key(|line| std::cmp::Reverse(line.at()));
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = lines.len() >= most;
    lines.truncate(most);
    let (mut entry, mut request) = wanted.before.unwrap_or((i64::MAX, i64::MAX.unsigned_abs()));
    for line in &lines {
        match line {
            Line::Sign(line) => entry = entry.min(line.id),
            Line::Scim(line) => request = request.min(line.number),
        }
    }
    Ok(Page {
        lines,
        next: more.then_some((entry, request)),
    })
}

#[cfg(test)]
mod tests;
