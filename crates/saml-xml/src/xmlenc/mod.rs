//! XML Encryption 1.1, as far as SAML needs it: one EncryptedData, one of our keys.
//!
//! Encryption proves nothing about the sender. What comes out is parsed like anything else, in the
//! namespace context of the place where the ciphertext stood, and has to be signed like anything
//! else.

mod cipher;
mod read;

use core::fmt;
use std::sync::Arc;

use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey};

pub use crate::encryption::EncryptionErrorKind;
use crate::{Document, Element, KeyErrorKind, Limits};

/// Why encrypted XML is not read. It tells one cause from another only by what anybody can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptionError(EncryptionErrorKind);

impl EncryptionError {
    /// The rule.
    #[must_use]
    pub const fn kind(self) -> EncryptionErrorKind {
        self.0
    }

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0.code()
    }
}

impl From<EncryptionErrorKind> for EncryptionError {
    fn from(kind: EncryptionErrorKind) -> Self {
        Self(kind)
    }
}

impl fmt::Display for EncryptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl core::error::Error for EncryptionError {}

/// A private RSA key to decrypt with. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct DecryptionKey(Arc<OaepPrivateDecryptingKey>);

impl DecryptionKey {
    /// From PKCS#8 in DER: RSA of 2,048 to 8,192 bits.
    ///
    /// # Errors
    /// `key.der`.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyErrorKind> {
        let key = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyErrorKind::Der)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| KeyErrorKind::Der)?;
        Ok(Self(Arc::new(key)))
    }

    /// From PKCS#8 in PEM (`BEGIN PRIVATE KEY`).
    ///
    /// # Errors
    /// `key.pem`, `key.der`.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyErrorKind> {
        let begin = "-----BEGIN PRIVATE KEY-----";
        let body = text
            .split_once(begin)
            .and_then(|(_, rest)| rest.split_once("-----END PRIVATE KEY-----"))
            .ok_or(KeyErrorKind::Pem)?;
        let der = crate::types::decode_base64(body.0).map_err(|_| KeyErrorKind::Pem)?;
        Self::from_pkcs8_der(&der)
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecryptionKey(…)")
    }
}

/// Whether a verified signature covers the ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "yes or no")]
pub enum Covered {
    /// It does: AES-CBC is read as well, because nobody but the signer chose the ciphertext.
    BySignature,
    /// It does not, or nobody looked: AES-GCM alone.
    No,
}

/// Which ciphers are read beside AES-GCM, and AES-CBC where a signature covers it. None by default;
/// loosened in [`danger`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CipherPolicy {
    unauthenticated: bool,
    triple_des: bool,
}

/// Loosenings of a [`CipherPolicy`].
pub mod danger {
    use super::CipherPolicy;

    /// Reads AES-CBC although no verified signature covers the ciphertext.
    ///
    /// # Security
    /// Whoever can post changed ciphertexts and watch the answers may learn what is in one of them
    /// (Jager and Somorovsky, 2011). The assertion inside still has to be signed.
    #[must_use]
    pub const fn accept_unauthenticated(mut policy: CipherPolicy) -> CipherPolicy {
        policy.unauthenticated = true;
        policy
    }

    /// Reads Triple DES, where AES-CBC is read.
    ///
    /// # Security
    /// Its blocks of 64 bits repeat within some gigabytes under one key (Sweet32), and NIST
    /// withdrew it in 2023. A key of XML Encryption lives for one message, which leaves the age of
    /// the cipher, and code that takes a different time for different keys.
    #[must_use]
    pub const fn accept_triple_des(mut policy: CipherPolicy) -> CipherPolicy {
        policy.triple_des = true;
        policy
    }
}

/// What was decrypted: a document of its own, which holds exactly one element.
#[derive(Debug)]
pub struct Decrypted(Document);

impl Decrypted {
    /// The element.
    #[must_use]
    pub fn element(&self) -> Option<Element<'_>> {
        self.0.root().children().next()
    }
}

/// Decrypts an element that holds one EncryptedData, such as saml:EncryptedAssertion, with
/// whichever key fits. The EncryptedKey is in the EncryptedData's KeyInfo, or beside it.
///
/// # Errors
/// `encryption.malformed`, `encryption.algorithm`, `encryption.unauthenticated`,
/// `encryption.failed`, `encryption.content`, `encryption.duplicate_id`.
pub fn decrypt_element(
    holder: Element<'_>,
    keys: &[DecryptionKey],
    covered: Covered,
    policy: CipherPolicy,
    limits: &Limits,
) -> Result<Decrypted, EncryptionError> {
    let parts = read::parts(holder)?;
    let data = cipher::DataAlgorithm::from_uri(parts.data_algorithm)?;
    if data == cipher::DataAlgorithm::TripleDes && !policy.triple_des {
        return Err(EncryptionErrorKind::Algorithm.into());
    }
    if !data.is_authenticated() && covered == Covered::No && !policy.unauthenticated {
        return Err(EncryptionErrorKind::Unauthenticated.into());
    }
    let transport = cipher::transport(parts.key_algorithm, parts.digest, parts.mask)?;
    let mut plaintext = None;
    for wrapped in &parts.wrapped_keys {
        for key in keys.iter().take(8) {
            // A key that does not fit gives garbage or an error: both are one and the same outside
            plaintext = cipher::unwrap(&key.0, transport, wrapped, data)
                .and_then(|secret| cipher::open(data, &secret, &parts.ciphertext));
            if plaintext.is_some() {
                break;
            }
        }
        if plaintext.is_some() {
            break;
        }
    }
    let plaintext = plaintext.ok_or(EncryptionErrorKind::Failed)?;
    let document = parse_in_context(holder, &plaintext, limits)
        // What the padding of a wrong key leaves is no XML: the same code as any other failure
        .ok_or(if data.is_authenticated() {
            EncryptionErrorKind::Content
        } else {
            EncryptionErrorKind::Failed
        })?;
    let root = document.root();
    if root.children().count() != 1 || !root.child_text_is_blank() {
        return Err(EncryptionErrorKind::Content.into());
    }
    let outer = holder.document;
    for inner in root.descendants() {
        if let Some(id) = inner.attribute("ID")
            && outer
                .elements()
                .any(|element| element.attribute("ID") == Some(id))
        {
            return Err(EncryptionErrorKind::DuplicateId.into());
        }
    }
    Ok(Decrypted(document))
}

/// Prefixes of the plaintext may be declared around the ciphertext: it is parsed within an element
/// that declares all of them. Text that closes this element early leaves something after the root,
/// which no document has.
fn parse_in_context(holder: Element<'_>, plaintext: &[u8], limits: &Limits) -> Option<Document> {
    let text = core::str::from_utf8(plaintext).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut xml = String::from("<plaintext");
    for (prefix, uri) in holder.document.bindings_at(holder.index) {
        if prefix == "xml" {
            continue;
        }
        xml.push_str(" xmlns");
        if !prefix.is_empty() {
            xml.push(':');
            xml.push_str(prefix);
        }
        xml.push_str("=\"");
        for c in uri.chars() {
            match c {
                '&' => xml.push_str("&amp;"),
                '<' => xml.push_str("&lt;"),
                '"' => xml.push_str("&quot;"),
                '\t' => xml.push_str("&#9;"),
                '\n' => xml.push_str("&#10;"),
                '\r' => xml.push_str("&#13;"),
                c => xml.push(c),
            }
        }
        xml.push('"');
    }
    xml.push('>');
    xml.push_str(text);
    xml.push_str("</plaintext>");
    Document::parse(xml.into_bytes(), limits).ok()
}
