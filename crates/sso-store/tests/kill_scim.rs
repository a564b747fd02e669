//! SCIM writes and `kill -9`: what was acknowledged is there, nothing is there by half.
//!
//! The test starts itself again as a child that writes in a storm, each time a user and its
//! membership in one unit, kills it somewhere in the middle, and looks; over and over on one file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

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
use std::sync::atomic::{AtomicU64, Ordering};
use time::OffsetDateTime;

const CHILD: &str = "SSO_STORE_KILL_SCIM_FILE";
const FROM: &str = "SSO_STORE_KILL_SCIM_FROM";
/// Threads that write in the child.
const WRITERS: usize = 4;
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
    database: Store,
    store: ScimStore,
    tenant: TenantId,
}

impl World {
    fn open(path: &Path) -> Self {
        let registry = Arc::new(Registry::standard());
        let database = Store::open(path).unwrap();
        let store = ScimStore::new(database.clone(), registry.clone());
        Self {
            registry,
            database,
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
        let next = AtomicU64::new(std::env::var(FROM).unwrap().parse().unwrap());
        // Several at once, so that commits are shared
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (world, next) = (&world, &next);
                scope.spawn(move || {
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if writer % 2 == 0 {
                            world.make_user(n);
                        } else {
                            let both = || {
                                world.make_user(n);
                                world.make_user(1_000_000 + n);
                            };
                            world.database.together(both).unwrap();
                            println!("\ndone {}", 1_000_000 + n);
                        }
                        println!("\ndone {n}");
                    }
                });
            }
        });
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("storm.db");
    World::open(&path).make_group();
    let mut next = 0;
    let mut acknowledged = BTreeSet::new();
    for round in 0..rounds() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env(CHILD, &path)
            .env(FROM, next.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Each round ends at another place of the storm
        let wanted = acknowledged.len() + 3 + usize::try_from(round).unwrap() * 7 % 19;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(n) = line.strip_prefix("done ") {
                acknowledged.insert(format!("user-{n}"));
                if acknowledged.len() >= wanted {
                    break;
                }
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(
            acknowledged.len() >= wanted,
            "round {round}: the child ended"
        );
        let (users, members) = World::open(&path).look();
        let lost: Vec<_> = acknowledged.difference(&users).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?} are lost");
        assert_eq!(users, members, "round {round}: a unit is there by half");
        // Some more than were acknowledged may have been committed
        next = users
            .iter()
            .map(|id| id.trim_start_matches("user-").parse::<u64>().unwrap() % 1_000_000 + 1)
            .max()
            .unwrap();
    }
}
