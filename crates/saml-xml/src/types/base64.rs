//! base64, RFC 4648 §4: one encoding for one value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{ScalarError, ScalarErrorKind};
use crate::chars::is_space;

/// Decodes base64. XML white space may stand anywhere; everything else is strict: the standard
/// alphabet, padding present, unused bits zero, nothing after the padding.
///
/// # Errors
///
/// `scalar.base64`.
///
/// ```
/// use saml_xml::types::decode_base64;
///
/// assert_eq!(decode_base64("aGk=\r\n").unwrap(), b"hi");
/// assert_eq!(decode_base64("aGl=").unwrap_err().code(), "scalar.base64"); // unused bits set
/// assert_eq!(decode_base64("aGk").unwrap_err().code(), "scalar.base64"); // padding missing
/// ```
pub fn decode_base64(text: &str) -> Result<Vec<u8>, ScalarError> {
    // One pass for what is on one line, which is how messages arrive
    STANDARD
        .decode(text)
        .or_else(|_| {
            let packed: Vec<u8> = text.bytes().filter(|&b| !is_space(b)).collect();
            STANDARD.decode(packed)
        })
        .map_err(|_| ScalarError::new(ScalarErrorKind::Base64))
}

/// Encodes as base64 with padding, on one line.
#[must_use]
pub fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
