//! A pending login that the browser keeps, for applications without storage.

use core::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use time::OffsetDateTime;

use super::pending::PendingLogin;
use crate::error::Error;
use crate::ids::RequestId;
use crate::random::Random;
use crate::reason::{ConnectionRule, RequestRule};
use crate::store::{Consumed, RequestStore, StoreError};

/// What else is authenticated: that these octets are a pending login, in this encoding.
const CONTEXT: &[u8] = b"saml-sp pending login 1";
/// What a browser keeps in one cookie, its name and attributes aside (RFC 6265 §6.1).
const MAX_SEALED: usize = 3800;

/// A key that seals pending logins. `Debug` shows nothing of it.
///
/// Make it once of 32 random octets, share it between the nodes, and change it at least every year:
/// unsealing tries several.
pub struct SealingKey(LessSafeKey);

impl SealingKey {
    /// From 32 octets of a random source.
    ///
    /// # Errors
    /// `connection.sealing_key` when they are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        UnboundKey::new(&AES_256_GCM, bytes)
            .map(|key| Self(LessSafeKey::new(key)))
            .map_err(|_| ConnectionRule::SealingKey.into())
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

impl PendingLogin {
    /// Encrypts and authenticates it (AES-256-GCM), as text for a cookie of the browser that starts
    /// the login: `__Host-` prefix, `SameSite=None; Secure; HttpOnly`, named after the request, so
    /// that two tabs do not overwrite each other.
    ///
    /// # Errors
    /// `connection.random`, `connection.sealed_too_large` when it would not fit into a cookie.
    ///
    /// # Security
    /// Weaker than a [`RequestStore`]: nothing remembers that a request was answered, so that it can
    /// be answered again, with another assertion, until it expires. The
    /// [`ReplayStore`](crate::ReplayStore) still takes each assertion once. Who can read the
    /// browser's cookies cannot read this one, and can use it.
    ///
    /// ```
    /// # use saml_sp::{Connection, ConnectionId, IdpSource, LoginOptions, Random, RandomError, ServiceProvider};
    /// # use ring::rand::SecureRandom;
    /// # struct OsRandom;
    /// # impl Random for OsRandom {
    /// #     fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
    /// #         ring::rand::SystemRandom::new().fill(out).map_err(|_| RandomError)
    /// #     }
    /// # }
    /// use saml_sp::{PendingLogin, SealingKey};
    /// # let now = time::macros::datetime!(2026-11-23 12:00 UTC);
    /// # let sp = ServiceProvider::builder("https://app.example/saml", "https://app.example/saml/consume").build()?;
    /// # let source = IdpSource::fingerprint("JumpCloud", "https://sso.jumpcloud.com/saml2/acme", None, &"ab".repeat(32))?;
    /// # let connection = Connection::new(ConnectionId::new("acme")?, source.resolve(now)?);
    ///
    /// let mut secret = [0; 32];
    /// OsRandom.fill(&mut secret)?;
    /// let keys = [SealingKey::from_bytes(&secret)?];
    ///
    /// let (_outbound, pending) = sp.start_login(&connection, &LoginOptions::default(), now, &OsRandom)?;
    /// let cookie = pending.seal(&keys[0], &OsRandom)?;
    ///
    /// // at the assertion consumer service
    /// let again = PendingLogin::unseal(&cookie, &keys, now)?;
    /// assert_eq!(again.id(), pending.id());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn seal(&self, key: &SealingKey, rng: &dyn Random) -> Result<String, Error> {
        let mut nonce = [0; NONCE_LEN];
        rng.fill(&mut nonce)
            .map_err(|_| Error::from(ConnectionRule::Random))?;
        let mut text =
            serde_json::to_vec(self).map_err(|_| Error::from(ConnectionRule::SealedTooLarge))?;
        key.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(CONTEXT),
                &mut text,
            )
            .map_err(|_| Error::from(ConnectionRule::SealedTooLarge))?;
        let sealed = saml_xml::types::encode_base64(&[nonce.as_slice(), &text].concat());
        // RFC 6265 §4.1.1: base64 has no character that a cookie's value may not have
        if sealed.len() > MAX_SEALED {
            return Err(ConnectionRule::SealedTooLarge.into());
        }
        Ok(sealed)
    }

    /// Opens what was sealed, with whichever key fits.
    ///
    /// # Errors
    /// `request.sealed` when it was not sealed with any of the keys, `request.expired`.
    pub fn unseal(sealed: &str, keys: &[SealingKey], now: OffsetDateTime) -> Result<Self, Error> {
        let broken = || Error::from(RequestRule::Sealed);
        if sealed.len() > MAX_SEALED {
            return Err(broken());
        }
        let octets = saml_xml::types::decode_base64(sealed).map_err(|_| broken())?;
        let (nonce, text) = octets.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
        let pending: Self = keys
            .iter()
            .find_map(|key| {
                let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
                let mut text = text.to_vec();
                let opened = key.0.open_in_place(nonce, Aad::from(CONTEXT), &mut text);
                serde_json::from_slice(opened.ok()?).ok()
            })
            .ok_or_else(broken)?;
        if now >= pending.expires {
            return Err(RequestRule::Expired.into());
        }
        Ok(pending)
    }
}

/// Stands in for a [`RequestStore`] where pending logins are sealed: the one that was unsealed is
/// known, and nothing is remembered.
///
/// # Security
/// See [`PendingLogin::seal`]: a request can be answered more than once.
#[derive(Clone, Debug)]
pub struct SealedRequest(RequestId);

impl SealedRequest {
    /// For the pending login that was unsealed.
    #[must_use]
    pub fn of(pending: &PendingLogin) -> Self {
        Self(pending.id().clone())
    }
}

impl RequestStore for SealedRequest {
    async fn put(&self, _: &PendingLogin) -> Result<(), StoreError> {
        Err(StoreError::new("a sealed login is kept by the browser"))
    }

    async fn find(&self, _: &RequestId) -> Result<Option<PendingLogin>, StoreError> {
        Err(StoreError::new("a sealed login is kept by the browser"))
    }

    async fn consume(&self, id: &RequestId, _: OffsetDateTime) -> Result<Consumed, StoreError> {
        Ok(if *id == self.0 {
            Consumed::Now
        } else {
            Consumed::Unknown
        })
    }
}
