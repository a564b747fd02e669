//! Good messages of three sizes: the SAMLResponse value in, a validated login out, every rule checked.

use std::hint::black_box;

use idp_config::IdpSource;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use saml_sp::{AcsForm, Connection, ConnectionId, Expected, LoginOptions, ServiceProvider};
use saml_xml::{Document, Element, Limits, exclusive_c14n, types};
use sso_testkit::{AuthnRequestInfo, FakeIdp, OsRandom, Signs, User};
use time::macros::datetime;

use crate::measure::microseconds;

/// One line of the table.
pub struct Row {
    pub name: String,
    pub floor: f64,
    pub ours: f64,
    pub budget: f64,
}

/// The three sizes of the design's budget table.
pub fn rows() -> Vec<Row> {
    let groups = |count: usize| {
        (0..count)
            .map(|n| format!("group-{n:05}-department"))
            .collect::<Vec<_>>()
    };
    let attributes = |count: usize| {
        (0..count)
            .map(|n| {
                (
                    format!("urn:example:attribute:{n:02}"),
                    vec![format!("value {n} {}", "x".repeat(180))],
                )
            })
            .collect()
    };
    vec![
        row(
            "validate a small Response, Assertion signed",
            Signs::Assertion,
            Vec::new(),
            1.5,
        ),
        row(
            "validate, Response and Assertion signed, 30 attributes",
            Signs::Both,
            attributes(30),
            1.6,
        ),
        row(
            "validate, Assertion signed, 2,000 group values",
            Signs::Assertion,
            vec![("groups".to_owned(), groups(2000))],
            2.5,
        ),
    ]
}

fn row(name: &str, signs: Signs, attributes: Vec<(String, Vec<String>)>, budget: f64) -> Row {
    let now = datetime!(2026-12-01 12:00 UTC);
    let idp = FakeIdp::new();
    let sp = ServiceProvider::builder("https://sp.example/metadata", "https://sp.example/acs")
        .build()
        .expect("valid");
    let source = IdpSource::MetadataXml {
        xml: idp.metadata_xml(),
        entity_id: None,
    };
    let connection = Connection::new(
        ConnectionId::new("bench").expect("valid"),
        source.resolve(now).expect("valid"),
    );
    let (outbound, pending) = sp
        .start_login(&connection, &LoginOptions::default(), now, &OsRandom::new())
        .expect("an endpoint");
    let request = AuthnRequestInfo::from_outbound(&outbound).expect("our own request");
    let mut user = User::example();
    user.attributes.extend(attributes);
    let xml = idp.respond(&request, &user, now).sign(signs).to_xml();
    let value = types::encode_base64(xml.as_bytes());

    let calls = if xml.len() > 50_000 { 100 } else { 500 };
    let ours = microseconds(calls, || {
        let received = sp.receive(AcsForm::fields(&value, None)).expect("a form");
        let validated = sp.validate(&received, &connection, Expected::Request(&pending), now);
        let _validated = black_box(validated.expect("a good Response"));
    });
    let floor = floor(&xml, calls, &idp);
    Row {
        name: format!("{name} ({:.1} KB)", xml.len() as f64 / 1000.0),
        floor,
        ours,
        budget,
    }
}

/// The same signatures and the same bytes, with nothing around them.
fn floor(xml: &str, calls: u32, idp: &FakeIdp) -> f64 {
    let document =
        Document::parse(xml.as_bytes().to_vec(), &Limits::default()).expect("our own message");
    let named = |name: &'static str| document.elements().filter(move |e| e.local_name() == name);
    let octets = |element: Element<'_>| {
        let mut out = Vec::new();
        exclusive_c14n(element, &Default::default(), &mut out).expect("not empty");
        out
    };
    let messages: Vec<_> = named("SignedInfo").map(octets).collect();
    let signatures: Vec<_> = named("SignatureValue")
        .map(|e| types::decode_base64(e.text().expect("text")).expect("base64"))
        .collect();
    let certificate =
        saml_xml::Certificate::from_der(idp.key().certificate_der()).expect("a certificate");
    let spki = certificate.key().expect("an RSA key").to_spki_der();
    // SubjectPublicKeyInfo of RSA-2048: 24 bytes of wrapping around the RSAPublicKey that ring takes
    let key = UnparsedPublicKey::new(
        &RSA_PKCS1_2048_8192_SHA256,
        spki.get(24..).expect("an RSA key").to_vec(),
    );
    microseconds(calls, || {
        for (message, signature) in messages.iter().zip(&signatures) {
            key.verify(message, signature).expect("our own signature");
        }
        black_box(ring::digest::digest(&ring::digest::SHA256, xml.as_bytes()));
    })
}
