//! Starting a login: SAML Profiles §4.1.4.1, the AuthnRequest.

pub(crate) mod authn_request;
mod options;
pub(crate) mod pending;
pub(crate) mod post;
pub(crate) mod redirect;
mod scoping;
mod sealed;

use idp_config::Binding;
use time::OffsetDateTime;
use url::Url;

use crate::connection::{Connection, RequestBinding};
use crate::error::Error;
use crate::ids::{RelayState, RequestId, Secret};
use crate::preset::LoginHint;
use crate::provider::ServiceProvider;
use crate::random::{Random, hex};
use crate::reason::ConnectionRule;

pub use options::{LoginOptions, NameIdPolicy};
pub use pending::PendingLogin;
pub use post::PostForm;
pub use scoping::Scoping;
pub use sealed::{SealedRequest, SealingKey};

/// What to send the browser.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outbound {
    /// Answer 302 or 303 with this `Location` (SAML Bindings §3.4). Its query is exactly what was
    /// signed: send it as [`Url::as_str`] gives it.
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
    /// `connection.signing_failed`, `connection.random`, `policy.*`.
    ///
    /// ```
    /// use saml_sp::{Connection, ConnectionId, IdpSource, LoginOptions, Outbound, ServiceProvider};
    /// # use saml_sp::{Random, RandomError};
    /// # struct OsRandom;
    /// # impl Random for OsRandom {
    /// #     fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
    /// #         use ring::rand::SecureRandom;
    /// #         ring::rand::SystemRandom::new().fill(out).map_err(|_| RandomError)
    /// #     }
    /// # }
    /// use time::macros::datetime;
    ///
    /// let now = datetime!(2026-11-23 12:00 UTC);
    /// let sp = ServiceProvider::builder("https://app.example/saml", "https://app.example/saml/consume").build()?;
    /// let source = IdpSource::fingerprint("JumpCloud", "https://sso.jumpcloud.com/saml2/acme", None, &"ab".repeat(32))?;
    /// let connection = Connection::new(ConnectionId::new("acme")?, source.resolve(now)?);
    ///
    /// let (outbound, pending) = sp.start_login(&connection, &LoginOptions::default(), now, &OsRandom)?;
    /// let Outbound::Redirect(url) = outbound else { panic!("the identity provider offers Redirect") };
    /// assert!(url.as_str().starts_with("https://sso.jumpcloud.com/saml2/acme?SAMLRequest="));
    /// assert_eq!(pending.connection(), connection.id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start_login(
        &self,
        connection: &Connection,
        options: &LoginOptions,
        now: OffsetDateTime,
        rng: &dyn Random,
    ) -> Result<(Outbound, PendingLogin), Error> {
        let idp = connection.identity_provider();
        // FedInterop IIP-MD04: metadata past its validUntil is not used, here neither
        if idp
            .valid_until()
            .is_some_and(|until| until.saturating_add(connection.skew()) <= now)
        {
            return Err(ConnectionRule::MetadataExpired.into());
        }
        crate::policy::check(connection, self.entity_id(), now)?;
        crate::policy::check_options(connection, options)?;
        // SAML2Int v2 SDP-SP02: Redirect where it is offered; JumpCloud by default offers POST only
        let order: &[Binding] = match connection.binding() {
            RequestBinding::Auto => &[Binding::HttpRedirect, Binding::HttpPost],
            RequestBinding::Redirect => &[Binding::HttpRedirect],
            RequestBinding::Post => &[Binding::HttpPost],
        };
        let endpoint = order
            .iter()
            .find_map(|&binding| Some((binding, idp.sso(binding)?)))
            // A browser follows what it is sent to: nothing but http(s) may get that far
            .filter(|(_, url)| matches!(url.scheme(), "https" | "http"));
        let (binding, destination) =
            endpoint.ok_or_else(|| Error::from(ConnectionRule::NoEndpoint))?;
        let key = match (connection.signs_requests(), self.signing_key()) {
            (false, _) => None,
            (true, Some(key)) => Some(key),
            (true, None) => return Err(ConnectionRule::SigningKeyMissing.into()),
        };
        let random = |prefix, bytes| {
            hex(rng, prefix, bytes).map_err(|_| Error::from(ConnectionRule::Random))
        };
        let pending = PendingLogin {
            // SAML Core §1.3.4: at least 128 random bits, better 160; an xs:ID starts with no digit
            id: RequestId::new(random("_", 20)?),
            connection: connection.id().clone(),
            relay_state: RelayState::generated(random("r", 16)?),
            created: now,
            expires: now.saturating_add(connection.lifetime()),
            return_to: options.return_to.clone(),
            acs_url: connection.shared_acs_url(self).as_ref().to_owned(),
            force_authn: options.force_authn,
            name_id_format: options
                .name_id_policy
                .as_ref()
                .and_then(|policy| policy.format.clone()),
            authn_context_class_refs: options.authn_context_class_refs.clone(),
            subject: options.subject.clone(),
            browser_binding: Secret::new(random("", 32)?),
        };
        let (hinted_subject, hinted_query) = match (connection.hint(), &options.login_hint) {
            (LoginHint::Subject, Some(hint)) => (Some(hint.as_str()), None),
            (LoginHint::Query(name), Some(hint)) => (None, Some((name, hint.as_str()))),
            _ => (None, None),
        };
        let xml = authn_request::write(
            self.entity_id(),
            &pending,
            options,
            destination,
            hinted_subject,
        );
        let mut outbound = match binding {
            Binding::HttpRedirect => Outbound::Redirect(redirect::encode(
                destination,
                "SAMLRequest",
                &xml,
                Some(pending.relay_state.as_str()),
                key,
            )?),
            _ => Outbound::PostForm(post::encode(
                destination,
                "SAMLRequest",
                xml,
                &pending.id,
                Some(pending.relay_state.as_str()),
                key,
            )?),
        };
        if let Some((name, hint)) = hinted_query {
            // Beside the octets that are signed: an identity provider that does not know the
            // parameter passes it over
            let url = match &mut outbound {
                Outbound::Redirect(url) => url,
                Outbound::PostForm(form) => form.action_mut(),
            };
            redirect::append(url, name, hint);
        }
        Ok((outbound, pending))
    }
}
