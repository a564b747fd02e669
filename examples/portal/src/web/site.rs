//! Home, the session, the stylesheet.

use std::fmt::Display;

use axum::http::StatusCode;
use axum::response::Response;
use sso_store::{Account, DbError, Event, NewLogEntry, SessionRecord};

use super::http::{self, Request};
use super::saml;
use super::visitor::{self, SESSION, SameSite, Visitor};
use crate::app::App;
use crate::logout;
use crate::random::{self, now};
use crate::view;

/// Turns a failure of the database into a page that says nothing about it.
pub(super) fn guard(result: Result<Response, DbError>) -> Response {
    result.unwrap_or_else(|error| internal(&format_args!("{} {error:?}", error.code())))
}

pub(super) fn internal(error: &dyn Display) -> Response {
    eprintln!("internal error: {error}");
    http::page(
        StatusCode::INTERNAL_SERVER_ERROR,
        &view::message::internal(),
    )
}

pub(super) fn home(app: &App, request: &Request) -> Response {
    guard((|| {
        let visitor = Visitor::of(app, request, now())?;
        let csrf = visitor.csrf(app);
        let markup = match &visitor.session {
            Some((_, session)) => {
                view::site::session(&csrf, session, account(app, session)?.as_ref())
            }
            None => view::site::home(app, &app.store().connections()?),
        };
        Ok(visitor.page(app, StatusCode::OK, &markup))
    })())
}

fn account(app: &App, session: &SessionRecord) -> Result<Option<Account>, DbError> {
    match session.user_id {
        Some(user) => match app.store().account_id_of_user(user)? {
            Some(id) => app.store().account(id),
            None => Ok(None),
        },
        None => Ok(None),
    }
}

pub(super) fn session(app: &App, request: &Request) -> Response {
    guard((|| {
        let visitor = Visitor::of(app, request, now())?;
        Ok(match &visitor.session {
            Some((_, session)) => {
                let account = account(app, session)?;
                let markup = view::site::session(&visitor.csrf(app), session, account.as_ref());
                visitor.page(app, StatusCode::OK, &markup)
            }
            None => http::redirect("/login?return_to=/session"),
        })
    })())
}

pub(super) fn end_session(app: &App, request: &Request) -> Response {
    guard((|| {
        let at = now();
        let visitor = Visitor::of(app, request, at)?;
        if let Err(refused) = visitor.form(app, request) {
            return Ok(*refused);
        }
        if let Some((id, record)) = &visitor.session {
            app.store().end_session(id)?;
            let reference = random::code(2).unwrap_or_default();
            let mut entry = NewLogEntry::new(at, Event::SessionEnded, &reference, "Signed out.");
            entry.connection = record.connection.as_ref().map(|name| name.as_str());
            app.store().append_log(&entry)?;
        }
        let started = match &visitor.session {
            Some((_, record)) => logout::start(app, record, at)?,
            None => None,
        };
        let mut response = match started {
            Some((outbound, pending)) => saml::go_on(app, outbound, &pending),
            None => http::redirect("/"),
        };
        let over = visitor::cookie(app, SESSION, "", SameSite::Lax, 0);
        http::append_cookie(&mut response, &over);
        Ok(response)
    })())
}

pub(super) fn style(_: &App, _: &Request) -> Response {
    http::body(StatusCode::OK, "text/css; charset=utf-8", view::STYLE)
}
