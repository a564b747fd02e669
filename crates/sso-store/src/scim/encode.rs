//! Values as text that sorts and compares byte by byte like the values themselves.

use std::collections::HashMap;

use ring::digest::{SHA256, digest};
use scim_core::document::{Document, Value};
use scim_core::filter::{Operand, SortValue};
use scim_core::schema::{AttrId, Registry};
use scim_core::text;

// The first character tells the type; their order is that of `scim_core::filter::compare_keys`.
const BOOLEAN: char = '0';
const INTEGER: char = '1';
const DECIMAL: char = '2';
const INSTANT: char = '3';
pub(super) const TEXT: char = '4';
/// After every text.
pub(super) const END: char = '5';

/// Beyond any instant that `time` can hold, in nanoseconds.
const INSTANT_OFFSET: i128 = 1_000_000_000_000_000_000_000;

/// The attributes' numbers in the index: the same in every process and after every restart.
pub(super) struct Numbers(HashMap<AttrId, i64>);

impl Numbers {
    pub(super) fn new(registry: &Registry) -> Self {
        let number = |path: &str| {
            let hash = digest(&SHA256, path.as_bytes());
            let mut first = [0; 8];
            for (to, from) in first.iter_mut().zip(hash.as_ref()) {
                *to = *from;
            }
            i64::from_be_bytes(first)
        };
        let attributes = registry.attributes().iter();
        Self(
            attributes
                .map(|attribute| (attribute.id(), number(attribute.path())))
                .collect(),
        )
    }

    /// The number of an attribute of that registry; nothing is found by that of another one's.
    pub(super) fn of(&self, attr: AttrId) -> i64 {
        self.0.get(&attr).copied().unwrap_or_default()
    }
}

fn boolean(value: bool) -> String {
    format!("{BOOLEAN}{}", u8::from(value))
}

fn integer(value: i64) -> String {
    format!("{INTEGER}{:020}", i128::from(value) - i128::from(i64::MIN))
}

fn decimal(value: f64) -> String {
    // IEEE 754 totalOrder; the two zeros are equal
    let bits = if value == 0.0 { 0 } else { value.to_bits() };
    let ordered = if bits >> 63 == 0 {
        bits ^ (1 << 63)
    } else {
        !bits
    };
    format!("{DECIMAL}{ordered:016x}")
}

fn instant(nanoseconds: i128) -> String {
    format!("{INSTANT}{:022}", nanoseconds + INSTANT_OFFSET)
}

/// Databases end a text at NUL: it is written as two characters, and so is the one that they begin
/// with. The order stays.
pub(super) fn escape(text: &str) -> String {
    if text.contains(['\0', '\u{1}']) {
        text.replace('\u{1}', "\u{1}1").replace('\0', "\u{1}0")
    } else {
        text.to_owned()
    }
}

/// A key for columns that an index holds whole: one that is too long for an index is its beginning
/// and its hash.
pub(super) fn bounded(key: &str) -> String {
    const MOST: usize = 1024;
    let key = escape(key);
    if key.len() <= MOST {
        return key;
    }
    let hash = digest(&SHA256, key.as_bytes());
    let start: String = key.chars().take(64).collect();
    // No key that was escaped has this character before an `h`
    hash.as_ref()
        .iter()
        .fold(format!("{start}\u{1}h"), |text, byte| {
            format!("{text}{byte:02x}")
        })
}

fn text_key(key: &str) -> String {
    format!("{TEXT}{}", escape(key))
}

pub(super) fn operand(operand: &Operand) -> Option<String> {
    Some(match operand {
        Operand::Text(text) => text_key(text),
        Operand::Boolean(value) => boolean(*value),
        Operand::Integer(value) => integer(*value),
        Operand::Decimal(value) => decimal(*value),
        Operand::Instant(value) => instant(value.unix_timestamp_nanos()),
        _ => return None,
    })
}

pub(super) fn sort_value(value: &SortValue) -> Option<String> {
    Some(match value {
        SortValue::Boolean(value) => boolean(*value),
        SortValue::Integer(value) => integer(*value),
        SortValue::Decimal(value) => decimal(*value),
        SortValue::Instant(value) => instant(*value),
        SortValue::Text(text) => text_key(text),
        _ => return None,
    })
}

/// Back from what [`sort_value`] wrote.
pub(super) fn decode(text: &str) -> Option<SortValue> {
    let mut characters = text.chars();
    let tag = characters.next()?;
    let rest = characters.as_str();
    Some(match tag {
        BOOLEAN => SortValue::Boolean(rest == "1"),
        INTEGER => {
            let number = rest.parse::<i128>().ok()? + i128::from(i64::MIN);
            SortValue::Integer(i64::try_from(number).ok()?)
        }
        DECIMAL => {
            let ordered = u64::from_str_radix(rest, 16).ok()?;
            let bits = if ordered >> 63 == 1 {
                ordered ^ (1 << 63)
            } else {
                !ordered
            };
            SortValue::Decimal(f64::from_bits(bits))
        }
        INSTANT => SortValue::Instant(rest.parse::<i128>().ok()? - INSTANT_OFFSET),
        TEXT => SortValue::Text(rest.replace("\u{1}0", "\0").replace("\u{1}1", "\u{1}")),
        _ => return None,
    })
}

fn scalar(registry: &Registry, attr: AttrId, value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(value) => text_key(&text::key(value, registry.attribute(attr).case_exact())),
        Value::Boolean(value) => boolean(*value),
        Value::Integer(value) => integer(*value),
        Value::Decimal(value) => decimal(*value),
        Value::DateTime(value) => instant(value.instant().unix_timestamp_nanos()),
        _ => return None,
    })
}

/// One row of the index: a value of an attribute, or of a part of one element of it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) attr: i64,
    pub(super) element: i64,
    /// Whether its element is the one to sort by: the primary one, else the first.
    pub(super) lead: bool,
    /// What it compares by; `None` for what has parts or several values.
    pub(super) key: Option<String>,
}

/// A document as rows.
pub(super) fn rows(registry: &Registry, numbers: &Numbers, document: &Document) -> Vec<Row> {
    let mut rows = Vec::new();
    for (attr, value) in document.attributes() {
        let elements = value.elements();
        let primary = registry.sub(*attr, "primary");
        let is_primary = |element: &Value| match (element, primary) {
            (Value::Complex(node), Some(primary)) => {
                node.get(&primary) == Some(&Value::Boolean(true))
            }
            _ => false,
        };
        let lead = elements.iter().position(is_primary).unwrap_or(0);
        for (index, element) in elements.iter().enumerate() {
            let mut row = |attr: AttrId, value: &Value| {
                rows.push(Row {
                    attr: numbers.of(attr),
                    element: i64::try_from(index).unwrap_or(i64::MAX),
                    lead: index == lead,
                    key: scalar(registry, attr, value),
                });
            };
            row(*attr, element);
            if let Value::Complex(node) = element {
                for (sub, part) in node {
                    row(*sub, part);
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_value_survive() {
        let values = [
            SortValue::Boolean(false),
            SortValue::Boolean(true),
            SortValue::Integer(i64::MIN),
            SortValue::Integer(-1),
            SortValue::Integer(0),
            SortValue::Integer(i64::MAX),
            SortValue::Decimal(f64::NEG_INFINITY),
            SortValue::Decimal(-1.5),
            SortValue::Decimal(0.0),
            SortValue::Decimal(1e300),
            SortValue::Instant(-62_167_219_200_000_000_000),
            SortValue::Instant(0),
            SortValue::Instant(253_402_300_799_000_000_000),
            SortValue::Text(String::new()),
            SortValue::Text("\0".to_owned()),
            SortValue::Text("\u{1}".to_owned()),
            SortValue::Text("\u{2}".to_owned()),
            SortValue::Text("a".to_owned()),
            SortValue::Text("a\0b".to_owned()),
            SortValue::Text("aa".to_owned()),
            SortValue::Text("ä".to_owned()),
        ];
        let texts: Vec<_> = values.iter().map(|v| sort_value(v).unwrap()).collect();
        assert!(texts.is_sorted(), "{texts:?}");
        for (value, text) in values.iter().zip(&texts) {
            assert_eq!(decode(text).as_ref(), Some(value));
            assert!(!text.contains('\0'));
        }
    }
}
