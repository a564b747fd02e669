//! A clock that stands still until a test moves it.

use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

/// A simulated clock; its clones share the time.
///
/// ```
/// use sso_testkit::Clock;
/// use time::{Duration, OffsetDateTime};
///
/// let clock = Clock::new(OffsetDateTime::UNIX_EPOCH);
/// let other = clock.clone();
/// clock.advance(Duration::minutes(5));
/// assert_eq!(other.now() - OffsetDateTime::UNIX_EPOCH, Duration::minutes(5));
/// ```
#[derive(Clone, Debug)]
pub struct Clock(Arc<Mutex<OffsetDateTime>>);

impl Clock {
    /// A clock that shows `at`.
    #[must_use]
    pub fn new(at: OffsetDateTime) -> Self {
        Self(Arc::new(Mutex::new(at)))
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves it forward, or back by a negative duration.
    pub fn advance(&self, by: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}
