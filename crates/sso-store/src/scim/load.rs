//! One resource, and what is derived for it.

use std::collections::{BTreeSet, HashMap, HashSet};

use scim_core::document::{Document, Value};
use scim_core::resource::{ConnectionId, GroupRef, Member, Resource, ResourceId, Version};
use scim_core::schema::{Registry, Resolved, ResourceTypeId};
use scim_core::store::{Load, LoadMembers};

use super::{Tables, from_nanoseconds};
use crate::db::{Param, Row, params};
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

/// A group that something is directly in: its id, its kind's name, its display name.
type Above = (String, Option<String>, Option<String>);

impl Tables<'_> {
    pub(super) fn load(
        &self,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> Result<Option<Resource>, DbError> {
        Ok(self.load_each(kind, &[id], load)?.pop().flatten())
    }

    /// Each of them, or that it is not there.
    pub(super) fn load_each(
        &self,
        kind: ResourceTypeId,
        ids: &[&ResourceId],
        load: Load,
    ) -> Result<Vec<Option<Resource>>, DbError> {
        let definition = self.registry.resource_type(kind);
        let rows = self.db.query_each(
            "SELECT version, created, modified, connection, document FROM scim_resources
             WHERE tenant = ?1 AND id = ?2 AND kind = ?3",
            ids.iter()
                .map(|id| [self.tenant, id.as_str(), definition.name()].map(Param::from)),
            |row| self.resource(kind, row),
        )?;
        let mut resources: Vec<Option<Resource>> = ids
            .iter()
            .zip(rows)
            .map(|(id, mut rows)| {
                let mut resource = rows.pop()?;
                resource.id = (*id).clone();
                Some(resource)
            })
            .collect();
        if definition.members().is_some() {
            for resource in resources.iter_mut().flatten() {
                let wanted = match load.members {
                    LoadMembers::No => false,
                    LoadMembers::AtMost(most) => self.has_at_most(&resource.id, most)?,
                    LoadMembers::All => true,
                };
                if wanted {
                    resource.members = Some(self.members(&resource.id)?);
                }
            }
        }
        if load.groups && definition.groups().is_some() {
            self.add_groups(&mut resources)?;
        }
        Ok(resources)
    }

    /// All but its id.
    fn resource(&self, kind: ResourceTypeId, row: &Row<'_>) -> Result<Resource, DbError> {
        let document = Document::from_stored(self.registry, kind, &row.get::<String>(4)?)
            .ok_or_else(|| DbError::new(DbErrorKind::CorruptRow))?;
        let created = from_nanoseconds(row.get(1)?)?;
        let mut resource = Resource::new(ResourceId::new(""), document, created);
        resource.version = Version::new(
            u64::try_from(row.get::<i64>(0)?)
                .map_err(|error| DbError::because(DbErrorKind::CorruptRow, error))?,
        );
        resource.last_modified = from_nanoseconds(row.get(2)?)?;
        resource.connection = row.get::<Option<String>>(3)?.map(ConnectionId::new);
        Ok(resource)
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

    fn kind(&self, name: Option<&str>) -> Option<ResourceTypeId> {
        Some(self.registry.resource_type_by_name(name?)?.id())
    }

    fn members(&self, group: &ResourceId) -> Result<Vec<Member>, DbError> {
        self.db.query(
            "SELECT m.member_id, r.kind, r.display FROM scim_members m
             LEFT JOIN scim_resources r ON r.tenant = m.tenant AND r.id = m.member_id
             WHERE m.tenant = ?1 AND m.group_id = ?2 ORDER BY m.member_id",
            params![self.tenant, group.as_str()],
            |row| {
                let id = ResourceId::new(row.get::<String>(0)?);
                let kind: Option<String> = row.get(1)?;
                Ok(Member::new(id, self.kind(kind.as_deref()), row.get(2)?))
            },
        )
    }

    /// Direct groups first, then those by way of other groups. A circle of groups ends where it
    /// began. All resources go up one level at a time together.
    fn add_groups(&self, resources: &mut [Option<Resource>]) -> Result<(), DbError> {
        struct Climb {
            seen: HashSet<String>,
            level: Vec<String>,
        }
        let mut climbs: Vec<Climb> = Vec::new();
        for resource in resources.iter_mut().flatten() {
            resource.groups = Some(Vec::new());
            let id = resource.id.as_str().to_owned();
            climbs.push(Climb {
                seen: HashSet::from([id.clone()]),
                level: vec![id],
            });
        }
        let mut known: HashMap<String, Vec<Above>> = HashMap::new();
        let mut direct = true;
        loop {
            let asked: BTreeSet<String> = climbs
                .iter()
                .flat_map(|climb| &climb.level)
                .filter(|id| !known.contains_key(*id))
                .cloned()
                .collect();
            let found = self.db.query_each(
                "SELECT m.group_id, r.kind, r.display FROM scim_members m
                 LEFT JOIN scim_resources r ON r.tenant = m.tenant AND r.id = m.group_id
                 WHERE m.tenant = ?1 AND m.member_id = ?2",
                asked
                    .iter()
                    .map(|id| [self.tenant, id.as_str()].map(Param::from)),
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            known.extend(asked.into_iter().zip(found));
            let mut higher = false;
            for (resource, climb) in resources.iter_mut().flatten().zip(&mut climbs) {
                let above: BTreeSet<&Above> = climb
                    .level
                    .iter()
                    .flat_map(|id| known.get(id).into_iter().flatten())
                    .filter(|(id, ..)| !climb.seen.contains(id))
                    .collect();
                climb.level = above.iter().map(|(id, ..)| id.clone()).collect();
                climb.seen.extend(climb.level.iter().cloned());
                higher |= !climb.level.is_empty();
                for (id, kind, display) in above {
                    if let Some(kind) = self.kind(kind.as_deref()) {
                        let id = ResourceId::new(id.clone());
                        let group = GroupRef::new(id, kind, display.clone(), direct);
                        resource.groups.get_or_insert_default().push(group);
                    }
                }
            }
            if !higher {
                return Ok(());
            }
            direct = false;
        }
    }
}
