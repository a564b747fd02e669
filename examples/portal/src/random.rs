//! Randomness from the operating system, and the wall clock: the core crates have neither.

use ring::rand::{SecureRandom, SystemRandom};
use saml_sp::{Random, RandomError};
use time::OffsetDateTime;

/// The operating system's random source.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        SystemRandom::new().fill(out).map_err(|_| RandomError)
    }
}

/// The time.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the application is where the clock is read"
)]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Measures how long something takes.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the application is where the clock is read"
)]
pub fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}

/// Letters that are hard to mistake for each other (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `groups` groups of four random characters (20 bits each), joined by dashes.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn code(groups: usize) -> Result<String, RandomError> {
    let mut bytes = vec![0u8; groups * 4];
    OsRandom.fill(&mut bytes)?;
    let mut text = String::new();
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 && i % 4 == 0 {
            text.push('-');
        }
        let letter = ALPHABET.get(usize::from(byte % 32)).copied();
        text.push(char::from(letter.unwrap_or(b'0')));
    }
    Ok(text)
}

/// 256 random bits in hexadecimal.
///
/// # Errors
/// When the operating system gives no randomness.
pub fn token() -> Result<String, RandomError> {
    let mut bytes = [0u8; 32];
    OsRandom.fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
