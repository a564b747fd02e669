//! The discovery documents: ServiceProviderConfig, ResourceTypes, Schemas (RFC 7644 §4).

use serde_json::{Value as Json, json};

use super::definition::SchemaDefinition;
use super::registry::{Registry, ResourceType, Schema};
use crate::event::EventKind;

/// What the service provider offers, as ServiceProviderConfig says it (RFC 7643 §5, RFC 9865 §4, RFC 9967 §4).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Features {
    /// Most operations in one bulk request.
    pub bulk_operations: usize,
    /// Largest bulk body in bytes.
    pub bulk_payload: usize,
    /// Most resources in one answer.
    pub max_results: u64,
    /// Resources in one answer when the client names no number.
    pub default_results: u64,
    /// Seconds a cursor stays valid.
    pub cursor_timeout: u64,
    /// Where people read about this service provider.
    pub documentation: Option<String>,
    /// Whether HTTP Basic is offered beside bearer tokens.
    pub basic: bool,
    /// Whether events are delivered as Security Event Tokens.
    pub security_events: bool,
}

impl Registry {
    /// The ServiceProviderConfig document. It is complete even where a feature is off: some clients disable PATCH when
    /// a member is missing.
    pub fn service_provider_config(&self, base_url: &str, features: &Features) -> Json {
        let mut schemes = vec![json!({
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A bearer token made for this connection (RFC 6750)",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        })];
        if features.basic {
            schemes.push(json!({
                "type": "httpbasic",
                "name": "HTTP Basic",
                "description": "The token as the password of HTTP Basic (RFC 7617)",
                "specUri": "https://www.rfc-editor.org/info/rfc7617",
                "primary": false,
            }));
        }
        let mut document = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "patch": {"supported": true},
            "bulk": {
                "supported": true,
                "maxOperations": features.bulk_operations,
                "maxPayloadSize": features.bulk_payload,
            },
            "filter": {"supported": true, "maxResults": features.max_results},
            "changePassword": {"supported": false},
            "sort": {"supported": true},
            "etag": {"supported": true},
            "pagination": {
                "cursor": true,
                "index": true,
                "defaultPaginationMethod": "index",
                "defaultPageSize": features.default_results,
                "maxPageSize": features.max_results,
                "cursorTimeout": features.cursor_timeout,
            },
            "authenticationSchemes": schemes,
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": format!("{base_url}/ServiceProviderConfig"),
            },
        });
        if let Some(object) = document.as_object_mut() {
            if let Some(uri) = &features.documentation {
                object.insert("documentationUri".into(), uri.as_str().into());
            }
            if features.security_events {
                // RFC 9967 §4: absent where there are none.
                let uris = EventKind::ALL.map(EventKind::uri);
                let events = json!({"asyncRequest": "none", "eventUris": uris});
                object.insert("securityEvents".into(), events);
            }
        }
        document
    }

    /// One resource type's document (RFC 7643 §6).
    pub fn resource_type_document(&self, base_url: &str, kind: &ResourceType) -> Json {
        let extensions: Vec<Json> = kind
            .extensions()
            .iter()
            .map(|(schema, required)| json!({"schema": self.schema(*schema).urn(), "required": required}))
            .collect();
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": kind.name(),
            "name": kind.name(),
            "endpoint": kind.endpoint(),
            "description": kind.definition.description,
            "schema": self.schema(kind.schema()).urn(),
            "schemaExtensions": extensions,
            "meta": {
                "resourceType": "ResourceType",
                "location": format!("{base_url}/ResourceTypes/{}", kind.name()),
            },
        })
    }

    /// One schema's document (RFC 7643 §7).
    pub fn schema_document(&self, base_url: &str, schema: &Schema) -> Json {
        document(base_url, schema.definition())
    }
}

/// The schema of a discovery document (RFC 7643 §8.7.2, with what RFC 9865 §4 and RFC 9967 §4 add).
///
/// It is there for whoever asks for it by its URI, but not among the schemas of resources: clients make the list of
/// attributes that they can send from those.
pub fn discovery_schema(base_url: &str, urn: &str) -> Option<Json> {
    let all: Vec<SchemaDefinition> =
        serde_json::from_str(include_str!("data/discovery.json")).ok()?;
    let schema = all
        .iter()
        .find(|schema| schema.id.eq_ignore_ascii_case(urn))?;
    Some(document(base_url, schema))
}

fn document(base_url: &str, schema: &SchemaDefinition) -> Json {
    let mut document = serde_json::to_value(schema).unwrap_or_default();
    if let Some(object) = document.as_object_mut() {
        object.insert(
            "schemas".into(),
            json!(["urn:ietf:params:scim:schemas:core:2.0:Schema"]),
        );
        object.insert(
            "meta".into(),
            json!({"resourceType": "Schema", "location": format!("{base_url}/Schemas/{}", schema.id)}),
        );
    }
    document
}
