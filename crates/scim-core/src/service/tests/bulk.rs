#![expect(
    clippy::needless_pass_by_value,
    reason = "json! literals read best by value"
)]

use serde_json::{Value as Json, json};

use crate::dialect::Preset;
use crate::schema::{ENTERPRISE_USER, GROUP, USER};
use crate::service::Response;
use crate::testing::{Bench, code};

fn send(bench: &Bench, fail_on_errors: Option<u64>, operations: Json) -> Response {
    let mut body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations});
    if let Some(most) = fail_on_errors {
        body["failOnErrors"] = most.into();
    }
    bench.call("POST", "/Bulk", &body)
}

fn run(bench: &Bench, operations: Json) -> Vec<Json> {
    let response = send(bench, None, operations);
    assert_eq!(response.status, 200, "{:?}", response.body);
    response.body.unwrap()["Operations"]
        .as_array()
        .unwrap()
        .clone()
}

fn statuses(results: &[Json]) -> Vec<&str> {
    results
        .iter()
        .map(|r| r["status"].as_str().unwrap())
        .collect()
}

fn user(bulk_id: &str, name: &str) -> Json {
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": {"schemas": [USER], "userName": name}})
}

fn group(bulk_id: &str, members: &[&str]) -> Json {
    let members: Vec<Json> = members.iter().map(|id| json!({"value": id})).collect();
    json!({"method": "POST", "path": "/Groups", "bulkId": bulk_id,
        "data": {"schemas": [GROUP], "displayName": bulk_id, "members": members}})
}

fn id(result: &Json) -> String {
    result["location"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn forward_nested_and_path_bulk_ids_resolve() {
    let bench = Bench::new(Preset::Strict);
    let results = run(
        &bench,
        json!([
            group("g", &["bulkId:u"]),
            {"method": "PATCH", "path": "/Groups/bulkId:g", "data": {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "add", "path": "members", "value": [{"value": "bulkId:v"}]},
                    {"op": "remove", "path": "members[value eq \"bulkId:u\"]"}]}},
            {"method": "POST", "path": "/Users", "bulkId": "u", "data": {"schemas": [USER, ENTERPRISE_USER], "userName": "u",
                ENTERPRISE_USER: {"manager": {"value": "bulkId:v", "$ref": "../Users/bulkId:v"}}}},
            user("v", "v"),
        ]),
    );
    assert_eq!(statuses(&results), ["201", "200", "201", "201"]);
    assert_eq!(results[0]["bulkId"], "g");
    let v = id(&results[3]);
    let u = bench
        .get(&format!("/Users/{}", id(&results[2])))
        .body
        .unwrap();
    assert_eq!(
        u[ENTERPRISE_USER]["manager"],
        json!({"value": v, "$ref": format!("../Users/{v}")})
    );
    let g = bench.get(&format!("/Groups/{}", id(&results[0])));
    assert_eq!(
        (
            &g.body.as_ref().unwrap()["members"][0]["value"],
            g.header("etag")
        ),
        (&json!(v), results[1]["version"].as_str())
    );
}

#[test]
fn circles_are_made_whole_or_not_at_all() {
    let bench = Bench::new(Preset::Strict);
    let results = run(
        &bench,
        json!([group("a", &["bulkId:b"]), group("b", &["bulkId:a"])]),
    );
    assert_eq!(statuses(&results), ["201", "201"]);
    let a = bench
        .get(&format!("/Groups/{}", id(&results[0])))
        .body
        .unwrap();
    assert_eq!(a["members"][0]["value"], id(&results[1]));
    let results = run(
        &bench,
        json!([
            group("a", &["bulkId:b"]),
            group("b", &["bulkId:a", "nobody"])
        ]),
    );
    assert_eq!(statuses(&results), ["400", "400"]);
    assert_eq!(bench.get("/Groups").body.unwrap()["totalResults"], 2);
}

#[test]
fn each_operation_stands_by_itself_and_dependents_fall() {
    let bench = Bench::new(Preset::Strict);
    bench.user("taken");
    let results = run(
        &bench,
        json!([
            user("a", "TAKEN"),
            group("g", &["bulkId:a"]),
            user("b", "free"),
            group("h", &["bulkId:zz"]),
            user("b", "again"),
            1
        ]),
    );
    assert_eq!(
        statuses(&results),
        ["409", "409", "201", "400", "400", "400"]
    );
    assert_eq!(results[0]["response"]["scimType"], "uniqueness");
    assert!(results[0].get("location").is_none());
    assert!(
        results[1]["response"]["detail"]
            .as_str()
            .unwrap()
            .contains("refers to failed")
    );
    assert_eq!(bench.get("/Groups").body.unwrap()["totalResults"], 0);
}

#[test]
fn fail_on_errors_stops_and_leaves_the_rest_out() {
    let bench = Bench::new(Preset::Strict);
    bench.user("taken");
    let list = json!([
        user("a", "taken"),
        user("b", "b"),
        user("c", "taken"),
        user("d", "d")
    ]);
    let response = send(&bench, Some(2), list.clone()).body.unwrap();
    assert_eq!(
        statuses(response["Operations"].as_array().unwrap()),
        ["409", "201", "409"]
    );
    assert_eq!(
        statuses(
            send(&bench, Some(1), list).body.unwrap()["Operations"]
                .as_array()
                .unwrap()
        ),
        ["409"]
    );
    assert_eq!(bench.get("/Users").body.unwrap()["totalResults"], 2);
}

#[test]
fn operations_on_one_resource_happen_in_order() {
    let bench = Bench::new(Preset::Strict);
    let ann = bench.user("ann");
    let group = bench.group("g", &[&ann]);
    let patch = |path: &str, value: &str| {
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": path, "value": value}]})
    };
    let results = run(
        &bench,
        json!([
            {"method": "PATCH", "path": format!("/Users/{ann}"), "version": "W/\"1\"", "data": patch("title", "x")},
            {"method": "PATCH", "path": format!("/Users/{ann}"), "version": "W/\"1\"", "data": patch("title", "y")},
            {"method": "PATCH", "path": format!("/Users/{ann}"), "data": patch("nickName", "z")},
            {"method": "DELETE", "path": format!("/Users/{ann}")},
            {"method": "PATCH", "path": format!("/Groups/{group}"), "data": patch("displayName", "h")},
            {"method": "DELETE", "path": format!("/Users/{ann}")},
        ]),
    );
    assert_eq!(
        statuses(&results),
        ["200", "412", "200", "204", "200", "404"],
        "{results:?}"
    );
    let body = bench.get(&format!("/Groups/{group}")).body.unwrap();
    assert_eq!(
        (&body["displayName"], body.get("members")),
        (&json!("h"), None)
    );
}

#[test]
fn malformed_requests_are_refused_whole() {
    let bench = Bench::new(Preset::Strict);
    assert_eq!(
        code(&bench.call("POST", "/Bulk", &json!([]))),
        "message.shape"
    );
    assert_eq!(
        code(&bench.call("POST", "/Bulk", &json!({"Operations": []}))),
        "schemas.missing"
    );
    assert_eq!(code(&send(&bench, Some(0), json!([]))), "message.shape");
    assert_eq!(
        code(&send(&bench, None, json!(vec![1; 1001]))),
        "bulk.too_many"
    );
    let results = run(
        &bench,
        json!([
            {"method": "GET", "path": "/Users/1"}, {"method": "POST", "path": "/Users", "data": {}},
            {"method": "POST", "path": "/Robots", "bulkId": "r", "data": {}}, {"method": "DELETE", "path": "/Users"},
            {"method": "PUT", "path": "/Users/1"}, {"method": "DELETE", "path": "/Users/none"},
        ]),
    );
    assert_eq!(
        statuses(&results),
        ["400", "400", "400", "400", "400", "404"]
    );
}

fn deactivated(bench: &Bench, name: &str) -> String {
    let id = bench.user(name);
    let patch = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": false}]});
    let response = bench.call("PATCH", &format!("/Users/{id}"), &patch);
    assert_eq!(response.status, 200);
    id
}

#[test]
fn a_deactivated_user_comes_back_as_by_a_single_post() {
    let bench = Bench::new(Preset::JumpCloud);
    let (ann, active) = (deactivated(&bench, "ann"), bench.user("bob"));
    drop(bench.service.store().take_events(&bench.connection.tenant));
    let results = run(
        &bench,
        json!([group("g", &["a", "n"]), user("a", "ANN"), user("n", "new"), user("b", "Bob"),
            {"method": "PATCH", "path": "/Users/bulkId:a", "data": {"schemas":
                ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
                "Operations": [{"op": "add", "path": "title", "value": "back"}]}}])
        .as_array()
        .unwrap()
        .iter()
        .map(|operation| {
            let mut operation = operation.clone();
            if operation["path"] == "/Groups" {
                operation["data"]["members"] =
                    json!([{"value": "bulkId:a"}, {"value": "bulkId:n"}]);
            }
            operation
        })
        .collect(),
    );
    assert_eq!(statuses(&results), ["201", "201", "201", "409", "200"]);
    assert_eq!(id(&results[1]), ann, "the id it had");
    assert_eq!(results[1]["version"], "W/\"3\"");
    assert_eq!(results[3]["response"]["scimType"], "uniqueness");
    assert!(results[3].get("location").is_none());
    let user = bench.get(&format!("/Users/{ann}")).body.unwrap();
    assert_eq!(
        (&user["active"], &user["userName"], &user["title"]),
        (&json!(true), &json!("ANN"), &json!("back"))
    );
    assert_eq!(user["groups"][0]["value"], id(&results[0]));
    let bob = bench.get(&format!("/Users/{active}")).body.unwrap();
    assert_eq!(bob["userName"], "bob", "an active one stays as it is");
    let events = bench.service.store().take_events(&bench.connection.tenant);
    let kinds: Vec<_> = events
        .iter()
        .map(|event| (event.id.as_str(), event.kinds[0]))
        .collect();
    assert!(
        kinds.contains(&(ann.as_str(), crate::event::EventKind::Create)),
        "{kinds:?}"
    );
}

#[test]
fn only_the_first_of_two_brings_a_deactivated_user_back() {
    let bench = Bench::new(Preset::JumpCloud);
    let ann = deactivated(&bench, "ann");
    let results = run(
        &bench,
        json!([user("a", "ann"), user("b", "Ann"),
        {"method": "DELETE", "path": format!("/Users/{ann}")}]),
    );
    assert_eq!(statuses(&results), ["201", "409", "204"]);
    assert_eq!(results[1]["response"]["scimType"], "uniqueness");
    assert_eq!(
        bench.get(&format!("/Users/{ann}")).status,
        404,
        "in the order given"
    );
}

#[test]
fn a_deactivated_user_stays_where_the_dialect_or_the_connection_says_so() {
    let strict = Bench::new(Preset::Strict);
    let ann = deactivated(&strict, "ann");
    let results = run(&strict, json!([user("a", "ann"), user("b", "bob")]));
    assert_eq!(statuses(&results), ["409", "201"]);
    assert_eq!(results[0]["response"]["scimType"], "uniqueness");
    assert_eq!(
        strict.get(&format!("/Users/{ann}")).body.unwrap()["active"],
        false
    );

    let mut other = Bench::new(Preset::JumpCloud);
    let ann = deactivated(&other, "ann");
    other.connection.id = crate::resource::ConnectionId::new("c2");
    let results = run(&other, json!([user("a", "ann")]));
    assert_eq!(statuses(&results), ["409"]);
    assert_eq!(
        other.get(&format!("/Users/{ann}")).body.unwrap()["active"],
        false
    );
}

#[test]
fn limits_are_named_where_they_are_exceeded() {
    let bench = Bench::new(Preset::Strict);
    let many: Vec<Json> = (0..1001)
        .map(|n| user(&format!("b{n}"), &format!("u{n}")))
        .collect();
    let response = send(&bench, None, many.into());
    assert_eq!(
        (response.status, code(&response).as_str()),
        (413, "bulk.too_many")
    );
    let detail = response.body.unwrap()["detail"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(detail.contains("1000"), "{detail}");
    let mut large = user("b", "u");
    large["data"]["title"] = "x".repeat(1024 * 1024).into();
    let response = send(&bench, None, json!([large]));
    assert_eq!(
        (response.status, code(&response).as_str()),
        (413, "request.body_too_large")
    );
    let detail = response.body.unwrap()["detail"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(detail.contains("1048576"), "{detail}");
    let config = bench.get("/ServiceProviderConfig").body.unwrap();
    assert_eq!(
        config["bulk"],
        json!({"supported": true, "maxOperations": 1000, "maxPayloadSize": 1_048_576})
    );
}

#[test]
fn what_cannot_be_read_has_a_location_where_it_names_a_resource() {
    let bench = Bench::new(Preset::Strict);
    let results = run(
        &bench,
        json!([{"method": "PUT", "path": "/Users/x"}, {"method": "POST", "path": "/Users", "bulkId": "q"},
            {"method": "DELETE", "path": "/Users/x"}]),
    );
    assert_eq!(statuses(&results), ["400", "400", "404"]);
    let at = "https://sp.example/scim/Users/x";
    assert_eq!(
        (&results[0]["location"], &results[2]["location"]),
        (&json!(at), &json!(at))
    );
    assert!(results[1].get("location").is_none());
    assert_eq!(
        (&results[1]["bulkId"], &results[1]["method"]),
        (&json!("q"), &json!("POST"))
    );
}

#[test]
fn versions_in_a_bulk_request_are_if_match() {
    let bench = Bench::new(Preset::Strict);
    let ann = bench.user("ann");
    let put = |version: &str, title: &str| {
        json!({"method": "PUT", "path": format!("/Users/{ann}"), "version": version,
            "data": {"schemas": [USER], "userName": "ann", "title": title}})
    };
    let delete = |version: &str| json!({"method": "DELETE", "path": format!("/Users/{ann}"), "version": version});
    let results = run(
        &bench,
        json!([
            put("W/\"1\"", "a"),
            put("W/\"1\"", "b"),
            delete("W/\"9\""),
            put("W/\"2\"", "c"),
            delete("W/\"3\"")
        ]),
    );
    assert_eq!(statuses(&results), ["200", "412", "412", "200", "204"]);
    assert_eq!(results[3]["version"], "W/\"3\"");
}
