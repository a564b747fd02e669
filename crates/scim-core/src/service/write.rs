//! What a write leads to, worked out before anything is stored: shared by single requests and bulk.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{Context, ScimService};
use crate::dialect::RewriteRule;
use crate::document::{Document, Keep, Node, Reader, Value};
use crate::error::{Reason, ScimError};
use crate::event::{Event, EventKind};
use crate::log::{AttributeChange, ChangeKind, ResourceChange};
use crate::members::{self, MemberDelta};
use crate::patch::Plan;
use crate::resource::{Resource, ResourceId};
use crate::schema::{AttrId, AttrPath, Mutability, ResourceTypeId};
use crate::store::{Batch, ResourceStore, Unit, Write, WriteError};

/// A write that is ready to be committed.
pub(super) struct Planned {
    pub(super) unit: Unit,
    /// The resource as it will be, members and groups not loaded; as it was, for a deletion.
    pub(super) after: Resource,
    pub(super) change: ResourceChange,
}

impl Planned {
    /// Has the store check the version that was read, if `wanted`, even where the write itself would not need it.
    pub(super) fn insist_if(mut self, wanted: bool) -> Self {
        let version = self.after.version;
        for write in self.unit.writes.iter_mut().filter(|_| wanted) {
            match write {
                Write::Update { expected, .. } | Write::Delete { expected, .. } => {
                    *expected = Some(version)
                }
                Write::Insert { .. } | Write::Restore(_) => {}
            }
        }
        self
    }

    /// The same write after another one of the same batch, within which nobody comes in between.
    pub(super) fn follow(mut self) -> Self {
        for write in &mut self.unit.writes {
            match write {
                Write::Update { expected, .. } | Write::Delete { expected, .. } => *expected = None,
                Write::Insert { .. } | Write::Restore(_) => {}
            }
        }
        self
    }

    /// Whether the resource has another version afterwards than [`Self::after`] says.
    pub(super) fn changes_a_version(&self) -> bool {
        self.unit
            .writes
            .iter()
            .any(|write| matches!(write, Write::Update { .. }))
    }

    pub(super) fn writes_nothing(&self) -> bool {
        self.unit.writes.is_empty()
    }
}

impl<S: ResourceStore> ScimService<S> {
    pub(super) fn plan_create(
        &self,
        context: &mut Context<'_>,
        kind: ResourceTypeId,
        id: ResourceId,
        json: &Json,
    ) -> Result<Planned, ScimError> {
        let mut document = self.read_document(context, kind, json)?;
        let members = self.take_members(&mut document)?.unwrap_or_default();
        self.default_active(&mut document, None);
        document.validate_secrets(&self.registry)?;
        document.canonicalize(&self.registry);
        document.validate(&self.registry)?;
        let before = Document::new(kind);
        let delta = MemberDelta::exactly(members.iter().cloned());
        let after = Resource::new(id.clone(), document.clone(), context.now);
        let connection = Some(context.connection.id.clone());
        let write = Write::Insert {
            id,
            document,
            members,
            connection,
        };
        Ok(self.planned(
            context,
            Some(write),
            EventKind::Create,
            &before,
            after,
            &delta,
        ))
    }

    /// The plan that brings a deactivated resource back with a new profile.
    pub(super) fn plan_revive(
        &self,
        context: &mut Context<'_>,
        existing: &Resource,
        json: &Json,
    ) -> Result<Planned, ScimError> {
        let mut document = self.read_document(context, existing.resource_type(), json)?;
        let members = self.take_members(&mut document)?.unwrap_or_default();
        self.default_active(&mut document, None);
        document.canonicalize(&self.registry);
        document.validate(&self.registry)?;
        let user_name = self
            .registry
            .resource_type(existing.resource_type())
            .name()
            .to_owned();
        context.rewrites.note(RewriteRule::Revived, &user_name);
        let delta = if members.is_empty() {
            MemberDelta::default()
        } else {
            MemberDelta::exactly(members)
        };
        Ok(self.update(context, EventKind::Create, existing, document, &delta))
    }

    pub(super) fn plan_replace(
        &self,
        context: &mut Context<'_>,
        existing: &Resource,
        json: &Json,
    ) -> Result<Planned, ScimError> {
        let dialect = &context.connection.dialect;
        let (keeps_external_id, keeps_members) =
            (dialect.put_keeps_external_id, dialect.put_keeps_members);
        let null_as_absent = dialect.null_as_absent;
        let mut document = self.read_document(context, existing.resource_type(), json)?;
        let is_group = self
            .registry
            .resource_type(existing.resource_type())
            .members()
            .is_some();
        let delta = match self.take_members(&mut document)? {
            Some(members) => MemberDelta::exactly(members),
            None if is_group && keeps_members => {
                context.rewrites.note(RewriteRule::KeptMembers, "members");
                MemberDelta::default()
            }
            None if is_group => MemberDelta::exactly([]),
            None => MemberDelta::default(),
        };
        let external_id = self.registry.common().external_id;
        let absent = match document.get(external_id) {
            None => true,
            Some(value) => null_as_absent && *value == Value::Null,
        };
        if let (true, true, Some(old)) = (
            absent,
            keeps_external_id,
            existing.document.get(external_id),
        ) {
            context
                .rewrites
                .note(RewriteRule::KeptExternalId, "externalId");
            document.set(external_id, old.clone());
        }
        self.default_active(&mut document, Some(&existing.document));
        self.keep_unwritable(&mut document, &existing.document)?;
        document.canonicalize(&self.registry);
        document.validate(&self.registry)?;
        Ok(self.update(context, EventKind::Put, existing, document, &delta))
    }

    /// `existing` must have what [`Plan::needs`] asks for loaded.
    pub(super) fn plan_patch(
        &self,
        context: &mut Context<'_>,
        existing: &Resource,
        plan: &Plan,
    ) -> Result<Planned, ScimError> {
        let dialect = &context.connection.dialect;
        let patched = plan.apply(&self.registry, dialect, existing, &mut context.rewrites)?;
        Ok(self.update(
            context,
            EventKind::Patch,
            existing,
            patched.document,
            &patched.members,
        ))
    }

    pub(super) fn plan_delete(&self, context: &Context<'_>, existing: &Resource) -> Planned {
        let write = Write::Delete {
            kind: existing.resource_type(),
            id: existing.id.clone(),
            expected: None,
        };
        let delta = MemberDelta::default();
        let after = existing.clone();
        self.planned(
            context,
            Some(write),
            EventKind::Delete,
            &existing.document,
            after,
            &delta,
        )
    }

    fn read_document(
        &self,
        context: &mut Context<'_>,
        kind: ResourceTypeId,
        json: &Json,
    ) -> Result<Document, ScimError> {
        let mut reader = Reader::new(
            &self.registry,
            kind,
            &context.connection.dialect,
            Keep::Writable,
        );
        reader.rewrites = std::mem::take(&mut context.rewrites);
        let document = reader.document(json);
        context.rewrites = reader.rewrites;
        document
    }

    /// Takes the members out of a group's document. `None` if they are absent, which null and empty are not.
    fn take_members(
        &self,
        document: &mut Document,
    ) -> Result<Option<BTreeSet<ResourceId>>, ScimError> {
        let attr = self
            .registry
            .resource_type(document.resource_type())
            .members();
        let value = attr.and_then(|attr| document.remove(attr).map(|value| (attr, value)));
        let ids = value
            .map(|(attr, value)| members::ids(&self.registry, attr, &value))
            .transpose()?;
        Ok(ids.map(|ids| ids.into_iter().collect()))
    }

    /// Says whether a user is active even if the client does not: a new one is, and a PUT that does not mention it must
    /// not let a deactivated user in again (RFC 7644 §3.5.1 lets the service provider choose the default).
    fn default_active(&self, document: &mut Document, existing: Option<&Document>) {
        let Some(active) = self
            .registry
            .resource_type(document.resource_type())
            .active()
        else {
            return;
        };
        if document.get(active).is_none_or(Value::is_unassigned) {
            let old = existing.is_none_or(|existing| existing.is_active(&self.registry));
            document.set(active, Value::Boolean(old));
        }
    }

    /// RFC 7644 §3.5.1: read-only attributes stay, immutable ones must match or be absent.
    fn keep_unwritable(
        &self,
        document: &mut Document,
        existing: &Document,
    ) -> Result<(), ScimError> {
        for (attr, old) in existing.attributes() {
            match self.registry.attribute(*attr).mutability() {
                Mutability::ReadOnly => document.set(*attr, old.clone()),
                Mutability::Immutable => {
                    let same = document
                        .get(*attr)
                        .is_none_or(|new| new.is_unassigned() || new == old);
                    if !same {
                        return Err(self.immutable(AttrPath::from(*attr)));
                    }
                    document.set(*attr, old.clone());
                }
                Mutability::ReadWrite | Mutability::WriteOnly => {
                    self.keep_unwritable_parts(document, *attr, old)?;
                }
            }
        }
        document.keep_extras(existing);
        Ok(())
    }

    /// The same for the parts of one complex value. The elements of a list have no identity by which an old and a new
    /// one could be compared: they come and go as a whole.
    fn keep_unwritable_parts(
        &self,
        document: &mut Document,
        attr: AttrId,
        old: &Value,
    ) -> Result<(), ScimError> {
        let Value::Complex(old) = old else {
            return Ok(());
        };
        let mut new = match document.get(attr) {
            Some(Value::Complex(new)) => new.clone(),
            _ => Node::new(),
        };
        for (sub, old) in old {
            let path = AttrPath {
                attr,
                sub: Some(*sub),
            };
            match self.registry.attribute(*sub).mutability() {
                Mutability::ReadOnly => {
                    // It goes with what it describes.
                    if !new.values().all(Value::is_unassigned) {
                        new.insert(*sub, old.clone());
                    }
                }
                Mutability::Immutable => match new.get(sub) {
                    Some(new) if !new.is_unassigned() && new != old => {
                        return Err(self.immutable(path));
                    }
                    _ => {
                        new.insert(*sub, old.clone());
                    }
                },
                Mutability::ReadWrite | Mutability::WriteOnly => {}
            }
        }
        if !new.is_empty() {
            document.set(attr, Value::Complex(new));
        }
        Ok(())
    }

    fn immutable(&self, path: AttrPath) -> ScimError {
        let label = self.registry.label(path);
        let detail = format!("`{label}` is immutable; send the value it has or leave it out.");
        ScimError::new(Reason::MutabilityImmutable, detail)
    }

    fn update(
        &self,
        context: &Context<'_>,
        kind: EventKind,
        existing: &Resource,
        document: Document,
        delta: &MemberDelta,
    ) -> Planned {
        let differs = document != existing.document;
        let mut after = existing.clone();
        after.document = document;
        let write = (differs || !delta.is_empty()).then(|| Write::Update {
            kind: existing.resource_type(),
            id: existing.id.clone(),
            // A change of members alone goes with any other change of the group.
            expected: differs.then_some(existing.version),
            document: differs.then(|| after.document.clone()),
            members: delta.clone(),
        });
        self.planned(context, write, kind, &existing.document, after, delta)
    }

    fn planned(
        &self,
        context: &Context<'_>,
        write: Option<Write>,
        kind: EventKind,
        before: &Document,
        after: Resource,
        delta: &MemberDelta,
    ) -> Planned {
        let registry = &self.registry;
        let deleted = kind == EventKind::Delete;
        let changed = if deleted {
            Vec::new()
        } else {
            before.changed(&after.document)
        };
        let mut attributes: Vec<AttributeChange> = changed
            .iter()
            .map(|attr| {
                let change = match (before.get(*attr), after.document.get(*attr)) {
                    (None, _) => ChangeKind::Added,
                    (_, None) => ChangeKind::Removed,
                    _ => ChangeKind::Changed,
                };
                AttributeChange::new(registry.label((*attr).into()), change)
            })
            .collect();
        let has_members = registry
            .resource_type(after.resource_type())
            .members()
            .is_some();
        if has_members && !delta.is_empty() {
            attributes.push(AttributeChange::new("members", ChangeKind::Changed));
        }
        let mut kinds = vec![kind];
        let (was, is) = (
            before.is_active(registry),
            after.document.is_active(registry),
        );
        if kind != EventKind::Create && was != is {
            kinds.push(if is {
                EventKind::Activate
            } else {
                EventKind::Deactivate
            });
        }
        let mut event = Event::new(
            registry,
            kinds,
            &after.id,
            &after.document,
            &context.request_id,
            context.now,
        );
        event.attributes = attributes
            .iter()
            .map(|change| change.attribute.clone())
            .collect();
        event.version = match &write {
            Some(Write::Insert { .. } | Write::Restore(_)) => Some(after.version),
            Some(Write::Update { expected, .. }) => expected.map(|version| version.next()),
            Some(Write::Delete { .. }) | None => None,
        };
        let change = ResourceChange {
            resource_type: registry
                .resource_type(after.resource_type())
                .name()
                .to_owned(),
            id: after.id.clone(),
            attributes,
            members_added: delta.add().len(),
            members_removed: delta.remove().len(),
            members_replaced: delta.clear(),
        };
        let unit = Unit {
            writes: write.into_iter().collect(),
            events: vec![event],
            ..Unit::default()
        };
        Planned {
            unit,
            after,
            change,
        }
    }

    pub(super) fn batch(&self, context: &Context<'_>, units: Vec<Unit>) -> Batch {
        let mut batch = Batch::new(units, context.now);
        batch.unknown_members = context.connection.dialect.unknown_members;
        batch.transaction = Some(context.request_id.clone());
        batch
    }

    /// What a client is told when the store refuses.
    pub(super) fn write_error(&self, error: &WriteError) -> ScimError {
        let (reason, detail) = match error {
            WriteError::NotFound(_) => (
                Reason::ResourceNotFound,
                "There is no resource with this id; it may have been deleted.".to_owned(),
            ),
            WriteError::VersionMismatch(_) | WriteError::IdInUse(_) => (
                Reason::Contention,
                "The resource is being changed by others; try again.".to_owned(),
            ),
            WriteError::Uniqueness { attr, .. } => {
                let attribute = self.registry.attribute(*attr);
                let path = match attribute.parent() {
                    Some(parent) => AttrPath {
                        attr: parent,
                        sub: Some(*attr),
                    },
                    None => (*attr).into(),
                };
                let label = self.registry.label(path);
                let detail = format!(
                    "`{label}` is taken by another resource; find it with a filter and update it."
                );
                (Reason::Uniqueness, detail)
            }
            WriteError::UnknownMember(id) => {
                let id = crate::error::shown(id.as_str());
                (
                    Reason::MemberUnknown,
                    format!("There is no resource `{id}` to be a member; create it first."),
                )
            }
            WriteError::Denied(denial) => (denial.reason(), denial.hint().to_owned()),
            WriteError::Dependency(_) | WriteError::Failed | WriteError::NotAttempted => (
                Reason::BulkDependency,
                "An operation this one refers to failed.".to_owned(),
            ),
        };
        ScimError::new(reason, detail)
    }
}
