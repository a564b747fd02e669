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
use crate::error::{Reason, ScimError};
use crate::json::member;
use crate::patch::Plan;
use crate::resource::{Resource, ResourceId};
use crate::schema::{AttrId, ResourceTypeId};
use crate::store::{Load, ResourceStore, Unit, WriteError};
use crate::token::Access;

const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Post,
    Put,
    Patch,
    Delete,
}

pub(super) struct Operation {
    pub(super) method: Method,
    pub(super) kind: ResourceTypeId,
    pub(super) id: ResourceId,
    pub(super) version: Option<String>,
    pub(super) data: Json,
}

/// The deactivated resource that a POST brings back, and the unique attribute whose value the two share.
pub(super) struct Revival {
    pub(super) holder: ResourceId,
    pub(super) attr: AttrId,
}

/// What is known of each operation.
pub(super) struct Slot {
    method: String,
    pub(super) bulk_id: Option<String>,
    pub(super) operation: Option<Operation>,
    /// The resource that it names, even where the operation itself cannot be read.
    pub(super) target: Option<(ResourceTypeId, ResourceId)>,
    pub(super) revival: Option<Revival>,
    /// The operations whose resources it names: it falls with them.
    pub(super) refers: BTreeSet<usize>,
    /// The operation on the same resource before it.
    pub(super) after: Option<usize>,
    pub(super) result: Option<Result<(u16, Resource), ScimError>>,
}

impl Slot {
    pub(super) const fn new(method: String, bulk_id: Option<String>) -> Self {
        Self {
            method,
            bulk_id,
            operation: None,
            target: None,
            revival: None,
            refers: BTreeSet::new(),
            after: None,
            result: None,
        }
    }
}

/// What earlier operations of the batch make of a resource, and the unit that does it.
struct Overlay {
    resource: Option<Resource>,
    unit: usize,
}

impl Overlay {
    fn after(plan: &Planned, unit: usize) -> Self {
        let mut after = plan.after.clone();
        if plan.changes_a_version() {
            after.version = after.version.next();
        }
        Self {
            resource: Some(after),
            unit,
        }
    }
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
        let mut slots = self.slots(context, list).await?;
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
        // What failed in an earlier run: it counts, and what refers to it falls now.
        let pending: BTreeSet<usize> = groups.iter().flatten().copied().collect();
        let fallen: BTreeSet<usize> = slots
            .iter()
            .enumerate()
            .filter(|(index, slot)| !pending.contains(index) && matches!(slot.result, Some(Err(_))))
            .map(|(index, _)| index)
            .collect();
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
                if let Some(need) = slot.refers.intersection(&fallen).next() {
                    unit.failed = true;
                    slot.result = Some(Err(self.write_error(&WriteError::Dependency(*need))));
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
        batch.stop_after_errors = fail_on_errors.map(|most| most.saturating_sub(fallen.len()));
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
                Err(WriteError::NotAttempted) => {
                    // What stopped the batch may go well when it is tried again.
                    let ends = retried.is_empty();
                    for index in &group {
                        if let Some(slot) = slots.get_mut(*index)
                            && (ends || slot.operation.is_some())
                        {
                            slot.result = None;
                        }
                    }
                    if !ends {
                        again.push(group);
                    }
                }
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
            let plan = match &slot.revival {
                None => self.plan_create(context, *kind, id.clone(), data)?,
                Some(revival) => {
                    let (existing, follows) = self
                        .bulk_existing(context, operation, Load::default(), overlay, unit, requires)
                        .await?;
                    if !self.may_revive(context, &existing) {
                        return Err(self.write_error(&WriteError::Uniqueness {
                            attr: revival.attr,
                            holder: revival.holder.clone(),
                        }));
                    }
                    placed(self.plan_revive(context, &existing, data)?, follows)
                }
            };
            overlay.insert(id.clone(), Overlay::after(&plan, unit));
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
        let load = patch
            .as_ref()
            .map_or(Load::default(), |plan| plan.needs(&self.registry, *kind));
        let (existing, follows) = self
            .bulk_existing(context, operation, load, overlay, unit, requires)
            .await?;
        check_version(version.as_deref(), existing.version)?;
        let plan = match (method, patch) {
            (Method::Delete, _) => self.plan_delete(context, &existing),
            (_, Some(patch)) => self.plan_patch(context, &existing, &patch)?,
            _ => self.plan_replace(context, &existing, data)?,
        };
        let plan = placed(plan, follows);
        let after = match method {
            Method::Delete => Overlay {
                resource: None,
                unit,
            },
            _ => Overlay::after(&plan, unit),
        };
        overlay.insert(id.clone(), after);
        Ok(plan)
    }

    /// The resource of an operation as earlier ones of the batch leave it, and whether there are any.
    async fn bulk_existing(
        &self,
        context: &Context<'_>,
        operation: &Operation,
        load: Load,
        overlay: &HashMap<ResourceId, Overlay>,
        unit: usize,
        requires: &mut Vec<usize>,
    ) -> Result<(Resource, bool), ScimError> {
        let (kind, id) = (operation.kind, &operation.id);
        match overlay.get(id) {
            Some(Overlay {
                resource: Some(resource),
                unit: before,
            }) if resource.resource_type() == kind => {
                if *before < unit {
                    requires.push(*before);
                }
                Ok((resource.clone(), true))
            }
            Some(_) => Err(self.write_error(&WriteError::NotFound(id.clone()))),
            None => Ok((self.fetch(context, kind, id, load).await?, false)),
        }
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
                if let Some((kind, id)) = &slot.target {
                    let document = crate::document::Document::new(*kind);
                    let at = time::OffsetDateTime::UNIX_EPOCH;
                    let at = Resource::new(id.clone(), document, at);
                    object.insert("location".into(), renderer.location(&at).into());
                }
            }
        }
        Some(entry)
    }
}

/// Within the batch nobody comes in between; else the version that was read has to be there still.
fn placed(plan: Planned, follows: bool) -> Planned {
    if follows {
        plan.follow()
    } else {
        plan.insist_if(true)
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
