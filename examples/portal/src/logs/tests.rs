use serde_json::json;
use sso_store::{Account, Event, NewLogEntry, ProvisionedBy};
use time::Duration;
use time::macros::datetime;

use super::*;

const T0: OffsetDateTime = datetime!(2026-01-31 12:00 UTC);

fn request(store: &Store, at: OffsetDateTime, path: &str, status: u16, code: Option<&str>) {
    let entry: RequestLog = serde_json::from_value(json!({
        "request_id": "r", "at": at.unix_timestamp(), "tenant": "acme", "connection": "acme",
        "token_prefix": null, "method": "PATCH", "path": path, "parameters": [], "user_agent": null,
        "status": status, "code": code, "detail": null, "changes": [], "rewrites": [],
        "suggested": null, "duration_ms": null,
    }))
    .unwrap();
    ready(store.append(&[entry])).unwrap();
}

fn event(store: &Store, at: OffsetDateTime, reference: &str, account: Option<i64>) {
    let mut entry = NewLogEntry::new(at, Event::UserChanged, reference, "x");
    entry.connection = Some("acme");
    entry.account = account;
    store.append_log(&entry).unwrap();
}

/// A word for each line: the reference, or the path.
fn words(page: &Page) -> Vec<&str> {
    let lines = page.lines.iter();
    lines
        .map(|line| match line {
            Line::Sign(entry) => entry.reference.as_str(),
            Line::Scim(line) => line.entry.path.as_str(),
        })
        .collect()
}

fn full() -> Store {
    let store = Store::in_memory().unwrap();
    let mut ann = Account::new(Some("acme"), "ann", ProvisionedBy::Scim, T0);
    ann.scim_id = Some("s1".to_owned());
    store.save_accounts(&[ann], |_, _| None).unwrap();
    event(&store, T0, "E0", Some(1));
    request(&store, T0 + Duration::seconds(10), "/Users/s1", 200, None);
    event(&store, T0 + Duration::seconds(20), "E1", None);
    request(
        &store,
        T0 + Duration::seconds(30),
        "/Groups/g1",
        404,
        Some("resource.not_found"),
    );
    request(
        &store,
        T0 + Duration::days(2),
        "/Users/s1",
        409,
        Some("policy.name_taken"),
    );
    store
}

#[test]
fn both_logs_are_one_list_with_pages() {
    let store = full();
    let all = read(&store, &Wanted::default(), 10).unwrap();
    assert_eq!(
        words(&all),
        ["/Users/s1", "/Groups/g1", "E1", "/Users/s1", "E0"]
    );
    assert_eq!(all.next, None);
    let mut wanted = Wanted::default();
    let mut seen = 0;
    loop {
        let page = read(&store, &wanted, 2).unwrap();
        seen += page.lines.len();
        let Some(next) = page.next else {
            break;
        };
        wanted.before = Some(next);
    }
    assert_eq!(seen, 5);
}

#[test]
fn each_filter_keeps_what_it_names() {
    let store = full();
    let found = |change: &dyn Fn(&mut Wanted)| {
        let mut wanted = Wanted::default();
        change(&mut wanted);
        let page = read(&store, &wanted, 10).unwrap();
        words(&page).join(" ")
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(found(&|w| w.connection = some("other")), "");
    assert_eq!(found(&|w| w.code = some("policy.name_taken")), "/Users/s1");
    assert_eq!(found(&|w| w.status = Some(404)), "/Groups/g1");
    assert_eq!(found(&|w| w.refused = true), "/Users/s1 /Groups/g1");
    assert_eq!(
        found(&|w| w.since = Some(T0 + Duration::days(1))),
        "/Users/s1"
    );
    assert_eq!(
        found(&|w| w.until = Some(T0 + Duration::seconds(20))),
        "/Users/s1 E0"
    );
    assert_eq!(found(&|w| w.user = some("1")), "/Users/s1 /Users/s1 E0");
    assert_eq!(found(&|w| w.user = some("g1")), "/Groups/g1");
}

#[test]
fn requests_and_entries_are_forgotten_after_ninety_days() {
    let store = full();
    forget(&store, T0 + Duration::days(91)).unwrap();
    let rest = read(&store, &Wanted::default(), 10).unwrap();
    assert_eq!(words(&rest), ["/Users/s1"]);
}

#[test]
fn a_day_that_ends_is_that_day_included() {
    assert_eq!(
        moment("2026-01-31", false),
        Some(datetime!(2026-01-31 0:00 UTC))
    );
    assert_eq!(
        moment("2026-01-31", true),
        Some(datetime!(2026-02-01 0:00 UTC))
    );
    assert_eq!(moment("2026-01-31T12:00:00Z", true), Some(T0));
    assert_eq!(moment("yesterday", false), None);
}
