//! Lays a message out for reading, and remembers where every byte went.
//!
//! Identity providers send a message as one line of several thousand characters. Here each tag gets
//! a line, long start tags one line for each attribute, and long runs of base64 are shortened. The
//! text is for eyes only; nothing is ever verified from it.

use std::ops::Range;

/// A start tag longer than this gets one line for each attribute.
const LONG_TAG: usize = 100;
/// An unbroken run of text longer than this is shortened.
const LONG_RUN: usize = 100;
const KEPT: usize = 32;

/// A message laid out, with the way back from its offsets.
#[derive(Debug)]
pub struct Layout {
    text: String,
    /// Offsets in the source and in the text, both ascending.
    anchors: Vec<(usize, usize)>,
}

impl Layout {
    /// Lays out a message, well-formed or not.
    #[must_use]
    pub fn new(xml: &str) -> Self {
        let mut layout = Self {
            text: String::with_capacity(xml.len() * 2),
            anchors: vec![(0, 0)],
        };
        let mut depth = 0usize;
        let mut rest = xml;
        while !rest.is_empty() {
            let at = xml.len() - rest.len();
            let (piece, after) = rest.split_at(piece_length(rest));
            rest = after;
            if !piece.starts_with('<') {
                // White space between tags is replaced by ours; other text stays where it is
                if !piece.trim_ascii().is_empty() {
                    layout.run(at, piece);
                }
                continue;
            }
            let closes = piece.starts_with("</");
            if closes {
                depth = depth.saturating_sub(1);
            }
            if layout.text.ends_with('>') {
                layout.line(depth);
            }
            layout.tag(at, piece, depth);
            let opens = !closes
                && !piece.ends_with("/>")
                && !piece.starts_with("<!")
                && !piece.starts_with("<?");
            depth += usize::from(opens);
        }
        layout.anchors.push((xml.len(), layout.text.len()));
        layout
    }

    /// The text to show.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where a range of the source went: never empty, never outside the text.
    #[must_use]
    pub fn map(&self, range: &Range<usize>) -> Range<usize> {
        // What follows the last byte may have moved to the next line
        let (start, end) = (
            self.offset(range.start),
            self.offset(range.end.saturating_sub(1)).saturating_add(1),
        );
        let start = floor(&self.text, start.min(self.text.len().saturating_sub(1)));
        let end = ceil(&self.text, end.max(start + 1));
        start..end.min(self.text.len())
    }

    fn offset(&self, source: usize) -> usize {
        let next = self.anchors.partition_point(|(from, _)| *from <= source);
        let Some((from, to)) = next.checked_sub(1).and_then(|i| self.anchors.get(i)) else {
            return 0;
        };
        let limit = self
            .anchors
            .get(next)
            .map_or(self.text.len(), |(_, to)| *to);
        (to + (source - from)).min(limit)
    }

    fn line(&mut self, depth: usize) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", depth.min(20)));
    }

    fn push(&mut self, at: usize, piece: &str) {
        self.anchors.push((at, self.text.len()));
        self.text.push_str(piece);
    }

    fn run(&mut self, at: usize, run: &str) {
        let long = run.len() > LONG_RUN && !run.trim_ascii().contains(' ');
        match run.char_indices().nth(KEPT) {
            Some((cut, _)) if long => {
                self.push(at, run.get(..cut).unwrap_or_default());
                self.anchors.push((at + cut, self.text.len()));
                self.text
                    .push_str(&format!("… {} more bytes", run.len() - cut));
            }
            _ => self.push(at, run),
        }
    }

    fn tag(&mut self, at: usize, tag: &str, depth: usize) {
        if tag.len() <= LONG_TAG || tag.starts_with("<!") {
            return self.push(at, tag);
        }
        let mut quote = None;
        let mut from = 0;
        for (index, c) in tag.char_indices() {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                (None, c) if c.is_ascii_whitespace() => {
                    self.push(at + from, tag.get(from..index).unwrap_or_default());
                    self.line(depth + 2);
                    from = index + c.len_utf8();
                }
                _ => {}
            }
        }
        self.push(at + from, tag.get(from..).unwrap_or_default());
    }
}

/// The length of the tag, comment or run of text that the source starts with.
fn piece_length(source: &str) -> usize {
    for (open, close) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
        if source.starts_with(open) {
            return source
                .find(close)
                .map_or(source.len(), |at| at + close.len());
        }
    }
    if !source.starts_with('<') {
        return source.find('<').unwrap_or(source.len());
    }
    let mut quote = None;
    for (index, c) in source.char_indices().skip(1) {
        match (quote, c) {
            (None, '>') => return index + 1,
            // A second tag before the first has ended: the message is damaged here
            (None, '<') => return index,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    source.len()
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    at
}

fn ceil(text: &str, mut at: usize) -> usize {
    while at < text.len() && !text.is_char_boundary(at) {
        at += 1;
    }
    at.min(text.len())
}
