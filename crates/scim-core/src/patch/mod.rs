//! PATCH (RFC 7644 §3.5.2).
//!
//! [`Plan::read`] reads, resolves and type-checks *all* operations before anything happens; [`Plan::apply`] works on a
//! copy and gives the changed document, the names of what changed and, for groups, a [`MemberDelta`]. The caller
//! commits once, or not at all.
//!
//! [`MemberDelta`]: crate::members::MemberDelta

mod apply;
mod elements;
mod read;

use crate::document::Value;
use crate::filter::{Filter, FilterLimits};
use crate::schema::{AttrId, AttrPath};

pub use self::apply::Patched;

/// What a PATCH may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatchLimits {
    /// Most operations. Entra sends one per attribute or member; a thousand fill the largest body we read.
    pub operations: usize,
    /// For the filters in paths.
    pub filter: FilterLimits,
}

impl Default for PatchLimits {
    fn default() -> Self {
        Self {
            operations: 1000,
            filter: FilterLimits::default(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

#[derive(Clone, Debug)]
enum Target {
    /// A whole attribute or a part of a singular one.
    Attribute(AttrPath),
    /// The elements a filter selects, or a part of each.
    Elements(Elements),
}

#[derive(Clone, Debug)]
struct Elements {
    attr: AttrId,
    filter: Filter,
    sub: Option<AttrId>,
    /// The parts a new element gets when none matches; `None` where none may be made.
    make: Option<Vec<(AttrId, Value)>>,
    /// Whether a remove that matches nothing is fine in every dialect.
    quiet: bool,
}

#[derive(Clone, Debug)]
struct Operation {
    index: usize,
    verb: Verb,
    target: Target,
    /// For `remove`, the elements to remove.
    value: Value,
    /// Whether the name came from the value of an operation without path.
    pathless: bool,
}

/// All operations of a PATCH, resolved and type-checked.
#[derive(Clone, Debug)]
pub struct Plan {
    operations: Vec<Operation>,
}

#[cfg(test)]
mod tests;
