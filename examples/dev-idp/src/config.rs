//! Who this IdP is, and whom it answers.

use std::fmt;
use std::sync::Arc;

use sso_testkit::{FakeIdp, IdpKey, KeyKind};
use time::OffsetDateTime;
use url::Url;

/// Who this IdP is, and whom it answers.
#[derive(Clone, Debug)]
pub struct Config {
    base_url: String,
    idp: FakeIdp,
    acs_urls: Vec<String>,
    slo_urls: Vec<String>,
    allow_loopback: bool,
}

/// A stored key or certificate that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError(String);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KeyError {}

impl Config {
    /// An IdP under this URL, with a new key.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        let base_url = base_url.into().trim_end_matches('/').to_owned();
        let (key_pem, certificate_pem) = new_key(crate::web::now());
        let idp = FakeIdp::new()
            .with_entity_id(format!("{base_url}/metadata"))
            .with_sso_url(format!("{base_url}/sso"))
            .with_slo_url(format!("{base_url}/slo"));
        let config = Self {
            base_url,
            idp,
            acs_urls: Vec::new(),
            slo_urls: Vec::new(),
            allow_loopback: false,
        };
        match config.clone().with_key(&key_pem, &certificate_pem) {
            Ok(with_key) => with_key,
            // a key that was just made can be read; if not, the pool's key serves as well
            Err(_) => config,
        }
    }

    /// Signs with a key that was kept: PKCS#8 and certificate, both PEM. Restarts then keep the trust that a
    /// service provider has in this IdP.
    ///
    /// # Errors
    /// [`KeyError`] when the one or the other is not what it should be.
    pub fn with_key(
        mut self,
        private_key_pem: &str,
        certificate_pem: &str,
    ) -> Result<Self, KeyError> {
        let key = IdpKey::from_pem(private_key_pem, certificate_pem).map_err(KeyError)?;
        self.idp = self.idp.with_key(Arc::new(key));
        Ok(self)
    }

    /// Answers to this assertion consumer service.
    #[must_use]
    pub fn allow_acs(mut self, acs_url: impl Into<String>) -> Self {
        self.acs_urls.push(acs_url.into());
        self
    }

    /// Sends logout messages to this logout service, and answers its requests.
    #[must_use]
    pub fn allow_slo(mut self, slo_url: impl Into<String>) -> Self {
        self.slo_urls.push(slo_url.into());
        self
    }

    /// The logout services it knows.
    #[must_use]
    pub fn slo_urls(&self) -> &[String] {
        &self.slo_urls
    }

    /// Answers to any assertion consumer service on this machine's loopback addresses.
    #[must_use]
    pub const fn allow_loopback(mut self, allow: bool) -> Self {
        self.allow_loopback = allow;
        self
    }

    /// Whether answers may be sent there.
    #[must_use]
    pub fn allows(&self, acs_url: &str) -> bool {
        let loopback = || {
            Url::parse(acs_url).is_ok_and(|url| {
                matches!(url.scheme(), "http" | "https")
                    && match url.host() {
                        Some(url::Host::Domain(name)) => name == "localhost",
                        Some(url::Host::Ipv4(address)) => address.is_loopback(),
                        Some(url::Host::Ipv6(address)) => address.is_loopback(),
                        None => false,
                    }
            })
        };
        self.acs_urls.iter().any(|allowed| allowed == acs_url)
            || (self.allow_loopback && loopback())
    }

    /// Where it is.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Its entity ID.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        self.idp.entity_id()
    }

    /// Its single sign-on endpoint, for both bindings.
    #[must_use]
    pub fn sso_url(&self) -> &str {
        self.idp.sso_url()
    }

    /// What a service provider needs to trust it.
    #[must_use]
    pub fn metadata_xml(&self) -> String {
        self.idp.metadata_xml()
    }

    /// The private key, PKCS#8 PEM, to be kept for the next start.
    #[must_use]
    pub fn private_key_pem(&self) -> &str {
        self.idp.key().private_key_pem()
    }

    /// The certificate, PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.idp.key().certificate_pem()
    }

    /// The certificate's SHA-256 fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let octets: Vec<String> = self
            .idp
            .key()
            .fingerprint()
            .iter()
            .map(|octet| format!("{octet:02X}"))
            .collect();
        octets.join(":")
    }

    pub(crate) const fn idp(&self) -> &FakeIdp {
        &self.idp
    }
}

/// A new key and certificate, PEM.
fn new_key(now: OffsetDateTime) -> (String, String) {
    let key = IdpKey::generate_named(KeyKind::Rsa2048, "Development identity provider", now);
    (key.private_key_pem().to_owned(), key.certificate_pem())
}
