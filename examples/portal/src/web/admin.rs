//! Settings and history. Every handler but the sign-in asks for an administrator first.

use axum::http::StatusCode;
use axum::response::Response;
use sso_store::{ConnectionSettings, DbError, RequestBindingChoice, RequiredSignature};

use super::http::{self, Form, Request};
use super::site::{guard, internal};
use super::visitor::{self, ADMIN, SameSite, Visitor, set_cookie};
use crate::app::App;
use crate::connections::{self, NewConnection, Refused, Trust, Users};
use crate::logs::{self, Wanted};
use crate::random::now;
use crate::{admin, view};

/// Entries on one page of the history.
const PAGE: u32 = 50;

/// Runs `work` for an administrator and sends everybody else to the sign-in.
pub(super) fn as_admin(
    app: &App,
    request: &Request,
    work: impl FnOnce(&Visitor) -> Result<Response, DbError>,
) -> Response {
    guard((|| {
        let visitor = Visitor::of(app, request, now())?;
        if visitor.is_admin {
            work(&visitor)
        } else {
            Ok(http::redirect("/admin/login"))
        }
    })())
}

/// The same for a form.
pub(super) fn as_admin_form(
    app: &App,
    request: &Request,
    work: impl FnOnce(&Visitor, &Form) -> Result<Response, DbError>,
) -> Response {
    as_admin(app, request, |visitor| match visitor.form(app, request) {
        Ok(form) => work(visitor, &form),
        Err(refused) => Ok(*refused),
    })
}

pub(super) fn entrance(_: &App, _: &Request) -> Response {
    http::redirect("/admin/sso")
}

pub(super) fn login_page(app: &App, request: &Request) -> Response {
    guard((|| {
        let visitor = Visitor::of(app, request, now())?;
        if visitor.is_admin {
            return Ok(http::redirect("/admin/sso"));
        }
        let markup = view::admin::login(&visitor.csrf(app), false);
        Ok(visitor.page(app, StatusCode::OK, &markup))
    })())
}

pub(super) fn login(app: &App, request: &Request) -> Response {
    guard((|| {
        let visitor = Visitor::of(app, request, now())?;
        let form = match visitor.form(app, request) {
            Ok(form) => form,
            Err(refused) => return Ok(*refused),
        };
        let previous = visitor::session_id(app, request, ADMIN);
        let (name, password) = (form.get("name").trim(), form.get("password").trim());
        match admin::sign_in(app.store(), name, password, previous.as_ref(), now()) {
            Ok(Some(id)) => {
                let mut response = http::redirect("/admin/sso");
                let seconds = admin::SESSION_LENGTH.whole_seconds();
                set_cookie(
                    app,
                    &mut response,
                    ADMIN,
                    id.expose(),
                    SameSite::Strict,
                    seconds,
                );
                Ok(response)
            }
            Ok(None) => {
                let markup = view::admin::login(&visitor.csrf(app), true);
                Ok(visitor.page(app, StatusCode::FORBIDDEN, &markup))
            }
            Err(error) => Ok(internal(&error)),
        }
    })())
}

pub(super) fn logout(app: &App, request: &Request) -> Response {
    as_admin_form(app, request, |_, _| {
        if let Some(id) = visitor::session_id(app, request, ADMIN) {
            app.store().end_session(&id)?;
        }
        let mut response = http::redirect("/");
        set_cookie(app, &mut response, ADMIN, "", SameSite::Strict, 0);
        Ok(response)
    })
}

pub(super) fn settings(app: &App, request: &Request) -> Response {
    as_admin(app, request, |visitor| {
        let connections = app.store().connections()?;
        let csrf = visitor.csrf(app);
        let markup = view::admin::settings(app, &csrf, &connections, None, &|_| String::new());
        Ok(visitor.page(app, StatusCode::OK, &markup))
    })
}

pub(super) fn add_metadata(app: &App, request: &Request) -> Response {
    add(app, request, |form| {
        Trust::MetadataXml(form.get("metadata").to_owned())
    })
}

pub(super) fn add_metadata_url(app: &App, request: &Request) -> Response {
    add(app, request, |form| {
        Trust::MetadataUrl(form.get("metadata_url").to_owned())
    })
}

pub(super) fn add_fingerprint(app: &App, request: &Request) -> Response {
    add(app, request, |form| Trust::Fingerprint {
        sha256: form.get("sha256").to_owned(),
        entity_id: form.get("entity_id").to_owned(),
        sso_url: form.get("sso_url").to_owned(),
        slo_url: form.filled("slo_url"),
    })
}

fn add(app: &App, request: &Request, trust: impl FnOnce(&Form) -> Trust) -> Response {
    as_admin_form(app, request, |visitor, form| {
        let new = NewConnection {
            name: form.get("name").to_owned(),
            label: form.get("label").to_owned(),
            preset: form.filled("preset"),
            trust: trust(form),
            settings: ConnectionSettings::default(),
        };
        match connections::add(app.store(), new, app.base(), visitor.actor(), now()) {
            Ok(record) => Ok(http::redirect(&view::admin::path(&record))),
            Err(refused) => {
                let connections = app.store().connections()?;
                let csrf = visitor.csrf(app);
                let typed = |field: &str| form.get(field).to_owned();
                let markup =
                    view::admin::settings(app, &csrf, &connections, Some(&refused), &typed);
                Ok(visitor.page(app, status(&refused), &markup))
            }
        }
    })
}

pub(super) fn connection(app: &App, request: &Request) -> Response {
    as_admin(app, request, |visitor| {
        Ok(shown(app, request, visitor, None, StatusCode::OK))
    })
}

pub(super) fn change(app: &App, request: &Request) -> Response {
    as_admin_form(app, request, |visitor, form| {
        let name = request.name.as_deref().unwrap_or_default();
        let changed = connections::change(app.store(), name, visitor.actor(), now(), |record| {
            record.label = form.get("label").to_owned();
            record.settings.allow_unsolicited = form.ticked("allow_unsolicited");
            record.settings.sign_requests = form.ticked("sign_requests");
            record.settings.disabled = form.ticked("disabled");
            record.settings.required_signature = match form.get("required_signature") {
                "response" => RequiredSignature::Response,
                "assertion" => RequiredSignature::Assertion,
                "both" => RequiredSignature::Both,
                "either" => RequiredSignature::Either,
                _ => return Err(Refused::Setting("Choose which part has to be signed.")),
            };
            record.settings.request_binding = match form.get("request_binding") {
                "redirect" => RequestBindingChoice::Redirect,
                "post" => RequestBindingChoice::Post,
                "auto" => RequestBindingChoice::Auto,
                _ => return Err(Refused::Setting("Choose how the request travels.")),
            };
            Ok(())
        });
        Ok(match changed {
            Ok(record) => http::redirect(&view::admin::path(&record)),
            Err(refused) => {
                let code = status(&refused);
                shown(app, request, visitor, Some(&refused), code)
            }
        })
    })
}

pub(super) fn remove(app: &App, request: &Request) -> Response {
    as_admin_form(app, request, |visitor, form| {
        let name = request.name.as_deref().unwrap_or_default();
        let users = match form.get("users") {
            "remove" => Users::Remove,
            "keep" => Users::Keep,
            _ => Users::Refuse,
        };
        Ok(
            match connections::remove(app.store(), name, users, visitor.actor(), now()) {
                Ok(()) => http::redirect("/admin/sso"),
                Err(refused @ Refused::HasUsers(_)) => {
                    let code = status(&refused);
                    shown(app, request, visitor, Some(&refused), code)
                }
                Err(Refused::NotFound) => {
                    http::page(StatusCode::NOT_FOUND, &view::message::not_found())
                }
                Err(refused) => internal(&refused),
            },
        )
    })
}

pub(super) fn shown(
    app: &App,
    request: &Request,
    visitor: &Visitor,
    refused: Option<&Refused>,
    status: StatusCode,
) -> Response {
    let name = request.name.as_deref().unwrap_or_default();
    match connections::find(app.store(), name) {
        Ok(record) => {
            let csrf = visitor.csrf(app);
            let scim = super::admin_scim::card(app, &csrf, &record);
            let users = app.store().count_accounts(&record.name).unwrap_or_default();
            let markup = view::admin::connection(app, &csrf, &record, refused, &scim, users, now());
            visitor.page(app, status, &markup)
        }
        Err(Refused::NotFound) => http::page(StatusCode::NOT_FOUND, &view::message::not_found()),
        Err(other) => internal(&other),
    }
}

pub(super) fn status(refused: &Refused) -> StatusCode {
    match refused {
        Refused::NotFound => StatusCode::NOT_FOUND,
        Refused::NameTaken | Refused::HasUsers(_) => StatusCode::CONFLICT,
        refused if refused.is_internal() => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

pub(super) fn logs(app: &App, request: &Request) -> Response {
    as_admin(app, request, |visitor| {
        let filled = |name: &str| {
            let text = request.query(name).map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let reference = filled("reference");
        if let Some(reference) = &reference {
            let found = app
                .store()
                .log_by_reference(&reference.to_ascii_uppercase())?;
            if let Some(entry) = found {
                return Ok(http::redirect(&format!("/admin/logs/{}", entry.reference)));
            }
        }
        let time = |name, is_end| filled(name).and_then(|text| logs::moment(&text, is_end));
        let number = |name| filled(name).and_then(|text| text.parse().ok());
        let wanted = Wanted {
            connection: filled("connection"),
            code: filled("code"),
            status: filled("status").and_then(|text| text.parse().ok()),
            refused: request.query("refused") == Some("yes"),
            since: time("since", false),
            until: time("until", true),
            user: filled("user"),
            before: number("before").zip(filled("request").and_then(|text| text.parse().ok())),
        };
        app.scim.flush();
        let page = logs::read(app.store(), &wanted, PAGE)?;
        let typed = |name: &str| filled(name).unwrap_or_default();
        let older = page.next.map(|(entry, line)| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            for name in [
                "connection",
                "code",
                "status",
                "refused",
                "since",
                "until",
                "user",
            ] {
                if let Some(value) = filled(name) {
                    query.append_pair(name, &value);
                }
            }
            query.append_pair("before", &entry.to_string());
            query.append_pair("request", &line.to_string());
            format!("/admin/logs?{}", query.finish())
        });
        let connections = app.store().connections()?;
        let csrf = visitor.csrf(app);
        let markup = view::history::logs(
            &csrf,
            &page.lines,
            older.as_deref(),
            reference.as_deref(),
            &connections,
            &typed,
        );
        Ok(visitor.page(app, StatusCode::OK, &markup))
    })
}

pub(super) fn log_entry(app: &App, request: &Request) -> Response {
    as_admin(app, request, |visitor| {
        let reference = request.name.as_deref().unwrap_or_default();
        let Some(entry) = app.store().log_by_reference(reference)? else {
            return Ok(http::page(
                StatusCode::NOT_FOUND,
                &view::message::not_found(),
            ));
        };
        let message = app.store().log_message(entry.id)?;
        let markup = view::history::entry(&visitor.csrf(app), &entry, message.as_deref());
        Ok(visitor.page(app, StatusCode::OK, &markup))
    })
}
