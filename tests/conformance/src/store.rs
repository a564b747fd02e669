//! A store that counts what is written to it.

use std::sync::atomic::{AtomicUsize, Ordering};

use saml_sp::{Consumed, MemoryStore, PendingLogin, ReplayKey, ReplayStore, RequestId, RequestStore, StoreError};
use sso_testkit::block_on;
use time::OffsetDateTime;

/// The memory store, watched; it can be told to fail.
#[derive(Debug)]
pub struct WatchedStore {
    inner: MemoryStore,
    writes: AtomicUsize,
    /// Whether every call fails.
    pub broken: bool,
}

impl Default for WatchedStore {
    fn default() -> Self {
        Self { inner: MemoryStore::new(), writes: AtomicUsize::new(0), broken: false }
    }
}

impl WatchedStore {
    /// A store that knows one pending login; writing that does not count.
    ///
    /// # Panics
    /// When a memory store refuses its first entry.
    #[must_use]
    pub fn new(pending: &PendingLogin) -> Self {
        let store = Self::default();
        block_on(store.inner.put(pending)).expect("room for one");
        store
    }

    /// How often something was written.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::SeqCst)
    }

    fn write(&self) -> Result<(), StoreError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        if self.broken { Err(StoreError::new("broken on purpose")) } else { Ok(()) }
    }
}

impl RequestStore for WatchedStore {
    async fn put(&self, pending: &PendingLogin) -> Result<(), StoreError> {
        self.write()?;
        self.inner.put(pending).await
    }

    async fn find(&self, id: &RequestId) -> Result<Option<PendingLogin>, StoreError> {
        self.inner.find(id).await
    }

    async fn consume(&self, id: &RequestId, now: OffsetDateTime) -> Result<Consumed, StoreError> {
        self.write()?;
        self.inner.consume(id, now).await
    }
}

impl ReplayStore for WatchedStore {
    async fn insert_once(
        &self,
        key: &ReplayKey,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.write()?;
        self.inner.insert_once(key, until, now).await
    }
}
