//! What the rest of this crate says to a database, whichever it is.
//!
//! Statements are written once, in the SQL that both understand, with `?1` for the first parameter;
//! [`dialect`] holds what has to be said differently.

mod deadline;
pub(crate) mod dialect;
#[cfg(feature = "postgres")]
mod error;
mod lend;
#[cfg(feature = "postgres")]
pub(crate) mod pool;
#[cfg(feature = "postgres")]
mod postgres;
pub(crate) mod sqlite;
#[cfg(feature = "postgres")]
mod wait;

mod value;

use std::ops::ControlFlow;

use rusqlite::OptionalExtension as _;

use crate::error::{DbError, DbErrorKind};
pub(crate) use value::{FromValue, Param, Value};

/// The parameters of a statement, `?1` first.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::db::Param::from($value)),*]
    };
}
pub(crate) use params;

/// One connection, usually in a transaction.
#[derive(Clone, Copy)]
pub(crate) struct Db<'a>(Driver<'a>);

#[derive(Clone, Copy)]
enum Driver<'a> {
    Sqlite(&'a rusqlite::Connection),
    #[cfg(feature = "postgres")]
    Postgres(&'a postgres::Session),
}

/// A row of an answer.
pub(crate) struct Row<'a>(Columns<'a>);

enum Columns<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    #[cfg(feature = "postgres")]
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// # Errors
    /// `store.corrupt_row` when the column is not of that type.
    pub(crate) fn get<T: FromValue>(&self, column: usize) -> Result<T, DbError> {
        let value = match &self.0 {
            Columns::Sqlite(row) => Value::from(row.get_ref(column)?),
            #[cfg(feature = "postgres")]
            Columns::Postgres(row) => postgres::value(row, column)?,
        };
        T::from_value(value).ok_or_else(|| DbError::new(DbErrorKind::CorruptRow))
    }
}

impl<'a> Db<'a> {
    pub(crate) fn sqlite(connection: &'a rusqlite::Connection) -> Self {
        Self(Driver::Sqlite(connection))
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn postgres(session: &'a postgres::Session) -> Self {
        Self(Driver::Postgres(session))
    }

    pub(crate) fn dialect(self) -> dialect::Dialect {
        match self.0 {
            Driver::Sqlite(_) => dialect::Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Driver::Postgres(_) => dialect::Dialect::Postgres,
        }
    }

    /// Statements without parameters and without answer.
    pub(crate) fn batch(self, sql: &str) -> Result<(), DbError> {
        match self.0 {
            Driver::Sqlite(db) => Ok(db.execute_batch(sql)?),
            #[cfg(feature = "postgres")]
            Driver::Postgres(session) => session.batch(sql),
        }
    }

    /// A statement of the transaction itself, which is the same text again and again.
    pub(crate) fn command(self, sql: &str) -> Result<(), DbError> {
        match self.0 {
            Driver::Sqlite(db) => Ok(db.prepare_cached(sql)?.execute([]).map(drop)?),
            #[cfg(feature = "postgres")]
            Driver::Postgres(session) => session.batch(sql),
        }
    }

    /// How many rows it changed.
    pub(crate) fn execute(self, sql: &str, params: &[Param<'_>]) -> Result<usize, DbError> {
        match self.0 {
            Driver::Sqlite(db) => Ok(db
                .prepare_cached(sql)?
                .execute(rusqlite::params_from_iter(params))?),
            #[cfg(feature = "postgres")]
            Driver::Postgres(session) => session.execute(sql, params),
        }
    }

    /// One statement with one set of parameters after the other; how many rows they changed in all.
    /// Over a network it is one round trip, not one for each.
    pub(crate) fn execute_each<'p, const N: usize>(
        self,
        sql: &str,
        sets: impl IntoIterator<Item = [Param<'p>; N]>,
    ) -> Result<usize, DbError> {
        match self.0 {
            Driver::Sqlite(db) => {
                let mut statement = db.prepare_cached(sql)?;
                let mut changed = 0;
                for set in sets {
                    changed += statement.execute(rusqlite::params_from_iter(&set))?;
                }
                Ok(changed)
            }
            #[cfg(feature = "postgres")]
            Driver::Postgres(session) => {
                let sets: Vec<_> = sets.into_iter().collect();
                session.execute_each(sql, &sets)
            }
        }
    }

    /// All rows.
    pub(crate) fn query<T>(
        self,
        sql: &str,
        params: &[Param<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        match self.0 {
            Driver::Sqlite(db) => {
                let mut statement = db.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(params))?;
                let mut list = Vec::new();
                while let Some(row) = rows.next()? {
                    list.push(read(&Row(Columns::Sqlite(row)))?);
                }
                Ok(list)
            }
            #[cfg(feature = "postgres")]
            Driver::Postgres(session) => session
                .query(sql, params)?
                .iter()
                .map(|row| read(&Row(Columns::Postgres(row))))
                .collect(),
        }
    }

    /// The first row, if there is one.
    pub(crate) fn optional<T>(
        self,
        sql: &str,
        params: &[Param<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<Option<T>, DbError> {
        match self.0 {
            Driver::Sqlite(db) => db
                .prepare_cached(sql)?
                .query_row(rusqlite::params_from_iter(params), |row| {
                    Ok(read(&Row(Columns::Sqlite(row))))
                })
                .optional()?
                .transpose(),
            #[cfg(feature = "postgres")]
            Driver::Postgres(session) => session
                .query(sql, params)?
                .first()
                .map(|row| read(&Row(Columns::Postgres(row))))
                .transpose(),
        }
    }

    /// The first row of a statement that always answers.
    pub(crate) fn one<T>(
        self,
        sql: &str,
        params: &[Param<'_>],
        read: impl FnOnce(&Row<'_>) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.optional(sql, params, read)?
            .ok_or_else(|| DbError::because(DbErrorKind::Unavailable, "no row came back"))
    }

    /// Whether there is any row.
    pub(crate) fn exists(self, sql: &str, params: &[Param<'_>]) -> Result<bool, DbError> {
        Ok(self.optional(sql, params, |_| Ok(()))?.is_some())
    }

    /// Row by row until `each` has enough, however many there are; `each` may ask further questions
    /// meanwhile, but not scan. In PostgreSQL it has to be in a transaction.
    pub(crate) fn scan(
        self,
        sql: &str,
        params: &[Param<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<ControlFlow<()>, DbError>,
    ) -> Result<(), DbError> {
        match self.0 {
            Driver::Sqlite(db) => {
                let mut statement = db.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(params))?;
                while let Some(row) = rows.next()? {
                    if each(&Row(Columns::Sqlite(row)))?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
            #[cfg(feature = "postgres")]
            Driver::Postgres(session) => {
                session.scan(sql, params, |row| each(&Row(Columns::Postgres(row))))
            }
        }
    }
}
