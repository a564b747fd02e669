//! SCIM resources in SQL do what the reference in memory does.

use sso_store::{ScimStore, Store};
use sso_testkit::resource_contract::{differential, one_of_many_wins, registry};

/// How many seeds; CI sets more.
fn seeds() -> u64 {
    std::env::var("SCIM_DIFFERENTIAL_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(8)
}

#[test]
fn sqlite_answers_like_the_reference() {
    let registry = registry();
    let folder = tempfile::tempdir().unwrap();
    let mut compared = 0;
    for seed in 1..=seeds() {
        // Half of them share a file, so that tenants have to be kept apart
        let store = if seed % 2 == 0 {
            Store::open(&folder.path().join("shared.db")).unwrap()
        } else {
            Store::in_memory().unwrap()
        };
        let store = ScimStore::new(store, registry.clone());
        compared += differential(&store, &registry, seed, 40, 12);
    }
    println!("{compared} answers compared");
    assert!(compared > 1000);
}

#[test]
fn sqlite_lets_one_of_many_win() {
    let registry = registry();
    let store = ScimStore::new(Store::in_memory().unwrap(), registry.clone());
    one_of_many_wins(&store, &registry);
}

#[test]
fn a_tenant_moves_from_one_database_to_another() {
    use scim_core::resource::TenantId;
    use scim_core::transfer::{export, import};
    use sso_testkit::block_on;

    let registry = registry();
    let tenant = TenantId::new("tenant-1");
    let store = ScimStore::new(Store::in_memory().unwrap(), registry.clone());
    // Whatever the differential test leaves behind, groups within groups included
    differential(&store, &registry, 1, 60, 1);
    let lines = |store: &ScimStore, tenant: &TenantId| {
        let mut lines = Vec::new();
        let mut place = None;
        loop {
            let piece = block_on(export(store, &registry, tenant, place.as_ref(), 5)).unwrap();
            lines.extend(piece.lines);
            place = piece.next;
            if place.is_none() {
                return lines;
            }
        }
    };
    let whole = lines(&store, &tenant);
    let other = ScimStore::new(Store::in_memory().unwrap(), registry.clone());
    let now = time::OffsetDateTime::UNIX_EPOCH;
    let imported = block_on(import(&other, &registry, &tenant, &whole, 1, now)).unwrap();
    assert_eq!(imported.refused, []);
    assert_eq!(lines(&other, &tenant), whole);
    println!("{} resources moved", whole.len());
    assert!(whole.len() > 10, "{}", whole.len());
}
