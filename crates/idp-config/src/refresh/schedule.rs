//! When to ask again. Pure: the time and the jitter are arguments.

use saml_xml::types::Duration as CacheDuration;
use time::{Duration, OffsetDateTime};

/// The shortest time between two scheduled fetches that succeeded.
// Shibboleth's dynamic resolvers: minCacheDuration and minRefreshDelay are 10 minutes
pub const MIN_DELAY: Duration = Duration::minutes(10);
/// The longest time between two fetches.
// Shibboleth's dynamic resolvers: maxCacheDuration is 8 hours
pub const MAX_DELAY: Duration = Duration::hours(8);
/// The shortest time between a fetch that a login asked for and whatever was fetched before it,
/// and the shortest time to the next attempt after a failure.
pub const MIN_ON_DEMAND_DELAY: Duration = Duration::minutes(1);
/// The longest time to the next attempt after failures.
pub const MAX_BACK_OFF: Duration = Duration::hours(1);

/// A number from 0 to 255 that spreads fetches out, from a random source of the caller; 0 is none.
pub type Jitter = u8;

fn three_quarters(duration: Duration) -> Duration {
    duration / 4_i32 * 3_i32
}

/// Up to a tenth earlier.
fn earlier(delay: Duration, jitter: Jitter) -> Duration {
    let tenth = delay / 10_i32;
    delay - tenth * i32::from(jitter) / 255_i32
}

/// After a success: 0.75 of the shorter of cacheDuration and the time to validUntil, as Shibboleth
/// does (refreshDelayFactor), within the bounds above. Metadata that expire sooner than that are
/// fetched before they do.
pub(crate) fn after_success(
    cache: Option<CacheDuration>,
    valid_until: Option<OffsetDateTime>,
    now: OffsetDateTime,
    jitter: Jitter,
) -> OffsetDateTime {
    let cache: Option<Duration> = cache
        .and_then(|cache| cache.add_to(now))
        .map(|end| end - now);
    let valid: Option<Duration> = valid_until.map(|until| until - now);
    let wanted = [cache, valid]
        .into_iter()
        .flatten()
        .min()
        .map_or(MAX_DELAY, three_quarters);
    let mut delay = earlier(wanted.min(MAX_DELAY), jitter).max(MIN_DELAY);
    if let Some(valid) = valid {
        delay = delay.min(three_quarters(valid).max(MIN_ON_DEMAND_DELAY));
    }
    now.saturating_add(delay)
}

/// After so many failures in a row: 1, 2, 4, 8 … minutes, at most [`MAX_BACK_OFF`], or what the
/// server asked for when that is longer, at most [`MAX_DELAY`].
pub(crate) fn after_failure(
    failures: u32,
    retry_after: Option<Duration>,
    now: OffsetDateTime,
    jitter: Jitter,
) -> OffsetDateTime {
    let doublings = failures.saturating_sub(1).min(10);
    let back_off = (MIN_ON_DEMAND_DELAY * (1_i32 << doublings)).min(MAX_BACK_OFF);
    let delay = earlier(back_off, jitter)
        .max(MIN_ON_DEMAND_DELAY)
        .max(retry_after.unwrap_or_default().min(MAX_DELAY));
    now.saturating_add(delay)
}
