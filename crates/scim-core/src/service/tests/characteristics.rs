//! Every characteristic of RFC 7643 §2.2 and §7, on attributes and on parts, over every verb.

use serde_json::{Value as Json, json};

use crate::dialect::Preset;
use crate::schema::{ENTERPRISE_USER, GROUP, RegistryBuilder, USER};
use crate::service::Response;
use crate::testing::{Bench, code};

const X: &str = "urn:example:x";

/// A user with an extension that has every characteristic.
fn bench(preset: Preset) -> Bench {
    let schema = json!({"id": X, "name": "X", "attributes": [
        {"name": "made", "mutability": "readOnly", "required": true},
        {"name": "badge", "mutability": "immutable"},
        {"name": "pin", "mutability": "writeOnly", "returned": "never"},
        {"name": "hidden", "returned": "never"},
        {"name": "asked", "returned": "request"},
        {"name": "always", "returned": "always"},
        {"name": "exact", "caseExact": true},
        {"name": "size", "canonicalValues": ["small", "large"]},
        {"name": "number", "type": "integer", "uniqueness": "server"},
        {"name": "list", "multiValued": true},
        {"name": "one", "type": "complex", "subAttributes": [
            {"name": "value"}, {"name": "fixed", "mutability": "immutable"},
            {"name": "secret", "mutability": "writeOnly", "returned": "default"},
            {"name": "hidden", "returned": "never"}, {"name": "asked", "returned": "request"},
            {"name": "always", "returned": "always"}]},
        {"name": "many", "type": "complex", "multiValued": true, "subAttributes": [
            {"name": "value", "required": true}, {"name": "type"},
            {"name": "primary", "type": "boolean"}, {"name": "hidden", "returned": "never"},
            {"name": "code", "uniqueness": "server", "caseExact": true}]}]});
    let registry = RegistryBuilder::standard()
        .schema_json(&schema.to_string())
        .unwrap()
        .extend("User", X, false)
        .build()
        .unwrap();
    Bench::with(preset, registry)
}

fn user(name: &str, extension: &Json) -> Json {
    json!({"schemas": [USER, X], "userName": name, X: extension})
}

fn operation(bench: &Bench, id: &str, operation: &Json) -> Response {
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [operation]});
    bench.call("PATCH", &format!("/Users/{id}"), &body)
}

fn shown(response: Response) -> Json {
    assert!(response.status < 300, "{:?}", response.body);
    response.body.unwrap()[X].clone()
}

#[test]
fn mutability_read_only_is_ignored_by_post_and_put_and_refused_by_patch() {
    let bench = bench(Preset::Strict);
    let id = bench.make(
        "/Users",
        &user("ann", &json!({"made": "by me", "size": "small"})),
    );
    let path = format!("/Users/{id}");
    assert_eq!(
        shown(bench.get(&path)),
        json!({"size": "small"}),
        "required, but not the client's"
    );
    let put = bench.call("PUT", &path, &user("ann", &json!({"made": "again"})));
    assert_eq!(put.body.unwrap().get(X), None);
    for operation_ in [
        json!({"op": "add", "path": format!("{X}:made"), "value": "x"}),
        json!({"op": "replace", "value": {(X): {"made": "x"}}}),
        json!({"op": "remove", "path": "id"}),
        json!({"op": "replace", "path": "meta.version", "value": "x"}),
        json!({"op": "add", "path": "groups", "value": [{"value": "g"}]}),
    ] {
        let response = operation(&bench, &id, &operation_);
        assert_eq!(code(&response), "mutability.read_only", "{operation_}");
        assert_eq!(response.body.unwrap()["scimType"], "mutability");
    }
    let put = json!({"schemas": [USER], "userName": "ann", "id": "other", "meta": {"version": "9"},
        "groups": [{"value": "g"}]});
    let body = bench.call("PUT", &path, &put).body.unwrap();
    assert_eq!(
        (&body["id"], &body["meta"]["version"]),
        (&json!(id), &json!("W/\"2\""))
    );
    assert!(body.get("groups").is_none());
}

#[test]
fn mutability_immutable_is_set_once() {
    let bench = bench(Preset::Strict);
    let id = bench.make("/Users", &user("ann", &json!({"one": {"value": "v"}})));
    let path = format!("/Users/{id}");
    let set = json!({"badge": "b", "one": {"value": "v", "fixed": "f"}});
    assert_eq!(shown(bench.call("PUT", &path, &user("ann", &set))), set);
    for changed in [
        json!({"badge": "c"}),
        json!({"one": {"value": "v", "fixed": "g"}}),
    ] {
        let response = bench.call("PUT", &path, &user("ann", &changed));
        assert_eq!(code(&response), "mutability.immutable", "{changed}");
        let response = operation(
            &bench,
            &id,
            &json!({"op": "replace", "value": {(X): changed}}),
        );
        assert_eq!(code(&response), "mutability.immutable");
    }
    let response = operation(
        &bench,
        &id,
        &json!({"op": "remove", "path": format!("{X}:one.fixed")}),
    );
    assert_eq!(code(&response), "mutability.immutable");
    // Left out, they stay; sent as they are, they are the same
    let put = bench.call("PUT", &path, &user("ann", &json!({"one": {"value": "w"}})));
    assert_eq!(
        shown(put),
        json!({"badge": "b", "one": {"value": "w", "fixed": "f"}})
    );
    let put = bench.call("PUT", &path, &user("ann", &json!({"badge": "b"})));
    assert_eq!(shown(put), json!({"badge": "b", "one": {"fixed": "f"}}));
}

#[test]
fn what_is_write_only_or_never_returned_is_neither_shown_nor_found() {
    let bench = bench(Preset::Strict);
    let secret = json!({"pin": "1234", "hidden": "h", "one": {"value": "v", "secret": "s", "hidden": "h"},
        "many": [{"value": "m", "hidden": "h"}]});
    let mut body = user("ann", &secret);
    body["password"] = "p4ss".into();
    let names =
        format!("{X}:pin,{X}:hidden,{X}:one.secret,{X}:one.hidden,{X}:many.hidden,password");
    let made = bench.call("POST", &format!("/Users?attributes={names}"), &body);
    assert_eq!(made.status, 201);
    let id = made.body.as_ref().unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/Users/{id}");
    let patch = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [
        {"op": "replace", "path": "password", "value": "n3w"},
        {"op": "add", "path": format!("{X}:one.secret"), "value": "s"}]});
    let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "attributes": names.split(',').collect::<Vec<_>>()});
    let answers = [
        made,
        bench.get(&path),
        bench.get(&format!("{path}?attributes={names}")),
        bench.get(&format!("/Users?attributes={names}")),
        bench.call("POST", "/Users/.search", &search),
        bench.call("PUT", &format!("{path}?attributes={names}"), &body),
        bench.call("PATCH", &format!("{path}?attributes={names}"), &patch),
    ];
    for answer in answers {
        assert!(answer.status < 300, "{:?}", answer.body);
        let text = answer.body.unwrap().to_string();
        for name in ["pin", "hidden", "secret", "password", "1234", "p4ss"] {
            assert!(!text.contains(name), "{name} in {text}");
        }
    }
    for filter in [
        "password pr",
        "password sw \"p\"",
        &format!("{X}:pin eq \"1234\""),
        &format!("{X}:hidden pr"),
        &format!("{X}:one.secret pr"),
        &format!("{X}:one.hidden eq \"h\""),
        &format!("{X}:many.hidden eq \"h\""),
        &format!("{X}:many[hidden eq \"h\"]"),
        &format!("userName pr and not ({X}:many[value pr and not (hidden eq \"h\")])"),
    ] {
        let query = filter.replace(' ', "%20").replace('"', "%22");
        let response = bench.get(&format!("/Users?filter={query}"));
        assert_eq!(code(&response), "filter.secret", "{filter}");
        assert_eq!(response.body.unwrap()["scimType"], "invalidFilter");
    }
    for by in [
        "password".to_owned(),
        format!("{X}:hidden"),
        format!("{X}:one.secret"),
        format!("{X}:many.hidden"),
    ] {
        assert_eq!(
            code(&bench.get(&format!("/Users?sortBy={by}"))),
            "filter.secret",
            "{by}"
        );
    }
    let remove = json!({"op": "remove", "path": format!("{X}:many[hidden eq \"h\"]")});
    assert_eq!(
        code(&operation(&bench, &id, &remove)),
        "filter.secret",
        "nor by PATCH"
    );
}

#[test]
fn returned_says_when_an_attribute_is_shown() {
    let bench = bench(Preset::Strict);
    let all = json!({"asked": "a", "always": "b", "size": "large", "exact": "E",
        "one": {"value": "v", "asked": "a", "always": "b"}});
    let id = bench.make("/Users", &user("ann", &all));
    let path = format!("/Users/{id}");
    let get = |query: &str| {
        let body = bench.get(&format!("{path}?{query}")).body.unwrap();
        assert_eq!(
            (&body["id"], body["schemas"].is_array()),
            (&json!(id), true),
            "{query}"
        );
        body
    };
    let minimum = json!({"always": "b", "one": {"always": "b"}});
    assert_eq!(
        get("")[X],
        json!({"always": "b", "size": "large", "exact": "E", "one": {"value": "v", "always": "b"}})
    );
    assert_eq!(get("attributes=userName")[X], minimum);
    assert_eq!(get("attributes=userName").get("meta"), None);
    assert_eq!(
        get(&format!("attributes={X}:asked,URN:EXAMPLE:X:one.ASKED"))[X],
        json!({"asked": "a", "always": "b", "one": {"asked": "a", "always": "b"}})
    );
    assert_eq!(
        get(&format!("attributes={X}:one"))[X],
        json!({"always": "b", "one": {"value": "v", "always": "b"}}),
        "a whole attribute brings what it shows by itself"
    );
    assert_eq!(
        get(&format!(
            "excludedAttributes={X}:always,{X}:one,id,schemas,{X}:exact"
        ))[X],
        json!({"always": "b", "size": "large", "one": {"always": "b"}})
    );
    assert_eq!(
        get(&format!(
            "excludedAttributes={X}:one.value,{X}:one.always,meta.location"
        ))[X]["one"],
        json!({"always": "b"})
    );
    assert_eq!(get(&format!("excludedAttributes={X}"))[X], minimum);
    let meta = get("attributes=meta.version")["meta"].clone();
    assert_eq!(meta, json!({"version": "W/\"1\""}));
    let both = bench.get(&format!(
        "{path}?attributes=userName&excludedAttributes=title"
    ));
    assert_eq!(code(&both), "projection.both");
    // Names that nobody knows ask for nothing
    assert_eq!(get("attributes=shoe")[X], minimum);
}

#[test]
fn attributes_and_their_exclusion_work_on_every_verb_with_a_body() {
    let bench = bench(Preset::Strict);
    let mut body = user("ann", &json!({"size": "small"}));
    body["name"] = json!({"givenName": "Ann", "familyName": "Lee"});
    body["schemas"]
        .as_array_mut()
        .unwrap()
        .push(ENTERPRISE_USER.into());
    body[ENTERPRISE_USER] = json!({"department": "d", "costCenter": "c"});
    let only = format!("attributes={USER}:name.familyName,{ENTERPRISE_USER}:department");
    let without =
        format!("excludedAttributes=NAME.familyname,{ENTERPRISE_USER},meta,{USER}:userName");
    let id = bench.make("/Users", &body);
    let path = format!("/Users/{id}");
    let mut second = body.clone();
    let patch = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "title", "value": "x"}]});
    for (query, named) in [(&only, true), (&without, false)] {
        second["userName"] = format!("second {named}").into();
        let parts: Vec<&str> = query.split_once('=').unwrap().1.split(',').collect();
        let list = if named {
            "attributes"
        } else {
            "excludedAttributes"
        };
        let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            (list): parts, "filter": "userName eq \"ann\""});
        let of_list = |response: Response| response.body.unwrap()["Resources"][0].clone();
        let root = bench.call("POST", "/.search", &search);
        let answers = [
            bench
                .call("POST", &format!("/Users?{query}"), &second)
                .body
                .unwrap(),
            bench.get(&format!("{path}?{query}")).body.unwrap(),
            bench
                .call("PUT", &format!("{path}?{query}"), &body)
                .body
                .unwrap(),
            bench
                .call("PATCH", &format!("{path}?{query}"), &patch)
                .body
                .unwrap(),
            of_list(bench.get(&format!("/Users?{query}"))),
            of_list(bench.get(&format!("/?{query}"))),
            of_list(bench.call("POST", "/Users/.search", &search)),
            of_list(root),
        ];
        for answer in answers {
            if named {
                assert_eq!(answer["name"], json!({"familyName": "Lee"}), "{answer}");
                assert_eq!(answer[ENTERPRISE_USER], json!({"department": "d"}));
                assert!(answer.get("userName").is_none() && answer.get("meta").is_none());
            } else {
                assert_eq!(answer["name"], json!({"givenName": "Ann"}), "{answer}");
                assert!(answer.get(ENTERPRISE_USER).is_none() && answer.get("userName").is_none());
                assert_eq!(answer[X], json!({"size": "small"}));
            }
        }
    }
    // A PATCH that would be answered by 204 has a body when attributes are asked for
    let group = bench.group("g", &[&id]);
    let patch = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "displayName", "value": "h"}]});
    let mut quiet = Bench {
        service: bench.service.clone(),
        connection: bench.connection.clone(),
        at: bench.at.clone(),
    };
    quiet.connection.dialect.patch_reply_group = crate::dialect::PatchReply::NoContent;
    let path = format!("/Groups/{group}");
    assert_eq!(quiet.call("PATCH", &path, &patch).status, 204);
    let asked = quiet.call("PATCH", &format!("{path}?attributes=members.value"), &patch);
    assert_eq!(asked.status, 200);
    assert_eq!(asked.body.unwrap()["members"], json!([{"value": id}]));
}

#[test]
fn uniqueness_holds_for_attributes_and_parts_as_their_case_says() {
    let bench = bench(Preset::Strict);
    let many = |code: &str| json!({"many": [{"value": "a"}, {"value": "b", "code": code}]});
    bench.make(
        "/Users",
        &user("ann", &json!({"number": 7, "many": many("C1")["many"]})),
    );
    for (extension, taken) in [
        (json!({"number": 7}), format!("`{X}:number`")),
        (many("C1"), format!("`{X}:many.code`")),
    ] {
        let response = bench.call("POST", "/Users", &user("bob", &extension));
        assert_eq!(
            (response.status, code(&response).as_str()),
            (409, "resource.uniqueness")
        );
        let body = response.body.unwrap();
        assert_eq!(body["scimType"], "uniqueness");
        assert!(body["detail"].as_str().unwrap().contains(&taken), "{body}");
    }
    assert_eq!(
        bench
            .call("POST", "/Users", &user("bob", &many("c1")))
            .status,
        201,
        "caseExact"
    );
    let id = bench.make("/Users", &user("eve", &Json::Null));
    for change in [
        json!({"op": "replace", "path": "userName", "value": "ANN"}),
        json!({"op": "add", "path": format!("{X}:number"), "value": 7}),
    ] {
        assert_eq!(
            code(&operation(&bench, &id, &change)),
            "resource.uniqueness"
        );
    }
    let put = bench.call("PUT", &format!("/Users/{id}"), &user("Ann", &Json::Null));
    assert_eq!(code(&put), "resource.uniqueness");
}

#[test]
fn case_exact_decides_filters_and_sorts() {
    let bench = bench(Preset::Strict);
    for (name, exact) in [("b", "b"), ("A", "B"), ("c", "a")] {
        bench.make(
            "/Users",
            &user(
                name,
                &json!({"exact": exact, "size": exact.to_uppercase().replace(['A', 'B'], "small")}),
            ),
        );
    }
    let names = |query: &str| {
        let body = bench.get(&format!("/Users?{query}")).body.unwrap();
        let list = body["Resources"].as_array().unwrap().clone();
        list.iter()
            .map(|u| u["userName"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&format!("filter={X}:exact%20eq%20%22B%22")), ["A"]);
    assert_eq!(names("filter=USERNAME%20EQ%20%22B%22"), ["b"]);
    assert_eq!(names(&format!("sortBy={X}:exact")), ["A", "c", "b"]);
    assert_eq!(names("sortBy=userName"), ["A", "b", "c"]);
    let kept = bench.get(&format!(
        "/Users?filter=userName%20eq%20%22a%22&attributes={X}:exact"
    ));
    assert_eq!(
        kept.body.unwrap()["Resources"][0][X]["exact"],
        "B",
        "case is kept"
    );
}

#[test]
fn required_and_canonical_values_and_types_are_checked_on_every_write() {
    let bench = bench(Preset::Strict);
    let id = bench.make("/Users", &user("ann", &json!({"many": [{"value": "a"}]})));
    let path = format!("/Users/{id}");
    for (extension, wanted) in [
        (json!({"size": "medium"}), "value.canonical"),
        (json!({"many": [{"type": "t"}]}), "attribute.required"),
        (json!({"number": 1.5}), "value.type"),
        (json!({"number": 1.0}), "value.type"),
        (json!({"list": "one"}), "value.type"),
        (json!({"exact": ["one"]}), "value.type"),
        (json!({"one": "text"}), "value.type"),
        (json!({"shoe": 1}), "attribute.unknown"),
        (
            json!({"many": [{"value": "a", "primary": true}, {"value": "b", "primary": true}]}),
            "value.primary",
        ),
    ] {
        let (post, put) = (
            bench.call("POST", "/Users", &user("bob", &extension)),
            bench.call("PUT", &path, &user("ann", &extension)),
        );
        let patch = operation(
            &bench,
            &id,
            &json!({"op": "add", "value": {(X): extension}}),
        );
        assert_eq!(
            (code(&post), code(&put), code(&patch)),
            (wanted.into(), wanted.into(), wanted.into()),
            "{extension}"
        );
    }
    let nameless = json!({"schemas": [USER], "displayName": "x"});
    assert_eq!(
        code(&bench.call("PUT", &path, &nameless)),
        "attribute.required"
    );
    let remove = operation(&bench, &id, &json!({"op": "remove", "path": "userName"}));
    assert_eq!(code(&remove), "mutability.required");
    assert_eq!(remove.body.unwrap()["scimType"], "mutability");
    let group = bench.call("POST", "/Groups", &json!({"schemas": [GROUP]}));
    assert_eq!(code(&group), "attribute.required", "erratum 5368");
}

#[test]
fn a_required_secret_is_asked_for_when_a_resource_is_made_and_never_kept() {
    let schema = json!({"id": X, "attributes": [
        {"name": "pin", "mutability": "writeOnly", "returned": "never", "required": true},
        {"name": "title"}]});
    let registry = RegistryBuilder::standard()
        .schema_json(&schema.to_string())
        .unwrap()
        .extend("User", X, true)
        .build()
        .unwrap();
    let bench = Bench::with(Preset::Strict, registry);
    let without = bench.call("POST", "/Users", &user("ann", &json!({"title": "t"})));
    assert_eq!(code(&without), "attribute.required");
    let id = bench.make("/Users", &user("ann", &json!({"pin": "1", "title": "t"})));
    let path = format!("/Users/{id}");
    let put = bench.call("PUT", &path, &user("ann", &json!({"title": "u"})));
    assert_eq!(shown(put), json!({"title": "u"}));
    let patch = json!({"op": "replace", "path": format!("{X}:title"), "value": "v"});
    assert_eq!(shown(operation(&bench, &id, &patch)), json!({"title": "v"}));
}

#[test]
fn a_value_is_not_there_twice() {
    let bench = bench(Preset::Strict);
    let many = json!([{"value": "a", "type": "t"}, {"value": "b"}, {"type": "t", "value": "a"}]);
    let extension = json!({"list": ["x", "y", "x"], "many": many});
    let made = shown(bench.call("POST", "/Users", &user("ann", &extension)));
    assert_eq!(
        made,
        json!({"list": ["x", "y"], "many": [{"value": "a", "type": "t"}, {"value": "b"}]})
    );
}

#[test]
fn schemas_say_what_is_there_and_may_be_named_in_a_patch() {
    let bench = bench(Preset::Strict);
    let id = bench.user("ann");
    let schemas = |body: Option<Json>| body.unwrap()["schemas"].clone();
    let name = |urn: &str| json!({"op": "add", "path": "schemas", "value": [urn]});
    let added = operation(&bench, &id, &name(X));
    assert_eq!(schemas(added.body), json!([USER]), "nothing of it is there");
    assert_eq!(
        code(&operation(&bench, &id, &name("urn:other"))),
        "mutability.read_only"
    );
    let title = json!({"op": "add", "path": format!("{X}:size"), "value": "small"});
    let added = operation(&bench, &id, &title);
    assert_eq!(
        schemas(added.body),
        json!([USER, X]),
        "by an attribute with its full name"
    );
    let twice = json!({"schemas": [USER, USER, X], "userName": "bob", X: {"size": "small"}});
    assert_eq!(
        schemas(bench.call("POST", "/Users", &twice).body),
        json!([USER, X])
    );
    let foreign = json!({"schemas": [USER, GROUP], "userName": "eve"});
    assert_eq!(
        code(&bench.call("POST", "/Users", &foreign)),
        "schemas.unknown"
    );
}

#[test]
fn a_patch_of_a_whole_extension_leaves_what_is_not_the_clients() {
    let bench = bench(Preset::Strict);
    let id = bench.make(
        "/Users",
        &user("ann", &json!({"size": "small", "list": ["a"]})),
    );
    let null = |op: &str| json!({"op": op, "value": {(X): null}});
    let kept = operation(&bench, &id, &null("add"));
    assert_eq!(
        shown(kept),
        json!({"size": "small", "list": ["a"]}),
        "adding nothing"
    );
    let gone = operation(&bench, &id, &null("replace"));
    assert_eq!(shown(gone), Json::Null);
    let set = operation(
        &bench,
        &id,
        &json!({"op": "add", "path": X, "value": {"size": "large"}}),
    );
    assert_eq!(shown(set), json!({"size": "large"}));
    let gone = operation(&bench, &id, &json!({"op": "remove", "path": X}));
    assert_eq!(shown(gone), Json::Null);
}
