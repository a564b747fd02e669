//! Connections written down: JSON and TOML there and back, unknown fields refused, and the JSON
//! Schemas in `docs/schema` that say the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::path::Path;

use idp_config::IdpSource;
use jsonschema::Validator;
use saml_sp::{
    ConnectionConfig, ConnectionId, Identifier, Policy, Preset, Quirk, RequestBinding, SignedPart,
};
use serde_json::{Value, json};
use time::macros::datetime;

fn schema(name: &str) -> Validator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

fn sources() -> Vec<IdpSource> {
    let url = "https://idp.example.test/metadata";
    vec![
        serde_json::from_value(json!({ "type": "metadata_url", "url": url })).unwrap(),
        serde_json::from_value(
            json!({ "type": "metadata_url", "url": url, "entity_id": "urn:idp" }),
        )
        .unwrap(),
        serde_json::from_value(json!({ "type": "metadata_xml", "xml": "<a>\n\"'''</a>" })).unwrap(),
        IdpSource::fingerprint("JumpCloud", url, Some(url), &"ab".repeat(32)).unwrap(),
    ]
}

/// Every field with another value than its default.
fn full(source: IdpSource) -> ConnectionConfig {
    let mut config = ConnectionConfig::new(ConnectionId::new("acme").unwrap(), source);
    config.policy = Policy::Federation;
    config.preset = Some("okta".to_owned());
    config.require_signed = SignedPart::Both;
    config.request_binding = RequestBinding::Redirect;
    config.sign_requests = true;
    config.allow_unsolicited = true;
    config.identify_by = Identifier::Attribute("mail".to_owned());
    config.acs_url = Some("https://app.example.test/saml/acme".to_owned());
    config.clock_skew_seconds = Some(60);
    config.request_lifetime_seconds = Some(600);
    config.danger.accept_sha1 = true;
    config.danger.accept_rsa1024 = true;
    config.danger.accept_plain_http = true;
    config.danger.forgive = Quirk::ALL.to_vec();
    config
}

fn configs() -> Vec<ConnectionConfig> {
    sources()
        .into_iter()
        .flat_map(|source| {
            let least = ConnectionConfig::new(ConnectionId::new("least").unwrap(), source.clone());
            [least, full(source)]
        })
        .collect()
}

#[test]
fn json_and_toml_lead_back_to_the_same_connection() {
    for config in configs() {
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(
            serde_json::from_str::<ConnectionConfig>(&json).unwrap(),
            config
        );
        let toml = toml::to_string(&config).unwrap();
        assert_eq!(
            toml::from_str::<ConnectionConfig>(&toml).unwrap(),
            config,
            "{toml}"
        );
    }
    for source in sources() {
        let toml = toml::to_string(&source).unwrap();
        assert_eq!(
            toml::from_str::<IdpSource>(&toml).unwrap(),
            source,
            "{toml}"
        );
    }
}

#[test]
fn what_is_written_fits_the_schema() {
    let (connection, source) = (
        schema("connection.schema.json"),
        schema("idp-source.schema.json"),
    );
    for config in configs() {
        let value = serde_json::to_value(&config).unwrap();
        let errors: Vec<String> = connection
            .iter_errors(&value)
            .map(|e| e.to_string())
            .collect();
        assert!(errors.is_empty(), "{errors:?} in {value:#}");
        assert!(source.is_valid(&value["idp"]), "{value:#}");
    }
}

/// Every place where an unknown field may be put, and the paths to them.
fn with_unknown_fields(value: &Value, here: &str) -> Vec<(String, Value)> {
    let mut changed = Vec::new();
    if let Value::Object(fields) = value {
        let mut more = fields.clone();
        more.insert("unknown".to_owned(), json!(1));
        changed.push((here.to_owned(), Value::Object(more)));
        for (name, inner) in fields {
            for (path, with) in with_unknown_fields(inner, &format!("{here}/{name}")) {
                let mut more = fields.clone();
                more.insert(name.clone(), with);
                changed.push((path, Value::Object(more)));
            }
        }
    }
    changed
}

#[test]
fn an_unknown_field_is_refused_everywhere_by_reader_and_schema() {
    let connection = schema("connection.schema.json");
    let mut places = std::collections::BTreeSet::new();
    for config in configs() {
        let value = serde_json::to_value(&config).unwrap();
        for (path, changed) in with_unknown_fields(&value, "") {
            assert!(
                serde_json::from_value::<ConnectionConfig>(changed.clone()).is_err(),
                "{path}"
            );
            assert!(!connection.is_valid(&changed), "{path}");
            places.insert(path);
        }
    }
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    assert_eq!(places, ["", "/danger", "/identify_by", "/idp"]);
}

#[test]
fn the_schema_knows_every_field_and_every_preset() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    let text = std::fs::read_to_string(folder.join("connection.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let names = |value: &Value| -> Vec<String> {
        let mut names: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    let written = serde_json::to_value(full(sources().remove(0))).unwrap();
    assert_eq!(names(&written), names(&schema["properties"]));
    assert_eq!(
        names(&written["danger"]),
        names(&schema["properties"]["danger"]["properties"])
    );
    let mut presets: Vec<&str> = Preset::ALL.iter().map(|preset| preset.id).collect();
    let listed = &schema["properties"]["preset"]["enum"];
    let mut listed: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap())
        .collect();
    presets.sort_unstable();
    listed.sort_unstable();
    assert_eq!(presets, listed);
}

#[test]
fn a_connection_is_built_from_what_is_written() {
    let now = datetime!(2026-12-01 12:00 UTC);
    let mut config = full(sources().remove(3));
    let idp = config
        .idp
        .resolve_with(&config.trust_policy(), now)
        .unwrap();
    let connection = config.build(idp.clone()).unwrap();
    assert_eq!(connection.id().as_str(), "acme");
    assert_eq!(connection.policy(), Policy::Federation);
    assert_eq!(connection.preset().map(|preset| preset.id), Some("okta"));
    assert_eq!(connection.forgiven_quirks().count(), Quirk::ALL.len());
    assert_eq!(
        connection.acs_url(),
        Some("https://app.example.test/saml/acme")
    );

    config.preset = Some("nobody".to_owned());
    let refused = config.build(idp.clone()).unwrap_err();
    assert_eq!(refused.code(), "connection.preset_unknown");
    config.preset = None;
    config.clock_skew_seconds = Some(301);
    let refused = config.build(idp).unwrap_err();
    assert_eq!(refused.code(), "connection.clock_skew");
}
