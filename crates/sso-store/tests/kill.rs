//! What was acknowledged is there after `kill -9`.
//!
//! The test starts itself again as a child that writes and reports each acknowledged write, kills
//! it in the middle, and looks.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use sso_store::{Event, NewLogEntry, Store};
use time::macros::datetime;

const CHILD: &str = "SSO_STORE_KILL_TEST_FILE";

#[test]
fn an_acknowledged_write_survives_kill_9() {
    if let Ok(path) = std::env::var(CHILD) {
        write_for_ever(&path);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kill.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "an_acknowledged_write_survives_kill_9",
            "--nocapture",
        ])
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut last = None;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(reference) = line.strip_prefix("done ") {
            last = Some(reference.to_owned());
            if reference == "R50" {
                break;
            }
        }
    }
    // SIGKILL on Unix: nothing in the child runs any more.
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(last.as_deref(), Some("R50"), "the child never came so far");
    let store = Store::open(&path).unwrap();
    for n in 0..=50 {
        assert!(
            store.log_by_reference(&format!("R{n}")).unwrap().is_some(),
            "R{n} is lost"
        );
    }
}

fn write_for_ever(path: &str) -> ! {
    let store = Store::open(path.as_ref()).unwrap();
    for n in 0_u64.. {
        let reference = format!("R{n}");
        let at = datetime!(2026-11-23 12:00 UTC);
        store
            .append_log(&NewLogEntry::new(at, Event::LoginAccepted, &reference, ""))
            .unwrap();
        // The harness may have left the cursor in the middle of its own line.
        println!("\ndone {reference}");
    }
    unreachable!("u64 does not run out");
}
