use scim_core::store::{Batch, Unit, Write};
use sso_store::UserKey;
use time::macros::datetime;

use super::*;

const T0: OffsetDateTime = datetime!(2026-01-31 12:00 UTC);
const FINGERPRINT: &str = "5d4f2a97096c1aba0e6ae4696b2112a35d4f2a97096c1aba0e6ae4696b2112a3";

/// A database in which an older version, an import or a crash left what has no account.
fn left_behind() -> (Store, Desk, ConnectionName) {
    let store = Store::in_memory().unwrap();
    let name: ConnectionName = "acme".parse().unwrap();
    let url = "https://idp.example/sso";
    let source = idp_config::IdpSource::fingerprint("idp", url, None, FINGERPRINT).unwrap();
    let record = ConnectionRecord::new(name.clone(), "Acme", source, "idp", T0);
    store.add_connection(&record).unwrap();
    let desk = Desk::open(&store).unwrap();
    (store, desk, name)
}

fn commit(desk: &Desk, write: Write) {
    let batch = Batch::new(vec![Unit::of(write)], T0);
    let tenant = TenantId::new("acme");
    let results = ready(desk.resources.commit(&tenant, &batch)).unwrap();
    assert!(results.iter().all(Result::is_ok), "{results:?}");
}

fn insert(desk: &Desk, id: &str, name: &str) {
    let kind = desk.kind().unwrap();
    let mut document = Document::new(kind);
    let attr = desk.path("userName").unwrap().leaf();
    document.set(attr, Value::Text(name.to_owned()));
    commit(
        desk,
        Write::Insert {
            id: ResourceId::new(id),
            document,
            members: BTreeSet::new(),
            connection: None,
        },
    );
}

fn user(store: &Store, connection: &ConnectionName, name_id: &str) -> i64 {
    let key = UserKey {
        connection,
        name_id,
        format: None,
        name_qualifier: None,
        sp_name_qualifier: None,
    };
    store.seen_user(&key, T0).unwrap()
}

#[test]
fn what_was_missed_is_made_good() {
    let (store, desk, name) = left_behind();
    insert(&desk, "s1", "ann");
    let bob = user(&store, &name, "bob");
    assert_eq!(store.unsettled(&name, 10).unwrap(), ["s1"]);
    desk.catch_up(T0).unwrap();
    assert!(store.unsettled(&name, 10).unwrap().is_empty());
    let ann = store.account_of_scim("acme", "s1").unwrap().unwrap();
    assert_eq!(
        (ann.name.as_str(), ann.status),
        ("ann", AccountStatus::Active)
    );
    let account = store.account_id_of_user(bob).unwrap().unwrap();
    let account = store.account(account).unwrap().unwrap();
    assert_eq!(account.provisioned_by, ProvisionedBy::Login);

    // The resource went, and nobody was told
    let write = Write::Delete {
        kind: desk.kind().unwrap(),
        id: ResourceId::new("s1"),
        expected: None,
    };
    commit(&desk, write);
    assert_eq!(store.unsettled(&name, 10).unwrap(), ["s1"]);
    desk.catch_up(T0).unwrap();
    let ann = store.account_of_scim("acme", "s1").unwrap().unwrap();
    assert_eq!(ann.status, AccountStatus::Disabled);
    assert!(ann.is_gone());
    assert!(store.unsettled(&name, 10).unwrap().is_empty());
    assert_eq!(store.accounts(None, 0, 10).unwrap().len(), 2);
}

#[test]
fn settling_twice_comes_to_the_same() {
    let (store, desk, name) = left_behind();
    insert(&desk, "s1", "ann");
    let record = store.connection(&name).unwrap().unwrap();
    assert_eq!(
        desk.settle_now((&record).into(), &["s1"], false, T0)
            .unwrap(),
        1
    );
    let before = store.log(None, 100).unwrap().len();
    assert_eq!(
        desk.settle_now((&record).into(), &["s1"], false, T0)
            .unwrap(),
        0
    );
    assert_eq!(store.log(None, 100).unwrap().len(), before);
}
