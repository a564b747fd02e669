//! Members and groups.

use scim_core::dialect::UnknownMembers;
use scim_core::members::MemberDelta;
use scim_core::store::{Load, LoadMembers, ResourceStore, Unit, WriteError};

use super::{Stage, delta, id, unit};
use crate::block_on;

pub(super) fn unknown_members_are_refused<S: ResourceStore>(stage: &Stage<'_, S>) {
    let unknown = || Err(WriteError::UnknownMember(id("nobody")));
    stage.all([stage.user("u", "u")]);
    assert_eq!(stage.one(stage.group("g", &["nobody", "u"])), unknown());
    assert_eq!(stage.get("Group", "g"), None);
    stage.all([stage.group("g", &["u"])]);
    let join = stage.change_members("g", delta(&["nobody"], &["u"]));
    assert_eq!(stage.one(join), unknown());
    assert_eq!(stage.members("g"), ["u"]);
    // Whoever is not a member may leave, known or not
    let leave = stage.change_members("g", delta(&[], &["nobody"]));
    assert!(stage.one(leave).is_ok());
    // A member may be made later in the same unit, and a group be its own member
    let results = stage.units(vec![
        unit([stage.group("h", &["v", "h"]), stage.user("v", "v")]),
        Unit::of(stage.group("i", &["w"])),
        Unit::of(stage.user("w", "w")),
    ]);
    assert!(results[0].is_ok() && results[2].is_ok(), "{results:?}");
    assert_eq!(results[1], Err(WriteError::UnknownMember(id("w"))));
    assert_eq!(stage.members("h"), ["h", "v"]);
}

pub(super) fn unknown_members_wait_where_they_may<S: ResourceStore>(stage: &Stage<'_, S>) {
    let mut batch = stage.batch(vec![Unit::of(stage.group("g", &["later"]))]);
    batch.unknown_members = UnknownMembers::Defer;
    assert!(stage.commit(&batch)[0].is_ok());
    let group = stage.get("Group", "g").expect("a group");
    let waiting = &group.members.expect("its members")[0];
    assert_eq!((waiting.kind, &waiting.display), (None, &None));
    stage.all([stage.user("later", "Late")]);
    let group = stage.get("Group", "g").expect("a group");
    let there = &group.members.expect("its members")[0];
    assert_eq!(there.kind, Some(stage.kind("User")));
    assert_eq!(there.display.as_deref(), Some("Late"));
    assert_eq!(stage.groups("later"), [("g".to_owned(), true)]);
    assert_eq!(stage.version("Group", "g"), 1, "nobody changed the group");
}

pub(super) fn members_change_without_being_loaded<S: ResourceStore>(stage: &Stage<'_, S>) {
    let names: Vec<String> = (0..9).map(|n| format!("u{n}")).collect();
    stage.all(names.iter().map(|name| stage.user(name, name)));
    stage.all([stage.group("g", &["u0", "u1", "u2"])]);
    let change = |members| {
        let written = stage.one(stage.change_members("g", members));
        let written = written.expect("allowed");
        (written.version.number(), written.changed)
    };
    assert_eq!(change(delta(&["u3", "u1"], &["u0", "u8"])), (2, true));
    assert_eq!(stage.members("g"), ["u1", "u2", "u3"]);
    assert_eq!(
        change(MemberDelta::exactly([id("u2"), id("u7")])),
        (3, true)
    );
    assert_eq!(stage.members("g"), ["u2", "u7"]);
    assert_eq!(stage.groups("u1"), []);
    assert_eq!(change(MemberDelta::exactly([])), (4, true));
    assert_eq!(stage.members("g"), Vec::<String>::new());
    // Within one batch, each change after the one before
    stage.all([
        stage.change_members("g", delta(&["u4", "u5"], &[])),
        stage.change_members("g", delta(&["u6"], &["u4"])),
    ]);
    assert_eq!(stage.members("g"), ["u5", "u6"]);
    let group = id("g");
    let load = |members| {
        let load = Load {
            members,
            groups: false,
        };
        let group = stage
            .store
            .get(&stage.tenant, stage.kind("Group"), &group, load);
        let group = block_on(group).expect("the store works").expect("a group");
        group.members.map(|members| members.len())
    };
    assert_eq!(load(LoadMembers::No), None);
    assert_eq!(load(LoadMembers::AtMost(1)), None);
    assert_eq!(load(LoadMembers::AtMost(2)), Some(2));
    assert_eq!(load(LoadMembers::All), Some(2));
}

pub(super) fn groups_are_nested_and_in_circles<S: ResourceStore>(stage: &Stage<'_, S>) {
    stage.all([stage.user("u", "u"), stage.user("v", "v")]);
    stage.all([
        stage.group("b", &["u"]),
        stage.group("a", &["b"]),
        stage.group("c", &["a", "u"]),
    ]);
    let direct = |list: &[(&str, bool)]| -> Vec<(String, bool)> {
        list.iter().map(|(id, d)| ((*id).to_owned(), *d)).collect()
    };
    assert_eq!(
        stage.groups("u"),
        direct(&[("b", true), ("c", true), ("a", false)]),
        "direct ones first, each once"
    );
    // A circle ends where it began, and a group within itself is no end
    stage.all([
        stage.change_members("b", delta(&["c", "b"], &[])),
        stage.change_members("a", delta(&["v"], &[])),
    ]);
    assert_eq!(
        stage.groups("u"),
        direct(&[("b", true), ("c", true), ("a", false)])
    );
    assert_eq!(
        stage.groups("v"),
        direct(&[("a", true), ("c", false), ("b", false)])
    );
    let user = stage.get("User", "v").expect("a user");
    let groups = user.groups.expect("its groups");
    assert_eq!(groups[0].display.as_deref(), Some("group a"));
    assert_eq!(groups[0].kind, stage.kind("Group"));
    stage.all([stage.delete("Group", "a")]);
    assert_eq!(stage.groups("v"), []);
    assert_eq!(stage.groups("u"), direct(&[("b", true), ("c", true)]));
}

pub(super) fn members_and_groups_are_found_by_each_other<S: ResourceStore>(stage: &Stage<'_, S>) {
    stage.all([stage.user("u", "u"), stage.user("v", "v")]);
    stage.all([
        stage.group("g", &["u", "v"]),
        stage.group("h", &["u"]),
        stage.group("o", &["h"]),
    ]);
    assert_eq!(stage.find("Group", "members.value eq \"u\""), ["g", "h"]);
    assert_eq!(stage.find("Group", "members[value eq \"v\"]"), ["g"]);
    assert_eq!(
        stage.find("Group", "not (members pr)"),
        Vec::<String>::new()
    );
    assert_eq!(stage.find("User", "groups.value eq \"g\""), ["u", "v"]);
    assert_eq!(
        stage.find("User", "groups.value eq \"o\""),
        ["u"],
        "by way of h"
    );
    assert_eq!(stage.find("User", "groups[display eq \"GROUP H\"]"), ["u"]);
    stage.all([stage.change_members("g", MemberDelta::exactly([]))]);
    assert_eq!(stage.find("Group", "not (members pr)"), ["g"]);
    assert_eq!(stage.find("User", "not (groups pr)"), ["v"]);
}
