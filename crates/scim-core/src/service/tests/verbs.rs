use serde_json::{Value as Json, json};

use crate::dialect::{Preset, RewriteRule};
use crate::event::EventKind;
use crate::schema::{ENTERPRISE_USER, GROUP, USER};
use crate::service::Request;
use crate::testing::{Bench, code};
use crate::token::{Access, Scopes};

fn strict() -> Bench {
    Bench::new(Preset::Strict)
}

fn patch(operations: &Json) -> Json {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

#[test]
fn a_user_lives_and_dies() {
    let bench = strict();
    let body = json!({"schemas": [USER, ENTERPRISE_USER], "id": "mine", "userName": "Ann", "password": "s3cret",
        "emails": [{"value": "a@x", "type": "work"}], ENTERPRISE_USER: {"department": "D"}});
    let made = bench.call("POST", "/Users", &body);
    let user = made.body.clone().unwrap();
    let id = user["id"].as_str().unwrap();
    assert_eq!(made.status, 201);
    assert_ne!(id, "mine");
    assert_eq!(user["schemas"], json!([USER, ENTERPRISE_USER]));
    assert_eq!(
        (&user["active"], user.get("password")),
        (&json!(true), None)
    );
    assert_eq!(made.header("location"), user["meta"]["location"].as_str());
    assert_eq!(made.header("etag"), Some("W/\"1\""));
    assert_eq!(made.header("content-type"), Some("application/scim+json"));
    assert_eq!(bench.get(&format!("/Users/{id}")).body.unwrap(), user);
    let put = bench.call(
        "PUT",
        &format!("/Users/{id}"),
        &json!({"schemas": [USER], "userName": "Ann", "title": "T"}),
    );
    let replaced = put.body.unwrap();
    assert_eq!(
        (put.status, &replaced["title"], replaced.get("emails")),
        (200, &json!("T"), None)
    );
    assert_eq!(replaced["meta"]["version"], "W/\"2\"");
    let patched = bench.call(
        "PATCH",
        &format!("/Users/{id}"),
        &patch(&json!([{"op": "replace", "value": {"active": false}}])),
    );
    assert_eq!(
        (patched.status, &patched.body.unwrap()["active"]),
        (200, &json!(false))
    );
    assert_eq!(
        bench
            .call("DELETE", &format!("/Users/{id}"), &Json::Null)
            .status,
        204
    );
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let body = if method == "PATCH" {
            patch(&json!([{"op": "remove", "path": "title"}]))
        } else {
            body.clone()
        };
        assert_eq!(
            code(&bench.call(method, &format!("/Users/{id}"), &body)),
            "resource.not_found",
            "{method}"
        );
    }
    let kinds: Vec<_> = bench
        .service
        .store()
        .take_events(&bench.connection.tenant)
        .into_iter()
        .map(|e| e.kinds)
        .collect();
    assert_eq!(
        kinds,
        [
            vec![EventKind::Create],
            vec![EventKind::Put],
            vec![EventKind::Patch, EventKind::Deactivate],
            vec![EventKind::Delete]
        ]
    );
}

#[test]
fn refusals_are_scim_errors_and_change_nothing() {
    let bench = strict();
    let id = bench.user("ann");
    let send = |method: &str, path: &str, body: &[u8], kind: &str| {
        bench.send(
            &Request::new(method, path)
                .with_header("content-type", kind)
                .body(body.to_vec()),
        )
    };
    let scim = "application/scim+json; charset=utf-8";
    assert_eq!(code(&send("POST", "/Users", b"{", scim)), "json.syntax");
    assert_eq!(
        code(&send("POST", "/Users", "[".repeat(70).as_bytes(), scim)),
        "json.depth"
    );
    assert_eq!(
        code(&send("POST", "/Users", b"{\"a\":1,\"A\":2}", scim)),
        "json.duplicate_member"
    );
    assert_eq!(
        code(&send("POST", "/Users", b"{}", "text/plain")),
        "request.content_type"
    );
    assert_eq!(
        code(&bench.send(&Request::new("POST", "/Users").body(b"{}".to_vec()))),
        "request.content_type"
    );
    assert_eq!(
        code(&send("POST", "/Users", &vec![b' '; 1024 * 1024 + 1], scim)),
        "request.body_too_large"
    );
    assert_eq!(code(&send("POST", "/Users", b"[]", scim)), "message.shape");
    assert_eq!(
        code(&bench.call(
            "POST",
            "/Users",
            &json!({"schemas": [USER], "userName": "ANN"})
        )),
        "resource.uniqueness"
    );
    assert_eq!(code(&bench.get("/users")), "request.endpoint_unknown");
    assert_eq!(code(&bench.get("/Robots")), "request.endpoint_unknown");
    assert_eq!(code(&bench.get("/Users/a/b")), "request.endpoint_unknown");
    assert_eq!(code(&bench.get("/%ff")), "request.endpoint_unknown");
    assert_eq!(code(&bench.get("/v1/Users")), "request.version");
    assert_eq!(bench.get(&format!("/v2/Users/{id}")).status, 200);
    assert_eq!(code(&bench.get("/Me")), "me.not_implemented");
    assert_eq!(
        code(&bench.get("/Users?count=x")),
        "request.query_parameter"
    );
    assert_eq!(
        code(&bench.get("/Users?filter=%zz")),
        "request.query_parameter"
    );
    assert_eq!(
        code(&bench.get("/Users?attributes=userName&excludedAttributes=title")),
        "projection.both"
    );
    let error = bench
        .call(
            "POST",
            "/Users",
            &json!({"schemas": [USER], "userName": "ANN"}),
        )
        .body
        .unwrap();
    assert_eq!(
        error["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
    );
    assert_eq!(
        (&error["status"], &error["scimType"]),
        (&json!("409"), &json!("uniqueness"))
    );
    assert!(!error["detail"].as_str().unwrap().contains("ANN"));
    assert_eq!(bench.get("/Users").body.unwrap()["totalResults"], 1);
}

#[test]
fn discovery_is_read_only_and_complete() {
    let bench = Bench::new(Preset::Lenient);
    for path in [
        "/ServiceProviderConfig",
        "/Schemas",
        "/ResourceTypes",
        "/schemas",
        &format!("/Schemas/{USER}"),
        "/ResourceTypes/User",
    ] {
        assert_eq!(bench.get(path).status, 200, "{path}");
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let response = bench.call(method, path, &Json::Null);
            assert_eq!(
                (response.status, response.header("allow")),
                (405, Some("GET")),
                "{method} {path}"
            );
        }
        assert_eq!(
            code(&bench.get(&format!("{path}?filter=id%20pr"))),
            "request.forbidden"
        );
    }
    assert_eq!(code(&bench.get("/Schemas/urn:x")), "resource.not_found");
    let config = bench.get("/ServiceProviderConfig").body.unwrap();
    for name in [
        "patch",
        "bulk",
        "filter",
        "changePassword",
        "sort",
        "etag",
        "pagination",
        "authenticationSchemes",
    ] {
        assert!(config.get(name).is_some(), "{name}");
    }
    let methods = [
        ("/Users", "PUT", "GET, POST"),
        ("/Users/x", "POST", "GET, PUT, PATCH, DELETE"),
        ("/Bulk", "GET", "POST"),
        ("/.search", "GET", "POST"),
        ("/Users/.search", "GET", "POST"),
        ("/", "POST", "GET"),
    ];
    for (path, method, allow) in methods {
        assert_eq!(
            bench.call(method, path, &Json::Null).header("allow"),
            Some(allow),
            "{method} {path}"
        );
    }
}

#[test]
fn etags_guard_every_verb() {
    let bench = strict();
    let id = bench.user("ann");
    let path = format!("/Users/{id}");
    let send = |method: &str, header: &str, tag: &str, body: &Json| {
        let request = Request::new(method, &path)
            .with_header(header, tag)
            .with_header("content-type", "application/scim+json");
        bench.send(&request.body(if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        }))
    };
    let put = json!({"schemas": [USER], "userName": "ann", "title": "x"});
    let change = patch(&json!([{"op": "add", "path": "nickName", "value": "n"}]));
    assert_eq!(
        send("GET", "If-None-Match", "W/\"1\"", &Json::Null).status,
        304
    );
    assert_eq!(
        send("GET", "If-None-Match", "W/\"9\", \"1\"", &Json::Null).status,
        304
    );
    assert_eq!(
        send("GET", "If-None-Match", "W/\"9\"", &Json::Null).status,
        200
    );
    for (method, body) in [("PUT", &put), ("PATCH", &change), ("DELETE", &Json::Null)] {
        assert_eq!(
            code(&send(method, "If-Match", "W/\"9\"", body)),
            "resource.precondition",
            "{method}"
        );
        assert_eq!(
            code(&send(method, "If-None-Match", "*", body)),
            "resource.precondition",
            "{method}"
        );
    }
    assert_eq!(
        send("PUT", "If-Match", "W/\"1\"", &put).header("etag"),
        Some("W/\"2\"")
    );
    assert_eq!(
        send("PATCH", "If-Match", "\"2\"", &change).header("etag"),
        Some("W/\"3\"")
    );
    assert_eq!(
        send("PATCH", "If-Match", "*", &change).header("etag"),
        Some("W/\"3\""),
        "nothing changed"
    );
    assert_eq!(
        send("DELETE", "If-Match", "W/\"3\"", &Json::Null).status,
        204
    );
}

#[test]
fn groups_show_members_and_users_show_groups() {
    let bench = strict();
    let (ann, bob) = (bench.user("ann"), bench.user("bob"));
    let group = bench.group("g", &[&ann]);
    let outer = bench.group("outer", &[&group]);
    let shown = bench.get(&format!("/Groups/{group}")).body.unwrap();
    assert_eq!(
        shown["members"],
        json!([{"value": ann, "type": "User", "$ref": format!("https://sp.example/scim/Users/{ann}")}])
    );
    let groups = bench.get(&format!("/Users/{ann}")).body.unwrap()["groups"].clone();
    assert_eq!(
        (&groups[0]["value"], &groups[0]["type"]),
        (&json!(group), &json!("direct"))
    );
    assert_eq!(
        (
            &groups[1]["value"],
            &groups[1]["type"],
            &groups[1]["display"]
        ),
        (&json!(outer), &json!("indirect"), &json!("outer"))
    );
    let without = bench
        .get(&format!("/Groups/{group}?excludedAttributes=members"))
        .body
        .unwrap();
    assert!(without.get("members").is_none() && without.get("displayName").is_some());
    let add = patch(&json!([{"op": "add", "path": "members", "value": [{"value": bob}]}]));
    let patched = bench.call("PATCH", &format!("/Groups/{group}"), &add);
    assert_eq!(
        (
            patched.status,
            patched.body.unwrap()["members"].as_array().unwrap().len()
        ),
        (200, 2)
    );
    let again = bench.call("PATCH", &format!("/Groups/{group}"), &add);
    assert_eq!(
        again.header("etag"),
        patched
            .headers
            .iter()
            .find(|h| h.0 == "etag")
            .map(|h| h.1.as_str())
    );
    let unknown = patch(&json!([{"op": "add", "path": "members", "value": [{"value": "nobody"}]}]));
    assert_eq!(
        code(&bench.call("PATCH", &format!("/Groups/{group}"), &unknown)),
        "member.unknown"
    );
    let put = json!({"schemas": [GROUP], "displayName": "g"});
    assert!(
        bench
            .call("PUT", &format!("/Groups/{group}"), &put)
            .body
            .unwrap()
            .get("members")
            .is_none()
    );
}

#[test]
fn a_put_tells_absent_null_and_empty_apart() {
    let bench = Bench::new(Preset::Lenient);
    let ann = bench.user("ann");
    let group = bench.make(
        "/Groups",
        &json!({"displayName": "g", "externalId": "e", "members": [{"value": ann}]}),
    );
    let put = |body: Json| bench.call("PUT", &format!("/Groups/{group}"), &body);
    let kept = put(json!({"displayName": "h"}));
    let body = kept.body.unwrap();
    assert_eq!(
        (
            body["members"].as_array().map(Vec::len),
            &body["externalId"]
        ),
        (Some(1), &json!("e"))
    );
    let rules: Vec<_> = kept
        .log
        .unwrap()
        .rewrites
        .all()
        .iter()
        .map(|r| r.rule)
        .collect();
    assert!(
        rules.contains(&RewriteRule::KeptExternalId) && rules.contains(&RewriteRule::KeptMembers)
    );
    let body = put(json!({"displayName": "h", "externalId": null, "members": []}))
        .body
        .unwrap();
    assert_eq!((body.get("members"), body.get("externalId")), (None, None));
}

#[test]
fn a_put_without_active_does_not_let_anybody_in_again() {
    let bench = strict();
    let id = bench.user("ann");
    let path = format!("/Users/{id}");
    bench.call(
        "PATCH",
        &path,
        &patch(&json!([{"op": "replace", "path": "active", "value": false}])),
    );
    let body = bench
        .call("PUT", &path, &json!({"schemas": [USER], "userName": "ann"}))
        .body
        .unwrap();
    assert_eq!(body["active"], false);
}

#[test]
fn scopes_limit_what_a_token_reaches() {
    let mut bench = strict();
    bench.connection.scopes = Scopes::of(Access::Read, Access::None);
    assert_eq!(bench.get("/Users").status, 200);
    assert_eq!(code(&bench.get("/Groups")), "request.forbidden");
    assert_eq!(code(&bench.get("/")), "request.forbidden");
    assert_eq!(
        code(&bench.call(
            "POST",
            "/Users",
            &json!({"schemas": [USER], "userName": "a"})
        )),
        "request.forbidden"
    );
}

#[test]
fn me_stands_for_the_subject() {
    let mut bench = strict();
    let id = bench.user("ann");
    let kind = bench
        .service
        .registry()
        .resource_type_by_name("User")
        .unwrap()
        .id();
    bench.connection.subject = Some((kind, crate::resource::ResourceId::new(id.as_str())));
    let me = bench.get("/Me");
    assert_eq!(
        me.header("location"),
        Some(format!("https://sp.example/scim/Users/{id}").as_str())
    );
}

#[test]
fn the_log_holds_names_and_no_values() {
    let bench = Bench::new(Preset::Lenient);
    let body = json!({"userName": "ann@secret.example", "password": "s3cret", "active": "True"});
    let request = Request::new("POST", "/Users?attributes=id")
        .with_header("User-Agent", "Okta SCIM Client 1.0.0");
    let log = bench
        .send(&request.body(body.to_string().into_bytes()))
        .log
        .unwrap();
    let text = serde_json::to_string(&log).unwrap();
    assert!(
        !text.contains("secret") && text.contains("userName"),
        "{text}"
    );
    assert_eq!(
        (log.suggested, log.parameters),
        (Some(Preset::Okta), vec!["attributes".to_owned()])
    );
    assert_eq!(log.changes[0].resource_type, "User");
    let error = bench
        .get("/Users?filter=shoe%20eq%20%22ann@secret.example%22")
        .log
        .unwrap();
    assert_eq!(error.code.as_deref(), Some("filter.attribute_unknown"));
    assert!(!serde_json::to_string(&error).unwrap().contains("secret"));
}
