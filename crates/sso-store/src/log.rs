//! The history: what happened, append-only.
//!
//! # Personal data and how long it stays
//! An entry holds a *redacted* report. The message itself is kept only when a login was rejected,
//! because an administrator has to be able to see the failing spot; it holds a NameID and
//! attributes, so it goes sooner. [`Store::purge`] enforces [`MESSAGE_RETENTION`] and
//! [`LOG_RETENTION`]; [`MAX_MESSAGES`] and [`MAX_ENTRIES`] bound what somebody can make us keep by
//! posting rubbish. Deleted rows are overwritten on disk (`secure_delete`).

use std::borrow::Cow;

use serde_json::Value;
use time::{Duration, OffsetDateTime};

use crate::db::{Db, Row, params};
use crate::error::DbError;
use crate::pending::KEEP_EXPIRED_MILLIS;
use crate::sql;
use crate::store::{Store, from_json, from_millis, to_json, to_millis};

/// How long an entry stays.
pub const LOG_RETENTION: Duration = Duration::days(90);
/// How long the message of a rejected login stays.
pub const MESSAGE_RETENTION: Duration = Duration::days(7);
/// How many entries that a stranger can cause (`login.rejected`, `admin.refused`) stay at most; the
/// oldest go first. Other entries are not counted.
pub const MAX_ENTRIES: u32 = 20_000;
/// How many messages of rejected logins stay at most; the oldest go first.
pub const MAX_MESSAGES: u32 = 500;

/// What happened.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `login.accepted`
    LoginAccepted,
    /// `login.rejected`
    LoginRejected,
    /// `session.ended`
    SessionEnded,
    /// `logout.refused`
    LogoutRefused,
    /// `connection.added`
    ConnectionAdded,
    /// `connection.changed`
    ConnectionChanged,
    /// `connection.removed`
    ConnectionRemoved,
    /// `metadata.changed`
    MetadataChanged,
    /// `metadata.failed`
    MetadataFailed,
    /// `certificate.expiring`
    CertificateExpiring,
    /// `scim_token.expiring`
    ScimTokenExpiring,
    /// `admin.signed_in`
    AdminSignedIn,
    /// `admin.refused`
    AdminRefused,
    /// `admin.password_set`
    AdminPasswordSet,
    /// `user.created`
    UserCreated,
    /// `user.changed`
    UserChanged,
    /// `user.waiting`: known to SCIM, in none of the required groups.
    UserWaiting,
    /// `user.enabled`
    UserEnabled,
    /// `user.disabled`
    UserDisabled,
    /// `user.deleted`
    UserDeleted,
    /// `user.restored`
    UserRestored,
    /// `user.refused`: the policy lets nothing happen.
    UserRefused,
}

impl Event {
    /// The stable name, as stored and printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoginAccepted => "login.accepted",
            Self::LoginRejected => "login.rejected",
            Self::SessionEnded => "session.ended",
            Self::LogoutRefused => "logout.refused",
            Self::ConnectionAdded => "connection.added",
            Self::ConnectionChanged => "connection.changed",
            Self::ConnectionRemoved => "connection.removed",
            Self::MetadataChanged => "metadata.changed",
            Self::MetadataFailed => "metadata.failed",
            Self::CertificateExpiring => "certificate.expiring",
            Self::ScimTokenExpiring => "scim_token.expiring",
            Self::AdminSignedIn => "admin.signed_in",
            Self::AdminRefused => "admin.refused",
            Self::AdminPasswordSet => "admin.password_set",
            Self::UserCreated => "user.created",
            Self::UserChanged => "user.changed",
            Self::UserWaiting => "user.waiting",
            Self::UserEnabled => "user.enabled",
            Self::UserDisabled => "user.disabled",
            Self::UserDeleted => "user.deleted",
            Self::UserRestored => "user.restored",
            Self::UserRefused => "user.refused",
        }
    }
}

/// An entry to append.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewLogEntry<'a> {
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub event: Event,
    /// The connection, if one was known.
    pub connection: Option<&'a str>,
    /// The reason code of a rejection.
    pub code: Option<&'a str>,
    /// What the user was shown to quote to the administrator.
    pub reference: Cow<'a, str>,
    /// One line for people, without personal data.
    pub summary: Cow<'a, str>,
    /// Whose account it is about.
    pub account: Option<i64>,
    /// The redacted report.
    pub report: Option<&'a Value>,
    /// The message, for a rejected login only.
    pub message: Option<&'a str>,
}

impl<'a> NewLogEntry<'a> {
    /// An entry with no connection, code, report or message.
    #[must_use]
    pub fn new(
        at: OffsetDateTime,
        event: Event,
        reference: impl Into<Cow<'a, str>>,
        summary: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self {
            at,
            event,
            connection: None,
            code: None,
            reference: reference.into(),
            summary: summary.into(),
            account: None,
            report: None,
            message: None,
        }
    }
}

/// An entry as it was appended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogEntry {
    /// Its number; higher is later.
    pub id: i64,
    /// When.
    pub at: OffsetDateTime,
    /// What: an [`Event`]'s name.
    pub event: String,
    /// The connection, if one was known.
    pub connection: Option<String>,
    /// The reason code of a rejection.
    pub code: Option<String>,
    /// What the user was shown.
    pub reference: String,
    /// One line for people.
    pub summary: String,
    /// The redacted report.
    pub report: Option<Value>,
    /// Whether [`Store::log_message`] still has the message.
    pub message_kept: bool,
    /// Whose account it is about.
    pub account: Option<i64>,
}

/// Which entries are wanted; the default is all.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LogFilter {
    /// Of this connection.
    pub connection: Option<String>,
    /// With this code.
    pub code: Option<String>,
    /// About this account.
    pub account: Option<i64>,
    /// Refused only: with a code, which says of a user who waits or left only why.
    pub refused: bool,
    /// Not before.
    pub since: Option<OffsetDateTime>,
    /// Not then or later.
    pub until: Option<OffsetDateTime>,
    /// Older than this entry.
    pub before: Option<i64>,
}

struct RawEntry {
    entry: LogEntry,
    at: i64,
    report: Option<String>,
}

impl RawEntry {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        Ok(Self {
            entry: LogEntry {
                id: row.get(0)?,
                at: OffsetDateTime::UNIX_EPOCH,
                event: row.get(2)?,
                connection: row.get(3)?,
                code: row.get(4)?,
                reference: row.get(5)?,
                summary: row.get(6)?,
                report: None,
                message_kept: row.get(8)?,
                account: row.get(9)?,
            },
            at: row.get(1)?,
            report: row.get(7)?,
        })
    }

    fn read(self) -> Result<LogEntry, DbError> {
        Ok(LogEntry {
            at: from_millis(self.at)?,
            report: self.report.as_deref().map(from_json).transpose()?,
            ..self.entry
        })
    }
}

/// Appends an entry, in a transaction.
pub(crate) fn insert(db: Db<'_>, entry: &NewLogEntry<'_>) -> Result<i64, DbError> {
    let at = to_millis(entry.at)?;
    let report = entry.report.map(to_json).transpose()?;
    let id: i64 = db.one(
        sql::LOG_INSERT,
        params![
            at,
            entry.event.as_str(),
            entry.connection,
            entry.code,
            &*entry.reference,
            &*entry.summary,
            report.as_deref(),
            entry.account,
        ],
        |row| row.get(0),
    )?;
    if let Some(message) = entry.message {
        db.execute(sql::LOG_MESSAGE_INSERT, params![id, at, message])?;
        db.execute(sql::LOG_MESSAGE_TRIM, params![MAX_MESSAGES])?;
    }
    // Trimming now and then is enough: the bound is about disks, not about exactness.
    if id % 256 == 0 {
        db.execute(sql::LOG_TRIM, params![MAX_ENTRIES])?;
    }
    Ok(id)
}

impl Store {
    /// Appends an entry and returns its number.
    ///
    /// # Errors
    /// `store.invalid_value`, `store.busy`, `store.unavailable`.
    pub fn append_log(&self, entry: &NewLogEntry<'_>) -> Result<i64, DbError> {
        self.write(|db| insert(db, entry))
    }

    /// Up to `limit` entries, latest first, older than entry `before` if that is given.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn log(&self, before: Option<i64>, limit: u32) -> Result<Vec<LogEntry>, DbError> {
        let filter = LogFilter {
            before,
            ..LogFilter::default()
        };
        self.log_where(&filter, limit)
    }

    /// Up to `limit` entries that are wanted, latest first.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn log_where(&self, filter: &LogFilter, limit: u32) -> Result<Vec<LogEntry>, DbError> {
        let since = filter.since.map(to_millis).transpose()?;
        let until = filter.until.map(to_millis).transpose()?;
        let rows = self.read(|db| {
            let params = params![
                filter.before.unwrap_or(i64::MAX),
                limit,
                filter.connection.as_deref(),
                filter.code.as_deref(),
                since,
                until,
                filter.account,
                i64::from(filter.refused),
            ];
            db.query(sql::LOG_LIST, params, RawEntry::from_row)
        })?;
        rows.into_iter().map(RawEntry::read).collect()
    }

    /// The entry a user quotes, or `None`.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn log_by_reference(&self, reference: &str) -> Result<Option<LogEntry>, DbError> {
        let row = self.read(|db| {
            db.optional(
                sql::LOG_BY_REFERENCE,
                params![reference],
                RawEntry::from_row,
            )
        })?;
        row.map(RawEntry::read).transpose()
    }

    /// The message of a rejected login, while it is kept.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn log_message(&self, id: i64) -> Result<Option<String>, DbError> {
        self.read(|db| db.optional(sql::LOG_MESSAGE_GET, params![id], |row| row.get(0)))
    }

    /// Deletes what its time is over for: expired pending logins, replay records and sessions,
    /// messages after [`MESSAGE_RETENTION`], entries after [`LOG_RETENTION`]. Call it hourly.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn purge(&self, now: OffsetDateTime) -> Result<(), DbError> {
        let at = to_millis(now)?;
        let log = to_millis(now - LOG_RETENTION)?;
        let messages = to_millis(now - MESSAGE_RETENTION)?;
        self.write(|db| {
            db.execute(sql::PENDING_PURGE, params![at - KEEP_EXPIRED_MILLIS])?;
            db.execute(sql::REPLAY_PURGE, params![at])?;
            db.execute(sql::SESSION_PURGE, params![at])?;
            db.execute(sql::LOG_PURGE, params![log])?;
            db.execute(sql::LOG_TRIM, params![MAX_ENTRIES])?;
            db.execute(sql::LOG_MESSAGE_PURGE, params![messages])?;
            db.execute(sql::LOG_MESSAGE_ORPHANS, params![])?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
