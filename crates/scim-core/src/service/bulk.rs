//! Bulk (RFC 7644 §3.7): many operations, one commit.
//!
//! The ids of new resources are made before anything else, so a bulkId may be used before it is defined, at any depth,
//! and in circles. All operations are worked out against what the earlier ones will have made of the data, and
//! committed together; each stands or falls by itself, those that refer to a failed one fall with it, and members of a
//! circle stand or fall together.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value as Json, json};

use super::single::check_version;
use super::write::Planned;
use super::{Context, Response, ScimService, bulk_order};
use crate::document::{Renderer, etag};
use crate::error::{Reason, ScimError, shown};
use crate::json::member;
use crate::patch::Plan;
use crate::resource::{Resource, ResourceId};
use crate::schema::ResourceTypeId;
use crate::store::{Load, ResourceStore, Unit, WriteError};
use crate::token::Access;

const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Post,
    Put,
    Patch,
    Delete,
}

struct Operation {
    method: Method,
    kind: ResourceTypeId,
    id: ResourceId,
    version: Option<String>,
    data: Json,
}

/// What is known of each operation.
struct Slot {
    method: String,
    bulk_id: Option<String>,
    operation: Option<Operation>,
    /// The operations whose resources it names: it falls with them.
    refers: BTreeSet<usize>,
    /// The operation on the same resource before it.
    after: Option<usize>,
    result: Option<Result<(u16, Resource), ScimError>>,
}

/// What earlier operations of the batch make of a resource, and the unit that does it.
struct Overlay {
    resource: Option<Resource>,
    unit: usize,
}

impl<S: ResourceStore> ScimService<S> {
    pub(super) async fn bulk(
        &self,
        context: &mut Context<'_>,
        message: &Json,
    ) -> Result<Response, ScimError> {
        let shape = |detail: &str| ScimError::new(Reason::MessageShape, detail);
        let object = message
            .as_object()
            .ok_or_else(|| shape("The body must be a BulkRequest object."))?;
        let schemas = member(object, "schemas").and_then(Json::as_array);
        let named = schemas.is_some_and(|list| {
            list.iter()
                .filter_map(Json::as_str)
                .any(|urn| urn.eq_ignore_ascii_case(REQUEST))
        });
        if !named && !context.connection.dialect.schemas_optional {
            return Err(ScimError::new(
                Reason::SchemasMissing,
                format!("`schemas` must list `{REQUEST}`."),
            ));
        }
        let list = member(object, "Operations").and_then(Json::as_array);
        let list = list.ok_or_else(|| shape("`Operations` must be a list."))?;
        let most = self.config.limits.bulk_operations;
        if list.len() > most {
            // RFC 7644 §3.7.4: 413, and the limit that was exceeded.
            let detail = format!(
                "There are {} operations; maxOperations is {most}.",
                list.len()
            );
            return Err(ScimError::new(Reason::BulkTooMany, detail));
        }
        let fail_on_errors = match member(object, "failOnErrors") {
            None | Some(Json::Null) => None,
            Some(value) => {
                let number = value
                    .as_u64()
                    .filter(|n| *n > 0)
                    .and_then(|n| usize::try_from(n).ok());
                Some(number.ok_or_else(|| shape("`failOnErrors` must be a whole number from 1."))?)
            }
        };
        let mut slots = self.slots(context, list)?;
        let needs: Vec<BTreeSet<usize>> = slots
            .iter()
            .map(|slot| slot.refers.iter().copied().chain(slot.after).collect())
            .collect();
        let mut pending = bulk_order::order(&needs);
        for _ in 0..=self.config.limits.retries {
            pending = self
                .bulk_run(context, &mut slots, pending, fail_on_errors)
                .await?;
            if pending.is_empty() {
                break;
            }
        }
        for index in pending.into_iter().flatten() {
            if let Some(slot) = slots.get_mut(index) {
                slot.result = Some(Err(
                    self.write_error(&WriteError::VersionMismatch(ResourceId::new("")))
                ));
            }
        }
        let results: Vec<Json> = slots
            .iter()
            .filter_map(|slot| self.bulk_result(slot))
            .collect();
        Ok(Response::new(
            200,
            Some(Json::Object(Map::from_iter([
                ("schemas".to_owned(), json!([RESPONSE])),
                ("Operations".to_owned(), Json::Array(results)),
            ]))),
        ))
    }

    /// Reads all operations and resolves their bulkIds to ids made now.
    fn slots(&self, context: &Context<'_>, list: &[Json]) -> Result<Vec<Slot>, ScimError> {
        let mut ids: HashMap<String, (usize, ResourceId)> = HashMap::new();
        let mut slots = Vec::with_capacity(list.len());
        for (index, json) in list.iter().enumerate() {
            let text = |name: &str| {
                json.as_object()
                    .and_then(|object| member(object, name))
                    .and_then(Json::as_str)
            };
            let bulk_id = text("bulkId").map(ToOwned::to_owned);
            let method = text("method").unwrap_or_default().to_ascii_uppercase();
            let mut slot = Slot {
                method: shown(&method),
                bulk_id,
                operation: None,
                refers: BTreeSet::new(),
                after: None,
                result: None,
            };
            let mut duplicate = false;
            if let (Some(bulk_id), "POST") = (&slot.bulk_id, method.as_str()) {
                duplicate = ids.contains_key(bulk_id);
                if !duplicate {
                    ids.insert(bulk_id.clone(), (index, self.new_id(context.now)?));
                }
            }
            if duplicate {
                let detail = "Another operation has the same `bulkId`; each POST needs its own.";
                slot.result = Some(Err(ScimError::new(Reason::BulkIdDuplicate, detail)));
            }
            slots.push(slot);
        }
        let mut last: HashMap<ResourceId, usize> = HashMap::new();
        for (index, (slot, json)) in slots.iter_mut().zip(list).enumerate() {
            if slot.result.is_some() {
                continue;
            }
            match self.operation(context, json, &ids, &mut slot.refers) {
                Ok(operation) => {
                    // What concerns the same resource stays in order.
                    slot.after = last.insert(operation.id.clone(), index);
                    slot.refers.remove(&index);
                    slot.operation = Some(operation);
                }
                Err(error) => slot.result = Some(Err(error)),
            }
        }
        Ok(slots)
    }

    fn operation(
        &self,
        context: &Context<'_>,
        json: &Json,
        ids: &HashMap<String, (usize, ResourceId)>,
        needs: &mut BTreeSet<usize>,
    ) -> Result<Operation, ScimError> {
        let wrong = |detail: &str| ScimError::new(Reason::BulkOperation, detail);
        let object = json
            .as_object()
            .ok_or_else(|| wrong("An operation must be an object."))?;
        let text = |name: &str| member(object, name).and_then(Json::as_str);
        let method = match text("method")
            .unwrap_or_default()
            .to_ascii_uppercase()
            .as_str()
        {
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
            "DELETE" => Method::Delete,
            _ => return Err(wrong("`method` must be POST, PUT, PATCH or DELETE.")),
        };
        let path = text("path")
            .ok_or_else(|| wrong("`path` must be a string such as `/Users` or `/Users/{id}`."))?;
        let mut segments = path.split('/').filter(|segment| !segment.is_empty());
        let any_case = context.connection.dialect.lower_case_endpoints;
        let kind = segments.next().and_then(|name| self.kind(name, any_case));
        let kind = kind.ok_or_else(|| {
            wrong("`path` must begin with a resource type's endpoint, such as `/Users`.")
        })?;
        let id = match (method, segments.next(), segments.next()) {
            (Method::Post, None, None) => {
                // RFC 7644 §3.7: bulkId is REQUIRED when "method" is "POST".
                let bulk_id = text("bulkId").ok_or_else(|| wrong("POST needs a `bulkId`."))?;
                ids.get(bulk_id)
                    .map(|(_, id)| id.clone())
                    .ok_or_else(|| wrong("POST needs a `bulkId`."))?
            }
            (Method::Put | Method::Patch | Method::Delete, Some(id), None) => {
                let mut id = id.to_owned();
                resolve(&mut id, ids, needs)?;
                ResourceId::new(id)
            }
            _ => {
                return Err(wrong(
                    "`path` must be `/Users` for POST and `/Users/{id}` for all others.",
                ));
            }
        };
        let mut data = member(object, "data").cloned().unwrap_or_default();
        if method != Method::Delete && !data.is_object() {
            return Err(wrong("`data` must be an object."));
        }
        resolve_all(&mut data, ids, needs)?;
        Ok(Operation {
            method,
            kind,
            id,
            version: text("version").map(ToOwned::to_owned),
            data,
        })
    }

    /// Plans and commits groups of operations. Gives back those to be tried again.
    async fn bulk_run(
        &self,
        context: &mut Context<'_>,
        slots: &mut [Slot],
        groups: Vec<Vec<usize>>,
        fail_on_errors: Option<usize>,
    ) -> Result<Vec<Vec<usize>>, ScimError> {
        let mut overlay: HashMap<ResourceId, Overlay> = HashMap::new();
        let mut units: Vec<Unit> = Vec::with_capacity(groups.len());
        let mut unit_of: HashMap<usize, usize> = HashMap::new();
        let mut planned: Vec<Vec<(usize, Planned)>> = Vec::with_capacity(groups.len());
        for group in &groups {
            let number = units.len();
            let mut unit = Unit::default();
            let mut plans = Vec::new();
            for index in group {
                unit_of.insert(*index, number);
            }
            for index in group {
                let Some(slot) = slots.get_mut(*index) else {
                    continue;
                };
                if slot.operation.is_none() {
                    unit.failed = true;
                    continue;
                }
                unit.requires.extend(
                    slot.refers
                        .iter()
                        .filter_map(|need| unit_of.get(need))
                        .filter(|u| **u < number),
                );
                match self
                    .bulk_plan(context, slot, &mut overlay, number, &mut unit.requires)
                    .await
                {
                    Ok(plan) => plans.push((*index, plan)),
                    Err(error) => {
                        unit.failed = true;
                        slot.result = Some(Err(error));
                    }
                }
            }
            if unit.failed {
                plans.clear();
            }
            for (_, plan) in &plans {
                unit.writes.extend(plan.unit.writes.iter().cloned());
                unit.events.extend(plan.unit.events.iter().cloned());
            }
            units.push(unit);
            planned.push(plans);
        }
        let mut batch = self.batch(context, units);
        batch.stop_after_errors = fail_on_errors;
        let results = self
            .store
            .commit(&context.connection.tenant, &batch)
            .await?;
        let mut again = Vec::new();
        let mut retried = BTreeSet::new();
        for (number, ((group, plans), result)) in
            groups.into_iter().zip(planned).zip(results).enumerate()
        {
            let explicit = group.iter().any(|i| slots.get(*i).is_some_and(has_version));
            match result {
                Ok(written) => {
                    let mut written = written.into_iter();
                    for (index, plan) in plans {
                        let wrote = if plan.writes_nothing() {
                            None
                        } else {
                            written.next()
                        };
                        let mut resource = plan.after;
                        if let Some(wrote) = wrote {
                            resource.version = wrote.version;
                            if wrote.changed {
                                context.changes.push(plan.change);
                            }
                        }
                        if let Some(slot) = slots.get_mut(index) {
                            slot.result = Some(Ok((status(slot), resource)));
                        }
                    }
                }
                Err(WriteError::NotAttempted) => group.iter().for_each(|index| {
                    if let Some(slot) = slots.get_mut(*index) {
                        slot.result = None;
                    }
                }),
                Err(WriteError::VersionMismatch(_)) if !explicit => {
                    retried.insert(number);
                    again.push(group);
                }
                Err(WriteError::Dependency(on)) if retried.contains(&on) => {
                    retried.insert(number);
                    again.push(group);
                }
                Err(error) => {
                    let error = match &error {
                        WriteError::VersionMismatch(_) => precondition(),
                        other => self.write_error(other),
                    };
                    for index in group {
                        if let Some(slot) = slots.get_mut(index)
                            && slot.result.is_none()
                        {
                            slot.result = Some(Err(error.clone()));
                        }
                    }
                }
            }
        }
        Ok(again)
    }

    async fn bulk_plan(
        &self,
        context: &mut Context<'_>,
        slot: &Slot,
        overlay: &mut HashMap<ResourceId, Overlay>,
        unit: usize,
        requires: &mut Vec<usize>,
    ) -> Result<Planned, ScimError> {
        let Some(operation) = &slot.operation else {
            return Err(precondition());
        };
        let Operation {
            method,
            kind,
            id,
            version,
            data,
        } = operation;
        self.permit(context, *kind, Access::Write)?;
        if *method == Method::Post {
            let plan = self.plan_create(context, *kind, id.clone(), data)?;
            overlay.insert(
                id.clone(),
                Overlay {
                    resource: Some(plan.after.clone()),
                    unit,
                },
            );
            return Ok(plan);
        }
        let patch = match method {
            Method::Patch => {
                let (dialect, limits) = (&context.connection.dialect, &self.config.limits.patch);
                Some(Plan::read(
                    &self.registry,
                    *kind,
                    dialect,
                    limits,
                    data,
                    &mut context.rewrites,
                )?)
            }
            Method::Post | Method::Put | Method::Delete => None,
        };
        let (existing, follows) = match overlay.get(id) {
            Some(Overlay {
                resource: Some(resource),
                unit: before,
            }) if resource.resource_type() == *kind => {
                if *before < unit {
                    requires.push(*before);
                }
                (resource.clone(), true)
            }
            Some(_) => return Err(self.write_error(&WriteError::NotFound(id.clone()))),
            None => {
                let load = patch
                    .as_ref()
                    .map_or(Load::default(), |plan| plan.needs(&self.registry, *kind));
                (self.fetch(context, *kind, id, load).await?, false)
            }
        };
        check_version(version.as_deref(), existing.version)?;
        let plan = match (method, patch) {
            (Method::Delete, _) => self.plan_delete(context, &existing),
            (_, Some(patch)) => self.plan_patch(context, &existing, &patch)?,
            _ => self.plan_replace(context, &existing, data)?,
        };
        let plan = if follows {
            plan.follow()
        } else {
            plan.insist_if(true)
        };
        let resource = (*method != Method::Delete).then(|| {
            let mut after = plan.after.clone();
            if !plan.writes_nothing() {
                after.version = after.version.next();
            }
            after
        });
        overlay.insert(id.clone(), Overlay { resource, unit });
        Ok(plan)
    }

    fn bulk_result(&self, slot: &Slot) -> Option<Json> {
        let mut entry = json!({"method": slot.method});
        let object = entry.as_object_mut()?;
        if let Some(bulk_id) = &slot.bulk_id {
            object.insert("bulkId".into(), bulk_id.as_str().into());
        }
        let renderer = Renderer::new(&self.registry, &self.config.base_url);
        // RFC 7644 §3.7.3: an operation that was not attempted does not appear.
        match slot.result.as_ref()? {
            Ok((status, resource)) => {
                object.insert("status".into(), status.to_string().into());
                object.insert("location".into(), renderer.location(resource).into());
                if slot
                    .operation
                    .as_ref()
                    .is_some_and(|o| o.method != Method::Delete)
                {
                    object.insert("version".into(), etag(resource.version).into());
                }
            }
            Err(error) => {
                object.insert("status".into(), error.status().to_string().into());
                object.insert("response".into(), error.to_json());
                // RFC 7644 §3.7.3: location is REQUIRED except for a failed POST.
                if let Some(operation) =
                    slot.operation.as_ref().filter(|o| o.method != Method::Post)
                {
                    let at = Resource::new(
                        operation.id.clone(),
                        crate::document::Document::new(operation.kind),
                        time::OffsetDateTime::UNIX_EPOCH,
                    );
                    object.insert("location".into(), renderer.location(&at).into());
                }
            }
        }
        Some(entry)
    }
}

fn has_version(slot: &Slot) -> bool {
    slot.operation
        .as_ref()
        .is_some_and(|operation| operation.version.is_some())
}

fn status(slot: &Slot) -> u16 {
    match slot.operation.as_ref().map(|operation| operation.method) {
        Some(Method::Post) => 201,
        Some(Method::Delete) => 204,
        _ => 200,
    }
}

fn precondition() -> ScimError {
    let detail =
        "The resource has changed since that version; read it again and repeat the change.";
    ScimError::new(Reason::Precondition, detail)
}

/// Replaces the bulkIds in every string of the data.
fn resolve_all(
    json: &mut Json,
    ids: &HashMap<String, (usize, ResourceId)>,
    needs: &mut BTreeSet<usize>,
) -> Result<(), ScimError> {
    match json {
        Json::String(text) => resolve(text, ids, needs),
        Json::Array(items) => items
            .iter_mut()
            .try_for_each(|item| resolve_all(item, ids, needs)),
        Json::Object(object) => object
            .values_mut()
            .try_for_each(|value| resolve_all(value, ids, needs)),
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(()),
    }
}

/// `bulkId:x` stands for an id as the whole string, at the end of a reference, or in quotes within a path, which may name
/// several: `members[value eq "bulkId:a" or value eq "bulkId:b"]`.
fn resolve(
    text: &mut String,
    ids: &HashMap<String, (usize, ResourceId)>,
    needs: &mut BTreeSet<usize>,
) -> Result<(), ScimError> {
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((head, tail)) = rest.split_once("bulkId:") {
        out.push_str(head);
        let (name, after) = match out.chars().next_back() {
            None | Some('/') => (tail, ""),
            Some('"') => tail.split_at(tail.find('"').unwrap_or(tail.len())),
            Some(_) => {
                out.push_str("bulkId:");
                rest = tail;
                continue;
            }
        };
        let (index, id) = ids.get(name).ok_or_else(|| {
            let detail = format!("No POST of this request has the bulkId `{}`.", shown(name));
            ScimError::new(Reason::BulkIdUnknown, detail)
        })?;
        needs.insert(*index);
        out.push_str(id.as_str());
        rest = after;
    }
    out.push_str(rest);
    *text = out;
    Ok(())
}
