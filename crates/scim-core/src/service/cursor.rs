//! Cursors (RFC 9865): a place in the order and a direction, sealed, and bound to the query that made them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::error::{Reason, ScimError};
use crate::random::Random;
use crate::store::Keyset;

/// The key that seals cursors (AES-256-GCM): clients can neither read nor make one. No `PartialEq`, no content in
/// `Debug`.
#[derive(Clone)]
pub struct CursorKey(Option<LessSafeKey>);

impl CursorKey {
    /// From 32 random bytes, the same on every node.
    pub fn new(bytes: [u8; 32]) -> Self {
        // 32 bytes are what the algorithm takes; without a key no cursor would be made or opened.
        Self(
            UnboundKey::new(&AES_256_GCM, &bytes)
                .ok()
                .map(LessSafeKey::new),
        )
    }
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey")
    }
}

/// Where a page lies.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Spot {
    /// The page begins right after this place of the order; at its beginning, or end, for `None`.
    pub(super) place: Option<Keyset>,
    /// Whether the page goes from there towards the beginning.
    pub(super) back: bool,
}

impl Spot {
    pub(super) const fn after(place: Option<Keyset>) -> Self {
        Self { place, back: false }
    }

    pub(super) const fn before(place: Option<Keyset>) -> Self {
        Self { place, back: true }
    }
}

#[derive(Serialize, Deserialize)]
struct Payload {
    spot: Spot,
    /// Seconds since 1970 when it was made.
    made: i64,
    count: u64,
    /// How many matched when the first page was asked.
    total: u64,
}

/// What a cursor leads to.
pub(super) struct Opened {
    pub(super) spot: Spot,
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
}

/// What all cursors of one answer have in common.
pub(super) struct Maker<'a> {
    pub(super) key: &'a CursorKey,
    pub(super) binding: &'a Binding,
    pub(super) count: u64,
    pub(super) total: u64,
    pub(super) now: OffsetDateTime,
    pub(super) random: &'a dyn Random,
}

impl Maker<'_> {
    pub(super) fn make(&self, spot: Spot) -> Result<String, ScimError> {
        let broken = || {
            let detail = "The service is out of order; try again later.";
            ScimError::new(Reason::Storage, detail)
        };
        let mut sealed = serde_json::to_vec(&Payload {
            spot,
            made: self.now.unix_timestamp(),
            count: self.count,
            total: self.total,
        })
        .map_err(|_| broken())?;
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce)?;
        let key = self.key.0.as_ref().ok_or_else(broken)?;
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(self.binding.0),
            &mut sealed,
        )
        .map_err(|_| broken())?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }
}

pub(super) fn open(
    key: &CursorKey,
    binding: &Binding,
    text: &str,
    count: u64,
    timeout: time::Duration,
    now: OffsetDateTime,
) -> Result<Opened, ScimError> {
    // RFC 9865 §5.2: forged, foreign and misplaced cursors are answered alike.
    let invalid = || {
        let detail =
            "The cursor does not belong to this query; start again with an empty `cursor`.";
        ScimError::new(Reason::CursorInvalid, detail)
    };
    let mut bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let (nonce, sealed) = bytes
        .split_first_chunk_mut::<NONCE_LEN>()
        .ok_or_else(invalid)?;
    let payload = key
        .0
        .as_ref()
        .ok_or_else(invalid)?
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(binding.0),
            sealed,
        )
        .map_err(|_| invalid())?;
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
        spot: payload.spot,
        total: payload.total,
    })
}
