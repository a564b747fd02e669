//! The grammar of filters and paths (RFC 7644 §3.4.2.2, figure 1; §3.5.2, figure 7).

use std::fmt;

use super::FilterLimits;
use crate::error::{Reason, ScimError};

/// An operator as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the standard's own operators")]
pub enum Operator {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Operator {
    pub(super) const ALL: [(&'static str, Self); 9] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("co", Self::Co),
        ("sw", Self::Sw),
        ("ew", Self::Ew),
        ("gt", Self::Gt),
        ("ge", Self::Ge),
        ("lt", Self::Lt),
        ("le", Self::Le),
    ];

    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, op)| *op == self)
            .map_or("eq", |(text, _)| text)
    }
}

/// A comparison value as written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Literal {
    /// A JSON string, unescaped.
    Text(String),
    /// A JSON number, as written.
    Number(String),
    /// true or false.
    Boolean(bool),
    /// null.
    Null,
    /// A word without quotes, which the grammar does not have but Entra and Ping send.
    Bare(String),
}

/// A filter as written, its attributes not yet looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expr {
    /// All of these.
    And(Vec<Self>),
    /// Any of these.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// `path op value`.
    Compare {
        /// The attribute path as written.
        path: String,
        /// The operator.
        op: Operator,
        /// The value.
        value: Literal,
    },
    /// `path pr`.
    Present(String),
    /// `path[filter]`, and what Entra puts behind it: `.part op value`.
    ValuePath {
        /// The attribute path as written.
        path: String,
        /// The filter on one element.
        filter: Box<Self>,
        /// A comparison of a part of that same element; its path is the part's name.
        then: Option<Box<Self>>,
    },
}

/// A PATCH path as written (RFC 7644 §3.5.2, figure 7).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathExpr {
    /// The attribute path, URN prefix and part included.
    pub path: String,
    /// The filter in brackets.
    pub filter: Option<Expr>,
    /// The part behind the brackets.
    pub sub: Option<String>,
}

impl Expr {
    /// Reads a filter.
    ///
    /// # Errors
    /// `filter.syntax`, `filter.too_long`, `filter.too_deep`, `filter.too_many_terms`.
    ///
    /// ```
    /// use scim_core::filter::{Expr, FilterLimits};
    /// let expr = Expr::parse(r#"userName sw "b" and not (active eq false)"#, &FilterLimits::default())?;
    /// assert_eq!(expr.to_string(), r#"userName sw "b" and not (active eq false)"#);
    /// # Ok::<(), scim_core::error::ScimError>(())
    /// ```
    pub fn parse(text: &str, limits: &FilterLimits) -> Result<Self, ScimError> {
        let mut parser = Parser::new(text, limits)?;
        let expr = parser.or(0)?;
        parser.end()?;
        Ok(expr)
    }
}

impl PathExpr {
    /// Reads a PATCH path.
    ///
    /// # Errors
    /// `path.syntax`, and `filter.*` for the filter in it.
    pub fn parse(text: &str, limits: &FilterLimits) -> Result<Self, ScimError> {
        let wrong = |parser: &Parser<'_>| {
            let detail = format!(
                "The path breaks off at character {}: expected `attribute`, `attribute.part`, \
                `attribute[filter]` or `attribute[filter].part`.",
                parser.character()
            );
            ScimError::new(Reason::PathSyntax, detail)
        };
        let mut parser = Parser::new(text, limits)?;
        parser.spaces();
        let path = parser.name().ok_or_else(|| wrong(&parser))?.to_owned();
        let mut filter = None;
        let mut sub = None;
        if parser.take('[') {
            filter = Some(parser.or(1)?);
            parser.spaces();
            if !parser.take(']') {
                return Err(parser.error("`]`"));
            }
            if parser.take('.') {
                let name = parser
                    .name()
                    .filter(|name| !name.contains(['.', ':']))
                    .ok_or_else(|| wrong(&parser))?;
                sub = Some(name.to_owned());
            }
        }
        parser.spaces();
        if parser.at < text.len() {
            return Err(wrong(&parser));
        }
        Ok(Self { path, filter, sub })
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    limits: FilterLimits,
    terms: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, limits: &FilterLimits) -> Result<Self, ScimError> {
        if text.len() > limits.bytes {
            let detail = format!(
                "The filter has {} bytes; at most {} are read.",
                text.len(),
                limits.bytes
            );
            return Err(ScimError::new(Reason::FilterTooLong, detail));
        }
        Ok(Self {
            text,
            at: 0,
            limits: *limits,
            terms: 0,
        })
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn character(&self) -> usize {
        self.text
            .get(..self.at)
            .map_or(0, |head| head.chars().count())
            + 1
    }

    fn error(&self, expected: &str) -> ScimError {
        let detail = format!(
            "The filter cannot be read at character {}: expected {expected}.",
            self.character()
        );
        ScimError::new(Reason::FilterSyntax, detail)
    }

    fn spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.rest().starts_with(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn end(&mut self) -> Result<(), ScimError> {
        self.spaces();
        if self.rest().is_empty() {
            Ok(())
        } else {
            Err(self.error("`and`, `or` or the end"))
        }
    }

    /// An attribute path: letters, digits and what URNs and names hold.
    fn name(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let stop = |c: char| {
            !(c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-' | '$' | '/'))
        };
        let name = rest.get(..rest.find(stop).unwrap_or(rest.len()))?;
        let good = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '$')
            && !name.ends_with(['.', ':']);
        good.then(|| {
            self.at += name.len();
            name
        })
    }

    /// A keyword followed by something that is not part of a name.
    fn keyword(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let Some(head) = rest.get(..word.len()) else {
            return false;
        };
        let next = rest.get(word.len()..).and_then(|tail| tail.chars().next());
        let ends = next.is_none_or(|c| {
            !(c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-' | '$'))
        });
        let found = head.eq_ignore_ascii_case(word) && ends;
        if found {
            self.at += word.len();
        }
        found
    }

    fn or(&mut self, depth: usize) -> Result<Expr, ScimError> {
        let mut terms = vec![self.and(depth)?];
        loop {
            self.spaces();
            if !self.keyword("or") {
                break;
            }
            terms.push(self.and(depth)?);
        }
        Ok(if terms.len() > 1 {
            Expr::Or(terms)
        } else {
            terms.swap_remove(0)
        })
    }

    fn and(&mut self, depth: usize) -> Result<Expr, ScimError> {
        let mut terms = vec![self.term(depth)?];
        loop {
            self.spaces();
            if !self.keyword("and") {
                break;
            }
            terms.push(self.term(depth)?);
        }
        Ok(if terms.len() > 1 {
            Expr::And(terms)
        } else {
            terms.swap_remove(0)
        })
    }

    fn term(&mut self, depth: usize) -> Result<Expr, ScimError> {
        if depth > self.limits.depth {
            let detail = format!(
                "The filter is nested deeper than {} levels.",
                self.limits.depth
            );
            return Err(ScimError::new(Reason::FilterTooDeep, detail));
        }
        self.spaces();
        let start = self.at;
        if self.keyword("not") {
            self.spaces();
            if self.take('(') {
                return Ok(Expr::Not(Box::new(self.group(depth)?)));
            }
            self.at = start;
        }
        if self.take('(') {
            return self.group(depth);
        }
        self.leaf(depth)
    }

    fn group(&mut self, depth: usize) -> Result<Expr, ScimError> {
        let inner = self.or(depth + 1)?;
        self.spaces();
        if self.take(')') {
            Ok(inner)
        } else {
            Err(self.error("`)`"))
        }
    }

    fn leaf(&mut self, depth: usize) -> Result<Expr, ScimError> {
        let path = self
            .name()
            .ok_or_else(|| self.error("an attribute name"))?
            .to_owned();
        if self.take('[') {
            let filter = Box::new(self.or(depth + 1)?);
            self.spaces();
            if !self.take(']') {
                return Err(self.error("`]`"));
            }
            let mut then = None;
            if self.take('.') {
                let sub = self
                    .name()
                    .ok_or_else(|| self.error("a sub-attribute"))?
                    .to_owned();
                then = Some(Box::new(self.comparison(sub)?));
            }
            return Ok(Expr::ValuePath { path, filter, then });
        }
        self.comparison(path)
    }

    fn comparison(&mut self, path: String) -> Result<Expr, ScimError> {
        self.terms += 1;
        if self.terms > self.limits.terms {
            let detail = format!(
                "The filter has more than {} comparisons.",
                self.limits.terms
            );
            return Err(ScimError::new(Reason::FilterTooManyTerms, detail));
        }
        self.spaces();
        if self.keyword("pr") {
            return Ok(Expr::Present(path));
        }
        let found = Operator::ALL.iter().find(|(text, _)| self.keyword(text));
        let (_, op) =
            found.ok_or_else(|| self.error("one of eq, ne, co, sw, ew, gt, ge, lt, le, pr"))?;
        self.spaces();
        Ok(Expr::Compare {
            path,
            op: *op,
            value: self.literal()?,
        })
    }

    fn literal(&mut self) -> Result<Literal, ScimError> {
        let rest = self.rest();
        if rest.starts_with('"') {
            let mut escaped = false;
            let end = rest.char_indices().skip(1).find(|(_, c)| {
                let end = *c == '"' && !escaped;
                escaped = *c == '\\' && !escaped;
                end
            });
            let text = end
                .and_then(|(end, _)| rest.get(..=end))
                .ok_or_else(|| self.error("a closing quote"))?;
            let value =
                serde_json::from_str(text).map_err(|_| self.error("a valid JSON string"))?;
            self.at += text.len();
            return Ok(Literal::Text(value));
        }
        let stop = |c: char| matches!(c, ' ' | '\t' | '(' | ')' | '[' | ']' | '"');
        let word = rest
            .get(..rest.find(stop).unwrap_or(rest.len()))
            .unwrap_or_default();
        if word.is_empty() {
            return Err(self.error("a value"));
        }
        self.at += word.len();
        Ok(match word {
            "true" => Literal::Boolean(true),
            "false" => Literal::Boolean(false),
            "null" => Literal::Null,
            _ if serde_json::from_str::<serde_json::Number>(word).is_ok() => {
                Literal::Number(word.to_owned())
            }
            _ => Literal::Bare(word.to_owned()),
        })
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::Number(text) | Self::Bare(text) => f.write_str(text),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Null => f.write_str("null"),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, terms: &[Self], word: &str| {
            for (index, term) in terms.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                match term {
                    Self::And(_) | Self::Or(_) => write!(f, "({term})")?,
                    _ => write!(f, "{term}")?,
                }
            }
            Ok(())
        };
        match self {
            Self::And(terms) => list(f, terms, "and"),
            Self::Or(terms) => list(f, terms, "or"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Compare { path, op, value } => write!(f, "{path} {} {value}", op.as_str()),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::ValuePath { path, filter, then } => {
                write!(f, "{path}[{filter}]")?;
                then.as_ref().map_or(Ok(()), |then| write!(f, ".{then}"))
            }
        }
    }
}

impl fmt::Display for PathExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(filter) = &self.filter {
            write!(f, "[{filter}]")?;
        }
        self.sub.as_ref().map_or(Ok(()), |sub| write!(f, ".{sub}"))
    }
}
