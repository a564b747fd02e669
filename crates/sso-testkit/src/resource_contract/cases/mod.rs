//! The cases of the contract, and the stage they play on.

mod deletion;
mod events;
mod finding;
mod groups;
mod pages;
mod texts;
mod writes;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use scim_core::dialect::Dialect;
use scim_core::document::{Document, Keep, Reader};
use scim_core::event::Event;
use scim_core::filter::{Expr, FilterLimits, Resolver};
use scim_core::members::MemberDelta;
use scim_core::resource::{ConnectionId, Resource, ResourceId, TenantId, Version};
use scim_core::schema::{GROUP, Registry, ResourceTypeId, USER};
use scim_core::store::{
    Batch, Load, LoadMembers, Page, Query, QueryTarget, ResourceStore, Unit, Write, WriteError,
    Written,
};
use serde_json::{Value as Json, json};
use time::{Duration, OffsetDateTime};

use crate::block_on;

/// A case: its name, and what it does.
pub(super) type Case<S> = (&'static str, fn(&Stage<'_, S>));

macro_rules! cases {
    ($($module:ident: $($case:ident),+;)+) => {
        pub(super) fn all<S: ResourceStore>() -> Vec<Case<S>> {
            vec![$($((stringify!($case), $module::$case as fn(&Stage<'_, S>)),)+)+]
        }
    };
}

cases! {
    writes: a_document_comes_back_as_it_was, unique_values_are_taken_whatever_their_case,
        an_old_version_is_refused, what_changes_nothing_keeps_the_version,
        a_unit_happens_whole_or_not_at_all, a_unit_falls_with_those_it_requires,
        a_batch_stops_after_so_many_errors, a_restored_resource_is_as_it_was,
        one_of_many_that_write_at_once_wins, members_who_join_at_once_are_all_in;
    groups: unknown_members_are_refused, unknown_members_wait_where_they_may,
        members_change_without_being_loaded, groups_are_nested_and_in_circles,
        members_and_groups_are_found_by_each_other;
    deletion: a_deleted_resource_leaves_its_groups, a_deleted_resource_leaves_a_tombstone,
        an_id_is_never_used_again, a_deletion_that_fails_leaves_everything;
    events: events_are_in_the_order_of_the_changes, what_fails_or_changes_nothing_has_no_event,
        groups_of_a_deleted_member_have_an_event;
    finding: tenants_do_not_see_each_other, what_many_have_is_found_as_what_few_have,
        null_empty_and_absent_are_one_when_stored,
        any_value_may_match_but_a_value_path_wants_one, types_compare_as_themselves,
        a_missing_sort_value_comes_last_and_first_when_descending, counts_are_right;
    pages: pages_by_index_meet, pages_by_place_survive_what_comes_and_goes,
        pages_by_place_go_both_ways, several_types_share_one_order;
    texts: hostile_text_is_kept_and_found, long_text_is_kept_and_found;
}

/// What a case works with: a store, and a tenant of its own.
pub(super) struct Stage<'a, S> {
    pub(super) store: &'a S,
    outbox: &'a dyn Fn(&TenantId) -> Vec<Event>,
    pub(super) registry: Arc<Registry>,
    pub(super) tenant: TenantId,
    clock: Cell<i64>,
}

pub(super) fn id(text: &str) -> ResourceId {
    ResourceId::new(text)
}

/// Members who join or leave.
pub(super) fn delta(join: &[&str], leave: &[&str]) -> MemberDelta {
    let mut delta = MemberDelta::default();
    join.iter().for_each(|text| delta.join(id(text)));
    leave.iter().for_each(|text| delta.leave(id(text)));
    delta
}

pub(super) fn unit(writes: impl IntoIterator<Item = Write>) -> Unit {
    let mut unit = Unit::default();
    unit.writes.extend(writes);
    unit
}

pub(super) const EVERYTHING: Load = Load {
    members: LoadMembers::All,
    groups: true,
};

type Results = Vec<Result<Vec<Written>, WriteError>>;

impl<'a, S: ResourceStore> Stage<'a, S> {
    pub(super) fn new(
        store: &'a S,
        outbox: &'a dyn Fn(&TenantId) -> Vec<Event>,
        registry: &Arc<Registry>,
        case: &str,
    ) -> Self {
        Self {
            store,
            outbox,
            registry: Arc::clone(registry),
            tenant: TenantId::new(case),
            clock: Cell::new(0),
        }
    }

    /// The same store for another tenant.
    pub(super) fn of_tenant(&self, name: &str) -> Self {
        Self {
            store: self.store,
            outbox: self.outbox,
            registry: Arc::clone(&self.registry),
            tenant: TenantId::new(name),
            clock: self.clock.clone(),
        }
    }

    /// A later time with every call.
    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock.set(self.clock.get() + 1);
        OffsetDateTime::UNIX_EPOCH + Duration::days(20_000) + Duration::seconds(self.clock.get())
    }

    pub(super) fn kind(&self, name: &str) -> ResourceTypeId {
        let kind = self.registry.resource_type_by_name(name);
        kind.expect("a standard type").id()
    }

    pub(super) fn attr(&self, path: &str) -> scim_core::schema::AttrId {
        let attribute = self.registry.attribute_by_path(path);
        attribute.expect("an attribute of the registry").id()
    }

    pub(super) fn document(&self, kind: &str, json: &Json) -> Document {
        let dialect = Dialect::default();
        let mut document = Reader::new(&self.registry, self.kind(kind), &dialect, Keep::All)
            .document(json)
            .expect("a document");
        document.canonicalize(&self.registry);
        document
    }

    /// A new user with these attributes beside its name.
    pub(super) fn user_with(&self, text: &str, name: &str, more: &Json) -> Write {
        let mut json = json!({"schemas": [USER], "userName": name});
        for (key, value) in more.as_object().into_iter().flatten() {
            json[key] = value.clone();
        }
        Write::Insert {
            id: id(text),
            document: self.document("User", &json),
            members: BTreeSet::new(),
            connection: Some(ConnectionId::new("c1")),
        }
    }

    pub(super) fn user(&self, text: &str, name: &str) -> Write {
        self.user_with(text, name, &Json::Null)
    }

    pub(super) fn group(&self, text: &str, members: &[&str]) -> Write {
        let json = json!({"schemas": [GROUP], "displayName": format!("group {text}")});
        Write::Insert {
            id: id(text),
            document: self.document("Group", &json),
            members: members.iter().map(|text| id(text)).collect(),
            connection: None,
        }
    }

    pub(super) fn rename(&self, text: &str, name: &str, expected: Option<u64>) -> Write {
        let json = json!({"schemas": [USER], "userName": name});
        Write::Update {
            kind: self.kind("User"),
            id: id(text),
            expected: expected.map(Version::new),
            document: Some(self.document("User", &json)),
            members: MemberDelta::default(),
        }
    }

    pub(super) fn change_members(&self, group: &str, members: MemberDelta) -> Write {
        Write::Update {
            kind: self.kind("Group"),
            id: id(group),
            expected: None,
            document: None,
            members,
        }
    }

    pub(super) fn delete(&self, kind: &str, text: &str) -> Write {
        Write::Delete {
            kind: self.kind(kind),
            id: id(text),
            expected: None,
        }
    }

    pub(super) fn batch(&self, units: Vec<Unit>) -> Batch {
        Batch::new(units, self.now())
    }

    pub(super) fn commit(&self, batch: &Batch) -> Results {
        block_on(self.store.commit(&self.tenant, batch)).expect("the store works")
    }

    pub(super) fn units(&self, units: Vec<Unit>) -> Results {
        self.commit(&self.batch(units))
    }

    /// One write by itself.
    pub(super) fn one(&self, write: Write) -> Result<Written, WriteError> {
        self.units(vec![Unit::of(write)])
            .remove(0)
            .map(|mut writes| writes.remove(0))
    }

    /// Writes that all succeed.
    pub(super) fn all(&self, writes: impl IntoIterator<Item = Write>) {
        let units = writes.into_iter().map(Unit::of).collect();
        for result in self.units(units) {
            result.expect("a write that succeeds");
        }
    }

    pub(super) fn get(&self, kind: &str, text: &str) -> Option<Resource> {
        let id = id(text);
        let found = self
            .store
            .get(&self.tenant, self.kind(kind), &id, EVERYTHING);
        block_on(found).expect("the store works")
    }

    pub(super) fn version(&self, kind: &str, text: &str) -> u64 {
        let resource = self.get(kind, text).expect("a resource");
        resource.version.number()
    }

    pub(super) fn members(&self, group: &str) -> Vec<String> {
        let group = self.get("Group", group).expect("a group");
        let members = group.members.expect("its members");
        members.iter().map(|m| m.id.to_string()).collect()
    }

    /// The groups of a user, and whether each is direct.
    pub(super) fn groups(&self, user: &str) -> Vec<(String, bool)> {
        let user = self.get("User", user).expect("a user");
        let groups = user.groups.expect("its groups");
        groups
            .iter()
            .map(|g| (g.id.to_string(), g.direct))
            .collect()
    }

    /// A question about some types, its filter and sort resolved.
    pub(super) fn question(
        &self,
        kinds: &[&str],
        filter: Option<&str>,
        sort: Option<(&str, bool)>,
    ) -> Query {
        let dialect = Dialect::default();
        let all: Vec<_> = kinds.iter().map(|name| self.kind(name)).collect();
        let mut targets: Vec<QueryTarget> = all
            .iter()
            .map(|kind| {
                let mut resolver = Resolver::new(&self.registry, *kind, &dialect).among(&all);
                let mut target = QueryTarget::all(*kind);
                target.filter = filter.map(|text| {
                    let expr = Expr::parse(text, &FilterLimits::default()).expect("a filter");
                    resolver.filter(&expr).expect("attributes of the type")
                });
                target.sort = sort.map(|(by, descending)| {
                    let sort = resolver.sort(by, descending);
                    sort.expect("an attribute to sort by")
                });
                target
            })
            .collect();
        let mut query = Query::new(targets.remove(0), 1000);
        query.targets.extend(targets);
        query.descending = sort.is_some_and(|(_, descending)| descending);
        query
    }

    pub(super) fn ask(&self, query: &Query) -> Page {
        block_on(self.store.find(&self.tenant, query)).expect("the store works")
    }

    /// The ids of what a filter matches.
    pub(super) fn find(&self, kind: &str, filter: &str) -> Vec<String> {
        ids(&self.ask(&self.question(&[kind], Some(filter), None)))
    }

    pub(super) fn events(&self) -> Vec<Event> {
        (self.outbox)(&self.tenant)
    }
}

pub(super) fn ids(page: &Page) -> Vec<String> {
    page.resources.iter().map(|r| r.id.to_string()).collect()
}
