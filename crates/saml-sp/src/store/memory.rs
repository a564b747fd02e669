//! Stores for one process.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;

use super::{Consumed, ReplayKey, ReplayStore, RequestStore, StoreError};
use crate::ids::RequestId;
use crate::request::PendingLogin;

/// Logins or assertions that are kept at once: a login a second for each of the 15 minutes it may
/// take, a hundred times over; some 50 MB at worst.
const DEFAULT_CAPACITY: usize = 100_000;

#[derive(Default)]
struct State {
    requests: HashMap<RequestId, (PendingLogin, bool)>,
    replays: HashMap<ReplayKey, OffsetDateTime>,
}

/// Both stores in the memory of one process, bounded.
///
/// For tests, and for a service that runs as a single process: a restart forgets every pending
/// login, and every used assertion, so that one could be used again until it expires. Two processes
/// with a store each do not stop a replay from one to the other.
///
/// When it is full and nothing in it has expired, it fails: an answer that says "first time"
/// without keeping it would be a lie.
pub struct MemoryStore {
    state: Mutex<State>,
    capacity: usize,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryStore {
    /// A store for 100,000 pending logins and as many used assertions.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(DEFAULT_CAPACITY)
    }

    /// A store for this many pending logins, and as many used assertions.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            state: Mutex::default(),
            capacity,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change below is one call to a map, so a panic elsewhere leaves no half of one
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_now(&self, pending: &PendingLogin) -> Result<(), StoreError> {
        let mut state = self.state();
        // An ID has 160 random bits; one that is there already is a repeated call, and a used
        // request must not become unused by it
        if state.requests.contains_key(pending.id()) {
            return Ok(());
        }
        if state.requests.len() >= self.capacity {
            let now = pending.created();
            state.requests.retain(|_, (kept, _)| kept.expires() > now);
        }
        if state.requests.len() >= self.capacity {
            return Err(StoreError::new("too many pending logins"));
        }
        state
            .requests
            .insert(pending.id().clone(), (pending.clone(), false));
        Ok(())
    }

    fn consume_now(&self, id: &RequestId, now: OffsetDateTime) -> Consumed {
        match self.state().requests.get_mut(id) {
            Some((pending, _)) if pending.expires() <= now => Consumed::Unknown,
            Some((_, used)) => {
                if core::mem::replace(used, true) {
                    Consumed::AlreadyUsed
                } else {
                    Consumed::Now
                }
            }
            None => Consumed::Unknown,
        }
    }

    fn insert_now(
        &self,
        key: &ReplayKey,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.replays.get(key).is_some_and(|kept| *kept > now) {
            return Ok(false);
        }
        if state.replays.len() >= self.capacity {
            state.replays.retain(|_, kept| *kept > now);
        }
        if state.replays.len() >= self.capacity {
            return Err(StoreError::new("too many used assertions"));
        }
        state.replays.insert(key.clone(), until);
        Ok(true)
    }
}

impl RequestStore for MemoryStore {
    async fn put(&self, pending: &PendingLogin) -> Result<(), StoreError> {
        self.put_now(pending)
    }

    async fn find(&self, id: &RequestId) -> Result<Option<PendingLogin>, StoreError> {
        Ok(self
            .state()
            .requests
            .get(id)
            .map(|(pending, _)| pending.clone()))
    }

    async fn consume(&self, id: &RequestId, now: OffsetDateTime) -> Result<Consumed, StoreError> {
        Ok(self.consume_now(id, now))
    }
}

impl ReplayStore for MemoryStore {
    async fn insert_once(
        &self,
        key: &ReplayKey,
        until: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.insert_now(key, until, now)
    }
}
