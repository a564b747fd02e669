//! A signed document of any size, verified in one pass with the memory of one of its elements.
//!
//! Federations publish the metadata of all their members as one signed `EntitiesDescriptor`: 100 MB
//! and more. Its signature is the first child of the root (SAML Metadata §2.3.1), so that the value
//! over SignedInfo is checked before anything else is read, and the digest can be made on the way:
//!
//! ```text
//!  <EntitiesDescriptor ID=…>      parsed as one document, the signature's value checked with a
//!    <Signature>…</Signature>     trusted key, the start tag fed to the digest
//!    <EntityDescriptor>…          each parsed by the strict parser in the namespaces of its place,
//!    <EntitiesDescriptor>         canonicalised as it would be there, fed to the digest, shown to
//!      <EntityDescriptor>…        the visitor, forgotten
//!  </EntitiesDescriptor>          the digest compared: only now the visitor is given back
//! ```
//!
//! The canonical octets are those that [`exclusive_c14n`](crate::exclusive_c14n) makes of the whole
//! document, and the verdict is that of [`verify_enveloped`](crate::verify_enveloped).

mod context;
mod error;
mod ids;
mod output;
mod part;
mod reader;
mod scan;
#[cfg(test)]
mod tests;

use core::fmt;

use reader::Reader;

pub use error::{StreamError, StreamErrorKind, StreamRule};
pub use part::Part;

use crate::dsig::{
    AlgorithmPolicy, DigestAlgorithm, SignatureAlgorithm, TrustAnchors, VerifyingKey,
};
use crate::limits::Limits;

/// What a stream may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "built with struct update syntax by its users"
)]
pub struct StreamLimits {
    /// Of one element directly in a group, with the text before it. 4 MiB: the largest entity seen
    /// in a federation is below 200 KiB. This much is held at one time, and its parsed form.
    pub part: Limits,
    /// Groups in groups. 8: aggregates of federations use two or three.
    pub groups: usize,
    /// Identifiers in the whole document. 250,000: each member of eduGAIN, the largest of all, has
    /// one ID, and there are 13,000; each costs about 30 bytes.
    pub ids: usize,
}

impl Default for StreamLimits {
    fn default() -> Self {
        Self {
            part: Limits {
                bytes: 4 * 1024 * 1024,
                nodes: 400_000,
                ..Limits::default()
            },
            groups: 8,
            ids: 250_000,
        }
    }
}

/// Who is shown the elements on the way. What it makes of them is out of reach until the signature
/// is proven: the verifier owns it, and gives it back as a [`VerifiedStream`].
pub trait StreamVisitor {
    /// Why a stream is refused, here or by the verifier.
    type Error: From<StreamError> + Clone;

    /// A group starts; the first is the root.
    ///
    /// # Errors
    /// The visitor's own; the stream is refused.
    fn open_group(&mut self, group: Part<'_>) -> Result<(), Self::Error>;

    /// An element in the innermost group, whole.
    ///
    /// # Errors
    /// The visitor's own; the stream is refused.
    fn element(&mut self, element: Part<'_>) -> Result<(), Self::Error>;

    /// The innermost group ends.
    fn close_group(&mut self);
}

/// Verifies a signed group of elements that comes in pieces.
///
/// ```
/// # use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
/// use saml_xml::stream::{Part, StreamError, StreamLimits, StreamVerifier, StreamVisitor};
/// use saml_xml::{AlgorithmPolicy, TrustAnchors};
///
/// #[derive(Default)]
/// struct Names(Vec<String>);
///
/// impl StreamVisitor for Names {
///     type Error = StreamError;
///     fn open_group(&mut self, _: Part<'_>) -> Result<(), StreamError> {
///         Ok(())
///     }
///     fn element(&mut self, part: Part<'_>) -> Result<(), StreamError> {
///         self.0.extend(part.element().attribute("name").map(str::to_owned));
///         Ok(())
///     }
///     fn close_group(&mut self) {}
/// }
///
/// # let rng = ring::rand::SystemRandom::new();
/// # let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
/// # let key = saml_xml::SigningKey::from_pkcs8_der(pkcs8.as_ref())?;
/// # let xml = "<g xmlns='urn:g' ID='_1'><e name='one'/><e name='two'/></g>";
/// # let xml = saml_xml::sign_enveloped(xml, "_1", &key, &Default::default())?;
/// let keys = [key.verifying_key().clone()];
/// let mut verifier = StreamVerifier::new(
///     ("urn:g", "g"),
///     TrustAnchors::Keys(&keys),
///     AlgorithmPolicy::default(),
///     StreamLimits::default(),
///     Names::default(),
/// );
/// for piece in xml.as_bytes().chunks(7) {
///     verifier.push(piece)?;
/// }
/// let verified = verifier.finish()?;
/// assert_eq!(verified.into_inner().0, ["one", "two"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct StreamVerifier<'a, V: StreamVisitor>(Reader<'a, V>);

impl<V: StreamVisitor> fmt::Debug for StreamVerifier<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StreamVerifier").field(&self.0).finish()
    }
}

impl<'a, V: StreamVisitor> StreamVerifier<'a, V> {
    /// Expects a root of this namespace and local name, and takes elements of the same name within
    /// for groups, too.
    pub fn new(
        group: (&'static str, &'static str),
        anchors: TrustAnchors<'a>,
        policy: AlgorithmPolicy,
        limits: StreamLimits,
        visitor: V,
    ) -> Self {
        Self(Reader::new(group, Some((anchors, policy)), limits, visitor))
    }

    /// Takes the next bytes. After an error, all that follows is refused with the same.
    ///
    /// # Errors
    /// A [`StreamError`] with a code `xml.*`, `signature.*` or `stream.*`, or the visitor's own.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), V::Error> {
        self.0.push(bytes)
    }

    /// How many bytes are held at present: of one element, and the names of what lies around it.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.0.buffered()
    }

    /// That was all: compares the digest.
    ///
    /// # Errors
    /// `signature.digest_mismatch`, `xml.unexpected_end`, those of [`push`](Self::push).
    pub fn finish(self) -> Result<VerifiedStream<V>, V::Error> {
        let (value, proof) = self.0.finish()?;
        match proof {
            Some(proof) => Ok(VerifiedStream { value, proof }),
            // A verifier has a signer, and does not get to the end without a proof
            None => Err(StreamError::stream(StreamErrorKind::SignatureNotFirst, START).into()),
        }
    }
}

const START: crate::TextPos = part::Origin::START.start;

/// Who signed it, and how.
#[derive(Debug)]
pub(crate) struct Proof {
    key: VerifyingKey,
    signature_algorithm: SignatureAlgorithm,
    digest_algorithm: DigestAlgorithm,
}

/// What a visitor made of a stream whose signature was verified. Only
/// [`StreamVerifier::finish`] makes one.
#[derive(Debug)]
pub struct VerifiedStream<V> {
    value: V,
    proof: Proof,
}

impl<V> VerifiedStream<V> {
    /// The visitor.
    #[must_use]
    pub const fn get(&self) -> &V {
        &self.value
    }

    /// The visitor, without the proof.
    #[must_use]
    pub fn into_inner(self) -> V {
        self.value
    }

    /// The key that made the signature.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.proof.key
    }

    /// How SignedInfo was signed.
    #[must_use]
    pub const fn signature_algorithm(&self) -> SignatureAlgorithm {
        self.proof.signature_algorithm
    }

    /// How the document was digested.
    #[must_use]
    pub const fn digest_algorithm(&self) -> DigestAlgorithm {
        self.proof.digest_algorithm
    }
}

/// A stream that nobody has to have signed. [`danger::read_unsigned_stream`](crate::danger::read_unsigned_stream)
/// makes one.
pub struct UnsignedStream<V: StreamVisitor>(Reader<'static, V>);

impl<V: StreamVisitor> fmt::Debug for UnsignedStream<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnsignedStream").field(&self.0).finish()
    }
}

impl<V: StreamVisitor> UnsignedStream<V> {
    pub(crate) fn new(
        group: (&'static str, &'static str),
        limits: StreamLimits,
        visitor: V,
    ) -> Self {
        Self(Reader::new(group, None, limits, visitor))
    }

    /// Takes the next bytes, as [`StreamVerifier::push`].
    ///
    /// # Errors
    /// A [`StreamError`] with a code `xml.*` or `stream.*`, or the visitor's own.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), V::Error> {
        self.0.push(bytes)
    }

    /// How many bytes are held at present.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.0.buffered()
    }

    /// That was all.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(self) -> Result<V, V::Error> {
        self.0.finish().map(|(value, _)| value)
    }
}
