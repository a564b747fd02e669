//! Bringing a database to the newest schema, one step after the other.

#[cfg(feature = "postgres")]
use crate::db::{Db, params};
use crate::error::{DbError, DbErrorKind};
use crate::sql::MIGRATIONS;

fn open_failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DbError {
    DbError::because(DbErrorKind::OpenFailed, error)
}

/// The steps that a database of that version lacks, and the version it has after them.
fn missing(version: i64) -> Result<(&'static [&'static str], i64), DbError> {
    let too_new = || DbError::new(DbErrorKind::SchemaTooNew);
    let done = usize::try_from(version).map_err(|_| too_new())?;
    let steps = MIGRATIONS.get(done..).ok_or_else(too_new)?;
    let target = i64::try_from(MIGRATIONS.len()).map_err(|_| too_new())?;
    Ok((steps, target))
}

/// In a transaction that holds the write lock. The version is SQLite's `user_version`.
pub(crate) fn sqlite(connection: &rusqlite::Connection) -> Result<(), DbError> {
    let version = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(open_failed)?;
    let (steps, target) = missing(version)?;
    for step in steps {
        connection.execute_batch(step).map_err(open_failed)?;
    }
    if target != version {
        connection
            .pragma_update(None, "user_version", target)
            .map_err(open_failed)?;
    }
    Ok(())
}

/// In a transaction in which each statement sees what was committed before it. The version is a row
/// of a table. Of several processes that start at once the lock lets one in after the other.
#[cfg(feature = "postgres")]
pub(crate) fn postgres(db: Db<'_>) -> Result<(), DbError> {
    /// Any number that nobody else takes a lock by.
    const LOCK: i64 = 0x0053_534f_5354_4f52;
    db.query(
        "SELECT pg_advisory_xact_lock(?1) IS NULL",
        params![LOCK],
        |_| Ok(()),
    )?;
    let encoding: String = db.one(
        "SELECT current_setting('server_encoding')",
        params![],
        |row| row.get(0),
    )?;
    if encoding != "UTF8" {
        return Err(open_failed("the database is not in UTF-8"));
    }
    db.batch("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")?;
    let found = db.optional("SELECT version FROM schema_version", params![], |row| {
        row.get(0)
    })?;
    let (steps, target) = missing(found.unwrap_or(0))?;
    for step in steps {
        db.batch(&crate::db::dialect::postgres_schema(step))?;
    }
    match found {
        Some(version) if version == target => {}
        Some(_) => {
            db.execute("UPDATE schema_version SET version = ?1", params![target])?;
        }
        None => {
            db.execute(
                "INSERT INTO schema_version (version) VALUES (?1)",
                params![target],
            )?;
        }
    }
    Ok(())
}
