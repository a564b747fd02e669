//! SCIM over HTTP.

const PROGRAM: &str = env!("CARGO_BIN_EXE_axum-minimal");

#[test]
fn users_and_groups_live() {
    minimal_suite::a_lifecycle(PROGRAM);
}

#[test]
fn without_a_token_there_is_nothing() {
    minimal_suite::without_a_token(PROGRAM);
}

#[test]
fn too_large_is_refused() {
    minimal_suite::too_large_is_refused(PROGRAM);
}
