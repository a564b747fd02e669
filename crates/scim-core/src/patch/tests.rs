#![expect(
    clippy::needless_pass_by_value,
    reason = "json! literals read best by value"
)]

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use time::OffsetDateTime;

use super::*;
use crate::dialect::{Dialect, Preset, RewriteRule, Rewrites};
use crate::document::{Document, Keep, Reader};
use crate::error::ScimError;
use crate::members::MemberDelta;
use crate::resource::{Member, Resource, ResourceId};
use crate::schema::{ENTERPRISE_USER, Registry, RegistryBuilder, USER};

const SCHEMA: &str = r#"{"id":"urn:example:x","attributes":[{"name":"badge","mutability":"immutable"},
    {"name":"tags","multiValued":true},{"name":"rank","mutability":"readOnly"}]}"#;

fn registry() -> Registry {
    RegistryBuilder::standard()
        .schema_json(SCHEMA)
        .unwrap()
        .extend("User", "urn:example:x", false)
        .build()
        .unwrap()
}

fn resource(registry: &Registry, kind: &str, json: Json) -> Resource {
    let dialect = Dialect::default();
    let kind = registry.resource_type_by_name(kind).unwrap().id();
    let mut document = Reader::new(registry, kind, &dialect, Keep::All)
        .document(&json)
        .unwrap();
    document.canonicalize(registry);
    Resource::new(
        ResourceId::new("id-1"),
        document,
        OffsetDateTime::UNIX_EPOCH,
    )
}

fn sample() -> Json {
    json!({"userName": "a", "title": "t", "name": {"givenName": "g", "familyName": "f"},
        "emails": [{"type": "work", "value": "w@x", "primary": true}, {"type": "home", "value": "h@x"}],
        ENTERPRISE_USER: {"department": "d"}, "urn:example:x": {"badge": "b", "tags": ["p", "q"], "rank": "r"}})
}

type Outcome = Result<(Json, Vec<RewriteRule>, MemberDelta), ScimError>;

fn run(preset: Preset, resource: &Resource, registry: &Registry, operations: &Json) -> Outcome {
    let message = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
    let dialect = preset.dialect();
    let mut rewrites = Rewrites::default();
    let limits = PatchLimits::default();
    let plan = Plan::read(
        registry,
        resource.resource_type(),
        &dialect,
        &limits,
        &message,
        &mut rewrites,
    )?;
    let patched = plan.apply(registry, &dialect, resource, &mut rewrites)?;
    let rules = rewrites.all().iter().map(|r| r.rule).collect();
    Ok((patched.document.to_json(registry), rules, patched.members))
}

fn patch(preset: Preset, operations: Json) -> Result<Json, &'static str> {
    let registry = registry();
    let user = resource(&registry, "User", sample());
    run(preset, &user, &registry, &operations)
        .map(|o| o.0)
        .map_err(|e| e.code())
}

/// The sample with some members of the top object replaced (null removes).
fn expect(changes: Json) -> Result<Json, &'static str> {
    let mut json = sample();
    for (name, value) in changes.as_object().unwrap() {
        let object = json.as_object_mut().unwrap();
        if value.is_null() {
            object.remove(name)
        } else {
            object.insert(name.clone(), value.clone())
        };
    }
    Ok(json)
}

fn strict(operation: Json) -> Result<Json, &'static str> {
    patch(Preset::Strict, json!([operation]))
}

fn lenient(operation: Json) -> Result<Json, &'static str> {
    patch(Preset::Lenient, json!([operation]))
}

#[test]
fn add_replace_remove_of_singular_values() {
    assert_eq!(
        strict(json!({"op": "add", "path": "nickName", "value": "n"})),
        expect(json!({"nickName": "n"}))
    );
    assert_eq!(
        strict(json!({"op": "replace", "path": "TITLE", "value": "u"})),
        expect(json!({"title": "u"}))
    );
    assert_eq!(
        strict(json!({"op": "remove", "path": "title"})),
        expect(json!({"title": null}))
    );
    assert_eq!(
        strict(json!({"op": "replace", "path": "title", "value": null})),
        expect(json!({"title": null}))
    );
    assert_eq!(
        strict(json!({"op": "replace", "value": {"title": "u", "active": false}})),
        expect(json!({"title": "u", "active": false}))
    );
    let name = json!({"name": {"givenName": "G", "familyName": "f"}});
    assert_eq!(
        strict(json!({"op": "replace", "path": "name", "value": {"givenName": "G"}})),
        expect(name.clone())
    );
    assert_eq!(
        strict(json!({"op": "add", "path": "name.givenName", "value": "G"})),
        expect(name)
    );
    assert_eq!(
        strict(json!({"op": "remove", "path": "name"})),
        expect(json!({"name": null}))
    );
    let path = format!("{ENTERPRISE_USER}:department");
    assert_eq!(
        strict(json!({"op": "remove", "path": path})),
        expect(json!({ENTERPRISE_USER: null}))
    );
    assert_eq!(
        strict(json!({"op": "remove", "path": ENTERPRISE_USER})),
        expect(json!({ENTERPRISE_USER: null}))
    );
    let changed = json!({ENTERPRISE_USER: {"department": "e"}});
    assert_eq!(
        strict(json!({"op": "add", "value": changed.clone()})),
        expect(changed)
    );
}

#[test]
fn multi_valued_attributes_and_value_paths() {
    let work = json!({"type": "work", "value": "w@x", "primary": true});
    let home = json!({"type": "home", "value": "h@x"});
    let other = json!({"type": "other", "value": "o@x"});
    let emails = |list: Json| expect(json!({"emails": list}));
    assert_eq!(
        strict(json!({"op": "add", "path": "emails", "value": [other]})),
        emails(json!([work, home, other]))
    );
    assert_eq!(
        strict(json!({"op": "add", "path": "emails", "value": other})),
        emails(json!([work, home, other]))
    );
    assert_eq!(
        strict(json!({"op": "add", "path": "emails", "value": [home]})),
        emails(json!([work, home])),
        "no duplicate"
    );
    assert_eq!(
        strict(json!({"op": "replace", "path": "emails", "value": [other]})),
        emails(json!([other]))
    );
    assert_eq!(
        strict(json!({"op": "remove", "path": "emails[type eq \"home\"]"})),
        emails(json!([work]))
    );
    assert_eq!(
        strict(json!({"op": "remove", "path": "emails[value sw \"\"]"})),
        expect(json!({"emails": null}))
    );
    assert_eq!(
        strict(json!({"op": "replace", "path": "emails[type eq \"home\"].value", "value": "z"})),
        emails(json!([work, {"type": "home", "value": "z"}]))
    );
    assert_eq!(
        strict(json!({"op": "remove", "path": "emails[type eq \"home\"].value"})),
        emails(json!([work, {"type": "home"}]))
    );
    assert_eq!(
        strict(
            json!({"op": "replace", "path": "emails[type eq \"home\"]", "value": {"value": "z"}})
        ),
        emails(json!([work, {"value": "z"}])),
        "the record is replaced"
    );
    assert_eq!(
        strict(json!({"op": "add", "path": "emails[type eq \"home\"]", "value": {"display": "z"}})),
        emails(json!([work, {"type": "home", "value": "h@x", "display": "z"}]))
    );
    assert_eq!(
        strict(json!({"op": "remove", "path": "urn:example:x:tags[value eq \"P\"]"})),
        expect(json!({"urn:example:x": {"badge": "b", "tags": ["q"], "rank": "r"}}))
    );
}

#[test]
fn a_new_primary_demotes_the_old_one() {
    let demoted = json!({"emails": [{"type": "work", "value": "w@x", "primary": false}, {"type": "home", "value": "h@x", "primary": true}]});
    assert_eq!(
        strict(json!({"op": "add", "path": "emails[type eq \"home\"].primary", "value": true})),
        expect(demoted)
    );
    let both = json!({"op": "replace", "path": "emails[value pr].primary", "value": true});
    assert_eq!(strict(both.clone()), Err("value.primary"));
    let first = json!({"emails": [{"type": "work", "value": "w@x", "primary": true}, {"type": "home", "value": "h@x", "primary": false}]});
    assert_eq!(lenient(both), expect(first));
}

#[test]
fn refusals_have_the_exact_code() {
    for (operation, code) in [
        (json!({"op": "move", "path": "title"}), "patch.operation"),
        (
            json!({"op": "Replace", "path": "title", "value": "x"}),
            "patch.operation",
        ),
        (json!({"path": "title", "value": "x"}), "patch.operation"),
        (json!({"op": "remove"}), "patch.no_target"),
        (json!({"op": "add", "path": "title"}), "patch.value"),
        (json!({"op": "add", "value": "x"}), "patch.value"),
        (
            json!({"op": "remove", "path": "emails", "value": [{"type": "work"}]}),
            "patch.value",
        ),
        (
            json!({"op": "add", "path": "a b", "value": 1}),
            "path.syntax",
        ),
        (json!({"op": "add", "path": 1, "value": 1}), "path.syntax"),
        (
            json!({"op": "add", "path": "shoe", "value": 1}),
            "path.attribute_unknown",
        ),
        (
            json!({"op": "remove", "path": "name.shoe"}),
            "path.attribute_unknown",
        ),
        (
            json!({"op": "remove", "path": "emails[type pr].shoe"}),
            "path.attribute_unknown",
        ),
        (
            json!({"op": "remove", "path": "name[givenName pr]"}),
            "path.filter",
        ),
        (
            json!({"op": "remove", "path": "emails[shoe pr]"}),
            "filter.attribute_unknown",
        ),
        (
            json!({"op": "remove", "path": "emails[type eq 1]"}),
            "filter.value",
        ),
        (
            json!({"op": "remove", "path": "emails[type eq"}),
            "filter.syntax",
        ),
        (
            json!({"op": "replace", "path": "emails[type eq \"other\"].value", "value": "x"}),
            "patch.no_target",
        ),
        (
            json!({"op": "remove", "path": "emails[type eq \"other\"]"}),
            "patch.no_target",
        ),
        (
            json!({"op": "add", "value": {"shoe": 1}}),
            "attribute.unknown",
        ),
        (
            json!({"op": "add", "value": {"name.givenName": "x"}}),
            "attribute.unknown",
        ),
        (
            json!({"op": "replace", "path": "title", "value": 1}),
            "value.type",
        ),
        (
            json!({"op": "replace", "path": "emails", "value": {"value": "x"}}),
            "value.type",
        ),
        (
            json!({"op": "replace", "path": "id", "value": "other"}),
            "mutability.read_only",
        ),
        (
            json!({"op": "remove", "path": "id"}),
            "mutability.read_only",
        ),
        (
            json!({"op": "replace", "path": "meta", "value": {"version": "x"}}),
            "mutability.read_only",
        ),
        (
            json!({"op": "add", "path": "groups", "value": [{"value": "g"}]}),
            "mutability.read_only",
        ),
        (
            json!({"op": "remove", "path": "groups[value eq \"g\"]"}),
            "mutability.read_only",
        ),
        (
            json!({"op": "replace", "path": "urn:example:x:rank", "value": "s"}),
            "mutability.read_only",
        ),
        (
            json!({"op": "replace", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName", "value": "s"}),
            "mutability.read_only",
        ),
        (
            json!({"op": "replace", "path": "urn:example:x:badge", "value": "c"}),
            "mutability.immutable",
        ),
        (
            json!({"op": "remove", "path": "urn:example:x:badge"}),
            "mutability.immutable",
        ),
        (
            json!({"op": "remove", "path": "userName"}),
            "mutability.required",
        ),
        (
            json!({"op": "replace", "path": "userName", "value": ""}),
            "attribute.required",
        ),
        (json!(1), "message.shape"),
    ] {
        assert_eq!(strict(operation.clone()), Err(code), "{operation}");
    }
    assert_eq!(patch(Preset::Strict, json!([])), Err("message.shape"));
    assert_eq!(
        patch(
            Preset::Strict,
            json!(vec![json!({"op": "remove", "path": "title"}); 1001])
        ),
        Err("patch.too_many")
    );
}

#[test]
fn an_equal_read_only_or_immutable_value_is_ignored() {
    assert_eq!(
        strict(json!({"op": "replace", "value": {"id": "id-1", "title": "u"}})),
        expect(json!({"title": "u"}))
    );
    assert_eq!(
        strict(json!({"op": "replace", "path": "urn:example:x:rank", "value": "r"})),
        expect(json!({}))
    );
    assert_eq!(
        strict(json!({"op": "add", "path": "urn:example:x:badge", "value": "b"})),
        expect(json!({}))
    );
    assert_eq!(
        strict(json!({"op": "add", "value": {"schemas": ["x"], "meta": {"version": "1"}}})),
        expect(json!({}))
    );
}

#[test]
fn all_or_nothing() {
    let operations = json!([{"op": "replace", "path": "title", "value": "u"}, {"op": "remove", "path": "userName"}]);
    assert_eq!(
        patch(Preset::Strict, operations),
        Err("mutability.required")
    );
    // Required at the end, not in between.
    let operations = json!([{"op": "remove", "path": "userName"}, {"op": "add", "path": "userName", "value": "b"}]);
    assert_eq!(
        patch(Preset::Strict, operations),
        expect(json!({"userName": "b"}))
    );
}

#[test]
fn entra_creates_what_a_value_path_misses_and_says_so() {
    let registry = registry();
    let user = resource(&registry, "User", json!({"userName": "a"}));
    let operations = json!([
        {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "w"},
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Add", "path": format!("{ENTERPRISE_USER}:manager"), "value": "m-1"},
        {"op": "Replace", "path": "phoneNumbers[type eq \"mobile\" and primary eq \"True\"].value", "value": "1"},
        {"op": "replace", "value": {"name.givenName": "G", format!("{ENTERPRISE_USER}:employeeNumber"): "7", "addresses[type eq \"work\"].locality": "L"}},
        {"op": "Remove", "path": "ims[type eq \"aim\"]"},
        {"op": "add", "path": "department", "value": "D"},
    ]);
    let (json, rules, _) = run(Preset::Entra, &user, &registry, &operations).unwrap();
    assert_eq!(
        json,
        json!({"userName": "a", "active": false, "name": {"givenName": "G"},
            "emails": [{"type": "work", "value": "w"}], "addresses": [{"type": "work", "locality": "L"}],
            "phoneNumbers": [{"type": "mobile", "primary": true, "value": "1"}],
            ENTERPRISE_USER: {"manager": {"value": "m-1"}, "employeeNumber": "7", "department": "D"}})
    );
    for rule in [
        RewriteRule::OperationCase,
        RewriteRule::CreateMissing,
        RewriteRule::StringBoolean,
        RewriteRule::ComplexShape,
        RewriteRule::PathlessDotted,
        RewriteRule::RemoveMissing,
        RewriteRule::UnprefixedExtension,
    ] {
        assert!(rules.contains(&rule), "{rule:?} in {rules:?}");
    }
}

#[test]
fn remove_with_a_value_array_removes_only_those() {
    let removed = lenient(
        json!({"op": "remove", "path": "emails", "value": [{"type": "HOME", "value": "h@x"}, {"value": "nobody"}]}),
    );
    assert_eq!(
        removed,
        expect(json!({"emails": [{"type": "work", "value": "w@x", "primary": true}]}))
    );
    assert_eq!(
        lenient(json!({"op": "remove", "path": "emails", "value": []})),
        expect(json!({}))
    );
    assert_eq!(
        lenient(json!({"op": "remove", "path": "urn:example:x:tags", "value": ["q"]})),
        expect(json!({"urn:example:x": {"badge": "b", "tags": ["p"], "rank": "r"}}))
    );
    assert_eq!(
        lenient(json!({"op": "remove", "path": "emails.value", "value": "x"})),
        Err("patch.value")
    );
}

fn members(preset: Preset, operations: Json) -> Result<MemberDelta, &'static str> {
    let registry = registry();
    let mut group = resource(&registry, "Group", json!({"displayName": "g"}));
    group.members = Some(vec![Member::new(
        ResourceId::new("u"),
        None,
        Some("Ann".into()),
    )]);
    run(preset, &group, &registry, &operations)
        .map(|o| o.2)
        .map_err(|e| e.code())
}

#[test]
fn members_become_a_delta_without_being_loaded() {
    let ids = |list: &[&str]| {
        list.iter()
            .map(|id| ResourceId::new(*id))
            .collect::<Vec<_>>()
    };
    let add = json!({"op": "add", "path": "members", "value": [{"value": "a"}, {"value": "b", "display": "x"}]});
    let delta = members(
        Preset::Strict,
        json!([add, {"op": "remove", "path": "members[value eq \"b\" or value eq \"c\"]"}]),
    )
    .unwrap();
    assert_eq!(
        (
            delta.clear(),
            delta.add().iter().cloned().collect::<Vec<_>>()
        ),
        (false, ids(&["a"]))
    );
    assert_eq!(
        delta.remove().iter().cloned().collect::<Vec<_>>(),
        ids(&["b", "c"])
    );
    let array =
        json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "b"}]}]);
    let mut only = MemberDelta::default();
    only.leave(ResourceId::new("b"));
    assert_eq!(members(Preset::Entra, array.clone()), Ok(only));
    assert_eq!(members(Preset::Strict, array), Err("patch.operation"));
    assert_eq!(
        members(
            Preset::Strict,
            json!([{"op": "replace", "path": "members", "value": []}])
        ),
        Ok(MemberDelta::exactly([]))
    );
    assert_eq!(
        members(Preset::Strict, json!([{"op": "remove", "path": "members"}])),
        Ok(MemberDelta::exactly([]))
    );
    assert_eq!(
        members(
            Preset::Okta,
            json!([{"op": "replace", "value": {"id": "id-1", "displayName": "h"}}])
        ),
        Ok(MemberDelta::default())
    );
    let shown = members(
        Preset::Strict,
        json!([{"op": "remove", "path": "members[display eq \"ann\"]"}]),
    )
    .unwrap();
    assert_eq!(
        shown.remove().iter().cloned().collect::<Vec<_>>(),
        ids(&["u"])
    );
    let change = json!([{"op": "replace", "path": "members[value eq \"u\"].value", "value": "v"}]);
    assert_eq!(
        members(Preset::Lenient, change),
        Err("mutability.immutable")
    );
    assert_eq!(
        members(
            Preset::Strict,
            json!([{"op": "add", "path": "members", "value": [{"display": "x"}]}])
        ),
        Err("value.type")
    );
}

fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "emails",
        "emails[type eq \"work\"]",
        "emails[type eq \"x\"].value",
        "emails.value",
        "name",
        "name.givenName",
        "members",
        "members[value eq \"a\"]",
        "id",
        "meta",
        "title",
        "active",
        ENTERPRISE_USER,
        "manager",
        "urn:example:x:tags[value eq \"p\"]",
        "[",
        "x.y",
        "",
    ])
    .prop_map(str::to_owned)
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        "[a-z\"]{0,5}".prop_map(Json::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop_oneof![
            word(),
            prop::sample::select(vec!["value", "type", "primary", "$ref"]).prop_map(str::to_owned)
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|pairs| Json::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn patching_never_panics_and_stays_canonical(
        operations in prop::collection::vec((prop::sample::select(vec!["add", "replace", "remove", "Add"]), word(), any_json()), 1..5),
        preset in prop::sample::select(Preset::ALL.to_vec()),
        group in any::<bool>(),
    ) {
        let registry = registry();
        let subject = if group { resource(&registry, "Group", json!({"displayName": "g"})) } else { resource(&registry, "User", sample()) };
        let list: Vec<Json> = operations.iter().map(|(op, path, value)| json!({"op": op, "path": path, "value": value})).collect();
        if let Ok((json, ..)) = run(preset, &subject, &registry, &json!(list)) {
            let again: Document = resource(&registry, if group { "Group" } else { "User" }, json.clone()).document;
            prop_assert_eq!(again.to_json(&registry), json);
        }
    }
}

#[test]
fn user_constant_is_the_core_schema() {
    assert!(registry().schema_by_urn(USER).is_some());
}
