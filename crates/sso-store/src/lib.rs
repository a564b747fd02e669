//! The SQL home of a SAML service provider: connections, pending logins, replay records, users,
//! sessions, an append-only log, and this installation's keys. One SQLite file, no server; or PostgreSQL.
//!
//! [`Store`] implements [`saml_sp::RequestStore`] and [`saml_sp::ReplayStore`], the two inputs
//! without which no login can be accepted:
//!
//! ```
//! use sso_store::{ConnectionName, NewLogEntry, Event, Store};
//! use time::macros::datetime;
//!
//! let store = Store::in_memory()?; // Store::open(path) in real life
//! let now = datetime!(2026-11-23 12:00 UTC);
//! let mut entry = NewLogEntry::new(now, Event::LoginRejected, "7QK2-M4XD", "audience does not match");
//! entry.code = Some("conditions.audience_mismatch");
//! store.append_log(&entry)?;
//! let found = store.log_by_reference("7QK2-M4XD")?.expect("just written");
//! assert_eq!(found.code.as_deref(), Some("conditions.audience_mismatch"));
//! # Ok::<(), sso_store::DbError>(())
//! ```
//!
//! # Promises
//! - What a method acknowledged survives `kill -9` and a power cut (WAL, `synchronous = FULL`).
//! - Of many threads or processes that consume one pending login, exactly one is told so.
//! - An assertion is recorded once per connection and issuer, until it has expired.
//! - Session ids are stored hashed. The file is readable by its owner only. Deleted rows are
//!   overwritten. The keys in it are not encrypted: who reads the file has them.
//!
//! # Many nodes
//! With the feature `postgres`, `Store::connect` opens a PostgreSQL database instead of a file: the
//! same statements, the same promises, for several processes at once. `docs/scaling.md` says more.

mod accounts;
mod connections;
mod db;
mod error;
mod log;
mod migrate;
mod pending;
mod queue;
mod replay;
mod scim;
mod secrets;
mod sessions;
mod sql;
mod store;

pub use accounts::{ADMINISTRATOR_ROLE, Account, AccountStatus, ProvisionedBy, SetBy};
pub use connections::{
    ConnectionName, ConnectionRecord, ConnectionSettings, RequestBindingChoice, RequiredSignature,
    Webhook, WebhookKey,
};
pub use error::{DbError, DbErrorKind};
pub use log::{
    Event, LOG_RETENTION, LogEntry, LogFilter, MAX_ENTRIES, MAX_MESSAGES, MESSAGE_RETENTION,
    NewLogEntry,
};
pub use pending::MAX_PENDING;
pub use queue::WriteQueue;
pub use scim::{AddedSchema, ScimLog, ScimStore, scim_registry};
pub use secrets::StoredSecret;
pub use sessions::{EarlierUser, SessionId, SessionKind, SessionRecord, UserKey, UserRecord};
pub use store::Store;
