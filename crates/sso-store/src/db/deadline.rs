//! Moments to be done by.

use std::time::{Duration, Instant};

/// How long to wait for a free connection, for a lock, and for transactions that get in each other's
/// way to get through.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A moment to be done by.
#[derive(Clone, Copy)]
pub(super) struct Deadline(Instant);

impl Deadline {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long something takes, not what time it is; nothing of it is stored"
    )]
    fn now() -> Instant {
        Instant::now()
    }

    pub(super) fn after(time: Duration) -> Self {
        Self(Self::now() + time)
    }

    /// The time that is left, if there is any.
    pub(super) fn left(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Self::now());
        (!left.is_zero()).then_some(left)
    }
}
