//! What has to be remembered so that a login happens once.

mod memory;

use core::fmt;
use core::future::Future;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use memory::MemoryStore;

use crate::ids::{ConnectionId, RequestId};
use crate::request::PendingLogin;

/// What came of using a request up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Consumed {
    /// It was there and unused; now it is used.
    Now,
    /// It was used before.
    AlreadyUsed,
    /// It was never there, or is forgotten.
    Unknown,
}

/// Keeps pending logins. All nodes of a service share one.
pub trait RequestStore: Sync {
    /// Keeps a pending login until it expires.
    fn put(&self, pending: &PendingLogin) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Finds a pending login, used or not, without changing it.
    fn find(
        &self,
        id: &RequestId,
    ) -> impl Future<Output = Result<Option<PendingLogin>, StoreError>> + Send;

    /// Uses a pending login up, atomically: of many callers with one ID, one gets
    /// [`Consumed::Now`].
    fn consume(
        &self,
        id: &RequestId,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<Consumed, StoreError>> + Send;
}

/// Keeps the IDs of used assertions. All nodes of a service share one.
pub trait ReplayStore: Sync {
    /// Keeps a key until a time, atomically; `true` when it was not there before.
    ///
    /// A store that cannot keep it gives an error, never `true`.
    fn insert_once(
        &self,
        key: &ReplayKey,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// What names a used assertion: connection, issuer and assertion ID, compared exactly.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReplayKey {
    connection: ConnectionId,
    issuer: String,
    assertion_id: String,
}

impl ReplayKey {
    /// A key, for tests of stores.
    #[must_use]
    pub fn new(
        connection: ConnectionId,
        issuer: impl Into<String>,
        assertion_id: impl Into<String>,
    ) -> Self {
        Self {
            connection,
            issuer: issuer.into(),
            assertion_id: assertion_id.into(),
        }
    }

    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> &ConnectionId {
        &self.connection
    }

    /// The issuer of the assertion.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The ID of the assertion.
    #[must_use]
    pub fn assertion_id(&self) -> &str {
        &self.assertion_id
    }
}

/// A store failed; the login that asked it is refused (`store.failed`).
#[derive(Debug)]
pub struct StoreError(Box<dyn core::error::Error + Send + Sync>);

impl StoreError {
    /// Wraps the cause.
    pub fn new(cause: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store failed")
    }
}

impl core::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(self.0.as_ref())
    }
}

impl<S: RequestStore + Send> RequestStore for std::sync::Arc<S> {
    fn put(&self, pending: &PendingLogin) -> impl Future<Output = Result<(), StoreError>> + Send {
        (**self).put(pending)
    }

    fn find(
        &self,
        id: &RequestId,
    ) -> impl Future<Output = Result<Option<PendingLogin>, StoreError>> + Send {
        (**self).find(id)
    }

    fn consume(
        &self,
        id: &RequestId,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<Consumed, StoreError>> + Send {
        (**self).consume(id, now)
    }
}

impl<S: ReplayStore + Send> ReplayStore for std::sync::Arc<S> {
    fn insert_once(
        &self,
        key: &ReplayKey,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send {
        (**self).insert_once(key, until, now)
    }
}
