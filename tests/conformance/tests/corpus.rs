//! The fuzz corpus, and every committed vector, through the bodies of the fuzz targets: on a stable
//! compiler, without libFuzzer.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

#[expect(
    unreachable_pub,
    clippy::expect_used,
    reason = "a fuzz target fails by panicking"
)]
#[path = "../../../fuzz/src/lib.rs"]
mod fuzz_bodies;

fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let files: Vec<_> = paths
        .iter()
        .filter(|path| path.is_file())
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files
}

fn replay(target: &str, body: fn(&[u8])) {
    for folder in [
        format!("fuzz/corpus/{target}"),
        "tests/vectors/xml".to_owned(),
        "tests/vectors/response".to_owned(),
    ] {
        files(&folder).iter().for_each(|file| body(file));
    }
}

#[test]
fn the_parser_agrees_with_itself() {
    replay("parse", fuzz_bodies::parse);
}

#[test]
fn canonical_form_is_a_fixed_point() {
    replay("c14n", fuzz_bodies::c14n);
}

#[test]
fn nothing_but_the_genuine_verifies() {
    replay("verify", fuzz_bodies::verify);
}

#[test]
fn nothing_but_the_genuine_signs_in() {
    replay("response", fuzz_bodies::response);
}

#[test]
fn stream() {
    replay("stream", fuzz_bodies::stream);
}

#[test]
fn filters_are_read_again_from_what_they_are_written_as() {
    replay("scim_filter", fuzz_bodies::scim_filter);
}

#[test]
fn every_request_has_an_answer_and_a_refusal_changes_nothing() {
    replay("scim_request", fuzz_bodies::scim_request);
}
