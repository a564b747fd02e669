//! Connections: one identity provider as one customer's administrator set it up.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use idp_config::{IdpSource, RefreshState};
use saml_sp::PinnedCertificate;
use scim_core::dialect::Preset;
use scim_core::policy::ProvisioningPolicy;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::db::{Db, Row, params};
use crate::error::{DbError, DbErrorKind};
use crate::sql;
use crate::store::{Store, from_json, from_millis, to_json, to_millis};

/// Our own name for a connection: what keys everything, never the entity ID of the provider
/// (several customers' providers may share one).
///
/// 1 to 64 characters `a-z`, `0-9`, `-`, `_`, the first a letter or digit; upper case is folded
/// when it is parsed. Safe in a URL path, a cookie name and a file name.
///
/// ```
/// let name: sso_store::ConnectionName = "JumpCloud".parse()?;
/// assert_eq!(name.as_str(), "jumpcloud");
/// assert_eq!("a/b".parse::<sso_store::ConnectionName>().unwrap_err().code(), "store.invalid_value");
/// # Ok::<(), sso_store::DbError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectionName(String);

impl ConnectionName {
    /// The name, lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConnectionName {
    type Err = DbError;

    fn from_str(text: &str) -> Result<Self, DbError> {
        let folded = text.to_ascii_lowercase();
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if folded.len() <= 64
            && folded.starts_with(good)
            && folded.chars().all(|c| good(c) || c == '-' || c == '_')
        {
            Ok(Self(folded))
        } else {
            Err(DbError::new(DbErrorKind::InvalidValue))
        }
    }
}

impl TryFrom<String> for ConnectionName {
    type Error = DbError;

    fn try_from(text: String) -> Result<Self, DbError> {
        text.parse()
    }
}

impl From<ConnectionName> for String {
    fn from(name: ConnectionName) -> Self {
        name.0
    }
}

impl fmt::Display for ConnectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which part of a Response has to carry a signature.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequiredSignature {
    /// The Response or the Assertion; every signature that is there must verify.
    #[default]
    Either,
    /// The Response.
    Response,
    /// The Assertion.
    Assertion,
    /// Both.
    Both,
}

/// How the AuthnRequest travels to the provider.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestBindingChoice {
    /// HTTP-Redirect where the provider offers it, else HTTP-POST.
    #[default]
    Auto,
    /// HTTP-Redirect.
    Redirect,
    /// HTTP-POST.
    Post,
}

/// A receiver of events.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Where they are posted to.
    pub url: url::Url,
    /// What they are authenticated with.
    pub secret: WebhookKey,
}

impl Webhook {
    /// A receiver.
    #[must_use]
    pub fn new(url: url::Url, secret: impl Into<String>) -> Self {
        Self {
            url,
            secret: WebhookKey(secret.into()),
        }
    }
}

/// The shared secret of a receiver. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookKey(String);

impl WebhookKey {
    /// The secret.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookKey(..)")
    }
}

/// What an administrator may change on a connection. The defaults are the strict ones.
///
/// Stored as JSON; a field that an older version did not write reads as its default.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectionSettings {
    /// Accept responses nobody asked for (IdP-initiated login).
    pub allow_unsolicited: bool,
    /// Which part has to be signed.
    pub required_signature: RequiredSignature,
    /// How the request travels.
    pub request_binding: RequestBindingChoice,
    /// Sign the AuthnRequest.
    pub sign_requests: bool,
    /// Tolerated difference between the clocks, in seconds; `None` = the library's default.
    pub clock_skew_seconds: Option<u32>,
    /// Accept sign-in and sign-out URLs without TLS: for a provider on this machine only.
    pub danger_accept_plain_http: bool,
    /// The certificate that the last login was signed with, where only a fingerprint is known.
    pub pinned_certificate: Option<PinnedCertificate>,
    /// How many days before its end each signing certificate was last told of, by key.
    pub certificate_alerts: BTreeMap<String, u16>,
    /// How this identity provider speaks SCIM; `None` is the lenient default.
    pub scim_dialect: Option<Preset>,
    /// Whether a user that SCIM creates anew, and who is deactivated here, is revived; `None` as the
    /// dialect says.
    pub scim_revive: Option<bool>,
    /// Who becomes a user, with which roles, and what happens when one leaves.
    pub provisioning: ProvisioningPolicy,
    /// The attribute of a login that names the user's groups; without one, the groups are SCIM's.
    pub groups_attribute: Option<String>,
    /// Who is told what SCIM changes.
    pub webhook: Option<Webhook>,
    /// Keep the connection off the login page and refuse its logins.
    pub disabled: bool,
}

/// A connection as it lies in the database.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct ConnectionRecord {
    /// Our own name for it.
    pub name: ConnectionName,
    /// What people read on the button: "Sign in with *label*".
    pub label: String,
    /// The preset it was made from (`jumpcloud`, `okta`, …), if any.
    pub preset: Option<String>,
    /// The entity ID that `source` resolves to: for finding candidates, never a key.
    pub entity_id: String,
    /// Whom to trust, as the administrator typed it.
    pub source: IdpSource,
    /// What the administrator may change.
    pub settings: ConnectionSettings,
    /// What was fetched, for a source that is a metadata URL.
    pub metadata: Option<RefreshState>,
    /// When it was added.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

impl ConnectionRecord {
    /// A new connection with strict settings.
    #[must_use]
    pub fn new(
        name: ConnectionName,
        label: impl Into<String>,
        source: IdpSource,
        entity_id: impl Into<String>,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            name,
            label: label.into(),
            preset: None,
            entity_id: entity_id.into(),
            source,
            settings: ConnectionSettings::default(),
            metadata: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// A row as the driver hands it over, before its JSON and times are read.
struct RawConnection {
    name: String,
    label: String,
    preset: Option<String>,
    entity_id: String,
    source: String,
    settings: String,
    created_at: i64,
    updated_at: i64,
    metadata: Option<String>,
}

impl RawConnection {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        Ok(Self {
            name: row.get(0)?,
            label: row.get(1)?,
            preset: row.get(2)?,
            entity_id: row.get(3)?,
            source: row.get(4)?,
            settings: row.get(5)?,
            created_at: row.get(6)?,
            updated_at: row.get(7)?,
            metadata: row.get(8)?,
        })
    }

    fn read(self) -> Result<ConnectionRecord, DbError> {
        Ok(ConnectionRecord {
            name: self.name.parse()?,
            label: self.label,
            preset: self.preset,
            entity_id: self.entity_id,
            source: from_json(&self.source)?,
            settings: from_json(&self.settings)?,
            metadata: self.metadata.as_deref().map(from_json).transpose()?,
            created_at: from_millis(self.created_at)?,
            updated_at: from_millis(self.updated_at)?,
        })
    }
}

/// Settings that were read already, by their text: what changes has another one.
#[derive(Default)]
pub(crate) struct ParsedSettings(Mutex<HashMap<String, Arc<ConnectionSettings>>>);

impl ParsedSettings {
    /// When there are more, all are forgotten.
    const MOST: usize = 1000;

    fn get(&self, text: String) -> Result<Arc<ConnectionSettings>, DbError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settings) = known.get(&text) {
            return Ok(Arc::clone(settings));
        }
        let settings = Arc::new(from_json(&text)?);
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.insert(text, Arc::clone(&settings));
        Ok(settings)
    }
}

/// A connection, which nobody else changes until the transaction ends.
fn to_change(db: Db<'_>, name: &ConnectionName) -> Result<ConnectionRecord, DbError> {
    let sql = format!("{}{}", sql::CONNECTION_GET, db.dialect().for_update());
    db.optional(&sql, params![name.as_str()], RawConnection::from_row)?
        .ok_or_else(|| DbError::new(DbErrorKind::NotFound))?
        .read()
}

impl Store {
    /// Adds a connection.
    ///
    /// # Errors
    /// `store.already_exists` when the name is taken, `store.invalid_value`,
    /// `store.busy`, `store.unavailable`.
    pub fn add_connection(&self, record: &ConnectionRecord) -> Result<(), DbError> {
        let source = to_json(&record.source)?;
        let settings = to_json(&record.settings)?;
        let at = to_millis(record.created_at)?;
        let metadata = record.metadata.as_ref().map(to_json).transpose()?;
        let added = self.write(|db| {
            db.execute(
                sql::CONNECTION_INSERT,
                params![
                    record.name.as_str(),
                    &record.label,
                    record.preset.as_deref(),
                    &record.entity_id,
                    &source,
                    &settings,
                    at,
                    metadata.as_deref(),
                ],
            )
        })?;
        if added == 1 {
            Ok(())
        } else {
            Err(DbError::new(DbErrorKind::AlreadyExists))
        }
    }

    /// Reads a connection, lets `change` edit it, and writes it back, all in one transaction, so
    /// that two editors cannot undo each other. The name and the creation time stay.
    ///
    /// # Errors
    /// `store.not_found`, `store.busy`, `store.unavailable`, and whatever `change` returns.
    pub fn change_connection<E: From<DbError>>(
        &self,
        name: &ConnectionName,
        now: OffsetDateTime,
        change: impl FnOnce(&mut ConnectionRecord) -> Result<(), E>,
    ) -> Result<ConnectionRecord, E> {
        let mut refused = None;
        let changed = self.transaction_once(|db| {
            let mut record = to_change(db, name)?;
            if let Err(error) = change(&mut record) {
                refused = Some(error);
                return Err(DbError::new(DbErrorKind::InvalidValue));
            }
            record.updated_at = now;
            db.execute(
                sql::CONNECTION_UPDATE,
                params![
                    name.as_str(),
                    &record.label,
                    record.preset.as_deref(),
                    &record.entity_id,
                    to_json(&record.source)?,
                    to_json(&record.settings)?,
                    to_millis(now)?,
                ],
            )?;
            Ok(record)
        });
        match refused {
            Some(error) => Err(error),
            None => Ok(changed?),
        }
    }

    /// Reads what was fetched for a connection, lets `change` edit it, and writes it back, all in
    /// one transaction. Of the record, [`metadata`](ConnectionRecord::metadata) and
    /// [`entity_id`](ConnectionRecord::entity_id) are written, nothing else.
    ///
    /// # Errors
    /// `store.not_found`, `store.busy`, `store.unavailable`.
    pub fn change_metadata<T>(
        &self,
        name: &ConnectionName,
        change: impl FnOnce(&mut ConnectionRecord) -> T,
    ) -> Result<T, DbError> {
        self.transaction_once(|db| {
            let mut record = to_change(db, name)?;
            let value = change(&mut record);
            let metadata = record.metadata.as_ref().map(to_json).transpose()?;
            db.execute(
                sql::CONNECTION_SET_METADATA,
                params![name.as_str(), metadata, &record.entity_id],
            )?;
            Ok(value)
        })
    }

    /// Removes a connection with its sessions, pending logins and SCIM tokens. Users and log entries stay:
    /// they say what happened. `false` when there was none.
    ///
    /// # Errors
    /// `store.busy`, `store.unavailable`.
    pub fn remove_connection(&self, name: &ConnectionName) -> Result<bool, DbError> {
        self.write(|db| {
            db.execute(sql::SESSION_DELETE_OF, params![name.as_str()])?;
            db.execute(sql::PENDING_DELETE_OF, params![name.as_str()])?;
            db.execute(sql::TOKENS_DELETE_OF, params![name.as_str()])?;
            Ok(db.execute(sql::CONNECTION_DELETE, params![name.as_str()])? == 1)
        })
    }

    /// One connection, or `None`.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn connection(&self, name: &ConnectionName) -> Result<Option<ConnectionRecord>, DbError> {
        let raw = self.read(|db| {
            db.optional(
                sql::CONNECTION_GET,
                params![name.as_str()],
                RawConnection::from_row,
            )
        })?;
        raw.map(RawConnection::read).transpose()
    }

    /// What an administrator set on a connection, or `None`; cheap, where it is asked for again and again.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn connection_settings(
        &self,
        name: &ConnectionName,
    ) -> Result<Option<Arc<ConnectionSettings>>, DbError> {
        let text: Option<String> = self.read(|db| {
            let params = params![name.as_str()];
            db.optional(sql::CONNECTION_SETTINGS, params, |row| row.get(0))
        })?;
        text.map(|text| self.parsed_settings().get(text))
            .transpose()
    }

    /// Every connection, by label.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn connections(&self) -> Result<Vec<ConnectionRecord>, DbError> {
        let raw =
            self.read(|db| db.query(sql::CONNECTION_LIST, params![], RawConnection::from_row))?;
        raw.into_iter().map(RawConnection::read).collect()
    }

    /// Up to `limit` connections whose provider has that entity ID. Entity IDs are not unique:
    /// more than one means that the sender cannot be told from its entity ID.
    ///
    /// # Errors
    /// `store.corrupt_row`, `store.busy`, `store.unavailable`.
    pub fn connections_by_entity_id(
        &self,
        entity_id: &str,
        limit: u32,
    ) -> Result<Vec<ConnectionRecord>, DbError> {
        let raw = self.read(|db| {
            db.query(
                sql::CONNECTION_BY_ENTITY_ID,
                params![entity_id, limit],
                RawConnection::from_row,
            )
        })?;
        raw.into_iter().map(RawConnection::read).collect()
    }
}
