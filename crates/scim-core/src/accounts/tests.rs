use std::sync::Mutex;

use serde_json::{Value as Json, json};

use super::*;
use crate::dialect::Preset;
use crate::schema::{GROUP, USER};
use crate::service::{Config, Connection, CursorKey, Request, Response, ScimService};
use crate::store::MemoryStore;
use crate::testing::{Dice, code, now};
use crate::token::Scopes;

/// Denies one name, and keeps what it was told.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<ResourceId>>>);

impl Accounts for Recorder {
    async fn ask(
        &self,
        _: &TenantId,
        person: Person<'_>,
        _: OffsetDateTime,
    ) -> Result<Option<Denial>, StoreError> {
        Ok((person.user_name == "root").then_some(Denial::NameTaken))
    }

    async fn settle(&self, _: &TenantId, touched: &[ResourceId], _: OffsetDateTime) {
        self.0.lock().unwrap().extend_from_slice(touched);
    }
}

struct Bench {
    service: ScimService<Provisioned<MemoryStore, Recorder>>,
    connection: Connection,
    recorder: Recorder,
}

impl Bench {
    fn new() -> Self {
        let registry = Arc::new(Registry::standard());
        let recorder = Recorder::default();
        let store = MemoryStore::new(registry.clone());
        let store = Provisioned::new(store, recorder.clone(), registry.clone());
        let config = Config::new("https://sp.example", CursorKey::new([7; 32]));
        let id = ConnectionId::new("c");
        Self {
            service: ScimService::new(store, registry, Arc::new(Dice::default()), config),
            connection: Connection::new(id, TenantId::new("t"), Preset::Lenient, Scopes::all()),
            recorder,
        }
    }

    fn call(&self, method: &str, path: &str, body: &Json) -> Response {
        let mut request = Request::new(method, path);
        if !body.is_null() {
            request = request.body(body.to_string().into_bytes());
        }
        let at = OffsetDateTime::UNIX_EPOCH;
        now(self.service.handle(&request, &self.connection, at))
    }

    fn make(&self, path: &str, body: &Json) -> String {
        let made = self.call("POST", path, body);
        assert_eq!(made.status, 201, "{:?}", made.body);
        made.body.unwrap()["id"].as_str().unwrap().to_owned()
    }

    fn user(&self, name: &str) -> String {
        self.make("/Users", &json!({"schemas": [USER], "userName": name}))
    }

    fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Json> = members.iter().map(|id| json!({"value": id})).collect();
        self.make(
            "/Groups",
            &json!({"schemas": [GROUP], "displayName": name, "members": members}),
        )
    }

    fn patch(&self, path: &str, operation: &Json) {
        let body = json!({"Operations": [operation]});
        let answer = self.call("PATCH", path, &body);
        assert_eq!(answer.status, 200, "{:?}", answer.body);
    }

    /// Who was touched since the last time, in order.
    fn told(&self) -> Vec<String> {
        let told = std::mem::take(&mut *self.recorder.0.lock().unwrap());
        let mut told: Vec<String> = told.iter().map(|id| id.as_str().to_owned()).collect();
        told.sort();
        told
    }
}

fn sorted(ids: &[&str]) -> Vec<String> {
    let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.sort();
    ids
}

#[test]
fn who_is_denied_is_not_stored_alone_or_in_bulk() {
    let bench = Bench::new();
    let root = json!({"schemas": [USER], "userName": "root"});
    let answer = bench.call("POST", "/Users", &root);
    assert_eq!(
        (answer.status, code(&answer).as_str()),
        (409, "policy.name_taken")
    );
    assert_eq!(answer.body.unwrap()["scimType"], "uniqueness");
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": root},
        {"method": "POST", "path": "/Users", "bulkId": "b", "data": {"schemas": [USER], "userName": "ann"}}]});
    let answer = bench.call("POST", "/Bulk", &bulk).body.unwrap();
    assert_eq!(answer["Operations"][0]["status"], "409");
    assert_eq!(answer["Operations"][1]["status"], "201");
    assert_eq!(bench.told().len(), 1);
    // A rename to that name neither
    let bob = bench.user("bob");
    let body = json!({"Operations": [{"op": "replace", "path": "userName", "value": "root"}]});
    let answer = bench.call("PATCH", &format!("/Users/{bob}"), &body);
    assert_eq!(code(&answer), "policy.name_taken");
    let all = bench.call("GET", "/Users", &Json::Null).body.unwrap();
    assert_eq!(all["totalResults"], 2);
}

#[test]
fn a_membership_touches_who_joins_and_leaves_and_nobody_else() {
    let bench = Bench::new();
    let [ann, bob, cid] = ["ann", "bob", "cid"].map(|name| bench.user(name));
    bench.told();
    let group = bench.group("g", &[&ann, &bob]);
    assert_eq!(bench.told(), sorted(&[&ann, &bob]));
    let path = format!("/Groups/{group}");
    bench.patch(
        &path,
        &json!({"op": "add", "path": "members", "value": [{"value": cid}]}),
    );
    assert_eq!(bench.told(), sorted(&[&cid]));
    bench.patch(
        &path,
        &json!({"op": "remove", "path": format!("members[value eq \"{ann}\"]")}),
    );
    assert_eq!(bench.told(), sorted(&[&ann]));
    // PUT: only the difference
    let body = json!({"schemas": [GROUP], "displayName": "g", "members": [{"value": ann}, {"value": cid}]});
    assert_eq!(bench.call("PUT", &path, &body).status, 200);
    assert_eq!(bench.told(), sorted(&[&ann, &bob]));
    // A new name and the end of the group concern all
    bench.patch(
        &path,
        &json!({"op": "replace", "path": "displayName", "value": "h"}),
    );
    assert_eq!(bench.told(), sorted(&[&ann, &cid]));
    assert_eq!(bench.call("DELETE", &path, &Json::Null).status, 204);
    assert_eq!(bench.told(), sorted(&[&ann, &cid]));
}

#[test]
fn nested_groups_touch_the_people_in_them_and_circles_end() {
    let bench = Bench::new();
    let [ann, bob] = ["ann", "bob"].map(|name| bench.user(name));
    let inner = bench.group("inner", &[&ann]);
    let outer = bench.group("outer", &[&bob]);
    bench.told();
    let join = |id: &str| json!({"op": "add", "path": "members", "value": [{"value": id}]});
    bench.patch(&format!("/Groups/{outer}"), &join(&inner));
    assert_eq!(bench.told(), sorted(&[&ann]));
    bench.patch(&format!("/Groups/{inner}"), &join(&outer));
    assert_eq!(bench.told(), sorted(&[&ann, &bob]));
}

#[test]
fn people_are_touched_by_changes_and_by_their_end() {
    let bench = Bench::new();
    let ann = bench.user("ann");
    assert_eq!(bench.told(), sorted(&[&ann]));
    let path = format!("/Users/{ann}");
    bench.patch(
        &path,
        &json!({"op": "replace", "path": "active", "value": false}),
    );
    assert_eq!(bench.told(), sorted(&[&ann]));
    // What is refused touches nobody
    let put = json!({"schemas": [USER], "userName": ""});
    assert_eq!(bench.call("PUT", &path, &put).status, 400);
    assert!(bench.told().is_empty());
    assert_eq!(bench.call("DELETE", &path, &Json::Null).status, 204);
    assert_eq!(bench.told(), sorted(&[&ann]));
}

/// Cannot be read any more once something was written.
struct Brittle(MemoryStore, std::sync::atomic::AtomicBool);

impl ResourceStore for Brittle {
    async fn get(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> Result<Option<Resource>, StoreError> {
        if self.1.load(std::sync::atomic::Ordering::Relaxed) {
            return Err(StoreError::new("gone"));
        }
        self.0.get(tenant, kind, id, load).await
    }

    async fn find(&self, tenant: &TenantId, query: &Query) -> Result<Page, StoreError> {
        self.0.find(tenant, query).await
    }

    async fn commit(
        &self,
        tenant: &TenantId,
        batch: &Batch,
    ) -> Result<Vec<Result<Vec<Written>, WriteError>>, StoreError> {
        self.1.store(true, std::sync::atomic::Ordering::Relaxed);
        self.0.commit(tenant, batch).await
    }

    async fn tombstone(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        attr: AttrId,
        value: &str,
    ) -> Result<Option<Tombstone>, StoreError> {
        self.0.tombstone(tenant, kind, attr, value).await
    }
}

#[test]
fn what_is_stored_is_told_even_if_nothing_can_be_read_any_more() {
    let registry = Arc::new(Registry::standard());
    let recorder = Recorder::default();
    let brittle = Brittle(MemoryStore::new(registry.clone()), false.into());
    let store = Provisioned::new(brittle, recorder.clone(), registry.clone());
    let kind = registry.resource_type_by_name("Group").unwrap().id();
    let mut batch = Batch::new(
        vec![Unit::of(Write::Insert {
            id: ResourceId::new("g"),
            document: Document::new(kind),
            members: BTreeSet::from([ResourceId::new("ann")]),
            connection: None,
        })],
        OffsetDateTime::UNIX_EPOCH,
    );
    batch.unknown_members = crate::dialect::UnknownMembers::Defer;
    let results = now(store.commit(&TenantId::new("t"), &batch)).unwrap();
    assert!(results[0].is_ok());
    assert_eq!(*recorder.0.lock().unwrap(), [ResourceId::new("ann")]);
}
