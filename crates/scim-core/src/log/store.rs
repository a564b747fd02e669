//! Where request logs live: appended, read, forgotten after their time, never changed.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;

use super::RequestLog;
use crate::resource::{ConnectionId, ResourceId};
use crate::store::StoreError;

/// A line as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a number and what it numbers")]
pub struct LogLine {
    /// Its number; higher is later.
    pub number: u64,
    /// What happened.
    pub entry: RequestLog,
}

/// Which lines are wanted. The default is the latest hundred of all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogQuery {
    /// Of this connection.
    pub connection: Option<ConnectionId>,
    /// Refused with this code.
    pub code: Option<String>,
    /// Refused only.
    pub refused: bool,
    /// With this method.
    pub method: Option<String>,
    /// That changed this resource, or whose path names it.
    pub resource: Option<ResourceId>,
    /// Answered with this status.
    pub status: Option<u16>,
    /// Not before.
    pub since: Option<OffsetDateTime>,
    /// Not then or later.
    pub until: Option<OffsetDateTime>,
    /// Before this number, to page backwards.
    pub before: Option<u64>,
    /// Most lines.
    pub limit: u32,
}

impl Default for LogQuery {
    fn default() -> Self {
        Self {
            connection: None,
            code: None,
            refused: false,
            method: None,
            resource: None,
            status: None,
            since: None,
            until: None,
            before: None,
            limit: 100,
        }
    }
}

impl LogQuery {
    /// Whether a line is wanted, its number and the limit aside: the meaning every store has to keep to.
    pub fn matches(&self, entry: &RequestLog) -> bool {
        self.connection
            .as_ref()
            .is_none_or(|c| *c == entry.connection)
            && self
                .code
                .as_ref()
                .is_none_or(|c| entry.code.as_ref() == Some(c))
            && (!self.refused || entry.status >= 400)
            && self.method.as_ref().is_none_or(|m| *m == entry.method)
            && self.status.is_none_or(|status| status == entry.status)
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at < until)
            && self.resource.as_ref().is_none_or(|id| {
                entry.changes.iter().any(|change| change.id == *id)
                    || entry.path.split('/').any(|part| part == id.as_str())
            })
    }
}

/// Where request logs live.
pub trait LogStore: Send + Sync {
    /// Appends lines in their order.
    fn append(&self, entries: &[RequestLog])
    -> impl Future<Output = Result<(), StoreError>> + Send;

    /// The lines that are wanted, latest first.
    fn read(
        &self,
        query: &LogQuery,
    ) -> impl Future<Output = Result<Vec<LogLine>, StoreError>> + Send;

    /// Forgets what is older; [`RequestLog::DEFAULT_RETENTION`] before now unless the tenant says otherwise. Gives how
    /// many.
    fn purge(&self, before: OffsetDateTime)
    -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// A [`LogStore`] in memory, for tests and as the meaning of the others.
#[derive(Clone, Debug, Default)]
pub struct MemoryLogStore(Arc<Mutex<(u64, Vec<LogLine>)>>);

impl MemoryLogStore {
    fn lock(&self) -> MutexGuard<'_, (u64, Vec<LogLine>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LogStore for MemoryLogStore {
    async fn append(&self, entries: &[RequestLog]) -> Result<(), StoreError> {
        let mut log = self.lock();
        for entry in entries {
            log.0 += 1;
            let number = log.0;
            log.1.push(LogLine {
                number,
                entry: entry.clone(),
            });
        }
        Ok(())
    }

    async fn read(&self, query: &LogQuery) -> Result<Vec<LogLine>, StoreError> {
        let most = usize::try_from(query.limit).unwrap_or(usize::MAX);
        Ok(self
            .lock()
            .1
            .iter()
            .rev()
            .filter(|line| query.before.is_none_or(|before| line.number < before))
            .filter(|line| query.matches(&line.entry))
            .take(most)
            .cloned()
            .collect())
    }

    async fn purge(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let mut log = self.lock();
        let had = log.1.len();
        log.1.retain(|line| line.entry.at >= before);
        Ok(u64::try_from(had - log.1.len()).unwrap_or(u64::MAX))
    }
}
