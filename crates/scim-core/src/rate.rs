//! How many requests a tenant may send: 429 and Retry-After beyond it.
//!
//! One number per tenant, the time at which its bucket will be full again (the "generic cell rate algorithm" of
//! ITU-T I.371, a leaky bucket without a leak to run). In process: with several nodes each grants its share.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::error::{Reason, ScimError};
use crate::resource::TenantId;
use crate::service::Response;

/// So many tenants are remembered before those at rest are forgotten.
const MOST_TENANTS: usize = 10_000;

/// How fast a tenant may go.
///
/// Entra's gallery asks for at least 25 requests a second per tenant; the default gives eight times that, and a burst
/// for the first synchronisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Requests a second, in the long run.
    pub per_second: u32,
    /// Requests at once.
    pub burst: u32,
}

impl RateLimit {
    /// So many a second, and ten seconds' worth at once.
    pub const fn per_second(per_second: u32) -> Self {
        Self {
            per_second,
            burst: per_second.saturating_mul(10),
        }
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        Self::per_second(200)
    }
}

/// The request comes too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("request.rate_limited")]
#[non_exhaustive]
pub struct TooFast {
    /// After so many whole seconds it will be let in, at least 1.
    pub retry_after: u64,
}

impl TooFast {
    /// The whole response: 429 (RFC 6585 §4) with Retry-After (RFC 9110 §10.2.3).
    pub fn response(self) -> Response {
        let detail = format!(
            "Too many requests from this tenant; go on after {} s.",
            self.retry_after
        );
        Response::error(&ScimError::new(Reason::RateLimited, detail))
            .with("retry-after", self.retry_after.to_string())
    }
}

/// Counts requests per tenant.
///
/// ```
/// use scim_core::rate::{RateLimit, RateLimiter};
/// use scim_core::resource::TenantId;
/// let (limiter, acme) = (RateLimiter::new(RateLimit::per_second(1)), TenantId::new("acme"));
/// let now = time::OffsetDateTime::UNIX_EPOCH; // the caller's clock
/// assert_eq!((0..20).filter(|_| limiter.take(&acme, now).is_ok()).count(), 10);
/// let refused = limiter.take(&acme, now).unwrap_err();
/// assert_eq!((refused.retry_after, refused.response().status), (1, 429));
/// ```
#[derive(Debug)]
pub struct RateLimiter {
    limit: RateLimit,
    full_at: Mutex<HashMap<TenantId, OffsetDateTime>>,
}

impl RateLimiter {
    /// Every tenant with a full bucket. A rate of 0 lets everything in.
    pub fn new(limit: RateLimit) -> Self {
        Self {
            limit,
            full_at: Mutex::default(),
        }
    }

    /// Takes one request out of the tenant's bucket.
    ///
    /// # Errors
    /// `request.rate_limited`; the request is not counted then.
    pub fn take(&self, tenant: &TenantId, now: OffsetDateTime) -> Result<(), TooFast> {
        if self.limit.per_second == 0 {
            return Ok(());
        }
        let one = Duration::SECOND / self.limit.per_second;
        let mut tenants = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= MOST_TENANTS && !tenants.contains_key(tenant) {
            tenants.retain(|_, full_at| *full_at > now);
        }
        let full_at = tenants
            .get(tenant)
            .copied()
            .filter(|at| *at > now)
            .unwrap_or(now);
        let next = full_at.saturating_add(one);
        let over = (next - now)
            - one.saturating_mul(i32::try_from(self.limit.burst.max(1)).unwrap_or(i32::MAX));
        if over > Duration::ZERO {
            let seconds = over.whole_seconds().unsigned_abs();
            let begun = u64::from(over.subsec_nanoseconds() > 0);
            return Err(TooFast {
                retry_after: seconds.saturating_add(begun).max(1),
            });
        }
        tenants.insert(tenant.clone(), next);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
