//! SCIM writes and `kill -9`: what was acknowledged is there, nothing is there by half.
//!
//! The test starts itself again as a child that writes in a storm, each time a user and its
//! membership in one unit, kills it somewhere in the middle, and looks; over and over on one file.

#![allow(
    clippy::unwrap_used,
    clippy::unreachable,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use scim_core::document::{Document, Keep, Reader};
use scim_core::members::MemberDelta;
use scim_core::resource::{ResourceId, TenantId};
use scim_core::schema::{Registry, ResourceTypeId};
use scim_core::store::{
    Batch, Load, LoadMembers, Query, QueryTarget, ResourceStore as _, Unit, Write,
};
use sso_store::{ScimStore, Store};
use sso_testkit::block_on;
use std::sync::Arc;
use time::OffsetDateTime;

const CHILD: &str = "SSO_STORE_KILL_SCIM_FILE";
const FROM: &str = "SSO_STORE_KILL_SCIM_FROM";
const NAME: &str = "a_storm_of_writes_survives_kill_9";

/// How often; CI sets a hundred.
fn rounds() -> u64 {
    std::env::var("KILL_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(10)
}

struct World {
    registry: Arc<Registry>,
    store: ScimStore,
    tenant: TenantId,
}

impl World {
    fn open(path: &Path) -> Self {
        let registry = Arc::new(Registry::standard());
        let store = ScimStore::new(Store::open(path).unwrap(), registry.clone());
        Self {
            registry,
            store,
            tenant: TenantId::new("t"),
        }
    }

    fn kind(&self, name: &str) -> ResourceTypeId {
        self.registry.resource_type_by_name(name).unwrap().id()
    }

    fn document(&self, kind: &str, json: &serde_json::Value) -> Document {
        let dialect = scim_core::dialect::Dialect::default();
        Reader::new(&self.registry, self.kind(kind), &dialect, Keep::All)
            .document(json)
            .unwrap()
    }

    fn commit(&self, writes: Vec<Write>) {
        let mut unit = Unit::default();
        unit.writes = writes;
        let batch = Batch::new(vec![unit], OffsetDateTime::UNIX_EPOCH);
        for result in block_on(self.store.commit(&self.tenant, &batch)).unwrap() {
            result.unwrap();
        }
    }

    fn group(&self) -> ResourceId {
        ResourceId::new("staff")
    }

    fn make_group(&self) {
        self.commit(vec![Write::Insert {
            id: self.group(),
            document: self.document("Group", &serde_json::json!({"displayName": "Staff"})),
            members: BTreeSet::new(),
            connection: None,
        }]);
    }

    fn make_user(&self, n: u64) {
        let id = ResourceId::new(format!("user-{n}"));
        let json = serde_json::json!({"userName": format!("u{n}"), "emails": [{"value": format!("u{n}@x.example")}]});
        let mut joins = MemberDelta::default();
        joins.join(id.clone());
        let user = Write::Insert {
            id,
            document: self.document("User", &json),
            members: BTreeSet::new(),
            connection: None,
        };
        let group = Write::Update {
            kind: self.kind("Group"),
            id: self.group(),
            expected: None,
            document: None,
            members: joins,
        };
        self.commit(vec![user, group]);
    }

    /// Ids of the users that are there, and of the group's members.
    fn look(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let all = Query::new(QueryTarget::all(self.kind("User")), 1_000_000);
        let page = block_on(self.store.find(&self.tenant, &all)).unwrap();
        let users = page
            .resources
            .iter()
            .map(|user| user.id.as_str().to_owned());
        let load = Load {
            members: LoadMembers::All,
            groups: false,
        };
        let id = self.group();
        let group = self.store.get(&self.tenant, self.kind("Group"), &id, load);
        let group = block_on(group).unwrap().unwrap();
        let members = group.members.unwrap();
        (
            users.collect(),
            members
                .iter()
                .map(|member| member.id.as_str().to_owned())
                .collect(),
        )
    }
}

#[test]
fn a_storm_of_writes_survives_kill_9() {
    if let Ok(path) = std::env::var(CHILD) {
        let world = World::open(path.as_ref());
        let from: u64 = std::env::var(FROM).unwrap().parse().unwrap();
        for n in from.. {
            world.make_user(n);
            println!("\ndone {n}");
        }
        unreachable!("u64 does not run out");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("storm.db");
    World::open(&path).make_group();
    let mut next = 0;
    for round in 0..rounds() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env(CHILD, &path)
            .env(FROM, next.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Each round ends at another place of the storm
        let wanted = 3 + round * 7 % 19;
        let mut acknowledged = None;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(n) = line.strip_prefix("done ") {
                let n: u64 = n.parse().unwrap();
                acknowledged = Some(n);
                if n - next >= wanted {
                    break;
                }
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let last = acknowledged.expect("the child wrote nothing");
        let (users, members) = World::open(&path).look();
        for n in 0..=last {
            assert!(
                users.contains(&format!("user-{n}")),
                "round {round}: {n} is lost"
            );
        }
        assert_eq!(users, members, "round {round}: a unit is there by half");
        // One more than was acknowledged may have been committed
        next = u64::try_from(users.len()).unwrap();
        assert!(next > last, "round {round}: {next} after {last}");
    }
}
