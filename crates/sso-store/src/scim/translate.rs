//! A filter as SQL: bound parameters only, one subquery a question, a value path as one subquery
//! whose inner questions are about the same element.
//!
//! What SQL cannot answer exactly is never dropped: the part becomes TRUE, the whole is marked as
//! inexact, and every row that it lets through is judged by the filter itself.

use scim_core::document::{Node, Value};
use scim_core::filter::{CompareOp, Filter, Leaf, Operand, Test};
use scim_core::schema::{AttrId, Registry, ResourceTypeId, Uniqueness};

use super::encode::{self, END, Numbers, TEXT};
use crate::db::dialect::Dialect;
use crate::db::{Db, Param, params};
use crate::error::DbError;

/// A value that more resources have is not worth being looked up first.
const FEW: i64 = 200;

/// A condition on `scim_resources r`.
pub(super) struct Condition {
    pub(super) sql: String,
    /// Whether it holds for exactly the resources that match; else for these and perhaps others.
    pub(super) exact: bool,
}

impl Condition {
    fn exact(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            exact: true,
        }
    }

    fn anything() -> Self {
        Self {
            sql: "1 = 1".to_owned(),
            exact: false,
        }
    }

    fn constant(value: bool) -> Self {
        Self::exact(if value { "1 = 1" } else { "1 = 0" })
    }
}

/// Collects the parameters of one statement.
pub(super) struct Translator<'a> {
    pub(super) registry: &'a Registry,
    pub(super) numbers: &'a Numbers,
    pub(super) kind: ResourceTypeId,
    pub(super) tenant: &'a str,
    pub(super) db: Db<'a>,
    pub(super) params: Vec<Param<'static>>,
    /// Why the database could not say what is rare.
    pub(super) failed: Option<DbError>,
}

impl Translator<'_> {
    /// Binds a value and gives its placeholder.
    pub(super) fn bind(&mut self, value: impl Into<Param<'static>>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }

    pub(super) fn condition(&mut self, filter: &Filter) -> Condition {
        match filter {
            Filter::And(terms) => self.join(terms, " AND "),
            Filter::Or(terms) => self.join(terms, " OR "),
            Filter::Not(inner) => {
                let mark = self.params.len();
                let inner = self.condition(inner);
                self.negate(&inner, mark)
            }
            Filter::Const(value) => Condition::constant(*value),
            Filter::Leaf(leaf) => self.leaf(leaf),
            Filter::Element(attr, inner) => {
                if self.is_derived(*attr) {
                    return Condition::anything();
                }
                let lead = self.leading(inner);
                let attr = self.attribute(*attr);
                let inner = self.inner(inner);
                let element = self.exists(&format!(
                    "scim_values e WHERE e.tenant = r.tenant AND e.id = r.id AND e.attr = {attr} AND ({})",
                    inner.sql
                ));
                Condition {
                    sql: lead + &element,
                    exact: inner.exact,
                }
            }
        }
    }

    /// The opposite of a condition that holds for more than it should holds for less: it is no use.
    fn negate(&mut self, inner: &Condition, mark: usize) -> Condition {
        if inner.exact {
            Condition::exact(format!("NOT ({})", inner.sql))
        } else {
            // What is not in the statement may not be among its parameters
            self.params.truncate(mark);
            Condition::anything()
        }
    }

    fn join(&mut self, terms: &[Filter], between: &str) -> Condition {
        let terms: Vec<Condition> = terms.iter().map(|term| self.condition(term)).collect();
        join(&terms, between)
    }

    fn attribute(&mut self, attr: AttrId) -> String {
        let number = self.numbers.of(attr);
        self.bind(number)
    }

    /// Whether the attribute is not in the document, so not in the index.
    fn is_derived(&self, attr: AttrId) -> bool {
        let kind = self.registry.resource_type(self.kind);
        let common = self.registry.common();
        [kind.members(), kind.groups()].contains(&Some(attr))
            || [common.id, common.meta, common.schemas].contains(&attr)
    }

    fn leaf(&mut self, leaf: &Leaf) -> Condition {
        if self.is_derived(leaf.path.attr) {
            return self.derived(leaf);
        }
        let mark = self.params.len();
        let attr = self.attribute(leaf.path.leaf());
        let Test::Compare(op, operand) = &leaf.test else {
            return Condition::exact(self.exists(&format!(
                "scim_values v WHERE v.tenant = r.tenant AND v.id = r.id AND v.attr = {attr}"
            )));
        };
        let Some(Condition { sql, exact }) = self.comparison("v.key", *op, operand) else {
            self.params.truncate(mark);
            return Condition::anything();
        };
        // Where few match, the index of keys leads; where many do, each row is asked
        let sql = if *op == CompareOp::Eq && self.is_rare(leaf.path.leaf(), operand) {
            self.holders(&attr, &sql)
        } else {
            self.exists(&format!(
                "scim_values v WHERE v.tenant = r.tenant AND v.id = r.id AND v.attr = {attr} AND {sql}"
            ))
        };
        Condition { sql, exact }
    }

    /// That a resource is one of those whose value passes a test.
    fn holders(&self, attr: &str, test: &str) -> String {
        let select = format!(
            "SELECT v.id FROM scim_values v WHERE v.tenant = ?1 AND v.attr = {attr} AND {test}"
        );
        self.dialect().among("r.id", &select)
    }

    /// Whether no more than a few values of an attribute are this one.
    fn is_rare(&mut self, attr: AttrId, operand: &Operand) -> bool {
        let (Operand::Text(_), Some(key)) = (operand, encode::operand(operand)) else {
            return false;
        };
        if self.registry.attribute(attr).uniqueness() != Uniqueness::None {
            return true;
        }
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM scim_values v WHERE v.tenant = ?1 AND v.attr = ?2 AND {} LIMIT {}) few",
            self.dialect().key_equals("v.key", "?3"),
            FEW + 1
        );
        let params = params![self.tenant, self.numbers.of(attr), key];
        let counted = self.db.one(&sql, params, |row| row.get::<i64>(0));
        match counted {
            Ok(count) => count <= FEW,
            Err(error) => {
                self.failed.get_or_insert(error);
                true
            }
        }
    }

    fn exists(&self, rows: &str) -> String {
        self.dialect().exists(rows)
    }

    fn dialect(&self) -> Dialect {
        self.db.dialect()
    }

    /// Where an element has to have one text, the index of keys leads to the few that may match; of
    /// several texts, that of `value` tells most.
    fn leading(&mut self, inner: &Filter) -> String {
        let terms = match inner {
            Filter::And(terms) => terms.as_slice(),
            leaf => std::slice::from_ref(leaf),
        };
        let texts = terms.iter().filter_map(|term| match term {
            Filter::Leaf(leaf) => match (&leaf.test, leaf.path.sub) {
                (Test::Compare(CompareOp::Eq, operand @ Operand::Text(_)), Some(sub)) => {
                    Some((sub, operand))
                }
                _ => None,
            },
            _ => None,
        });
        let best = texts.max_by_key(|(sub, _)| self.registry.attribute(*sub).name() == "value");
        let Some((sub, operand)) = best.filter(|(sub, operand)| self.is_rare(*sub, operand)) else {
            return String::new();
        };
        let mark = self.params.len();
        let attr = self.attribute(sub);
        match self.comparison("v.key", CompareOp::Eq, operand) {
            Some(Condition { sql, .. }) => format!("{} AND ", self.holders(&attr, &sql)),
            None => {
                self.params.truncate(mark);
                String::new()
            }
        }
    }

    /// The inner filter of a value path, about the element `e`.
    fn inner(&mut self, filter: &Filter) -> Condition {
        match filter {
            Filter::And(terms) => {
                let terms: Vec<_> = terms.iter().map(|term| self.inner(term)).collect();
                join(&terms, " AND ")
            }
            Filter::Or(terms) => {
                let terms: Vec<_> = terms.iter().map(|term| self.inner(term)).collect();
                join(&terms, " OR ")
            }
            Filter::Not(inner) => {
                let mark = self.params.len();
                let inner = self.inner(inner);
                self.negate(&inner, mark)
            }
            Filter::Const(value) => Condition::constant(*value),
            // No element within an element: the evaluator says no to it as well
            Filter::Element(..) => Condition::constant(false),
            Filter::Leaf(leaf) => {
                let Some(sub) = leaf.path.sub else {
                    return match &leaf.test {
                        Test::Compare(op, operand) => self
                            .comparison("e.key", *op, operand)
                            .map_or_else(Condition::anything, |condition| Condition {
                                // A key is NULL where there is no scalar, and NOT NULL would be NULL
                                sql: format!("(e.key IS NOT NULL AND {})", condition.sql),
                                ..condition
                            }),
                        _ => Condition::constant(true),
                    };
                };
                let mark = self.params.len();
                let attr = self.attribute(sub);
                let test = match &leaf.test {
                    Test::Compare(op, operand) => self.comparison("s.key", *op, operand),
                    _ => Some(Condition::constant(true)),
                };
                let Some(Condition { sql, exact }) = test else {
                    self.params.truncate(mark);
                    return Condition::anything();
                };
                Condition {
                    sql: self.exists(&format!(
                        "scim_values s WHERE s.tenant = e.tenant AND s.id = e.id \
                         AND s.element = e.element AND s.attr = {attr} AND {sql}"
                    )),
                    exact,
                }
            }
        }
    }

    fn comparison(&mut self, column: &str, op: CompareOp, operand: &Operand) -> Option<Condition> {
        let key = encode::operand(operand)?;
        let tag = key.chars().next()?;
        let next = char::from_u32(u32::from(tag) + 1)?;
        if let (CompareOp::Co | CompareOp::Sw | CompareOp::Ew, Operand::Text(text)) = (op, operand)
        {
            return Some(self.part(column, op, text));
        }
        let bound = self.bind(key);
        let sql = match op {
            CompareOp::Eq => self.dialect().key_equals(column, &bound),
            CompareOp::Gt => format!("{column} > {bound} AND {column} < '{next}'"),
            CompareOp::Ge => format!("{column} >= {bound} AND {column} < '{next}'"),
            CompareOp::Lt => format!("{column} < {bound} AND {column} >= '{tag}'"),
            CompareOp::Le => format!("{column} <= {bound} AND {column} >= '{tag}'"),
            _ => return None,
        };
        Some(Condition::exact(format!("({sql})")))
    }

    /// `co`, `sw`, `ew`: no LIKE, so nothing to escape and no case to be folded by the database.
    fn part(&mut self, column: &str, op: CompareOp, text: &str) -> Condition {
        let text = encode::escape(text);
        let is_text = format!("{column} >= '{TEXT}' AND {column} < '{END}'");
        if text.is_empty() {
            return Condition::exact(format!("({is_text})"));
        }
        let sql = match op {
            CompareOp::Sw => {
                let whole = self.bind(format!("{TEXT}{text}"));
                format!("({column} >= {whole} AND substr({column}, 1, length({whole})) = {whole})")
            }
            CompareOp::Ew => {
                let end = self.bind(text.clone());
                format!(
                    "({is_text} AND length({column}) > length({end}) \
                     AND substr({column}, length({column}) - length({end}) + 1) = {end})"
                )
            }
            _ => {
                let part = self.bind(text.clone());
                let position = self.dialect().position();
                format!("({is_text} AND {position}(substr({column}, 2), {part}) > 0)")
            }
        };
        Condition {
            sql,
            // These could be the second half of an escaped character
            exact: !text.starts_with(['0', '1']),
        }
    }

    /// Attributes that are not in the document.
    fn derived(&mut self, leaf: &Leaf) -> Condition {
        let common = self.registry.common();
        let kind = self.registry.resource_type(self.kind);
        let (attr, sub) = (leaf.path.attr, leaf.path.sub);
        match &leaf.test {
            Test::Present if attr == common.id || attr == common.schemas => {
                Condition::constant(true)
            }
            Test::Present if Some(attr) == kind.members() && sub.is_none() => {
                let members = "scim_members m WHERE m.tenant = r.tenant AND m.group_id = r.id";
                Condition::exact(self.exists(members))
            }
            Test::Compare(CompareOp::Eq, Operand::Text(text)) if attr == common.id => {
                let id = self.bind(text.clone());
                Condition::exact(format!("r.id = {id}"))
            }
            Test::Compare(CompareOp::Eq, Operand::Text(text))
                if Some(attr) == kind.members()
                    && sub.is_some_and(|sub| self.registry.attribute(sub).name() == "value") =>
            {
                let id = self.bind(text.clone());
                let select = format!(
                    "SELECT m.group_id FROM scim_members m WHERE m.tenant = ?1 AND m.member_id = {id}"
                );
                Condition::exact(self.dialect().among("r.id", &select))
            }
            Test::Compare(op, Operand::Instant(instant))
                if sub == Some(common.created) || sub == Some(common.last_modified) =>
            {
                let column = if sub == Some(common.created) {
                    "r.created"
                } else {
                    "r.modified"
                };
                let Ok(nanoseconds) = i64::try_from(instant.unix_timestamp_nanos()) else {
                    return Condition::anything();
                };
                let op = match op {
                    CompareOp::Eq => "=",
                    CompareOp::Gt => ">",
                    CompareOp::Ge => ">=",
                    CompareOp::Lt => "<",
                    CompareOp::Le => "<=",
                    _ => return Condition::constant(false),
                };
                let bound = self.bind(nanoseconds);
                Condition::exact(format!("{} {op} {bound}", shown_instant(column)))
            }
            _ if sub == Some(common.resource_type) => {
                let name = Value::Text(kind.name().to_owned());
                let meta = Value::Complex(Node::from([(common.resource_type, name)]));
                let node = Node::from([(common.meta, meta)]);
                let holds = Filter::Leaf(leaf.clone()).matches_nodes(self.registry, &[&node]);
                Condition::constant(holds)
            }
            _ => Condition::anything(),
        }
    }
}

/// Times are shown, and so compared, in milliseconds.
pub(super) fn shown_instant(column: &str) -> String {
    format!("({column} / 1000000 * 1000000)")
}

fn join(terms: &[Condition], between: &str) -> Condition {
    let texts: Vec<&str> = terms.iter().map(|term| term.sql.as_str()).collect();
    let sql = if texts.is_empty() {
        // All of nothing is true, any of nothing is not
        if between == " AND " { "1 = 1" } else { "1 = 0" }.to_owned()
    } else {
        format!("({})", texts.join(between))
    };
    Condition {
        sql,
        exact: terms.iter().all(|term| term.exact),
    }
}
