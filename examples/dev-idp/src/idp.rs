//! What the identity provider is: an address, a key, and whom it answers.

use std::fmt;
use std::sync::Arc;

use sso_testkit::{FakeIdp, IdpKey};
use url::{Host, Url};

/// How to set it up.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// A PKCS#8 private key and its certificate, both PEM: kept from an earlier start, so that
    /// whoever trusts the certificate goes on trusting it. A new pair is made when there is none.
    pub key: Option<(String, String)>,
    /// The assertion consumer services it answers, compared byte for byte.
    pub acs_urls: Vec<String>,
    /// Whether it also answers any assertion consumer service on a loopback address.
    pub any_loopback_acs: bool,
}

impl Config {
    /// Uses this key.
    #[must_use]
    pub fn key(
        mut self,
        private_pem: impl Into<String>,
        certificate_pem: impl Into<String>,
    ) -> Self {
        self.key = Some((private_pem.into(), certificate_pem.into()));
        self
    }

    /// Answers this assertion consumer service.
    #[must_use]
    pub fn acs_url(mut self, url: impl Into<String>) -> Self {
        self.acs_urls.push(url.into());
        self
    }

    /// Answers any assertion consumer service on a loopback address.
    #[must_use]
    pub const fn any_loopback_acs(mut self) -> Self {
        self.any_loopback_acs = true;
        self
    }
}

/// It could not be set up.
#[derive(Debug)]
pub struct StartError(String);

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// The identity provider. Cheap to clone.
///
/// ```
/// use dev_idp::{Config, DevIdp};
///
/// let config = Config::default().acs_url("http://127.0.0.1:8080/saml/consume");
/// let idp = DevIdp::new("http://127.0.0.1:8081", config)?;
/// assert_eq!(idp.entity_id(), "http://127.0.0.1:8081/metadata");
/// assert!(idp.metadata_xml().contains("SingleSignOnService"));
/// # Ok::<(), dev_idp::StartError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DevIdp(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    idp: FakeIdp,
    stranger: FakeIdp,
    acs_urls: Vec<String>,
    any_loopback_acs: bool,
}

impl DevIdp {
    /// Sets it up under a base URL, without a slash at its end.
    ///
    /// # Errors
    /// When the kept key cannot be read.
    pub fn new(base_url: &str, config: Config) -> Result<Self, StartError> {
        let base_url = base_url.trim_end_matches('/');
        let idp = FakeIdp::new()
            .with_entity_id(format!("{base_url}/metadata"))
            .with_sso_url(format!("{base_url}/sso"));
        // The second key of the process: what a thief or an old certificate would sign with
        let stranger = idp.clone().with_key(IdpKey::pooled(idp.key().kind(), 1));
        let idp = match &config.key {
            Some((key, certificate)) => {
                idp.with_key(IdpKey::from_pem(key, certificate).map_err(StartError)?)
            }
            None => idp,
        };
        let Config {
            acs_urls,
            any_loopback_acs,
            ..
        } = config;
        Ok(Self(Arc::new(Inner {
            idp,
            stranger,
            acs_urls,
            any_loopback_acs,
        })))
    }

    /// The issuer, and where the metadata is.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        self.0.idp.entity_id()
    }

    /// The metadata to give to a service provider.
    #[must_use]
    pub fn metadata_xml(&self) -> String {
        self.0.idp.metadata_xml()
    }

    /// The private key in PEM, to be kept for the next start.
    #[must_use]
    pub fn private_key_pem(&self) -> &str {
        self.0.idp.key().private_key_pem()
    }

    /// The certificate in PEM, to be kept for the next start.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.0.idp.key().certificate_pem()
    }

    pub(crate) fn fake(&self) -> &FakeIdp {
        &self.0.idp
    }

    /// The same identity provider with a key that nobody trusts.
    pub(crate) fn stranger(&self) -> &FakeIdp {
        &self.0.stranger
    }

    /// SAML Profiles §4.1.4.1: the identity provider MUST ensure that the ACS URL belongs to the
    /// requester; otherwise anybody could have assertions sent to themselves.
    pub(crate) fn answers(&self, acs_url: &str) -> bool {
        self.0.acs_urls.iter().any(|known| known == acs_url)
            || (self.0.any_loopback_acs && Url::parse(acs_url).is_ok_and(|url| is_loopback(&url)))
    }
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
}
