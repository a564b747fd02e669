//! The form that is posted. B02, B05 to B07, B13.

use std::io::Write as _;

use super::{Base, Book, EACH, Message};
use crate::message::{Signs, form_body};

const ONE: &[Signs] = &[Signs::Assertion];

fn body(b: &Base) -> String {
    form_body(b.genuine().as_bytes(), None)
}

fn value(b: &Base) -> String {
    body(b).trim_start_matches("SAMLResponse=").to_owned()
}

fn form(text: impl Into<Vec<u8>>) -> Message {
    Message::Form(text.into())
}

pub(super) fn cases(book: &mut Book) {
    book.row("B02");
    book.refused("two_responses", ONE, "decode.duplicate_parameter", |b| form(format!("{0}&{0}", body(b))));
    book.refused("two_different_responses", ONE, "decode.duplicate_parameter", |b| form(format!("{}&SAMLResponse=YQ", body(b))));
    book.refused("two_relay_states", ONE, "decode.duplicate_parameter", |b| {
        form(format!("{}&RelayState=a&RelayState=b", body(b)))
    });
    book.refused("request_beside_response", ONE, "decode.request_present", |b| form(format!("{}&SAMLRequest=YQ", body(b))));
    book.refused("request_alone", ONE, "decode.request_present", |b| form(format!("SAMLRequest={}", value(b))));
    book.accepted("other_parameters", ONE, |b| form(format!("{}&button=Continue", body(b))));

    book.row("B05");
    book.refused("deflated_as_for_redirect", ONE, "xml.encoding", |b| {
        let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        let octets = out.write_all(b.genuine().as_bytes()).and_then(|()| out.finish()).expect("deflate into memory");
        form(format!("{}&SigAlg=x&Signature=y", form_body(&octets, None)))
    });
    book.row("B06");
    book.refused("encoding_and_deflate", ONE, "xml.encoding", |b| {
        let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        let octets = out.write_all(b.genuine().as_bytes()).and_then(|()| out.finish()).expect("deflate into memory");
        form(format!("{}&SAMLEncoding=urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE", form_body(&octets, None)))
    });

    book.row("B07");
    for (name, relay_state) in [
        ("absolute_url", "https%3A%2F%2Fevil.example%2F"),
        ("scheme_relative", "%2F%2Fevil.example"),
        ("backslash", "%2F%5Cevil.example"),
        ("javascript", "javascript%3Aalert(1)"),
        ("header_injection", "x%0D%0ALocation%3A+https%3A%2F%2Fevil.example"),
    ] {
        // it is a handle, never followed: whatever it says, the login goes where the request began
        book.accepted(&format!("relay_state_{name}_goes_nowhere"), ONE, move |b| {
            form(format!("{}&RelayState={relay_state}", body(b)))
        });
    }

    book.row("B13");
    book.refused("nothing", ONE, "decode.response_missing", |_| form(""));
    book.refused("no_response", ONE, "decode.response_missing", |_| form("RelayState=x"));
    book.refused("empty_response", ONE, "xml.empty", |_| form("SAMLResponse="));
    book.refused("brackets", ONE, "decode.parameter_name", |b| form(format!("SAMLResponse%5B%5D={}", value(b))));
    book.refused("lower_case", ONE, "decode.parameter_name", |b| form(format!("samlresponse={}", value(b))));
    book.refused("multipart", ONE, "decode.response_missing", |b| {
        form(format!("--x\r\nContent-Disposition: form-data; name=\"SAMLResponse\"\r\n\r\n{}\r\n--x--", b.genuine()))
    });
    book.refused("json", ONE, "decode.response_missing", |b| form(format!("{{\"SAMLResponse\":\"{}\"}}", value(b))));
    book.refused("raw_xml", ONE, "decode.response_missing", |b| form(b.genuine()));
    book.refused("binary", ONE, "decode.form", |_| form((0..=255).collect::<Vec<u8>>()));
    book.refused("not_utf_8_escapes", ONE, "decode.form", |b| form(format!("{}&x=%ff%fe", body(b))));
    book.refused("truncated", ONE, "scalar.base64", |b| {
        let body = body(b);
        form(body[..body.len() / 2].trim_end_matches(['%', '2', 'B', 'F']).to_owned() + "A!")
    });
    let unescaped = |b: &Base| saml_xml::types::encode_base64(format!("{}<!--\u{fbf0}\u{fbff}-->", b.genuine()).as_bytes());
    book.refused("plus_not_escaped", ONE, "scalar.base64", move |b| form(format!("SAMLResponse={}", unescaped(b))));
    book.accepted("escapes_in_lower_case", EACH, |b| form(body(b).replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")));
    book.accepted("needless_escapes", ONE, |b| form(body(b).replace('A', "%41")));
}
