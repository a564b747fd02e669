mod bulk;
mod characteristics;
mod lifecycles;
mod pages;
mod pain;
mod protocol;
mod verbs;

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;

#[test]
fn handling_can_be_spawned() {
    fn check<T: Send>(_: &T) {}
    let bench = crate::testing::Bench::new(Preset::Lenient);
    let request = Request::new("GET", "/Users");
    check(
        &bench
            .service
            .handle(&request, &bench.connection, OffsetDateTime::UNIX_EPOCH),
    );
}

/// Requests near enough to real ones to get deep.
fn request() -> impl Strategy<Value = Request> {
    let method = prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", ""]);
    let path = prop::sample::select(vec![
        "/",
        "/Users",
        "/users/ID",
        "/Groups",
        "/Groups/GID",
        "/Bulk",
        "/.search",
        "/Users/.search",
        "/Me",
        "/Schemas",
        "/v2/Users",
        "/%ff",
        "//",
        "/Users?filter=emails[type+eq+%22work%22].value+sw+%22a%22&sortBy=emails",
        "/Users?cursor&count=1",
        "/Groups?cursor=abc",
        "/Users?count=-1&startIndex=99999999999999999999",
        "/Users/ID?attributes=name.givenName,groups",
        "/Groups?filter=members.value+eq+%22ID%22",
    ]);
    let text = prop::sample::select(vec![
        "add",
        "remove",
        "replace",
        "members",
        "emails[type eq \"work\"].value",
        "name",
        "active",
        "True",
        "",
        "POST",
        "PATCH",
        "DELETE",
        "/Users",
        "/Groups/bulkId:a",
        "/Groups/GID",
        "a",
        "bulkId:a",
        "bulkId:b",
        "ID",
        "userName pr",
    ]);
    let leaf = prop_oneof![
        text.prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        any::<bool>().prop_map(Json::from),
        Just(Json::Null)
    ];
    let body = leaf.prop_recursive(5, 48, 5, |inner| {
        let key = prop::sample::select(vec![
            "Operations",
            "op",
            "path",
            "value",
            "method",
            "bulkId",
            "data",
            "userName",
            "displayName",
            "members",
            "emails",
            "schemas",
            "externalId",
            "active",
            "failOnErrors",
            "filter",
            "count",
            "name",
            crate::schema::ENTERPRISE_USER,
            "manager",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::vec((key, inner), 0..6).prop_map(|pairs| Json::Object(
                pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
            )),
        ]
    });
    (method, path, body).prop_map(|(method, path, body)| {
        Request::new(method, path).body(body.to_string().into_bytes())
    })
}

proptest! {
    #[test]
    fn no_request_panics_and_refusals_change_nothing(
        requests in prop::collection::vec(request(), 1..8),
        preset in prop::sample::select(Preset::ALL.to_vec()),
    ) {
        let bench = crate::testing::Bench::new(preset);
        let user = bench.user("ann");
        let group = bench.group("g", &[&user]);
        for mut request in requests {
            request.path = request.path.replace("GID", &group).replace("ID", &user);
            let body = String::from_utf8(request.body).unwrap();
            request.body = body.replace("GID", &group).replace("\"ID\"", &format!("\"{user}\"")).into_bytes();
            drop(bench.service.store().take_events(&bench.connection.tenant));
            let response = bench.send(&request);
            prop_assert!((200..600).contains(&response.status) && response.status != 500);
            if response.status >= 400 {
                prop_assert!(bench.service.store().take_events(&bench.connection.tenant).is_empty());
                let detail = response.body.is_some_and(|body| body["detail"].is_string());
                prop_assert!(detail != (request.method == "HEAD"));
            }
        }
    }
}
