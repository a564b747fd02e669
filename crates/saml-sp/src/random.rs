//! Randomness as an argument.

use core::fmt;

/// A source of random bytes fit for secrets.
///
/// The core has none of its own; an application hands in the operating system's.
///
/// ```
/// use saml_sp::{Random, RandomError};
///
/// struct OsRandom;
///
/// impl Random for OsRandom {
///     fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
///         use ring::rand::SecureRandom;
///         ring::rand::SystemRandom::new().fill(out).map_err(|_| RandomError)
///     }
/// }
/// # let mut out = [0; 20];
/// # OsRandom.fill(&mut out)?;
/// # assert_ne!(out, [0; 20]);
/// # Ok::<(), RandomError>(())
/// ```
pub trait Random {
    /// Fills the whole slice.
    ///
    /// # Errors
    /// When the source cannot give bytes; the caller then stops (`connection.random`).
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError>;
}

impl<R: Random + ?Sized> Random for &R {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        (**self).fill(out)
    }
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "made by implementations of Random"
)]
pub struct RandomError;

impl fmt::Display for RandomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source of randomness failed")
    }
}

impl core::error::Error for RandomError {}

/// `bytes` random bytes as lower-case hexadecimal digits.
pub(crate) fn hex(rng: &dyn Random, prefix: &str, bytes: usize) -> Result<String, RandomError> {
    use core::fmt::Write as _;

    let mut raw = vec![0; bytes];
    rng.fill(&mut raw)?;
    let mut out = String::with_capacity(prefix.len() + bytes * 2);
    out.push_str(prefix);
    for byte in raw {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    Ok(out)
}
