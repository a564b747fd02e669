//! The service provider's own metadata, for an identity provider to import (SAML Metadata §2).

mod describe;
mod write;

use saml_xml::{Certificate, SignOptions, sign_enveloped};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::error::Error;
use crate::provider::{ServiceProvider, endpoint};
use crate::reason::ConnectionRule;

pub use describe::{
    AttributeService, Contact, ContactKind, Organization, RequestedAttribute, UiInfo,
};

pub(crate) const POST_BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

impl ServiceProvider {
    /// The metadata document (SAML Metadata §2.4.4): the assertion consumer service, the logout
    /// service and the certificate of the signing key if there are any. It names no NameID format:
    /// any is taken.
    ///
    /// [`metadata`](Self::metadata) is for documents that say more.
    #[must_use]
    pub fn metadata_xml(&self) -> String {
        self.metadata().to_xml()
    }

    /// A metadata document to be completed. It needs no identity provider.
    ///
    /// ```
    /// use saml_sp::{Contact, ContactKind, ServiceProvider, UiInfo};
    ///
    /// let sp = ServiceProvider::builder("https://app.example/saml", "https://app.example/saml/consume").build()?;
    /// let xml = sp
    ///     .metadata()
    ///     .ui(UiInfo::named("en", "Example App").privacy_statement("en", "https://app.example/privacy")?)
    ///     .contact(Contact::new(ContactKind::Technical).email("sso@app.example"))
    ///     .to_xml();
    /// assert!(xml.contains("<mdui:DisplayName xml:lang=\"en\">Example App</mdui:DisplayName>"));
    /// # Ok::<(), saml_sp::Error>(())
    /// ```
    #[must_use]
    pub fn metadata(&self) -> SpMetadata {
        let signing = self
            .signing_key()
            .and_then(|key| key.verifying_key().certificate().cloned());
        SpMetadata {
            sp: self.clone(),
            signing: signing.into_iter().collect(),
            encryption: Vec::new(),
            acs_urls: Vec::new(),
            name_id_formats: Vec::new(),
            ui: None,
            discovery_responses: Vec::new(),
            attribute_services: Vec::new(),
            organization: None,
            contacts: Vec::new(),
            valid_until: None,
            cache_duration: None,
        }
    }
}

/// The service provider's metadata document.
///
/// # Changing keys without an interruption
/// Identity providers read metadata when they like, so a new key has to be there before it is used
/// and an old one has to stay until nobody uses it:
///
/// 1. Publish the next certificate beside the present one, with
///    [`signing_certificate`](Self::signing_certificate), and wait until every identity provider
///    has read it: longer than [`cache_duration`](Self::cache_duration), or until their
///    administrators said so.
/// 2. Give the new key to [`ServiceProviderBuilder::signing_key`](crate::ServiceProviderBuilder),
///    and publish the old certificate beside it for a while.
/// 3. Leave the old one out.
///
/// For encryption the order is: decrypt with both, publish only the new one, then drop the old one.
#[derive(Clone, Debug)]
pub struct SpMetadata {
    sp: ServiceProvider,
    signing: Vec<Certificate>,
    encryption: Vec<Certificate>,
    acs_urls: Vec<String>,
    name_id_formats: Vec<String>,
    ui: Option<UiInfo>,
    discovery_responses: Vec<Url>,
    attribute_services: Vec<AttributeService>,
    organization: Option<Organization>,
    contacts: Vec<Contact>,
    valid_until: Option<OffsetDateTime>,
    cache_duration: Option<Duration>,
}

impl SpMetadata {
    /// One more certificate to verify our requests with, after that of the signing key.
    #[must_use]
    pub fn signing_certificate(mut self, certificate: Certificate) -> Self {
        self.signing.push(certificate);
        self
    }

    /// A certificate to encrypt assertions for us with. Most identity providers take the first.
    #[must_use]
    pub fn encryption_certificate(mut self, certificate: Certificate) -> Self {
        self.encryption.push(certificate);
        self
    }

    /// One more assertion consumer service, such as that of a connection with an
    /// [ACS URL of its own](crate::Connection::with_acs_url). They are numbered in order; the
    /// service provider's own is number 0 and the default.
    ///
    /// # Errors
    /// `connection.sp_url`.
    pub fn assertion_consumer_service(mut self, url: impl Into<String>) -> Result<Self, Error> {
        let url = url.into();
        endpoint(&url)?;
        self.acs_urls.push(url);
        Ok(self)
    }

    /// A NameID format that is understood. Without any, all are.
    #[must_use]
    pub fn name_id_format(mut self, format: impl Into<String>) -> Self {
        self.name_id_formats.push(format.into());
        self
    }

    /// What an identity provider shows to its users (MDUI).
    #[must_use]
    pub fn ui(mut self, ui: UiInfo) -> Self {
        self.ui = Some(ui);
        self
    }

    /// Where a discovery service may send its answer (IdP Discovery Profile §2.5).
    ///
    /// # Errors
    /// `connection.sp_url`.
    pub fn discovery_response(mut self, url: &str) -> Result<Self, Error> {
        self.discovery_responses.push(endpoint(url)?);
        Ok(self)
    }

    /// A list of attributes that logins ask for. They are numbered in order, from 0, for
    /// [`attribute_consuming_service_index`](crate::LoginOptions::attribute_consuming_service_index);
    /// the first is the default. A list that is empty is left out: the schema has no place for it.
    #[must_use]
    pub fn attribute_service(mut self, service: AttributeService) -> Self {
        if !service.requested.is_empty() {
            self.attribute_services.push(service);
        }
        self
    }

    /// Who runs the service.
    #[must_use]
    pub fn organization(mut self, organization: Organization) -> Self {
        self.organization = Some(organization);
        self
    }

    /// Whom to ask.
    #[must_use]
    pub fn contact(mut self, contact: Contact) -> Self {
        self.contacts.push(contact);
        self
    }

    /// `validUntil`: readers throw the document away then. Leave it out unless it is renewed by
    /// itself.
    #[must_use]
    pub const fn valid_until(mut self, until: OffsetDateTime) -> Self {
        self.valid_until = Some(until);
        self
    }

    /// `cacheDuration`: how long readers may go without looking again.
    #[must_use]
    pub const fn cache_duration(mut self, duration: Duration) -> Self {
        self.cache_duration = Some(duration);
        self
    }

    /// The document.
    #[must_use]
    pub fn to_xml(&self) -> String {
        write::entity_descriptor(self, None)
    }

    /// The document, signed with the service provider's key.
    ///
    /// # Errors
    /// `connection.signing_key_missing`, `connection.signing_failed`.
    pub fn to_signed_xml(&self) -> Result<String, Error> {
        let key = self
            .sp
            .signing_key()
            .ok_or_else(|| Error::from(ConnectionRule::SigningKeyMissing))?;
        // The same content has the same ID: a cache sees no change where there is none
        let digest = ring::digest::digest(&ring::digest::SHA256, self.to_xml().as_bytes());
        let mut id = String::from("_");
        for octet in digest.as_ref().iter().take(20) {
            id.push_str(&format!("{octet:02x}"));
        }
        let xml = write::entity_descriptor(self, Some(&id));
        sign_enveloped(&xml, &id, key, &SignOptions::default())
            .map_err(|_| ConnectionRule::SigningFailed.into())
    }
}
