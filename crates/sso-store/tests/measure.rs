//! How many users can be made in a second, each in a durable transaction of its own, by clients that
//! do so at the same time. It measures and asserts nothing:
//! `bash tests/postgres.sh cargo test --release -p sso-store --all-features --test measure -- --ignored --nocapture`

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::Home;
use scim_core::document::{Keep, Reader};
use scim_core::resource::{ResourceId, TenantId};
use scim_core::schema::Registry;
use scim_core::store::{Batch, ResourceStore as _, Unit, Write};
use sso_store::ScimStore;
use sso_testkit::block_on;
use time::OffsetDateTime;

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn now() -> Instant {
    Instant::now()
}

fn insert(registry: &Registry, id: String) -> Batch {
    let kind = registry.resource_type_by_name("User").unwrap().id();
    let json = serde_json::json!({
        "userName": format!("{id}@x.example"),
        "displayName": id,
        "active": true,
        "name": {"givenName": "A", "familyName": "B"},
        "emails": [{"value": format!("{id}@x.example"), "type": "work", "primary": true}],
    });
    let dialect = scim_core::dialect::Dialect::default();
    let document = Reader::new(registry, kind, &dialect, Keep::All)
        .document(&json)
        .unwrap();
    let mut unit = Unit::default();
    unit.writes = vec![Write::Insert {
        id: ResourceId::new(id),
        document,
        members: BTreeSet::new(),
        connection: None,
    }];
    Batch::new(vec![unit], OffsetDateTime::UNIX_EPOCH)
}

#[test]
#[ignore = "it measures for seconds and asserts nothing"]
fn users_made_in_a_second() {
    let registry = Arc::new(Registry::standard());
    for home in common::homes() {
        let what = match home {
            Home::Sqlite(_) => "SQLite",
            #[cfg(feature = "postgres")]
            Home::Postgres(_) => "PostgreSQL",
        };
        let store = ScimStore::new(home.open(), registry.clone());
        for (clients, tenants) in [(1, 1), (4, 1), (8, 1), (8, 8)] {
            let start = now();
            let made: usize = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..clients)
                    .map(|client| {
                        let (store, registry) = (&store, &registry);
                        scope.spawn(move || {
                            let tenant = TenantId::new(format!("t{}", client % tenants));
                            let mut made = 0;
                            while start.elapsed() < Duration::from_secs(4) {
                                // Random identifiers, as the service makes them
                                let n = format!("{clients}-{tenants}-{client}-{made}");
                                let hash =
                                    ring::digest::digest(&ring::digest::SHA256, n.as_bytes());
                                let id: String = hash.as_ref()[..16]
                                    .iter()
                                    .map(|byte| format!("{byte:02x}"))
                                    .collect();
                                let batch = insert(registry, id);
                                for result in block_on(store.commit(&tenant, &batch)).unwrap() {
                                    result.unwrap();
                                }
                                made += 1;
                            }
                            made
                        })
                    })
                    .collect();
                threads.into_iter().map(|t| t.join().unwrap()).sum()
            });
            println!(
                "{what}: {clients} clients, {tenants} tenants: {} a second",
                made / 4
            );
        }
    }
}
