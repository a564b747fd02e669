//! One tenant's resources and their indexes.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::super::{
    Batch, Load, LoadMembers, Tombstone, Unit, Write, WriteError, Written, equality_keys,
};
use crate::dialect::UnknownMembers;
use crate::document::Value;
use crate::event::Event;
use crate::members::MemberDelta;
use crate::resource::{GroupRef, Member, Resource, ResourceId};
use crate::schema::{AttrId, AttrPath, Registry, ResourceTypeId, Uniqueness};

type Place = (ResourceTypeId, ResourceId);
type Ids = BTreeSet<ResourceId>;

#[derive(Default)]
pub(super) struct Tenant {
    resources: BTreeMap<Place, Resource>,
    kinds: HashMap<ResourceId, ResourceTypeId>,
    keys: HashMap<(ResourceTypeId, AttrId, String), Ids>,
    members: HashMap<ResourceId, Ids>,
    groups: HashMap<ResourceId, Ids>,
    tombstones: Vec<(Tombstone, BTreeSet<(AttrId, String)>)>,
    pub(super) outbox: Vec<Event>,
}

/// How to take a step back.
enum Undo {
    Resource(Place, Option<Box<Resource>>),
    Joined(ResourceId, ResourceId),
    Left(ResourceId, ResourceId),
    Buried,
}

impl Tenant {
    pub(super) fn ids(&self, kind: ResourceTypeId) -> impl Iterator<Item = &ResourceId> {
        let first = (kind, ResourceId::new(""));
        self.resources
            .range(first..)
            .take_while(move |((k, _), _)| *k == kind)
            .map(|((_, id), _)| id)
    }

    pub(super) fn by_key(
        &self,
        registry: &Registry,
        kind: ResourceTypeId,
        path: AttrPath,
        key: &str,
    ) -> Option<Vec<&ResourceId>> {
        let members = registry.resource_type(kind).members();
        if Some(path.attr) == members
            && path
                .sub
                .is_some_and(|s| registry.attribute(s).name() == "value")
        {
            let groups = self.groups.get(&ResourceId::new(key));
            return Some(groups.into_iter().flatten().collect());
        }
        let attribute = registry.attribute(path.leaf());
        let common = registry.common();
        if path.leaf() == common.id {
            return Some(
                self.resources
                    .get_key_value(&(kind, ResourceId::new(key)))
                    .map(|(k, _)| &k.1)
                    .into_iter()
                    .collect(),
            );
        }
        if attribute.uniqueness() == Uniqueness::None && path.leaf() != common.external_id {
            return None;
        }
        let ids = self.keys.get(&(kind, path.leaf(), key.to_owned()));
        Some(ids.into_iter().flatten().collect())
    }

    pub(super) fn load(
        &self,
        registry: &Registry,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> Option<Resource> {
        let mut resource = self.resources.get(&(kind, id.clone()))?.clone();
        let definition = registry.resource_type(kind);
        let size = self.members.get(id).map_or(0, BTreeSet::len);
        let wanted = match load.members {
            LoadMembers::No => false,
            LoadMembers::AtMost(most) => size <= most,
            LoadMembers::All => true,
        };
        if wanted && definition.members().is_some() {
            let ids = self.members.get(id).into_iter().flatten();
            let member = |id: &ResourceId| {
                Member::new(
                    id.clone(),
                    self.kinds.get(id).copied(),
                    self.display(registry, id),
                )
            };
            resource.members = Some(ids.map(member).collect());
        }
        if load.groups && definition.groups().is_some() {
            resource.groups = Some(self.groups_of(registry, id));
        }
        Some(resource)
    }

    fn display(&self, registry: &Registry, id: &ResourceId) -> Option<String> {
        let kind = *self.kinds.get(id)?;
        let document = &self.resources.get(&(kind, id.clone()))?.document;
        let named = |name: &str| match registry.resolve(kind, name)? {
            crate::schema::Resolved::Attribute(path) => document
                .at(path)
                .and_then(Value::as_text)
                .map(ToOwned::to_owned),
            crate::schema::Resolved::Extension(_) => None,
        };
        named("displayName").or_else(|| named("userName"))
    }

    /// Direct groups first, then those by way of other groups. A circle of groups ends where it began.
    fn groups_of(&self, registry: &Registry, id: &ResourceId) -> Vec<GroupRef> {
        let mut seen = HashSet::from([id.clone()]);
        let mut list = Vec::new();
        let mut level = vec![id.clone()];
        let mut direct = true;
        while !level.is_empty() {
            let mut above = BTreeSet::new();
            for id in &level {
                above.extend(
                    self.groups
                        .get(id)
                        .into_iter()
                        .flatten()
                        .filter(|g| !seen.contains(*g))
                        .cloned(),
                );
            }
            seen.extend(above.iter().cloned());
            for group in &above {
                if let Some(kind) = self.kinds.get(group) {
                    list.push(GroupRef::new(
                        group.clone(),
                        *kind,
                        self.display(registry, group),
                        direct,
                    ));
                }
            }
            level = above.into_iter().collect();
            direct = false;
        }
        list
    }

    pub(super) fn tombstone(
        &self,
        kind: ResourceTypeId,
        attr: AttrId,
        key: &str,
    ) -> Option<Tombstone> {
        let wanted = (attr, key.to_owned());
        self.tombstones
            .iter()
            .rev()
            .find(|(t, keys)| t.kind == kind && keys.contains(&wanted))
            .map(|(t, _)| t.clone())
    }

    pub(super) fn unit(
        &mut self,
        registry: &Registry,
        unit: &Unit,
        batch: &Batch,
    ) -> Result<Vec<Written>, WriteError> {
        let mut undo = Vec::new();
        let mut left = Vec::new();
        let mut written = Vec::with_capacity(unit.writes.len());
        let result = unit.writes.iter().try_for_each(|write| {
            written.push(self.write(registry, write, batch, &mut undo, &mut left)?);
            Ok(())
        });
        // Members may be made later in the same unit, so their existence is looked at in the end.
        let result = result.and_then(|()| self.members_exist(unit, batch));
        if let Err(error) = result {
            undo.into_iter()
                .rev()
                .for_each(|step| self.step_back(registry, step));
            return Err(error);
        }
        if written.iter().any(|w: &Written| w.changed) {
            self.outbox.extend(unit.events.iter().cloned());
            self.outbox.extend(left);
        }
        Ok(written)
    }

    fn members_exist(&self, unit: &Unit, batch: &Batch) -> Result<(), WriteError> {
        if batch.unknown_members == UnknownMembers::Defer {
            return Ok(());
        }
        for write in &unit.writes {
            let added = match write {
                Write::Insert { members, .. } => members,
                Write::Update { members, .. } => members.add(),
                Write::Delete { .. } | Write::Restore(_) => continue,
            };
            if let Some(id) = added.iter().find(|id| !self.kinds.contains_key(*id)) {
                return Err(WriteError::UnknownMember(id.clone()));
            }
        }
        Ok(())
    }

    fn write(
        &mut self,
        registry: &Registry,
        write: &Write,
        batch: &Batch,
        undo: &mut Vec<Undo>,
        left: &mut Vec<Event>,
    ) -> Result<Written, WriteError> {
        match write {
            Write::Insert {
                id,
                document,
                members,
                connection,
            } => {
                if self.kinds.contains_key(id) || self.tombstones.iter().any(|(t, _)| t.id == *id) {
                    return Err(WriteError::IdInUse(id.clone()));
                }
                let mut resource = Resource::new(id.clone(), document.clone(), batch.now);
                resource.connection.clone_from(connection);
                let written = receipt(&resource, true);
                self.put(registry, resource, undo)?;
                self.change_members(id, &MemberDelta::exactly(members.iter().cloned()), undo);
                Ok(written)
            }
            Write::Restore(resource) => {
                let id = &resource.id;
                if self.kinds.contains_key(id) || self.tombstones.iter().any(|(t, _)| t.id == *id) {
                    return Err(WriteError::IdInUse(id.clone()));
                }
                let mut stored = (**resource).clone();
                let members = stored.members.take().unwrap_or_default();
                stored.groups = None;
                let written = receipt(&stored, true);
                self.put(registry, stored, undo)?;
                let members = members.into_iter().map(|member| member.id);
                self.change_members(id, &MemberDelta::exactly(members), undo);
                Ok(written)
            }
            Write::Update {
                kind,
                id,
                expected,
                document,
                members,
            } => {
                let mut resource = self.expect(*kind, id, *expected)?;
                let joined = self.change_members(id, members, undo);
                let differs = document
                    .as_ref()
                    .is_some_and(|new| *new != resource.document);
                if !joined && !differs {
                    return Ok(receipt(&resource, false));
                }
                if let Some(new) = document {
                    resource.document = new.clone();
                }
                touch(&mut resource, batch);
                let written = receipt(&resource, true);
                self.put(registry, resource, undo)?;
                Ok(written)
            }
            Write::Delete { kind, id, expected } => {
                let resource = self.expect(*kind, id, *expected)?;
                let groups: Vec<ResourceId> =
                    self.groups.get(id).into_iter().flatten().cloned().collect();
                let mut leave = MemberDelta::default();
                leave.leave(id.clone());
                for group in groups {
                    self.change_members(&group, &leave, undo);
                    let place = self.kinds.get(&group).map(|kind| (*kind, group));
                    if let Some(mut group) =
                        place.and_then(|place| self.resources.get(&place).cloned())
                    {
                        touch(&mut group, batch);
                        let transaction = batch.transaction.as_deref();
                        left.extend(
                            transaction.map(|t| Event::member_deleted(registry, &group, t)),
                        );
                        self.put(registry, group, undo)?;
                    }
                }
                self.change_members(id, &MemberDelta::exactly([]), undo);
                let keys = equality_keys(registry, &resource.document);
                let stone =
                    Tombstone::new(id.clone(), *kind, resource.connection.clone(), batch.now);
                self.tombstones.push((stone, keys));
                undo.push(Undo::Buried);
                self.place(registry, (*kind, id.clone()), None, undo);
                Ok(receipt(&resource, true))
            }
        }
    }

    fn expect(
        &self,
        kind: ResourceTypeId,
        id: &ResourceId,
        version: Option<crate::resource::Version>,
    ) -> Result<Resource, WriteError> {
        let resource = self.resources.get(&(kind, id.clone()));
        let resource = resource.ok_or_else(|| WriteError::NotFound(id.clone()))?;
        if version.is_some_and(|version| version != resource.version) {
            return Err(WriteError::VersionMismatch(id.clone()));
        }
        Ok(resource.clone())
    }

    fn put(
        &mut self,
        registry: &Registry,
        resource: Resource,
        undo: &mut Vec<Undo>,
    ) -> Result<(), WriteError> {
        let kind = resource.resource_type();
        for (attr, key) in equality_keys(registry, &resource.document) {
            if registry.attribute(attr).uniqueness() == Uniqueness::None {
                continue;
            }
            let holders = self.keys.get(&(kind, attr, key));
            if let Some(holder) = holders.and_then(|ids| ids.iter().find(|id| **id != resource.id))
            {
                return Err(WriteError::Uniqueness {
                    attr,
                    holder: holder.clone(),
                });
            }
        }
        self.place(registry, (kind, resource.id.clone()), Some(resource), undo);
        Ok(())
    }

    fn place(
        &mut self,
        registry: &Registry,
        place: Place,
        new: Option<Resource>,
        undo: &mut Vec<Undo>,
    ) {
        let old = self.swap(registry, place.clone(), new);
        undo.push(Undo::Resource(place, old.map(Box::new)));
    }

    /// Puts a resource in place of another and keeps the indexes right.
    fn swap(
        &mut self,
        registry: &Registry,
        place: Place,
        new: Option<Resource>,
    ) -> Option<Resource> {
        let (kind, id) = place.clone();
        let old = self.resources.remove(&place);
        if let Some(old) = &old {
            for (attr, key) in equality_keys(registry, &old.document) {
                if let Some(ids) = self.keys.get_mut(&(kind, attr, key)) {
                    ids.remove(&id);
                }
            }
            self.kinds.remove(&id);
        }
        if let Some(new) = new {
            for (attr, key) in equality_keys(registry, &new.document) {
                self.keys
                    .entry((kind, attr, key))
                    .or_default()
                    .insert(id.clone());
            }
            self.kinds.insert(id, kind);
            self.resources.insert(place, new);
        }
        old
    }

    /// Whether anybody joined or left.
    fn change_members(
        &mut self,
        group: &ResourceId,
        delta: &MemberDelta,
        undo: &mut Vec<Undo>,
    ) -> bool {
        let mut changed = false;
        let leaving: Vec<ResourceId> = if delta.clear() {
            let stays = delta.add();
            self.members
                .get(group)
                .into_iter()
                .flatten()
                .filter(|id| !stays.contains(*id))
                .cloned()
                .collect()
        } else {
            delta.remove().iter().cloned().collect()
        };
        for id in leaving {
            if self.unlink(group, &id) {
                undo.push(Undo::Left(group.clone(), id));
                changed = true;
            }
        }
        for id in delta.add() {
            if self.link(group, id) {
                undo.push(Undo::Joined(group.clone(), id.clone()));
                changed = true;
            }
        }
        changed
    }

    fn link(&mut self, group: &ResourceId, member: &ResourceId) -> bool {
        self.groups
            .entry(member.clone())
            .or_default()
            .insert(group.clone());
        self.members
            .entry(group.clone())
            .or_default()
            .insert(member.clone())
    }

    fn unlink(&mut self, group: &ResourceId, member: &ResourceId) -> bool {
        if let Some(groups) = self.groups.get_mut(member) {
            groups.remove(group);
        }
        self.members
            .get_mut(group)
            .is_some_and(|members| members.remove(member))
    }

    fn step_back(&mut self, registry: &Registry, step: Undo) {
        match step {
            Undo::Resource(place, old) => {
                self.swap(registry, place, old.map(|old| *old));
            }
            Undo::Joined(group, member) => {
                self.unlink(&group, &member);
            }
            Undo::Left(group, member) => {
                self.link(&group, &member);
            }
            Undo::Buried => {
                self.tombstones.pop();
            }
        }
    }
}

fn touch(resource: &mut Resource, batch: &Batch) {
    resource.version = resource.version.next();
    resource.last_modified = batch.now;
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
