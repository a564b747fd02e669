//! Applying resolved operations to a copy.

use super::elements;
use super::{Elements, Operation, Plan, Target, Verb};
use crate::dialect::{Dialect, Rewrites};
use crate::document::{Document, Node, Value};
use crate::error::{Reason, ScimError};
use crate::filter::{CompareOp, Filter, Operand, Test};
use crate::members::{self, MemberDelta};
use crate::resource::{Resource, ResourceId};
use crate::schema::{AttrId, AttrPath, AttributeType, Mutability, Registry, ResourceTypeId};
use crate::store::{Load, LoadMembers};

/// What a PATCH leads to. Nothing is stored yet.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Patched {
    /// The new document, canonical and valid.
    pub document: Document,
    /// The attributes that differ from before, `members` not among them.
    pub changed: Vec<AttrId>,
    /// What happens to the members.
    pub members: MemberDelta,
}

pub(super) struct Work<'a> {
    pub(super) registry: &'a Registry,
    pub(super) dialect: &'a Dialect,
    pub(super) rewrites: &'a mut Rewrites,
    pub(super) document: Document,
    resource: &'a Resource,
    members: MemberDelta,
}

impl Plan {
    /// What of the resource has to be loaded before: members only for a filter on them that asks for more than
    /// `value`, groups only if an operation names them.
    pub fn needs(&self, registry: &Registry, kind: ResourceTypeId) -> Load {
        let kind = registry.resource_type(kind);
        let members = self
            .operations
            .iter()
            .any(|operation| match &operation.target {
                Target::Elements(e) => {
                    Some(e.attr) == kind.members() && named_ids(registry, &e.filter).is_none()
                }
                Target::Attribute(_) => false,
            });
        let groups = self
            .operations
            .iter()
            .any(|operation| match &operation.target {
                Target::Elements(e) => Some(e.attr) == kind.groups(),
                Target::Attribute(path) => Some(path.attr) == kind.groups(),
            });
        let members = if members {
            LoadMembers::All
        } else {
            LoadMembers::No
        };
        Load { members, groups }
    }

    /// Applies all operations to a copy of the resource, or none.
    ///
    /// # Errors
    /// `mutability.read_only`, `mutability.immutable`, `mutability.required`, `patch.no_target`,
    /// `attribute.required`, `value.primary`.
    pub fn apply(
        &self,
        registry: &Registry,
        dialect: &Dialect,
        resource: &Resource,
        rewrites: &mut Rewrites,
    ) -> Result<Patched, ScimError> {
        let document = resource.document.clone();
        let members = MemberDelta::default();
        let mut work = Work {
            registry,
            dialect,
            rewrites,
            document,
            resource,
            members,
        };
        for operation in &self.operations {
            let place = format!("Operation {}", operation.index + 1);
            work.operation(operation)
                .map_err(|error| error.within(&place))?;
        }
        let Work {
            mut document,
            members,
            ..
        } = work;
        document.canonicalize(registry);
        // RFC 7644 §3.5.2.2: a required attribute that becomes unassigned is an error of mutability.
        let taken =
            resource.document.attributes().keys().find(|attr| {
                registry.attribute(**attr).required() && document.get(**attr).is_none()
            });
        if let Some(attr) = taken {
            let label = registry.label((*attr).into());
            let detail = format!("`{label}` is required and cannot be removed; replace its value.");
            return Err(ScimError::new(Reason::MutabilityRequired, detail));
        }
        document.validate(registry)?;
        let changed = resource.document.changed(&document);
        Ok(Patched {
            document,
            changed,
            members,
        })
    }
}

impl Work<'_> {
    fn operation(&mut self, operation: &Operation) -> Result<(), ScimError> {
        let members = self
            .registry
            .resource_type(self.document.resource_type())
            .members();
        match &operation.target {
            Target::Attribute(path) if members == Some(path.attr) => {
                self.members_whole(operation.verb, path.attr, &operation.value)
            }
            Target::Elements(target) if members == Some(target.attr) => {
                self.members_some(operation.verb, target)
            }
            Target::Attribute(path) => {
                if self.registry.attribute(path.attr).mutability() == Mutability::ReadOnly {
                    return self.read_only(*path, operation);
                }
                match path.sub {
                    Some(sub) => self.part(operation.verb, path.attr, sub, &operation.value),
                    None => self.whole(operation.verb, path.attr, &operation.value),
                }
            }
            Target::Elements(target) => {
                if self.registry.attribute(target.attr).mutability() == Mutability::ReadOnly {
                    return Err(self.refuse_read_only(AttrPath {
                        attr: target.attr,
                        sub: target.sub,
                    }));
                }
                elements::apply(self, operation.verb, target, &operation.value)
            }
        }
    }

    fn members_whole(&mut self, verb: Verb, attr: AttrId, value: &Value) -> Result<(), ScimError> {
        let ids = members::ids(self.registry, attr, value)?;
        match (verb, value) {
            (Verb::Add, _) => ids.into_iter().for_each(|id| self.members.join(id)),
            (Verb::Replace, _) => self.members = MemberDelta::exactly(ids),
            (Verb::Remove, Value::Null) => self.members.leave_all(),
            (Verb::Remove, _) => ids.into_iter().for_each(|id| self.members.leave(id)),
        }
        Ok(())
    }

    fn members_some(&mut self, verb: Verb, target: &Elements) -> Result<(), ScimError> {
        // RFC 7643 §8.7.1: the parts of a member are immutable; members join and leave.
        if verb != Verb::Remove || target.sub.is_some() {
            let detail = "A member's parts cannot change; remove the member and add another.";
            return Err(ScimError::new(Reason::MutabilityImmutable, detail));
        }
        // A member that is not there may be removed any number of times: clients repeat such requests.
        let ids = named_ids(self.registry, &target.filter).unwrap_or_else(|| {
            let derived = self.resource.derived(self.registry);
            let list = derived
                .get(&target.attr)
                .map(Value::elements)
                .unwrap_or_default();
            let found = list
                .iter()
                .filter(|e| target.filter.matches_element(self.registry, e));
            found
                .filter_map(|e| members::ids(self.registry, target.attr, e).ok())
                .flatten()
                .collect()
        });
        ids.into_iter().for_each(|id| self.members.leave(id));
        Ok(())
    }

    /// A read-only attribute may be named as long as it does not change: clients send back what they read.
    fn read_only(&self, path: AttrPath, operation: &Operation) -> Result<(), ScimError> {
        let common = self.registry.common();
        let same = if path.attr == common.id {
            operation.value.as_text() == Some(self.resource.id.as_str())
        } else if path.attr == common.meta {
            operation.pathless
        } else if path.attr == common.schemas {
            // RFC 7644 §3.5.2: an operation may say which schemas there are; those with attributes are.
            let known = |urn: &Value| {
                let urn = urn.as_text().unwrap_or_default();
                self.registry
                    .schemas_of(self.document.resource_type())
                    .any(|schema| schema.urn().eq_ignore_ascii_case(urn))
            };
            operation.pathless || operation.value.elements().iter().all(known)
        } else {
            let current = self.document.at(path);
            let derived = self.resource.derived(self.registry);
            let ids = |value: &Value| {
                let mut ids = members::ids(self.registry, path.attr, value).unwrap_or_default();
                ids.sort_unstable();
                ids
            };
            let groups = self
                .registry
                .resource_type(self.document.resource_type())
                .groups()
                == Some(path.attr);
            match current.or_else(|| derived.get(&path.attr)) {
                Some(current) if groups => ids(current) == ids(&operation.value),
                Some(current) => *current == operation.value,
                None => operation.value.is_unassigned(),
            }
        };
        if same && operation.verb != Verb::Remove {
            Ok(())
        } else {
            Err(self.refuse_read_only(path))
        }
    }

    pub(super) fn refuse_read_only(&self, path: AttrPath) -> ScimError {
        let detail = format!("`{}` is readOnly; leave it out.", self.registry.label(path));
        ScimError::new(Reason::MutabilityReadOnly, detail)
    }

    /// Checks that a leaf may go from `old` to `new`.
    pub(super) fn may_change(
        &self,
        path: AttrPath,
        old: Option<&Value>,
        new: Option<&Value>,
    ) -> Result<(), ScimError> {
        let same = old.filter(|v| !v.is_unassigned()) == new.filter(|v| !v.is_unassigned());
        match self.registry.attribute(path.leaf()).mutability() {
            Mutability::ReadOnly if !same => Err(self.refuse_read_only(path)),
            // RFC 7643 §7: an immutable attribute may be set once.
            Mutability::Immutable if !same && old.is_some_and(|old| !old.is_unassigned()) => {
                let detail = format!(
                    "`{}` is immutable and already has a value.",
                    self.registry.label(path)
                );
                Err(ScimError::new(Reason::MutabilityImmutable, detail))
            }
            _ => Ok(()),
        }
    }

    fn part(
        &mut self,
        verb: Verb,
        attr: AttrId,
        sub: AttrId,
        value: &Value,
    ) -> Result<(), ScimError> {
        let path = AttrPath {
            attr,
            sub: Some(sub),
        };
        let value = if verb == Verb::Remove {
            &Value::Null
        } else {
            value
        };
        self.may_change(path, self.document.at(path), Some(value))?;
        let mut node = match self.document.remove(attr) {
            Some(Value::Complex(node)) => node,
            _ => Node::new(),
        };
        node.insert(sub, value.clone());
        self.document.set(attr, Value::Complex(node));
        Ok(())
    }

    fn whole(&mut self, verb: Verb, attr: AttrId, value: &Value) -> Result<(), ScimError> {
        let attribute = self.registry.attribute(attr);
        let old = self.document.get(attr).cloned();
        let new = match (verb, value) {
            (Verb::Remove, _) | (Verb::Replace, Value::Null) => {
                self.may_change(attr.into(), old.as_ref(), None)?;
                self.document.remove(attr);
                return Ok(());
            }
            // RFC 7643 §2.5: null is no value, and adding none changes nothing.
            (Verb::Add, Value::Null) => return Ok(()),
            (Verb::Add, _) if attribute.multi_valued() => {
                let mut list = old
                    .as_ref()
                    .map(|old| old.elements().to_vec())
                    .unwrap_or_default();
                let first = list.len();
                for element in value.elements() {
                    if !list.contains(element) {
                        list.push(element.clone());
                    }
                }
                let touched: Vec<usize> = (first..list.len()).collect();
                elements::demote(self, attr, &mut list, &touched);
                Value::List(list)
            }
            // RFC 7644 §3.5.2.3: parts that are not named stay as they are.
            (_, Value::Complex(parts))
                if attribute.kind() == AttributeType::Complex && !attribute.multi_valued() =>
            {
                let mut node = match &old {
                    Some(Value::Complex(node)) => node.clone(),
                    _ => Node::new(),
                };
                for (sub, part) in parts {
                    self.may_change(
                        AttrPath {
                            attr,
                            sub: Some(*sub),
                        },
                        node.get(sub),
                        Some(part),
                    )?;
                    node.insert(*sub, part.clone());
                }
                Value::Complex(node)
            }
            (_, value) => value.clone(),
        };
        self.may_change(attr.into(), old.as_ref(), Some(&new))?;
        self.document.set(attr, new);
        Ok(())
    }
}

/// The ids that a filter of `value eq` joined by `or` names; `None` for any other filter.
fn named_ids(registry: &Registry, filter: &Filter) -> Option<Vec<ResourceId>> {
    match filter {
        Filter::Leaf(leaf) if registry.attribute(leaf.path.leaf()).name() == "value" => {
            match &leaf.test {
                Test::Compare(CompareOp::Eq, Operand::Text(id)) => {
                    Some(vec![ResourceId::new(id.as_str())])
                }
                _ => None,
            }
        }
        Filter::Or(terms) => {
            let mut ids = Vec::new();
            for term in terms {
                ids.extend(named_ids(registry, term)?);
            }
            Some(ids)
        }
        _ => None,
    }
}
