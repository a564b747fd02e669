//! The endpoints.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use sso_testkit::{AuthnRequestInfo, EMAIL, LogoutInfo};
use time::OffsetDateTime;
use tokio::net::TcpListener;
use url::Url;

use crate::answer::{Broken, SignIn};
use crate::{Config, pages};

/// Bytes of a form; a signed AuthnRequest has about 4,000.
const MAX_FORM: usize = 256 * 1024;

#[expect(
    clippy::disallowed_methods,
    reason = "a binary's edge is where time comes in"
)]
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// The IdP's endpoints: `/metadata`, `/sso` for both bindings, the sign-in form and a page that says how to connect.
pub fn router(config: Config) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/metadata", get(metadata))
        .route("/sso", get(sso_redirect).post(sso_post))
        .route("/slo", get(slo))
        .route("/sign-out", post(sign_out))
        .route("/sign-in", post(sign_in))
        .route("/style.css", get(style))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .with_state(Arc::new(config))
}

/// Serves the IdP until the process ends.
///
/// # Errors
/// What the listener fails with.
pub async fn serve(listener: TcpListener, config: Config) -> io::Result<()> {
    axum::serve(listener, router(config)).await
}

/// Starts an IdP with a new key on a free port of 127.0.0.1, beside whatever else the runtime does, and
/// gives its metadata. It answers to one assertion consumer service.
///
/// # Errors
/// What binding the port fails with.
pub async fn start(acs_url: &str) -> io::Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let config = Config::new(url).allow_acs(acs_url);
    let metadata = config.metadata_xml();
    tokio::spawn(serve(listener, config));
    Ok(metadata)
}

type Shared = State<Arc<Config>>;

/// A page with the headers that every page has. `script` is the hash of the one script that may run.
fn page(status: StatusCode, markup: Markup, script: Option<&str>) -> Response {
    let script = script
        .map(|hash| format!("script-src 'sha256-{hash}'; "))
        .unwrap_or_default();
    // no form-action where the answer is posted: browsers apply it to the redirect that follows, too
    let form = if script.is_empty() {
        "form-action 'self'; "
    } else {
        ""
    };
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; {script}{form}base-uri 'none'; frame-ancestors 'none'"
    );
    let headers: [(HeaderName, String); 5] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (status, headers, markup.into_string()).into_response()
}

fn refuse(why: &str) -> Response {
    page(StatusCode::BAD_REQUEST, pages::refused(why), None)
}

async fn home(State(config): Shared) -> Response {
    page(StatusCode::OK, pages::home(&config), None)
}

async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        pages::STYLE,
    )
}

async fn metadata(State(config): Shared) -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "application/samlmetadata+xml")],
        config.metadata_xml(),
    )
}

async fn sso_redirect(State(config): Shared, RawQuery(query): RawQuery) -> Response {
    let Ok(mut url) = Url::parse(config.sso_url()) else {
        return refuse("The base URL of this identity provider is not a URL.");
    };
    url.set_query(query.as_deref());
    ask(&config, AuthnRequestInfo::from_redirect(&url))
}

async fn sso_post(State(config): Shared, body: Bytes) -> Response {
    ask(&config, AuthnRequestInfo::from_post(&fields(&body)))
}

fn fields(body: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// The sign-in form for a request, or why there is none.
fn ask(config: &Config, request: Result<AuthnRequestInfo, String>) -> Response {
    let request = match request {
        Ok(request) => request,
        Err(why) => return refuse(&format!("The login request cannot be read: {why}.")),
    };
    if let Some(refusal) = unknown_acs(config, &request.acs_url) {
        return refusal;
    }
    let sign_in = SignIn {
        request,
        email: "alice@example.test".to_owned(),
        display_name: "Alice Example".to_owned(),
        groups: "staff, engineering".to_owned(),
        broken: None,
    };
    page(StatusCode::OK, pages::sign_in(&sign_in), None)
}

/// SAML Profiles §4.1.4.1: the IdP makes sure that the ACS belongs to the requester, here by a list.
fn unknown_acs(config: &Config, acs_url: &str) -> Option<Response> {
    (!config.allows(acs_url)).then(|| {
        refuse(&format!(
            "The request asks for an answer to “{acs_url}”, which this identity provider does not know. \
             Start it with --acs for that URL."
        ))
    })
}

/// A logout message: a request is answered at once, for there is no session here; an answer is shown.
async fn slo(State(config): Shared, RawQuery(query): RawQuery) -> Response {
    let Ok(mut url) = Url::parse(config.base_url()) else {
        return refuse("The base URL of this identity provider is not a URL.");
    };
    url.set_query(query.as_deref());
    let message = match LogoutInfo::from_redirect(&url) {
        Ok(message) => message,
        Err(why) => return refuse(&format!("The logout message cannot be read: {why}.")),
    };
    if !message.is_request {
        let status = message.status.unwrap_or_default();
        return page(StatusCode::OK, pages::signed_out(&status), None);
    }
    match config.slo_urls() {
        [slo_url] => {
            let answer = config.idp().logout_response(slo_url, &message, now());
            Redirect::to(answer.as_str()).into_response()
        }
        _ => refuse("This identity provider knows no logout service to answer to."),
    }
}

/// A logout that starts here: everywhere that this NameID is signed in.
async fn sign_out(State(config): Shared, body: Bytes) -> Response {
    let fields = fields(&body);
    let email = fields.iter().find(|(key, _)| key == "email");
    match (email, config.slo_urls()) {
        (Some((_, email)), [slo_url]) => {
            let request = config
                .idp()
                .logout_request(slo_url, email, Some(EMAIL), now());
            page(StatusCode::OK, pages::leaving(request.as_str()), None)
        }
        _ => refuse("Nobody to sign out, or no logout service known."),
    }
}

async fn sign_in(State(config): Shared, body: Bytes) -> Response {
    let fields = fields(&body);
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    let (Some(issuer), Some(acs_url), Some(email)) =
        (field("issuer"), field("acs_url"), field("email"))
    else {
        return refuse("The sign-in form is not complete.");
    };
    if let Some(refusal) = unknown_acs(&config, &acs_url) {
        return refusal;
    }
    let mut request = AuthnRequestInfo::unsolicited(&issuer, &acs_url);
    request.id = field("request_id");
    request.relay_state = field("relay_state");
    let sign_in = SignIn {
        request,
        email,
        display_name: field("display_name").unwrap_or_default(),
        groups: field("groups").unwrap_or_default(),
        broken: field("broken").as_deref().and_then(Broken::from_name),
    };
    let response = sign_in.saml_response(config.idp(), now());
    let markup = pages::post(&acs_url, &response, sign_in.request.relay_state.as_deref());
    page(
        StatusCode::OK,
        markup,
        Some(&sso_testkit::sha256_base64(pages::SCRIPT.as_bytes())),
    )
}
