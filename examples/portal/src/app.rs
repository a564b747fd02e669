//! What every request needs: the database, the service provider, the base URL.

use std::fmt;

use saml_sp::ServiceProvider;
use saml_xml::Certificate;
use sso_store::{DbError, Store, StoredSecret};
use url::Url;

use crate::scim::Scim;
use crate::{keys, random};

/// Why the portal cannot start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// `--base-url` is not the root of an http(s) site.
    BaseUrl,
    /// The database failed.
    Db(DbError),
    /// The service provider refuses its configuration.
    ServiceProvider(saml_sp::Error),
    /// The operating system gave no random bytes.
    Random,
    /// The signing key cannot be made, or the stored one cannot be read.
    Key,
    /// The port cannot be opened.
    Listen(std::io::Error),
    /// The development identity provider cannot be started or configured.
    DevIdp(String),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BaseUrl => f.write_str(
                "--base-url has to be http://HOST[:PORT] or https://HOST[:PORT], with no path",
            ),
            Self::Db(error) => write!(f, "{}: {error}", error.code()),
            Self::ServiceProvider(error) => {
                write!(f, "{}: {}", error.code(), error.reason().hint())
            }
            Self::Key => {
                f.write_str("the signing key cannot be made, or the stored one is damaged")
            }
            Self::Random => f.write_str("the operating system gave no random bytes"),
            Self::Listen(error) => write!(f, "cannot listen: {error}"),
            Self::DevIdp(error) => write!(f, "the development identity provider: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<DbError> for StartError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// The running portal.
#[derive(Debug)]
pub struct App {
    store: Store,
    sp: ServiceProvider,
    encryption_certificate: Certificate,
    base: Url,
    csrf_key: ring::hmac::Key,
    /// Password hashing takes 19 MiB and tens of milliseconds; one at a time is a bound.
    pub(crate) password_gate: tokio::sync::Semaphore,
    dev_idp: Option<String>,
    pub(crate) scim: Scim,
    /// One fetch of metadata at a time; who waits finds what the other one brought.
    pub(crate) refreshing: std::sync::Mutex<()>,
}

impl App {
    /// Sets the service provider up under `base`, the URL that browsers see. All URLs come from
    /// it, none from a request's `Host`.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn new(store: Store, base: Url) -> Result<Self, StartError> {
        let bare = base.path() == "/" && base.query().is_none() && base.fragment().is_none();
        let anonymous = base.username().is_empty() && base.password().is_none();
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() || !bare || !anonymous {
            return Err(StartError::BaseUrl);
        }
        let at = |path: &str| base.join(path).map_err(|_| StartError::BaseUrl);
        let metadata = at("/saml/metadata")?;
        let (decryption_key, encryption_certificate) = keys::decryption_key(&store, random::now())?;
        let sp = ServiceProvider::builder(metadata.as_str(), at("/saml/consume")?)
            .slo_url(at("/saml/slo")?)
            .signing_key(keys::signing_key(&store, random::now())?)
            .decryption_key(decryption_key)
            .build()
            .map_err(StartError::ServiceProvider)?;
        let csrf = store.secret_or_make("csrf", || {
            random::token()
                .map(StoredSecret::new)
                .map_err(|_| StartError::Random)
        })?;
        let csrf_key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, csrf.expose().as_bytes());
        let scim = Scim::new(&store)?;
        Ok(Self {
            store,
            sp,
            encryption_certificate,
            base,
            csrf_key,
            password_gate: tokio::sync::Semaphore::new(1),
            dev_idp: None,
            scim,
            refreshing: std::sync::Mutex::new(()),
        })
    }

    /// Notes which connection leads to the development identity provider.
    #[must_use]
    pub fn with_dev_idp(mut self, connection: Option<String>) -> Self {
        self.dev_idp = connection;
        self
    }

    /// How many SCIM requests a second each connection may make; 200 unless it is said, and 0 for no limit.
    #[must_use]
    pub fn with_scim_rate(mut self, per_second: u32) -> Self {
        self.scim.set_rate(per_second);
        self
    }

    /// The service provider's metadata, with the certificate to encrypt for.
    #[must_use]
    pub fn metadata_xml(&self) -> String {
        self.sp
            .metadata()
            .encryption_certificate(self.encryption_certificate.clone())
            .to_xml()
    }

    /// The database.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The service provider.
    #[must_use]
    pub const fn sp(&self) -> &ServiceProvider {
        &self.sp
    }

    /// The URL that browsers see.
    #[must_use]
    pub const fn base(&self) -> &Url {
        &self.base
    }

    /// An absolute URL of ours.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        self.base
            .join(path)
            .map_or_else(|_| path.to_owned(), String::from)
    }

    /// Whether browsers reach us over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// The connection to the development identity provider, if it runs.
    #[must_use]
    pub fn dev_idp(&self) -> Option<&str> {
        self.dev_idp.as_deref()
    }

    /// The token that a form has to send back, for the browser with that visit cookie.
    #[must_use]
    pub(crate) fn csrf_token(&self, visit: &str) -> String {
        random::hex(ring::hmac::sign(&self.csrf_key, visit.as_bytes()).as_ref())
    }

    /// Whether a form's token belongs to the browser. Takes the same time right or wrong.
    #[must_use]
    pub(crate) fn csrf_matches(&self, visit: &str, token: &str) -> bool {
        // Comparing digests of both sides tells nothing about how far they agree.
        let hash = |text: &str| ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        hash(&self.csrf_token(visit)).as_ref() == hash(token).as_ref()
    }
}
