//! Insert, update, restore; units and batches.

use scim_core::members::MemberDelta;
use scim_core::resource::{ConnectionId, Member, Resource, Version};
use scim_core::schema::ENTERPRISE_USER;
use scim_core::store::{Load, ResourceStore, Unit, Write, WriteError};
use serde_json::json;
use time::Duration;

use super::{Stage, delta, id, unit};
use crate::block_on;

const USER_NAME: &str = "urn:ietf:params:scim:schemas:core:2.0:User:userName";

pub(super) fn a_document_comes_back_as_it_was<S: ResourceStore>(stage: &Stage<'_, S>) {
    let more = json!({
        "externalId": "X1", "active": false,
        "name": {"givenName": "Ann", "familyName": "Lee"},
        "emails": [{"value": "a@x", "type": "work", "primary": true}, {"value": "b@x"}],
        (ENTERPRISE_USER): {"department": "R&D", "manager": {"value": "boss"}},
        "urn:example:x": {"level": i64::MIN, "ratio": -0.5, "tags": ["b", "a", "b"],
            "code": "Aa", "since": "2026-01-31T13:00:00.5+01:00"},
    });
    let write = stage.user_with("u", "Ann", &more);
    let Write::Insert { document, .. } = &write else {
        panic!("a new user");
    };
    let document = document.clone();
    let written = stage.one(write).expect("a new user");
    let user = stage.get("User", "u").expect("the new user");
    assert_eq!(user.document, document);
    assert_eq!(
        (user.version, user.created, user.last_modified),
        (Version::FIRST, written.created, written.created)
    );
    assert_eq!(user.connection, Some(ConnectionId::new("c1")));
    assert_eq!((&user.members, &user.groups), (&None, &Some(Vec::new())));
    let (kind, user) = (stage.kind("User"), id("u"));
    let plain = stage.store.get(&stage.tenant, kind, &user, Load::default());
    let plain = block_on(plain).expect("the store works").expect("a user");
    assert_eq!((plain.groups, plain.document), (None, document));
    assert_eq!(stage.get("Group", "u"), None, "an id with its type alone");
    assert_eq!(stage.get("User", "v"), None);
    assert_eq!(stage.units(Vec::new()), []);
}

pub(super) fn unique_values_are_taken_whatever_their_case<S: ResourceStore>(stage: &Stage<'_, S>) {
    let taken = |holder: &str| {
        Err(WriteError::Uniqueness {
            attr: stage.attr(USER_NAME),
            holder: id(holder),
        })
    };
    let one = |write: Write| stage.one(write).map(|written| written.id);
    stage.all([stage.user("a", "Ångström"), stage.user("b", "bob")]);
    assert_eq!(one(stage.user("c", "ÅNGSTRÖM")), taken("a"));
    assert_eq!(one(stage.user("c", "A\u{30a}ngstro\u{308}m")), taken("a"));
    assert_eq!(stage.get("User", "c"), None);
    assert_eq!(one(stage.rename("b", "ångström", None)), taken("a"));
    assert_eq!(stage.version("User", "b"), 1);
    // Its own name in another case is its own; what it gives up is free
    assert_eq!(one(stage.rename("a", "ÅNGSTRÖM", None)), Ok(id("a")));
    assert_eq!(one(stage.rename("a", "eve", None)), Ok(id("a")));
    assert_eq!(one(stage.user("c", "ångström")), Ok(id("c")));
    assert_eq!(one(stage.user("d", "straße")), Ok(id("d")));
    assert_eq!(one(stage.user("e", "strasse")), Ok(id("e")), "another name");
    // A deleted resource holds nothing
    stage.all([stage.delete("User", "c")]);
    assert_eq!(one(stage.user("f", "Ångström")), Ok(id("f")));
    // externalId is the client's matter
    let same = json!({"externalId": "x"});
    assert_eq!(one(stage.user_with("g", "g", &same)), Ok(id("g")));
    assert_eq!(one(stage.user_with("h", "h", &same)), Ok(id("h")));
}

pub(super) fn an_old_version_is_refused<S: ResourceStore>(stage: &Stage<'_, S>) {
    stage.all([stage.user("u", "a")]);
    let written = stage.one(stage.rename("u", "b", Some(1))).expect("current");
    assert_eq!((written.version, written.changed), (Version::new(2), true));
    let old = Err(WriteError::VersionMismatch(id("u")));
    assert_eq!(stage.one(stage.rename("u", "c", Some(1))), old);
    assert_eq!(stage.one(stage.rename("u", "b", Some(3))), old);
    let delete = |version| Write::Delete {
        kind: stage.kind("User"),
        id: id("u"),
        expected: Some(Version::new(version)),
    };
    assert_eq!(stage.one(delete(1)), old);
    assert_eq!(stage.version("User", "u"), 2);
    stage.one(delete(2)).expect("current");
    let gone = Err(WriteError::NotFound(id("u")));
    assert_eq!(stage.one(stage.rename("u", "c", Some(2))), gone);
    assert_eq!(stage.one(delete(2)), gone);
    stage.all([stage.group("g", &[])]);
    let other_kind = stage.one(stage.rename("g", "c", None));
    assert_eq!(other_kind, Err(WriteError::NotFound(id("g"))));
}

pub(super) fn what_changes_nothing_keeps_the_version<S: ResourceStore>(stage: &Stage<'_, S>) {
    stage.all([stage.user("u", "a"), stage.group("g", &["u"])]);
    let before = stage.get("User", "u").expect("a user");
    let written = stage.one(stage.rename("u", "a", Some(1))).expect("allowed");
    assert_eq!((written.version, written.changed), (Version::FIRST, false));
    assert_eq!(written.last_modified, before.last_modified);
    assert_eq!(stage.get("User", "u"), Some(before));
    for members in [
        MemberDelta::default(),
        delta(&["u"], &["nobody"]),
        MemberDelta::exactly([id("u")]),
    ] {
        let written = stage.one(stage.change_members("g", members));
        let written = written.expect("allowed");
        assert_eq!((written.version, written.changed), (Version::FIRST, false));
    }
    let written = stage.one(stage.rename("u", "b", None)).expect("allowed");
    let after = stage.get("User", "u").expect("a user");
    assert_eq!((written.changed, after.version.number()), (true, 2));
    assert!(after.created < after.last_modified);
    assert_eq!(after.last_modified, written.last_modified);
}

pub(super) fn a_unit_happens_whole_or_not_at_all<S: ResourceStore>(stage: &Stage<'_, S>) {
    stage.all([stage.user("u", "a"), stage.group("g", &["u"])]);
    let before = (stage.get("User", "u"), stage.get("Group", "g"));
    let results = stage.units(vec![
        unit([
            stage.user("v", "v"),
            stage.change_members("g", delta(&["v"], &["u"])),
            stage.rename("u", "z", None),
            stage.user("w", "V"),
        ]),
        unit([stage.user("x", "z"), stage.user("y", "v")]),
    ]);
    assert!(
        matches!(results[0], Err(WriteError::Uniqueness { .. })),
        "{:?}",
        results[0]
    );
    assert_eq!(results[1].as_ref().map(Vec::len), Ok(2));
    assert_eq!((stage.get("User", "u"), stage.get("Group", "g")), before);
    assert_eq!(stage.groups("u"), [("g".to_owned(), true)]);
    assert_eq!(stage.get("User", "v"), None, "nothing of the first is left");
    assert_eq!(stage.find("User", "userName eq \"z\""), ["x"]);
    assert_eq!(stage.find("User", "userName eq \"v\""), ["y"]);
}

pub(super) fn a_unit_falls_with_those_it_requires<S: ResourceStore>(stage: &Stage<'_, S>) {
    let requiring = |write: Write, on: &[usize]| {
        let mut unit = Unit::of(write);
        unit.requires.extend(on);
        unit
    };
    let mut failed = Unit::of(stage.user("f", "f"));
    failed.failed = true;
    let results = stage.units(vec![
        Unit::of(stage.user("a", "a")),
        Unit::of(stage.user("b", "A")),
        requiring(stage.user("c", "c"), &[0]),
        requiring(stage.user("d", "d"), &[0, 1]),
        requiring(stage.user("e", "e"), &[3]),
        failed,
        requiring(stage.user("g", "g"), &[5]),
    ]);
    let errors: Vec<_> = results.into_iter().map(Result::err).collect();
    assert!(matches!(errors[1], Some(WriteError::Uniqueness { .. })));
    assert_eq!((&errors[0], &errors[2]), (&None, &None));
    assert_eq!(errors[3], Some(WriteError::Dependency(1)));
    assert_eq!(errors[4], Some(WriteError::Dependency(3)));
    assert_eq!(errors[5], Some(WriteError::Failed));
    assert_eq!(errors[6], Some(WriteError::Dependency(5)));
    assert_eq!(stage.find("User", "id pr"), ["a", "c"]);
}

pub(super) fn a_batch_stops_after_so_many_errors<S: ResourceStore>(stage: &Stage<'_, S>) {
    stage.all([stage.user("u", "u")]);
    let mut batch = stage.batch(vec![
        Unit::of(stage.user("a", "U")),
        Unit::of(stage.user("b", "b")),
        Unit::of(stage.rename("nobody", "n", None)),
        Unit::of(stage.user("c", "c")),
        Unit::of(stage.user("d", "d")),
    ]);
    batch.stop_after_errors = Some(2);
    let errors: Vec<_> = stage.commit(&batch).into_iter().map(Result::err).collect();
    assert_eq!(
        errors[1..],
        [
            None,
            Some(WriteError::NotFound(id("nobody"))),
            Some(WriteError::NotAttempted),
            Some(WriteError::NotAttempted),
        ]
    );
    assert_eq!(
        stage.find("User", "id pr"),
        ["b", "u"],
        "what was done stays"
    );
    let mut none = stage.batch(vec![Unit::of(stage.user("e", "e"))]);
    none.stop_after_errors = Some(0);
    assert_eq!(stage.commit(&none), [Err(WriteError::NotAttempted)]);
}

pub(super) fn a_restored_resource_is_as_it_was<S: ResourceStore>(stage: &Stage<'_, S>) {
    let created = stage.now() - Duration::days(100);
    let document = stage.document("User", &json!({"userName": "Ann", "externalId": "x"}));
    let mut ann = Resource::new(id("u"), document, created);
    ann.version = Version::new(7);
    ann.last_modified = created + Duration::days(3);
    ann.connection = Some(ConnectionId::new("old"));
    let document = stage.document("Group", &json!({"displayName": "g"}));
    let mut group = Resource::new(id("g"), document, created);
    group.members = Some(vec![Member::new(id("u"), None, None)]);
    let restore = |resource: &Resource| Write::Restore(Box::new(resource.clone()));
    let results = stage.units(vec![unit([restore(&group), restore(&ann)])]);
    let written = results[0].as_ref().expect("restored");
    assert_eq!(
        (written[1].version, written[1].created, written[1].changed),
        (Version::new(7), created, true)
    );
    let found = stage.get("User", "u").expect("the user");
    assert_eq!(found.groups.as_ref().map(Vec::len), Some(1));
    ann.groups.clone_from(&found.groups);
    assert_eq!(found, ann);
    assert_eq!(stage.members("g"), ["u"]);
    assert_eq!(stage.one(restore(&ann)), Err(WriteError::IdInUse(id("u"))));
    ann.id = id("v");
    let taken = stage.one(restore(&ann));
    assert!(
        matches!(taken, Err(WriteError::Uniqueness { .. })),
        "{taken:?}"
    );
    assert_eq!(stage.find("User", "externalId eq \"x\""), ["u"]);
}

pub(super) fn one_of_many_that_write_at_once_wins<S: ResourceStore>(stage: &Stage<'_, S>) {
    super::super::one_of_many_wins(stage.store, &stage.registry);
}

pub(super) fn members_who_join_at_once_are_all_in<S: ResourceStore>(stage: &Stage<'_, S>) {
    let names: Vec<String> = (0..8).map(|n| format!("u{n}")).collect();
    stage.all(names.iter().map(|name| stage.user(name, name)));
    stage.all([stage.group("g", &[])]);
    let batches: Vec<_> = names
        .iter()
        .map(|name| {
            let join = stage.change_members("g", delta(&[name], &[]));
            stage.batch(vec![Unit::of(join)])
        })
        .collect();
    let (store, tenant) = (stage.store, &stage.tenant);
    std::thread::scope(|scope| {
        for batch in &batches {
            scope.spawn(move || {
                let results = block_on(store.commit(tenant, batch)).expect("the store works");
                assert!(results[0].is_ok(), "{results:?}");
            });
        }
    });
    assert_eq!(stage.members("g"), names);
    assert_eq!(stage.version("Group", "g"), 9, "one for each");
}
