//! Names: Namespaces in XML 1.0 §4, productions `NCName` and `QName`.

use super::{Parser, offset};
use crate::chars::{NAME_BYTES, is_name_char, is_name_start};
use crate::document::Str;
use crate::error::{XmlError, XmlErrorKind};

pub(super) struct QName {
    pub(super) prefix: Str,
    pub(super) local: Str,
}

impl Parser<'_> {
    pub(super) fn qname(&mut self) -> Result<QName, XmlError> {
        let first = self.nc_name()?;
        if self.peek() != Some(b':') {
            return Ok(QName {
                prefix: Str::EMPTY,
                local: first,
            });
        }
        self.advance(1);
        let local = self.nc_name()?;
        if self.peek() == Some(b':') {
            return self.fail(XmlErrorKind::Name);
        }
        Ok(QName {
            prefix: first,
            local,
        })
    }

    fn nc_name(&mut self) -> Result<Str, XmlError> {
        let start = self.pos;
        // Nearly every name is ASCII, and then one look at each byte is enough
        let bytes = self.source.as_bytes().get(start..).unwrap_or_default();
        let is_ascii_name = |b: &u8| NAME_BYTES.get(usize::from(*b)).copied().unwrap_or(false);
        if bytes
            .first()
            .is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        {
            self.advance(
                bytes
                    .iter()
                    .position(|b| !is_ascii_name(b))
                    .unwrap_or(bytes.len()),
            );
        }
        while self
            .peek()
            .is_some_and(|b| b >= 0x80 || (self.pos > start && is_ascii_name(&b)))
        {
            let Some(c) = self.rest().chars().next() else {
                break;
            };
            let fits = if self.pos == start {
                is_name_start(c)
            } else {
                is_name_char(c)
            };
            if !fits {
                return self.fail(XmlErrorKind::Name);
            }
            self.advance(c.len_utf8());
        }
        if self.pos > start {
            return Ok(Str::source(offset(start), offset(self.pos)));
        }
        match self.peek() {
            Some(b':' | b'0'..=b'9' | b'-' | b'.') => self.fail(XmlErrorKind::Name),
            Some(_) => self.fail(XmlErrorKind::Syntax),
            None => self.fail(XmlErrorKind::UnexpectedEnd),
        }
    }
}
