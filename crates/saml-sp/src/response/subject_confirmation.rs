//! saml:SubjectConfirmation and saml:SubjectConfirmationData.

use saml_xml::Element;
use time::OffsetDateTime;

use super::{ASSERTION, Particle, time_attribute, walk};
use crate::reason::SubjectRule;
use crate::report::Failure;

pub(crate) const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// saml-schema-assertion-2.0: SubjectConfirmationType.
const MODEL: &[Particle] = &[
    Particle::once(0, ASSERTION, "BaseID"),
    Particle::once(0, ASSERTION, "NameID"),
    Particle::once(0, ASSERTION, "EncryptedID"),
    Particle::once(1, ASSERTION, "SubjectConfirmationData"),
];

/// The attributes of SubjectConfirmationData.
#[derive(Debug)]
pub(crate) struct Data<'d> {
    pub(crate) element: Element<'d>,
    pub(crate) recipient: Option<&'d str>,
    pub(crate) in_response_to: Option<&'d str>,
    pub(crate) not_before: bool,
    pub(crate) not_on_or_after: Option<OffsetDateTime>,
}

pub(crate) fn is_bearer(confirmation: Element<'_>) -> bool {
    confirmation.attribute("Method") == Some(BEARER)
}

/// Reads the data of a confirmation; its content is not read, a bearer needs none.
pub(crate) fn read(confirmation: Element<'_>) -> Result<Data<'_>, Failure> {
    let mut data = None;
    walk(confirmation, MODEL, |index, child| {
        if index == 3 {
            data = Some(child);
        }
    })
    .map_err(|departure| {
        departure.failure(SubjectRule::UnexpectedChild, SubjectRule::UnexpectedChild)
    })?;
    let Some(element) = data else {
        return Err(Failure::new(SubjectRule::ConfirmationDataMissing).at(confirmation.span()));
    };
    Ok(Data {
        element,
        recipient: element.attribute("Recipient"),
        in_response_to: element.attribute("InResponseTo"),
        not_before: element.attribute("NotBefore").is_some(),
        not_on_or_after: time_attribute(element, "NotOnOrAfter")?,
    })
}
