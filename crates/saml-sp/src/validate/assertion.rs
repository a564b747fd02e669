//! Rules of saml:Assertion itself.

use saml_xml::Element;
use saml_xml::types::parse_id;
use time::{Duration, OffsetDateTime};

use super::Context;
use crate::reason::AssertionRule;
use crate::report::{Checks, Failure, Value};
use crate::response::assertion::{self, Parts};
use crate::response::{attribute_span, issuer, time_attribute};

/// How long after its IssueInstant an assertion can be used at most, whatever it says itself.
///
/// Used assertions are remembered until they expire, and an identity provider may write any year
/// there: this bounds what has to be remembered. Logins take seconds, IdP-initiated ones too.
const MAX_AGE: Duration = Duration::days(1);

/// What an assertion is known by.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) id: String,
    /// The end of its greatest age.
    pub(super) expires: OffsetDateTime,
}

pub(super) fn check<'d>(
    checks: &mut Checks,
    element: Element<'d>,
    context: &Context<'_>,
) -> (Parts<'d>, Option<Identity>) {
    let (parts, shape) = assertion::read(element);
    match shape {
        Ok(()) => checks.pass(AssertionRule::UnexpectedChild),
        Err(failure) => checks.fail(failure),
    }
    // SAML Core §2.3.3: Version, ID and IssueInstant are required
    let version = element.attribute("Version");
    checks.decide(
        version == Some("2.0"),
        Failure::new(AssertionRule::Version)
            .expected(Value::Static("2.0"))
            .actual(version.map_or(Value::Static("absent"), Value::text))
            .at(attribute_span(element, "Version")),
    );
    let id = match element.attribute("ID").map(parse_id) {
        Some(Ok(id)) => {
            checks.pass(AssertionRule::IdMissing);
            Some(id.to_owned())
        }
        Some(Err(error)) => {
            checks.fail(Failure::new(error.kind()).at(attribute_span(element, "ID")));
            None
        }
        None => {
            checks.fail(Failure::new(AssertionRule::IdMissing).at(element.start_tag_span()));
            None
        }
    };
    let expires = check_issue_instant(checks, element, context);
    check_issuer(checks, parts.issuer, element, context);
    let identity = id
        .zip(expires)
        .map(|(id, expires)| Identity { id, expires });
    (parts, identity)
}

fn check_issue_instant(
    checks: &mut Checks,
    element: Element<'_>,
    context: &Context<'_>,
) -> Option<OffsetDateTime> {
    let Some(instant) = checks.take(time_attribute(element, "IssueInstant"))? else {
        checks.fail(Failure::new(AssertionRule::IssueInstantMissing).at(element.start_tag_span()));
        return None;
    };
    let clock = context.clock;
    let rule = |rule, expected| {
        Failure::new(rule)
            .expected(expected)
            .actual(Value::Time(instant))
            .at(attribute_span(element, "IssueInstant"))
    };
    let future = rule(
        AssertionRule::IssueInstantFuture,
        Value::NotAfter(clock.now),
    );
    checks.decide(!clock.is_ahead(instant), future);
    let expires = instant.saturating_add(MAX_AGE);
    let oldest = clock.now.saturating_sub(MAX_AGE);
    checks.decide(
        !clock.is_over(expires),
        rule(AssertionRule::TooOld, Value::NotBefore(oldest)),
    );
    Some(expires)
}

fn check_issuer(
    checks: &mut Checks,
    issuer: Option<Element<'_>>,
    assertion: Element<'_>,
    context: &Context<'_>,
) {
    match issuer.map(|element| {
        (
            element,
            issuer::read(element, AssertionRule::IssuerMalformed),
        )
    }) {
        // SAML Profiles §4.1.4.2: Issuer MUST contain the unique identifier of the issuing
        // identity provider; here, of the one identity provider of this connection
        Some((element, Ok(entity_id))) => {
            checks.equal(
                AssertionRule::IssuerMismatch,
                &context.idp_entity_id,
                entity_id,
                element.span(),
            );
        }
        Some((_, Err(failure))) => checks.fail(failure),
        // SAML Core §2.3.3: Issuer is required
        None => {
            checks.fail(Failure::new(AssertionRule::IssuerMissing).at(assertion.start_tag_span()))
        }
    }
}
