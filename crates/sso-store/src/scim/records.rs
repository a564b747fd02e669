//! SCIM tokens, the log of requests, and schemas that were added.

use std::sync::Arc;

use rusqlite::OptionalExtension as _;
use scim_core::log::{LogLine, LogQuery, LogStore, RequestLog};
use scim_core::resource::ConnectionId;
use scim_core::schema::{Registry, RegistryBuilder};
use scim_core::store::StoreError;
use scim_core::token::{TokenChange, TokenHash, TokenRecord, TokenStore};
use time::OffsetDateTime;

use super::failed;
use crate::error::{DbError, DbErrorKind};
use crate::store::{Store, from_json, to_json, to_millis};

impl TokenStore for Store {
    async fn add(&self, record: &TokenRecord) -> Result<(), StoreError> {
        let insert = || -> Result<(), DbError> {
            let json = to_json(record)?;
            let created = to_millis(record.created)?;
            self.with(|db| {
                db.execute(
                    "INSERT INTO scim_tokens (hash, connection, created, record) VALUES (?1, ?2, ?3, ?4)",
                    (record.sha256.as_str(), record.connection.as_str(), created, json),
                )?;
                Ok(())
            })
        };
        insert().map_err(|error| failed(&error))
    }

    async fn find(&self, hash: &TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        let found = self.with(|db| {
            let json: Option<String> = db
                .prepare_cached("SELECT record FROM scim_tokens WHERE hash = ?1")?
                .query_row([hash.as_str()], |row| row.get(0))
                .optional()?;
            json.as_deref().map(from_json).transpose()
        });
        found.map_err(|error| failed(&error))
    }

    async fn list(
        &self,
        connection: Option<&ConnectionId>,
    ) -> Result<Vec<TokenRecord>, StoreError> {
        let found = self.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT record FROM scim_tokens WHERE ?1 IS NULL OR connection = ?1
                 ORDER BY created, hash",
            )?;
            let rows = statement.query_map([connection.map(ConnectionId::as_str)], |row| {
                row.get::<_, String>(0)
            })?;
            rows.map(|row| from_json(&row?)).collect()
        });
        found.map_err(|error: DbError| failed(&error))
    }

    async fn change(&self, hash: &TokenHash, change: TokenChange) -> Result<bool, StoreError> {
        let changed = self.transaction(|db| {
            let json: Option<String> = db
                .prepare_cached("SELECT record FROM scim_tokens WHERE hash = ?1")?
                .query_row([hash.as_str()], |row| row.get(0))
                .optional()?;
            let Some(json) = json else {
                return Ok(false);
            };
            let mut record: TokenRecord = from_json(&json)?;
            change.apply(&mut record);
            db.execute(
                "UPDATE scim_tokens SET record = ?2 WHERE hash = ?1",
                (hash.as_str(), to_json(&record)?),
            )?;
            Ok(true)
        });
        changed.map_err(|error| failed(&error))
    }
}

impl LogStore for Store {
    async fn append(&self, entries: &[RequestLog]) -> Result<(), StoreError> {
        let appended = self.transaction(|db| {
            let mut statement = db.prepare_cached(
                "INSERT INTO scim_log (at, connection, entry) VALUES (?1, ?2, ?3)",
            )?;
            for entry in entries {
                statement.execute((
                    to_millis(entry.at)?,
                    entry.connection.as_str(),
                    to_json(entry)?,
                ))?;
            }
            Ok(())
        });
        appended.map_err(|error| failed(&error))
    }

    async fn read(&self, query: &LogQuery) -> Result<Vec<LogLine>, StoreError> {
        let found = self.with(|db| {
            let mut statement = db.prepare_cached(
                "SELECT seq, entry FROM scim_log
                 WHERE (?1 IS NULL OR connection = ?1) AND (?2 IS NULL OR seq < ?2)
                 ORDER BY seq DESC",
            )?;
            let before = query.before.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
            let connection = query.connection.as_ref().map(ConnectionId::as_str);
            let mut rows = statement.query((connection, before))?;
            let most = usize::try_from(query.limit).unwrap_or(usize::MAX);
            let mut lines = Vec::new();
            while let (true, Some(row)) = (lines.len() < most, rows.next()?) {
                let entry: RequestLog = from_json(&row.get::<_, String>(1)?)?;
                if query.matches(&entry) {
                    let number: i64 = row.get(0)?;
                    lines.push(LogLine {
                        number: number.unsigned_abs(),
                        entry,
                    });
                }
            }
            Ok(lines)
        });
        found.map_err(|error: DbError| failed(&error))
    }

    async fn purge(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let purge = || -> Result<u64, DbError> {
            let before = to_millis(before)?;
            self.with(|db| {
                let gone = db.execute("DELETE FROM scim_log WHERE at < ?1", [before])?;
                Ok(u64::try_from(gone).unwrap_or(u64::MAX))
            })
        };
        purge().map_err(|error| failed(&error))
    }
}

/// A schema that was added to a resource type.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedSchema {
    /// Its URN.
    pub urn: String,
    /// The resource type that it extends.
    pub resource_type: String,
    /// Its definition (RFC 7643 §7), as it was given.
    pub definition: String,
}

impl Store {
    /// Adds a schema to a resource type, or replaces the one of that URN.
    ///
    /// # Errors
    /// `store.invalid_value` when the definition is no schema, or does not fit the resource type.
    pub fn put_scim_schema(
        &self,
        resource_type: &str,
        definition: &str,
    ) -> Result<AddedSchema, DbError> {
        let json: serde_json::Value = serde_json::from_str(definition)
            .map_err(|error| DbError::because(DbErrorKind::InvalidValue, error))?;
        let urn = json
            .get("id")
            .and_then(serde_json::Value::as_str)
            .ok_or_else(|| DbError::because(DbErrorKind::InvalidValue, "the schema has no id"))?;
        let added = AddedSchema {
            urn: urn.to_owned(),
            resource_type: resource_type.to_owned(),
            definition: definition.to_owned(),
        };
        self.transaction(|db| {
            db.execute(
                "INSERT INTO scim_schemas (urn, resource_type, definition) VALUES (?1, ?2, ?3)
                 ON CONFLICT (urn) DO UPDATE SET resource_type = excluded.resource_type,
                 definition = excluded.definition",
                (&added.urn, resource_type, definition),
            )?;
            // What does not fit is refused with all there is, not at the next start
            registry(&schemas(db)?).map(drop)
        })?;
        Ok(added)
    }

    /// The schemas that were added, by URN.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn scim_schemas(&self) -> Result<Vec<AddedSchema>, DbError> {
        self.with(schemas)
    }
}

fn schemas(db: &rusqlite::Connection) -> Result<Vec<AddedSchema>, DbError> {
    let mut statement =
        db.prepare_cached("SELECT urn, resource_type, definition FROM scim_schemas ORDER BY urn")?;
    let rows = statement.query_map([], |row| {
        Ok(AddedSchema {
            urn: row.get(0)?,
            resource_type: row.get(1)?,
            definition: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The standard resource types with these schemas added.
///
/// # Errors
/// `store.invalid_value` when one does not fit.
pub fn registry(added: &[AddedSchema]) -> Result<Arc<Registry>, DbError> {
    let invalid = |error| DbError::because(DbErrorKind::InvalidValue, error);
    let mut builder = RegistryBuilder::standard();
    for schema in added {
        builder = builder
            .schema_json(&schema.definition)
            .map_err(invalid)?
            .extend(&schema.resource_type, &schema.urn, false);
    }
    builder.build().map(Arc::new).map_err(invalid)
}
