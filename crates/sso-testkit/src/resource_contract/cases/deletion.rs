//! What a deletion takes along, and what it leaves.

use scim_core::resource::{ConnectionId, Resource, Version};
use scim_core::store::{ResourceStore, Unit, Write, WriteError};
use serde_json::json;

use super::{Stage, delta, id, unit};
use crate::block_on;

pub(super) fn a_deleted_resource_leaves_its_groups<S: ResourceStore>(stage: &Stage<'_, S>) {
    stage.all([stage.user("u", "u"), stage.user("v", "v")]);
    stage.all([
        stage.group("g", &["u", "v"]),
        stage.group("h", &["u"]),
        stage.group("o", &["g"]),
    ]);
    let before = stage.get("Group", "g").expect("a group");
    let written = stage.one(stage.delete("User", "u")).expect("deleted");
    assert_eq!((written.version, written.changed), (Version::FIRST, true));
    assert_eq!(stage.get("User", "u"), None);
    assert_eq!(
        (stage.members("g"), stage.members("h")),
        (vec!["v".to_owned()], vec![])
    );
    let after = stage.get("Group", "g").expect("a group");
    assert_eq!(after.version, before.version.next());
    assert!(before.last_modified < after.last_modified);
    assert_eq!(
        (stage.version("Group", "h"), stage.version("Group", "o")),
        (2, 1)
    );
    // A group leaves groups as well, and its members leave it; their versions stay
    stage.all([stage.delete("Group", "g")]);
    assert_eq!(
        (stage.members("o"), stage.version("Group", "o")),
        (vec![], 2)
    );
    assert_eq!((stage.groups("v"), stage.version("User", "v")), (vec![], 1));
    // Many groups at once
    let many: Vec<String> = (0..200).map(|n| format!("many{n:03}")).collect();
    stage.all(many.iter().map(|group| stage.group(group, &["v"])));
    stage.all([stage.delete("User", "v")]);
    assert_eq!(stage.find("Group", "members pr"), Vec::<String>::new());
    assert!(many.iter().all(|group| stage.version("Group", group) == 2));
}

pub(super) fn a_deleted_resource_leaves_a_tombstone<S: ResourceStore>(stage: &Stage<'_, S>) {
    let user_name = stage.attr("urn:ietf:params:scim:schemas:core:2.0:User:userName");
    let external = stage.registry.common().external_id;
    let stone = |kind: &str, attr, value: &str| {
        let kind = stage.kind(kind);
        block_on(stage.store.tombstone(&stage.tenant, kind, attr, value)).expect("the store works")
    };
    stage.all([stage.user_with("u", "Ann", &json!({"externalId": "X"}))]);
    assert_eq!(stone("User", user_name, "ann"), None, "it lives");
    let written = stage.one(stage.delete("User", "u"));
    assert!(written.is_ok());
    let found = stone("User", user_name, "ANN").expect("a tombstone");
    assert_eq!((&found.id, found.kind), (&id("u"), stage.kind("User")));
    assert_eq!(found.connection, Some(ConnectionId::new("c1")));
    assert_eq!(stone("User", external, "X"), Some(found.clone()));
    assert_eq!(
        stone("User", external, "x"),
        None,
        "externalId is caseExact"
    );
    assert_eq!(stone("Group", external, "X"), None);
    // The youngest tells
    stage.all([stage.user("v", "ann")]);
    stage.all([stage.delete("User", "v")]);
    let younger = stone("User", user_name, "Ann").expect("a tombstone");
    assert!(younger.id == id("v") && younger.deleted > found.deleted);
    assert_eq!(
        stone("User", external, "X").map(|stone| stone.id),
        Some(id("u"))
    );
    assert_eq!(stage.find("User", "userName pr"), Vec::<String>::new());
}

pub(super) fn an_id_is_never_used_again<S: ResourceStore>(stage: &Stage<'_, S>) {
    let in_use = || Err(WriteError::IdInUse(id("u")));
    stage.all([stage.user("u", "a")]);
    assert_eq!(stage.one(stage.user("u", "b")), in_use());
    assert_eq!(stage.one(stage.group("u", &[])), in_use(), "over all types");
    stage.all([stage.delete("User", "u")]);
    assert_eq!(stage.one(stage.user("u", "b")), in_use());
    let document = stage.document("User", &json!({"userName": "c"}));
    let old = Resource::new(id("u"), document, stage.now());
    assert_eq!(stage.one(Write::Restore(Box::new(old))), in_use());
    let gone = Err(WriteError::NotFound(id("u")));
    assert_eq!(stage.one(stage.delete("User", "u")), gone);
    assert_eq!(stage.one(stage.rename("u", "d", None)), gone);
    assert_eq!(stage.find("User", "id pr"), Vec::<String>::new());
}

pub(super) fn a_deletion_that_fails_leaves_everything<S: ResourceStore>(stage: &Stage<'_, S>) {
    let user_name = stage.attr("urn:ietf:params:scim:schemas:core:2.0:User:userName");
    stage.all([stage.user("u", "u"), stage.user("v", "v")]);
    stage.all([stage.group("g", &["u"]), stage.group("h", &["g", "u"])]);
    let before = (
        stage.get("User", "u"),
        stage.get("Group", "g"),
        stage.get("Group", "h"),
    );
    let results = stage.units(vec![
        unit([
            stage.delete("User", "u"),
            stage.delete("Group", "g"),
            stage.rename("v", "u", None),
            stage.delete("User", "nobody"),
        ]),
        Unit::of(stage.change_members("h", delta(&["v"], &[]))),
    ]);
    assert_eq!(results[0], Err(WriteError::NotFound(id("nobody"))));
    assert!(results[1].is_ok());
    assert_eq!(stage.get("User", "u"), before.0);
    assert_eq!(stage.get("Group", "g"), before.1);
    assert_eq!(stage.members("h"), ["g", "u", "v"]);
    assert_eq!(stage.version("Group", "h"), 2);
    let kind = stage.kind("User");
    let stone = block_on(stage.store.tombstone(&stage.tenant, kind, user_name, "u"));
    assert_eq!(stone, Ok(None), "nobody died");
    assert_eq!(stage.find("User", "userName eq \"u\""), ["u"]);
}
