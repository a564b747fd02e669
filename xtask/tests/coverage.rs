//! Every reason code has a vector, a citation and a use.

use std::process::Command;

#[test]
fn nothing_is_missing() {
    let found = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .arg("coverage")
        .output();
    let found = found.unwrap_or_else(|error| panic!("it does not run: {error}"));
    println!("{}", String::from_utf8_lossy(&found.stdout));
    let missing = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{missing}");
}
