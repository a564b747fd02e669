use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{ConfigError, ConfigErrorKind};

#[cfg(test)]
mod tests;

/// The SHA-256 of a certificate's DER bytes: enough to know a certificate by when it arrives.
///
/// Reads what `openssl x509 -in idp.crt -noout -sha256 -fingerprint` prints, the whole line or the
/// value alone, in either case, with colons, spaces or nothing between the bytes.
///
/// ```
/// use idp_config::Sha256Fingerprint;
///
/// let line = "sha256 Fingerprint=0F:".to_owned() + &"AB:".repeat(30) + "CD\n";
/// let fingerprint: Sha256Fingerprint = line.parse()?;
/// assert_eq!(fingerprint, ("0f".to_owned() + &"ab".repeat(30) + "cd").parse()?);
/// assert!(fingerprint.to_string().starts_with("0F:AB:"));
///
/// let sha1 = "AB:".repeat(19) + "CD";
/// let error = sha1.parse::<Sha256Fingerprint>().unwrap_err();
/// assert_eq!(error.code(), "config.fingerprint_sha1");
/// assert!(error.hint().contains("-sha256"));
/// # Ok::<(), idp_config::ConfigError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Fingerprint([u8; 32]);

impl Sha256Fingerprint {
    /// Takes the digest itself.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest itself.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Sha256Fingerprint {
    type Err = ConfigError;

    /// # Errors
    /// `config.fingerprint_sha1`, `config.fingerprint_is_certificate`,
    /// `config.fingerprint_malformed`.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        // Windows puts an invisible left-to-right mark before a copied thumbprint; web pages put
        // no-break spaces around values.
        let ignored = |c: char| {
            c.is_whitespace() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{200b}' | '\u{feff}')
        };
        let text = text.trim_matches(ignored);
        // "MII" is how the base64 of any certificate of 256 bytes to 64 KiB begins
        if text.contains("-----BEGIN") || (text.starts_with("MII") && text.len() > 128) {
            return Err(ConfigErrorKind::FingerprintIsCertificate.into());
        }
        let value = match text.split_once('=') {
            Some((label, value)) => {
                check_label(label)?;
                value
            }
            None => text,
        };
        let bytes = hex_bytes(value).ok_or_else(|| malformed("something else"))?;
        // SHA-1 has 160 bits: with collisions made to order, a pin on it pins nothing
        if bytes.len() == 20 {
            return Err(ConfigErrorKind::FingerprintSha1.into());
        }
        let length = bytes.len();
        match <[u8; 32]>::try_from(bytes) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(_) => Err(malformed(&format!("{length} bytes"))),
        }
    }
}

fn malformed(actual: &str) -> ConfigError {
    ConfigError::new(ConfigErrorKind::FingerprintMalformed)
        .expected("32 bytes in hexadecimal")
        .actual(actual)
}

/// The left side of `sha256 Fingerprint=…`: OpenSSL 3 writes lower case, OpenSSL 1 and LibreSSL
/// upper case.
fn check_label(label: &str) -> Result<(), ConfigError> {
    let words: Vec<String> = label
        .split_whitespace()
        .map(str::to_ascii_lowercase)
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["sha256" | "sha-256"] | ["sha256" | "sha-256", "fingerprint"] => Ok(()),
        ["sha1" | "sha-1", ..] => Err(ConfigErrorKind::FingerprintSha1.into()),
        _ => Err(malformed("another label")),
    }
}

/// Pairs of hexadecimal digits, alone or in groups set apart by colons or white space.
fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    // 64 bytes is the longest digest that openssl prints; more need not be read to be refused
    const LONGEST: usize = 64;
    let mut bytes = Vec::with_capacity(32);
    for group in text.split(|c: char| c == ':' || c.is_whitespace()) {
        if !group.bytes().all(|b| b.is_ascii_hexdigit()) || group.len() % 2 != 0 {
            return None;
        }
        for at in (0..group.len()).step_by(2) {
            bytes.push(u8::from_str_radix(group.get(at..at + 2)?, 16).ok()?);
            if bytes.len() > LONGEST {
                return None;
            }
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

impl fmt::Display for Sha256Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Sha256Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256Fingerprint({self})")
    }
}

impl Serialize for Sha256Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
