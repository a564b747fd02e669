use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    EcdsaKeyPair, UnparsedPublicKey,
};
use serde_json::json;

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

fn key() -> WebhookKey {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let der = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).unwrap();
    WebhookKey::from_pkcs8_der(der.as_ref()).unwrap()
}

fn json(part: &str) -> serde_json::Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn a_token_is_signed_by_a_key_that_is_published() {
    let (key, other) = (key(), key());
    let set = jwks(&[&other, &key]);
    let sent = request(
        &event(),
        "https://app.example",
        "https://hook.example",
        &key,
        &Counting,
    );
    let body = sent.unwrap().body;
    let parts: Vec<&str> = body.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        panic!("{body}");
    };
    assert_eq!(
        json(header),
        json!({"alg": "ES256", "typ": "secevent+jwt", "kid": key.id()})
    );
    // As a receiver does it: find the key by its id, verify with it
    let listed = set["keys"].as_array().unwrap();
    let public = listed
        .iter()
        .find(|k| k["kid"] == json(header)["kid"])
        .unwrap();
    assert_eq!(
        (
            &public["kty"],
            &public["crv"],
            &public["alg"],
            &public["use"]
        ),
        (
            &json!("EC"),
            &json!("P-256"),
            &json!("ES256"),
            &json!("sig")
        )
    );
    assert!(public.get("d").is_none());
    let point = |public: &serde_json::Value| {
        let part = |name: &str| {
            URL_SAFE_NO_PAD
                .decode(public[name].as_str().unwrap())
                .unwrap()
        };
        [vec![4], part("x"), part("y")].concat()
    };
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert_eq!(signature.len(), 64, "RFC 7518 §3.4: R and S, no DER");
    let verify = |public: &serde_json::Value, signed: &str| {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point(public))
            .verify(signed.as_bytes(), &signature)
            .is_ok()
    };
    assert!(verify(public, &format!("{header}.{claims}")));
    assert!(!verify(&listed[0], &format!("{header}.{claims}")));
    assert!(!verify(public, &format!("{header}.{claims}x")));
}

#[test]
fn claims_are_those_of_rfc_8417_and_rfc_9967() {
    let sent = request(
        &event(),
        "https://app.example",
        "https://hook.example",
        &key(),
        &Counting,
    );
    let body = sent.unwrap().body;
    let claims = json(body.split('.').nth(1).unwrap());
    let names: Vec<&str> = claims
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    // RFC 8417 §2.2: iss, iat, jti and events are required, exp is not to be used; RFC 9967 §2.1: no sub
    assert_eq!(
        names,
        ["aud", "events", "iat", "iss", "jti", "sub_id", "txn"]
    );
    assert_eq!(claims["iat"], 1_764_000_000);
    assert_eq!(claims["txn"], "t1");
    assert_eq!(
        claims["sub_id"],
        json!({"format": "scim", "uri": "/Users/2819", "externalId": "e1"})
    );
    let events = claims["events"].as_object().unwrap();
    assert_eq!(events.len(), 2);
    let notice = events[EventKind::Patch.uri()].as_object().unwrap();
    // RFC 9967 §2.4: exactly one of the two; the URI says which
    assert!(notice.contains_key("attributes") && !notice.contains_key("data"));
    assert!(EventKind::Patch.uri().ends_with(":notice"));
    assert_eq!(events[EventKind::Deactivate.uri()], json!({}));
    assert!(!claims["events"].to_string().contains("sub_id"));
}

#[test]
fn the_id_of_a_key_is_its_thumbprint() {
    let key = key();
    let public = &jwks(&[&key])["keys"][0];
    let (x, y) = (public["x"].as_str().unwrap(), public["y"].as_str().unwrap());
    let text = format!("{{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"{x}\",\"y\":\"{y}\"}}");
    let hash = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    assert_eq!(key.id(), URL_SAFE_NO_PAD.encode(hash), "RFC 7638 §3.1");
    assert_eq!(format!("{key:?}"), format!("WebhookKey({})", key.id()));
}

#[test]
fn what_is_no_key_on_p_256_is_none() {
    let p384 = &ECDSA_P384_SHA384_FIXED_SIGNING;
    let der = EcdsaKeyPair::generate_pkcs8(p384, &SystemRandom::new()).unwrap();
    for der in [der.as_ref(), b"", b"-----BEGIN PRIVATE KEY-----"] {
        assert!(WebhookKey::from_pkcs8_der(der).is_none());
    }
}
