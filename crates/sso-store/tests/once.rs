//! Exactly once: of many threads, and of many processes' worth of connections, one wins.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::sync::{Arc, Barrier};

use common::Home;

use idp_config::IdpSource;
use saml_sp::{
    Connection, ConnectionId, Consumed, LoginOptions, PendingLogin, Random, RandomError, ReplayKey,
    ReplayStore, RequestId, RequestStore, ServiceProvider,
};
use sso_store::Store;
use sso_testkit::block_on;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

struct Os;

impl Random for Os {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        use ring::rand::SecureRandom;
        ring::rand::SystemRandom::new()
            .fill(out)
            .map_err(|_| RandomError)
    }
}

fn pending(at: OffsetDateTime) -> PendingLogin {
    let source =
        IdpSource::fingerprint("idp", "https://idp.example/sso", None, &"5D".repeat(32)).unwrap();
    let connection = Connection::new(
        ConnectionId::new("a").unwrap(),
        source.resolve(NOW).unwrap(),
    );
    let sp = ServiceProvider::builder("https://sp.example/saml/metadata", "https://sp.example/acs")
        .build()
        .unwrap();
    let options = LoginOptions::default().return_to("/x");
    sp.start_login(&connection, &options, at, &Os).unwrap().1
}

/// Runs `work` in eight threads at once: four share one store, four have a connection of their
/// own to the same file, as other processes would.
fn race<T: Send + 'static>(
    home: &Home,
    work: impl Fn(&Store) -> T + Send + Sync + 'static,
) -> Vec<T> {
    let shared = home.open();
    let stores: Vec<Store> = (0..8)
        .map(|n| if n < 4 { shared.clone() } else { home.open() })
        .collect();
    let barrier = Arc::new(Barrier::new(stores.len()));
    let work = Arc::new(work);
    let threads: Vec<_> = stores
        .into_iter()
        .map(|store| {
            let (barrier, work) = (Arc::clone(&barrier), Arc::clone(&work));
            std::thread::spawn(move || {
                barrier.wait();
                work(&store)
            })
        })
        .collect();
    threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect()
}

#[test]
fn a_pending_login_reads_back_and_is_used_once() {
    for home in common::homes() {
        let store = home.open();
        let login = pending(NOW);
        block_on(store.put(&login)).unwrap();
        let found = block_on(store.find(login.id())).unwrap().unwrap();
        assert_eq!(found.id(), login.id());
        assert_eq!(found.return_to(), Some("/x"));
        assert!(
            found
                .check_browser(Some(login.browser_binding().expose()))
                .is_ok()
        );
        assert_eq!(store.pending_used(login.id()).unwrap(), Some(false));

        assert_eq!(
            block_on(store.consume(login.id(), NOW)).unwrap(),
            Consumed::Now
        );
        assert_eq!(
            block_on(store.consume(login.id(), NOW)).unwrap(),
            Consumed::AlreadyUsed
        );
        assert_eq!(store.pending_used(login.id()).unwrap(), Some(true));
        assert!(
            block_on(store.find(login.id())).unwrap().is_some(),
            "used, not forgotten"
        );
        let unknown = RequestId::new("_unknown");
        assert_eq!(
            block_on(store.consume(&unknown, NOW)).unwrap(),
            Consumed::Unknown
        );
        assert!(block_on(store.find(&unknown)).unwrap().is_none());
    }
}

#[test]
fn expired_logins_are_forgotten_an_hour_later() {
    for home in common::homes() {
        let store = home.open();
        let login = pending(NOW);
        block_on(store.put(&login)).unwrap();
        block_on(store.put(&pending(login.expires() + Duration::minutes(59)))).unwrap();
        assert!(block_on(store.find(login.id())).unwrap().is_some());
        block_on(store.put(&pending(login.expires() + Duration::minutes(61)))).unwrap();
        assert!(block_on(store.find(login.id())).unwrap().is_none());
    }
}

#[test]
fn of_many_that_consume_one_login_one_wins() {
    for home in common::homes() {
        for _ in 0..5 {
            let login = pending(NOW);
            block_on(home.open().put(&login)).unwrap();
            let id = login.id().clone();
            let seen = race(&home, move |store| {
                block_on(store.consume(&id, NOW)).unwrap()
            });
            let first = seen.iter().filter(|seen| **seen == Consumed::Now).count();
            let later = seen
                .iter()
                .filter(|seen| **seen == Consumed::AlreadyUsed)
                .count();
            assert_eq!((first, later), (1, 7), "{seen:?}");
        }
    }
}

#[test]
fn of_many_that_record_one_assertion_one_is_first() {
    for home in common::homes() {
        for n in 0..5 {
            let key = ReplayKey::new(ConnectionId::new("a").unwrap(), "idp", format!("_{n}"));
            let until = NOW + Duration::minutes(5);
            let seen = race(&home, move |store| {
                block_on(store.insert_once(&key, until, NOW)).unwrap()
            });
            assert_eq!(seen.iter().filter(|first| **first).count(), 1, "{seen:?}");
        }
    }
}

#[test]
fn an_assertion_is_remembered_across_a_restart_until_it_expires() {
    for home in common::homes() {
        let until = NOW + Duration::minutes(5);
        let key = |connection: &str, issuer: &str, id: &str| {
            ReplayKey::new(ConnectionId::new(connection).unwrap(), issuer, id)
        };
        let insert = |key: &ReplayKey, now| {
            let store = home.open();
            block_on(store.insert_once(key, until, now)).unwrap()
        };
        assert!(insert(&key("a", "idp", "_1"), NOW));
        assert!(!insert(&key("a", "idp", "_1"), NOW));
        assert!(!insert(&key("a", "idp", "_1"), until), "kept until the end");
        // each part counts, and no concatenation of parts equals another
        for other in [
            key("b", "idp", "_1"),
            key("a", "id", "p_1"),
            key("a", "idp", "_1 "),
        ] {
            assert!(insert(&other, NOW), "{other:?}");
        }
        let store = home.open();
        store.purge(until + Duration::seconds(1)).unwrap();
        assert!(insert(&key("a", "idp", "_1"), NOW));
    }
}

#[test]
fn the_contracts_of_saml_stores_are_kept() {
    use sso_testkit::store_contract;
    let homes = common::homes();
    for home in &homes {
        block_on(store_contract::request_store(|| async { home.open() }));
        block_on(store_contract::replay_store(|| async { home.open() }));
    }
}
