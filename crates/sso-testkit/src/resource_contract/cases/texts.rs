//! Text that breaks what is careless.

use scim_core::store::ResourceStore;
use serde_json::{Value as Json, json};

use super::{Stage, ids};
use crate::block_on;

const HOSTILE: &[&str] = &[
    "%",
    "_",
    "100%_sure",
    "\\",
    "\\%",
    "'",
    "''; DROP TABLE users; --",
    "\"",
    "\u{0}",
    "a\u{0}b",
    "a",
    "\u{1}",
    "\u{1}0",
    "\u{1}1",
    "😀",
    "a😀%b",
    "\u{10FFFF}",
    "日本",
    "\u{FEFF}x",
    "\r\n\t",
    "İstanbul",
    "ΟΔΟΣ",
    "?1",
    "$1",
    "{}",
    "*",
    "[a-z]",
];

fn literal(text: &str) -> String {
    Json::from(text).to_string()
}

pub(super) fn hostile_text_is_kept_and_found<S: ResourceStore>(stage: &Stage<'_, S>) {
    let name = |n: usize| format!("h{n:02}");
    stage.all(HOSTILE.iter().enumerate().map(|(n, text)| {
        let more = json!({"externalId": text, "displayName": text, "emails": [{"value": text}],
            "urn:example:x": {"tags": ["plain", text], "code": text}});
        stage.user_with(&name(n), &format!("<{text}>"), &more)
    }));
    let matching = |test: &dyn Fn(&str) -> bool| -> Vec<String> {
        let all = HOSTILE.iter().enumerate();
        all.filter(|(_, text)| test(text))
            .map(|(n, _)| name(n))
            .collect()
    };
    for (n, text) in HOSTILE.iter().enumerate() {
        let user = stage.get("User", &name(n)).expect("a user");
        let attr = stage.registry.common().external_id;
        let kept = user
            .document
            .get(attr)
            .and_then(scim_core::document::Value::as_text);
        assert_eq!(kept, Some(*text));
        let quoted = literal(text);
        for filter in [
            format!("externalId eq {quoted}"),
            format!("userName eq {}", literal(&format!("<{text}>"))),
            format!("urn:example:x:code eq {quoted}"),
        ] {
            assert_eq!(stage.find("User", &filter), [name(n)], "{filter}");
        }
        type Matches = fn(&str, &str) -> bool;
        let tests: [(&str, Matches); 3] = [
            ("co", |have, part| have.contains(part)),
            ("sw", |have, part| have.starts_with(part)),
            ("ew", |have, part| have.ends_with(part)),
        ];
        for (op, test) in tests {
            let filter = format!("urn:example:x:code {op} {quoted}");
            let wanted = matching(&|have| test(have, text));
            assert_eq!(stage.find("User", &filter), wanted, "{filter}");
            let filter = format!("emails[value {op} {quoted}]");
            let folded = |text: &str| scim_core::text::fold(text);
            let wanted = matching(&|have| test(&folded(have), &folded(text)));
            assert_eq!(stage.find("User", &filter), wanted, "{filter}");
        }
        let taken = stage.one(stage.user("other", &format!("<{text}>").to_lowercase()));
        assert!(taken.is_err() || text.to_lowercase() != scim_core::text::fold(text));
    }
    // By code point, which is the order of the bytes
    let sorted = stage.question(&["User"], None, Some(("urn:example:x:code", false)));
    let mut order: Vec<(&str, String)> = HOSTILE
        .iter()
        .enumerate()
        .map(|(n, text)| (*text, name(n)))
        .collect();
    order.sort();
    let order: Vec<String> = order.into_iter().map(|(_, id)| id).collect();
    let found: Vec<String> = ids(&stage.ask(&sorted));
    let found: Vec<String> = found.into_iter().filter(|id| id != "other").collect();
    assert_eq!(found, order);
    for (n, text) in HOSTILE.iter().enumerate() {
        stage.all([stage.delete("User", &name(n))]);
        let (kind, attr) = (stage.kind("User"), stage.registry.common().external_id);
        let stone = block_on(stage.store.tombstone(&stage.tenant, kind, attr, text));
        let stone = stone.expect("the store works").expect("a tombstone");
        assert_eq!(stone.id.as_str(), name(n));
    }
}

pub(super) fn long_text_is_kept_and_found<S: ResourceStore>(stage: &Stage<'_, S>) {
    let long = |end: &str| format!("{}{end}", "Ä😀%".repeat(1500));
    let with = |text: &str| json!({"externalId": text, "emails": [{"value": text}]});
    stage.all([
        stage.user_with("a", &long("a"), &with(&long("a"))),
        stage.user_with("b", &long("b"), &with(&long("b"))),
    ]);
    assert_eq!(long("a").len(), 10_501);
    let user = stage.get("User", "a").expect("a user");
    let attr = stage.registry.common().external_id;
    assert_eq!(
        user.document.get(attr),
        Some(&scim_core::document::Value::Text(long("a")))
    );
    // A filter is shorter than that, so it asks for the end
    assert_eq!(stage.find("User", "userName ew \"%A\""), ["a"]);
    assert_eq!(stage.find("User", "externalId ew \"%b\""), ["b"]);
    assert_eq!(stage.find("User", "emails.value sw \"ä😀%ä\""), ["a", "b"]);
    let sorted = stage.question(&["User"], None, Some(("userName", true)));
    assert_eq!(ids(&stage.ask(&sorted)), ["b", "a"]);
    // Alike for the length of any index, and still two; the same in another case is one
    let taken = stage.one(stage.user("c", &long("A").to_lowercase()));
    assert!(
        matches!(&taken, Err(scim_core::store::WriteError::Uniqueness { holder, .. })
            if holder.as_str() == "a"),
        "{taken:?}"
    );
    stage.all([stage.delete("User", "a")]);
    let kind = stage.kind("User");
    let stone = |text: &str| {
        let stone = stage.store.tombstone(&stage.tenant, kind, attr, text);
        block_on(stone)
            .expect("the store works")
            .map(|stone| stone.id.to_string())
    };
    assert_eq!(
        (stone(&long("a")), stone(&long("b"))),
        (Some("a".to_owned()), None)
    );
    stage.all([stage.user("d", &long("A"))]);
}
