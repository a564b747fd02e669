//! Where token records live, and the steps that touch several of them.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::{Duration, OffsetDateTime};

use super::{Presented, Scopes, Token, TokenError, TokenHash, TokenRecord};
use crate::error::ScimError;
use crate::random::{Random, RandomError};
use crate::resource::ConnectionId;
use crate::service::Response;
use crate::store::StoreError;

/// One change of a stored record. Small, so that two administrators cannot undo each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a store must handle every change or not compile"
)]
pub enum TokenChange {
    /// It expires then, unless it already expires later; alerts start over.
    Extended(OffsetDateTime),
    /// It was revoked, unless it was before.
    Revoked(OffsetDateTime),
    /// It was used.
    Used(OffsetDateTime),
    /// Its expiry was announced, so many days before.
    Alerted(u16),
}

impl TokenChange {
    /// What the change makes of a record: the meaning every store has to keep to.
    pub fn apply(self, record: &mut TokenRecord) {
        match self {
            Self::Extended(until) => {
                record.expires = record.expires.max(until);
                record.alerted = None;
            }
            Self::Revoked(at) => record.revoke(at),
            Self::Used(at) => {
                record.last_used = Some(record.last_used.map_or(at, |was| was.max(at)))
            }
            Self::Alerted(days) => record.alerted = Some(days),
        }
    }
}

/// Where token records live. The hash is the key; the secret is nowhere.
pub trait TokenStore: Send + Sync {
    /// Adds a record.
    fn add(&self, record: &TokenRecord) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The record of this hash.
    fn find(
        &self,
        hash: &TokenHash,
    ) -> impl Future<Output = Result<Option<TokenRecord>, StoreError>> + Send;

    /// The records of a connection, or all; oldest first.
    fn list(
        &self,
        connection: Option<&ConnectionId>,
    ) -> impl Future<Output = Result<Vec<TokenRecord>, StoreError>> + Send;

    /// Changes a record, durably when it returns. `false` when there is none.
    fn change(
        &self,
        hash: &TokenHash,
        change: TokenChange,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// How often the last use is written down: with every request it would cost a write each.
pub const LAST_USED_STEP: Duration = Duration::hours(1);

/// Why a request is not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The credential is refused.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AuthError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::Store(_) => "store.failed",
        }
    }

    /// The whole response.
    pub fn response(&self) -> Response {
        match self {
            Self::Token(error) => error.response(),
            Self::Store(error) => Response::error(&ScimError::from(error.clone())),
        }
    }
}

/// Finds the record behind an Authorization header and checks it. Notes the use, at most every [`LAST_USED_STEP`].
///
/// # Errors
/// `token.missing`, `token.malformed`, `token.unknown`, `token.revoked`, `token.expired`, `store.failed`.
pub async fn authenticate<T: TokenStore>(
    store: &T,
    authorization: Option<&str>,
    now: OffsetDateTime,
) -> Result<TokenRecord, AuthError> {
    let presented = Presented::from_header(authorization)?;
    let record = store
        .find(&presented.sha256)
        .await?
        .ok_or(TokenError::Unknown)?;
    record.verify(&presented, now)?;
    if record
        .last_used
        .is_none_or(|last| now - last >= LAST_USED_STEP)
    {
        store.change(&record.sha256, TokenChange::Used(now)).await?;
    }
    Ok(record)
}

/// Why no token was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The source of randomness failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token beside those there are: put it into the identity provider, then revoke the old one, and nothing is
/// ever refused in between.
///
/// # Errors
/// When the source of randomness or the store fails.
pub async fn issue<T: TokenStore>(
    store: &T,
    connection: &ConnectionId,
    scopes: Scopes,
    lifetime: Duration,
    now: OffsetDateTime,
    random: &dyn Random,
) -> Result<(TokenRecord, Token), IssueError> {
    let (record, token) = TokenRecord::create(connection, scopes, lifetime, now, random)?;
    store.add(&record).await?;
    Ok((record, token))
}

/// Makes a token and revokes all others of the connection at once: for a secret that got out.
///
/// # Errors
/// When the source of randomness or the store fails.
pub async fn reset<T: TokenStore>(
    store: &T,
    connection: &ConnectionId,
    scopes: Scopes,
    lifetime: Duration,
    now: OffsetDateTime,
    random: &dyn Random,
) -> Result<(TokenRecord, Token), IssueError> {
    for old in store.list(Some(connection)).await? {
        store.change(&old.sha256, TokenChange::Revoked(now)).await?;
    }
    issue(store, connection, scopes, lifetime, now, random).await
}

/// A [`TokenStore`] in memory, for tests and as the meaning of the others.
#[derive(Clone, Debug, Default)]
pub struct MemoryTokenStore(Arc<Mutex<Vec<TokenRecord>>>);

impl MemoryTokenStore {
    fn lock(&self) -> MutexGuard<'_, Vec<TokenRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for MemoryTokenStore {
    async fn add(&self, record: &TokenRecord) -> Result<(), StoreError> {
        self.lock().push(record.clone());
        Ok(())
    }

    async fn find(&self, hash: &TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        Ok(self
            .lock()
            .iter()
            .find(|record| record.sha256.matches(hash))
            .cloned())
    }

    async fn list(
        &self,
        connection: Option<&ConnectionId>,
    ) -> Result<Vec<TokenRecord>, StoreError> {
        Ok(self
            .lock()
            .iter()
            .filter(|record| connection.is_none_or(|wanted| record.connection == *wanted))
            .cloned()
            .collect())
    }

    async fn change(&self, hash: &TokenHash, change: TokenChange) -> Result<bool, StoreError> {
        let mut records = self.lock();
        let found = records
            .iter_mut()
            .find(|record| record.sha256.matches(hash));
        Ok(found.map(|record| change.apply(record)).is_some())
    }
}
