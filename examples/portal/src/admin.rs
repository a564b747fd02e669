//! Local administrators: those who can always get in, whatever an identity provider does. Of them at
//! least one stays.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use sso_store::{
    ADMINISTRATOR_ROLE, AccountStatus, DbError, Event, NewLogEntry, SessionId, SessionKind,
    SessionRecord, Store, StoredSecret,
};
use time::{Duration, OffsetDateTime};

use crate::random;

/// The name of the administrator that is made at first start.
pub const ADMINISTRATOR: &str = "admin";
/// How long an administrator stays signed in.
pub const SESSION_LENGTH: Duration = Duration::hours(8);
/// Longer passwords are refused before they are hashed.
const MAX_PASSWORD: usize = 256;

/// What went wrong on our side.
#[derive(Debug)]
#[non_exhaustive]
pub enum AdminError {
    /// The database.
    Db(DbError),
    /// The name is not a name.
    Name,
    /// The hash function or the random source.
    Internal(&'static str),
}

impl From<DbError> for AdminError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl std::fmt::Display for AdminError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Db(error) => write!(f, "{}: {error}", error.code()),
            Self::Name => f.write_str("A name has 1 to 128 characters and no space."),
            Self::Internal(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for AdminError {}

/// Makes the administrator if there is none, and returns the password: the only time that it can
/// be read. 100 random bits, so guessing it over the network is out of the question.
///
/// # Errors
/// [`AdminError`].
pub fn ensure(store: &Store, now: OffsetDateTime) -> Result<Option<String>, AdminError> {
    if !store.has_no_administrator()? {
        return Ok(None);
    }
    let password = new_password()?;
    let added = store.add_administrator(ADMINISTRATOR, &hash(&password)?, now)?;
    Ok(added.then_some(password))
}

/// Gives an administrator a new random password, and ends the sessions opened with the old one.
///
/// # Errors
/// [`AdminError`].
pub fn reset_password(
    store: &Store,
    name: &str,
    now: OffsetDateTime,
) -> Result<String, AdminError> {
    if let Some(password) = ensure(store, now)? {
        return Ok(password);
    }
    let password = new_password()?;
    store.set_administrator_password(name, &hash(&password)?)?;
    note(store, Event::AdminPasswordSet, now)?;
    Ok(password)
}

/// Adds an administrator and returns the password; `None` if the name is taken.
///
/// # Errors
/// [`AdminError`].
pub fn add(store: &Store, name: &str, now: OffsetDateTime) -> Result<Option<String>, AdminError> {
    let name = name.trim();
    let good = |c: char| !c.is_control() && !c.is_whitespace();
    if name.is_empty() || name.chars().count() > 128 || !name.chars().all(good) {
        return Err(AdminError::Name);
    }
    if store.account_named(None, name)?.is_some() {
        return Ok(None);
    }
    let password = new_password()?;
    let added = store.add_administrator(name, &hash(&password)?, now)?;
    note(store, Event::AdminPasswordSet, now)?;
    Ok(added.then_some(password))
}

/// Opens an administrator session if name and password are right.
///
/// # Errors
/// [`AdminError`].
pub fn sign_in(
    store: &Store,
    name: &str,
    password: &str,
    replaces: Option<&SessionId>,
    now: OffsetDateTime,
) -> Result<Option<SessionId>, AdminError> {
    let stored = store.administrator(name)?;
    let account = store.account_named(None, name)?.filter(|account| {
        account.status == AccountStatus::Active && account.roles.contains(ADMINISTRATOR_ROLE)
    });
    let right = match &stored {
        Some(stored) => matches(stored, password) && account.is_some(),
        None => {
            // As much work as for a name that exists, so that the time tells nothing.
            hash(password.get(..MAX_PASSWORD).unwrap_or(password))?;
            false
        }
    };
    if !right {
        note(store, Event::AdminRefused, now)?;
        return Ok(None);
    }
    let who = account.as_ref().map_or(name, |account| &account.name);
    let mut record = SessionRecord::new(
        SessionKind::Administrator,
        serde_json::json!({ "name": who }),
        now,
        now + SESSION_LENGTH,
    );
    // The session ends with the account
    record.user_id = account.as_ref().map(|account| account.id);
    let id = store.open_session(&record, replaces)?;
    note(store, Event::AdminSignedIn, now)?;
    Ok(Some(id))
}

fn new_password() -> Result<String, AdminError> {
    random::code(5).map_err(|_| AdminError::Internal("the operating system gave no random bytes"))
}

fn hash(password: &str) -> Result<StoredSecret, AdminError> {
    let mut salt = [0u8; 16];
    saml_sp::Random::fill(&random::OsRandom, &mut salt)
        .map_err(|_| AdminError::Internal("the operating system gave no random bytes"))?;
    // argon2's defaults: Argon2id, 19 MiB, two passes (OWASP Password Storage).
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| StoredSecret::new(hash.to_string()))
        .map_err(|_| AdminError::Internal("the password could not be hashed"))
}

fn matches(stored: &StoredSecret, password: &str) -> bool {
    password.len() <= MAX_PASSWORD
        && PasswordHash::new(stored.expose()).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
}

fn note(store: &Store, event: Event, now: OffsetDateTime) -> Result<(), AdminError> {
    let reference = random::code(2)
        .map_err(|_| AdminError::Internal("the operating system gave no random bytes"))?;
    store.append_log(&NewLogEntry::new(now, event, &reference, event.as_str()))?;
    Ok(())
}
