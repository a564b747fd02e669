//! What we write is valid against the schemas of the standards (tests/xsd), as `xmllint` sees it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use conformance::vectors::signing_key as key;
use saml_sp::{
    AttributeService, Connection, ConnectionId, Contact, ContactKind, IdpSource, LoginHint,
    LoginOptions, NameIdPolicy, Organization, Outbound, RequestBinding, RequestedAttribute,
    Scoping, ServiceProvider, UiInfo,
};
use saml_xml::types::decode_base64;
use saml_xml::{TrustAnchors, verify_enveloped};
use sso_testkit::OsRandom;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sp() -> ServiceProvider {
    ServiceProvider::builder(
        "https://sp.example.test/saml",
        "https://sp.example.test/acs",
    )
    .slo_url("https://sp.example.test/slo")
    .signing_key(key("sp"))
    .build()
    .unwrap()
}

/// What xmllint says: `Ok`, or its complaints. `None` where there is no xmllint.
fn validate(xml: &str) -> Option<Result<(), String>> {
    let child = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .arg(root().join("xsd/all.xsd"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: xmllint (libxml2-utils) is not installed");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(xml.as_bytes()).unwrap();
    drop(stdin);
    let mut complaints = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut complaints)
        .unwrap();
    let status = child.wait().unwrap();
    Some(if status.success() {
        Ok(())
    } else {
        Err(complaints)
    })
}

fn assert_valid(what: &str, xml: &str) {
    if let Some(Err(complaints)) = validate(xml) {
        panic!("{what}: {complaints}\n{xml}");
    }
}

fn request(options: &LoginOptions, change: impl Fn(Connection) -> Connection) -> String {
    let source = IdpSource::fingerprint(
        "https://idp.example",
        "https://idp.example/sso",
        None,
        &"ab".repeat(32),
    );
    let idp = source.unwrap().resolve(NOW).unwrap();
    let connection = Connection::new(ConnectionId::new("acme").unwrap(), idp)
        .request_binding(RequestBinding::Post);
    let (outbound, _) = sp()
        .start_login(&change(connection), options, NOW, &OsRandom::new())
        .unwrap();
    let Outbound::PostForm(form) = outbound else {
        panic!("a form was asked for");
    };
    let (_, value) = form
        .fields()
        .iter()
        .find(|(name, _)| *name == "SAMLRequest")
        .unwrap();
    String::from_utf8(decode_base64(value).unwrap()).unwrap()
}

fn everything() -> LoginOptions {
    LoginOptions::default()
        .force_authn(true)
        .is_passive(true)
        .name_id_policy(
            NameIdPolicy::default()
                .format("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
                .allow_create(true),
        )
        .authn_context(["urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"])
        .attribute_consuming_service_index(1)
        .login_hint("ada@acme.example")
        .scoping(
            Scoping::default()
                .proxy_count(1)
                .idp("https://a.example")
                .requester("https://b.example"),
        )
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let good = request(&LoginOptions::default(), |c| c);
    let bad = good.replace(" Version=\"2.0\"", "");
    assert_ne!(good, bad);
    if let Some(verdict) = validate(&bad) {
        let complaints = verdict.expect_err("an AuthnRequest without Version is not valid");
        assert!(complaints.contains("'Version' is required"), "{complaints}");
    }
}

#[test]
fn requests() {
    assert_valid(
        "the default request",
        &request(&LoginOptions::default(), |c| c),
    );
    let plain = request(&everything(), |c| c.login_hint_by(LoginHint::Subject));
    assert!(plain.contains("<saml:Subject>"));
    assert_valid("everything", &plain);
    let signed = request(&everything(), |c| {
        c.login_hint_by(LoginHint::Subject).sign_requests(true)
    });
    assert!(signed.contains("<ds:Signature"));
    assert_valid("everything, signed", &signed);
    assert_valid(
        "an empty scoping",
        &request(&LoginOptions::default().scoping(Scoping::default()), |c| c),
    );
}

#[test]
fn the_default_metadata() {
    assert_valid("metadata", &sp().metadata_xml());
    let bare = ServiceProvider::builder("urn:sp", "https://sp.example.test/acs")
        .build()
        .unwrap();
    assert_valid("metadata without a key", &bare.metadata_xml());
}

#[test]
fn rich_metadata_signed_and_during_a_change_of_keys() {
    let certificate = |name| key(name).verifying_key().certificate().unwrap().clone();
    let metadata = sp()
        .metadata()
        .signing_certificate(certificate("idp"))
        .encryption_certificate(certificate("sp"))
        .encryption_certificate(certificate("idp"))
        .assertion_consumer_service("https://sp.example.test/acme/acs")
        .unwrap()
        .name_id_format("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")
        .ui(UiInfo::named("en", "Example & Sons")
            .display_name("de", "Beispiel")
            .description("en", "Does <things>")
            .information("en", "https://sp.example.test/about")
            .unwrap()
            .privacy_statement("en", "https://sp.example.test/privacy")
            .unwrap()
            .logo("https://sp.example.test/logo.png", 80, 60)
            .unwrap())
        .discovery_response("https://sp.example.test/discovered")
        .unwrap()
        .attribute_service(
            AttributeService::new("en", "Accounts")
                .request(
                    RequestedAttribute::new("urn:oid:0.9.2342.19200300.100.1.3")
                        .friendly_name("mail")
                        .required(),
                )
                .request(RequestedAttribute::new("urn:oid:2.5.4.42")),
        )
        .attribute_service(AttributeService::new("en", "Nothing"))
        .organization(
            Organization::new(
                "en",
                "Example & Sons Ltd",
                "Example",
                "https://example.test/",
            )
            .unwrap(),
        )
        .contact(
            Contact::new(ContactKind::Technical)
                .company("Example")
                .given_name("SSO")
                .surname("Team")
                .email("sso@example.test"),
        )
        .contact(Contact::new(ContactKind::Support).email("help@example.test"))
        .valid_until(NOW + Duration::days(14))
        .cache_duration(Duration::hours(6));
    let plain = metadata.to_xml();
    assert_valid("rich metadata", &plain);
    assert_eq!(plain.matches("use=\"signing\"").count(), 2);
    assert_eq!(plain.matches("use=\"encryption\"").count(), 2);
    assert_eq!(plain.matches("<md:AssertionConsumerService ").count(), 2);
    assert_eq!(plain.matches("<md:AttributeConsumingService ").count(), 1);

    let signed = metadata.to_signed_xml().unwrap();
    assert_valid("signed metadata", &signed);
    assert_eq!(
        signed,
        metadata.to_signed_xml().unwrap(),
        "the same content, the same ID"
    );
    let document =
        saml_xml::Document::parse(signed.into_bytes(), &saml_xml::Limits::default()).unwrap();
    let keys = [key("sp").verifying_key().clone()];
    let policy = saml_xml::AlgorithmPolicy::default();
    let verified = verify_enveloped(document.root(), TrustAnchors::Keys(&keys), &policy).unwrap();
    assert!(verified.element() == document.root());

    let unsigned = ServiceProvider::builder("urn:sp", "https://sp.example.test/acs")
        .build()
        .unwrap();
    assert_eq!(
        unsigned.metadata().to_signed_xml().unwrap_err().code(),
        "connection.signing_key_missing"
    );
}
