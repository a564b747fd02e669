//! What a comparison cannot see: many at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use scim_core::dialect::Dialect;
use scim_core::document::{Keep, Reader};
use scim_core::members::MemberDelta;
use scim_core::resource::{ResourceId, TenantId, Version};
use scim_core::schema::{Registry, USER};
use scim_core::store::{Batch, ResourceStore, Unit, Write, WriteError};
use serde_json::json;
use time::OffsetDateTime;

use crate::block_on;

/// Of many that take one user name at once, one gets it; of many that change one version, one does.
///
/// # Panics
/// When it is otherwise.
pub fn one_of_many_wins<S: ResourceStore>(store: &S, registry: &Arc<Registry>) {
    let tenant = TenantId::new("many");
    let kind = registry.resource_type_by_name("User").expect("User").id();
    let dialect = Dialect::default();
    let document = |name: &str| {
        Reader::new(registry, kind, &dialect, Keep::All)
            .document(&json!({"schemas": [USER], "userName": name}))
            .expect("a document")
    };
    let now = OffsetDateTime::UNIX_EPOCH;
    let commit = |write: Write| {
        let results = block_on(store.commit(&tenant, &Batch::new(vec![Unit::of(write)], now)));
        results.expect("the store").remove(0)
    };
    let race = |write: &(dyn Fn(usize) -> Write + Sync)| -> Vec<_> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|n| scope.spawn(move || write(n)))
                .map(|thread| thread.join().expect("a write"))
                .map(|write| scope.spawn(|| commit(write)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("a result"))
                .collect()
        })
    };
    let results = race(&|n| Write::Insert {
        id: ResourceId::new(format!("racer-{n}")),
        document: document(if n % 2 == 0 { "Ann" } else { "aNN" }),
        members: BTreeSet::new(),
        connection: None,
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let lost = |error: &WriteError| matches!(error, WriteError::Uniqueness { .. });
    assert_eq!(
        results
            .iter()
            .filter_map(|r| r.as_ref().err())
            .filter(|e| lost(e))
            .count(),
        7
    );

    let winner = results.iter().flatten().next().expect("a winner")[0]
        .id
        .clone();
    let results = race(&|n| Write::Update {
        kind,
        id: winner.clone(),
        expected: Some(Version::FIRST),
        document: Some(document(&format!("ann-{n}"))),
        members: MemberDelta::default(),
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let late = results.iter().filter_map(|r| r.as_ref().err());
    assert!(
        late.clone()
            .all(|error| *error == WriteError::VersionMismatch(winner.clone()))
    );
    assert_eq!(late.count(), 7);
}
