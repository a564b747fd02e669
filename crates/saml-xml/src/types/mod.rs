//! The scalar types of XML Schema that SAML uses, as strict as a verifier needs them.
//!
//! Each function takes the text of an attribute or element and refuses what it cannot read with a
//! `scalar.*` code. White space is never trimmed silently; where a type allows it around a value
//! (`whiteSpace="collapse"`), callers say so with [`trim_xml`].

mod base64;
mod date_time;
mod duration;
mod name;
#[cfg(test)]
mod tests;

use core::fmt;

pub use self::base64::{decode_base64, encode_base64};
pub use self::date_time::{format_date_time, parse_date_time};
pub use self::duration::{Duration, parse_duration};
pub use self::name::{MAX_ID_BYTES, is_absolute_uri, is_ncname, parse_id, trim_xml};

crate::reason_codes! {
    /// Why a scalar value was refused.
    pub enum ScalarErrorKind {
        /// Not an `xs:dateTime` of the SAML profile: `YYYY-MM-DDThh:mm:ss[.f]` and a time zone.
        DateTime => { code: "scalar.date_time", side: Idp, cite: "SAML Core §1.3.3; XML Schema Part 2 §3.2.7",
            hint: "Send times as 2026-01-31T12:00:00Z." },
        /// Not an `xs:duration`, or one out of range.
        Duration => { code: "scalar.duration", side: Idp, cite: "XML Schema Part 2 §3.2.6",
            hint: "Send durations as PT1H or P1D." },
        /// Not base64 in the standard alphabet with canonical padding.
        Base64 => { code: "scalar.base64", side: Network, cite: "RFC 4648 §4, §3.5; XML Schema Part 2 §3.2.16",
            hint: "The value was cut or re-encoded on its way; look for URL-safe base64 or lost '+' signs." },
        /// Not an `xs:ID`, or longer than any identity provider makes it.
        Id => { code: "scalar.id", side: Attacker, cite: "SAML Core §1.3.4; XML Schema Part 2 §3.3.8",
            hint: "An identifier is a letter or underscore followed by letters, digits, '.', '-' and '_'." },
    }
}

/// A scalar value that was refused. The value itself is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScalarError {
    kind: ScalarErrorKind,
}

impl ScalarError {
    const fn new(kind: ScalarErrorKind) -> Self {
        Self { kind }
    }

    /// The rule that was broken.
    #[must_use]
    pub const fn kind(&self) -> ScalarErrorKind {
        self.kind
    }

    /// The stable reason code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for ScalarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code())
    }
}

impl core::error::Error for ScalarError {}
