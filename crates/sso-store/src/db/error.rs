//! PostgreSQL's errors as ours. Their text may quote rows, so of most only the code is kept.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::error::{DbError, DbErrorKind};

impl From<Error> for DbError {
    fn from(error: Error) -> Self {
        let Some(refusal) = error.as_db_error() else {
            return Self::because(DbErrorKind::Unavailable, without_rows(&error));
        };
        let code = refusal.code();
        let conflict = [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
        ]
        .contains(code);
        let kind = if conflict
            || [
                SqlState::LOCK_NOT_AVAILABLE,
                SqlState::QUERY_CANCELED,
                SqlState::TOO_MANY_CONNECTIONS,
            ]
            .contains(code)
        {
            DbErrorKind::Busy
        } else if *code == SqlState::UNIQUE_VIOLATION {
            DbErrorKind::AlreadyExists
        } else if *code == SqlState::PROGRAM_LIMIT_EXCEEDED {
            // A text that is longer than an index may hold
            DbErrorKind::InvalidValue
        } else {
            DbErrorKind::Unavailable
        };
        let place = refusal.constraint().or(refusal.table());
        let place = place.map(|name| format!(", {name}")).unwrap_or_default();
        Self::because(kind, format!("SQLSTATE {}{place}", code.code())).conflict(conflict)
    }
}

impl DbError {
    /// A connection that could not be made: what the server said names the configuration, not rows.
    pub(super) fn connecting(error: &Error) -> Self {
        let said = match error.as_db_error() {
            Some(refusal) => refusal.message().to_owned(),
            None => without_rows(error),
        };
        let busy = error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS);
        let kind = if busy {
            DbErrorKind::Busy
        } else {
            DbErrorKind::Unavailable
        };
        Self::because(kind, said)
    }
}

/// What the driver says itself: connections, encodings, never values.
fn without_rows(error: &Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
