//! What can go wrong between the program and its database.

use std::error::Error as StdError;
use std::fmt;

/// Which kind of failure a [`DbError`] is. Every kind has a stable code.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DbErrorKind {
    /// `store.open_failed`: the file cannot be created, opened, locked down or migrated, or the server
    /// cannot be reached, does not let us in, or has no UTF-8.
    OpenFailed,
    /// `store.schema_too_new`: a newer version of this crate wrote the database.
    SchemaTooNew,
    /// `store.busy`: others held the database, or got into the way, for longer than ten seconds.
    Busy,
    /// `store.unavailable`: the database refused a statement (disk full, file gone, IO error), or the
    /// connection was lost. If that was during a commit, the work may have been done.
    Unavailable,
    /// `store.corrupt_row`: a row is there, but does not read back as what was written.
    CorruptRow,
    /// `store.already_exists`: the name is taken.
    AlreadyExists,
    /// `store.not_found`: nothing has that name.
    NotFound,
    /// `store.invalid_value`: the value cannot be stored (a time out of range, an empty name).
    InvalidValue,
}

impl DbErrorKind {
    /// Every kind, for documentation and tests.
    pub const ALL: &'static [Self] = &[
        Self::OpenFailed,
        Self::SchemaTooNew,
        Self::Busy,
        Self::Unavailable,
        Self::CorruptRow,
        Self::AlreadyExists,
        Self::NotFound,
        Self::InvalidValue,
    ];

    /// The stable code, `store.…`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OpenFailed => "store.open_failed",
            Self::SchemaTooNew => "store.schema_too_new",
            Self::Busy => "store.busy",
            Self::Unavailable => "store.unavailable",
            Self::CorruptRow => "store.corrupt_row",
            Self::AlreadyExists => "store.already_exists",
            Self::NotFound => "store.not_found",
            Self::InvalidValue => "store.invalid_value",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::OpenFailed => "the database cannot be opened",
            Self::SchemaTooNew => "the database was written by a newer version of this program",
            Self::Busy => "the database is busy",
            Self::Unavailable => "the database refused the operation",
            Self::CorruptRow => "a stored row does not read back",
            Self::AlreadyExists => "the name is already taken",
            Self::NotFound => "there is nothing by that name",
            Self::InvalidValue => "the value cannot be stored",
        }
    }
}

/// A failure of the database. Never carries row contents.
///
/// [`DbError::code`] is for programs, `Display` for people, `source()` for the driver's own words.
pub struct DbError {
    kind: DbErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
    /// Whether the work only got into somebody else's way, and may be tried again.
    #[cfg(feature = "postgres")]
    conflict: bool,
}

impl DbError {
    pub(crate) fn new(kind: DbErrorKind) -> Self {
        Self {
            kind,
            source: None,
            #[cfg(feature = "postgres")]
            conflict: false,
        }
    }

    pub(crate) fn because(
        kind: DbErrorKind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(kind)
        }
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn conflict(self, conflict: bool) -> Self {
        Self { conflict, ..self }
    }

    #[cfg(feature = "postgres")]
    pub(crate) const fn is_conflict(&self) -> bool {
        self.conflict
    }

    #[cfg(feature = "postgres")]
    pub(crate) fn with_kind(self, kind: DbErrorKind) -> Self {
        Self { kind, ..self }
    }

    /// Which kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> DbErrorKind {
        self.kind
    }

    /// The stable code, `store.…`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Debug for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DbError")
            .field("code", &self.code())
            .field("source", &self.source)
            .finish()
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.text())
    }
}

impl StdError for DbError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DbErrorKind::Busy,
            Some(ErrorCode::ConstraintViolation) => DbErrorKind::AlreadyExists,
            _ => DbErrorKind::Unavailable,
        };
        Self::because(kind, error)
    }
}
