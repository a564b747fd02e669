//! Schemas and resource types as they are written down: RFC 7643 §6 and §7 as data.

use serde::{Deserialize, Serialize};

/// The data type of an attribute (RFC 7643 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub enum AttributeType {
    String,
    Boolean,
    Decimal,
    Integer,
    DateTime,
    Binary,
    Reference,
    Complex,
}

/// When an attribute may be written (RFC 7643 §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Mutability {
    /// The service provider alone writes it.
    ReadOnly,
    /// Written and read at will.
    #[default]
    ReadWrite,
    /// Written once.
    Immutable,
    /// Written, never read.
    WriteOnly,
}

/// When an attribute is shown (RFC 7643 §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Returned {
    /// In every answer.
    Always,
    /// In none.
    Never,
    /// Unless excluded.
    #[default]
    Default,
    /// Only when asked for by name.
    Request,
}

/// Among whom a value must be unique (RFC 7643 §7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Uniqueness {
    /// Nobody.
    #[default]
    None,
    /// The resources of one type of one tenant.
    Server,
    /// Everywhere; enforced like `server`.
    Global,
}

/// One attribute definition (RFC 7643 §7), as in a schema document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AttributeDefinition {
    /// The name, case-insensitive.
    pub name: String,
    /// The data type.
    #[serde(rename = "type", default = "string")]
    pub kind: AttributeType,
    /// Whether there may be several values.
    #[serde(default)]
    pub multi_valued: bool,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Whether a value must be there.
    #[serde(default)]
    pub required: bool,
    /// Whether case matters in comparisons. References and binaries are always compared exactly (RFC 7643 §2.3.6, §2.3.7).
    #[serde(default)]
    pub case_exact: bool,
    /// Suggested values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canonical_values: Vec<String>,
    /// When it may be written.
    #[serde(default)]
    pub mutability: Mutability,
    /// When it is shown.
    #[serde(default)]
    pub returned: Returned,
    /// Among whom it is unique.
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// What a reference may point to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference_types: Vec<String>,
    /// The parts of a complex attribute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_attributes: Vec<Self>,
}

const fn string() -> AttributeType {
    AttributeType::String
}

/// One schema (RFC 7643 §7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SchemaDefinition {
    /// The URN.
    pub id: String,
    /// A name for people.
    #[serde(default)]
    pub name: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// The attributes.
    pub attributes: Vec<AttributeDefinition>,
}

/// A resource type's extension (RFC 7643 §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ExtensionDefinition {
    /// The extension schema's URN.
    pub schema: String,
    /// Whether every resource must have it.
    #[serde(default)]
    pub required: bool,
}

/// One resource type (RFC 7643 §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceTypeDefinition {
    /// The name, as in `meta.resourceType`.
    pub name: String,
    /// The path below the base URL, `/Users`.
    pub endpoint: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// The core schema's URN.
    pub schema: String,
    /// The extensions.
    #[serde(default)]
    pub schema_extensions: Vec<ExtensionDefinition>,
}

/// Why a schema or resource type cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// `schema.syntax`: not the JSON of a schema or resource type.
    #[error("schema.syntax: not a schema document: line {line}, column {column}: {detail}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the reader expected.
        detail: String,
    },
    /// `schema.name`: a name that breaks the grammar of RFC 7643 §2.1, or a schema id that is no URI.
    #[error("schema.name: `{0}` is not a valid name")]
    Name(String),
    /// `schema.duplicate`: an attribute, schema, endpoint or resource type is defined twice.
    #[error("schema.duplicate: `{0}` is defined twice")]
    Duplicate(String),
    /// `schema.sub_attributes`: a complex attribute without parts, a part that is complex, or parts on a simple one.
    #[error(
        "schema.sub_attributes: `{0}` must be complex with simple sub-attributes, or simple without any"
    )]
    SubAttributes(String),
    /// `schema.unknown`: a resource type or extension names a schema that is not here, or an attribute that is not.
    #[error("schema.unknown: `{0}` is not defined")]
    Unknown(String),
}

impl SchemaError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "schema.syntax",
            Self::Name(_) => "schema.name",
            Self::Duplicate(_) => "schema.duplicate",
            Self::SubAttributes(_) => "schema.sub_attributes",
            Self::Unknown(_) => "schema.unknown",
        }
    }
}

impl From<serde_json::Error> for SchemaError {
    fn from(error: serde_json::Error) -> Self {
        Self::Syntax {
            line: error.line(),
            column: error.column(),
            detail: error.to_string(),
        }
    }
}
