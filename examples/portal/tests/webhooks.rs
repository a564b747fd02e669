//! What SCIM changed, on its way to a receiver.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use common::Portal;
use portal::random::{OsRandom, now};
use portal::webhooks::{Round, Webhooks};
use scim_core::resource::ConnectionId;
use scim_core::token::{Scopes, TokenRecord, issue};
use sso_store::Webhook;
use sso_testkit::{FakeIdp, Preset, block_on};
use time::Duration;

/// A receiver that answers with these statuses, one a request, and keeps what came.
struct Receiver {
    url: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    fn answering(statuses: Vec<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/events", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&bodies);
        std::thread::spawn(move || {
            for status in statuses {
                let (mut stream, _) = listener.accept().unwrap();
                let mut text = String::new();
                let mut buffer = [0; 4096];
                loop {
                    let read = stream.read(&mut buffer).unwrap();
                    text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
                    let Some((head, body)) = text.split_once("\r\n\r\n") else {
                        continue;
                    };
                    let length = head.lines().find_map(|line| {
                        let (name, value) = line.split_once(": ")?;
                        name.eq_ignore_ascii_case("content-length")
                            .then(|| value.parse::<usize>().unwrap())
                    });
                    if body.len() >= length.unwrap_or(0) {
                        assert!(
                            head.to_lowercase()
                                .contains("content-type: application/secevent+jwt")
                        );
                        kept.lock().unwrap().push(body.to_owned());
                        break;
                    }
                }
                write!(
                    stream,
                    "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                )
                .unwrap();
            }
        });
        Self { url, bodies }
    }

    fn came(&self) -> Vec<serde_json::Value> {
        let bodies = self.bodies.lock().unwrap();
        let claims = bodies
            .iter()
            .map(|body| body.split('.').nth(1).unwrap().to_owned());
        claims
            .map(|claims| {
                let padded = claims.replace('-', "+").replace('_', "/");
                let padded = format!("{padded}{}", "=".repeat((4 - padded.len() % 4) % 4));
                let json = saml_xml::types::decode_base64(&padded).unwrap();
                serde_json::from_slice(&json).unwrap()
            })
            .collect()
    }
}

fn set_webhook(portal: &Portal, url: Option<&str>) {
    portal::connections::change(
        &portal.store,
        "example",
        idp_config::Actor::CommandLine,
        now(),
        |record| {
            record.settings.webhook =
                url.map(|url| Webhook::new(url.parse().unwrap(), "s".repeat(64)));
            Ok(())
        },
    )
    .unwrap();
}

fn make_user(portal: &Portal, name: &str) {
    let id = ConnectionId::new("example");
    let issued = block_on(issue(
        &portal.store,
        &id,
        Scopes::all(),
        TokenRecord::LIFETIME,
        now(),
        &OsRandom::default(),
    ));
    let token = issued.unwrap().1.reveal().to_owned();
    let body = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name,
    });
    let response = ureq::post(portal.url("/api/scim/Users"))
        .header("authorization", &format!("Bearer {token}"))
        .header("content-type", "application/scim+json")
        .send(body.to_string().as_bytes())
        .unwrap();
    assert_eq!(response.status().as_u16(), 201);
}

#[test]
fn events_arrive_in_order_and_wait_while_nobody_takes_them() {
    let portal = Portal::start();
    portal.connect("example", &FakeIdp::preset(Preset::Generic));
    let receiver = Receiver::answering(vec![500, 202, 202]);
    set_webhook(&portal, Some(&receiver.url));
    make_user(&portal, "ada");
    make_user(&portal, "grace");

    let mut webhooks = Webhooks::default();
    let mut deliver = |at| webhooks.deliver(&portal.store, &portal.base, at).unwrap();
    let begun = now();
    let waiting = Round {
        waiting: 2,
        ..Round::default()
    };
    assert_eq!(
        deliver(begun),
        waiting,
        "the first fails, the second waits for it"
    );
    assert_eq!(deliver(begun + Duration::seconds(5)), waiting, "left alone");
    let done = deliver(begun + Duration::seconds(11));
    assert_eq!(
        done,
        Round {
            delivered: 2,
            ..Round::default()
        }
    );
    assert_eq!(deliver(begun + Duration::seconds(12)), Round::default());

    let came = receiver.came();
    assert_eq!(came.len(), 3);
    assert_eq!(came[0]["sub_id"], came[1]["sub_id"], "the first again");
    assert_ne!(came[0]["jti"], came[1]["jti"]);
    assert_ne!(came[1]["sub_id"], came[2]["sub_id"]);
    assert!(came[1]["events"]["urn:ietf:params:scim:event:prov:create:notice"].is_object());
    assert!(
        !came[1].to_string().contains("ada"),
        "names of attributes, never values"
    );
}

#[test]
fn events_that_nobody_wants_do_not_pile_up() {
    let portal = Portal::start();
    portal.connect("example", &FakeIdp::preset(Preset::Generic));
    make_user(&portal, "ada");
    let mut webhooks = Webhooks::default();
    let round = webhooks
        .deliver(&portal.store, &portal.base, now())
        .unwrap();
    assert_eq!(
        round,
        Round {
            dropped: 1,
            ..Round::default()
        }
    );
    // and one that refuses for good does not stop the next
    let receiver = Receiver::answering(vec![400, 202]);
    set_webhook(&portal, Some(&receiver.url));
    make_user(&portal, "grace");
    make_user(&portal, "joan");
    let round = webhooks
        .deliver(&portal.store, &portal.base, now())
        .unwrap();
    assert_eq!(
        round,
        Round {
            delivered: 1,
            refused: 1,
            ..Round::default()
        }
    );
}
