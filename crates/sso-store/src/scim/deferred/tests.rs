#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use scim_core::log::{LogQuery, LogStore};
use sso_testkit::block_on;

use super::*;

fn line(path: &str) -> RequestLog {
    serde_json::from_value(serde_json::json!({
        "request_id": "r", "at": 0, "tenant": "t", "connection": "c", "token_prefix": null,
        "method": "GET", "path": path, "parameters": [], "user_agent": null, "status": 200,
        "code": null, "detail": null, "changes": [], "rewrites": [], "suggested": null, "duration_ms": 1
    }))
    .unwrap()
}

fn paths(store: &Store) -> Vec<String> {
    let mut query = LogQuery::default();
    query.limit = u32::MAX;
    let lines = block_on(LogStore::read(store, &query)).unwrap();
    let mut paths: Vec<String> = lines.into_iter().map(|line| line.entry.path).collect();
    paths.reverse();
    paths
}

#[test]
fn a_line_of_a_write_is_there_at_once_after_all_before_it() {
    let store = Store::in_memory().unwrap();
    let log = ScimLog::new(store.clone()).unwrap();
    log.defer(line("/1")).unwrap();
    log.defer(line("/2")).unwrap();
    log.write(line("/3")).unwrap();
    assert_eq!(paths(&store), ["/1", "/2", "/3"]);
    log.defer(line("/4")).unwrap();
    log.flush().unwrap();
    assert_eq!(paths(&store).len(), 4);
}

#[test]
fn deferred_lines_are_written_without_being_asked_for() {
    let store = Store::in_memory().unwrap();
    let log = ScimLog::new(store.clone()).unwrap();
    for _ in 0..2 {
        log.defer(line("/1")).unwrap();
        let before = paths(&store).len();
        while paths(&store).len() == before {
            std::thread::yield_now();
        }
    }
    assert_eq!(paths(&store), ["/1", "/1"]);
}

#[test]
fn what_is_left_is_written_in_the_end() {
    let store = Store::in_memory().unwrap();
    let log = ScimLog::new(store.clone()).unwrap();
    for n in 0..=MOST {
        log.defer(line(&format!("/{n}"))).unwrap();
    }
    drop(log);
    let mut written = paths(&store);
    let mut expected: Vec<String> = (0..=MOST).map(|n| format!("/{n}")).collect();
    written.sort();
    expected.sort();
    assert_eq!(written, expected);
}
