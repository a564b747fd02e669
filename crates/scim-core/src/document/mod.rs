//! Resources as schema-checked dynamic documents.
//!
//! A [`Document`] holds what is stored of a resource: attributes by [`AttrId`], never `id`, `meta`, a group's members
//! or a user's groups. While it is read from a request, absent, null and empty are three different things
//! ([`Document::get`] gives `None`, `Some(Value::Null)`, `Some(Value::List([]))`); [`Document::canonicalize`] brings it
//! to the one form in which unassigned attributes are simply not there (RFC 7643 §2.5).

mod projection;
mod read;
mod render;
mod stored;

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value as Json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use self::projection::Projection;
pub(crate) use self::read::parse_boolean;
pub use self::read::{Keep, Reader};
pub use self::render::{Renderer, etag};
use crate::error::{Reason, ScimError};
use crate::schema::{
    AttrId, AttrPath, AttributeType, Mutability, Registry, ResourceTypeId, Returned,
};

/// A point in time, with the text it was written as (values are kept as sent).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateTime {
    text: String,
    instant: OffsetDateTime,
}

impl DateTime {
    /// Reads an xsd:dateTime (RFC 7643 §2.3.5). Without an offset it counts as UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let read = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
        let instant = read(text).or_else(|| {
            text.contains('T')
                .then(|| read(&format!("{text}Z")))
                .flatten()
        })?;
        Some(Self {
            text: text.to_owned(),
            instant,
        })
    }

    /// This instant, written in UTC with milliseconds.
    pub fn at(instant: OffsetDateTime) -> Self {
        let instant = instant.to_offset(time::UtcOffset::UTC);
        let instant = instant
            .replace_nanosecond(instant.nanosecond() / 1_000_000 * 1_000_000)
            .unwrap_or(instant);
        Self {
            text: instant.format(&Rfc3339).unwrap_or_default(),
            instant,
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The instant, by which it is compared.
    pub const fn instant(&self) -> OffsetDateTime {
        self.instant
    }
}

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Explicitly unassigned.
    Null,
    /// string, reference, binary (in Base64).
    Text(String),
    /// boolean.
    Boolean(bool),
    /// integer.
    Integer(i64),
    /// decimal.
    Decimal(f64),
    /// dateTime.
    DateTime(DateTime),
    /// A complex value.
    Complex(Node),
    /// The values of a multi-valued attribute.
    List(Vec<Self>),
}

impl Value {
    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it assigns nothing: null, an empty list, a complex value without assigned parts (RFC 7643 §2.5).
    pub fn is_unassigned(&self) -> bool {
        match self {
            Self::Null => true,
            Self::List(items) => items.iter().all(Self::is_unassigned),
            Self::Complex(node) => node.values().all(Self::is_unassigned),
            _ => false,
        }
    }

    /// The values one by one: a list's elements, else the value itself, nothing if unassigned.
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::Null => &[],
            Self::List(items) => items,
            one => std::slice::from_ref(one),
        }
    }

    fn canonicalize(&mut self, registry: &Registry) {
        match self {
            Self::List(items) => {
                items
                    .iter_mut()
                    .for_each(|item| item.canonicalize(registry));
                // RFC 7643 §2.4: the same value is not there twice.
                let mut seen = HashSet::new();
                items.retain(|item| {
                    !item.is_unassigned() && seen.insert(stored::value(registry, item).to_string())
                });
            }
            Self::Complex(node) => canonicalize(registry, node),
            _ => {}
        }
    }
}

/// Attributes or parts by id.
pub type Node = BTreeMap<AttrId, Value>;

fn canonicalize(registry: &Registry, node: &mut Node) {
    node.retain(|attr, _| registry.attribute(*attr).mutability() != Mutability::WriteOnly);
    node.values_mut()
        .for_each(|value| value.canonicalize(registry));
    node.retain(|_, value| !value.is_unassigned());
}

/// What is stored of one resource.
#[derive(Clone, PartialEq)]
pub struct Document {
    resource_type: ResourceTypeId,
    attributes: Node,
    extras: Map<String, Json>,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Names only: the values are people's data.
        f.debug_struct("Document")
            .field("attributes", &self.attributes.keys())
            .finish_non_exhaustive()
    }
}

impl Document {
    /// A document without attributes.
    pub fn new(resource_type: ResourceTypeId) -> Self {
        Self {
            resource_type,
            attributes: Node::new(),
            extras: Map::new(),
        }
    }

    /// The resource type.
    pub const fn resource_type(&self) -> ResourceTypeId {
        self.resource_type
    }

    /// The attributes, extension attributes among them.
    pub const fn attributes(&self) -> &Node {
        &self.attributes
    }

    /// An attribute's value. `None` is absent; null and empty are values until [`Self::canonicalize`].
    pub fn get(&self, attr: AttrId) -> Option<&Value> {
        self.attributes.get(&attr)
    }

    /// A single value at a path of singular attributes.
    pub fn at(&self, path: AttrPath) -> Option<&Value> {
        match (self.attributes.get(&path.attr)?, path.sub) {
            (value, None) => Some(value),
            (Value::Complex(node), Some(sub)) => node.get(&sub),
            _ => None,
        }
    }

    /// Sets an attribute; the value's type is the caller's duty ([`Reader::value`] checks it).
    pub fn set(&mut self, attr: AttrId, value: Value) {
        self.attributes.insert(attr, value);
    }

    /// Takes an attribute away.
    pub fn remove(&mut self, attr: AttrId) -> Option<Value> {
        self.attributes.remove(&attr)
    }

    /// Extension objects kept from an import although no schema describes them.
    pub const fn extras(&self) -> &Map<String, Json> {
        &self.extras
    }

    pub(crate) fn keep_extras(&mut self, other: &Self) {
        self.extras.clone_from(&other.extras);
    }

    /// Removes what assigns nothing, values that a list has already, and what a store must never see: write-only
    /// attributes such as `password`.
    ///
    /// Stored passwords would be a burden without a use: the service provider's users log in at the identity provider.
    pub fn canonicalize(&mut self, registry: &Registry) {
        canonicalize(registry, &mut self.attributes);
    }

    /// Checks that required attributes, their required parts and required extensions are there. Those that clients do
    /// not write are not asked for, and those that are never stored only when a resource is made.
    ///
    /// # Errors
    /// `attribute.required`, `value.primary`.
    pub fn validate(&self, registry: &Registry) -> Result<(), ScimError> {
        self.require(registry, |mutability| {
            matches!(mutability, Mutability::ReadWrite | Mutability::Immutable)
        })?;
        for (attr, value) in &self.attributes {
            if primaries(registry, *attr, value) > 1 {
                let detail = format!(
                    "Only one value of `{}` may be primary.",
                    registry.label((*attr).into())
                );
                return Err(ScimError::new(Reason::ValuePrimary, detail));
            }
        }
        Ok(())
    }

    /// Checks that required write-only attributes are there, which only a new resource as it was sent can tell.
    ///
    /// # Errors
    /// `attribute.required`.
    pub(crate) fn validate_secrets(&self, registry: &Registry) -> Result<(), ScimError> {
        self.require(registry, |mutability| mutability == Mutability::WriteOnly)
    }

    fn require(
        &self,
        registry: &Registry,
        asks: impl Fn(Mutability) -> bool,
    ) -> Result<(), ScimError> {
        let kind = registry.resource_type(self.resource_type);
        let lacks = |attr: AttrId, value: Option<&Value>| {
            let attribute = registry.attribute(attr);
            attribute.required() && asks(attribute.mutability()) && value.is_none_or(is_blank)
        };
        let missing = |path: AttrPath| {
            let detail = format!(
                "`{}` is required; send it with a value that is not empty.",
                registry.label(path)
            );
            Err(ScimError::new(Reason::AttributeRequired, detail))
        };
        for schema in registry.schemas_of(self.resource_type) {
            let present = schema
                .attributes()
                .iter()
                .any(|a| self.get(*a).is_some_and(|value| !value.is_unassigned()));
            let wanted = schema.id() == kind.schema()
                || present
                || kind
                    .extensions()
                    .iter()
                    .any(|(id, required)| *id == schema.id() && *required);
            for attr in schema.attributes().iter().filter(|_| wanted) {
                let value = self.attributes.get(attr);
                if lacks(*attr, value) {
                    return missing((*attr).into());
                }
                for element in value.map(Value::elements).unwrap_or_default() {
                    let Value::Complex(node) = element else {
                        continue;
                    };
                    for sub in registry.attribute(*attr).subs() {
                        if lacks(*sub, node.get(sub)) {
                            return missing(AttrPath {
                                attr: *attr,
                                sub: Some(*sub),
                            });
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// The top-level attributes in which two documents differ.
    pub fn changed(&self, other: &Self) -> Vec<AttrId> {
        let mut changed: Vec<AttrId> = self
            .attributes
            .iter()
            .filter(|(attr, value)| other.attributes.get(attr) != Some(*value))
            .map(|(attr, _)| *attr)
            .chain(
                other
                    .attributes
                    .keys()
                    .filter(|attr| !self.attributes.contains_key(attr))
                    .copied(),
            )
            .collect();
        changed.sort_unstable();
        changed
    }

    /// Whether the resource counts as active: `active` is absent or true (RFC 7643 §4.1.1).
    pub fn is_active(&self, registry: &Registry) -> bool {
        let active = registry.resource_type(self.resource_type).active();
        active.and_then(|attr| self.get(attr)) != Some(&Value::Boolean(false))
    }
}

fn is_blank(value: &Value) -> bool {
    value.is_unassigned() || value.as_text().is_some_and(|text| text.trim().is_empty())
}

/// How many values are primary (RFC 7643 §2.4: at most one may be).
pub(crate) fn primaries(registry: &Registry, attr: AttrId, value: &Value) -> usize {
    let Some(primary) = registry.sub(attr, "primary") else {
        return 0;
    };
    let is = |v: &&Value| matches!(v, Value::Complex(node) if node.get(&primary) == Some(&Value::Boolean(true)));
    value.elements().iter().filter(is).count()
}

/// Whether an attribute may be searched, compared and sorted by without giving a secret away.
pub(crate) fn is_secret(registry: &Registry, attr: AttrId) -> bool {
    let attribute = registry.attribute(attr);
    attribute.returned() == Returned::Never || attribute.mutability() == Mutability::WriteOnly
}

pub(crate) const fn type_name(kind: AttributeType) -> &'static str {
    match kind {
        AttributeType::String => "a string",
        AttributeType::Boolean => "true or false",
        AttributeType::Decimal => "a number",
        AttributeType::Integer => "a whole number",
        AttributeType::DateTime => "a dateTime such as 2026-01-31T12:00:00Z",
        AttributeType::Binary => "Base64 text",
        AttributeType::Reference => "a URI as a string",
        AttributeType::Complex => "an object",
    }
}

#[cfg(test)]
mod tests;
