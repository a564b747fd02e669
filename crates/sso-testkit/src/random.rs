//! Sources of randomness: the operating system's, and one that a seed decides.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::{digest, rand};
use saml_sp::{Random, RandomError};

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct OsRandom;

impl OsRandom {
    /// The one there is.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Random for OsRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        rand::fill(out).map_err(|_| RandomError)
    }
}

/// The same octets for the same seed: for tests whose output must not change.
#[derive(Debug)]
pub struct TestRandom {
    seed: u64,
    counter: Mutex<u64>,
}

impl TestRandom {
    /// A sequence of its own for each seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            counter: Mutex::new(0),
        }
    }
}

impl Random for TestRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        for chunk in out.chunks_mut(32) {
            let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
            *counter += 1;
            let input = [self.seed.to_be_bytes(), counter.to_be_bytes()].concat();
            let block = digest::digest(&digest::SHA256, &input);
            for (to, from) in chunk.iter_mut().zip(block.as_ref()) {
                *to = *from;
            }
        }
        Ok(())
    }
}
