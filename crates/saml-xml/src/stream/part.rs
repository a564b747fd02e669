//! One piece of the stream, parsed, and where it stands in the whole.

use crate::document::{Document, Element};
use crate::error::TextPos;

/// Where a piece starts in the whole document, and what was put before it to parse it in context.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) start: TextPos,
    /// Bytes and characters that are not the document's.
    pub(super) added: (usize, u32),
}

impl Origin {
    pub(super) const START: Self = Self {
        start: TextPos {
            line: 1,
            column: 1,
            offset: 0,
        },
        added: (0, 0),
    };

    /// The place in the whole document of a place in the piece.
    pub(super) fn locate(&self, at: TextPos) -> TextPos {
        let (bytes, characters) = self.added;
        let column = if at.line == 1 {
            let within = at.column.saturating_sub(characters).max(1);
            self.start.column.saturating_add(within).saturating_sub(1)
        } else {
            at.column
        };
        TextPos {
            line: self.start.line.saturating_add(at.line).saturating_sub(1),
            column,
            offset: self
                .start
                .offset
                .saturating_add(at.offset.saturating_sub(bytes)),
        }
    }

    /// The place after these bytes.
    pub(super) fn after(&self, bytes: &[u8]) -> TextPos {
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        let from = memchr::memrchr(b'\n', bytes).map_or(0, |at| at.saturating_add(1));
        let last = bytes.get(from..).unwrap_or_default();
        let characters = last.iter().filter(|b| **b & 0xC0 != 0x80).count();
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let column = if lines == 0 { self.start.column } else { 1 };
        TextPos {
            line: self.start.line.saturating_add(small(lines)),
            column: column.saturating_add(small(characters)),
            offset: self.start.offset.saturating_add(bytes.len()),
        }
    }
}

/// An element of a stream, not trusted yet: whether it was signed is known when all of it was seen.
#[derive(Clone, Copy, Debug)]
pub struct Part<'d> {
    pub(super) element: Element<'d>,
    pub(super) document: &'d Document,
    pub(super) origin: Origin,
}

impl<'d> Part<'d> {
    /// The element. A group's has its attributes and, if it is the root, the signature, but none of
    /// the elements that come later.
    #[must_use]
    pub const fn element(&self) -> Element<'d> {
        self.element
    }

    /// The document that the element is in by itself, to look places up.
    #[must_use]
    pub const fn document(&self) -> &'d Document {
        self.document
    }

    /// The place in the whole stream of a place in [`document`](Self::document).
    #[must_use]
    pub fn locate(&self, at: TextPos) -> TextPos {
        self.origin.locate(at)
    }

    /// Where the element starts in the whole stream.
    #[must_use]
    pub fn at(&self) -> TextPos {
        self.locate(self.document.text_pos(self.element.span().start))
    }
}
