//! The HTTP side: routes, and what every answer has in common.

mod admin;
mod admin_scim;
mod admin_users;
mod http;
mod saml;
mod scim;
mod site;
mod visitor;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{any, get, post};

use crate::app::App;
use crate::view;
use http::Request;

/// A metadata file may be large; a Response may not (the service provider has a limit of its own).
const MAX_BODY: usize = 4 * 1024 * 1024;

/// How long one request may take, the sending of its body included.
const MAX_TIME: Duration = Duration::from_secs(30);

/// No script, no frames, nothing from elsewhere. The two pages that post themselves bring a policy
/// of their own that allows exactly that one script.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

type Shared = Arc<App>;
type Handler = fn(&App, &Request) -> Response;

/// Every route of the portal.
pub fn router(app: Arc<App>) -> Router {
    let page = |handler: Handler| {
        get(
            move |State(app): State<Shared>, headers: HeaderMap, RawQuery(query): RawQuery| {
                run(
                    app,
                    handler,
                    Request::new(headers, query, None, Bytes::new()),
                )
            },
        )
    };
    let named = |handler: Handler| {
        get(
            move |State(app): State<Shared>,
                  headers: HeaderMap,
                  Path(name): Path<String>,
                  RawQuery(query): RawQuery| {
                run(
                    app,
                    handler,
                    Request::new(headers, query, Some(name), Bytes::new()),
                )
            },
        )
    };
    let form = |handler: Handler| {
        post(
            move |State(app): State<Shared>,
                  headers: HeaderMap,
                  RawQuery(query): RawQuery,
                  body: Result<Bytes, axum::extract::rejection::BytesRejection>| async move {
                match body {
                    Ok(body) => run(app, handler, Request::new(headers, query, None, body)).await,
                    Err(error) => unreadable(error.status()),
                }
            },
        )
    };
    let named_form = |handler: Handler| {
        post(
            move |State(app): State<Shared>,
                  headers: HeaderMap,
                  Path(name): Path<String>,
                  RawQuery(query): RawQuery,
                  body: Result<Bytes, axum::extract::rejection::BytesRejection>| async move {
                match body {
                    Ok(body) => {
                        run(app, handler, Request::new(headers, query, Some(name), body)).await
                    }
                    Err(error) => unreadable(error.status()),
                }
            },
        )
    };

    Router::new()
        .route("/", page(site::home))
        .route("/style.css", page(site::style))
        .route("/session", page(site::session))
        .route("/session/end", form(site::end_session))
        .route("/login", page(saml::choose))
        .route("/login/{connection}", named(saml::start))
        .route("/saml/metadata", page(saml::metadata))
        .route("/saml/consume", form(saml::consume))
        .route("/saml/slo", page(saml::logout).merge(form(saml::logout)))
        .route("/admin", page(admin::entrance))
        .route(
            "/admin/login",
            page(admin::login_page).merge(post(admin_login)),
        )
        .route("/admin/logout", form(admin::logout))
        .route("/admin/sso", page(admin::settings))
        .route("/admin/sso/metadata-url", form(admin::add_metadata_url))
        .route("/admin/sso/metadata", form(admin::add_metadata))
        .route("/admin/sso/fingerprint", form(admin::add_fingerprint))
        .route(
            "/admin/sso/connection/{name}",
            named(admin::connection).merge(named_form(admin::change)),
        )
        .route(
            "/admin/sso/connection/{name}/remove",
            named_form(admin::remove),
        )
        .route(
            "/admin/sso/connection/{name}/scim/create",
            named_form(admin_scim::create),
        )
        .route(
            "/admin/sso/connection/{name}/scim/reset",
            named_form(admin_scim::reset),
        )
        .route(
            "/admin/sso/connection/{name}/scim/extend",
            named_form(admin_scim::extend),
        )
        .route(
            "/admin/sso/connection/{name}/scim/revoke",
            named_form(admin_scim::revoke),
        )
        .route(
            "/admin/sso/connection/{name}/scim/dialect",
            named_form(admin_scim::dialect),
        )
        .route("/admin/scim/{name}", named(admin_scim::requests))
        .route("/admin/logs", page(admin::logs))
        .route("/admin/logs/{reference}", named(admin::log_entry))
        .route(
            "/admin/sso/connection/{name}/policy",
            named_form(admin_users::policy),
        )
        .route("/admin/users", page(admin_users::list))
        .route("/admin/users/{name}", named(admin_users::one))
        .route("/admin/users/{name}/edit", named_form(admin_users::edit))
        .route(
            "/admin/administrators",
            form(admin_users::add_administrator),
        )
        .route(scim::BASE, any(scim::handle))
        .route("/api/scim/{*rest}", any(scim::handle))
        .fallback(|| async { http::page(StatusCode::NOT_FOUND, &view::message::not_found()) })
        .method_not_allowed_fallback(|| async {
            http::page(
                StatusCode::METHOD_NOT_ALLOWED,
                &view::message::wrong_method(),
            )
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(axum::middleware::from_fn(within_limits))
        .layer(axum::middleware::map_response(common_headers))
        .with_state(app)
}

/// The handlers read and write the database, so they run where blocking is allowed.
async fn run(app: Shared, handler: Handler, request: Request) -> Response {
    tokio::task::spawn_blocking(move || handler(&app, &request))
        .await
        .unwrap_or_else(|_| {
            http::page(
                StatusCode::INTERNAL_SERVER_ERROR,
                &view::message::internal(),
            )
        })
}

/// Signing in hashes a password; the gate bounds how many do so at once.
async fn admin_login(
    State(app): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let Ok(body) = body else {
        return unreadable(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let gate = Arc::clone(&app);
    let Ok(_permit) = gate.password_gate.acquire().await else {
        return http::page(
            StatusCode::INTERNAL_SERVER_ERROR,
            &view::message::internal(),
        );
    };
    run(app, admin::login, Request::new(headers, query, None, body)).await
}

/// Refuses a body that announces itself as too large before it is sent, and one that trickles.
async fn within_limits(request: axum::extract::Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let announced = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let is_scim = request.uri().path().starts_with(scim::BASE);
    if !is_scim && announced.is_some_and(|length| length > MAX_BODY) {
        return unreadable(StatusCode::PAYLOAD_TOO_LARGE);
    }
    tokio::time::timeout(MAX_TIME, next.run(request))
        .await
        .unwrap_or_else(|_| unreadable(StatusCode::REQUEST_TIMEOUT))
}

fn unreadable(status: StatusCode) -> Response {
    http::page(status, &view::message::unreadable())
}

async fn common_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut default = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    default(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    default(header::X_FRAME_OPTIONS, "DENY");
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "no-referrer");
    default(header::CACHE_CONTROL, "no-store");
    default(
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    );
    default(
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    );
    response
}
