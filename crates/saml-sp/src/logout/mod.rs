//! Single logout, both directions, over Redirect and POST (SAML Profiles §4.4).
//!
//! A session here is ended by the application, never by this library and never by a message that
//! was not verified. The order is always: end the local session, then send the message.

mod certificate;
mod receive;
mod send;
#[cfg(test)]
mod tests;
mod validate;

use core::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::ids::{ConnectionId, RequestId};
use crate::request::Outbound;
use crate::response::name_id::NameId;
use crate::response::status::Status;
use crate::trust::Login;

pub use certificate::PinnedCertificate;
pub use receive::{LogoutKind, LogoutMessage, ReceivedLogout};
pub use validate::ValidatedLogoutRequest;

const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// Whose session to end at the identity provider: the NameID of the login, with every XML attribute
/// that came along, and its SessionIndex. Keep it with the session.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogoutSubject {
    name_id: NameId,
    #[serde(default)]
    session_indexes: Vec<String>,
}

impl LogoutSubject {
    /// A NameID, and the sessions to end; without any, all of that user's.
    #[must_use]
    pub fn new(name_id: NameId, session_indexes: impl IntoIterator<Item = String>) -> Self {
        Self {
            name_id,
            session_indexes: session_indexes.into_iter().collect(),
        }
    }

    /// Of a login; `None` when the identity provider sent no NameID, without which there is no
    /// single logout.
    #[must_use]
    pub fn of(login: &Login) -> Option<Self> {
        let index = login.session().session_index().map(str::to_owned);
        Some(Self::new(login.name_id()?.clone(), index))
    }

    /// The NameID.
    #[must_use]
    pub const fn name_id(&self) -> &NameId {
        &self.name_id
    }

    /// The sessions; empty for all of that user's.
    #[must_use]
    pub fn session_indexes(&self) -> &[String] {
        &self.session_indexes
    }
}

impl fmt::Debug for LogoutSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutSubject")
            .field("name_id", &self.name_id)
            .field("sessions", &self.session_indexes.len())
            .finish()
    }
}

/// A logout that was started here and not yet answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PendingLogout {
    pub(crate) id: RequestId,
    pub(crate) connection: ConnectionId,
    #[serde(with = "crate::request::pending::timestamp")]
    pub(crate) expires: OffsetDateTime,
}

impl PendingLogout {
    /// The `ID` of the LogoutRequest.
    #[must_use]
    pub const fn id(&self) -> &RequestId {
        &self.id
    }

    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> &ConnectionId {
        &self.connection
    }

    /// When an answer is of no interest any more.
    #[must_use]
    pub const fn expires(&self) -> OffsetDateTime {
        self.expires
    }
}

/// What became of starting a logout.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StartedLogout {
    /// Send the browser there, after the local session was ended.
    Sent(Box<(Outbound, PendingLogout)>),
    /// The identity provider has no logout service: the local session is all there is to end.
    NotSupportedByIdp,
}

/// How a logout that was started here ended. The local session is over in every case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogoutOutcome {
    /// Every session was ended.
    Complete,
    /// Some other participant could not be reached: sessions elsewhere may go on
    /// (SAML Core §3.7.3.2).
    Partial,
    /// The identity provider did not end the session.
    Failed(Status),
}

/// A LogoutRequest of the identity provider: signed, fresh, and used once.
#[derive(Clone, PartialEq, Eq)]
pub struct LogoutRequest {
    pub(crate) id: String,
    pub(crate) connection: ConnectionId,
    pub(crate) subject: LogoutSubject,
    pub(crate) idp: String,
    pub(crate) sp: String,
    pub(crate) relay_state: Option<String>,
}

impl LogoutRequest {
    fn same_user(&self, other: &NameId) -> bool {
        let key = |name_id: &NameId| {
            let format = name_id.format().unwrap_or(UNSPECIFIED).to_owned();
            let qualifier = |given: Option<&str>, default: &str| match given {
                Some(given) => Some(given.to_owned()),
                None if format == PERSISTENT => Some(default.to_owned()),
                None => None,
            };
            let idp = qualifier(name_id.name_qualifier(), &self.idp);
            let sp = qualifier(name_id.sp_name_qualifier(), &self.sp);
            (name_id.value().to_owned(), format, idp, sp)
        };
        key(&self.subject.name_id) == key(other)
    }

    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> &ConnectionId {
        &self.connection
    }

    /// Whose sessions to end at this connection: those of exactly this NameID, and where sessions
    /// are named, those alone.
    #[must_use]
    pub const fn subject(&self) -> &LogoutSubject {
        &self.subject
    }

    /// Whether a session that was opened for `session` is among those to end.
    ///
    /// SAML Core §3.7.3.1: all sessions of the principal, unless SessionIndex elements name some.
    /// What the standard says is the same is the same: no Format and unspecified (§2.2.2), and for a
    /// persistent NameID no qualifier and the identity provider's or ours (§8.3.7). `SPProvidedID` is
    /// an alias and identifies nobody (§3.6).
    #[must_use]
    pub fn covers(&self, session: &LogoutSubject) -> bool {
        let named = self.subject.session_indexes();
        self.same_user(&session.name_id)
            && (named.is_empty()
                || session.session_indexes.is_empty()
                || session.session_indexes.iter().any(|i| named.contains(i)))
    }
}

impl fmt::Debug for LogoutRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutRequest")
            .field("id", &self.id)
            .field("connection", &self.connection)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// How the application answers a LogoutRequest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogoutStatus {
    /// The sessions are ended, or there were none.
    Success,
    /// Some could not be ended.
    Partial,
    /// None could be.
    Failed,
}
