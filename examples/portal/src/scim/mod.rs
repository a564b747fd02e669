//! SCIM under `/api/scim`: the token says which connection speaks, and each connection is a tenant
//! of its own, so that no customer sees another's users.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use scim_core::accounts::Provisioned;
use scim_core::log::{LogLine, LogQuery, LogStore};
use scim_core::random::{Random, RandomError};
use scim_core::rate::{RateLimit, RateLimiter};
use scim_core::resource::TenantId;
use scim_core::service::{Config, Connection, CursorKey, Request, Response, ScimService};
use scim_core::token::{self, TokenRecord};
use sso_store::{
    AddedSchema, ConnectionName, ConnectionSettings, DbError, ScimLog, ScimStore, Store,
    StoredSecret, WriteQueue, scim_registry,
};
use time::OffsetDateTime;

use crate::accounts::Desk;
use crate::app::{App, StartError};
use crate::random::{OsRandom, stopwatch};

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

type Service = ScimService<Provisioned<ScimStore, Desk>>;

/// What stays between requests.
#[derive(Debug)]
pub(crate) struct Scim {
    cursor_key: [u8; 32],
    limiter: RateLimiter,
    log: ScimLog,
    /// Does small writes.
    pub(crate) queue: WriteQueue,
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
            queue: WriteQueue::new(store)?,
            service: Mutex::new(None),
        })
    }

    pub(crate) fn set_rate(&mut self, per_second: u32) {
        self.limiter = RateLimiter::new(RateLimit::per_second(per_second));
    }

    /// Who decides about accounts.
    pub(crate) fn desk(&self, app: &App) -> Result<Desk, DbError> {
        Ok(self.service(app)?.store().accounts().clone())
    }

    /// Before the log is read: writes what waits.
    pub(crate) fn flush(&self) {
        if let Err(error) = self.log.flush() {
            eprintln!("SCIM requests could not be logged: {}", error.code());
        }
    }

    /// What requests did, newest first. Nothing if the database does not answer.
    pub(crate) fn lines(&self, app: &App, query: &LogQuery) -> Vec<LogLine> {
        self.flush();
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
        let desk = Desk::new(app.store().clone(), Arc::clone(&registry));
        let store = ScimStore::new(app.store().clone(), Arc::clone(&registry));
        let store = Provisioned::new(store, desk, Arc::clone(&registry));
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
    let settings = name.and_then(|name| app.store().connection_settings(&name));
    let speaker = match settings {
        Ok(Some(settings)) if !settings.disabled => speaker(&settings, &record),
        _ => return token::TokenError::Unknown.response(),
    };
    if let Err(error) = app.scim.limiter.take(&speaker.tenant, now) {
        return error.response();
    }
    let service = match app.scim.service(app) {
        Ok(service) => service,
        Err(error) => return or_unavailable(Err(error)),
    };
    // The resource, the account and the line in the log share one flush of the disk
    let answered = app.store().together(|| {
        let mut response = ready(service.handle(request, &speaker, now));
        if let Some(mut line) = response.log.take() {
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
    });
    or_unavailable(answered)
}

/// The answer, unless what it tells of is lost.
pub(crate) fn or_unavailable(answered: Result<Response, DbError>) -> Response {
    answered.unwrap_or_else(|error| {
        let error = scim_core::store::StoreError::new(error.code());
        Response::error(&error.into())
    })
}

fn speaker(settings: &ConnectionSettings, record: &TokenRecord) -> Connection {
    let preset = settings.scim_dialect.unwrap_or_default();
    let tenant = TenantId::new(record.connection.as_str());
    let mut speaker = Connection::new(record.connection.clone(), tenant, preset, record.scopes);
    speaker.token_prefix = Some(record.prefix.clone());
    if let Some(revive) = settings.scim_revive {
        use scim_core::dialect::OnInactiveConflict::{Conflict, Revive};
        speaker.dialect.on_inactive_conflict = if revive { Revive } else { Conflict };
    }
    speaker
}

/// A connection is a tenant.
pub(crate) fn tenant(connection: &ConnectionName) -> TenantId {
    TenantId::new(connection.as_str())
}
