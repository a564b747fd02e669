//! The routes.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, OriginalUri, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use saml_xml::types::encode_base64;
use sso_testkit::AuthnRequestInfo;
use time::OffsetDateTime;
use url::{Url, form_urlencoded};

use crate::answer::SignIn;
use crate::idp::DevIdp;
use crate::page::{self, Page};

/// Bytes of a posted form; a signed AuthnRequest has about 6,000.
const MAX_BODY: usize = 256 * 1024;

impl DevIdp {
    /// Its routes: `/`, `/metadata`, `/sso`, `/sign-in`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(home))
            .route("/metadata", get(metadata))
            .route("/sso", get(redirect).post(posted))
            .route("/sign-in", post(sign_in))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self.clone())
    }

    /// Serves until the future ends.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        &self,
        listener: tokio::net::TcpListener,
        until: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        axum::serve(listener, self.router())
            .with_graceful_shutdown(until)
            .await
    }
}

async fn home(State(idp): State<DevIdp>) -> Response {
    show(StatusCode::OK, page::home(&idp))
}

async fn metadata(State(idp): State<DevIdp>) -> Response {
    (
        [(header::CONTENT_TYPE, "application/samlmetadata+xml")],
        idp.metadata_xml(),
    )
        .into_response()
}

async fn redirect(State(idp): State<DevIdp>, OriginalUri(uri): OriginalUri) -> Response {
    let request = Url::parse("http://127.0.0.1/")
        .map_err(|e| e.to_string())
        .map(|mut url| {
            url.set_query(uri.query());
            url
        })
        .and_then(|url| AuthnRequestInfo::from_redirect(&url));
    ask(&idp, request)
}

async fn posted(State(idp): State<DevIdp>, body: Bytes) -> Response {
    ask(&idp, AuthnRequestInfo::from_post(&fields(&body)))
}

fn ask(idp: &DevIdp, request: Result<AuthnRequestInfo, String>) -> Response {
    match request {
        Err(problem) => show(StatusCode::BAD_REQUEST, page::problem(&problem)),
        Ok(request) if !idp.answers(&request.acs_url) => refuse_acs(&request.acs_url),
        Ok(request) => show(StatusCode::OK, page::sign_in(&SignIn::prefilled(&request))),
    }
}

async fn sign_in(State(idp): State<DevIdp>, body: Bytes) -> Response {
    let form = SignIn::from_fields(&fields(&body));
    if !idp.answers(&form.acs_url) {
        return refuse_acs(&form.acs_url);
    }
    if form.email.is_empty() {
        return show(
            StatusCode::BAD_REQUEST,
            page::problem("Give an e-mail address."),
        );
    }
    let xml = form.response_xml(&idp, now());
    show(
        StatusCode::OK,
        page::answer(&form, &encode_base64(xml.as_bytes())),
    )
}

fn refuse_acs(acs_url: &str) -> Response {
    let what = format!(
        "No service provider with the assertion consumer service {acs_url:?} is known here."
    );
    show(StatusCode::FORBIDDEN, page::problem(&what))
}

fn fields(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

fn show(status: StatusCode, page: Page) -> Response {
    let headers: [(HeaderName, String); 5] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, page.policy),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (status, headers, page.html).into_response()
}

#[expect(clippy::disallowed_methods, reason = "this is where the time enters")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
