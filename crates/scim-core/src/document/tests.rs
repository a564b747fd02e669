#![expect(
    clippy::needless_pass_by_value,
    reason = "json! literals read best by value"
)]

use serde_json::json;

use super::*;
use crate::dialect::{Dialect, Preset, RewriteRule};
use crate::resource::{Resource, ResourceId};
use crate::schema::{ENTERPRISE_USER, USER};

fn user(registry: &Registry) -> ResourceTypeId {
    registry.resource_type_by_name("User").unwrap().id()
}

fn read(dialect: &Dialect, json: Json) -> Result<(Document, Vec<RewriteRule>), ScimError> {
    let registry = Registry::standard();
    let mut reader = Reader::new(&registry, user(&registry), dialect, Keep::Writable);
    let document = reader.document(&json)?;
    Ok((
        document,
        reader.rewrites.all().iter().map(|r| r.rule).collect(),
    ))
}

fn refused(json: Json) -> &'static str {
    read(&Preset::Strict.dialect(), json).unwrap_err().code()
}

fn with(name: &str, value: Json) -> Json {
    json!({"schemas": [USER], "userName": "a", name: value})
}

#[test]
fn absent_null_and_empty_are_three_things_until_canonical() {
    let registry = Registry::standard();
    let emails = registry
        .attribute_by_path(&format!("{USER}:emails"))
        .unwrap()
        .id();
    let strict = Preset::Strict.dialect();
    assert_eq!(
        read(&strict, json!({"schemas": [USER]}))
            .unwrap()
            .0
            .get(emails),
        None
    );
    assert_eq!(
        read(&strict, with("emails", json!(null)))
            .unwrap()
            .0
            .get(emails),
        Some(&Value::Null)
    );
    let (mut document, _) = read(&strict, with("emails", json!([]))).unwrap();
    assert_eq!(document.get(emails), Some(&Value::List(vec![])));
    document.canonicalize(&registry);
    assert_eq!(document.to_json(&registry), json!({"userName": "a"}));
}

#[test]
fn strict_refuses_with_the_exact_code() {
    assert_eq!(refused(json!([])), "message.shape");
    assert_eq!(refused(json!({"userName": "a"})), "schemas.missing");
    assert_eq!(
        refused(json!({"schemas": [USER, "urn:x"]})),
        "schemas.unknown"
    );
    assert_eq!(refused(with("shoeSize", json!(1))), "attribute.unknown");
    assert_eq!(
        refused(with("name", json!({"shoe": 1}))),
        "attribute.unknown"
    );
    assert_eq!(refused(with("title", json!(1))), "value.type");
    assert_eq!(refused(with("active", json!("True"))), "value.type");
    assert_eq!(refused(with("name", json!("x"))), "value.type");
    assert_eq!(refused(with("emails", json!({"value": "x"}))), "value.type");
    assert_eq!(refused(with("emails", json!([null]))), "value.type");
    assert_eq!(refused(with("title", json!(["a"]))), "value.type");
    assert_eq!(
        refused(with("x509Certificates", json!([{"value": "no base64!"}]))),
        "value.type"
    );
    assert_eq!(
        refused(with("emails", json!([{"value": "x", "type": "moon"}]))),
        "value.canonical"
    );
    let two = json!([{"value": "x", "primary": true}, {"value": "y", "primary": true}]);
    assert_eq!(refused(with("emails", two)), "value.primary");
    assert_eq!(refused(with(ENTERPRISE_USER, json!([]))), "value.type");
    assert_eq!(
        refused(with(ENTERPRISE_USER, json!({"manager": "x"}))),
        "value.type"
    );
}

#[test]
fn lenient_understands_and_says_what_it_changed() {
    let registry = Registry::standard();
    let (document, rules) = read(
        &Dialect::default(),
        json!({"userName": "a", "active": "False", "emails": ["x@y"], "shoeSize": 3, "title": 7, "department": "d",
            "roles": [{"value": "r", "primary": "True"}, {"value": "s", "primary": true}, null],
            ENTERPRISE_USER: {"manager": [{"value": "m"}]}}),
    )
    .unwrap();
    assert_eq!(
        document.to_json(&registry),
        json!({"userName": "a", "active": false, "emails": [{"value": "x@y"}], "title": "7",
            "roles": [{"value": "r", "primary": true}, {"value": "s", "primary": false}],
            ENTERPRISE_USER: {"department": "d", "manager": {"value": "m"}}})
    );
    for rule in [
        RewriteRule::SchemasMissing,
        RewriteRule::StringBoolean,
        RewriteRule::ComplexShape,
        RewriteRule::UnknownAttribute,
        RewriteRule::ScalarCoercion,
        RewriteRule::UnprefixedExtension,
        RewriteRule::FirstPrimary,
        RewriteRule::NullInList,
    ] {
        assert!(rules.contains(&rule), "{rule:?} in {rules:?}");
    }
    let (mut cleared, _) = read(
        &Dialect::default(),
        json!({"userName": "a", ENTERPRISE_USER: {"manager": ""}}),
    )
    .unwrap();
    cleared.canonicalize(&registry);
    assert_eq!(cleared.to_json(&registry), json!({"userName": "a"}));
}

#[test]
fn read_only_and_write_only_never_reach_the_store() {
    let registry = Registry::standard();
    let sent = json!({"schemas": [USER], "id": "x", "meta": {"created": "nonsense"}, "groups": [{"value": "g"}],
        "userName": "a", "password": "secret"});
    let (mut document, _) = read(&Preset::Strict.dialect(), sent).unwrap();
    document.canonicalize(&registry);
    assert_eq!(document.to_json(&registry), json!({"userName": "a"}));
    assert!(!format!("{document:?}").contains("secret"));
}

#[test]
fn required_attributes_must_have_a_value() {
    let registry = Registry::standard();
    for sent in [
        json!({"schemas": [USER]}),
        json!({"schemas": [USER], "userName": " "}),
    ] {
        let (document, _) = read(&Preset::Strict.dialect(), sent).unwrap();
        assert_eq!(
            document.validate(&registry).unwrap_err().code(),
            "attribute.required"
        );
    }
}

#[test]
fn unknown_extensions_survive_an_import() {
    let registry = Registry::standard();
    let dialect = Dialect::default();
    let stored = json!({"userName": "a", "urn:example:later": {"x": [1, {"y": null}]}});
    let mut reader = Reader::new(&registry, user(&registry), &dialect, Keep::All);
    assert_eq!(reader.document(&stored).unwrap().to_json(&registry), stored);
}

fn shown(attributes: &[&str], excluded: &[&str]) -> Json {
    let registry = Registry::standard();
    let (document, _) = read(
        &Preset::Strict.dialect(),
        json!({"schemas": [USER, ENTERPRISE_USER], "userName": "a", "name": {"givenName": "g", "familyName": "f"},
            "emails": [{"value": "x", "type": "work"}], ENTERPRISE_USER: {"department": "d"}}),
    )
    .unwrap();
    let resource = Resource::new(ResourceId::new("1"), document, OffsetDateTime::UNIX_EPOCH);
    let names = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let projection = Projection::new(
        &registry,
        user(&registry),
        &names(attributes),
        &names(excluded),
    )
    .unwrap();
    let mut json = Renderer::new(&registry, "https://x").resource(&resource, &projection);
    let object = json.as_object_mut().unwrap();
    assert!(
        object.remove("schemas").is_some() && object.remove("id").is_some(),
        "always returned"
    );
    json
}

#[test]
fn projection_follows_names_parts_and_returned() {
    assert_eq!(shown(&["USERNAME"], &[]), json!({"userName": "a"}));
    assert_eq!(
        shown(&["name.givenName", "emails.type"], &[]),
        json!({"name": {"givenName": "g"}, "emails": [{"type": "work"}]})
    );
    assert_eq!(
        shown(&["emails[type eq \"work\"].value"], &[]),
        json!({"emails": [{"value": "x"}]})
    );
    assert_eq!(
        shown(&[ENTERPRISE_USER], &[]),
        json!({ENTERPRISE_USER: {"department": "d"}})
    );
    assert_eq!(shown(&["nothing"], &[]), json!({}));
    assert_eq!(
        shown(&["password", "meta.version"], &[]),
        json!({"meta": {"version": "W/\"1\""}})
    );
    let rest = shown(
        &[],
        &[
            "id",
            "schemas",
            "meta",
            "emails",
            "name.familyName",
            ENTERPRISE_USER,
        ],
    );
    assert_eq!(rest, json!({"userName": "a", "name": {"givenName": "g"}}));
    let registry = Registry::standard();
    let both =
        Projection::new(&registry, user(&registry), &["a".into()], &["b".into()]).unwrap_err();
    assert_eq!(both.code(), "projection.both");
}

#[test]
fn date_times_keep_their_text_and_compare_by_instant() {
    let zone = DateTime::parse("2026-01-31T13:00:00.5+01:00").unwrap();
    assert_eq!(zone.as_str(), "2026-01-31T13:00:00.5+01:00");
    assert_eq!(
        zone.instant(),
        DateTime::parse("2026-01-31T12:00:00.500")
            .unwrap()
            .instant()
    );
    assert_eq!(
        DateTime::at(zone.instant()).as_str(),
        "2026-01-31T12:00:00.5Z"
    );
    for wrong in ["", "2026-01-31", "2026-13-01T00:00:00Z", "yesterday"] {
        assert!(DateTime::parse(wrong).is_none(), "{wrong}");
    }
}
