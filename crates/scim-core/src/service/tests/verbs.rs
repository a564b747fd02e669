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
                (405, Some("GET, HEAD")),
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
        ("/Users", "PUT", "GET, HEAD, POST"),
        ("/Users/x", "POST", "GET, HEAD, PUT, PATCH, DELETE"),
        ("/Bulk", "GET", "POST"),
        ("/.search", "GET", "POST"),
        ("/Users/.search", "GET", "POST"),
        ("/", "POST", "GET, HEAD"),
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
    assert_eq!(code(&bench.get("/Groups")), "token.insufficient_scope");
    assert_eq!(code(&bench.get("/")), "token.insufficient_scope");
    assert_eq!(
        code(&bench.call(
            "POST",
            "/Users",
            &json!({"schemas": [USER], "userName": "a"})
        )),
        "token.insufficient_scope"
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

#[test]
fn head_is_get_without_a_body() {
    let bench = strict();
    let id = bench.user("ann");
    for path in [
        format!("/Users/{id}"),
        "/Users".to_owned(),
        "/Schemas".to_owned(),
    ] {
        let (get, head) = (bench.get(&path), bench.call("HEAD", &path, &Json::Null));
        assert_eq!((head.status, &head.headers), (200, &get.headers), "{path}");
        assert!(head.body.is_none() && get.body.is_some());
    }
    let gone = bench.call("HEAD", "/Users/x", &Json::Null);
    assert_eq!((gone.status, gone.body), (404, None));
    assert_eq!(gone.log.unwrap().method, "HEAD");
}

#[test]
fn locations_agree_wherever_they_are_told() {
    let mut bench = strict();
    let id = bench.user("ann");
    let at = format!("https://sp.example/scim/Users/{id}");
    let kind = bench
        .service
        .registry()
        .resource_type_by_name("User")
        .unwrap()
        .id();
    bench.connection.subject = Some((kind, crate::resource::ResourceId::new(&id)));
    let put = json!({"schemas": [USER], "userName": "ann", "title": "x"});
    for (method, path, body) in [
        ("GET", format!("/Users/{id}"), Json::Null),
        ("GET", format!("/v2/Users/{id}"), Json::Null),
        ("GET", "/Me".to_owned(), Json::Null),
        ("PUT", "/Me".to_owned(), put.clone()),
        ("PUT", format!("/Users/{id}"), put),
    ] {
        let response = bench.call(method, &path, &body);
        assert_eq!(
            response.header("location"),
            Some(at.as_str()),
            "{method} {path}"
        );
        assert_eq!(response.header("content-location"), Some(at.as_str()));
        let etag = response.header("etag").unwrap().to_owned();
        let meta = &response.body.unwrap()["meta"];
        assert_eq!(
            (&meta["location"], &meta["version"]),
            (&json!(at), &json!(etag))
        );
    }
}

#[test]
fn media_types_are_scim_json_and_json() {
    let bench = strict();
    let post = |kind: Option<&str>, name: &str| {
        let body = json!({"schemas": [USER], "userName": name}).to_string();
        let request = Request::new("POST", "/Users").body(body.into_bytes());
        bench.send(&match kind {
            Some(kind) => request.with_header("Content-Type", kind),
            None => request,
        })
    };
    for (name, kind) in [
        "application/scim+json",
        "application/json; charset=utf-8",
        "Application/SCIM+JSON;charset=UTF-8",
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(post(Some(kind), &format!("u{name}")).status, 201, "{kind}");
    }
    for kind in [
        Some("text/plain"),
        Some("application/xml"),
        Some("application/jsonp"),
        None,
    ] {
        let response = post(kind, "x");
        assert_eq!(
            (response.status, code(&response).as_str()),
            (415, "request.content_type")
        );
    }
    for accept in ["application/scim+json", "application/json", "*/*"] {
        let request = Request::new("GET", "/Users").with_header("Accept", accept);
        let response = bench.send(&request);
        assert_eq!(
            response.header("content-type"),
            Some("application/scim+json")
        );
        assert_eq!(response.body.unwrap()["totalResults"], 3);
    }
}

#[test]
fn a_token_that_reaches_too_short_is_told_so_by_a_challenge() {
    let mut bench = strict();
    bench.connection.scopes = Scopes::read_only();
    let response = bench.call("DELETE", "/Users/x", &Json::Null);
    assert_eq!(
        (response.status, code(&response).as_str()),
        (403, "token.insufficient_scope")
    );
    let challenge = response.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer realm=\"scim\", error=\"insufficient_scope\""));
    // What nobody may do is no matter of scopes
    let response = bench.get("/Schemas?filter=id%20pr");
    assert_eq!(
        (response.status, response.header("www-authenticate")),
        (403, None)
    );
}

#[test]
fn security_events_are_named_where_they_are_delivered() {
    let bench = strict();
    let config = bench.get("/ServiceProviderConfig").body.unwrap();
    assert!(
        config.get("securityEvents").is_none(),
        "RFC 9967 §4: absent means none"
    );
    let mut offered =
        crate::service::Config::new("https://x", crate::service::CursorKey::new([1; 32]));
    offered.security_events = true;
    let registry = bench.service.registry().clone();
    let random = std::sync::Arc::new(crate::testing::Dice::default());
    let store = crate::store::MemoryStore::new(registry.clone());
    let service = crate::service::ScimService::new(store, registry, random, offered);
    let request = Request::new("GET", "/ServiceProviderConfig");
    let at = time::OffsetDateTime::UNIX_EPOCH;
    let config = crate::testing::now(service.handle(&request, &bench.connection, at))
        .body
        .unwrap();
    let events = &config["securityEvents"];
    assert_eq!(events["asyncRequest"], "none");
    let uris = events["eventUris"].as_array().unwrap();
    assert_eq!(uris.len(), 6);
    assert!(uris.contains(&json!("urn:ietf:params:scim:event:prov:delete")));
}

#[test]
fn a_deleted_member_is_told_of_in_its_groups() {
    let bench = strict();
    let (ann, bob) = (bench.user("ann"), bench.user("bob"));
    let (a, b) = (bench.group("a", &[&ann, &bob]), bench.group("b", &[&ann]));
    let outer = bench.group("outer", &[&a]);
    drop(bench.service.store().take_events(&bench.connection.tenant));
    for (path, gone, groups) in [
        (format!("/Users/{ann}"), &ann, vec![&a, &b]),
        (format!("/Groups/{a}"), &a, vec![&outer]),
        (format!("/Users/{bob}"), &bob, vec![]),
    ] {
        let response = bench.call("DELETE", &path, &Json::Null);
        assert_eq!(response.status, 204);
        let transaction = response.log.unwrap().request_id;
        let events = bench.service.store().take_events(&bench.connection.tenant);
        assert!(events.iter().all(|event| event.transaction == transaction));
        assert_eq!(events[0].id.as_str(), gone);
        assert_eq!(events[0].kinds, [EventKind::Delete]);
        let told: Vec<&str> = events[1..].iter().map(|event| event.id.as_str()).collect();
        assert_eq!(told, groups);
        for event in &events[1..] {
            let etag = bench.get(&format!("/Groups/{}", event.id));
            let version = crate::document::etag(event.version.unwrap());
            assert_eq!(etag.header("etag"), Some(version.as_str()));
            let claims = event.claims("i", &["a"], "j");
            assert_eq!(
                claims["events"],
                json!({"urn:ietf:params:scim:event:prov:patch:notice":
                    {"attributes": ["members"], "version": version}})
            );
            assert_eq!(claims["sub_id"]["uri"], format!("/Groups/{}", event.id));
        }
    }
}
