//! What the store promises, on a real file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use std::path::Path;
use std::sync::{Arc, Barrier};

use idp_config::IdpSource;
use serde_json::json;
use sso_store::{
    ConnectionName, ConnectionRecord, DbErrorKind, Event, LOG_RETENTION, MAX_MESSAGES,
    MESSAGE_RETENTION, NewLogEntry, SessionId, SessionKind, SessionRecord, Store, StoredSecret,
    UserKey,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

fn name(text: &str) -> ConnectionName {
    text.parse().unwrap()
}

fn record(text: &str) -> ConnectionRecord {
    let source = IdpSource::fingerprint(
        "JumpCloud",
        "https://sso.example/saml2",
        None,
        &"5D".repeat(32),
    )
    .unwrap();
    ConnectionRecord::new(name(text), "JumpCloud", source, "JumpCloud", NOW)
}

/// On every database.
fn each(test: impl Fn(&Store)) {
    for home in common::homes() {
        test(&home.open());
    }
}

fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portal.db");
    (folder, path)
}

#[test]
fn names_are_folded_and_checked() {
    assert_eq!(name("JumpCloud-2").as_str(), "jumpcloud-2");
    for bad in ["", "-a", "a b", "a/b", "é", &"a".repeat(65)] {
        let error = bad.parse::<ConnectionName>().unwrap_err();
        assert_eq!(error.kind(), DbErrorKind::InvalidValue, "{bad:?}");
    }
}

#[test]
fn a_connection_is_added_once_changed_and_removed() {
    each(a_connection_is_added_once_changed_and_removed_on);
}

fn a_connection_is_added_once_changed_and_removed_on(store: &Store) {
    store.add_connection(&record("acme")).unwrap();
    let again = store.add_connection(&record("ACME")).unwrap_err();
    assert_eq!(again.code(), "store.already_exists");

    let later = NOW + Duration::hours(1);
    let changed = store
        .change_connection(&name("acme"), later, |record| {
            record.label = "Acme".to_owned();
            record.settings.allow_unsolicited = true;
            Ok::<(), sso_store::DbError>(())
        })
        .unwrap();
    let read = store.connection(&name("acme")).unwrap().unwrap();
    assert_eq!((read.label.as_str(), read.updated_at), ("Acme", later));
    assert_eq!(read.created_at, NOW);
    assert_eq!(read.settings, changed.settings);
    assert_eq!(read.source, record("acme").source);

    assert!(store.remove_connection(&name("acme")).unwrap());
    assert!(!store.remove_connection(&name("acme")).unwrap());
    let gone = store
        .change_connection(&name("acme"), later, |_| Ok::<(), sso_store::DbError>(()))
        .unwrap_err();
    assert_eq!(gone.code(), "store.not_found");
}

#[test]
fn a_refused_change_leaves_the_connection_as_it_was() {
    each(a_refused_change_leaves_the_connection_as_it_was_on);
}

fn a_refused_change_leaves_the_connection_as_it_was_on(store: &Store) {
    store.add_connection(&record("acme")).unwrap();
    let taken = store.connection(&name("none")).unwrap();
    assert!(taken.is_none());
    let refused = store.change_connection(&name("acme"), NOW, |record| {
        record.label = "Changed".to_owned();
        "".parse::<ConnectionName>().map(drop)
    });
    assert_eq!(refused.unwrap_err().code(), "store.invalid_value");
    assert_eq!(
        store.connection(&name("acme")).unwrap().unwrap().label,
        "JumpCloud"
    );
}

#[test]
fn connections_of_one_issuer_are_all_found() {
    each(connections_of_one_issuer_are_all_found_on);
}

fn connections_of_one_issuer_are_all_found_on(store: &Store) {
    store.add_connection(&record("a")).unwrap();
    store.add_connection(&record("b")).unwrap();
    assert_eq!(
        store
            .connections_by_entity_id("JumpCloud", 9)
            .unwrap()
            .len(),
        2
    );
    // entity IDs are opaque text: no folding
    assert_eq!(
        store
            .connections_by_entity_id("jumpcloud", 9)
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn a_session_is_found_by_its_secret_only_and_ends() {
    let (_folder, path) = file();
    let store = Store::open(&path).unwrap();
    let record = SessionRecord::new(
        SessionKind::User,
        json!({ "who": "alice" }),
        NOW,
        NOW + Duration::hours(1),
    );
    let id = store.open_session(&record, None).unwrap();
    let find = |id: &SessionId, kind, at| store.session(id, kind, at).unwrap();
    assert_eq!(
        find(&id, SessionKind::User, NOW).unwrap().data["who"],
        "alice"
    );
    assert!(
        find(&id, SessionKind::Administrator, NOW).is_none(),
        "a user is no administrator"
    );
    assert!(find(&SessionId::from_cookie("x"), SessionKind::User, NOW).is_none());
    assert!(find(&id, SessionKind::User, NOW + Duration::hours(1)).is_none());

    // a new login replaces the old session in the same transaction
    let next = store.open_session(&record, Some(&id)).unwrap();
    assert!(find(&id, SessionKind::User, NOW).is_none());
    assert!(find(&next, SessionKind::User, NOW).is_some());
    assert!(store.end_session(&next).unwrap());
    assert!(!store.end_session(&next).unwrap());

    let id = store.open_session(&record, None).unwrap();
    drop(store);
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let secret = id.expose().as_bytes();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
}

#[test]
fn a_user_is_the_connection_and_the_whole_name_id() {
    each(a_user_is_the_connection_and_the_whole_name_id_on);
}

fn a_user_is_the_connection_and_the_whole_name_id_on(store: &Store) {
    let (a, b) = (name("a"), name("b"));
    let key = UserKey {
        connection: &a,
        name_id: "alice@example.test",
        format: Some("email"),
        name_qualifier: None,
        sp_name_qualifier: None,
    };
    let first = store.seen_user(&key, NOW).unwrap();
    let later = NOW + Duration::days(1);
    assert_eq!(store.seen_user(&key, later).unwrap(), first);
    let others = [
        UserKey {
            connection: &b,
            ..key
        },
        UserKey {
            format: None,
            ..key
        },
        UserKey {
            name_qualifier: Some(""),
            ..key
        },
        UserKey {
            sp_name_qualifier: Some(""),
            ..key
        },
        UserKey {
            name_id: "Alice@example.test",
            ..key
        },
    ];
    for other in &others {
        assert_ne!(store.seen_user(other, NOW).unwrap(), first, "{other:?}");
    }
    let users = store.users().unwrap();
    assert_eq!(users.len(), 1 + others.len());
    let user = users.iter().find(|user| user.id == first).unwrap();
    assert_eq!((user.first_seen, user.last_seen), (NOW, later));
}

#[test]
fn the_log_keeps_messages_of_rejected_logins_for_a_while() {
    each(the_log_keeps_messages_of_rejected_logins_for_a_while_on);
}

fn the_log_keeps_messages_of_rejected_logins_for_a_while_on(store: &Store) {
    let report = json!({ "code": "conditions.audience_mismatch" });
    let mut entry = NewLogEntry::new(NOW, Event::LoginRejected, "AAAA-BBBB", "audience");
    entry.connection = Some("acme");
    entry.code = Some("conditions.audience_mismatch");
    entry.report = Some(&report);
    entry.message = Some("<x/>");
    let id = store.append_log(&entry).unwrap();
    let read = store.log_by_reference("AAAA-BBBB").unwrap().unwrap();
    assert_eq!(
        (read.id, read.event.as_str(), read.message_kept),
        (id, "login.rejected", true)
    );
    assert_eq!(read.report, Some(report));
    assert_eq!(store.log_message(id).unwrap().as_deref(), Some("<x/>"));

    store
        .purge(NOW + MESSAGE_RETENTION + Duration::seconds(1))
        .unwrap();
    assert_eq!(store.log_message(id).unwrap(), None);
    assert!(
        !store
            .log_by_reference("AAAA-BBBB")
            .unwrap()
            .unwrap()
            .message_kept
    );
    store
        .purge(NOW + LOG_RETENTION + Duration::seconds(1))
        .unwrap();
    assert!(store.log(None, 10).unwrap().is_empty());
}

#[test]
fn a_flood_of_messages_is_bounded() {
    each(a_flood_of_messages_is_bounded_on);
}

fn a_flood_of_messages_is_bounded_on(store: &Store) {
    let mut entry = NewLogEntry::new(NOW, Event::LoginRejected, "R", "flood");
    entry.message = Some("<x/>");
    for _ in 0..MAX_MESSAGES + 20 {
        store.append_log(&entry).unwrap();
    }
    let entries = store.log(None, MAX_MESSAGES + 20).unwrap();
    let kept = entries.iter().filter(|entry| entry.message_kept).count();
    assert_eq!(kept, MAX_MESSAGES as usize);
    assert!(entries.first().unwrap().message_kept, "the latest stay");
}

#[test]
fn the_log_is_read_in_pages_latest_first() {
    each(the_log_is_read_in_pages_latest_first_on);
}

fn the_log_is_read_in_pages_latest_first_on(store: &Store) {
    for n in 0..5 {
        let reference = format!("R{n}");
        let entry = NewLogEntry::new(NOW, Event::LoginAccepted, &reference, "");
        store.append_log(&entry).unwrap();
    }
    let first = store.log(None, 2).unwrap();
    let second = store.log(first.last().map(|entry| entry.id), 2).unwrap();
    let order: Vec<_> = first
        .iter()
        .chain(&second)
        .map(|entry| entry.reference.as_str())
        .collect();
    assert_eq!(order, ["R4", "R3", "R2", "R1"]);
}

#[test]
fn a_secret_is_made_once_whoever_asks_first() {
    for home in common::homes() {
        one_secret_for_all((0..4).map(|_| home.open()).collect());
    }
}

fn one_secret_for_all(stores: Vec<Store>) {
    let barrier = Arc::new(Barrier::new(stores.len()));
    let threads: Vec<_> = stores
        .into_iter()
        .enumerate()
        .map(|(n, store)| {
            let barrier = Arc::clone(&barrier);
            std::thread::spawn(move || {
                barrier.wait();
                store
                    .secret_or_make("key", || {
                        Ok::<_, sso_store::DbError>(StoredSecret::new(n.to_string()))
                    })
                    .unwrap()
                    .expose()
                    .to_owned()
            })
        })
        .collect();
    let seen: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    assert!(seen.iter().all(|value| *value == seen[0]), "{seen:?}");
}

#[test]
fn a_new_administrator_password_ends_the_old_sessions() {
    each(a_new_administrator_password_ends_the_old_sessions_on);
}

fn a_new_administrator_password_ends_the_old_sessions_on(store: &Store) {
    assert!(store.has_no_administrator().unwrap());
    assert!(
        store
            .add_administrator("admin", &StoredSecret::new("one"), NOW)
            .unwrap()
    );
    assert!(
        !store
            .add_administrator("Admin", &StoredSecret::new("two"), NOW)
            .unwrap()
    );
    let ends = NOW + Duration::hours(1);
    let record = SessionRecord::new(SessionKind::Administrator, json!({}), NOW, ends);
    let id = store.open_session(&record, None).unwrap();
    store
        .set_administrator_password("admin", &StoredSecret::new("three"))
        .unwrap();
    assert_eq!(
        store.administrator("ADMIN").unwrap().unwrap().expose(),
        "three"
    );
    assert!(
        store
            .session(&id, SessionKind::Administrator, NOW)
            .unwrap()
            .is_none()
    );
    let nobody = store
        .set_administrator_password("bob", &StoredSecret::new("x"))
        .unwrap_err();
    assert_eq!(nobody.code(), "store.not_found");
}

#[test]
fn reopening_keeps_everything() {
    for home in common::homes() {
        let store = home.open();
        store.add_connection(&record("acme")).unwrap();
        drop(store);
        assert_eq!(home.open().connections().unwrap().len(), 1);
    }
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let (_folder, path) = file();
    drop(Store::open(&path).unwrap());
    let current = std::fs::read(&path).unwrap()[63];
    set_version(&path, 999);
    assert_eq!(
        Store::open(&path).unwrap_err().code(),
        "store.schema_too_new"
    );
    set_version(&path, current.into());
    Store::open(&path).unwrap();
}

/// `user_version` is the big-endian number at byte 60 of the file (SQLite file format §1.3).
fn set_version(path: &Path, version: u32) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[60..64].copy_from_slice(&version.to_be_bytes());
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn what_is_not_a_database_is_refused() {
    let (folder, path) = file();
    std::fs::write(
        &path,
        "not a database, but long enough to be read as one ".repeat(50),
    )
    .unwrap();
    assert_eq!(Store::open(&path).unwrap_err().code(), "store.open_failed");
    assert_eq!(
        Store::open(folder.path()).unwrap_err().code(),
        "store.open_failed"
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = file();
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = Store::open(&path).unwrap();
    store.add_connection(&record("acme")).unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
        seen += 1;
    }
    assert!(seen >= 2, "the database and its write-ahead log");
}
