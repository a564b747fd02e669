//! SCIM tokens, the log of requests, and schemas that were added.

use std::ops::ControlFlow;
use std::sync::Arc;

use scim_core::log::{LogLine, LogQuery, LogStore, RequestLog};
use scim_core::resource::ConnectionId;
use scim_core::schema::{Registry, RegistryBuilder};
use scim_core::store::StoreError;
use scim_core::token::{TokenChange, TokenHash, TokenRecord, TokenStore};
use time::OffsetDateTime;

use super::failed;
use crate::db::{Db, Param, params};
use crate::error::{DbError, DbErrorKind};
use crate::store::{Store, from_json, to_json, to_millis};

fn token(db: Db<'_>, lock: &str, hash: &TokenHash) -> Result<Option<TokenRecord>, DbError> {
    let sql = format!("SELECT record FROM scim_tokens WHERE hash = ?1{lock}");
    db.optional(&sql, params![hash.as_str()], |row| {
        from_json(&row.get::<String>(0)?)
    })
}

impl TokenStore for Store {
    async fn add(&self, record: &TokenRecord) -> Result<(), StoreError> {
        let insert = || -> Result<(), DbError> {
            let json = to_json(record)?;
            let created = to_millis(record.created)?;
            self.write(|db| {
                db.execute(
                    "INSERT INTO scim_tokens (hash, connection, created, record) VALUES (?1, ?2, ?3, ?4)",
                    params![record.sha256.as_str(), record.connection.as_str(), created, &json],
                )?;
                Ok(())
            })
        };
        insert().map_err(|error| failed(&error))
    }

    async fn find(&self, hash: &TokenHash) -> Result<Option<TokenRecord>, StoreError> {
        let found = self.read(|db| token(db, "", hash));
        found.map_err(|error| failed(&error))
    }

    async fn list(
        &self,
        connection: Option<&ConnectionId>,
    ) -> Result<Vec<TokenRecord>, StoreError> {
        let found = self.read(|db| {
            db.query(
                "SELECT record FROM scim_tokens WHERE connection = ?1 OR ?1 IS NULL
                 ORDER BY created, hash",
                params![connection.map(ConnectionId::as_str)],
                |row| from_json(&row.get::<String>(0)?),
            )
        });
        found.map_err(|error| failed(&error))
    }

    async fn change(&self, hash: &TokenHash, change: TokenChange) -> Result<bool, StoreError> {
        let changed = self.transaction_once(|db| {
            let Some(mut record) = token(db, db.dialect().for_update(), hash)? else {
                return Ok(false);
            };
            change.apply(&mut record);
            db.execute(
                "UPDATE scim_tokens SET record = ?2 WHERE hash = ?1",
                params![hash.as_str(), to_json(&record)?],
            )?;
            Ok(true)
        });
        changed.map_err(|error| failed(&error))
    }
}

impl Store {
    pub(super) fn append_requests(&self, entries: &[RequestLog]) -> Result<(), DbError> {
        let rows = entries
            .iter()
            .map(|entry| {
                Ok([
                    Param::from(to_millis(entry.at)?),
                    Param::from(entry.connection.as_str()),
                    Param::from(to_json(entry)?),
                ])
            })
            .collect::<Result<Vec<_>, DbError>>()?;
        self.write(|db| {
            db.execute_each(
                "INSERT INTO scim_log (at, connection, entry) VALUES (?1, ?2, ?3)",
                rows.iter().cloned(),
            )
            .map(drop)
        })
    }
}

impl LogStore for Store {
    async fn append(&self, entries: &[RequestLog]) -> Result<(), StoreError> {
        self.append_requests(entries)
            .map_err(|error| failed(&error))
    }

    async fn read(&self, query: &LogQuery) -> Result<Vec<LogLine>, StoreError> {
        let found = self.snapshot(|db| {
            let before = query.before.map(|n| i64::try_from(n).unwrap_or(i64::MAX));
            let connection = query.connection.as_ref().map(ConnectionId::as_str);
            let most = usize::try_from(query.limit).unwrap_or(usize::MAX);
            let mut lines = Vec::new();
            db.scan(
                "SELECT seq, entry FROM scim_log
                 WHERE (connection = ?1 OR ?1 IS NULL) AND (seq < ?2 OR ?2 IS NULL)
                 ORDER BY seq DESC",
                params![connection, before],
                |row| {
                    if lines.len() >= most {
                        return Ok(ControlFlow::Break(()));
                    }
                    let entry: RequestLog = from_json(&row.get::<String>(1)?)?;
                    if query.matches(&entry) {
                        let number: i64 = row.get(0)?;
                        lines.push(LogLine {
                            number: number.unsigned_abs(),
                            entry,
                        });
                    }
                    Ok(ControlFlow::Continue(()))
                },
            )?;
            Ok(lines)
        });
        found.map_err(|error| failed(&error))
    }

    async fn purge(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let purge = || -> Result<u64, DbError> {
            let before = to_millis(before)?;
            self.write(|db| {
                let gone = db.execute("DELETE FROM scim_log WHERE at < ?1", params![before])?;
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
                params![&added.urn, resource_type, definition],
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
        self.read(schemas)
    }
}

fn schemas(db: Db<'_>) -> Result<Vec<AddedSchema>, DbError> {
    db.query(
        "SELECT urn, resource_type, definition FROM scim_schemas ORDER BY urn",
        params![],
        |row| {
            Ok(AddedSchema {
                urn: row.get(0)?,
                resource_type: row.get(1)?,
                definition: row.get(2)?,
            })
        },
    )
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
