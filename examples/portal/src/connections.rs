//! Connections: the code that the pages and the command line share.

use std::fmt;

use idp_config::{
    Actor, ConfigError, ConfigErrorKind, HistoryEvent, IdentityProvider, IdpSource, RefreshError,
    RefreshState, TrustPolicy, WarningKind, What,
};
use saml_sp::{Connection, ConnectionId, Deployment, RequestBinding, SignedPart, lint};
use sso_store::{
    ConnectionName, ConnectionRecord, ConnectionSettings, DbError, DbErrorKind, Event, NewLogEntry,
    RequestBindingChoice, RequiredSignature, Store,
};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::app::App;
use crate::presets;
use crate::{random, refresh};

/// The longest label; it is a button's text.
const MAX_LABEL: usize = 60;

/// How an administrator said whom to trust.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Trust {
    /// The text of a metadata file.
    MetadataXml(String),
    /// A SHA-256 fingerprint and what goes with it.
    Fingerprint {
        /// The fingerprint, as `openssl` prints it or bare.
        sha256: String,
        /// The provider's entity ID.
        entity_id: String,
        /// Where to send people to sign in.
        sso_url: String,
        /// Where to send people to sign out.
        slo_url: Option<String>,
    },
    /// Where the provider publishes its metadata.
    MetadataUrl(String),
}

/// Why a connection was not added or changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refused {
    /// The name is not a name.
    Name,
    /// The name is taken.
    NameTaken,
    /// There is no such connection.
    NotFound,
    /// The label is empty, too long or has control characters.
    Label,
    /// There is no such preset.
    Preset,
    /// A setting is out of range.
    Setting(&'static str),
    /// What was said about the provider cannot be used.
    Config(ConfigError),
    /// The metadata URL gave nothing that can be used.
    Metadata(RefreshError),
    /// The service provider refuses the connection.
    Connection(saml_sp::Error),
    /// It has so many users.
    HasUsers(u64),
    /// The database failed.
    Db(DbError),
}

impl Refused {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name => "connection.name",
            Self::NameTaken => "connection.name_taken",
            Self::NotFound => "connection.not_found",
            Self::Label => "connection.label",
            Self::Preset => "connection.preset",
            Self::Setting(_) => "connection.setting",
            Self::Config(error) => error.code(),
            Self::Metadata(error) => error.code(),
            Self::Connection(error) => error.code(),
            Self::HasUsers(_) => "connection.has_users",
            Self::Db(error) => error.code(),
        }
    }

    /// Whether our side failed, not what was typed.
    #[must_use]
    pub const fn is_internal(&self) -> bool {
        matches!(self, Self::Db(_))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str(
                "A connection's name has 1 to 64 of a-z, 0-9, \"-\" and \"_\", and starts with a letter or digit.",
            ),
            Self::NameTaken => f.write_str("There already is a connection of that name."),
            Self::NotFound => f.write_str("There is no connection of that name."),
            Self::Label => write!(f, "The label is the text of a button: 1 to {MAX_LABEL} characters on one line."),
            Self::Preset => {
                f.write_str("There is no such preset. Known are: ")?;
                for (i, preset) in presets::all().iter().enumerate() {
                    write!(f, "{}{}", if i > 0 { ", " } else { "" }, preset.id)?;
                }
                f.write_str(".")
            }
            Self::Setting(what) => f.write_str(what),
            Self::Config(error) => error.fmt(f),
            Self::Metadata(error) => error.fmt(f),
            Self::Connection(error) => write!(f, "{}: {}", error.code(), error.reason().hint()),
            Self::HasUsers(1) => f.write_str("The connection has a user."),
            Self::HasUsers(count) => write!(f, "The connection has {count} users."),
            Self::Db(error) => write!(f, "{}: {error}", error.code()),
        }
    }
}

impl std::error::Error for Refused {}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        match error.kind() {
            DbErrorKind::AlreadyExists => Self::NameTaken,
            DbErrorKind::NotFound => Self::NotFound,
            _ => Self::Db(error),
        }
    }
}

/// A connection to be added.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a plain parameter list")]
pub struct NewConnection {
    /// Our name for it.
    pub name: String,
    /// The button's text.
    pub label: String,
    /// A preset, if any.
    pub preset: Option<String>,
    /// Whom to trust.
    pub trust: Trust,
    /// Settings that differ from the strict ones.
    pub settings: ConnectionSettings,
}

/// Checks a new connection in full and stores it; a metadata URL is fetched at once. `base` is
/// the portal's own URL: what it may fetch from depends on where it is itself.
///
/// # Errors
/// [`Refused`]; nothing is written then.
pub fn add(
    store: &Store,
    new: NewConnection,
    base: &Url,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<ConnectionRecord, Refused> {
    let name: ConnectionName = new.name.trim().parse().map_err(|_| Refused::Name)?;
    let source = source(new.trust)?;
    let label = label(&new.label)?;
    let metadata = match &source {
        IdpSource::MetadataUrl { url, .. } => Some(refresh::first(url, &new.settings, base, now)?),
        _ => None,
    };
    let provider =
        resolve(&source, metadata.as_ref(), &new.settings, now).map_err(Refused::Config)?;
    let entity_id = provider.entity_id().as_str().to_owned();
    let mut record = ConnectionRecord::new(name, label, source, entity_id, now);
    record.metadata = metadata;
    record.preset = new.preset.map(|id| preset_id(&id)).transpose()?;
    record.settings = new.settings;
    // A connection that could not log anybody in is refused now, not at the first login.
    build(&record, now)?;
    store.add_connection(&record)?;
    let event = HistoryEvent::added(now, actor, &record.source, &provider);
    note(store, Event::ConnectionAdded, &record.name, &event, now)?;
    Ok(record)
}

/// Changes a connection: all of `change` or nothing.
///
/// # Errors
/// [`Refused`]; nothing is written then.
pub fn change(
    store: &Store,
    name: &str,
    actor: Actor,
    now: OffsetDateTime,
    change: impl FnOnce(&mut ConnectionRecord) -> Result<(), Refused>,
) -> Result<ConnectionRecord, Refused> {
    let name: ConnectionName = name.parse().map_err(|_| Refused::NotFound)?;
    let mut before = None;
    let record = store.change_connection(&name, now, |record| {
        before = Some(record.clone());
        change(record)?;
        record.label = label(&record.label)?;
        build(record, now).map(drop)
    })?;
    let trust = before.as_ref().and_then(|before| {
        let (old, new) = (provider(before, now).ok()?, provider(&record, now).ok()?);
        HistoryEvent::trust(now, actor.clone(), &record.source, &old, &new)
    });
    let event = trust.unwrap_or_else(|| {
        let names = before.map_or_else(Vec::new, |before| differences(&before, &record));
        HistoryEvent::new(now, actor, &record.source, What::Settings { names })
    });
    note(store, Event::ConnectionChanged, &name, &event, now)?;
    Ok(record)
}

/// What becomes of the users of a connection that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Users {
    /// It is not removed while it has any.
    Refuse,
    /// They are removed with it, their SCIM resources, groups and tombstones too.
    Remove,
    /// They stay and cannot log in. A connection of the same name would have them again, whoever its
    /// identity provider is.
    Keep,
}

/// Removes a connection, its sessions, pending logins, SCIM tokens and webhook. The logs stay.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::HasUsers`], [`Refused::Db`].
pub fn remove(
    store: &Store,
    name: &str,
    users: Users,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<(), Refused> {
    let name: ConnectionName = name.parse().map_err(|_| Refused::NotFound)?;
    let record = store.connection(&name)?.ok_or(Refused::NotFound)?;
    let count = store.count_accounts(&name)?;
    if users == Users::Refuse && count > 0 {
        return Err(Refused::HasUsers(count));
    }
    // The connection first: without it no request writes anything any more
    if !store.remove_connection(&name)? {
        return Err(Refused::NotFound);
    }
    // Deleted users leave tombstones and resources that nobody else should inherit
    if users != Users::Keep {
        store.remove_users_of(&name)?;
    }
    let event = HistoryEvent::new(now, actor, &record.source, What::Removed);
    note(store, Event::ConnectionRemoved, &name, &event, now)
}

/// Whether a change of settings may change who is let in, or with which roles.
#[must_use]
pub fn decides_anew(before: &ConnectionRecord, after: &ConnectionRecord) -> bool {
    let of = |record: &ConnectionRecord| {
        let settings = &record.settings;
        (
            settings.provisioning.clone(),
            settings.groups_attribute.clone(),
        )
    };
    of(before) != of(after)
}

/// One connection.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::Db`].
pub fn find(store: &Store, name: &str) -> Result<ConnectionRecord, Refused> {
    let name: ConnectionName = name.parse().map_err(|_| Refused::NotFound)?;
    store.connection(&name)?.ok_or(Refused::NotFound)
}

/// What an administrator typed becomes a source; nothing is verified yet.
fn source(trust: Trust) -> Result<IdpSource, Refused> {
    match trust {
        Trust::MetadataXml(xml) => Ok(IdpSource::MetadataXml {
            xml,
            entity_id: None,
        }),
        Trust::Fingerprint {
            sha256,
            entity_id,
            sso_url,
            slo_url,
        } => IdpSource::fingerprint(
            &entity_id,
            sso_url.trim(),
            slo_url
                .as_deref()
                .map(str::trim)
                .filter(|url| !url.is_empty()),
            &sha256,
        )
        .map_err(Refused::Config),
        Trust::MetadataUrl(url) => Ok(IdpSource::MetadataUrl {
            url: Url::parse(url.trim())
                .map_err(|_| Refused::Config(ConfigErrorKind::UrlMalformed.into()))?,
            entity_id: None,
        }),
    }
}

/// Whom the source names, under the connection's settings.
pub(crate) fn resolve(
    source: &IdpSource,
    metadata: Option<&RefreshState>,
    settings: &ConnectionSettings,
    now: OffsetDateTime,
) -> Result<IdentityProvider, ConfigError> {
    let policy = policy(settings);
    match (source, metadata) {
        (IdpSource::MetadataUrl { .. }, Some(state)) => state.resolve(&policy, now),
        _ => source.resolve_with(&policy, now),
    }
}

pub(crate) fn policy(settings: &ConnectionSettings) -> TrustPolicy {
    let policy = TrustPolicy::default();
    if settings.danger_accept_plain_http {
        idp_config::danger::accept_plain_http(policy)
    } else {
        policy
    }
}

/// Whom the stored connection trusts now.
pub(crate) fn provider(
    record: &ConnectionRecord,
    now: OffsetDateTime,
) -> Result<IdentityProvider, ConfigError> {
    resolve(
        &record.source,
        record.metadata.as_ref(),
        &record.settings,
        now,
    )
}

/// The connection that the service provider validates against.
///
/// # Errors
/// [`Refused::Config`], [`Refused::Connection`], [`Refused::Setting`].
pub fn build(record: &ConnectionRecord, now: OffsetDateTime) -> Result<Connection, Refused> {
    let provider = provider(record, now).map_err(Refused::Config)?;
    let id = ConnectionId::new(record.name.as_str()).map_err(Refused::Connection)?;
    let settings = &record.settings;
    let mut connection = Connection::new(id, provider)
        .require_signed(match settings.required_signature {
            RequiredSignature::Response => SignedPart::Response,
            RequiredSignature::Assertion => SignedPart::Assertion,
            RequiredSignature::Both => SignedPart::Both,
            _ => SignedPart::Either,
        })
        .allow_unsolicited(settings.allow_unsolicited)
        .request_binding(match settings.request_binding {
            RequestBindingChoice::Redirect => RequestBinding::Redirect,
            RequestBindingChoice::Post => RequestBinding::Post,
            _ => RequestBinding::Auto,
        })
        .sign_requests(settings.sign_requests);
    if let Some(certificate) = &settings.pinned_certificate {
        connection = connection.pinned_certificate(certificate.clone());
    }
    if let Some(seconds) = settings.clock_skew_seconds {
        connection = connection
            .clock_skew(Duration::seconds(i64::from(seconds)))
            .map_err(Refused::Connection)?;
    }
    Ok(connection)
}

fn label(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_LABEL || text.chars().any(char::is_control) {
        return Err(Refused::Label);
    }
    Ok(text.to_owned())
}

fn preset_id(id: &str) -> Result<String, Refused> {
    presets::find(&id.to_ascii_lowercase())
        .map(|preset| preset.id.to_owned())
        .ok_or(Refused::Preset)
}

/// The names of the settings that differ.
fn differences(before: &ConnectionRecord, after: &ConnectionRecord) -> Vec<String> {
    let settings = |record: &ConnectionRecord| {
        serde_json::to_value(&record.settings)
            .ok()
            .and_then(|value| value.as_object().cloned())
            .unwrap_or_default()
    };
    let (old, new) = (settings(before), settings(after));
    let mut names: Vec<String> = new
        .iter()
        .filter(|(name, value)| old.get(*name) != Some(*value))
        .map(|(name, _)| name.clone())
        .collect();
    if before.label != after.label {
        names.push("label".to_owned());
    }
    if before.preset != after.preset {
        names.push("preset".to_owned());
    }
    names
}

fn note(
    store: &Store,
    event: Event,
    name: &ConnectionName,
    history: &HistoryEvent,
    now: OffsetDateTime,
) -> Result<(), Refused> {
    let reference = random::code(2)
        .map_err(|_| Refused::Setting("The operating system gave no random bytes."))?;
    let mut entry = NewLogEntry::new(now, event, &reference, event.as_str());
    entry.connection = Some(name.as_str());
    let history = serde_json::to_value(history).ok();
    entry.report = history.as_ref();
    store.append_log(&entry).map(drop).map_err(Refused::Db)
}

/// What the linter says of a connection, for people.
#[must_use]
pub fn advice(app: &App, record: &ConnectionRecord, now: OffsetDateTime) -> Vec<String> {
    let Ok(connection) = build(record, now) else {
        return Vec::new();
    };
    let others: Vec<Connection> = app
        .store()
        .connections()
        .unwrap_or_default()
        .iter()
        .filter_map(|other| build(other, now).ok())
        .collect();
    let deployment = Deployment {
        others: &others,
        memory_store: false,
    };
    lint(app.sp(), &connection, &deployment, now)
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Where the metadata come from, how old they are, and what went wrong last.
fn fetched(state: &RefreshState) -> Vec<(&'static str, String)> {
    let url = state.url();
    let mut facts = vec![(
        "Metadata URL",
        format!("{}{}", url.origin().ascii_serialization(), url.path()),
    )];
    for (name, at) in [
        ("Fetched", state.fetched_at()),
        ("Next fetch", state.next_at()),
    ] {
        if let Some(at) = at {
            facts.push((name, crate::explain::time_text(at)));
        }
    }
    if let Some(code) = state.last_failure() {
        let times = state.failures();
        facts.push(("Last fetch failed", format!("{code} ({times} in a row)")));
    }
    facts
}

/// What a connection resolves to now, for people: endpoints, keys, warnings.
#[must_use]
pub fn facts(record: &ConnectionRecord, now: OffsetDateTime) -> Vec<(&'static str, String)> {
    let mut facts = record.metadata.as_ref().map_or_else(Vec::new, fetched);
    let provider = match provider(record, now) {
        Ok(provider) => provider,
        Err(error) => {
            facts.push(("Not usable", error.to_string()));
            return facts;
        }
    };
    for endpoint in provider.sso_endpoints() {
        facts.push((
            "Sign-in URL",
            format!("{} ({})", endpoint.location(), endpoint.binding()),
        ));
    }
    for endpoint in provider.slo_endpoints() {
        facts.push((
            "Sign-out URL",
            format!("{} ({})", endpoint.location(), endpoint.binding()),
        ));
    }
    // As the identity provider's console shows them, to compare
    for key in provider.summary().keys {
        facts.push(("Signing key", format!("{}, {}", key.kind, key.key)));
        if let Some(certificate) = key.certificate {
            facts.push(("Certificate of", certificate.subject));
            facts.push(("Serial", certificate.serial));
            facts.push(("Certificate SHA-256", certificate.sha256));
            facts.push(("Certificate until", certificate.not_after));
        }
    }
    if let Some(fingerprint) = provider.fingerprint() {
        facts.push(("Certificate SHA-256", fingerprint.to_string()));
    }
    if record.settings.danger_accept_plain_http {
        facts.push(("Danger", "sign-in URLs without TLS are accepted".to_owned()));
    }
    let warnings = provider.warnings().iter();
    // Nothing to do about it, so nothing to say
    for warning in warnings.filter(|w| w.kind() != WarningKind::CertificateSelfSigned) {
        facts.push(("Warning", warning.to_string()));
    }
    facts
}
