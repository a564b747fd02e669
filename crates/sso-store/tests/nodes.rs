//! Several nodes over one PostgreSQL database: who is first, and connections that are cut.

#![cfg(feature = "postgres")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration as Pause;

use common::Home;
use saml_sp::{ConnectionId, Consumed, ReplayKey, ReplayStore as _, RequestStore as _};
use scim_core::document::{Document, Keep, Reader};
use scim_core::members::MemberDelta;
use scim_core::resource::{ResourceId, TenantId, Version};
use scim_core::schema::{Registry, ResourceTypeId};
use scim_core::store::{
    Batch, Load, LoadMembers, Query, QueryTarget, ResourceStore as _, StoreError, Unit, Write,
    WriteError, Written,
};
use sso_store::{ScimStore, Store};
use sso_testkit::{block_on, store_contract};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

/// Eight threads at once, every other one on the second node.
fn race<T: Send + 'static>(
    nodes: &[Store; 2],
    work: impl Fn(&Store, usize) -> T + Send + Sync + 'static,
) -> Vec<T> {
    let (barrier, work) = (Arc::new(Barrier::new(8)), Arc::new(work));
    let threads: Vec<_> = (0..8)
        .map(|n| {
            let (store, barrier, work) = (nodes[n % 2].clone(), barrier.clone(), work.clone());
            std::thread::spawn(move || {
                barrier.wait();
                work(&store, n)
            })
        })
        .collect();
    threads.into_iter().map(|t| t.join().unwrap()).collect()
}

fn kind(name: &str) -> ResourceTypeId {
    Registry::standard()
        .resource_type_by_name(name)
        .unwrap()
        .id()
}

fn scim(store: &Store) -> ScimStore {
    ScimStore::new(store.clone(), Arc::new(Registry::standard()))
}

fn document(kind_name: &str, json: &serde_json::Value) -> Document {
    let dialect = scim_core::dialect::Dialect::default();
    Reader::new(&Registry::standard(), kind(kind_name), &dialect, Keep::All)
        .document(json)
        .unwrap()
}

fn insert(id: String, kind: &str, json: &serde_json::Value) -> Write {
    Write::Insert {
        id: ResourceId::new(id),
        document: document(kind, json),
        members: BTreeSet::new(),
        connection: None,
    }
}

fn commit(
    store: &ScimStore,
    writes: Vec<Write>,
) -> Result<Result<Vec<Written>, WriteError>, StoreError> {
    let mut unit = Unit::default();
    unit.writes = writes;
    let batch = Batch::new(vec![unit], NOW);
    let results = block_on(store.commit(&TenantId::new("t"), &batch))?;
    Ok(results.into_iter().next().unwrap())
}

#[test]
fn two_nodes_that_start_at_once_make_one_schema() {
    let Some(home) = common::postgres_home() else {
        return;
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| home.open().connections().unwrap());
        }
    });
}

#[test]
fn of_two_nodes_one_wins() {
    let Some(home) = common::postgres_home() else {
        return;
    };
    let nodes = [home.open(), home.open()];
    for round in 0..10_u64 {
        let key = ReplayKey::new(ConnectionId::new("a").unwrap(), "idp", format!("_{round}"));
        let until = NOW + Duration::minutes(5);
        let seen = race(&nodes, move |store, _| {
            block_on(store.insert_once(&key, until, NOW)).unwrap()
        });
        assert_eq!(seen.iter().filter(|first| **first).count(), 1, "replay");

        let login = store_contract::pending_login(round, NOW);
        block_on(nodes[0].put(&login)).unwrap();
        let id = login.id().clone();
        let seen = race(&nodes, move |store, _| {
            block_on(store.consume(&id, NOW)).unwrap()
        });
        let count = |what| seen.iter().filter(|seen| **seen == what).count();
        assert_eq!(
            (count(Consumed::Now), count(Consumed::AlreadyUsed)),
            (1, 7),
            "pending"
        );

        // One user name, in other case for each
        let seen = race(&nodes, move |store, n| {
            let name: String = format!("user{round}")
                .char_indices()
                .map(|(i, c)| {
                    if i % 8 == n {
                        c.to_ascii_uppercase()
                    } else {
                        c
                    }
                })
                .collect();
            let json = serde_json::json!({ "userName": name });
            commit(
                &scim(store),
                vec![insert(format!("{round}-{n}"), "User", &json)],
            )
            .unwrap()
        });
        let winner: Vec<_> = seen.iter().filter_map(|seen| seen.as_ref().ok()).collect();
        assert_eq!(winner.len(), 1, "userName");
        let winner = winner[0][0].id.clone();
        for lost in seen.iter().filter_map(|seen| seen.as_ref().err()) {
            let WriteError::Uniqueness { holder, .. } = lost else {
                panic!("{lost:?}");
            };
            assert_eq!(*holder, winner);
        }

        // One version, which each wants to change
        let seen = race(&nodes, move |store, n| {
            let json =
                serde_json::json!({ "userName": format!("user{round}"), "title": n.to_string() });
            let write = Write::Update {
                kind: kind("User"),
                id: winner.clone(),
                expected: Some(Version::FIRST),
                document: Some(document("User", &json)),
                members: MemberDelta::default(),
            };
            commit(&scim(store), vec![write]).unwrap()
        });
        assert_eq!(
            seen.iter().filter(|seen| seen.is_ok()).count(),
            1,
            "If-Match"
        );
        for lost in seen.iter().filter_map(|seen| seen.as_ref().err()) {
            assert!(matches!(lost, WriteError::VersionMismatch(_)), "{lost:?}");
        }
    }
}

/// How often connections are cut; CI sets more.
fn cuts() -> u64 {
    std::env::var("KILL_ROUNDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(30)
}

#[test]
fn a_storm_of_writes_survives_connections_that_are_cut() {
    let Some(home) = common::postgres_home() else {
        return;
    };
    let Home::Postgres(schema) = &home else {
        panic!("a schema");
    };
    let nodes = [home.open(), home.open()];
    let group = insert(
        "staff".to_owned(),
        "Group",
        &serde_json::json!({"displayName": "Staff"}),
    );
    commit(&scim(&nodes[0]), vec![group]).unwrap().unwrap();
    let over = AtomicBool::new(false);
    let (next, unknown) = (AtomicU64::new(0), AtomicU64::new(0));
    // A user and its membership are one unit
    let write = |node: &Store| {
        let store = scim(node);
        let mut acknowledged = Vec::new();
        while !over.load(Ordering::Relaxed) {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let id = format!("user-{n}");
            let json = serde_json::json!({"userName": format!("u{n}"), "emails": [{"value": format!("u{n}@x.example")}]});
            let mut joins = MemberDelta::default();
            joins.join(ResourceId::new(id.clone()));
            let update = Write::Update {
                kind: kind("Group"),
                id: ResourceId::new("staff"),
                expected: None,
                document: None,
                members: joins,
            };
            match commit(&store, vec![insert(id.clone(), "User", &json), update]) {
                Ok(result) => {
                    result.unwrap();
                    acknowledged.push(id);
                }
                Err(error) => {
                    let said = error.to_string() + &format!("{error:?}");
                    assert!(
                        said.contains("store.unavailable") || said.contains("store.busy"),
                        "{said}"
                    );
                    unknown.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        acknowledged
    };
    let acknowledged: Vec<String> = std::thread::scope(|scope| {
        let write = &write;
        let threads: Vec<_> = (0..4)
            .map(|n| {
                let node = &nodes[n % 2];
                scope.spawn(move || write(node))
            })
            .collect();
        for round in 0..cuts() {
            std::thread::sleep(Pause::from_millis(20 + round * 13 % 50));
            schema.cut();
        }
        over.store(true, Ordering::Relaxed);
        threads
            .into_iter()
            .flat_map(|t| t.join().unwrap())
            .collect()
    });

    let store = scim(&nodes[0]);
    let tenant = TenantId::new("t");
    let all = Query::new(QueryTarget::all(kind("User")), 1_000_000);
    let page = block_on(store.find(&tenant, &all)).unwrap();
    let users: BTreeSet<String> = page
        .resources
        .iter()
        .map(|u| u.id.as_str().to_owned())
        .collect();
    let load = Load {
        members: LoadMembers::All,
        groups: false,
    };
    let staff = ResourceId::new("staff");
    let group = store.get(&tenant, kind("Group"), &staff, load);
    let group = block_on(group).unwrap().unwrap();
    let members = group.members.unwrap();
    let members: BTreeSet<String> = members.iter().map(|m| m.id.as_str().to_owned()).collect();
    assert_eq!(users, members, "a unit is there by half");
    for id in &acknowledged {
        assert!(users.contains(id), "{id} is lost");
    }
    let unknown = unknown.load(Ordering::Relaxed);
    println!(
        "{} acknowledged, {} failed, {} there",
        acknowledged.len(),
        unknown,
        users.len()
    );
    assert!(acknowledged.len() > 20, "there was no storm");
    assert!(u64::try_from(users.len() - acknowledged.len()).unwrap() <= unknown);
}
