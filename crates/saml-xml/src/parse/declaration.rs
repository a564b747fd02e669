//! What may stand before the root element: a byte order mark and the XML declaration.

use super::Parser;
use crate::chars::is_space;
use crate::error::{XmlError, XmlErrorKind};

impl<'s> Parser<'s> {
    pub(super) fn prolog(&mut self) -> Result<(), XmlError> {
        if self.rest().starts_with('\u{FEFF}') {
            self.advance('\u{FEFF}'.len_utf8());
        }
        let rest = self.rest();
        if rest.starts_with("<?xml") && rest.as_bytes().get(5).copied().is_some_and(is_space) {
            self.advance("<?xml".len());
            self.xml_declaration()?;
        }
        Ok(())
    }

    /// XML 1.0 §2.8: version, then encoding, then standalone, in this order.
    fn xml_declaration(&mut self) -> Result<(), XmlError> {
        self.skip_space();
        if self.pseudo_attribute("version")? != Some("1.0") {
            return self.fail(XmlErrorKind::Declaration);
        }
        let mut spaced = self.skip_space();
        let at = self.pos;
        if spaced && let Some(encoding) = self.pseudo_attribute("encoding")? {
            // XML 1.0 §4.3.3: "it is a fatal error for an entity including an encoding declaration
            // to be presented … in an encoding other than that named in the declaration"
            if !encoding.eq_ignore_ascii_case("UTF-8") {
                return self.fail_at(XmlErrorKind::EncodingDeclaration, at);
            }
            spaced = self.skip_space();
        }
        if spaced && let Some(standalone) = self.pseudo_attribute("standalone")? {
            if !matches!(standalone, "yes" | "no") {
                return self.fail(XmlErrorKind::Declaration);
            }
            self.skip_space();
        }
        if !self.rest().starts_with("?>") {
            return self.fail(XmlErrorKind::Declaration);
        }
        self.advance("?>".len());
        Ok(())
    }

    fn pseudo_attribute(&mut self, name: &str) -> Result<Option<&'s str>, XmlError> {
        if !self.rest().starts_with(name) {
            return Ok(None);
        }
        self.advance(name.len());
        self.skip_space();
        if self.peek() != Some(b'=') {
            return self.fail(XmlErrorKind::Declaration);
        }
        self.advance(1);
        self.skip_space();
        let quote = match self.peek() {
            Some(b'"') => '"',
            Some(b'\'') => '\'',
            _ => return self.fail(XmlErrorKind::Declaration),
        };
        self.advance(1);
        let Some((value, _)) = self.rest().split_once(quote) else {
            return self.fail(XmlErrorKind::UnexpectedEnd);
        };
        self.advance(value.len().saturating_add(1));
        Ok(Some(value))
    }
}
