//! The aggregate by URL.

use idp_config::{AggregateRefresher, FetchResponse, FetchRule, MIN_DELAY, Poll, RefreshError};
use time::Duration;

use super::*;

fn status(status: u16) -> FetchResponse {
    FetchResponse {
        status,
        ..FetchResponse::default()
    }
}

fn with_body(xml: &str) -> FetchResponse {
    FetchResponse {
        body: xml.as_bytes().to_vec(),
        etag: Some("\"1\"".to_owned()),
        ..status(200)
    }
}

fn refresher() -> AggregateRefresher {
    let url = "https://mds.federation.example/metadata.xml"
        .parse()
        .unwrap();
    let keys = federation_key().to_vec();
    let mut refresher = AggregateRefresher::new(url, keys, TrustPolicy::default()).unwrap();
    refresher.want(id(UNIVERSITY));
    refresher
}

fn fetch(refresher: &AggregateRefresher, now: OffsetDateTime) -> Option<String> {
    match refresher.poll(now) {
        Poll::Fetch(request) => Some(request.if_none_match.unwrap_or_default()),
        _ => None,
    }
}

#[test]
fn what_was_good_stays_in_use() {
    let mut refresher = refresher();
    assert_eq!(
        refresher
            .identity_provider(&id(UNIVERSITY))
            .unwrap_err()
            .code(),
        "config.metadata_url_not_fetched"
    );
    let base = federation();
    let change = refresher
        .handle_response(with_body(&sign(&base)), None, AT, 0)
        .unwrap();
    assert_eq!(change.added, [id(UNIVERSITY)]);
    assert_eq!(fetch(&refresher, AT), None);
    // 0.75 of cacheDuration
    let due = AT + Duration::minutes(270);
    assert_eq!(fetch(&refresher, due).as_deref(), Some("\"1\""));
    assert_eq!(
        refresher
            .handle_response(status(304), None, due, 0)
            .unwrap(),
        Default::default()
    );
    assert_eq!(fetch(&refresher, due + MIN_DELAY), None);

    let code = |outcome: Result<_, RefreshError>| outcome.map(drop).unwrap_err().code().to_owned();
    for (answer, expected) in [
        (status(404), "fetch.client_status"),
        (status(503), "fetch.server_status"),
        (status(302), "fetch.status"),
        (
            with_body(&signed_by(&base, "rogue")),
            "metadata.signature_invalid",
        ),
        (with_body(&base), "metadata.signature_missing"),
        (
            FetchResponse {
                content_encoding: Some("gzip".to_owned()),
                ..status(200)
            },
            "fetch.encoding",
        ),
    ] {
        assert_eq!(
            code(refresher.handle_response(answer, None, due, 0)),
            expected
        );
        assert!(refresher.identity_provider(&id(UNIVERSITY)).is_ok());
    }
    let mut reader = danger::read_unsigned_aggregate([], TrustPolicy::default(), AT);
    reader.push(base.as_bytes()).unwrap();
    let unsigned = Some(reader.finish());
    assert_eq!(
        code(refresher.handle_response(status(200), unsigned, due, 0)),
        "metadata.signature_missing"
    );
    let error = refresher.handle_failure(FetchRule::Protocol, None, due, 0);
    assert_eq!(error.code(), "fetch.protocol");
    // 8 failures: an hour
    assert_eq!(fetch(&refresher, due + Duration::minutes(59)), None);
    assert!(fetch(&refresher, due + Duration::minutes(60)).is_some());
    let late = code(refresher.handle_response(status(304), None, AT + MAX_VALIDITY, 0));
    assert_eq!(late, "metadata.expired");
}

#[test]
fn changes_are_told_by_entity() {
    let mut refresher = refresher();
    let base = federation();
    let take = |refresher: &mut AggregateRefresher, xml: &str| {
        refresher
            .handle_response(with_body(&sign(xml)), None, AT, 0)
            .unwrap()
    };
    take(&mut refresher, &base);
    let rolled = replace(
        &base,
        &certificate("idp_ec_p256"),
        &certificate("idp_ec_p384"),
    );
    let change = take(&mut refresher, &rolled);
    assert!(change.changed[&id(UNIVERSITY)].changes_keys());
    assert_eq!(take(&mut refresher, &rolled), Default::default());

    // What is wanted anew is asked for at once, and without the validators
    refresher.want(id("https://idp.college.example"));
    assert_eq!(fetch(&refresher, AT).as_deref(), Some(""));
    assert_eq!(
        take(&mut refresher, &rolled).added,
        [id("https://idp.college.example")]
    );
    // What the federation takes out signs nobody in
    let without = replace(&rolled, UNIVERSITY, "https://other.example");
    assert_eq!(take(&mut refresher, &without).vanished, [id(UNIVERSITY)]);
    let error = refresher.identity_provider(&id(UNIVERSITY)).unwrap_err();
    assert_eq!(error.code(), "metadata.entity_id_not_found");
}
