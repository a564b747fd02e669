//! The settings pages of SCIM: tokens, dialect, requests.

use axum::http::StatusCode;
use axum::response::Response;
use maud::Markup;
use scim_core::dialect::Preset;
use scim_core::log::LogQuery;
use scim_core::resource::ConnectionId;
use scim_core::token::{self, Scopes, TokenChange, TokenRecord, TokenStore as _};
use sso_store::{ConnectionRecord, DbError};

use super::admin::{as_admin, as_admin_form};
use super::http::{self, Request};
use super::visitor::Visitor;
use crate::app::App;
use crate::connections::{self, Refused};
use crate::random::{OsRandom, now};
use crate::scim::ready;
use crate::view;

/// How many requests the page shows.
const PAGE: u32 = 100;

fn id(record: &ConnectionRecord) -> ConnectionId {
    ConnectionId::new(record.name.as_str())
}

/// The part of a connection's page that is about SCIM.
pub(super) fn card(app: &App, csrf: &str, record: &ConnectionRecord) -> Markup {
    let tokens = ready(app.store().list(Some(&id(record)))).unwrap_or_default();
    let mut query = LogQuery::default();
    query.connection = Some(id(record));
    let lines = app.scim.lines(app, &query);
    let suggested = lines.iter().find_map(|line| line.entry.suggested);
    let current = record.settings.scim_dialect.unwrap_or_default();
    let suggested = suggested
        .filter(|preset| *preset != current)
        .map(Preset::as_str);
    view::scim::card(app, csrf, record, &tokens, suggested, now())
}

fn with_record(
    app: &App,
    request: &Request,
    work: impl FnOnce(&ConnectionRecord) -> Result<Response, DbError>,
) -> Result<Response, DbError> {
    match connections::find(app.store(), request.name.as_deref().unwrap_or_default()) {
        Ok(record) => work(&record),
        Err(Refused::Db(error)) => Err(error),
        Err(_) => Ok(http::page(
            StatusCode::NOT_FOUND,
            &view::message::not_found(),
        )),
    }
}

pub(super) fn create(app: &App, request: &Request) -> Response {
    make(app, request, false)
}

pub(super) fn reset(app: &App, request: &Request) -> Response {
    make(app, request, true)
}

fn make(app: &App, request: &Request, reset: bool) -> Response {
    as_admin_form(app, request, |visitor: &Visitor, _| {
        with_record(app, request, |record| {
            let (id, lifetime) = (id(record), TokenRecord::LIFETIME);
            let (store, scopes) = (app.store(), Scopes::all());
            let issued = if reset {
                ready(token::reset(store, &id, scopes, lifetime, now(), &OsRandom))
            } else {
                ready(token::issue(store, &id, scopes, lifetime, now(), &OsRandom))
            };
            Ok(match issued {
                Ok((_, token)) => {
                    let csrf = visitor.csrf(app);
                    let base = app.url("/api/scim");
                    let markup = view::scim::made(&csrf, record, token.reveal(), &base);
                    visitor.page(app, StatusCode::OK, &markup)
                }
                Err(_) => http::page(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    &view::message::internal(),
                ),
            })
        })
    })
}

pub(super) fn extend(app: &App, request: &Request) -> Response {
    change(
        app,
        request,
        TokenChange::Extended(now() + TokenRecord::LIFETIME),
    )
}

pub(super) fn revoke(app: &App, request: &Request) -> Response {
    change(app, request, TokenChange::Revoked(now()))
}

fn change(app: &App, request: &Request, change: TokenChange) -> Response {
    as_admin_form(app, request, |_, form| {
        with_record(app, request, |record| {
            let tokens = ready(app.store().list(Some(&id(record)))).unwrap_or_default();
            let chosen = tokens
                .iter()
                .find(|token| token.prefix == form.get("prefix"));
            let done = chosen.map(|token| ready(app.store().change(&token.sha256, change)));
            Ok(match done {
                Some(Ok(true)) => http::redirect(&view::admin::path(record)),
                _ => http::page(StatusCode::NOT_FOUND, &view::message::not_found()),
            })
        })
    })
}

pub(super) fn dialect(app: &App, request: &Request) -> Response {
    as_admin_form(app, request, |visitor, form| {
        with_record(app, request, |record| {
            let Some(preset) = Preset::from_name(form.get("scim_dialect")) else {
                return Ok(http::page(
                    StatusCode::NOT_FOUND,
                    &view::message::not_found(),
                ));
            };
            let changed = connections::change(
                app.store(),
                record.name.as_str(),
                visitor.actor(),
                now(),
                |record| {
                    record.settings.scim_dialect = Some(preset);
                    Ok(())
                },
            );
            match changed {
                Ok(record) => Ok(http::redirect(&view::admin::path(&record))),
                Err(Refused::Db(error)) => Err(error),
                Err(_) => Ok(http::page(
                    StatusCode::NOT_FOUND,
                    &view::message::not_found(),
                )),
            }
        })
    })
}

pub(super) fn requests(app: &App, request: &Request) -> Response {
    as_admin(app, request, |visitor| {
        with_record(app, request, |record| {
            let mut query = LogQuery::default();
            query.connection = Some(id(record));
            query.limit = PAGE;
            let lines = app.scim.lines(app, &query);
            let markup = view::scim::requests(&visitor.csrf(app), record, &lines);
            Ok(visitor.page(app, StatusCode::OK, &markup))
        })
    })
}
