//! What a request did, fit to be kept: names and counts, no values, no secrets.

mod store;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

pub use self::store::{LogLine, LogQuery, LogStore, MemoryLogStore};
use crate::dialect::{Preset, Rewrites};
use crate::resource::{ConnectionId, ResourceId, TenantId};

/// What happened to one attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangeKind {
    /// It had no value and has one.
    Added,
    /// It has another value.
    Changed,
    /// It has no value any more.
    Removed,
}

/// One attribute that changed, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AttributeChange {
    /// The attribute's name.
    pub attribute: String,
    /// What happened to it.
    pub kind: ChangeKind,
}

impl AttributeChange {
    /// A change.
    pub fn new(attribute: impl Into<String>, kind: ChangeKind) -> Self {
        Self {
            attribute: attribute.into(),
            kind,
        }
    }
}

/// What one write of a request changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResourceChange {
    /// The resource type's name.
    pub resource_type: String,
    /// The resource's id.
    pub id: ResourceId,
    /// The redacted difference.
    pub attributes: Vec<AttributeChange>,
    /// How many members were to join.
    pub members_added: usize,
    /// How many members were to leave.
    pub members_removed: usize,
    /// Whether all members were replaced.
    pub members_replaced: bool,
}

/// One line of the append-only request log. [`RequestLog::DEFAULT_RETENTION`] is how long to keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RequestLog {
    /// The id of the request; also the transaction of its events.
    pub request_id: String,
    /// When.
    #[serde(with = "time::serde::timestamp")]
    pub at: OffsetDateTime,
    /// The tenant.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The displayable prefix of the token.
    pub token_prefix: Option<String>,
    /// The method.
    pub method: String,
    /// The path without its query: filters hold personal data.
    pub path: String,
    /// The names of the query parameters.
    pub parameters: Vec<String>,
    /// The User-Agent header, shortened. Entra may send none.
    pub user_agent: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// The reason code of a refusal.
    pub code: Option<String>,
    /// What a refusal told the client.
    pub detail: Option<String>,
    /// What changed.
    pub changes: Vec<ResourceChange>,
    /// What the dialect rewrote.
    pub rewrites: Rewrites,
    /// The preset the request looks like, if it is not the one in use.
    pub suggested: Option<Preset>,
    /// Milliseconds, filled in by whoever has a clock.
    pub duration_ms: Option<u64>,
}

impl RequestLog {
    /// How long a log is kept unless the tenant says otherwise.
    pub const DEFAULT_RETENTION: time::Duration = time::Duration::days(90);
}
