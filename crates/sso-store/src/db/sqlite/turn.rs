//! Whose turn it is to write: one thread's at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::super::deadline::{Deadline, PATIENCE};
use super::{Sqlite, Writer};
use crate::error::{DbError, DbErrorKind};

#[derive(Default)]
pub(super) struct Turn {
    taken: Mutex<bool>,
    freed: Condvar,
    /// How many want it: one of them will end an open transaction.
    waiting: AtomicUsize,
}

impl Turn {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Result<(), DbError> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut taken = self.lock();
        if *taken {
            let deadline = Deadline::after(PATIENCE);
            while *taken && let Some(left) = deadline.left() {
                let waited = self.freed.wait_timeout(taken, left);
                taken = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        if *taken {
            return Err(DbError::because(DbErrorKind::Busy, "others are writing"));
        }
        *taken = true;
        Ok(())
    }

    pub(super) fn give_back(&self) {
        *self.lock() = false;
        self.freed.notify_one();
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) > 0
    }
}

/// The turn of this thread. Dropped, it is the next one's, unless the thread keeps it for more.
pub(super) struct Held<'a> {
    database: &'a Sqlite,
    kept: bool,
}

impl Held<'_> {
    /// Keeps the turn for the thread's scope, if that has more to do; says whether it does.
    pub(super) fn keep(&mut self, writer: &Writer) -> bool {
        self.kept = self.database.keeps(writer);
        self.kept
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !(self.kept && self.database.put_turn()) {
            self.database.turn.give_back();
        }
    }
}

impl Sqlite {
    /// The turn: the one this thread has kept, or as soon as nobody else has it.
    ///
    /// # Errors
    /// `store.busy` when others have it for ten seconds.
    pub(super) fn take(&self) -> Result<Held<'_>, DbError> {
        let kept = self.take_turn();
        if !kept {
            self.turn.take()?;
        }
        Ok(Held {
            database: self,
            kept,
        })
    }
}

#[cfg(test)]
impl Sqlite {
    pub(super) fn waiting(&self) -> usize {
        self.turn.waiting.load(Ordering::SeqCst)
    }

    pub(super) fn is_idle(&self) -> bool {
        !*self.turn.lock() && self.lock().together.is_none()
    }
}
