//! The open database: file, durability settings, migrations, the one lock.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use time::OffsetDateTime;

use crate::error::{DbError, DbErrorKind};
use crate::sql;

/// How long a statement waits for another process (the command line, say) to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The database. Cheap to clone; all clones share one SQLite connection behind a lock.
///
/// Every method, those of the async traits too, does its work before it returns: a read takes
/// microseconds, a write as long as the disk needs to flush (milliseconds). In an async server
/// call it where blocking is allowed (`tokio::task::spawn_blocking`).
#[derive(Clone)]
pub struct Store {
    inner: Arc<Mutex<Connection>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the SQLite database at `path`, creating it (readable by its owner only) when it is
    /// not there, and brings its schema up to date.
    ///
    /// Settings, and why:
    /// - `journal_mode = WAL`: readers (the command line) do not block the server.
    /// - `synchronous = FULL`: in WAL mode this flushes at every commit. A request that was
    ///   consumed or an assertion that was recorded must still be so after a power cut, or it
    ///   could be replayed. `NORMAL` would lose the last commits.
    /// - `busy_timeout` of ten seconds: two processes take turns instead of failing.
    ///
    /// # Errors
    /// `store.open_failed`, `store.schema_too_new`.
    pub fn open(path: &Path) -> Result<Self, DbError> {
        prepare_file(path).map_err(|e| DbError::because(DbErrorKind::OpenFailed, e))?;
        let connection = Connection::open(path).map_err(open_failed)?;
        Self::from_connection(connection)
    }

    /// A database in memory, for tests. It is gone when the last clone is dropped.
    ///
    /// # Errors
    /// `store.open_failed`.
    pub fn in_memory() -> Result<Self, DbError> {
        Self::from_connection(Connection::open_in_memory().map_err(open_failed)?)
    }

    fn from_connection(mut connection: Connection) -> Result<Self, DbError> {
        configure(&connection).map_err(open_failed)?;
        migrate(&mut connection)?;
        Ok(Self {
            inner: Arc::new(Mutex::new(connection)),
        })
    }

    /// Runs `work` alone on the connection.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        work(&self.lock())
    }

    /// Runs `work` in a transaction that commits when it returns `Ok` and rolls back otherwise.
    /// `BEGIN IMMEDIATE`: the write lock is taken at the start, where waiting for it is safe.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    // A panic elsewhere leaves no half-done work: an open transaction rolls back when it is dropped.
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_failed(error: rusqlite::Error) -> DbError {
    DbError::because(DbErrorKind::OpenFailed, error)
}

fn configure(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // An in-memory database answers "memory" here; both answers are fine.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Deleted rows hold personal data and secrets; overwrite them.
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    Ok(())
}

fn migrate(connection: &mut Connection) -> Result<(), DbError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(open_failed)?;
    let version: i64 = transaction
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(open_failed)?;
    let done = usize::try_from(version).map_err(|_| DbError::new(DbErrorKind::SchemaTooNew))?;
    let todo = sql::MIGRATIONS
        .get(done..)
        .ok_or_else(|| DbError::new(DbErrorKind::SchemaTooNew))?;
    for step in todo {
        transaction.execute_batch(step).map_err(open_failed)?;
    }
    let target = i64::try_from(sql::MIGRATIONS.len())
        .map_err(|_| DbError::new(DbErrorKind::SchemaTooNew))?;
    if target != version {
        transaction
            .pragma_update(None, "user_version", target)
            .map_err(open_failed)?;
    }
    transaction.commit().map_err(open_failed)
}

/// The file holds private keys and personal data. SQLite gives its `-wal` and `-shm` files the
/// mode of the main file, so that one mode is enough.
#[cfg(unix)]
fn prepare_file(path: &Path) -> std::io::Result<()> {
    use std::fs::{OpenOptions, Permissions};
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn prepare_file(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Unix milliseconds, rounded down.
pub(crate) fn to_millis(at: OffsetDateTime) -> Result<i64, DbError> {
    i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000))
        .map_err(|e| DbError::because(DbErrorKind::InvalidValue, e))
}

pub(crate) fn from_millis(millis: i64) -> Result<OffsetDateTime, DbError> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis).saturating_mul(1_000_000))
        .map_err(|e| DbError::because(DbErrorKind::CorruptRow, e))
}

pub(crate) fn to_json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|e| DbError::because(DbErrorKind::InvalidValue, e))
}

pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DbError> {
    // The line and column are safe to tell, the value is not: it may be a secret.
    serde_json::from_str(text).map_err(|e| {
        DbError::because(
            DbErrorKind::CorruptRow,
            format!("{:?} at {}:{}", e.classify(), e.line(), e.column()),
        )
    })
}

/// SHA-256 over length-prefixed parts, so that no two lists of parts share a hash by
/// concatenation.
pub(crate) fn hash_parts(parts: &[Option<&str>]) -> Vec<u8> {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        match part {
            None => context.update(&[0]),
            Some(text) => {
                context.update(&[1]);
                context.update(&(text.len() as u64).to_be_bytes());
                context.update(text.as_bytes());
            }
        }
    }
    context.finish().as_ref().to_vec()
}
