//! saml:Subject.

use saml_xml::Element;

use super::{ASSERTION, Departure, Particle, walk};
use crate::reason::SubjectRule;
use crate::report::Failure;

/// The children of a Subject.
#[derive(Debug, Default)]
pub(crate) struct Parts<'d> {
    pub(crate) name_id: Option<Element<'d>>,
    pub(crate) base_id: Option<Element<'d>>,
    pub(crate) encrypted_id: Option<Element<'d>>,
    pub(crate) confirmations: Vec<Element<'d>>,
}

/// saml-schema-assertion-2.0: SubjectType.
const MODEL: &[Particle] = &[
    Particle::once(0, ASSERTION, "NameID"),
    Particle::once(0, ASSERTION, "BaseID"),
    Particle::once(0, ASSERTION, "EncryptedID"),
    Particle::many(1, ASSERTION, "SubjectConfirmation"),
];

/// The parts, and how the element departs from the schema if it does.
pub(crate) fn read(subject: Element<'_>) -> (Parts<'_>, Result<(), Failure>) {
    let mut parts = Parts::default();
    let mut identifiers = 0;
    let walked = walk(subject, MODEL, |index, child| {
        identifiers += usize::from(index < 3);
        match index {
            0 => _ = parts.name_id.get_or_insert(child),
            1 => _ = parts.base_id.get_or_insert(child),
            2 => _ = parts.encrypted_id.get_or_insert(child),
            _ => parts.confirmations.push(child),
        }
    });
    let shape = walked.map_err(|departure| match departure {
        Departure::Order(at) if identifiers > 1 => Failure::new(SubjectRule::NameIdMultiple).at(at),
        departure => departure.failure(SubjectRule::UnexpectedChild, SubjectRule::UnexpectedChild),
    });
    (parts, shape)
}
