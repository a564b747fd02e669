//! Why a stream was refused.

use core::fmt;

use crate::dsig::{KeyId, SignatureError, SignatureErrorKind};
use crate::error::{TextPos, XmlError, XmlErrorKind};

crate::reason_codes! {
    /// Why a signed group of elements cannot be verified as a stream, though it may be well-formed.
    pub enum StreamErrorKind {
        /// The root element is not the group that was asked for.
        WrongRoot => { code: "stream.wrong_root", side: User, cite: "SAML Metadata §2.3",
            hint: "The document of a federation starts with EntitiesDescriptor; look what the address really gives." },
        /// The first element in the group is not its signature: it is unsigned, or the signature stands elsewhere.
        SignatureNotFirst => { code: "stream.signature_not_first", side: Attacker, cite: "SAML Metadata §2.3.1 (schema: ds:Signature comes first)",
            hint: "Use the address of the signed document. A signature that was moved, or that belongs to an inner group, does not count." },
        /// One element in the group is larger than is kept at one time.
        PartTooLarge => { code: "stream.part_too_large", side: Attacker, cite: "design rule 9 (budgets)",
            hint: "No entity of a federation has metadata of megabytes; treat the document as hostile." },
        /// Groups are nested deeper than is followed.
        NestedTooDeep => { code: "stream.nested_too_deep", side: Attacker, cite: "design rule 9 (budgets)",
            hint: "Federations nest two or three groups; treat the document as hostile." },
        /// There are more identifiers than are kept to compare.
        TooManyIds => { code: "stream.too_many_ids", side: Attacker, cite: "design rule 9 (budgets)",
            hint: "An entity has one ID; treat the document as hostile, or raise the limit." },
    }
}

/// The rule that a stream broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamRule {
    /// It is not XML that SAML may use.
    Xml(XmlErrorKind),
    /// Its signature is refused.
    Signature(SignatureErrorKind),
    /// It cannot be verified as a stream.
    Stream(StreamErrorKind),
}

/// A stream that was refused: the rule and the place in the whole document, never the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamError {
    rule: StreamRule,
    at: TextPos,
    claimed_key: Option<KeyId>,
}

impl StreamError {
    pub(super) const fn new(rule: StreamRule, at: TextPos) -> Self {
        Self {
            rule,
            at,
            claimed_key: None,
        }
    }

    pub(super) const fn xml(kind: XmlErrorKind, at: TextPos) -> Self {
        Self::new(StreamRule::Xml(kind), at)
    }

    pub(super) const fn stream(kind: StreamErrorKind, at: TextPos) -> Self {
        Self::new(StreamRule::Stream(kind), at)
    }

    pub(super) fn of_xml(error: XmlError, at: TextPos) -> Self {
        Self::xml(error.kind(), at)
    }

    pub(super) fn of_signature(error: &SignatureError, at: TextPos) -> Self {
        Self {
            rule: StreamRule::Signature(error.kind()),
            at,
            claimed_key: error.claimed_key(),
        }
    }

    /// The rule that was broken.
    #[must_use]
    pub const fn rule(&self) -> StreamRule {
        self.rule
    }

    /// The stable reason code: `xml.*`, `signature.*` or `stream.*`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self.rule {
            StreamRule::Xml(kind) => kind.code(),
            StreamRule::Signature(kind) => kind.code(),
            StreamRule::Stream(kind) => kind.code(),
        }
    }

    /// The parser's error, when the rule is one of XML.
    #[must_use]
    pub const fn xml_error(&self) -> Option<XmlError> {
        match self.rule {
            StreamRule::Xml(kind) => Some(XmlError::new(kind, self.at)),
            _ => None,
        }
    }

    /// Where it was broken.
    #[must_use]
    pub const fn at(&self) -> TextPos {
        self.at
    }

    /// The key that the signature says it was made with. Never one to trust.
    #[must_use]
    pub const fn claimed_key(&self) -> Option<KeyId> {
        self.claimed_key
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.code(), self.at)
    }
}

impl core::error::Error for StreamError {}
