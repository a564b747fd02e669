//! Filters resolved against the schemas: attribute ids and typed operands.

use time::OffsetDateTime;

use super::syntax::{Expr, Literal, Operator};
use crate::dialect::{Dialect, RewriteRule, Rewrites};
use crate::document::{DateTime, is_secret, parse_boolean, type_name};
use crate::error::{Reason, ScimError, shown};
use crate::schema::{AttrId, AttrPath, AttributeType, Registry, Resolved, ResourceTypeId};
use crate::text;

/// A comparison a store has to answer. `ne` and comparisons with null are already rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the standard's own operators")]
pub enum CompareOp {
    Eq,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

/// A typed comparison value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operand {
    /// Text, already the comparison key ([`text::key`]) under the attribute's caseExact.
    Text(String),
    /// boolean.
    Boolean(bool),
    /// integer.
    Integer(i64),
    /// decimal.
    Decimal(f64),
    /// dateTime, by instant.
    Instant(OffsetDateTime),
}

/// What a leaf asks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Test {
    /// Whether a value is assigned.
    Present,
    /// Whether a value compares true.
    Compare(CompareOp, Operand),
}

/// One question about one attribute.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Leaf {
    /// The attribute. Inside [`Filter::Element`], `attr` is that element's attribute and `sub` the part.
    pub path: AttrPath,
    /// The question.
    pub test: Test,
}

impl Leaf {
    /// A question.
    pub const fn new(path: AttrPath, test: Test) -> Self {
        Self { path, test }
    }
}

/// A filter over attribute ids: what a store translates. Every `match` on it must be complete, so that no part of a
/// filter is ever dropped.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a store must handle every part of a filter or not compile"
)]
pub enum Filter {
    /// All of these.
    And(Vec<Self>),
    /// Any of these.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// One question, true if any value satisfies it.
    Leaf(Leaf),
    /// One element of a multi-valued attribute satisfies the whole inner filter.
    Element(AttrId, Box<Self>),
    /// Always the same: a comparison on an attribute this resource type has not, while others have it.
    Const(bool),
}

impl Filter {
    /// Whether the filter asks about an attribute.
    pub fn mentions(&self, attr: AttrId) -> bool {
        match self {
            Self::And(terms) | Self::Or(terms) => terms.iter().any(|term| term.mentions(attr)),
            Self::Not(inner) => inner.mentions(attr),
            Self::Leaf(leaf) => leaf.path.attr == attr,
            Self::Element(element, _) => *element == attr,
            Self::Const(_) => false,
        }
    }
}

/// Looks up what filters, paths and sorts name.
#[derive(Debug)]
pub struct Resolver<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) kind: ResourceTypeId,
    pub(crate) dialect: &'a Dialect,
    others: &'a [ResourceTypeId],
    /// What was rewritten so far.
    pub rewrites: Rewrites,
}

impl<'a> Resolver<'a> {
    /// For one resource type.
    pub fn new(registry: &'a Registry, kind: ResourceTypeId, dialect: &'a Dialect) -> Self {
        Self {
            registry,
            kind,
            dialect,
            others: &[],
            rewrites: Rewrites::default(),
        }
    }

    /// For one of several resource types queried together. An attribute that only others of them have counts as
    /// without value (RFC 7644 §3.4.2.1).
    #[must_use]
    pub const fn among(mut self, others: &'a [ResourceTypeId]) -> Self {
        self.others = others;
        self
    }

    /// Resolves a filter.
    ///
    /// # Errors
    /// `filter.syntax`, `filter.attribute_unknown`, `filter.operator`, `filter.value`, `filter.secret`,
    /// `filter.computed`.
    pub fn filter(&mut self, expr: &Expr) -> Result<Filter, ScimError> {
        self.expr(expr, None)
    }

    /// Resolves the filter of a value path on `attr`: names in it are parts of the attribute.
    ///
    /// # Errors
    /// As [`Self::filter`].
    pub fn element_filter(&mut self, attr: AttrId, expr: &Expr) -> Result<Filter, ScimError> {
        self.expr(expr, Some(attr))
    }

    fn expr(&mut self, expr: &Expr, element: Option<AttrId>) -> Result<Filter, ScimError> {
        match expr {
            Expr::And(terms) => Ok(Filter::And(self.exprs(terms, element)?)),
            Expr::Or(terms) => Ok(Filter::Or(self.exprs(terms, element)?)),
            Expr::Not(inner) => Ok(Filter::Not(Box::new(self.expr(inner, element)?))),
            Expr::Present(path) => {
                let Some(path) = self.path(path, element)? else {
                    return Ok(Filter::Const(false));
                };
                Ok(Filter::Leaf(Leaf {
                    path,
                    test: Test::Present,
                }))
            }
            Expr::Compare {
                path: name,
                op,
                value,
            } => {
                let Some(path) = self.path(name, element)? else {
                    // Without a value, exactly `ne x` and `eq null` are true.
                    return Ok(Filter::Const(
                        (*op == Operator::Ne) != (*value == Literal::Null),
                    ));
                };
                self.compare(path, *op, value)
            }
            Expr::ValuePath { path, filter, then } => {
                if element.is_some() {
                    let detail = "A value path cannot stand inside another one.";
                    return Err(ScimError::new(Reason::FilterSyntax, detail));
                }
                let Some(found) = self.path(path, None)? else {
                    return Ok(Filter::Const(false));
                };
                let attribute = self.registry.attribute(found.attr);
                let bracketable =
                    attribute.multi_valued() || attribute.kind() == AttributeType::Complex;
                if found.sub.is_some() || !bracketable {
                    let detail = format!(
                        "`{}` has no elements to filter in brackets.",
                        self.registry.label(found)
                    );
                    return Err(ScimError::new(Reason::FilterOperator, detail));
                }
                let mut inner = self.expr(filter, Some(found.attr))?;
                if let Some(then) = then {
                    if !self.dialect.value_path_sub_filter {
                        let detail = "`attribute[filter].part` is not a filter; write `attribute[filter and part …]`.";
                        return Err(ScimError::new(Reason::FilterSyntax, detail));
                    }
                    self.rewrites.note(RewriteRule::ValuePathSubFilter, path);
                    inner = Filter::And(vec![inner, self.expr(then, Some(found.attr))?]);
                }
                Ok(Filter::Element(found.attr, Box::new(inner)))
            }
        }
    }

    fn exprs(&mut self, terms: &[Expr], element: Option<AttrId>) -> Result<Vec<Filter>, ScimError> {
        terms.iter().map(|term| self.expr(term, element)).collect()
    }

    /// The attribute of this name; `None` if only other resource types of the query have it.
    fn path(&mut self, name: &str, element: Option<AttrId>) -> Result<Option<AttrPath>, ScimError> {
        let registry = self.registry;
        let found = match element {
            Some(attr) if registry.attribute(attr).kind() == AttributeType::Complex => {
                registry.sub(attr, name).map(|sub| AttrPath {
                    attr,
                    sub: Some(sub),
                })
            }
            Some(attr) => name.eq_ignore_ascii_case("value").then_some(attr.into()),
            None => self.attribute(self.kind, name),
        };
        let Some(path) = found else {
            if element.is_none() && self.has_elsewhere(name) {
                return Ok(None);
            }
            let kind = registry.resource_type(self.kind).name();
            let detail = format!(
                "`{}` is not an attribute of {kind}; see /Schemas for those that are.",
                shown(name)
            );
            return Err(ScimError::new(Reason::FilterAttribute, detail));
        };
        // RFC 7644 §7.5.2 by way of RFC 7643 §7: what is never returned must not be found out by searching either.
        if is_secret(registry, path.attr) || path.sub.is_some_and(|sub| is_secret(registry, sub)) {
            let detail = format!(
                "`{}` cannot be searched or sorted by.",
                registry.label(path)
            );
            return Err(ScimError::new(Reason::FilterSecret, detail));
        }
        if registry.attribute(path.leaf()).computed() {
            let detail = format!(
                "`{}` is made when a resource is shown; filter by `id` or `value`.",
                registry.label(path)
            );
            return Err(ScimError::new(Reason::FilterComputed, detail));
        }
        Ok(Some(path))
    }

    pub(super) fn has_elsewhere(&mut self, name: &str) -> bool {
        self.others
            .iter()
            .any(|kind| self.attribute(*kind, name).is_some())
    }

    pub(crate) fn attribute(&mut self, kind: ResourceTypeId, name: &str) -> Option<AttrPath> {
        let found = self.registry.resolve(kind, name).or_else(|| {
            let found = self
                .registry
                .resolve_unprefixed(kind, name)
                .filter(|_| self.dialect.unprefixed_extensions);
            if found.is_some() {
                self.rewrites.note(RewriteRule::UnprefixedExtension, name);
            }
            found
        });
        match found {
            Some(Resolved::Attribute(path)) => Some(path),
            _ => None,
        }
    }

    fn compare(
        &mut self,
        mut path: AttrPath,
        op: Operator,
        value: &Literal,
    ) -> Result<Filter, ScimError> {
        let present = Filter::Leaf(Leaf {
            path,
            test: Test::Present,
        });
        match (op, value) {
            (Operator::Eq, Literal::Null) => return Ok(Filter::Not(Box::new(present))),
            (Operator::Ne, Literal::Null) => return Ok(present),
            _ => {}
        }
        if self.registry.attribute(path.leaf()).kind() == AttributeType::Complex {
            // RFC 7644 §3.4.2.2: a multi-valued complex attribute compares by its `value`.
            let Some(sub) = self.registry.sub(path.attr, "value") else {
                let label = self.registry.label(path);
                let detail =
                    format!("`{label}` has parts; compare one of them, as in `{label}.part`.");
                return Err(ScimError::new(Reason::FilterOperator, detail));
            };
            path.sub = Some(sub);
        }
        let kind = self.registry.attribute(path.leaf()).kind();
        let label = self.registry.label(path);
        let text = matches!(kind, AttributeType::String | AttributeType::Reference);
        let ordered = !matches!(kind, AttributeType::Boolean | AttributeType::Binary);
        let compare = match op {
            Operator::Eq | Operator::Ne => Some(CompareOp::Eq),
            Operator::Co => text.then_some(CompareOp::Co),
            Operator::Sw => text.then_some(CompareOp::Sw),
            Operator::Ew => text.then_some(CompareOp::Ew),
            // RFC 7644 §3.4.2.2, table 3: order on a boolean or binary attribute is invalidFilter.
            Operator::Gt => ordered.then_some(CompareOp::Gt),
            Operator::Ge => ordered.then_some(CompareOp::Ge),
            Operator::Lt => ordered.then_some(CompareOp::Lt),
            Operator::Le => ordered.then_some(CompareOp::Le),
        };
        let Some(compare) = compare else {
            let detail = format!(
                "`{}` does not fit `{label}`, which is {}.",
                op.as_str(),
                type_name(kind)
            );
            return Err(ScimError::new(Reason::FilterOperator, detail));
        };
        let Some(operand) = self.operand(path, kind, value) else {
            let detail = format!(
                "`{label}` compares with {}, text in double quotes.",
                type_name(kind)
            );
            return Err(ScimError::new(Reason::FilterValue, detail));
        };
        let leaf = Filter::Leaf(Leaf {
            path,
            test: Test::Compare(compare, operand),
        });
        Ok(if op == Operator::Ne {
            Filter::Not(Box::new(leaf))
        } else {
            leaf
        })
    }

    fn operand(&mut self, path: AttrPath, kind: AttributeType, value: &Literal) -> Option<Operand> {
        let label = self.registry.label(path);
        let mut note = |rule| self.rewrites.note(rule, &label);
        let text = match value {
            Literal::Bare(text) if self.dialect.bare_filter_values => {
                note(RewriteRule::BareFilterValue);
                Some(text)
            }
            Literal::Text(text) => Some(text),
            _ => None,
        };
        let exact = self.registry.attribute(path.leaf()).case_exact();
        match kind {
            AttributeType::String | AttributeType::Reference | AttributeType::Binary => {
                match (text, value) {
                    (Some(text), _) => Some(Operand::Text(text::key(text, exact))),
                    (None, Literal::Number(_) | Literal::Boolean(_))
                        if self.dialect.scalar_coercion =>
                    {
                        note(RewriteRule::ScalarCoercion);
                        Some(Operand::Text(text::key(&value.to_string(), exact)))
                    }
                    _ => None,
                }
            }
            AttributeType::Boolean => match value {
                Literal::Boolean(value) => Some(Operand::Boolean(*value)),
                // roles[primary eq "True"]
                _ if self.dialect.string_booleans => {
                    let value = text.and_then(|text| parse_boolean(text))?;
                    note(RewriteRule::StringBoolean);
                    Some(Operand::Boolean(value))
                }
                _ => None,
            },
            AttributeType::Integer | AttributeType::Decimal => {
                let digits = match (value, text) {
                    (Literal::Number(digits), _) => digits,
                    (_, Some(text)) if self.dialect.scalar_coercion => {
                        note(RewriteRule::ScalarCoercion);
                        text
                    }
                    _ => return None,
                };
                match kind {
                    AttributeType::Integer => digits.parse().ok().map(Operand::Integer),
                    _ => digits
                        .parse()
                        .ok()
                        .filter(|n: &f64| n.is_finite())
                        .map(Operand::Decimal),
                }
            }
            AttributeType::DateTime => Some(Operand::Instant(DateTime::parse(text?)?.instant())),
            AttributeType::Complex => None,
        }
    }
}
