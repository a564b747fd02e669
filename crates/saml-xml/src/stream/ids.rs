//! Identifiers of a whole stream, none of which may stand twice.

use std::collections::BTreeSet;

use crate::document::Document;

/// As many octets of its SHA-256 as keep an identifier apart from all others.
const KEPT: usize = 16;

/// Digests of the identifiers seen. Ordered, because a hash table would need a random seed.
#[derive(Debug, Default)]
pub(super) struct Ids(BTreeSet<[u8; KEPT]>);

pub(super) enum Refused {
    Duplicate(usize),
    TooMany(usize),
}

impl Ids {
    /// Notes the identifiers of one piece. Those within it were compared when it was parsed.
    pub(super) fn note(&mut self, document: &Document, most: usize) -> Result<(), Refused> {
        for (value, at) in &document.ids {
            let value = document.bytes(*value);
            let digest = ring::digest::digest(&ring::digest::SHA256, value);
            let mut kept = [0; KEPT];
            for (to, from) in kept.iter_mut().zip(digest.as_ref()) {
                *to = *from;
            }
            let at = *at as usize;
            if self.0.len() >= most {
                return Err(Refused::TooMany(at));
            }
            if !self.0.insert(kept) {
                return Err(Refused::Duplicate(at));
            }
        }
        Ok(())
    }
}
