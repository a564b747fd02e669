//! The reference evaluator: what a filter means.

use std::cmp::Ordering;

use super::resolve::{CompareOp, Filter, Leaf, Operand, Test};
use crate::document::{Node, Value};
use crate::resource::Resource;
use crate::schema::{AttrPath, Registry};
use crate::text;

impl Filter {
    /// Whether a resource matches. Members and groups count only where they are loaded.
    pub fn matches(&self, registry: &Registry, resource: &Resource) -> bool {
        self.matches_nodes(
            registry,
            &[resource.document.attributes(), &resource.derived(registry)],
        )
    }

    /// Whether attributes match, each looked up in the first node that has it.
    pub fn matches_nodes(&self, registry: &Registry, nodes: &[&Node]) -> bool {
        match self {
            Self::And(terms) => terms.iter().all(|term| term.matches_nodes(registry, nodes)),
            Self::Or(terms) => terms.iter().any(|term| term.matches_nodes(registry, nodes)),
            Self::Not(inner) => !inner.matches_nodes(registry, nodes),
            Self::Const(value) => *value,
            Self::Leaf(leaf) => values(nodes, leaf.path).any(|value| leaf.accepts(registry, value)),
            Self::Element(attr, inner) => {
                let value = nodes.iter().find_map(|node| node.get(attr));
                value.is_some_and(|value| {
                    value
                        .elements()
                        .iter()
                        .any(|one| inner.matches_element(registry, one))
                })
            }
        }
    }

    /// Whether one element of a multi-valued attribute matches the filter of a value path.
    pub fn matches_element(&self, registry: &Registry, element: &Value) -> bool {
        match self {
            Self::And(terms) => terms
                .iter()
                .all(|term| term.matches_element(registry, element)),
            Self::Or(terms) => terms
                .iter()
                .any(|term| term.matches_element(registry, element)),
            Self::Not(inner) => !inner.matches_element(registry, element),
            Self::Const(value) => *value,
            Self::Leaf(leaf) => {
                part(element, leaf.path).is_some_and(|value| leaf.accepts(registry, value))
            }
            // The resolver makes no element within an element.
            Self::Element(..) => false,
        }
    }
}

fn part(element: &Value, path: AttrPath) -> Option<&Value> {
    match (path.sub, element) {
        (None, value) => Some(value),
        (Some(sub), Value::Complex(node)) => node.get(&sub),
        (Some(_), _) => None,
    }
}

/// The values at a path, from the first node that has the attribute.
pub(super) fn values<'v>(
    nodes: &[&'v Node],
    path: AttrPath,
) -> impl Iterator<Item = &'v Value> + use<'v> {
    let value = nodes.iter().find_map(|node| node.get(&path.attr));
    value
        .map(Value::elements)
        .unwrap_or_default()
        .iter()
        .filter_map(move |element| part(element, path))
}

impl Leaf {
    fn accepts(&self, registry: &Registry, value: &Value) -> bool {
        match &self.test {
            Test::Present => !value.is_unassigned(),
            Test::Compare(op, operand) => compare(registry, self.path, value, *op, operand),
        }
    }
}

fn compare(
    registry: &Registry,
    path: AttrPath,
    value: &Value,
    op: CompareOp,
    operand: &Operand,
) -> bool {
    let ordering = match (value, operand) {
        (Value::Text(value), Operand::Text(wanted)) => {
            let value = text::key(value, registry.attribute(path.leaf()).case_exact());
            match op {
                CompareOp::Co => return value.contains(wanted.as_str()),
                CompareOp::Sw => return value.starts_with(wanted.as_str()),
                CompareOp::Ew => return value.ends_with(wanted.as_str()),
                _ => Some(value.as_str().cmp(wanted.as_str())),
            }
        }
        (Value::Boolean(value), Operand::Boolean(wanted)) => Some(value.cmp(wanted)),
        (Value::Integer(value), Operand::Integer(wanted)) => Some(value.cmp(wanted)),
        (Value::Decimal(value), Operand::Decimal(wanted)) => value.partial_cmp(wanted),
        (Value::DateTime(value), Operand::Instant(wanted)) => Some(value.instant().cmp(wanted)),
        _ => None,
    };
    let Some(ordering) = ordering else {
        return false;
    };
    match op {
        CompareOp::Eq => ordering == Ordering::Equal,
        CompareOp::Gt => ordering == Ordering::Greater,
        CompareOp::Ge => ordering != Ordering::Less,
        CompareOp::Lt => ordering == Ordering::Less,
        CompareOp::Le => ordering != Ordering::Greater,
        CompareOp::Co | CompareOp::Sw | CompareOp::Ew => false,
    }
}
