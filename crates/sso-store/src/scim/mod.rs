//! SCIM resources in SQL.
//!
//! A resource is one row with its document, and one row for each of its values in an index that
//! compares byte by byte: case is folded when it is written, never when it is read. Filters become
//! SQL ([`translate`]); what SQL cannot answer is judged by the filter itself.

mod deferred;
mod encode;
mod find;
mod load;
mod records;
mod translate;
mod write;

use std::fmt;
use std::sync::Arc;

use scim_core::event::Event;
use scim_core::resource::{ConnectionId, Resource, ResourceId, TenantId};
use scim_core::schema::{AttrId, Registry, ResourceTypeId};
use scim_core::store::{
    Batch, Load, LoadMembers, Page, Query, ResourceStore, StoreError, Tombstone, WriteError,
    Written,
};
use scim_core::text;
use time::OffsetDateTime;

use encode::Numbers;

pub use deferred::ScimLog;
pub use records::{AddedSchema, registry as scim_registry};

use crate::db::{Db, Param, params};
use crate::error::{DbError, DbErrorKind};
use crate::store::{Store, from_json};

/// A [`ResourceStore`] in the database of a [`Store`].
///
/// Like all of [`Store`], its futures do their work before they are ready: poll them where blocking
/// is allowed.
///
/// ```
/// use std::sync::Arc;
/// use scim_core::schema::Registry;
/// use sso_store::{ScimStore, Store};
///
/// let registry = Arc::new(Registry::standard());
/// let store = ScimStore::new(Store::in_memory()?, registry.clone());
/// # let _ = store;
/// # Ok::<(), sso_store::DbError>(())
/// ```
#[derive(Clone)]
pub struct ScimStore {
    store: Store,
    registry: Arc<Registry>,
    numbers: Arc<Numbers>,
}

impl fmt::Debug for ScimStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimStore").finish_non_exhaustive()
    }
}

/// What everything in one transaction works on.
struct Tables<'a> {
    db: Db<'a>,
    registry: &'a Registry,
    numbers: &'a Numbers,
    tenant: &'a str,
}

impl ScimStore {
    /// Resources of the types of a registry.
    #[must_use]
    pub fn new(store: Store, registry: Arc<Registry>) -> Self {
        let numbers = Arc::new(Numbers::new(&registry));
        Self {
            store,
            registry,
            numbers,
        }
    }

    /// The schemas of the resources.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The first events of the outbox, with their numbers, oldest first. Of one resource they are in
    /// the order in which they happened; a number that is lower than others may still come later,
    /// from another process.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn events(&self, most: u32) -> Result<Vec<(i64, TenantId, Event)>, DbError> {
        self.store.read(|db| {
            db.query(
                "SELECT seq, tenant, event FROM scim_outbox ORDER BY seq LIMIT ?1",
                params![most],
                |row| {
                    let event: String = row.get(2)?;
                    Ok((
                        row.get(0)?,
                        TenantId::new(row.get::<String>(1)?),
                        from_json(&event)?,
                    ))
                },
            )
        })
    }

    /// Takes these events out of the outbox, once they were delivered.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn delivered(&self, numbers: &[i64]) -> Result<(), DbError> {
        self.store.write(|db| {
            db.execute_each(
                "DELETE FROM scim_outbox WHERE seq = ?1",
                numbers.iter().map(|number| [Param::from(*number)]),
            )
            .map(drop)
        })
    }

    fn tables<'a>(&'a self, db: Db<'a>, tenant: &'a TenantId) -> Tables<'a> {
        Tables {
            db,
            registry: &self.registry,
            numbers: &self.numbers,
            tenant: tenant.as_str(),
        }
    }
}

fn failed(error: &DbError) -> StoreError {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    StoreError::new(format!(
        "{}: {}",
        error.code(),
        cause.unwrap_or_else(|| error.to_string())
    ))
}

fn to_nanoseconds(at: OffsetDateTime) -> Result<i64, DbError> {
    i64::try_from(at.unix_timestamp_nanos())
        .map_err(|error| DbError::because(DbErrorKind::InvalidValue, error))
}

fn from_nanoseconds(nanoseconds: i64) -> Result<OffsetDateTime, DbError> {
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds.into())
        .map_err(|error| DbError::because(DbErrorKind::CorruptRow, error))
}

impl ResourceStore for ScimStore {
    async fn get(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> Result<Option<Resource>, StoreError> {
        let work = |db: Db<'_>| self.tables(db, tenant).load(kind, id, load);
        // Without these it is one question
        let found = if load.members == LoadMembers::No && !load.groups {
            self.store.read(work)
        } else {
            self.store.snapshot(work)
        };
        found.map_err(|error| failed(&error))
    }

    async fn find(&self, tenant: &TenantId, query: &Query) -> Result<Page, StoreError> {
        self.store
            .snapshot(|db| self.tables(db, tenant).find(query))
            .map_err(|error| failed(&error))
    }

    async fn commit(
        &self,
        tenant: &TenantId,
        batch: &Batch,
    ) -> Result<Vec<Result<Vec<Written>, WriteError>>, StoreError> {
        let done = match batch.units.as_slice() {
            // What stands alone needs no savepoint to fall by itself
            [unit] if unit.requires.is_empty() && !unit.failed => self.store.attempt(|db| {
                let done = self.tables(db, tenant).alone(unit, batch)?;
                let keep = done.is_ok();
                Ok((vec![done], keep))
            }),
            _ => self
                .store
                .transaction(|db| self.tables(db, tenant).batch(batch)),
        };
        if done.is_ok() {
            self.store.grew(batch.units.len());
        }
        done.map_err(|error| failed(&error))
    }

    async fn tombstone(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        attr: AttrId,
        value: &str,
    ) -> Result<Option<Tombstone>, StoreError> {
        let key = text::key(value, self.registry.attribute(attr).case_exact());
        let name = self.registry.resource_type(kind).name();
        let found = self.store.read(|db| {
            db.optional(
                "SELECT t.id, t.connection, t.deleted FROM scim_tombstone_keys k
                     JOIN scim_tombstones t ON t.seq = k.seq
                     WHERE k.tenant = ?1 AND k.kind = ?2 AND k.attr = ?3 AND k.key = ?4
                     ORDER BY k.seq DESC LIMIT 1",
                params![
                    tenant.as_str(),
                    name,
                    self.numbers.of(attr),
                    encode::bounded(&key),
                ],
                |row| {
                    let connection: Option<String> = row.get(1)?;
                    Ok(Tombstone::new(
                        ResourceId::new(row.get::<String>(0)?),
                        kind,
                        connection.map(ConnectionId::new),
                        from_nanoseconds(row.get(2)?)?,
                    ))
                },
            )
        });
        found.map_err(|error| failed(&error))
    }
}
