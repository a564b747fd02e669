//! The attributes every resource has (RFC 7643 §3, §3.1).

use super::definition::{AttributeDefinition, AttributeType, Mutability, Returned, Uniqueness};
use super::registry::AttrId;

/// The ids of the common attributes, the same in every registry.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub struct Common {
    pub schemas: AttrId,
    pub id: AttrId,
    pub external_id: AttrId,
    pub meta: AttrId,
    pub resource_type: AttrId,
    pub created: AttrId,
    pub last_modified: AttrId,
    pub location: AttrId,
    pub version: AttrId,
    top: [AttrId; 4],
}

impl Common {
    pub(crate) const fn new() -> Self {
        // The order of `definitions`, each attribute before its parts.
        Self {
            schemas: AttrId(0),
            id: AttrId(1),
            external_id: AttrId(2),
            meta: AttrId(3),
            resource_type: AttrId(4),
            created: AttrId(5),
            last_modified: AttrId(6),
            location: AttrId(7),
            version: AttrId(8),
            top: [AttrId(0), AttrId(1), AttrId(2), AttrId(3)],
        }
    }

    /// `schemas`, `id`, `externalId`, `meta`.
    pub const fn all(&self) -> &[AttrId] {
        &self.top
    }
}

pub(super) fn definitions() -> Vec<AttributeDefinition> {
    let mut schemas = plain("schemas", AttributeType::Reference, Mutability::ReadOnly);
    schemas.multi_valued = true;
    schemas.returned = Returned::Always;
    // RFC 7643 §3.1: id is caseExact, readOnly, always returned, unique.
    let mut id = plain("id", AttributeType::String, Mutability::ReadOnly);
    id.case_exact = true;
    id.returned = Returned::Always;
    id.uniqueness = Uniqueness::Server;
    // RFC 7643 §3.1: externalId is caseExact and readWrite.
    let mut external_id = plain("externalId", AttributeType::String, Mutability::ReadWrite);
    external_id.case_exact = true;
    let mut meta = plain("meta", AttributeType::Complex, Mutability::ReadOnly);
    let part = |name, kind| plain(name, kind, Mutability::ReadOnly);
    meta.sub_attributes = vec![
        // RFC 7643 §3.1: meta.resourceType is caseExact.
        AttributeDefinition {
            case_exact: true,
            ..part("resourceType", AttributeType::String)
        },
        part("created", AttributeType::DateTime),
        part("lastModified", AttributeType::DateTime),
        part("location", AttributeType::Reference),
        AttributeDefinition {
            case_exact: true,
            ..part("version", AttributeType::String)
        },
    ];
    vec![schemas, id, external_id, meta]
}

pub(super) fn plain(
    name: &str,
    kind: AttributeType,
    mutability: Mutability,
) -> AttributeDefinition {
    AttributeDefinition {
        name: name.to_owned(),
        kind,
        multi_valued: false,
        description: String::new(),
        required: false,
        case_exact: false,
        canonical_values: Vec::new(),
        mutability,
        returned: Returned::Default,
        uniqueness: Uniqueness::None,
        reference_types: Vec::new(),
        sub_attributes: Vec::new(),
    }
}
