//! JSON to documents: names resolved, types checked, quirks rewritten and noted.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{
    GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD, URL_SAFE,
};
use serde_json::{Map, Value as Json};

use super::{DateTime, Document, Node, Value, is_blank, type_name};
use crate::dialect::{Dialect, RewriteRule, Rewrites, Unknown};
use crate::error::{Reason, ScimError, shown};
use crate::schema::{
    AttrId, AttrPath, AttributeType, Mutability, Registry, Resolved, ResourceTypeId, SchemaId,
};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Which attributes a document keeps while it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Keep {
    /// What a client may write: read-only attributes are left out (RFC 7644 §3.3, §3.5.1).
    Writable,
    /// Everything, for reading back what was stored.
    All,
}

/// Reads values for one resource type under one dialect.
#[derive(Debug)]
pub struct Reader<'a> {
    registry: &'a Registry,
    kind: ResourceTypeId,
    dialect: &'a Dialect,
    keep: Keep,
    /// What was rewritten so far.
    pub rewrites: Rewrites,
}

impl<'a> Reader<'a> {
    /// A reader with nothing noted yet.
    pub fn new(
        registry: &'a Registry,
        kind: ResourceTypeId,
        dialect: &'a Dialect,
        keep: Keep,
    ) -> Self {
        Self {
            registry,
            kind,
            dialect,
            keep,
            rewrites: Rewrites::default(),
        }
    }

    pub(crate) const fn keep(&mut self, keep: Keep) {
        self.keep = keep;
    }

    /// Reads a whole resource. `id` and `meta` are left out: the service provider makes them.
    ///
    /// # Errors
    /// `message.shape`, `schemas.missing`, `schemas.unknown`, `attribute.unknown`, `value.*`.
    pub fn document(&mut self, json: &Json) -> Result<Document, ScimError> {
        let Json::Object(object) = json else {
            return Err(ScimError::new(
                Reason::MessageShape,
                "The body must be a JSON object.",
            ));
        };
        let mut document = Document::new(self.kind);
        if self.keep == Keep::Writable {
            self.schemas(crate::json::member(object, "schemas"))?;
        }
        for (name, value) in object {
            if name.eq_ignore_ascii_case("schemas") {
                continue;
            }
            match self.registry.resolve(self.kind, name) {
                Some(Resolved::Extension(schema)) => {
                    self.extension(schema, value, &mut document)?
                }
                Some(Resolved::Attribute(AttrPath { attr, sub: None })) => {
                    self.attribute(attr, value, &mut document)?
                }
                _ => match self.registry.resolve_unprefixed(self.kind, name) {
                    Some(Resolved::Attribute(AttrPath { attr, sub: None }))
                        if self.dialect.unprefixed_extensions =>
                    {
                        self.rewrites.note(RewriteRule::UnprefixedExtension, name);
                        self.attribute(attr, value, &mut document)?;
                    }
                    _ if self.keep == Keep::All && name.contains(':') => {
                        document.extras.insert(name.clone(), value.clone());
                    }
                    _ => self.unknown(name)?,
                },
            }
        }
        Ok(document)
    }

    fn schemas(&mut self, value: Option<&Json>) -> Result<(), ScimError> {
        let core = self
            .registry
            .schema(self.registry.resource_type(self.kind).schema())
            .urn();
        let listed: Vec<&str> = match value {
            Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).collect(),
            _ => Vec::new(),
        };
        // RFC 7643 §3: "schemas" is REQUIRED and names the schemas of the JSON structure.
        if !listed.iter().any(|urn| urn.eq_ignore_ascii_case(core)) {
            if !self.dialect.schemas_optional {
                return Err(ScimError::new(
                    Reason::SchemasMissing,
                    format!("`schemas` must list `{core}`."),
                ));
            }
            self.rewrites.note(RewriteRule::SchemasMissing, "schemas");
        }
        for urn in listed {
            if self
                .registry
                .schemas_of(self.kind)
                .any(|s| s.urn().eq_ignore_ascii_case(urn))
            {
                continue;
            }
            if self.dialect.unknown_schemas == Unknown::Refuse {
                let detail = format!(
                    "`schemas` lists `{}`, which this resource type has not; see /Schemas.",
                    shown(urn)
                );
                return Err(ScimError::new(Reason::SchemasUnknown, detail));
            }
            self.rewrites.note(RewriteRule::UnknownSchema, urn);
        }
        Ok(())
    }

    /// Reads an extension object into the document. null and an empty object assign nothing.
    pub(crate) fn extension(
        &mut self,
        schema: SchemaId,
        json: &Json,
        into: &mut Document,
    ) -> Result<(), ScimError> {
        let registry = self.registry;
        let urn = registry.schema(schema).urn();
        let object = match json {
            Json::Null => return Ok(()),
            Json::Object(object) => object,
            _ => {
                return Err(ScimError::new(
                    Reason::ValueType,
                    format!("`{urn}` must be an object."),
                ));
            }
        };
        // Some clients repeat `schemas` inside the extension.
        for (name, value) in object
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("schemas"))
        {
            let attr = registry.schema(schema).attributes().iter().copied();
            let attr = attr
                .into_iter()
                .find(|a| registry.attribute(*a).name().eq_ignore_ascii_case(name));
            match attr {
                Some(attr) => self.attribute(attr, value, into)?,
                None => self.unknown(&format!("{urn}:{name}"))?,
            }
        }
        Ok(())
    }

    fn attribute(
        &mut self,
        attr: AttrId,
        json: &Json,
        into: &mut Document,
    ) -> Result<(), ScimError> {
        let common = self.registry.common();
        let read_only = self.registry.attribute(attr).mutability() == Mutability::ReadOnly;
        if attr == common.id || attr == common.meta || (read_only && self.keep == Keep::Writable) {
            return Ok(());
        }
        let value = self.value(attr.into(), json)?;
        into.set(attr, value);
        Ok(())
    }

    fn unknown(&mut self, name: &str) -> Result<(), ScimError> {
        if self.dialect.unknown_attributes == Unknown::Refuse && self.keep == Keep::Writable {
            let kind = self.registry.resource_type(self.kind).name();
            let detail = format!(
                "`{}` is not an attribute of {kind}; see /Schemas for those that are.",
                shown(name)
            );
            return Err(ScimError::new(Reason::AttributeUnknown, detail));
        }
        self.rewrites.note(RewriteRule::UnknownAttribute, name);
        Ok(())
    }

    /// Reads the value of an attribute or of a part of one.
    ///
    /// # Errors
    /// `value.type`, `value.canonical`, `value.primary`, `attribute.unknown`.
    pub fn value(&mut self, path: AttrPath, json: &Json) -> Result<Value, ScimError> {
        let attribute = self.registry.attribute(path.leaf());
        match json {
            Json::Null => Ok(Value::Null),
            Json::Array(items) if attribute.multi_valued() => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    match item {
                        Json::Null if self.dialect.null_in_lists => {
                            self.note(RewriteRule::NullInList, path)
                        }
                        Json::Null => {
                            return Err(self.wrong(path, "a value; null cannot stand in a list"));
                        }
                        item => values.push(self.single(path, item)?),
                    }
                }
                self.one_primary(path, &mut values)?;
                Ok(Value::List(values))
            }
            Json::Array(items) => match items.as_slice() {
                [] if self.dialect.complex_shapes => Ok(Value::Null),
                [one] if self.dialect.complex_shapes => {
                    self.note(RewriteRule::ComplexShape, path);
                    self.single(path, one)
                }
                _ => Err(self.wrong(path, "a single value, not a list")),
            },
            one if attribute.multi_valued() => {
                if !self.dialect.single_for_list {
                    return Err(self.wrong(path, "a list"));
                }
                if one.as_str() == Some("") {
                    return Ok(Value::List(Vec::new()));
                }
                self.note(RewriteRule::SingleForList, path);
                Ok(Value::List(vec![self.single(path, one)?]))
            }
            one => self.single(path, one),
        }
    }

    /// Reads one element of a multi-valued attribute, or a singular value.
    pub(crate) fn single(&mut self, path: AttrPath, json: &Json) -> Result<Value, ScimError> {
        let attribute = self.registry.attribute(path.leaf());
        let kind = attribute.kind();
        let value = match (kind, json) {
            (_, Json::Null) => return Ok(Value::Null),
            (AttributeType::Complex, Json::Object(object)) => {
                Some(Value::Complex(self.node(path.attr, object)?))
            }
            (AttributeType::Complex, Json::String(text)) if self.dialect.complex_shapes => {
                let part = self.registry.sub(path.attr, "value");
                part.map(|part| {
                    self.note(RewriteRule::ComplexShape, path);
                    // Entra clears a manager by the empty string.
                    if text.is_empty() {
                        return Ok(Value::Null);
                    }
                    let value = self.single(
                        AttrPath {
                            attr: path.attr,
                            sub: Some(part),
                        },
                        json,
                    )?;
                    Ok::<_, ScimError>(Value::Complex(Node::from([(part, value)])))
                })
                .transpose()?
            }
            (AttributeType::String | AttributeType::Reference, Json::String(text)) => {
                Some(Value::Text(text.clone()))
            }
            (AttributeType::String, Json::Number(_) | Json::Bool(_))
                if self.dialect.scalar_coercion =>
            {
                self.note(RewriteRule::ScalarCoercion, path);
                Some(Value::Text(json.to_string()))
            }
            (AttributeType::Boolean, Json::Bool(value)) => Some(Value::Boolean(*value)),
            (AttributeType::Boolean, Json::String(text)) if self.dialect.string_booleans => {
                let value = parse_boolean(text);
                if value.is_some() {
                    self.note(RewriteRule::StringBoolean, path);
                }
                value.map(Value::Boolean)
            }
            (AttributeType::Integer, Json::Number(number)) => number.as_i64().map(Value::Integer),
            (AttributeType::Decimal, Json::Number(number)) => number.as_f64().map(Value::Decimal),
            (AttributeType::Integer, Json::String(text)) if self.dialect.scalar_coercion => {
                self.note(RewriteRule::ScalarCoercion, path);
                text.parse().ok().map(Value::Integer)
            }
            (AttributeType::Decimal, Json::String(text)) if self.dialect.scalar_coercion => {
                self.note(RewriteRule::ScalarCoercion, path);
                text.parse()
                    .ok()
                    .filter(|n: &f64| n.is_finite())
                    .map(Value::Decimal)
            }
            (AttributeType::DateTime, Json::String(text)) => {
                DateTime::parse(text).map(Value::DateTime)
            }
            (AttributeType::Binary, Json::String(text)) => {
                is_base64(text).then(|| Value::Text(text.clone()))
            }
            _ => None,
        };
        let value = value.ok_or_else(|| self.wrong(path, type_name(kind)))?;
        self.canonical(path, &value)?;
        Ok(value)
    }

    fn node(&mut self, attr: AttrId, object: &Map<String, Json>) -> Result<Node, ScimError> {
        let mut node = Node::new();
        for (name, value) in object {
            let Some(sub) = self.registry.sub(attr, name) else {
                self.unknown(&format!("{}.{name}", self.registry.label(attr.into())))?;
                continue;
            };
            if self.registry.attribute(sub).mutability() == Mutability::ReadOnly
                && self.keep == Keep::Writable
            {
                continue;
            }
            let path = AttrPath {
                attr,
                sub: Some(sub),
            };
            let value = self.value(path, value)?;
            node.insert(sub, value);
        }
        Ok(node)
    }

    fn one_primary(&mut self, path: AttrPath, values: &mut [Value]) -> Result<(), ScimError> {
        let Some(primary) = self.registry.sub(path.attr, "primary") else {
            return Ok(());
        };
        let mut seen = false;
        for value in values {
            let Value::Complex(node) = value else {
                continue;
            };
            if node.get(&primary) != Some(&Value::Boolean(true)) {
                continue;
            }
            // RFC 7643 §2.4: the primary value "true" MUST appear no more than once.
            if seen && !self.dialect.first_primary {
                let detail = format!(
                    "Only one value of `{}` may be primary.",
                    self.registry.label(path)
                );
                return Err(ScimError::new(Reason::ValuePrimary, detail));
            }
            if seen {
                self.rewrites
                    .note(RewriteRule::FirstPrimary, &self.registry.label(path));
                node.insert(primary, Value::Boolean(false));
            }
            seen = true;
        }
        Ok(())
    }

    fn canonical(&self, path: AttrPath, value: &Value) -> Result<(), ScimError> {
        let allowed = self.registry.attribute(path.leaf()).canonical_values();
        let Some(text) = value.as_text() else {
            return Ok(());
        };
        if !self.dialect.canonical_values
            || allowed.is_empty()
            || is_blank(value)
            || self.keep == Keep::All
        {
            return Ok(());
        }
        if allowed.iter().any(|a| a.eq_ignore_ascii_case(text)) {
            return Ok(());
        }
        let detail = format!(
            "`{}` must be one of: {}.",
            self.registry.label(path),
            allowed.join(", ")
        );
        Err(ScimError::new(Reason::ValueCanonical, detail))
    }

    fn note(&mut self, rule: RewriteRule, path: AttrPath) {
        let label = self.registry.label(path);
        self.rewrites.note(rule, &label);
    }

    fn wrong(&self, path: AttrPath, expected: &str) -> ScimError {
        ScimError::new(
            Reason::ValueType,
            format!("`{}` must be {expected}.", self.registry.label(path)),
        )
    }
}

pub(crate) fn parse_boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// RFC 7643 §2.3.6: base64 or base64url, the padding may be left out.
fn is_base64(text: &str) -> bool {
    BASE64.decode(text).is_ok()
        || STANDARD_NO_PAD.decode(text).is_ok()
        || URL_SAFE.decode(text).is_ok()
        || base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(text)
            .is_ok()
}
