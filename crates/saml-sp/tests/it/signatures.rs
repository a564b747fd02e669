//! Who signed, and what: the shapes of signature wrapping, and keys.

use saml_sp::{Connection, ConnectionId, Expected, IdpSource, Need, SignedPart};

use crate::common::{
    IDP, KEY, NOW, Signs, base, connection, connection_to, edit, idp_metadata, pending, reject,
    sign, validate, validate_with,
};

fn assertion_of(xml: &str) -> &str {
    &xml[xml.find("<saml:Assertion").unwrap()
        ..xml.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len()]
}

fn signature_of(xml: &str) -> &str {
    &xml[xml.find("<ds:Signature ").unwrap()
        ..xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len()]
}

fn evil(xml: &str) -> String {
    xml.replace("_assertion", "_evil")
        .replace("_response", "_evilr")
        .replace("ada@", "admin@")
}

#[test]
fn refuses_what_nobody_signed() {
    assert_eq!(
        reject(&sign(base(), Signs::Nothing)).code(),
        "signature.missing"
    );
}

#[test]
fn refuses_changes_after_signing() {
    for what in [Signs::Response, Signs::Assertion, Signs::Both] {
        let xml = sign(base(), what).replace("ada@corp", "admin@corp");
        let rejection = reject(&xml);
        assert_eq!(rejection.code(), "signature.digest_mismatch", "{what:?}");
        assert_eq!(rejection.needs(), None);
    }
}

#[test]
fn every_signature_that_is_there_has_to_verify() {
    // the Response's is broken by a change outside the assertion, the assertion's is good
    let xml = sign(base(), Signs::Both).replacen(
        "IssueInstant=\"2026-11-23T11:59:58Z",
        "IssueInstant=\"2026-11-23T11:59:57Z",
        1,
    );
    assert_eq!(reject(&xml).code(), "signature.digest_mismatch");
}

#[test]
fn wrapping_of_a_signed_response() {
    let signed = sign(base(), Signs::Response);
    let signature = signature_of(&signed);
    let original = signed.replace(signature, "");
    let forged =
        evil(&signed.replace(signature, "")).replace("<samlp:Status>", "SIGNATURE<samlp:Status>");
    // XSW1: the original inside the signature
    let xsw1 = forged.replace(
        "SIGNATURE",
        &signature.replace("</ds:Signature>", &format!("{original}</ds:Signature>")),
    );
    assert_eq!(reject(&xsw1).code(), "response.assertion_misplaced");
    // XSW2: the original before the signature
    let xsw2 = forged.replace("SIGNATURE", &format!("{original}{signature}"));
    assert_eq!(reject(&xsw2).code(), "response.unexpected_child");
    // W13: the original inside Issuer
    let ancestor = forged.replace("SIGNATURE", "").replacen(IDP, &signed, 1);
    assert_eq!(reject(&ancestor).code(), "response.assertion_misplaced");
}

#[test]
fn wrapping_of_a_signed_assertion() {
    let signed = sign(base(), Signs::Assertion);
    let assertion = assertion_of(&signed);
    let signature = signature_of(assertion);
    let original = assertion.replace(signature, "");
    let forged = evil(&original);
    let with = |content: &str| signed.replace(assertion, content);
    // XSW3: forged before the original; XSW4: the original inside the forged
    assert_eq!(
        reject(&with(&format!("{forged}{assertion}"))).code(),
        "response.assertion_multiple"
    );
    let xsw4 = forged.replace(
        "</saml:Assertion>",
        &format!("{assertion}</saml:Assertion>"),
    );
    assert_eq!(reject(&with(&xsw4)).code(), "response.assertion_misplaced");
    // XSW5: the signature on the forged, the original after it; XSW6: inside the signature
    let forged_signed = forged.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1);
    assert_eq!(
        reject(&with(&format!("{forged_signed}{original}"))).code(),
        "response.assertion_multiple"
    );
    let xsw6 = forged_signed.replace("</ds:Signature>", &format!("{original}</ds:Signature>"));
    assert_eq!(reject(&with(&xsw6)).code(), "response.assertion_misplaced");
    // XSW7: the forged in Extensions with the same ID, and the reverse with another
    let extensions =
        |inner: &str| format!("<samlp:Extensions>{inner}</samlp:Extensions><samlp:Status>");
    let same_id = signed.replace(
        "<samlp:Status>",
        &extensions(&forged.replace("_evil", "_assertion")),
    );
    assert_eq!(
        crate::common::receive(&same_id).unwrap_err().code(),
        "xml.duplicate_id"
    );
    let hidden = with(&forged).replace("<samlp:Status>", &extensions(assertion));
    assert_eq!(reject(&hidden).code(), "response.assertion_misplaced");
    // XSW8: the original in an Object of the signature
    let xsw8 = forged_signed.replace(
        "</ds:Signature>",
        &format!("<ds:Object>{original}</ds:Object></ds:Signature>"),
    );
    assert_eq!(reject(&with(&xsw8)).code(), "response.assertion_misplaced");
    let object = assertion.replace("</ds:Signature>", "<ds:Object>x</ds:Object></ds:Signature>");
    assert_eq!(reject(&with(&object)).code(), "signature.object");
}

#[test]
fn places_of_a_signature() {
    let signed = sign(base(), Signs::Assertion);
    let signature = signature_of(&signed);
    let moved = |from: &str, to: &str| edit(signed.replace(signature, ""), &[(from, to)]);
    let into = |place: &str| moved(place, &format!("{place}{signature}"));
    assert_eq!(
        reject(&into("<saml:Subject>")).code(),
        "response.signature_misplaced"
    );
    assert_eq!(
        reject(&into("<samlp:Status>")).code(),
        "response.signature_misplaced"
    );
    assert_eq!(
        reject(&moved(
            "</saml:Conditions>",
            &format!("</saml:Conditions>{signature}")
        ))
        .code(),
        "assertion.child_order"
    );
    assert_eq!(
        reject(&moved(
            "</samlp:Response>",
            &format!("{signature}</samlp:Response>")
        ))
        .code(),
        "response.child_order"
    );
    let twice = signed.replace(signature, &format!("{signature}{signature}"));
    assert_eq!(reject(&twice).code(), "signature.duplicate");
    let part = signed.replace("</saml:AttributeStatement>", "<ds:DigestValue xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">x</ds:DigestValue></saml:AttributeStatement>");
    assert_eq!(reject(&part).code(), "response.signature_misplaced");
}

#[test]
fn policy_of_the_signed_part() {
    let code = |part: SignedPart, what: Signs| {
        let connection = connection().require_signed(part);
        validate_with(
            &sign(base(), what),
            &connection,
            Expected::Request(&pending()),
        )
        .map_or_else(|r| r.code(), |_| "accepted")
    };
    for (part, response, assertion) in [
        (SignedPart::Either, "accepted", "accepted"),
        (SignedPart::Response, "accepted", "response.unsigned"),
        (SignedPart::Assertion, "assertion.unsigned", "accepted"),
        (SignedPart::Both, "assertion.unsigned", "response.unsigned"),
    ] {
        assert_eq!(code(part, Signs::Response), response, "{part:?}");
        assert_eq!(code(part, Signs::Assertion), assertion, "{part:?}");
        assert_eq!(code(part, Signs::Both), "accepted", "{part:?}");
    }
}

#[test]
fn asks_for_metadata_when_the_key_is_new() {
    let other =
        saml_xml::Certificate::from_pem(&crate::common::read("simplesamlphp/idp-cert0.pem"))
            .unwrap();
    let stale = connection_to(idp_metadata(IDP, &other, ""), NOW);
    let xml = sign(base(), Signs::Assertion);
    let rejection = validate_with(&xml, &stale, Expected::Request(&pending()))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(rejection.code(), "signature.unknown_key");
    assert_eq!(rejection.needs(), Some(Need::RefreshMetadata));
    let failure = rejection.report().first_failure().unwrap();
    assert!(
        failure
            .expected()
            .unwrap()
            .contains(&other.key().unwrap().id().to_string())
    );
    assert!(
        failure
            .actual()
            .unwrap()
            .contains(&KEY.verifying_key().id().to_string())
    );

    // the same message, after the refresh
    let fresh = stale.with_identity_provider(connection().identity_provider().clone());
    assert!(validate_with(&xml, &fresh, Expected::Request(&pending())).is_ok());
}

#[test]
fn metadata_that_has_expired() {
    let metadata = idp_metadata(
        IDP,
        KEY.verifying_key().certificate().unwrap(),
        " validUntil=\"2026-11-23T11:00:00Z\"",
    );
    let connection = connection_to(metadata, NOW - time::Duration::days(1));
    let xml = sign(base(), Signs::Assertion);
    let rejection = validate_with(&xml, &connection, Expected::Request(&pending()))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(rejection.code(), "connection.metadata_expired");
    // nor is a login started with it
    let random = crate::request::Counter::default();
    let started = crate::common::sp().start_login(&connection, &Default::default(), NOW, &random);
    assert_eq!(started.unwrap_err().code(), "connection.metadata_expired");
    assert_eq!(rejection.needs(), Some(Need::RefreshMetadata));
}

#[test]
fn trust_by_fingerprint() {
    let certificate = KEY.verifying_key().certificate().unwrap();
    let fingerprint: String = certificate
        .sha256()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let connect = |fingerprint: &str| {
        let source =
            IdpSource::fingerprint(IDP, "https://idp.example/sso", None, fingerprint).unwrap();
        Connection::new(
            ConnectionId::new("acme").unwrap(),
            source.resolve(NOW).unwrap(),
        )
    };
    let xml = sign(base(), Signs::Assertion);
    let code = |connection: &Connection| {
        validate_with(&xml, connection, Expected::Request(&pending()))
            .map_or_else(|r| r.code(), |_| "accepted")
    };
    assert_eq!(code(&connect(&fingerprint)), "accepted");
    assert_eq!(
        code(&connect(&"ab".repeat(32))),
        "signature.certificate_mismatch"
    );
}

#[test]
fn verify_tells_who_signed_and_nothing_else() {
    let received = crate::common::receive(&sign(base(), Signs::Both)).unwrap();
    let sp = crate::common::sp();
    let signed = sp.verify(&received, &connection()).unwrap();
    assert_eq!(signed.signed().count(), 2);
    assert_eq!(signed.key(), Some(KEY.verifying_key().id()));
    let received = crate::common::receive(&base()).unwrap();
    assert_eq!(
        sp.verify(&received, &connection()).unwrap_err().code(),
        "signature.missing"
    );
    assert!(validate(&sign(base(), Signs::Both)).is_ok());
}
