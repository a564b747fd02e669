use serde_json::json;

use super::*;

const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";

fn subject(
    value: &str,
    format: Option<&str>,
    qualifiers: (Option<&str>, Option<&str>),
    sessions: &[&str],
) -> LogoutSubject {
    serde_json::from_value(json!({
        "name_id": { "value": value, "format": format, "name_qualifier": qualifiers.0,
            "sp_name_qualifier": qualifiers.1, "sp_provided_id": null },
        "session_indexes": sessions,
    }))
    .unwrap()
}

fn request(subject: LogoutSubject) -> LogoutRequest {
    LogoutRequest {
        id: "_1".to_owned(),
        connection: ConnectionId::new("acme").unwrap(),
        subject,
        idp: "https://idp.example".to_owned(),
        sp: "https://sp.example".to_owned(),
        relay_state: None,
    }
}

const NONE: (Option<&str>, Option<&str>) = (None, None);

#[test]
fn a_user_is_value_format_and_qualifiers() {
    let asks = request(subject("ada", Some(EMAIL), NONE, &[]));
    assert!(asks.covers(&subject("ada", Some(EMAIL), NONE, &["s1"])));
    assert!(!asks.covers(&subject("Ada", Some(EMAIL), NONE, &["s1"])));
    assert!(!asks.covers(&subject("ada", Some(PERSISTENT), NONE, &["s1"])));
    assert!(!asks.covers(&subject("ada", None, NONE, &["s1"])));
    assert!(!asks.covers(&subject(
        "ada",
        Some(EMAIL),
        (Some("https://idp.example"), None),
        &[]
    )));
}

#[test]
fn what_the_standard_says_is_the_same_is_the_same() {
    let asks = request(subject("ada", None, NONE, &[]));
    assert!(asks.covers(&subject("ada", Some(UNSPECIFIED), NONE, &[])));
    let qualified = (Some("https://idp.example"), Some("https://sp.example"));
    let asks = request(subject("x1", Some(PERSISTENT), NONE, &[]));
    assert!(asks.covers(&subject("x1", Some(PERSISTENT), qualified, &[])));
    let others = (Some("https://other.example"), None);
    assert!(!asks.covers(&subject("x1", Some(PERSISTENT), others, &[])));
}

#[test]
fn named_sessions_are_the_only_ones() {
    let asks = request(subject("ada", Some(EMAIL), NONE, &["s1", "s2"]));
    assert!(asks.covers(&subject("ada", Some(EMAIL), NONE, &["s2"])));
    assert!(!asks.covers(&subject("ada", Some(EMAIL), NONE, &["s3"])));
    // A session that was opened without an index could be any of them
    assert!(asks.covers(&subject("ada", Some(EMAIL), NONE, &[])));
}
