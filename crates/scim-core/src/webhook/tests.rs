use super::*;
use crate::event::EventKind;
use crate::resource::ResourceId;

struct Counting;

impl Random for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        buffer.fill(7);
        Ok(())
    }
}

fn event() -> Event {
    serde_json::from_value(serde_json::json!({
        "kinds": ["patch", "deactivate"], "transaction": "t1", "resource_type": "User",
        "uri": "/Users/2819", "id": "2819", "external_id": "e1", "attributes": ["active"],
        "version": null, "at": 1_764_000_000,
    }))
    .unwrap()
}

#[test]
fn a_token_is_a_signed_security_event() {
    let secret = WebhookSecret::new(&[9; 32]).unwrap();
    let sent = request(
        &event(),
        "https://app.example",
        "https://hook.example",
        &secret,
        &Counting,
    );
    let body = sent.unwrap().body;
    let parts: Vec<&str> = body.split('.').collect();
    let [header, claims, tag] = parts.as_slice() else {
        panic!("{body}");
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let json = |part: &str| -> serde_json::Value { serde_json::from_slice(&decode(part)).unwrap() };
    assert_eq!(json(header)["typ"], "secevent+jwt");
    assert_eq!(json(header)["alg"], "HS256");
    let claims_json = json(claims);
    assert_eq!(claims_json["aud"][0], "https://hook.example");
    assert_eq!(claims_json["sub_id"]["uri"], "/Users/2819");
    assert!(claims_json.get("sub").is_none());
    let events = claims_json["events"].as_object().unwrap();
    assert!(events.contains_key(EventKind::Deactivate.uri()));
    let signed = format!("{header}.{claims}");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &[9; 32]);
    hmac::verify(&key, signed.as_bytes(), &decode(tag)).unwrap();
    let other = hmac::Key::new(hmac::HMAC_SHA256, &[8; 32]);
    assert!(hmac::verify(&other, signed.as_bytes(), &decode(tag)).is_err());
    assert_eq!(event().id, ResourceId::new("2819"));
}

#[test]
fn answers_mean_done_refused_or_later() {
    for (status, delivery) in [
        (Some(202), Delivery::Done),
        (Some(204), Delivery::Done),
        (Some(400), Delivery::Refused),
        (Some(401), Delivery::Later),
        (Some(404), Delivery::Later),
        (Some(429), Delivery::Later),
        (Some(500), Delivery::Later),
        (Some(302), Delivery::Later),
        (None, Delivery::Later),
    ] {
        assert_eq!(outcome(status), delivery, "{status:?}");
    }
}

#[test]
fn a_receiver_that_fails_is_left_alone_for_longer_and_longer() {
    let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
    let mut back_off = BackOff::default();
    assert!(back_off.is_due(now));
    let mut pauses = Vec::new();
    for _ in 0..40 {
        back_off.failed(now);
        let pause = (1..4000)
            .find(|seconds| back_off.is_due(now + Duration::seconds(*seconds)))
            .unwrap();
        pauses.push(pause);
    }
    assert_eq!(pauses[..4], [10, 20, 40, 80]);
    assert_eq!(pauses.last(), Some(&3600));
    back_off.succeeded();
    assert!(back_off.is_due(now));
}
