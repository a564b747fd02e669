//! SCIM resources in SQL.
//!
//! A resource is one row with its document, and one row for each of its values in an index that
//! compares byte by byte: case is folded when it is written, never when it is read. Filters become
//! SQL ([`translate`]); what SQL cannot answer is judged by the filter itself.

mod encode;
mod find;
mod load;
mod records;
mod translate;
mod write;

use std::fmt;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _};
use scim_core::event::Event;
use scim_core::resource::{ConnectionId, Resource, ResourceId, TenantId};
use scim_core::schema::{AttrId, Registry, ResourceTypeId};
use scim_core::store::{
    Batch, Load, Page, Query, ResourceStore, StoreError, Tombstone, WriteError, Written,
};
use scim_core::text;
use time::OffsetDateTime;

pub use records::{AddedSchema, registry as scim_registry};

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
}

impl fmt::Debug for ScimStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimStore").finish_non_exhaustive()
    }
}

/// What everything in one transaction works on.
struct Tables<'a> {
    db: &'a Connection,
    registry: &'a Registry,
    tenant: &'a str,
}

impl ScimStore {
    /// Resources of the types of a registry.
    #[must_use]
    pub fn new(store: Store, registry: Arc<Registry>) -> Self {
        Self { store, registry }
    }

    /// The first events of the outbox, with their numbers, oldest first.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn events(&self, most: u32) -> Result<Vec<(i64, TenantId, Event)>, DbError> {
        self.store.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT seq, tenant, event FROM scim_outbox ORDER BY seq LIMIT ?1",
            )?;
            let rows = statement.query_map([most], |row| {
                Ok((
                    row.get(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, String>(2)?,
                ))
            })?;
            rows.map(|row| {
                let (number, tenant, event) = row?;
                Ok((number, TenantId::new(tenant), from_json(&event)?))
            })
            .collect()
        })
    }

    /// Takes these events out of the outbox, once they were delivered.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn delivered(&self, numbers: &[i64]) -> Result<(), DbError> {
        self.store.transaction(|db| {
            let mut statement = db.prepare_cached("DELETE FROM scim_outbox WHERE seq = ?1")?;
            for number in numbers {
                statement.execute([number])?;
            }
            Ok(())
        })
    }

    fn tables<'a>(&'a self, db: &'a Connection, tenant: &'a TenantId) -> Tables<'a> {
        Tables {
            db,
            registry: &self.registry,
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
        self.store
            .with(|db| self.tables(db, tenant).load(kind, id, load))
            .map_err(|error| failed(&error))
    }

    async fn find(&self, tenant: &TenantId, query: &Query) -> Result<Page, StoreError> {
        self.store
            .with(|db| self.tables(db, tenant).find(query))
            .map_err(|error| failed(&error))
    }

    async fn commit(
        &self,
        tenant: &TenantId,
        batch: &Batch,
    ) -> Result<Vec<Result<Vec<Written>, WriteError>>, StoreError> {
        self.store
            .transaction(|db| self.tables(db, tenant).batch(batch))
            .map_err(|error| failed(&error))
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
        let found = self.store.with(|db| {
            let row = db
                .prepare_cached(
                    "SELECT t.id, t.connection, t.deleted FROM scim_tombstone_keys k
                     JOIN scim_tombstones t ON t.seq = k.seq
                     WHERE k.tenant = ?1 AND k.kind = ?2 AND k.attr = ?3 AND k.key = ?4
                     ORDER BY k.seq DESC LIMIT 1",
                )?
                .query_row(
                    (
                        tenant.as_str(),
                        name,
                        encode::attribute(&self.registry, attr),
                        encode::escape(&key),
                    ),
                    |row| {
                        Ok((
                            row.get::<_, String>(0)?,
                            row.get::<_, Option<String>>(1)?,
                            row.get::<_, i64>(2)?,
                        ))
                    },
                )
                .optional()?;
            row.map(|(id, connection, deleted)| {
                Ok(Tombstone::new(
                    ResourceId::new(id),
                    kind,
                    connection.map(ConnectionId::new),
                    from_nanoseconds(deleted)?,
                ))
            })
            .transpose()
        });
        found.map_err(|error| failed(&error))
    }
}
