//! Work that writes, done by one thread for many who wait.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::error::{DbError, DbErrorKind};
use crate::store::Store;

/// Pieces of work in one scope: its last one is answered no sooner than its first.
const MOST: usize = 32;

/// A queue of work that writes to a [`Store`].
///
/// Threads that each write a little spend their time waiting for each other and for the disk. Here one does
/// what many ask for: what waits is done one after the other inside [`Store::together`], and all of it is
/// answered after one flush. In PostgreSQL, where there is nothing to share, each piece of work is by itself,
/// and there is a thread for each connection.
///
/// What takes long (a bulk request, a group of many) keeps others waiting: do it on a thread of its own.
///
/// ```
/// use std::sync::mpsc::channel;
/// use sso_store::{Event, NewLogEntry, Store, WriteQueue};
/// use time::macros::datetime;
///
/// let store = Store::in_memory()?;
/// let queue = WriteQueue::new(&store)?;
/// let (answer, answers) = channel(); // in an async server a oneshot channel
/// let entry = |store: &Store| {
///     let now = datetime!(2026-11-23 12:00 UTC);
///     store.append_log(&NewLogEntry::new(now, Event::LoginRejected, "7QK2-M4XD", "why"))
/// };
/// let work = { let store = store.clone(); move || entry(&store) };
/// queue.push(work, move |done| answer.send(done).unwrap_or_default());
/// answers.recv().expect("an answer")??;
/// # Ok::<(), sso_store::DbError>(())
/// ```
///
/// Dropping it waits until what was pushed is done.
pub struct WriteQueue {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// Does the work; what it gives is to be called after the flush.
type Job = Box<dyn FnOnce() -> Answer + Send>;
type Answer = Box<dyn FnOnce(Result<(), DbError>)>;

struct Shared {
    store: Store,
    most: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    idle: usize,
    closed: bool,
}

impl fmt::Debug for WriteQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteQueue").finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next pieces of work, as soon as there is one; none when it is all over.
    fn next(&self) -> Vec<Job> {
        let mut state = self.lock();
        state.idle += 1;
        state = self
            .changed
            .wait_while(state, |state| state.jobs.is_empty() && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        let count = state.jobs.len().min(self.most);
        state.jobs.drain(..count).collect()
    }

    fn run(&self, jobs: Vec<Job>) {
        let work = || -> Vec<Answer> {
            // Whoever asked for what panics is told by the answer being dropped
            let jobs = jobs.into_iter();
            jobs.filter_map(|job| catch_unwind(AssertUnwindSafe(job)).ok())
                .collect()
        };
        let mut answers = Vec::new();
        let done = self.store.together(|| answers = work());
        for answer in answers {
            let done = match &done {
                Ok(()) => Ok(()),
                Err(error) => Err(DbError::because(error.kind(), error.to_string())),
            };
            catch_unwind(AssertUnwindSafe(|| answer(done))).ok();
        }
    }

    fn work(&self) {
        loop {
            let jobs = self.next();
            if jobs.is_empty() {
                return;
            }
            self.run(jobs);
        }
    }
}

impl WriteQueue {
    /// A queue with threads of its own.
    ///
    /// # Errors
    /// `store.unavailable` when the operating system gives no thread.
    pub fn new(store: &Store) -> Result<Self, DbError> {
        let (threads, most) = match store.writers() {
            // It is the only one that writes; more of them would take turns
            None => (1, MOST),
            Some(connections) => (connections, 1),
        };
        let mut queue = Self {
            shared: Arc::new(Shared {
                store: store.clone(),
                most,
                state: Mutex::default(),
                changed: Condvar::new(),
            }),
            threads: Vec::with_capacity(threads),
        };
        for _ in 0..threads {
            let shared = Arc::clone(&queue.shared);
            let thread = std::thread::Builder::new()
                .name("sso-store-queue".to_owned())
                .spawn(move || shared.work())
                .map_err(|error| DbError::because(DbErrorKind::Unavailable, error))?;
            queue.threads.push(thread);
        }
        Ok(queue)
    }

    /// Has `work` done by one of the threads, and then `answer` called with what it gave; or with an error when
    /// what it wrote could not be flushed: then nothing of it may be there. `answer` is to pass it on and no
    /// more. If `work` panics, `answer` is dropped.
    pub fn push<T: 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        answer: impl FnOnce(Result<T, DbError>) + Send + 'static,
    ) {
        let job: Job = Box::new(move || {
            let value = work();
            Box::new(move |done: Result<(), DbError>| answer(done.map(|()| value)))
        });
        let mut state = self.shared.lock();
        state.jobs.push_back(job);
        let someone_is_idle = state.idle > 0;
        drop(state);
        if someone_is_idle {
            self.shared.changed.notify_one();
        }
    }
}

impl Drop for WriteQueue {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        let current = std::thread::current().id();
        for thread in self.threads.drain(..) {
            // It does what is left and ends; panics do not get that far. Work may have had the last handle to this
            // queue, which is then dropped on one of these threads
            if thread.thread().id() != current {
                thread.join().ok();
            }
        }
    }
}

#[cfg(test)]
mod tests;
