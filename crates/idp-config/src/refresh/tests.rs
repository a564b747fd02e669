use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::*;

const NOW: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);
const URL: &str = "https://idp.example/metadata";

fn document(name: &str) -> Vec<u8> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/metadata/");
    std::fs::read(format!("{root}accepted__{name}.xml")).unwrap()
}

/// The JumpCloud document with another key in it, and whatever else is asked for.
fn other_key() -> Vec<u8> {
    let text = String::from_utf8(document("jumpcloud")).unwrap();
    let take = |text: &str| {
        let start = text.find("X509Certificate>").unwrap() + "X509Certificate>".len();
        let end = start + text[start..].find('<').unwrap();
        text[start..end].to_owned()
    };
    let pem = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/keys/rogue.crt.pem"
    ))
    .unwrap();
    let other: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    text.replace(&take(&text), &other).into_bytes()
}

fn with_root_attribute(attribute: &str) -> Vec<u8> {
    let text = String::from_utf8(document("jumpcloud")).unwrap();
    text.replacen(" entityID=", &format!(" {attribute} entityID="), 1)
        .into_bytes()
}

fn ok(body: Vec<u8>) -> FetchResponse {
    FetchResponse {
        status: 200,
        body,
        ..FetchResponse::default()
    }
}

fn status(status: u16) -> FetchResponse {
    FetchResponse {
        status,
        ..FetchResponse::default()
    }
}

fn refresher() -> MetadataRefresher {
    MetadataRefresher::new(URL.parse().unwrap(), None, TrustPolicy::default()).unwrap()
}

fn loaded() -> MetadataRefresher {
    let mut refresher = refresher();
    refresher
        .handle_response(ok(document("jumpcloud")), NOW, 0)
        .unwrap();
    refresher
}

fn delay(refresher: &MetadataRefresher, now: OffsetDateTime) -> Duration {
    refresher.state().next_at().unwrap() - now
}

#[test]
fn asks_with_the_validators_of_what_it_has() {
    let mut refresher = refresher();
    let Poll::Fetch(first) = refresher.poll(NOW) else {
        panic!("nothing was fetched yet");
    };
    assert_eq!((first.if_none_match, first.if_modified_since), (None, None));
    let answer = FetchResponse {
        etag: Some("\"1\"".to_owned()),
        last_modified: Some("Tue, 01 Dec 2026 00:00:00 GMT".to_owned()),
        ..ok(document("jumpcloud"))
    };
    assert_eq!(
        refresher.handle_response(answer, NOW, 0).unwrap(),
        Refreshed::First
    );
    let later = NOW + MAX_DELAY;
    let Poll::Fetch(second) = refresher.poll(later) else {
        panic!("it is time");
    };
    assert_eq!(second.if_none_match.as_deref(), Some("\"1\""));
    assert!(second.if_modified_since.is_some());
    assert_eq!(
        refresher.handle_response(status(304), later, 0).unwrap(),
        Refreshed::Unchanged
    );
    assert_eq!(refresher.state().age(later), Some(Duration::ZERO));
}

#[test]
fn tells_what_changed() {
    let mut refresher = loaded();
    let old = refresher.identity_provider().unwrap().signing_keys()[0]
        .id()
        .to_string();
    let Refreshed::Changed(change) = refresher.handle_response(ok(other_key()), NOW, 0).unwrap()
    else {
        panic!("another key is a change");
    };
    let new = refresher.identity_provider().unwrap().signing_keys()[0]
        .id()
        .to_string();
    assert_eq!(
        (&change.added_keys, &change.vanished_keys),
        (&vec![new], &vec![old])
    );
    assert!(change.changes_keys() && !change.endpoints && !change.validity);
    let json = serde_json::to_string(&change).unwrap();
    assert_eq!(serde_json::from_str::<ConfigChange>(&json).unwrap(), change);
    let again = refresher.handle_response(ok(other_key()), NOW, 0).unwrap();
    assert_eq!(again, Refreshed::Unchanged);
}

#[test]
fn what_is_no_good_changes_nothing_and_has_a_code_of_its_own() {
    let compressed = FetchResponse {
        content_encoding: Some("gzip".to_owned()),
        ..ok(document("jumpcloud"))
    };
    let other_entity = String::from_utf8(document("jumpcloud"))
        .unwrap()
        .replace("entityID=\"", "entityID=\"other-")
        .into_bytes();
    let cases = [
        (status(404), "fetch.client_status"),
        (status(500), "fetch.server_status"),
        (status(204), "fetch.status"),
        (compressed, "fetch.encoding"),
        (
            ok(vec![b' '; FetchRequest::MAX_BYTES + 1]),
            "fetch.too_large",
        ),
        (ok(Vec::new()), "metadata.empty"),
        (
            ok(b"<!DOCTYPE html><html></html>".to_vec()),
            "metadata.html",
        ),
        (ok(b"{\"error\": 1}".to_vec()), "metadata.not_well_formed"),
        (ok(other_entity), "metadata.entity_id_mismatch"),
        (
            ok(with_root_attribute("validUntil=\"2026-11-01T00:00:00Z\"")),
            "metadata.expired",
        ),
    ];
    for (response, code) in cases {
        let mut refresher = loaded();
        let before = refresher.identity_provider().unwrap().clone();
        let later = NOW + MAX_DELAY;
        let error = refresher.handle_response(response, later, 0).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert!(Arc::ptr_eq(refresher.identity_provider().unwrap(), &before));
        assert_eq!(refresher.state().last_failure(), Some(code));
        assert_eq!(refresher.state().fetched_at(), Some(NOW));
        assert_eq!(delay(&refresher, later), MIN_ON_DEMAND_DELAY);
    }
    let code = refresher()
        .handle_response(status(304), NOW, 0)
        .unwrap_err();
    assert_eq!(code.code(), "fetch.not_modified");
}

#[test]
fn a_document_that_ran_out_is_not_kept_alive_by_304() {
    let mut refresher = refresher();
    let until = with_root_attribute("validUntil=\"2026-12-01T18:00:00Z\"");
    refresher.handle_response(ok(until), NOW, 0).unwrap();
    let error = refresher
        .handle_response(status(304), NOW + Duration::hours(7), 0)
        .unwrap_err();
    assert_eq!(error.code(), "metadata.expired");
}

#[test]
fn of_many_unknown_keys_one_asks() {
    let mut refresher = loaded();
    let now = NOW + Duration::minutes(5);
    assert!(matches!(refresher.demand(now), Poll::Fetch(_)));
    for seconds in 0..10 {
        let now = now + Duration::seconds(seconds);
        assert!(matches!(refresher.demand(now), Poll::Wait(_)));
    }
    assert!(matches!(
        refresher.demand(now + MIN_ON_DEMAND_DELAY),
        Poll::Fetch(_)
    ));
    // A clock that was set back is no reason never to ask again
    assert!(matches!(
        refresher.demand(now - Duration::days(1)),
        Poll::Fetch(_)
    ));
}

#[test]
fn the_plan_follows_cache_duration_and_valid_until() {
    let planned = |attribute: &str| {
        let mut refresher = refresher();
        let body = if attribute.is_empty() {
            document("jumpcloud")
        } else {
            with_root_attribute(attribute)
        };
        refresher.handle_response(ok(body), NOW, 0).unwrap();
        delay(&refresher, NOW)
    };
    assert_eq!(planned(""), MAX_DELAY);
    assert_eq!(planned("cacheDuration=\"PT4H\""), Duration::hours(3));
    assert_eq!(planned("cacheDuration=\"PT1M\""), MIN_DELAY);
    assert_eq!(planned("cacheDuration=\"P30D\""), MAX_DELAY);
    assert_eq!(
        planned("validUntil=\"2026-12-01T16:00:00Z\""),
        Duration::hours(3)
    );
    assert_eq!(
        planned("cacheDuration=\"PT8H\" validUntil=\"2026-12-01T14:00:00Z\""),
        Duration::minutes(90)
    );
    assert_eq!(
        planned("validUntil=\"2026-12-01T12:08:00Z\""),
        Duration::minutes(6)
    );
}

#[test]
fn failures_back_off_and_a_servers_wish_is_heard() {
    let mut refresher = loaded();
    let mut minutes = Vec::new();
    for _ in 0..9 {
        refresher.handle_response(status(500), NOW, 0).unwrap_err();
        minutes.push(delay(&refresher, NOW).whole_minutes());
    }
    assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    let wish = FetchResponse {
        retry_after: Some(Duration::hours(2)),
        ..status(503)
    };
    refresher.handle_response(wish, NOW, 0).unwrap_err();
    assert_eq!(delay(&refresher, NOW), Duration::hours(2));
}

#[test]
fn a_state_survives_a_restart_and_hides_its_document() {
    let refresher = loaded();
    let json = serde_json::to_string(refresher.state()).unwrap();
    let state: RefreshState = serde_json::from_str(&json).unwrap();
    assert_eq!(&state, refresher.state());
    assert!(!format!("{state:?}").contains("EntityDescriptor"));
    let restored = MetadataRefresher::restore(state, TrustPolicy::default(), NOW).unwrap();
    assert_eq!(
        restored.identity_provider().unwrap().entity_id(),
        refresher.identity_provider().unwrap().entity_id()
    );
    assert!(serde_json::from_str::<RefreshState>(&json.replace("failures", "failed")).is_err());
}

#[test]
fn only_https_or_this_machine() {
    let new = |url: &str| {
        MetadataRefresher::new(url.parse().unwrap(), None, TrustPolicy::default())
            .map(drop)
            .map_err(|error| error.code())
    };
    assert_eq!(new("https://idp.example/m"), Ok(()));
    assert_eq!(new("http://127.0.0.1:8081/m"), Ok(()));
    assert_eq!(new("http://idp.example/m"), Err("config.url_plain_http"));
    assert_eq!(new("file:///etc/passwd"), Err("config.url_scheme"));
}

/// A year of a simulated clock: pseudo-random answers and clock jumps; the bounds hold throughout.
#[test]
fn a_simulated_year_stays_within_bounds() {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let good = document("jumpcloud");
    for _ in 0..20 {
        let mut refresher = refresher();
        let mut now = NOW;
        let mut fetches = 0_u32;
        while now < NOW + Duration::days(365) {
            let until = match refresher.poll(now) {
                Poll::Wait(until) => {
                    assert!(until - now <= MAX_DELAY);
                    until
                }
                Poll::Fetch(_) => {
                    fetches += 1;
                    let jitter = u8::try_from(random() % 256).unwrap();
                    let cache = 60 + random() % 100_000;
                    let succeeded = match random() % 4 {
                        0 => refresher.handle_response(status(500), now, jitter).is_ok(),
                        1 => refresher
                            .handle_response(ok(good.clone()), now, jitter)
                            .is_ok(),
                        _ => {
                            let valid = now + Duration::seconds(i64::try_from(cache).unwrap());
                            let valid = saml_xml::types::format_date_time(valid);
                            let body = with_root_attribute(&format!(
                                "cacheDuration=\"PT{cache}S\" validUntil=\"{valid}\""
                            ));
                            refresher.handle_response(ok(body), now, jitter).is_ok()
                        }
                    };
                    let next = refresher.state().next_at().unwrap();
                    assert!(next - now >= MIN_ON_DEMAND_DELAY);
                    let valid = refresher
                        .identity_provider()
                        .and_then(|idp| idp.valid_until());
                    if let (true, Some(valid)) = (succeeded, valid) {
                        assert!(next <= valid.max(now + MIN_ON_DEMAND_DELAY));
                    }
                    if succeeded && valid.is_none_or(|valid| valid - now > Duration::minutes(14)) {
                        assert!(next - now >= MIN_DELAY);
                    }
                    next
                }
            };
            now = match random() % 200 {
                // The clock is set back, or the machine slept
                0 => now - Duration::days(2),
                1 => now + Duration::days(3),
                _ => until,
            };
        }
        assert!(fetches > 365 * 2 && fetches < 365 * 24 * 10, "{fetches}");
    }
}
