//! Filters, sorts and counts.

use scim_core::store::{LoadMembers, ResourceStore, Start};
use serde_json::json;

use super::{Stage, ids};
use crate::block_on;

pub(super) fn tenants_do_not_see_each_other<S: ResourceStore>(stage: &Stage<'_, S>) {
    let other = stage.of_tenant("tenants_do_not_see_each_other, other");
    stage.all([stage.user("u", "Ann"), stage.group("g", &["u"])]);
    assert_eq!(other.get("User", "u"), None);
    assert_eq!(
        other.find("User", "userName eq \"ann\""),
        Vec::<String>::new()
    );
    let unknown = other.one(other.group("h", &["u"]));
    assert!(unknown.is_err(), "{unknown:?}");
    // The same id and name are nobody's there
    other.all([other.user("u", "ANN"), other.group("g", &[])]);
    assert_eq!(other.members("g"), Vec::<String>::new());
    assert_eq!(stage.members("g"), ["u"]);
    other.all([other.delete("User", "u")]);
    assert_eq!(stage.groups("u"), [("g".to_owned(), true)]);
    let name = stage.attr("urn:ietf:params:scim:schemas:core:2.0:User:userName");
    let kind = stage.kind("User");
    let stone = block_on(stage.store.tombstone(&stage.tenant, kind, name, "ann"));
    assert_eq!(stone, Ok(None));
    assert_eq!(
        ids(&stage.ask(&stage.question(&["User", "Group"], None, None))),
        ["g", "u"]
    );
}

pub(super) fn null_empty_and_absent_are_one_when_stored<S: ResourceStore>(stage: &Stage<'_, S>) {
    let null = json!({"title": null, "emails": null, "urn:example:x": null});
    let empty = json!({"emails": [], "name": {}, "urn:example:x": {"tags": []}});
    let set = json!({"title": "", "emails": [{"value": "a@x"}], "urn:example:x": {"tags": ["t"]}});
    stage.all([
        stage.user_with("absent", "a", &json!({})),
        stage.user_with("empty", "e", &empty),
        stage.user_with("null", "n", &null),
        stage.user_with("set", "s", &set),
    ]);
    let unset = ["absent", "empty", "null"];
    for attribute in ["title", "emails", "emails.value", "urn:example:x:tags"] {
        assert_eq!(
            stage.find("User", &format!("{attribute} pr")),
            ["set"],
            "{attribute}"
        );
        assert_eq!(stage.find("User", &format!("{attribute} ne null")), ["set"]);
        assert_eq!(
            stage.find("User", &format!("{attribute} eq null")),
            unset,
            "{attribute}"
        );
        assert_eq!(stage.find("User", &format!("not ({attribute} pr)")), unset);
    }
    assert_eq!(
        stage.find("User", "title eq \"\""),
        ["set"],
        "a text without characters is one"
    );
    let documents: Vec<_> = unset
        .iter()
        .map(|id| stage.get("User", id).expect("a user").document)
        .collect();
    assert!(
        documents
            .iter()
            .all(|document| document.attributes().len() == 1)
    );
}

pub(super) fn any_value_may_match_but_a_value_path_wants_one<S: ResourceStore>(
    stage: &Stage<'_, S>,
) {
    let mails = |list: &[(&str, &str)]| {
        let list = list
            .iter()
            .map(|(kind, value)| json!({"type": kind, "value": value}));
        json!({"emails": list.collect::<Vec<_>>()})
    };
    stage.all([
        stage.user_with("both", "b", &mails(&[("work", "a@x"), ("home", "z@y")])),
        stage.user_with("one", "o", &mails(&[("work", "z@y"), ("home", "a@x")])),
        stage.user("none", "n"),
    ]);
    let dotted = "emails.type eq \"work\" and emails.value eq \"z@y\"";
    assert_eq!(stage.find("User", dotted), ["both", "one"]);
    let path = "emails[type eq \"WORK\" and value ew \"@y\"]";
    assert_eq!(stage.find("User", path), ["one"]);
    assert_eq!(
        stage.find("User", &format!("not ({path})")),
        ["both", "none"]
    );
    assert_eq!(
        stage.find("User", "emails.value ne \"a@x\""),
        ["none"],
        "no value equals"
    );
    assert_eq!(
        stage.find("User", "emails[value ne \"a@x\"]"),
        ["both", "one"]
    );
    assert_eq!(
        stage.find("User", "emails[not (type eq \"work\")]"),
        ["both", "one"]
    );
    assert_eq!(stage.find("User", "emails eq \"Z@Y\""), ["both", "one"]);
    let either = "userName eq \"n\" or emails[type eq \"home\" and value sw \"z\"]";
    assert_eq!(stage.find("User", either), ["both", "none"]);
}

pub(super) fn types_compare_as_themselves<S: ResourceStore>(stage: &Stage<'_, S>) {
    let with = |level: i64, ratio: f64, since: &str, code: &str| {
        json!({"active": level > 0, "urn:example:x":
            {"level": level, "ratio": ratio, "since": since, "code": code, "tags": [code, "T"]}})
    };
    stage.all([
        stage.user_with("a", "a", &with(9, 0.5, "2026-01-31T13:00:00+01:00", "Aa")),
        stage.user_with("b", "b", &with(10, 10.0, "2026-01-31T12:00:01Z", "aA")),
        stage.user_with("c", "c", &with(-3, -1.5, "1969-12-31T23:59:59Z", "b")),
    ]);
    for (filter, wanted) in [
        ("urn:example:x:level gt 9", vec!["b"]),
        ("urn:example:x:level le 9", vec!["a", "c"]),
        ("urn:example:x:level lt -2", vec!["c"]),
        ("urn:example:x:ratio ge 0.5", vec!["a", "b"]),
        ("urn:example:x:ratio eq 10", vec!["b"]),
        ("urn:example:x:since eq \"2026-01-31T12:00:00Z\"", vec!["a"]),
        ("urn:example:x:since gt \"2026-01-31T12:00:00Z\"", vec!["b"]),
        ("urn:example:x:since lt \"1970-01-01T00:00:00Z\"", vec!["c"]),
        ("urn:example:x:code eq \"Aa\"", vec!["a"]),
        ("urn:example:x:code sw \"a\"", vec!["b"]),
        ("urn:example:x:tags eq \"aa\"", vec!["a", "b"]),
        ("urn:example:x:tags co \"t\"", vec!["a", "b", "c"]),
        ("active eq true", vec!["a", "b"]),
        ("active ne true", vec!["c"]),
        ("meta.resourceType eq \"User\"", vec!["a", "b", "c"]),
        ("meta.resourceType eq \"user\"", vec![]),
        ("id eq \"a\"", vec!["a"]),
        ("id eq \"A\"", vec![]),
        ("schemas eq \"urn:example:x\"", vec!["a", "b", "c"]),
    ] {
        assert_eq!(stage.find("User", filter), wanted, "{filter}");
    }
}

pub(super) fn a_missing_sort_value_comes_last_and_first_when_descending<S: ResourceStore>(
    stage: &Stage<'_, S>,
) {
    let mails = |primary: &str, other: &str| {
        json!({"title": primary, "emails": [{"value": other}, {"value": primary, "primary": true}],
            "urn:example:x": {"level": primary.len()}})
    };
    stage.all([
        stage.user_with("1", "q", &mails("B", "a")),
        stage.user_with("2", "r", &json!({})),
        stage.user_with("3", "s", &mails("aaa", "z")),
        stage.user_with("4", "t", &json!({"title": null, "emails": []})),
        stage.user_with("5", "u", &mails("b", "a")),
    ]);
    let sorted = |by: &str, descending| {
        ids(&stage.ask(&stage.question(&["User"], None, Some((by, descending)))))
    };
    for by in ["title", "emails.value", "emails"] {
        // Equal keys, B and b, are in the order of ids
        assert_eq!(sorted(by, false), ["3", "1", "5", "2", "4"], "{by}");
        assert_eq!(sorted(by, true), ["4", "2", "5", "1", "3"], "{by}");
    }
    assert_eq!(
        sorted("urn:example:x:level", false),
        ["1", "5", "3", "2", "4"]
    );
    assert_eq!(sorted("userName", true), ["5", "4", "3", "2", "1"]);
    assert_eq!(sorted("meta.created", false), ["1", "2", "3", "4", "5"]);
    assert_eq!(sorted("id", true), ["5", "4", "3", "2", "1"]);
}

pub(super) fn counts_are_right<S: ResourceStore>(stage: &Stage<'_, S>) {
    let names: Vec<String> = (0..7).map(|n| format!("u{n}")).collect();
    stage.all(names.iter().map(|name| stage.user(name, name)));
    stage.all([stage.group("g", &["u1", "u2"])]);
    let mut query = stage.question(&["User"], Some("userName ne \"u3\""), None);
    query.count = 4;
    let page = stage.ask(&query);
    assert_eq!((page.total, page.resources.len()), (Some(6), 4));
    assert!(page.next.is_some());
    query.start = Start::Offset(4);
    let page = stage.ask(&query);
    assert_eq!(
        (page.total, ids(&page)),
        (Some(6), vec!["u5".into(), "u6".into()])
    );
    assert_eq!(page.next, None, "nothing comes after");
    query.start = Start::Offset(100);
    let page = stage.ask(&query);
    assert_eq!(
        (page.total, page.resources.len(), page.next),
        (Some(6), 0, None)
    );
    query.count = 0;
    query.start = Start::Offset(0);
    let page = stage.ask(&query);
    assert_eq!((page.total, page.resources.len()), (Some(6), 0));
    query.count_total = false;
    query.count = 6;
    let page = stage.ask(&query);
    assert_eq!(
        (page.total, page.resources.len(), page.next),
        (None, 6, None)
    );
    let mut both = stage.question(&["User", "Group"], None, None);
    both.count = 3;
    assert_eq!(stage.ask(&both).total, Some(8));
    both.targets[1].load.members = LoadMembers::All;
    let page = stage.ask(&both);
    let members = page.resources[0].members.as_ref().map(Vec::len);
    assert_eq!((ids(&page)[0].as_str(), members), ("g", Some(2)));
    let nobody = stage.of_tenant("counts_are_right, nobody");
    assert_eq!(nobody.ask(&both).total, Some(0));
}

/// A store may ask in another way where a value is common.
pub(super) fn what_many_have_is_found_as_what_few_have<S: ResourceStore>(stage: &Stage<'_, S>) {
    stage.all((0..303).map(|n| {
        let kind = if n % 101 == 0 { "home" } else { "work" };
        let address = format!("u{}@example.com", n % 2);
        let more = json!({
            "title": if n % 3 == 0 { "Rare" } else { "Common" },
            "emails": [{"type": kind, "value": address}, {"type": "other", "value": "all@example.com"}],
        });
        stage.user_with(&format!("{n:03}"), &format!("user {n:03}"), &more)
    }));
    let count = |filter: &str| {
        let question = stage.question(&["User"], Some(filter), None);
        let found = stage.ask(&question);
        assert_eq!(
            found.total,
            Some(ids(&found).len().try_into().expect("few"))
        );
        ids(&found).len()
    };
    assert_eq!(count("title eq \"common\""), 202);
    assert_eq!(count("title eq \"rare\""), 101);
    assert_eq!(count("emails.value eq \"all@example.com\""), 303);
    assert_eq!(count("emails[type eq \"work\"]"), 300);
    assert_eq!(count("emails[type eq \"home\"]"), 3);
    let of = |kind: &str, address: &str| {
        format!("emails[type eq \"{kind}\" and value eq \"{address}@example.com\"]")
    };
    assert_eq!(count(&of("work", "all")), 0);
    assert_eq!(count(&of("other", "all")), 303);
    assert_eq!(count(&of("home", "u1")), 1);
    assert_eq!(count("title eq \"common\" and emails.type eq \"home\""), 2);
    assert_eq!(
        count("not (title eq \"common\") or emails.type eq \"home\""),
        103
    );
    // The page is cut after the filter
    let mut question = stage.question(&["User"], Some("title eq \"common\""), None);
    question.count = 2;
    question.start = Start::Offset(200);
    let page = stage.ask(&question);
    assert_eq!(
        (ids(&page), page.total),
        (vec!["301".to_owned(), "302".to_owned()], Some(202))
    );
}
