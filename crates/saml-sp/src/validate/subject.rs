//! Rules of saml:Subject: who, and to whom it may be told.

use std::sync::Arc;

use saml_xml::Element;
use time::OffsetDateTime;

use super::{Context, Expected};
use crate::connection::Identifier;
use crate::preset::Quirk;
use crate::reason::{Reason, RequestRule, SubjectRule};
use crate::report::{Checks, Failure, Value};
use crate::response::encrypted::Opened;
use crate::response::name_id::{self, NameId};
use crate::response::subject::{self, Parts};
use crate::response::subject_confirmation::{self, Data, is_bearer};
use crate::response::{ASSERTION, attribute_span};

const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// The subject, and until when a bearer of the assertion is believed.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) name_id: Option<NameId>,
    pub(super) not_on_or_after: OffsetDateTime,
}

pub(super) fn check(
    checks: &mut Checks,
    subject: Option<Element<'_>>,
    assertion: Element<'_>,
    opened: &Opened,
    context: &Context<'_>,
) -> Option<Facts> {
    // SAML Profiles §4.1.4.2: an assertion for a bearer has a Subject
    let Some(subject) = subject else {
        checks.fail(Failure::new(SubjectRule::Missing).at(assertion.start_tag_span()));
        return None;
    };
    let (parts, shape) = subject::read(subject);
    match shape {
        Ok(()) => checks.pass(SubjectRule::UnexpectedChild),
        Err(failure) => checks.fail(failure),
    }
    let name_id = check_name_id(checks, &parts, subject, opened, context);
    let not_on_or_after = check_confirmations(checks, &parts, subject, context);
    Some(Facts {
        name_id: name_id?,
        not_on_or_after: not_on_or_after?,
    })
}

fn check_name_id(
    checks: &mut Checks,
    parts: &Parts<'_>,
    subject: Element<'_>,
    opened: &Opened,
    context: &Context<'_>,
) -> Option<Option<NameId>> {
    if let Some(base_id) = parts.base_id {
        checks.fail(Failure::new(SubjectRule::BaseId).at(base_id.span()));
        return None;
    }
    let decrypted = match parts.encrypted_id {
        None => None,
        Some(holder) => match opened.get(holder, ASSERTION, "NameID") {
            Some(Ok(name_id)) => Some((name_id, holder.span())),
            Some(Err(kind)) => {
                checks.fail(Failure::new(kind).at(holder.start_tag_span()));
                return None;
            }
            None => {
                checks.fail(Failure::new(SubjectRule::EncryptedId).at(holder.start_tag_span()));
                return None;
            }
        },
    };
    let plain = || parts.name_id.map(|element| (element, element.span()));
    let Some((element, at)) = decrypted.or_else(plain) else {
        // SAML2Int v2 SDP-SP13: where an attribute names the user, a NameID need not be there
        if *context.connection.identifier() == Identifier::NameId {
            checks.fail(Failure::new(SubjectRule::NameIdMissing).at(subject.span()));
            return None;
        }
        return Some(None);
    };
    let name_id = checks.take(name_id::read(element).map_err(|failure| failure.at(at.clone())))?;
    checks.pass(SubjectRule::NameIdEmpty);
    checks.name_id_format = name_id.format().map(str::to_owned);
    // SAML Core §3.4.1.1: when a Format other than unspecified was asked for, the resulting
    // assertion(s) MUST contain an identifier of it
    if let Expected::Request(pending) = context.expected
        && let Some(wanted) = pending.name_id_format()
        && wanted != UNSPECIFIED
    {
        checks.decide(
            name_id.format() == Some(wanted),
            Failure::new(SubjectRule::NameIdFormat)
                .expected(Value::text(wanted))
                .actual(
                    name_id
                        .format()
                        .map_or(Value::Static("absent"), Value::text),
                )
                .at(at.clone()),
        );
    }
    // SAML Core §3.4.1.4: the Subject of the answer MUST strongly match the one that was asked for
    if let Expected::Request(pending) = context.expected
        && let Some(wanted) = pending.subject()
    {
        checks.decide(
            *wanted == name_id,
            Failure::new(SubjectRule::OtherThanRequested).at(at),
        );
    }
    Some(Some(name_id))
}

/// Checked after the audience: a service provider whose entity ID is not what the identity provider
/// thinks breaks both rules, and the audience is the one that administrators know.
pub(super) fn check_sp_name_qualifier(
    checks: &mut Checks,
    subject: Option<Element<'_>>,
    opened: &Opened,
    context: &Context<'_>,
) {
    let mut children = subject.into_iter().flat_map(Element::children);
    let name_id = children.find_map(|child| {
        if child.is(ASSERTION, "NameID") {
            Some((child, attribute_span(child, "SPNameQualifier")))
        } else {
            let name_id = opened.get(child, ASSERTION, "NameID")?.ok()?;
            Some((name_id, child.span()))
        }
    });
    // SAML Core §8.3.7: SPNameQualifier is the entity ID of the service provider for whom the
    // identifier was made, or of an affiliation; nobody here is in one
    if let Some((name_id, at)) = name_id
        && let Some(qualifier) = name_id.attribute("SPNameQualifier")
    {
        checks.equal(
            SubjectRule::SpNameQualifier,
            &context.sp.shared_entity_id(),
            qualifier,
            at,
        );
    }
}

/// At least one bearer confirmation has to pass every rule. When none does, the one that came
/// furthest is reported, because it is the one that was meant for us.
fn check_confirmations(
    checks: &mut Checks,
    parts: &Parts<'_>,
    subject: Element<'_>,
    context: &Context<'_>,
) -> Option<OffsetDateTime> {
    // SAML Profiles §4.1.4.2: At least one <SubjectConfirmation> element with a Method of
    // urn:oasis:names:tc:SAML:2.0:cm:bearer
    let Some(first) = parts.confirmations.first() else {
        checks.fail(Failure::new(SubjectRule::ConfirmationMissing).at(subject.span()));
        return None;
    };
    let mut best: Option<Outcome<'_>> = None;
    for confirmation in parts.confirmations.iter().filter(|c| is_bearer(**c)) {
        let outcome = Outcome::of(*confirmation, context);
        if best
            .as_ref()
            .is_none_or(|best| outcome.passed > best.passed)
        {
            best = Some(outcome);
        }
    }
    let Some(best) = best else {
        checks.fail(
            Failure::new(SubjectRule::ConfirmationMethod)
                .expected(Value::Static(subject_confirmation::BEARER))
                .actual(Value::optional(first.attribute("Method")))
                .at(attribute_span(*first, "Method")),
        );
        return None;
    };
    // SAML Profiles §4.1.5: no part of an unsolicited Response says that it answers something
    if let Expected::Unsolicited = context.expected {
        let answering = parts
            .confirmations
            .iter()
            .flat_map(|c| c.children())
            .find(|data| data.attribute("InResponseTo").is_some());
        match answering {
            None => checks.pass(RequestRule::UnsolicitedInResponseTo),
            Some(data) => {
                let answering = Failure::new(RequestRule::UnsolicitedInResponseTo)
                    .expected(Value::Static("absent"))
                    .actual(Value::optional(data.attribute("InResponseTo")))
                    .at(attribute_span(data, "InResponseTo"));
                checks.fail_unless_forgiven(Quirk::UnsolicitedInResponseTo, answering);
            }
        }
    }
    best.note(checks)
}

const RULES: u8 = 4;

/// What came of the rules of one bearer confirmation.
struct Outcome<'d> {
    /// How many rules hold before the first that does not.
    passed: u8,
    data: Result<Data<'d>, Failure>,
    rules: Vec<(Reason, Option<Failure>)>,
}

impl<'d> Outcome<'d> {
    fn of(confirmation: Element<'d>, context: &Context<'_>) -> Self {
        let data = subject_confirmation::read(confirmation);
        let rules = data
            .as_ref()
            .map_or_else(|_| Vec::new(), |data| rules(data, context));
        let mut passed = 0;
        for _ in rules.iter().take_while(|(_, failure)| failure.is_none()) {
            passed += 1;
        }
        Self {
            passed,
            data,
            rules,
        }
    }

    fn note(self, checks: &mut Checks) -> Option<OffsetDateTime> {
        let data = checks.take(self.data)?;
        for (rule, failure) in self.rules {
            match failure {
                None => checks.pass(rule),
                Some(failure) => checks.fail(failure),
            }
        }
        data.not_on_or_after.filter(|_| self.passed == RULES)
    }
}

/// The rules of SAML Profiles §4.1.4.2 and §4.1.4.3 for a bearer, in their order there.
fn rules(data: &Data<'_>, context: &Context<'_>) -> Vec<(Reason, Option<Failure>)> {
    let Context {
        acs_url,
        clock,
        expected,
        ..
    } = context;
    let element = data.element;
    let mut rules = Vec::with_capacity(RULES.into());

    // contains a Recipient attribute containing the service provider's assertion consumer service
    // URL
    let recipient = match data.recipient {
        Some(recipient) if *recipient == **acs_url => None,
        Some(_) => Some(SubjectRule::RecipientMismatch),
        None => Some(SubjectRule::RecipientMissing),
    };
    rules.push((
        SubjectRule::RecipientMismatch.into(),
        recipient.map(|rule| {
            Failure::new(rule)
                .expected(Value::Shared(Arc::clone(acs_url)))
                .actual(Value::optional(data.recipient))
                .at(attribute_span(element, "Recipient"))
        }),
    ));

    // The <SubjectConfirmationData> element MUST NOT contain a NotBefore attribute
    let not_before = data.not_before.then(|| {
        Failure::new(SubjectRule::NotBeforePresent)
            .expected(Value::Static("absent"))
            .actual(Value::optional(element.attribute("NotBefore")))
            .at(attribute_span(element, "NotBefore"))
    });
    rules.push((SubjectRule::NotBeforePresent.into(), not_before));

    // and a NotOnOrAfter attribute that limits the window during which the assertion can be
    // delivered
    let not_on_or_after = match data.not_on_or_after {
        Some(end) if !clock.is_over(end) => None,
        Some(end) => Some(
            Failure::new(SubjectRule::Expired)
                .expected(Value::Before(end))
                .actual(Value::Time(clock.now)),
        ),
        None => {
            Some(Failure::new(SubjectRule::NotOnOrAfterMissing).actual(Value::Static("absent")))
        }
    };
    rules.push((
        SubjectRule::Expired.into(),
        not_on_or_after.map(|failure| failure.at(attribute_span(element, "NotOnOrAfter"))),
    ));

    // If the containing message is in response to an <AuthnRequest>, then the InResponseTo
    // attribute MUST match the request's ID. This one is signed; the Response's may not be.
    let in_response_to = match (expected, data.in_response_to) {
        (Expected::Request(pending), Some(id)) if id == pending.id().as_str() => None,
        (Expected::Request(pending), id) => {
            let missing = id.is_none();
            let rule = if missing {
                SubjectRule::InResponseToMissing
            } else {
                SubjectRule::InResponseToMismatch
            };
            Some(
                Failure::new(rule)
                    .expected(Value::text(pending.id().as_str()))
                    .actual(Value::optional(id))
                    .at(attribute_span(element, "InResponseTo")),
            )
        }
        // Judged for all confirmations together
        (Expected::Unsolicited, _) => None,
    };
    rules.push((SubjectRule::InResponseToMismatch.into(), in_response_to));
    rules
}
