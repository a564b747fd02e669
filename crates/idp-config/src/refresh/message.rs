//! What goes to the network and what comes back.

use core::fmt;

use time::Duration;
use url::Url;

use super::FetchRule;
use crate::types::redacted;
use crate::{ConfigError, MAX_METADATA_BYTES};

/// What to fetch, for any HTTP client: a GET without cookies.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchRequest {
    /// Where.
    pub url: Url,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<String>,
}

impl FetchRequest {
    /// `Accept` (SAML Metadata §4.1.1, Appendix A).
    pub const ACCEPT: &'static str = "application/samlmetadata+xml, application/xml, text/xml";
    /// The client stops reading after so many bytes of body, and reports
    /// [`FetchRule::TooLarge`].
    pub const MAX_BYTES: usize = MAX_METADATA_BYTES;
    /// The client follows so many redirects, never to a scheme other than https, and judges the
    /// address of each hop.
    pub const MAX_REDIRECTS: u32 = 3;
}

impl fmt::Debug for FetchRequest {
    /// No query of the URL: it may carry a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FetchRequest")
            .field("url", &redacted(&self.url))
            .finish_non_exhaustive()
    }
}

/// What the server answered, after redirects.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the caller's HTTP client fills it in"
)]
pub struct FetchResponse {
    /// The status.
    pub status: u16,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `Retry-After`, when it is a number of seconds.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why nothing fresh is trusted. What was trusted before stays in use.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RefreshError {
    /// No document came.
    Fetch(FetchRule, Option<String>),
    /// A document came, and is refused.
    Config(ConfigError),
}

impl RefreshError {
    /// The reason code: `fetch.*`, `metadata.*` or `config.*`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fetch(rule, _) => rule.code(),
            Self::Config(error) => error.code(),
        }
    }
}

impl fmt::Display for RefreshError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(rule, Some(detail)) => {
                write!(f, "{} ({detail}): {}", rule.code(), rule.hint())
            }
            Self::Fetch(rule, None) => write!(f, "{}: {}", rule.code(), rule.hint()),
            Self::Config(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RefreshError {}

impl From<FetchRule> for RefreshError {
    fn from(rule: FetchRule) -> Self {
        Self::Fetch(rule, None)
    }
}

impl From<ConfigError> for RefreshError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}
