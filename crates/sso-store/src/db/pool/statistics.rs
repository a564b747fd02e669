//! Statistics, which plans are made by.
//!
//! The server makes them by itself, but no sooner than it looks (every minute by default). Until then it takes a table
//! that was just filled for one with hardly any rows, and reads all of it for a page or a filter: seconds instead of
//! a millisecond, in the very minute of the first synchronisation.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Db;
use crate::error::DbError;

/// Rows of this process after which they are made for the first time.
const FIRST: u64 = 100;
/// They are made again when there are so many times more.
const GROWTH: u64 = 4;

/// The tables that grow, or that are read by way of those.
const TABLES: [&str; 9] = [
    "accounts",
    "log",
    "scim_log",
    "scim_members",
    "scim_resources",
    "scim_tombstone_keys",
    "scim_tombstones",
    "scim_unique",
    "scim_values",
];

pub(super) struct Statistics {
    rows: AtomicU64,
    due_at: AtomicU64,
}

impl Default for Statistics {
    fn default() -> Self {
        Self {
            rows: AtomicU64::new(0),
            due_at: AtomicU64::new(FIRST),
        }
    }
}

impl Statistics {
    /// Whether the caller is to make them, who has written so many rows.
    pub(super) fn are_due(&self, rows: usize) -> bool {
        let more = u64::try_from(rows).unwrap_or(u64::MAX);
        let before = self.rows.fetch_add(more, Ordering::Relaxed);
        let rows = before.saturating_add(more);
        let due_at = self.due_at.load(Ordering::Relaxed);
        let next = rows.saturating_mul(GROWTH);
        rows >= due_at
            && self
                .due_at
                .compare_exchange(due_at, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

pub(super) fn make(db: Db<'_>) -> Result<(), DbError> {
    for table in TABLES {
        db.batch(&format!("ANALYZE {table}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_made_by_one_and_again_when_there_are_many_more() {
        let statistics = Statistics::default();
        let due: Vec<u64> = (1..=10_000).filter(|_| statistics.are_due(1)).collect();
        assert_eq!(due, [100, 400, 1600, 6400]);
        assert!(statistics.are_due(1_000_000));
        assert!(!statistics.are_due(1));
    }
}
