//! SQLite: one connection that writes, some that read, and commits that are shared.
//!
//! A commit costs a flush of the disk, whatever is in it. So whoever has done their part of the writing
//! while others wait to do theirs leaves the transaction open for them; the last one commits for all,
//! and nobody is answered before that. A part that fails is undone by itself.

mod scope;
mod turn;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::Db;
use super::deadline::{Deadline, PATIENCE};
use super::lend::Lender;
use crate::error::{DbError, DbErrorKind};
use turn::{Held, Turn};

/// Prepared statements that each connection keeps: all that this crate has, and those of some filters.
const STATEMENTS: usize = 128;
/// Connections that read at the same time.
const READERS: usize = 8;
/// Kilobytes of pages that a connection keeps.
const CACHE: i64 = 16 * 1024;
/// Pages of the log after which they are carried over to the database (32 MiB): pages that are written
/// again and again are carried once.
const CHECKPOINT: i64 = 8192;
/// A transaction that others join ends after so many of them, or so long.
const MOST_TOGETHER: usize = 256;
const LONGEST_TOGETHER: Duration = Duration::from_millis(10);

pub(crate) struct Sqlite {
    writer: Mutex<Writer>,
    turn: Turn,
    /// How long others may join a transaction, and are waited for.
    longest: Duration,
    /// `None`: in memory, where there is one connection.
    readers: Option<Readers>,
}

struct Writer {
    connection: Connection,
    /// The transaction that is open.
    together: Option<Together>,
}

struct Together {
    end: Arc<End>,
    parts: usize,
}

/// How a shared transaction ended, for all who had a part in it.
struct End {
    /// When it ends at the latest, whoever else was to come.
    until: Deadline,
    outcome: Mutex<Option<Result<(), (DbErrorKind, String)>>>,
    told: Condvar,
}

struct Readers {
    path: PathBuf,
    lender: Lender<Connection>,
}

impl Sqlite {
    /// The database of a file that is there; its schema is `prepare`'s to bring up to date, in a
    /// transaction that holds the write lock.
    pub(crate) fn open(
        path: &Path,
        prepare: impl FnOnce(&Connection) -> Result<(), DbError>,
    ) -> Result<Self, DbError> {
        let connection = Connection::open(path).map_err(open_failed)?;
        let readers = Readers {
            path: path.to_owned(),
            lender: Lender::new(READERS),
        };
        Self::of(connection, Some(readers), prepare)
    }

    pub(crate) fn in_memory(
        prepare: impl FnOnce(&Connection) -> Result<(), DbError>,
    ) -> Result<Self, DbError> {
        let connection = Connection::open_in_memory().map_err(open_failed)?;
        Self::of(connection, None, prepare)
    }

    fn of(
        mut connection: Connection,
        readers: Option<Readers>,
        prepare: impl FnOnce(&Connection) -> Result<(), DbError>,
    ) -> Result<Self, DbError> {
        configure(&connection).map_err(open_failed)?;
        let transaction = connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
            .map_err(open_failed)?;
        prepare(&transaction)?;
        transaction.commit().map_err(open_failed)?;
        Ok(Self {
            writer: Mutex::new(Writer {
                connection,
                together: None,
            }),
            turn: Turn::default(),
            longest: LONGEST_TOGETHER,
            readers,
        })
    }

    /// By whoever has the turn, so that nobody waits here. A panic elsewhere leaves no half-done work: a part that was
    /// not kept is undone when it is dropped.
    fn lock(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work`, which only reads; in a transaction if all its questions have to be about one moment.
    pub(crate) fn read<T>(
        &self,
        one_moment: bool,
        work: impl FnOnce(Db<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        let readers = match &self.readers {
            // Whoever has written something sees it, and nobody else writes in between
            Some(readers) if !self.has_turn() => readers,
            _ => {
                let _held = self.take()?;
                return work(Db::sqlite(&self.lock().connection));
            }
        };
        let mut lent = readers.lender.lend(
            |_| true,
            || open_reader(&readers.path).map_err(DbError::from),
        )?;
        let done = if one_moment {
            let transaction = lent.item.transaction()?;
            work(Db::sqlite(&transaction))
        } else {
            work(Db::sqlite(&lent.item))
        };
        lent.give_back();
        done
    }

    /// Runs `work` as if it were alone. What it did is on the disk when this returns `Ok`, and undone
    /// when it returns an error.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(Db<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.attempt(|db| work(db).map(|value| (value, true)))
    }

    /// As [`Sqlite::write`], but what it did is undone too when `work` says `false`.
    pub(crate) fn attempt<T>(
        &self,
        work: impl FnOnce(Db<'_>) -> Result<(T, bool), DbError>,
    ) -> Result<T, DbError> {
        let mut part = Part::begin(self)?;
        let done = work(Db::sqlite(&part.writer.connection));
        part.end(matches!(done, Ok((_, true))));
        let end = Arc::clone(&part.end);
        drop(part);
        // What was read may have been another one's part: if that is lost, so is the answer
        if !self.has_scope() {
            self.wait(&end)?;
        }
        done.map(|(value, _)| value)
    }

    /// Waits until a transaction has ended; past its time, ends it.
    fn wait(&self, end: &Arc<End>) -> Result<(), DbError> {
        loop {
            if let Some(outcome) = end.wait() {
                return outcome;
            }
            // Not to get the turn says nothing of how it ended: "busy" would mean that nothing was written
            let Ok(_held) = self.take() else {
                continue;
            };
            let mut writer = self.lock();
            if writer.is_in(end) {
                writer.commit(Ok(()));
            }
        }
    }

    /// Commits what is open, unless somebody comes who will, and there is room and time for that.
    fn leave(&self, writer: &mut Writer) {
        let Some(together) = &writer.together else {
            return;
        };
        let has_room = together.parts < MOST_TOGETHER && together.end.until.left().is_some();
        if !(has_room && self.turn.is_wanted()) {
            writer.commit(Ok(()));
        }
    }
}

impl Writer {
    /// The transaction that is open, or one that is opened.
    fn open(&mut self, longest: Duration) -> Result<&mut Together, DbError> {
        if self.together.is_none() {
            // The write lock is taken at the start, where waiting for other processes is safe
            Db::sqlite(&self.connection).command("BEGIN IMMEDIATE")?;
        }
        Ok(self.together.get_or_insert_with(|| Together {
            end: Arc::new(End::by(Deadline::after(longest))),
            parts: 0,
        }))
    }

    fn is_in(&self, end: &Arc<End>) -> bool {
        let together = self.together.as_ref();
        together.is_some_and(|together| Arc::ptr_eq(&together.end, end))
    }

    /// Ends the open transaction for all who have a part in it, unless something went wrong before.
    fn commit(&mut self, before: Result<(), DbError>) {
        let db = Db::sqlite(&self.connection);
        let done = before.and_then(|()| db.command("COMMIT"));
        if done.is_err() && !self.connection.is_autocommit() {
            // If even that fails the next one to begin is told
            db.command("ROLLBACK").ok();
        }
        if let Some(together) = self.together.take() {
            together.end.tell(done);
        }
    }
}

/// One caller's part of a transaction. Dropped without [`Part::end`], it is undone.
struct Part<'a> {
    database: &'a Sqlite,
    writer: MutexGuard<'a, Writer>,
    // Dropped after `writer`
    held: Held<'a>,
    end: Arc<End>,
    /// Whether it is the first in its transaction: then undoing it is undoing all, and no savepoint is needed.
    first: bool,
    ended: bool,
}

impl<'a> Part<'a> {
    fn begin(database: &'a Sqlite) -> Result<Self, DbError> {
        let held = database.take()?;
        let mut writer = database.lock();
        let first = writer.together.is_none();
        let together = writer.open(database.longest)?;
        together.parts += 1;
        let end = Arc::clone(&together.end);
        let mut part = Self {
            database,
            writer,
            held,
            end,
            first,
            ended: false,
        };
        if !first && let Err(error) = Db::sqlite(&part.writer.connection).command("SAVEPOINT part")
        {
            part.end(false);
            return Err(error);
        }
        Ok(part)
    }

    /// Keeps or undoes the part. Commits, unless this thread has more to write, or somebody comes who will.
    fn end(&mut self, keep: bool) {
        self.ended = true;
        let writer = &mut *self.writer;
        let db = Db::sqlite(&writer.connection);
        let is_over = writer.connection.is_autocommit();
        let done = match (self.first, keep) {
            // After some failures (a full disk) SQLite has rolled everything back by itself
            (_, true) | (false, false) if is_over => Err(DbError::because(
                DbErrorKind::Unavailable,
                "the transaction was rolled back",
            )),
            (true, true) => Ok(()),
            // Nobody else has a part in it yet
            (true, false) if is_over => Ok(()),
            (true, false) => db.command("ROLLBACK"),
            (false, true) => db.command("RELEASE part"),
            (false, false) => db
                .command("ROLLBACK TO part")
                .and_then(|()| db.command("RELEASE part")),
        };
        self.database.note(&self.end);
        if self.first && !keep {
            writer.together = None;
            self.end.tell(done);
        } else if done.is_err() {
            writer.commit(done);
        }
        if !self.held.keep(writer) {
            self.database.leave(writer);
        }
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.end(false);
        }
    }
}

impl End {
    fn by(until: Deadline) -> Self {
        Self {
            until,
            outcome: Mutex::default(),
            told: Condvar::new(),
        }
    }

    fn tell(&self, outcome: Result<(), DbError>) {
        let told = outcome.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            (error.kind(), cause.unwrap_or_else(|| error.to_string()))
        });
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
        self.told.notify_all();
    }

    /// How it ended; `None` when its time is over and nobody has ended it.
    fn wait(&self) -> Option<Result<(), DbError>> {
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match &*outcome {
                Some(Ok(())) => return Some(Ok(())),
                Some(Err((kind, cause))) => {
                    return Some(Err(DbError::because(*kind, cause.clone())));
                }
                None => {
                    let left = self.until.left()?;
                    let waited = self.told.wait_timeout(outcome, left);
                    outcome = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }
}

pub(crate) fn open_failed(error: rusqlite::Error) -> DbError {
    DbError::because(DbErrorKind::OpenFailed, error)
}

fn configure(connection: &Connection) -> Result<(), rusqlite::Error> {
    configure_any(connection)?;
    // An in-memory database answers "memory" here; both answers are fine
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Deleted rows hold personal data and secrets; overwrite them
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", CHECKPOINT, |_| Ok(()))?;
    // What a savepoint needs to undo is otherwise written to a temporary file, page by page
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn configure_any(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else a statement whose plan could profit from a bound value is prepared again each time it is used
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -CACHE)?;
    connection.pragma_update(None, "trusted_schema", "OFF")
}

fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    use rusqlite::OpenFlags;
    // A file that is gone is not made again
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure_any(&connection)?;
    connection.pragma_update(None, "query_only", "ON")?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
