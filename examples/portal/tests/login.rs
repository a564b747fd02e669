//! Logging in over real HTTP, and every way in which it is refused.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Browser, Page, Portal, answer};
use portal::random::now;
use sso_store::SessionKind;
use sso_testkit::{AuthnRequestInfo, FakeIdp, Preset, User};

fn consume(portal: &Portal, browser: &mut Browser, form: &str) -> Page {
    browser.post(&portal.url("/saml/consume"), form)
}

/// The one page for all refusals: it says nothing about why.
fn assert_refused(portal: &Portal, page: &Page, status: u16, code: &str) {
    assert_eq!(page.status, status, "{}", page.body);
    let entry = portal.last_log();
    assert_eq!(entry.code.as_deref(), Some(code), "{:?}", entry.report);
    assert_eq!(entry.event, "login.rejected");
    assert!(
        page.body.contains(&entry.reference),
        "the reference is on the page"
    );
    for secret in [code, "alice", "audience", "signature", "digest", "issuer"] {
        assert!(
            !page.body.to_lowercase().contains(secret),
            "the page tells {secret:?}"
        );
    }
    assert_eq!(
        portal
            .store
            .open_sessions(SessionKind::User, now())
            .unwrap(),
        0
    );
    assert!(portal.store.users().unwrap().is_empty());
}

fn setup() -> (Portal, FakeIdp, Browser) {
    let portal = Portal::start();
    let idp = FakeIdp::preset(Preset::Generic);
    portal.connect("example", &idp);
    (portal, idp, Browser::new())
}

#[test]
fn one_click_logs_in_and_the_session_page_shows_how() {
    let (portal, idp, mut browser) = setup();
    let page = browser.get(&portal.url("/login"));
    assert!(page.body.contains("Sign in with Example"));
    let request = portal.start_login(&mut browser, "example");
    let page = consume(&portal, &mut browser, &answer(&idp, &request));
    assert_eq!(
        (page.status, page.header("location")),
        (303, "/"),
        "{}",
        page.body
    );
    let page = browser.follow(&portal.url("/"));
    for shown in [
        "alice@example.test",
        "displayName",
        "Alice Example",
        "engineering",
        "the Assertion",
        "sha256:",
        "checks",
    ] {
        assert!(
            page.body.to_lowercase().contains(&shown.to_lowercase()),
            "{shown} in {}",
            page.body
        );
    }
    let users = portal.store.users().unwrap();
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].name_id, "alice@example.test");
    assert_eq!(portal.last_log().event, "login.accepted");

    let page = browser.submit(&page, "/session/end", &[]);
    assert_eq!(page.status, 303);
    assert!(browser.get(&portal.url("/")).body.contains("not signed in"));
    assert_eq!(
        portal
            .store
            .open_sessions(SessionKind::User, now())
            .unwrap(),
        0
    );
}

#[test]
fn jumpcloud_logs_in_through_a_form_without_script() {
    let portal = Portal::start();
    let idp = FakeIdp::preset(Preset::JumpCloud);
    portal.connect("jumpcloud", &idp);
    let mut browser = Browser::new();
    let page = browser.get(&portal.url("/login/jumpcloud"));
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-security-policy").contains("'sha256-"),
        "its own policy"
    );
    assert!(page.body.contains("<button"), "a visible button");
    let (_, fields) = page.form("/saml2/example");
    let request = AuthnRequestInfo::from_post(&fields).unwrap();
    let page = consume(&portal, &mut browser, &answer(&idp, &request));
    assert_eq!(
        (page.status, page.header("location")),
        (303, "/"),
        "{}",
        page.body
    );
    assert!(
        browser
            .get(&portal.url("/session"))
            .body
            .contains("alice@example.test")
    );
}

#[test]
fn the_cookie_that_another_site_may_not_send_comes_with_our_own_form() {
    let (portal, idp, mut browser) = setup();
    let request = portal.start_login(&mut browser, "example");
    let form = answer(&idp, &request);
    let page = browser.without_cookies(|browser| consume(&portal, browser, &form));
    assert_eq!(page.status, 200, "{}", page.body);
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'sha256-") && policy.contains("form-action 'self'"),
        "{policy}"
    );
    let page = browser.submit(&page, "/saml/consume?again=1", &[]);
    assert_eq!(
        (page.status, page.header("location")),
        (303, "/"),
        "{}",
        page.body
    );
}

#[test]
fn return_to_leads_back_to_our_own_pages_only() {
    let (portal, idp, _) = setup();
    let open = [
        ("/session", "/session"),
        ("/session?x=1", "/session?x=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/%0d%0aSet-Cookie:x", "/%0d%0aSet-Cookie:x"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ];
    for (asked, got) in open {
        let mut browser = Browser::new();
        let query: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
        let page = browser.get(&portal.url(&format!("/login/example?return_to={query}")));
        let target = url::Url::parse(page.header("location")).unwrap();
        let request = AuthnRequestInfo::from_redirect(&target).unwrap();
        let page = consume(&portal, &mut browser, &answer(&idp, &request));
        assert_eq!(
            (page.status, page.header("location")),
            (303, got),
            "{asked}"
        );
    }
}

#[test]
fn a_login_gets_a_fresh_session_id() {
    let (portal, idp, mut browser) = setup();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let request = portal.start_login(&mut browser, "example");
        consume(&portal, &mut browser, &answer(&idp, &request));
        ids.push(browser.cookie("portal-session").unwrap().to_owned());
    }
    assert_ne!(ids[0], ids[1]);
    let old = sso_store::SessionId::from_cookie(&ids[0]);
    assert!(
        portal
            .store
            .session(&old, SessionKind::User, now())
            .unwrap()
            .is_none()
    );
}

#[test]
fn the_same_answer_twice_is_refused() {
    let (portal, idp, mut browser) = setup();
    let request = portal.start_login(&mut browser, "example");
    let form = answer(&idp, &request);
    assert_eq!(consume(&portal, &mut browser, &form).status, 303);
    let page = consume(&portal, &mut browser, &form);
    assert_eq!(page.status, 403);
    assert_eq!(
        portal.last_log().code.as_deref(),
        Some("request.already_used")
    );
}

#[test]
fn of_many_browsers_with_one_answer_one_gets_in() {
    let (portal, idp, mut browser) = setup();
    let request = portal.start_login(&mut browser, "example");
    let form = answer(&idp, &request);
    let url = portal.url("/saml/consume");
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (url, form, mut browser) = (&url, &form, browser.copy());
                scope.spawn(move || browser.post(url, form).status)
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 303).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        portal
            .store
            .open_sessions(SessionKind::User, now())
            .unwrap(),
        1
    );
}

#[test]
fn another_browser_is_refused() {
    let (portal, idp, mut victim) = setup();
    let mut attacker = Browser::new();
    let request = portal.start_login(&mut attacker, "example");
    let form = answer(&idp, &request);
    // the first post has no cookie, so our own form repeats it; then there is still none
    let page = consume(&portal, &mut victim, &form);
    assert_eq!(page.status, 200);
    let page = victim.submit(&page, "/saml/consume?again=1", &[]);
    assert_refused(&portal, &page, 403, "request.browser_binding_missing");
}

#[test]
fn a_wrong_browser_secret_is_refused() {
    let (portal, idp, mut browser) = setup();
    let request = portal.start_login(&mut browser, "example");
    browser.spoil("portal-login");
    let page = consume(&portal, &mut browser, &answer(&idp, &request));
    assert_refused(&portal, &page, 403, "request.other_browser");
}

#[test]
fn an_unknown_request_is_refused() {
    let (portal, idp, mut browser) = setup();
    let mut request = portal.start_login(&mut browser, "example");
    request.id = Some("_never-made".to_owned());
    let page = consume(&portal, &mut browser, &answer(&idp, &request));
    assert_refused(&portal, &page, 403, "request.unknown");
}

#[test]
fn an_answer_to_nothing_is_refused_unless_allowed() {
    let (portal, idp, mut browser) = setup();
    let request = portal.start_login(&mut browser, "example");
    let unsolicited = AuthnRequestInfo::unsolicited(&request.issuer, &request.acs_url);
    let page = consume(&portal, &mut browser, &answer(&idp, &unsolicited));
    assert_refused(&portal, &page, 403, "request.unsolicited_not_allowed");

    portal::connections::change(
        &portal.store,
        "example",
        idp_config::Actor::CommandLine,
        now(),
        |record| {
            record.settings.allow_unsolicited = true;
            Ok(())
        },
    )
    .unwrap();
    let page = consume(&portal, &mut browser, &answer(&idp, &unsolicited));
    assert_eq!(
        (page.status, page.header("location")),
        (303, "/"),
        "{}",
        page.body
    );
}

#[test]
fn an_issuer_that_two_connections_share_names_neither() {
    let (portal, idp, mut browser) = setup();
    portal.connect("second", &idp);
    let request = portal.start_login(&mut browser, "example");
    let unsolicited = AuthnRequestInfo::unsolicited(&request.issuer, &request.acs_url);
    let page = consume(&portal, &mut browser, &answer(&idp, &unsolicited));
    assert_refused(&portal, &page, 403, "connection.ambiguous");
    // with a request there is no doubt
    let page = consume(&portal, &mut browser, &answer(&idp, &request));
    assert_eq!(page.status, 303, "{}", page.body);
}

#[test]
fn an_unknown_issuer_is_refused() {
    let (portal, idp, mut browser) = setup();
    let request = portal.start_login(&mut browser, "example");
    let unsolicited = AuthnRequestInfo::unsolicited(&request.issuer, &request.acs_url);
    let other = idp.with_entity_id("https://other.example/metadata");
    let page = consume(&portal, &mut browser, &answer(&other, &unsolicited));
    assert_refused(&portal, &page, 403, "connection.unknown_issuer");
}

#[test]
fn a_changed_answer_is_refused_and_explained_to_the_administrator_only() {
    let (portal, idp, mut browser) = setup();
    let request = portal.start_login(&mut browser, "example");
    let xml = idp.respond(&request, &User::example(), now()).to_xml();
    let forged = xml.replace("alice@example.test", "admin@example.test");
    assert_ne!(xml, forged);
    let form = sso_testkit::form_body(forged.as_bytes(), request.relay_state.as_deref());
    let page = consume(&portal, &mut browser, &form);
    assert_refused(&portal, &page, 403, "signature.digest_mismatch");
    assert!(page.body.contains("/login/example"), "a way to try again");

    let entry = portal.last_log();
    let text = portal::explain::text(
        &entry,
        portal.store.log_message(entry.id).unwrap().as_deref(),
    );
    assert!(text.contains("signature.digest_mismatch"), "{text}");
    let mut admin = Browser::new();
    admin.sign_in_admin(&portal);
    let page = admin.get(&portal.url(&format!("/admin/logs/{}", entry.reference)));
    assert!(
        page.body.contains("signature.digest_mismatch"),
        "{}",
        page.body
    );
}

#[test]
fn the_wrong_audience_is_named_in_the_history() {
    let (portal, idp, mut browser) = setup();
    let mut request = portal.start_login(&mut browser, "example");
    request.issuer = "https://somebody-else.example/metadata".to_owned();
    let page = consume(&portal, &mut browser, &answer(&idp, &request));
    assert_refused(&portal, &page, 403, "conditions.audience_mismatch");
    let text = portal::explain::text(&portal.last_log(), None);
    assert!(text.contains("somebody-else.example"), "{text}");
}

#[test]
fn rubbish_is_refused_and_nothing_is_written() {
    let (portal, _, mut browser) = setup();
    let before = portal.log_len();
    let form = "application/x-www-form-urlencoded";
    let big = format!("SAMLResponse={}", "A".repeat(3 * 1024 * 1024));
    let cases: [(&str, &[u8], u16); 11] = [
        (form, b"", 400),
        (form, b"\xff\xfe\x00\x01binary\x00", 400),
        (form, b"SAMLResponse=%ff%fe", 400),
        (form, b"SAMLResponse=", 400),
        (form, b"SAMLResponse=*not*base64*", 400),
        (form, b"SAMLResponse=AAECAwQF", 400),
        (form, b"samlresponse=PHgvPg==", 400),
        (form, b"SAMLRequest=PHgvPg==", 400),
        (form, b"SAMLResponse=AA==&SAMLResponse=AA==", 400),
        (form, big.as_bytes(), 400),
        ("multipart/form-data; boundary=x", b"--x--", 415),
    ];
    for (kind, body, status) in cases {
        let page = browser.send(&portal.url("/saml/consume"), kind, body);
        assert_eq!(page.status, status, "{kind} {:?}", body.get(..40));
        assert!(page.body.contains("<h1>"), "a page");
    }
    let answer = common::announce(&portal, "/saml/consume", 5 * 1024 * 1024);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(portal.log_len(), before);
    assert_eq!(
        portal
            .store
            .open_sessions(SessionKind::User, now())
            .unwrap(),
        0
    );
}

#[test]
fn xml_that_is_no_response_leaves_an_audit_entry_and_nothing_else() {
    let (portal, _, mut browser) = setup();
    for (xml, code) in [
        ("<!DOCTYPE x><x/>", "xml.doctype"),
        (
            "<samlp:AuthnRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>",
            "response.root",
        ),
    ] {
        let form = sso_testkit::form_body(xml.as_bytes(), None);
        let page = consume(&portal, &mut browser, &form);
        assert_refused(&portal, &page, 400, code);
    }
}

#[test]
fn a_disabled_or_missing_connection_starts_nothing() {
    let (portal, _, mut browser) = setup();
    portal::connections::change(
        &portal.store,
        "example",
        idp_config::Actor::CommandLine,
        now(),
        |record| {
            record.settings.disabled = true;
            Ok(())
        },
    )
    .unwrap();
    for name in ["example", "none", "..%2f", "%00"] {
        let page = browser.get(&portal.url(&format!("/login/{name}")));
        assert_eq!(page.status, 404, "{name}");
    }
    assert!(
        !browser
            .get(&portal.url("/login"))
            .body
            .contains("Sign in with Example")
    );
}

#[test]
fn requests_are_signed_where_that_is_set_and_metadata_has_the_certificate() {
    let (portal, _, mut browser) = setup();
    let metadata = browser.get(&portal.url("/saml/metadata"));
    assert!(
        metadata
            .header("content-type")
            .starts_with("application/samlmetadata+xml")
    );
    assert!(metadata.body.contains("X509Certificate") && metadata.body.contains("/saml/consume"));
    let unsigned = browser.get(&portal.url("/login/example"));
    assert!(!unsigned.header("location").contains("Signature="));
    portal::connections::change(
        &portal.store,
        "example",
        idp_config::Actor::CommandLine,
        now(),
        |record| {
            record.settings.sign_requests = true;
            Ok(())
        },
    )
    .unwrap();
    let signed = browser.get(&portal.url("/login/example"));
    assert!(
        signed.header("location").contains("&SigAlg=")
            && signed.header("location").contains("&Signature=")
    );
}

#[test]
fn over_https_cookies_have_the_host_prefix() {
    let portal = Portal::start_at(Some("https://sso.example.test"));
    let idp = FakeIdp::preset(Preset::Generic);
    portal.connect("example", &idp);
    let mut browser = Browser::new();
    let page = browser.get(&portal.url("/login/example"));
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-portal-login-"), "{cookie}");
    for part in ["; Secure", "; HttpOnly", "; SameSite=None", "; Path=/;"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let request =
        AuthnRequestInfo::from_redirect(&page.header("location").parse().unwrap()).unwrap();
    assert_eq!(
        request.acs_url, "https://sso.example.test/saml/consume",
        "not from Host"
    );
    let page = consume(&portal, &mut browser, &answer(&idp, &request));
    assert_eq!(page.status, 303, "{}", page.body);
    let session = browser.cookie("__Host-portal-session");
    assert!(session.is_some());
}

#[test]
fn every_page_has_the_security_headers() {
    let (portal, _, mut browser) = setup();
    for path in [
        "/",
        "/login",
        "/login/example",
        "/saml/metadata",
        "/saml/slo",
        "/admin/login",
        "/admin/sso",
        "/none",
        "/style.css",
    ] {
        let page = browser.get(&portal.url(path));
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(page.header(name), value, "{path}");
        }
        assert!(
            page.header("content-security-policy")
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
    }
}

#[test]
fn an_encrypted_assertion_logs_in_with_the_certificate_of_the_metadata() {
    let (portal, idp, mut browser) = setup();
    let metadata = browser.get(&portal.url("/saml/metadata")).body;
    let encryption = metadata.split("use=\"encryption\"").nth(1).unwrap();
    let certificate = encryption.split("X509Certificate>").nth(1).unwrap();
    let certificate = certificate.split('<').next().unwrap();
    let der = saml_xml::types::decode_base64(certificate).unwrap();
    let spki = saml_xml::Certificate::from_der(&der)
        .unwrap()
        .key()
        .unwrap()
        .to_spki_der();
    let request = portal.start_login(&mut browser, "example");
    let answer = idp.respond(&request, &User::example(), now());
    let assertion = answer.assertion_xml();
    let how = sso_testkit::encrypt::Encryption::default();
    let encrypted = sso_testkit::encrypt::encrypted_assertion(&assertion, &spki, &how);
    let xml = answer.to_xml().replace(&assertion, &encrypted);
    assert!(!xml.contains("alice@example.test"));
    let form = sso_testkit::form_body(xml.as_bytes(), request.relay_state.as_deref());
    let page = consume(&portal, &mut browser, &form);
    assert_eq!(
        (page.status, page.header("location")),
        (303, "/"),
        "{:?}",
        portal.last_log()
    );
    let page = browser.follow(&portal.url("/"));
    assert!(page.body.contains("alice@example.test"), "{}", page.body);
}

#[test]
fn the_provisioning_policy_decides_who_becomes_a_user() {
    let (portal, idp, _) = setup();
    let policy = |json: &str| {
        portal::connections::change(
            &portal.store,
            "example",
            idp_config::Actor::CommandLine,
            now(),
            |record| {
                record.settings.provisioning = serde_json::from_str(json).unwrap();
                record.settings.groups_attribute = Some("groups".to_owned());
                Ok(())
            },
        )
        .unwrap();
    };
    let log_in = || {
        let mut browser = Browser::new();
        let request = portal.start_login(&mut browser, "example");
        consume(&portal, &mut browser, &answer(&idp, &request))
    };
    policy(r#"{ "create_on_first_login": false }"#);
    assert_refused(&portal, &log_in(), 403, "policy.creation_off");
    policy(r#"{ "groups_require": ["finance*"] }"#);
    assert_refused(&portal, &log_in(), 403, "policy.required_group");
    assert!(portal.store.users().unwrap().is_empty());
    policy(r#"{ "groups_require": ["finance*", "ENGINEER*"] }"#);
    assert_eq!(log_in().status, 303);
    assert_eq!(portal.store.users().unwrap().len(), 1);
}
