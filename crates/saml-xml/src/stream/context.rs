//! The namespace context of a piece: the start tags around it, as far as they matter.

use crate::c14n::Rendered;
use crate::document::Element;
use crate::error::TextPos;

use super::part::Origin;

/// A group whose end tag was not seen yet.
#[derive(Debug)]
pub(super) struct Group {
    /// The name as it is written.
    pub(super) name: String,
    /// A start tag of that name that declares all that is in scope. Each piece in the group is
    /// parsed within: text that closes it early leaves something after the root, which no document
    /// has.
    tag: String,
    /// What the canonical start tags around a piece declare.
    pub(super) rendered: Rendered,
}

impl Group {
    pub(super) fn new(element: Element<'_>, rendered: Rendered) -> Self {
        let source = element.document().source();
        let tag = source.get(element.start_tag_span()).unwrap_or_default();
        let name: String = tag
            .trim_start_matches('<')
            .chars()
            .take_while(|c| !matches!(c, ' ' | '\t' | '\r' | '\n' | '/' | '>'))
            .collect();
        let mut tag = format!("<{name}");
        for (prefix, uri) in element.document().bindings_at(element.index) {
            if prefix == "xml" {
                continue;
            }
            tag.push_str(" xmlns");
            if !prefix.is_empty() {
                tag.push(':');
                tag.push_str(prefix);
            }
            // A namespace name is a URI: of what has to be escaped, `&` alone can be in it
            tag.push_str("=\"");
            tag.push_str(&uri.replace('&', "&amp;"));
            tag.push('"');
        }
        tag.push('>');
        Self {
            name,
            tag,
            rendered,
        }
    }

    /// Starts a piece in this group.
    pub(super) fn begin(&self, buffer: &mut Vec<u8>, start: TextPos) -> Origin {
        buffer.clear();
        buffer.extend_from_slice(self.tag.as_bytes());
        let characters = u32::try_from(self.tag.chars().count()).unwrap_or(u32::MAX);
        Origin {
            start,
            added: (self.tag.len(), characters),
        }
    }
}
