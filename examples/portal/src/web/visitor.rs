//! Who is asking: cookies, sessions, and the token that forms carry.
//!
//! | cookie | holds | SameSite |
//! |---|---|---|
//! | `portal-session` | the id of a user's session | Lax |
//! | `portal-admin` | the id of an administrator's session | Strict |
//! | `portal-visit` | a random value that form tokens are derived from | Lax |
//! | `portal-login-…` | the browser binding of one login under way | None over https, else Lax |
//!
//! All are HttpOnly with Path=/. Over https they are Secure and have the prefix `__Host-`.
//!
//! The answer of an identity provider is a POST from another site, with which browsers send
//! `SameSite=None` cookies only, and those have to be Secure. Where that is not to be had (plain
//! http on loopback), the cookie is Lax and `/saml/consume` answers with a page of our own that
//! posts the same fields again: this second POST comes from our site and brings the cookie.

use axum::http::{StatusCode, header};
use axum::response::Response;
use idp_config::Actor;
use saml_sp::{PendingLogin, PendingLogout, RequestId};
use sso_store::{DbError, SessionId, SessionKind, SessionRecord};
use time::OffsetDateTime;

use super::http::{self, Form, Request};
use crate::app::App;
use crate::random;
use crate::view;

#[derive(Clone, Copy, Debug)]
pub(super) enum SameSite {
    Lax,
    Strict,
    None,
}

pub(super) const SESSION: &str = "portal-session";
pub(super) const ADMIN: &str = "portal-admin";
const VISIT: &str = "portal-visit";
const YEAR: i64 = 365 * 24 * 60 * 60;

/// The browser behind a request.
#[derive(Debug)]
pub(super) struct Visitor {
    visit: String,
    is_new: bool,
    pub(super) session: Option<(SessionId, SessionRecord)>,
    pub(super) is_admin: bool,
    administrator: String,
}

impl Visitor {
    pub(super) fn of(app: &App, request: &Request, now: OffsetDateTime) -> Result<Self, DbError> {
        let known = request
            .cookie(&cookie_name(app, VISIT))
            .filter(|value| value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()));
        let (visit, is_new) = match known {
            Some(value) => (value.to_owned(), false),
            // Without randomness the token of an empty visit is still unguessable.
            None => (random::token().unwrap_or_default(), true),
        };
        let session = match session_id(app, request, SESSION) {
            Some(id) => app
                .store()
                .session(&id, SessionKind::User, now)?
                .map(|record| (id, record)),
            None => None,
        };
        let admin = match session_id(app, request, ADMIN) {
            Some(id) => app.store().session(&id, SessionKind::Administrator, now)?,
            None => None,
        };
        Ok(Self {
            visit,
            is_new,
            session,
            is_admin: admin.is_some(),
            administrator: admin
                .as_ref()
                .and_then(|record| record.data.get("name"))
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        })
    }

    /// Who changes something on these pages.
    pub(super) fn actor(&self) -> Actor {
        Actor::Administrator(self.administrator.clone())
    }

    /// The token for the forms of this browser.
    pub(super) fn csrf(&self, app: &App) -> String {
        app.csrf_token(&self.visit)
    }

    /// A page with forms: gives a new browser the cookie its tokens belong to.
    pub(super) fn page(&self, app: &App, status: StatusCode, markup: &maud::Markup) -> Response {
        let mut response = http::page(status, markup);
        if self.is_new {
            set_cookie(app, &mut response, VISIT, &self.visit, SameSite::Lax, YEAR);
        }
        response
    }

    /// The fields of a form that comes from one of our own pages in this browser.
    pub(super) fn form(&self, app: &App, request: &Request) -> Result<Form, Box<Response>> {
        if !request.is_form() {
            return Err(Box::new(http::page(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                &view::message::unreadable(),
            )));
        }
        let form = request.form();
        if self.is_new || !app.csrf_matches(&self.visit, form.get("csrf")) {
            return Err(Box::new(http::page(
                StatusCode::FORBIDDEN,
                &view::message::stale_form(),
            )));
        }
        Ok(form)
    }
}

pub(super) fn session_id(app: &App, request: &Request, name: &str) -> Option<SessionId> {
    request
        .cookie(&cookie_name(app, name))
        .map(SessionId::from_cookie)
}

fn cookie_name(app: &App, name: &str) -> String {
    // RFC 6265bis §4.1.3.2: `__Host-` asks for Secure, Path=/ and no Domain.
    format!("{}{name}", if app.is_https() { "__Host-" } else { "" })
}

/// Sets a cookie; `max_age` of 0 deletes it.
pub(super) fn set_cookie(
    app: &App,
    response: &mut Response,
    name: &str,
    value: &str,
    same_site: SameSite,
    max_age: i64,
) {
    let cookie = cookie(app, name, value, same_site, max_age);
    http::set_header(response, header::SET_COOKIE, &cookie);
}

pub(super) fn cookie(
    app: &App,
    name: &str,
    value: &str,
    same_site: SameSite,
    max_age: i64,
) -> String {
    let same_site = match same_site {
        SameSite::None if app.is_https() => "None",
        SameSite::Strict => "Strict",
        SameSite::None | SameSite::Lax => "Lax",
    };
    let secure = if app.is_https() { "; Secure" } else { "" };
    format!(
        "{}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={max_age}{secure}",
        cookie_name(app, name)
    )
}

const LOGOUT: &str = "portal-logout";

/// Remembers a logout at the identity provider until its answer comes. It is no secret, and no
/// session hangs on it.
pub(super) fn remember_logout(app: &App, response: &mut Response, pending: &PendingLogout) {
    let json = serde_json::to_vec(pending).unwrap_or_default();
    let value = random::hex(&json);
    http::append_cookie(response, &cookie(app, LOGOUT, &value, SameSite::None, 600));
}

pub(super) fn logout_under_way(app: &App, request: &Request) -> Option<PendingLogout> {
    let value = request.cookie(&cookie_name(app, LOGOUT))?;
    let json: Option<Vec<u8>> = value
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    serde_json::from_slice(&json?).ok()
}

pub(super) fn forget_logout(app: &App, response: &mut Response) {
    set_cookie(app, response, LOGOUT, "", SameSite::None, 0);
}

/// One cookie for each login under way, so that two tabs do not spoil each other's login.
fn login_cookie(id: &RequestId) -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, id.as_str().as_bytes());
    let short = random::hex(hash.as_ref().get(..8).unwrap_or_default());
    format!("portal-login-{short}")
}

pub(super) fn bind_login(app: &App, response: &mut Response, pending: &PendingLogin) {
    let seconds = (pending.expires() - pending.created()).whole_seconds();
    let value = pending.browser_binding().expose();
    set_cookie(
        app,
        response,
        &login_cookie(pending.id()),
        value,
        SameSite::None,
        seconds,
    );
}

pub(super) fn login_binding(app: &App, request: &Request, id: &RequestId) -> Option<String> {
    request
        .cookie(&cookie_name(app, &login_cookie(id)))
        .map(str::to_owned)
}

pub(super) fn forget_login(app: &App, response: &mut Response, id: &RequestId) {
    set_cookie(app, response, &login_cookie(id), "", SameSite::None, 0);
}
