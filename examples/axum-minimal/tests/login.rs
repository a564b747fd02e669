//! The login over HTTP.

const PROGRAM: &str = env!("CARGO_BIN_EXE_axum-minimal");

#[test]
fn from_the_link_to_the_page_that_says_who_is_signed_in() {
    minimal_suite::a_login(PROGRAM);
}

#[test]
fn the_same_answer_once_more_is_refused() {
    minimal_suite::a_replay_is_refused(PROGRAM);
}

#[test]
fn an_answer_for_another_browser_is_refused() {
    minimal_suite::another_browser_is_refused(PROGRAM);
}

#[test]
fn nonsense_is_refused() {
    minimal_suite::nonsense_is_refused(PROGRAM);
}

#[test]
fn a_file_of_metadata_is_trusted_instead() {
    minimal_suite::a_file_of_metadata(PROGRAM);
}

#[test]
fn the_metadata_says_who_it_is() {
    minimal_suite::the_metadata(PROGRAM);
}

#[test]
fn it_stays_short() {
    minimal_suite::short_enough(include_str!("../src/main.rs"));
}
