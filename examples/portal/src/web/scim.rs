//! `/api/scim`: HTTP around [`crate::scim`].

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use scim_core::error::{Reason, ScimError};
use scim_core::service;

use crate::app::App;
use crate::random::now;
use crate::scim;

/// The path that everything of SCIM is under.
pub(super) const BASE: &str = "/api/scim";

pub(super) async fn handle(
    State(app): State<Arc<App>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Ok(body) = body else {
        let detail = "The body is larger than this service takes, or broke off.";
        return answer(&service::Response::error(&ScimError::new(
            Reason::BodyTooLarge,
            detail,
        )));
    };
    let path = uri.path().strip_prefix(BASE).unwrap_or_default();
    let path = if path.is_empty() { "/" } else { path };
    let mut request = service::Request::new(method.as_str(), path).body(body.to_vec());
    request.query = uri.query().map(str::to_owned);
    request.headers = headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect();
    let done = tokio::task::spawn_blocking(move || scim::handle(&app, &request, now())).await;
    match done {
        Ok(response) => answer(&response),
        Err(_) => answer(&service::Response::error(&ScimError::new(
            Reason::Storage,
            "The service is out of order; try again later.",
        ))),
    }
}

fn answer(scim: &service::Response) -> Response {
    let mut response = Response::new(Body::from(scim.bytes()));
    *response.status_mut() =
        StatusCode::from_u16(scim.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &scim.headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
