//! SCIM under `/api/scim`: the token says which connection speaks, and each connection is a tenant
//! of its own, so that no customer sees another's users.

mod admit;

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use scim_core::document::{Document, Value};
use scim_core::log::{LogLine, LogQuery, LogStore};
use scim_core::random::{Random, RandomError};
use scim_core::rate::{RateLimit, RateLimiter};
use scim_core::resource::{ConnectionId, TenantId};
use scim_core::schema::{AttrPath, Registry, Resolved, ResourceTypeId};
use scim_core::service::{Config, Connection, CursorKey, Request, Response, ScimService};
use scim_core::store::{Load, Query, QueryTarget, ResourceStore as _};
use scim_core::token::{self, TokenRecord};
use sso_store::{
    AddedSchema, ConnectionName, ConnectionRecord, DbError, ScimLog, ScimStore, Store,
    StoredSecret, scim_registry,
};
use time::OffsetDateTime;

use crate::app::{App, StartError};
use crate::random::{OsRandom, stopwatch};

pub(crate) use admit::admit;

impl Random for OsRandom {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        saml_sp::Random::fill(self, buffer).map_err(|_| RandomError)
    }
}

/// The store's futures are ready at once (see [`sso_store::Store`]), on a thread that may block.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        match future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

type Service = ScimService<ScimStore>;

/// What stays between requests.
#[derive(Debug)]
pub(crate) struct Scim {
    cursor_key: [u8; 32],
    limiter: RateLimiter,
    log: ScimLog,
    /// The service, and the added schemas that it was made with.
    service: Mutex<Option<(Vec<AddedSchema>, Arc<Service>)>>,
}

impl Scim {
    pub(crate) fn new(store: &Store) -> Result<Self, StartError> {
        let secret = store.secret_or_make("scim-cursor", || {
            crate::random::token()
                .map(StoredSecret::new)
                .map_err(|_| StartError::Random)
        })?;
        let hash = ring::digest::digest(&ring::digest::SHA256, secret.expose().as_bytes());
        let mut cursor_key = [0; 32];
        for (to, from) in cursor_key.iter_mut().zip(hash.as_ref()) {
            *to = *from;
        }
        Ok(Self {
            cursor_key,
            limiter: RateLimiter::new(RateLimit::default()),
            log: ScimLog::new(store.clone())?,
            service: Mutex::new(None),
        })
    }

    /// What requests did, newest first. Nothing if the database does not answer.
    pub(crate) fn lines(&self, app: &App, query: &LogQuery) -> Vec<LogLine> {
        if let Err(error) = self.log.flush() {
            eprintln!("SCIM requests could not be logged: {}", error.code());
        }
        ready(LogStore::read(app.store(), query)).unwrap_or_default()
    }

    /// The service with the schemas of now: one that was added takes effect at once.
    fn service(&self, app: &App) -> Result<Arc<Service>, DbError> {
        let schemas = app.store().scim_schemas()?;
        let mut kept = self.service.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((with, service)) = &*kept
            && *with == schemas
        {
            return Ok(Arc::clone(service));
        }
        let registry = scim_registry(&schemas)?;
        let mut config = Config::new(&app.url("/api/scim"), CursorKey::new(self.cursor_key));
        config.basic = true;
        let store = ScimStore::new(app.store().clone(), Arc::clone(&registry));
        let service = Arc::new(ScimService::new(
            store,
            registry,
            Arc::new(OsRandom),
            config,
        ));
        *kept = Some((schemas, Arc::clone(&service)));
        Ok(service)
    }
}

/// Answers a request to `/api/scim`; its path is what follows that.
pub(crate) fn handle(app: &App, request: &Request, now: OffsetDateTime) -> Response {
    let begun = stopwatch();
    let record = match ready(token::authenticate(
        app.store(),
        request.header("authorization"),
        now,
    )) {
        Ok(record) => record,
        Err(error) => return error.response(),
    };
    let name = record.connection.as_str().parse::<ConnectionName>();
    let connection = match name.map(|name| app.store().connection(&name)) {
        Ok(Ok(Some(connection))) if !connection.settings.disabled => connection,
        _ => return token::TokenError::Unknown.response(),
    };
    let speaker = speaker(&connection, &record);
    if let Err(error) = app.scim.limiter.take(&speaker.tenant, now) {
        return error.response();
    }
    let service = match app.scim.service(app) {
        Ok(service) => service,
        Err(error) => {
            let error = scim_core::store::StoreError::new(error.code());
            return Response::error(&error.into());
        }
    };
    let mut response = ready(service.handle(request, &speaker, now));
    if let Some(mut line) = response.log.take() {
        end_sessions(app, &service, &speaker, &line);
        line.duration_ms = u64::try_from(begun.elapsed().as_millis()).ok();
        // The line of a change is as durable as the change; who only reads waits for no disk
        let logged = if line.changes.is_empty() {
            app.scim.log.defer(line)
        } else {
            app.scim.log.write(line)
        };
        if let Err(error) = logged {
            eprintln!("a SCIM request could not be logged: {}", error.code());
        }
    }
    response
}

fn speaker(connection: &ConnectionRecord, record: &TokenRecord) -> Connection {
    let preset = connection.settings.scim_dialect.unwrap_or_default();
    let id = ConnectionId::new(connection.name.as_str());
    let mut speaker = Connection::new(id, tenant(&connection.name), preset, record.scopes);
    speaker.token_prefix = Some(record.prefix.clone());
    if let Some(revive) = connection.settings.scim_revive {
        use scim_core::dialect::OnInactiveConflict::{Conflict, Revive};
        speaker.dialect.on_inactive_conflict = if revive { Revive } else { Conflict };
    }
    speaker
}

/// A connection is a tenant.
pub(crate) fn tenant(connection: &ConnectionName) -> TenantId {
    TenantId::new(connection.as_str())
}

/// Whoever is deactivated or gone is not signed in any more.
fn end_sessions(
    app: &App,
    service: &Service,
    speaker: &Connection,
    log: &scim_core::log::RequestLog,
) {
    let Some(users) = service.registry().resource_type_by_name("User") else {
        return;
    };
    let kind = users.id();
    // Whoever is new is signed in nowhere
    let at_users = log.path.trim_matches('/').eq_ignore_ascii_case("Users");
    let is_new = log.method == "POST" && at_users;
    for change in &log.changes {
        if change.resource_type != users.name() || is_new {
            continue;
        }
        let found = service
            .store()
            .get(&speaker.tenant, kind, &change.id, Load::default());
        let active = match ready(found) {
            Ok(Some(user)) => user.document.is_active(service.registry()),
            Ok(None) => false,
            Err(_) => continue,
        };
        if !active {
            let ended = app
                .store()
                .end_sessions_of_scim_user(speaker.tenant.as_str(), change.id.as_str());
            if let Err(error) = ended {
                eprintln!("sessions of a deactivated user: {}", error.code());
            }
        }
    }
}

fn user_kind(registry: &Registry) -> Option<ResourceTypeId> {
    Some(registry.resource_type_by_name("User")?.id())
}

fn path(registry: &Registry, kind: ResourceTypeId, name: &str) -> Option<AttrPath> {
    match registry.resolve(kind, name)? {
        Resolved::Attribute(path) => Some(path),
        _ => None,
    }
}

/// A provisioned user, for lists.
#[derive(Debug)]
pub(crate) struct Provisioned {
    pub(crate) id: String,
    pub(crate) user_name: String,
    pub(crate) active: bool,
}

/// The users that SCIM made at a connection, by id.
pub(crate) fn users(store: &Store, name: &ConnectionName) -> Result<Vec<Provisioned>, DbError> {
    let registry = scim_registry(&store.scim_schemas()?)?;
    let Some(kind) = user_kind(&registry) else {
        return Ok(Vec::new());
    };
    let resources = ScimStore::new(store.clone(), Arc::clone(&registry));
    let query = Query::new(QueryTarget::all(kind), 10_000);
    let page = ready(resources.find(&tenant(name), &query)).unwrap_or_default();
    Ok(page
        .resources
        .iter()
        .map(|user| Provisioned {
            id: user.id.as_str().to_owned(),
            user_name: user_name(&registry, &user.document).to_owned(),
            active: user.document.is_active(&registry),
        })
        .collect())
}

fn user_name<'d>(registry: &Registry, document: &'d Document) -> &'d str {
    path(registry, document.resource_type(), "userName")
        .and_then(|path| document.at(path))
        .and_then(Value::as_text)
        .unwrap_or_default()
}
