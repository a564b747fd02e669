use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::dialect::Dialect;
use crate::document::{Keep, Reader};
use crate::members::MemberDelta;
use crate::store::MemoryStore;
use crate::testing::now as block_on;

fn now() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000)
}

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn filled(registry: &Arc<Registry>, tenant: &TenantId) -> MemoryStore {
    let store = MemoryStore::new(registry.clone());
    let document = |kind: &str, value: &serde_json::Value| {
        let kind = registry.resource_type_by_name(kind).unwrap().id();
        Reader::new(registry, kind, &Dialect::default(), Keep::All)
            .document(value)
            .unwrap()
    };
    let mut units = Vec::new();
    for number in 0..25 {
        let user = json!({
            "userName": format!("User{number}"), "externalId": format!("x{number}"), "active": number % 3 != 0,
            "emails": [{"value": format!("u{number}@a.example"), "type": "work", "primary": true}],
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
            ENTERPRISE: {"department": "Fabrication", "employeeNumber": "007"},
        });
        units.push(Unit::of(Write::Insert {
            id: ResourceId::new(format!("u{number:02}")),
            document: document("User", &user),
            members: BTreeSet::new(),
            connection: Some(ConnectionId::new("acme")),
        }));
    }
    let members = |ids: &[&str]| ids.iter().map(|id| ResourceId::new(*id)).collect();
    // The first group has the second one as a member
    for (id, inside) in [("g2", vec!["u01", "u02"]), ("g1", vec!["g2", "u03"])] {
        units.push(Unit::of(Write::Insert {
            id: ResourceId::new(id),
            document: document("Group", &json!({"displayName": id})),
            members: members(&inside),
            connection: None,
        }));
    }
    let results = block_on(store.commit(tenant, &Batch::new(units, now()))).unwrap();
    assert!(results.iter().all(Result::is_ok));
    let later = now() + time::Duration::days(3);
    let change = Write::Update {
        kind: registry.resource_type_by_name("Group").unwrap().id(),
        id: ResourceId::new("g2"),
        expected: None,
        document: None,
        members: MemberDelta::exactly([ResourceId::new("u05")]),
    };
    block_on(store.commit(tenant, &Batch::new(vec![Unit::of(change)], later))).unwrap();
    store
}

fn all(store: &MemoryStore, registry: &Registry, tenant: &TenantId, piece: u64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut place = None;
    loop {
        let exported = block_on(export(store, registry, tenant, place.as_ref(), piece)).unwrap();
        assert!(exported.lines.len() as u64 <= piece);
        lines.extend(exported.lines);
        // The place is kept as JSON between the pieces
        place = exported.next.map(|next| {
            let kept = serde_json::to_string(&next).unwrap();
            serde_json::from_str(&kept).unwrap()
        });
        if place.is_none() {
            return lines;
        }
    }
}

#[test]
fn nothing_is_lost_on_a_round_trip_in_pieces_of_any_size() {
    let registry = Arc::new(Registry::standard());
    let tenant = TenantId::new("t");
    let store = filled(&registry, &tenant);
    let whole = all(&store, &registry, &tenant, 1000);
    assert_eq!(whole.len(), 27);
    for piece in [1, 7, 25, 26, 27] {
        assert_eq!(all(&store, &registry, &tenant, piece), whole, "{piece}");
    }
    // Backwards: groups before their members
    let backwards: Vec<_> = whole.iter().rev().collect();
    let other = MemoryStore::new(registry.clone());
    let imported = block_on(import(&other, &registry, &tenant, backwards, 1, now())).unwrap();
    assert_eq!((imported.written, imported.present), (27, 0));
    assert_eq!(imported.refused, []);
    assert_eq!(all(&other, &registry, &tenant, 10), whole);

    let again = block_on(import(&other, &registry, &tenant, &whole, 1, now())).unwrap();
    assert_eq!((again.written, again.present), (0, 27));
}

#[test]
fn a_line_that_is_no_good_has_a_code_and_stops_nothing() {
    let registry = Arc::new(Registry::standard());
    let tenant = TenantId::new("t");
    let whole = all(&filled(&registry, &tenant), &registry, &tenant, 1000);
    let first = whole[0].clone();
    let lines = [
        first.clone(),
        "not json".to_owned(),
        first.replace("\"User\"", "\"Robot\""),
        first.replace("\"id\":\"u00\"", "\"id\":\"u99\""),
        String::new(),
        first.replace("core:2.0:User:userName", "core:2.0:User:nickName"),
        whole[1].clone(),
    ];
    let store = MemoryStore::new(registry.clone());
    let imported = block_on(import(&store, &registry, &tenant, lines, 10, now())).unwrap();
    assert_eq!(imported.written, 2);
    assert_eq!(
        imported.refused,
        [
            (11, "transfer.malformed"),
            (12, "transfer.resource_type"),
            (13, "transfer.unique"),
            (15, "transfer.document"),
        ]
    );
}
