//! One resource: GET, POST, PUT, PATCH, DELETE (RFC 7644 §3.3, §3.4.1, §3.5, §3.6, §3.14).

use serde_json::Value as Json;

use super::list::not_found;
use super::write::Planned;
use super::{Context, Request, Response, ScimService};
use crate::dialect::{OnInactiveConflict, PatchReply};
use crate::document::{Projection, Renderer, etag};
use crate::error::{Reason, ScimError};
use crate::patch::Plan;
use crate::resource::{Resource, ResourceId, Version};
use crate::schema::ResourceTypeId;
use crate::store::{Load, LoadMembers, ResourceStore, WriteError, Written};
use crate::token::Access;

/// Whether one of the entity tags of a header names the version; weak comparison (RFC 9110 §8.8.3.2).
fn names(header: &str, version: Version) -> bool {
    let ours = version.number().to_string();
    header
        .split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"') == ours)
}

/// Checks a version a client insists on.
pub(super) fn check_version(tag: Option<&str>, version: Version) -> Result<(), ScimError> {
    match tag {
        Some(tag) if !names(tag, version) => {
            let detail =
                "The resource has changed since that version; read it again and repeat the change.";
            Err(ScimError::new(Reason::Precondition, detail))
        }
        _ => Ok(()),
    }
}

fn check_conditions(request: &Request, version: Version) -> Result<(), ScimError> {
    check_version(request.header("if-match"), version)?;
    match request.header("if-none-match") {
        Some(tags) if names(tags, version) => {
            let detail = "The resource has the version that If-None-Match excludes.";
            Err(ScimError::new(Reason::Precondition, detail))
        }
        _ => Ok(()),
    }
}

fn conditional(request: &Request) -> bool {
    request.header("if-match").is_some() || request.header("if-none-match").is_some()
}

/// Above so many members a group is not loaded to be shown after a PATCH.
const SMALL_GROUP: usize = 100;

impl<S: ResourceStore> ScimService<S> {
    pub(super) async fn fetch(
        &self,
        context: &Context<'_>,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> Result<Resource, ScimError> {
        let found = self
            .store
            .get(&context.connection.tenant, kind, id, load)
            .await?;
        found.ok_or_else(|| not_found(self.registry.resource_type(kind).name()))
    }

    fn respond(&self, status: u16, resource: &Resource, projection: &Projection) -> Response {
        let renderer = Renderer::new(&self.registry, &self.config.base_url);
        // RFC 7644 §3.3: Location is the same as meta.location, and so is Content-Location (RFC 7643 §3.1). §3.14: ETag
        // is the same as meta.version.
        Response::new(status, Some(renderer.resource(resource, projection)))
            .with("location", renderer.location(resource))
            .with("content-location", renderer.location(resource))
            .with("etag", etag(resource.version))
    }

    pub(super) async fn get(
        &self,
        request: &Request,
        context: &Context<'_>,
        kind: ResourceTypeId,
        id: &ResourceId,
    ) -> Result<Response, ScimError> {
        self.permit(context, kind, Access::Read)?;
        let projection = self.projection(request, context, kind)?;
        let resource = self
            .fetch(context, kind, id, self.load(kind, &projection))
            .await?;
        check_version(request.header("if-match"), resource.version)?;
        if request
            .header("if-none-match")
            .is_some_and(|tags| names(tags, resource.version))
        {
            return Ok(Response::new(304, None).with("etag", etag(resource.version)));
        }
        Ok(self.respond(200, &resource, &projection))
    }

    pub(super) async fn create(
        &self,
        request: &Request,
        context: &mut Context<'_>,
        kind: ResourceTypeId,
        json: &Json,
    ) -> Result<Response, ScimError> {
        self.permit(context, kind, Access::Write)?;
        let projection = self.projection(request, context, kind)?;
        let planned = self.plan_create(context, kind, self.new_id(context.now)?, json)?;
        let (planned, written) = match self.commit_one(context, planned).await? {
            Ok(done) => done,
            Err(WriteError::Uniqueness { attr, holder }) => {
                let taken = WriteError::Uniqueness {
                    attr,
                    holder: holder.clone(),
                };
                let revived = self.revive(context, kind, &holder, json).await?;
                revived.ok_or_else(|| self.write_error(&taken))?
            }
            Err(error) => return Err(self.write_error(&error)),
        };
        let resource = self
            .after(context, planned, &written, self.load(kind, &projection))
            .await?;
        Ok(self.respond(201, &resource, &projection))
    }

    /// Brings the deactivated holder of a unique value back, where the dialect wants it and the holder was made by the
    /// same connection. `None` where the conflict stands.
    async fn revive(
        &self,
        context: &mut Context<'_>,
        kind: ResourceTypeId,
        holder: &ResourceId,
        json: &Json,
    ) -> Result<Option<(Planned, Written)>, ScimError> {
        if context.connection.dialect.on_inactive_conflict != OnInactiveConflict::Revive {
            return Ok(None);
        }
        let tenant = &context.connection.tenant;
        let Some(existing) = self
            .store
            .get(tenant, kind, holder, Load::default())
            .await?
        else {
            return Ok(None);
        };
        if !self.may_revive(context, &existing) {
            return Ok(None);
        }
        let planned = self.plan_revive(context, &existing, json)?;
        Ok(self.commit_one(context, planned).await?.ok())
    }

    /// Whether a new resource with the same unique value brings this one back: it is deactivated, and of the same
    /// connection.
    pub(super) fn may_revive(&self, context: &Context<'_>, existing: &Resource) -> bool {
        existing.connection.as_ref() == Some(&context.connection.id)
            && !existing.document.is_active(&self.registry)
    }

    pub(super) async fn replace(
        &self,
        request: &Request,
        context: &mut Context<'_>,
        kind: ResourceTypeId,
        id: &ResourceId,
        json: &Json,
    ) -> Result<Response, ScimError> {
        self.permit(context, kind, Access::Write)?;
        let projection = self.projection(request, context, kind)?;
        for _ in 0..=self.config.limits.retries {
            let existing = self.fetch(context, kind, id, Load::default()).await?;
            check_conditions(request, existing.version)?;
            let planned = self
                .plan_replace(context, &existing, json)?
                .insist_if(conditional(request));
            if let Some((planned, written)) = self.try_commit(context, planned).await? {
                let resource = self
                    .after(context, planned, &written, self.load(kind, &projection))
                    .await?;
                return Ok(self.respond(200, &resource, &projection));
            }
        }
        Err(self.write_error(&WriteError::VersionMismatch(id.clone())))
    }

    pub(super) async fn patch(
        &self,
        request: &Request,
        context: &mut Context<'_>,
        kind: ResourceTypeId,
        id: &ResourceId,
        json: &Json,
    ) -> Result<Response, ScimError> {
        self.permit(context, kind, Access::Write)?;
        let projection = self.projection(request, context, kind)?;
        let dialect = &context.connection.dialect;
        let limits = &self.config.limits.patch;
        let plan = Plan::read(
            &self.registry,
            kind,
            dialect,
            limits,
            json,
            &mut context.rewrites,
        )?;
        let is_group = self.registry.resource_type(kind).members().is_some();
        let reply = if is_group {
            dialect.patch_reply_group
        } else {
            dialect.patch_reply
        };
        for _ in 0..=self.config.limits.retries {
            let existing = self
                .fetch(context, kind, id, plan.needs(&self.registry, kind))
                .await?;
            check_conditions(request, existing.version)?;
            let planned = self
                .plan_patch(context, &existing, &plan)?
                .insist_if(conditional(request));
            let Some((planned, written)) = self.try_commit(context, planned).await? else {
                continue;
            };
            // RFC 7644 §3.5.2: 200 with the resource, or 204; 200 when the client asks for attributes.
            let bodiless = Response::new(204, None).with("etag", etag(written.version));
            let mut load = self.load(kind, &projection);
            match reply {
                _ if projection.is_explicit() => {}
                PatchReply::NoContent => return Ok(bodiless),
                PatchReply::ResourceIfSmall if load.members == LoadMembers::All => {
                    load.members = LoadMembers::AtMost(SMALL_GROUP);
                }
                PatchReply::ResourceIfSmall | PatchReply::Resource => {}
            }
            let resource = self.after(context, planned, &written, load).await?;
            if load.members != LoadMembers::No && resource.members.is_none() && is_group {
                return Ok(bodiless);
            }
            return Ok(self.respond(200, &resource, &projection));
        }
        Err(self.write_error(&WriteError::VersionMismatch(id.clone())))
    }

    pub(super) async fn delete(
        &self,
        request: &Request,
        context: &mut Context<'_>,
        kind: ResourceTypeId,
        id: &ResourceId,
    ) -> Result<Response, ScimError> {
        self.permit(context, kind, Access::Write)?;
        for _ in 0..=self.config.limits.retries {
            let existing = self.fetch(context, kind, id, Load::default()).await?;
            check_conditions(request, existing.version)?;
            let planned = self
                .plan_delete(context, &existing)
                .insist_if(conditional(request));
            if self.try_commit(context, planned).await?.is_some() {
                return Ok(Response::new(204, None));
            }
        }
        Err(self.write_error(&WriteError::VersionMismatch(id.clone())))
    }

    /// Commits one write. `None` if the resource changed in between and it should be tried again.
    async fn try_commit(
        &self,
        context: &mut Context<'_>,
        planned: Planned,
    ) -> Result<Option<(Planned, Written)>, ScimError> {
        match self.commit_one(context, planned).await? {
            Ok(done) => Ok(Some(done)),
            Err(WriteError::VersionMismatch(_)) => Ok(None),
            Err(error) => Err(self.write_error(&error)),
        }
    }

    async fn commit_one(
        &self,
        context: &mut Context<'_>,
        planned: Planned,
    ) -> Result<Result<(Planned, Written), WriteError>, ScimError> {
        let after = &planned.after;
        let unchanged = Written::new(
            after.id.clone(),
            after.version,
            after.created,
            after.last_modified,
            false,
        );
        if planned.writes_nothing() {
            return Ok(Ok((planned, unchanged)));
        }
        let batch = self.batch(context, vec![planned.unit.clone()]);
        let mut results = self
            .store
            .commit(&context.connection.tenant, &batch)
            .await?;
        Ok(match results.pop() {
            Some(Ok(mut writes)) => {
                let written = writes.pop().unwrap_or(unchanged);
                if written.changed {
                    context.changes.push(planned.change.clone());
                }
                Ok((planned, written))
            }
            Some(Err(error)) => Err(error),
            None => Err(WriteError::Failed),
        })
    }

    /// The resource as it is after a write, read again only where members or groups are to be shown.
    async fn after(
        &self,
        context: &Context<'_>,
        planned: Planned,
        written: &Written,
        load: Load,
    ) -> Result<Resource, ScimError> {
        let mut resource = planned.after;
        let kind = resource.resource_type();
        let new = written.version == Version::FIRST;
        if load.members != LoadMembers::No || (load.groups && !new) {
            return self.fetch(context, kind, &resource.id, load).await;
        }
        resource.version = written.version;
        resource.created = written.created;
        resource.last_modified = written.last_modified;
        Ok(resource)
    }
}
