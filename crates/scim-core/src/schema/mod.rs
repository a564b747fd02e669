//! What resources look like: schemas, attributes and their characteristics, resource types, discovery documents.
//!
//! A [`Registry`] is immutable and shared; every attribute in it has an [`AttrId`], and everything that names an
//! attribute (a filter, a path, a document) is resolved to ids before it is used.

mod builder;
mod common;
mod definition;
mod discovery;
mod registry;

pub use self::builder::RegistryBuilder;
pub use self::common::Common;
pub use self::definition::{
    AttributeDefinition, AttributeType, ExtensionDefinition, Mutability, ResourceTypeDefinition,
    Returned, SchemaDefinition, SchemaError, Uniqueness,
};
pub use self::discovery::{Features, discovery_schema};
pub use self::registry::{
    AttrId, AttrPath, Attribute, Registry, Resolved, ResourceType, ResourceTypeId, Schema, SchemaId,
};

/// The core schema of users.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core schema of groups.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of users.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[cfg(test)]
mod tests;
