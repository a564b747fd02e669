//! The algorithms (XML Encryption 1.1 §5.2, §5.5.2).

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{self, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use des::TdesEde3;

use super::{EncryptionError, EncryptionErrorKind};

const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const MGF1_SHA1: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha1";
const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";
const IV: usize = 12;
const TAG: usize = 16;
const BLOCK: usize = 16;
const TRIPLE_DES_BLOCK: usize = 8;
const TRIPLE_DES_KEY: usize = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataAlgorithm {
    Gcm(usize),
    Cbc(usize),
    TripleDes,
}

impl DataAlgorithm {
    pub(super) fn from_uri(uri: &str) -> Result<Self, EncryptionError> {
        Ok(match uri {
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Self::Gcm(16),
            "http://www.w3.org/2009/xmlenc11#aes192-gcm" => Self::Gcm(24),
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Self::Gcm(32),
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => Self::Cbc(16),
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc" => Self::Cbc(24),
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => Self::Cbc(32),
            "http://www.w3.org/2001/04/xmlenc#tripledes-cbc" => Self::TripleDes,
            _ => return Err(EncryptionErrorKind::Algorithm.into()),
        })
    }

    pub(super) const fn is_authenticated(self) -> bool {
        matches!(self, Self::Gcm(_))
    }

    const fn key_length(self) -> usize {
        match self {
            Self::Gcm(length) | Self::Cbc(length) => length,
            Self::TripleDes => TRIPLE_DES_KEY,
        }
    }
}

/// RSA-OAEP with one hash for both of its uses. RSA PKCS#1 v1.5 is refused: its padding tells too
/// much (Bleichenbacher), whatever the library does.
pub(super) fn transport(
    uri: &str,
    digest: Option<&str>,
    mask: Option<&str>,
) -> Result<&'static OaepAlgorithm, EncryptionError> {
    let mask = match uri {
        // §5.5.2: this one's mask is always made with SHA-1, and has no MGF element
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p" if mask.is_none() => MGF1_SHA1,
        "http://www.w3.org/2009/xmlenc11#rsa-oaep" => mask.unwrap_or(MGF1_SHA1),
        _ => return Err(EncryptionErrorKind::Algorithm.into()),
    };
    match (digest.unwrap_or(SHA1), mask) {
        (SHA1, MGF1_SHA1) => Ok(&OAEP_SHA1_MGF1SHA1),
        (SHA256, MGF1_SHA256) => Ok(&OAEP_SHA256_MGF1SHA256),
        _ => Err(EncryptionErrorKind::Algorithm.into()),
    }
}

pub(super) fn unwrap(
    key: &OaepPrivateDecryptingKey,
    algorithm: &'static OaepAlgorithm,
    wrapped: &[u8],
    data: DataAlgorithm,
) -> Option<Vec<u8>> {
    let mut out = vec![0; key.min_output_size()];
    let secret = key.decrypt(algorithm, wrapped, &mut out, None).ok()?;
    (secret.len() == data.key_length()).then(|| secret.to_vec())
}

pub(super) fn open(data: DataAlgorithm, secret: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    match data {
        DataAlgorithm::Gcm(_) => gcm(secret, ciphertext),
        DataAlgorithm::Cbc(_) => cbc(secret, ciphertext),
        DataAlgorithm::TripleDes => triple_des(secret, ciphertext),
    }
}

/// §5.2.4: the IV of 96 bits, the ciphertext, and a tag of exactly 128 bits.
fn gcm(secret: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match secret.len() {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        32 => &aead::AES_256_GCM,
        _ => return None,
    };
    let (iv, rest) = ciphertext.split_at_checked(IV)?;
    if rest.len() < TAG {
        return None;
    }
    let key = LessSafeKey::new(UnboundKey::new(algorithm, secret).ok()?);
    let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
    let mut buffer = rest.to_vec();
    let length = key
        .open_in_place(nonce, Aad::empty(), &mut buffer)
        .ok()?
        .len();
    buffer.truncate(length);
    Some(buffer)
}

/// §5.2.3: the IV of one block, then blocks whose last octet says how many are padding.
fn cbc(secret: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match secret.len() {
        16 => &cipher::AES_128,
        24 => &cipher::AES_192,
        32 => &cipher::AES_256,
        _ => return None,
    };
    let (iv, rest) = ciphertext.split_at_checked(BLOCK)?;
    if rest.is_empty() || !rest.len().is_multiple_of(BLOCK) {
        return None;
    }
    let key = DecryptingKey::cbc(UnboundCipherKey::new(algorithm, secret).ok()?).ok()?;
    let iv: [u8; BLOCK] = iv.try_into().ok()?;
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let mut buffer = rest.to_vec();
    key.decrypt(&mut buffer, context).ok()?;
    without_padding(buffer, BLOCK)
}

/// §5.2.2: as with AES, in blocks of 64 bits.
fn triple_des(secret: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let (iv, rest) = ciphertext.split_at_checked(TRIPLE_DES_BLOCK)?;
    if rest.is_empty() || !rest.len().is_multiple_of(TRIPLE_DES_BLOCK) {
        return None;
    }
    let cipher = cbc::Decryptor::<TdesEde3>::new_from_slices(secret, iv).ok()?;
    let mut buffer = rest.to_vec();
    cipher.decrypt_padded::<NoPadding>(&mut buffer).ok()?;
    without_padding(buffer, TRIPLE_DES_BLOCK)
}

/// §5.2.1: the last octet says how many octets of the last block are padding.
fn without_padding(mut buffer: Vec<u8>, block: usize) -> Option<Vec<u8>> {
    let padding = usize::from(*buffer.last()?);
    if padding == 0 || padding > block {
        return None;
    }
    buffer.truncate(buffer.len().checked_sub(padding)?);
    Some(buffer)
}
