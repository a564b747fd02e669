//! Credentials of connections: bearer tokens that are shown once and stored hashed.
//!
//! A token is `scim_<connection>_<secret>` with 256 random bits. What is stored ([`TokenRecord`]) is its SHA-256 and a
//! prefix to show; the secret cannot be had back. Several tokens of one connection may be alive at once, so a new one
//! is made and put into the identity provider before the old one is revoked.

mod store;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

pub use self::store::{
    AuthError, IssueError, LAST_USED_STEP, MemoryTokenStore, TokenChange, TokenStore, authenticate,
    issue, reset,
};
use crate::random::{Random, RandomError, hex};
use crate::resource::ConnectionId;

/// What a credential may do with one kind of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Access {
    /// Nothing.
    None,
    /// Read.
    Read,
    /// Read and write.
    Write,
}

/// What a credential may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scopes {
    /// With users.
    pub users: Access,
    /// With groups.
    pub groups: Access,
    /// With custom resource types.
    pub others: Access,
}

impl Scopes {
    /// Everything: what an identity provider that provisions needs.
    pub const fn all() -> Self {
        Self {
            users: Access::Write,
            groups: Access::Write,
            others: Access::Write,
        }
    }

    /// Reading only.
    pub const fn read_only() -> Self {
        Self {
            users: Access::Read,
            groups: Access::Read,
            others: Access::Read,
        }
    }

    /// This for users and this for groups, nothing else.
    pub const fn of(users: Access, groups: Access) -> Self {
        Self {
            users,
            groups,
            others: Access::None,
        }
    }
}

/// A token in clear, to be shown once. Not printable by accident and not comparable.
pub struct Token(String);

impl Token {
    /// The text to show. Every call is a place where a secret leaves.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What is stored of a token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenRecord {
    /// The connection.
    pub connection: ConnectionId,
    /// The beginning of the token, to tell tokens apart in a list: `scim_<connection>_` and six characters.
    pub prefix: String,
    /// SHA-256 of the whole token, in hexadecimal. Also the key to find the record by.
    pub sha256: TokenHash,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    #[serde(with = "time::serde::timestamp")]
    pub created: OffsetDateTime,
    /// When it stops working.
    #[serde(with = "time::serde::timestamp")]
    pub expires: OffsetDateTime,
    /// When it was revoked.
    #[serde(with = "time::serde::timestamp::option")]
    pub revoked: Option<OffsetDateTime>,
    /// When it was last used. Keep it to the day or so: writing it with every request costs a write.
    #[serde(with = "time::serde::timestamp::option")]
    pub last_used: Option<OffsetDateTime>,
    /// The last alert that was sent, in days before expiry.
    pub alerted: Option<u16>,
}

/// The hash of a token. A 256-bit secret needs no slow hash: there is nothing to guess.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenHash(String);

impl TokenHash {
    /// Of a token in clear.
    pub fn of(token: &str) -> Self {
        Self(hex(
            digest::digest(&digest::SHA256, token.as_bytes()).as_ref()
        ))
    }

    /// The hexadecimal text, to look a record up by.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two hashes are the same, in constant time.
    fn matches(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        // The differing bits of all bytes are collected before the answer depends on any of them.
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .fold(0, |all, (a, b)| std::hint::black_box(all | (a ^ b)))
                == 0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Why a credential is refused. Clients see only the challenge of [`TokenError::challenge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// There is no Authorization header.
    #[error("token.missing")]
    Missing,
    /// The header is neither Bearer nor Basic, or holds no token of ours.
    #[error("token.malformed")]
    Malformed,
    /// No such token.
    #[error("token.unknown")]
    Unknown,
    /// It was revoked.
    #[error("token.revoked")]
    Revoked,
    /// It has expired.
    #[error("token.expired")]
    Expired,
}

impl TokenError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "token.missing",
            Self::Malformed => "token.malformed",
            Self::Unknown => "token.unknown",
            Self::Revoked => "token.revoked",
            Self::Expired => "token.expired",
        }
    }

    /// The value of WWW-Authenticate (RFC 6750 §3). A missing credential gets no error code (§3.1); a revoked one is
    /// not told apart from an unknown one.
    pub const fn challenge(self) -> &'static str {
        match self {
            Self::Missing => r#"Bearer realm="scim""#,
            Self::Malformed => {
                r#"Bearer realm="scim", error="invalid_request", error_description="Send the token as Authorization: Bearer""#
            }
            Self::Unknown | Self::Revoked => {
                r#"Bearer realm="scim", error="invalid_token", error_description="The token is not known""#
            }
            Self::Expired => {
                r#"Bearer realm="scim", error="invalid_token", error_description="The token has expired""#
            }
        }
    }

    /// The whole response.
    pub fn response(self) -> crate::service::Response {
        let detail = match self {
            Self::Missing => "Send the token of this connection as `Authorization: Bearer …`.",
            Self::Malformed => {
                "The Authorization header holds no token of this service; copy it again, whole."
            }
            Self::Unknown | Self::Revoked => {
                "The token is not known; make a new one in the settings of the connection."
            }
            Self::Expired => {
                "The token has expired; extend it or make a new one in the settings of the connection."
            }
        };
        let error = crate::error::ScimError::new(crate::error::Reason::Unauthorized, detail);
        crate::service::Response::error(&error)
            .with("www-authenticate", self.challenge().to_owned())
    }
}

/// The connection and the hash a presented credential claims. Look the record up by them and check it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Presented {
    /// The connection named in the token.
    pub connection: ConnectionId,
    /// The token's hash.
    pub sha256: TokenHash,
}

impl Presented {
    /// Reads an Authorization header: `Bearer TOKEN` (RFC 6750 §2.1), or `Basic` with the token as password
    /// (RFC 7617).
    ///
    /// # Errors
    /// `token.missing`, `token.malformed`.
    pub fn from_header(header: Option<&str>) -> Result<Self, TokenError> {
        let header = header.ok_or(TokenError::Missing)?;
        let (scheme, value) = header.trim().split_once(' ').ok_or(TokenError::Malformed)?;
        let token = if scheme.eq_ignore_ascii_case("bearer") {
            value.trim().to_owned()
        } else if scheme.eq_ignore_ascii_case("basic") {
            let bytes = STANDARD
                .decode(value.trim())
                .map_err(|_| TokenError::Malformed)?;
            let text = String::from_utf8(bytes).map_err(|_| TokenError::Malformed)?;
            text.split_once(':')
                .ok_or(TokenError::Malformed)?
                .1
                .to_owned()
        } else {
            return Err(TokenError::Malformed);
        };
        let rest = token.strip_prefix("scim_").ok_or(TokenError::Malformed)?;
        // The secret's alphabet has `_` too, so its length tells where the connection ends.
        let split = rest
            .len()
            .checked_sub(SECRET_LENGTH + 1)
            .ok_or(TokenError::Malformed)?;
        let connection = rest
            .get(..split)
            .filter(|c| !c.is_empty())
            .ok_or(TokenError::Malformed)?;
        if rest.as_bytes().get(split) != Some(&b'_') {
            return Err(TokenError::Malformed);
        }
        Ok(Self {
            connection: ConnectionId::new(connection),
            sha256: TokenHash::of(&token),
        })
    }
}

const SECRET_LENGTH: usize = 43; // 256 bits in base64url

impl TokenRecord {
    /// How long a token lives unless said otherwise.
    pub const LIFETIME: Duration = Duration::days(365);
    /// The days before expiry on which to warn.
    pub const ALERT_DAYS: [u16; 4] = [60, 30, 7, 1];

    /// Makes a token: the record to store and the secret to show once.
    ///
    /// # Errors
    /// When the source of randomness fails.
    pub fn create(
        connection: &ConnectionId,
        scopes: Scopes,
        lifetime: Duration,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Result<(Self, Token), RandomError> {
        let mut secret = [0_u8; 32];
        random.fill(&mut secret)?;
        let secret = URL_SAFE_NO_PAD.encode(secret);
        let token = format!("scim_{connection}_{secret}");
        let prefix = format!("scim_{connection}_{}…", secret.get(..6).unwrap_or_default());
        let record = Self {
            connection: connection.clone(),
            prefix,
            sha256: TokenHash::of(&token),
            scopes,
            created: now,
            expires: now.saturating_add(lifetime),
            revoked: None,
            last_used: None,
            alerted: None,
        };
        Ok((record, Token(token)))
    }

    /// Checks what was presented against this record.
    ///
    /// # Errors
    /// `token.unknown`, `token.revoked`, `token.expired`.
    pub fn verify(&self, presented: &Presented, now: OffsetDateTime) -> Result<Scopes, TokenError> {
        if !self.sha256.matches(&presented.sha256) || self.connection != presented.connection {
            return Err(TokenError::Unknown);
        }
        if self.revoked.is_some() {
            return Err(TokenError::Revoked);
        }
        if now >= self.expires {
            return Err(TokenError::Expired);
        }
        Ok(self.scopes)
    }

    /// Whether it works now.
    pub fn is_alive(&self, now: OffsetDateTime) -> bool {
        self.revoked.is_none() && now < self.expires
    }

    /// Lets it live for `lifetime` from now. Alerts start over. A revoked token stays revoked.
    pub fn extend(&mut self, lifetime: Duration, now: OffsetDateTime) {
        self.expires = self.expires.max(now.saturating_add(lifetime));
        self.alerted = None;
    }

    /// Ends it.
    pub fn revoke(&mut self, now: OffsetDateTime) {
        self.revoked.get_or_insert(now);
    }

    /// The alert that is due, in days before expiry: the closest of [`Self::ALERT_DAYS`] that has come and was not sent
    /// yet. Keep it in [`Self::alerted`] once it is sent. Alerts that were missed are not sent late one by one.
    pub fn due_alert(&self, now: OffsetDateTime) -> Option<u16> {
        if !self.is_alive(now) {
            return None;
        }
        let left = self.expires - now;
        let due = Self::ALERT_DAYS
            .iter()
            .rev()
            .copied()
            .find(|days| left <= Duration::days(i64::from(*days)))?;
        // A short-lived token is not announced by alerts from before it was made.
        let made_for = self.expires - self.created;
        (made_for > Duration::days(i64::from(due)) && self.alerted.is_none_or(|sent| due < sent))
            .then_some(due)
    }
}

/// The tokens whose expiry is to be announced now, with the days left.
pub fn due_alerts(tokens: &[TokenRecord], now: OffsetDateTime) -> Vec<(&TokenRecord, u16)> {
    tokens
        .iter()
        .filter_map(|token| token.due_alert(now).map(|days| (token, days)))
        .collect()
}

#[cfg(test)]
mod tests;
