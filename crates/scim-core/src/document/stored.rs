//! The form a store keeps a document in: one JSON object, attributes by their full path.

use serde_json::{Map, Value as Json};

use super::{DateTime, Document, Node, Value};
use crate::schema::{AttributeType, Registry, ResourceTypeId};

/// Under this key are the extension objects that no schema describes. No attribute has an empty path.
const EXTRAS: &str = "";

impl Document {
    /// As JSON for a store: everything, and exactly as it was, [`Self::extras`] among it. Nothing a client ever sees.
    ///
    /// ```
    /// use scim_core::document::{Document, Value};
    /// use scim_core::schema::Registry;
    ///
    /// let registry = Registry::standard();
    /// let user = registry.resource_type_by_name("User").unwrap().id();
    /// let mut document = Document::new(user);
    /// let name = registry.attribute_by_path("urn:ietf:params:scim:schemas:core:2.0:User:userName").unwrap().id();
    /// document.set(name, Value::Text("ann@example.com".into()));
    /// let stored = document.to_stored(&registry);
    /// assert_eq!(Document::from_stored(&registry, user, &stored), Some(document));
    /// ```
    pub fn to_stored(&self, registry: &Registry) -> String {
        let mut object = node(registry, &self.attributes);
        if !self.extras.is_empty() {
            object.insert(EXTRAS.to_owned(), Json::Object(self.extras.clone()));
        }
        Json::Object(object).to_string()
    }

    /// Back from [`Self::to_stored`]. `None` when it is not its work. What a schema described then and none describes
    /// now is kept among [`Self::extras`].
    pub fn from_stored(registry: &Registry, kind: ResourceTypeId, stored: &str) -> Option<Self> {
        let Ok(Json::Object(mut object)) = serde_json::from_str(stored) else {
            return None;
        };
        let extras = match object.remove(EXTRAS) {
            None => Map::new(),
            Some(Json::Object(extras)) => extras,
            Some(_) => return None,
        };
        let mut document = Self {
            resource_type: kind,
            attributes: Node::new(),
            extras,
        };
        for (path, json) in object {
            match registry.attribute_by_path(&path) {
                Some(attribute) => {
                    let value = read(registry, attribute.kind(), json)?;
                    document.attributes.insert(attribute.id(), value);
                }
                None => {
                    document.extras.insert(path, json);
                }
            }
        }
        Some(document)
    }
}

fn node(registry: &Registry, node: &Node) -> Map<String, Json> {
    node.iter()
        .map(|(attr, value)| {
            let path = registry.attribute(*attr).path().to_owned();
            (path, self::value(registry, value))
        })
        .collect()
}

pub(super) fn value(registry: &Registry, value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Text(text) => Json::String(text.clone()),
        Value::Boolean(value) => Json::Bool(*value),
        Value::Integer(value) => Json::from(*value),
        Value::Decimal(value) => Json::from(*value),
        Value::DateTime(value) => Json::String(value.as_str().to_owned()),
        Value::Complex(parts) => Json::Object(node(registry, parts)),
        Value::List(items) => items
            .iter()
            .map(|item| self::value(registry, item))
            .collect(),
    }
}

fn read(registry: &Registry, kind: AttributeType, json: Json) -> Option<Value> {
    Some(match (kind, json) {
        (_, Json::Null) => Value::Null,
        (kind, Json::Array(items)) => Value::List(
            items
                .into_iter()
                .map(|item| read(registry, kind, item))
                .collect::<Option<_>>()?,
        ),
        (AttributeType::Complex, Json::Object(parts)) => {
            let mut node = Node::new();
            for (path, part) in parts {
                let attribute = registry.attribute_by_path(&path)?;
                node.insert(attribute.id(), read(registry, attribute.kind(), part)?);
            }
            Value::Complex(node)
        }
        (AttributeType::DateTime, Json::String(text)) => Value::DateTime(DateTime::parse(&text)?),
        (AttributeType::Decimal, Json::Number(number)) => Value::Decimal(number.as_f64()?),
        (AttributeType::Integer, Json::Number(number)) => Value::Integer(number.as_i64()?),
        (AttributeType::Boolean, Json::Bool(value)) => Value::Boolean(value),
        (_, Json::String(text)) => Value::Text(text),
        _ => return None,
    })
}
