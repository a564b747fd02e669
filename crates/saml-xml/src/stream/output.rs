//! Where the canonical octets go, and what their digest has to be.

use super::Proof;
use crate::c14n::Sink;
use crate::dsig::DigestSink;
use crate::error::TextPos;

/// Where canonical octets go.
pub(super) enum Output {
    Nowhere,
    Digest(Box<DigestSink>),
    #[cfg(test)]
    Bytes(Vec<u8>),
}

impl Sink for Output {
    fn put(&mut self, bytes: &[u8]) {
        match self {
            Self::Nowhere => {}
            Self::Digest(sink) => sink.put(bytes),
            #[cfg(test)]
            Self::Bytes(sink) => sink.put(bytes),
        }
    }
}

/// What the digest has to be, by a signature whose value is that of a trusted key.
pub(super) struct Promise {
    pub(super) digest: Vec<u8>,
    pub(super) at: TextPos,
    pub(super) proof: Proof,
}
