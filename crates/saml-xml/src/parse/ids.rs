//! Identifiers: no two elements share one, whatever the attribute is called.
//!
//! Verifiers that look up an ID by another attribute name than the consumer does are told two
//! different stories by one document. Here the names are pooled: `ID` in any namespace and any
//! case (which covers `xml:id` and `wsu:Id`), and the identifier attributes of SAML 1.1.

use super::Parser;
use crate::document::AttributeData;
use crate::error::{XmlError, XmlErrorKind};

impl Parser<'_> {
    pub(super) fn note_id(&mut self, attribute: &AttributeData) {
        let name = self.bytes(attribute.local);
        if name.eq_ignore_ascii_case(b"id")
            || matches!(name, b"AssertionID" | b"RequestID" | b"ResponseID")
        {
            self.ids.push((attribute.value, attribute.span.0));
        }
    }

    /// SAML Core §1.3.4, XML 1.0 §3.3.1 (VC: ID). Sorting keeps this n log n without a hash that
    /// would need a random seed.
    pub(super) fn check_unique_ids(&mut self) -> Result<(), XmlError> {
        if self.ids.len() < 2 {
            return Ok(());
        }
        let mut ids = core::mem::take(&mut self.ids);
        ids.sort_unstable_by(|a, b| self.str(a.0).cmp(self.str(b.0)).then(a.1.cmp(&b.1)));
        for pair in ids.windows(2) {
            if let [(first, _), (second, at)] = pair
                && self.str(*first) == self.str(*second)
            {
                return self.fail_at(XmlErrorKind::DuplicateId, *at as usize);
            }
        }
        self.ids = ids;
        Ok(())
    }
}
