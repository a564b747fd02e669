//! The service provider itself: who we are, and where Responses are posted to.

use std::sync::Arc;

use saml_xml::SigningKey;
#[cfg(feature = "decrypt")]
use saml_xml::xmlenc::DecryptionKey;
use url::Url;

use crate::error::Error;
use crate::reason::ConnectionRule;

#[derive(Debug)]
struct Inner {
    entity_id: Arc<str>,
    acs_url: Arc<str>,
    slo_url: Option<Url>,
    signing_key: Option<SigningKey>,
    #[cfg(feature = "decrypt")]
    decryption_keys: Vec<DecryptionKey>,
}

/// This service provider: entity ID, assertion consumer service, and optionally a signing key.
///
/// It needs no identity provider to exist; [`metadata_xml`](Self::metadata_xml) works at once.
/// Cheap to clone.
///
/// ```
/// use saml_sp::ServiceProvider;
///
/// let sp = ServiceProvider::builder("https://app.example/saml/metadata", "https://app.example/saml/consume").build()?;
/// assert_eq!(sp.acs_url(), "https://app.example/saml/consume");
/// assert!(sp.metadata_xml().contains("AssertionConsumerService"));
/// # Ok::<(), saml_sp::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServiceProvider(Arc<Inner>);

impl ServiceProvider {
    /// Starts with the SP entity ID and the URL that Responses are posted to.
    ///
    /// Both are configuration and compared byte for byte; nothing is derived from the Host header
    /// of a request, which a proxy or an attacker writes.
    #[must_use]
    pub fn builder(
        entity_id: impl Into<String>,
        acs_url: impl Into<String>,
    ) -> ServiceProviderBuilder {
        ServiceProviderBuilder {
            entity_id: entity_id.into(),
            acs_url: acs_url.into(),
            slo_url: None,
            signing_key: None,
            #[cfg(feature = "decrypt")]
            decryption_keys: Vec::new(),
        }
    }

    /// The SP entity ID.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        &self.0.entity_id
    }

    /// The assertion consumer service.
    #[must_use]
    pub fn acs_url(&self) -> &str {
        &self.0.acs_url
    }

    /// The single logout service.
    #[must_use]
    pub fn slo_url(&self) -> Option<&Url> {
        self.0.slo_url.as_ref()
    }

    pub(crate) fn shared_entity_id(&self) -> Arc<str> {
        Arc::clone(&self.0.entity_id)
    }

    pub(crate) fn shared_acs_url(&self) -> Arc<str> {
        Arc::clone(&self.0.acs_url)
    }

    #[cfg(feature = "decrypt")]
    pub(crate) fn decryption_keys(&self) -> &[DecryptionKey] {
        &self.0.decryption_keys
    }

    pub(crate) fn signing_key(&self) -> Option<&SigningKey> {
        self.0.signing_key.as_ref()
    }
}

/// Builds a [`ServiceProvider`].
#[derive(Clone, Debug)]
pub struct ServiceProviderBuilder {
    entity_id: String,
    acs_url: String,
    slo_url: Option<String>,
    signing_key: Option<SigningKey>,
    #[cfg(feature = "decrypt")]
    decryption_keys: Vec<DecryptionKey>,
}

impl ServiceProviderBuilder {
    /// The single logout service, for metadata.
    #[must_use]
    pub fn slo_url(mut self, url: impl Into<String>) -> Self {
        self.slo_url = Some(url.into());
        self
    }

    /// The key that signs AuthnRequests. Metadata publishes its certificate if it has one.
    #[must_use]
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.signing_key = Some(key);
        self
    }

    /// A key to decrypt assertions with; several during a change of keys, each is tried. Publish its
    /// certificate with
    /// [`SpMetadata::encryption_certificate`](crate::SpMetadata::encryption_certificate).
    #[cfg(feature = "decrypt")]
    #[must_use]
    pub fn decryption_key(mut self, key: DecryptionKey) -> Self {
        self.decryption_keys.push(key);
        self
    }

    /// Checks the parts.
    ///
    /// # Errors
    /// `connection.sp_entity_id`, `connection.sp_url`.
    pub fn build(self) -> Result<ServiceProvider, Error> {
        let Self {
            entity_id,
            acs_url,
            slo_url,
            signing_key,
            #[cfg(feature = "decrypt")]
            decryption_keys,
        } = self;
        // SAML Core §8.3.6: an entity identifier has at most 1,024 characters. White space around
        // it could never match an Audience, which is read without.
        let entity_id_fits = !entity_id.is_empty()
            && entity_id.chars().count() <= 1024
            && saml_xml::types::trim_xml(&entity_id) == entity_id;
        if !entity_id_fits {
            return Err(ConnectionRule::SpEntityId.into());
        }
        endpoint(&acs_url)?;
        let slo_url = slo_url.as_deref().map(endpoint).transpose()?;
        Ok(ServiceProvider(Arc::new(Inner {
            entity_id: entity_id.into(),
            acs_url: acs_url.into(),
            slo_url,
            signing_key,
            #[cfg(feature = "decrypt")]
            decryption_keys,
        })))
    }
}

/// An absolute http or https URL without fragment.
pub(crate) fn endpoint(text: &str) -> Result<Url, Error> {
    match Url::parse(text) {
        Ok(url)
            if matches!(url.scheme(), "http" | "https")
                && url.fragment().is_none()
                && !text.contains(|c: char| c.is_ascii_whitespace() || c.is_control()) =>
        {
            Ok(url)
        }
        _ => Err(ConnectionRule::SpUrl.into()),
    }
}
