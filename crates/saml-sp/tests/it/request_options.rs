//! What a login may ask for besides the default, and how a login hint travels.

use saml_sp::{LoginHint, LoginOptions, Outbound, Preset, Scoping};
use saml_xml::{AlgorithmPolicy, verify_detached};

use crate::common::{KEY, connection, sp};
use crate::request::{inflate, parameter, redirect, redirecting, signing_sp, start};

const SSO: &str = "https://idp.example/sso";

#[test]
fn scoping_and_the_attribute_list_follow_the_schema() {
    let options = LoginOptions::default()
        .authn_context(["urn:one"])
        .attribute_consuming_service_index(3)
        .scoping(
            Scoping::default()
                .proxy_count(0)
                .idp("https://a.example")
                .idp("https://b.example")
                .requester("https://portal.example"),
        );
    let (outbound, _) = start(&sp(), &redirecting(SSO), &options);
    let document = inflate(&redirect(outbound));
    let request = document.root();
    assert_eq!(
        request.attribute("AttributeConsumingServiceIndex"),
        Some("3")
    );
    let names: Vec<_> = request.children().map(|c| c.local_name()).collect();
    assert_eq!(names, ["Issuer", "RequestedAuthnContext", "Scoping"]);
    let scoping = request.children().last().unwrap();
    assert_eq!(scoping.attribute("ProxyCount"), Some("0"));
    let parts: Vec<_> = scoping.children().map(|c| c.local_name()).collect();
    assert_eq!(parts, ["IDPList", "RequesterID"]);
    let idps: Vec<_> = scoping.children().next().unwrap().children().collect();
    assert_eq!(idps.len(), 2);
    assert_eq!(idps[1].attribute("ProviderID"), Some("https://b.example"));
}

#[test]
fn an_empty_scoping_has_no_list() {
    let options = LoginOptions::default().scoping(Scoping::default());
    let (outbound, _) = start(&sp(), &redirecting(SSO), &options);
    let document = inflate(&redirect(outbound));
    let scoping = document.root().children().last().unwrap();
    assert_eq!(
        (scoping.local_name(), scoping.children().count()),
        ("Scoping", 0)
    );
}

#[test]
fn a_hint_goes_the_way_the_identity_provider_reads_it() {
    let options = LoginOptions::default().login_hint("lovelace+1@acme.example");
    let query = redirecting(SSO).with_preset(Preset::find("entra").unwrap());
    let (outbound, _) = start(&sp(), &query, &options);
    let url = redirect(outbound);
    assert_eq!(parameter(&url, "login_hint"), "lovelace+1@acme.example");
    assert!(!inflate(&url).source().contains("lovelace"));

    let subject = redirecting(SSO).with_preset(Preset::find("auth0").unwrap());
    let (outbound, pending) = start(&sp(), &subject, &options);
    let document = inflate(&redirect(outbound));
    let names: Vec<_> = document.root().children().map(|c| c.local_name()).collect();
    assert_eq!(names, ["Issuer", "Subject"]);
    let name_id = document
        .root()
        .children()
        .last()
        .unwrap()
        .children()
        .next()
        .unwrap();
    assert_eq!(name_id.text(), Some("lovelace+1@acme.example"));
    // A hint binds nobody: nothing of it is kept to hold the answer to
    assert!(
        !serde_json::to_string(&pending)
            .unwrap()
            .contains("lovelace")
    );
}

#[test]
fn without_a_convention_a_hint_stays_at_home() {
    let options = LoginOptions::default().login_hint("lovelace@acme.example");
    let (outbound, _) = start(&sp(), &redirecting(SSO), &options);
    let url = redirect(outbound);
    assert!(!url.as_str().contains("lovelace"));
    assert!(!inflate(&url).source().contains("lovelace"));
    let told = redirecting(SSO)
        .with_preset(Preset::find("entra").unwrap())
        .login_hint_by(LoginHint::None);
    let (outbound, _) = start(&sp(), &told, &options);
    assert!(!redirect(outbound).as_str().contains("lovelace"));
}

#[test]
fn a_hint_in_the_query_is_beside_what_is_signed() {
    let options = LoginOptions::default().login_hint("lovelace@acme.example");
    let signing = redirecting(SSO)
        .sign_requests(true)
        .login_hint_by(LoginHint::Query("username"));
    let (outbound, _) = start(&signing_sp(), &signing, &options);
    let url = redirect(outbound);
    let query = url.query().unwrap();
    let (message, rest) = query.split_once("&Signature=").unwrap();
    assert!(
        rest.ends_with("&username=lovelace%40acme.example"),
        "{rest}"
    );
    let signature = saml_xml::types::decode_base64(&parameter(&url, "Signature")).unwrap();
    let key = KEY.verifying_key().clone();
    let by = verify_detached(
        message.as_bytes(),
        &parameter(&url, "SigAlg"),
        &signature,
        &[key],
        &AlgorithmPolicy::default(),
    );
    assert_eq!(by.unwrap(), KEY.verifying_key().id());
}

#[test]
fn a_posted_request_has_its_hint_in_the_action() {
    let options = LoginOptions::default().login_hint("lovelace@acme.example");
    let posting = connection().login_hint_by(LoginHint::Query("login_hint"));
    let (outbound, _) = start(&sp(), &posting, &options);
    let Outbound::PostForm(form) = outbound else {
        panic!("this identity provider takes POST alone");
    };
    assert_eq!(
        form.action().query(),
        Some("login_hint=lovelace%40acme.example")
    );
}
