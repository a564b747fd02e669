//! RSA without a net: the bare private-key operation, so that the test kit can make the signatures
//! which every well-kept library refuses to make. Not constant time, not for secrets.

use aws_lc_rs::digest;
use num_bigint::BigUint;

use crate::signer::algorithm;

/// An RSA private key as numbers.
#[derive(Clone)]
pub struct RawRsaKey {
    modulus: BigUint,
    private_exponent: BigUint,
    octets: usize,
}

impl std::fmt::Debug for RawRsaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawRsaKey").field("octets", &self.octets).finish_non_exhaustive()
    }
}

// RFC 8017 §9.2, note 1
const DIGEST_INFO_SHA1: &[u8] = &[
    0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14,
];
const DIGEST_INFO_SHA256: &[u8] = &[
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
];

impl RawRsaKey {
    /// Reads modulus and private exponent out of a PKCS#8 RSA key; `None` when it is anything else.
    #[must_use]
    pub fn from_pkcs8(der: &[u8]) -> Option<Self> {
        // PrivateKeyInfo { version, algorithm, OCTET STRING { RSAPrivateKey { version, n, e, d, … } } }
        let (info, _) = element(der, 0x30)?;
        let (_, rest) = element(info, 0x02)?;
        let (_, rest) = element(rest, 0x30)?;
        let (inner, _) = element(rest, 0x04)?;
        let (key, _) = element(inner, 0x30)?;
        let (_, rest) = element(key, 0x02)?;
        let (modulus, rest) = element(rest, 0x02)?;
        let (_, rest) = element(rest, 0x02)?;
        let (private_exponent, _) = element(rest, 0x02)?;
        let modulus = BigUint::from_bytes_be(modulus);
        let octets = usize::try_from(modulus.bits().div_ceil(8)).ok()?;
        Some(Self {
            modulus,
            private_exponent: BigUint::from_bytes_be(private_exponent),
            octets,
        })
    }

    /// Octets in a signature of this key.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets
    }

    /// The private-key operation over a block that the caller has padded, well or badly.
    #[must_use]
    pub fn apply(&self, block: &[u8]) -> Vec<u8> {
        let value = BigUint::from_bytes_be(block).modpow(&self.private_exponent, &self.modulus).to_bytes_be();
        let mut out = vec![0; self.octets.saturating_sub(value.len())];
        out.extend(value);
        out
    }

    /// RSASSA-PKCS1-v1_5 with SHA-1 or SHA-256.
    ///
    /// # Panics
    /// When the URI is neither.
    #[must_use]
    pub fn sign_pkcs1(&self, uri: &str, message: &[u8]) -> Vec<u8> {
        self.apply(&self.pad(&Self::digest_info(uri, message)))
    }

    /// DigestInfo of a message: what PKCS#1 v1.5 pads.
    ///
    /// # Panics
    /// When the URI is neither RSA with SHA-1 nor RSA with SHA-256.
    #[must_use]
    pub fn digest_info(uri: &str, message: &[u8]) -> Vec<u8> {
        let (prefix, with) = match uri {
            algorithm::RSA_SHA1 => (DIGEST_INFO_SHA1, &digest::SHA1_FOR_LEGACY_USE_ONLY),
            algorithm::RSA_SHA256 => (DIGEST_INFO_SHA256, &digest::SHA256),
            other => panic!("no DigestInfo for {other}"),
        };
        [prefix, digest::digest(with, message).as_ref()].concat()
    }

    fn pad(&self, digest_info: &[u8]) -> Vec<u8> {
        let filler = self.octets.saturating_sub(digest_info.len() + 3);
        [&[0, 1], vec![0xff; filler].as_slice(), &[0], digest_info].concat()
    }
}

/// One DER element of this tag: its content and what follows.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&first, rest) = der.split_first()?;
    let (&length, rest) = rest.split_first()?;
    if first != tag {
        return None;
    }
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        let (octets, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
        (octets.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)), rest)
    };
    rest.split_at_checked(length)
}
