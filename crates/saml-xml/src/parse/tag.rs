//! Start tags, end tags, attributes, and the namespaces they declare and use.

use core::num::NonZeroU32;

use super::name::QName;
use super::{Open, Parser, offset};
use crate::document::{
    AttributeData, Binding, ElementData, NONE, Namespace, Node, NodeData, Str, XML_NAMESPACE,
};
use crate::error::{XmlError, XmlErrorKind};

const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";

impl Parser<'_> {
    pub(super) fn start_tag(&mut self) -> Result<(), XmlError> {
        let start = self.pos;
        if self.open.is_empty() && !self.nodes.is_empty() {
            return self.fail(XmlErrorKind::MultipleRoots);
        }
        if self.open.len() >= self.limits.depth {
            return self.fail(XmlErrorKind::LimitDepth);
        }
        self.spend(XmlErrorKind::LimitNodes)?;
        self.advance(1);
        let name_start = self.pos;
        let name = self.element_name()?;
        let name_end = self.pos;
        let qname = self
            .source
            .as_bytes()
            .get(name_start..name_end)
            .unwrap_or_default();
        if let Some(length) = self.plain_content(qname, name_end) {
            return self.leaves(start, &name, length);
        }

        let attributes_from = self.attributes.len();
        let bindings_from = self.bindings.len();
        let scope_from = self.scope.len();
        let empty = self.attribute_list(attributes_from, bindings_from)?;

        self.check_declarations(bindings_from)?;
        let namespace = self.resolve_element(name.prefix, name_start)?;
        self.resolve_attributes(attributes_from)?;

        let data = ElementData {
            prefix: name.prefix,
            local: name.local,
            namespace,
            attributes: (offset(attributes_from), offset(self.attributes.len())),
            declarations: (offset(bindings_from), offset(self.bindings.len())),
            content: offset(self.pos),
            verbatim: None,
        };
        let node = self.push_element(start, data);
        if empty {
            self.scope.truncate(scope_from);
        } else {
            self.open.push(Open {
                node,
                name: (name_start, name_end),
                scope: scope_from,
            });
        }
        Ok(())
    }

    /// How long the text is, if at `at` come `>`, text that is its own canonical form, and the end
    /// tag of that name. Lists of thousands of values look like that.
    fn plain_content(&self, name: &[u8], at: usize) -> Option<usize> {
        let content = self.source.as_bytes().get(at..)?.strip_prefix(b">")?;
        let length = self.plain_run(content)?;
        let after = content.get(length..)?.strip_prefix(b"</")?;
        (after.strip_prefix(name)?.first() == Some(&b'>')).then_some(length)
    }

    /// A whole element without attributes whose content is text that needs no decoding, and all
    /// that follow it with the same name and as plain a content.
    fn leaves(&mut self, start: usize, name: &QName, first: usize) -> Result<(), XmlError> {
        let source = self.source.as_bytes();
        let name_start = start.saturating_add(1);
        let namespace = self.resolve_element(name.prefix, name_start)?;
        let qname = source.get(name_start..self.pos).unwrap_or_default();
        let none = (offset(self.attributes.len()), offset(self.attributes.len()));
        let declarations = (offset(self.bindings.len()), offset(self.bindings.len()));
        let parent = self.open.last().map_or(NONE, |o| o.node);
        let (mut start, mut length) = (start, first);
        loop {
            let content = start.saturating_add(qname.len()).saturating_add("<>".len());
            let text_end = content.saturating_add(length);
            self.pos = text_end
                .saturating_add(qname.len())
                .saturating_add("</>".len());
            let index = offset(self.nodes.len());
            self.nodes.push(Node {
                parent,
                end: index.saturating_add(1),
                span: (offset(start), offset(self.pos)),
                data: NodeData::Element(ElementData {
                    // One place stands for the name of all, so that comparing names is quick
                    prefix: name.prefix,
                    local: name.local,
                    namespace,
                    attributes: none,
                    declarations,
                    content: offset(content),
                    verbatim: NonZeroU32::new(offset(text_end)),
                }),
            });
            if length > 0 {
                self.spend(XmlErrorKind::LimitNodes)?;
            }
            start = self.pos;
            let next = source.get(start..).unwrap_or_default();
            let again = next
                .strip_prefix(b"<")
                .is_some_and(|rest| rest.starts_with(qname));
            let after = start.saturating_add(1).saturating_add(qname.len());
            match again.then(|| self.plain_content(qname, after)).flatten() {
                Some(next) => length = next,
                None => return Ok(()),
            }
            self.spend(XmlErrorKind::LimitNodes)?;
        }
    }

    /// Lists repeat one name; comparing with the last is quicker than reading it again.
    fn element_name(&mut self) -> Result<QName, XmlError> {
        let start = self.pos;
        let (prefix, local) = self.last_name;
        let last = self
            .source
            .get(prefix.start as usize..local.end as usize)
            .unwrap_or_default();
        let ends = |after: &str| after.starts_with(['>', ' ', '/']);
        if !last.is_empty()
            && prefix.end > prefix.start
            && self.rest().strip_prefix(last).is_some_and(ends)
        {
            self.advance(last.len());
            let shifted = |s: Str| {
                let from = offset(start).wrapping_add(s.start.wrapping_sub(prefix.start));
                Str::source(from, from.wrapping_add(s.end.wrapping_sub(s.start)))
            };
            return Ok(QName {
                prefix: shifted(prefix),
                local: shifted(local),
            });
        }
        let name = self.qname()?;
        self.last_name = (name.prefix, name.local);
        Ok(name)
    }

    pub(super) fn end_tag(&mut self) -> Result<(), XmlError> {
        let start = self.pos;
        let Some(open) = self.open.last() else {
            return self.fail(XmlErrorKind::ContentOutsideRoot);
        };
        let (from, to) = open.name;
        let expected = self.source.get(from..to).unwrap_or_default();
        self.advance("</".len());
        // Nearly every end tag is the expected one, followed by its bracket
        let rest = self.rest();
        if rest
            .strip_prefix(expected)
            .is_some_and(|after| after.starts_with('>'))
        {
            self.advance(expected.len());
        } else {
            let found = self.pos;
            self.qname()?;
            if self.source.get(found..self.pos) != Some(expected) {
                return self.fail_at(XmlErrorKind::MismatchedTag, start);
            }
        }
        self.skip_space();
        self.expect(b'>')?;
        let end = offset(self.nodes.len());
        let at = offset(self.pos);
        if let Some(open) = self.open.pop() {
            self.scope.truncate(open.scope);
            if let Some(node) = self.nodes.get_mut(open.node as usize) {
                node.end = end;
                node.span.1 = at;
            }
        }
        Ok(())
    }

    /// Reads attributes up to the end of the start tag; tells whether it was `/>`.
    fn attribute_list(
        &mut self,
        attributes_from: usize,
        bindings_from: usize,
    ) -> Result<bool, XmlError> {
        loop {
            let spaced = self.skip_space();
            match self.peek() {
                Some(b'>') => {
                    self.advance(1);
                    return Ok(false);
                }
                Some(b'/') => {
                    self.advance(1);
                    self.expect(b'>')?;
                    return Ok(true);
                }
                Some(_) if spaced => self.attribute(attributes_from, bindings_from)?,
                Some(_) => return self.fail(XmlErrorKind::Syntax),
                None => return self.fail(XmlErrorKind::UnexpectedEnd),
            }
        }
    }

    fn attribute(&mut self, attributes_from: usize, bindings_from: usize) -> Result<(), XmlError> {
        let here = (self.attributes.len() - attributes_from)
            .saturating_add(self.bindings.len() - bindings_from);
        if here >= self.limits.attributes {
            return self.fail(XmlErrorKind::LimitAttributes);
        }
        self.spend(XmlErrorKind::LimitNodes)?;
        let start = self.pos;
        let QName { prefix, local } = self.qname()?;
        self.skip_space();
        self.expect(b'=')?;
        self.skip_space();
        let value = self.attribute_value()?;
        let declared = match (self.bytes(prefix), self.bytes(local)) {
            (b"xmlns", _) => Some(local),
            (b"", b"xmlns") => Some(Str::EMPTY),
            _ => None,
        };
        if let Some(declared) = declared {
            return self.declare(declared, value, start, bindings_from);
        }
        let span = (offset(start), offset(self.pos));
        self.attributes.push(AttributeData {
            prefix,
            local,
            namespace: Namespace::None,
            value,
            span,
        });
        Ok(())
    }

    fn declare(
        &mut self,
        prefix: Str,
        uri: Str,
        at: usize,
        bindings_from: usize,
    ) -> Result<(), XmlError> {
        let (name, value) = (self.str(prefix), self.str(uri));
        // Namespaces in XML 1.0 §3: xml may only be bound to its own name, xmlns never, and
        // nothing else to either name
        let reserved = match name {
            "xml" => value != XML_NAMESPACE,
            "xmlns" => true,
            _ => value == XML_NAMESPACE || value == XMLNS_NAMESPACE,
        };
        if reserved {
            return self.fail_at(XmlErrorKind::ReservedPrefix, at);
        }
        if value.is_empty() && !name.is_empty() {
            // Namespaces in XML 1.0 §5: "the attribute value … MUST NOT be empty" for a prefix
            return self.fail_at(XmlErrorKind::EmptyNamespace, at);
        }
        let mut here = self
            .bindings
            .get(bindings_from..)
            .unwrap_or_default()
            .iter();
        if here.any(|b| self.str(b.prefix) == name) {
            return self.fail_at(XmlErrorKind::DuplicateAttribute, at);
        }
        match uri_kind(value) {
            UriKind::Absolute => {}
            UriKind::Empty => {}
            UriKind::Relative => return self.fail_at(XmlErrorKind::RelativeNamespace, at),
            UriKind::NotAUri => return self.fail_at(XmlErrorKind::NamespaceUri, at),
        }
        if name != "xml" {
            self.scope.push(offset(self.bindings.len()));
        }
        self.bindings.push(Binding { prefix, uri });
        Ok(())
    }

    fn check_declarations(&self, bindings_from: usize) -> Result<(), XmlError> {
        if self.bindings.len() > bindings_from && self.scope.len() > self.limits.namespaces {
            return self.fail(XmlErrorKind::LimitNamespaces);
        }
        Ok(())
    }

    /// The namespace of an element. The answers hold for as long as the innermost declaration in
    /// scope is the same one: what lies below it has not changed since.
    fn resolve_element(&mut self, prefix: Str, at: usize) -> Result<Namespace, XmlError> {
        let innermost = self.scope.last().copied();
        if self.resolved_in != innermost {
            self.resolved_in = innermost;
            self.resolved = [None; 4];
        }
        let name = self.bytes(prefix);
        // Bytes one by one: prefixes are too short for anything that has to be called
        let same = |known: &Str| {
            let known = self.bytes(*known);
            known.len() == name.len() && known.iter().zip(name).all(|(a, b)| a == b)
        };
        let known = self
            .resolved
            .iter()
            .flatten()
            .find(|(known, _)| same(known));
        if let Some((_, namespace)) = known {
            return Ok(*namespace);
        }
        let namespace = self.resolve(prefix, at, Namespace::None)?;
        self.resolved.rotate_right(1);
        if let Some(first) = self.resolved.first_mut() {
            *first = Some((prefix, namespace));
        }
        Ok(namespace)
    }

    /// Finds the declaration of a prefix; an unprefixed element takes the default namespace.
    fn resolve(
        &self,
        prefix: Str,
        at: usize,
        unprefixed: Namespace,
    ) -> Result<Namespace, XmlError> {
        let name = self.bytes(prefix);
        if name == b"xml" {
            return Ok(Namespace::Xml);
        }
        for &index in self.scope.iter().rev() {
            let Some(binding) = self.bindings.get(index as usize) else {
                break;
            };
            if self.bytes(binding.prefix) == name {
                let undeclared = binding.uri.start == binding.uri.end;
                return Ok(if undeclared {
                    Namespace::None
                } else {
                    Namespace::Bound(index)
                });
            }
        }
        if name.is_empty() {
            Ok(unprefixed)
        } else {
            self.fail_at(XmlErrorKind::UnboundPrefix, at)
        }
    }

    fn resolve_attributes(&mut self, from: usize) -> Result<(), XmlError> {
        for index in from..self.attributes.len() {
            let Some(attribute) = self.attributes.get(index).copied() else {
                break;
            };
            let mut resolved = attribute;
            // Namespaces in XML 1.0 §6.2: the default namespace does not apply to attributes
            if attribute.prefix.start != attribute.prefix.end {
                resolved.namespace =
                    self.resolve(attribute.prefix, attribute.span.0 as usize, Namespace::None)?;
            }
            if let Some(slot) = self.attributes.get_mut(index) {
                *slot = resolved;
            }
            self.note_id(&resolved);
        }
        self.check_duplicates(from)
    }

    /// XML 1.0 §3.1, Namespaces in XML 1.0 §6.3. A few attributes are compared in pairs, many are
    /// sorted first.
    fn check_duplicates(&self, from: usize) -> Result<(), XmlError> {
        let list = self.attributes.get(from..).unwrap_or_default();
        let duplicate = if list.len() <= 8 {
            let repeats = |(index, a): &(usize, &AttributeData)| {
                list.iter()
                    .take(*index)
                    .any(|earlier| self.same_name(earlier, a))
            };
            list.iter().enumerate().find(repeats).map(|(_, a)| a.span.0)
        } else {
            let key =
                |a: &AttributeData| (self.bytes(a.local), self.namespace(a.namespace), a.span.0);
            let mut keys: Vec<_> = list.iter().map(key).collect();
            keys.sort_unstable();
            keys.windows(2).find_map(|pair| match pair {
                [(a, m, _), (b, n, at)] if (a, m) == (b, n) => Some(*at),
                _ => None,
            })
        };
        duplicate.map_or(Ok(()), |at| {
            self.fail_at(XmlErrorKind::DuplicateAttribute, at as usize)
        })
    }

    fn same_name(&self, a: &AttributeData, b: &AttributeData) -> bool {
        self.bytes(a.local) == self.bytes(b.local)
            && (a.namespace == b.namespace
                || self.namespace(a.namespace) == self.namespace(b.namespace))
    }

    fn namespace(&self, namespace: Namespace) -> &str {
        match namespace {
            Namespace::None => "",
            Namespace::Xml => XML_NAMESPACE,
            Namespace::Bound(index) => self
                .bindings
                .get(index as usize)
                .map_or("", |b| self.str(b.uri)),
        }
    }
}

enum UriKind {
    Empty,
    Absolute,
    Relative,
    NotAUri,
}

/// RFC 3986 §2 and §3.1, as far as telling a URI from a relative reference and from noise.
fn uri_kind(value: &str) -> UriKind {
    if value.is_empty() {
        return UriKind::Empty;
    }
    let fits = |b: u8| {
        b.is_ascii_graphic()
            && !matches!(
                b,
                b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
            )
    };
    if !value.bytes().all(fits) {
        return UriKind::NotAUri;
    }
    let Some((scheme, _)) = value.split_once(':') else {
        return UriKind::Relative;
    };
    let mut bytes = scheme.bytes();
    let starts = bytes.next().is_some_and(|b| b.is_ascii_alphabetic());
    if starts && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')) {
        UriKind::Absolute
    } else {
        UriKind::Relative
    }
}
