//! Exclusive XML Canonicalization 1.0, without comments, streamed.
//!
//! The arena is already in the data model that canonicalisation starts from: line ends and
//! attribute values are normalised, references resolved, CDATA sections turned to text, comments
//! gone. What is left is to write it in one form, with the namespace declarations that each
//! element visibly uses (Exclusive C14N §3) and those that a PrefixList asks for.

use crate::document::{
    AttributeData, Document, Element, ElementData, Namespace, Node, NodeData, XML_NAMESPACE,
};
use crate::error::{XmlError, XmlErrorKind};

/// What to leave out, and which prefixes to treat inclusively.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct C14nOptions<'a> {
    /// The white-space-separated `PrefixList` of `InclusiveNamespaces`; `#default` is the default
    /// namespace.
    pub inclusive_prefixes: &'a str,
    /// A subtree to leave out: the enveloped signature.
    pub without: Option<Element<'a>>,
}

impl<'a> C14nOptions<'a> {
    /// Treats these prefixes inclusively.
    #[must_use]
    pub const fn inclusive(mut self, prefixes: &'a str) -> Self {
        self.inclusive_prefixes = prefixes;
        self
    }

    /// Leaves out this subtree (XML Signature §6.6.4).
    #[must_use]
    pub const fn without(mut self, element: Element<'a>) -> Self {
        self.without = Some(element);
        self
    }
}

/// Where canonical octets go.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Appends the canonical form of an element to `out`.
///
/// # Errors
///
/// `xml.empty_canonical_form` when nothing was written: no digest over nothing is ever compared.
///
/// ```
/// use saml_xml::{C14nOptions, Document, Limits, exclusive_c14n};
///
/// let document = Document::parse(b"<b:x xmlns:a='urn:a' xmlns:b='urn:b' z='1' a='2'/>".to_vec(), &Limits::default())?;
/// let mut out = Vec::new();
/// exclusive_c14n(document.root(), &C14nOptions::default(), &mut out)?;
/// assert_eq!(out, br#"<b:x xmlns:b="urn:b" a="2" z="1"></b:x>"#);
/// # Ok::<(), saml_xml::XmlError>(())
/// ```
pub fn exclusive_c14n(
    element: Element<'_>,
    options: &C14nOptions<'_>,
    out: &mut Vec<u8>,
) -> Result<(), XmlError> {
    canonicalise(element, options, out)
}

pub(crate) fn canonicalise<S: Sink>(
    apex: Element<'_>,
    options: &C14nOptions<'_>,
    sink: &mut S,
) -> Result<(), XmlError> {
    let mut writer = Writer::new(apex.document(), options.inclusive_prefixes, sink);
    let skip = options
        .without
        .filter(|w| core::ptr::eq(w.document(), apex.document()));
    writer.subtree(apex.index, skip.map(|w| w.index));
    if writer.sink.written == 0 {
        // SAML Core §5.4: the signature covers the whole element; no octets means that
        // canonicalisation failed, and a digest over nothing can be forged for every message
        let at = apex.document().text_pos(apex.span().start);
        return Err(XmlError::new(XmlErrorKind::EmptyCanonicalForm, at));
    }
    Ok(())
}

/// Declarations that the start tags around a place wrote, innermost last.
pub(crate) type Rendered = Vec<(String, String)>;

/// Writes an element without its end tag: what is in the document so far of one whose other
/// children come later. Gives what has been declared inside it.
pub(crate) fn canonicalise_open<S: Sink>(
    apex: Element<'_>,
    options: &C14nOptions<'_>,
    sink: &mut S,
) -> Rendered {
    let mut writer = Writer::new(apex.document(), options.inclusive_prefixes, sink);
    let end = apex.document().node(apex.index).map_or(0, |n| n.end);
    writer.range(
        apex.index,
        end,
        Some(apex.index),
        options.without.map(|w| w.index),
    );
    writer.leave_open()
}

/// Writes what an element contains, as it is written where the start tags around it have rendered
/// these declarations. With `open`, the last element within keeps its end tag for later.
pub(crate) fn canonicalise_within<'d, S: Sink>(
    holder: Element<'d>,
    prefixes: &'d str,
    rendered: &'d Rendered,
    open: Option<Element<'d>>,
    sink: &mut S,
) -> Rendered {
    let mut writer = Writer::new(holder.document(), prefixes, sink);
    let outer = rendered.iter().map(|(p, u)| (p.as_str(), u.as_str()));
    writer.rendered.extend(outer);
    let end = holder.document().node(holder.index).map_or(0, |n| n.end);
    let apex = open.map(|element| element.index);
    if let Some(text) = holder.data().and_then(ElementData::verbatim_text) {
        writer.sink.put(writer.document.str(text).as_bytes());
    }
    writer.range(holder.index.saturating_add(1), end, apex, None);
    match apex {
        Some(_) => writer.leave_open(),
        None => {
            writer.close_until(u32::MAX);
            Rendered::new()
        }
    }
}

struct Counter<'s, S> {
    sink: &'s mut S,
    written: usize,
}

impl<S: Sink> Counter<'_, S> {
    fn put(&mut self, bytes: &[u8]) {
        self.written = self.written.saturating_add(bytes.len());
        self.sink.put(bytes);
    }
}

/// An element whose end tag is owed.
struct OpenTag {
    end: u32,
    index: u32,
    rendered: usize,
}

struct Writer<'d, 's, S> {
    document: &'d Document,
    inclusive: Vec<&'d str>,
    /// Declarations written and still in force, innermost last.
    rendered: Vec<(&'d str, &'d str)>,
    /// Which declarations of the document, of the first 64, are known to be in force. A prefix that
    /// was resolved says which declaration it means, so that names need no comparing.
    known: u64,
    open: Vec<OpenTag>,
    /// Scratch: declarations and attributes of the element being written.
    namespaces: Vec<(&'d str, &'d str)>,
    attributes: Vec<&'d AttributeData>,
    sink: Counter<'s, S>,
}

impl<'d, 's, S: Sink> Writer<'d, 's, S> {
    fn new(document: &'d Document, prefixes: &'d str, sink: &'s mut S) -> Self {
        Self {
            document,
            inclusive: prefixes.split_ascii_whitespace().collect(),
            rendered: Vec::with_capacity(8),
            known: 0,
            open: Vec::with_capacity(16),
            namespaces: Vec::with_capacity(4),
            attributes: Vec::with_capacity(8),
            sink: Counter { sink, written: 0 },
        }
    }

    fn subtree(&mut self, apex: u32, skip: Option<u32>) {
        let end = self.document.node(apex).map_or(0, |n| n.end);
        self.range(apex, end, Some(apex), skip);
        self.close_until(u32::MAX);
    }

    /// Takes back the end tag that is owed to the only element that is open, and gives what is
    /// declared in it.
    fn leave_open(mut self) -> Rendered {
        debug_assert!(self.open.len() <= 1);
        self.open.clear();
        let owned = |(prefix, uri): &(&str, &str)| ((*prefix).to_owned(), (*uri).to_owned());
        self.rendered.iter().map(owned).collect()
    }

    /// Writes the nodes from `from` up to `end`; the apex, if it is among them, is never copied
    /// from the source.
    fn range(&mut self, from: u32, end: u32, apex: Option<u32>, skip: Option<u32>) {
        let mut index = from;
        while index < end {
            self.close_until(index);
            let Some(node) = self.document.node(index) else {
                break;
            };
            if Some(index) == skip {
                index = node.end;
                continue;
            }
            match &node.data {
                NodeData::Text(text) => self.escape(self.document.str(*text), &TEXT),
                NodeData::Element(element)
                    if element.verbatim.is_some()
                        && Some(index) != apex
                        && self.needs_no_declaration(element) =>
                {
                    index = self.verbatim_run(node, element, end, skip);
                    continue;
                }
                NodeData::Element(element) => {
                    let rendered = self.rendered.len();
                    self.start_tag(index, element, Some(index) == apex);
                    if let Some(text) = element.verbatim_text() {
                        self.sink.put(self.document.bytes(text));
                    }
                    self.open.push(OpenTag {
                        end: node.end,
                        index,
                        rendered,
                    });
                }
            }
            index = index.saturating_add(1);
        }
    }

    /// Whether the element's prefix is bound, by what was written, to what it is bound to here.
    fn needs_no_declaration(&mut self, element: &ElementData) -> bool {
        element.namespace != Namespace::Xml && self.is_declared(element.prefix, element.namespace)
    }

    /// Whether what was written binds a prefix to the namespace that it means here.
    fn is_declared(&mut self, prefix: crate::document::Str, namespace: Namespace) -> bool {
        let bit = match namespace {
            Namespace::Bound(index @ 0..64) => 1u64 << index,
            _ => 0,
        };
        if self.known & bit != 0 {
            return true;
        }
        let prefix = self.document.str(prefix);
        let declared = self.in_force(prefix) == self.document.namespace(namespace);
        if declared {
            self.known |= bit;
        }
        declared
    }

    /// Writes an element that is its own canonical form, and all such that follow it without a
    /// gap and have the same prefix, in one piece. Gives the node after them.
    fn verbatim_run(
        &mut self,
        first: &Node,
        element: &ElementData,
        end: u32,
        skip: Option<u32>,
    ) -> u32 {
        let (mut index, mut to) = (first.end, first.span.1);
        while index < end && Some(index) != skip {
            let Some(Node {
                end: next,
                span,
                data: NodeData::Element(other),
                ..
            }) = self.document.node(index)
            else {
                break;
            };
            // The prefix means the same: a verbatim element declares nothing, and there is
            // nothing between the two
            if other.verbatim.is_none()
                || span.0 != to
                || other.namespace != element.namespace
                || self.document.str(other.prefix) != self.document.str(element.prefix)
            {
                break;
            }
            (index, to) = (*next, span.1);
        }
        let source = crate::document::Str::source(first.span.0, to);
        self.sink.put(self.document.bytes(source));
        index
    }

    /// Writes the end tags of all elements that end at or before a node.
    fn close_until(&mut self, index: u32) {
        while let Some(tag) = self.open.pop_if(|tag| tag.end <= index) {
            if self.rendered.len() > tag.rendered {
                self.rendered.truncate(tag.rendered);
                self.known = 0;
            }
            if let Some(NodeData::Element(element)) = self.document.node(tag.index).map(|n| &n.data)
            {
                self.sink.put(b"</");
                self.name(element.prefix, element.local);
                self.sink.put(b">");
            }
        }
    }

    fn start_tag(&mut self, index: u32, element: &'d ElementData, apex: bool) {
        self.namespaces.clear();
        self.attributes.clear();
        self.attributes.extend(self.document.attributes_of(element));

        // Exclusive C14N §3, item 3: prefixes visibly utilised by the element or its attributes
        self.utilise(element.prefix, element.namespace);
        for position in 0..self.attributes.len() {
            if let Some(attribute) = self.attributes.get(position).copied()
                && attribute.namespace != Namespace::None
            {
                self.utilise(attribute.prefix, attribute.namespace);
            }
        }
        // Exclusive C14N §3, item 2: listed prefixes as in inclusive canonicalisation. What is in
        // scope changes only at the apex and where something is declared.
        if apex || element.declarations.0 != element.declarations.1 {
            for position in 0..self.inclusive.len() {
                if let Some(&listed) = self.inclusive.get(position) {
                    self.include(index, listed);
                }
            }
        }

        let document = self.document;
        // Canonical XML §2.2: namespaces by prefix; attributes by namespace name, then local name
        self.namespaces.sort_unstable();
        self.attributes.sort_unstable_by(|a, b| {
            let local = || document.str(a.local).cmp(document.str(b.local));
            if a.namespace == b.namespace {
                return local();
            }
            let name = |x: &AttributeData| document.namespace(x.namespace);
            name(a).cmp(name(b)).then_with(local)
        });

        self.sink.put(b"<");
        self.name(element.prefix, element.local);
        for position in 0..self.namespaces.len() {
            if let Some((prefix, uri)) = self.namespaces.get(position).copied() {
                self.sink.put(b" xmlns");
                if !prefix.is_empty() {
                    self.sink.put(b":");
                    self.sink.put(prefix.as_bytes());
                }
                self.sink.put(b"=\"");
                self.escape(uri, &ATTRIBUTE);
                self.sink.put(b"\"");
                self.rendered.push((prefix, uri));
                self.known = 0;
            }
        }
        for position in 0..self.attributes.len() {
            if let Some(attribute) = self.attributes.get(position).copied() {
                self.sink.put(b" ");
                match document.verbatim_attribute(attribute) {
                    Some(verbatim) => self.sink.put(verbatim),
                    None => {
                        self.name(attribute.prefix, attribute.local);
                        self.sink.put(b"=\"");
                        self.escape(document.str(attribute.value), &ATTRIBUTE);
                        self.sink.put(b"\"");
                    }
                }
            }
        }
        self.sink.put(b">");
    }

    fn utilise(&mut self, prefix: crate::document::Str, namespace: Namespace) {
        // Canonical XML §2.2: the xml prefix is never declared
        if namespace != Namespace::Xml && !self.is_declared(prefix, namespace) {
            let document = self.document;
            self.render(document.str(prefix), document.namespace(namespace));
        }
    }

    fn include(&mut self, index: u32, listed: &'d str) {
        let prefix = if listed == "#default" { "" } else { listed };
        match self.document.binding_in_scope(index, prefix) {
            Some(XML_NAMESPACE) if prefix == "xml" => {}
            Some(uri) => self.render(prefix, uri),
            // Canonical XML §2.3: xmlns="" is written where an output ancestor has a default
            // namespace; `render` compares with it
            None if prefix.is_empty() => self.render("", ""),
            None => {}
        }
    }

    /// Adds a declaration unless the nearest output ancestor that declares the prefix says the
    /// same.
    fn render(&mut self, prefix: &'d str, uri: &'d str) {
        if self.in_force(prefix) != uri && !self.namespaces.iter().any(|(p, _)| *p == prefix) {
            self.namespaces.push((prefix, uri));
        }
    }

    /// What the nearest output ancestor that declares the prefix says.
    fn in_force(&self, prefix: &str) -> &'d str {
        let mut declared = self.rendered.iter().rev();
        declared.find(|(p, _)| *p == prefix).map_or("", |(_, u)| *u)
    }

    fn name(&mut self, prefix: crate::document::Str, local: crate::document::Str) {
        // Names are never decoded, and a prefix stands right before its local name
        let start = if prefix.start == prefix.end {
            local.start
        } else {
            prefix.start
        };
        let name = crate::document::Str::source(start, local.end);
        self.sink.put(self.document.bytes(name));
    }

    fn escape(&mut self, text: &str, table: &[Option<&'static [u8]>; 64]) {
        let mut rest = text.as_bytes();
        // Most text has nothing to escape; finding that out in long steps is worth the second look
        let plain = if core::ptr::eq(table, &TEXT) {
            let odd = |found: bool, b: &u8| found | matches!(b, b'\r' | b'&' | b'<' | b'>');
            !rest.iter().fold(false, odd)
        } else {
            let odd = |found: bool, b: &u8| found | (*b < 0x20) | matches!(b, b'"' | b'&' | b'<');
            !rest.iter().fold(false, odd)
        };
        if plain {
            return self.sink.put(rest);
        }
        let special = |b: &u8| table.get(*b as usize).is_some_and(Option::is_some);
        while let Some(at) = rest.iter().position(special) {
            let (before, after) = rest.split_at(at);
            self.sink.put(before);
            if let Some((byte, tail)) = after.split_first() {
                self.sink.put(
                    table
                        .get(*byte as usize)
                        .copied()
                        .flatten()
                        .unwrap_or_default(),
                );
                rest = tail;
            }
        }
        self.sink.put(rest);
    }
}

/// Canonical XML §2.3: what text nodes replace. All of it is below byte 64.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
static TEXT: [Option<&'static [u8]>; 64] = {
    let mut table: [Option<&'static [u8]>; 64] = [None; 64];
    table[b'&' as usize] = Some(b"&amp;");
    table[b'<' as usize] = Some(b"&lt;");
    table[b'>' as usize] = Some(b"&gt;");
    table[b'\r' as usize] = Some(b"&#xD;");
    table
};

/// Canonical XML §2.3: what attribute and namespace nodes replace.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler")]
static ATTRIBUTE: [Option<&'static [u8]>; 64] = {
    let mut table: [Option<&'static [u8]>; 64] = [None; 64];
    table[b'&' as usize] = Some(b"&amp;");
    table[b'<' as usize] = Some(b"&lt;");
    table[b'"' as usize] = Some(b"&quot;");
    table[b'\t' as usize] = Some(b"&#x9;");
    table[b'\n' as usize] = Some(b"&#xA;");
    table[b'\r' as usize] = Some(b"&#xD;");
    table
};
