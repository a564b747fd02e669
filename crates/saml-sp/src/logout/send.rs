//! Logout messages of ours. All are signed: SAML Profiles §4.4.3.1 and §4.4.3.2.

use idp_config::Binding;
use saml_xml::types::format_date_time;
use saml_xml::{SigningKey, XmlWriter};
use time::{Duration, OffsetDateTime};
use url::Url;

use super::{LogoutRequest, LogoutStatus, LogoutSubject, PendingLogout, StartedLogout};
use crate::connection::Connection;
use crate::error::Error;
use crate::ids::RequestId;
use crate::provider::ServiceProvider;
use crate::random::{Random, hex};
use crate::reason::ConnectionRule;
use crate::request::{Outbound, authn_request, post, redirect};
use crate::response::{ASSERTION, PROTOCOL};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
const PARTIAL: &str = "urn:oasis:names:tc:SAML:2.0:status:PartialLogout";

/// How long our LogoutRequest may be answered.
const LIFETIME: Duration = Duration::minutes(5);

impl ServiceProvider {
    /// Starts a logout at the identity provider. End the local session first: whatever happens at
    /// the identity provider, the user is signed out here.
    ///
    /// Keep the [`PendingLogout`] until the answer comes; its
    /// [`id`](PendingLogout::id) is what the answer's
    /// [`in_response_to`](super::ReceivedLogout::in_response_to) names.
    ///
    /// # Errors
    /// `connection.signing_key_missing`: logout messages are always signed;
    /// `connection.signing_failed`, `connection.random`.
    pub fn start_logout(
        &self,
        connection: &Connection,
        subject: &LogoutSubject,
        now: OffsetDateTime,
        rng: &dyn Random,
    ) -> Result<StartedLogout, Error> {
        let idp = connection.identity_provider();
        let found = [Binding::HttpRedirect, Binding::HttpPost]
            .into_iter()
            .find_map(|binding| Some((binding, idp.slo(binding)?.location())))
            .filter(|(_, url)| matches!(url.scheme(), "https" | "http"));
        let Some((binding, destination)) = found else {
            return Ok(StartedLogout::NotSupportedByIdp);
        };
        let pending = PendingLogout {
            id: new_id(rng)?,
            connection: connection.id().clone(),
            expires: now.saturating_add(LIFETIME),
        };
        let mut xml = self.begin("samlp:LogoutRequest", &pending.id, destination, now);
        xml.attribute("NotOnOrAfter", &instant(pending.expires));
        self.issuer(&mut xml);
        authn_request::write_name_id(&mut xml, subject.name_id());
        for index in subject.session_indexes() {
            xml.start("samlp:SessionIndex").text(index).end();
        }
        let outbound = self.send(binding, destination, "SAMLRequest", xml, &pending.id, None)?;
        Ok(StartedLogout::Sent(Box::new((outbound, pending))))
    }

    /// Answers a LogoutRequest, once the sessions are ended.
    ///
    /// # Errors
    /// `connection.no_endpoint` when the identity provider has no logout service to answer to,
    /// `connection.signing_key_missing`, `connection.signing_failed`, `connection.random`.
    pub fn answer_logout(
        &self,
        connection: &Connection,
        request: &LogoutRequest,
        status: LogoutStatus,
        now: OffsetDateTime,
        rng: &dyn Random,
    ) -> Result<Outbound, Error> {
        let idp = connection.identity_provider();
        // SAML Metadata §2.2.2: responses go to ResponseLocation where there is one
        let (binding, destination) = [Binding::HttpRedirect, Binding::HttpPost]
            .into_iter()
            .find_map(|binding| {
                let endpoint = idp.slo(binding)?;
                let location = endpoint.response_location();
                Some((binding, location.unwrap_or_else(|| endpoint.location())))
            })
            .filter(|(_, url)| matches!(url.scheme(), "https" | "http"))
            .ok_or_else(|| Error::from(ConnectionRule::NoEndpoint))?;
        let id = new_id(rng)?;
        let mut xml = self.begin("samlp:LogoutResponse", &id, destination, now);
        xml.attribute("InResponseTo", &request.id);
        self.issuer(&mut xml);
        xml.start("samlp:Status");
        let (outer, inner) = match status {
            LogoutStatus::Success => (SUCCESS, None),
            // SAML Core §3.7.3.2: PartialLogout is a second-level code
            LogoutStatus::Partial => (SUCCESS, Some(PARTIAL)),
            LogoutStatus::Failed => (RESPONDER, None),
        };
        xml.start("samlp:StatusCode").attribute("Value", outer);
        if let Some(inner) = inner {
            xml.start("samlp:StatusCode")
                .attribute("Value", inner)
                .end();
        }
        xml.end().end();
        let relay_state = request.relay_state.as_deref();
        self.send(binding, destination, "SAMLResponse", xml, &id, relay_state)
    }

    fn begin(
        &self,
        root: &'static str,
        id: &RequestId,
        destination: &Url,
        now: OffsetDateTime,
    ) -> XmlWriter {
        let mut xml = XmlWriter::new();
        xml.start(root)
            .attribute("xmlns:samlp", PROTOCOL)
            .attribute("xmlns:saml", ASSERTION)
            .attribute("ID", id.as_str())
            .attribute("Version", "2.0")
            .attribute("IssueInstant", &instant(now))
            .attribute("Destination", destination.as_str());
        xml
    }

    fn issuer(&self, xml: &mut XmlWriter) {
        xml.start("saml:Issuer").text(self.entity_id()).end();
    }

    fn send(
        &self,
        binding: Binding,
        destination: &Url,
        parameter: &'static str,
        xml: XmlWriter,
        id: &RequestId,
        relay_state: Option<&str>,
    ) -> Result<Outbound, Error> {
        let key: &SigningKey = self
            .signing_key()
            .ok_or_else(|| Error::from(ConnectionRule::SigningKeyMissing))?;
        let xml = xml.finish();
        Ok(match binding {
            Binding::HttpRedirect => Outbound::Redirect(redirect::encode(
                destination,
                parameter,
                &xml,
                relay_state,
                Some(key),
            )?),
            _ => Outbound::PostForm(post::encode(
                destination,
                parameter,
                xml,
                id,
                relay_state,
                Some(key),
            )?),
        })
    }
}

fn new_id(rng: &dyn Random) -> Result<RequestId, Error> {
    hex(rng, "_", 20)
        .map(RequestId::new)
        .map_err(|_| ConnectionRule::Random.into())
}

/// Whole seconds: some identity providers do not read fractions.
fn instant(at: OffsetDateTime) -> String {
    format_date_time(at.replace_nanosecond(0).unwrap_or(at))
}
