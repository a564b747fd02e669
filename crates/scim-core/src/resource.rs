//! A stored resource and its identifiers.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::document::{DateTime, Document, Node, Value};
use crate::schema::{Registry, ResourceTypeId};

macro_rules! identifiers {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// From its text.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }
            /// Its text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

identifiers! {
    /// A customer: the scope within which ids, unique values and groups live.
    TenantId;
    /// One connection of a tenant to an identity provider.
    ConnectionId;
    /// A resource's `id`: made by us, unique over all resource types of a tenant, compared exactly.
    ResourceId;
}

/// A resource's version: grows by one with every change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The version of a new resource.
    pub const FIRST: Self = Self(1);

    /// From a stored number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }
    /// The number.
    pub const fn number(self) -> u64 {
        self.0
    }
    /// The one after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// A member of a group, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// The member's id.
    pub id: ResourceId,
    /// Its resource type; `None` for a deferred member that does not exist yet.
    pub kind: Option<ResourceTypeId>,
    /// Its display name.
    pub display: Option<String>,
}

impl Member {
    /// A member.
    pub const fn new(
        id: ResourceId,
        kind: Option<ResourceTypeId>,
        display: Option<String>,
    ) -> Self {
        Self { id, kind, display }
    }
}

/// A group a resource belongs to, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupRef {
    /// The group's id.
    pub id: ResourceId,
    /// The group's resource type.
    pub kind: ResourceTypeId,
    /// The group's display name.
    pub display: Option<String>,
    /// Whether the membership is direct, not by way of another group.
    pub direct: bool,
}

impl GroupRef {
    /// A group reference.
    pub const fn new(
        id: ResourceId,
        kind: ResourceTypeId,
        display: Option<String>,
        direct: bool,
    ) -> Self {
        Self {
            id,
            kind,
            display,
            direct,
        }
    }
}

/// A resource as the store gives it out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Resource {
    /// The id.
    pub id: ResourceId,
    /// The version.
    pub version: Version,
    /// When it was created.
    pub created: OffsetDateTime,
    /// When it was last changed.
    pub last_modified: OffsetDateTime,
    /// The connection that made it.
    pub connection: Option<ConnectionId>,
    /// What is stored of it.
    pub document: Document,
    /// Its members, if it is a group and they were asked for.
    pub members: Option<Vec<Member>>,
    /// Its groups, if they were asked for.
    pub groups: Option<Vec<GroupRef>>,
}

impl Resource {
    /// A resource in its first version.
    pub const fn new(id: ResourceId, document: Document, created: OffsetDateTime) -> Self {
        Self {
            id,
            version: Version::FIRST,
            created,
            last_modified: created,
            connection: None,
            document,
            members: None,
            groups: None,
        }
    }

    /// The resource type.
    pub const fn resource_type(&self) -> ResourceTypeId {
        self.document.resource_type()
    }

    /// The attributes that are not in the document, as values: `schemas`, `id`, `meta`, and members and groups where
    /// they are loaded. What filters and sorts see beside the document.
    pub fn derived(&self, registry: &Registry) -> Node {
        let common = registry.common();
        let kind = registry.resource_type(self.resource_type());
        let text = |text: &str| Value::Text(text.to_owned());
        let mut schemas = vec![text(registry.schema(kind.schema()).urn())];
        for (schema, _) in kind.extensions() {
            let schema = registry.schema(*schema);
            if schema
                .attributes()
                .iter()
                .any(|a| self.document.get(*a).is_some())
            {
                schemas.push(text(schema.urn()));
            }
        }
        let meta = Node::from([
            (common.resource_type, text(kind.name())),
            (common.created, Value::DateTime(DateTime::at(self.created))),
            (
                common.last_modified,
                Value::DateTime(DateTime::at(self.last_modified)),
            ),
        ]);
        let mut node = Node::from([
            (common.schemas, Value::List(schemas)),
            (common.id, text(self.id.as_str())),
            (common.meta, Value::Complex(meta)),
        ]);
        if let (Some(attr), Some(members)) = (kind.members(), &self.members) {
            let items = members.iter().map(|member| {
                let kind = member.kind.map(|kind| registry.resource_type(kind).name());
                let parts = [
                    ("value", Some(member.id.as_str())),
                    ("type", kind),
                    ("display", member.display.as_deref()),
                ];
                parts_of(registry, attr, &parts)
            });
            node.insert(attr, Value::List(items.collect()));
        }
        if let (Some(attr), Some(groups)) = (kind.groups(), &self.groups) {
            let items = groups.iter().map(|group| {
                let kind = if group.direct { "direct" } else { "indirect" };
                let parts = [
                    ("value", Some(group.id.as_str())),
                    ("type", Some(kind)),
                    ("display", group.display.as_deref()),
                ];
                parts_of(registry, attr, &parts)
            });
            node.insert(attr, Value::List(items.collect()));
        }
        node
    }
}

fn parts_of(
    registry: &Registry,
    attr: crate::schema::AttrId,
    parts: &[(&str, Option<&str>)],
) -> Value {
    let assigned = parts.iter().filter_map(|(name, value)| {
        Some((registry.sub(attr, name)?, Value::Text((*value)?.to_owned())))
    });
    Value::Complex(assigned.collect())
}
