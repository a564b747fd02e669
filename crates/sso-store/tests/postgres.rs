//! PostgreSQL keeps the promises that SQLite keeps. `tests/postgres.sh` runs these against a server of
//! their own; without `DATABASE_URL` they say that they are skipped.

#![cfg(feature = "postgres")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};

use saml_sp::{ConnectionId, Consumed, ReplayKey, ReplayStore, RequestStore};
use sso_store::{ConnectionName, Event, NewLogEntry, ScimStore, Store, StoredSecret};
use sso_testkit::block_on;
use sso_testkit::resource_contract::{differential, one_of_many_wins, registry};
use sso_testkit::store_contract;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use tokio_postgres::NoTls;

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

fn server() -> Option<String> {
    let url = std::env::var("DATABASE_URL").ok();
    if url.is_none() {
        println!("skipped: DATABASE_URL is not set; tests/postgres.sh sets it");
    }
    url
}

/// Says something to the server, beside the store.
fn admin(url: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let driver = tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
        drop(client);
        let _ended = driver.await;
    });
}

/// A database of its own, empty.
fn database(server: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    let name = format!("t{}_{number}", std::process::id());
    admin(server, &format!("CREATE DATABASE {name}"));
    let (before, _) = server.rsplit_once('/').unwrap();
    format!("{before}/{name}")
}

fn fresh(server: &str) -> Store {
    Store::connect(&database(server)).unwrap()
}

#[test]
fn answers_like_the_reference() {
    let Some(server) = server() else { return };
    let registry = registry();
    let shared = fresh(&server);
    let seeds = std::env::var("SCIM_DIFFERENTIAL_SEEDS").ok();
    let seeds = seeds.and_then(|text| text.parse().ok()).unwrap_or(4);
    let mut compared = 0;
    for seed in 1..=seeds {
        let store = ScimStore::new(shared.clone(), registry.clone());
        compared += differential(&store, &registry, seed, 40, 12);
    }
    println!("{compared} answers compared");
    assert!(compared > 500);
}

#[test]
fn one_of_many_wins_over_two_pools() {
    let Some(server) = server() else { return };
    let registry = registry();
    let store = ScimStore::new(fresh(&server), registry.clone());
    one_of_many_wins(&store, &registry);
}

#[test]
fn the_contracts_of_the_login_stores() {
    let Some(server) = server() else { return };
    block_on(store_contract::request_store(|| async { fresh(&server) }));
    block_on(store_contract::replay_store(|| async { fresh(&server) }));
}

#[test]
fn a_schema_is_made_once_whoever_comes_first() {
    let Some(server) = server() else { return };
    let url = database(&server);
    let barrier = Arc::new(Barrier::new(6));
    let opened: Vec<_> = (0..6)
        .map(|_| {
            let (url, barrier) = (url.clone(), Arc::clone(&barrier));
            std::thread::spawn(move || {
                barrier.wait();
                Store::connect(&url).map(drop).map_err(|error| error.code())
            })
        })
        .collect();
    for opened in opened {
        assert_eq!(opened.join().unwrap(), Ok(()));
    }
}

/// Two processes' worth of pools over one database.
fn race<T: Send + 'static>(
    url: &str,
    work: impl Fn(&Store) -> T + Send + Sync + 'static,
) -> Vec<T> {
    let stores = [Store::connect(url).unwrap(), Store::connect(url).unwrap()];
    let (work, barrier) = (Arc::new(work), Arc::new(Barrier::new(12)));
    let threads: Vec<_> = (0..12)
        .map(|number| {
            let (store, work) = (stores[number % 2].clone(), Arc::clone(&work));
            let barrier = Arc::clone(&barrier);
            std::thread::spawn(move || {
                barrier.wait();
                work(&store)
            })
        })
        .collect();
    threads.into_iter().map(|t| t.join().unwrap()).collect()
}

#[test]
fn of_two_nodes_one_uses_a_request_and_one_records_an_assertion() {
    let Some(server) = server() else { return };
    let url = database(&server);
    for round in 0..20 {
        let pending = store_contract::pending_login(round, NOW);
        block_on(Store::connect(&url).unwrap().put(&pending)).unwrap();
        let id = pending.id().clone();
        let used = race(&url, move |store| {
            block_on(store.consume(&id, NOW)).unwrap()
        });
        let first = used.iter().filter(|used| **used == Consumed::Now).count();
        assert_eq!(first, 1, "round {round}");

        let connection = ConnectionId::new("acme").unwrap();
        let key = ReplayKey::new(connection, "idp", format!("_{round}"));
        let until = NOW + Duration::hours(1);
        let kept = race(&url, move |store| {
            block_on(store.insert_once(&key, until, NOW)).unwrap()
        });
        assert_eq!(kept.iter().filter(|new| **new).count(), 1, "round {round}");
    }
}

#[test]
fn connections_sessions_logs_and_secrets_are_kept() {
    let Some(server) = server() else { return };
    let url = database(&server);
    let store = Store::connect(&url).unwrap();
    let name: ConnectionName = "acme".parse().unwrap();
    let source = idp_config::IdpSource::fingerprint(
        "idp",
        "https://idp.example/sso",
        None,
        &"5D".repeat(32),
    )
    .unwrap();
    let record = sso_store::ConnectionRecord::new(
        name.clone(),
        "Acme\u{e9}".to_owned(),
        source,
        "idp".to_owned(),
        NOW,
    );
    store.add_connection(&record).unwrap();
    assert_eq!(
        store.add_connection(&record).unwrap_err().code(),
        "store.already_exists"
    );
    store
        .change_connection(&name, NOW, |record| -> Result<(), sso_store::DbError> {
            record.settings.allow_unsolicited = true;
            Ok(())
        })
        .unwrap();
    let mut entry = NewLogEntry::new(NOW, Event::LoginRejected, "7QK2", "said");
    entry.message = Some("<a/>");
    store.append_log(&entry).unwrap();
    store
        .secret_or_make("key", || {
            Ok::<_, sso_store::DbError>(StoredSecret::new("first".to_owned()))
        })
        .unwrap();

    // Another process reads it
    let other = Store::connect(&url).unwrap();
    let found = other.connection(&name).unwrap().unwrap();
    assert!(found.settings.allow_unsolicited);
    assert_eq!(found.label, "Acme\u{e9}");
    assert_eq!(
        other.log_by_reference("7QK2").unwrap().unwrap().summary,
        "said"
    );
    let secret = other
        .secret_or_make("key", || {
            Ok::<_, sso_store::DbError>(StoredSecret::new("second".to_owned()))
        })
        .unwrap();
    assert_eq!(secret.expose(), "first");
    assert!(other.remove_connection(&name).unwrap());
    assert!(store.connection(&name).unwrap().is_none());
}

/// Connections are cut while many write: what was acknowledged is there, once.
#[test]
fn cut_connections_lose_nothing_that_was_acknowledged() {
    let Some(server) = server() else { return };
    let url = database(&server);
    let store = Store::connect(&url).unwrap();
    let done = Arc::new(AtomicU32::new(0));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (store, done) = (store.clone(), Arc::clone(&done));
            std::thread::spawn(move || {
                let mut acknowledged = Vec::new();
                let mut number = 0;
                while done.load(Ordering::SeqCst) == 0 {
                    let connection = ConnectionId::new("acme").unwrap();
                    let key = ReplayKey::new(connection, "idp", format!("_{writer}-{number}"));
                    number += 1;
                    let until = NOW + Duration::hours(1);
                    if let Ok(true) = block_on(store.insert_once(&key, until, NOW)) {
                        acknowledged.push(key);
                    }
                }
                acknowledged
            })
        })
        .collect();
    for _ in 0..40 {
        std::thread::sleep(std::time::Duration::from_millis(25));
        admin(
            &server,
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
                url.rsplit('/').next().unwrap()
            ),
        );
    }
    done.store(1, Ordering::SeqCst);
    let mut count = 0;
    for writer in writers {
        for key in writer.join().unwrap() {
            count += 1;
            let again = block_on(store.insert_once(&key, NOW + Duration::hours(1), NOW));
            assert!(!again.unwrap(), "an acknowledged record is gone");
        }
    }
    println!("{count} acknowledged writes, none lost");
    assert!(count > 100, "{count}");
}
