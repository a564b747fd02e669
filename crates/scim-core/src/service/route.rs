//! From path and method to what is done.

use serde_json::{Value as Json, json};

use super::message::percent_decode;
use super::{Context, Request, Response, ScimService};
use crate::error::{Reason, ScimError, shown};
use crate::json;
use crate::resource::ResourceId;
use crate::schema::{Features, ResourceTypeId, discovery_schema};
use crate::store::ResourceStore;

impl<S: ResourceStore> ScimService<S> {
    pub(super) async fn route(
        &self,
        request: &Request,
        context: &mut Context<'_>,
    ) -> Result<Response, ScimError> {
        let limit = self.config.limits.body;
        if request.body.len() > limit {
            let detail = format!(
                "The body has {} bytes; at most {limit} are accepted.",
                request.body.len()
            );
            return Err(ScimError::new(Reason::BodyTooLarge, detail));
        }
        let mut segments = Vec::new();
        for segment in request
            .path
            .split('/')
            .filter(|segment| !segment.is_empty())
        {
            let decoded = percent_decode(segment);
            segments.push(decoded.ok_or_else(unknown_endpoint)?);
        }
        let mut path: Vec<&str> = segments.iter().map(String::as_str).collect();
        strip_version(&mut path)?;
        let lower = context.connection.dialect.lower_case_endpoints;
        let is = |segment: &str, name: &str| {
            segment == name || (lower && segment.eq_ignore_ascii_case(name))
        };
        match path.as_slice() {
            [] => match request.method.as_str() {
                "GET" => self.list_get(request, context, None).await,
                _ => not_allowed("GET, HEAD"),
            },
            [search] if is(search, ".search") => self.search(request, context, None).await,
            [bulk] if is(bulk, "Bulk") => match request.method.as_str() {
                "POST" => {
                    let message = self.read_body(request, context)?;
                    self.bulk(context, &message).await
                }
                _ => not_allowed("POST"),
            },
            [me] if is(me, "Me") => {
                let Some((kind, id)) = context.connection.subject.clone() else {
                    let detail =
                        "/Me needs a credential that stands for one person; use /Users/{id}.";
                    return Err(ScimError::new(Reason::MeNotImplemented, detail));
                };
                self.resource(request, context, kind, &id).await
            }
            [name, rest @ ..] if is_discovery(name, lower) => self.discovery(request, name, rest),
            [name] => {
                let kind = self.kind(name, lower).ok_or_else(unknown_endpoint)?;
                match request.method.as_str() {
                    "GET" => self.list_get(request, context, Some(kind)).await,
                    "POST" => {
                        let body = self.read_body(request, context)?;
                        self.create(request, context, kind, &body).await
                    }
                    _ => not_allowed("GET, HEAD, POST"),
                }
            }
            [name, search] if is(search, ".search") => {
                let kind = self.kind(name, lower).ok_or_else(unknown_endpoint)?;
                self.search(request, context, Some(kind)).await
            }
            [name, id] => {
                let kind = self.kind(name, lower).ok_or_else(unknown_endpoint)?;
                self.resource(request, context, kind, &ResourceId::new(*id))
                    .await
            }
            _ => Err(unknown_endpoint()),
        }
    }

    async fn resource(
        &self,
        request: &Request,
        context: &mut Context<'_>,
        kind: ResourceTypeId,
        id: &ResourceId,
    ) -> Result<Response, ScimError> {
        match request.method.as_str() {
            "GET" => self.get(request, context, kind, id).await,
            "PUT" => {
                let body = self.read_body(request, context)?;
                self.replace(request, context, kind, id, &body).await
            }
            "PATCH" => {
                let body = self.read_body(request, context)?;
                self.patch(request, context, kind, id, &body).await
            }
            "DELETE" => self.delete(request, context, kind, id).await,
            _ => not_allowed("GET, HEAD, PUT, PATCH, DELETE"),
        }
    }

    async fn search(
        &self,
        request: &Request,
        context: &mut Context<'_>,
        kind: Option<ResourceTypeId>,
    ) -> Result<Response, ScimError> {
        if request.method != "POST" {
            return not_allowed("POST");
        }
        let message = self.read_body(request, context)?;
        self.list_post(context, kind, &message).await
    }

    pub(super) fn kind(&self, name: &str, any_case: bool) -> Option<ResourceTypeId> {
        let kind = self
            .registry
            .resource_type_by_endpoint(&format!("/{name}"))?;
        (any_case || kind.endpoint().strip_prefix('/') == Some(name)).then(|| kind.id())
    }

    fn read_body(&self, request: &Request, context: &Context<'_>) -> Result<Json, ScimError> {
        // RFC 7644 §3.1, §8.1: application/scim+json; application/json is accepted as well.
        let kind = request
            .header("content-type")
            .map(|value| value.split(';').next().unwrap_or_default().trim());
        let known = match kind {
            Some(kind) => ["application/scim+json", "application/json"]
                .iter()
                .any(|k| k.eq_ignore_ascii_case(kind)),
            None => context.connection.dialect.content_type_optional,
        };
        if !known {
            let detail = "Send the body with `Content-Type: application/scim+json`.";
            return Err(ScimError::new(Reason::ContentType, detail));
        }
        json::parse(&request.body, self.config.limits.depth)
    }

    fn discovery(
        &self,
        request: &Request,
        name: &str,
        rest: &[&str],
    ) -> Result<Response, ScimError> {
        // RFC 7644 §4: the discovery endpoints are read-only.
        if request.method != "GET" {
            return not_allowed("GET, HEAD");
        }
        if request
            .parameters(true)?
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("filter"))
        {
            // RFC 7644 §4: "If a "filter" is provided, the service provider MUST respond with HTTP status code 403".
            return Err(ScimError::new(
                Reason::Forbidden,
                "Discovery endpoints take no filter; read them whole.",
            ));
        }
        let registry = &self.registry;
        let base = self.config.base_url.as_str();
        let not_found = || {
            ScimError::new(
                Reason::ResourceNotFound,
                "There is none of this name; list them instead.",
            )
        };
        let documents: Vec<Json> = if name.eq_ignore_ascii_case("ServiceProviderConfig") {
            let limits = &self.config.limits;
            let features = Features {
                bulk_operations: limits.bulk_operations,
                bulk_payload: limits.body,
                max_results: limits.max_results,
                default_results: limits.default_results,
                cursor_timeout: limits.cursor_timeout.whole_seconds().unsigned_abs(),
                documentation: self.config.documentation.clone(),
                basic: self.config.basic,
                security_events: self.config.security_events,
            };
            return match rest {
                [] => Ok(Response::new(
                    200,
                    Some(registry.service_provider_config(base, &features)),
                )),
                _ => Err(not_found()),
            };
        } else if name.eq_ignore_ascii_case("Schemas") {
            if let [urn] = rest {
                let document = match registry.schema_by_urn(urn) {
                    Some(schema) => Some(registry.schema_document(base, schema)),
                    None => discovery_schema(base, urn),
                };
                return Ok(Response::new(200, Some(document.ok_or_else(not_found)?)));
            }
            registry
                .schemas()
                .iter()
                .map(|schema| registry.schema_document(base, schema))
                .collect()
        } else {
            if let [name] = rest {
                let kind = registry.resource_type_by_name(name).ok_or_else(not_found)?;
                return Ok(Response::new(
                    200,
                    Some(registry.resource_type_document(base, kind)),
                ));
            }
            registry
                .resource_types()
                .iter()
                .map(|kind| registry.resource_type_document(base, kind))
                .collect()
        };
        if !rest.is_empty() {
            return Err(not_found());
        }
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": documents.len(),
            "itemsPerPage": documents.len(),
            "startIndex": 1,
            "Resources": documents,
        });
        Ok(Response::new(200, Some(body)))
    }
}

fn is_discovery(segment: &str, any_case: bool) -> bool {
    ["ServiceProviderConfig", "ResourceTypes", "Schemas"]
        .iter()
        .any(|name| segment == *name || (any_case && segment.eq_ignore_ascii_case(name)))
}

/// RFC 7644 §3.13: the version may be part of the path.
fn strip_version(path: &mut Vec<&str>) -> Result<(), ScimError> {
    let digits = path.first().and_then(|first| first.strip_prefix('v'));
    let Some(digits) = digits.filter(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
    else {
        return Ok(());
    };
    if digits != "2" {
        return Err(ScimError::new(
            Reason::Version,
            "Only SCIM protocol version v2 is spoken here.",
        ));
    }
    path.remove(0);
    Ok(())
}

fn not_allowed(allow: &'static str) -> Result<Response, ScimError> {
    Err(ScimError::not_allowed(allow))
}

fn unknown_endpoint() -> ScimError {
    let detail = "There is no such endpoint; see /ResourceTypes for those that are.";
    ScimError::new(Reason::EndpointUnknown, detail)
}

/// The path as it may be logged: an id that is not of our making may be somebody's name.
pub(super) fn loggable(path: &str) -> String {
    let ours = |segment: &str| segment.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    let public = |segment: &str| segment.starts_with('.') || segment.starts_with("urn:");
    let mut segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut text = format!("/{}", shown(segments.next().unwrap_or_default()));
    for segment in segments.take(3) {
        text.push('/');
        text.push_str(&if ours(segment) || public(segment) {
            shown(segment)
        } else {
            "…".to_owned()
        });
    }
    text
}
