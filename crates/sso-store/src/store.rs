//! The open database: file or server, durability settings, the ways to work in it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::connections::ParsedSettings;
use crate::db::Db;
#[cfg(feature = "postgres")]
use crate::db::pool::{Isolation, Pool};
use crate::db::sqlite::Sqlite;
use crate::error::{DbError, DbErrorKind};
use crate::migrate;

/// The database. Cheap to clone; all clones share one SQLite connection that writes and up to eight that
/// read, or a pool of eight PostgreSQL connections.
///
/// Every method, those of the async traits too, does its work before it returns: a read takes
/// microseconds, a write as long as the disk needs to flush (milliseconds; writes that come at the same
/// time share a flush). In an async server call it where blocking is allowed
/// (`tokio::task::spawn_blocking`).
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    settings: Arc<ParsedSettings>,
}

enum Inner {
    Sqlite(Box<Sqlite>),
    #[cfg(feature = "postgres")]
    Postgres(Box<Pool>),
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
        Sqlite::open(path, migrate::sqlite).map(Self::from_sqlite)
    }

    /// A database in memory, for tests. It is gone when the last clone is dropped.
    ///
    /// # Errors
    /// `store.open_failed`.
    pub fn in_memory() -> Result<Self, DbError> {
        Sqlite::in_memory(migrate::sqlite).map(Self::from_sqlite)
    }

    /// Connects to the PostgreSQL database (version 12 or later, in UTF-8) of a URL
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, and brings its schema up to date. Any number of
    /// processes may do so at the same time.
    ///
    /// What stays on this machine (a Unix socket as in `postgres:///DATABASE?host=/run/postgresql`, the
    /// loopback interface) is not encrypted unless the URL asks for it; everything else is, with the
    /// feature `postgres-tls`, or is refused:
    ///
    /// | `sslmode` | |
    /// |---|---|
    /// | `disable` | not encrypted: a private network, a tunnel |
    /// | `require`, `verify-full` | encrypted; the server's certificate and its name are verified, with either word |
    /// | `allow`, `prefer`, `verify-ca` | refused: they could end without encryption, or with another server |
    ///
    /// `sslrootcert=FILE` has the certificates (PEM) to trust; without it, or with `system`, they are
    /// those of Mozilla's root programme.
    ///
    /// Where transactions get into each other's way they are run again, for up to ten seconds; so
    /// they are when a connection is lost before a commit. When it is lost during a commit the error
    /// is `store.unavailable`, and the work may have been done.
    ///
    /// ```no_run
    /// let store = sso_store::Store::connect("postgres://portal@localhost/portal")?;
    /// # let _ = store;
    /// # Ok::<(), sso_store::DbError>(())
    /// ```
    ///
    /// # Errors
    /// `store.open_failed`, `store.schema_too_new`. The URL, which may hold a password, is in none.
    #[cfg(feature = "postgres")]
    pub fn connect(url: &str) -> Result<Self, DbError> {
        let pool = Pool::connect(url)?;
        pool.transaction(Isolation::Statement, migrate::postgres)
            .map_err(|error| match error.kind() {
                DbErrorKind::SchemaTooNew => error,
                _ => error.with_kind(DbErrorKind::OpenFailed),
            })?;
        Ok(Self::of(Inner::Postgres(Box::new(pool))))
    }

    fn from_sqlite(sqlite: Sqlite) -> Self {
        Self::of(Inner::Sqlite(Box::new(sqlite)))
    }

    fn of(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            settings: Arc::default(),
        }
    }

    pub(crate) fn parsed_settings(&self) -> &ParsedSettings {
        &self.settings
    }

    /// Runs `work`, and lets all its writes to this database share one flush: what each of its methods
    /// promises to be on the disk is there when this returns `Ok`, and what `work` answers may not be told
    /// to anybody before. It has to do its work on this thread. PostgreSQL has a flush for each write.
    ///
    /// ```
    /// use sso_store::{Event, NewLogEntry, Store};
    /// use time::macros::datetime;
    ///
    /// let store = Store::in_memory()?;
    /// let now = datetime!(2026-11-23 12:00 UTC);
    /// let references = store.together(|| {
    ///     for reference in ["7QK2-M4XD", "9ABC-DEFG"] {
    ///         store.append_log(&NewLogEntry::new(now, Event::LoginRejected, reference, "why"))?;
    ///     }
    ///     Ok::<_, sso_store::DbError>(2)
    /// })??;
    /// assert_eq!(references, 2);
    /// # Ok::<(), sso_store::DbError>(())
    /// ```
    ///
    /// # Errors
    /// `store.unavailable` when the flush failed: then nothing of it may be there.
    pub fn together<T>(&self, work: impl FnOnce() -> T) -> Result<T, DbError> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => sqlite.together(work),
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) => Ok(work()),
        }
    }

    /// As [`Store::together`], and nobody else writes to this database meanwhile, other processes included:
    /// what `work` reads stays as it is. In PostgreSQL, where many write at once, it is not alone.
    ///
    /// # Errors
    /// As [`Store::together`]; `store.busy` when others write for ten seconds.
    pub fn alone<T>(&self, work: impl FnOnce() -> T) -> Result<T, DbError> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => sqlite.alone(work),
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) => Ok(work()),
        }
    }

    /// How many can write at the same time; `None` where they take turns and share flushes.
    pub(crate) fn writers(&self) -> Option<usize> {
        match &*self.inner {
            Inner::Sqlite(_) => None,
            #[cfg(feature = "postgres")]
            Inner::Postgres(_) => Some(crate::db::pool::SIZE),
        }
    }

    /// Notes that there are so many rows more.
    #[cfg_attr(
        not(feature = "postgres"),
        expect(unused_variables, reason = "it is PostgreSQL that has to know")
    )]
    pub(crate) fn grew(&self, rows: usize) {
        match &*self.inner {
            // Its plans are fixed by the indices that there are
            Inner::Sqlite(_) => {}
            #[cfg(feature = "postgres")]
            Inner::Postgres(pool) => pool.grew(rows),
        }
    }

    /// Runs `work`, which is one question.
    pub(crate) fn read<T>(
        &self,
        work: impl FnMut(Db<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => sqlite.read(false, work),
            #[cfg(feature = "postgres")]
            Inner::Postgres(pool) => pool.read(work),
        }
    }

    /// Runs `work`, which is several questions about one moment.
    pub(crate) fn snapshot<T>(
        &self,
        work: impl FnMut(Db<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => sqlite.read(true, work),
            #[cfg(feature = "postgres")]
            Inner::Postgres(pool) => pool.transaction(Isolation::Snapshot, work),
        }
    }

    /// Runs `work`, whose statements decide each by itself, in a transaction that commits when it
    /// returns `Ok` and rolls back otherwise.
    pub(crate) fn write<T>(
        &self,
        work: impl FnMut(Db<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => sqlite.write(work),
            #[cfg(feature = "postgres")]
            Inner::Postgres(pool) => pool.transaction(Isolation::Statement, work),
        }
    }

    /// Runs `work` in a transaction of its own, as if it were alone. It may be run again.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnMut(Db<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => sqlite.write(work),
            #[cfg(feature = "postgres")]
            Inner::Postgres(pool) => pool.transaction(Isolation::Serializable, work),
        }
    }

    /// As [`Store::transaction`], but what it did is undone too when `work` says `false`.
    pub(crate) fn attempt<T>(
        &self,
        work: impl FnMut(Db<'_>) -> Result<(T, bool), DbError>,
    ) -> Result<T, DbError> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => sqlite.attempt(work),
            #[cfg(feature = "postgres")]
            Inner::Postgres(pool) => pool.attempt(Isolation::Serializable, work),
        }
    }

    /// Runs `work` once, in a transaction, for callers that cannot be asked twice. Rows that it
    /// depends on have to be read with [`Dialect::for_update`](crate::db::dialect::Dialect).
    pub(crate) fn transaction_once<T>(
        &self,
        work: impl FnOnce(Db<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        match &*self.inner {
            Inner::Sqlite(sqlite) => sqlite.write(work),
            #[cfg(feature = "postgres")]
            Inner::Postgres(pool) => pool.transaction_once(Isolation::Statement, work),
        }
    }
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
