//! A message that is accepted, ways to change it before and after it is signed, and somebody to
//! send it to.

use std::path::PathBuf;
use std::sync::LazyLock;

use saml_sp::{
    AcsForm, Connection, ConnectionId, Expected, IdpSource, PendingLogin, Received, Rejection,
    ServiceProvider, Validated,
};
use saml_xml::{Certificate, SignOptions, SigningKey, sign_enveloped};
use time::OffsetDateTime;
use time::macros::datetime;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 12:00:00 UTC);
pub(crate) const SP: &str = "https://app.example/saml/metadata";
pub(crate) const ACS: &str = "https://app.example/saml/consume";
pub(crate) const IDP: &str = "https://idp.example/metadata";
pub(crate) const REQUEST: &str = "_0123456789abcdef0123456789abcdef01234567";

pub(crate) fn captures() -> PathBuf {
    PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/captures"
    ))
}

pub(crate) fn exists(path: &str) -> bool {
    captures().join(path).exists()
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(captures().join(path)).unwrap()
}

/// The key and certificate that the captures were made with on the SP side; here they play an IdP.
pub(crate) static KEY: LazyLock<SigningKey> = LazyLock::new(|| {
    let certificate = Certificate::from_pem(&read("sp/sp.crt")).unwrap();
    SigningKey::from_pkcs8_pem(&read("sp/sp-test-only.key"))
        .unwrap()
        .with_certificate(&certificate)
        .unwrap()
});

pub(crate) fn idp_metadata(entity_id: &str, certificate: &Certificate, extra: &str) -> String {
    let certificate = saml_xml::types::encode_base64(certificate.der());
    format!(
        r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{entity_id}"{extra}><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}

pub(crate) fn connection_to(metadata: String, now: OffsetDateTime) -> Connection {
    let idp = IdpSource::MetadataXml {
        xml: metadata,
        entity_id: None,
    }
    .resolve(now)
    .unwrap();
    Connection::new(ConnectionId::new("acme").unwrap(), idp)
}

pub(crate) fn connection() -> Connection {
    connection_to(
        idp_metadata(IDP, KEY.verifying_key().certificate().unwrap(), ""),
        NOW,
    )
}

pub(crate) fn sp() -> ServiceProvider {
    ServiceProvider::builder(SP, ACS).build().unwrap()
}

/// A pending login as a store gives it back.
pub(crate) fn pending_for(id: &str, acs_url: &str, now: OffsetDateTime) -> serde_json::Value {
    let nanos = |time: OffsetDateTime| i64::try_from(time.unix_timestamp_nanos()).unwrap();
    serde_json::json!({
        "id": id,
        "connection": "acme",
        "relay_state": "r0",
        "created": nanos(now - time::Duration::seconds(30)),
        "expires": nanos(now + time::Duration::minutes(10)),
        "return_to": "/reports/7",
        "acs_url": acs_url,
        "force_authn": false,
        "name_id_format": null,
        "authn_context_class_refs": [],
        "browser_binding": "cookie",
    })
}

pub(crate) fn pending_with(edit: impl FnOnce(&mut serde_json::Value)) -> PendingLogin {
    let mut json = pending_for(REQUEST, ACS, NOW);
    edit(&mut json);
    serde_json::from_value(json).unwrap()
}

pub(crate) fn pending() -> PendingLogin {
    pending_with(|_| ())
}

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signs {
    Nothing,
    Response,
    Assertion,
    Both,
}

/// A Response to [`REQUEST`] that is accepted at [`NOW`].
pub(crate) fn base() -> String {
    format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response" Version="2.0" IssueInstant="2026-11-23T11:59:58Z" Destination="{ACS}" InResponseTo="{REQUEST}"><saml:Issuer>{IDP}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_assertion" Version="2.0" IssueInstant="2026-11-23T11:59:58Z"><saml:Issuer>{IDP}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">ada@corp.example</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="2026-11-23T12:05:00Z" Recipient="{ACS}" InResponseTo="{REQUEST}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="2026-11-23T11:59:00Z" NotOnOrAfter="2026-11-23T12:05:00Z"><saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="2026-11-23T11:59:50Z" SessionIndex="_s1" SessionNotOnOrAfter="2026-11-23T20:00:00Z"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="mail"><saml:AttributeValue>ada@corp.example</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups"><saml:AttributeValue>admins</saml:AttributeValue><saml:AttributeValue>staff</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>"#
    )
}

/// Replaces text that has to be there.
pub(crate) fn edit(mut xml: String, edits: &[(&str, &str)]) -> String {
    for (from, to) in edits {
        assert!(xml.contains(from), "the message has no {from:?}");
        xml = xml.replacen(from, to, 1);
    }
    xml
}

pub(crate) fn sign(mut xml: String, what: Signs) -> String {
    let ids: &[&str] = match what {
        Signs::Nothing => &[],
        Signs::Response => &["_response"],
        Signs::Assertion => &["_assertion"],
        Signs::Both => &["_assertion", "_response"],
    };
    for id in ids {
        xml = sign_enveloped(&xml, id, &KEY, &SignOptions::default()).unwrap();
    }
    xml
}

pub(crate) fn receive(xml: &str) -> Result<Received, saml_sp::Error> {
    let encoded = saml_xml::types::encode_base64(xml.as_bytes());
    sp().receive(AcsForm::fields(&encoded, Some("r0")))
}

pub(crate) fn validate_with(
    xml: &str,
    connection: &Connection,
    expected: Expected<'_>,
) -> Result<Validated, Rejection> {
    sp().validate(&receive(xml)?, connection, expected, NOW)
}

pub(crate) fn validate(xml: &str) -> Result<Validated, Rejection> {
    validate_with(xml, &connection(), Expected::Request(&pending()))
}

pub(crate) fn reject(xml: &str) -> Rejection {
    validate(xml)
        .map(|_| ())
        .expect_err("the message is refused")
}

/// The base with edits, then signed: the signature is good, the content is not.
pub(crate) fn code_of(edits: &[(&str, &str)], what: Signs) -> &'static str {
    match validate(&sign(edit(base(), edits), what)) {
        Ok(_) => "accepted",
        Err(rejection) => rejection.code(),
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
