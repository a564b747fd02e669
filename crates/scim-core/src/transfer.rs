//! A tenant as JSON Lines: out of one store, into another. Ids, versions, times, connections, members
//! and every attribute of every schema come along; tombstones do not.
//!
//! Both directions go in pieces: keep the place, or simply run the import again, to go on after an
//! interruption.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::dialect::UnknownMembers;
use crate::document::{Document, Value};
use crate::resource::{ConnectionId, Member, Resource, ResourceId, TenantId, Version};
use crate::schema::{Registry, Resolved};
use crate::store::{
    Batch, Keyset, Load, LoadMembers, Query, QueryTarget, ResourceStore, Start, StoreError, Unit,
    Write, WriteError,
};

/// Resources that are written in one transaction.
const AT_ONCE: usize = 200;

/// How far an export has come. It is data: keep it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    resource_type: String,
    after: Option<ResourceId>,
}

/// A piece of an export.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Exported {
    /// One JSON object each, without line ends.
    pub lines: Vec<String>,
    /// Where to go on; `None` when that was all.
    pub next: Option<Place>,
}

/// What an import came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Resources that were written.
    pub written: u64,
    /// Resources whose id was there before: an import that is run again goes on where it ended.
    pub present: u64,
    /// Lines that were not taken, by number from 1, with a code: `transfer.malformed`,
    /// `transfer.resource_type`, `transfer.document`, `transfer.unique`, `transfer.id_in_use`,
    /// `transfer.failed`.
    pub refused: Vec<(u64, &'static str)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    resource_type: String,
    id: ResourceId,
    version: u64,
    /// Nanoseconds since 1970.
    created: i64,
    last_modified: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connection: Option<String>,
    /// As it is stored, as text: no number is read as another one on the way.
    document: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    members: Vec<ResourceId>,
}

/// The next resources of a tenant, at most so many.
///
/// # Errors
/// When the store fails.
pub async fn export<S: ResourceStore>(
    store: &S,
    registry: &Registry,
    tenant: &TenantId,
    from: Option<&Place>,
    most: u64,
) -> Result<Exported, StoreError> {
    let mut exported = Exported::default();
    let types = registry.resource_types();
    let first = from.map_or(0, |place| {
        types
            .iter()
            .position(|kind| kind.name() == place.resource_type)
            .unwrap_or(types.len())
    });
    let mut after = from.and_then(|place| place.after.clone());
    for kind in types.iter().skip(first) {
        let mut target = QueryTarget::all(kind.id());
        target.load = Load {
            members: LoadMembers::All,
            groups: false,
        };
        let left = most.saturating_sub(exported.lines.len() as u64);
        let mut query = Query::new(target, left);
        query.count_total = false;
        query.start = Start::After(after.take().map(|id| Keyset::new(None, id)));
        let page = store.find(tenant, &query).await?;
        for resource in &page.resources {
            exported.lines.push(line(registry, kind.name(), resource));
        }
        if let Some(next) = page.next {
            exported.next = Some(Place {
                resource_type: kind.name().to_owned(),
                after: Some(next.id),
            });
            return Ok(exported);
        }
        if exported.lines.len() as u64 >= most {
            let following = types
                .iter()
                .skip_while(|other| other.id() != kind.id())
                .nth(1);
            exported.next = following.map(|kind| Place {
                resource_type: kind.name().to_owned(),
                after: None,
            });
            return Ok(exported);
        }
    }
    Ok(exported)
}

fn line(registry: &Registry, kind: &str, resource: &Resource) -> String {
    let nanoseconds = |at: OffsetDateTime| i64::try_from(at.unix_timestamp_nanos()).unwrap_or(0);
    let members = resource.members.iter().flatten();
    let line = Line {
        resource_type: kind.to_owned(),
        id: resource.id.clone(),
        version: resource.version.number(),
        created: nanoseconds(resource.created),
        last_modified: nanoseconds(resource.last_modified),
        connection: resource
            .connection
            .as_ref()
            .map(|id| id.as_str().to_owned()),
        document: resource.document.to_stored(registry),
        members: members.map(|member| member.id.clone()).collect(),
    };
    serde_json::to_string(&line).unwrap_or_default()
}

/// Writes what [`export`] gave, in any order, in pieces of any size. A line that is not taken does not
/// stop the others. `first_line` is the number of the first line, for the report.
///
/// # Errors
/// When the store fails; what was written until then stays.
pub async fn import<S: ResourceStore>(
    store: &S,
    registry: &Registry,
    tenant: &TenantId,
    lines: impl IntoIterator<Item = impl AsRef<str>>,
    first_line: u64,
    now: OffsetDateTime,
) -> Result<Imported, StoreError> {
    let mut imported = Imported::default();
    let mut waiting = Vec::new();
    for (number, text) in (first_line..).zip(lines) {
        if text.as_ref().trim().is_empty() {
            continue;
        }
        match read(registry, text.as_ref()) {
            Ok(resource) => waiting.push((number, resource)),
            Err(code) => imported.refused.push((number, code)),
        }
        if waiting.len() >= AT_ONCE {
            write(store, tenant, &mut waiting, &mut imported, now).await?;
        }
    }
    write(store, tenant, &mut waiting, &mut imported, now).await?;
    imported.refused.sort_unstable();
    Ok(imported)
}

fn read(registry: &Registry, text: &str) -> Result<Resource, &'static str> {
    let line: Line = serde_json::from_str(text).map_err(|_| "transfer.malformed")?;
    let kind = registry
        .resource_type_by_name(&line.resource_type)
        .ok_or("transfer.resource_type")?;
    let document =
        Document::from_stored(registry, kind.id(), &line.document).ok_or("transfer.document")?;
    if lacks_its_name(registry, &document) {
        return Err("transfer.document");
    }
    let time = |nanoseconds: i64| {
        OffsetDateTime::from_unix_timestamp_nanos(nanoseconds.into())
            .map_err(|_| "transfer.malformed")
    };
    let mut resource = Resource::new(line.id, document, time(line.created)?);
    resource.last_modified = time(line.last_modified)?;
    resource.version = Version::new(line.version);
    resource.connection = line.connection.map(ConnectionId::new);
    let members = line.members.into_iter();
    resource.members = Some(members.map(|id| Member::new(id, None, None)).collect());
    Ok(resource)
}

/// Stores order resources by the name that each of a type has to have.
fn lacks_its_name(registry: &Registry, document: &Document) -> bool {
    let kind = document.resource_type();
    ["userName", "displayName"].iter().any(|name| {
        let Some(Resolved::Attribute(path)) = registry.resolve(kind, name) else {
            return false;
        };
        let text = document.at(path).and_then(Value::as_text);
        registry.attribute(path.leaf()).required() && text.is_none()
    })
}

async fn write<S: ResourceStore>(
    store: &S,
    tenant: &TenantId,
    waiting: &mut Vec<(u64, Resource)>,
    imported: &mut Imported,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    let mut numbers = Vec::with_capacity(waiting.len());
    let mut units = Vec::with_capacity(waiting.len());
    for (number, resource) in waiting.drain(..) {
        let kind = resource.resource_type();
        let there = store
            .get(tenant, kind, &resource.id, Load::default())
            .await?;
        if there.is_some() {
            imported.present += 1;
            continue;
        }
        numbers.push(number);
        units.push(Unit::of(Write::Restore(Box::new(resource))));
    }
    if units.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::new(units, now);
    // A group may stand before a group that is in it
    batch.unknown_members = UnknownMembers::Defer;
    let results = store.commit(tenant, &batch).await?;
    for (number, result) in numbers.into_iter().zip(results) {
        match result {
            Ok(_) => imported.written += 1,
            Err(WriteError::Uniqueness { .. }) => {
                imported.refused.push((number, "transfer.unique"));
            }
            Err(WriteError::IdInUse(_)) => imported.refused.push((number, "transfer.id_in_use")),
            Err(_) => imported.refused.push((number, "transfer.failed")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
