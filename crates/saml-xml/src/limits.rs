//! What a document may cost before it is refused.

/// Budgets of one parse. Every number is an upper bound that no message of the surveyed identity
/// providers comes near; each is checked before the work it bounds is done.
///
/// ```
/// use saml_xml::{Document, Limits, XmlErrorKind};
///
/// let limits = Limits { depth: 2, ..Limits::default() };
/// let error = Document::parse(b"<a><b><c/></b></a>".to_vec(), &limits).unwrap_err();
/// assert_eq!(error.kind(), XmlErrorKind::LimitDepth);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built with struct update syntax by its users"
)]
pub struct Limits {
    /// Bytes of the document. 1 MiB: a Response with two thousand group values is 128 KiB, and
    /// identity providers cap claims far below (Entra ID: 150 groups in a SAML token).
    pub bytes: usize,
    /// Nested elements. 64: a signed and encrypted Response with structured attribute values
    /// stays under 20.
    pub depth: usize,
    /// Elements, runs of text, attributes and namespace declarations together. 40,000: five times
    /// that Response of two thousand group values; it also holds memory below four times the
    /// input of a hostile megabyte.
    pub nodes: usize,
    /// Attributes and namespace declarations of one element. 64: the widest element of the
    /// metadata schema has nine; duplicates are found by comparing pairs, so this bounds a square.
    pub attributes: usize,
    /// Namespace declarations in scope at one place. 64: ADFS and Entra ID metadata reach twelve;
    /// a prefix is looked up by walking them.
    pub namespaces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1024 * 1024,
            depth: 64,
            nodes: 40_000,
            attributes: 64,
            namespaces: 64,
        }
    }
}
