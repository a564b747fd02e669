use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::*;
use crate::dialect::Dialect;
use crate::document::{Keep, Reader};
use crate::filter::{Expr, FilterLimits, Resolver};
use crate::resource::TenantId;
use crate::schema::Registry;
use crate::testing::now;

struct Bench {
    registry: Arc<Registry>,
    store: MemoryStore,
    tenant: TenantId,
}

fn id(text: &str) -> ResourceId {
    ResourceId::new(text)
}

const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

impl Bench {
    fn new() -> Self {
        let registry = Arc::new(Registry::standard());
        Self {
            store: MemoryStore::new(registry.clone()),
            registry,
            tenant: TenantId::new("t"),
        }
    }

    fn kind(&self, name: &str) -> ResourceTypeId {
        self.registry.resource_type_by_name(name).unwrap().id()
    }

    fn document(&self, kind: &str, json: &Json) -> Document {
        let dialect = Dialect::default();
        Reader::new(&self.registry, self.kind(kind), &dialect, Keep::All)
            .document(json)
            .unwrap()
    }

    fn user(&self, text: &str, name: &str) -> Write {
        let document = self.document(
            "User",
            &json!({"userName": name, "externalId": format!("x-{text}")}),
        );
        Write::Insert {
            id: id(text),
            document,
            members: BTreeSet::new(),
            connection: None,
        }
    }

    fn group(&self, text: &str, members: &[&str]) -> Write {
        let document = self.document("Group", &json!({"displayName": text}));
        Write::Insert {
            id: id(text),
            document,
            members: members.iter().map(|m| id(m)).collect(),
            connection: None,
        }
    }

    fn members(&self, group: &str, delta: MemberDelta) -> Write {
        Write::Update {
            kind: self.kind("Group"),
            id: id(group),
            expected: None,
            document: None,
            members: delta,
        }
    }

    fn commit(&self, units: Vec<Unit>) -> Vec<Result<Vec<Written>, WriteError>> {
        now(self.store.commit(&self.tenant, &Batch::new(units, T0))).unwrap()
    }

    fn one(&self, write: Write) -> Result<Written, WriteError> {
        self.commit(vec![Unit::of(write)])
            .remove(0)
            .map(|mut w| w.remove(0))
    }

    fn get(&self, kind: &str, text: &str) -> Option<Resource> {
        let load = Load {
            members: LoadMembers::All,
            groups: true,
        };
        now(self
            .store
            .get(&self.tenant, self.kind(kind), &id(text), load))
        .unwrap()
    }

    fn groups(&self, user: &str) -> Vec<(String, bool)> {
        let user = self.get("User", user).unwrap();
        user.groups
            .unwrap()
            .into_iter()
            .map(|g| (g.id.to_string(), g.direct))
            .collect()
    }

    fn find(&self, kind: &str, filter: &str) -> Vec<String> {
        let dialect = Dialect::default();
        let expr = Expr::parse(filter, &FilterLimits::default()).unwrap();
        let filter = Resolver::new(&self.registry, self.kind(kind), &dialect)
            .filter(&expr)
            .unwrap();
        let target = QueryTarget {
            filter: Some(filter),
            ..QueryTarget::all(self.kind(kind))
        };
        let page = now(self.store.find(&self.tenant, &Query::new(target, 100))).unwrap();
        page.resources.iter().map(|r| r.id.to_string()).collect()
    }
}

#[test]
fn unique_values_are_taken_whatever_their_case_until_deletion() {
    let bench = Bench::new();
    bench.one(bench.user("a", "Ann")).unwrap();
    let taken = bench.one(bench.user("b", "aNN"));
    let user_name = bench
        .registry
        .attribute_by_path(&format!("{}:userName", crate::schema::USER))
        .unwrap()
        .id();
    assert_eq!(
        taken,
        Err(WriteError::Uniqueness {
            attr: user_name,
            holder: id("a")
        })
    );
    assert!(bench.get("User", "b").is_none());
    let kind = bench.kind("User");
    bench
        .one(Write::Delete {
            kind,
            id: id("a"),
            expected: None,
        })
        .unwrap();
    assert_eq!(
        bench.one(bench.user("b", "aNN")).unwrap().version,
        Version::FIRST
    );
    assert_eq!(
        bench.one(bench.user("a", "other")),
        Err(WriteError::IdInUse(id("a"))),
        "tombstones keep their id"
    );
    let stone = now(bench.store.tombstone(&bench.tenant, kind, user_name, "ANN"))
        .unwrap()
        .unwrap();
    assert_eq!(stone.id, id("a"));
}

#[test]
fn tenants_do_not_see_each_other() {
    let bench = Bench::new();
    bench.one(bench.user("a", "ann")).unwrap();
    let other = Bench {
        tenant: TenantId::new("other"),
        registry: bench.registry.clone(),
        store: bench.store.clone(),
    };
    assert!(other.get("User", "a").is_none());
    other.one(other.user("a", "ann")).unwrap();
    assert_eq!(other.find("User", "userName pr"), ["a"]);
}

#[test]
fn membership_is_both_ways_nested_and_survives_circles() {
    let bench = Bench::new();
    bench.one(bench.user("u", "ann")).unwrap();
    bench.one(bench.group("g1", &["u"])).unwrap();
    bench.one(bench.group("g2", &["g1"])).unwrap();
    bench.one(bench.group("g3", &["g2"])).unwrap();
    let mut delta = MemberDelta::default();
    delta.join(id("g3"));
    bench.one(bench.members("g1", delta)).unwrap();
    assert_eq!(
        bench.groups("u"),
        [
            ("g1".into(), true),
            ("g2".into(), false),
            ("g3".into(), false)
        ]
    );
    assert_eq!(bench.find("Group", "members.value eq \"u\""), ["g1"]);
    assert_eq!(
        bench.find("Group", "members[value eq \"g1\" and type eq \"Group\"]"),
        ["g2"]
    );
    assert_eq!(bench.find("User", "groups.value eq \"g3\""), ["u"]);
    assert_eq!(
        bench.find("User", "groups[value eq \"g3\" and type eq \"direct\"]"),
        Vec::<String>::new()
    );
    let member = bench.get("Group", "g1").unwrap().members.unwrap();
    assert_eq!(member[1].display.as_deref(), Some("ann"));
}

#[test]
fn deleting_a_user_takes_it_out_of_its_groups_and_bumps_them() {
    let bench = Bench::new();
    bench.one(bench.user("u", "ann")).unwrap();
    bench.one(bench.group("g", &["u"])).unwrap();
    bench
        .one(Write::Delete {
            kind: bench.kind("User"),
            id: id("u"),
            expected: Some(Version::FIRST),
        })
        .unwrap();
    let group = bench.get("Group", "g").unwrap();
    assert_eq!(
        (group.members.unwrap().len(), group.version),
        (0, Version::new(2))
    );
    assert!(bench.find("Group", "members pr").is_empty());
}

#[test]
fn member_changes_that_change_nothing_keep_the_version() {
    let bench = Bench::new();
    bench.one(bench.user("u", "ann")).unwrap();
    bench.one(bench.group("g", &["u"])).unwrap();
    let mut delta = MemberDelta::default();
    delta.join(id("u"));
    delta.leave(id("nobody"));
    let written = bench.one(bench.members("g", delta)).unwrap();
    assert_eq!((written.changed, written.version), (false, Version::FIRST));
    let written = bench
        .one(bench.members("g", MemberDelta::exactly([id("u")])))
        .unwrap();
    assert!(!written.changed);
}

#[test]
fn unknown_members_are_refused_or_deferred() {
    let bench = Bench::new();
    assert_eq!(
        bench.one(bench.group("g", &["u"])),
        Err(WriteError::UnknownMember(id("u")))
    );
    assert!(bench.get("Group", "g").is_none(), "nothing of it happened");
    let mut batch = Batch::new(vec![Unit::of(bench.group("g", &["u"]))], T0);
    batch.unknown_members = UnknownMembers::Defer;
    now(bench.store.commit(&bench.tenant, &batch))
        .unwrap()
        .remove(0)
        .unwrap();
    assert_eq!(
        bench.get("Group", "g").unwrap().members.unwrap()[0].kind,
        None
    );
    bench.one(bench.user("u", "ann")).unwrap();
    assert_eq!(bench.groups("u"), [("g".into(), true)]);
}

#[test]
fn a_unit_is_all_or_nothing_and_the_next_one_stands_by_itself() {
    let bench = Bench::new();
    bench.one(bench.user("a", "ann")).unwrap();
    bench.one(bench.group("g", &["a"])).unwrap();
    let mut failing = Unit::of(bench.user("b", "bob"));
    failing
        .writes
        .push(bench.members("g", MemberDelta::exactly([id("b")])));
    failing.writes.push(Write::Delete {
        kind: bench.kind("User"),
        id: id("a"),
        expected: None,
    });
    failing.writes.push(bench.user("c", "BOB"));
    let mut after = Unit::of(bench.user("d", "dan"));
    after.requires = vec![0];
    let results = bench.commit(vec![failing, after, Unit::of(bench.user("e", "bob"))]);
    assert!(matches!(results[0], Err(WriteError::Uniqueness { .. })));
    assert_eq!(results[1], Err(WriteError::Dependency(0)));
    assert!(results[2].is_ok());
    assert!(bench.get("User", "b").is_none() && bench.get("User", "d").is_none());
    let group = bench.get("Group", "g").unwrap();
    assert_eq!(
        (group.version, group.members.unwrap()[0].id.clone()),
        (Version::FIRST, id("a"))
    );
    assert_eq!(
        bench.find("User", "userName eq \"ann\""),
        ["a"],
        "the index is whole again"
    );
    assert_eq!(bench.groups("a"), [("g".into(), true)]);
}

#[test]
fn members_made_in_the_same_unit_may_refer_to_each_other() {
    let bench = Bench::new();
    let mut unit = Unit::of(bench.group("g1", &["g2"]));
    unit.writes.push(bench.group("g2", &["g1"]));
    bench.commit(vec![unit]).remove(0).unwrap();
    assert_eq!(bench.find("Group", "members.value eq \"g1\""), ["g2"]);
}

#[test]
fn a_batch_stops_after_so_many_errors() {
    let bench = Bench::new();
    let failed = Unit {
        failed: true,
        ..Unit::default()
    };
    let mut batch = Batch::new(vec![failed, Unit::of(bench.user("a", "ann"))], T0);
    batch.stop_after_errors = Some(1);
    let results = now(bench.store.commit(&bench.tenant, &batch)).unwrap();
    assert_eq!(
        results,
        [Err(WriteError::Failed), Err(WriteError::NotAttempted)]
    );
}

#[test]
fn an_old_version_is_refused() {
    let bench = Bench::new();
    bench.one(bench.user("a", "ann")).unwrap();
    let document = Some(bench.document("User", &json!({"userName": "bob"})));
    let write = |expected| Write::Update {
        kind: bench.kind("User"),
        id: id("a"),
        expected: Some(expected),
        document: document.clone(),
        members: MemberDelta::default(),
    };
    assert_eq!(
        bench.one(write(Version::new(2))),
        Err(WriteError::VersionMismatch(id("a")))
    );
    assert_eq!(
        bench.one(write(Version::FIRST)).unwrap().version,
        Version::new(2)
    );
    let gone = Write::Delete {
        kind: bench.kind("User"),
        id: id("z"),
        expected: None,
    };
    assert_eq!(bench.one(gone), Err(WriteError::NotFound(id("z"))));
}

#[test]
fn pages_by_index_and_by_keyset_are_stable() {
    let bench = Bench::new();
    for index in 0..25 {
        bench
            .one(bench.user(&format!("{index:02}"), &format!("user{}", 99 - index)))
            .unwrap();
    }
    let user = bench.kind("User");
    let dialect = Dialect::default();
    for descending in [false, true] {
        let sort = Resolver::new(&bench.registry, user, &dialect)
            .sort("userName", descending)
            .unwrap();
        let target = QueryTarget {
            sort: Some(sort),
            ..QueryTarget::all(user)
        };
        let mut query = Query {
            descending,
            start: Start::After(None),
            ..Query::new(target, 10)
        };
        let mut seen = Vec::new();
        loop {
            let page = now(bench.store.find(&bench.tenant, &query)).unwrap();
            seen.extend(page.resources.iter().map(|r| r.id.to_string()));
            // A write between two pages moves nobody.
            let _: Result<_, _> = bench.one(bench.user(
                &format!("new{descending}{}", seen.len()),
                &format!(
                    "user{}-{descending}{}",
                    if descending { "999" } else { "0" },
                    seen.len()
                ),
            ));
            let Some(next) = page.next else { break };
            query.start = Start::After(Some(next));
        }
        let old: Vec<&String> = seen.iter().filter(|id| !id.starts_with("new")).collect();
        let mut sorted = old.clone();
        sorted.sort();
        if !descending {
            sorted.reverse()
        }
        assert_eq!((old.len(), &old), (25, &sorted));
    }
    let mut query = Query::new(QueryTarget::all(user), 0);
    let page = now(bench.store.find(&bench.tenant, &query)).unwrap();
    assert_eq!((page.resources.len(), page.total >= Some(25)), (0, true));
    query.start = Start::Offset(u64::MAX);
    query.count = 5;
    assert_eq!(
        now(bench.store.find(&bench.tenant, &query))
            .unwrap()
            .resources
            .len(),
        0
    );
}
