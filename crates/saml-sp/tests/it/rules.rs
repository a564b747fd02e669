//! One test for each rule: the base with one change, signed after it, so that nothing but the rule
//! stands in its way.

use saml_sp::{Expected, danger};

use crate::common::{
    ACS, IDP, REQUEST, SP, Signs, base, code_of, connection, edit, pending, pending_with, reject,
    sign, validate, validate_with,
};

/// The base with edits is refused with a code, whatever is signed.
fn owes(code: &str, edits: &[(&str, &str)]) {
    for what in [Signs::Response, Signs::Assertion, Signs::Both] {
        assert_eq!(code_of(edits, what), code, "{what:?} {edits:?}");
    }
}

/// The same, when the Response is signed.
fn response_owes(code: &str, edits: &[(&str, &str)]) {
    for what in [Signs::Response, Signs::Both] {
        assert_eq!(code_of(edits, what), code, "{what:?} {edits:?}");
    }
}

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const RESPONSE_ISSUER: &str = "</saml:Issuer><samlp:Status>";
const NAME_ID: &str = r#"<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">ada@corp.example</saml:NameID>"#;
const AUDIENCE: &str = "<saml:Audience>https://app.example/saml/metadata</saml:Audience>";
const RESTRICTION: &str = "<saml:AudienceRestriction><saml:Audience>https://app.example/saml/metadata</saml:Audience></saml:AudienceRestriction>";
const DATA: &str = r#"<saml:SubjectConfirmationData NotOnOrAfter="2026-11-23T12:05:00Z""#;
const CONDITIONS: &str =
    r#"<saml:Conditions NotBefore="2026-11-23T11:59:00Z" NotOnOrAfter="2026-11-23T12:05:00Z">"#;

#[test]
fn accepts_the_base() {
    owes("accepted", &[]);
}

#[test]
fn status() {
    owes(
        "status.not_success",
        &[(SUCCESS, "urn:oasis:names:tc:SAML:2.0:status:Responder")],
    );
    // Success nested in a failure is a failure
    owes(
        "status.not_success",
        &[(
            r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>"#,
            r#"<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:StatusCode>"#,
        )],
    );
    let status = "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>";
    owes("status.missing", &[(status, "")]);
    owes("status.malformed", &[(status, "<samlp:Status/>")]);
    owes(
        "status.malformed",
        &[(status, "<samlp:Status><samlp:StatusCode/></samlp:Status>")],
    );
    owes(
        "status.malformed",
        &[(
            "<samlp:Status>",
            "<samlp:Status><samlp:StatusCode Value=\"x\"/>",
        )],
    );
}

#[test]
fn response_attributes() {
    owes(
        "response.version",
        &[(r#"Version="2.0""#, r#"Version="2.1""#)],
    );
    owes("response.version", &[(r#" Version="2.0""#, "")]);
    owes(
        "response.issue_instant_missing",
        &[(r#" IssueInstant="2026-11-23T11:59:58Z""#, "")],
    );
    owes(
        "response.issue_instant_future",
        &[(
            "IssueInstant=\"2026-11-23T11:59:58Z",
            "IssueInstant=\"2026-11-23T12:03:01Z",
        )],
    );
    owes(
        "scalar.date_time",
        &[(
            "IssueInstant=\"2026-11-23T11:59:58Z",
            "IssueInstant=\"2026-11-23T11:59:58",
        )],
    );
    assert_eq!(
        code_of(&[(r#" ID="_response""#, "")], Signs::Assertion),
        "response.id_missing"
    );
    assert_eq!(
        code_of(&[(r#" ID="_response""#, r#" ID="1 2""#)], Signs::Assertion),
        "scalar.id"
    );
}

#[test]
fn response_issuer() {
    let issuer = format!("<saml:Issuer>{IDP}{RESPONSE_ISSUER}");
    owes(
        "response.issuer_mismatch",
        &[(
            &issuer,
            "<saml:Issuer>https://evil.example</saml:Issuer><samlp:Status>",
        )],
    );
    owes(
        "response.issuer_malformed",
        &[(
            "<saml:Issuer>",
            "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">",
        )],
    );
    owes(
        "response.issuer_malformed",
        &[("<saml:Issuer>", "<saml:Issuer><x/>")],
    );
    owes(
        "accepted",
        &[(
            "<saml:Issuer>",
            "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">\n  ",
        )],
    );
    response_owes("response.issuer_missing", &[(&issuer, "<samlp:Status>")]);
    assert_eq!(
        code_of(&[(&issuer, "<samlp:Status>")], Signs::Assertion),
        "accepted"
    );
}

#[test]
fn destination() {
    let destination = format!("Destination=\"{ACS}\"");
    owes(
        "response.destination_mismatch",
        &[(&destination, "Destination=\"\"")],
    );
    owes(
        "response.destination_mismatch",
        &[(
            &destination,
            "Destination=\"https://app.example/saml/consume/\"",
        )],
    );
    response_owes("response.destination_missing", &[(&destination, "")]);
    // Unsigned, its absence proves as little as its presence; Recipient is in the signed assertion
    assert_eq!(code_of(&[(&destination, "")], Signs::Assertion), "accepted");
}

#[test]
fn in_response_to() {
    let of_response = format!("InResponseTo=\"{REQUEST}\"><saml:Issuer>");
    let of_data = format!("InResponseTo=\"{REQUEST}\"/>");
    owes(
        "response.in_response_to_mismatch",
        &[(&of_response, "InResponseTo=\"_other\"><saml:Issuer>")],
    );
    owes("accepted", &[(&of_response, "><saml:Issuer>")]);
    owes(
        "subject.in_response_to_mismatch",
        &[(&of_data, "InResponseTo=\"_other\"/>")],
    );
    // the wrapper still says the right thing; it is the signed one that counts
    owes("subject.in_response_to_missing", &[(&of_data, "/>")]);
}

#[test]
fn schema_of_the_response() {
    owes(
        "response.unexpected_child",
        &[("<samlp:Status>", "<samlp:Surprise/><samlp:Status>")],
    );
    owes(
        "response.unexpected_child",
        &[("<samlp:Status>", "words<samlp:Status>")],
    );
    owes(
        "response.unexpected_child",
        &[(
            "</samlp:Response>",
            "<Assertion xmlns=\"urn:evil\"/></samlp:Response>",
        )],
    );
    owes(
        "response.child_order",
        &[("</samlp:Response>", "<samlp:Extensions/></samlp:Response>")],
    );
    owes(
        "accepted",
        &[(
            "<samlp:Status>",
            "<samlp:Extensions><x xmlns=\"urn:x\"/></samlp:Extensions><samlp:Status>",
        )],
    );
    owes(
        "response.foreign_attribute",
        &[(
            "<saml:SubjectConfirmationData ",
            "<saml:SubjectConfirmationData xmlns:e=\"urn:e\" e:Recipient=\"x\" ",
        )],
    );
    owes(
        "response.foreign_attribute",
        &[(" Destination=", " saml:Destination=\"x\" Destination=")],
    );
}

#[test]
fn count_and_place_of_assertions() {
    let whole = base();
    let from = whole.find("<saml:Assertion").unwrap();
    let to = whole.find("</samlp:Response>").unwrap();
    let assertion = &whole[from..to];
    let evil = assertion
        .replace("_assertion", "_evil")
        .replace("ada@", "admin@");
    owes(
        "response.assertion_multiple",
        &[("<saml:Assertion", &format!("{evil}<saml:Assertion"))],
    );
    owes(
        "response.assertion_multiple",
        &[("</samlp:Response>", &format!("{evil}</samlp:Response>"))],
    );
    owes(
        "response.assertion_misplaced",
        &[(
            "<samlp:Status>",
            &format!("<samlp:Extensions>{evil}</samlp:Extensions><samlp:Status>"),
        )],
    );
    owes(
        "response.assertion_misplaced",
        &[(
            "</saml:Subject>",
            &format!(
                "<saml:SubjectConfirmation Method=\"x\"><saml:SubjectConfirmationData>{evil}</saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>"
            ),
        )],
    );
    owes(
        "response.encrypted_assertion",
        &[(
            "<saml:Assertion",
            "<saml:EncryptedAssertion><x xmlns=\"http://www.w3.org/2001/04/xmlenc#\"/></saml:EncryptedAssertion><saml:Assertion",
        )],
    );
    assert_eq!(
        code_of(&[(assertion, "")], Signs::Response),
        "response.assertion_missing"
    );
    // SAML allows assertions in Advice; nobody reads them
    let advice = format!("</saml:Conditions><saml:Advice>{evil}</saml:Advice>");
    let login = validate(&sign(
        edit(base(), &[("</saml:Conditions>", &advice)]),
        Signs::Assertion,
    ));
    assert!(login.is_ok());
}

#[test]
fn schema_of_the_assertion() {
    owes(
        "assertion.unexpected_child",
        &[("<saml:Subject>", "<saml:Surprise/><saml:Subject>")],
    );
    owes(
        "assertion.unexpected_child",
        &[("</saml:Assertion>", "words</saml:Assertion>")],
    );
    owes(
        "assertion.child_order",
        &[("</saml:Assertion>", "<saml:Advice/></saml:Assertion>")],
    );
    owes(
        "assertion.child_order",
        &[("<saml:Conditions ", "<saml:Subject/><saml:Conditions ")],
    );
}

#[test]
fn assertion_attributes() {
    let own = |from: &str| format!("ID=\"_assertion\" {from}");
    owes(
        "assertion.version",
        &[(&own("Version=\"2.0\""), &own("Version=\"1.1\""))],
    );
    let instant = r#"ID="_assertion" Version="2.0" IssueInstant="2026-11-23T11:59:58Z""#;
    let at = |time: &str| instant.replace("2026-11-23T11:59:58Z", time);
    owes(
        "assertion.issue_instant_missing",
        &[(instant, r#"ID="_assertion" Version="2.0""#)],
    );
    owes(
        "assertion.issue_instant_future",
        &[(instant, &at("2026-11-23T12:03:01Z"))],
    );
    owes("accepted", &[(instant, &at("2026-11-23T12:03:00Z"))]);
    owes(
        "assertion.too_old",
        &[(instant, &at("2026-11-22T11:57:00Z"))],
    );
    owes("accepted", &[(instant, &at("2026-11-22T11:57:01Z"))]);
    owes("scalar.date_time", &[(instant, &at("yesterday"))]);
    assert_eq!(
        code_of(&[("ID=\"_assertion\" ", "")], Signs::Response),
        "assertion.id_missing"
    );
    assert_eq!(
        code_of(&[("ID=\"_assertion\"", "ID=\"a b\"")], Signs::Response),
        "scalar.id"
    );
}

#[test]
fn assertion_issuer() {
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer><saml:Subject>");
    owes(
        "assertion.issuer_mismatch",
        &[(
            &issuer,
            "<saml:Issuer>https://idp.example/Metadata</saml:Issuer><saml:Subject>",
        )],
    );
    owes("assertion.issuer_missing", &[(&issuer, "<saml:Subject>")]);
    owes(
        "assertion.issuer_malformed",
        &[(
            &issuer,
            &issuer.replace("<saml:Issuer>", "<saml:Issuer Format=\"x\">"),
        )],
    );
    owes(
        "accepted",
        &[(
            &issuer,
            &issuer.replace("<saml:Issuer>", "<saml:Issuer>\n\t "),
        )],
    );
}

#[test]
fn name_id() {
    owes("subject.name_id_missing", &[(NAME_ID, "")]);
    owes("subject.name_id_empty", &[("ada@corp.example", "")]);
    owes("subject.name_id_empty", &[("ada@corp.example", " \n ")]);
    owes(
        "subject.name_id_malformed",
        &[(
            "ada@corp.example</saml:NameID>",
            "ada@corp.example<x/></saml:NameID>",
        )],
    );
    owes(
        "subject.name_id_multiple",
        &[(NAME_ID, &format!("{NAME_ID}{NAME_ID}"))],
    );
    owes(
        "subject.name_id_multiple",
        &[(NAME_ID, &format!("{NAME_ID}<saml:BaseID/>"))],
    );
    owes(
        "subject.name_id_too_long",
        &[("ada@corp.example", &"a".repeat(1025))],
    );
    owes("accepted", &[("ada@corp.example", &"a".repeat(1024))]);
    owes("subject.base_id", &[(NAME_ID, "<saml:BaseID/>")]);
    owes(
        "subject.encrypted_id",
        &[(
            NAME_ID,
            "<saml:EncryptedID><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/></xenc:EncryptedData></saml:EncryptedID>",
        )],
    );
    owes(
        "subject.unexpected_child",
        &[(NAME_ID, &format!("<saml:Surprise/>{NAME_ID}"))],
    );
    let whole = base();
    let subject =
        &whole[whole.find("<saml:Subject>").unwrap()..whole.find("<saml:Conditions").unwrap()];
    owes("subject.missing", &[(subject, "")]);
    owes(
        "subject.sp_name_qualifier",
        &[(
            "<saml:NameID ",
            "<saml:NameID SPNameQualifier=\"https://other.example\" ",
        )],
    );
    owes(
        "accepted",
        &[(
            "<saml:NameID ",
            &format!("<saml:NameID SPNameQualifier=\"{SP}\" NameQualifier=\"anything\" "),
        )],
    );
}

#[test]
fn name_id_is_verbatim() {
    let xml = edit(
        base(),
        &[(
            "ada@corp.example",
            " ada@corp.example<!-- -->.evil <![CDATA[&]]> ",
        )],
    );
    let validated = validate(&sign(xml, Signs::Assertion)).unwrap();
    let store = saml_sp::MemoryStore::new();
    crate::common::block_on(saml_sp::RequestStore::put(&store, &pending())).unwrap();
    let login =
        crate::common::block_on(validated.accept(&store, &store, crate::common::NOW)).unwrap();
    assert_eq!(
        login.name_id().unwrap().value(),
        " ada@corp.example.evil & "
    );
}

#[test]
fn name_id_format_that_was_asked_for() {
    let asked = |format: &str| pending_with(|json| json["name_id_format"] = format.into());
    let xml = sign(base(), Signs::Assertion);
    let code = |format| {
        validate_with(&xml, &connection(), Expected::Request(&asked(format)))
            .map_err(|r| r.code())
            .err()
    };
    assert_eq!(
        code("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"),
        Some("subject.name_id_format")
    );
    assert_eq!(
        code("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
        None
    );
    assert_eq!(
        code("urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"),
        None
    );
}

#[test]
fn subject_confirmation() {
    let confirmation = |inner: &str| {
        format!(
            "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">{inner}</saml:SubjectConfirmation>"
        )
    };
    let data = format!("{DATA} Recipient=\"{ACS}\" InResponseTo=\"{REQUEST}\"/>");
    let good = confirmation(&data);
    owes("subject.confirmation_missing", &[(&good, "")]);
    owes(
        "subject.confirmation_method",
        &[("cm:bearer", "cm:holder-of-key")],
    );
    owes(
        "subject.confirmation_method",
        &[("cm:bearer", "cm:sender-vouches")],
    );
    owes("subject.confirmation_data_missing", &[(&data, "")]);
    let recipient = format!(" Recipient=\"{ACS}\"");
    owes("subject.recipient_missing", &[(&recipient, "")]);
    owes(
        "subject.recipient_mismatch",
        &[(
            &recipient,
            " Recipient=\"https://app.example:8443/saml/consume\"",
        )],
    );
    owes(
        "subject.not_before_present",
        &[(
            "<saml:SubjectConfirmationData ",
            "<saml:SubjectConfirmationData NotBefore=\"2026-11-23T11:00:00Z\" ",
        )],
    );
    owes(
        "subject.not_on_or_after_missing",
        &[(DATA, "<saml:SubjectConfirmationData")],
    );
    let until = |time: &str| DATA.replace("2026-11-23T12:05:00Z", time);
    owes("subject.expired", &[(DATA, &until("2026-11-23T11:57:00Z"))]);
    owes("accepted", &[(DATA, &until("2026-11-23T11:57:01Z"))]);
    owes("accepted", &[(DATA, &until("9999-12-31T23:59:59Z"))]);
    owes("scalar.date_time", &[(DATA, &until("24:00"))]);
    // one bearer that holds is enough, wherever it stands
    let wrong = good.replace(ACS, "https://elsewhere.example");
    owes("accepted", &[(&good, &format!("{wrong}{good}"))]);
    owes("accepted", &[(&good, &format!("{good}{wrong}"))]);
    // and when none holds, the one that came furthest is reported
    let late = good.replace("12:05:00", "11:00:00");
    owes(
        "subject.expired",
        &[(&good, &format!("{wrong}{late}{wrong}"))],
    );
}

#[test]
fn conditions() {
    let inner = format!("{CONDITIONS}{RESTRICTION}</saml:Conditions>");
    owes("conditions.missing", &[(&inner, "")]);
    let from = |time: &str| CONDITIONS.replace("2026-11-23T11:59:00Z", time);
    let until = |time: &str| CONDITIONS.replace("2026-11-23T12:05:00Z", time);
    owes(
        "conditions.not_yet_valid",
        &[(CONDITIONS, &from("2026-11-23T12:03:01Z"))],
    );
    owes("accepted", &[(CONDITIONS, &from("2026-11-23T12:03:00Z"))]);
    owes(
        "conditions.expired",
        &[(
            CONDITIONS,
            "<saml:Conditions NotOnOrAfter=\"2026-11-23T11:57:00Z\">",
        )],
    );
    owes(
        "accepted",
        &[(
            CONDITIONS,
            "<saml:Conditions NotOnOrAfter=\"2026-11-23T11:57:01Z\">",
        )],
    );
    owes("accepted", &[(CONDITIONS, "<saml:Conditions>")]);
    owes(
        "conditions.empty_interval",
        &[(CONDITIONS, &until("2026-11-23T11:59:00Z"))],
    );
    owes(
        "scalar.date_time",
        &[(CONDITIONS, &until("2026-11-23T12:05:00z"))],
    );
    owes(
        "conditions.unknown",
        &[(RESTRICTION, &format!("{RESTRICTION}<saml:Condition/>"))],
    );
    owes(
        "conditions.unknown",
        &[(
            RESTRICTION,
            &format!("{RESTRICTION}<x:OneTimeUse xmlns:x=\"urn:x\"/>"),
        )],
    );
    owes(
        "conditions.unknown",
        &[(RESTRICTION, &format!("{RESTRICTION}words"))],
    );
    owes(
        "accepted",
        &[(
            RESTRICTION,
            &format!("<saml:OneTimeUse/>{RESTRICTION}<saml:ProxyRestriction Count=\"0\"/>"),
        )],
    );
    owes(
        "conditions.repeated",
        &[(
            RESTRICTION,
            &format!("{RESTRICTION}<saml:OneTimeUse/><saml:OneTimeUse/>"),
        )],
    );
    owes(
        "conditions.repeated",
        &[(
            RESTRICTION,
            &format!("{RESTRICTION}<saml:ProxyRestriction/><saml:ProxyRestriction/>"),
        )],
    );
}

#[test]
fn audience() {
    owes("conditions.audience_missing", &[(RESTRICTION, "")]);
    owes("conditions.audience_mismatch", &[(AUDIENCE, "")]);
    owes(
        "conditions.audience_mismatch",
        &[(AUDIENCE, "<saml:Audience/>")],
    );
    for wrong in [
        "https://app.example/saml",
        "https://app.example/saml/metadata/",
        "https://APP.example/saml/metadata",
    ] {
        owes(
            "conditions.audience_mismatch",
            &[(AUDIENCE, &format!("<saml:Audience>{wrong}</saml:Audience>"))],
        );
    }
    // alternatives within one restriction, all of several restrictions
    owes(
        "accepted",
        &[(
            AUDIENCE,
            &format!("<saml:Audience>https://other.example</saml:Audience>{AUDIENCE}"),
        )],
    );
    owes(
        "accepted",
        &[(
            AUDIENCE,
            &AUDIENCE.replace('>', ">\n ").replace("</", "\n</"),
        )],
    );
    let other = RESTRICTION.replace(SP, "https://other.example");
    owes(
        "conditions.audience_mismatch",
        &[(RESTRICTION, &format!("{RESTRICTION}{other}"))],
    );

    let lenient = danger::accept_missing_audience(connection());
    let validate =
        |xml: &str| validate_with(xml, &lenient, Expected::Request(&pending())).map(|_| ());
    assert!(validate(&sign(edit(base(), &[(RESTRICTION, "")]), Signs::Both)).is_ok());
    let mismatch =
        validate(&sign(edit(base(), &[(RESTRICTION, &other)]), Signs::Both)).unwrap_err();
    assert_eq!(mismatch.code(), "conditions.audience_mismatch");
}

#[test]
fn authn_statement() {
    let whole = base();
    let from = whole.find("<saml:AuthnStatement").unwrap();
    let to = whole.find("<saml:AttributeStatement").unwrap();
    let statement = &whole[from..to];
    owes("authn.statement_missing", &[(statement, "")]);
    owes(
        "authn.instant_missing",
        &[("AuthnInstant=\"2026-11-23T11:59:50Z\" ", "")],
    );
    owes(
        "authn.instant_future",
        &[(
            "AuthnInstant=\"2026-11-23T11:59:50Z",
            "AuthnInstant=\"2026-11-23T12:03:01Z",
        )],
    );
    owes(
        "authn.session_expired",
        &[("2026-11-23T20:00:00Z", "2026-11-23T11:57:00Z")],
    );
    owes("scalar.date_time", &[("2026-11-23T20:00:00Z", "tomorrow")]);
    owes(
        "authn.malformed",
        &[("<saml:AuthnContext>", "<saml:Surprise/><saml:AuthnContext>")],
    );
    owes(
        "authn.malformed",
        &[("classes:Password<", "classes:Password<x/><")],
    );
    // every statement has to hold
    let over = statement.replace("20:00:00", "11:00:00");
    owes(
        "authn.session_expired",
        &[(statement, &format!("{statement}{over}"))],
    );
    // a session of two statements ends when the first of them does
    let shorter = statement.replace("20:00:00", "14:00:00");
    owes("accepted", &[(statement, &format!("{statement}{shorter}"))]);
}

#[test]
fn what_the_request_asked_of_the_authentication() {
    let xml = sign(base(), Signs::Assertion);
    let code = |edit: fn(&mut serde_json::Value)| {
        let pending = pending_with(edit);
        validate_with(&xml, &connection(), Expected::Request(&pending))
            .map_err(|r| r.code())
            .err()
    };
    assert_eq!(code(|json| json["force_authn"] = true.into()), None);
    let fresh = sign(
        edit(base(), &[("2026-11-23T11:59:50Z", "2026-11-23T11:50:00Z")]),
        Signs::Assertion,
    );
    let pending = pending_with(|json| json["force_authn"] = true.into());
    let stale = validate_with(&fresh, &connection(), Expected::Request(&pending))
        .map(|_| ())
        .unwrap_err();
    assert_eq!(stale.code(), "authn.stale");

    assert_eq!(
        code(|json| json["authn_context_class_refs"] =
            serde_json::json!(["x", "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"])),
        None
    );
    assert_eq!(
        code(|json| json["authn_context_class_refs"] =
            serde_json::json!(["https://refeds.org/profile/mfa"])),
        Some("authn.context_mismatch")
    );
}

#[test]
fn attributes() {
    owes(
        "attribute.name_missing",
        &[("<saml:Attribute Name=\"mail\">", "<saml:Attribute>")],
    );
    owes(
        "attribute.encrypted",
        &[(
            "<saml:Attribute Name=\"mail\">",
            "<saml:EncryptedAttribute/><saml:Attribute Name=\"mail\">",
        )],
    );
    owes(
        "attribute.unexpected_child",
        &[(
            "<saml:Attribute Name=\"mail\">",
            "<x/><saml:Attribute Name=\"mail\">",
        )],
    );
    owes(
        "attribute.unexpected_child",
        &[(
            "<saml:Attribute Name=\"mail\">",
            "<saml:Attribute Name=\"mail\"><x/>",
        )],
    );
    owes(
        "attribute.unexpected_child",
        &[(
            "<saml:Attribute Name=\"mail\">",
            "<saml:Attribute Name=\"mail\">words",
        )],
    );
    // none at all, and unknown XML attributes, are fine (FedInterop IIP-SP10)
    owes(
        "accepted",
        &[(
            "<saml:Attribute Name=\"mail\">",
            "<saml:Attribute xmlns:x=\"urn:x\" x:Hint=\"1\" Name=\"mail\">",
        )],
    );
}

#[test]
fn request_rules() {
    let xml = sign(base(), Signs::Both);
    let code = |edit: fn(&mut serde_json::Value)| {
        let pending = pending_with(edit);
        validate_with(&xml, &connection(), Expected::Request(&pending))
            .map_err(|r| r.code())
            .err()
    };
    assert_eq!(
        code(|json| json["connection"] = "beta".into()),
        Some("request.other_connection")
    );
    assert_eq!(
        code(|json| json["expires"] = json["created"].clone()),
        Some("request.expired")
    );

    let allowed = connection().allow_unsolicited(true);
    let unsolicited = |xml: &str| {
        validate_with(xml, &allowed, Expected::Unsolicited)
            .map_err(|r| r.code())
            .err()
    };
    let response = format!("InResponseTo=\"{REQUEST}\"><saml:Issuer>");
    let data = format!("InResponseTo=\"{REQUEST}\"/>");
    let code = |edits: &[(&str, &str)]| unsolicited(&sign(edit(base(), edits), Signs::Assertion));
    assert_eq!(code(&[]), Some("request.unsolicited_in_response_to"));
    assert_eq!(
        code(&[(&response, "><saml:Issuer>")]),
        Some("request.unsolicited_in_response_to")
    );
    assert_eq!(
        code(&[(&data, "/>")]),
        Some("request.unsolicited_in_response_to")
    );
    assert_eq!(code(&[(&response, "><saml:Issuer>"), (&data, "/>")]), None);
}

#[test]
fn reports_the_rest_after_a_failure() {
    let xml = edit(
        base(),
        &[
            ("12:05:00Z\" Recipient", "11:00:00Z\" Recipient"),
            (AUDIENCE, ""),
            ("2026-11-23T20:00:00Z", "2026-11-23T11:00:00Z"),
        ],
    );
    let rejection = reject(&sign(xml, Signs::Both));
    let failed: Vec<_> = rejection
        .report()
        .checks()
        .iter()
        .filter(|check| check.result() == saml_sp::CheckResult::Fail)
        .map(saml_sp::Check::code)
        .collect();
    assert_eq!(
        failed,
        [
            "subject.expired",
            "conditions.audience_mismatch",
            "authn.session_expired"
        ]
    );
    assert_eq!(rejection.code(), "subject.expired");
}
