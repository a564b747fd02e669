//! A connection by metadata URL: keys that change without warning, servers that misbehave.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use common::{Browser, Page, Portal, answer};
use portal::connections::{self, NewConnection, Trust};
use portal::random::now;
use sso_store::{ConnectionName, ConnectionSettings};
use sso_testkit::{FakeIdp, IdpKey, KeyKind};

/// Publishes whatever it is told to.
struct Publisher {
    url: String,
    body: Arc<Mutex<(u16, String)>>,
    fetches: Arc<AtomicUsize>,
}

impl Publisher {
    fn of(idp: &FakeIdp) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/metadata", listener.local_addr().unwrap());
        let body = Arc::new(Mutex::new((200, idp.metadata_xml())));
        let fetches = Arc::new(AtomicUsize::new(0));
        let (shared, count) = (Arc::clone(&body), Arc::clone(&fetches));
        std::thread::spawn(move || {
            for stream in listener.incoming().take(50) {
                let mut stream = stream.unwrap();
                let mut head = [0; 4096];
                let _ = stream.read(&mut head);
                count.fetch_add(1, Ordering::SeqCst);
                let (status, body) = shared.lock().unwrap().clone();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { url, body, fetches }
    }

    fn publish(&self, status: u16, body: &str) {
        *self.body.lock().unwrap() = (status, body.to_owned());
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

fn new(url: &str) -> NewConnection {
    NewConnection {
        name: "example".to_owned(),
        label: "Example".to_owned(),
        preset: None,
        trust: Trust::MetadataUrl(url.to_owned()),
        settings: ConnectionSettings::default(),
    }
}

fn connect(portal: &Portal, publisher: &Publisher) {
    connections::add(
        &portal.store,
        new(&publisher.url),
        &portal.base,
        idp_config::Actor::CommandLine,
        now(),
    )
    .unwrap();
}

/// As if the last fetch had been ten minutes earlier.
fn ten_minutes_pass(portal: &Portal) {
    let name: ConnectionName = "example".parse().unwrap();
    portal
        .store
        .change_metadata(&name, |record| {
            let mut state = serde_json::to_value(record.metadata.as_ref().unwrap()).unwrap();
            for field in ["attempted_at", "fetched_at"] {
                state[field] = (state[field].as_i64().unwrap() - 600).into();
            }
            record.metadata = Some(serde_json::from_value(state).unwrap());
        })
        .unwrap();
}

fn sign_in(portal: &Portal, idp: &FakeIdp) -> Page {
    let mut browser = Browser::new();
    let request = portal.start_login(&mut browser, "example");
    let form = answer(idp, &request);
    browser.post(&portal.url("/saml/consume"), &form)
}

fn codes(portal: &Portal, event: &str) -> Vec<String> {
    let entries = portal.store.log(None, 1000).unwrap();
    entries
        .into_iter()
        .filter(|entry| entry.event == event)
        .map(|entry| entry.code.unwrap_or(entry.summary))
        .collect()
}

/// Who changed whom to trust, and the numbers of keys before and after.
fn trust_events(portal: &Portal) -> Vec<(idp_config::Actor, usize, usize)> {
    let entries = portal.store.log(None, 1000).unwrap();
    let changed = entries
        .into_iter()
        .filter(|entry| entry.event == "metadata.changed");
    changed
        .map(|entry| {
            let event: idp_config::HistoryEvent =
                serde_json::from_value(entry.report.unwrap()).unwrap();
            let idp_config::What::Trust { old, new, .. } = event.what else {
                panic!("{event:?}");
            };
            assert_ne!(old, new);
            (event.actor, old.len(), new.len())
        })
        .collect()
}

#[test]
fn a_key_that_changed_without_warning_costs_one_fetch_and_no_login() {
    let portal = Portal::start();
    let idp = FakeIdp::new();
    let publisher = Publisher::of(&idp);
    connect(&portal, &publisher);
    assert_eq!(sign_in(&portal, &idp).status, 303);
    assert_eq!(publisher.fetches(), 1);

    let changed = idp.with_key(IdpKey::pooled(KeyKind::Rsa2048, 5));
    publisher.publish(200, &changed.metadata_xml());
    ten_minutes_pass(&portal);
    let page = sign_in(&portal, &changed);
    assert_eq!(
        (page.status, page.header("location")),
        (303, "/"),
        "{}",
        page.body
    );
    assert_eq!(publisher.fetches(), 2);
    let noted = codes(&portal, "metadata.changed");
    assert_eq!(noted.len(), 1);
    assert!(noted[0].contains("New keys: sha256:") && noted[0].contains("Keys gone: sha256:"));
    assert_eq!(sign_in(&portal, &changed).status, 303);
    assert_eq!(publisher.fetches(), 2);
    assert_eq!(
        trust_events(&portal),
        [(idp_config::Actor::UnknownKey, 1, 1)]
    );
}

#[test]
fn ten_wrong_keys_in_a_second_cost_one_fetch() {
    let portal = Portal::start();
    let idp = FakeIdp::new();
    let publisher = Publisher::of(&idp);
    connect(&portal, &publisher);
    let stranger = FakeIdp::new().with_key(IdpKey::pooled(KeyKind::Rsa2048, 6));
    ten_minutes_pass(&portal);
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| assert_eq!(sign_in(&portal, &stranger).status, 403));
        }
    });
    assert_eq!(publisher.fetches(), 2);
    assert_eq!(
        codes(&portal, "login.rejected"),
        ["signature.unknown_key"; 10]
    );
    assert_eq!(sign_in(&portal, &idp).status, 303);
}

#[test]
fn what_was_good_stays_when_the_server_misbehaves() {
    let portal = Portal::start();
    let idp = FakeIdp::new();
    let publisher = Publisher::of(&idp);
    connect(&portal, &publisher);
    let stranger = FakeIdp::new().with_key(IdpKey::pooled(KeyKind::Rsa2048, 6));
    let other = FakeIdp::new().with_entity_id("https://other.example");
    let mut expected = Vec::new();
    for (status, body, code) in [
        (200, "<html>Sign in</html>".to_owned(), "metadata.html"),
        (503, String::new(), "fetch.server_status"),
        (200, other.metadata_xml(), "metadata.entity_id_mismatch"),
    ] {
        publisher.publish(status, &body);
        ten_minutes_pass(&portal);
        assert_eq!(sign_in(&portal, &stranger).status, 403);
        expected.insert(0, code);
        assert_eq!(codes(&portal, "metadata.failed"), expected);
        assert_eq!(sign_in(&portal, &idp).status, 303, "last good serves");
    }
}

#[test]
fn a_url_that_gives_nothing_makes_no_connection() {
    let portal = Portal::start();
    let publisher = Publisher::of(&FakeIdp::new());
    publisher.publish(404, "");
    let refused = connections::add(
        &portal.store,
        new(&publisher.url),
        &portal.base,
        idp_config::Actor::CommandLine,
        now(),
    );
    assert_eq!(refused.unwrap_err().code(), "fetch.client_status");
    assert!(portal.store.connections().unwrap().is_empty());

    // A portal that others reach does not fetch from inside its own network
    let public = Portal::start_at(Some("https://sso.example"));
    let base = "https://sso.example".parse().unwrap();
    let refused = connections::add(
        &public.store,
        new(&publisher.url),
        &base,
        idp_config::Actor::CommandLine,
        now(),
    );
    assert_eq!(refused.unwrap_err().code(), "fetch.scheme");
    let inside = "https://127.0.0.1:9/metadata";
    let refused = connections::add(
        &public.store,
        new(inside),
        &base,
        idp_config::Actor::CommandLine,
        now(),
    );
    assert_eq!(refused.unwrap_err().code(), "fetch.address_refused");
}

#[test]
fn the_page_adds_one_and_shows_how_fresh_it_is() {
    let portal = Portal::start();
    let publisher = Publisher::of(&FakeIdp::new());
    let mut browser = Browser::new();
    let page = browser.sign_in_admin(&portal);
    let fields = [
        ("name", "example"),
        ("label", "Example"),
        ("preset", ""),
        ("metadata_url", publisher.url.as_str()),
    ];
    let page = browser.submit(&page, "/admin/sso/metadata-url", &fields);
    let page = browser.rest_of(page);
    assert_eq!(page.status, 200);
    for shown in ["Metadata URL", "Fetched", "Next fetch", "/metadata"] {
        assert!(page.body.contains(shown), "{shown} in {}", page.body);
    }
}
