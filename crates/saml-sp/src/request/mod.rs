//! Starting a login: SAML Profiles §4.1.4.1, the AuthnRequest.

mod authn_request;
mod pending;
mod post_form;
mod redirect;
#[cfg(test)]
mod tests;

use idp_config::{Binding, NameIdFormat};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::connection::{Connection, RequestBinding};
use crate::error::Error;
use crate::ids::{RelayState, RequestId, Secret};
use crate::provider::ServiceProvider;
use crate::random::{Random, hex};
use crate::reason::ConnectionRule;

pub use pending::PendingLogin;
pub use post_form::PostForm;

/// How long a login may take: ten minutes, time enough for a password, a second factor and a
/// consent page.
pub const DEFAULT_LOGIN_LIFETIME: Duration = Duration::minutes(10);

/// What one login asks for. The default asks for nothing beyond "sign this person in", which is
/// what every identity provider answers.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LoginOptions {
    /// Where the application goes after the login. It stays here, in [`PendingLogin`]; the identity
    /// provider never sees it.
    pub return_to: Option<String>,
    /// The person must authenticate now, whatever session exists (SAML Core §3.4.1).
    pub force_authn: bool,
    /// The identity provider must not show anything (SAML Core §3.4.1).
    pub is_passive: bool,
    /// The NameID format to ask for. `None` leaves NameIDPolicy out: asking for a format that is
    /// not configured at the identity provider is the most common reason for a refusal there.
    pub name_id_format: Option<NameIdFormat>,
}

impl LoginOptions {
    /// Remembers where to go after the login.
    #[must_use]
    pub fn return_to(mut self, path: impl Into<String>) -> Self {
        self.return_to = Some(path.into());
        self
    }

    /// Demands a fresh authentication.
    #[must_use]
    pub const fn force_authn(mut self) -> Self {
        self.force_authn = true;
        self
    }

    /// Forbids any interaction.
    #[must_use]
    pub const fn passive(mut self) -> Self {
        self.is_passive = true;
        self
    }

    /// Asks for a NameID format.
    #[must_use]
    pub fn name_id_format(mut self, format: NameIdFormat) -> Self {
        self.name_id_format = Some(format);
        self
    }
}

/// What to send the browser.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outbound {
    /// Answer 302 or 303 with this `Location` (SAML Bindings §3.4).
    Redirect(Url),
    /// Answer 200 with this page (SAML Bindings §3.5).
    PostForm(PostForm),
}

impl ServiceProvider {
    /// Starts a login at a connection.
    ///
    /// Gives what to send the browser, and what to keep until the answer comes. The caller stores
    /// the [`PendingLogin`] in its [`RequestStore`](crate::RequestStore), and puts
    /// [`browser_binding`](PendingLogin::browser_binding) in a cookie.
    ///
    /// # Errors
    ///
    /// `connection.no_endpoint` when the identity provider has no endpoint for the binding,
    /// `connection.metadata_expired`, `connection.signing_key_missing`,
    /// `connection.signing_failed`, `connection.random`.
    pub fn start_login(
        &self,
        connection: &Connection,
        options: &LoginOptions,
        now: OffsetDateTime,
        rng: &dyn Random,
    ) -> Result<(Outbound, PendingLogin), Error> {
        // FedInterop IIP-MD04: metadata past its validUntil is not used, here neither
        if connection.idp().valid_until().is_some_and(|until| until <= now) {
            return Err(ConnectionRule::MetadataExpired.into());
        }
        let (binding, destination) = endpoint(connection)?;
        let key = match (connection.sign_requests(), self.signing_key()) {
            (false, _) => None,
            (true, Some(key)) => Some(key),
            (true, None) => return Err(ConnectionRule::SigningKeyMissing.into()),
        };
        let random = |prefix: &str, bytes| hex(rng, prefix, bytes).map_err(|_| Error::from(ConnectionRule::Random));
        // SAML Core §1.3.4: "at least 128 bits, and SHOULD be … 160"; an xs:ID starts with no digit
        let id = RequestId::new(random("_", 20)?);
        let relay_state = RelayState::generated(random("r", 16)?);
        let pending = PendingLogin {
            id,
            connection: connection.id().clone(),
            relay_state,
            created: now,
            expires: now.checked_add(DEFAULT_LOGIN_LIFETIME).unwrap_or(now),
            return_to: options.return_to.clone(),
            acs_url: self.acs_url().clone(),
            browser_binding: Secret::new(random("", 32)?),
        };
        let xml = authn_request::write(self, &pending, options, destination, now);
        let outbound = match binding {
            Binding::HttpRedirect => Outbound::Redirect(redirect::url(destination, &xml, &pending, key)?),
            _ => Outbound::PostForm(post_form::form(destination, xml, &pending, key)?),
        };
        Ok((outbound, pending))
    }
}

/// SAML2Int v2 SDP-SP02: Redirect where it is offered; some identity providers (JumpCloud) offer
/// POST only.
fn endpoint(connection: &Connection) -> Result<(Binding, &Url), Error> {
    let order: &[Binding] = match connection.request_binding() {
        RequestBinding::Auto => &[Binding::HttpRedirect, Binding::HttpPost],
        RequestBinding::Redirect => &[Binding::HttpRedirect],
        RequestBinding::Post => &[Binding::HttpPost],
    };
    let found = order.iter().find_map(|binding| Some((binding.clone(), connection.idp().sso(binding.clone())?)));
    found.ok_or_else(|| ConnectionRule::NoEndpoint.into())
}
