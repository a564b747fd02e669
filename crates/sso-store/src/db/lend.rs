//! A few connections for many threads: each is lent to one at a time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::deadline::{Deadline, PATIENCE};
use crate::error::{DbError, DbErrorKind};

pub(super) struct Lender<T> {
    most: usize,
    state: Mutex<State<T>>,
    freed: Condvar,
}

struct State<T> {
    idle: Vec<T>,
    /// Idle or lent.
    open: usize,
}

/// Something lent, and the right to have it. Dropped, it is not lent again.
pub(super) struct Lent<'a, T> {
    pub(super) item: T,
    pub(super) place: Place<'a, T>,
}

/// One of the lender's places; it is free again when this is dropped, unless something idle keeps it.
pub(super) struct Place<'a, T> {
    lender: &'a Lender<T>,
    kept: bool,
}

impl<T> Drop for Place<'_, T> {
    fn drop(&mut self) {
        if !self.kept {
            self.lender.lock().open -= 1;
        }
        self.lender.freed.notify_one();
    }
}

impl<T> Lender<T> {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            state: Mutex::new(State {
                idle: Vec::new(),
                open: 0,
            }),
            freed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that is idle and still good, or a new one, as soon as there is a place for it.
    ///
    /// # Errors
    /// `store.busy` when there is none for ten seconds; that of `open`.
    pub(super) fn lend(
        &self,
        is_good: impl Fn(&T) -> bool,
        open: impl Fn() -> Result<T, DbError>,
    ) -> Result<Lent<'_, T>, DbError> {
        let deadline = Deadline::after(PATIENCE);
        let mut state = self.lock();
        loop {
            let idle = state.idle.pop();
            if idle.is_none() && state.open >= self.most {
                let left = deadline
                    .left()
                    .ok_or_else(|| DbError::because(DbErrorKind::Busy, "no free connection"))?;
                state = self
                    .freed
                    .wait_timeout(state, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
                continue;
            }
            state.open += usize::from(idle.is_none());
            drop(state);
            let place = Place {
                lender: self,
                kept: false,
            };
            match idle {
                Some(item) if is_good(&item) => return Ok(Lent { item, place }),
                Some(_) => drop(place),
                None => {
                    let item = open()?;
                    return Ok(Lent { item, place });
                }
            }
            state = self.lock();
        }
    }
}

impl<T> Lent<'_, T> {
    /// For the next one to take.
    pub(super) fn give_back(self) {
        let Self { item, mut place } = self;
        place.lender.lock().idle.push(item);
        place.kept = true;
    }
}
