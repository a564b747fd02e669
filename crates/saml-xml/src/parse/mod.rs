//! The parser: bytes in, arena out, in one pass without recursion.
//!
//! Strictness is the point. What XML 1.0 and Namespaces in XML 1.0 call an error is an error here,
//! and so is every construct that SAML messages never use and attacks do: document types,
//! processing instructions, other encodings, relative namespace names, repeated identifiers.

mod declaration;
mod ids;
mod name;
mod tag;
#[cfg(test)]
mod tests;
mod text;

use crate::chars::is_odd;
use crate::document::{Binding, Document, ElementData, NONE, Namespace, Node, NodeData, Str};
use crate::error::{TextPos, XmlError, XmlErrorKind};
use crate::limits::Limits;

/// An element whose end tag has not been seen.
struct Open {
    node: u32,
    /// The qualified name, to compare the end tag with.
    name: (usize, usize),
    /// How many declarations were in scope before it.
    scope: usize,
}

struct Parser<'s> {
    source: &'s str,
    limits: &'s Limits,
    pos: usize,
    decoded: String,
    nodes: Vec<Node>,
    attributes: Vec<crate::document::AttributeData>,
    bindings: Vec<Binding>,
    open: Vec<Open>,
    /// Declarations in scope, innermost last.
    scope: Vec<u32>,
    ids: Vec<(Str, u32)>,
    /// Prefix and local name of the element read last, as they stand in the source.
    last_name: (Str, Str),
    /// No byte of the source is a control character other than tab and line feed, or starts a character near U+FFFE, so that no
    /// text has to be searched for them.
    no_odd_bytes: bool,
    /// Prefixes resolved since the innermost declaration in scope became the present one, with the
    /// answers. Documents use two or three in turn.
    resolved: [Option<(Str, Namespace)>; 4],
    resolved_in: Option<u32>,
    /// Nodes, attributes and declarations so far.
    spent: usize,
}

impl Document {
    /// Parses a document.
    ///
    /// The input is UTF-8 (XML 1.0 §4.3.3; a byte order mark and a matching XML declaration are
    /// allowed), well-formed, and namespace-well-formed. Comments are dropped and never cut a
    /// value. Time and memory are linear in the input.
    ///
    /// # Errors
    ///
    /// An [`XmlError`] with one of the `xml.*` codes of [`XmlErrorKind`] and the place.
    pub fn parse(bytes: Vec<u8>, limits: &Limits) -> Result<Self, XmlError> {
        let refuse = |kind, bytes: &[u8], at| Err(XmlError::new(kind, TextPos::of(bytes, at)));
        // Offsets are kept in 32 bits
        if bytes.len() > limits.bytes.min(u32::MAX as usize / 2) {
            return Err(XmlError::new(XmlErrorKind::LimitBytes, TextPos::of(&[], 0)));
        }
        if let [b'<', 0, ..] | [0, b'<', ..] = bytes.as_slice() {
            return refuse(XmlErrorKind::Encoding, &bytes, 0);
        }
        let source = match String::from_utf8(bytes) {
            Ok(source) => source,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                return refuse(XmlErrorKind::Encoding, error.as_bytes(), at);
            }
        };
        let mut parser = Parser::new(&source, limits);
        parser.run()?;
        let Parser {
            decoded,
            nodes,
            attributes,
            bindings,
            ids,
            ..
        } = parser;
        Ok(Self {
            source,
            decoded,
            nodes,
            attributes,
            bindings,
            ids,
        })
    }
}

impl<'s> Parser<'s> {
    fn new(source: &'s str, limits: &'s Limits) -> Self {
        // Densities of real messages, so that one allocation of each is enough for most
        let guess = source.len() / 48;
        Self {
            source,
            limits,
            pos: 0,
            decoded: String::new(),
            nodes: Vec::with_capacity(guess.min(limits.nodes)),
            attributes: Vec::with_capacity(guess.min(limits.nodes)),
            bindings: Vec::with_capacity(8),
            open: Vec::with_capacity(16),
            scope: Vec::with_capacity(16),
            ids: Vec::new(),
            last_name: (Str::EMPTY, Str::EMPTY),
            no_odd_bytes: !source.bytes().fold(false, |found, b| found | is_odd(b)),
            resolved: [None; 4],
            resolved_in: None,
            spent: 0,
        }
    }

    fn run(&mut self) -> Result<(), XmlError> {
        self.prolog()?;
        while let Some(byte) = self.peek() {
            if byte == b'<' {
                self.markup()?;
            } else if self.open.is_empty() {
                self.text_outside_root()?;
            } else {
                self.text()?;
            }
        }
        if !self.open.is_empty() {
            return self.fail(XmlErrorKind::UnexpectedEnd);
        }
        if self.nodes.is_empty() {
            let blank = self.source.trim_start_matches('\u{FEFF}').trim().is_empty();
            return self.fail(if blank {
                XmlErrorKind::Empty
            } else {
                XmlErrorKind::UnexpectedEnd
            });
        }
        self.check_unique_ids()
    }

    fn markup(&mut self) -> Result<(), XmlError> {
        match self.byte(self.pos.saturating_add(1)) {
            Some(b'/') => self.end_tag(),
            Some(b'?') => self.fail(XmlErrorKind::ProcessingInstruction),
            Some(b'!') => self.declaration_markup(),
            Some(_) => self.start_tag(),
            None => self.fail(XmlErrorKind::UnexpectedEnd),
        }
    }

    fn declaration_markup(&mut self) -> Result<(), XmlError> {
        let rest = self.rest();
        if rest.starts_with("<!--") {
            self.comment()
        } else if rest.starts_with("<![CDATA[") {
            if self.open.is_empty() {
                return self.fail(XmlErrorKind::ContentOutsideRoot);
            }
            self.cdata()
        } else if rest
            .get(..9)
            .is_some_and(|s| s.eq_ignore_ascii_case("<!DOCTYPE"))
        {
            // SAML2Int v2 SDP-G03, FedInterop IIP-G03: no message carries a DTD
            self.fail(XmlErrorKind::Doctype)
        } else {
            self.fail(XmlErrorKind::Syntax)
        }
    }

    fn push_element(&mut self, start: usize, data: ElementData) -> u32 {
        self.push(start, NodeData::Element(data))
    }

    fn push(&mut self, start: usize, data: NodeData) -> u32 {
        let index = offset(self.nodes.len());
        let parent = self.open.last().map_or(NONE, |o| o.node);
        let span = (offset(start), offset(self.pos));
        self.nodes.push(Node {
            parent,
            end: index.saturating_add(1),
            span,
            data,
        });
        index
    }

    /// Design rule 9: the budget is checked before the node is made.
    fn spend(&mut self, kind: XmlErrorKind) -> Result<(), XmlError> {
        self.spent = self.spent.saturating_add(1);
        if self.spent > self.limits.nodes {
            self.fail(kind)
        } else {
            Ok(())
        }
    }

    fn peek(&self) -> Option<u8> {
        self.byte(self.pos)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.source.as_bytes().get(at).copied()
    }

    fn rest(&self) -> &'s str {
        self.source.get(self.pos..).unwrap_or_default()
    }

    fn advance(&mut self, by: usize) {
        self.pos = self.pos.saturating_add(by);
    }

    /// Skips white space; tells whether there was any.
    fn skip_space(&mut self) -> bool {
        let start = self.pos;
        while self.peek().is_some_and(crate::chars::is_space) {
            self.advance(1);
        }
        self.pos > start
    }

    fn expect(&mut self, byte: u8) -> Result<(), XmlError> {
        match self.peek() {
            Some(b) if b == byte => {
                self.advance(1);
                Ok(())
            }
            Some(_) => self.fail(XmlErrorKind::Syntax),
            None => self.fail(XmlErrorKind::UnexpectedEnd),
        }
    }

    fn fail<T>(&self, kind: XmlErrorKind) -> Result<T, XmlError> {
        self.fail_at(kind, self.pos)
    }

    #[cold]
    fn fail_at<T>(&self, kind: XmlErrorKind, at: usize) -> Result<T, XmlError> {
        Err(XmlError::new(kind, TextPos::of(self.source.as_bytes(), at)))
    }

    fn bytes(&self, s: Str) -> &[u8] {
        let buffer = if s.decoded {
            self.decoded.as_bytes()
        } else {
            self.source.as_bytes()
        };
        buffer
            .get(s.start as usize..s.end as usize)
            .unwrap_or_default()
    }

    fn str(&self, s: Str) -> &str {
        let buffer = if s.decoded {
            &self.decoded
        } else {
            self.source
        };
        buffer
            .get(s.start as usize..s.end as usize)
            .unwrap_or_default()
    }
}

/// Narrows an offset; `parse` has checked that the source is shorter than `u32::MAX / 2`, and the
/// decoded text is never longer than the source.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
