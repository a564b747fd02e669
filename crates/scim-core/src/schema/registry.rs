//! The resolved form of all schemas: an arena of attributes, and lookup by name.

use super::common::Common;
use super::definition::{
    AttributeDefinition, AttributeType, Mutability, ResourceTypeDefinition, Returned,
    SchemaDefinition, Uniqueness,
};

/// An attribute or sub-attribute within one [`Registry`].
///
/// The number is valid for that registry only; [`Attribute::path`] is the stable name to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttrId(pub(crate) u32);

/// A schema within one [`Registry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaId(pub(crate) u32);

/// A resource type within one [`Registry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceTypeId(pub(crate) u32);

/// An attribute, or one part of a complex attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a pair and nothing else")]
pub struct AttrPath {
    /// The top-level attribute.
    pub attr: AttrId,
    /// Its part.
    pub sub: Option<AttrId>,
}

impl AttrPath {
    /// The part if there is one, else the attribute: where the compared value lies.
    pub const fn leaf(self) -> AttrId {
        match self.sub {
            Some(sub) => sub,
            None => self.attr,
        }
    }
}

impl From<AttrId> for AttrPath {
    fn from(attr: AttrId) -> Self {
        Self { attr, sub: None }
    }
}

/// An attribute with its characteristics (RFC 7643 §2.2).
#[derive(Clone, Debug)]
pub struct Attribute {
    pub(crate) id: AttrId,
    pub(crate) schema: Option<SchemaId>,
    pub(crate) parent: Option<AttrId>,
    pub(crate) path: String,
    pub(crate) definition: AttributeDefinition,
    pub(crate) subs: Vec<AttrId>,
    pub(crate) computed: bool,
}

impl Attribute {
    /// The id in this registry.
    pub const fn id(&self) -> AttrId {
        self.id
    }
    /// The schema it belongs to; `None` for `schemas`, `id`, `externalId` and `meta`.
    pub const fn schema(&self) -> Option<SchemaId> {
        self.schema
    }
    /// The complex attribute it is a part of.
    pub const fn parent(&self) -> Option<AttrId> {
        self.parent
    }
    /// The stable, fully qualified name: `urn:ietf:params:scim:schemas:core:2.0:User:name.familyName`.
    pub fn path(&self) -> &str {
        &self.path
    }
    /// The bare name.
    pub fn name(&self) -> &str {
        &self.definition.name
    }
    /// The data type.
    pub const fn kind(&self) -> AttributeType {
        self.definition.kind
    }
    /// Whether there may be several values.
    pub const fn multi_valued(&self) -> bool {
        self.definition.multi_valued
    }
    /// Whether a value must be there.
    pub const fn required(&self) -> bool {
        self.definition.required
    }
    /// Whether case matters when values are compared.
    pub const fn case_exact(&self) -> bool {
        // RFC 7643 §2.3.6, §2.3.7: binary and reference values are case exact.
        self.definition.case_exact
            || matches!(
                self.definition.kind,
                AttributeType::Binary | AttributeType::Reference
            )
    }
    /// When it may be written.
    pub const fn mutability(&self) -> Mutability {
        self.definition.mutability
    }
    /// When it is shown.
    pub const fn returned(&self) -> Returned {
        self.definition.returned
    }
    /// Among whom it is unique.
    pub const fn uniqueness(&self) -> Uniqueness {
        self.definition.uniqueness
    }
    /// Suggested values.
    pub fn canonical_values(&self) -> &[String] {
        &self.definition.canonical_values
    }
    /// The parts of a complex attribute.
    pub fn subs(&self) -> &[AttrId] {
        &self.subs
    }
    /// Whether it exists only while a resource is shown (locations, versions, references to members) and so cannot
    /// be searched or sorted by.
    pub const fn computed(&self) -> bool {
        self.computed
    }
}

/// A schema and the ids of its attributes.
#[derive(Clone, Debug)]
pub struct Schema {
    pub(crate) id: SchemaId,
    pub(crate) definition: SchemaDefinition,
    pub(crate) attributes: Vec<AttrId>,
}

impl Schema {
    /// The URN.
    pub fn urn(&self) -> &str {
        &self.definition.id
    }
    /// The top-level attributes.
    pub fn attributes(&self) -> &[AttrId] {
        &self.attributes
    }
    /// The id in this registry.
    pub const fn id(&self) -> SchemaId {
        self.id
    }
    /// The schema as it is published.
    pub const fn definition(&self) -> &SchemaDefinition {
        &self.definition
    }
}

/// A resource type with its schemas resolved.
#[derive(Clone, Debug)]
pub struct ResourceType {
    pub(crate) id: ResourceTypeId,
    pub(crate) definition: ResourceTypeDefinition,
    pub(crate) schema: SchemaId,
    pub(crate) extensions: Vec<(SchemaId, bool)>,
    pub(crate) members: Option<AttrId>,
    pub(crate) groups: Option<AttrId>,
    pub(crate) active: Option<AttrId>,
}

impl ResourceType {
    /// The id in this registry.
    pub const fn id(&self) -> ResourceTypeId {
        self.id
    }
    /// The name, as in `meta.resourceType`.
    pub fn name(&self) -> &str {
        &self.definition.name
    }
    /// The path below the base URL.
    pub fn endpoint(&self) -> &str {
        &self.definition.endpoint
    }
    /// The core schema.
    pub const fn schema(&self) -> SchemaId {
        self.schema
    }
    /// The extension schemas, and whether each is required.
    pub fn extensions(&self) -> &[(SchemaId, bool)] {
        &self.extensions
    }
    /// The attribute whose values live in the membership table: `Group.members`.
    pub const fn members(&self) -> Option<AttrId> {
        self.members
    }
    /// The attribute derived from the membership table: `User.groups`.
    pub const fn groups(&self) -> Option<AttrId> {
        self.groups
    }
    /// The attribute that says whether the resource is active.
    pub const fn active(&self) -> Option<AttrId> {
        self.active
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolved {
    /// An attribute or a part of one.
    Attribute(AttrPath),
    /// A whole extension schema.
    Extension(SchemaId),
}

/// All schemas and resource types of a service provider.
///
/// ```
/// use scim_core::schema::{Registry, Resolved};
/// let registry = Registry::standard();
/// let user = registry.resource_type_by_name("User").ok_or("no User")?;
/// let Some(Resolved::Attribute(path)) = registry.resolve(user.id(), "NAME.familyname") else { panic!() };
/// assert_eq!(registry.attribute(path.leaf()).path(), "urn:ietf:params:scim:schemas:core:2.0:User:name.familyName");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug)]
pub struct Registry {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) schemas: Vec<Schema>,
    pub(crate) types: Vec<ResourceType>,
    pub(crate) common: Common,
    pub(crate) nothing: Attribute,
    pub(crate) no_type: ResourceType,
    pub(crate) no_schema: Schema,
}

impl Registry {
    /// User, Group and EnterpriseUser.
    pub fn standard() -> Self {
        super::RegistryBuilder::standard().build_or_empty()
    }

    /// The attribute with this id. An id of another registry yields an attribute without a name.
    pub fn attribute(&self, id: AttrId) -> &Attribute {
        self.attributes.get(id.0 as usize).unwrap_or(&self.nothing)
    }

    /// Every attribute and sub-attribute.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The attribute with this stable name (see [`Attribute::path`]), case-insensitively.
    pub fn attribute_by_path(&self, path: &str) -> Option<&Attribute> {
        self.attributes
            .iter()
            .find(|a| a.path.eq_ignore_ascii_case(path))
    }

    /// The resource type with this id.
    pub fn resource_type(&self, id: ResourceTypeId) -> &ResourceType {
        self.types.get(id.0 as usize).unwrap_or(&self.no_type)
    }

    /// All resource types.
    pub fn resource_types(&self) -> &[ResourceType] {
        &self.types
    }

    /// The resource type of this name.
    pub fn resource_type_by_name(&self, name: &str) -> Option<&ResourceType> {
        self.types
            .iter()
            .find(|t| t.name().eq_ignore_ascii_case(name))
    }

    /// The resource type at this path below the base URL, in any case.
    pub fn resource_type_by_endpoint(&self, endpoint: &str) -> Option<&ResourceType> {
        self.types
            .iter()
            .find(|t| t.endpoint().eq_ignore_ascii_case(endpoint))
    }

    /// The schema with this id.
    pub fn schema(&self, id: SchemaId) -> &Schema {
        self.schemas.get(id.0 as usize).unwrap_or(&self.no_schema)
    }

    /// All schemas.
    pub fn schemas(&self) -> &[Schema] {
        &self.schemas
    }

    /// The schema with this URN, case-insensitively (RFC 7643 §3.1 by way of RFC 8141).
    pub fn schema_by_urn(&self, urn: &str) -> Option<&Schema> {
        self.schemas
            .iter()
            .find(|s| s.urn().eq_ignore_ascii_case(urn))
    }

    /// The attributes every resource has.
    pub const fn common(&self) -> &Common {
        &self.common
    }

    /// The schemas of a resource type: its own, then its extensions.
    pub fn schemas_of(&self, id: ResourceTypeId) -> impl Iterator<Item = &Schema> {
        let kind = self.resource_type(id);
        std::iter::once(kind.schema)
            .chain(kind.extensions.iter().map(|(s, _)| *s))
            .map(|s| self.schema(s))
    }

    /// The part of a complex attribute under this name.
    pub fn sub(&self, attr: AttrId, name: &str) -> Option<AttrId> {
        self.attribute(attr)
            .subs
            .iter()
            .copied()
            .find(|s| self.attribute(*s).name().eq_ignore_ascii_case(name))
    }

    /// What `path` (`[urn:]attribute[.sub]`) stands for on this resource type. Names are case-insensitive.
    pub fn resolve(&self, kind: ResourceTypeId, path: &str) -> Option<Resolved> {
        for schema in self.schemas_of(kind) {
            let Some(head) = path.get(..schema.urn().len()) else {
                continue;
            };
            if !head.eq_ignore_ascii_case(schema.urn()) {
                continue;
            }
            let rest = path.get(schema.urn().len()..).unwrap_or_default();
            if rest.is_empty() {
                return Some(Resolved::Extension(schema.id));
            }
            if let Some(name) = rest.strip_prefix(':') {
                let core = schema.id == self.resource_type(kind).schema;
                return self
                    .in_list(&schema.attributes, name)
                    .or_else(|| {
                        if core {
                            self.in_list(self.common.all(), name)
                        } else {
                            None
                        }
                    })
                    .map(Resolved::Attribute);
            }
        }
        self.in_list(self.common.all(), path)
            .or_else(|| {
                self.in_list(
                    &self.schema(self.resource_type(kind).schema).attributes,
                    path,
                )
            })
            .map(Resolved::Attribute)
    }

    /// Like [`Self::resolve`], and extension attributes are found without their URN too, where no core attribute has
    /// the name.
    pub fn resolve_unprefixed(&self, kind: ResourceTypeId, path: &str) -> Option<Resolved> {
        self.resolve(kind, path).or_else(|| {
            self.schemas_of(kind)
                .skip(1)
                .find_map(|s| self.in_list(&s.attributes, path))
                .map(Resolved::Attribute)
        })
    }

    fn in_list(&self, list: &[AttrId], path: &str) -> Option<AttrPath> {
        let (name, sub) = match path.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (path, None),
        };
        let attr = list
            .iter()
            .copied()
            .find(|a| self.attribute(*a).name().eq_ignore_ascii_case(name))?;
        match sub {
            None => Some(attr.into()),
            Some(sub) => Some(AttrPath {
                attr,
                sub: Some(self.sub(attr, sub)?),
            }),
        }
    }

    /// The short name of an attribute for messages: qualified by its URN only for extensions.
    pub fn label(&self, path: AttrPath) -> String {
        let top = self.attribute(path.attr);
        let extension = top
            .schema
            .is_some_and(|s| !self.types.iter().any(|t| t.schema == s));
        let mut name = if extension {
            top.path.clone()
        } else {
            top.name().to_owned()
        };
        if let Some(sub) = path.sub {
            name.push('.');
            name.push_str(self.attribute(sub).name());
        }
        name
    }
}
