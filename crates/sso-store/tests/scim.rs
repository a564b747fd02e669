//! SCIM resources in SQL do what the reference in memory does.

mod common;

use common::Home;
use scim_core::event::Event;
use scim_core::resource::TenantId;
use sso_store::{ScimStore, Store};
use sso_testkit::resource_contract::{differential, registry, run};

/// How many seeds; CI sets more.
fn seeds() -> u64 {
    std::env::var("SCIM_DIFFERENTIAL_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(8)
}

/// Half of the seeds share a database, so that tenants have to be kept apart. The other half is asked
/// at the same time.
fn answers_like_the_reference(shared: &Home, make: impl Fn() -> Store + Sync) {
    let registry = registry();
    let ask = |seed: u64, store: Store| {
        let store = ScimStore::new(store, registry.clone());
        differential(&store, &registry, seed, 40, 12)
    };
    let compared = std::thread::scope(|scope| {
        let apart = scope.spawn(|| {
            let seeds = (1..=seeds()).filter(|seed| seed % 2 == 1);
            seeds.map(|seed| ask(seed, make())).sum::<usize>()
        });
        let seeds = (1..=seeds()).filter(|seed| seed % 2 == 0);
        let together: usize = seeds.map(|seed| ask(seed, shared.open())).sum();
        together
            + apart
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    println!("{compared} answers compared");
    assert!(compared > 1000);
}

#[test]
fn sqlite_answers_like_the_reference() {
    let shared = Home::Sqlite(tempfile::tempdir().unwrap());
    answers_like_the_reference(&shared, || Store::in_memory().unwrap());
}

#[test]
fn postgresql_answers_like_the_reference() {
    let Some(shared) = common::postgres_home() else {
        return;
    };
    let homes = std::sync::Mutex::new(Vec::new());
    answers_like_the_reference(&shared, || {
        let home = common::postgres_home().unwrap();
        let store = home.open();
        homes.lock().unwrap().push(home);
        store
    });
}

/// Takes a tenant's events out of the outbox.
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn take_events(store: &ScimStore, tenant: &TenantId) -> Vec<Event> {
    let waiting = store.events(u32::MAX).unwrap();
    let ours: Vec<_> = waiting
        .into_iter()
        .filter(|(_, of, _)| of == tenant)
        .collect();
    let numbers: Vec<i64> = ours.iter().map(|(number, ..)| *number).collect();
    store.delivered(&numbers).unwrap();
    ours.into_iter().map(|(.., event)| event).collect()
}

#[test]
fn every_database_keeps_the_contract() {
    let registry = registry();
    for home in common::homes() {
        // Every case opens the database anew; each is a tenant of its own
        run(
            || ScimStore::new(home.open(), registry.clone()),
            take_events,
            &registry,
        );
    }
}

#[test]
fn a_tenant_moves_from_one_database_to_another() {
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
