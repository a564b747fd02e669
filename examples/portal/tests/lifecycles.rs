//! Each file of `tests/vectors/scim` replayed over HTTP, byte for byte as written there. Its README has
//! the format.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use common::Portal;
use common::scim::Client;
use portal::connections::{self, Users};
use portal::policy::PolicyChange;
use portal::random::now;
use scim_core::dialect::Preset;
use scim_core::token::Scopes;
use serde_json::Value;
use sso_store::Store;
use sso_testkit::FakeIdp;

/// One request and what is expected of it.
#[derive(Debug, Default)]
struct Step {
    title: String,
    method: String,
    path: String,
    headers: Vec<String>,
    body: String,
    answer: Vec<String>,
    state: Vec<String>,
}

#[derive(Debug)]
struct Lifecycle {
    dialect: Preset,
    roles: Vec<String>,
    times: usize,
    steps: Vec<Step>,
}

fn parse(text: &str) -> Lifecycle {
    let mut parts = text.split("\n### ");
    let head = parts.next().unwrap();
    let mut lifecycle = Lifecycle {
        dialect: Preset::Strict,
        roles: Vec::new(),
        times: 1,
        steps: Vec::new(),
    };
    assert!(
        head.contains("# Known") && head.contains("# Assumed"),
        "say what is known"
    );
    let mut said = false;
    for line in head.lines() {
        if let Some(directive) = line.strip_prefix('@') {
            let (name, value) = directive.split_once(' ').unwrap();
            match name {
                "dialect" => {
                    lifecycle.dialect = Preset::from_name(value).unwrap();
                    said = true;
                }
                "role" => lifecycle.roles.push(value.to_owned()),
                "times" => lifecycle.times = value.parse().unwrap(),
                other => panic!("no directive {other}"),
            }
        } else {
            assert!(line.is_empty() || line.starts_with('#'), "{line}");
        }
    }
    assert!(said, "no dialect");
    lifecycle.steps = parts.map(step).collect();
    assert!(!lifecycle.steps.is_empty());
    lifecycle
}

fn step(text: &str) -> Step {
    let mut lines = text.lines();
    let mut step = Step {
        title: lines.next().unwrap().to_owned(),
        ..Step::default()
    };
    let (method, path) = lines.next().unwrap().split_once(' ').unwrap();
    (step.method, step.path) = (method.to_owned(), path.to_owned());
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        assert!(line.contains(": "), "{line} is no header");
        step.headers.push(line.to_owned());
    }
    for line in lines {
        if let Some(expected) = line.strip_prefix("< ") {
            step.answer.push(expected.to_owned());
        } else if let Some(state) = line.strip_prefix("? ") {
            step.state.push(state.to_owned());
        } else {
            assert!(step.answer.is_empty() || line.is_empty(), "{line}");
            step.body.push_str(line);
        }
    }
    assert!(
        !step.answer.is_empty(),
        "{}: nothing is expected",
        step.title
    );
    step
}

struct Replay<'a> {
    portal: &'a Portal,
    connection: String,
    token: String,
    known: BTreeMap<String, String>,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Replay<'_> {
    fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.known {
            text = text.replace(&format!("{{{{{name}}}}}"), value);
        }
        assert!(!text.contains("{{"), "unknown name in {text}");
        text
    }

    /// The bytes as they are, with nobody between that could make them nicer.
    fn send(&self, step: &Step) -> Answer {
        let address = self.portal.base.socket_addrs(|| None).unwrap()[0];
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let body = self.fill(&step.body);
        let mut request = format!(
            "{} /api/scim{} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n",
            step.method,
            self.fill(&step.path),
            self.token,
        );
        for header in &step.headers {
            request.push_str(header);
            request.push_str("\r\n");
        }
        if step.method != "GET" && step.method != "DELETE" {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        request.push_str("\r\n");
        request.push_str(&body);
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        Answer {
            status: status.parse().unwrap(),
            headers: lines
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
                .collect(),
            body: if body.is_empty() {
                Value::Null
            } else {
                serde_json::from_str(body).unwrap()
            },
        }
    }

    fn check(&mut self, answer: &Answer, expected: &str, place: &str) {
        let here = format!(
            "{place}: `{expected}`, but {} {}",
            answer.status, answer.body
        );
        if let Ok(status) = expected.parse::<u16>() {
            assert_eq!(answer.status, status, "{here}");
            if status == 204 {
                assert_eq!(answer.body, Value::Null, "{here}");
            }
        } else if let Some(rest) = expected.strip_prefix('/') {
            let (pointer, test) = rest.split_once(' ').unwrap();
            let found = answer.body.pointer(&format!("/{pointer}"));
            match test.split_once(' ').unwrap_or((test, "")) {
                ("=", json) => {
                    let wanted: Value = serde_json::from_str(&self.fill(json)).unwrap();
                    assert_eq!(found, Some(&wanted), "{here}");
                }
                ("absent", _) => assert_eq!(found, None, "{here}"),
                ("has", count) => {
                    let list = found.and_then(Value::as_array);
                    let list = list.unwrap_or_else(|| panic!("{here}"));
                    assert_eq!(list.len(), count.parse::<usize>().unwrap(), "{here}");
                }
                ("->", name) => {
                    let value = found.and_then(Value::as_str);
                    let value = value.unwrap_or_else(|| panic!("{here}"));
                    self.known.insert(name.to_owned(), value.to_owned());
                }
                _ => panic!("{place}: {expected} is no expectation"),
            }
        } else {
            let (name, value) = expected.split_once(": ").unwrap();
            let found = answer.headers.iter().find(|(header, _)| header == name);
            let found = found.unwrap_or_else(|| panic!("{here}"));
            assert!(found.1.starts_with(value), "{here}: {}", found.1);
        }
    }

    fn state(&self, expected: &str, place: &str) {
        let (name, test) = expected.split_once(' ').unwrap();
        let store = &self.portal.store;
        let found = store.account_of_scim(&self.connection, &self.known[name]);
        let account = found
            .unwrap()
            .unwrap_or_else(|| panic!("{place}: no account"));
        match test.strip_prefix("roles ") {
            Some(wanted) => {
                let roles: Vec<String> = account.roles.into_iter().collect();
                let roles = if roles.is_empty() {
                    "-".to_owned()
                } else {
                    roles.join(", ")
                };
                assert_eq!(roles, wanted, "{place}: {expected}");
            }
            None => assert_eq!(account.status.as_str(), test, "{place}: {expected}"),
        }
    }
}

/// Replays a lifecycle at a connection of its own, and takes away what it made.
fn replay(portal: &Portal, file: &Path) {
    let name = file.file_stem().unwrap().to_str().unwrap();
    let lifecycle = parse(&std::fs::read_to_string(file).unwrap());
    let connection = format!("{name}-{}", std::process::id()).to_ascii_lowercase();
    portal.connect(&connection, &FakeIdp::new());
    let actor = idp_config::Actor::CommandLine;
    let record = connections::change(&portal.store, &connection, actor.clone(), now(), |record| {
        record.settings.scim_dialect = Some(lifecycle.dialect);
        let change = PolicyChange {
            roles_by_group: Some(lifecycle.roles.clone()),
            ..PolicyChange::default()
        };
        change.apply(&mut record.settings.provisioning)
    });
    record.unwrap();
    let mut replay = Replay {
        portal,
        token: Client::of(portal, &connection, Scopes::all()).token,
        connection: connection.clone(),
        known: BTreeMap::new(),
    };
    for round in 0..lifecycle.times {
        for step in &lifecycle.steps {
            let place = format!("{name}, round {round}, {}", step.title);
            let answer = replay.send(step);
            for expected in &step.answer {
                replay.check(&answer, expected, &place);
            }
            for expected in &step.state {
                replay.state(expected, &place);
            }
        }
    }
    connections::remove(&portal.store, &connection, Users::Remove, actor, now()).unwrap();
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/scim");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "http"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_identity_provider_has_its_lifecycles() {
    let names: Vec<String> = files()
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let expected = [
        "entra-aadOptscim062020",
        "entra-default",
        "google-lifecycle",
        "jumpcloud-lifecycle",
        "jumpcloud-test_connection",
        "jumpcloud-test_connection_without_delete",
        "okta-patch",
        "okta-put",
        "onelogin-lifecycle",
        "ping-put_only",
    ];
    assert_eq!(names, expected);
}

#[test]
fn lifecycles_on_sqlite() {
    let portal = Portal::start();
    files().iter().for_each(|file| replay(&portal, file));
}

#[test]
fn lifecycles_on_postgresql() {
    let Ok(url) = std::env::var("DATABASE_URL") else {
        println!("skipped on PostgreSQL: DATABASE_URL is not set (tests/postgres.sh sets it)");
        return;
    };
    let portal = Portal::start_on(Store::connect(&url).unwrap());
    files().iter().for_each(|file| replay(&portal, file));
}
