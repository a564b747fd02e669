//! Lifecycles as each identity provider sends them, request by request.

#![expect(
    clippy::needless_pass_by_value,
    reason = "json! literals read best by value"
)]

use serde_json::{Value as Json, json};

use crate::dialect::{Preset, RewriteRule};
use crate::schema::{ENTERPRISE_USER, GROUP, USER};
use crate::service::{Request, Response};
use crate::testing::{Bench, code};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

fn ok(response: Response, status: u16) -> Json {
    assert_eq!(response.status, status, "{:?}", response.body);
    response.body.unwrap_or_default()
}

fn patch(bench: &Bench, path: &str, operations: Json) -> Response {
    bench.call(
        "PATCH",
        path,
        &json!({"schemas": [PATCH], "Operations": operations}),
    )
}

fn total(bench: &Bench, path: &str) -> Json {
    ok(bench.get(path), 200)["totalResults"].clone()
}

fn members(bench: &Bench, group: &str) -> Vec<String> {
    let body = ok(bench.get(&format!("/Groups/{group}")), 200);
    let list = body["members"].as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|m| m["value"].as_str().unwrap().to_owned())
        .collect()
}

fn jumpcloud_user(name: &str) -> Json {
    json!({"active": true, "addresses": [], "displayName": "Test User",
        "emails": [{"primary": true, "type": "work", "value": name}], "externalId": "5f1e2d3c4b5a69788796a5b4",
        "locale": "en", "name": {"familyName": "User", "givenName": "Test"},
        "phoneNumbers": [{"type": "work", "value": "tel:+1-555-0100"}], "preferredLanguage": "en",
        "schemas": [USER, ENTERPRISE_USER], "userName": name})
}

/// Activation makes a test user and a test group and takes both away again; a service provider that cannot delete is
/// left with a deactivated test user. Either way the next test must succeed.
#[test]
fn jumpcloud_test_connection_twice_in_a_row() {
    let bench = Bench::new(Preset::JumpCloud);
    for deletes in [true, false, false, true] {
        ok(
            bench
                .get("/Users?filter=userName%20eq%20%22test@example.com%22&startIndex=1&count=100"),
            200,
        );
        let user = ok(
            bench.call("POST", "/Users", &jumpcloud_user("test@example.com")),
            201,
        );
        let id = user["id"].as_str().unwrap().to_owned();
        let group = ok(
            bench.call(
                "POST",
                "/Groups",
                &json!({"displayName": "JumpCloud Test", "schemas": [GROUP]}),
            ),
            201,
        );
        let group = group["id"].as_str().unwrap().to_owned();
        let minimal = json!({"active": false, "emails": null, "schemas": [ENTERPRISE_USER, USER], "userName": "test@example.com"});
        let put = ok(bench.call("PUT", &format!("/Users/{id}"), &minimal), 200);
        assert_eq!(
            (put.get("emails"), &put["active"]),
            (None, &json!(false)),
            "null clears"
        );
        assert_eq!(
            put["externalId"], "5f1e2d3c4b5a69788796a5b4",
            "absent keeps the link"
        );
        assert_eq!(
            bench
                .call("DELETE", &format!("/Groups/{group}"), &Json::Null)
                .status,
            204
        );
        if deletes {
            assert_eq!(
                bench
                    .call("DELETE", &format!("/Users/{id}"), &Json::Null)
                    .status,
                204
            );
        }
    }
    assert_eq!(
        (total(&bench, "/Users"), total(&bench, "/Groups")),
        (json!(0), json!(0))
    );
}

#[test]
fn jumpcloud_user_and_group_lifecycle() {
    let bench = Bench::new(Preset::JumpCloud);
    let id = bench.make("/Users", &jumpcloud_user("ann@example.com"));
    let mut body = jumpcloud_user("ann@example.com");
    body["id"] = id.as_str().into();
    body["schemas"] = json!([ENTERPRISE_USER, USER]);
    body["photos"] = json!([]);
    body["title"] = "".into();
    body[ENTERPRISE_USER] = json!({"department": "Sales"});
    let user = ok(bench.call("PUT", &format!("/Users/{id}"), &body), 200);
    assert_eq!(user[ENTERPRISE_USER]["department"], "Sales");
    let group = bench.group("Sales", &[]);
    let path = format!("/Groups/{group}");
    assert_eq!(
        patch(
            &bench,
            &path,
            json!([{"op": "add", "path": "members", "value": [{"value": id}]}])
        )
        .status,
        200
    );
    let other = bench.user("bob@example.com");
    patch(
        &bench,
        &path,
        json!([{"op": "add", "path": "members", "value": [{"value": other}]}]),
    );
    let removed = patch(
        &bench,
        &path,
        json!([{"op": "remove", "path": "members", "value": [{"value": id}]}]),
    );
    assert_eq!(members(&bench, &group), [other], "only that member");
    let rules: Vec<_> = removed
        .log
        .unwrap()
        .rewrites
        .all()
        .iter()
        .map(|r| r.rule)
        .collect();
    assert_eq!(rules, [RewriteRule::RemoveWithValue]);
    body["active"] = false.into();
    assert_eq!(
        ok(bench.call("PUT", &format!("/Users/{id}"), &body), 200)["active"],
        false
    );
    // Assigned again: a fresh POST finds the deactivated user.
    let back = bench.call("POST", "/Users", &jumpcloud_user("Ann@Example.com"));
    assert_eq!(
        back.log.as_ref().unwrap().rewrites.all()[0].rule,
        RewriteRule::Revived
    );
    let back = ok(back, 201);
    assert_eq!(
        (
            back["id"].as_str(),
            &back["active"],
            back.get(ENTERPRISE_USER)
        ),
        (Some(id.as_str()), &json!(true), None)
    );
    // An active one is a conflict.
    assert_eq!(
        code(&bench.call("POST", "/Users", &jumpcloud_user("ann@example.com"))),
        "resource.uniqueness"
    );
    assert_eq!(
        bench
            .call("DELETE", &format!("/Users/{id}"), &Json::Null)
            .status,
        204
    );
}

#[test]
fn a_user_of_another_connection_is_never_revived() {
    let mut bench = Bench::new(Preset::JumpCloud);
    let mut body = jumpcloud_user("ann@example.com");
    body["active"] = false.into();
    bench.make("/Users", &body);
    bench.connection.id = crate::resource::ConnectionId::new("c2");
    assert_eq!(
        code(&bench.call("POST", "/Users", &jumpcloud_user("ann@example.com"))),
        "resource.uniqueness"
    );
}

fn entra_user() -> Json {
    json!({"schemas": [USER, ENTERPRISE_USER], "externalId": "58342554-38d6-4ec8-948c-50044d0a33fd", "userName": "Test_User@example.com",
        "active": true, "addresses": null, "displayName": "Test User", "emails": [{"primary": true, "type": "work", "value": "t@example.com"}],
        "meta": {"resourceType": "User"}, "name": {"formatted": "g f", "familyName": "f", "givenName": "g"},
        "roles": [{"primary": "True", "value": "r"}], ENTERPRISE_USER: {"manager": null}})
}

#[test]
fn entra_lifecycle_without_the_feature_flag() {
    let bench = Bench::new(Preset::Entra);
    assert_eq!(
        total(
            &bench,
            "/Users?filter=userName+eq+%22b0b5f8a4-1c6a-4a1e-8d4e-000000000000%22"
        ),
        0
    );
    let id = bench.make("/Users", &entra_user());
    let path = format!("/Users/{id}");
    assert_eq!(
        total(
            &bench,
            "/Users?filter=externalId%20eq%2058342554-38d6-4ec8-948c-50044d0a33fd"
        ),
        1
    );
    assert_eq!(
        total(
            &bench,
            "/Users?filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22t@example.com%22"
        ),
        1
    );
    let boss = bench.user("boss");
    assert_eq!(
        patch(
            &bench,
            &path,
            json!([
        {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "u@example.com"},
        {"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1"},
        {"op": "Add", "path": format!("{ENTERPRISE_USER}:manager"), "value": boss}])
        )
        .status,
        204
    );
    let user = ok(bench.get(&path), 200);
    assert_eq!(
        user["phoneNumbers"],
        json!([{"type": "mobile", "value": "+1"}])
    );
    assert_eq!(user[ENTERPRISE_USER]["manager"]["value"], boss.as_str());
    assert_eq!(
        total(
            &bench,
            &format!("/Users?filter=id%20eq%20%22{id}%22%20and%20manager%20eq%20%22{boss}%22")
        ),
        1
    );
    patch(
        &bench,
        &path,
        json!([{"op": "Replace", "path": format!("{ENTERPRISE_USER}:manager"), "value": ""}]),
    );
    assert!(ok(bench.get(&path), 200).get(ENTERPRISE_USER).is_none());
    patch(
        &bench,
        &path,
        json!([{"op": "Replace", "path": "roles[primary eq \"True\"].value", "value": "s"}]),
    );
    assert_eq!(
        ok(bench.get(&path), 200)["roles"],
        json!([{"primary": true, "value": "s"}])
    );
    patch(
        &bench,
        &path,
        json!([{"op": "Replace", "path": "active", "value": "False"}]),
    );
    assert_eq!(
        ok(bench.get(&path), 200)["active"],
        false,
        "inactive users stay readable"
    );
    patch(
        &bench,
        &path,
        json!([{"op": "Replace", "path": "active", "value": "True"}]),
    );
    let body = json!({"externalId": "8aa1a0c0", "displayName": "G", "members": [], "meta": {"resourceType": "Group"},
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"]});
    let made = bench.call("POST", "/Groups", &body);
    assert_eq!(
        made.log.as_ref().unwrap().suggested,
        None,
        "it is Entra already"
    );
    let group = ok(made, 201)["id"].as_str().unwrap().to_owned();
    let at = format!("/Groups/{group}");
    assert_eq!(
        total(
            &bench,
            "/Groups?excludedAttributes=members&filter=displayName+eq+%22G%22"
        ),
        1
    );
    let both = json!([{"op": "Add", "path": "members", "value": [{"$ref": null, "value": id}]}, {"op": "Add", "path": "members", "value": [{"value": boss}]}]);
    assert_eq!(patch(&bench, &at, both).status, 204);
    patch(
        &bench,
        &at,
        json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": id}]}]),
    );
    assert_eq!(
        members(&bench, &group).as_slice(),
        std::slice::from_ref(&boss)
    );
    assert_eq!(
        total(
            &bench,
            &format!("/Groups?filter=id+eq+%22{group}%22+and+members+eq+%22{boss}%22")
        ),
        1
    );
    assert_eq!(bench.call("DELETE", &path, &Json::Null).status, 204);
    assert_eq!(bench.get(&path).status, 404);
}

#[test]
fn entra_lifecycle_with_the_feature_flag() {
    let bench = Bench::new(Preset::Entra);
    let id = bench.make("/Users?aadOptscim062020", &entra_user());
    let operations = json!([{"op": "replace", "value": {"displayName": "N", "name.givenName": "G", "active": false,
        format!("{ENTERPRISE_USER}:employeeNumber"): "7"}}]);
    assert_eq!(
        patch(&bench, &format!("/Users/{id}?aadOptscim062020"), operations).status,
        204
    );
    let user = ok(bench.get(&format!("/Users/{id}")), 200);
    assert_eq!(
        (
            &user["name"]["givenName"],
            &user["active"],
            &user[ENTERPRISE_USER]["employeeNumber"]
        ),
        (&json!("G"), &json!(false), &json!("7"))
    );
    let group = bench.group("G", &[&id]);
    patch(
        &bench,
        &format!("/Groups/{group}"),
        json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]),
    );
    assert!(members(&bench, &group).is_empty());
}

fn okta(bench: &Bench, method: &str, path: &str, body: &Json) -> Response {
    let request = Request::new(method, path)
        .with_header("User-Agent", "Okta SCIM Client 1.0.0")
        .with_header("Content-Type", "application/scim+json; charset=utf-8");
    bench.send(&request.body(if body.is_null() {
        Vec::new()
    } else {
        body.to_string().into_bytes()
    }))
}

fn okta_user() -> Json {
    json!({"schemas": [USER], "userName": "ann@example.com", "name": {"givenName": "Ann", "familyName": "X"},
        "emails": [{"primary": true, "value": "ann@example.com", "type": "work"}], "displayName": "Ann X", "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7", "groups": [], "password": "1mz050nq", "active": true})
}

#[test]
fn okta_application_that_puts_and_reprovisions() {
    let bench = Bench::new(Preset::Okta);
    assert_eq!(
        total(
            &bench,
            "/Users?filter=userName%20eq%20%22ann@example.com%22&startIndex=1&count=100"
        ),
        0
    );
    let made = okta(&bench, "POST", "/Users", &okta_user());
    let mut user = ok(made, 201);
    let id = user["id"].as_str().unwrap().to_owned();
    let group = bench.group("g", &[&id]);
    // Read, modify, write: our own answer comes back, read-only parts and groups in it.
    user = ok(
        okta(&bench, "GET", &format!("/Users/{id}"), &Json::Null),
        200,
    );
    assert_eq!(user["groups"][0]["value"], group.as_str());
    user["title"] = "T".into();
    let put = ok(okta(&bench, "PUT", &format!("/Users/{id}"), &user), 200);
    assert_eq!(
        (&put["title"], &put["groups"]),
        (&json!("T"), &user["groups"])
    );
    user["active"] = false.into();
    ok(okta(&bench, "PUT", &format!("/Users/{id}"), &user), 200);
    let again = ok(okta(&bench, "POST", "/Users", &okta_user()), 201);
    assert_eq!(
        (again["id"].as_str(), &again["active"]),
        (Some(id.as_str()), &json!(true))
    );
    assert_eq!(okta(&bench, "POST", "/Users", &okta_user()).status, 409);
}

#[test]
fn okta_application_that_patches_and_pushes_groups() {
    let bench = Bench::new(Preset::Okta);
    let id = ok(okta(&bench, "POST", "/Users", &okta_user()), 201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for active in [false, true] {
        let user = ok(
            patch(
                &bench,
                &format!("/Users/{id}"),
                json!([{"op": "replace", "value": {"active": active}}]),
            ),
            200,
        );
        assert_eq!(user["active"], active);
    }
    assert_eq!(
        patch(
            &bench,
            &format!("/Users/{id}"),
            json!([{"op": "replace", "value": {"password": "n3w"}}])
        )
        .status,
        200
    );
    let group = ok(
        okta(
            &bench,
            "POST",
            "/Groups",
            &json!({"schemas": [GROUP], "displayName": "Push", "members": []}),
        ),
        201,
    );
    let group = group["id"].as_str().unwrap().to_owned();
    let path = format!("/Groups/{group}");
    let rename = json!([{"op": "replace", "value": {"id": group, "displayName": "Pushed"}}]);
    assert_eq!(
        ok(patch(&bench, &path, rename), 200)["displayName"],
        "Pushed"
    );
    let change = json!([{"op": "remove", "path": "members[value eq \"gone\"]"}, {"op": "add", "path": "members", "value": [{"value": id, "display": "ann@example.com"}]}]);
    assert_eq!(patch(&bench, &path, change).status, 200);
    assert_eq!(members(&bench, &group), [id]);
    assert_eq!(
        patch(
            &bench,
            &path,
            json!([{"op": "replace", "path": "members", "value": []}])
        )
        .status,
        200
    );
    assert!(members(&bench, &group).is_empty());
    assert_eq!(okta(&bench, "DELETE", &path, &Json::Null).status, 204);
}

#[test]
fn ping_puts_only_with_two_primary_addresses() {
    let bench = Bench::new(Preset::Ping);
    let body = json!({"schemas": [USER], "userName": "ann", "active": true,
        "emails": [{"type": "work", "value": "a@x", "primary": true}, {"type": "home", "value": "b@x", "primary": true}]});
    let user = ok(bench.call("POST", "/Users", &body), 201);
    assert_eq!(user["emails"][1]["primary"], false);
    let id = user["id"].as_str().unwrap();
    assert_eq!(total(&bench, "/Users?filter=userName%20eq%20ann"), 1);
    assert_eq!(total(&bench, "/Users?filter=emails%20eq%20%22b@x%22"), 1);
    let put = ok(
        bench.call(
            "PUT",
            &format!("/Users/{id}"),
            &json!({"schemas": [USER], "userName": "ann", "active": false}),
        ),
        200,
    );
    assert_eq!(put["active"], false);
}

#[test]
fn google_reads_schemas_suspends_and_deletes() {
    let bench = Bench::new(Preset::Google);
    ok(bench.get("/Schemas"), 200);
    let id = bench.user("ann");
    let path = format!("/Users/{id}");
    ok(
        patch(
            &bench,
            &path,
            json!([{"op": "replace", "path": "active", "value": false}]),
        ),
        200,
    );
    assert_eq!(bench.call("DELETE", &path, &Json::Null).status, 204);
    assert_eq!(bench.call("DELETE", &path, &Json::Null).status, 404);
    bench.user("ann");
}

#[test]
fn onelogin_reads_the_configuration_and_deactivates() {
    let bench = Bench::new(Preset::OneLogin);
    ok(bench.get("/ServiceProviderConfig"), 200);
    let id = bench.user("ann");
    let user = ok(
        patch(
            &bench,
            &format!("/Users/{id}"),
            json!([{"op": "replace", "value": {"active": false}}]),
        ),
        200,
    );
    assert_eq!(user["active"], false);
}
