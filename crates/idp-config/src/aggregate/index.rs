//! What is made of the entities on the way. Nobody sees it before the signature is proven.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use saml_xml::Element;
use saml_xml::stream::{Part, StreamError, StreamErrorKind, StreamRule, StreamVisitor};
use saml_xml::types::format_date_time;
use time::{Duration, OffsetDateTime};

use super::discovery::{self, DiscoveryEntry};
use crate::error::excerpt;
use crate::metadata::{
    Around, Context, MD, Validity, from_entity, has_signature, read_validity, speaks_saml2,
};
use crate::{ConfigError, ConfigErrorKind, EntityId, IdentityProvider, TrustPolicy};

/// Entities of one aggregate: 250,000, twenty times all of eduGAIN.
const MAX_ENTITIES: usize = 250_000;

/// Bytes of text in the list to choose from: 64 MiB, ten times that of eduGAIN. A genuine signature
/// with other entities after it is found out at the end only, and must not fill the memory before.
const MAX_LISTED_BYTES: usize = 64 * 1024 * 1024;

/// What is known of a wanted entity: it was not there (yet), or was read.
pub(super) type Found = Option<Result<Arc<IdentityProvider>, ConfigError>>;

pub(super) struct Index {
    pub(super) policy: TrustPolicy,
    pub(super) now: OffsetDateTime,
    /// How far ahead validUntil may be. `None` when it may be anything or missing.
    pub(super) max_validity: Option<Duration>,
    pub(super) verified: bool,
    pub(super) wanted: BTreeMap<EntityId, Found>,
    pub(super) discovery: Vec<DiscoveryEntry>,
    pub(super) entities: usize,
    /// Bytes of text in `discovery`.
    listed: usize,
    pub(super) validity: Validity,
    /// The groups around, the root first, each with whether there is a signature on it or around it. A
    /// group that expired makes its entities expired.
    groups: Vec<(Result<Validity, ConfigError>, bool)>,
    /// As many octets of the SHA-256 of each entity ID as keep it apart from all others.
    seen: BTreeSet<[u8; 16]>,
}

impl Index {
    pub(super) fn new(
        wanted: impl IntoIterator<Item = EntityId>,
        policy: TrustPolicy,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            policy,
            now,
            max_validity: Some(super::MAX_VALIDITY),
            verified: true,
            wanted: wanted.into_iter().map(|id| (id, None)).collect(),
            discovery: Vec::new(),
            entities: 0,
            listed: 0,
            validity: Validity::UNBOUNDED,
            groups: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Without an end, or with one far off, whoever can replay an old copy keeps a withdrawn key
    /// alive (SAML2Int SDP-MD03).
    fn check_validity(&self, context: &Context<'_>, root: Element<'_>) -> Result<(), ConfigError> {
        let Some(most) = self.max_validity else {
            return Ok(());
        };
        let Some(until) = self.validity.until else {
            return Err(context.refuse(ConfigErrorKind::ValidUntilMissing, root));
        };
        let latest = self.now.saturating_add(most);
        if until <= latest {
            return Ok(());
        }
        Err(context
            .refuse(ConfigErrorKind::ValidUntilTooFar, root)
            .expected(format!("validUntil by {}", format_date_time(latest)))
            .actual(format_date_time(until)))
    }

    fn entity(&mut self, part: &Part<'_>) -> Result<(), ConfigError> {
        let entity = part.element();
        let policy = self.policy;
        let context = Context {
            document: part.document(),
            policy: &policy,
            now: self.now,
        };
        self.entities = self.entities.saturating_add(1);
        if self.entities > MAX_ENTITIES {
            return Err(context
                .refuse(ConfigErrorKind::AggregateLimit, entity)
                .expected(format!("at most {MAX_ENTITIES} entities")));
        }
        // One that has no name can neither be wanted nor chosen
        let Some(Ok(id)) = entity.attribute("entityID").map(EntityId::new) else {
            return Ok(());
        };
        if !self.seen.insert(digest(id.as_str())) {
            // SAML Metadata §2.3.2: taking the first or the last would let whoever adds one choose
            return Err(context
                .refuse(ConfigErrorKind::EntityIdDuplicate, entity)
                .actual(excerpt(id.as_str())));
        }
        let Some((around, signed)) = self.groups.last() else {
            return Ok(());
        };
        let role = entity
            .children()
            .find(|role| role.is(MD, "IDPSSODescriptor") && speaks_saml2(*role));
        if let Some(role) = role
            && let Ok(around) = around
            && read_validity(&context, *around, [entity, role].into_iter()).is_ok()
        {
            let entry = discovery::read(entity, role, id.clone());
            self.listed = self.listed.saturating_add(entry.bytes());
            if self.listed > MAX_LISTED_BYTES {
                return Err(context
                    .refuse(ConfigErrorKind::AggregateLimit, entity)
                    .expected(format!("at most {MAX_LISTED_BYTES} bytes of names")));
            }
            self.discovery.push(entry);
        }
        if let Some(found) = self.wanted.get_mut(&id) {
            let unverified = !self.verified && (*signed || has_signature(entity));
            let read = around.clone().and_then(|validity| {
                let around = Around {
                    validity,
                    unverified,
                };
                from_entity(&context, entity, id, around)
                    .map_err(|error| error.moved(|at| part.locate(at)))
            });
            *found = Some(read.map(Arc::new));
        }
        Ok(())
    }
}

impl StreamVisitor for Index {
    type Error = ConfigError;

    fn open_group(&mut self, group: Part<'_>) -> Result<(), ConfigError> {
        let policy = self.policy;
        let context = Context {
            document: group.document(),
            policy: &policy,
            now: self.now,
        };
        let moved = |error: ConfigError| error.moved(|at| group.locate(at));
        let element = group.element();
        let signed = has_signature(element) || self.groups.last().is_some_and(|(_, s)| *s);
        let outer = self.groups.last().map(|(validity, _)| validity.clone());
        let validity = outer
            .unwrap_or(Ok(Validity::UNBOUNDED))
            .and_then(|outer| read_validity(&context, outer, [element].into_iter()).map_err(moved));
        if self.groups.is_empty() {
            self.validity = validity.clone()?;
            self.check_validity(&context, element).map_err(moved)?;
        }
        self.groups.push((validity, signed));
        Ok(())
    }

    fn element(&mut self, part: Part<'_>) -> Result<(), ConfigError> {
        if !part.element().is(MD, "EntityDescriptor") {
            return Ok(());
        }
        self.entity(&part)
            .map_err(|error| error.moved(|at| part.locate(at)))
    }

    fn close_group(&mut self) {
        self.groups.pop();
    }
}

fn digest(text: &str) -> [u8; 16] {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut kept = [0; 16];
    for (to, from) in kept.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    kept
}

impl From<StreamError> for ConfigError {
    fn from(error: StreamError) -> Self {
        if let Some(xml) = error.xml_error() {
            return Self::xml(xml);
        }
        let kind = match error.rule() {
            StreamRule::Stream(StreamErrorKind::WrongRoot) => ConfigErrorKind::WrongRoot,
            StreamRule::Stream(StreamErrorKind::SignatureNotFirst) => {
                ConfigErrorKind::SignatureMissing
            }
            StreamRule::Stream(StreamErrorKind::NestedTooDeep) => ConfigErrorKind::NestedTooDeep,
            StreamRule::Signature(_) => ConfigErrorKind::SignatureInvalid,
            _ => ConfigErrorKind::AggregateLimit,
        };
        Self::new(kind).actual(error.code()).at(error.at())
    }
}
