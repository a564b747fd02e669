//! The operations of a bulk request: read, and their bulkIds resolved (RFC 7644 §3.7.2).

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;

use super::bulk::{Method, Operation, Revival, Slot};
use super::{Context, ScimService};
use crate::dialect::OnInactiveConflict;
use crate::document::{Keep, Reader};
use crate::error::{Reason, ScimError, shown};
use crate::filter::{CompareOp, Filter, Leaf, Operand, Test};
use crate::json::member;
use crate::resource::ResourceId;
use crate::schema::{AttrPath, AttributeType, Uniqueness};
use crate::store::{Query, QueryTarget, ResourceStore, equality_keys};
use crate::token::Access;

/// The operation that defines each bulkId, and the id that it stands for.
type Ids = HashMap<String, (usize, ResourceId)>;

impl<S: ResourceStore> ScimService<S> {
    /// Reads all operations and resolves their bulkIds: to ids made now, or to the resource that is brought back.
    pub(super) async fn slots(
        &self,
        context: &Context<'_>,
        list: &[Json],
    ) -> Result<Vec<Slot>, ScimError> {
        let mut ids = Ids::new();
        let mut slots = Vec::with_capacity(list.len());
        for (index, json) in list.iter().enumerate() {
            let text = |name: &str| {
                json.as_object()
                    .and_then(|object| member(object, name))
                    .and_then(Json::as_str)
            };
            let method = text("method").unwrap_or_default().to_ascii_uppercase();
            let mut slot = Slot::new(shown(&method), text("bulkId").map(ToOwned::to_owned));
            match &slot.bulk_id {
                Some(bulk_id) if method == "POST" && ids.contains_key(bulk_id) => {
                    let detail =
                        "Another operation has the same `bulkId`; each POST needs its own.";
                    slot.result = Some(Err(ScimError::new(Reason::BulkIdDuplicate, detail)));
                }
                Some(bulk_id) if method == "POST" => {
                    slot.revival = self.revival(context, json).await?;
                    let id = match &slot.revival {
                        Some(revival) => revival.holder.clone(),
                        None => self.new_id(context.now)?,
                    };
                    ids.insert(bulk_id.clone(), (index, id));
                }
                _ => {}
            }
            slots.push(slot);
        }
        let mut last: HashMap<ResourceId, usize> = HashMap::new();
        for (index, (slot, json)) in slots.iter_mut().zip(list).enumerate() {
            if slot.result.is_some() {
                continue;
            }
            match self.operation(context, json, &ids, slot) {
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

    /// The deactivated resource that a POST brings back, where a single POST would. It has to be known before anything
    /// is planned, since the bulkId stands for its id.
    async fn revival(
        &self,
        context: &Context<'_>,
        json: &Json,
    ) -> Result<Option<Revival>, ScimError> {
        let dialect = &context.connection.dialect;
        if dialect.on_inactive_conflict != OnInactiveConflict::Revive {
            return Ok(None);
        }
        let object = json.as_object();
        let part = |name: &str| object.and_then(|object| member(object, name));
        let name = part("path").and_then(Json::as_str).unwrap_or_default();
        let kind = self.kind(name.trim_matches('/'), dialect.lower_case_endpoints);
        let (Some(kind), Some(data)) = (kind, part("data")) else {
            return Ok(None);
        };
        let mut reader = Reader::new(&self.registry, kind, dialect, Keep::Writable);
        // What is wrong with it is said when it is planned.
        let (Ok(()), Ok(document)) = (
            self.permit(context, kind, Access::Write),
            reader.document(data),
        ) else {
            return Ok(None);
        };
        for (attr, key) in equality_keys(&self.registry, &document) {
            let attribute = self.registry.attribute(attr);
            if attribute.uniqueness() == Uniqueness::None {
                continue;
            }
            let operand = match attribute.kind() {
                AttributeType::Integer => key.parse().ok().map(Operand::Integer),
                _ => Some(Operand::Text(key)),
            };
            let Some(operand) = operand else { continue };
            let path = match attribute.parent() {
                Some(parent) => AttrPath {
                    attr: parent,
                    sub: Some(attr),
                },
                None => attr.into(),
            };
            let mut target = QueryTarget::all(kind);
            let test = Test::Compare(CompareOp::Eq, operand);
            target.filter = Some(Filter::Leaf(Leaf::new(path, test)));
            let mut query = Query::new(target, 1);
            query.count_total = false;
            let found = self.store.find(&context.connection.tenant, &query).await?;
            let holder = found.resources.into_iter().next();
            if let Some(holder) = holder.filter(|holder| self.may_revive(context, holder)) {
                return Ok(Some(Revival {
                    holder: holder.id,
                    attr,
                }));
            }
        }
        Ok(None)
    }

    fn operation(
        &self,
        context: &Context<'_>,
        json: &Json,
        ids: &Ids,
        slot: &mut Slot,
    ) -> Result<Operation, ScimError> {
        let needs = &mut slot.refers;
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
                let id = ResourceId::new(id);
                slot.target = Some((kind, id.clone()));
                id
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
}

/// Replaces the bulkIds in every string of the data.
fn resolve_all(json: &mut Json, ids: &Ids, needs: &mut BTreeSet<usize>) -> Result<(), ScimError> {
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
fn resolve(text: &mut String, ids: &Ids, needs: &mut BTreeSet<usize>) -> Result<(), ScimError> {
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
