//! The service provider: plain requests in, plain responses out (RFC 7644 §3).
//!
//! [`ScimService::handle`] needs no server and no runtime. The caller authenticates ([`crate::token`]), strips the base
//! path, hands over method, path, query, headers and body, and keeps [`Response::log`].

mod bulk;
mod bulk_order;
mod bulk_read;
mod cursor;
mod list;
mod message;
mod route;
mod single;
mod write;

use std::sync::Arc;

use time::OffsetDateTime;

pub use self::cursor::CursorKey;
pub use self::message::{Request, Response};
use crate::dialect::{Dialect, Preset, Rewrites, suggest};
use crate::error::{Reason, ScimError, shown};
use crate::filter::FilterLimits;
use crate::log::{RequestLog, ResourceChange};
use crate::patch::PatchLimits;
use crate::random::{Random, RandomError, hex, new_id};
use crate::resource::{ConnectionId, ResourceId, TenantId};
use crate::schema::{Registry, ResourceTypeId};
use crate::store::{ResourceStore, StoreError};
use crate::token::{Access, Scopes};

/// What requests may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a body. 1 MiB, the maxPayloadSize of RFC 7644 §3.7.4's example; a group of 5000 members needs 400 KiB.
    pub body: usize,
    /// Nesting of JSON. Bulk around PATCH around a complex value needs 9.
    pub depth: usize,
    /// For filters.
    pub filter: FilterLimits,
    /// For PATCH.
    pub patch: PatchLimits,
    /// Operations of a bulk request, as in RFC 7644 §3.7.4's example.
    pub bulk_operations: usize,
    /// Most resources in one answer.
    pub max_results: u64,
    /// Resources in one answer when the client names no number.
    pub default_results: u64,
    /// How long a cursor is valid.
    pub cursor_timeout: time::Duration,
    /// How often a write is tried again when others change the same resource.
    pub retries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1024 * 1024,
            depth: 64,
            filter: FilterLimits::default(),
            patch: PatchLimits::default(),
            bulk_operations: 1000,
            max_results: 1000,
            default_results: 100,
            cursor_timeout: time::Duration::hours(1),
            retries: 5,
        }
    }
}

/// How a service provider is set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The URL all endpoints are below, without a slash at the end.
    pub base_url: String,
    /// Signs cursors. Every node of a cluster needs the same.
    pub cursor_key: CursorKey,
    /// What requests may cost.
    pub limits: Limits,
    /// Where people read about this service provider.
    pub documentation: Option<String>,
    /// Whether ServiceProviderConfig names HTTP Basic beside bearer tokens.
    pub basic: bool,
    /// Whether somebody delivers the events of the outbox as Security Event Tokens ([`crate::webhook`]), so that
    /// ServiceProviderConfig names them (RFC 9967 §4).
    pub security_events: bool,
}

impl Config {
    /// With the default limits.
    pub fn new(base_url: &str, cursor_key: CursorKey) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            cursor_key,
            limits: Limits::default(),
            documentation: None,
            basic: false,
            security_events: false,
        }
    }
}

/// Who sends the request: one tenant's connection to an identity provider, already authenticated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// Our own id of the connection.
    pub id: ConnectionId,
    /// The tenant; nothing outside it is ever touched.
    pub tenant: TenantId,
    /// How this identity provider speaks.
    pub dialect: Dialect,
    /// The preset the dialect came from, to tell whether traffic looks like another.
    pub preset: Preset,
    /// What the credential may do.
    pub scopes: Scopes,
    /// The displayable prefix of the credential, for the log.
    pub token_prefix: Option<String>,
    /// Whom `/Me` stands for.
    pub subject: Option<(ResourceTypeId, ResourceId)>,
}

impl Connection {
    /// A connection.
    pub const fn new(id: ConnectionId, tenant: TenantId, preset: Preset, scopes: Scopes) -> Self {
        let dialect = preset.dialect();
        Self {
            id,
            tenant,
            dialect,
            preset,
            scopes,
            token_prefix: None,
            subject: None,
        }
    }
}

/// The SCIM service provider over a store.
///
/// ```
/// # use std::sync::Arc;
/// use scim_core::dialect::Preset;
/// use scim_core::resource::{ConnectionId, TenantId};
/// use scim_core::schema::Registry;
/// use scim_core::service::{Config, Connection, CursorKey, Request, ScimService};
/// use scim_core::store::MemoryStore;
/// use scim_core::token::Scopes;
/// # struct Dice;
/// # impl scim_core::random::Random for Dice {
/// #     fn fill(&self, b: &mut [u8]) -> Result<(), scim_core::random::RandomError> { b.fill(7); Ok(()) }
/// # }
/// # fn block_on<F: Future>(f: F) -> F::Output {
/// #     match std::pin::pin!(f).poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
/// #         std::task::Poll::Ready(value) => value,
/// #         std::task::Poll::Pending => panic!(),
/// #     }
/// # }
/// let registry = Arc::new(Registry::standard());
/// let store = MemoryStore::new(registry.clone());
/// let config = Config::new("https://sp.example/api/scim", CursorKey::new([1; 32]));
/// let service = ScimService::new(store, registry, Arc::new(Dice), config);
/// let connection =
///     Connection::new(ConnectionId::new("c1"), TenantId::new("acme"), Preset::Lenient, Scopes::all());
///
/// let request = Request::new("POST", "/Users").body(br#"{"userName": "ann@example.com"}"#.to_vec());
/// let now = time::OffsetDateTime::UNIX_EPOCH; // the caller's clock
/// let response = block_on(service.handle(&request, &connection, now));
/// assert_eq!(response.status, 201);
/// assert!(response.header("location").is_some_and(|at| at.starts_with("https://sp.example/api/scim/Users/")));
/// ```
#[derive(Clone)]
pub struct ScimService<S> {
    store: S,
    registry: Arc<Registry>,
    random: Arc<dyn Random>,
    config: Config,
}

impl<S> std::fmt::Debug for ScimService<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScimService")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// What belongs to one request while it is handled.
struct Context<'a> {
    connection: &'a Connection,
    now: OffsetDateTime,
    request_id: String,
    rewrites: Rewrites,
    changes: Vec<ResourceChange>,
}

impl<S: ResourceStore> ScimService<S> {
    /// A service provider. The store must know the same registry.
    pub fn new(store: S, registry: Arc<Registry>, random: Arc<dyn Random>, config: Config) -> Self {
        Self {
            store,
            registry,
            random,
            config,
        }
    }

    /// The schemas and resource types.
    pub const fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Answers a request. Whatever is wrong becomes a SCIM error response, and nothing is changed then.
    pub async fn handle(
        &self,
        request: &Request,
        connection: &Connection,
        now: OffsetDateTime,
    ) -> Response {
        let mut id = [0_u8; 16];
        let randomness = self.random.fill(&mut id);
        let rewrites = Rewrites::default();
        let mut context = Context {
            connection,
            now,
            request_id: hex(&id),
            rewrites,
            changes: Vec::new(),
        };
        // RFC 9110 §9.3.2: HEAD is GET without the body.
        let head = (request.method == "HEAD").then(|| Request {
            method: "GET".to_owned(),
            ..request.clone()
        });
        let result = match randomness {
            Ok(()) => {
                let request = head.as_ref().unwrap_or(request);
                self.route(request, &mut context).await
            }
            Err(error) => Err(error.into()),
        };
        let (mut response, error) = match result {
            Ok(response) => (response, None),
            Err(error) => (Response::error(&error), Some(error)),
        };
        if head.is_some() {
            response.body = None;
        }
        let suggested = suggest(
            request.header("user-agent"),
            request.query.as_deref(),
            &request.body,
        );
        response.log = Some(RequestLog {
            request_id: context.request_id,
            at: now,
            tenant: connection.tenant.clone(),
            connection: connection.id.clone(),
            token_prefix: connection.token_prefix.clone(),
            method: shown(&request.method),
            path: route::loggable(&request.path),
            parameters: request.parameter_names(),
            user_agent: request.header("user-agent").map(shown),
            status: response.status,
            code: error.as_ref().map(|error| error.code().to_owned()),
            detail: error.map(|error| error.detail().to_owned()),
            changes: context.changes,
            rewrites: context.rewrites,
            suggested: suggested.filter(|preset| *preset != connection.preset),
            duration_ms: None,
        });
        response
    }

    fn permit(
        &self,
        context: &Context<'_>,
        kind: ResourceTypeId,
        wanted: Access,
    ) -> Result<(), ScimError> {
        let kind = self.registry.resource_type(kind);
        let scopes = &context.connection.scopes;
        let granted = match (kind.members(), kind.groups()) {
            (Some(_), _) => scopes.groups,
            (_, Some(_)) => scopes.users,
            _ => scopes.others,
        };
        if granted >= wanted {
            return Ok(());
        }
        let verb = if wanted == Access::Write {
            "write"
        } else {
            "read"
        };
        let detail = format!(
            "This token may not {verb} {}; an administrator can widen its scopes.",
            kind.name()
        );
        Err(ScimError::new(Reason::ScopeInsufficient, detail))
    }

    fn new_id(&self, now: OffsetDateTime) -> Result<ResourceId, ScimError> {
        Ok(new_id(self.random.as_ref(), now)?)
    }
}

impl From<RandomError> for ScimError {
    fn from(_: RandomError) -> Self {
        Self::new(
            Reason::Storage,
            "The service is out of order; try again later.",
        )
    }
}

impl From<StoreError> for ScimError {
    fn from(_: StoreError) -> Self {
        // The store's own words are for operators, not for clients.
        Self::new(
            Reason::Storage,
            "The service could not reach its data; nothing was changed. Try again later.",
        )
    }
}

#[cfg(test)]
mod tests;
