//! The log of SCIM requests, written down a little later.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use scim_core::log::RequestLog;

use crate::error::{DbError, DbErrorKind};
use crate::store::Store;

/// How long a line may wait for others to be written down with.
const PAUSE: Duration = Duration::from_millis(100);
/// More lines than that are not held back: a line is a few hundred bytes.
const MOST: usize = 1000;

/// A log of SCIM requests that costs a request which only reads no flush of the disk.
///
/// [`ScimLog::write`] is for requests that changed something: their line is on the disk when it returns.
/// [`ScimLog::defer`] is for all others: their lines are written together, a tenth of a second later at
/// most, by a thread of their own; if the process is killed meanwhile, these are lost. Dropping it writes
/// what is left.
///
/// ```
/// use sso_store::{ScimLog, Store};
///
/// let log = ScimLog::new(Store::in_memory()?)?;
/// // log.write(line)? or log.defer(line)? after each `ScimService::handle`
/// log.flush()?;
/// # Ok::<(), sso_store::DbError>(())
/// ```
pub struct ScimLog {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    store: Store,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<RequestLog>,
    closed: bool,
}

impl fmt::Debug for ScimLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimLog").finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is there, and `last` after it. What cannot be written is kept for the next time, but
    /// not more than [`MOST`].
    fn write(&self, last: Option<RequestLog>) -> Result<(), DbError> {
        let mut lines = std::mem::take(&mut self.lock().lines);
        lines.extend(last);
        if lines.is_empty() {
            return Ok(());
        }
        let written = self.store.append_requests(&lines);
        if written.is_err() {
            let mut state = self.lock();
            lines.append(&mut state.lines);
            let surplus = lines.len().saturating_sub(MOST);
            state.lines = lines.split_off(surplus);
        }
        written
    }

    fn keep_writing(&self) {
        let mut state = self.lock();
        while !state.closed {
            state = self
                .changed
                .wait_while(state, |state| state.lines.is_empty() && !state.closed)
                .unwrap_or_else(PoisonError::into_inner);
            state = self
                .changed
                .wait_timeout_while(state, PAUSE, |state| !state.closed)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            drop(state);
            // Whoever writes next is told of the failure; the lines are kept
            self.write(None).ok();
            state = self.lock();
        }
    }
}

impl ScimLog {
    /// A log in the tables of a store.
    ///
    /// # Errors
    /// `store.unavailable` when the operating system gives no thread.
    pub fn new(store: Store) -> Result<Self, DbError> {
        let shared = Arc::new(Shared {
            store,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("sso-store-log".to_owned())
            .spawn(move || of_thread.keep_writing())
            .map_err(|error| DbError::because(DbErrorKind::Unavailable, error))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Writes a line, and all that were deferred before it. They are on the disk when this returns.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`; the lines are then tried again with the next ones.
    pub fn write(&self, line: RequestLog) -> Result<(), DbError> {
        self.shared.write(Some(line))
    }

    /// Keeps a line to be written soon; at once when a thousand wait already.
    ///
    /// # Errors
    /// As [`ScimLog::write`], where it had to write.
    pub fn defer(&self, line: RequestLog) -> Result<(), DbError> {
        let mut state = self.shared.lock();
        if state.lines.len() >= MOST {
            drop(state);
            return self.shared.write(Some(line));
        }
        state.lines.push(line);
        let first = state.lines.len() == 1;
        drop(state);
        if first {
            self.shared.changed.notify_all();
        }
        Ok(())
    }

    /// Writes what was deferred: before the log is read.
    ///
    /// # Errors
    /// As [`ScimLog::write`].
    pub fn flush(&self) -> Result<(), DbError> {
        self.shared.write(None)
    }
}

impl Drop for ScimLog {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It writes what is left and ends; if it panicked there is nothing more to be done
            thread.join().ok();
        }
    }
}

#[cfg(test)]
mod tests;
