//! Character data, references, CDATA sections, comments, attribute values.

use super::{Parser, offset};
use crate::chars::{ATTRIBUTE_STOPS, TEXT_STOPS, is_char, is_odd, is_space};
use crate::document::{Node, NodeData, Str};
use crate::error::{XmlError, XmlErrorKind};

/// A value being read: a slice of the source for as long as nothing in it needs decoding.
struct Piece {
    /// First byte not yet copied to the decoded text.
    from: usize,
    /// Where the value starts in the decoded text, once it had to be copied.
    decoded_from: Option<usize>,
}

impl Parser<'_> {
    /// Text in an element, up to the next markup.
    pub(super) fn text(&mut self) -> Result<(), XmlError> {
        let start = self.pos;
        let mut piece = Piece {
            from: start,
            decoded_from: None,
        };
        loop {
            self.skip_plain();
            self.skip_to(&TEXT_STOPS);
            match self.peek() {
                None | Some(b'<') => break,
                Some(b'&') => self.reference(&mut piece)?,
                Some(b'\r') => self.line_end(&mut piece, '\n'),
                Some(b'>') => {
                    if self
                        .source
                        .get(..self.pos)
                        .is_some_and(|s| s.ends_with("]]"))
                        && self.pos >= start.saturating_add(2)
                    {
                        return self.fail(XmlErrorKind::CdataEndInText);
                    }
                    self.advance(1);
                }
                Some(_) => self.character()?,
            }
        }
        let text = self.finish(&piece);
        self.push_text(start, text)
    }

    /// XML 1.0 §2.1: only white space and comments stand outside the root element.
    pub(super) fn text_outside_root(&mut self) -> Result<(), XmlError> {
        while let Some(byte) = self.peek() {
            match byte {
                b'<' => return Ok(()),
                byte if is_space(byte) => self.advance(1),
                byte if byte < 0x20 => return self.fail(XmlErrorKind::Character),
                _ => return self.fail(XmlErrorKind::ContentOutsideRoot),
            }
        }
        Ok(())
    }

    pub(super) fn cdata(&mut self) -> Result<(), XmlError> {
        let start = self.pos;
        self.advance("<![CDATA[".len());
        let Some(length) = self.rest().find("]]>") else {
            return self.fail(XmlErrorKind::UnexpectedEnd);
        };
        let end = self.pos.saturating_add(length);
        let mut piece = Piece {
            from: self.pos,
            decoded_from: None,
        };
        loop {
            self.skip_to(&TEXT_STOPS);
            if self.pos >= end {
                self.pos = end;
                break;
            }
            match self.peek() {
                Some(b'\r') => self.line_end(&mut piece, '\n'),
                Some(b'<' | b'&' | b'>') => self.advance(1),
                _ => self.character()?,
            }
        }
        let text = self.finish(&piece);
        self.advance("]]>".len());
        self.push_text(start, text)
    }

    pub(super) fn comment(&mut self) -> Result<(), XmlError> {
        let start = self.pos;
        self.advance("<!--".len());
        let Some(length) = self.rest().find("--") else {
            return self.fail_at(XmlErrorKind::UnexpectedEnd, start);
        };
        let end = self.pos.saturating_add(length);
        while self.pos < end {
            self.skip_to(&TEXT_STOPS);
            match self.peek() {
                Some(b'<' | b'&' | b'>' | b'\r') if self.pos < end => self.advance(1),
                Some(_) if self.pos < end => self.character()?,
                _ => break,
            }
        }
        self.pos = end.saturating_add("--".len());
        if self.peek() != Some(b'>') {
            // XML 1.0 §2.5: "the string "--" … MUST NOT occur within comments"
            return self.fail_at(XmlErrorKind::Comment, end);
        }
        self.advance(1);
        Ok(())
    }

    /// A quoted value, normalised as XML 1.0 §3.3.3 says for attributes of type CDATA.
    pub(super) fn attribute_value(&mut self) -> Result<Str, XmlError> {
        let Some(quote @ (b'"' | b'\'')) = self.peek() else {
            return self.fail(if self.peek().is_some() {
                XmlErrorKind::Syntax
            } else {
                XmlErrorKind::UnexpectedEnd
            });
        };
        self.advance(1);
        let mut piece = Piece {
            from: self.pos,
            decoded_from: None,
        };
        loop {
            self.skip_to(&ATTRIBUTE_STOPS);
            match self.peek() {
                None => return self.fail(XmlErrorKind::UnexpectedEnd),
                Some(byte) if byte == quote => break,
                Some(b'"' | b'\'') => self.advance(1),
                Some(b'<') => return self.fail(XmlErrorKind::LessThanInAttribute),
                Some(b'&') => self.reference(&mut piece)?,
                Some(b'\t' | b'\n' | b'\r') => self.line_end(&mut piece, ' '),
                Some(_) => self.character()?,
            }
        }
        let value = self.finish(&piece);
        self.advance(1);
        Ok(value)
    }

    /// Skips the text before the next markup at once when no byte of it needs a look.
    fn skip_plain(&mut self) {
        let rest = self.source.as_bytes().get(self.pos..).unwrap_or_default();
        if let Some(length) = self.plain_run(rest) {
            self.advance(length);
        }
    }

    /// The length of the text up to the next markup, if no byte of it needs a look. Text that has
    /// to be looked at is looked at once, so long runs are left to `skip_to`.
    pub(super) fn plain_run(&self, rest: &[u8]) -> Option<usize> {
        let length = memchr::memchr3(b'<', b'&', b'>', rest)?;
        let run = rest.get(..length)?;
        let odd = |found: bool, b: &u8| found | is_odd(*b);
        let plain = rest.get(length) != Some(&b'>')
            && (self.no_odd_bytes || length <= 4096 && !run.iter().fold(false, odd));
        plain.then_some(length)
    }

    #[inline]
    fn skip_to(&mut self, stops: &[bool; 256]) {
        let bytes = self.source.as_bytes().get(self.pos..).unwrap_or_default();
        let stop = |b: &u8| stops.get(*b as usize).copied().unwrap_or(true);
        self.advance(bytes.iter().position(stop).unwrap_or(bytes.len()));
    }

    /// Checks one character that the scan stopped at: a control character, or one of the block
    /// that U+FFFE and U+FFFF are in.
    fn character(&mut self) -> Result<(), XmlError> {
        match self.rest().chars().next() {
            Some(c) if is_char(c) => {
                self.advance(c.len_utf8());
                Ok(())
            }
            _ => self.fail(XmlErrorKind::Character),
        }
    }

    /// XML 1.0 §2.11: CRLF and CR become one LF; in an attribute value that becomes one space.
    fn line_end(&mut self, piece: &mut Piece, to: char) {
        let length = if self.rest().starts_with("\r\n") {
            2
        } else {
            1
        };
        self.replace(piece, length, to);
    }

    /// XML 1.0 §4.1: a character reference, or one of the five predefined entities (§4.6).
    fn reference(&mut self, piece: &mut Piece) -> Result<(), XmlError> {
        // The longest legal reference is &#x10FFFF; with leading zeros allowed a few more
        let rest = self.rest().as_bytes();
        let window = rest.get(..rest.len().min(32)).unwrap_or_default();
        let Some(length) = window.iter().position(|&b| b == b';') else {
            let number = window.starts_with(b"&#");
            let kind = if number {
                XmlErrorKind::CharacterReference
            } else {
                XmlErrorKind::UndefinedEntity
            };
            return self.fail(kind);
        };
        let name = self.rest().get(1..length).unwrap_or_default();
        let c = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => match name.strip_prefix('#') {
                None => return self.fail(XmlErrorKind::UndefinedEntity),
                Some(number) => match character_reference(number) {
                    Some(c) => c,
                    None => return self.fail(XmlErrorKind::CharacterReference),
                },
            },
        };
        self.replace(piece, length.saturating_add(1), c);
        Ok(())
    }

    /// Copies what was read so far and puts a character in place of the next `length` bytes.
    fn replace(&mut self, piece: &mut Piece, length: usize, by: char) {
        piece.decoded_from.get_or_insert(self.decoded.len());
        self.decoded
            .push_str(self.source.get(piece.from..self.pos).unwrap_or_default());
        self.decoded.push(by);
        self.advance(length);
        piece.from = self.pos;
    }

    fn finish(&mut self, piece: &Piece) -> Str {
        match piece.decoded_from {
            None => Str::source(offset(piece.from), offset(self.pos)),
            Some(start) => {
                self.decoded
                    .push_str(self.source.get(piece.from..self.pos).unwrap_or_default());
                Str {
                    start: offset(start),
                    end: offset(self.decoded.len()),
                    decoded: true,
                }
            }
        }
    }

    /// Adds text to the current element. Runs that only a comment or a section boundary separates
    /// become one, so that no reader can take the first for the whole.
    fn push_text(&mut self, start: usize, text: Str) -> Result<(), XmlError> {
        if text.start == text.end {
            return Ok(());
        }
        let parent = self.open.last().map(|o| o.node);
        let end = offset(self.pos);
        let last = offset(self.nodes.len()).wrapping_sub(1);
        if let Some(Node {
            parent: of,
            data: NodeData::Text(before),
            ..
        }) = self.nodes.get(last as usize)
            && Some(*of) == parent
        {
            let joined = self.join(*before, text);
            if let Some(node) = self.nodes.get_mut(last as usize) {
                node.data = NodeData::Text(joined);
                node.span.1 = end;
            }
            return Ok(());
        }
        self.spend(XmlErrorKind::LimitNodes)?;
        self.push(start, NodeData::Text(text));
        Ok(())
    }

    /// Joins two runs in the decoded text. A run that is already its tail is extended in place,
    /// so that many joins cost no more than the text is long.
    fn join(&mut self, before: Str, after: Str) -> Str {
        let source = self.source;
        // What was just decoded stands after `before` with nothing between
        if before.decoded && after.decoded && before.end == after.start {
            return Str {
                start: before.start,
                end: after.end,
                decoded: true,
            };
        }
        let tail = before.decoded && before.end as usize == self.decoded.len();
        let start = if tail {
            before.start
        } else {
            let start = offset(self.decoded.len());
            let text = self.str(before).to_owned();
            self.decoded.push_str(&text);
            start
        };
        if after.decoded {
            let text = self.str(after).to_owned();
            self.decoded.push_str(&text);
        } else {
            self.decoded.push_str(
                source
                    .get(after.start as usize..after.end as usize)
                    .unwrap_or_default(),
            );
        }
        Str {
            start,
            end: offset(self.decoded.len()),
            decoded: true,
        }
    }
}

/// The digits of a character reference; `None` when they are none, or name no XML character.
fn character_reference(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(hexadecimal) => (hexadecimal, 16),
        None => (number, 10),
    };
    if !digits.bytes().all(|b| char::from(b).is_digit(radix)) {
        return None;
    }
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|c| is_char(*c))
}
