//! What the engine needs of a store.
//!
//! The trait is small and made for SQL: filters and sorts arrive with attribute ids and typed operands, paging is by
//! index or by keyset, a group's members change by delta and are never loaded for it, and everything one request
//! writes is one [`Batch`], committed in one transaction with its events. Functions are async without naming a runtime.

mod memory;

use std::collections::BTreeSet;
use std::future::Future;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use self::memory::MemoryStore;
use crate::dialect::UnknownMembers;
use crate::document::Document;
use crate::event::Event;
use crate::filter::{Filter, Sort, SortValue};
use crate::members::MemberDelta;
use crate::policy::Denial;
use crate::resource::{ConnectionId, Resource, ResourceId, TenantId, Version};
use crate::schema::{AttrId, ResourceTypeId};

/// Whether to load a group's members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a store must handle every case or not compile"
)]
pub enum LoadMembers {
    /// No: a group of any size costs the same.
    #[default]
    No,
    /// If there are not more than so many; else [`Resource::members`] stays `None`.
    AtMost(usize),
    /// All.
    All,
}

/// Which derived attributes to load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "two switches, written out where they are used"
)]
pub struct Load {
    /// [`Resource::members`].
    pub members: LoadMembers,
    /// [`Resource::groups`], indirect ones among them.
    pub groups: bool,
}

/// What is asked of one resource type.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct QueryTarget {
    /// The resource type.
    pub kind: ResourceTypeId,
    /// The filter; `None` for all.
    pub filter: Option<Filter>,
    /// The order; `None` for the order of ids, which is the order of creation.
    pub sort: Option<Sort>,
    /// What to load of each result.
    pub load: Load,
}

impl QueryTarget {
    /// All resources of a type, in the order of ids.
    pub const fn all(kind: ResourceTypeId) -> Self {
        Self {
            kind,
            filter: None,
            sort: None,
            load: Load {
                members: LoadMembers::No,
                groups: false,
            },
        }
    }
}

/// Where a page starts.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a store must handle every way to page or not compile"
)]
pub enum Start {
    /// So many results are skipped.
    Offset(u64),
    /// Right after this place of the order; at its beginning for `None`. Stable under concurrent writes.
    After(Option<Keyset>),
}

/// A place in the order of [`crate::filter::compare_keys`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Keyset {
    /// The sort key, if there is one.
    pub key: Option<SortValue>,
    /// The id.
    pub id: ResourceId,
}

impl Keyset {
    /// A place.
    pub const fn new(key: Option<SortValue>, id: ResourceId) -> Self {
        Self { key, id }
    }
}

/// A query over one or several resource types, in one common order.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Query {
    /// The resource types, each with its own resolved filter.
    pub targets: Vec<QueryTarget>,
    /// Whether the order is descending.
    pub descending: bool,
    /// Where the page starts.
    pub start: Start,
    /// Most results to give.
    pub count: u64,
    /// Whether to count all that match. Off for all but the first page of a cursor, so that a page costs the same
    /// wherever it lies.
    pub count_total: bool,
}

impl Query {
    /// The first `count` results of one target.
    pub fn new(target: QueryTarget, count: u64) -> Self {
        Self {
            targets: vec![target],
            descending: false,
            start: Start::Offset(0),
            count,
            count_total: true,
        }
    }
}

/// A page of results.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// The results.
    pub resources: Vec<Resource>,
    /// How many match in all, if it was asked.
    pub total: Option<u64>,
    /// The place of the last result, if there are more.
    pub next: Option<Keyset>,
}

impl Page {
    /// A page.
    pub const fn new(resources: Vec<Resource>, total: Option<u64>, next: Option<Keyset>) -> Self {
        Self {
            resources,
            total,
            next,
        }
    }
}

/// One write.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a store must handle every write or not compile"
)]
pub enum Write {
    /// A new resource. Its id is unused: the engine makes it.
    Insert {
        /// The id.
        id: ResourceId,
        /// What to store.
        document: Document,
        /// The members, if it is a group.
        members: BTreeSet<ResourceId>,
        /// Who makes it.
        connection: Option<ConnectionId>,
    },
    /// A change.
    Update {
        /// The resource type.
        kind: ResourceTypeId,
        /// The id.
        id: ResourceId,
        /// The version it must have. Always given with a document, which replaces what that version held.
        expected: Option<Version>,
        /// The new document, if it changes.
        document: Option<Document>,
        /// What happens to the members.
        members: MemberDelta,
    },
    /// A resource as it was elsewhere, with its version, times and members.
    Restore(Box<Resource>),
    /// A deletion: the resource becomes a tombstone, leaves all groups, and its members leave it.
    Delete {
        /// The resource type.
        kind: ResourceTypeId,
        /// The id.
        id: ResourceId,
        /// The version it must have.
        expected: Option<Version>,
    },
}

/// Writes that happen together or not at all.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Unit {
    /// The writes, in order.
    pub writes: Vec<Write>,
    /// Earlier units of the batch that must have succeeded.
    pub requires: Vec<usize>,
    /// Written to the outbox in the same transaction, in order, if the unit succeeds and changes something.
    pub events: Vec<Event>,
    /// Has failed before the store saw it; counts as an error and does nothing.
    pub failed: bool,
}

impl Unit {
    /// A unit of one write.
    pub fn of(write: Write) -> Self {
        Self {
            writes: vec![write],
            ..Self::default()
        }
    }
}

/// Everything one request writes: one transaction, in which every unit stands or falls by itself (a savepoint each).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Batch {
    /// The units, in order.
    pub units: Vec<Unit>,
    /// The time of all changes.
    pub now: OffsetDateTime,
    /// What to do with members that do not exist.
    pub unknown_members: UnknownMembers,
    /// After so many failed units the rest is not attempted (bulk's failOnErrors).
    pub stop_after_errors: Option<usize>,
    /// The `txn` of events that the store itself has to make: [`Event::member_deleted`] for every group that a deleted
    /// resource leaves, after the events of its unit, in the order of the groups' ids. `None` for none.
    pub transaction: Option<String>,
}

impl Batch {
    /// A batch of units.
    pub const fn new(units: Vec<Unit>, now: OffsetDateTime) -> Self {
        Self {
            units,
            now,
            unknown_members: UnknownMembers::Refuse,
            stop_after_errors: None,
            transaction: None,
        }
    }
}

/// What a write did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// The id.
    pub id: ResourceId,
    /// The version afterwards; for a deletion the last one.
    pub version: Version,
    /// When it was created.
    pub created: OffsetDateTime,
    /// When it was last changed.
    pub last_modified: OffsetDateTime,
    /// Whether anything changed. Without a change the version stays.
    pub changed: bool,
}

impl Written {
    /// What a write did.
    pub const fn new(
        id: ResourceId,
        version: Version,
        created: OffsetDateTime,
        last_modified: OffsetDateTime,
        changed: bool,
    ) -> Self {
        Self {
            id,
            version,
            created,
            last_modified,
            changed,
        }
    }
}

/// Why a unit did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// There is no such resource.
    #[error("no resource {0}")]
    NotFound(ResourceId),
    /// The resource has another version by now.
    #[error("resource {0} has changed")]
    VersionMismatch(ResourceId),
    /// A unique value is taken. Enforced by the store itself, so that no two concurrent writes both succeed.
    #[error("a unique value is taken")]
    Uniqueness {
        /// The attribute (or its part).
        attr: AttrId,
        /// Who has the value.
        holder: ResourceId,
    },
    /// The id is in use, or was.
    #[error("id {0} is in use")]
    IdInUse(ResourceId),
    /// A member does not exist.
    #[error("no member {0}")]
    UnknownMember(ResourceId),
    /// A unit this one requires failed.
    #[error("unit {0} failed")]
    Dependency(usize),
    /// The unit had failed before.
    #[error("failed before")]
    Failed,
    /// The batch stopped before.
    #[error("not attempted")]
    NotAttempted,
    /// The provisioning policy refuses it.
    #[error("{}", .0.code())]
    Denied(Denial),
}

/// The store itself failed; nothing of the batch happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("store: {0}")]
pub struct StoreError(String);

impl StoreError {
    /// A failure. The text is for operators and never reaches a client.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// A deleted resource.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tombstone {
    /// The id, never used again.
    pub id: ResourceId,
    /// The resource type.
    pub kind: ResourceTypeId,
    /// The connection that had made it.
    pub connection: Option<ConnectionId>,
    /// When it was deleted.
    pub deleted: OffsetDateTime,
}

impl Tombstone {
    /// A tombstone.
    pub const fn new(
        id: ResourceId,
        kind: ResourceTypeId,
        connection: Option<ConnectionId>,
        deleted: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            kind,
            connection,
            deleted,
        }
    }
}

/// Where resources live. Everything is within one tenant; no call sees another's.
pub trait ResourceStore: Send + Sync {
    /// A resource by id, deleted ones not.
    fn get(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> impl Future<Output = Result<Option<Resource>, StoreError>> + Send;

    /// The resources that match a query, as [`Filter::matches`] and [`crate::filter::compare_keys`] define it.
    fn find(
        &self,
        tenant: &TenantId,
        query: &Query,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send;

    /// Commits a batch: durable when it returns. One result per unit, each with one entry per write.
    fn commit(
        &self,
        tenant: &TenantId,
        batch: &Batch,
    ) -> impl Future<Output = Result<Vec<Result<Vec<Written>, WriteError>>, StoreError>> + Send;

    /// The youngest tombstone of a resource that had this text at this unique attribute (or `externalId`).
    fn tombstone(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        attr: AttrId,
        value: &str,
    ) -> impl Future<Output = Result<Option<Tombstone>, StoreError>> + Send;
}

impl<S: ResourceStore> ResourceStore for std::sync::Arc<S> {
    fn get(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> impl Future<Output = Result<Option<Resource>, StoreError>> + Send {
        (**self).get(tenant, kind, id, load)
    }

    fn find(
        &self,
        tenant: &TenantId,
        query: &Query,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send {
        (**self).find(tenant, query)
    }

    fn commit(
        &self,
        tenant: &TenantId,
        batch: &Batch,
    ) -> impl Future<Output = Result<Vec<Result<Vec<Written>, WriteError>>, StoreError>> + Send
    {
        (**self).commit(tenant, batch)
    }

    fn tombstone(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        attr: AttrId,
        value: &str,
    ) -> impl Future<Output = Result<Option<Tombstone>, StoreError>> + Send {
        (**self).tombstone(tenant, kind, attr, value)
    }
}

/// The keys under which a document is found by equality: every unique attribute and externalId, each value once.
///
/// A SQL store keeps at least these in an index; those whose attribute is unique under a unique constraint.
pub fn equality_keys(
    registry: &crate::schema::Registry,
    document: &Document,
) -> BTreeSet<(AttrId, String)> {
    use crate::document::Value;
    let mut keys = BTreeSet::new();
    let mut note = |attr: AttrId, value: &Value| {
        let attribute = registry.attribute(attr);
        let indexed = attribute.uniqueness() != crate::schema::Uniqueness::None
            || attr == registry.common().external_id;
        let text = match value {
            Value::Text(text) => crate::text::key(text, attribute.case_exact()),
            Value::Integer(number) => number.to_string(),
            _ => return,
        };
        if indexed {
            keys.insert((attr, text));
        }
    };
    for (attr, value) in document.attributes() {
        for element in value.elements() {
            match element {
                Value::Complex(node) => node.iter().for_each(|(sub, part)| note(*sub, part)),
                simple => note(*attr, simple),
            }
        }
    }
    keys
}

#[cfg(test)]
mod tests;
