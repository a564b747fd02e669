//! Rules of the whole message: nothing stands where it should not.

use saml_xml::{Element, signature_child};

use crate::reason::ResponseRule;
use crate::report::{Checks, Failure, Value};
use crate::response::outline::Outline;
use crate::response::{ASSERTION, ENCRYPTION, PROTOCOL, SIGNATURE};

/// Attributes of the SAML schemas that some rule reads. None of them is ever in a namespace; a copy
/// that is can only be meant for a reader that looks at local names.
const CORE_ATTRIBUTES: &[&str] = &[
    "ID",
    "Version",
    "IssueInstant",
    "Destination",
    "InResponseTo",
    "Recipient",
    "NotBefore",
    "NotOnOrAfter",
    "Method",
    "Format",
    "NameQualifier",
    "SPNameQualifier",
    "SPProvidedID",
    "Name",
    "NameFormat",
    "Value",
    "AuthnInstant",
    "SessionIndex",
    "SessionNotOnOrAfter",
];

pub(super) fn check(checks: &mut Checks, outline: &Outline<'_>) {
    let mut duplicate = false;
    // SAML Core §5.4.1: an element has one signature. Two make two readers see two messages.
    for element in [Some(outline.response), outline.assertion]
        .into_iter()
        .flatten()
    {
        if let Err(error) = signature_child(element) {
            duplicate = true;
            checks.fail(Failure::new(error.kind()).at(element.start_tag_span()));
        }
    }
    match &outline.departure {
        None => checks.pass(ResponseRule::UnexpectedChild),
        Some(_) if duplicate => {}
        Some(departure) => {
            checks.fail(departure.failure(ResponseRule::UnexpectedChild, ResponseRule::ChildOrder));
        }
    }
    if let (Some(encrypted), false) = (outline.encrypted_assertion, outline.decrypted) {
        checks.fail(Failure::new(ResponseRule::EncryptedAssertion).at(encrypted.start_tag_span()));
    }
    match outline.second_assertion {
        None => checks.pass(ResponseRule::AssertionMultiple),
        Some(second) => checks.fail(
            Failure::new(ResponseRule::AssertionMultiple)
                .expected(Value::Static("one"))
                .actual(Value::Static("several"))
                .at(second.span()),
        ),
    }
    scan(checks, outline, outline.response);
    if let (Some(assertion), true) = (outline.assertion, outline.decrypted) {
        scan(checks, outline, assertion);
    }
}

/// One pass over every element: assertions, signatures and attributes where none may be.
fn scan(checks: &mut Checks, outline: &Outline<'_>, within: Element<'_>) {
    let (mut signature_end, mut encrypted_end, mut advice_end) = (0, 0, 0);
    let (mut assertion, mut signature, mut attribute) = (None, None, None);
    let is = |element: Element<'_>, known: Option<Element<'_>>| known == Some(element);
    let mut harmless = None;
    for element in within.descendants() {
        // A user can be in thousands of groups
        let bare = element.attributes().next().is_none();
        if bare && harmless.is_some_and(|known| element.has_name_of(known)) {
            continue;
        }
        let span = element.span();
        // What stands in Advice was signed with the assertion, and nobody reads it
        if span.start < advice_end {
            continue;
        }
        match element.namespace() {
            SIGNATURE => {
                let nested = element.local_name() == "Signature";
                if is(element, outline.signature) || is(element, outline.assertion_signature) {
                    signature_end = span.end;
                } else if span.start < signature_end && !nested {
                    // The verifier reads a signature's own parts by their one path
                } else if span.start < encrypted_end && !nested && element.local_name() != "Object"
                {
                    // KeyInfo of encrypted data, which is refused elsewhere or not read
                } else {
                    signature.get_or_insert(span);
                }
                continue;
            }
            ENCRYPTION => {
                encrypted_end = encrypted_end.max(span.end);
                continue;
            }
            ASSERTION => match element.local_name() {
                "Assertion" | "EncryptedAssertion"
                    if !(is(element, outline.assertion)
                        || is(element, outline.second_assertion)
                        || is(element, outline.encrypted_assertion)) =>
                {
                    assertion.get_or_insert(span);
                }
                "Advice"
                    if outline
                        .assertion
                        .is_some_and(|a| a.children().any(|c| c == element)) =>
                {
                    advice_end = span.end;
                }
                "AttributeValue" => harmless = Some(element),
                _ => {}
            },
            PROTOCOL => {}
            _ => continue,
        }
        for found in element.attributes() {
            if !found.namespace().is_empty() && CORE_ATTRIBUTES.contains(&found.local_name()) {
                attribute.get_or_insert(found.span());
            }
        }
    }
    for (rule, found) in [
        (ResponseRule::AssertionMisplaced, assertion),
        (ResponseRule::SignatureMisplaced, signature),
        (ResponseRule::ForeignAttribute, attribute),
    ] {
        match found {
            None => checks.pass(rule),
            Some(at) => checks.fail(Failure::new(rule).at(at)),
        }
    }
}

// SAML Profiles §4.1.4.2: a successful Response MUST contain at least one <Assertion>
pub(super) fn assertion_missing(outline: &Outline<'_>) -> Failure {
    Failure::new(ResponseRule::AssertionMissing).at(outline.response.start_tag_span())
}
