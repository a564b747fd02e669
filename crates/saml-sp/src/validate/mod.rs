//! The rules, in the order in which they decide.
//!
//! The first rule that fails gives the code; the rest still run for the report. The order goes from
//! what says most to what says least about the cause:
//!
//! 1. `structure`: the shape of the message. A message that hides something is refused for that.
//! 2. `status`: the identity provider's own refusal, which has no assertion.
//! 3. `request`: the request that is answered, and the connection's settings.
//! 4. `signature`: who signed, and what.
//! 5. `response`, `assertion`, `subject`, `conditions`, `authn`, `attributes`: the rules of SAML
//!    Profiles §4.1.4.3 and SAML Core, in the order of the elements.
//!
//! When no signature verifies, rules of group 5 run over the unverified assertion: their results go
//! into the report and nowhere else. A [`Validated`] is made from a [`Signed`] alone.

mod assertion;
mod attributes;
mod authn;
mod clock;
mod conditions;
#[cfg(feature = "decrypt")]
mod decrypt;
mod request;
mod response;
mod signature;
mod structure;
mod subject;

use std::sync::Arc;

use time::OffsetDateTime;

use crate::connection::Connection;
use crate::logout::PinnedCertificate;
use crate::provider::ServiceProvider;
use crate::reason::{
    AssertionRule, AuthnRule, ConditionsRule, ConnectionRule, Reason, ResponseRule, SubjectRule,
};
use crate::receive::Received;
use crate::rejection::{Need, Rejection};
use crate::report::Checks;
use crate::request::PendingLogin;
use crate::response::encrypted::Opened;
use crate::response::outline::Outline;
use crate::store::ReplayKey;
use crate::trust::{Login, Signed, Subject, Validated};

use clock::Clock;

/// What a Response has to answer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Expected<'a> {
    /// This request, which was found in a [`RequestStore`](crate::RequestStore).
    Request(&'a PendingLogin),
    /// None: the login starts at the identity provider. The connection has to allow it.
    Unsolicited,
}

/// What every rule may look at.
struct Context<'a> {
    sp: &'a ServiceProvider,
    connection: &'a Connection,
    idp_entity_id: Arc<str>,
    acs_url: Arc<str>,
    expected: Expected<'a>,
    clock: Clock,
}

impl ServiceProvider {
    /// Verifies the signatures of a message, and nothing else.
    ///
    /// For tools that show who signed what; a login takes [`validate`](Self::validate).
    ///
    /// # Errors
    /// The codes of structure and signature: `response.*`, `signature.*`, `assertion.unsigned`.
    pub fn verify<'d>(
        &self,
        received: &'d Received,
        connection: &Connection,
    ) -> Result<Signed<'d>, Rejection> {
        let mut checks = Checks::at(connection);
        let outline = Outline::of(received.response());
        structure::check(&mut checks, &outline);
        let signed = signature::check(&mut checks, &outline, connection);
        if outline.assertion.is_none() {
            checks.fail(structure::assertion_missing(&outline));
        }
        match (checks.first(), signed) {
            (None, Some(signed)) => Ok(signed),
            (reason, _) => Err(reject(checks, reason)),
        }
    }

    /// Validates a message against a connection and the request it answers: signatures first, then
    /// every rule of SAML Core and of the Web Browser SSO Profile.
    ///
    /// `now` is the time on this machine. The result is no login yet; see [`Validated::accept`].
    ///
    /// # Errors
    /// A [`Rejection`] with the code of the first rule that failed, and a report of all of them.
    /// When it [`needs`](Rejection::needs) fresh metadata, fetch it once and validate the same
    /// message again.
    #[doc = include_str!("../example.md")]
    pub fn validate(
        &self,
        received: &Received,
        connection: &Connection,
        expected: Expected<'_>,
        now: OffsetDateTime,
    ) -> Result<Validated, Rejection> {
        let context = Context {
            sp: self,
            connection,
            idp_entity_id: connection.identity_provider().entity_id().as_str().into(),
            acs_url: connection.shared_acs_url(self),
            expected,
            clock: Clock {
                now,
                skew: connection.skew(),
            },
        };
        let mut checks = Checks::at(connection);
        let outline = Outline::of(received.response());
        #[cfg(feature = "decrypt")]
        let decrypted = decrypt::read(&mut checks, &outline, self, connection);
        #[cfg(feature = "decrypt")]
        let outline = match decrypted.as_ref().and_then(decrypt::assertion) {
            Some(assertion) => outline.with_decrypted(assertion),
            None => outline,
        };

        structure::check(&mut checks, &outline);
        let status = response::check_status(&mut checks, &outline);
        let success = status
            .as_ref()
            .is_some_and(crate::response::status::Status::is_success);
        request::check(&mut checks, &context);
        let signed = signature::check(&mut checks, &outline, connection);
        response::check(&mut checks, &outline, &context);

        let Some(element) = signed.as_ref().map(Signed::assertion).or(outline.assertion) else {
            // One that could not be opened is not missing, and has been refused for that
            if success && outline.encrypted_assertion.is_none() {
                checks.fail(structure::assertion_missing(&outline));
            }
            skip_assertion(&mut checks);
            let reason = checks.first();
            return Err(reject(checks, reason).with_status(status));
        };
        let (parts, assertion) = assertion::check(&mut checks, element, &context);
        // SAML Core §6.2: what is signed is the ciphertext, so the signature comes before the opening
        let opened = if signed.is_some() {
            Opened::covered(parts.encrypted(), self, connection)
        } else {
            Opened::default()
        };
        let subject = subject::check(&mut checks, parts.subject, element, &opened, &context);
        conditions::check(&mut checks, parts.conditions, element, &context);
        subject::check_sp_name_qualifier(&mut checks, parts.subject, &opened, &context);
        let session = authn::check(&mut checks, &parts.authn_statements, element, &context);
        let attributes = attributes::check(&mut checks, &parts.attribute_statements, &opened);
        let identifier = attributes.as_ref().and_then(|attributes| {
            attributes::check_identifier(&mut checks, attributes, element, &context)
        });

        let reason = checks.first();
        let (
            None,
            Some(signed),
            Some(assertion),
            Some(subject),
            Some(session),
            Some(attributes),
            Some(attribute_id),
        ) = (
            reason, signed, assertion, subject, session, attributes, identifier,
        )
        else {
            let needs = refresh(&checks);
            return Err(reject(checks, reason)
                .with_needs(needs)
                .with_status(status.filter(|_| !success)));
        };
        let Some(signing_key) = signed.key() else {
            return Err(reject(checks, None));
        };
        let pinned_certificate = connection
            .identity_provider()
            .fingerprint()
            .and_then(|_| signed.certificate())
            .map(PinnedCertificate::of);
        let (request, return_to) = match expected {
            Expected::Request(pending) => (
                Some(pending.id().clone()),
                pending.return_to().map(str::to_owned),
            ),
            Expected::Unsolicited => (None, None),
        };
        let issuer = context.idp_entity_id.as_ref().to_owned();
        Ok(Validated {
            request,
            replay_key: ReplayKey::new(
                connection.id().clone(),
                issuer.clone(),
                assertion.id.clone(),
            ),
            until: context
                .clock
                .end(subject.not_on_or_after.min(assertion.expires)),
            login: Login {
                subject: Subject {
                    name_id: subject.name_id,
                    attribute_id,
                },
                attributes,
                session,
                connection: connection.id().clone(),
                issuer,
                assertion_id: assertion.id,
                return_to,
                signing_key,
                pinned_certificate,
                report: checks.into_report(),
            },
        })
    }
}

/// An unknown key can be a new one: worth a look at the metadata, but only when the message names
/// the right issuer, so that noise does not cause fetches.
fn refresh(checks: &Checks) -> Option<Need> {
    use saml_xml::SignatureErrorKind as Kind;

    let stranger = checks.has_failed(ResponseRule::IssuerMismatch)
        || checks.has_failed(AssertionRule::IssuerMismatch);
    let renewable = match checks.first()? {
        Reason::Connection(ConnectionRule::MetadataExpired) => true,
        Reason::Signature(kind) => {
            let about_keys = matches!(
                kind,
                Kind::UnknownKey | Kind::AlgorithmKeyMismatch | Kind::CertificateMismatch
            );
            about_keys && !stranger
        }
        _ => false,
    };
    renewable.then_some(Need::RefreshMetadata)
}

fn skip_assertion(checks: &mut Checks) {
    checks.skip(AssertionRule::IssuerMismatch);
    checks.skip(SubjectRule::Missing);
    checks.skip(ConditionsRule::Missing);
    checks.skip(AuthnRule::StatementMissing);
}

fn reject(checks: Checks, reason: Option<Reason>) -> Rejection {
    // A rule that gave no value has noted a failure, so there is a reason; were there none, the
    // answer would still be no
    let reason = reason.unwrap_or(ResponseRule::AssertionMissing.into());
    debug_assert!(checks.first().is_some());
    Rejection::new(reason, checks.into_report())
}
