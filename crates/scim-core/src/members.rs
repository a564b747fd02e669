//! Changes to a group's members that never need the members themselves.

use std::collections::BTreeSet;

use crate::document::Value;
use crate::error::{Reason, ScimError};
use crate::resource::ResourceId;
use crate::schema::{AttrId, Registry};

/// What happens to the members of one group: all leave (`clear`), these leave, these join. Joining twice or leaving
/// without being a member changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberDelta {
    clear: bool,
    add: BTreeSet<ResourceId>,
    remove: BTreeSet<ResourceId>,
}

impl MemberDelta {
    /// Exactly these members.
    pub fn exactly(members: impl IntoIterator<Item = ResourceId>) -> Self {
        Self {
            clear: true,
            add: members.into_iter().collect(),
            remove: BTreeSet::new(),
        }
    }

    /// Whether all earlier members leave.
    pub const fn clear(&self) -> bool {
        self.clear
    }

    /// Who joins.
    pub const fn add(&self) -> &BTreeSet<ResourceId> {
        &self.add
    }

    /// Who leaves; empty when all do.
    pub const fn remove(&self) -> &BTreeSet<ResourceId> {
        &self.remove
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        !self.clear && self.add.is_empty() && self.remove.is_empty()
    }

    /// One joins, after everything before.
    pub fn join(&mut self, id: ResourceId) {
        self.remove.remove(&id);
        self.add.insert(id);
    }

    /// One leaves, after everything before.
    pub fn leave(&mut self, id: ResourceId) {
        self.add.remove(&id);
        if !self.clear {
            self.remove.insert(id);
        }
    }

    /// All leave, after everything before.
    pub fn leave_all(&mut self) {
        *self = Self::exactly([]);
    }

    /// Another change after this one.
    pub fn then(&mut self, later: Self) {
        if later.clear {
            *self = later;
            return;
        }
        later.remove.into_iter().for_each(|id| self.leave(id));
        later.add.into_iter().for_each(|id| self.join(id));
    }
}

/// The ids in a value of `members`. Where `value` is missing, the last segment of `$ref` serves.
pub(crate) fn ids(
    registry: &Registry,
    attr: AttrId,
    value: &Value,
) -> Result<Vec<ResourceId>, ScimError> {
    let part = |element: &Value, name: &str| match element {
        Value::Complex(node) => {
            let sub = registry.sub(attr, name)?;
            node.get(&sub)?
                .as_text()
                .filter(|text| !text.is_empty())
                .map(ToOwned::to_owned)
        }
        _ => None,
    };
    let id = |element: &Value| {
        let last = |uri: String| uri.rsplit('/').next().map(ToOwned::to_owned);
        let id = part(element, "value")
            .or_else(|| part(element, "$ref").and_then(last))
            .filter(|id| !id.is_empty());
        id.map(ResourceId::new).ok_or_else(|| {
            ScimError::new(
                Reason::ValueType,
                "Every member needs `value`, the id of a resource.",
            )
        })
    };
    value.elements().iter().map(id).collect()
}
