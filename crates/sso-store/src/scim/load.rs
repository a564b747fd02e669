//! One resource, and what is derived for it.

use std::collections::{BTreeSet, HashSet};

use scim_core::document::{Document, Value};
use scim_core::resource::{ConnectionId, GroupRef, Member, Resource, ResourceId, Version};
use scim_core::schema::{Registry, Resolved, ResourceTypeId};
use scim_core::store::{Load, LoadMembers};

use super::{Tables, from_nanoseconds};
use crate::db::params;
use crate::error::{DbError, DbErrorKind};

/// The name that a resource is shown by where another one refers to it.
pub(super) fn display(registry: &Registry, document: &Document) -> Option<String> {
    let named = |name: &str| match registry.resolve(document.resource_type(), name)? {
        Resolved::Attribute(path) => document
            .at(path)
            .and_then(Value::as_text)
            .map(ToOwned::to_owned),
        _ => None,
    };
    named("displayName").or_else(|| named("userName"))
}

impl Tables<'_> {
    pub(super) fn load(
        &self,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> Result<Option<Resource>, DbError> {
        let definition = self.registry.resource_type(kind);
        let row = self.db.optional(
            "SELECT version, created, modified, connection, document FROM scim_resources
             WHERE tenant = ?1 AND id = ?2 AND kind = ?3",
            params![self.tenant, id.as_str(), definition.name()],
            |row| {
                Ok((
                    row.get::<i64>(0)?,
                    row.get::<i64>(1)?,
                    row.get::<i64>(2)?,
                    row.get::<Option<String>>(3)?,
                    row.get::<String>(4)?,
                ))
            },
        )?;
        let Some((version, created, modified, connection, stored)) = row else {
            return Ok(None);
        };
        let document = Document::from_stored(self.registry, kind, &stored)
            .ok_or_else(|| DbError::new(DbErrorKind::CorruptRow))?;
        let mut resource = Resource::new(id.clone(), document, from_nanoseconds(created)?);
        resource.version = Version::new(
            u64::try_from(version).map_err(|e| DbError::because(DbErrorKind::CorruptRow, e))?,
        );
        resource.last_modified = from_nanoseconds(modified)?;
        resource.connection = connection.map(ConnectionId::new);
        if definition.members().is_some() {
            let wanted = match load.members {
                LoadMembers::No => false,
                LoadMembers::AtMost(most) => self.has_at_most(id, most)?,
                LoadMembers::All => true,
            };
            if wanted {
                resource.members = Some(self.members(id)?);
            }
        }
        if load.groups && definition.groups().is_some() {
            resource.groups = Some(self.groups(id)?);
        }
        Ok(Some(resource))
    }

    /// Counts no further than it has to.
    fn has_at_most(&self, group: &ResourceId, most: usize) -> Result<bool, DbError> {
        let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
        let count: i64 = self.db.one(
            "SELECT COUNT(*) FROM (SELECT 1 FROM scim_members
             WHERE tenant = ?1 AND group_id = ?2 LIMIT ?3) AS counted",
            params![self.tenant, group.as_str(), limit],
            |row| row.get(0),
        )?;
        Ok(count < limit)
    }

    fn kind(&self, name: Option<String>) -> Option<ResourceTypeId> {
        Some(self.registry.resource_type_by_name(&name?)?.id())
    }

    fn members(&self, group: &ResourceId) -> Result<Vec<Member>, DbError> {
        self.db.query(
            "SELECT m.member_id, r.kind, r.display FROM scim_members m
             LEFT JOIN scim_resources r ON r.tenant = m.tenant AND r.id = m.member_id
             WHERE m.tenant = ?1 AND m.group_id = ?2 ORDER BY m.member_id",
            params![self.tenant, group.as_str()],
            |row| {
                let id = ResourceId::new(row.get::<String>(0)?);
                Ok(Member::new(id, self.kind(row.get(1)?), row.get(2)?))
            },
        )
    }

    /// Direct groups first, then those by way of other groups. A circle of groups ends where it
    /// began.
    fn groups(&self, id: &ResourceId) -> Result<Vec<GroupRef>, DbError> {
        let mut seen = HashSet::from([id.as_str().to_owned()]);
        let mut list = Vec::new();
        let mut level = vec![id.as_str().to_owned()];
        let mut direct = true;
        while !level.is_empty() {
            let mut above = BTreeSet::new();
            for id in &level {
                let rows = self.db.query(
                    "SELECT m.group_id, r.kind, r.display FROM scim_members m
                     LEFT JOIN scim_resources r ON r.tenant = m.tenant AND r.id = m.group_id
                     WHERE m.tenant = ?1 AND m.member_id = ?2",
                    params![self.tenant, id],
                    |row| {
                        Ok((
                            row.get::<String>(0)?,
                            row.get::<Option<String>>(1)?,
                            row.get::<Option<String>>(2)?,
                        ))
                    },
                )?;
                above.extend(rows.into_iter().filter(|row| !seen.contains(&row.0)));
            }
            level = above.iter().map(|(id, ..)| id.clone()).collect();
            seen.extend(level.iter().cloned());
            for (id, kind, display) in above {
                if let Some(kind) = self.kind(kind) {
                    list.push(GroupRef::new(ResourceId::new(id), kind, display, direct));
                }
            }
            direct = false;
        }
        Ok(list)
    }
}
