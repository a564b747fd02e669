//! Rules of logout messages: signature first, then the fields.

use saml_xml::types::{parse_date_time, trim_xml};
use saml_xml::{Element, TrustAnchors, signature_child, verify_detached, verify_enveloped};
use time::{Duration, OffsetDateTime};

use super::receive::{QuerySignature, Via};
use super::{
    LogoutKind, LogoutOutcome, LogoutRequest, LogoutSubject, PendingLogout, ReceivedLogout,
};
use crate::connection::Connection;
use crate::error::Error;
use crate::provider::ServiceProvider;
use crate::reason::{LogoutRule, StoreRule};
use crate::response::encrypted::Opened;
use crate::response::{ASSERTION, PROTOCOL, name_id, status};
use crate::store::{ReplayKey, ReplayStore};

/// How old a message may be, beside the clock skew: it travels through a browser at once.
const MAX_AGE: Duration = Duration::minutes(5);
/// Sessions that one request may name.
const MAX_SESSIONS: usize = 256;
const PARTIAL: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";

/// A LogoutRequest whose signature and fields are right, and that may have come before.
#[derive(Debug)]
pub struct ValidatedLogoutRequest {
    request: LogoutRequest,
    key: ReplayKey,
    until: OffsetDateTime,
}

impl ValidatedLogoutRequest {
    /// Notes that the request was used, so that it cannot end sessions a second time.
    ///
    /// # Errors
    /// `logout.replayed`, `store.failed`.
    pub async fn accept<P: ReplayStore>(
        self,
        replay: &P,
        now: OffsetDateTime,
    ) -> Result<LogoutRequest, Error> {
        match replay.insert_once(&self.key, self.until, now).await {
            Ok(true) => Ok(self.request),
            Ok(false) => Err(LogoutRule::Replayed.into()),
            Err(_) => Err(StoreRule::Failed.into()),
        }
    }
}

impl ServiceProvider {
    /// Validates a LogoutRequest of the identity provider: signature, sender, destination, times,
    /// and that it names a user.
    ///
    /// # Errors
    /// `logout.*`, `signature.*`.
    pub fn validate_logout_request(
        &self,
        received: &ReceivedLogout,
        connection: &Connection,
        now: OffsetDateTime,
    ) -> Result<ValidatedLogoutRequest, Error> {
        if received.kind() != LogoutKind::Request {
            return Err(LogoutRule::Kind.into());
        }
        let (id, issued) = self.envelope(received, connection, now)?;
        let root = received.root();
        let mut until = issued.saturating_add(MAX_AGE);
        // SAML Core §3.7.1: NotOnOrAfter, the time at which the request expires
        if let Some(text) = root.attribute("NotOnOrAfter") {
            let end =
                parse_date_time(trim_xml(text)).map_err(|_| Error::from(LogoutRule::Malformed))?;
            if now >= end.saturating_add(connection.skew()) {
                return Err(LogoutRule::Expired.into());
            }
            until = until.max(end);
        }
        let subject = subject(root, self, connection)?;
        let issuer = connection.identity_provider().entity_id().as_str();
        Ok(ValidatedLogoutRequest {
            key: ReplayKey::new(
                connection.id().clone(),
                issuer,
                // Requests and assertions have IDs of their own, in one store
                format!("logout:{id}"),
            ),
            until: until.saturating_add(connection.skew()),
            request: LogoutRequest {
                id,
                connection: connection.id().clone(),
                subject,
                idp: issuer.to_owned(),
                sp: self.entity_id().to_owned(),
                relay_state: received.relay_state.as_deref().map(str::to_owned),
            },
        })
    }

    /// Validates the answer to a logout that was started here.
    ///
    /// # Errors
    /// `logout.*`, `signature.*`, `status.malformed`. An answer that says that the logout failed
    /// is [`LogoutOutcome::Failed`].
    pub fn validate_logout_response(
        &self,
        received: &ReceivedLogout,
        connection: &Connection,
        pending: &PendingLogout,
        now: OffsetDateTime,
    ) -> Result<LogoutOutcome, Error> {
        if received.kind() != LogoutKind::Response {
            return Err(LogoutRule::Kind.into());
        }
        if pending.connection() != connection.id() {
            return Err(LogoutRule::OtherConnection.into());
        }
        self.envelope(received, connection, now)?;
        if now >= pending.expires().saturating_add(connection.skew()) {
            return Err(LogoutRule::TooLate.into());
        }
        // SAML Core §3.2.2: InResponseTo MUST match the ID of the request
        if received.in_response_to() != Some(pending.id().as_str()) {
            return Err(LogoutRule::InResponseToMismatch.into());
        }
        let element = received
            .root()
            .children()
            .find(|child| child.is(PROTOCOL, "Status"))
            .ok_or_else(|| Error::from(LogoutRule::Malformed))?;
        let status = status::read(element).map_err(|_| Error::from(LogoutRule::Malformed))?;
        // SAML Core §3.7.3.2: PartialLogout stands below the top level, whatever that is
        if status.codes().iter().any(|code| code == PARTIAL) {
            Ok(LogoutOutcome::Partial)
        } else if status.is_success() {
            Ok(LogoutOutcome::Complete)
        } else {
            Ok(LogoutOutcome::Failed(status))
        }
    }

    /// What both messages have in common. Gives the ID and the IssueInstant.
    fn envelope(
        &self,
        received: &ReceivedLogout,
        connection: &Connection,
        now: OffsetDateTime,
    ) -> Result<(String, OffsetDateTime), Error> {
        check_signature(received, connection)?;
        let root = received.root();
        if root.attribute("Version") != Some("2.0") {
            return Err(LogoutRule::Version.into());
        }
        // SAML Profiles §4.4.4.1, §4.4.4.2: the Issuer MUST be present
        let idp = connection.identity_provider().entity_id().as_str();
        if received.issuer() != Some(idp) {
            return Err(LogoutRule::IssuerMismatch.into());
        }
        // SAML Bindings §3.4.5.2, §3.5.5.2: a signed message MUST have the Destination, and it is
        // compared with where the message arrived
        let ours = self.slo_url().map(url::Url::as_str);
        if root.attribute("Destination").is_none() || root.attribute("Destination") != ours {
            return Err(LogoutRule::DestinationMismatch.into());
        }
        let issued = root
            .attribute("IssueInstant")
            .and_then(|text| parse_date_time(trim_xml(text)).ok())
            .ok_or_else(|| Error::from(LogoutRule::Malformed))?;
        let skew = connection.skew();
        if issued > now.saturating_add(skew)
            || now > issued.saturating_add(MAX_AGE).saturating_add(skew)
        {
            return Err(LogoutRule::IssueInstant.into());
        }
        let id = root
            .attribute("ID")
            .filter(|id| saml_xml::types::is_ncname(id))
            .ok_or_else(|| Error::from(LogoutRule::Malformed))?;
        Ok((id.to_owned(), issued))
    }
}

// SAML Profiles §4.4.3.1, §4.4.3.2: the message MUST be signed over these bindings
fn check_signature(received: &ReceivedLogout, connection: &Connection) -> Result<(), Error> {
    let root = received.root();
    let embedded = signature_child(root).map_err(|error| Error::from(error.kind()))?;
    match (&received.via, embedded) {
        (Via::Redirect(_), Some(_)) => Err(LogoutRule::EmbeddedSignature.into()),
        (Via::Redirect(None), None) | (Via::Post, None) => Err(LogoutRule::SignatureMissing.into()),
        (Via::Redirect(Some(signature)), None) => check_query(signature, connection),
        (Via::Post, Some(_)) => {
            let trust = connection.identity_provider().trust();
            verify_enveloped(root, trust, &connection.algorithms)
                .map(drop)
                .map_err(|error| error.kind().into())
        }
    }
}

fn check_query(signature: &QuerySignature, connection: &Connection) -> Result<(), Error> {
    let verify = |keys: &[saml_xml::VerifyingKey]| {
        verify_detached(
            &signature.octets,
            &signature.algorithm,
            &signature.value,
            keys,
            &connection.algorithms,
        )
        .map(drop)
        .map_err(|error| Error::from(error.kind()))
    };
    match connection.identity_provider().trust() {
        TrustAnchors::Keys(keys) => verify(keys),
        TrustAnchors::CertificateSha256(fingerprints) => {
            let pinned = connection
                .pinned()
                .ok_or_else(|| Error::from(LogoutRule::NoCertificate))?;
            let key = fingerprints
                .iter()
                .find_map(|sha256| pinned.key(sha256))
                .ok_or_else(|| Error::from(LogoutRule::OtherCertificate))?;
            verify(&[key])
        }
        _ => Err(LogoutRule::NoCertificate.into()),
    }
}

fn subject(
    root: Element<'_>,
    sp: &ServiceProvider,
    connection: &Connection,
) -> Result<LogoutSubject, Error> {
    let mut name_id = None;
    let mut sessions = Vec::new();
    for child in root.children() {
        if child.is(ASSERTION, "EncryptedID") {
            // The signature was verified, over this binding or the other: it covers the ciphertext
            let opened = Opened::covered(core::iter::once(child), sp, connection);
            let element = opened
                .get(child, ASSERTION, "NameID")
                .ok_or_else(|| Error::from(LogoutRule::EncryptedId))?
                .map_err(Error::from)?;
            let read = name_id::read(element).map_err(|_| Error::from(LogoutRule::NameId))?;
            if name_id.replace(read).is_some() {
                return Err(LogoutRule::Malformed.into());
            }
        } else if child.is(ASSERTION, "NameID") {
            let read = name_id::read(child).map_err(|_| Error::from(LogoutRule::NameId))?;
            if name_id.replace(read).is_some() {
                return Err(LogoutRule::Malformed.into());
            }
        } else if child.is(PROTOCOL, "SessionIndex") {
            let index = child.text().filter(|_| sessions.len() < MAX_SESSIONS);
            let index = index.ok_or_else(|| Error::from(LogoutRule::Malformed))?;
            sessions.push(index.to_owned());
        }
    }
    let name_id = name_id.ok_or_else(|| Error::from(LogoutRule::NameId))?;
    Ok(LogoutSubject::new(name_id, sessions))
}
