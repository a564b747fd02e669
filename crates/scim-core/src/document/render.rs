//! Documents to JSON.

use serde_json::{Map, Value as Json, json};

use super::{DateTime, Document, Node, Projection, Value};
use crate::resource::{Resource, Version};
use crate::schema::{AttrId, Registry, SchemaId};

/// The weak entity tag of a version (RFC 7644 §3.14).
pub fn etag(version: Version) -> String {
    format!("W/\"{}\"", version.number())
}

/// Shows resources as JSON under one base URL.
#[derive(Clone, Copy, Debug)]
pub struct Renderer<'a> {
    registry: &'a Registry,
    base_url: &'a str,
}

impl<'a> Renderer<'a> {
    /// `base_url` without a slash at the end.
    pub const fn new(registry: &'a Registry, base_url: &'a str) -> Self {
        Self { registry, base_url }
    }

    /// The location of a resource.
    pub fn location(&self, resource: &Resource) -> String {
        let kind = self.registry.resource_type(resource.resource_type());
        format!("{}{}/{}", self.base_url, kind.endpoint(), resource.id)
    }

    /// The resource as an answer shows it.
    pub fn resource(&self, resource: &Resource, projection: &Projection) -> Json {
        let registry = self.registry;
        let common = registry.common();
        let kind = registry.resource_type(resource.resource_type());
        let mut out = Map::new();
        self.attributes(&resource.document, projection, &mut out);
        let mut schemas = vec![Json::from(registry.schema(kind.schema()).urn())];
        for (schema, _) in kind.extensions() {
            let schema = registry.schema(*schema);
            if schema
                .attributes()
                .iter()
                .any(|a| resource.document.get(*a).is_some())
            {
                schemas.push(schema.urn().into());
            }
        }
        // RFC 7643 §3.1: schemas and id are always returned.
        out.insert("schemas".into(), Json::Array(schemas));
        out.insert("id".into(), resource.id.as_str().into());
        if projection.shows(registry, common.meta) {
            out.insert("meta".into(), self.meta(resource, projection));
        }
        if let (Some(attr), Some(members)) = (kind.members(), &resource.members)
            && projection.shows(registry, attr)
        {
            let items = members.iter().map(|member| {
                let at = member.kind.map(|kind| {
                    let kind = registry.resource_type(kind);
                    (kind.name(), format!("{}{}/{}", self.base_url, kind.endpoint(), member.id))
                });
                json!({"value": member.id.as_str(), "type": at.as_ref().map(|a| a.0), "$ref": at.as_ref().map(|a| &a.1),
                    "display": member.display})
            });
            self.derived(attr, items, projection, &mut out);
        }
        if let (Some(attr), Some(groups)) = (kind.groups(), &resource.groups)
            && projection.shows(registry, attr)
        {
            let items = groups.iter().map(|group| {
                let kind = registry.resource_type(group.kind);
                json!({"value": group.id.as_str(), "display": group.display,
                    "$ref": format!("{}{}/{}", self.base_url, kind.endpoint(), group.id),
                    "type": if group.direct { "direct" } else { "indirect" }})
            });
            self.derived(attr, items, projection, &mut out);
        }
        Json::Object(out)
    }

    fn meta(&self, resource: &Resource, projection: &Projection) -> Json {
        let common = self.registry.common();
        let kind = self.registry.resource_type(resource.resource_type());
        let parts = [
            (common.resource_type, kind.name().to_owned()),
            (
                common.created,
                DateTime::at(resource.created).as_str().to_owned(),
            ),
            (
                common.last_modified,
                DateTime::at(resource.last_modified).as_str().to_owned(),
            ),
            (common.location, self.location(resource)),
            (common.version, etag(resource.version)),
        ];
        let shown = parts
            .into_iter()
            .filter(|(sub, _)| projection.shows_part(self.registry, common.meta, *sub));
        Json::Object(
            shown
                .map(|(sub, v)| (self.registry.attribute(sub).name().to_owned(), v.into()))
                .collect(),
        )
    }

    fn derived(
        &self,
        attr: AttrId,
        items: impl Iterator<Item = Json>,
        projection: &Projection,
        out: &mut Map<String, Json>,
    ) {
        let list: Vec<Json> = items
            .filter_map(|mut item| {
                let object = item.as_object_mut()?;
                object.retain(|name, value| {
                    let sub = self.registry.sub(attr, name);
                    !value.is_null()
                        && sub.is_some_and(|sub| projection.shows_part(self.registry, attr, sub))
                });
                Some(item)
            })
            .collect();
        if !list.is_empty() {
            out.insert(
                self.registry.attribute(attr).name().to_owned(),
                Json::Array(list),
            );
        }
    }

    fn attributes(
        &self,
        document: &Document,
        projection: &Projection,
        out: &mut Map<String, Json>,
    ) {
        let registry = self.registry;
        let core = registry.resource_type(document.resource_type()).schema();
        for (attr, value) in document.attributes() {
            if !projection.shows(registry, *attr) {
                continue;
            }
            let keep = |sub: AttrId| projection.shows_part(registry, *attr, sub);
            let Some(json) = to_json(registry, value, &keep) else {
                continue;
            };
            place(registry, core, *attr, json, out);
        }
    }
}

/// Puts an attribute where it belongs: at the top, or inside its extension's object.
fn place(
    registry: &Registry,
    core: SchemaId,
    attr: AttrId,
    json: Json,
    out: &mut Map<String, Json>,
) {
    let attribute = registry.attribute(attr);
    let name = attribute.name().to_owned();
    match attribute.schema() {
        Some(schema) if schema != core => {
            let slot = out
                .entry(registry.schema(schema).urn())
                .or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(inner) = slot {
                inner.insert(name, json);
            }
        }
        _ => {
            out.insert(name, json);
        }
    }
}

fn to_json(registry: &Registry, value: &Value, keep: &dyn Fn(AttrId) -> bool) -> Option<Json> {
    Some(match value {
        Value::Null => return None,
        Value::Text(text) => text.as_str().into(),
        Value::Boolean(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Decimal(value) => (*value).into(),
        Value::DateTime(value) => value.as_str().into(),
        Value::Complex(node) => {
            let object = node_json(registry, node, keep);
            if object.is_empty() {
                return None;
            }
            Json::Object(object)
        }
        Value::List(items) => {
            let list: Vec<Json> = items
                .iter()
                .filter_map(|item| to_json(registry, item, keep))
                .collect();
            if list.is_empty() {
                return None;
            }
            Json::Array(list)
        }
    })
}

fn node_json(registry: &Registry, node: &Node, keep: &dyn Fn(AttrId) -> bool) -> Map<String, Json> {
    let parts = node.iter().filter(|(sub, _)| keep(**sub));
    parts
        .filter_map(|(sub, value)| {
            Some((
                registry.attribute(*sub).name().to_owned(),
                to_json(registry, value, keep)?,
            ))
        })
        .collect()
}

impl Document {
    /// The document as it is stored: all attributes, nothing computed. [`super::Reader`] with [`super::Keep::All`]
    /// reads it back.
    pub fn to_json(&self, registry: &Registry) -> Json {
        let mut out = Map::new();
        let core = registry.resource_type(self.resource_type()).schema();
        for (attr, value) in self.attributes() {
            if let Some(json) = to_json(registry, value, &|_| true) {
                place(registry, core, *attr, json, &mut out);
            }
        }
        out.extend(self.extras().clone());
        Json::Object(out)
    }
}
