//! The outbox.

use scim_core::event::{Event, EventKind};
use scim_core::resource::Version;
use scim_core::store::{ResourceStore, Unit, Write};
use serde_json::json;

use super::{Stage, delta, unit};

fn event(name: &str, kind: EventKind) -> Event {
    let json = json!({"kinds": [kind], "transaction": "t", "resource_type": "User",
        "uri": format!("/Users/{name}"), "id": name, "external_id": null, "attributes": ["userName"],
        "version": 1, "at": 1_764_000_000});
    serde_json::from_value(json).expect("an event")
}

fn with_event(mut unit: Unit, name: &str, kind: EventKind) -> Unit {
    unit.events.push(event(name, kind));
    unit
}

fn told(events: &[Event]) -> Vec<(&str, EventKind)> {
    events
        .iter()
        .map(|event| (event.id.as_str(), event.kinds[0]))
        .collect()
}

pub(super) fn events_are_in_the_order_of_the_changes<S: ResourceStore>(stage: &Stage<'_, S>) {
    use EventKind::{Create, Patch, Put};
    let create = |name: &str| with_event(Unit::of(stage.user(name, name)), name, Create);
    let rename =
        |name: &str, to: &str, kind| with_event(Unit::of(stage.rename(name, to, None)), name, kind);
    stage.units(vec![create("b"), create("a"), rename("b", "c", Put)]);
    stage.units(vec![with_event(rename("b", "d", Patch), "a", Put)]);
    let events = stage.events();
    assert_eq!(
        told(&events),
        [
            ("b", Create),
            ("a", Create),
            ("b", Put),
            ("b", Patch),
            ("a", Put)
        ]
    );
    assert_eq!(events[0], event("b", Create), "as it was given");
    assert_eq!(stage.events(), [], "they were taken out");
    let other = stage.of_tenant("events_are_in_the_order_of_the_changes, other");
    let unit = with_event(Unit::of(other.user("x", "x")), "x", Create);
    other.units(vec![unit]);
    assert_eq!(stage.events(), []);
    assert_eq!(told(&other.events()), [("x", Create)]);
}

pub(super) fn what_fails_or_changes_nothing_has_no_event<S: ResourceStore>(stage: &Stage<'_, S>) {
    use EventKind::{Create, Patch};
    let told_of = |write: Write, name: &str| with_event(Unit::of(write), name, Create);
    let mut requiring = told_of(stage.user("r", "r"), "r");
    requiring.requires.push(1);
    let mut failed = told_of(stage.user("f", "f"), "f");
    failed.failed = true;
    let half = unit([stage.user("h", "h"), stage.user("i", "A")]);
    stage.units(vec![
        told_of(stage.user("a", "a"), "a"),
        told_of(stage.user("b", "A"), "b"),
        requiring,
        failed,
        with_event(half, "h", Create),
        with_event(Unit::of(stage.rename("a", "a", None)), "a", Patch),
    ]);
    assert_eq!(told(&stage.events()), [("a", Create)]);
}

pub(super) fn groups_of_a_deleted_member_have_an_event<S: ResourceStore>(stage: &Stage<'_, S>) {
    use EventKind::{Delete, Patch};
    let named = |name: &str| {
        let mut write = stage.group(name, &["u", "v"]);
        if let Write::Insert { document, .. } = &mut write {
            let json = json!({"displayName": name, "externalId": format!("x-{name}")});
            *document = stage.document("Group", &json);
        }
        write
    };
    stage.all([stage.user("u", "u"), stage.user("v", "v")]);
    stage.all([named("g"), named("a"), stage.group("o", &["g"])]);
    stage.all([stage.change_members("g", delta(&[], &["v"]))]);
    let gone = |kind: &str, name: &str| {
        let unit = with_event(Unit::of(stage.delete(kind, name)), name, Delete);
        let mut batch = stage.batch(vec![unit]);
        batch.transaction = Some("txn-1".to_owned());
        (batch.now, stage.commit(&batch))
    };
    let (at, results) = gone("User", "u");
    assert!(results[0].is_ok());
    let events = stage.events();
    assert_eq!(told(&events), [("u", Delete), ("a", Patch), ("g", Patch)]);
    let json = json!({"kinds": ["patch"], "transaction": "txn-1", "resource_type": "Group",
        "uri": "/Groups/g", "id": "g", "external_id": "x-g", "attributes": ["members"],
        "version": 3, "at": at.unix_timestamp()});
    let mut wanted: Event = serde_json::from_value(json).expect("an event");
    wanted.at = events[2].at;
    assert_eq!(events[2], wanted);
    assert_eq!(events[2].at.unix_timestamp(), at.unix_timestamp());
    assert_eq!(events[1].version, Some(Version::new(2)));
    gone("Group", "g");
    assert_eq!(told(&stage.events()), [("g", Delete), ("o", Patch)]);
    // A deletion that does not happen, and one without a transaction
    let failing = unit([stage.delete("User", "v"), stage.delete("User", "nobody")]);
    let mut batch = stage.batch(vec![failing]);
    batch.transaction = Some("txn-2".to_owned());
    assert!(stage.commit(&batch)[0].is_err());
    assert_eq!(stage.events(), []);
    stage.all([stage.delete("User", "v")]);
    assert_eq!(stage.events(), []);
    assert_eq!(stage.version("Group", "a"), 3);
}
