//! Events for the outbox, and their form as Security Event Tokens (RFC 9967, RFC 8417).
//!
//! An [`Event`] is written in the same transaction as the change it tells of. It holds names of attributes, never
//! values: a receiver that needs them asks for the resource (RFC 9967 §2.4, "notice").

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use time::OffsetDateTime;

use crate::document::{Document, Value};
use crate::resource::{Resource, ResourceId, Version};
use crate::schema::Registry;

/// What happened to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// Created, or brought back.
    Create,
    /// Replaced by PUT.
    Put,
    /// Changed by PATCH.
    Patch,
    /// Deleted.
    Delete,
    /// `active` became true.
    Activate,
    /// `active` became false.
    Deactivate,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Create,
        Self::Put,
        Self::Patch,
        Self::Delete,
        Self::Activate,
        Self::Deactivate,
    ];

    /// The event's URI (RFC 9967 §2.4).
    pub const fn uri(self) -> &'static str {
        match self {
            Self::Create => "urn:ietf:params:scim:event:prov:create:notice",
            Self::Put => "urn:ietf:params:scim:event:prov:put:notice",
            Self::Patch => "urn:ietf:params:scim:event:prov:patch:notice",
            Self::Delete => "urn:ietf:params:scim:event:prov:delete",
            Self::Activate => "urn:ietf:params:scim:event:prov:activate",
            Self::Deactivate => "urn:ietf:params:scim:event:prov:deactivate",
        }
    }
}

/// One event in the outbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// What happened; an activation comes along with the change that made it.
    pub kinds: Vec<EventKind>,
    /// The transaction (RFC 9967 §2.2, `txn`): the request's id.
    pub transaction: String,
    /// The resource type's name.
    pub resource_type: String,
    /// The path below the base URL: `/Users/…`.
    pub uri: String,
    /// The resource's id.
    pub id: ResourceId,
    /// The resource's externalId.
    pub external_id: Option<String>,
    /// The names of the attributes that changed.
    pub attributes: Vec<String>,
    /// The version afterwards, where it is known when the event is written.
    pub version: Option<Version>,
    /// When.
    #[serde(with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
}

impl Event {
    pub(crate) fn new(
        registry: &Registry,
        kinds: Vec<EventKind>,
        id: &ResourceId,
        document: &Document,
        transaction: &str,
        at: OffsetDateTime,
    ) -> Self {
        let kind = registry.resource_type(document.resource_type());
        let external_id = document
            .get(registry.common().external_id)
            .and_then(Value::as_text);
        Self {
            kinds,
            transaction: transaction.to_owned(),
            resource_type: kind.name().to_owned(),
            uri: format!("{}/{id}", kind.endpoint()),
            id: id.clone(),
            external_id: external_id.map(ToOwned::to_owned),
            attributes: Vec::new(),
            version: None,
            at,
        }
    }

    /// The event of a group that a member leaves by being deleted: it changes without anybody having named it.
    ///
    /// A store makes one for each such group, in the transaction of the deletion, if the batch names a
    /// [`crate::store::Batch::transaction`]. `group` is the group as it is afterwards.
    pub fn member_deleted(registry: &Registry, group: &Resource, transaction: &str) -> Self {
        let mut event = Self::new(
            registry,
            vec![EventKind::Patch],
            &group.id,
            &group.document,
            transaction,
            group.last_modified,
        );
        let kind = registry.resource_type(group.resource_type());
        event.attributes = kind
            .members()
            .map(|attr| registry.label(attr.into()))
            .into_iter()
            .collect();
        event.version = Some(group.version);
        event
    }

    /// The claims of a Security Event Token for this event; signing them is the publisher's part.
    ///
    /// `jti` must be new for every token (RFC 7519 §4.1.7).
    pub fn claims(&self, issuer: &str, audience: &[&str], jti: &str) -> Json {
        let mut subject = json!({"format": "scim", "uri": self.uri});
        if let (Some(external), Some(object)) = (&self.external_id, subject.as_object_mut()) {
            object.insert("externalId".into(), external.as_str().into());
        }
        let mut events = Map::new();
        for kind in &self.kinds {
            let mut payload = Map::new();
            // RFC 9967 §2.4: exactly one of "data" and "attributes"; delete, activate and deactivate have no payload.
            if matches!(kind, EventKind::Create | EventKind::Put | EventKind::Patch) {
                payload.insert("attributes".into(), json!(self.attributes));
                if let Some(version) = self.version {
                    payload.insert("version".into(), crate::document::etag(version).into());
                }
            }
            events.insert(kind.uri().to_owned(), Json::Object(payload));
        }
        // RFC 9967 §2.1: "sub_id" at the top level, never "sub".
        json!({
            "iss": issuer,
            "aud": audience,
            "iat": self.at.unix_timestamp(),
            "jti": jti,
            "txn": self.transaction,
            "sub_id": subject,
            "events": events,
        })
    }
}

#[cfg(test)]
mod tests;
