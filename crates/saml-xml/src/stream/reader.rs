//! The state machine: from bytes to pieces, from pieces to digest and visitor.

use core::fmt;
use core::mem::take;

use super::context::Group;
use super::error::{StreamError, StreamErrorKind};
use super::ids::{Ids, Refused};
use super::output::{Output, Promise};
use super::part::{Origin, Part};
use super::scan::{Event, Scanner};
use super::{Proof, StreamLimits, StreamVisitor};
use crate::c14n::{C14nOptions, Rendered, Sink, canonicalise_open, canonicalise_within};
use crate::document::{Document, Element};
use crate::dsig::{
    AlgorithmPolicy, DSIG_NAMESPACE, DigestSink, Signature, SignatureError, SignatureErrorKind,
    TrustAnchors, signing_key,
};
use crate::error::{TextPos, XmlErrorKind};
use crate::limits::Limits;

/// What is parsed before what follows the root, so that it has one.
const AFTER_ROOT: &str = "<x/>";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The root's start tag is yet to come.
    Prolog,
    /// In the root, before the end of its signature.
    Head,
    Body,
    /// After the root.
    Epilog,
}

pub(crate) struct Reader<'a, V: StreamVisitor> {
    group: (&'static str, &'static str),
    signer: Option<(TrustAnchors<'a>, AlgorithmPolicy)>,
    limits: StreamLimits,
    visitor: V,
    phase: Phase,
    scanner: Scanner,
    buffer: Vec<u8>,
    origin: Origin,
    /// Where the piece after this one starts.
    next: TextPos,
    /// The name of the root as it is written.
    root: Vec<u8>,
    groups: Vec<Group>,
    ids: Ids,
    pub(super) prefixes: String,
    pub(super) output: Output,
    promise: Option<Promise>,
    failed: Option<V::Error>,
}

impl<V: StreamVisitor> fmt::Debug for Reader<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("phase", &self.phase)
            .field("at", &self.origin.start)
            .field("buffered", &self.buffered())
            .finish_non_exhaustive()
    }
}

impl<'a, V: StreamVisitor> Reader<'a, V> {
    pub(crate) fn new(
        group: (&'static str, &'static str),
        signer: Option<(TrustAnchors<'a>, AlgorithmPolicy)>,
        limits: StreamLimits,
        visitor: V,
    ) -> Self {
        Self {
            group,
            signer,
            limits,
            visitor,
            phase: Phase::Prolog,
            scanner: Scanner::new(),
            buffer: Vec::new(),
            origin: Origin::START,
            next: Origin::START.start,
            root: Vec::new(),
            groups: Vec::new(),
            ids: Ids::default(),
            prefixes: String::new(),
            output: Output::Nowhere,
            promise: None,
            failed: None,
        }
    }

    pub(crate) fn buffered(&self) -> usize {
        let declared = |rendered: &Rendered| -> usize {
            rendered
                .iter()
                .map(|(p, u)| p.len().saturating_add(u.len()))
                .sum()
        };
        let around: usize = self.groups.iter().map(|g| declared(&g.rendered)).sum();
        self.buffer.len().saturating_add(around)
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), V::Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.consume(bytes).inspect_err(|error| {
            self.failed = Some(error.clone());
        })
    }

    fn consume(&mut self, mut input: &[u8]) -> Result<(), V::Error> {
        while !input.is_empty() {
            let (taken, event) = self.scanner.next(input).map_err(|(at, kind)| {
                let before = input.get(..at).unwrap_or_default();
                StreamError::xml(kind, self.origin.after(&[self.own(), before].concat()))
            })?;
            let (piece, rest) = input.split_at_checked(taken).unwrap_or((input, &[]));
            input = rest;
            if self.own().len().saturating_add(piece.len()) > self.limits.part.bytes {
                return self.refuse(StreamErrorKind::PartTooLarge);
            }
            self.buffer.extend_from_slice(piece);
            match event {
                None => {}
                Some(Event::StartTag) => self.start_tag()?,
                Some(Event::Element) => self.element()?,
                Some(Event::EndTag) => self.end_tag()?,
            }
        }
        Ok(())
    }

    fn start_tag(&mut self) -> Result<(), V::Error> {
        let name = self.tag_name();
        let colon = memchr::memchr(b':', name).map_or(0, |at| at.saturating_add(1));
        let local = name.get(colon..).unwrap_or_default();
        match self.phase {
            Phase::Prolog => self.root(false),
            Phase::Head if local != b"Signature" => self.refuse(StreamErrorKind::SignatureNotFirst),
            Phase::Body if local == self.group.1.as_bytes() => self.inner_group(),
            Phase::Head | Phase::Body => Ok(()),
            Phase::Epilog => self.refuse_xml(XmlErrorKind::MultipleRoots),
        }
    }

    fn element(&mut self) -> Result<(), V::Error> {
        match self.phase {
            Phase::Prolog => self.root(true),
            Phase::Head => self.signature(),
            Phase::Body => self.part(),
            Phase::Epilog => self.refuse_xml(XmlErrorKind::MultipleRoots),
        }
    }

    fn end_tag(&mut self) -> Result<(), V::Error> {
        match self.phase {
            Phase::Prolog | Phase::Epilog => self.refuse_xml(XmlErrorKind::ContentOutsideRoot),
            Phase::Head => self.refuse(StreamErrorKind::SignatureNotFirst),
            Phase::Body => self.end_group(),
        }
    }

    /// The root's start tag, or all of a root that has no content.
    fn root(&mut self, empty: bool) -> Result<(), V::Error> {
        self.root = self.tag_name().to_vec();
        let before = self.buffer.clone();
        let tail = if empty { Vec::new() } else { self.root_end() };
        let document = self.parse(&tail)?;
        let root = document.root();
        if !root.is(self.group.0, self.group.1) {
            return self.refuse(StreamErrorKind::WrongRoot);
        }
        if self.signer.is_some() {
            if empty {
                return self.refuse(StreamErrorKind::SignatureNotFirst);
            }
            // The signature is read with its parent around it
            self.buffer = before;
            self.scanner.enter();
            self.phase = Phase::Head;
            return Ok(());
        }
        let options = C14nOptions::default().inclusive(&self.prefixes);
        let rendered = canonicalise_open(root, &options, &mut self.output);
        self.open(&document, root, rendered)?;
        if empty {
            self.close();
        }
        Ok(())
    }

    /// Everything to the end of the root's first child, which is the signature.
    fn signature(&mut self) -> Result<(), V::Error> {
        let Some((anchors, policy)) = self.signer else {
            return Ok(());
        };
        let document = self.parse(&self.root_end())?;
        let root = document.root();
        if !root.children().any(|c| c.is(DSIG_NAMESPACE, "Signature")) {
            return self.refuse(StreamErrorKind::SignatureNotFirst);
        }
        let origin = self.origin;
        let locate = |error: SignatureError| {
            StreamError::of_signature(
                &error,
                error.at().map_or(origin.start, |at| origin.locate(at)),
            )
        };
        let signature = Signature::of(root, &policy).map_err(locate)?;
        // Before anything is digested, so that nobody without a trusted key causes that work
        let key = signing_key(&signature, anchors, &policy).map_err(locate)?;
        let reference = &signature.reference;
        let mut sink = DigestSink::new(reference.digest_algorithm);
        let options = C14nOptions::default()
            .inclusive(reference.prefixes)
            .without(signature.element);
        let rendered = canonicalise_open(root, &options, &mut sink);
        self.output = Output::Digest(Box::new(sink));
        self.prefixes = reference.prefixes.to_owned();
        self.promise = Some(Promise {
            digest: reference.digest.clone(),
            at: document.text_pos(reference.digest_element.span().start),
            proof: Proof {
                key,
                signature_algorithm: signature.algorithm,
                digest_algorithm: reference.digest_algorithm,
            },
        });
        self.open(&document, root, rendered)
    }

    /// The start tag of what looks like a group in a group.
    fn inner_group(&mut self) -> Result<(), V::Error> {
        let before = self.buffer.clone();
        let mut tail = end_tag_of(self.tag_name());
        tail.extend_from_slice(&self.group_end());
        let document = self.parse(&tail)?;
        let holder = document.root();
        let group = holder.children().last();
        let Some(element) = group.filter(|e| e.is(self.group.0, self.group.1)) else {
            // It only has the local name of one
            self.buffer = before;
            return Ok(());
        };
        if self.groups.len() >= self.limits.groups {
            return self.refuse(StreamErrorKind::NestedTooDeep);
        }
        let rendered = self.canonicalise(holder, Some(element));
        self.open(&document, element, rendered)
    }

    /// A whole element in the innermost group.
    fn part(&mut self) -> Result<(), V::Error> {
        let document = self.parse(&self.group_end())?;
        let holder = document.root();
        // One by the scan; a text that the parser sees otherwise is not balanced where it was cut
        let Some(element) = holder.children().next() else {
            return self.refuse_xml(XmlErrorKind::Syntax);
        };
        let in_root = self.groups.len() == 1 && self.promise.is_some();
        if in_root && element.is(DSIG_NAMESPACE, "Signature") {
            let at = self.origin.locate(document.text_pos(element.span().start));
            let error = SignatureError::new(SignatureErrorKind::Duplicate, None);
            return Err(StreamError::of_signature(&error, at).into());
        }
        self.note_ids(&document)?;
        self.canonicalise(holder, None);
        self.visitor.element(Part {
            element,
            document: &document,
            origin: self.origin,
        })?;
        self.begin(document);
        Ok(())
    }

    /// The end tag of the innermost group, and what text there is before it.
    fn end_group(&mut self) -> Result<(), V::Error> {
        let document = self.parse(&[])?;
        self.canonicalise(document.root(), None);
        self.close();
        self.begin(document);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(V, Option<Proof>), V::Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if self.phase != Phase::Epilog || !self.scanner.at_rest() {
            // The parser knows best what is missing
            self.parse(&[])?;
            return self.refuse_xml(XmlErrorKind::UnexpectedEnd);
        }
        self.parse(&[])?;
        let (Some(promise), Output::Digest(sink)) = (self.promise, self.output) else {
            return Ok((self.visitor, None));
        };
        if sink.finish().as_ref() != promise.digest.as_slice() {
            let error = SignatureError::new(SignatureErrorKind::DigestMismatch, None);
            return Err(StreamError::of_signature(&error, promise.at).into());
        }
        Ok((self.visitor, Some(promise.proof)))
    }

    fn open(
        &mut self,
        document: &Document,
        element: Element<'_>,
        rendered: Rendered,
    ) -> Result<(), V::Error> {
        self.note_ids(document)?;
        self.visitor.open_group(Part {
            element,
            document,
            origin: self.origin,
        })?;
        self.groups.push(Group::new(element, rendered));
        self.phase = Phase::Body;
        self.scanner.enter();
        self.restart();
        Ok(())
    }

    fn close(&mut self) {
        if let Some(group) = self.groups.pop() {
            self.output.put(&end_tag_of(group.name.as_bytes()));
            self.visitor.close_group();
        }
        if self.groups.is_empty() {
            self.phase = Phase::Epilog;
        }
        self.restart();
    }

    fn canonicalise(&mut self, holder: Element<'_>, open: Option<Element<'_>>) -> Rendered {
        let nowhere = matches!(self.output, Output::Nowhere);
        match self.groups.last().filter(|_| !nowhere) {
            Some(group) => canonicalise_within(
                holder,
                &self.prefixes,
                &group.rendered,
                open,
                &mut self.output,
            ),
            None => Rendered::new(),
        }
    }

    fn note_ids(&mut self, document: &Document) -> Result<(), StreamError> {
        let locate = |at| self.origin.locate(document.text_pos(at));
        match self.ids.note(document, self.limits.ids) {
            Ok(()) => Ok(()),
            Err(Refused::Duplicate(at)) => {
                Err(StreamError::xml(XmlErrorKind::DuplicateId, locate(at)))
            }
            Err(Refused::TooMany(at)) => {
                Err(StreamError::stream(StreamErrorKind::TooManyIds, locate(at)))
            }
        }
    }

    /// Starts the next piece, in the buffer of the one before.
    fn begin(&mut self, before: Document) {
        self.buffer = before.into_source();
        self.restart();
    }

    fn restart(&mut self) {
        self.origin = match self.groups.last() {
            Some(group) => group.begin(&mut self.buffer, self.next),
            None => {
                self.buffer.clear();
                self.buffer.extend_from_slice(AFTER_ROOT.as_bytes());
                Origin {
                    start: self.next,
                    added: (AFTER_ROOT.len(), 4),
                }
            }
        };
        self.scanner.cut();
    }

    /// Parses what is buffered and a tail.
    fn parse(&mut self, tail: &[u8]) -> Result<Document, StreamError> {
        self.next = self.origin.after(self.own());
        let mut source = take(&mut self.buffer);
        source.extend_from_slice(tail);
        let (added, _) = self.origin.added;
        let part = &self.limits.part;
        let limits = Limits {
            bytes: part.bytes.saturating_add(added).saturating_add(tail.len()),
            depth: part.depth.saturating_add(1),
            ..*part
        };
        Document::parse(source, &limits)
            .map_err(|error| StreamError::of_xml(error, self.origin.locate(error.at())))
    }

    /// What of the buffer is the document's.
    fn own(&self) -> &[u8] {
        self.buffer.get(self.origin.added.0..).unwrap_or_default()
    }

    /// The name in the last tag directly in the group.
    fn tag_name(&self) -> &[u8] {
        let from = self.scanner.tag().saturating_add(1);
        let rest = self.own().get(from..).unwrap_or_default();
        let ends = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>');
        let end = rest.iter().position(ends).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    fn root_end(&self) -> Vec<u8> {
        end_tag_of(&self.root)
    }

    fn group_end(&self) -> Vec<u8> {
        let name = self.groups.last().map_or("", |group| group.name.as_str());
        end_tag_of(name.as_bytes())
    }

    fn refuse<T>(&self, kind: StreamErrorKind) -> Result<T, V::Error> {
        Err(StreamError::stream(kind, self.tag_place()).into())
    }

    fn refuse_xml<T>(&self, kind: XmlErrorKind) -> Result<T, V::Error> {
        Err(StreamError::xml(kind, self.tag_place()).into())
    }

    /// Where the last tag directly in the group starts; after the piece when it was taken away.
    fn tag_place(&self) -> TextPos {
        match self.own().get(..self.scanner.tag()) {
            Some(before) if !self.buffer.is_empty() => self.origin.after(before),
            _ => self.next,
        }
    }
}

fn end_tag_of(name: &[u8]) -> Vec<u8> {
    [b"</".as_slice(), name, b">"].concat()
}
