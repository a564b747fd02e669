//! Events on their way to a receiver: Security Event Tokens (RFC 8417, RFC 9967), pushed over HTTP
//! (RFC 8935). Nothing here sends; it says what to send, and what an answer means.

mod sign;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::{Duration, OffsetDateTime};

pub use self::sign::{TokenSigner, WebhookKey, WebhookSecret, jwks};
use crate::event::Event;
use crate::random::{Random, RandomError};

/// The first pause after a failure, and the longest.
const FIRST_PAUSE: Duration = Duration::seconds(10);
const LONGEST_PAUSE: Duration = Duration::hours(1);

/// What to POST.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookRequest {
    /// The token.
    pub body: String,
}

impl WebhookRequest {
    /// RFC 8935 §2.2.
    pub const CONTENT_TYPE: &'static str = "application/secevent+jwt";
    /// RFC 8935 §2.3: errors are told in JSON.
    pub const ACCEPT: &'static str = "application/json";
}

/// The request for one event, signed by a [`WebhookSecret`] or a [`WebhookKey`].
///
/// # Errors
/// When there is no randomness.
///
/// ```
/// use scim_core::webhook::WebhookSecret;
///
/// assert!(WebhookSecret::new(b"too short").is_none());
/// assert!(WebhookSecret::new(&[7; 32]).is_some());
/// ```
pub fn request(
    event: &Event,
    issuer: &str,
    audience: &str,
    signer: &impl TokenSigner,
    rng: &dyn Random,
) -> Result<WebhookRequest, RandomError> {
    // RFC 7519 §4.1.7: the same event sent again is another token
    let mut id = [0; 16];
    rng.fill(&mut id)?;
    let mut header = signer.header();
    if let Some(header) = header.as_object_mut() {
        // RFC 8417 §2.3: so that it is never taken for another kind of token
        header.insert("typ".to_owned(), "secevent+jwt".into());
    }
    let claims = event.claims(issuer, &[audience], &URL_SAFE_NO_PAD.encode(id));
    let mut body = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = signer.sign(body.as_bytes())?;
    body.push('.');
    body.push_str(&URL_SAFE_NO_PAD.encode(signature));
    Ok(WebhookRequest { body })
}

/// What to do after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// It arrived: take it out of the outbox.
    Done,
    /// The receiver will never take this token (RFC 8935 §2.4): take it out, and say so in the log.
    Refused,
    /// Try again, not before the pause is over.
    Later,
}

/// What the status of an answer means; `None` when there was no answer.
pub const fn outcome(status: Option<u16>) -> Delivery {
    match status {
        // RFC 8935 §2.2: 202; receivers of ordinary webhooks answer 200 or 204
        Some(200..=299) => Delivery::Done,
        // RFC 8935 §2.3: the token is wrong; sent again, it stays wrong
        Some(400 | 413 | 415 | 422) => Delivery::Refused,
        _ => Delivery::Later,
    }
}

/// When a receiver that failed is tried again. Kept in memory: after a restart it is tried at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackOff {
    failures: u32,
    not_before: Option<OffsetDateTime>,
}

impl BackOff {
    /// Whether it may be tried now.
    pub fn is_due(&self, now: OffsetDateTime) -> bool {
        self.not_before.is_none_or(|at| now >= at)
    }

    /// Notes a failure: ten seconds, doubled each time, at most an hour.
    pub fn failed(&mut self, now: OffsetDateTime) {
        let doubled = 1_i32.checked_shl(self.failures.min(20)).unwrap_or(i32::MAX);
        let pause = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(now.saturating_add(pause));
    }

    /// Notes that it answers again.
    pub const fn succeeded(&mut self) {
        self.failures = 0;
        self.not_before = None;
    }
}

#[cfg(test)]
mod tests;
