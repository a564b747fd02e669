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

#[test]
fn deletion_and_activation_have_no_payload_and_no_qualifier() {
    let registry = Registry::standard();
    let kind = registry.resource_type_by_name("User").unwrap().id();
    let document = Document::new(kind);
    for (event_kind, uri) in [
        (EventKind::Delete, "urn:ietf:params:scim:event:prov:delete"),
        (
            EventKind::Activate,
            "urn:ietf:params:scim:event:prov:activate",
        ),
        (
            EventKind::Deactivate,
            "urn:ietf:params:scim:event:prov:deactivate",
        ),
    ] {
        let id = ResourceId::new("2b2f");
        let at = OffsetDateTime::UNIX_EPOCH;
        let mut event = Event::new(&registry, vec![event_kind], &id, &document, "t1", at);
        event.attributes = vec!["active".into()];
        event.version = Some(Version::new(3));
        let claims = event.claims("i", &["a"], "j");
        assert_eq!(claims["events"], json!({(uri): {}}));
        assert_eq!(
            claims["sub_id"],
            json!({"format": "scim", "uri": "/Users/2b2f"})
        );
    }
    for event_kind in EventKind::ALL {
        let text = serde_json::to_value(event_kind).unwrap();
        assert_eq!(
            serde_json::from_value::<EventKind>(text).unwrap(),
            event_kind
        );
        let notice = matches!(
            event_kind,
            EventKind::Create | EventKind::Put | EventKind::Patch
        );
        assert_eq!(event_kind.uri().ends_with(":notice"), notice);
    }
}
