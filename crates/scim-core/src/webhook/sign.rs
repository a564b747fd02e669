//! What signs Security Event Tokens: a secret that both sides know, or a key whose public half is published.

use core::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use ring::{digest, hmac};
use serde_json::{Value as Json, json};

use crate::random::RandomError;

/// Signs tokens: [`WebhookSecret`] or [`WebhookKey`].
pub trait TokenSigner: sealed::Sealed {
    /// The JOSE header (RFC 7515 §4), without `typ`.
    #[doc(hidden)]
    fn header(&self) -> Json;

    /// The signature of a token's header and claims (RFC 7515 §5.1).
    #[doc(hidden)]
    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, RandomError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::WebhookSecret {}
    impl Sealed for super::WebhookKey {}
}

/// A shared secret that tokens are authenticated with (HS256). `Debug` shows nothing of it.
#[derive(Clone)]
pub struct WebhookSecret(hmac::Key);

impl WebhookSecret {
    /// From at least 32 octets of a random source (RFC 7518 §3.2); `None` when there are fewer.
    pub fn new(octets: &[u8]) -> Option<Self> {
        (octets.len() >= 32).then(|| Self(hmac::Key::new(hmac::HMAC_SHA256, octets)))
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

impl TokenSigner for WebhookSecret {
    fn header(&self) -> Json {
        json!({ "alg": "HS256" })
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, RandomError> {
        Ok(hmac::sign(&self.0, input).as_ref().to_vec())
    }
}

/// A private key on P-256 that tokens are signed with (ES256, RFC 7518 §3.4). Receivers verify with what [`jwks`] holds
/// and need no secret. `Debug` shows only the key's id.
///
/// The nonce of a signature comes from ring, which takes it from the system (docs/adr/0003-signing-randomness.md).
#[derive(Clone)]
pub struct WebhookKey {
    pair: Arc<EcdsaKeyPair>,
    id: String,
}

impl WebhookKey {
    /// Reads a private key on P-256: PKCS#8 in DER (RFC 5208, RFC 5915), as `openssl genpkey -algorithm EC -pkeyopt
    /// ec_paramgen_curve:P-256 -outform DER` makes it. `None` when it is no such key.
    pub fn from_pkcs8_der(der: &[u8]) -> Option<Self> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, der, &SystemRandom::new()).ok()?;
        let id = thumbprint(&coordinates(&pair)?);
        Some(Self {
            pair: Arc::new(pair),
            id,
        })
    }

    /// The `kid`: the thumbprint of the public key (RFC 7638), the same wherever and whenever the key is read.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public key (RFC 7517 §4, RFC 7518 §6.2.1).
    fn public(&self) -> Option<Json> {
        let (x, y) = coordinates(&self.pair)?;
        Some(json!({
            "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": self.id, "use": "sig", "alg": "ES256",
        }))
    }
}

impl fmt::Debug for WebhookKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookKey({})", self.id)
    }
}

impl TokenSigner for WebhookKey {
    fn header(&self) -> Json {
        json!({ "alg": "ES256", "kid": self.id })
    }

    fn sign(&self, input: &[u8]) -> Result<Vec<u8>, RandomError> {
        let signature = self.pair.sign(&SystemRandom::new(), input);
        Ok(signature.map_err(|_| RandomError)?.as_ref().to_vec())
    }
}

/// The JWK Set to publish (RFC 7517 §5), as `application/jwk-set+json`. To change keys, publish the new one beside the
/// old one first, sign with it later, and take the old one out when its last token has arrived.
///
/// ```
/// use scim_core::webhook::{WebhookKey, jwks};
/// # use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
/// # let random = ring::rand::SystemRandom::new();
/// # let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
/// # let der = der.as_ref();
///
/// let key = WebhookKey::from_pkcs8_der(der).ok_or("not a key on P-256")?;
/// assert_eq!(jwks(&[&key])["keys"][0]["kid"], key.id());
/// # Ok::<(), &str>(())
/// ```
pub fn jwks(keys: &[&WebhookKey]) -> Json {
    let keys: Vec<Json> = keys.iter().filter_map(|key| key.public()).collect();
    json!({ "keys": keys })
}

/// The coordinates of the public key, in base64url. The point is uncompressed: 4, x, y (SEC 1 §2.3.3).
fn coordinates(pair: &EcdsaKeyPair) -> Option<(String, String)> {
    let point = pair.public_key().as_ref().strip_prefix(&[4])?;
    let (x, y) = point.split_at_checked(32)?;
    (y.len() == 32).then(|| (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
}

/// RFC 7638 §3: the required members alone, in order, without space.
fn thumbprint((x, y): &(String, String)) -> String {
    let json = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, json.as_bytes()))
}
