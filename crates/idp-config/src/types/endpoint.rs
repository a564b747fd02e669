use std::fmt;

use saml_xml::types::trim_xml;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::error::excerpt;
use crate::{ConfigError, ConfigErrorKind, TrustPolicy};

/// How a message travels (SAML Bindings).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Binding {
    /// In a form that the browser posts (SAML Bindings §3.5).
    #[serde(rename = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST")]
    HttpPost,
    /// In the query of a URL that the browser is sent to (SAML Bindings §3.4).
    #[serde(rename = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect")]
    HttpRedirect,
}

impl Binding {
    /// The URI that metadata and AuthnRequest use.
    ///
    /// ```
    /// use idp_config::Binding;
    ///
    /// let uri = Binding::HttpPost.as_uri();
    /// assert_eq!(Binding::from_uri(uri), Some(Binding::HttpPost));
    /// assert_eq!(Binding::from_uri("urn:mace:shibboleth:1.0:profiles:AuthnRequest"), None);
    /// ```
    #[must_use]
    pub const fn as_uri(self) -> &'static str {
        match self {
            Self::HttpPost => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
            Self::HttpRedirect => "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
        }
    }

    /// The binding of a URI; `None` for one that is not spoken here.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        [Self::HttpPost, Self::HttpRedirect]
            .into_iter()
            .find(|binding| binding.as_uri() == uri)
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HttpPost => "HTTP-POST",
            Self::HttpRedirect => "HTTP-Redirect",
        })
    }
}

/// Where an identity provider takes messages (SAML Metadata §2.2.2).
///
/// Both URLs are absolute and https, or http on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    binding: Binding,
    location: Url,
    response_location: Option<Url>,
}

impl Endpoint {
    pub(crate) const fn new(
        binding: Binding,
        location: Url,
        response_location: Option<Url>,
    ) -> Self {
        Self {
            binding,
            location,
            response_location,
        }
    }

    /// How messages travel to it.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        self.binding
    }

    /// Where requests go.
    #[must_use]
    pub const fn location(&self) -> &Url {
        &self.location
    }

    /// Where responses go, when that is elsewhere (SAML Metadata §2.2.2).
    #[must_use]
    pub const fn response_location(&self) -> Option<&Url> {
        self.response_location.as_ref()
    }

    /// Where a response goes: `ResponseLocation`, or else `Location`.
    #[must_use]
    pub fn response_url(&self) -> &Url {
        self.response_location.as_ref().unwrap_or(&self.location)
    }
}

/// Whether a location is plain http on a host other than this machine, let through by policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainHttp {
    No,
    Accepted,
}

/// Reads a location as metadata or an administrator gives it.
pub(crate) fn parse_location(text: &str) -> Result<Url, ConfigError> {
    // anyURI collapses white space around it (XML Schema Part 2 §4.3.6)
    let text = trim_xml(text);
    let malformed = || {
        // Neither user name and password nor a token in a query may reach a log
        let shown = if text.contains('@') {
            "a URL with user name or password".to_owned()
        } else {
            excerpt(text.split('?').next().unwrap_or_default())
        };
        ConfigError::new(ConfigErrorKind::UrlMalformed)
            .expected("an absolute https URL")
            .actual(shown)
    };
    // What URL parsers drop or mend (white space, backslashes, missing slashes), two of them read
    // as two different hosts.
    if text
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || c == '\\')
    {
        return Err(malformed());
    }
    let url = Url::parse(text).map_err(|_| malformed())?;
    let has_authority = text
        .split_once(':')
        .is_some_and(|(_, rest)| rest.starts_with("//"));
    if url.has_host() && !has_authority {
        return Err(malformed());
    }
    Ok(url)
}

/// Whether a browser may be sent to the location.
pub(crate) fn check_location(url: &Url, policy: &TrustPolicy) -> Result<PlainHttp, ConfigError> {
    let refuse = |kind, expected: &str| {
        ConfigError::new(kind)
            .expected(expected)
            .actual(excerpt(&redacted(url)))
    };
    // javascript:, data: and the like would run in the page that posts the form (SAML Bindings
    // §3.5.4 and §3.4.4 know HTTP URLs only).
    if !matches!(url.scheme(), "https" | "http") {
        return Err(refuse(ConfigErrorKind::UrlScheme, "scheme https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse(
            ConfigErrorKind::UrlMalformed,
            "no user name or password",
        ));
    }
    // SAML Bindings §3.4.3: the query carries the message; a fragment never reaches the server
    if url.fragment().is_some() {
        return Err(refuse(ConfigErrorKind::UrlMalformed, "no fragment"));
    }
    // SAML Bindings §3.4.5.1: confidentiality asks for TLS
    if url.scheme() == "https" || is_loopback(url) {
        Ok(PlainHttp::No)
    } else if policy.plain_http {
        Ok(PlainHttp::Accepted)
    } else {
        Err(refuse(ConfigErrorKind::UrlPlainHttp, "scheme https"))
    }
}

/// What of a URL may be quoted: never credentials, and no query, which may hold a token.
pub(crate) fn redacted(url: &Url) -> String {
    match url.host_str() {
        Some(host) => match url.port() {
            Some(port) => format!("{}://{host}:{port}{}", url.scheme(), url.path()),
            None => format!("{}://{host}{}", url.scheme(), url.path()),
        },
        None => format!("{}:", url.scheme()),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // RFC 6761 §6.3: localhost and every name below it are this machine
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
