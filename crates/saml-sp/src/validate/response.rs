//! Rules of samlp:Response and samlp:Status.
//!
//! When only the Assertion is signed, none of this is proven, and nothing follows from it: these
//! rules can refuse a message, and what they read is not used for anything else.

use std::sync::Arc;

use saml_xml::types::parse_id;

use super::{Context, Expected};
use crate::preset::Quirk;
use crate::reason::{RequestRule, ResponseRule, StatusRule};
use crate::report::{Checks, Failure, Value};
use crate::response::outline::Outline;
use crate::response::status::{self, Status};
use crate::response::{attribute_span, issuer, time_attribute};

/// Gives the status if it could be read.
// SAML Profiles §4.1.4.2 and SAML2Int SDP-SP11: an answer other than Success is a refusal; an
// assertion beside it is not looked at.
pub(super) fn check_status(checks: &mut Checks, outline: &Outline<'_>) -> Option<Status> {
    let Some(element) = outline.status else {
        checks.fail(Failure::new(StatusRule::Missing).at(outline.response.start_tag_span()));
        return None;
    };
    let status = checks.take(status::read(element))?;
    if status.is_success() {
        checks.pass(StatusRule::NotSuccess);
    } else {
        checks.fail(
            Failure::new(StatusRule::NotSuccess)
                .expected(Value::Static("Success"))
                .actual(Value::text(&status.describe()))
                .at(element.span()),
        );
    }
    Some(status)
}

pub(super) fn check(checks: &mut Checks, outline: &Outline<'_>, context: &Context<'_>) {
    let response = outline.response;
    let signed = outline.signature.is_some();

    // SAML Core §3.2.2: Version, ID and IssueInstant are required
    let version = response.attribute("Version");
    checks.decide(
        version == Some("2.0"),
        Failure::new(ResponseRule::Version)
            .expected(Value::Static("2.0"))
            .actual(version.map_or(Value::Static("absent"), Value::text))
            .at(attribute_span(response, "Version")),
    );
    match response.attribute("ID").map(parse_id) {
        Some(Ok(_)) => checks.pass(ResponseRule::IdMissing),
        Some(Err(error)) => {
            checks.fail(Failure::new(error.kind()).at(attribute_span(response, "ID")))
        }
        None => checks.fail(Failure::new(ResponseRule::IdMissing).at(response.start_tag_span())),
    }
    match time_attribute(response, "IssueInstant") {
        Ok(Some(instant)) => checks.decide(
            !context.clock.is_ahead(instant),
            Failure::new(ResponseRule::IssueInstantFuture)
                .expected(Value::NotAfter(context.clock.now))
                .actual(Value::Time(instant))
                .at(attribute_span(response, "IssueInstant")),
        ),
        Ok(None) => checks
            .fail(Failure::new(ResponseRule::IssueInstantMissing).at(response.start_tag_span())),
        Err(failure) => checks.fail(failure),
    }

    check_issuer(checks, outline, context, signed);
    check_destination(checks, outline, context, signed);
    check_in_response_to(checks, outline, context);
}

fn check_issuer(checks: &mut Checks, outline: &Outline<'_>, context: &Context<'_>, signed: bool) {
    match outline.issuer.map(|element| {
        (
            element,
            issuer::read(element, ResponseRule::IssuerMalformed),
        )
    }) {
        Some((element, Ok(entity_id))) => {
            checks.equal(
                ResponseRule::IssuerMismatch,
                &context.idp_entity_id,
                entity_id,
                element.span(),
            );
        }
        Some((_, Err(failure))) => {
            checks.fail(failure);
        }
        // SAML Profiles §4.1.4.2: If the <Response> message is signed the <Issuer> element
        // MUST be present
        None if signed => {
            checks.fail(
                Failure::new(ResponseRule::IssuerMissing).at(outline.response.start_tag_span()),
            );
        }
        None => {}
    }
}

fn check_destination(
    checks: &mut Checks,
    outline: &Outline<'_>,
    context: &Context<'_>,
    signed: bool,
) {
    let response = outline.response;
    match response.attribute("Destination") {
        // SAML Core §3.2.2: If it is present, the actual recipient MUST check that the URI
        // reference identifies the location at which the message was received; an empty one
        // identifies nothing
        Some(destination) => checks.equal(
            ResponseRule::DestinationMismatch,
            &context.acs_url,
            destination,
            attribute_span(response, "Destination"),
        ),
        // SAML Bindings §3.5.5.2: If the message is signed, the Destination XML attribute
        // MUST contain the URL to which the sender has instructed the user agent to deliver
        None if signed => {
            let missing = Failure::new(ResponseRule::DestinationMissing)
                .expected(Value::Shared(Arc::clone(&context.acs_url)))
                .actual(Value::Static("absent"))
                .at(response.start_tag_span());
            checks.fail_unless_forgiven(Quirk::MissingDestination, missing);
        }
        None => checks.pass(ResponseRule::DestinationMissing),
    }
}

/// The request's ID counts where it is signed, in SubjectConfirmationData; here it must not
/// contradict.
fn check_in_response_to(checks: &mut Checks, outline: &Outline<'_>, context: &Context<'_>) {
    let response = outline.response;
    let at = attribute_span(response, "InResponseTo");
    match (context.expected, response.attribute("InResponseTo")) {
        (_, None) => checks.pass(ResponseRule::InResponseToMismatch),
        (Expected::Request(pending), Some(id)) => {
            checks.equal(
                ResponseRule::InResponseToMismatch,
                &pending.id().as_str().into(),
                id,
                at,
            );
        }
        // SAML Profiles §4.1.5: an unsolicited Response MUST NOT contain an InResponseTo attribute
        (Expected::Unsolicited, Some(id)) => {
            let answering = Failure::new(RequestRule::UnsolicitedInResponseTo)
                .expected(Value::Static("absent"))
                .actual(Value::text(id))
                .at(at);
            checks.fail_unless_forgiven(Quirk::UnsolicitedInResponseTo, answering);
        }
    }
}
