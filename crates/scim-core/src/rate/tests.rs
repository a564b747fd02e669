use super::*;

const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn granted(limiter: &RateLimiter, tenant: &TenantId, at: OffsetDateTime, tries: usize) -> usize {
    (0..tries)
        .filter(|_| limiter.take(tenant, at).is_ok())
        .count()
}

#[test]
fn a_burst_then_the_rate_and_tenants_apart() {
    let limiter = RateLimiter::new(RateLimit {
        per_second: 4,
        burst: 8,
    });
    let (a, b) = (TenantId::new("a"), TenantId::new("b"));
    assert_eq!(granted(&limiter, &a, T0, 100), 8);
    assert_eq!(granted(&limiter, &b, T0, 100), 8, "another tenant's bucket");
    assert_eq!(
        granted(&limiter, &a, T0 + Duration::milliseconds(249), 9),
        0
    );
    assert_eq!(granted(&limiter, &a, T0 + Duration::SECOND, 100), 4);
    assert_eq!(
        granted(&limiter, &a, T0 + Duration::HOUR, 100),
        8,
        "never more than full"
    );
}

#[test]
fn whoever_waits_as_told_is_let_in() {
    for (per_second, burst) in [(1, 1), (3, 1), (7, 20), (200, 2000), (1, 100)] {
        let limiter = RateLimiter::new(RateLimit { per_second, burst });
        let tenant = TenantId::new("t");
        let mut at = T0;
        for _ in 0..5000 {
            if let Err(refused) = limiter.take(&tenant, at) {
                at += Duration::seconds(i64::try_from(refused.retry_after).unwrap());
                assert!(limiter.take(&tenant, at).is_ok());
            }
        }
    }
}

#[test]
fn the_answer_is_a_scim_error_with_retry_after() {
    let response = TooFast { retry_after: 3 }.response();
    assert_eq!(
        (response.status, response.header("retry-after")),
        (429, Some("3"))
    );
    assert_eq!(response.body.unwrap()["status"], "429");
}

#[test]
fn no_rate_is_no_limit_and_a_clock_that_goes_back_is_survived() {
    let off = RateLimiter::new(RateLimit::per_second(0));
    assert_eq!(granted(&off, &TenantId::new("t"), T0, 10_000), 10_000);
    let limiter = RateLimiter::new(RateLimit::per_second(1));
    let tenant = TenantId::new("t");
    assert!(limiter.take(&tenant, T0 + Duration::HOUR).is_ok());
    let refused = limiter.take(&tenant, T0).unwrap_err();
    assert!(refused.retry_after <= 3600);
}
