//! Our own identifiers and secrets.

use core::fmt;

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::reason::ConnectionRule;

/// The name under which this service provider keeps a connection to one identity provider.
///
/// It is chosen here, never taken from a message: entity IDs of identity providers are neither
/// unique nor secret, so they name nothing.
///
/// ```
/// use saml_sp::ConnectionId;
///
/// assert_eq!(ConnectionId::new("acme-jumpcloud")?.as_str(), "acme-jumpcloud");
/// assert_eq!(ConnectionId::new("a b").unwrap_err().code(), "connection.id");
/// # Ok::<(), saml_sp::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectionId(String);

impl ConnectionId {
    /// Checks and keeps a name: 1 to 64 of `A-Z a-z 0-9 . _ -`, so that it fits in a URL path.
    ///
    /// # Errors
    /// `connection.id`.
    pub fn new(id: impl Into<String>) -> Result<Self, Error> {
        let id = id.into();
        let fits = (1..=64).contains(&id.len())
            && id
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if fits {
            Ok(Self(id))
        } else {
            Err(ConnectionRule::Id.into())
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ConnectionId {
    type Error = Error;

    fn try_from(id: String) -> Result<Self, Error> {
        Self::new(id)
    }
}

impl core::str::FromStr for ConnectionId {
    type Err = Error;

    fn from_str(id: &str) -> Result<Self, Error> {
        Self::new(id)
    }
}

impl From<ConnectionId> for String {
    fn from(id: ConnectionId) -> Self {
        id.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The `ID` of an AuthnRequest: what a Response names as `InResponseTo`.
///
/// Any text can be one, so that a hint from an unverified message can be looked up; only an ID
/// that a [`RequestStore`](crate::RequestStore) knows means anything.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestId(String);

impl RequestId {
    /// Keeps an ID.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The ID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An opaque random handle that the identity provider returns unchanged.
///
/// It names server-side state. It is never a URL and nothing follows it.
// SAML Bindings §3.4.3: RelayState data MUST NOT exceed 80 bytes in length; ours has 33.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RelayState(String);

impl RelayState {
    pub(crate) const fn generated(handle: String) -> Self {
        Self(handle)
    }

    /// The handle.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A secret value: hidden in `Debug`, compared without telling how much of it matched.
///
/// It serialises as its text, because stores keep it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub(crate) const fn new(value: String) -> Self {
        Self(value)
    }

    /// The value, to be put in a cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a presented value is this one.
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        // The time a comparison of digests takes says nothing about the values.
        digest(&SHA256, self.0.as_bytes()).as_ref()
            == digest(&SHA256, presented.as_bytes()).as_ref()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
