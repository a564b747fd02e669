//! The metadata of a whole federation: one signed document of up to 100 MB and more, read in one pass.

mod discovery;
mod index;
mod refresh;

use std::fmt;
use std::sync::Arc;

use saml_xml::stream::{StreamLimits, StreamVerifier, UnsignedStream};
use saml_xml::types::Duration as CacheDuration;
use saml_xml::{AlgorithmPolicy, Limits, TrustAnchors, VerifyingKey};
use time::{Duration, OffsetDateTime};

use self::index::{Found, Index};
use crate::error::excerpt;
use crate::metadata::{MAX_NODES, MD, check_not_expired};
use crate::{
    ConfigError, ConfigErrorKind, EntityId, IdentityProvider, MAX_METADATA_BYTES, TrustPolicy,
};

pub use discovery::{DiscoveryEntry, Logo};
pub use refresh::{AggregateChange, AggregateRefresher};

/// How far ahead an aggregate may say that it is valid: 28 days, twice the 14 days that
/// federations customarily publish for.
pub const MAX_VALIDITY: Duration = Duration::days(28);

const GROUP: (&str, &str) = (MD, "EntitiesDescriptor");

/// Reads the aggregate of a federation (SAML Metadata §2.3.1) as it comes, piece by piece, and keeps
/// the identity providers that are wanted and the list to choose from.
///
/// It holds one entity at a time, and gives nothing out before the signature over the whole document
/// is proven: only [`finish`](Self::finish) makes an [`Aggregate`]. The signature has to be the first
/// child of the root, as the schema has it, and the root has to be valid for at most
/// [`MAX_VALIDITY`].
///
/// ```
/// use idp_config::{AggregateReader, TrustPolicy};
/// use saml_xml::{Certificate, TrustAnchors};
/// use time::macros::datetime;
///
/// # let xml = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/aggregate/accepted__federation.xml")).as_slice();
/// # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/keys/idp.crt.pem"));
/// let federation = [Certificate::from_pem(pem)?.key()?];
/// let wanted = "https://idp.university.example/shibboleth".parse()?;
/// let now = datetime!(2026-12-01 12:00 UTC);
///
/// let anchors = TrustAnchors::Keys(&federation);
/// let mut reader = AggregateReader::new(anchors, [wanted], TrustPolicy::default(), now);
/// for piece in xml.chunks(64 * 1024) {
///     reader.push(piece)?; // from your HTTP client, or a file
/// }
/// let aggregate = reader.finish()?;
///
/// let wanted = "https://idp.university.example/shibboleth".parse()?;
/// let idp = aggregate.identity_provider(&wanted)?;
/// assert_eq!(idp.signing_keys().len(), 1);
/// let shown = aggregate.discovery().iter().filter(|entry| !entry.hide_from_discovery);
/// let names: Vec<_> = shown.map(|entry| entry.display_name(&["de"])).collect();
/// assert_eq!(names, ["Universität Beispiel", "Example College"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AggregateReader<'a>(Stream<'a>);

enum Stream<'a> {
    Signed(Box<StreamVerifier<'a, Index>>),
    Unsigned(Box<UnsignedStream<Index>>),
}

impl fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed(stream) => stream.fmt(f),
            Self::Unsigned(stream) => stream.fmt(f),
        }
    }
}

impl<'a> AggregateReader<'a> {
    /// Expects a document that one of these keys signed, valid for at most [`MAX_VALIDITY`] from
    /// now. Of the entities, those in `wanted` are kept; the policy is that of each of them.
    #[must_use]
    pub fn new(
        signer: TrustAnchors<'a>,
        wanted: impl IntoIterator<Item = EntityId>,
        policy: TrustPolicy,
        now: OffsetDateTime,
    ) -> Self {
        Self::with_max_validity(signer, wanted, policy, MAX_VALIDITY, now)
    }

    /// As [`new`](Self::new), for a federation that publishes for a longer time, or one that is
    /// known to publish for a shorter one.
    #[must_use]
    pub fn with_max_validity(
        signer: TrustAnchors<'a>,
        wanted: impl IntoIterator<Item = EntityId>,
        policy: TrustPolicy,
        max_validity: Duration,
        now: OffsetDateTime,
    ) -> Self {
        let mut index = Index::new(wanted, policy, now);
        index.max_validity = Some(max_validity);
        let algorithms = AlgorithmPolicy::default();
        let stream = StreamVerifier::new(GROUP, signer, algorithms, limits(), index);
        Self(Stream::Signed(Box::new(stream)))
    }

    pub(crate) fn unsigned(
        wanted: impl IntoIterator<Item = EntityId>,
        policy: TrustPolicy,
        now: OffsetDateTime,
    ) -> Self {
        let mut index = Index::new(wanted, policy, now);
        index.max_validity = None;
        index.verified = false;
        let stream = saml_xml::danger::read_unsigned_stream(GROUP, limits(), index);
        Self(Stream::Unsigned(Box::new(stream)))
    }

    /// Takes the next bytes. After an error, all that follows is refused with the same: stop.
    ///
    /// # Errors
    /// `metadata.signature_missing` when the root's first child is not its signature,
    /// `metadata.signature_invalid` when no trusted key made that, before anything else is read;
    /// `metadata.expired`, `metadata.valid_until_missing`, `metadata.valid_until_too_far` of the
    /// root; `metadata.entity_id_duplicate`, `metadata.nested_too_deep`,
    /// `metadata.aggregate_limit`, `metadata.wrong_root`, `metadata.not_well_formed`.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ConfigError> {
        match &mut self.0 {
            Stream::Signed(stream) => stream.push(bytes),
            Stream::Unsigned(stream) => stream.push(bytes),
        }
    }

    /// How many bytes of the document are held at present; never more than one entity with its
    /// surroundings, at most 4 MiB.
    #[must_use]
    pub fn buffered(&self) -> usize {
        match &self.0 {
            Stream::Signed(stream) => stream.buffered(),
            Stream::Unsigned(stream) => stream.buffered(),
        }
    }

    /// That was all: proves the signature.
    ///
    /// # Errors
    /// `metadata.signature_invalid` when the document is not what was signed, and those of
    /// [`push`](Self::push).
    pub fn finish(self) -> Result<Aggregate, ConfigError> {
        let (index, signed_by) = match self.0 {
            Stream::Signed(stream) => {
                let verified = stream.finish()?;
                let key = verified.key().clone();
                (verified.into_inner(), Some(key))
            }
            Stream::Unsigned(stream) => (stream.finish()?, None),
        };
        Ok(Aggregate { index, signed_by })
    }
}

fn limits() -> StreamLimits {
    StreamLimits {
        part: Limits {
            bytes: MAX_METADATA_BYTES,
            nodes: MAX_NODES,
            ..Limits::default()
        },
        ..StreamLimits::default()
    }
}

/// What an [`AggregateReader`] kept of an aggregate whose signature it proved.
pub struct Aggregate {
    index: Index,
    signed_by: Option<VerifyingKey>,
}

impl fmt::Debug for Aggregate {
    /// Numbers; the lists would fill a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aggregate")
            .field("entities", &self.index.entities)
            .field("discovery", &self.index.discovery.len())
            .field("identity_providers", &self.identity_providers().count())
            .field("valid_until", &self.index.validity.until)
            .field("signed_by", &self.signed_by)
            .finish_non_exhaustive()
    }
}

impl Aggregate {
    /// An identity provider that was wanted.
    ///
    /// # Errors
    /// `metadata.entity_id_not_found` when the aggregate does not have it, or it was not wanted;
    /// else why it cannot be used, as [`IdentityProvider::from_metadata_xml`].
    pub fn identity_provider(
        &self,
        entity_id: &EntityId,
    ) -> Result<&Arc<IdentityProvider>, ConfigError> {
        match self.index.wanted.get(entity_id) {
            Some(Some(Ok(idp))) => Ok(idp),
            Some(Some(Err(error))) => Err(error.clone()),
            Some(None) | None => Err(ConfigError::new(ConfigErrorKind::EntityIdNotFound)
                .expected(excerpt(entity_id.as_str()))
                .actual(format!("{} other entities", self.index.entities))),
        }
    }

    /// Every identity provider that was wanted and can be used.
    pub fn identity_providers(&self) -> impl Iterator<Item = &Arc<IdentityProvider>> {
        let usable = |found: &Found| matches!(found, Some(Ok(_)));
        let usable = self
            .index
            .wanted
            .values()
            .filter(move |found| usable(found));
        usable.flatten().flatten()
    }

    /// All identity providers of SAML 2.0 that are valid, in the document's order, for people to
    /// choose from. Leave out those that [ask for it](DiscoveryEntry::hide_from_discovery).
    #[must_use]
    pub fn discovery(&self) -> &[DiscoveryEntry] {
        &self.index.discovery
    }

    /// How many entities there are, service providers included.
    #[must_use]
    pub const fn entities(&self) -> usize {
        self.index.entities
    }

    /// Until when the root says that all of it is valid. That of one entity may be earlier.
    #[must_use]
    pub const fn valid_until(&self) -> Option<OffsetDateTime> {
        self.index.validity.until
    }

    /// How long the root says that all of it may be kept.
    #[must_use]
    pub const fn cache_duration(&self) -> Option<CacheDuration> {
        self.index.validity.cache
    }

    /// The key that signed it; `None` when nobody asked for that.
    #[must_use]
    pub const fn signed_by(&self) -> Option<&VerifyingKey> {
        self.signed_by.as_ref()
    }

    /// Whether it may still be used.
    ///
    /// # Errors
    /// `metadata.expired`, [`CLOCK_SKEW`](crate::CLOCK_SKEW) after [`Self::valid_until`].
    pub fn check_valid_at(&self, now: OffsetDateTime) -> Result<(), ConfigError> {
        self.valid_until()
            .map_or(Ok(()), |until| check_not_expired(until, now))
    }
}
