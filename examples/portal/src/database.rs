//! What `--database` may say.

use std::path::PathBuf;
use std::str::FromStr;

use sso_store::{DbError, Store};

/// Where the data lies.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Database {
    /// `sqlite:PATH`
    Sqlite(PathBuf),
    /// `postgres://…`, understood so that the answer can be clear. The URL is dropped: it may hold
    /// a password.
    Postgres,
}

/// Why a database cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum DatabaseError {
    /// PostgreSQL is not built yet.
    PostgresNotAvailable,
    /// SQLite refused.
    Store(DbError),
}

impl FromStr for Database {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres);
        }
        match text.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => {
                Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into()))
            }
            _ => Err("expected sqlite:PATH or postgres://…".to_owned()),
        }
    }
}

impl Database {
    /// Opens it, creating and migrating as needed.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub fn open(&self) -> Result<Store, DatabaseError> {
        match self {
            Self::Sqlite(path) => Store::open(path).map_err(DatabaseError::Store),
            Self::Postgres => Err(DatabaseError::PostgresNotAvailable),
        }
    }
}
