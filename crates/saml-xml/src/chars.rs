//! The character classes of XML 1.0 (fifth edition) and Namespaces in XML 1.0.

/// XML 1.0 §2.2, production `Char`.
pub(crate) const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// XML 1.0 §2.3, production `S`.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// XML 1.0 §2.3, production `NameStartChar`, without the colon.
pub(crate) const fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// XML 1.0 §2.3, production `NameChar`, without the colon.
pub(crate) const fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
const fn stops(ordinary: &[u8], special: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = true;
        byte += 1;
    }
    // U+FFFE and U+FFFF, which are not characters, start with this byte
    table[0xEF] = true;
    let mut i = 0;
    while i < ordinary.len() {
        table[ordinary[i] as usize] = false;
        i += 1;
    }
    i = 0;
    while i < special.len() {
        table[special[i] as usize] = true;
        i += 1;
    }
    table
}

/// Bytes of character data, other than markup, that need a look. Without a branch, so that many are
/// looked at in one step.
pub(crate) const fn is_odd(byte: u8) -> bool {
    ((byte < 0x20) & (byte != b'\n') & (byte != b'\t')) | (byte == 0xEF)
}

/// Bytes at which a scan of character data has to stop and look.
pub(crate) static TEXT_STOPS: [bool; 256] = stops(b"\t\n", b"<&>");

/// Bytes at which a scan of an attribute value has to stop and look.
pub(crate) static ATTRIBUTE_STOPS: [bool; 256] = stops(b"", b"<&\"'");

/// The ASCII bytes of `NameChar`, without the colon.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
pub(crate) static NAME_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    while byte < 0x80 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        byte += 1;
    }
    table
};
