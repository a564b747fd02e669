use serde_json::json;

use super::*;

#[test]
fn claims_follow_rfc_9967() {
    let registry = Registry::standard();
    let kind = registry.resource_type_by_name("User").unwrap().id();
    let mut document = Document::new(kind);
    document.set(registry.common().external_id, Value::Text("jdoe".into()));
    let kinds = vec![EventKind::Patch, EventKind::Deactivate];
    let at = OffsetDateTime::from_unix_timestamp(1_458_505_044).unwrap();
    let mut event = Event::new(
        &registry,
        kinds,
        &ResourceId::new("2b2f"),
        &document,
        "t1",
        at,
    );
    event.attributes = vec!["active".into()];
    event.version = Some(Version::new(3));
    assert_eq!(
        event.claims("https://scim.example.com", &["https://a"], "j1"),
        json!({
            "jti": "j1", "txn": "t1", "iat": 1_458_505_044, "iss": "https://scim.example.com", "aud": ["https://a"],
            "sub_id": {"format": "scim", "uri": "/Users/2b2f", "externalId": "jdoe"},
            "events": {
                "urn:ietf:params:scim:event:prov:patch:notice": {"attributes": ["active"], "version": "W/\"3\""},
                "urn:ietf:params:scim:event:prov:deactivate": {},
            },
        })
    );
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
}
