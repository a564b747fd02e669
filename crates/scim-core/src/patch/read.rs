//! From the message to resolved operations.

use serde_json::{Map, Value as Json};

use super::{Elements, Operation, PatchLimits, Plan, Target, Verb};
use crate::dialect::{Dialect, RewriteRule, Rewrites, Unknown};
use crate::document::{Document, Keep, Reader, Value};
use crate::error::{Reason, ScimError, shown};
use crate::filter::{
    CompareOp, Expr, Filter, Leaf, Literal, Operand, Operator, PathExpr, Resolver, Test,
};
use crate::json::member;
use crate::schema::{
    AttrId, AttrPath, AttributeType, Mutability, Registry, Resolved, ResourceTypeId, SchemaId,
};
use crate::text;

const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

struct Source<'a> {
    registry: &'a Registry,
    kind: ResourceTypeId,
    dialect: &'a Dialect,
    limits: &'a PatchLimits,
    reader: Reader<'a>,
    operations: Vec<Operation>,
}

impl Plan {
    /// Reads a PatchOp message.
    ///
    /// # Errors
    /// `message.shape`, `schemas.missing`, `patch.*`, `path.*`, `filter.*`, `value.*`, `attribute.unknown`.
    pub fn read(
        registry: &Registry,
        kind: ResourceTypeId,
        dialect: &Dialect,
        limits: &PatchLimits,
        message: &Json,
        rewrites: &mut Rewrites,
    ) -> Result<Self, ScimError> {
        let shape = |detail: &str| ScimError::new(Reason::MessageShape, detail);
        let object = message
            .as_object()
            .ok_or_else(|| shape("The body must be a JSON object with `Operations`."))?;
        let schemas = member(object, "schemas").and_then(Json::as_array);
        let named = schemas.is_some_and(|list| {
            list.iter()
                .filter_map(Json::as_str)
                .any(|urn| urn.eq_ignore_ascii_case(PATCH_OP))
        });
        // RFC 7644 §3.5.2: the body MUST contain "schemas" with the PatchOp URI.
        if !named {
            if !dialect.schemas_optional {
                return Err(ScimError::new(
                    Reason::SchemasMissing,
                    format!("`schemas` must list `{PATCH_OP}`."),
                ));
            }
            rewrites.note(RewriteRule::SchemasMissing, "schemas");
        }
        let list = member(object, "Operations").and_then(Json::as_array);
        let list = list
            .filter(|list| !list.is_empty())
            .ok_or_else(|| shape("`Operations` must be a list of operations."))?;
        if list.len() > limits.operations {
            let detail = format!(
                "There are {} operations; send at most {} at once.",
                list.len(),
                limits.operations
            );
            return Err(ScimError::new(Reason::PatchTooMany, detail));
        }
        let reader = Reader::new(registry, kind, dialect, Keep::Writable);
        let mut source = Source {
            registry,
            kind,
            dialect,
            limits,
            reader,
            operations: Vec::new(),
        };
        source.reader.rewrites = std::mem::take(rewrites);
        let result = list.iter().enumerate().try_for_each(|(index, json)| {
            source
                .operation(index, json)
                .map_err(|error| error.within(&format!("Operation {}", index + 1)))
        });
        *rewrites = std::mem::take(&mut source.reader.rewrites);
        result.map(|()| Self {
            operations: source.operations,
        })
    }
}

impl Source<'_> {
    fn operation(&mut self, index: usize, json: &Json) -> Result<(), ScimError> {
        let object = json.as_object();
        let object = object.ok_or_else(|| {
            ScimError::new(Reason::MessageShape, "An operation must be an object.")
        })?;
        let verb = self.verb(
            member(object, "op")
                .and_then(Json::as_str)
                .unwrap_or_default(),
        )?;
        let path = match member(object, "path") {
            None | Some(Json::Null) => None,
            Some(Json::String(text)) if text.is_empty() => None,
            Some(Json::String(text)) => Some(text.as_str()),
            Some(_) => {
                return Err(ScimError::new(
                    Reason::PathSyntax,
                    "`path` must be a string.",
                ));
            }
        };
        let value = member(object, "value");
        match (verb, path, value) {
            // RFC 7644 §3.5.2.2: remove without path fails with noTarget.
            (Verb::Remove, None, _) => Err(ScimError::new(
                Reason::PatchNoTarget,
                "`remove` needs a `path` that says what to remove.",
            )),
            (Verb::Remove, Some(path), value) => {
                self.remove(index, path, value.unwrap_or(&Json::Null))
            }
            (_, _, None) => Err(ScimError::new(
                Reason::PatchValue,
                "`add` and `replace` need a `value`.",
            )),
            (verb, Some(path), Some(value)) => self.with_path(index, verb, path, value),
            (verb, None, Some(Json::Object(object))) => self.pathless(index, verb, object),
            (_, None, Some(_)) => Err(ScimError::new(
                Reason::PatchValue,
                "Without a `path` the `value` must be an object of attributes.",
            )),
        }
    }

    fn verb(&mut self, text: &str) -> Result<Verb, ScimError> {
        let verb = match text.to_ascii_lowercase().as_str() {
            "add" => Some(Verb::Add),
            "replace" => Some(Verb::Replace),
            "remove" => Some(Verb::Remove),
            _ => None,
        };
        let changed = text.chars().any(|c| c.is_ascii_uppercase());
        let verb = verb
            .filter(|_| self.dialect.operation_case || !changed)
            .ok_or_else(|| {
                ScimError::new(
                    Reason::PatchOperation,
                    "`op` must be one of `add`, `remove`, `replace`, in lower case.",
                )
            })?;
        if changed {
            self.reader.rewrites.note(RewriteRule::OperationCase, text);
        }
        Ok(verb)
    }

    fn push(&mut self, index: usize, verb: Verb, target: Target, value: Value, pathless: bool) {
        self.operations.push(Operation {
            index,
            verb,
            target,
            value,
            pathless,
        });
    }

    fn pathless(
        &mut self,
        index: usize,
        verb: Verb,
        object: &Map<String, Json>,
    ) -> Result<(), ScimError> {
        for (name, value) in object {
            match self.registry.resolve(self.kind, name) {
                _ if name.eq_ignore_ascii_case("schemas") => {}
                Some(Resolved::Extension(schema)) => self.extension(index, verb, schema, value)?,
                Some(Resolved::Attribute(path)) => {
                    let plain = path.sub.is_none() && !name.contains(':');
                    if !plain && !self.dialect.pathless_dotted {
                        return self.unknown(name);
                    }
                    if !plain {
                        self.reader.rewrites.note(RewriteRule::PathlessDotted, name);
                    }
                    let target = self.target(path);
                    let value = self.value(verb, &target, value)?;
                    self.push(index, verb, target, value, true);
                }
                None => match PathExpr::parse(name, &self.limits.filter) {
                    // Entra: {"emails[type eq \"work\"].value": "x"}
                    Ok(path) if self.dialect.pathless_dotted && self.knows(&path.path) => {
                        self.reader.rewrites.note(RewriteRule::PathlessDotted, name);
                        self.with_path(index, verb, name, value)?;
                    }
                    _ => self.unknown(name)?,
                },
            }
        }
        Ok(())
    }

    fn knows(&self, name: &str) -> bool {
        let found = self.registry.resolve(self.kind, name);
        found.is_some()
            || (self.dialect.unprefixed_extensions
                && self.registry.resolve_unprefixed(self.kind, name).is_some())
    }

    fn unknown(&mut self, name: &str) -> Result<(), ScimError> {
        if self.dialect.unknown_attributes == Unknown::Refuse {
            let kind = self.registry.resource_type(self.kind).name();
            let detail = format!(
                "`{}` is not an attribute of {kind}; see /Schemas for those that are.",
                shown(name)
            );
            return Err(ScimError::new(Reason::AttributeUnknown, detail));
        }
        self.reader
            .rewrites
            .note(RewriteRule::UnknownAttribute, name);
        Ok(())
    }

    fn extension(
        &mut self,
        index: usize,
        verb: Verb,
        schema: SchemaId,
        json: &Json,
    ) -> Result<(), ScimError> {
        let registry = self.registry;
        let attributes = registry.schema(schema).attributes();
        let read_only =
            |attr: AttrId| registry.attribute(attr).mutability() == Mutability::ReadOnly;
        // RFC 7643 §2.5: null is no value, and adding none changes nothing.
        if verb == Verb::Add && json.is_null() {
            return Ok(());
        }
        if verb == Verb::Remove || json.is_null() {
            // What is not the client's stays.
            for attr in attributes.iter().filter(|attr| !read_only(**attr)) {
                let target = Target::Attribute((*attr).into());
                self.push(index, Verb::Remove, target, Value::Null, true);
            }
            return Ok(());
        }
        let mut part = Document::new(self.kind);
        self.reader.extension(schema, json, &mut part)?;
        for (name, value) in json.as_object().into_iter().flatten() {
            let attr = attributes.iter().copied().find(|attr| {
                read_only(*attr) && registry.attribute(*attr).name().eq_ignore_ascii_case(name)
            });
            if let Some(attr) = attr {
                let target = Target::Attribute(attr.into());
                let value = self.value(verb, &target, value)?;
                self.push(index, verb, target, value, true);
            }
        }
        for (attr, value) in part.attributes() {
            self.push(
                index,
                verb,
                Target::Attribute((*attr).into()),
                value.clone(),
                true,
            );
        }
        Ok(())
    }

    fn with_path(
        &mut self,
        index: usize,
        verb: Verb,
        path: &str,
        json: &Json,
    ) -> Result<(), ScimError> {
        let Some(target) = self.resolve(path)? else {
            return Ok(());
        };
        let target = match target {
            Ok(target) => target,
            Err(schema) => return self.extension(index, verb, schema, json),
        };
        let value = self.value(verb, &target, json)?;
        self.push(index, verb, target, value, false);
        Ok(())
    }

    fn remove(&mut self, index: usize, path: &str, json: &Json) -> Result<(), ScimError> {
        let Some(target) = self.resolve(path)? else {
            return Ok(());
        };
        let target = match target {
            Ok(target) => target,
            Err(schema) => return self.extension(index, Verb::Remove, schema, json),
        };
        let Target::Attribute(AttrPath { attr, sub: None }) = target else {
            let whole =
                matches!(&target, Target::Elements(e) if matches!(e.filter, Filter::Const(true)));
            if !json.is_null() && whole {
                let detail = "`remove` of a part of every element takes no `value`; select elements by a filter.";
                return Err(ScimError::new(Reason::PatchValue, detail));
            }
            self.push(index, Verb::Remove, target, Value::Null, false);
            return Ok(());
        };
        if json.is_null() {
            self.push(index, Verb::Remove, target, Value::Null, false);
            return Ok(());
        }
        // RFC 7644 §3.5.2.2 gives remove no value. Ignoring it would take all members out of a group.
        if !self.dialect.remove_with_value {
            let detail = "`remove` takes no `value`; select what to remove by a filter, as in `members[value eq \"…\"]`.";
            return Err(ScimError::new(Reason::PatchValue, detail));
        }
        self.reader
            .rewrites
            .note(RewriteRule::RemoveWithValue, path);
        if !self.registry.attribute(attr).multi_valued() {
            self.push(index, Verb::Remove, target, Value::Null, false);
            return Ok(());
        }
        let value = self.value(Verb::Add, &target, json)?;
        if self.registry.resource_type(self.kind).members() == Some(attr) {
            self.push(index, Verb::Remove, target, value, false);
            return Ok(());
        }
        for element in value.elements() {
            let filter = self.equals(attr, element);
            let target = Target::Elements(Elements {
                attr,
                filter,
                sub: None,
                make: None,
                quiet: true,
            });
            self.push(index, Verb::Remove, target, Value::Null, false);
        }
        Ok(())
    }

    /// The elements that have all the parts this one has.
    fn equals(&self, attr: AttrId, element: &Value) -> Filter {
        let leaf = |path: AttrPath, value: &Value| {
            let operand = match value {
                Value::Text(text) => Operand::Text(text::key(
                    text,
                    self.registry.attribute(path.leaf()).case_exact(),
                )),
                Value::Boolean(value) => Operand::Boolean(*value),
                Value::Integer(value) => Operand::Integer(*value),
                Value::Decimal(value) => Operand::Decimal(*value),
                Value::DateTime(value) => Operand::Instant(value.instant()),
                Value::Null | Value::Complex(_) | Value::List(_) => return None,
            };
            Some(Filter::Leaf(Leaf {
                path,
                test: Test::Compare(CompareOp::Eq, operand),
            }))
        };
        match element {
            Value::Complex(node) => {
                let parts = node.iter().filter_map(|(sub, value)| {
                    leaf(
                        AttrPath {
                            attr,
                            sub: Some(*sub),
                        },
                        value,
                    )
                });
                let parts: Vec<Filter> = parts.collect();
                if parts.is_empty() {
                    Filter::Const(false)
                } else {
                    Filter::And(parts)
                }
            }
            value => leaf(attr.into(), value).unwrap_or(Filter::Const(false)),
        }
    }

    /// The target of a path; an extension schema as `Err`; `None` for an unknown attribute that is dropped.
    fn resolve(&mut self, text: &str) -> Result<Option<Result<Target, SchemaId>>, ScimError> {
        let expr = PathExpr::parse(text, &self.limits.filter)?;
        if let Some(Resolved::Extension(schema)) = self.registry.resolve(self.kind, &expr.path)
            && expr.filter.is_none()
        {
            return Ok(Some(Err(schema)));
        }
        let mut resolver = Resolver::new(self.registry, self.kind, self.dialect);
        resolver.rewrites = std::mem::take(&mut self.reader.rewrites);
        let path = resolver.attribute(self.kind, &expr.path);
        let result = path.map(|path| match &expr.filter {
            None => Ok((path, None)),
            Some(filter) => {
                let attribute = self.registry.attribute(path.attr);
                if path.sub.is_some() || !attribute.multi_valued() {
                    let detail = format!(
                        "`{}` has no elements to filter in brackets.",
                        self.registry.label(path)
                    );
                    return Err(ScimError::new(Reason::PathFilter, detail));
                }
                resolver
                    .element_filter(path.attr, filter)
                    .map(|filter| (path, Some(filter)))
            }
        });
        self.reader.rewrites = resolver.rewrites;
        let Some(result) = result else {
            let detail = format!(
                "`{}` is not an attribute of this resource type; see /Schemas.",
                shown(&expr.path)
            );
            return if self.dialect.unknown_attributes == Unknown::Refuse {
                Err(ScimError::new(Reason::PathAttribute, detail))
            } else {
                self.unknown(&expr.path).map(|()| None)
            };
        };
        let (path, filter) = result?;
        let Some(filter) = filter else {
            return Ok(Some(Ok(self.target(path))));
        };
        let sub = match &expr.sub {
            None => None,
            Some(name) => Some(self.registry.sub(path.attr, name).ok_or_else(|| {
                let label = self.registry.label(path);
                ScimError::new(
                    Reason::PathAttribute,
                    format!("`{label}` has no part `{}`.", shown(name)),
                )
            })?),
        };
        let make = expr.filter.as_ref().filter(|_| self.dialect.create_missing);
        let make = make.and_then(|filter| self.pairs(path.attr, filter));
        Ok(Some(Ok(Target::Elements(Elements {
            attr: path.attr,
            filter,
            sub,
            make,
            quiet: false,
        }))))
    }

    fn target(&self, path: AttrPath) -> Target {
        match path.sub {
            // `emails.value`: the part of every element.
            Some(_) if self.registry.attribute(path.attr).multi_valued() => {
                Target::Elements(Elements {
                    attr: path.attr,
                    filter: Filter::Const(true),
                    sub: path.sub,
                    make: self.dialect.create_missing.then(Vec::new),
                    quiet: true,
                })
            }
            _ => Target::Attribute(path),
        }
    }

    /// The parts an element must have to satisfy a filter of `eq` joined by `and`; `None` for any other filter.
    fn pairs(&mut self, attr: AttrId, filter: &Expr) -> Option<Vec<(AttrId, Value)>> {
        match filter {
            Expr::And(terms) => {
                let mut all = Vec::new();
                for term in terms {
                    all.extend(self.pairs(attr, term)?);
                }
                Some(all)
            }
            Expr::Compare {
                path,
                op: Operator::Eq,
                value,
            } => {
                let sub = self.registry.sub(attr, path)?;
                let json = match value {
                    Literal::Text(text) | Literal::Bare(text) => Json::from(text.as_str()),
                    Literal::Number(text) => serde_json::from_str(text).ok()?,
                    Literal::Boolean(value) => Json::from(*value),
                    Literal::Null => return None,
                };
                let value = self
                    .reader
                    .value(
                        AttrPath {
                            attr,
                            sub: Some(sub),
                        },
                        &json,
                    )
                    .ok()?;
                Some(vec![(sub, value)])
            }
            _ => None,
        }
    }

    fn value(&mut self, verb: Verb, target: &Target, json: &Json) -> Result<Value, ScimError> {
        let (Target::Attribute(AttrPath { attr, .. }) | Target::Elements(Elements { attr, .. })) =
            target;
        // A read-only value is read in full, to be compared with the one there is.
        let read_only = self.registry.attribute(*attr).mutability() == Mutability::ReadOnly;
        self.reader
            .keep(if read_only { Keep::All } else { Keep::Writable });
        let value = self.value_of(verb, target, json);
        self.reader.keep(Keep::Writable);
        value
    }

    fn value_of(&mut self, verb: Verb, target: &Target, json: &Json) -> Result<Value, ScimError> {
        match target {
            Target::Elements(Elements {
                attr,
                sub: Some(sub),
                ..
            }) => self.reader.value(
                AttrPath {
                    attr: *attr,
                    sub: Some(*sub),
                },
                json,
            ),
            Target::Elements(Elements {
                attr, sub: None, ..
            }) => match json {
                Json::Array(items) if self.dialect.complex_shapes && items.len() == 1 => self
                    .reader
                    .single((*attr).into(), items.first().unwrap_or(&Json::Null)),
                one => self.reader.single((*attr).into(), one),
            },
            Target::Attribute(path) => {
                let attribute = self.registry.attribute(path.leaf());
                let complex = attribute.kind() == AttributeType::Complex;
                // RFC 7644 §3.5.2.1: adding to a multi-valued attribute adds "a new value", one or several.
                if verb == Verb::Add
                    && attribute.multi_valued()
                    && (!complex || json.is_object())
                    && !json.is_array()
                    && !json.is_null()
                {
                    return Ok(Value::List(vec![self.reader.single(*path, json)?]));
                }
                self.reader.value(*path, json)
            }
        }
    }
}
