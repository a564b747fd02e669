//! samlp:Response: which parts it has, and where.

use saml_xml::Element;

use super::{ASSERTION, Departure, PROTOCOL, Particle, SIGNATURE, walk};

/// The direct children of a Response by their names. No trust follows from it.
#[derive(Debug)]
pub(crate) struct Outline<'d> {
    pub(crate) response: Element<'d>,
    pub(crate) issuer: Option<Element<'d>>,
    pub(crate) signature: Option<Element<'d>>,
    pub(crate) status: Option<Element<'d>>,
    pub(crate) assertion: Option<Element<'d>>,
    pub(crate) assertion_signature: Option<Element<'d>>,
    pub(crate) second_assertion: Option<Element<'d>>,
    pub(crate) encrypted_assertion: Option<Element<'d>>,
    /// Whether `assertion` is what `encrypted_assertion` held: an element of another document.
    pub(crate) decrypted: bool,
    pub(crate) departure: Option<Departure>,
}

/// saml-schema-protocol-2.0: StatusResponseType, ResponseType.
const MODEL: &[Particle] = &[
    Particle::once(0, ASSERTION, "Issuer"),
    Particle::once(1, SIGNATURE, "Signature"),
    Particle::once(2, PROTOCOL, "Extensions"),
    Particle::once(3, PROTOCOL, "Status"),
    Particle::many(4, ASSERTION, "Assertion"),
    Particle::many(4, ASSERTION, "EncryptedAssertion"),
];

impl<'d> Outline<'d> {
    pub(crate) fn of(response: Element<'d>) -> Self {
        let mut outline = Self {
            response,
            issuer: None,
            signature: None,
            status: None,
            assertion: None,
            assertion_signature: None,
            second_assertion: None,
            encrypted_assertion: None,
            decrypted: false,
            departure: None,
        };
        let walked = walk(response, MODEL, |index, child| {
            let place = match index {
                0 => &mut outline.issuer,
                1 => &mut outline.signature,
                3 => &mut outline.status,
                4 if outline.assertion.is_some() => &mut outline.second_assertion,
                4 => &mut outline.assertion,
                5 => &mut outline.encrypted_assertion,
                _ => return,
            };
            place.get_or_insert(child);
        });
        outline.departure = walked.err();
        outline.assertion_signature = outline.assertion.and_then(signature_of);
        outline
    }

    /// The same message with the assertion that was encrypted in it.
    #[cfg(feature = "decrypt")]
    pub(crate) fn with_decrypted(mut self, assertion: Element<'d>) -> Self {
        self.assertion = Some(assertion);
        self.assertion_signature = signature_of(assertion);
        self.decrypted = true;
        self
    }
}

fn signature_of(assertion: Element<'_>) -> Option<Element<'_>> {
    assertion
        .children()
        .find(|child| child.is(SIGNATURE, "Signature"))
}
