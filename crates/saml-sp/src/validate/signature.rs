//! Rules of the signatures: at least one, every one verifies, with a key of this connection.

use saml_xml::{
    Element, SignatureError, SignatureErrorKind, TrustAnchors, Verified, verify_enveloped,
};

use crate::connection::{Connection, SignedPart};
use crate::reason::{AssertionRule, ResponseRule};
use crate::report::{Checks, Failure, SignedElement, Value, VerifiedSignature};
use crate::response::outline::Outline;
use crate::trust::Signed;

pub(super) fn check<'d>(
    checks: &mut Checks,
    outline: &Outline<'d>,
    connection: &Connection,
) -> Option<Signed<'d>> {
    // SAML Profiles §4.1.4.5: with the POST binding the <Assertion> element(s) in the <Response>
    // MUST be signed, if the HTTP POST binding is used; a signed Response signs what is in it
    // (SAML Core §5.3)
    if outline.signature.is_none() && outline.assertion_signature.is_none() {
        checks.fail(
            Failure::new(SignatureErrorKind::Missing)
                .expected(Value::Static(
                    "a signature in the Response or its Assertion",
                ))
                .actual(Value::Static("none"))
                .at(outline.response.start_tag_span()),
        );
    }
    let mut verify = |element: Element<'d>, what: SignedElement| {
        let anchors = connection.identity_provider().trust();
        match verify_enveloped(element, anchors, &connection.algorithms) {
            Ok(verified) => {
                checks.pass(SignatureErrorKind::DigestMismatch);
                checks.signatures.push(VerifiedSignature {
                    element: what,
                    key: verified.key().id(),
                    algorithm: verified.signature_algorithm().uri(),
                    // What was decrypted is shown where its ciphertext stands
                    at: match outline.encrypted_assertion {
                        Some(holder) if outline.decrypted && element != outline.response => {
                            holder.span()
                        }
                        _ => element.span(),
                    },
                });
                Some(verified)
            }
            Err(error) => {
                checks.fail(explain(element, &error, anchors));
                None
            }
        }
    };
    // Every signature that is there has to verify: one that does not is a message that somebody
    // changed, whatever the other says
    let response = outline
        .signature
        .map(|_| verify(outline.response, SignedElement::Response));
    let signed_assertion = outline
        .assertion
        .filter(|_| outline.assertion_signature.is_some());
    let assertion = signed_assertion.map(|assertion| verify(assertion, SignedElement::Assertion));

    let required = connection.signed_part();
    if matches!(required, SignedPart::Response | SignedPart::Both) {
        let rule = Failure::new(ResponseRule::Unsigned).at(outline.response.start_tag_span());
        checks.decide(response.is_some(), rule);
    }
    if let (SignedPart::Assertion | SignedPart::Both, Some(element)) = (required, outline.assertion)
    {
        let rule = Failure::new(AssertionRule::Unsigned).at(element.start_tag_span());
        checks.decide(assertion.is_some(), rule);
    }
    match (response, assertion) {
        (Some(None), _) | (_, Some(None)) => None,
        (response, assertion) => signed(outline, response.flatten(), assertion.flatten()),
    }
}

fn signed<'d>(
    outline: &Outline<'d>,
    response: Option<Verified<'d>>,
    assertion: Option<Verified<'d>>,
) -> Option<Signed<'d>> {
    Signed::new(outline, response, assertion)
}

#[cold]
fn explain(element: Element<'_>, error: &SignatureError, anchors: TrustAnchors<'_>) -> Failure {
    let configured = match anchors {
        TrustAnchors::Keys(keys) => {
            let keys: Vec<_> = keys.iter().map(|key| key.id().to_string()).collect();
            format!("a signature by {}", keys.join(" or "))
        }
        TrustAnchors::CertificateSha256(fingerprints) => {
            let hex = |bytes: &[u8; 32]| {
                bytes
                    .iter()
                    .map(|b| format!("{b:02X}"))
                    .collect::<Vec<_>>()
                    .join(":")
            };
            let fingerprints: Vec<_> = fingerprints.iter().map(hex).collect();
            format!("a certificate with SHA-256 {}", fingerprints.join(" or "))
        }
        _ => "a configured key".to_owned(),
    };
    let mut failure = Failure::new(error.kind());
    let about_keys = matches!(
        error.kind(),
        SignatureErrorKind::UnknownKey
            | SignatureErrorKind::AlgorithmKeyMismatch
            | SignatureErrorKind::ValueMismatch
            | SignatureErrorKind::CertificateMissing
            | SignatureErrorKind::CertificateMismatch
    );
    if about_keys {
        failure = failure
            .expected(Value::text(&configured))
            .actual(match error.claimed_key() {
                Some(key) => Value::text(&format!("a certificate in the message with key {key}")),
                None => Value::Static("no certificate in the message"),
            });
    }
    let offset = error.at().map(|at| at.offset);
    let place = element
        .descendants()
        .find(|e| Some(e.span().start) == offset);
    failure.at(place.unwrap_or(element).span())
}
