use super::*;

fn complaints(row: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let codes = BTreeSet::from(["conditions.audience_mismatch"]);
    check(&root, &codes, &cells(row).unwrap())
}

#[test]
fn a_good_row_passes() {
    let none: Vec<String> = Vec::new();
    let by_code = "| X1 | does | met | `xtask/src/main.rs` | `conditions.audience_mismatch` |";
    assert_eq!(complaints(by_code), none);
    let by_test = "| X1 | does | met | `xtask/src/main.rs` | `xtask/src/conformance_tables/tests.rs::a_good_row_passes` |";
    assert_eq!(complaints(by_test), none);
    assert_eq!(
        complaints("| X2 | may | not offered: nobody asked | | |"),
        none
    );
}

#[test]
fn a_row_that_points_at_nothing_is_found() {
    for (row, complaint) in [
        (
            "| X | s | met | | |",
            "X: met, but where, and what proves it?",
        ),
        ("| X | s | good | | |", "X: status \"good\""),
        ("| X | s | deviation | | |", "X: deviation without a reason"),
        (
            "| X | s | met | `no/such.rs` | `conditions.audience_mismatch` |",
            "X: no file no/such.rs",
        ),
        (
            "| X | s | met | `xtask/src/main.rs` | `no.code` |",
            "X: no.code is neither a reason code nor a test",
        ),
        (
            "| X | s | met | `xtask/src/main.rs` | `xtask/src/main.rs::no_such_test` |",
            "X: xtask/src/main.rs::no_such_test is neither a reason code nor a test",
        ),
        ("| X | s |", "2 cells instead of 5"),
    ] {
        assert_eq!(complaints(row), [complaint], "{row}");
    }
    assert!(cells("| rule | what it says | status | enforced in | proof |").is_none());
    assert!(cells("|---|---|---|---|---|").is_none());
}
