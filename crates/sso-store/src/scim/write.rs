//! Batches: one transaction, in which every unit stands or falls by itself.

use std::collections::BTreeSet;

use scim_core::dialect::UnknownMembers;
use scim_core::document::Document;
use scim_core::members::MemberDelta;
use scim_core::resource::{ConnectionId, Resource, ResourceId, Version};
use scim_core::schema::{AttrId, ResourceTypeId, Uniqueness};
use scim_core::store::{Batch, Load, Unit, Write, WriteError, Written, equality_keys};

use super::load::display;
use super::{Tables, encode, to_nanoseconds};
use crate::db::{Param, params};
use crate::error::{DbError, DbErrorKind};
use crate::store::to_json;

/// Why a unit ends: by its own fault, or because the database failed and everything ends.
enum Stop {
    Unit(WriteError),
    All(DbError),
}

impl From<WriteError> for Stop {
    fn from(error: WriteError) -> Self {
        Self::Unit(error)
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::All(error)
    }
}

type UnitResult = Result<Vec<Written>, WriteError>;

impl Tables<'_> {
    pub(super) fn batch(&self, batch: &Batch) -> Result<Vec<UnitResult>, DbError> {
        let mut results: Vec<UnitResult> = Vec::with_capacity(batch.units.len());
        let mut errors = 0;
        for unit in &batch.units {
            let broken = unit
                .requires
                .iter()
                .copied()
                .find(|index| results.get(*index).is_none_or(Result::is_err));
            let result = if batch.stop_after_errors.is_some_and(|most| errors >= most) {
                Err(WriteError::NotAttempted)
            } else if unit.failed {
                Err(WriteError::Failed)
            } else if let Some(index) = broken {
                Err(WriteError::Dependency(index))
            } else {
                self.unit(unit, batch)?
            };
            errors += usize::from(result.is_err());
            results.push(result);
        }
        Ok(results)
    }

    /// The only unit of a batch, whose transaction the caller rolls back if it falls.
    pub(super) fn alone(&self, unit: &Unit, batch: &Batch) -> Result<UnitResult, DbError> {
        if batch.stop_after_errors == Some(0) {
            return Ok(Err(WriteError::NotAttempted));
        }
        match self.writes(unit, batch) {
            Ok(written) => Ok(Ok(written)),
            Err(Stop::Unit(error)) => Ok(Err(error)),
            Err(Stop::All(error)) => Err(error),
        }
    }

    fn unit(&self, unit: &Unit, batch: &Batch) -> Result<UnitResult, DbError> {
        self.db.command("SAVEPOINT unit")?;
        match self.writes(unit, batch) {
            Ok(written) => {
                self.db.command("RELEASE unit")?;
                Ok(Ok(written))
            }
            Err(Stop::Unit(error)) => {
                self.db.batch("ROLLBACK TO unit; RELEASE unit")?;
                Ok(Err(error))
            }
            Err(Stop::All(error)) => Err(error),
        }
    }

    fn writes(&self, unit: &Unit, batch: &Batch) -> Result<Vec<Written>, Stop> {
        let mut written = Vec::with_capacity(unit.writes.len());
        for write in &unit.writes {
            written.push(self.write(write, batch)?);
        }
        // Members may be made later in the same unit, so their existence is looked at in the end
        if batch.unknown_members != UnknownMembers::Defer {
            for write in &unit.writes {
                let added = match write {
                    Write::Insert { members, .. } => members,
                    Write::Update { members, .. } => members.add(),
                    Write::Delete { .. } | Write::Restore(_) => continue,
                };
                for id in added {
                    if !self.exists(id)? {
                        return Err(WriteError::UnknownMember(id.clone()).into());
                    }
                }
            }
        }
        if written.iter().any(|written| written.changed) {
            for event in &unit.events {
                self.db.execute(
                    "INSERT INTO scim_outbox (tenant, event) VALUES (?1, ?2)",
                    params![self.tenant, to_json(event)?],
                )?;
            }
        }
        Ok(written)
    }

    fn exists(&self, id: &ResourceId) -> Result<bool, DbError> {
        self.db.exists(
            "SELECT 1 FROM scim_resources WHERE tenant = ?1 AND id = ?2",
            params![self.tenant, id.as_str()],
        )
    }

    fn write(&self, write: &Write, batch: &Batch) -> Result<Written, Stop> {
        match write {
            Write::Insert {
                id,
                document,
                members,
                connection,
            } => {
                let resource = Resource::new(id.clone(), document.clone(), batch.now);
                self.put(&resource, connection.as_ref(), members.iter().cloned())
            }
            Write::Restore(resource) => {
                let members = resource.members.iter().flatten();
                let members = members.map(|member| member.id.clone());
                self.put(resource, resource.connection.as_ref(), members)
            }
            Write::Update {
                kind,
                id,
                expected,
                document,
                members,
            } => {
                let mut resource = self.expect(*kind, id, *expected)?;
                let joined = !members.is_empty() && self.change_members(id, members)?;
                let differs = document.as_ref().filter(|new| **new != resource.document);
                if !joined && differs.is_none() {
                    return Ok(receipt(&resource, false));
                }
                resource.version = resource.version.next();
                resource.last_modified = batch.now;
                if let Some(new) = differs {
                    resource.document = new.clone();
                    self.unindex(id)?;
                    self.claim(&resource)?;
                    self.index(&resource)?;
                    self.replace_document(&resource)?;
                }
                self.touch(id, resource.version, batch)?;
                Ok(receipt(&resource, true))
            }
            Write::Delete { kind, id, expected } => {
                let resource = self.expect(*kind, id, *expected)?;
                self.leave_all_groups(id, batch)?;
                self.change_members(id, &MemberDelta::exactly([]))?;
                self.bury(&resource, batch)?;
                self.unindex(id)?;
                self.db.execute(
                    "DELETE FROM scim_resources WHERE tenant = ?1 AND id = ?2",
                    params![self.tenant, id.as_str()],
                )?;
                Ok(receipt(&resource, true))
            }
        }
    }

    /// Stores a resource whose id was never used.
    fn put(
        &self,
        resource: &Resource,
        connection: Option<&ConnectionId>,
        members: impl Iterator<Item = ResourceId>,
    ) -> Result<Written, Stop> {
        let id = &resource.id;
        let buried = self.db.exists(
            "SELECT 1 FROM scim_tombstones WHERE tenant = ?1 AND id = ?2",
            params![self.tenant, id.as_str()],
        )?;
        if buried || !self.insert(resource, connection)? {
            return Err(WriteError::IdInUse(id.clone()).into());
        }
        self.claim(resource)?;
        self.index(resource)?;
        let mut members = members.peekable();
        if members.peek().is_some() {
            self.change_members(id, &MemberDelta::exactly(members))?;
        }
        Ok(receipt(resource, true))
    }

    fn expect(
        &self,
        kind: ResourceTypeId,
        id: &ResourceId,
        version: Option<Version>,
    ) -> Result<Resource, Stop> {
        let resource = self
            .load(kind, id, Load::default())?
            .ok_or_else(|| WriteError::NotFound(id.clone()))?;
        if version.is_some_and(|version| version != resource.version) {
            return Err(WriteError::VersionMismatch(id.clone()).into());
        }
        Ok(resource)
    }

    fn unique_keys(&self, document: &Document) -> Vec<(AttrId, String)> {
        equality_keys(self.registry, document)
            .into_iter()
            .filter(|(attr, _)| self.registry.attribute(*attr).uniqueness() != Uniqueness::None)
            .collect()
    }

    /// Takes the unique values of a resource. The primary key decides, so that of two processes
    /// that take one value at the same moment one is told who has it.
    fn claim(&self, resource: &Resource) -> Result<(), Stop> {
        let kind = self.registry.resource_type(resource.resource_type()).name();
        for (attr, key) in self.unique_keys(&resource.document) {
            let number = self.numbers.of(attr);
            let key = encode::bounded(&key);
            let taken = self.db.execute(
                "INSERT INTO scim_unique (tenant, kind, attr, key, id) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (tenant, kind, attr, key) DO NOTHING",
                params![self.tenant, kind, number, &key, resource.id.as_str()],
            )?;
            if taken == 1 {
                continue;
            }
            let holder: String = self.db.one(
                "SELECT id FROM scim_unique WHERE tenant = ?1 AND kind = ?2 AND attr = ?3 AND key = ?4",
                params![self.tenant, kind, number, &key],
                |row| row.get(0),
            )?;
            if holder != resource.id.as_str() {
                let holder = ResourceId::new(holder);
                return Err(WriteError::Uniqueness { attr, holder }.into());
            }
        }
        Ok(())
    }

    /// `false` when the id is in use.
    fn insert(&self, resource: &Resource, connection: Option<&ConnectionId>) -> Result<bool, Stop> {
        let kind = self.registry.resource_type(resource.resource_type()).name();
        let inserted = self.db.execute(
            "INSERT INTO scim_resources
                 (tenant, id, kind, version, created, modified, connection, display, document)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (tenant, id) DO NOTHING",
            params![
                self.tenant,
                resource.id.as_str(),
                kind,
                number(resource.version)?,
                to_nanoseconds(resource.created)?,
                to_nanoseconds(resource.last_modified)?,
                connection.map(ConnectionId::as_str),
                display(self.registry, &resource.document),
                resource.document.to_stored(self.registry),
            ],
        )?;
        Ok(inserted == 1)
    }

    fn replace_document(&self, resource: &Resource) -> Result<(), Stop> {
        self.db.execute(
            "UPDATE scim_resources SET display = ?3, document = ?4 WHERE tenant = ?1 AND id = ?2",
            params![
                self.tenant,
                resource.id.as_str(),
                display(self.registry, &resource.document),
                resource.document.to_stored(self.registry),
            ],
        )?;
        Ok(())
    }

    fn touch(&self, id: &ResourceId, version: Version, batch: &Batch) -> Result<(), Stop> {
        self.db.execute(
            "UPDATE scim_resources SET version = ?3, modified = ?4 WHERE tenant = ?1 AND id = ?2",
            params![
                self.tenant,
                id.as_str(),
                number(version)?,
                to_nanoseconds(batch.now)?,
            ],
        )?;
        Ok(())
    }

    fn index(&self, resource: &Resource) -> Result<(), Stop> {
        let id = resource.id.as_str();
        let rows = encode::rows(self.registry, self.numbers, &resource.document).into_iter();
        self.db.execute_each(
            "INSERT INTO scim_values (tenant, id, attr, element, lead, key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            rows.map(|row| {
                [
                    Param::from(self.tenant),
                    Param::from(id),
                    Param::from(row.attr),
                    Param::from(row.element),
                    Param::from(row.lead),
                    Param::from(row.key),
                ]
            }),
        )?;
        Ok(())
    }

    fn unindex(&self, id: &ResourceId) -> Result<(), Stop> {
        for sql in [
            "DELETE FROM scim_values WHERE tenant = ?1 AND id = ?2",
            "DELETE FROM scim_unique WHERE tenant = ?1 AND id = ?2",
        ] {
            self.db.execute(sql, params![self.tenant, id.as_str()])?;
        }
        Ok(())
    }

    fn leave_all_groups(&self, id: &ResourceId, batch: &Batch) -> Result<(), Stop> {
        let groups: Vec<String> = self.db.query(
            "SELECT group_id FROM scim_members WHERE tenant = ?1 AND member_id = ?2",
            params![self.tenant, id.as_str()],
            |row| row.get(0),
        )?;
        for group in &groups {
            self.db.execute(
                "UPDATE scim_resources SET version = version + 1, modified = ?3
                     WHERE tenant = ?1 AND id = ?2",
                params![self.tenant, group, to_nanoseconds(batch.now)?],
            )?;
        }
        self.db.execute(
            "DELETE FROM scim_members WHERE tenant = ?1 AND member_id = ?2",
            params![self.tenant, id.as_str()],
        )?;
        Ok(())
    }

    fn bury(&self, resource: &Resource, batch: &Batch) -> Result<(), Stop> {
        let kind = self.registry.resource_type(resource.resource_type()).name();
        let seq: i64 = self.db.one(
            "INSERT INTO scim_tombstones (tenant, id, kind, connection, deleted)
             VALUES (?1, ?2, ?3, ?4, ?5) RETURNING seq",
            params![
                self.tenant,
                resource.id.as_str(),
                kind,
                resource.connection.as_ref().map(ConnectionId::as_str),
                to_nanoseconds(batch.now)?,
            ],
            |row| row.get(0),
        )?;
        for (attr, key) in equality_keys(self.registry, &resource.document) {
            let attr = self.numbers.of(attr);
            self.db.execute(
                "INSERT INTO scim_tombstone_keys (tenant, kind, attr, key, seq)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                params![self.tenant, kind, attr, encode::bounded(&key), seq],
            )?;
        }
        Ok(())
    }

    /// Whether anybody joined or left. The group's members are not read, unless all are replaced.
    fn change_members(&self, group: &ResourceId, delta: &MemberDelta) -> Result<bool, Stop> {
        let leaving: Vec<String> = if delta.clear() {
            let present: Vec<String> = self.db.query(
                "SELECT member_id FROM scim_members WHERE tenant = ?1 AND group_id = ?2",
                params![self.tenant, group.as_str()],
                |row| row.get(0),
            )?;
            let stays: BTreeSet<&str> = delta.add().iter().map(ResourceId::as_str).collect();
            let leaves = |id: &String| !stays.contains(id.as_str());
            present.into_iter().filter(leaves).collect()
        } else {
            delta
                .remove()
                .iter()
                .map(|id| id.as_str().to_owned())
                .collect()
        };
        let left = self.db.execute_each(
            "DELETE FROM scim_members WHERE tenant = ?1 AND group_id = ?2 AND member_id = ?3",
            leaving
                .iter()
                .map(|id| [self.tenant, group.as_str(), id.as_str()].map(Param::from)),
        )?;
        let joined = self.db.execute_each(
            "INSERT INTO scim_members (tenant, group_id, member_id) VALUES (?1, ?2, ?3)
             ON CONFLICT (tenant, group_id, member_id) DO NOTHING",
            delta
                .add()
                .iter()
                .map(|id| [self.tenant, group.as_str(), id.as_str()].map(Param::from)),
        )?;
        Ok(left + joined > 0)
    }
}

fn number(version: Version) -> Result<i64, DbError> {
    i64::try_from(version.number())
        .map_err(|error| DbError::because(DbErrorKind::InvalidValue, error))
}

fn receipt(resource: &Resource, changed: bool) -> Written {
    Written::new(
        resource.id.clone(),
        resource.version,
        resource.created,
        resource.last_modified,
        changed,
    )
}
