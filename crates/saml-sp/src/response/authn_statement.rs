//! saml:AuthnStatement.

use saml_xml::Element;
use saml_xml::types::trim_xml;
use time::OffsetDateTime;

use super::{ASSERTION, Particle, time_attribute, walk};
use crate::reason::AuthnRule;
use crate::report::Failure;

/// What an AuthnStatement says.
#[derive(Debug)]
pub(crate) struct AuthnStatement<'d> {
    pub(crate) element: Element<'d>,
    pub(crate) authn_instant: OffsetDateTime,
    pub(crate) session_index: Option<&'d str>,
    pub(crate) session_not_on_or_after: Option<OffsetDateTime>,
    pub(crate) authn_context_class_ref: Option<&'d str>,
}

/// saml-schema-assertion-2.0: AuthnStatementType.
const MODEL: &[Particle] = &[
    Particle::once(0, ASSERTION, "SubjectLocality"),
    Particle::once(1, ASSERTION, "AuthnContext"),
];

/// saml-schema-assertion-2.0: AuthnContextType. Its two choices are read as one sequence.
const CONTEXT_MODEL: &[Particle] = &[
    Particle::once(0, ASSERTION, "AuthnContextClassRef"),
    Particle::once(1, ASSERTION, "AuthnContextDecl"),
    Particle::once(1, ASSERTION, "AuthnContextDeclRef"),
    Particle::many(2, ASSERTION, "AuthenticatingAuthority"),
];

pub(crate) fn read(statement: Element<'_>) -> Result<AuthnStatement<'_>, Failure> {
    let malformed = || Failure::new(AuthnRule::Malformed).at(statement.span());
    let mut context = None;
    walk(statement, MODEL, |index, child| {
        if index == 1 {
            context = Some(child);
        }
    })
    .map_err(|departure| departure.failure(AuthnRule::Malformed, AuthnRule::Malformed))?;
    // SAML Core §2.7.2: AuthnContext is required
    let context = context.ok_or_else(malformed)?;

    let mut class_ref = None;
    walk(context, CONTEXT_MODEL, |index, child| {
        if index == 0 {
            class_ref = Some(child);
        }
    })
    .map_err(|departure| departure.failure(AuthnRule::Malformed, AuthnRule::Malformed))?;
    let authn_context_class_ref = match class_ref {
        Some(element) => Some(trim_xml(element.text().ok_or_else(malformed)?)),
        None => None,
    };

    let Some(authn_instant) = time_attribute(statement, "AuthnInstant")? else {
        return Err(Failure::new(AuthnRule::InstantMissing).at(statement.start_tag_span()));
    };
    Ok(AuthnStatement {
        element: statement,
        authn_instant,
        session_index: statement.attribute("SessionIndex"),
        session_not_on_or_after: time_attribute(statement, "SessionNotOnOrAfter")?,
        authn_context_class_ref,
    })
}
