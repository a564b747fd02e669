//! The ladder of trust: `Received` → [`Signed`] → [`Validated`] → [`Login`].
//!
//! Each step is a type that only the step before can make, so that a skipped check is a program
//! that does not compile.

use saml_xml::{Certificate, Element, KeyId, Verified};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::ids::{ConnectionId, RequestId};
use crate::logout::PinnedCertificate;
use crate::reason::{AssertionRule, RequestRule, StoreRule, SubjectRule};
use crate::rejection::Rejection;
use crate::report::{Failure, Report, SignedElement, Value};
use crate::response::attribute_statement::Attributes;
use crate::response::name_id::NameId;
use crate::response::outline::Outline;
use crate::store::{Consumed, ReplayKey, ReplayStore, RequestStore, StoreError};

/// An assertion that a configured key has signed, alone or as part of its Response.
///
/// Only the verifier makes one. It tells what was signed and with which key; who signed in takes
/// every other rule as well ([`ServiceProvider::validate`](crate::ServiceProvider::validate)).
#[derive(Clone, Debug)]
pub struct Signed<'d> {
    response: Option<Verified<'d>>,
    assertion_signature: Option<Verified<'d>>,
    assertion: Element<'d>,
}

impl<'d> Signed<'d> {
    /// The proof that a signature covers the assertion. The assertion is taken from within what was
    /// verified, not from where it was seen before.
    pub(crate) fn new(
        outline: &Outline<'d>,
        response: Option<Verified<'d>>,
        assertion_signature: Option<Verified<'d>>,
    ) -> Option<Self> {
        let assertion = match (&response, &assertion_signature) {
            (_, Some(verified)) => verified.element(),
            // The signature covers the ciphertext, and nobody else could choose what comes out of it
            (Some(_), None) if outline.decrypted => outline.assertion?,
            (Some(verified), None) => Outline::of(verified.element()).assertion?,
            (None, None) => return None,
        };
        (Some(assertion) == outline.assertion).then_some(Self {
            response,
            assertion_signature,
            assertion,
        })
    }

    /// The elements that carry a verified signature.
    pub fn signed(&self) -> impl Iterator<Item = SignedElement> + '_ {
        let response = self.response.as_ref().map(|_| SignedElement::Response);
        let assertion = self
            .assertion_signature
            .as_ref()
            .map(|_| SignedElement::Assertion);
        response.into_iter().chain(assertion)
    }

    /// The key that signed the assertion; the Response's key if only that is signed.
    #[must_use]
    pub fn key(&self) -> Option<KeyId> {
        self.assertion_signature
            .as_ref()
            .or(self.response.as_ref())
            .map(|verified| verified.key().id())
    }

    pub(crate) fn certificate(&self) -> Option<&Certificate> {
        let signature = self.assertion_signature.as_ref().or(self.response.as_ref());
        signature?.key().certificate()
    }

    pub(crate) const fn assertion(&self) -> Element<'d> {
        self.assertion
    }
}

/// A login whose message passed every rule. What is left is that it happens once:
/// [`accept`](Self::accept).
#[derive(Debug)]
#[must_use = "a validated message is no login before it was accepted"]
pub struct Validated {
    pub(crate) login: Login,
    pub(crate) request: Option<RequestId>,
    pub(crate) replay_key: ReplayKey,
    pub(crate) until: OffsetDateTime,
}

impl Validated {
    /// The report so far.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.login.report
    }

    /// Uses the request up, refuses an assertion that was seen before, and makes the login.
    ///
    /// Both stores are asked in this order, each atomically. When a store fails the login is
    /// refused; the request stays used up, so that a failure can never be turned into a second try
    /// with the same message.
    ///
    /// # Errors
    /// `request.unknown`, `request.already_used`, `assertion.replayed`, `subject.expired` (when
    /// the message expired since it was validated), `store.failed`.
    pub async fn accept<R, P>(
        self,
        requests: &R,
        replays: &P,
        now: OffsetDateTime,
    ) -> Result<Login, Rejection>
    where
        R: RequestStore,
        P: ReplayStore,
    {
        let Self {
            mut login,
            request,
            replay_key,
            until,
        } = self;
        // From here on a replay store may have forgotten the assertion
        if now >= until {
            let failure = Failure::new(SubjectRule::Expired)
                .expected(Value::Before(until))
                .actual(Value::Time(now));
            return Err(refuse(login.report, failure));
        }
        if let Some(id) = &request {
            let rule = match requests.consume(id, now).await {
                Ok(Consumed::Now) => None,
                Ok(Consumed::AlreadyUsed) => Some(RequestRule::AlreadyUsed),
                Ok(Consumed::Unknown) => Some(RequestRule::Unknown),
                Err(error) => return Err(store_failed(login.report, error)),
            };
            if let Some(rule) = rule {
                return Err(refuse(
                    login.report,
                    Failure::new(rule).actual(Value::text(id.as_str())),
                ));
            }
            login.report = login.report.and_pass(RequestRule::AlreadyUsed);
        }
        // SAML Profiles §4.1.4.5: The service provider MUST ensure that bearer assertions are not
        // replayed, by maintaining the set of used ID values for the length of time for which the
        // assertion would be considered valid
        match replays.insert_once(&replay_key, until, now).await {
            Ok(true) => {
                login.report = login.report.and_pass(AssertionRule::Replayed);
                Ok(login)
            }
            Ok(false) => {
                let failure = Failure::new(AssertionRule::Replayed)
                    .actual(Value::text(replay_key.assertion_id()));
                Err(refuse(login.report, failure))
            }
            Err(error) => Err(store_failed(login.report, error)),
        }
    }
}

fn refuse(report: Report, failure: Failure) -> Rejection {
    Rejection::new(failure.reason, report.and_failure(failure))
}

fn store_failed(report: Report, error: StoreError) -> Rejection {
    refuse(report, Failure::new(StoreRule::Failed)).with_store_error(Box::new(error))
}

/// Who signed in: the subject of the assertion.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub(crate) name_id: Option<NameId>,
    #[serde(default)]
    pub(crate) attribute_id: Option<(String, String)>,
}

impl core::fmt::Debug for Subject {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Subject")
            .field("name_id", &self.name_id)
            .finish_non_exhaustive()
    }
}

impl Subject {
    /// The NameID. It is there, unless the connection identifies users by an attribute
    /// ([`Connection::identify_by`](crate::Connection::identify_by)).
    #[must_use]
    pub const fn name_id(&self) -> Option<&NameId> {
        self.name_id.as_ref()
    }

    /// The name and value of the attribute that the connection identifies users by.
    #[must_use]
    pub fn attribute_id(&self) -> Option<(&str, &str)> {
        let (name, value) = self.attribute_id.as_ref()?;
        Some((name, value))
    }
}

/// What the AuthnStatement says about the session at the identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    pub(crate) session_index: Option<String>,
    pub(crate) session_not_on_or_after: Option<OffsetDateTime>,
    pub(crate) authn_instant: Option<OffsetDateTime>,
    pub(crate) authn_context: Option<String>,
}

impl SessionInfo {
    /// `SessionIndex`: names the session at the identity provider; logout needs it.
    #[must_use]
    pub fn session_index(&self) -> Option<&str> {
        self.session_index.as_deref()
    }

    /// `SessionNotOnOrAfter`: from then on the session here has to be over.
    #[must_use]
    pub const fn session_not_on_or_after(&self) -> Option<OffsetDateTime> {
        self.session_not_on_or_after
    }

    /// `AuthnInstant`: when the user signed in. There is none only where the connection forgives
    /// [`Quirk::MissingAuthnStatement`](crate::Quirk::MissingAuthnStatement).
    #[must_use]
    pub const fn authn_instant(&self) -> Option<OffsetDateTime> {
        self.authn_instant
    }

    /// `AuthnContextClassRef`: how the user signed in.
    #[must_use]
    pub fn authn_context(&self) -> Option<&str> {
        self.authn_context.as_deref()
    }
}

/// A login: the message is signed, every rule passed, and it was used for the first time.
#[derive(Clone, Debug)]
pub struct Login {
    pub(crate) subject: Subject,
    pub(crate) attributes: Attributes,
    pub(crate) session: SessionInfo,
    pub(crate) connection: ConnectionId,
    pub(crate) issuer: String,
    pub(crate) assertion_id: String,
    pub(crate) return_to: Option<String>,
    pub(crate) signing_key: KeyId,
    pub(crate) pinned_certificate: Option<PinnedCertificate>,
    pub(crate) report: Report,
}

impl Login {
    /// Who signed in. A user is known by the connection and the NameID with its format and
    /// qualifiers together, never by the NameID's value alone.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The NameID: short for `subject().name_id()`.
    #[must_use]
    pub const fn name_id(&self) -> Option<&NameId> {
        self.subject.name_id()
    }

    /// The attributes in order.
    #[must_use]
    pub const fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// The session at the identity provider.
    #[must_use]
    pub const fn session(&self) -> &SessionInfo {
        &self.session
    }

    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> &ConnectionId {
        &self.connection
    }

    /// The identity provider's entity ID. Not unique over connections.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The assertion's ID.
    #[must_use]
    pub fn assertion_id(&self) -> &str {
        &self.assertion_id
    }

    /// What was given to [`LoginOptions::return_to`](crate::LoginOptions::return_to); `None` for an
    /// unsolicited login.
    #[must_use]
    pub fn return_to(&self) -> Option<&str> {
        self.return_to.as_deref()
    }

    /// The key that signed the assertion.
    #[must_use]
    pub const fn signing_key(&self) -> KeyId {
        self.signing_key
    }

    /// The certificate behind the fingerprint, at a connection that knows nothing else: keep it with
    /// the connection, for logout messages over Redirect.
    #[must_use]
    pub const fn pinned_certificate(&self) -> Option<&PinnedCertificate> {
        self.pinned_certificate.as_ref()
    }

    /// Every check that passed.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }
}
