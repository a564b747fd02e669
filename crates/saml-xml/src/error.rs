//! Why a document was refused, and where.

use core::fmt;

crate::reason_codes! {
    /// Why a document is not XML that SAML may use.
    pub enum XmlErrorKind {
        /// There is nothing to read.
        Empty => { code: "xml.empty", side: Network, cite: "XML 1.0 §2.1",
            hint: "The message is empty: look for a proxy or form handler that drops the body." },
        /// The document is larger than [`Limits::bytes`](crate::Limits::bytes).
        LimitBytes => { code: "xml.limit_bytes", side: Attacker, cite: "design rule 9 (budgets)",
            hint: "Send fewer attribute values, or raise the byte limit." },
        /// Elements are nested deeper than [`Limits::depth`](crate::Limits::depth).
        LimitDepth => { code: "xml.limit_depth", side: Attacker, cite: "design rule 9 (budgets)",
            hint: "No identity provider nests this deep; treat the message as hostile." },
        /// More nodes than [`Limits::nodes`](crate::Limits::nodes).
        LimitNodes => { code: "xml.limit_nodes", side: Attacker, cite: "design rule 9 (budgets)",
            hint: "Send fewer attribute values, or raise the node limit." },
        /// More attributes on one element than [`Limits::attributes`](crate::Limits::attributes).
        LimitAttributes => { code: "xml.limit_attributes", side: Attacker, cite: "design rule 9 (budgets)",
            hint: "No identity provider writes so many XML attributes; treat the message as hostile." },
        /// More namespaces in scope than [`Limits::namespaces`](crate::Limits::namespaces).
        LimitNamespaces => { code: "xml.limit_namespaces", side: Attacker, cite: "design rule 9 (budgets)",
            hint: "No identity provider declares so many namespaces; treat the message as hostile." },
        /// The bytes are not UTF-8.
        Encoding => { code: "xml.encoding", side: Idp, cite: "SAML Bindings §3.5.4; XML 1.0 §4.3.3",
            hint: "Send the message as UTF-8." },
        /// The XML declaration names an encoding that the bytes are not in.
        EncodingDeclaration => { code: "xml.encoding_declaration", side: Attacker, cite: "XML 1.0 §4.3.3",
            hint: "Declare UTF-8 or nothing." },
        /// The XML declaration is malformed, or names another version than 1.0.
        Declaration => { code: "xml.declaration", side: Idp, cite: "XML 1.0 §2.8",
            hint: "Write <?xml version=\"1.0\" encoding=\"UTF-8\"?> or nothing." },
        /// A document type declaration.
        Doctype => { code: "xml.doctype", side: Attacker, cite: "SAML2Int v2 SDP-G03; FedInterop IIP-G03",
            hint: "SAML messages never carry a DOCTYPE; treat the message as hostile." },
        /// A processing instruction.
        ProcessingInstruction => { code: "xml.processing_instruction", side: Attacker, cite: "design rule 1; XML 1.0 §2.6",
            hint: "SAML messages never carry processing instructions; treat the message as hostile." },
        /// A character that XML 1.0 does not allow.
        Character => { code: "xml.character", side: Attacker, cite: "XML 1.0 §2.2",
            hint: "Remove control characters from the values the identity provider sends." },
        /// A reference to a character that XML 1.0 does not allow, or a malformed one.
        CharacterReference => { code: "xml.character_reference", side: Attacker, cite: "XML 1.0 §4.1",
            hint: "Remove control characters from the values the identity provider sends." },
        /// A reference to an entity other than the five predefined ones.
        UndefinedEntity => { code: "xml.undefined_entity", side: Attacker, cite: "XML 1.0 §4.1 (WFC: Entity Declared)",
            hint: "Only &amp; &lt; &gt; &apos; and &quot; exist without a DOCTYPE." },
        /// Markup that follows no rule of XML.
        Syntax => { code: "xml.syntax", side: Network, cite: "XML 1.0 §2.1",
            hint: "The message was damaged on its way, or is not XML at all." },
        /// A comment that contains `--` or does not end.
        Comment => { code: "xml.comment", side: Network, cite: "XML 1.0 §2.5",
            hint: "The message was damaged on its way." },
        /// The document ends inside an element, tag or section.
        UnexpectedEnd => { code: "xml.unexpected_end", side: Network, cite: "XML 1.0 §2.1",
            hint: "The message was cut off: look for a size limit in a proxy or form handler." },
        /// An end tag that does not match its start tag.
        MismatchedTag => { code: "xml.mismatched_tag", side: Network, cite: "XML 1.0 §3 (WFC: Element Type Match)",
            hint: "The message was damaged on its way." },
        /// A second root element.
        MultipleRoots => { code: "xml.multiple_roots", side: Attacker, cite: "XML 1.0 §2.1",
            hint: "A message is one document; treat it as hostile." },
        /// Text before or after the root element.
        ContentOutsideRoot => { code: "xml.content_outside_root", side: Attacker, cite: "XML 1.0 §2.1",
            hint: "Look for text that was pasted or added around the document." },
        /// `]]>` in text.
        CdataEndInText => { code: "xml.cdata_end_in_text", side: Network, cite: "XML 1.0 §2.4",
            hint: "Write ]]&gt; instead." },
        /// `<` in an attribute value.
        LessThanInAttribute => { code: "xml.less_than_in_attribute", side: Network, cite: "XML 1.0 §3.1 (WFC: No < in Attribute Values)",
            hint: "Write &lt; instead." },
        /// A name that is not a QName of Namespaces in XML.
        Name => { code: "xml.name", side: Attacker, cite: "Namespaces in XML 1.0 §4",
            hint: "Names have at most one colon, and letters on both its sides." },
        /// Two attributes of one element with the same name, or the same namespace and local name.
        DuplicateAttribute => { code: "xml.duplicate_attribute", side: Attacker, cite: "XML 1.0 §3.1; Namespaces in XML 1.0 §6.3",
            hint: "An attribute stands once on an element; treat the message as hostile." },
        /// A prefix that no declaration in scope binds.
        UnboundPrefix => { code: "xml.unbound_prefix", side: Idp, cite: "Namespaces in XML 1.0 §5",
            hint: "Declare the prefix on the element or above it." },
        /// A declaration that rebinds `xml` or `xmlns`, or binds their namespaces to another prefix.
        ReservedPrefix => { code: "xml.reserved_prefix", side: Attacker, cite: "Namespaces in XML 1.0 §3",
            hint: "The prefixes xml and xmlns cannot be redefined; treat the message as hostile." },
        /// `xmlns:a=""`, which undeclares a prefix.
        EmptyNamespace => { code: "xml.empty_namespace", side: Attacker, cite: "Namespaces in XML 1.0 §5",
            hint: "A prefix cannot be undeclared in XML 1.0; treat the message as hostile." },
        /// A namespace name that is a relative reference.
        RelativeNamespace => { code: "xml.relative_namespace", side: Attacker, cite: "C14N 1.0 §1.3; Namespaces in XML 1.0 §2.2",
            hint: "Canonicalisation of relative namespace names fails; treat the message as hostile." },
        /// A namespace name with characters that no URI has.
        NamespaceUri => { code: "xml.namespace_uri", side: Attacker, cite: "Namespaces in XML 1.0 §2.2; RFC 3986 §2",
            hint: "A namespace name is a URI; treat the message as hostile." },
        /// Two elements with the same identifier, under any ID-like attribute.
        DuplicateId => { code: "xml.duplicate_id", side: Attacker, cite: "SAML Core §1.3.4; XML 1.0 §3.3.1 (VC: ID)",
            hint: "Identifiers are unique in a document; treat the message as hostile." },
        /// Canonicalisation produced no bytes.
        EmptyCanonicalForm => { code: "xml.empty_canonical_form", side: Attacker, cite: "Exclusive C14N 1.0 §2; SAML Core §5.4",
            hint: "A signature over nothing proves nothing; treat the message as hostile." },
    }
}

/// A place in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TextPos {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Byte offset, from 0.
    pub offset: usize,
}

impl TextPos {
    /// Finds the line and column of a byte offset. Lines end with LF.
    #[must_use]
    pub fn of(source: &[u8], offset: usize) -> Self {
        let before = source.get(..offset.min(source.len())).unwrap_or_default();
        let (mut line, mut column) = (1u32, 1u32);
        for &byte in before {
            if byte == b'\n' {
                line = line.saturating_add(1);
                column = 1;
            } else if byte & 0xC0 != 0x80 {
                column = column.saturating_add(1);
            }
        }
        Self {
            line,
            column,
            offset,
        }
    }
}

impl fmt::Display for TextPos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A document that was refused: the rule and the place, never the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XmlError {
    kind: XmlErrorKind,
    at: TextPos,
}

impl XmlError {
    pub(crate) const fn new(kind: XmlErrorKind, at: TextPos) -> Self {
        Self { kind, at }
    }

    /// The rule that was broken.
    #[must_use]
    pub const fn kind(&self) -> XmlErrorKind {
        self.kind
    }

    /// Where it was broken.
    #[must_use]
    pub const fn at(&self) -> TextPos {
        self.at
    }

    /// The stable reason code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.kind.code(), self.at)
    }
}

impl core::error::Error for XmlError {}
