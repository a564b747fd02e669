//! The way out: AuthnRequest, bindings, metadata.

use std::io::Read as _;

use saml_sp::{
    Connection, ConnectionId, IdpSource, LoginOptions, NameIdPolicy, Outbound, PendingLogin,
    Random, RandomError, RequestBinding, ServiceProvider,
};
use saml_xml::types::decode_base64;
use saml_xml::{
    AlgorithmPolicy, Document, Limits, TrustAnchors, verify_detached, verify_enveloped,
};

use crate::common::{ACS, KEY, NOW, SP, connection};

/// Counts up: every call gives other bytes.
#[derive(Default)]
pub(crate) struct Counter(std::sync::atomic::AtomicU8);

impl Random for Counter {
    fn fill(&self, out: &mut [u8]) -> Result<(), RandomError> {
        out.fill_with(|| self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        Ok(())
    }
}

struct Broken;

impl Random for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
        Err(RandomError)
    }
}

pub(crate) fn redirecting(sso: &str) -> Connection {
    let source = IdpSource::fingerprint("idp", sso, None, &"ab".repeat(32)).unwrap();
    Connection::new(
        ConnectionId::new("acme").unwrap(),
        source.resolve(NOW).unwrap(),
    )
}

pub(crate) fn signing_sp() -> ServiceProvider {
    ServiceProvider::builder(SP, ACS)
        .signing_key(KEY.clone())
        .build()
        .unwrap()
}

pub(crate) fn start(
    sp: &ServiceProvider,
    connection: &Connection,
    options: &LoginOptions,
) -> (Outbound, PendingLogin) {
    sp.start_login(connection, options, NOW, &Counter(0.into()))
        .unwrap()
}

pub(crate) fn redirect(outbound: Outbound) -> url::Url {
    match outbound {
        Outbound::Redirect(url) => url,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn parameter(url: &url::Url, name: &str) -> String {
    url.query_pairs()
        .find(|(n, _)| n == name)
        .unwrap()
        .1
        .into_owned()
}

pub(crate) fn inflate(url: &url::Url) -> Document {
    let bytes = decode_base64(&parameter(url, "SAMLRequest")).unwrap();
    let mut xml = Vec::new();
    flate2::read::DeflateDecoder::new(bytes.as_slice())
        .read_to_end(&mut xml)
        .unwrap();
    Document::parse(xml, &Limits::default()).unwrap()
}

#[test]
fn redirects_with_an_authn_request() {
    let (outbound, pending) = start(
        &crate::common::sp(),
        &redirecting("https://idp.example/sso?tenant=a%20b"),
        &LoginOptions::default(),
    );
    let url = redirect(outbound);
    assert!(
        url.as_str()
            .starts_with("https://idp.example/sso?tenant=a%20b&SAMLRequest="),
        "{url}"
    );
    assert_eq!(
        parameter(&url, "RelayState"),
        pending.relay_state().as_str()
    );
    assert!(pending.relay_state().as_str().len() <= 80);
    let document = inflate(&url);
    let request = document.root();
    assert!(request.is("urn:oasis:names:tc:SAML:2.0:protocol", "AuthnRequest"));
    let attributes: Vec<_> = request
        .attributes()
        .map(|a| (a.local_name(), a.value()))
        .collect();
    assert_eq!(
        attributes,
        [
            ("ID", pending.id().as_str()),
            ("Version", "2.0"),
            ("IssueInstant", "2026-11-23T12:00:00Z"),
            ("Destination", "https://idp.example/sso?tenant=a%20b"),
            ("AssertionConsumerServiceURL", ACS),
            (
                "ProtocolBinding",
                "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
            ),
        ]
    );
    let children: Vec<_> = request
        .children()
        .map(|c| (c.local_name(), c.text()))
        .collect();
    assert_eq!(children, [("Issuer", Some(SP))]);
    assert_eq!(pending.id().as_str().len(), 41);
    assert!(pending.id().as_str().starts_with('_'));
}

#[test]
fn says_what_was_asked_for() {
    let options = LoginOptions::default()
        .force_authn(true)
        .is_passive(true)
        .return_to("/a")
        .name_id_policy(NameIdPolicy::default().format("urn:f").allow_create(true))
        .authn_context(["urn:one", "urn:<two>"]);
    let (outbound, pending) = start(
        &crate::common::sp(),
        &redirecting("https://idp.example/sso"),
        &options,
    );
    let document = inflate(&redirect(outbound));
    let request = document.root();
    assert_eq!(request.attribute("ForceAuthn"), Some("true"));
    assert_eq!(request.attribute("IsPassive"), Some("true"));
    let mut children = request.children().skip(1);
    let policy = children.next().unwrap();
    assert_eq!(
        (policy.attribute("Format"), policy.attribute("AllowCreate")),
        (Some("urn:f"), Some("true"))
    );
    let context = children.next().unwrap();
    assert_eq!(context.attribute("Comparison"), Some("exact"));
    assert_eq!(
        context
            .children()
            .map(|c| c.text().unwrap())
            .collect::<Vec<_>>(),
        ["urn:one", "urn:<two>"]
    );
    assert_eq!(pending.return_to(), Some("/a"));
    assert!(!document.source().contains("/a\""));
}

#[test]
fn signs_the_octets_of_the_query() {
    let (outbound, _) = start(
        &signing_sp(),
        &redirecting("https://idp.example/sso").sign_requests(true),
        &LoginOptions::default(),
    );
    let url = redirect(outbound);
    let (message, signature) = url.query().unwrap().split_once("&Signature=").unwrap();
    let names: Vec<_> = message
        .split('&')
        .map(|p| p.split('=').next().unwrap())
        .collect();
    assert_eq!(names, ["SAMLRequest", "RelayState", "SigAlg"]);
    assert!(!signature.contains('&'));
    let value = decode_base64(&parameter(&url, "Signature")).unwrap();
    let key = KEY.verifying_key().clone();
    let by = verify_detached(
        message.as_bytes(),
        &parameter(&url, "SigAlg"),
        &value,
        &[key],
        &AlgorithmPolicy::default(),
    );
    assert_eq!(by.unwrap(), KEY.verifying_key().id());
}

#[test]
fn posts_a_form_where_there_is_no_redirect() {
    let (outbound, pending) = start(
        &signing_sp(),
        &connection().sign_requests(true),
        &LoginOptions::default(),
    );
    let Outbound::PostForm(form) = outbound else {
        panic!("{outbound:?}")
    };
    assert_eq!(form.action().as_str(), "https://idp.example/sso");
    let names: Vec<_> = form.fields().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["SAMLRequest", "RelayState"]);
    let xml = decode_base64(&form.fields()[0].1).unwrap();
    let document = Document::parse(xml, &Limits::default()).unwrap();
    let keys = [KEY.verifying_key().clone()];
    let verified = verify_enveloped(
        document.root(),
        TrustAnchors::Keys(&keys),
        &AlgorithmPolicy::default(),
    )
    .unwrap();
    assert_eq!(
        verified.element().attribute("ID"),
        Some(pending.id().as_str())
    );

    let html = form.html();
    assert!(html.contains("<button type=\"submit\">"));
    let script = html
        .split("<script>")
        .nth(1)
        .unwrap()
        .split("</script>")
        .next()
        .unwrap();
    let hash = saml_xml::types::encode_base64(
        ring::digest::digest(&ring::digest::SHA256, script.as_bytes()).as_ref(),
    );
    assert!(
        form.content_security_policy()
            .contains(&format!("script-src 'sha256-{hash}'"))
    );
    assert!(
        form.content_security_policy()
            .starts_with("default-src 'none'")
    );
}

#[test]
fn escapes_everything_in_the_form() {
    let connection = redirecting("https://idp.example/sso?a='\"><script>&b=1")
        .request_binding(RequestBinding::Post);
    let (outbound, _) = start(&crate::common::sp(), &connection, &LoginOptions::default());
    let Outbound::PostForm(form) = outbound else {
        panic!("{outbound:?}")
    };
    let html = form.html();
    assert_eq!(html.matches("<script>").count(), 1);
    assert!(html.contains("&amp;b=1"));
}

#[test]
fn refuses_to_start_what_cannot_work() {
    let code = |sp: &ServiceProvider, connection: &Connection, rng: &dyn Random| {
        sp.start_login(connection, &LoginOptions::default(), NOW, rng)
            .unwrap_err()
            .code()
    };
    let rng = Counter(0.into());
    let sp = crate::common::sp();
    assert_eq!(
        code(
            &sp,
            &connection().request_binding(RequestBinding::Redirect),
            &rng
        ),
        "connection.no_endpoint"
    );
    assert_eq!(
        code(&sp, &connection().sign_requests(true), &rng),
        "connection.signing_key_missing"
    );
    assert_eq!(code(&sp, &connection(), &Broken), "connection.random");
    assert_eq!(
        ServiceProvider::builder("", ACS)
            .build()
            .unwrap_err()
            .code(),
        "connection.sp_entity_id"
    );
    assert_eq!(
        ServiceProvider::builder(" x", ACS)
            .build()
            .unwrap_err()
            .code(),
        "connection.sp_entity_id"
    );
    for url in [
        "",
        "/acs",
        "javascript:alert(1)",
        "https://a/#b",
        "https://a/ b",
    ] {
        assert_eq!(
            ServiceProvider::builder(SP, url)
                .build()
                .unwrap_err()
                .code(),
            "connection.sp_url",
            "{url}"
        );
    }
    let skew = |seconds| {
        connection()
            .clock_skew(time::Duration::seconds(seconds))
            .map_err(|e| e.code())
            .err()
    };
    assert_eq!(
        [skew(-1), skew(0), skew(300), skew(301)],
        [
            Some("connection.clock_skew"),
            None,
            None,
            Some("connection.clock_skew")
        ]
    );
}

#[test]
fn binds_a_login_to_a_browser() {
    let (_, pending) = start(
        &crate::common::sp(),
        &connection(),
        &LoginOptions::default(),
    );
    let secret = pending.browser_binding().expose().to_owned();
    assert!(pending.check_browser(Some(&secret)).is_ok());
    assert_eq!(
        pending.check_browser(Some("other")).unwrap_err().code(),
        "request.other_browser"
    );
    assert_eq!(
        pending.check_browser(None).unwrap_err().code(),
        "request.other_browser"
    );
    assert!(!format!("{pending:?}").contains(&secret));
    // it survives its store
    let json = serde_json::to_string(&pending).unwrap();
    let back: PendingLogin = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (back.id(), back.created(), back.expires()),
        (pending.id(), pending.created(), pending.expires())
    );
    assert!(back.check_browser(Some(&secret)).is_ok());
}

#[test]
fn publishes_metadata_without_any_identity_provider() {
    let sp = ServiceProvider::builder("https://app.example/<&>\"", ACS)
        .signing_key(KEY.clone())
        .slo_url("https://app.example/saml/slo")
        .build()
        .unwrap();
    let document = Document::parse(sp.metadata_xml().into_bytes(), &Limits::default()).unwrap();
    assert_eq!(
        document.root().attribute("entityID"),
        Some("https://app.example/<&>\"")
    );
    let role = document.root().children().next().unwrap();
    let names: Vec<_> = role.children().map(|c| c.local_name()).collect();
    assert_eq!(
        names,
        [
            "KeyDescriptor",
            "SingleLogoutService",
            "SingleLogoutService",
            "AssertionConsumerService"
        ]
    );
    assert_eq!(role.attribute("AuthnRequestsSigned"), Some("true"));
}
