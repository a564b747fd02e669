//! What `--database` may say.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use sso_store::{DbError, Store};

/// Where the data lies.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Database {
    /// `sqlite:PATH`
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(String),
}

impl fmt::Debug for Database {
    /// No URL of a server: it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => f.debug_tuple("Sqlite").field(path).finish(),
            Self::Postgres(_) => f.write_str("Postgres(..)"),
        }
    }
}

impl FromStr for Database {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
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
    /// `store.open_failed`, `store.schema_too_new`.
    pub fn open(&self) -> Result<Store, DbError> {
        match self {
            Self::Sqlite(path) => Store::open(path),
            Self::Postgres(url) => Store::connect(url),
        }
    }
}
