//! Cursors (RFC 9865): a place in the order, signed, and bound to the query that made it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::{digest, hmac};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::error::{Reason, ScimError};
use crate::store::Keyset;

/// The key that signs cursors. No PartialEq, no content in Debug.
#[derive(Clone)]
pub struct CursorKey(hmac::Key);

impl CursorKey {
    /// From 32 random bytes, the same on every node.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
    }
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey")
    }
}

#[derive(Serialize, Deserialize)]
struct Payload {
    /// The place after which the page starts.
    place: Keyset,
    /// Seconds since 1970 when it was made.
    made: i64,
    count: u64,
    /// How many matched when the first page was asked.
    total: u64,
}

/// What a cursor leads to.
pub(super) struct Opened {
    pub(super) place: Keyset,
    pub(super) total: u64,
}

/// Everything of the query that must stay the same from page to page, apart from `count`.
pub(super) struct Binding([u8; 32]);

impl Binding {
    pub(super) fn of(parts: &[&str]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            // The length first, so that no two lists of parts look alike.
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut hash = [0; 32];
        hash.iter_mut()
            .zip(context.finish().as_ref())
            .for_each(|(to, from)| *to = *from);
        Self(hash)
    }

    fn signed(&self, payload: &[u8]) -> Vec<u8> {
        [self.0.as_slice(), payload].concat()
    }
}

pub(super) fn make(
    key: &CursorKey,
    binding: &Binding,
    place: Keyset,
    count: u64,
    total: u64,
    now: OffsetDateTime,
) -> String {
    let payload = serde_json::to_vec(&Payload {
        place,
        made: now.unix_timestamp(),
        count,
        total,
    })
    .unwrap_or_default();
    let tag = hmac::sign(&key.0, &binding.signed(&payload));
    URL_SAFE_NO_PAD.encode([tag.as_ref(), &payload].concat())
}

pub(super) fn open(
    key: &CursorKey,
    binding: &Binding,
    text: &str,
    count: u64,
    timeout: time::Duration,
    now: OffsetDateTime,
) -> Result<Opened, ScimError> {
    let invalid = || {
        let detail =
            "The cursor does not belong to this query; start again with an empty `cursor`.";
        ScimError::new(Reason::CursorInvalid, detail)
    };
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let (tag, payload) = bytes.split_at_checked(32).ok_or_else(invalid)?;
    hmac::verify(&key.0, &binding.signed(payload), tag).map_err(|_| invalid())?;
    let payload: Payload = serde_json::from_slice(payload).map_err(|_| invalid())?;
    if now.unix_timestamp().saturating_sub(payload.made) > timeout.whole_seconds() {
        let detail = format!(
            "The cursor is older than {} seconds; start again.",
            timeout.whole_seconds()
        );
        return Err(ScimError::new(Reason::CursorExpired, detail));
    }
    if payload.count != count {
        // RFC 9865 §2.1: count must be equal to the count of the initial query.
        let detail = format!(
            "The first page was asked with `count` {}; ask the others with the same.",
            payload.count
        );
        return Err(ScimError::new(Reason::CursorCount, detail));
    }
    Ok(Opened {
        place: payload.place,
        total: payload.total,
    })
}
