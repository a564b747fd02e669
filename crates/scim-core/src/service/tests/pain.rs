//! What users of other products complain about most, one test each.

use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};
use time::OffsetDateTime;

use crate::dialect::Preset;
use crate::members::MemberDelta;
use crate::resource::{ResourceId, TenantId};
use crate::schema::{AttrId, ENTERPRISE_USER, Registry, ResourceTypeId, USER};
use crate::service::{Config, Connection, CursorKey, Request, ScimService};
use crate::store::{
    Batch, Load, LoadMembers, MemoryStore, Page, Query, ResourceStore, StoreError, Tombstone, Unit,
    Write, WriteError, Written,
};
use crate::testing::{Bench, Dice, code, now};
use crate::token::Scopes;

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

fn patch(operations: &Json) -> Json {
    json!({"schemas": [PATCH], "Operations": operations})
}

fn total(bench: &Bench, filter: &str) -> Json {
    bench
        .get(&format!("/Users?filter={}", filter.replace(' ', "+")))
        .body
        .unwrap()["totalResults"]
        .clone()
}

/// A store that remembers what was loaded, and lets others write in between.
struct Spy {
    inner: MemoryStore,
    loads: Mutex<Vec<LoadMembers>>,
    rivals: Mutex<Vec<Write>>,
}

impl ResourceStore for Spy {
    async fn get(
        &self,
        t: &TenantId,
        k: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> Result<Option<crate::resource::Resource>, StoreError> {
        self.loads.lock().unwrap().push(load.members);
        self.inner.get(t, k, id, load).await
    }
    async fn find(&self, t: &TenantId, query: &Query) -> Result<Page, StoreError> {
        self.loads
            .lock()
            .unwrap()
            .extend(query.targets.iter().map(|target| target.load.members));
        self.inner.find(t, query).await
    }
    async fn commit(
        &self,
        t: &TenantId,
        batch: &Batch,
    ) -> Result<Vec<Result<Vec<Written>, WriteError>>, StoreError> {
        let rival = self.rivals.lock().unwrap().pop();
        if let Some(write) = rival {
            let results = self
                .inner
                .commit(t, &Batch::new(vec![Unit::of(write)], batch.now))
                .await?;
            assert!(results[0].is_ok());
        }
        self.inner.commit(t, batch).await
    }
    async fn tombstone(
        &self,
        t: &TenantId,
        k: ResourceTypeId,
        a: AttrId,
        v: &str,
    ) -> Result<Option<Tombstone>, StoreError> {
        self.inner.tombstone(t, k, a, v).await
    }
}

/// The bench's data behind a spy.
fn spied(bench: &Bench) -> (Arc<Spy>, ScimService<Arc<Spy>>, Connection) {
    let inner = bench.service.store().clone();
    let spy = Arc::new(Spy {
        inner,
        loads: Mutex::default(),
        rivals: Mutex::default(),
    });
    let config = Config::new("https://sp.example/scim", CursorKey::new([7; 32]));
    let registry: Arc<Registry> = bench.service.registry().clone();
    let service = ScimService::new(spy.clone(), registry, Arc::new(Dice::default()), config);
    (
        spy,
        service,
        Connection {
            scopes: Scopes::all(),
            ..bench.connection.clone()
        },
    )
}

#[test]
fn pain_01_member_removal_by_value_array() {
    let bench = Bench::new(Preset::Lenient);
    let (ann, bob) = (bench.user("ann"), bench.user("bob"));
    let group = bench.group("g", &[&ann, &bob]);
    let remove = patch(
        &json!([{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": ann}]}]),
    );
    let body = bench
        .call("PATCH", &format!("/Groups/{group}"), &remove)
        .body
        .unwrap();
    assert_eq!(
        (
            body["members"].as_array().unwrap().len(),
            &body["members"][0]["value"]
        ),
        (1, &json!(bob))
    );
}

#[test]
fn pain_02_value_filter_paths_create() {
    let bench = Bench::new(Preset::Lenient);
    let id = bench.user("ann");
    let change = patch(
        &json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@x"}]),
    );
    let body = bench
        .call("PATCH", &format!("/Users/{id}"), &change)
        .body
        .unwrap();
    assert_eq!(body["emails"], json!([{"type": "work", "value": "a@x"}]));
}

#[test]
fn pain_03_large_groups_are_not_loaded() {
    let bench = Bench::new(Preset::Lenient);
    let ids: Vec<String> = (0..150).map(|i| bench.user(&format!("u{i}"))).collect();
    let group = bench.group("g", &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let (spy, service, connection) = spied(&bench);
    let send = |method: &str, path: &str, body: &Json| {
        let request = Request::new(method, path).body(if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        });
        now(service.handle(&request, &connection, OffsetDateTime::UNIX_EPOCH))
    };
    let at = format!("/Groups/{group}");
    for operation in [
        json!({"op": "remove", "path": format!("members[value eq \"{}\"]", ids[0])}),
        json!({"op": "remove", "path": "members", "value": [{"value": ids[1]}]}),
        json!({"op": "add", "path": "members", "value": [{"value": ids[0]}]}),
        json!({"op": "replace", "path": "displayName", "value": "h"}),
    ] {
        assert_eq!(send("PATCH", &at, &patch(&json!([operation]))).status, 204);
    }
    assert_eq!(
        send(
            "GET",
            &format!("{at}?excludedAttributes=members"),
            &Json::Null
        )
        .status,
        200
    );
    assert_eq!(
        send("GET", "/Groups?excludedAttributes=members", &Json::Null).status,
        200
    );
    assert_eq!(send("DELETE", &at, &Json::Null).status, 204);
    let loads = spy.loads.lock().unwrap().clone();
    assert!(
        !loads.is_empty() && !loads.contains(&LoadMembers::All),
        "{loads:?}"
    );
}

#[test]
fn pain_04_case_does_not_matter_where_it_must_not() {
    let bench = Bench::new(Preset::Lenient);
    bench.make(
        "/users",
        &json!({"USERNAME": "Änne@Example.com", "Emails": [{"VALUE": "x"}]}),
    );
    assert_eq!(total(&bench, "username EQ \"%C3%84NNE@example.COM\""), 1);
    assert_eq!(
        code(&bench.call("POST", "/Users", &json!({"userName": "änne@example.com"}))),
        "resource.uniqueness"
    );
}

#[test]
fn pain_05_external_id_is_found_exactly() {
    let bench = Bench::new(Preset::Lenient);
    bench.make("/Users", &json!({"userName": "a", "externalId": "AbC"}));
    assert_eq!(
        (
            total(&bench, "externalId eq \"AbC\""),
            total(&bench, "externalId eq \"abc\"")
        ),
        (json!(1), json!(0))
    );
}

#[test]
fn pain_06_pages_add_up() {
    let bench = Bench::new(Preset::Lenient);
    (0..7).for_each(|i| drop(bench.user(&format!("u{i}"))));
    let mut seen = std::collections::BTreeSet::new();
    for start in [0, 1, 4, 7, 8] {
        let body = bench
            .get(&format!("/Users?startIndex={start}&count=3"))
            .body
            .unwrap();
        let page = body["Resources"].as_array().unwrap();
        assert_eq!(
            (&body["totalResults"], &body["itemsPerPage"]),
            (&json!(7), &json!(page.len()))
        );
        seen.extend(page.iter().map(|user| user["id"].to_string()));
    }
    assert_eq!(seen.len(), 7);
}

#[test]
fn pain_07_manager_booleans_and_dotted_keys_are_understood() {
    let bench = Bench::new(Preset::Lenient);
    for manager in [
        json!("m"),
        json!({"value": "m"}),
        json!([{"$ref": "../Users/m", "value": "m"}]),
    ] {
        let id = bench.make("/Users", &json!({"userName": manager.to_string(), "active": "True", ENTERPRISE_USER: {"manager": manager}}));
        let change = patch(
            &json!([{"op": "replace", "value": {"name.givenName": "g", format!("{USER}:title"): "t"}}]),
        );
        let body = bench
            .call("PATCH", &format!("/Users/{id}"), &change)
            .body
            .unwrap();
        assert_eq!(body[ENTERPRISE_USER]["manager"]["value"], "m");
        assert_eq!(
            (&body["active"], &body["name"]["givenName"], &body["title"]),
            (&json!(true), &json!("g"), &json!("t"))
        );
    }
}

#[test]
fn pain_08_deactivated_and_assigned_again() {
    let bench = Bench::new(Preset::Okta);
    let id = bench.user("ann");
    bench.call(
        "PATCH",
        &format!("/Users/{id}"),
        &patch(&json!([{"op": "replace", "value": {"active": false}}])),
    );
    assert_eq!(bench.user("ann"), id);
}

#[test]
fn pain_09_tokens_overlap_and_expiry_is_announced() {
    use crate::resource::ConnectionId;
    use crate::token::{TokenRecord, due_alerts};
    let (dice, id, start) = (
        Dice::default(),
        ConnectionId::new("c"),
        OffsetDateTime::UNIX_EPOCH,
    );
    let make = |at| {
        TokenRecord::create(&id, Scopes::all(), TokenRecord::LIFETIME, at, &dice)
            .unwrap()
            .0
    };
    let later = start + time::Duration::days(340);
    let tokens = [make(start), make(later)];
    assert!(tokens.iter().all(|token| token.is_alive(later)));
    assert_eq!(
        due_alerts(&tokens, later)
            .iter()
            .map(|(_, days)| *days)
            .collect::<Vec<_>>(),
        [30]
    );
}

#[test]
fn pain_10_bulk_etag_and_sort_are_there() {
    let bench = Bench::new(Preset::Strict);
    let config = bench.get("/ServiceProviderConfig").body.unwrap();
    for feature in ["patch", "bulk", "filter", "sort", "etag"] {
        assert_eq!(config[feature]["supported"], true, "{feature}");
    }
}

#[test]
fn a_write_in_between_is_tried_again_or_refused_under_if_match() {
    let bench = Bench::new(Preset::Lenient);
    let id = bench.user("ann");
    let (spy, service, connection) = spied(&bench);
    let kind = service
        .registry()
        .resource_type_by_name("User")
        .unwrap()
        .id();
    let title = service
        .registry()
        .attribute_by_path(&format!("{USER}:title"))
        .unwrap()
        .id();
    let path = format!("/Users/{id}");
    let id = ResourceId::new(id);
    let rival = |text: &str| {
        let mut document = now(spy.get(&connection.tenant, kind, &id, Load::default()))
            .unwrap()
            .unwrap()
            .document;
        document.set(title, crate::document::Value::Text(text.into()));
        let write = Write::Update {
            kind,
            id: id.clone(),
            expected: None,
            document: Some(document),
            members: MemberDelta::default(),
        };
        spy.rivals.lock().unwrap().push(write);
    };
    let change = patch(&json!([{"op": "add", "path": "nickName", "value": "n"}]))
        .to_string()
        .into_bytes();
    let request = Request::new("PATCH", &path).body(change);
    rival("theirs");
    let body = now(service.handle(&request, &connection, OffsetDateTime::UNIX_EPOCH))
        .body
        .unwrap();
    assert_eq!(
        (&body["title"], &body["nickName"], &body["meta"]["version"]),
        (&json!("theirs"), &json!("n"), &json!("W/\"3\""))
    );
    rival("again");
    let guarded = Request::new("DELETE", &path).with_header("If-Match", "W/\"3\"");
    assert_eq!(
        code(&now(service.handle(
            &guarded,
            &connection,
            OffsetDateTime::UNIX_EPOCH
        ))),
        "resource.precondition"
    );
}

#[test]
fn a_bulk_that_stops_at_an_error_does_not_count_what_is_tried_again() {
    let bench = Bench::new(Preset::Lenient);
    let (ann, bob) = (bench.user("ann"), bench.user("bob"));
    let (spy, service, connection) = spied(&bench);
    let kind = service
        .registry()
        .resource_type_by_name("User")
        .unwrap()
        .id();
    let id = ResourceId::new(&ann);
    let current = now(spy.get(&connection.tenant, kind, &id, Load::default()));
    let mut document = current.unwrap().unwrap().document;
    let title = format!("{USER}:title");
    let title = service.registry().attribute_by_path(&title).unwrap().id();
    document.set(title, crate::document::Value::Text("theirs".into()));
    let rival = Write::Update {
        kind,
        id,
        expected: None,
        document: Some(document),
        members: MemberDelta::default(),
    };
    spy.rivals.lock().unwrap().push(rival);
    let user = |bulk_id: &str, name: &str, boss: &str| {
        json!({"method": "POST", "path": "/Users", "bulkId": bulk_id,
            "data": {"userName": name, "title": boss}})
    };
    let body = json!({"failOnErrors": 2, "Operations": [
        {"method": "PATCH", "path": format!("/Users/{ann}"),
            "data": patch(&json!([{"op": "add", "path": "nickName", "value": "n"}]))},
        user("t", "BOB", ""), user("c", "carl", ""),
        {"method": "PUT", "path": "/Users/bulkId:t", "data": {"userName": "x"}},
        user("d", "dora", "")]});
    let request = Request::new("POST", "/Bulk").body(body.to_string().into_bytes());
    let response = now(service.handle(&request, &connection, OffsetDateTime::UNIX_EPOCH));
    let body = response.body.unwrap();
    let statuses: Vec<_> = body["Operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|operation| operation["status"].as_str().unwrap())
        .collect();
    // The write in between is no error of the request; the name that is taken and what refers to it are two
    assert_eq!(statuses, ["200", "409", "201", "409"], "{body}");
    let ann = bench.get(&format!("/Users/{ann}")).body.unwrap();
    assert_eq!(
        (&ann["title"], &ann["nickName"]),
        (&json!("theirs"), &json!("n"))
    );
    assert_eq!(total(&bench, "userName pr"), 3, "ann, bob, carl");
    assert_eq!(bench.get(&format!("/Users/{bob}")).status, 200);
}
