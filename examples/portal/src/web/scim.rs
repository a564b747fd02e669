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
    let done = if is_small_write(&request) {
        let (tell, told) = tokio::sync::oneshot::channel();
        let work = {
            let app = Arc::clone(&app);
            move || scim::handle(&app, &request, now())
        };
        // Whoever does not listen any more has gone away
        app.scim
            .queue
            .push(work, |done| tell.send(done).unwrap_or_default());
        told.await
            .map_or_else(|_| Err(()), |done| Ok(scim::or_unavailable(done)))
    } else {
        let work = tokio::task::spawn_blocking(move || scim::handle(&app, &request, now()));
        work.await.map_err(|_| ())
    };
    // It ends without an answer only by a panic
    done.map_or_else(
        |()| {
            answer(&service::Response::error(&ScimError::new(
                Reason::Storage,
                "The service is out of order; try again later.",
            )))
        },
        |response| answer(&response),
    )
}

/// Whether a request writes no more than one user: many of them are done together. A change of a group may concern
/// everybody in it.
fn is_small_write(request: &service::Request) -> bool {
    let writes = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE");
    let mut parts = request.path.trim_matches('/').split('/');
    let is_user = parts
        .next()
        .is_some_and(|part| part.eq_ignore_ascii_case("Users"));
    writes && is_user && parts.next() != Some(".search")
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
