//! Accounts and the filters of the history, on each database there is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::collections::BTreeSet;

use common::homes;
use serde_json::json;
use sso_store::{
    ADMINISTRATOR_ROLE, Account, AccountStatus, ConnectionName, DbError, Event, LogFilter,
    NewLogEntry, ProvisionedBy, SessionKind, SessionRecord, SetBy, Store, StoredSecret, UserKey,
};
use time::{Duration, OffsetDateTime};

const T0: OffsetDateTime = time::macros::datetime!(2026-01-31 12:00 UTC);

fn scim(store: &Store, name: &str, id: &str) -> Account {
    let mut account = Account::new(Some("acme"), name, ProvisionedBy::Scim, T0);
    account.scim_id = Some(id.to_owned());
    account.scim_version = 1;
    account.roles = BTreeSet::from(["member".to_owned()]);
    account.groups = vec!["Staff".to_owned()];
    let ids = store.save_accounts(std::slice::from_ref(&account), |_, number| {
        assert!(number > 0);
        let mut entry = NewLogEntry::new(T0, Event::UserCreated, "R", "made");
        entry.connection = Some("acme");
        Some(entry)
    });
    account.id = *ids.unwrap().first().unwrap();
    account
}

fn key<'a>(connection: &'a ConnectionName, name_id: &'a str) -> UserKey<'a> {
    UserKey {
        connection,
        name_id,
        format: None,
        name_qualifier: None,
        sp_name_qualifier: None,
    }
}

#[test]
fn accounts_are_found_by_each_of_their_links() {
    for home in homes() {
        let store = home.open();
        let ann = scim(&store, "Ann@Example.com", "s1");
        assert_eq!(store.account(ann.id).unwrap().as_ref(), Some(&ann));
        let found = store.account_of_scim("acme", "s1").unwrap();
        assert_eq!(found.as_ref(), Some(&ann));
        assert_eq!(store.account_of_scim("other", "s1").unwrap(), None);
        let found = store
            .account_named(Some("acme"), "ANN@example.COM")
            .unwrap();
        assert_eq!(found.as_ref(), Some(&ann));
        assert_eq!(store.account_named(None, "ann@example.com").unwrap(), None);
        // The same resource has no second account
        let mut twin = ann.clone();
        twin.id = 0;
        let refused = store.save_accounts(&[twin], |_, _| None).unwrap_err();
        assert_eq!(refused.code(), "store.already_exists");
        // A NameID is linked once, whoever comes second
        let name: ConnectionName = "acme".parse().unwrap();
        let user = store.seen_user(&key(&name, "n1"), T0).unwrap();
        let entry = NewLogEntry::new(T0, Event::UserCreated, "R", "made");
        let fresh = Account::new(Some("acme"), "n1", ProvisionedBy::Login, T0);
        let first = store.open_account(user, &fresh, &entry).unwrap();
        assert_eq!(store.open_account(user, &fresh, &entry).unwrap(), first);
        assert_eq!(store.account_id_of(&key(&name, "n1")).unwrap(), Some(first));
        assert_eq!(store.accounts(Some("acme"), 0, 10).unwrap().len(), 2);
        assert_eq!(store.accounts(None, ann.id, 10).unwrap().len(), 1);
        assert_eq!(store.count_accounts(&name).unwrap(), 2);
        assert_eq!(store.logins().unwrap().len(), 1);
        store.remove_users_of(&name).unwrap();
        assert_eq!(store.count_accounts(&name).unwrap(), 0);
        assert!(store.users().unwrap().is_empty());
    }
}

#[test]
fn sessions_end_with_the_account() {
    for home in homes() {
        let store = home.open();
        let name: ConnectionName = "acme".parse().unwrap();
        let mut ann = scim(&store, "ann", "s1");
        let user = store.seen_user(&key(&name, "ann"), T0).unwrap();
        store.link_user(user, ann.id).unwrap();
        let until = T0 + Duration::hours(1);
        let mut record = SessionRecord::new(SessionKind::User, json!({}), T0, until);
        record.connection = Some(name.clone());
        record.user_id = Some(user);
        let session = store.open_session(&record, None).unwrap();
        let open = || {
            let found = store.session(&session, SessionKind::User, T0).unwrap();
            found.is_some()
        };
        store.save_accounts(&[ann.clone()], |_, _| None).unwrap();
        assert!(open());
        ann.status = AccountStatus::Disabled;
        store.save_accounts(&[ann], |_, _| None).unwrap();
        assert!(!open());
    }
}

#[test]
fn two_administrators_cannot_delete_each_other_at_once() {
    for home in homes() {
        let store = home.open();
        let mut numbers = Vec::new();
        for name in ["one", "two"] {
            let hash = StoredSecret::new("x");
            assert!(store.add_administrator(name, &hash, T0).unwrap());
            numbers.push(store.account_named(None, name).unwrap().unwrap().id);
        }
        assert_eq!(store.local_accounts_with(ADMINISTRATOR_ROLE).unwrap(), 2);
        let delete = |store: &Store, id| {
            let entry = NewLogEntry::new(T0, Event::UserDeleted, "R", "gone");
            store.edit_account::<DbError>(id, ADMINISTRATOR_ROLE, &entry, |account, count| {
                if count <= 1 {
                    // Any error will do
                    "-".parse::<ConnectionName>()?;
                }
                account.status = AccountStatus::Deleted;
                account.status_by = SetBy::Administrator;
                Ok(())
            })
        };
        let results: Vec<bool> = std::thread::scope(|scope| {
            let handles: Vec<_> = numbers
                .iter()
                .map(|id| {
                    let store = home.open();
                    scope.spawn(move || delete(&store, *id).is_ok())
                })
                .collect();
            handles.into_iter().map(|h| h.join().unwrap()).collect()
        });
        let done = results.iter().filter(|done| **done).count();
        assert_eq!(done, 1, "{results:?}");
        assert_eq!(store.local_accounts_with(ADMINISTRATOR_ROLE).unwrap(), 1);
        let passwords = ["one", "two"].map(|name| store.administrator(name).unwrap().is_some());
        assert_eq!(passwords.iter().filter(|there| **there).count(), 1);
    }
}

#[test]
fn the_history_is_filtered_and_forgotten_after_ninety_days() {
    for home in homes() {
        let store = home.open();
        let line = |days: i64, connection: &'static str, code: Option<&'static str>, who| {
            let at = T0 + Duration::days(days);
            let mut entry = NewLogEntry::new(at, Event::UserChanged, format!("R{days}"), "x");
            entry.connection = Some(connection);
            entry.code = code;
            entry.account = who;
            store.append_log(&entry).unwrap();
        };
        line(0, "acme", None, Some(1));
        line(1, "acme", Some("policy.locked"), Some(2));
        line(2, "other", Some("policy.tombstone"), Some(1));
        let found = |change: &dyn Fn(&mut LogFilter)| -> Vec<String> {
            let mut filter = LogFilter::default();
            change(&mut filter);
            let entries = store.log_where(&filter, 10).unwrap();
            entries.into_iter().map(|entry| entry.reference).collect()
        };
        assert_eq!(found(&|_| {}), ["R2", "R1", "R0"]);
        assert_eq!(
            found(&|f| f.connection = Some("acme".to_owned())),
            ["R1", "R0"]
        );
        assert_eq!(
            found(&|f| f.code = Some("policy.locked".to_owned())),
            ["R1"]
        );
        assert_eq!(found(&|f| f.account = Some(1)), ["R2", "R0"]);
        assert_eq!(found(&|f| f.refused = true), ["R2", "R1"]);
        assert_eq!(
            found(&|f| f.since = Some(T0 + Duration::days(1))),
            ["R2", "R1"]
        );
        assert_eq!(found(&|f| f.until = Some(T0 + Duration::days(1))), ["R0"]);
        store.purge(T0 + Duration::days(91)).unwrap();
        assert_eq!(found(&|_| {}), ["R2", "R1"]);
    }
}

#[test]
fn administrators_of_an_older_database_stay_administrators() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("portal.db");
    let store = Store::open(&path).unwrap();
    let hash = StoredSecret::new("x");
    assert!(store.add_administrator("Admin", &hash, T0).unwrap());
    let name: ConnectionName = "acme".parse().unwrap();
    store.seen_user(&key(&name, "ann"), T0).unwrap();
    drop(store);
    // Back to before there were accounts
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "DROP TABLE accounts;
         DROP INDEX users_by_account; ALTER TABLE users DROP COLUMN account_id;
         DROP INDEX log_by_account; ALTER TABLE log DROP COLUMN account_id;
         DROP INDEX log_by_connection; DROP INDEX log_by_code; DROP INDEX sessions_by_user;
         UPDATE users SET scim_id = 's1';
         DROP INDEX log_of_refusals;
         PRAGMA user_version = 4;",
    )
    .unwrap();
    drop(db);
    let store = Store::open(&path).unwrap();
    let admin = store.account_named(None, "ADMIN").unwrap().unwrap();
    assert_eq!(admin.status, AccountStatus::Active);
    assert_eq!(admin.provisioned_by, ProvisionedBy::Local);
    assert_eq!(store.local_accounts_with(ADMINISTRATOR_ROLE).unwrap(), 1);
    let earlier = store.users_without_account(10).unwrap();
    let links: Vec<_> = earlier.iter().map(|user| user.scim_id.as_deref()).collect();
    assert_eq!(links, [Some("s1")]);
}
