//! The form: what is read, and what is refused before anything is verified.

use saml_sp::{AcsForm, Error, Received};

use crate::common::{IDP, REQUEST, base, sp};

fn urlencoded(body: &str) -> Result<Received, Error> {
    sp().receive(AcsForm::urlencoded(body.as_bytes()))
}

fn code(body: &str) -> &'static str {
    urlencoded(body).map_or_else(|error| error.code(), |_| "received")
}

fn percent(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02x}")).collect()
}

fn encoded() -> String {
    percent(&saml_xml::types::encode_base64(base().as_bytes()))
}

#[test]
fn reads_a_form() {
    let received = urlencoded(&format!(
        "SAMLResponse={}&RelayState=a%20b&other=1",
        encoded()
    ))
    .unwrap();
    assert_eq!(received.xml(), base());
    assert_eq!(received.hints().relay_state(), Some("a b"));
    assert_eq!(received.hints().issuer(), Some(IDP));
    assert_eq!(received.hints().in_response_to(), Some(REQUEST));
    assert!(!format!("{received:?}").contains("ada"));
    assert_eq!(
        urlencoded(&format!("SAMLResponse={}&RelayState=", encoded()))
            .unwrap()
            .hints()
            .relay_state(),
        None
    );
}

#[test]
fn refuses_confusing_parameters() {
    let m = encoded();
    assert_eq!(code(""), "decode.response_missing");
    assert_eq!(code("RelayState=x"), "decode.response_missing");
    assert_eq!(
        code(&format!("SAMLResponse={m}&SAMLResponse={m}")),
        "decode.duplicate_parameter"
    );
    assert_eq!(
        code(&format!("SAMLResponse={m}&RelayState=1&RelayState=1")),
        "decode.duplicate_parameter"
    );
    assert_eq!(
        code(&format!("SAMLResponse={m}&SAMLRequest={m}")),
        "decode.request_present"
    );
    assert_eq!(code(&format!("SAMLRequest={m}")), "decode.request_present");
    for name in [
        "SAMLResponse[]",
        "SAMLResponse%5B0%5D",
        "samlresponse",
        "SamlResponse",
        "+SAMLResponse",
        "relaystate",
    ] {
        assert_eq!(
            code(&format!("SAMLResponse={m}&{name}={m}")),
            "decode.parameter_name",
            "{name}"
        );
        assert_eq!(
            code(&format!("{name}={m}")),
            "decode.parameter_name",
            "{name}"
        );
    }
    assert_eq!(code(&"a=1&".repeat(33)), "decode.too_many_parameters");
    let pairs = [("SAMLResponse", "PHg+"), ("SAMLResponse", "PHg+")];
    assert_eq!(
        sp().receive(AcsForm::pairs(pairs)).unwrap_err().code(),
        "decode.duplicate_parameter"
    );
}

#[test]
fn refuses_broken_encodings() {
    assert_eq!(code("SAMLResponse=%"), "decode.form");
    assert_eq!(code("SAMLResponse=%2"), "decode.form");
    assert_eq!(code("SAMLResponse=%+1"), "decode.form");
    assert_eq!(code("SAMLResponse=%ff"), "decode.form");
    assert_eq!(
        sp().receive(AcsForm::urlencoded(&[0xff, b'=', 0xfe]))
            .unwrap_err()
            .code(),
        "decode.form"
    );
    assert_eq!(code("SAMLResponse=@@@@"), "scalar.base64");
    assert_eq!(code("SAMLResponse=PHgvPg"), "scalar.base64");
    // an unescaped plus is a space: nothing puts it back
    assert_eq!(code("SAMLResponse=PHg+"), "scalar.base64");
    assert_eq!(code("SAMLResponse="), "xml.empty");
    assert_eq!(code("SAMLResponse=PHgvPg%3D%3D"), "response.root");
    // not inflated: DEFLATE is for the Redirect binding
    assert_eq!(code("SAMLResponse=eJwrSS0uAQAEXQHB"), "xml.encoding");
}

#[test]
fn refuses_what_is_too_large_before_decoding_it() {
    assert_eq!(
        code(&format!("SAMLResponse={}", "A".repeat(3 << 20))),
        "decode.too_large"
    );
    assert_eq!(
        code(&format!("SAMLResponse={}", "A".repeat(1_500_000))),
        "decode.too_large"
    );
    assert_eq!(
        code(&format!(
            "SAMLResponse={}&RelayState={}",
            encoded(),
            "r".repeat(2049)
        )),
        "decode.too_large"
    );
}

#[test]
fn refuses_other_messages() {
    let received = |xml: &str| {
        code(&format!(
            "SAMLResponse={}",
            percent(&saml_xml::types::encode_base64(xml.as_bytes()))
        ))
    };
    assert_eq!(received("<Response xmlns='urn:evil'/>"), "response.root");
    assert_eq!(received("<Response/>"), "response.root");
    assert_eq!(
        received("<p:AuthnRequest xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol'/>"),
        "response.root"
    );
    assert_eq!(
        received("<a:Assertion xmlns:a='urn:oasis:names:tc:SAML:2.0:assertion'/>"),
        "response.root"
    );
    assert_eq!(received("<!DOCTYPE x><x/>"), "xml.doctype");
    assert_eq!(received("<x>"), "xml.unexpected_end");
}

#[test]
fn a_message_that_cannot_be_read_is_a_rejection_too() {
    let rejection = saml_sp::Rejection::from(urlencoded("SAMLResponse=PHg%2B").unwrap_err());
    assert_eq!(rejection.code(), "xml.unexpected_end");
    assert_eq!(rejection.report().checks().len(), 1);
    assert_eq!(rejection.report().verdict(), saml_sp::Verdict::Rejected);
}
