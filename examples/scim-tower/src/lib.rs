//! SCIM as a [`tower::Service`] over the types of the `http` crate: what lies between a server and
//! [`ScimService::handle`].
//!
//! ```text
//! http::Request<B> ─► token ─► rate ─► body, bounded ─► ScimService::handle ─► log ─► http::Response
//!                     401      429                      everything else
//! ```
//!
//! A store may block, and `sso_store` does; so each of the two steps that ask one runs by
//! [`tokio::task::spawn_blocking`]. There a future that is ready at once and one that waits are both
//! welcome. What was begun is finished and logged, whether or not the client is still there.
//!
//! Any framework of the tower family takes it: `nest_service` in axum (`examples/axum-minimal`),
//! `TowerToHyperService` in hyper (`src/main.rs` of this package). Put a limit on the time of a whole
//! request around it, such as tower's `TimeoutLayer`, where clients are not trusted to send.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue, StatusCode, header, request};
use http_body::Body;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use scim_core::error::{Reason, ScimError};
use scim_core::log::LogStore;
use scim_core::rate::{RateLimit, RateLimiter};
use scim_core::service::{Connection, Limits, Request, Response, ScimService};
use scim_core::store::ResourceStore;
use scim_core::token::{TokenError, TokenRecord, TokenStore, authenticate};
use time::OffsetDateTime;
use tokio::runtime::Handle;

/// Says which tenant's connection a token speaks for, and in which dialect; `None` when the
/// connection is switched off, which the client is told as if the token were unknown.
pub type Speaker = dyn Fn(&TokenRecord) -> Option<Connection> + Send + Sync;

/// What the service needs beside its data.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// What paths begin with: `/api/scim`, or nothing where the router takes that off.
    pub mount: &'static str,
    /// How fast a tenant may go.
    pub rate: RateLimit,
    /// Bytes of a body: the [`Limits::body`](scim_core::service::Limits::body) of the service.
    pub body_limit: usize,
    /// The time.
    pub clock: fn() -> OffsetDateTime,
}

impl Settings {
    /// The limits that `scim_core` has by default, for a router that takes the path's beginning off.
    #[must_use]
    pub fn new(clock: fn() -> OffsetDateTime) -> Self {
        Self {
            mount: "",
            rate: RateLimit::default(),
            body_limit: Limits::default().body,
            clock,
        }
    }
}

/// The service. Cheap to clone.
///
/// `S` has the resources, `R` has tokens and takes the log.
pub struct ScimTower<S, R>(Arc<Shared<S, R>>);

struct Shared<S, R> {
    service: ScimService<S>,
    records: R,
    speaker: Box<Speaker>,
    limiter: RateLimiter,
    settings: Settings,
}

impl<S, R> Clone for ScimTower<S, R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S, R> fmt::Debug for ScimTower<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScimTower").finish_non_exhaustive()
    }
}

impl<S, R> ScimTower<S, R>
where
    S: ResourceStore + Send + Sync + 'static,
    R: TokenStore + LogStore + 'static,
{
    /// A service of these resources to whoever has one of these tokens.
    pub fn new(
        service: ScimService<S>,
        records: R,
        speaker: impl Fn(&TokenRecord) -> Option<Connection> + Send + Sync + 'static,
        settings: Settings,
    ) -> Self {
        Self(Arc::new(Shared {
            service,
            records,
            speaker: Box::new(speaker),
            limiter: RateLimiter::new(settings.rate),
            settings,
        }))
    }
}

impl<S, R, B> tower::Service<http::Request<B>> for ScimTower<S, R>
where
    S: ResourceStore + Send + Sync + 'static,
    R: TokenStore + LogStore + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = http::Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let response = answer(shared, request)
                .await
                .unwrap_or_else(|refusal| *refusal);
            Ok(to_http(&response))
        })
    }
}

async fn answer<S, R, B>(
    shared: Arc<Shared<S, R>>,
    request: http::Request<B>,
) -> Result<Response, Box<Response>>
where
    S: ResourceStore + Send + Sync + 'static,
    R: TokenStore + LogStore + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let now = (shared.settings.clock)();
    let (head, body) = request.into_parts();
    let mut scim = to_scim(&shared, &head)?;
    // Whoever has no token is not even read
    let (at_door, credential) = (
        Arc::clone(&shared),
        scim.header("authorization").map(str::to_owned),
    );
    let speaker = blocking(move || at_door.admit(credential.as_deref(), now)).await??;
    scim.body = read(body, &head, shared.settings.body_limit).await?;
    blocking(move || shared.serve(&scim, &speaker, now)).await
}

impl<S, R> Shared<S, R>
where
    S: ResourceStore,
    R: TokenStore + LogStore,
{
    /// Who speaks, if they may: 401 with the challenge of RFC 6750 §3, 429 with Retry-After.
    fn admit(
        &self,
        credential: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Connection, Box<Response>> {
        let record = wait(authenticate(&self.records, credential, now));
        let record = record.map_err(|error| Box::new(error.response()))?;
        let mut speaker =
            (self.speaker)(&record).ok_or_else(|| Box::new(TokenError::Unknown.response()))?;
        speaker.token_prefix = Some(record.prefix);
        let taken = self.limiter.take(&speaker.tenant, now);
        taken.map_err(|error| Box::new(error.response()))?;
        Ok(speaker)
    }

    fn serve(&self, request: &Request, speaker: &Connection, begun: OffsetDateTime) -> Response {
        let mut response = wait(self.service.handle(request, speaker, begun));
        if let Some(log) = &mut response.log {
            let took = ((self.settings.clock)() - begun).whole_milliseconds();
            log.duration_ms = u64::try_from(took).ok();
            // The work is done and stays done; that it could not be logged is for the operator
            if let Err(error) = wait(self.records.append(std::slice::from_ref(log))) {
                eprintln!("a SCIM request could not be logged: {error}");
            }
        }
        response
    }
}

/// Runs a store's future to its end on a thread that may block.
fn wait<F: Future>(future: F) -> F::Output {
    Handle::current().block_on(future)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Box<Response>> {
    let done = tokio::task::spawn_blocking(work).await;
    // It ends early only by a panic, or when the runtime stops
    done.map_err(|_| {
        refuse(
            Reason::Storage,
            "The service is out of order; try again later.",
        )
    })
}

fn refuse(reason: Reason, detail: &str) -> Box<Response> {
    Box::new(Response::error(&ScimError::new(reason, detail)))
}

fn to_scim<S, R>(shared: &Shared<S, R>, head: &request::Parts) -> Result<Request, Box<Response>> {
    let path = head.uri.path().strip_prefix(shared.settings.mount);
    let path = path.filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let path =
        path.ok_or_else(|| refuse(Reason::EndpointUnknown, "There is no SCIM at this path."))?;
    let mut request = Request::new(
        head.method.as_str(),
        if path.is_empty() { "/" } else { path },
    );
    request.query = head.uri.query().map(str::to_owned);
    request.headers = head
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    Ok(request)
}

/// The body. One that is too large is not kept, and if it says so itself not read either; what goes
/// on in its place is as long as it takes for [`ScimService::handle`] to refuse it, and to log that.
async fn read<B>(body: B, head: &request::Parts, limit: usize) -> Result<Vec<u8>, Box<Response>>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let length = head.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let too_large = || Ok(vec![0; limit.saturating_add(1)]);
    if length.is_some_and(|length| length > limit) {
        return too_large();
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes().into()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => too_large(),
        Err(_) => Err(refuse(Reason::JsonSyntax, "The body broke off.")),
    }
}

fn to_http(scim: &Response) -> http::Response<Full<Bytes>> {
    let mut response = http::Response::new(Full::from(scim.bytes()));
    let status = StatusCode::from_u16(scim.status);
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &scim.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
