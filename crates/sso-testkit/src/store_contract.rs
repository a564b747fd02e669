//! What every store has to do, as suites that run against any implementation.
//!
//! Hand in a function that makes an empty store; the suite panics at the first promise that is not kept.
//! Futures are run on threads of their own by [`block_on`], several at a time: a store must
//! not depend on one particular async runtime, or its factory has to enter that runtime.
//!
//! ```
//! use saml_sp::MemoryStore;
//! use sso_testkit::{block_on, store_contract};
//!
//! block_on(store_contract::request_store(|| async { MemoryStore::new() }));
//! block_on(store_contract::replay_store(|| async { MemoryStore::new() }));
//! ```

use std::future::Future;
use std::sync::{Arc, Barrier};
use std::thread;

use saml_sp::{
    Connection, ConnectionId, Consumed, IdpSource, LoginOptions, PendingLogin, ReplayKey,
    ReplayStore, RequestId, RequestStore, ServiceProvider,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::{FakeIdp, TestRandom, block_on};

const NOW: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);
/// Threads that race for one entry.
const RACERS: usize = 8;

/// A pending login at some connection, different for each seed.
///
/// # Panics
/// When the service provider cannot start it.
#[must_use]
pub fn pending_login(seed: u64, now: OffsetDateTime) -> PendingLogin {
    let sp = ServiceProvider::builder(
        "https://sp.example.test/metadata",
        "https://sp.example.test/acs",
    )
    .build()
    .expect("a service provider");
    let source = IdpSource::MetadataXml {
        xml: FakeIdp::new().metadata_xml(),
        entity_id: None,
    };
    let connection = Connection::new(
        ConnectionId::new("acme").expect("an id"),
        source.resolve(now).expect("a trusted IdP"),
    );
    let options = LoginOptions::default()
        .return_to("/inbox?folder=1&sort=name")
        .force_authn(true);
    let (_, pending) = sp
        .start_login(&connection, &options, now, &TestRandom::new(seed))
        .expect("a login starts");
    pending
}

/// Everything a pending login holds, for comparing what was kept with what was put.
fn facts(
    pending: &PendingLogin,
) -> (
    String,
    String,
    String,
    OffsetDateTime,
    OffsetDateTime,
    Option<String>,
    String,
    String,
) {
    (
        pending.id().as_str().to_owned(),
        pending.connection().as_str().to_owned(),
        pending.relay_state().as_str().to_owned(),
        pending.created(),
        pending.expires(),
        pending.return_to().map(str::to_owned),
        pending.acs_url().to_owned(),
        pending.browser_binding().expose().to_owned(),
    )
}

/// The promises of a [`RequestStore`].
///
/// # Panics
/// When the store does not keep one.
pub async fn request_store<S, F, Fut>(make: F)
where
    S: RequestStore + Send + Sync + 'static,
    F: Fn() -> Fut,
    Fut: Future<Output = S>,
{
    let store = make().await;
    let pending = pending_login(1, NOW);
    let id = pending.id();

    assert!(
        store.find(id).await.expect("find").is_none(),
        "an empty store finds nothing"
    );
    assert_eq!(
        store.consume(id, NOW).await.expect("consume"),
        Consumed::Unknown,
        "an empty store has nothing to use"
    );

    store.put(&pending).await.expect("put");
    let found = store
        .find(id)
        .await
        .expect("find")
        .expect("what was put is found");
    assert_eq!(
        facts(&found),
        facts(&pending),
        "it comes back as it went in"
    );

    let other = RequestId::new(id.as_str().to_uppercase());
    assert!(
        store.find(&other).await.expect("find").is_none(),
        "identifiers that differ in case are two"
    );
    assert_eq!(
        store.consume(&other, NOW).await.expect("consume"),
        Consumed::Unknown,
        "case again"
    );
    for near in [
        format!("{} ", id.as_str()),
        id.as_str()[1..].to_owned(),
        format!("{}%", &id.as_str()[..8]),
    ] {
        let near = RequestId::new(near);
        assert_eq!(
            store.consume(&near, NOW).await.expect("consume"),
            Consumed::Unknown,
            "identifiers are compared whole"
        );
    }

    assert_eq!(
        store.consume(id, NOW).await.expect("consume"),
        Consumed::Now,
        "it can be used"
    );
    assert_eq!(
        store.consume(id, NOW).await.expect("consume"),
        Consumed::AlreadyUsed,
        "once"
    );
    store.put(&pending).await.ok();
    assert_ne!(
        store.consume(id, NOW).await.expect("consume"),
        Consumed::Now,
        "putting it again does not revive it"
    );

    let late = pending_login(2, NOW);
    store.put(&late).await.expect("put");
    let end = late.expires();
    assert_eq!(
        store.consume(late.id(), end).await.expect("consume"),
        Consumed::Unknown,
        "at its end it is over"
    );
    let in_time = pending_login(3, NOW);
    store.put(&in_time).await.expect("put");
    let last = in_time.expires() - Duration::SECOND;
    assert_eq!(
        store.consume(in_time.id(), last).await.expect("consume"),
        Consumed::Now,
        "until then it is not"
    );

    let raced = pending_login(4, NOW);
    store.put(&raced).await.expect("put");
    let raced_id = raced.id().clone();
    let wins = race(&Arc::new(store), move |store: &S| {
        block_on(store.consume(&raced_id, NOW)).expect("consume") == Consumed::Now
    });
    assert_eq!(
        wins, 1,
        "of {RACERS} that use one login at once, one gets it"
    );
}

/// The promises of a [`ReplayStore`].
///
/// # Panics
/// When the store does not keep one.
pub async fn replay_store<S, F, Fut>(make: F)
where
    S: ReplayStore + Send + Sync + 'static,
    F: Fn() -> Fut,
    Fut: Future<Output = S>,
{
    let store = make().await;
    let key = |connection: &str, issuer: &str, assertion: &str| {
        ReplayKey::new(
            ConnectionId::new(connection).expect("an id"),
            issuer,
            assertion,
        )
    };
    let until = NOW + Duration::minutes(8);
    let first = key("acme", "https://idp.example.test/", "_a1");

    assert!(
        store.insert_once(&first, until, NOW).await.expect("insert"),
        "the first time"
    );
    assert!(
        !store.insert_once(&first, until, NOW).await.expect("insert"),
        "the second time"
    );
    let later = until + Duration::hours(1);
    assert!(
        !store.insert_once(&first, later, NOW).await.expect("insert"),
        "with a later end, too"
    );

    for (what, other) in [
        (
            "another connection",
            key("other", "https://idp.example.test/", "_a1"),
        ),
        (
            "another issuer",
            key("acme", "https://idp.example.test", "_a1"),
        ),
        (
            "an ID in other case",
            key("acme", "https://idp.example.test/", "_A1"),
        ),
        (
            "another ID",
            key("acme", "https://idp.example.test/", "_a2"),
        ),
        (
            "an issuer in other case",
            key("acme", "https://IDP.example.test/", "_a1"),
        ),
        (
            "parts cut elsewhere",
            key("acme", "https://idp.example.test/_a", "1"),
        ),
        (
            "white space at the end",
            key("acme", "https://idp.example.test/", "_a1 "),
        ),
    ] {
        assert!(
            store.insert_once(&other, until, NOW).await.expect("insert"),
            "{what} is another assertion"
        );
    }

    let just_before = until - Duration::SECOND;
    assert!(
        !store
            .insert_once(&first, until, just_before)
            .await
            .expect("insert"),
        "kept to the end of its window"
    );

    let raced = key("acme", "https://idp.example.test/", "_raced");
    let wins = race(&Arc::new(store), move |store: &S| {
        block_on(store.insert_once(&raced, until, NOW)).expect("insert")
    });
    assert_eq!(
        wins, 1,
        "of {RACERS} that bring one assertion at once, one is the first"
    );
}

/// How many threads win.
fn race<S: Send + Sync + 'static>(
    store: &Arc<S>,
    run: impl Fn(&S) -> bool + Send + Sync + 'static,
) -> usize {
    let (barrier, run) = (Arc::new(Barrier::new(RACERS)), Arc::new(run));
    let threads: Vec<_> = (0..RACERS)
        .map(|_| {
            let (store, barrier, run) = (store.clone(), barrier.clone(), run.clone());
            thread::spawn(move || {
                barrier.wait();
                run(&store)
            })
        })
        .collect();
    threads
        .into_iter()
        .map(|thread| thread.join().expect("no panic"))
        .filter(|won| *won)
        .count()
}
