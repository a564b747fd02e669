//! A login from the button to the session: what the routes `/login/{connection}` and
//! `/saml/consume` do, without HTTP.

use std::future::Future;

use saml_sp::{
    AcsForm, Expected, Login, LoginOptions, LogoutSubject, Outbound, PendingLogin, Received,
    Rejection, RequestId, RequestRule, RequestStore,
};
use serde_json::{Value, json};
use sso_store::{
    ConnectionName, ConnectionRecord, DbError, Event, NewLogEntry, SessionId, SessionKind,
    SessionRecord, UserKey,
};
use time::{Duration, OffsetDateTime};

use crate::accounts::{self, Admission};
use crate::app::App;
use crate::connections::{self, Refused};
use crate::random::{self, OsRandom};
use crate::refusal::{Refusal, Reject, refuse};
use crate::{logout, refresh};

/// How long a session lasts, unless the identity provider says it ends sooner.
pub const SESSION_LENGTH: Duration = Duration::hours(8);

/// The store's futures are ready at once (see [`sso_store::Store`]); this runs on a thread that
/// may block.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Handle::current().block_on(future)
}

/// A login that was started: what to send, and the cookie that ties it to this browser.
#[derive(Debug)]
#[non_exhaustive]
pub struct Started {
    /// The redirect or form.
    pub outbound: Outbound,
    /// The request; the cookie's name comes from its id, the value is its browser binding.
    pub pending: PendingLogin,
}

/// Starts a login and remembers it.
///
/// # Errors
/// [`Refused`].
pub fn start(
    app: &App,
    name: &str,
    return_to: Option<&str>,
    now: OffsetDateTime,
) -> Result<Started, Refused> {
    let record = connections::find(app.store(), name)?;
    if record.settings.disabled {
        return Err(Refused::NotFound);
    }
    let connection = connections::build(&record, now)?;
    let options = match return_to.and_then(local_path) {
        Some(place) => LoginOptions::default().return_to(place),
        None => LoginOptions::default(),
    };
    let (outbound, pending) = app
        .sp()
        .start_login(&connection, &options, now, &OsRandom)
        .map_err(Refused::Connection)?;
    wait(app.store().put(&pending))
        .map_err(|_| Refused::Setting("The database did not answer."))?;
    Ok(Started { outbound, pending })
}

/// A path of our own site, or nothing: `/x`, never `//host`, `/\host`, or anything with a control
/// character. This is what makes an open redirect impossible.
#[must_use]
pub fn local_path(text: &str) -> Option<&str> {
    let local = text.len() <= 1024
        && text.starts_with('/')
        && !text.starts_with("//")
        && text.chars().all(|c| c.is_ascii_graphic() && c != '\\');
    local.then_some(text)
}

/// How the message of an identity provider ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Logged in.
    Accepted {
        /// The new session.
        session: SessionId,
        /// Where to go.
        return_to: String,
        /// The request whose cookie is done with.
        request: Option<RequestId>,
    },
    /// The browser did not send the cookie of a login that is under way, as browsers do when
    /// another site posts. Post the same fields again from our own page.
    Again(Vec<(String, String)>),
    /// Refused.
    Refused(Refusal),
}

enum Step {
    Again,
    Done(SessionId, String, Option<RequestId>),
}

/// Finishes a login: reads the form, finds the request and its connection, checks that this is
/// the browser that asked, validates, and opens a session.
///
/// `binding` looks up the login cookie of a request; `second` says that the form comes from our
/// own page (see [`Outcome::Again`]); `previous` is the session that the browser has now.
pub fn finish(
    app: &App,
    body: &[u8],
    binding: impl Fn(&RequestId) -> Option<String>,
    second: bool,
    previous: Option<&SessionId>,
    now: OffsetDateTime,
) -> Outcome {
    let received = match app.sp().receive(AcsForm::urlencoded(body)) {
        Ok(received) => received,
        Err(error) => {
            let mut reject = Reject::rejection(&Rejection::from(error), None);
            reject.malformed = true;
            // A form that holds no XML is noise, and anybody can send it: nothing is written. With
            // XML it is an attempt to log in, and there is an audit entry.
            reject.keep = holds_xml(body);
            return Outcome::Refused(refuse(app, *reject, false, now));
        }
    };
    let known = received.hints().in_response_to().map(RequestId::new);
    let step = match &known {
        Some(id) => solicited(
            app,
            &received,
            id,
            binding(id).as_deref(),
            second,
            previous,
            now,
        ),
        None => unsolicited(app, &received, previous, now),
    };
    match step {
        Ok(Step::Done(session, return_to, request)) => Outcome::Accepted {
            session,
            return_to,
            request,
        },
        Ok(Step::Again) => Outcome::Again(
            url::form_urlencoded::parse(body)
                .filter(|(name, _)| name == "SAMLResponse" || name == "RelayState")
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
        ),
        Err(reject) => Outcome::Refused(refuse(app, *reject, known.is_some(), now)),
    }
}

/// Whether the form's SAMLResponse at least begins like XML.
fn holds_xml(body: &[u8]) -> bool {
    url::form_urlencoded::parse(body)
        .find(|(name, _)| name == "SAMLResponse")
        .and_then(|(_, value)| saml_xml::types::decode_base64(&value).ok())
        .is_some_and(|bytes| {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
            text.trim_ascii_start().starts_with(b"<")
        })
}

fn solicited(
    app: &App,
    received: &Received,
    id: &RequestId,
    binding: Option<&str>,
    second: bool,
    previous: Option<&SessionId>,
    now: OffsetDateTime,
) -> Result<Step, Box<Reject>> {
    let unavailable = || Reject::rule(RequestRule::Unknown, received);
    let pending = match wait(app.store().find(id)) {
        Ok(Some(pending)) => pending,
        Ok(None) => return Err(unavailable()),
        Err(error) => {
            return Err(Box::new(Reject {
                code: "store.failed".to_owned(),
                internal: true,
                keep: false,
                summary: error.to_string(),
                ..*unavailable()
            }));
        }
    };
    let name: ConnectionName = pending.connection().as_str().parse()?;
    if app.store().pending_used(id)? == Some(true) {
        return Err(Reject::rule(RequestRule::AlreadyUsed, received).of(&name));
    }
    match binding {
        Some(value) if pending.check_browser(Some(value)).is_ok() => {}
        Some(_) => return Err(Reject::rule(RequestRule::OtherBrowser, received).of(&name)),
        None if !second => return Ok(Step::Again),
        None => {
            return Err(Reject::ours(
                "request.browser_binding_missing",
                "user",
                "The browser did not send the cookie of this login: it was started in another browser, or cookies are off.",
                received,
            )
            .of(&name));
        }
    }
    let record = app.store().connection(&name)?.ok_or_else(unavailable)?;
    let return_to = pending
        .return_to()
        .and_then(local_path)
        .unwrap_or("/")
        .to_owned();
    let session = accept(
        app,
        received,
        &record,
        Expected::Request(&pending),
        previous,
        now,
    )
    .map_err(|reject| reject.of(&name))?;
    Ok(Step::Done(session, return_to, Some(id.clone())))
}

fn unsolicited(
    app: &App,
    received: &Received,
    previous: Option<&SessionId>,
    now: OffsetDateTime,
) -> Result<Step, Box<Reject>> {
    let issuer = received.hints().issuer().unwrap_or_default();
    let mut candidates = app.store().connections_by_entity_id(issuer, 2)?;
    let record = match (candidates.pop(), candidates.pop()) {
        (Some(only), None) => only,
        (Some(_), Some(_)) => {
            return Err(Reject::ours(
                "connection.ambiguous",
                "us",
                "Several connections have this issuer, so an unsolicited response cannot be told apart; start the login here.",
                received,
            ));
        }
        _ => {
            return Err(Reject::ours(
                "connection.unknown_issuer",
                "us",
                "The response answers no request, and no connection has its issuer; start the login here.",
                received,
            ));
        }
    };
    // A relay state that nobody here handed out has no authority: an unsolicited login ends at home.
    let session = accept(app, received, &record, Expected::Unsolicited, previous, now)
        .map_err(|reject| reject.of(&record.name))?;
    Ok(Step::Done(session, "/".to_owned(), None))
}

fn accept(
    app: &App,
    received: &Received,
    record: &ConnectionRecord,
    expected: Expected<'_>,
    previous: Option<&SessionId>,
    now: OffsetDateTime,
) -> Result<SessionId, Box<Reject>> {
    if record.settings.disabled {
        return Err(Reject::ours(
            "connection.disabled",
            "us",
            "An administrator disabled this connection.",
            received,
        ));
    }
    let connection = connections::build(record, now).map_err(|refused| {
        let code = refused.code().to_owned();
        Reject::ours(&code, "us", &refused.to_string(), received)
    })?;
    let fresh = refresh::OnDemand { app, record };
    let login = wait(async {
        app.sp()
            .validate_or_refresh(received, &connection, expected, &fresh, now)
            .await?
            .accept(app.store(), app.store(), now)
            .await
    })
    .map_err(|rejection| Reject::rejection(&rejection, Some(received)))?;
    let key = user_key(record, &login);
    let desk = app.scim.desk(app)?;
    let admitted = accounts::admit(&desk, record, &login, key.as_ref(), received, now)?;
    open_session(app, record, &login, &admitted, previous, now).map_err(Box::<Reject>::from)
}

/// Who it is, for good; nobody where the identifier is for one session only.
fn user_key<'a>(record: &'a ConnectionRecord, login: &'a Login) -> Option<UserKey<'a>> {
    login
        .subject()
        .name_id()
        .filter(|name_id| !is_transient(name_id.format()))
        .map(|name_id| UserKey {
            connection: &record.name,
            name_id: name_id.value(),
            format: name_id.format(),
            name_qualifier: name_id.name_qualifier(),
            sp_name_qualifier: name_id.sp_name_qualifier(),
        })
}

fn open_session(
    app: &App,
    record: &ConnectionRecord,
    login: &Login,
    admitted: &Admission,
    previous: Option<&SessionId>,
    now: OffsetDateTime,
) -> Result<SessionId, DbError> {
    let name_id = login.subject().name_id();
    let report = serde_json::to_value(login.report()).unwrap_or(Value::Null);
    let data = json!({
        "label": record.label,
        "roles": admitted.roles,
        "name_id": name_id.map(|n| json!({
            "value": n.value(), "format": n.format(), "name_qualifier": n.name_qualifier(),
            "sp_name_qualifier": n.sp_name_qualifier(),
        })),
        "attributes": login.attributes().iter().map(|attribute| json!({
            "name": attribute.name(), "friendly_name": attribute.friendly_name(),
            "values": attribute.values().iter().map(|value| value.as_text()).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "session_index": login.session().session_index(),
        logout::SUBJECT: LogoutSubject::of(login),
        "authn_context": login.session().authn_context(),
        "report": report,
    });
    let mut expires = now + SESSION_LENGTH;
    // SAML Core §2.7.2: the session "MUST be considered ended" at SessionNotOnOrAfter.
    if let Some(limit) = login.session().session_not_on_or_after() {
        expires = expires.min(limit);
    }
    let mut session = SessionRecord::new(SessionKind::User, data, now, expires);
    session.connection = Some(record.name.clone());
    session.user_id = admitted.user;
    // What a connection by fingerprint verifies logout messages over Redirect with
    if login.pinned_certificate() != record.settings.pinned_certificate.as_ref() {
        app.store().change_connection(&record.name, now, |record| {
            record.settings.pinned_certificate = login.pinned_certificate().cloned();
            Ok::<(), DbError>(())
        })?;
    }
    let id = app.store().open_session(&session, previous)?;
    let reference = random::code(2).unwrap_or_default();
    let mut entry = NewLogEntry::new(now, Event::LoginAccepted, &reference, "Signed in.");
    entry.connection = Some(record.name.as_str());
    entry.report = Some(&report);
    entry.account = match admitted.user {
        Some(user) => app.store().account_id_of_user(user)?,
        None => None,
    };
    app.store().append_log(&entry)?;
    Ok(id)
}

// SAML Core §8.3.8: a transient identifier means nothing after the session.
fn is_transient(format: Option<&str>) -> bool {
    format == Some("urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
}
