//! Pages.

use scim_core::store::{Keyset, Query, ResourceStore, Start};
use serde_json::json;

use super::{Stage, ids};

fn fill<S: ResourceStore>(stage: &Stage<'_, S>, users: usize) {
    stage.all((0..users).map(|n| {
        // Titles come in threes, and every fourth user has none
        let more = if n % 4 == 3 {
            json!({})
        } else {
            json!({"title": format!("t{}", (users - n) / 3)})
        };
        stage.user_with(&format!("u{n:02}"), &format!("name{n:02}"), &more)
    }));
}

const SORTS: &[Option<(&str, bool)>] = &[
    None,
    Some(("userName", false)),
    Some(("userName", true)),
    Some(("title", false)),
    Some(("title", true)),
    Some(("meta.created", true)),
    Some(("id", true)),
];

pub(super) fn pages_by_index_meet<S: ResourceStore>(stage: &Stage<'_, S>) {
    fill(stage, 17);
    for sort in SORTS {
        let mut query = stage.question(&["User"], Some("userName sw \"name\""), *sort);
        let whole = ids(&stage.ask(&query));
        query.count = 5;
        let mut seen = Vec::new();
        for offset in [0, 5, 10, 15] {
            query.start = Start::Offset(offset);
            seen.extend(ids(&stage.ask(&query)));
        }
        assert_eq!((seen, whole.len()), (whole, 17), "{sort:?}");
    }
}

/// Walks from page to page by place, and does something in between.
fn walk<S: ResourceStore>(
    stage: &Stage<'_, S>,
    mut query: Query,
    mut between: impl FnMut(&[String]),
) -> Vec<String> {
    query.count = 4;
    query.start = Start::After(None);
    let mut seen = Vec::new();
    loop {
        let page = stage.ask(&query);
        seen.extend(ids(&page));
        let Some(next) = page.next else { return seen };
        assert_eq!(page.resources.len(), 4, "a page before the last is full");
        between(&seen);
        query.start = Start::After(Some(next));
        query.count_total = false;
        assert!(seen.len() < 200, "it does not end");
    }
}

pub(super) fn pages_by_place_survive_what_comes_and_goes<S: ResourceStore>(stage: &Stage<'_, S>) {
    for (round, sort) in SORTS.iter().enumerate() {
        let stage = stage.of_tenant(&format!("{} {round}", stage.tenant));
        fill(&stage, 18);
        let query = stage.question(&["User"], None, *sort);
        let order = ids(&stage.ask(&query));
        let mut gone = Vec::new();
        let mut new = 0;
        let seen = walk(&stage, query, |seen| {
            // The last one seen, at which the next page begins, and the last but one of all go
            let ahead = order.iter().rev().filter(|id| !seen.contains(id));
            let last = seen.last().expect("a page").clone();
            let leaving: Vec<String> = ahead.skip(1).take(1).cloned().chain([last]).collect();
            for id in leaving.into_iter().filter(|id| !id.starts_with("new")) {
                if !gone.contains(&id) {
                    stage.all([stage.delete("User", &id)]);
                    gone.push(id);
                }
            }
            // New ones come at the beginning, within and at the end of the order of names
            for name in ["a", "name07b", "zz"] {
                new += 1;
                let title = json!({"title": name});
                let write = stage.user_with(&format!("new{new}"), &format!("{name}{new}"), &title);
                stage.all([write]);
            }
        });
        let old: Vec<&String> = seen.iter().filter(|id| !id.starts_with("new")).collect();
        let stayed: Vec<&String> = order
            .iter()
            .filter(|id| !gone.contains(id) || seen.contains(id))
            .collect();
        assert!(gone.len() > 3, "{gone:?}");
        assert_eq!(
            old, stayed,
            "{sort:?}: skipped, shown twice or out of order"
        );
        let mut twice = seen.clone();
        twice.sort_unstable();
        twice.dedup();
        assert_eq!(twice.len(), seen.len(), "{sort:?}: {seen:?}");
    }
}

pub(super) fn pages_by_place_go_both_ways<S: ResourceStore>(stage: &Stage<'_, S>) {
    fill(stage, 15);
    for sort in SORTS {
        let query = stage.question(&["User"], None, *sort);
        let order = ids(&stage.ask(&query));
        assert_eq!(walk(stage, query.clone(), |_| ()), order, "{sort:?}");
        // The order turned around is the same order from its other end, without a sort too
        let mut back = query.clone();
        back.descending = !query.descending;
        let mut reversed = walk(stage, back.clone(), |_| ());
        reversed.reverse();
        assert_eq!(reversed, order, "{sort:?}");
        // From the middle, both ways meet
        let mut middle = query.clone();
        middle.count = 6;
        let page = stage.ask(&middle);
        let next = page.next.expect("more");
        for (mut query, wanted) in [(query, &order[6..]), (back, &order[..5])] {
            query.start = Start::After(Some(next.clone()));
            let mut found = ids(&stage.ask(&query));
            if wanted.len() == 5 {
                found.reverse();
            }
            assert_eq!(found, wanted, "{sort:?}");
        }
        assert_eq!(next.id.as_str(), order[5]);
    }
}

pub(super) fn several_types_share_one_order<S: ResourceStore>(stage: &Stage<'_, S>) {
    fill(stage, 9);
    stage.all((0..6).map(|n| stage.group(&format!("t{n}"), &[])));
    for sort in [
        None,
        Some(("displayName", false)),
        Some(("userName", true)),
        Some(("meta.created", false)),
        Some(("meta.resourceType", true)),
    ] {
        let query = stage.question(&["User", "Group"], None, sort);
        let page = stage.ask(&query);
        assert_eq!(page.total, Some(15));
        let order = ids(&page);
        assert_eq!(walk(stage, query.clone(), |_| ()), order, "{sort:?}");
        let mut by_index = query.clone();
        by_index.count = 4;
        let mut seen = Vec::new();
        for offset in [0, 4, 8, 12] {
            by_index.start = Start::Offset(offset);
            seen.extend(ids(&stage.ask(&by_index)));
        }
        assert_eq!(seen, order, "{sort:?}");
    }
    let sorted = stage.question(&["User", "Group"], None, Some(("displayName", false)));
    let first = ids(&stage.ask(&sorted));
    assert_eq!(first[..2], ["t0", "t1"], "users have no displayName here");
    // A place whose resource is gone, or never was, is a place all the same
    let mut query = stage.question(&["User", "Group"], None, None);
    query.start = Start::After(Some(Keyset::new(None, super::id("t9"))));
    assert_eq!(ids(&stage.ask(&query))[0], "u00");
}
