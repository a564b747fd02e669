//! A key that nobody knew until now: look once, then judge the same message again.

use std::future::Future;
use std::sync::Arc;

use idp_config::IdentityProvider;
use time::OffsetDateTime;

use crate::connection::Connection;
use crate::provider::ServiceProvider;
use crate::receive::Received;
use crate::rejection::{Need, Rejection};
use crate::trust::Validated;
use crate::validate::Expected;

/// Where fresh metadata of a connection come from. What fetches, and how often, is the
/// application's: [`MetadataRefresher::demand`](idp_config::MetadataRefresher::demand) keeps the
/// rate.
pub trait FreshMetadata {
    /// The identity provider as it is now, when that could be found out and differs from what the
    /// connection has; `None` when there is nothing new.
    fn fresh(
        &self,
        connection: &Connection,
        now: OffsetDateTime,
    ) -> impl Future<Output = Option<Arc<IdentityProvider>>> + Send;
}

impl ServiceProvider {
    /// As [`validate`](Self::validate), and when the message is refused because its key is not
    /// known, or the metadata ran out, asks for fresh metadata and judges the same message again
    /// from the start.
    ///
    /// Some identity providers change certificate and key in one moment (JumpCloud does): every
    /// login until the next scheduled fetch would fail otherwise. Only a message from the right
    /// issuer causes a fetch, and what does not verify with the fresh keys is refused all the same.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use saml_sp::{AcsForm, Connection, ConnectionId, Expected, FreshMetadata, IdentityProvider, LoginOptions, ServiceProvider};
    /// use sso_testkit::{AuthnRequestInfo, FakeIdp, IdpKey, KeyKind, OsRandom, Preset, User, block_on};
    /// # use time::OffsetDateTime;
    /// # use idp_config::{IdpSource, TrustPolicy};
    ///
    /// # let now = OffsetDateTime::now_utc();
    /// # let (old, new) = (FakeIdp::preset(Preset::JumpCloud), FakeIdp::preset(Preset::JumpCloud).with_key(IdpKey::pooled(KeyKind::Rsa2048, 7)));
    /// # let read = |idp: &FakeIdp| IdentityProvider::from_metadata_xml(idp.metadata_xml().as_bytes(), None, &TrustPolicy::default(), now);
    /// struct Fetched(Arc<IdentityProvider>);
    ///
    /// impl FreshMetadata for Fetched {
    ///     async fn fresh(&self, _: &Connection, _: OffsetDateTime) -> Option<Arc<IdentityProvider>> {
    ///         Some(self.0.clone())
    ///     }
    /// }
    ///
    /// let sp = ServiceProvider::builder("https://app.example/saml", "https://app.example/saml/consume").build()?;
    /// let connection = Connection::new(ConnectionId::new("acme")?, read(&old)?);
    /// let (outbound, pending) = sp.start_login(&connection, &LoginOptions::default(), now, &OsRandom::new())?;
    /// // The identity provider signs with its new key
    /// let request = AuthnRequestInfo::from_outbound(&outbound)?;
    /// let form = new.respond(&request, &User::example(), now).to_form();
    /// let received = sp.receive(AcsForm::urlencoded(form.as_bytes()))?;
    /// let expected = Expected::Request(&pending);
    /// assert_eq!(sp.validate(&received, &connection, expected, now).unwrap_err().code(), "signature.unknown_key");
    ///
    /// let fetched = Fetched(Arc::new(read(&new)?));
    /// let validated = block_on(sp.validate_or_refresh(&received, &connection, expected, &fetched, now))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn validate_or_refresh<F: FreshMetadata + Sync>(
        &self,
        received: &Received,
        connection: &Connection,
        expected: Expected<'_>,
        metadata: &F,
        now: OffsetDateTime,
    ) -> Result<Validated, Rejection> {
        let rejection = match self.validate(received, connection, expected, now) {
            Ok(validated) => return Ok(validated),
            Err(rejection) => rejection,
        };
        if rejection.needs() != Some(Need::RefreshMetadata) {
            return Err(rejection);
        }
        let Some(idp) = metadata.fresh(connection, now).await else {
            return Err(rejection);
        };
        let connection = connection.clone().with_identity_provider(idp);
        self.validate(received, &connection, expected, now)
    }
}
