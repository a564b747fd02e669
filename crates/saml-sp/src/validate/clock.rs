//! Time, with the difference between two clocks forgiven.

use time::{Duration, OffsetDateTime};

/// Our time, and how far the other clock may be from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    pub(super) now: OffsetDateTime,
    pub(super) skew: Duration,
}

impl Clock {
    /// Whether an instant lies ahead, by more than the skew.
    pub(super) fn is_ahead(self, instant: OffsetDateTime) -> bool {
        instant > self.now.saturating_add(self.skew)
    }

    /// Whether an end has come, by more than the skew. Intervals are half-open: SAML Core §2.5.1.2
    /// calls the end "NotOnOrAfter".
    pub(super) fn is_over(self, end: OffsetDateTime) -> bool {
        self.now >= self.end(end)
    }

    /// When an end is over here.
    pub(super) fn end(self, end: OffsetDateTime) -> OffsetDateTime {
        end.saturating_add(self.skew)
    }
}
