//! Reading the elements of a Response: one element of the standard to a file.
//!
//! Nothing here decides about trust. Each reader takes an element, checks its shape against the
//! schema, and gives its parts; the rules are in `validate`.

pub(crate) mod assertion;
pub(crate) mod attribute_statement;
pub(crate) mod authn_statement;
pub(crate) mod conditions;
pub(crate) mod encrypted;
pub(crate) mod issuer;
pub(crate) mod name_id;
pub(crate) mod outline;
pub(crate) mod status;
pub(crate) mod subject;
pub(crate) mod subject_confirmation;

use core::ops::Range;

use saml_xml::Element;
use saml_xml::types::parse_date_time;
use time::OffsetDateTime;

use crate::reason::Reason;
use crate::report::{Failure, Value};

/// samlp, the protocol's namespace.
pub(crate) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// saml, the assertion's namespace.
pub(crate) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// ds, XML Signature's namespace.
pub(crate) const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";
/// xenc, XML Encryption's namespace.
pub(crate) const ENCRYPTION: &str = "http://www.w3.org/2001/04/xmlenc#";

/// One element of a content model.
pub(crate) struct Particle {
    namespace: &'static str,
    local: &'static str,
    /// Place in the sequence; members of one choice share it.
    rank: u8,
    once: bool,
}

impl Particle {
    pub(crate) const fn once(rank: u8, namespace: &'static str, local: &'static str) -> Self {
        Self {
            namespace,
            local,
            rank,
            once: true,
        }
    }

    pub(crate) const fn many(rank: u8, namespace: &'static str, local: &'static str) -> Self {
        Self {
            namespace,
            local,
            rank,
            once: false,
        }
    }
}

/// How an element departs from its content model.
#[derive(Debug)]
pub(crate) enum Departure {
    /// An element that the model does not have, or text between elements.
    Unexpected(Range<usize>),
    /// An element too early, or once too often.
    Order(Range<usize>),
}

impl Departure {
    pub(crate) fn failure(
        &self,
        unexpected: impl Into<Reason>,
        order: impl Into<Reason>,
    ) -> Failure {
        match self {
            Self::Unexpected(at) => Failure::new(unexpected).at(at.clone()),
            Self::Order(at) => Failure::new(order).at(at.clone()),
        }
    }
}

/// Walks the children of an element along its content model and gives each to `sink`, which knows
/// it by its index in the model. Names match by namespace and local name.
///
/// The whole element is walked even when it departs from the model, so that a report can go on;
/// the first departure is returned.
pub(crate) fn walk<'d>(
    parent: Element<'d>,
    model: &[Particle],
    mut sink: impl FnMut(usize, Element<'d>),
) -> Result<(), Departure> {
    let mut rank = 0;
    let mut taken = None;
    let mut departure = None;
    for child in parent.children() {
        let found = model
            .iter()
            .enumerate()
            .find(|(_, p)| child.is(p.namespace, p.local));
        let Some((index, particle)) = found else {
            departure.get_or_insert_with(|| Departure::Unexpected(child.span()));
            continue;
        };
        // Members of one choice exclude each other, so the rank tells a repetition, not the name
        if particle.rank < rank || (particle.once && taken == Some(particle.rank)) {
            departure.get_or_insert_with(|| Departure::Order(child.span()));
        }
        rank = rank.max(particle.rank);
        taken = Some(particle.rank);
        sink(index, child);
    }
    if departure.is_none() && !parent.child_text_is_blank() {
        departure = Some(Departure::Unexpected(parent.span()));
    }
    departure.map_or(Ok(()), Err)
}

/// Where an attribute stands, or the start tag that lacks it.
pub(crate) fn attribute_span(element: Element<'_>, local: &str) -> Range<usize> {
    element
        .attributes()
        .find(|a| a.local_name() == local && a.namespace().is_empty())
        .map_or_else(|| element.start_tag_span(), |a| a.span())
}

/// An attribute that holds a time, if it is there.
// SAML Core §1.3.3: All SAML time values have the type xs:dateTime
pub(crate) fn time_attribute(
    element: Element<'_>,
    local: &str,
) -> Result<Option<OffsetDateTime>, Failure> {
    element
        .attribute(local)
        .map(parse_date_time)
        .transpose()
        .map_err(|error| {
            Failure::new(error.kind())
                .expected(Value::Static("a time such as 2026-01-31T12:00:00Z"))
                .actual(Value::optional(element.attribute(local)))
                .at(attribute_span(element, local))
        })
}
