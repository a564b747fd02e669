//! Filters: the grammar, the typed form, the reference evaluator, and sorting.
//!
//! A filter goes through three stages. [`Expr::parse`] knows the grammar of RFC 7644 §3.4.2.2 and its limits.
//! [`Resolver::filter`] finds every attribute in the schemas and gives a typed [`Filter`] over attribute ids, which is
//! what a store translates. [`Filter::matches`] says what it means:
//!
//! - A comparison is true when *any* value of the attribute compares true; two comparisons on a multi-valued
//!   attribute may be satisfied by different values.
//! - A value path (`emails[type eq "work" and value co "@x"]`) is true when *one* element satisfies the whole inner
//!   filter.
//! - `ne` is the negation of `eq`: no value equals, so a resource without the attribute matches. `not` is plain
//!   negation. There is no third truth value.
//! - `pr` is true when a value is assigned; `eq null` is its negation and `ne null` the same as `pr`.
//! - Text compares by [`crate::text::fold`] unless the attribute is caseExact, byte by byte for order; dateTimes compare by instant;
//!   numbers by value. `co`, `sw`, `ew` are for text; order is not for booleans and binaries.
//! - An attribute no schema defines is an error, never dropped; so are attributes that are never returned (the answer
//!   would leak them) and those computed when a resource is shown.

mod eval;
mod resolve;
mod sort;
mod syntax;

pub use self::resolve::{CompareOp, Filter, Leaf, Operand, Resolver, Test};
pub use self::sort::{Sort, SortValue, compare_keys};
pub use self::syntax::{Expr, Literal, Operator, PathExpr};

/// What a filter may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilterLimits {
    /// Bytes. 8 KiB is what HTTP servers commonly accept as a request line.
    pub bytes: usize,
    /// Nesting of parentheses, `not` and value paths.
    pub depth: usize,
    /// Comparisons.
    pub terms: usize,
}

impl Default for FilterLimits {
    fn default() -> Self {
        Self {
            bytes: 8 * 1024,
            depth: 64,
            terms: 256,
        }
    }
}

#[cfg(test)]
mod tests;
