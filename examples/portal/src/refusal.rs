//! Refused logins: what is written down, and what a browser may know of it.

use saml_sp::{Error, Received, Rejection, RequestRule};
use serde_json::{Value, json};
use sso_store::{ConnectionName, DbError, Event, NewLogEntry};
use time::OffsetDateTime;

use crate::app::App;
use crate::random;

/// A refused login, as far as a browser may know.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refusal {
    /// What the user quotes to the administrator; the log entry has it.
    pub reference: String,
    /// Whether the message could not even be read.
    pub malformed: bool,
    /// Whether the fault is ours (the database).
    pub internal: bool,
    /// The connection to try again with: only known when the login was started here.
    pub connection: Option<String>,
}

/// Why a message is refused, before it is written down.
pub(crate) struct Reject {
    pub(crate) code: String,
    pub(crate) summary: String,
    pub(crate) report: Value,
    pub(crate) connection: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) malformed: bool,
    pub(crate) internal: bool,
    /// Whose account it is about.
    pub(crate) account: Option<i64>,
    /// The entry is for the log, not only for the terminal.
    pub(crate) keep: bool,
}

impl Reject {
    /// A reason that only the portal has: finding the connection and the browser.
    pub(crate) fn ours(code: &str, side: &str, hint: &str, received: &Received) -> Box<Self> {
        Box::new(Self {
            code: code.to_owned(),
            summary: hint.to_owned(),
            report: json!({
                "verdict": "rejected", "code": code, "signed": [],
                "checks": [{ "code": code, "result": "fail", "expected": null, "actual": null,
                    "side": side, "hint": hint, "at": null }],
            }),
            connection: None,
            message: Some(received.xml().to_owned()),
            malformed: false,
            internal: false,
            account: None,
            keep: true,
        })
    }

    pub(crate) fn rejection(rejection: &Rejection, received: Option<&Received>) -> Box<Self> {
        let code = rejection.code();
        Box::new(Self {
            code: code.to_owned(),
            summary: rejection.reason().hint().to_owned(),
            report: serde_json::to_value(rejection.report()).unwrap_or(Value::Null),
            connection: None,
            message: received.map(|received| received.xml().to_owned()),
            malformed: false,
            internal: code == "store.failed",
            account: None,
            keep: true,
        })
    }

    pub(crate) fn rule(rule: RequestRule, received: &Received) -> Box<Self> {
        Self::rejection(&Rejection::from(Error::from(rule)), Some(received))
    }

    fn database(error: &DbError) -> Self {
        Self {
            code: error.code().to_owned(),
            summary: error.to_string(),
            report: Value::Null,
            connection: None,
            message: None,
            malformed: false,
            internal: true,
            account: None,
            keep: false,
        }
    }

    pub(crate) fn of(mut self: Box<Self>, connection: &ConnectionName) -> Box<Self> {
        self.connection = Some(connection.as_str().to_owned());
        self
    }
}

impl From<DbError> for Box<Reject> {
    fn from(error: DbError) -> Self {
        Self::new(Reject::database(&error))
    }
}

/// Writes the refusal down and returns what the browser may know.
pub(crate) fn refuse(
    app: &App,
    reject: Reject,
    started_here: bool,
    now: OffsetDateTime,
) -> Refusal {
    let reference = random::code(2).unwrap_or_default();
    let mut kept = false;
    if reject.keep {
        let mut entry = NewLogEntry::new(now, Event::LoginRejected, &reference, &reject.summary);
        entry.connection = reject.connection.as_deref();
        entry.code = Some(&reject.code);
        entry.report = Some(&reject.report);
        entry.message = reject.message.as_deref();
        entry.account = reject.account;
        kept = app.store().append_log(&entry).is_ok();
    }
    if !kept {
        eprintln!(
            "login refused, reference {reference}: {} ({})",
            reject.code, reject.summary
        );
    }
    Refusal {
        reference,
        malformed: reject.malformed,
        internal: reject.internal,
        connection: reject.connection.filter(|_| started_here),
    }
}
