//! Names, identifiers, URIs, and the one trimming rule.

use super::{ScalarError, ScalarErrorKind};
use crate::chars::{is_name_char, is_name_start, is_space};

/// Longest identifier that is read: 256, the string length that SAML2Int v2 SDP-G02 allows.
pub const MAX_ID_BYTES: usize = 256;

/// Whether the text is an `NCName` (Namespaces in XML 1.0 §4).
#[must_use]
pub fn is_ncname(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// Reads an `xs:ID` (XML Schema Part 2 §3.3.8) of at most [`MAX_ID_BYTES`].
///
/// # Errors
///
/// `scalar.id`.
pub fn parse_id(text: &str) -> Result<&str, ScalarError> {
    if text.len() <= MAX_ID_BYTES && is_ncname(text) {
        Ok(text)
    } else {
        Err(ScalarError::new(ScalarErrorKind::Id))
    }
}

/// Removes XML white space (space, tab, CR, LF) from both ends, and no other character.
#[must_use]
pub fn trim_xml(text: &str) -> &str {
    text.trim_matches(|c: char| u8::try_from(c).is_ok_and(is_space))
}

/// Whether the text is an absolute URI: a scheme, a colon, and only characters that RFC 3986 §2
/// allows.
#[must_use]
pub fn is_absolute_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    let mut bytes = scheme.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !rest.is_empty()
        && rest.bytes().all(is_uri_byte)
}

/// RFC 3986 §2: reserved, unreserved and percent.
pub(crate) const fn is_uri_byte(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
        )
}
