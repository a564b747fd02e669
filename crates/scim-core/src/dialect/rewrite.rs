//! The record of what a dialect changed.

use serde::{Deserialize, Serialize};

use crate::error::shown;

/// Which switch changed the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "named after the switches of Dialect, where they are described"
)]
pub enum RewriteRule {
    OperationCase,
    StringBoolean,
    ScalarCoercion,
    RemoveWithValue,
    CreateMissing,
    RemoveMissing,
    PathlessDotted,
    ComplexShape,
    SingleForList,
    NullInList,
    BareFilterValue,
    ValuePathSubFilter,
    UnprefixedExtension,
    UnknownAttribute,
    UnknownSchema,
    SchemasMissing,
    KeptExternalId,
    KeptMembers,
    FirstPrimary,
    Revived,
}

/// One change: which switch, and where in the request. Never a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Rewrite {
    /// The switch.
    pub rule: RewriteRule,
    /// The attribute, path or parameter.
    pub at: String,
}

/// All changes to one request, bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewrites(Vec<Rewrite>);

impl Rewrites {
    const MOST: usize = 200; // enough to see the pattern; a bulk of 1000 operations must not swell the log

    pub(crate) fn note(&mut self, rule: RewriteRule, at: &str) {
        let at = shown(at);
        if self.0.len() < Self::MOST && !self.0.iter().any(|r| r.rule == rule && r.at == at) {
            self.0.push(Rewrite { rule, at });
        }
    }

    /// The changes, each kind and place once.
    pub fn all(&self) -> &[Rewrite] {
        &self.0
    }
}
