//! Where elements begin and end, in bytes that come in pieces of any size.
//!
//! This is not a parser: it knows brackets, quotes, comments and sections, and nothing of names. What
//! it cuts out is parsed strictly afterwards, whole. A text that the two see differently is not
//! balanced where it was cut, and the parser refuses it.

use memchr::{memchr, memchr3};

use crate::error::XmlErrorKind;

/// What the scan came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The end of a start tag directly in the group; the element is open from now on.
    StartTag,
    /// The end of an element that lies directly in the group.
    Element,
    /// The end of an end tag that closes the group itself.
    EndTag,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Content,
    /// After `<`.
    Markup,
    /// After `<!`: what comes now, and how much of it was seen.
    Special(&'static [u8], usize),
    /// After `<!`, before the next byte tells which.
    Bang,
    /// In a comment: how many hyphens were just seen.
    Comment(u8),
    /// In a CDATA section: how many closing brackets were just seen.
    Section(u8),
    /// In a start tag: whether a slash was just seen.
    Start(bool),
    /// In an attribute value.
    Quoted(u8),
    End,
    /// In the XML declaration: whether a question mark was just seen.
    Declaration(bool),
}

/// The state of the scan.
#[derive(Debug)]
pub(super) struct Scanner {
    state: State,
    /// Elements open within the group.
    depth: usize,
    /// How far the scan is, from the last call of [`Self::cut`].
    seen: usize,
    /// Where the last tag directly in the group starts, counted likewise.
    tag: usize,
    /// No markup was seen yet, so that an XML declaration may come.
    first: bool,
}

impl Scanner {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Content,
            depth: 0,
            seen: 0,
            tag: 0,
            first: true,
        }
    }

    /// Starts counting anew: what was seen has been taken away.
    pub(super) const fn cut(&mut self) {
        self.seen = 0;
        self.tag = 0;
    }

    /// Takes the element whose start tag was just seen for a group: its children come next.
    pub(super) const fn enter(&mut self) {
        self.depth = 0;
    }

    /// Where the tag starts that the last event is about.
    pub(super) const fn tag(&self) -> usize {
        self.tag
    }

    /// Nothing is open but the group.
    pub(super) const fn at_rest(&self) -> bool {
        self.depth == 0 && matches!(self.state, State::Content)
    }

    /// Scans to the next event, or through all of `input`. Gives how many bytes it took, or where
    /// what is refused stands.
    pub(super) fn next(
        &mut self,
        input: &[u8],
    ) -> Result<(usize, Option<Event>), (usize, XmlErrorKind)> {
        let mut at = 0;
        let event = loop {
            let rest = input.get(at..).unwrap_or_default();
            let Some(&byte) = rest.first() else {
                break None;
            };
            let (step, event) = self.step(byte, rest, at).map_err(|kind| (at, kind))?;
            at = at.saturating_add(step);
            if event.is_some() {
                break event;
            }
        };
        self.seen = self.seen.saturating_add(at);
        Ok((at, event))
    }

    fn step(
        &mut self,
        byte: u8,
        rest: &[u8],
        at: usize,
    ) -> Result<(usize, Option<Event>), XmlErrorKind> {
        let mut event = None;
        let mut step = 1;
        self.state = match self.state {
            State::Content => match memchr(b'<', rest) {
                Some(found) => {
                    if self.depth == 0 {
                        self.tag = self.seen.saturating_add(at).saturating_add(found);
                    }
                    step = found.saturating_add(1);
                    State::Markup
                }
                None => {
                    step = rest.len();
                    State::Content
                }
            },
            State::Markup => {
                let first = core::mem::replace(&mut self.first, false);
                match byte {
                    b'!' => State::Bang,
                    b'?' if first => State::Declaration(false),
                    b'?' => return Err(XmlErrorKind::ProcessingInstruction),
                    b'/' => State::End,
                    _ => {
                        step = 0;
                        State::Start(false)
                    }
                }
            }
            State::Bang => match byte {
                b'-' => State::Special(b"--", 1),
                b'[' => State::Special(b"[CDATA[", 1),
                b'D' | b'd' => return Err(XmlErrorKind::Doctype),
                _ => return Err(XmlErrorKind::Syntax),
            },
            State::Special(text, seen) => {
                if text.get(seen) != Some(&byte) {
                    return Err(XmlErrorKind::Syntax);
                }
                let seen = seen.saturating_add(1);
                match (seen == text.len(), text.first()) {
                    (false, _) => State::Special(text, seen),
                    (true, Some(b'-')) => State::Comment(0),
                    (true, _) => State::Section(0),
                }
            }
            State::Comment(seen) => match closing(seen, b'-', byte, rest) {
                Some((skip, Some(seen))) => {
                    step = skip;
                    State::Comment(seen)
                }
                Some((skip, None)) => {
                    step = skip;
                    State::Content
                }
                None => {
                    step = rest.len();
                    State::Comment(0)
                }
            },
            State::Section(seen) => match closing(seen, b']', byte, rest) {
                Some((skip, Some(seen))) => {
                    step = skip;
                    State::Section(seen)
                }
                Some((skip, None)) => {
                    step = skip;
                    State::Content
                }
                None => {
                    step = rest.len();
                    State::Section(0)
                }
            },
            State::Declaration(mark) => match byte {
                b'>' if mark => State::Content,
                byte => State::Declaration(byte == b'?'),
            },
            State::Start(slash) => match memchr3(b'>', b'"', b'\'', rest) {
                None => {
                    step = rest.len();
                    State::Start(rest.last() == Some(&b'/'))
                }
                Some(found) => {
                    step = found.saturating_add(1);
                    let before = found.checked_sub(1).and_then(|last| rest.get(last));
                    match rest.get(found) {
                        Some(b'>') => {
                            let empty = before.map_or(slash, |last| *last == b'/');
                            event = self.started(empty);
                            State::Content
                        }
                        Some(quote) => State::Quoted(*quote),
                        None => State::Start(false),
                    }
                }
            },
            State::Quoted(quote) => match memchr(quote, rest) {
                Some(found) => {
                    step = found.saturating_add(1);
                    State::Start(false)
                }
                None => {
                    step = rest.len();
                    State::Quoted(quote)
                }
            },
            State::End => match memchr(b'>', rest) {
                Some(found) => {
                    step = found.saturating_add(1);
                    event = self.ended();
                    State::Content
                }
                None => {
                    step = rest.len();
                    State::End
                }
            },
        };
        Ok((step, event))
    }

    const fn started(&mut self, empty: bool) -> Option<Event> {
        match (self.depth, empty) {
            (0, true) => Some(Event::Element),
            (0, false) => {
                self.depth = 1;
                Some(Event::StartTag)
            }
            (_, true) => None,
            (_, false) => {
                self.depth = self.depth.saturating_add(1);
                None
            }
        }
    }

    const fn ended(&mut self) -> Option<Event> {
        match self.depth {
            0 => Some(Event::EndTag),
            1 => {
                self.depth = 0;
                Some(Event::Element)
            }
            _ => {
                self.depth = self.depth.saturating_sub(1);
                None
            }
        }
    }
}

/// One step towards `-->` or `]]>`: how far to go and how many of the two are seen then, `None` for
/// the end; nothing when the byte does not occur any more.
fn closing(seen: u8, mark: u8, byte: u8, rest: &[u8]) -> Option<(usize, Option<u8>)> {
    if byte == mark {
        return Some((1, Some(seen.saturating_add(1).min(2))));
    }
    if seen == 2 && byte == b'>' {
        return Some((1, None));
    }
    memchr(mark, rest).map(|found| (found, Some(0)))
}
