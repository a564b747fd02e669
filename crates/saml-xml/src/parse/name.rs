//! Names: Namespaces in XML 1.0 §4, productions `NCName` and `QName`.

use super::{Parser, offset};
use crate::chars::{is_name_char, is_name_start};
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
        loop {
            match self.peek() {
                Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => self.advance(1),
                Some(b'0'..=b'9' | b'-' | b'.') if self.pos > start => self.advance(1),
                Some(0x80..) => {
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
                _ => break,
            }
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
