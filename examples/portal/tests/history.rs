//! What the history says of connections, and what it tells in time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod common;

use common::Portal;
use idp_config::{Actor, HistoryEvent, SourceKind, What};
use portal::random::{OsRandom, now};
use portal::{alerts, connections};
use scim_core::token::{Scopes, TokenRecord, issue};
use sso_store::{ConnectionName, LogEntry};
use sso_testkit::{FakeIdp, Preset, block_on};
use time::Duration;

fn history(portal: &Portal) -> Vec<HistoryEvent> {
    let mut entries = portal.store.log(None, 1000).unwrap();
    entries.reverse();
    entries
        .into_iter()
        .filter(|entry| entry.event.starts_with("connection."))
        .map(|entry| serde_json::from_value(entry.report.unwrap()).unwrap())
        .collect()
}

#[test]
fn each_change_of_a_connection_is_an_event() {
    let portal = Portal::start();
    portal.connect("example", &FakeIdp::preset(Preset::Generic));
    let grace = || Actor::Administrator("grace".to_owned());
    connections::change(&portal.store, "example", grace(), now(), |record| {
        record.settings.allow_unsolicited = true;
        record.label = "Another".to_owned();
        Ok(())
    })
    .unwrap();
    let users = connections::Users::Refuse;
    connections::remove(&portal.store, "example", users, Actor::CommandLine, now()).unwrap();

    let events = history(&portal);
    let [added, changed, removed] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(added.actor, Actor::CommandLine);
    assert_eq!(added.source, SourceKind::MetadataXml);
    let What::Added { fingerprints } = &added.what else {
        panic!("{added:?}");
    };
    assert_eq!(fingerprints.len(), 1);
    assert_eq!(fingerprints[0].len(), 95, "SHA-256 with colons");
    assert_eq!(changed.actor, grace());
    let What::Settings { names } = &changed.what else {
        panic!("{changed:?}");
    };
    assert_eq!(names, &["allow_unsolicited", "label"]);
    assert_eq!(removed.what, What::Removed);
    let redacted = serde_json::to_string(&changed.clone().redacted()).unwrap();
    assert!(!redacted.contains("grace"), "{redacted}");
}

fn told(portal: &Portal) -> Vec<LogEntry> {
    let entries = portal.store.log(None, 1000).unwrap();
    let mut told: Vec<LogEntry> = entries
        .into_iter()
        .filter(|entry| entry.event.ends_with(".expiring"))
        .collect();
    told.reverse();
    told
}

#[test]
fn what_ends_is_told_in_time_and_once() {
    let portal = Portal::start();
    let idp = FakeIdp::preset(Preset::Generic);
    portal.connect("example", &idp);
    let name: ConnectionName = "example".parse().unwrap();
    let certificate = saml_xml::Certificate::from_der(idp.key().certificate_der()).unwrap();
    let end = certificate.not_after();

    for (days_left, days_told) in [
        (61, None),
        (60, Some(60)),
        (59, None),
        (20, Some(30)),
        (7, Some(7)),
        (7, None),
        (1, Some(1)),
    ] {
        let before = told(&portal).len();
        let lines = alerts::due(&portal.store, end - Duration::days(days_left)).unwrap();
        let entries = told(&portal);
        assert_eq!(
            lines.len(),
            usize::from(days_told.is_some()),
            "{days_left} days left"
        );
        assert_eq!(entries.len() - before, lines.len(), "{days_left} days left");
        if let Some(days) = days_told {
            assert_eq!(entries.last().unwrap().event, "certificate.expiring");
            let record = portal.store.connection(&name).unwrap().unwrap();
            let known: Vec<u16> = record.settings.certificate_alerts.into_values().collect();
            assert_eq!(known, [days]);
        }
    }

    // A token is made for a year
    let made = end - Duration::days(800);
    let id = scim_core::resource::ConnectionId::new("example");
    block_on(issue(
        &portal.store,
        &id,
        Scopes::all(),
        TokenRecord::LIFETIME,
        made,
        &OsRandom::default(),
    ))
    .unwrap();
    let ends = made + Duration::days(365);
    for (days_left, count) in [(61, 0), (60, 1), (59, 0), (6, 1), (6, 0)] {
        let lines = alerts::due(&portal.store, ends - Duration::days(days_left)).unwrap();
        assert_eq!(lines.len(), count, "{days_left} days left");
    }
    assert_eq!(told(&portal).last().unwrap().event, "scim_token.expiring");
}
