//! Several writes of one thread that share a flush.
//!
//! From its first write on, a thread keeps the turn until its scope ends: what comes then needs no waiting, sees what
//! was written before, and is committed with it. A scope that takes long lets others in between its writes, unless it
//! is to be alone.

use std::cell::RefCell;
use std::sync::Arc;

use super::{Deadline, End, Sqlite, Writer};
use crate::error::DbError;

thread_local! {
    /// One for each database, which are seldom two.
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

struct Scope {
    database: usize,
    /// Whether the thread has the turn.
    has_turn: bool,
    /// Until when it may keep it, from its first write on.
    until: Option<Deadline>,
    /// How many want nobody else to write meanwhile, one inside the other.
    alone: usize,
    /// The transactions that it has a part in.
    ends: Vec<Arc<End>>,
}

fn address(database: &Sqlite) -> usize {
    std::ptr::from_ref(database).addr()
}

/// Ends the scope of this thread when it is dropped, also by a panic.
struct Guard<'a>(&'a Sqlite);

impl Guard<'_> {
    fn end(&self) -> Vec<Arc<End>> {
        if self.0.take_turn() {
            self.0.leave(&mut self.0.lock());
            self.0.turn.give_back();
        }
        let ends = self.0.in_scope(|scope| std::mem::take(&mut scope.ends));
        ends.unwrap_or_default()
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.end();
        let database = address(self.0);
        SCOPES.with_borrow_mut(|scopes| scopes.retain(|scope| scope.database != database));
    }
}

/// Lets others write again when it is dropped, unless the scope goes on with its own.
struct Alone<'a>(&'a Sqlite);

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.in_scope(|scope| scope.alone -= 1);
        if !self.0.take_turn() {
            return;
        }
        let mut writer = self.0.lock();
        if self.0.keeps(&writer) {
            self.0.put_turn();
        } else {
            self.0.leave(&mut writer);
            drop(writer);
            self.0.turn.give_back();
        }
    }
}

impl Sqlite {
    /// Runs `work`; whatever it writes on this thread is on the disk when this returns `Ok`.
    pub(crate) fn together<T>(&self, work: impl FnOnce() -> T) -> Result<T, DbError> {
        if self.has_scope() {
            // The outer one waits
            return Ok(work());
        }
        let scope = Scope {
            database: address(self),
            has_turn: false,
            until: None,
            alone: 0,
            ends: Vec::new(),
        };
        SCOPES.with_borrow_mut(|scopes| scopes.push(scope));
        let guard = Guard(self);
        let value = work();
        let ends = guard.end();
        drop(guard);
        for end in ends {
            self.wait(&end)?;
        }
        Ok(value)
    }

    /// As [`Sqlite::together`], and nobody else writes meanwhile, other processes included.
    pub(crate) fn alone<T>(&self, work: impl FnOnce() -> T) -> Result<T, DbError> {
        self.together(|| {
            let mut held = self.take()?;
            let mut writer = self.lock();
            writer.open(self.longest)?;
            self.in_scope(|scope| scope.alone += 1);
            let _alone = Alone(self);
            held.keep(&writer);
            drop(writer);
            drop(held);
            Ok(work())
        })?
    }

    fn in_scope<T>(&self, ask: impl FnOnce(&mut Scope) -> T) -> Option<T> {
        SCOPES.with_borrow_mut(|scopes| {
            let mut scopes = scopes.iter_mut();
            let scope = scopes.find(|scope| scope.database == address(self));
            scope.map(ask)
        })
    }

    /// Whether this thread waits for its writes later.
    pub(super) fn has_scope(&self) -> bool {
        self.in_scope(|_| ()).is_some()
    }

    /// Whether this thread keeps the turn.
    pub(super) fn has_turn(&self) -> bool {
        self.in_scope(|scope| scope.has_turn) == Some(true)
    }

    /// Takes the turn out of the scope, if it is there.
    pub(super) fn take_turn(&self) -> bool {
        self.in_scope(|scope| std::mem::take(&mut scope.has_turn)) == Some(true)
    }

    /// Puts the turn into the scope, if there is one.
    pub(super) fn put_turn(&self) -> bool {
        self.in_scope(|scope| scope.has_turn = true).is_some()
    }

    /// Whether this thread is to keep the turn: to be alone, or because its transaction is open and its time not over.
    pub(super) fn keeps(&self, writer: &Writer) -> bool {
        let keeps = |scope: &mut Scope| {
            let until = scope.until.get_or_insert(Deadline::after(self.longest));
            scope.alone > 0 || (writer.together.is_some() && until.left().is_some())
        };
        self.in_scope(keeps) == Some(true)
    }

    /// Notes that this thread has a part in a transaction.
    pub(super) fn note(&self, end: &Arc<End>) {
        self.in_scope(|scope| {
            if !scope.ends.iter().any(|known| Arc::ptr_eq(known, end)) {
                scope.ends.push(Arc::clone(end));
            }
        });
    }
}
