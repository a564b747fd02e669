//! Reading a JSON body strictly: bounded depth, no member twice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value as Json};

use crate::error::{Reason, ScimError};

const TOO_DEEP: &str = "scim: nested too deeply";
const DUPLICATE: &str = "scim: member occurs twice";

/// Reads a JSON text, refusing what is nested deeper than `depth` or names a member twice in one object.
///
/// Attribute names are case-insensitive (RFC 7643 §2.1), so `userName` beside `USERNAME` is a duplicate.
///
/// # Errors
/// `json.syntax`, `json.depth`, `json.duplicate_member`.
pub fn parse(text: &[u8], depth: usize) -> Result<Json, ScimError> {
    let mut source = serde_json::Deserializer::from_slice(text);
    let value = Strict { left: depth }
        .deserialize(&mut source)
        .and_then(|value| source.end().map(|()| value));
    value.map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let message = error.to_string();
        if message.starts_with(TOO_DEEP) || message.starts_with("recursion limit") {
            ScimError::new(Reason::JsonDepth, format!("The JSON is nested deeper than {depth} levels at {place}."))
        } else if message.starts_with(DUPLICATE) {
            ScimError::new(
                Reason::JsonDuplicate,
                format!("A member name occurs twice in the object ending at {place}; names differ by more than case."),
            )
        } else {
            ScimError::new(Reason::JsonSyntax, format!("The body is not valid JSON: see {place}."))
        }
    })
}

#[derive(Clone, Copy)]
struct Strict {
    left: usize,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json;
    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Json, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(value.into())
    }
    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Json, A::Error> {
        let left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| A::Error::custom(TOO_DEEP))?;
        let mut items = Vec::new();
        while let Some(item) = source.next_element_seed(Self { left })? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut source: A) -> Result<Json, A::Error> {
        let left = self
            .left
            .checked_sub(1)
            .ok_or_else(|| A::Error::custom(TOO_DEEP))?;
        let mut object = Map::new();
        let mut seen = std::collections::HashSet::new();
        while let Some(name) = source.next_key::<String>()? {
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(A::Error::custom(DUPLICATE));
            }
            object.insert(name, source.next_value_seed(Self { left })?);
        }
        Ok(Json::Object(object))
    }
}

/// The member of an object under a case-insensitive name (RFC 7643 §2.1).
pub(crate) fn member<'a>(object: &'a Map<String, Json>, name: &str) -> Option<&'a Json> {
    object.get(name).or_else(|| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    })
}

#[cfg(test)]
mod tests;
