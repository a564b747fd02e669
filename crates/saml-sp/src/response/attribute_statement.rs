//! saml:AttributeStatement.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::ops::{Deref, Range};
use std::sync::Arc;

use saml_xml::Element;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ASSERTION;
use super::encrypted::Opened;
use crate::reason::{AttributeErrorKind, AttributeRule};
use crate::report::Failure;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// One value of an attribute.
///
/// `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AttributeValue {
    /// Text, verbatim: its whole text, however it was cut by comments and CDATA sections.
    Text(AttributeText),
    /// Elements. Kept as a fact, never flattened to text: what a value means must not depend on
    /// who dropped the markup.
    Structured,
    /// `xsi:nil="true"`.
    Nil,
}

impl AttributeValue {
    /// The text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Structured | Self::Nil => None,
        }
    }
}

impl fmt::Debug for AttributeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Structured => "Structured",
            Self::Nil => "Nil",
        })
    }
}

/// The text of an attribute value; derefs to `str`.
///
/// The values of one Attribute share one allocation: a user can be in thousands of groups.
#[derive(Clone)]
pub struct AttributeText {
    values: Arc<str>,
    range: Range<usize>,
}

impl AttributeText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.values.get(self.range.clone()).unwrap_or_default()
    }
}

impl Deref for AttributeText {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for AttributeText {
    fn from(text: &str) -> Self {
        Self {
            values: text.into(),
            range: 0..text.len(),
        }
    }
}

impl PartialEq for AttributeText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for AttributeText {}

impl Hash for AttributeText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for AttributeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttributeText(..)")
    }
}

impl Serialize for AttributeText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for AttributeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::from(text.as_str()))
    }
}

/// One Attribute element: a name and its values in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    name: String,
    name_format: Option<String>,
    friendly_name: Option<String>,
    values: Vec<AttributeValue>,
}

impl Attribute {
    /// `Name`: what the attribute is known by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `NameFormat`.
    #[must_use]
    pub fn name_format(&self) -> Option<&str> {
        self.name_format.as_deref()
    }

    /// `FriendlyName`: for people to read. Nothing may be decided by it (FedInterop IIP-SP11).
    #[must_use]
    pub fn friendly_name(&self) -> Option<&str> {
        self.friendly_name.as_deref()
    }

    /// The values in order.
    #[must_use]
    pub fn values(&self) -> &[AttributeValue] {
        &self.values
    }
}

/// The attributes of a login, in the order they were sent. One name may stand more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(Vec<Attribute>);

impl Attributes {
    pub(crate) const fn new(attributes: Vec<Attribute>) -> Self {
        Self(attributes)
    }

    /// Every Attribute element, in order.
    pub fn iter(&self) -> core::slice::Iter<'_, Attribute> {
        self.0.iter()
    }

    /// How many Attribute elements there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every value of every attribute with this name, in order. Names are compared exactly.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a AttributeValue> {
        self.0
            .iter()
            .filter(move |attribute| attribute.name == name)
            .flat_map(Attribute::values)
    }

    /// Every value of this name as text.
    ///
    /// # Errors
    /// `attribute.not_text` when one of them is not.
    pub fn texts(&self, name: &str) -> Result<Vec<&str>, AttributeError> {
        let named = self.0.iter().filter(|attribute| attribute.name == name);
        named
            .flat_map(Attribute::values)
            .map(|value| value.as_text().ok_or(AttributeErrorKind::NotText.into()))
            .collect()
    }

    /// The one value of this name.
    ///
    /// There is no way to ask for the first of several: which one comes first can be the choice of
    /// whoever edits their own profile.
    ///
    /// # Errors
    /// `attribute.not_found`, `attribute.not_single`, `attribute.not_text`.
    pub fn single(&self, name: &str) -> Result<&str, AttributeError> {
        let mut values = self
            .0
            .iter()
            .filter(|attribute| attribute.name == name)
            .flat_map(Attribute::values);
        match (values.next(), values.next()) {
            (None, _) => Err(AttributeErrorKind::NotFound.into()),
            (Some(_), Some(_)) => Err(AttributeErrorKind::NotSingle.into()),
            (Some(value), None) => value.as_text().ok_or(AttributeErrorKind::NotText.into()),
        }
    }
}

impl<'a> IntoIterator for &'a Attributes {
    type Item = &'a Attribute;
    type IntoIter = core::slice::Iter<'a, Attribute>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// An attribute that is not there in the way the application asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeError(AttributeErrorKind);

impl AttributeError {
    /// What was wrong.
    #[must_use]
    pub const fn kind(&self) -> AttributeErrorKind {
        self.0
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.0.code()
    }
}

impl From<AttributeErrorKind> for AttributeError {
    fn from(kind: AttributeErrorKind) -> Self {
        Self(kind)
    }
}

impl fmt::Display for AttributeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code(), self.0.hint())
    }
}

impl core::error::Error for AttributeError {}

/// Reads one AttributeStatement to the end of a list.
pub(crate) fn read(
    statement: Element<'_>,
    opened: &Opened,
    out: &mut Vec<Attribute>,
) -> Result<(), Failure> {
    for child in statement.children() {
        if child.is(ASSERTION, "Attribute") {
            out.push(read_attribute(child)?);
        } else if child.is(ASSERTION, "EncryptedAttribute") {
            // SAML Core §2.7.3.2: the encrypted content MUST be an Attribute
            match opened.get(child, ASSERTION, "Attribute") {
                Some(Ok(attribute)) => {
                    out.push(read_attribute(attribute).map_err(|f| f.at(child.span()))?);
                }
                Some(Err(kind)) => return Err(Failure::new(kind).at(child.start_tag_span())),
                None => return Err(Failure::new(AttributeRule::Encrypted).at(child.span())),
            }
        } else {
            return Err(Failure::new(AttributeRule::UnexpectedChild).at(child.span()));
        }
    }
    if statement.child_text_is_blank() {
        Ok(())
    } else {
        Err(Failure::new(AttributeRule::UnexpectedChild).at(statement.span()))
    }
}

fn read_attribute(attribute: Element<'_>) -> Result<Attribute, Failure> {
    // SAML Core §2.7.3.1: Name is required
    let Some(name) = attribute.attribute("Name") else {
        return Err(Failure::new(AttributeRule::NameMissing).at(attribute.start_tag_span()));
    };
    let mut raw = Vec::new();
    let mut known = None;
    let mut length = 0_usize;
    for child in attribute.children() {
        if !known.is_some_and(|known| child.has_name_of(known)) {
            if !child.is(ASSERTION, "AttributeValue") {
                return Err(Failure::new(AttributeRule::UnexpectedChild).at(child.span()));
            }
            known = Some(child);
        }
        let value = read_value(child);
        if let Raw::Text(text) = value {
            length = length.saturating_add(text.len());
        }
        raw.push(value);
    }
    if !attribute.child_text_is_blank() {
        return Err(Failure::new(AttributeRule::UnexpectedChild).at(attribute.span()));
    }
    let mut texts = String::with_capacity(length);
    for value in &raw {
        if let Raw::Text(text) = value {
            texts.push_str(text);
        }
    }
    let texts: Arc<str> = texts.into();
    let mut from = 0_usize;
    let values = raw.into_iter().map(|value| match value {
        Raw::Nil => AttributeValue::Nil,
        Raw::Structured => AttributeValue::Structured,
        Raw::Text(text) => {
            let range = from..from.saturating_add(text.len());
            from = range.end;
            AttributeValue::Text(AttributeText {
                values: Arc::clone(&texts),
                range,
            })
        }
    });
    let values = values.collect();
    Ok(Attribute {
        name: name.to_owned(),
        name_format: attribute.attribute("NameFormat").map(str::to_owned),
        friendly_name: attribute.attribute("FriendlyName").map(str::to_owned),
        values,
    })
}

enum Raw<'d> {
    Text(&'d str),
    Structured,
    Nil,
}

fn read_value(value: Element<'_>) -> Raw<'_> {
    // SAML Core §2.7.3.1.1: a null value is an empty AttributeValue with xsi:nil
    let nil = || matches!(value.attribute_ns(XSI, "nil"), Some("true" | "1"));
    match value.text() {
        Some("") if nil() => Raw::Nil,
        Some(text) => Raw::Text(text),
        None => Raw::Structured,
    }
}
