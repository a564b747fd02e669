//! Putting a registry together from schema and resource type documents.

use std::collections::HashSet;

use super::common::{self, Common};
use super::definition::{
    AttributeDefinition, AttributeType, ExtensionDefinition, Mutability, ResourceTypeDefinition,
    SchemaDefinition, SchemaError, Uniqueness,
};
use super::registry::{
    AttrId, Attribute, Registry, ResourceType, ResourceTypeId, Schema, SchemaId,
};
use super::{ENTERPRISE_USER, GROUP, USER};

/// Collects schemas and resource types; [`RegistryBuilder::build`] checks and resolves them.
///
/// ```
/// use scim_core::schema::RegistryBuilder;
/// let registry = RegistryBuilder::standard()
///     .schema_json(r#"{"id": "urn:example:params:scim:badge", "name": "Badge",
///         "attributes": [{"name": "number", "type": "integer", "uniqueness": "server"}]}"#)?
///     .extend("User", "urn:example:params:scim:badge", false)
///     .build()?;
/// assert!(registry.attribute_by_path("urn:example:params:scim:badge:number").is_some());
/// # Ok::<(), scim_core::schema::SchemaError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct RegistryBuilder {
    schemas: Vec<SchemaDefinition>,
    types: Vec<ResourceTypeDefinition>,
    extensions: Vec<(String, ExtensionDefinition)>,
    unique: Vec<String>,
}

impl RegistryBuilder {
    /// Nothing yet.
    pub fn empty() -> Self {
        Self::default()
    }

    /// User with its enterprise extension, and Group: RFC 7643 §8.7.1 with the verified errata 5368 (a group's
    /// displayName is required) and 8471 (groups.$ref points to groups only).
    ///
    /// Where §8.7.1 contradicts the text, the text wins: addresses have `primary` (§2.4, §8.2), references and binaries
    /// are caseExact (§2.3.6, §2.3.7), and so are the ids in members, groups and manager (§3.1), and members have
    /// `display` (§8.4), shown on request since it costs a look at every member.
    pub fn standard() -> Self {
        let schemas = [
            include_str!("data/user.json"),
            include_str!("data/group.json"),
            include_str!("data/enterprise_user.json"),
        ];
        let kind =
            |name: &str, endpoint: &str, description: &str, schema: &str| ResourceTypeDefinition {
                name: name.into(),
                endpoint: endpoint.into(),
                description: description.into(),
                schema: schema.into(),
                schema_extensions: Vec::new(),
            };
        Self {
            schemas: schemas
                .iter()
                .filter_map(|text| serde_json::from_str(text).ok())
                .collect(),
            types: vec![
                kind("User", "/Users", "User Account", USER),
                kind("Group", "/Groups", "Group", GROUP),
            ],
            ..Self::default()
        }
        .extend("User", ENTERPRISE_USER, false)
    }

    /// Adds a schema.
    #[must_use]
    pub fn schema(mut self, schema: SchemaDefinition) -> Self {
        self.schemas.push(schema);
        self
    }

    /// Adds a schema document (RFC 7643 §7).
    ///
    /// # Errors
    /// `schema.syntax`.
    pub fn schema_json(self, text: &str) -> Result<Self, SchemaError> {
        Ok(self.schema(serde_json::from_str(text)?))
    }

    /// Adds a resource type.
    #[must_use]
    pub fn resource_type(mut self, kind: ResourceTypeDefinition) -> Self {
        self.types.push(kind);
        self
    }

    /// Adds a resource type document (RFC 7643 §6).
    ///
    /// # Errors
    /// `schema.syntax`.
    pub fn resource_type_json(self, text: &str) -> Result<Self, SchemaError> {
        Ok(self.resource_type(serde_json::from_str(text)?))
    }

    /// Extends a resource type by a schema.
    #[must_use]
    pub fn extend(mut self, resource_type: &str, schema: &str, required: bool) -> Self {
        self.extensions.push((
            resource_type.to_owned(),
            ExtensionDefinition {
                schema: schema.to_owned(),
                required,
            },
        ));
        self
    }

    /// Makes an attribute unique within its resource type (for instance a group's displayName, which Entra expects).
    #[must_use]
    pub fn unique(mut self, path: &str) -> Self {
        self.unique.push(path.to_owned());
        self
    }

    /// Checks everything and resolves it.
    ///
    /// # Errors
    /// `schema.name`, `schema.duplicate`, `schema.sub_attributes`, `schema.unknown`.
    pub fn build(mut self) -> Result<Registry, SchemaError> {
        for (name, extension) in std::mem::take(&mut self.extensions) {
            let kind = self
                .types
                .iter_mut()
                .find(|t| t.name.eq_ignore_ascii_case(&name));
            kind.ok_or(SchemaError::Unknown(name))?
                .schema_extensions
                .push(extension);
        }
        let mut registry = self.build_or_empty_base();
        for schema in self.schemas {
            add_schema(&mut registry, schema)?;
        }
        for kind in self.types {
            add_type(&mut registry, kind)?;
        }
        for path in self.unique {
            let attribute = registry
                .attributes
                .iter_mut()
                .find(|a| a.path.eq_ignore_ascii_case(&path));
            attribute
                .ok_or(SchemaError::Unknown(path))?
                .definition
                .uniqueness = Uniqueness::Server;
        }
        republish(&mut registry);
        Ok(registry)
    }

    /// For the built-in schemas, which a test builds with `build`.
    pub(super) fn build_or_empty(self) -> Registry {
        let base = self.build_or_empty_base();
        self.build().unwrap_or(base)
    }

    fn build_or_empty_base(&self) -> Registry {
        let nothing = common::plain("", AttributeType::String, Mutability::ReadOnly);
        let schema = SchemaDefinition {
            id: String::new(),
            name: String::new(),
            description: String::new(),
            attributes: Vec::new(),
        };
        let kind = ResourceTypeDefinition {
            name: String::new(),
            endpoint: String::new(),
            description: String::new(),
            schema: String::new(),
            schema_extensions: Vec::new(),
        };
        let mut registry = Registry {
            attributes: Vec::new(),
            schemas: Vec::new(),
            types: Vec::new(),
            common: Common::new(),
            nothing: Attribute {
                id: AttrId(u32::MAX),
                schema: None,
                parent: None,
                path: String::new(),
                definition: nothing,
                subs: Vec::new(),
                computed: true,
            },
            no_type: ResourceType {
                id: ResourceTypeId(u32::MAX),
                definition: kind,
                schema: SchemaId(u32::MAX),
                extensions: Vec::new(),
                members: None,
                groups: None,
                active: None,
            },
            no_schema: Schema {
                id: SchemaId(u32::MAX),
                definition: schema,
                attributes: Vec::new(),
            },
        };
        for definition in common::definitions() {
            add_attribute(&mut registry, None, None, "", definition);
        }
        registry
    }
}

fn add_schema(registry: &mut Registry, schema: SchemaDefinition) -> Result<(), SchemaError> {
    let valid = schema.id.contains(':')
        && schema
            .id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-' | '/' | '$'));
    if !valid {
        return Err(SchemaError::Name(schema.id));
    }
    if registry.schema_by_urn(&schema.id).is_some() {
        return Err(SchemaError::Duplicate(schema.id));
    }
    check_attributes(&schema.attributes, &schema.id, true)?;
    let id = SchemaId(number(registry.schemas.len()));
    let mut attributes = Vec::new();
    for definition in schema.attributes.clone() {
        attributes.push(add_attribute(
            registry,
            Some(id),
            None,
            &format!("{}:", schema.id),
            definition,
        ));
    }
    registry.schemas.push(Schema {
        id,
        definition: schema,
        attributes,
    });
    Ok(())
}

fn check_attributes(
    attributes: &[AttributeDefinition],
    path: &str,
    top: bool,
) -> Result<(), SchemaError> {
    let mut seen = HashSet::new();
    for attribute in attributes {
        let here = format!("{path}{}{}", if top { ":" } else { "." }, attribute.name);
        // RFC 7643 §2.1: ATTRNAME = ALPHA *(nameChar); "$ref" is the standard's own exception.
        let mut chars = attribute.name.chars();
        let first = chars
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || (!top && c == '$'));
        if !first || !chars.all(|c| c.is_ascii_alphanumeric() || matches!(c, '$' | '-' | '_')) {
            return Err(SchemaError::Name(here));
        }
        if !seen.insert(attribute.name.to_ascii_lowercase()) {
            return Err(SchemaError::Duplicate(here));
        }
        // RFC 7643 §2.3.8: a complex attribute MUST NOT contain complex sub-attributes.
        let complex = attribute.kind == AttributeType::Complex;
        if complex == attribute.sub_attributes.is_empty() || (complex && !top) {
            return Err(SchemaError::SubAttributes(here));
        }
        check_attributes(&attribute.sub_attributes, &here, false)?;
    }
    Ok(())
}

fn add_attribute(
    registry: &mut Registry,
    schema: Option<SchemaId>,
    parent: Option<AttrId>,
    prefix: &str,
    definition: AttributeDefinition,
) -> AttrId {
    let id = AttrId(number(registry.attributes.len()));
    let path = format!("{prefix}{}", definition.name);
    let parts = definition.sub_attributes.clone();
    let computed = match path
        .strip_prefix(USER)
        .or_else(|| path.strip_prefix(GROUP))
        .unwrap_or(&path)
    {
        "meta.location" | "meta.version" => true,
        ":members.$ref" | ":groups.$ref" => schema.is_some(),
        _ => false,
    };
    let prefix = format!("{path}.");
    registry.attributes.push(Attribute {
        id,
        schema,
        parent,
        path,
        definition,
        subs: Vec::new(),
        computed,
    });
    let subs = parts
        .into_iter()
        .map(|part| add_attribute(registry, schema, Some(id), &prefix, part))
        .collect();
    if let Some(attribute) = registry.attributes.get_mut(id.0 as usize) {
        attribute.subs = subs;
    }
    id
}

fn add_type(
    registry: &mut Registry,
    definition: ResourceTypeDefinition,
) -> Result<(), SchemaError> {
    const TAKEN: [&str; 6] = [
        "/ServiceProviderConfig",
        "/ResourceTypes",
        "/Schemas",
        "/Bulk",
        "/Me",
        "/.search",
    ];
    let name = definition.endpoint.strip_prefix('/').unwrap_or_default();
    if name.is_empty()
        || !name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    {
        return Err(SchemaError::Name(definition.endpoint));
    }
    if registry.resource_type_by_name(&definition.name).is_some()
        || registry
            .resource_type_by_endpoint(&definition.endpoint)
            .is_some()
        || TAKEN
            .iter()
            .any(|taken| taken.eq_ignore_ascii_case(&definition.endpoint))
    {
        return Err(SchemaError::Duplicate(definition.endpoint));
    }
    let find = |urn: &str| {
        registry
            .schema_by_urn(urn)
            .map(|s| s.id)
            .ok_or_else(|| SchemaError::Unknown(urn.into()))
    };
    let schema = find(&definition.schema)?;
    let mut extensions: Vec<(SchemaId, bool)> = Vec::new();
    for extension in &definition.schema_extensions {
        let id = find(&extension.schema)?;
        if id == schema || extensions.iter().any(|(seen, _)| *seen == id) {
            return Err(SchemaError::Duplicate(extension.schema.clone()));
        }
        extensions.push((id, extension.required));
    }
    let named = |urn: &str, name: &str| {
        let schema = registry.schema(schema);
        let attribute = schema
            .attributes
            .iter()
            .copied()
            .find(|a| registry.attribute(*a).name() == name);
        if schema.urn() == urn { attribute } else { None }
    };
    let (members, groups, active) = (
        named(GROUP, "members"),
        named(USER, "groups"),
        named(USER, "active"),
    );
    let id = ResourceTypeId(number(registry.types.len()));
    registry.types.push(ResourceType {
        id,
        definition,
        schema,
        extensions,
        members,
        groups,
        active,
    });
    Ok(())
}

/// Puts changed characteristics back into the schema documents that are published.
fn republish(registry: &mut Registry) {
    let attributes = &registry.attributes;
    for schema in &mut registry.schemas {
        for (definition, id) in schema
            .definition
            .attributes
            .iter_mut()
            .zip(&schema.attributes)
        {
            let Some(attribute) = attributes.get(id.0 as usize) else {
                continue;
            };
            definition.uniqueness = attribute.definition.uniqueness;
            definition.case_exact = attribute.case_exact();
            for (part, sub) in definition.sub_attributes.iter_mut().zip(&attribute.subs) {
                if let Some(sub) = attributes.get(sub.0 as usize) {
                    part.uniqueness = sub.definition.uniqueness;
                    part.case_exact = sub.case_exact();
                }
            }
        }
    }
}

fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
