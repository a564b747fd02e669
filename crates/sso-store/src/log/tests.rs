#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::db::Param;

/// What is done again and again while SCIM makes millions of users is not to read millions of rows.
#[test]
fn what_a_write_asks_is_found_by_an_index() {
    let store = Store::in_memory().unwrap();
    let asked = [
        (sql::LOG_TRIM, 1),
        (sql::ACCOUNT_GET, 1),
        (sql::ACCOUNT_OF_SCIM, 2),
        (sql::ACCOUNT_NAMED, 2),
        (sql::ACCOUNT_LOCAL, 1),
        (sql::CONNECTION_SETTINGS, 1),
        (sql::SESSION_DELETE_OF_ACCOUNT, 1),
    ];
    for (sql, params) in asked {
        let plan = |db: Db<'_>| {
            let explained = format!("EXPLAIN QUERY PLAN {sql}");
            let nothing = vec![Param::Null; params];
            db.query(&explained, &nothing, |row| row.get::<String>(3))
        };
        let steps: Vec<String> = store.read(plan).unwrap();
        let reads_all = |step: &String| step.starts_with("SCAN") && !step.contains("USING INDEX");
        assert!(!steps.iter().any(reads_all), "{sql}: {steps:?}");
    }
}
