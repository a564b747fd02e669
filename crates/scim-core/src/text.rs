//! How text is compared when an attribute is not caseExact.

use unicode_normalization::UnicodeNormalization;

/// The comparison key of a case-insensitive value: NFC, every character mapped to lower case, NFC again.
///
/// This is the case mapping of the PRECIS profile UsernameCaseMapped (RFC 8265 §3.3), with the final sigma taken for
/// the other one, so that the key does not depend on a letter's place in the word. `ß` and `ss`, `ı` and `i` stay
/// different people. A store keeps this key beside the value and compares bytes; it never folds when it reads.
///
/// ```
/// use scim_core::text::fold;
/// assert_eq!(fold("Ångström@Example.COM"), fold("A\u{30a}NGSTRÖM@example.com"));
/// assert_ne!(fold("straße"), fold("strasse"));
/// ```
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.nfc()
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'ς' { 'σ' } else { c })
        .nfc()
        .collect()
}

/// The key of a value under an attribute's `caseExact`.
pub fn key(text: &str, case_exact: bool) -> String {
    if case_exact {
        text.to_owned()
    } else {
        fold(text)
    }
}
