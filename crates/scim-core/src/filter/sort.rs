//! Sorting (RFC 7644 §3.4.2.3) with keys a cursor can carry.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::Resolver;
use super::eval::values;
use crate::document::{Node, Value, is_secret};
use crate::error::{Reason, ScimError, shown};
use crate::schema::{AttrPath, AttributeType, Registry};
use crate::text;

/// What resources are sorted by. `path` is `None` where the resource type lacks the attribute that others of the query
/// have: all its resources are without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sort {
    /// The attribute.
    pub path: Option<AttrPath>,
    /// Whether the order is descending.
    pub descending: bool,
}

/// A key to sort by. Text is the comparison key, instants are nanoseconds since 1970.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the types of RFC 7643 §2.3")]
pub enum SortValue {
    Boolean(bool),
    Integer(i64),
    Decimal(f64),
    Instant(i128),
    Text(String),
}

impl SortValue {
    const fn rank(&self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Integer(_) => 1,
            Self::Decimal(_) => 2,
            Self::Instant(_) => 3,
            Self::Text(_) => 4,
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Decimal(a), Self::Decimal(b)) => a.total_cmp(b),
            (Self::Instant(a), Self::Instant(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// The total order of a sorted list: by key, resources without one last, then by id; all of it reversed if descending.
///
/// RFC 7644 §3.4.2.3: resources without a value come last when ascending and first when descending.
pub fn compare_keys(
    a: (Option<&SortValue>, &str),
    b: (Option<&SortValue>, &str),
    descending: bool,
) -> Ordering {
    let keys = match (a.0, b.0) {
        (Some(a), Some(b)) => a.compare(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    };
    let order = keys.then_with(|| a.1.cmp(b.1));
    if descending { order.reverse() } else { order }
}

impl Sort {
    /// The key of a resource's attributes: of several values the primary one's, else the first's.
    pub fn key(&self, registry: &Registry, nodes: &[&Node]) -> Option<SortValue> {
        let path = self.path?;
        let primary = registry.sub(path.attr, "primary");
        let is_primary = |value: &Value| match (value, primary) {
            (Value::Complex(node), Some(primary)) => {
                node.get(&primary) == Some(&Value::Boolean(true))
            }
            _ => false,
        };
        let list = nodes
            .iter()
            .find_map(|node| node.get(&path.attr))
            .map(Value::elements)
            .unwrap_or_default();
        let first = list
            .iter()
            .find(|value| is_primary(value))
            .or_else(|| list.first())?;
        let only = Node::from([(path.attr, first.clone())]);
        let value = values(&[&only], path).next().cloned()?;
        Some(match value {
            Value::Text(value) => SortValue::Text(text::key(
                &value,
                registry.attribute(path.leaf()).case_exact(),
            )),
            Value::Boolean(value) => SortValue::Boolean(value),
            Value::Integer(value) => SortValue::Integer(value),
            Value::Decimal(value) => SortValue::Decimal(value),
            Value::DateTime(value) => SortValue::Instant(value.instant().unix_timestamp_nanos()),
            Value::Null | Value::Complex(_) | Value::List(_) => return None,
        })
    }
}

impl Resolver<'_> {
    /// Resolves `sortBy`.
    ///
    /// # Errors
    /// `sort.attribute`, `filter.secret`.
    pub fn sort(&mut self, name: &str, descending: bool) -> Result<Sort, ScimError> {
        let wrong = |detail: String| Err(ScimError::new(Reason::SortAttribute, detail));
        let Some(mut path) = self.attribute(self.kind, name) else {
            if self.has_elsewhere(name) {
                return Ok(Sort {
                    path: None,
                    descending,
                });
            }
            return wrong(format!(
                "`{}` is not an attribute to sort by; see /Schemas.",
                shown(name)
            ));
        };
        let registry = self.registry;
        if registry.attribute(path.leaf()).kind() == AttributeType::Complex {
            // RFC 7644 §3.4.2.3: a complex attribute needs a part; multi-valued ones have `value`.
            let Some(sub) = registry.sub(path.attr, "value") else {
                let label = registry.label(path);
                return wrong(format!(
                    "`{label}` has parts; sort by one of them, as in `{label}.part`."
                ));
            };
            path.sub = Some(sub);
        }
        if is_secret(registry, path.attr) || is_secret(registry, path.leaf()) {
            let detail = format!(
                "`{}` cannot be searched or sorted by.",
                registry.label(path)
            );
            return Err(ScimError::new(Reason::FilterSecret, detail));
        }
        let kind = registry.resource_type(self.kind);
        let derived = [
            kind.members(),
            kind.groups(),
            Some(registry.common().schemas),
        ]
        .contains(&Some(path.attr));
        if derived || registry.attribute(path.leaf()).computed() {
            return wrong(format!("`{}` cannot be sorted by.", registry.label(path)));
        }
        Ok(Sort {
            path: Some(path),
            descending,
        })
    }
}
