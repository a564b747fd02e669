//! The read-only arena that a parse leaves behind, and the handles into it.

use core::fmt;
use core::iter::successors;
use core::num::NonZeroU32;
use core::ops::Range;

use crate::error::TextPos;

pub(crate) const NONE: u32 = u32::MAX;
pub(crate) const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";

/// A piece of text: in the source as it stands, or in the buffer of decoded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Str {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) decoded: bool,
}

impl Str {
    pub(crate) const EMPTY: Self = Self::source(0, 0);

    pub(crate) const fn source(start: u32, end: u32) -> Self {
        Self {
            start,
            end,
            decoded: false,
        }
    }
}

/// One namespace declaration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding {
    pub(crate) prefix: Str,
    pub(crate) uri: Str,
}

/// What a resolved name's namespace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespace {
    None,
    Xml,
    /// Index of the declaration that binds the prefix.
    Bound(u32),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct AttributeData {
    pub(crate) prefix: Str,
    pub(crate) local: Str,
    pub(crate) namespace: Namespace,
    pub(crate) value: Str,
    pub(crate) span: (u32, u32),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ElementData {
    pub(crate) prefix: Str,
    pub(crate) local: Str,
    pub(crate) namespace: Namespace,
    pub(crate) attributes: (u32, u32),
    pub(crate) declarations: (u32, u32),
    /// First byte after the start tag.
    pub(crate) content: u32,
    /// Where the text ends that starts at `content`, if the element is written as
    /// `<name>text</name>` with nothing in it that canonicalisation would change: the source is
    /// the canonical form, as long as the prefix needs no declaration. The text has no node.
    pub(crate) verbatim: Option<NonZeroU32>,
}

impl ElementData {
    /// The text of an element without a node for it.
    pub(crate) fn verbatim_text(&self) -> Option<Str> {
        self.verbatim
            .map(|end| Str::source(self.content, end.get()))
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum NodeData {
    Element(ElementData),
    Text(Str),
}

/// Nodes stand in document order; the descendants of `i` are `i + 1 .. nodes[i].end`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) parent: u32,
    pub(crate) end: u32,
    pub(crate) span: (u32, u32),
    pub(crate) data: NodeData,
}

/// A parsed document. It owns its bytes, never changes, and is read through [`Element`] handles.
///
/// `Debug` shows sizes, never content.
///
/// ```
/// use saml_xml::{Document, Limits};
///
/// let document = Document::parse(b"<a x='1'>one<!-- no cut -->two</a>".to_vec(), &Limits::default())?;
/// let root = document.root();
/// assert!(root.is("", "a"));
/// assert_eq!(root.attribute("x"), Some("1"));
/// assert_eq!(root.text(), Some("onetwo"));
/// # Ok::<(), saml_xml::XmlError>(())
/// ```
pub struct Document {
    pub(crate) source: String,
    pub(crate) decoded: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) attributes: Vec<AttributeData>,
    pub(crate) bindings: Vec<Binding>,
    /// The values of all identifiers, and where their attributes stand.
    pub(crate) ids: Vec<(Str, u32)>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("bytes", &self.source.len())
            .field("nodes", &self.nodes.len())
            .finish_non_exhaustive()
    }
}

impl Document {
    /// The root element.
    #[must_use]
    pub const fn root(&self) -> Element<'_> {
        Element {
            document: self,
            index: 0,
        }
    }

    /// The text that was parsed, as it was received.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The buffer that was parsed, to be used again.
    pub(crate) fn into_source(self) -> Vec<u8> {
        self.source.into_bytes()
    }

    /// The line and column of a byte offset of [`source`](Self::source).
    #[must_use]
    pub fn text_pos(&self, offset: usize) -> TextPos {
        TextPos::of(self.source.as_bytes(), offset)
    }

    /// All elements in document order.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        self.root().descendants()
    }

    pub(crate) fn str(&self, s: Str) -> &str {
        let buffer = if s.decoded {
            &self.decoded
        } else {
            &self.source
        };
        buffer
            .get(s.start as usize..s.end as usize)
            .unwrap_or_default()
    }

    pub(crate) fn bytes(&self, s: Str) -> &[u8] {
        let buffer = if s.decoded {
            &self.decoded
        } else {
            &self.source
        };
        buffer
            .as_bytes()
            .get(s.start as usize..s.end as usize)
            .unwrap_or_default()
    }

    /// An attribute as it stands in the source, if that is its canonical form: `name="value"` with
    /// nothing decoded. The quote that ends such a value is not in it, nor is there a `<`.
    pub(crate) fn verbatim_attribute(&self, attribute: &AttributeData) -> Option<&[u8]> {
        if attribute.value.decoded || attribute.value.start != attribute.local.end.saturating_add(2)
        {
            return None;
        }
        let whole = Str::source(attribute.span.0, attribute.span.1);
        Some(self.bytes(whole)).filter(|bytes| bytes.last() == Some(&b'"'))
    }

    pub(crate) fn node(&self, index: u32) -> Option<&Node> {
        self.nodes.get(index as usize)
    }

    pub(crate) fn namespace(&self, namespace: Namespace) -> &str {
        match namespace {
            Namespace::None => "",
            Namespace::Xml => XML_NAMESPACE,
            Namespace::Bound(index) => self
                .bindings
                .get(index as usize)
                .map_or("", |b| self.str(b.uri)),
        }
    }

    pub(crate) fn attributes_of(&self, element: &ElementData) -> &[AttributeData] {
        let (from, to) = element.attributes;
        self.attributes
            .get(from as usize..to as usize)
            .unwrap_or_default()
    }

    pub(crate) fn declarations_of(&self, element: &ElementData) -> &[Binding] {
        let (from, to) = element.declarations;
        self.bindings
            .get(from as usize..to as usize)
            .unwrap_or_default()
    }

    /// Every prefix in scope at a node with its namespace name, the default namespace as the empty
    /// prefix, undeclared ones left out.
    pub(crate) fn bindings_at(&self, index: u32) -> Vec<(&str, &str)> {
        let mut bindings: Vec<(&str, &str)> = Vec::new();
        let ancestors = successors(self.node(index), |node| self.node(node.parent));
        for node in ancestors {
            if let NodeData::Element(element) = &node.data {
                for binding in self.declarations_of(element) {
                    let prefix = self.str(binding.prefix);
                    if !bindings.iter().any(|(known, _)| *known == prefix) {
                        bindings.push((prefix, self.str(binding.uri)));
                    }
                }
            }
        }
        bindings.retain(|(_, uri)| !uri.is_empty());
        bindings
    }

    /// The namespace name bound to a prefix at a node; `None` when the prefix is unbound, an empty
    /// name when the default namespace is undeclared.
    pub(crate) fn binding_in_scope(&self, index: u32, prefix: &str) -> Option<&str> {
        if prefix == "xml" {
            return Some(XML_NAMESPACE);
        }
        let ancestors = successors(self.node(index), |node| self.node(node.parent));
        for node in ancestors {
            if let NodeData::Element(element) = &node.data {
                for binding in self.declarations_of(element) {
                    if self.str(binding.prefix) == prefix {
                        return Some(self.str(binding.uri));
                    }
                }
            }
        }
        None
    }
}

/// A handle to an element. It gives the element and what lies within, never what lies around it,
/// so that holding a verified element cannot lead to unverified ones.
///
/// Two handles are equal when they name the same node of the same document.
#[derive(Clone, Copy)]
pub struct Element<'d> {
    pub(crate) document: &'d Document,
    pub(crate) index: u32,
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

impl Eq for Element<'_> {}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({{{}}}{})", self.namespace(), self.local_name())
    }
}

impl<'d> Element<'d> {
    fn node(self) -> Option<&'d Node> {
        self.document.node(self.index)
    }

    pub(crate) fn data(self) -> Option<&'d ElementData> {
        match self.node() {
            Some(Node {
                data: NodeData::Element(element),
                ..
            }) => Some(element),
            _ => None,
        }
    }

    /// The document the handle points into; crate-private, because it leads outside the subtree.
    pub(crate) const fn document(self) -> &'d Document {
        self.document
    }

    /// The namespace name; empty when the element is in none.
    #[must_use]
    pub fn namespace(self) -> &'d str {
        self.data()
            .map_or("", |e| self.document.namespace(e.namespace))
    }

    /// The name without its prefix.
    #[must_use]
    pub fn local_name(self) -> &'d str {
        self.data().map_or("", |e| self.document.str(e.local))
    }

    /// Whether the element has this namespace name and this local name.
    #[must_use]
    pub fn is(self, namespace: &str, local: &str) -> bool {
        self.local_name() == local && self.namespace() == namespace
    }

    /// Whether both elements have the same namespace name and the same local name. For the items
    /// of a long list this is quicker than [`is`](Self::is).
    #[must_use]
    pub fn has_name_of(self, other: Self) -> bool {
        let (Some(mine), Some(theirs)) = (self.data(), other.data()) else {
            return false;
        };
        let same_place = core::ptr::eq(self.document, other.document)
            && mine.namespace == theirs.namespace
            && mine.local == theirs.local;
        same_place || self.is(other.namespace(), other.local_name())
    }

    /// The value of the attribute in no namespace with this name.
    #[must_use]
    pub fn attribute(self, local: &str) -> Option<&'d str> {
        self.attribute_ns("", local)
    }

    /// The value of the attribute with this namespace name and this local name.
    #[must_use]
    pub fn attribute_ns(self, namespace: &str, local: &str) -> Option<&'d str> {
        self.attributes()
            .find(|a| a.local_name() == local && a.namespace() == namespace)
            .map(Attribute::value)
    }

    /// The attributes in document order, without namespace declarations.
    pub fn attributes(self) -> impl Iterator<Item = Attribute<'d>> {
        let document = self.document;
        self.data()
            .map_or(&[][..], |e| document.attributes_of(e))
            .iter()
            .map(move |data| Attribute { document, data })
    }

    fn child_nodes(self) -> impl Iterator<Item = (u32, &'d Node)> {
        let document = self.document;
        let end = self.node().map_or(0, |n| n.end);
        let at = move |index: u32| {
            (index < end)
                .then(|| document.node(index).map(|n| (index, n)))
                .flatten()
        };
        successors(at(self.index.saturating_add(1)), move |(_, node)| {
            at(node.end)
        })
    }

    /// The child elements in document order.
    pub fn children(self) -> impl Iterator<Item = Self> {
        self.child_nodes().filter_map(move |(index, node)| {
            matches!(node.data, NodeData::Element(_)).then_some(Self {
                document: self.document,
                index,
            })
        })
    }

    /// Whether no character other than XML white space stands directly in the element.
    #[must_use]
    pub fn child_text_is_blank(self) -> bool {
        let blank = |text| crate::types::trim_xml(self.document.str(text)).is_empty();
        if let Some(text) = self.data().and_then(ElementData::verbatim_text) {
            return blank(text);
        }
        self.child_nodes().all(|(_, node)| match node.data {
            NodeData::Text(text) => blank(text),
            NodeData::Element(_) => true,
        })
    }

    /// The whole text of an element that has no element children: every run of text and every
    /// CDATA section, joined across comments. `Some("")` when it is empty, `None` when the element
    /// has element children, so that structured content is never flattened by accident.
    #[must_use]
    pub fn text(self) -> Option<&'d str> {
        if let Some(text) = self.data().and_then(ElementData::verbatim_text) {
            return Some(self.document.str(text));
        }
        let mut children = self.child_nodes();
        match (children.next(), children.next()) {
            (None, _) => Some(""),
            (
                Some((
                    _,
                    Node {
                        data: NodeData::Text(text),
                        ..
                    },
                )),
                None,
            ) => Some(self.document.str(*text)),
            _ => None,
        }
    }

    /// The element itself and every element within, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Self> {
        let document = self.document;
        let end = self.node().map_or(self.index, |n| n.end);
        (self.index..end).filter_map(move |index| {
            matches!(document.node(index)?.data, NodeData::Element(_))
                .then_some(Self { document, index })
        })
    }

    /// The bytes of [`Document::source`] from the start tag to the end tag.
    #[must_use]
    pub fn span(self) -> Range<usize> {
        self.node()
            .map_or(0..0, |n| n.span.0 as usize..n.span.1 as usize)
    }

    /// The bytes of the start tag.
    #[must_use]
    pub fn start_tag_span(self) -> Range<usize> {
        let start = self.span().start;
        start..self.data().map_or(start, |e| e.content as usize)
    }

    /// The namespace name that a prefix is bound to here, for content that is a QName, such as
    /// `xsi:type`. An empty prefix asks for the default namespace.
    #[must_use]
    pub fn resolve_prefix(self, prefix: &str) -> Option<&'d str> {
        self.document.binding_in_scope(self.index, prefix)
    }
}

/// A handle to an attribute.
#[derive(Clone, Copy)]
pub struct Attribute<'d> {
    document: &'d Document,
    data: &'d AttributeData,
}

impl fmt::Debug for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Attribute({{{}}}{})",
            self.namespace(),
            self.local_name()
        )
    }
}

impl<'d> Attribute<'d> {
    /// The namespace name; empty for an attribute without a prefix.
    #[must_use]
    pub fn namespace(self) -> &'d str {
        self.document.namespace(self.data.namespace)
    }

    /// The name without its prefix.
    #[must_use]
    pub fn local_name(self) -> &'d str {
        self.document.str(self.data.local)
    }

    /// The value after normalisation (XML 1.0 §3.3.3, type CDATA).
    #[must_use]
    pub fn value(self) -> &'d str {
        self.document.str(self.data.value)
    }

    /// The bytes of [`Document::source`] from the name to the closing quote.
    #[must_use]
    pub fn span(self) -> Range<usize> {
        self.data.span.0 as usize..self.data.span.1 as usize
    }
}
