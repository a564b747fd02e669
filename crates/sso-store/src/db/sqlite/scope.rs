//! Several writes of one thread that share a flush.
//!
//! Inside a scope a write leaves the transaction open although nobody waits, because its own thread
//! comes again: with more to write, or to end the scope, which is when the flush is waited for.

use std::cell::RefCell;
use std::sync::Arc;

use super::{End, Sqlite};
use crate::error::DbError;

thread_local! {
    static SCOPE: RefCell<Option<Scope>> = const { RefCell::new(None) };
}

/// What a thread has written inside its scope.
struct Scope {
    /// Which database: that of another one has its own flushes.
    database: usize,
    ends: Vec<Arc<End>>,
}

fn address(database: &Sqlite) -> usize {
    std::ptr::from_ref(database).addr()
}

/// Ends the scope of this thread when it is dropped, also by a panic.
struct Guard<'a>(&'a Sqlite);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let scope = SCOPE.with_borrow_mut(Option::take);
        for end in scope.into_iter().flat_map(|scope| scope.ends) {
            self.0.leave(&end);
        }
    }
}

impl Sqlite {
    /// Runs `work`; whatever it writes on this thread is on the disk when this returns `Ok`.
    pub(crate) fn together<T>(&self, work: impl FnOnce() -> T) -> Result<T, DbError> {
        if SCOPE.with_borrow(Option::is_some) {
            // The outer one waits
            return Ok(work());
        }
        SCOPE.set(Some(Scope {
            database: address(self),
            ends: Vec::new(),
        }));
        let guard = Guard(self);
        let value = work();
        let ends = SCOPE.with_borrow(|scope| scope.as_ref().map(|scope| scope.ends.clone()));
        drop(guard);
        for end in ends.iter().flatten() {
            self.wait(end)?;
        }
        Ok(value)
    }

    fn in_scope<T>(&self, ask: impl FnOnce(&mut Scope) -> T) -> Option<T> {
        SCOPE.with_borrow_mut(|scope| {
            let scope = scope.as_mut();
            let scope = scope.filter(|scope| scope.database == address(self));
            scope.map(ask)
        })
    }

    /// Whether this thread is inside a scope, and so comes again.
    pub(super) fn comes_again(&self) -> bool {
        self.in_scope(|_| ()).is_some()
    }

    /// Notes that this thread has a part in a transaction; `true` when it had none in it before.
    pub(super) fn note(&self, end: &Arc<End>) -> bool {
        let noted = self.in_scope(|scope| {
            let is_new = !scope.ends.iter().any(|known| Arc::ptr_eq(known, end));
            if is_new {
                scope.ends.push(Arc::clone(end));
            }
            is_new
        });
        noted == Some(true)
    }

    /// Whether this thread has written what is not committed yet, and would not see it elsewhere.
    pub(super) fn has_pending(&self) -> bool {
        self.in_scope(|scope| scope.ends.last().is_some_and(|end| !end.is_told())) == Some(true)
    }
}
