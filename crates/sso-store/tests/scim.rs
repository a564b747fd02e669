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
