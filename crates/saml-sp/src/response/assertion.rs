//! saml:Assertion: which parts it has.

use saml_xml::Element;

use super::{ASSERTION, Particle, SIGNATURE, walk};
use crate::reason::AssertionRule;
use crate::report::Failure;

/// The children of an Assertion by their names.
#[derive(Debug, Default)]
pub(crate) struct Parts<'d> {
    pub(crate) issuer: Option<Element<'d>>,
    pub(crate) subject: Option<Element<'d>>,
    pub(crate) conditions: Option<Element<'d>>,
    pub(crate) authn_statements: Vec<Element<'d>>,
    pub(crate) attribute_statements: Vec<Element<'d>>,
}

impl<'d> Parts<'d> {
    /// The encrypted NameID and the encrypted attributes.
    pub(crate) fn encrypted(&self) -> impl Iterator<Item = Element<'d>> {
        let ids = self.subject.into_iter().flat_map(Element::children);
        let attributes = self.attribute_statements.iter().flat_map(|s| s.children());
        ids.filter(|child| child.is(ASSERTION, "EncryptedID"))
            .chain(attributes.filter(|child| child.is(ASSERTION, "EncryptedAttribute")))
    }
}

/// saml-schema-assertion-2.0: AssertionType.
const MODEL: &[Particle] = &[
    Particle::once(0, ASSERTION, "Issuer"),
    Particle::once(1, SIGNATURE, "Signature"),
    Particle::once(2, ASSERTION, "Subject"),
    Particle::once(3, ASSERTION, "Conditions"),
    // Advice is allowed and never opened: what stands in it has no authority
    Particle::once(4, ASSERTION, "Advice"),
    Particle::many(5, ASSERTION, "AuthnStatement"),
    Particle::many(5, ASSERTION, "AttributeStatement"),
    Particle::many(5, ASSERTION, "AuthzDecisionStatement"),
    Particle::many(5, ASSERTION, "Statement"),
];

/// The parts, and how the element departs from the schema if it does.
pub(crate) fn read(assertion: Element<'_>) -> (Parts<'_>, Result<(), Failure>) {
    let mut parts = Parts::default();
    let walked = walk(assertion, MODEL, |index, child| match index {
        0 => _ = parts.issuer.get_or_insert(child),
        2 => _ = parts.subject.get_or_insert(child),
        3 => _ = parts.conditions.get_or_insert(child),
        5 => parts.authn_statements.push(child),
        6 => parts.attribute_statements.push(child),
        _ => {}
    });
    let shape = walked.map_err(|departure| {
        departure.failure(AssertionRule::UnexpectedChild, AssertionRule::ChildOrder)
    });
    (parts, shape)
}
