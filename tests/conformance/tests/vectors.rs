//! The committed vectors, replayed: the list comes from the folders, the verdict from the file names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::collections::BTreeSet;
use std::fs;

use conformance::scenario::Scenario;
use conformance::vectors::{Context, expected_names, folder, list};
use saml_xml::{Document, Limits};

#[test]
fn responses_and_forms_get_the_verdict_in_their_name() {
    let root = folder();
    let context = Context::read(&root);
    let mut seen = 0;
    let mut wrong = Vec::new();
    for kind in ["response", "form"] {
        for vector in list(&root.join(kind)) {
            seen += 1;
            wrong.extend(context.replay(&root, &vector));
        }
    }
    assert!(seen > 400, "only {seen} vectors");
    assert!(
        wrong.is_empty(),
        "{} of {seen}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn documents_get_the_verdict_in_their_name() {
    let mut wrong = Vec::new();
    for vector in list(&folder().join("xml")) {
        let parsed = Document::parse(fs::read(&vector.path).unwrap(), &Limits::default());
        let got = parsed.map_or_else(|error| error.code(), |_| "accepted");
        if got != vector.code {
            wrong.push(format!("{}: {got}", vector.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn scenarios_end_in_the_code_in_their_name() {
    let mut wrong = Vec::new();
    for vector in list(&folder().join("scenario")) {
        let text = fs::read_to_string(&vector.path).unwrap();
        let scenario: Scenario =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", vector.name));
        let got = scenario.run();
        if got != vector.code {
            wrong.push(format!("{}: {got}", vector.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_files_are_those_of_the_catalogue() {
    let root = folder();
    let there: BTreeSet<String> = ["response", "form"]
        .iter()
        .flat_map(|kind| list(&root.join(kind)))
        .map(|vector| vector.name)
        .collect();
    let wanted = expected_names();
    let missing: Vec<_> = wanted.difference(&there).collect();
    let stale: Vec<_> = there.difference(&wanted).collect();
    assert!(
        missing.is_empty() && stale.is_empty(),
        "run `cargo xtask vectors`: missing {missing:?}, stale {stale:?}"
    );
}
