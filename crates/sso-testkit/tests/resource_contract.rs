//! The contract of resource stores holds for the reference.

use std::collections::BTreeSet;

use scim_core::store::MemoryStore;
use sso_testkit::resource_contract::{differential, names, registry, run};

#[test]
fn the_reference_keeps_the_contract() {
    let registry = registry();
    run(
        || MemoryStore::new(registry.clone()),
        MemoryStore::take_events,
        &registry,
    );
    // One store for all cases does as well
    let shared = MemoryStore::new(registry.clone());
    run(|| shared.clone(), MemoryStore::take_events, &registry);
}

#[test]
fn the_reference_answers_like_itself() {
    let registry = registry();
    let store = MemoryStore::new(registry.clone());
    assert!(differential(&store, &registry, 1, 20, 10) > 50);
}

#[test]
fn cases_have_names_of_their_own() {
    let names = names();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert!(names.len() > 30, "{}", names.len());
}
