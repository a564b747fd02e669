//! Single logout: what the routes `/session/end` and `/saml/slo` do, without HTTP.
//!
//! A session here is over before a message leaves, whatever the identity provider answers.

use saml_sp::{
    LogoutKind, LogoutMessage, LogoutOutcome, LogoutStatus, LogoutSubject, Outbound, PendingLogout,
    ReceivedLogout, StartedLogout,
};
use sso_store::{ConnectionRecord, DbError, Event, NewLogEntry, SessionRecord};
use time::OffsetDateTime;

use crate::app::App;
use crate::connections;
use crate::random::{self, OsRandom};
use crate::scim::ready;

/// Where the session keeps whom to sign out at the identity provider.
pub(crate) const SUBJECT: &str = "logout";

/// Connections of one issuer that a request is tried against.
const MOST_CONNECTIONS: u32 = 16;

fn note(
    app: &App,
    event: Event,
    code: Option<&str>,
    connection: Option<&str>,
    summary: &str,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let reference = random::code(2).unwrap_or_default();
    let mut entry = NewLogEntry::new(now, event, &reference, summary);
    entry.connection = connection;
    entry.code = code;
    app.store().append_log(&entry).map(drop)
}

fn subject_of(data: &serde_json::Value) -> Option<LogoutSubject> {
    serde_json::from_value(data.get(SUBJECT)?.clone()).ok()
}

/// Starts a logout at the identity provider of a session that has ended here; `None` when there is
/// nothing to be done there.
pub(crate) fn start(
    app: &App,
    session: &SessionRecord,
    now: OffsetDateTime,
) -> Result<Option<(Outbound, PendingLogout)>, DbError> {
    let (Some(name), Some(subject)) = (&session.connection, subject_of(&session.data)) else {
        return Ok(None);
    };
    let Some(record) = app.store().connection(name)? else {
        return Ok(None);
    };
    let Ok(connection) = connections::build(&record, now) else {
        return Ok(None);
    };
    match app.sp().start_logout(&connection, &subject, now, &OsRandom) {
        Ok(StartedLogout::Sent(sent)) => Ok(Some(*sent)),
        Ok(_) => Ok(None),
        Err(error) => {
            let summary = error.reason().hint();
            let code = Some(error.code());
            note(
                app,
                Event::LogoutRefused,
                code,
                Some(name.as_str()),
                summary,
                now,
            )?;
            Ok(None)
        }
    }
}

/// What a message to the logout service comes to.
#[derive(Debug)]
pub(crate) enum Arrived {
    /// Sessions were ended; tell the identity provider.
    Answer(Outbound),
    /// The answer to a logout that was started here.
    Ended(LogoutOutcome),
    /// Refused, and nobody's session was touched.
    Refused,
}

/// Takes a message. `pending` is the logout that this browser has under way.
pub(crate) fn arrive(
    app: &App,
    message: LogoutMessage<'_>,
    pending: Option<&PendingLogout>,
    now: OffsetDateTime,
) -> Result<Arrived, DbError> {
    let (code, connection) = match app.sp().receive_logout(message) {
        Err(error) => (error, None),
        Ok(received) => {
            let done = match received.kind() {
                LogoutKind::Request => request(app, &received, now)?,
                _ => response(app, &received, pending, now)?,
            };
            match done {
                Ok(arrived) => return Ok(arrived),
                Err(refused) => refused,
            }
        }
    };
    let summary = code.reason().hint();
    note(
        app,
        Event::LogoutRefused,
        Some(code.code()),
        connection.as_deref(),
        summary,
        now,
    )?;
    Ok(Arrived::Refused)
}

type Judged = Result<Arrived, (saml_sp::Error, Option<String>)>;

/// An entity ID may be that of several connections: the signature tells which of them it is.
fn request(app: &App, received: &ReceivedLogout, now: OffsetDateTime) -> Result<Judged, DbError> {
    let issuer = received.issuer().unwrap_or_default();
    let candidates = app
        .store()
        .connections_by_entity_id(issuer, MOST_CONNECTIONS)?;
    let mut refused = (saml_sp::LogoutRule::IssuerMismatch.into(), None);
    for record in candidates.iter().filter(|record| !record.settings.disabled) {
        let name = record.name.as_str();
        let Ok(connection) = connections::build(record, now) else {
            continue;
        };
        let validated = match app.sp().validate_logout_request(received, &connection, now) {
            Ok(validated) => validated,
            Err(error) => {
                refused = (error, Some(name.to_owned()));
                continue;
            }
        };
        let request = match ready(validated.accept(app.store(), now)) {
            Ok(request) => request,
            Err(error) => return Ok(Err((error, Some(name.to_owned())))),
        };
        let ended = app.store().end_sessions_where(&record.name, |data| {
            subject_of(data).is_some_and(|subject| request.covers(&subject))
        })?;
        let summary = format!("The identity provider ended {ended} session(s).");
        note(app, Event::SessionEnded, None, Some(name), &summary, now)?;
        let status = LogoutStatus::Success;
        let answer = app
            .sp()
            .answer_logout(&connection, &request, status, now, &OsRandom);
        return Ok(Ok(match answer {
            Ok(outbound) => Arrived::Answer(outbound),
            // Nowhere to answer to: the sessions are ended all the same
            Err(error) => {
                let (code, hint) = (Some(error.code()), error.reason().hint());
                note(app, Event::LogoutRefused, code, Some(name), hint, now)?;
                Arrived::Ended(LogoutOutcome::Complete)
            }
        }));
    }
    Ok(Err(refused))
}

fn response(
    app: &App,
    received: &ReceivedLogout,
    pending: Option<&PendingLogout>,
    now: OffsetDateTime,
) -> Result<Judged, DbError> {
    let stranger = || saml_sp::LogoutRule::InResponseToMismatch.into();
    let Some(pending) = pending else {
        return Ok(Err((stranger(), None)));
    };
    let name = pending.connection().as_str();
    let record: Option<ConnectionRecord> = match name.parse() {
        Ok(name) => app.store().connection(&name)?,
        Err(_) => None,
    };
    let connection = record.and_then(|record| connections::build(&record, now).ok());
    let Some(connection) = connection else {
        return Ok(Err((stranger(), Some(name.to_owned()))));
    };
    let outcome = app
        .sp()
        .validate_logout_response(received, &connection, pending, now);
    Ok(outcome
        .map(Arrived::Ended)
        .map_err(|error| (error, Some(name.to_owned()))))
}
