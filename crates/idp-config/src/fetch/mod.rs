//! A fetcher for applications that have no HTTP client of their own.

mod address;

use std::error::Error as StdError;
use std::fmt;
use std::io::Read as _;
use std::time::Duration as StdDuration;

use time::Duration;
use ureq::config::Config;
use ureq::http::{HeaderMap, Uri};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Proxy};
use url::Url;

use crate::{FetchRequest, FetchResponse, FetchRule, RefreshError};

/// How long a fetch may take from the name's resolution to the last byte.
const TOTAL_TIMEOUT: StdDuration = StdDuration::from_secs(15);
const CONNECT_TIMEOUT: StdDuration = StdDuration::from_secs(5);

/// Which addresses may be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Addresses {
    Public,
    PublicAndLoopback,
    Any,
}

/// Fetches metadata over https, and does not let a URL reach into the network it runs in.
///
/// Public addresses alone are connected to, and they are judged where the connection is made, so
/// that a name cannot lead elsewhere between the look and the step. At most three redirects are
/// followed, never to another scheme. It reads at most 4 MiB in at most 15 seconds, asks for no
/// compression, and sends no cookies. TLS certificates are judged by the root programme of Mozilla.
///
/// It blocks: call it where blocking is allowed, such as `tokio::task::spawn_blocking`.
///
/// ```
/// use idp_config::{HttpsFetcher, MetadataRefresher, TrustPolicy};
/// use time::macros::datetime;
///
/// let now = datetime!(2026-12-01 12:00 UTC);
/// let url = "https://10.0.0.1/metadata".parse()?;
/// let mut refresher = MetadataRefresher::new(url, None, TrustPolicy::default())?;
/// let error = HttpsFetcher::new().refresh(&mut refresher, now, 0).unwrap_err();
/// assert_eq!(error.code(), "fetch.address_refused");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HttpsFetcher {
    addresses: Addresses,
    proxy: Option<Proxy>,
    timeout: StdDuration,
}

impl Default for HttpsFetcher {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpsFetcher {
    /// Public addresses alone, no proxy.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            addresses: Addresses::Public,
            proxy: None,
            timeout: TOTAL_TIMEOUT,
        }
    }

    /// Connects to this machine too, and takes plain http from it: for development.
    #[must_use]
    pub const fn allow_loopback(mut self) -> Self {
        self.addresses = Addresses::PublicAndLoopback;
        self
    }

    /// Connects to any address, and takes plain http where the URL says so.
    pub(crate) const fn any_address(mut self) -> Self {
        self.addresses = Addresses::Any;
        self
    }

    /// Goes through a proxy: `http://user:password@proxy.example:3128`.
    ///
    /// # Errors
    /// `fetch.scheme` when it is not the URL of a proxy.
    ///
    /// # Security
    /// The proxy then decides which addresses are reached: what is judged here is its own address,
    /// and that only to be public or [allowed](Self::allow_loopback).
    pub fn proxy(mut self, url: &str) -> Result<Self, RefreshError> {
        self.proxy = Some(Proxy::new(url).map_err(|_| RefreshError::from(FetchRule::Scheme))?);
        Ok(self)
    }

    /// How long a fetch may take in all. 15 seconds unless this says otherwise.
    #[must_use]
    pub const fn timeout(mut self, timeout: StdDuration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Fetches at once, whatever [`poll`](crate::MetadataRefresher::poll) says, and hands the
    /// answer to the refresher.
    ///
    /// # Errors
    /// [`RefreshError`]; the refresher has noted it.
    pub fn refresh(
        &self,
        refresher: &mut crate::MetadataRefresher,
        now: time::OffsetDateTime,
        jitter: crate::Jitter,
    ) -> Result<crate::Refreshed, RefreshError> {
        match self.fetch(&refresher.request()) {
            Ok(response) => refresher.handle_response(response, now, jitter),
            Err(RefreshError::Fetch(rule, detail)) => {
                Err(refresher.handle_failure(rule, detail, now, jitter))
            }
            Err(error) => Err(error),
        }
    }

    /// Fetches.
    ///
    /// # Errors
    /// [`RefreshError::Fetch`] with a `fetch.*` code. An answer with a status that is no success
    /// is an answer: the refresher judges it.
    pub fn fetch(&self, request: &FetchRequest) -> Result<FetchResponse, RefreshError> {
        let config = Config::builder()
            .timeout_global(Some(self.timeout))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            .accept(FetchRequest::ACCEPT)
            .accept_encoding("identity")
            .user_agent(concat!("idp-config/", env!("CARGO_PKG_VERSION")))
            .proxy(self.proxy.clone())
            .build();
        let resolver = Judge {
            addresses: self.addresses,
            inner: DefaultResolver::default(),
        };
        let agent = Agent::with_parts(config, DefaultConnector::default(), resolver);
        let mut url = request.url.clone();
        for _ in 0..=FetchRequest::MAX_REDIRECTS {
            self.check_scheme(&url)?;
            let mut get = agent.get(url.as_str());
            if let Some(etag) = &request.if_none_match {
                get = get.header("if-none-match", etag);
            }
            if let Some(date) = &request.if_modified_since {
                get = get.header("if-modified-since", date);
            }
            let mut response = get.call().map_err(failure)?;
            let status = response.status().as_u16();
            let header = |headers: &HeaderMap, name| -> Option<String> {
                headers.get(name)?.to_str().ok().map(str::to_owned)
            };
            let headers = response.headers();
            if matches!(status, 301 | 302 | 303 | 307 | 308) {
                let next = header(headers, "location").and_then(|to| url.join(&to).ok());
                let next = next.ok_or_else(|| RefreshError::from(FetchRule::Redirect))?;
                // Neither down to plain text nor up: what was configured is what is meant
                if next.scheme() != url.scheme() {
                    return Err(FetchRule::Scheme.into());
                }
                url = next;
                continue;
            }
            let mut answer = FetchResponse {
                status,
                etag: header(headers, "etag"),
                last_modified: header(headers, "last-modified"),
                content_encoding: header(headers, "content-encoding"),
                retry_after: header(headers, "retry-after")
                    .and_then(|seconds| seconds.trim().parse().ok())
                    .map(|seconds: u32| Duration::seconds(seconds.into())),
                body: Vec::new(),
            };
            if status == 200 {
                answer.body = read(response.body_mut())?;
            }
            return Ok(answer);
        }
        Err(RefreshError::Fetch(
            FetchRule::Redirect,
            Some("more than three redirects".to_owned()),
        ))
    }

    // SAML Metadata §4.1.1: over TLS, where the document is not signed
    fn check_scheme(&self, url: &Url) -> Result<(), RefreshError> {
        let plain = match (self.addresses, url.host()) {
            (Addresses::Any, _) => true,
            (Addresses::PublicAndLoopback, Some(url::Host::Ipv4(v4))) => v4.is_loopback(),
            (Addresses::PublicAndLoopback, Some(url::Host::Ipv6(v6))) => v6.is_loopback(),
            (Addresses::PublicAndLoopback, Some(url::Host::Domain(name))) => name == "localhost",
            _ => false,
        };
        match url.scheme() {
            "https" => Ok(()),
            "http" if plain => Ok(()),
            _ => Err(FetchRule::Scheme.into()),
        }
    }
}

fn read(body: &mut ureq::Body) -> Result<Vec<u8>, RefreshError> {
    let limit = u64::try_from(FetchRequest::MAX_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    body.as_reader()
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| failure(ureq::Error::from(error)))?;
    if bytes.len() > FetchRequest::MAX_BYTES {
        return Err(FetchRule::TooLarge.into());
    }
    Ok(bytes)
}

/// Resolves names, and lets nothing through that may not be connected to.
#[derive(Debug)]
struct Judge {
    addresses: Addresses,
    inner: DefaultResolver,
}

impl Resolver for Judge {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let resolved = match self.inner.resolve(uri, config, timeout) {
            // The system's resolver has no error kind of its own
            Err(ureq::Error::Io(_)) => return Err(ureq::Error::HostNotFound),
            other => other?,
        };
        let allowed = |ip| match self.addresses {
            Addresses::Any => true,
            Addresses::PublicAndLoopback => address::is_public(ip) || address::is_loopback(ip),
            Addresses::Public => address::is_public(ip),
        };
        // One that is not allowed condemns the name: a mix is what rebinding attacks answer with
        if resolved.iter().all(|address| allowed(address.ip())) {
            Ok(resolved)
        } else {
            Err(ureq::Error::Other(Box::new(AddressRefused)))
        }
    }
}

#[derive(Debug)]
struct AddressRefused;

impl fmt::Display for AddressRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(FetchRule::AddressRefused.hint())
    }
}

impl StdError for AddressRefused {}

/// What the client says, as a rule. The client's own words about addresses and URLs stay here.
fn failure(error: ureq::Error) -> RefreshError {
    use std::io::ErrorKind;
    let rule = match error {
        ureq::Error::Other(other) if other.is::<AddressRefused>() => FetchRule::AddressRefused,
        ureq::Error::Timeout(_) => FetchRule::Timeout,
        ureq::Error::HostNotFound => FetchRule::NameNotFound,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => FetchRule::Tls,
        ureq::Error::BodyExceedsLimit(_) => FetchRule::TooLarge,
        ureq::Error::ConnectionFailed | ureq::Error::ConnectProxyFailed(_) => FetchRule::Connect,
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => FetchRule::Timeout,
            // How rustls reports a certificate that it does not trust
            ErrorKind::InvalidData => FetchRule::Tls,
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset => FetchRule::Protocol,
            _ => FetchRule::Connect,
        },
        _ => FetchRule::Protocol,
    };
    rule.into()
}
