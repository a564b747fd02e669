//! saml:EncryptedID and saml:EncryptedAttribute.
//!
//! They are opened only where a verified signature covers the ciphertext, so that nobody but the
//! identity provider chose it.

use saml_xml::{Element, EncryptionErrorKind};

use crate::connection::Connection;
use crate::provider::ServiceProvider;

/// Encrypted parts of one message that are opened; each costs an RSA decryption.
#[cfg(feature = "decrypt")]
const MAX_PARTS: usize = 32;

/// What came out of the encrypted parts of a message.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    #[cfg(feature = "decrypt")]
    parts: Vec<(
        usize,
        Result<saml_xml::xmlenc::Decrypted, EncryptionErrorKind>,
    )>,
}

impl Opened {
    /// Opens these elements, which stand in what a verified signature covers. Without a key of ours
    /// they stay closed.
    #[cfg(feature = "decrypt")]
    pub(crate) fn covered<'d>(
        holders: impl Iterator<Item = Element<'d>>,
        sp: &ServiceProvider,
        connection: &Connection,
    ) -> Self {
        use saml_xml::Limits;
        use saml_xml::xmlenc::{Covered, decrypt_element};

        let keys = sp.decryption_keys();
        if keys.is_empty() {
            return Self::default();
        }
        let parts = holders.enumerate().map(|(index, holder)| {
            let opened = if index < MAX_PARTS {
                let limits = Limits::default();
                decrypt_element(
                    holder,
                    keys,
                    Covered::BySignature,
                    connection.ciphers,
                    &limits,
                )
                .map_err(saml_xml::xmlenc::EncryptionError::kind)
            } else {
                Err(EncryptionErrorKind::Malformed)
            };
            (holder.span().start, opened)
        });
        Self {
            parts: parts.collect(),
        }
    }

    /// This build decrypts nothing.
    #[cfg(not(feature = "decrypt"))]
    pub(crate) fn covered<'d>(
        _: impl Iterator<Item = Element<'d>>,
        _: &ServiceProvider,
        _: &Connection,
    ) -> Self {
        Self::default()
    }

    /// The element that stood in an encrypted part; `None` when it was not opened.
    #[cfg(feature = "decrypt")]
    pub(crate) fn get(
        &self,
        holder: Element<'_>,
        namespace: &str,
        local: &str,
    ) -> Option<Result<Element<'_>, EncryptionErrorKind>> {
        let at = holder.span().start;
        let (_, opened) = self.parts.iter().find(|(start, _)| *start == at)?;
        Some(match opened {
            Ok(decrypted) => decrypted
                .element()
                .filter(|element| element.is(namespace, local))
                .ok_or(EncryptionErrorKind::Content),
            Err(kind) => Err(*kind),
        })
    }

    /// Nothing is ever open.
    #[cfg(not(feature = "decrypt"))]
    pub(crate) fn get(
        &self,
        _: Element<'_>,
        _: &str,
        _: &str,
    ) -> Option<Result<Element<'_>, EncryptionErrorKind>> {
        let Self {} = self;
        None
    }
}
