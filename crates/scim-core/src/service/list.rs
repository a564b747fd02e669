//! Queries: GET on a resource type or the root, and `.search` (RFC 7644 §3.4.2, §3.4.3; RFC 9865).

use serde_json::{Map, Value as Json, json};

use super::cursor::{self, Binding};
use super::{Context, Request, Response, ScimService};
use crate::dialect::RewriteRule;
use crate::document::{Projection, Renderer};
use crate::error::{Reason, ScimError};
use crate::filter::{Expr, Resolver};
use crate::json::member;
use crate::schema::{ResourceTypeId, Returned};
use crate::store::{Load, LoadMembers, Query, QueryTarget, ResourceStore, Start};
use crate::token::Access;

const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

/// The parameters of a query, from the URL or from a SearchRequest.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    filter: Option<String>,
    sort_by: Option<String>,
    descending: bool,
    start_index: Option<i64>,
    count: Option<i64>,
    cursor: Option<String>,
    pub(super) attributes: Vec<String>,
    pub(super) excluded: Vec<String>,
}

fn wrong(name: &str, expected: &str) -> ScimError {
    ScimError::new(
        Reason::QueryParameter,
        format!("`{name}` must be {expected}."),
    )
}

fn order(text: &str) -> Result<bool, ScimError> {
    match text {
        _ if text.eq_ignore_ascii_case("ascending") => Ok(false),
        _ if text.eq_ignore_ascii_case("descending") => Ok(true),
        _ => Err(wrong("sortOrder", "`ascending` or `descending`")),
    }
}

impl Parameters {
    pub(super) fn from_query(request: &Request, plus_as_space: bool) -> Result<Self, ScimError> {
        let mut parameters = Self::default();
        let number = |name: &str, value: &str| {
            value
                .trim()
                .parse()
                .map_err(|_| wrong(name, "a whole number"))
        };
        let names = |value: &str| {
            value
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty())
                .map(ToOwned::to_owned)
                .collect()
        };
        for (name, value) in request.parameters(plus_as_space)? {
            match name.to_ascii_lowercase().as_str() {
                "filter" => parameters.filter = Some(value),
                "sortby" => parameters.sort_by = Some(value).filter(|v| !v.is_empty()),
                "sortorder" if !value.is_empty() => parameters.descending = order(&value)?,
                "startindex" => parameters.start_index = Some(number("startIndex", &value)?),
                "count" => parameters.count = Some(number("count", &value)?),
                "cursor" => parameters.cursor = Some(value),
                "attributes" => parameters.attributes = names(&value),
                "excludedattributes" => parameters.excluded = names(&value),
                // Others are the client's own, such as Entra's feature flags.
                _ => {}
            }
        }
        Ok(parameters)
    }

    fn from_message(message: &Json, schemas_optional: bool) -> Result<(Self, bool), ScimError> {
        const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
        let shape = |detail: &str| ScimError::new(Reason::MessageShape, detail);
        let object = message
            .as_object()
            .ok_or_else(|| shape("The body must be a SearchRequest object."))?;
        let schemas = member(object, "schemas").and_then(Json::as_array);
        let named = schemas.is_some_and(|list| {
            list.iter()
                .filter_map(Json::as_str)
                .any(|urn| urn.eq_ignore_ascii_case(SEARCH))
        });
        if !named && !schemas_optional {
            return Err(ScimError::new(
                Reason::SchemasMissing,
                format!("`schemas` must list `{SEARCH}`."),
            ));
        }
        let text = |name: &str| match member(object, name) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(shape(&format!("`{name}` must be a string."))),
        };
        let number = |name: &str| match member(object, name) {
            None | Some(Json::Null) => Ok(None),
            Some(value) => value
                .as_i64()
                .map(Some)
                .ok_or_else(|| wrong(name, "a whole number")),
        };
        let names = |name: &str| match member(object, name) {
            None | Some(Json::Null) => Ok(Vec::new()),
            Some(Json::Array(items)) => {
                let names = items
                    .iter()
                    .map(|item| item.as_str().map(ToOwned::to_owned));
                names
                    .collect::<Option<Vec<_>>>()
                    .ok_or_else(|| shape(&format!("`{name}` must be a list of strings.")))
            }
            Some(_) => Err(shape(&format!("`{name}` must be a list of strings."))),
        };
        let parameters = Self {
            filter: text("filter")?,
            sort_by: text("sortBy")?.filter(|v| !v.is_empty()),
            descending: text("sortOrder")?.map_or(Ok(false), |text| order(&text))?,
            start_index: number("startIndex")?,
            count: number("count")?,
            cursor: text("cursor")?,
            attributes: names("attributes")?,
            excluded: names("excludedAttributes")?,
        };
        Ok((parameters, !named))
    }
}

impl<S: ResourceStore> ScimService<S> {
    pub(super) async fn list_get(
        &self,
        request: &Request,
        context: &mut Context<'_>,
        kind: Option<ResourceTypeId>,
    ) -> Result<Response, ScimError> {
        let parameters = Parameters::from_query(request, context.connection.dialect.plus_as_space)?;
        self.list(context, kind, parameters).await
    }

    pub(super) async fn list_post(
        &self,
        context: &mut Context<'_>,
        kind: Option<ResourceTypeId>,
        message: &Json,
    ) -> Result<Response, ScimError> {
        let optional = context.connection.dialect.schemas_optional;
        let (parameters, missing) = Parameters::from_message(message, optional)?;
        if missing {
            context
                .rewrites
                .note(RewriteRule::SchemasMissing, "schemas");
        }
        self.list(context, kind, parameters).await
    }

    async fn list(
        &self,
        context: &mut Context<'_>,
        kind: Option<ResourceTypeId>,
        parameters: Parameters,
    ) -> Result<Response, ScimError> {
        let kinds: Vec<ResourceTypeId> = match kind {
            Some(kind) => vec![kind],
            None => self
                .registry
                .resource_types()
                .iter()
                .map(|kind| kind.id())
                .collect(),
        };
        kinds
            .iter()
            .try_for_each(|kind| self.permit(context, *kind, Access::Read))?;
        let expr = parameters
            .filter
            .as_deref()
            .map(|text| Expr::parse(text, &self.config.limits.filter))
            .transpose()?;
        let mut targets = Vec::new();
        let mut projections = Vec::new();
        for kind in &kinds {
            let projection = Projection::new(
                &self.registry,
                *kind,
                &parameters.attributes,
                &parameters.excluded,
            )?;
            let mut resolver =
                Resolver::new(&self.registry, *kind, &context.connection.dialect).among(&kinds);
            resolver.rewrites = std::mem::take(&mut context.rewrites);
            let filter = expr.as_ref().map(|expr| resolver.filter(expr)).transpose();
            let sort = parameters
                .sort_by
                .as_deref()
                .map(|by| resolver.sort(by, parameters.descending))
                .transpose();
            context.rewrites = std::mem::take(&mut resolver.rewrites);
            let load = self.load(*kind, &projection);
            targets.push(QueryTarget {
                kind: *kind,
                filter: filter?,
                sort: sort?,
                load,
            });
            projections.push((*kind, projection));
        }
        let limits = &self.config.limits;
        let count = match parameters.count {
            None => limits.default_results,
            // RFC 7644 §3.4.2.4: a negative count is 0. More than we give is as many as we give.
            Some(count) => u64::try_from(count).unwrap_or(0).min(limits.max_results),
        };
        let binding = self.binding(context, kind, &parameters);
        let start_index = parameters
            .start_index
            .and_then(|index| u64::try_from(index).ok())
            .unwrap_or(1)
            .max(1);
        let (start, known_total) = match parameters.cursor.as_deref() {
            None => (Start::Offset(start_index - 1), None),
            Some("") => (Start::After(None), None),
            Some(text) => {
                let (key, timeout) = (&self.config.cursor_key, limits.cursor_timeout);
                let opened = cursor::open(key, &binding, text, count, timeout, context.now)?;
                (Start::After(Some(opened.place)), Some(opened.total))
            }
        };
        // Without sortBy there is no order to turn around.
        let descending = parameters.descending && parameters.sort_by.is_some();
        let query = Query {
            targets,
            descending,
            start,
            count,
            count_total: known_total.is_none(),
        };
        let page = self.store.find(&context.connection.tenant, &query).await?;
        let total = known_total.or(page.total).unwrap_or_default();
        let renderer = Renderer::new(&self.registry, &self.config.base_url);
        let resources: Vec<Json> = page
            .resources
            .iter()
            .map(|resource| {
                let projection = projections
                    .iter()
                    .find(|(kind, _)| *kind == resource.resource_type());
                projection.map_or(Json::Null, |(_, projection)| {
                    renderer.resource(resource, projection)
                })
            })
            .collect();
        let mut body = Map::new();
        let mut put = |name: &str, value: Json| body.insert(name.to_owned(), value);
        put("schemas", json!([LIST_RESPONSE]));
        put("totalResults", total.into());
        put("itemsPerPage", resources.len().into());
        // Moved, not written anew as `json!` would
        put("Resources", Json::Array(resources));
        match query.start {
            Start::Offset(_) => {
                put("startIndex", start_index.into());
            }
            Start::After(_) => {
                // RFC 9865 §2: nextCursor is left out on the last page and only there.
                if let Some(next) = page.next {
                    let text = cursor::make(
                        &self.config.cursor_key,
                        &binding,
                        next,
                        count,
                        total,
                        context.now,
                    );
                    put("nextCursor", text.into());
                }
            }
        }
        Ok(Response::new(200, Some(Json::Object(body))))
    }

    /// RFC 9865 §2: every parameter but the cursor must be the same on every page.
    fn binding(
        &self,
        context: &Context<'_>,
        kind: Option<ResourceTypeId>,
        parameters: &Parameters,
    ) -> Binding {
        Binding::of(&[
            context.connection.tenant.as_str(),
            kind.map_or("", |kind| self.registry.resource_type(kind).name()),
            parameters.filter.as_deref().unwrap_or_default(),
            parameters.sort_by.as_deref().unwrap_or_default(),
            if parameters.descending {
                "descending"
            } else {
                "ascending"
            },
            &parameters.attributes.join(","),
            &parameters.excluded.join(","),
        ])
    }

    /// What a projection needs loaded: a group whose members are not shown is never loaded with them.
    pub(super) fn load(&self, kind: ResourceTypeId, projection: &Projection) -> Load {
        let kind = self.registry.resource_type(kind);
        let shows = |attr: Option<crate::schema::AttrId>| {
            attr.is_some_and(|attr| {
                self.registry.attribute(attr).returned() != Returned::Never
                    && projection.shows(&self.registry, attr)
            })
        };
        let members = if shows(kind.members()) {
            LoadMembers::All
        } else {
            LoadMembers::No
        };
        Load {
            members,
            groups: shows(kind.groups()),
        }
    }

    pub(super) fn projection(
        &self,
        request: &Request,
        context: &Context<'_>,
        kind: ResourceTypeId,
    ) -> Result<Projection, ScimError> {
        let parameters = Parameters::from_query(request, context.connection.dialect.plus_as_space)?;
        Projection::new(
            &self.registry,
            kind,
            &parameters.attributes,
            &parameters.excluded,
        )
    }
}

pub(super) fn not_found(kind: &str) -> ScimError {
    let detail = format!(
        "There is no {kind} with this id; it may have been deleted, or belong to another tenant."
    );
    ScimError::new(Reason::ResourceNotFound, detail)
}
