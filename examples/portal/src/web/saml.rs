//! The SAML routes: choose a provider, start a login, receive the answer, publish metadata.

use axum::http::{StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml_sp::{LogoutMessage, LogoutOutcome, Outbound, PendingLogout, PostForm};

use super::http::{self, Request};
use super::site::{guard, internal};
use super::visitor::{self, SESSION, SameSite, Visitor};
use crate::app::App;
use crate::login::{self, Outcome, local_path};
use crate::logout::{self, Arrived};
use crate::random::now;
use crate::view;

pub(super) fn choose(app: &App, request: &Request) -> Response {
    guard((|| {
        let visitor = Visitor::of(app, request, now())?;
        let connections = app.store().connections()?;
        let return_to = request.query("return_to").and_then(local_path);
        let markup = view::site::login(app, &visitor.csrf(app), &connections, return_to);
        Ok(visitor.page(app, StatusCode::OK, &markup))
    })())
}

pub(super) fn start(app: &App, request: &Request) -> Response {
    let name = request.name.as_deref().unwrap_or_default();
    let started = match login::start(app, name, request.query("return_to"), now()) {
        Ok(started) => started,
        Err(crate::connections::Refused::NotFound) => {
            return http::page(StatusCode::NOT_FOUND, &view::message::not_found());
        }
        Err(refused) => {
            eprintln!("login through {name:?} cannot start: {refused}");
            let markup = view::message::cannot_start();
            return http::page(StatusCode::SERVICE_UNAVAILABLE, &markup);
        }
    };
    let mut response = match &started.outbound {
        Outbound::Redirect(url) => http::redirect(url.as_str()),
        Outbound::PostForm(form) => post_form(form),
        _ => return internal(&"an outbound binding this page does not know"),
    };
    visitor::bind_login(app, &mut response, &started.pending);
    response
}

pub(super) fn metadata(app: &App, _: &Request) -> Response {
    let xml = app.metadata_xml();
    http::body(
        StatusCode::OK,
        "application/samlmetadata+xml; charset=utf-8",
        xml,
    )
}

pub(super) fn consume(app: &App, request: &Request) -> Response {
    if !request.is_form() {
        let markup = view::message::unreadable();
        return http::page(StatusCode::UNSUPPORTED_MEDIA_TYPE, &markup);
    }
    let previous = visitor::session_id(app, request, SESSION);
    let outcome = login::finish(
        app,
        &request.body,
        |id| visitor::login_binding(app, request, id),
        request.query("again").is_some(),
        previous.as_ref(),
        now(),
    );
    match outcome {
        Outcome::Accepted {
            session,
            return_to,
            request: done,
        } => {
            let mut response = http::redirect(&return_to);
            let seconds = login::SESSION_LENGTH.whole_seconds();
            let id = session.expose();
            visitor::set_cookie(app, &mut response, SESSION, id, SameSite::Lax, seconds);
            if let Some(id) = done {
                visitor::forget_login(app, &mut response, &id);
            }
            response
        }
        Outcome::Again(fields) => again(&fields),
        Outcome::Refused(refusal) => {
            let status = match (refusal.internal, refusal.malformed) {
                (true, _) => StatusCode::SERVICE_UNAVAILABLE,
                (false, true) => StatusCode::BAD_REQUEST,
                (false, false) => StatusCode::FORBIDDEN,
            };
            let markup = view::message::refused(&refusal.reference, refusal.connection.as_deref());
            http::page(status, &markup)
        }
    }
}

/// Posts the fields again, from our own site. The one script is allowed by its hash.
fn again(fields: &[(String, String)]) -> Response {
    let markup = view::message::again(fields);
    let mut response = http::page(StatusCode::OK, &markup);
    let hash = ring::digest::digest(
        &ring::digest::SHA256,
        view::message::SUBMIT_SCRIPT.as_bytes(),
    );
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; script-src 'sha256-{}'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
        STANDARD.encode(hash)
    );
    http::set_header(&mut response, header::CONTENT_SECURITY_POLICY, &policy);
    response
}

/// The logout service. Without a message it is a page with a button.
pub(super) fn logout(app: &App, request: &Request) -> Response {
    let in_query = ["SAMLRequest", "SAMLResponse"]
        .iter()
        .any(|name| request.query(name).is_some());
    let message = if in_query {
        LogoutMessage::Redirect(&request.raw_query)
    } else if request.is_form() {
        LogoutMessage::Post(&request.body)
    } else {
        return guard((|| {
            let visitor = Visitor::of(app, request, now())?;
            let markup = view::site::logout(&visitor.csrf(app), visitor.session.is_some());
            Ok(visitor.page(app, StatusCode::OK, &markup))
        })());
    };
    guard((|| {
        let pending = visitor::logout_under_way(app, request);
        Ok(
            match logout::arrive(app, message, pending.as_ref(), now())? {
                Arrived::Answer(outbound) => send(outbound),
                Arrived::Ended(outcome) => {
                    let markup = view::site::logged_out(outcome == LogoutOutcome::Complete);
                    let mut response = http::page(StatusCode::OK, &markup);
                    visitor::forget_logout(app, &mut response);
                    response
                }
                Arrived::Refused => http::page(StatusCode::FORBIDDEN, &view::message::unreadable()),
            },
        )
    })())
}

fn send(outbound: Outbound) -> Response {
    match outbound {
        Outbound::Redirect(url) => http::redirect(url.as_str()),
        Outbound::PostForm(form) => post_form(&form),
        _ => http::page(
            StatusCode::INTERNAL_SERVER_ERROR,
            &view::message::internal(),
        ),
    }
}

fn post_form(form: &PostForm) -> Response {
    let mut response = http::body(StatusCode::OK, "text/html; charset=utf-8", form.html());
    let policy = form.content_security_policy();
    http::set_header(&mut response, header::CONTENT_SECURITY_POLICY, &policy);
    response
}

/// Goes on to the identity provider after the session here has ended. Not by a redirect: browsers
/// apply `form-action 'self'` of the page with the button to all that follows it.
pub(super) fn go_on(app: &App, outbound: Outbound, pending: &PendingLogout) -> Response {
    let mut response = match outbound {
        Outbound::Redirect(url) => {
            let markup = view::site::leaving(url.as_str());
            let mut response = http::page(StatusCode::OK, &markup);
            let refresh = format!("0; url={url}");
            http::set_header(&mut response, header::REFRESH, &refresh);
            response
        }
        other => send(other),
    };
    visitor::remember_logout(app, &mut response, pending);
    response
}
