//! Rules of saml:Conditions: when, and for whom.

use saml_xml::Element;

use super::Context;
use crate::preset::Quirk;
use crate::reason::ConditionsRule;
use crate::report::{Checks, Failure, Value};
use crate::response::attribute_span;
use crate::response::conditions::{audiences, read_interval, read_restrictions};

pub(super) fn check(
    checks: &mut Checks,
    conditions: Option<Element<'_>>,
    assertion: Element<'_>,
    context: &Context<'_>,
) {
    // SAML Profiles §4.1.4.2: an assertion for a bearer has an AudienceRestriction, so it has
    // Conditions
    let Some(conditions) = conditions else {
        checks.fail(Failure::new(ConditionsRule::Missing).at(assertion.start_tag_span()));
        return;
    };
    check_interval(checks, conditions, context);
    if let Some(restrictions) = checks.take(read_restrictions(conditions)) {
        checks.pass(ConditionsRule::Unknown);
        check_audience(checks, conditions, &restrictions, context);
    }
}

fn check_interval(checks: &mut Checks, conditions: Element<'_>, context: &Context<'_>) {
    let Some(interval) = checks.take(read_interval(conditions)) else {
        return;
    };
    let clock = context.clock;
    // SAML Core §2.5.1.2: the value for NotBefore MUST be less than (earlier than) the value for
    // NotOnOrAfter
    if let (Some(not_before), Some(not_on_or_after)) =
        (interval.not_before, interval.not_on_or_after)
    {
        checks.decide(
            not_before < not_on_or_after,
            Failure::new(ConditionsRule::EmptyInterval)
                .expected(Value::Before(not_on_or_after))
                .actual(Value::Time(not_before))
                .at(conditions.start_tag_span()),
        );
    }
    // SAML Core §2.5.1.2: both ends are optional; each that is there is kept
    if let Some(not_before) = interval.not_before {
        checks.decide(
            !clock.is_ahead(not_before),
            Failure::new(ConditionsRule::NotYetValid)
                .expected(Value::NotBefore(not_before))
                .actual(Value::Time(clock.now))
                .at(attribute_span(conditions, "NotBefore")),
        );
    }
    if let Some(not_on_or_after) = interval.not_on_or_after {
        checks.decide(
            !clock.is_over(not_on_or_after),
            Failure::new(ConditionsRule::Expired)
                .expected(Value::Before(not_on_or_after))
                .actual(Value::Time(clock.now))
                .at(attribute_span(conditions, "NotOnOrAfter")),
        );
    }
}

/// SAML Core §2.5.1.4: the audiences of one restriction are alternatives; several restrictions all
/// have to hold.
fn check_audience(
    checks: &mut Checks,
    conditions: Element<'_>,
    restrictions: &[Element<'_>],
    context: &Context<'_>,
) {
    let ours = context.sp.shared_entity_id();
    // SAML Profiles §4.1.4.2: MUST contain an <AudienceRestriction> including the service
    // provider's unique identifier as an <Audience>
    if restrictions.is_empty() {
        let missing = Failure::new(ConditionsRule::AudienceMissing)
            .expected(Value::Shared(ours))
            .actual(Value::Static("no AudienceRestriction"))
            .at(conditions.span());
        checks.fail_unless_forgiven(Quirk::MissingAudience, missing);
        return;
    }
    for &restriction in restrictions {
        let named = audiences(restriction).any(|audience| *audience == *ours);
        let actual = if named {
            Value::Shared(ours.clone())
        } else {
            Value::text(&audiences(restriction).collect::<Vec<_>>().join(", "))
        };
        checks.decide(
            named,
            Failure::new(ConditionsRule::AudienceMismatch)
                .expected(Value::Shared(ours.clone()))
                .actual(actual)
                .at(restriction.span()),
        );
    }
}
