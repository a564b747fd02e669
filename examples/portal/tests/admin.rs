//! The settings pages: who gets in, what they change, what they refuse.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Browser, Portal};
use sso_testkit::{FakeIdp, Preset};

const FINGERPRINT: &str = "5D:4F:2A:97:09:6C:1A:BA:0E:6A:E4:69:6B:21:12:A3:5D:4F:2A:97:09:6C:1A:BA:0E:6A:E4:69:6B:21:12:A3";

#[test]
fn the_settings_are_closed_without_the_password() {
    let portal = Portal::start();
    portal.connect("example", &FakeIdp::preset(Preset::Generic));
    let mut browser = Browser::new();
    for path in [
        "/admin/sso",
        "/admin/sso/connection/example",
        "/admin/logs",
        "/admin/logs/X",
        "/admin/users",
    ] {
        let page = browser.get(&portal.url(path));
        assert_eq!(
            (page.status, page.header("location")),
            (303, "/admin/login"),
            "{path}"
        );
    }
    for path in [
        "/admin/sso/metadata",
        "/admin/sso/fingerprint",
        "/admin/sso/connection/example",
        "/admin/sso/connection/example/remove",
        "/admin/logout",
    ] {
        let page = browser.post(&portal.url(path), "csrf=x");
        assert_eq!(
            (page.status, page.header("location")),
            (303, "/admin/login"),
            "{path}"
        );
    }
    assert_eq!(portal.store.connections().unwrap().len(), 1);

    let page = browser.get(&portal.url("/admin/login"));
    for (name, password) in [
        ("admin", "wrong"),
        ("nobody", portal.password.as_str()),
        ("admin", ""),
    ] {
        let page = browser.submit(
            &page,
            "/admin/login",
            &[("name", name), ("password", password)],
        );
        assert_eq!(page.status, 403);
        assert_eq!(portal.last_log().event, "admin.refused");
    }
    assert_eq!(browser.get(&portal.url("/admin/sso")).status, 303);

    let page = browser.sign_in_admin(&portal);
    assert!(page.body.contains("Single sign-on"), "{}", page.body);
    let page = browser.submit(&page, "/admin/logout", &[]);
    assert_eq!(page.status, 303);
    assert_eq!(browser.get(&portal.url("/admin/sso")).status, 303);
}

#[test]
fn a_new_password_locks_the_old_session_out() {
    let portal = Portal::start();
    let mut browser = Browser::new();
    browser.sign_in_admin(&portal);
    assert_eq!(browser.get(&portal.url("/admin/sso")).status, 200);
    let password =
        portal::admin::reset_password(&portal.store, "admin", portal::random::now()).unwrap();
    assert_ne!(password, portal.password);
    assert_eq!(browser.get(&portal.url("/admin/sso")).status, 303);
}

#[test]
fn forms_without_their_token_are_refused() {
    let portal = Portal::start();
    portal.connect("example", &FakeIdp::preset(Preset::Generic));
    let mut browser = Browser::new();
    browser.sign_in_admin(&portal);
    let other = Browser::new().get(&portal.url("/admin/login"));
    let (_, fields) = other.form("/admin/login");
    let foreign = fields
        .iter()
        .find(|(name, _)| name == "csrf")
        .unwrap()
        .1
        .clone();
    for path in [
        "/admin/sso/metadata",
        "/admin/sso/fingerprint",
        "/admin/sso/connection/example",
        "/admin/sso/connection/example/remove",
        "/admin/logout",
        "/session/end",
        "/admin/login",
    ] {
        for body in ["", "csrf=", "csrf=x", &format!("csrf={foreign}")] {
            let page = browser.post(&portal.url(path), body);
            assert_eq!(page.status, 403, "{path} {body}");
        }
        let page = browser.send(&portal.url(path), "text/plain", b"csrf=x");
        assert_eq!(page.status, 415, "{path}");
    }
    assert_eq!(portal.store.connections().unwrap().len(), 1);
    assert_eq!(
        browser.get(&portal.url("/admin/sso")).status,
        200,
        "still signed in"
    );
}

#[test]
fn a_connection_by_metadata_is_added_changed_and_removed() {
    let portal = Portal::start();
    let idp = FakeIdp::preset(Preset::JumpCloud);
    let mut browser = Browser::new();
    let page = browser.sign_in_admin(&portal);
    let metadata = idp.metadata_xml();
    let fill = [
        ("label", "Jump <Cloud>"),
        ("name", "JC"),
        ("preset", "jumpcloud"),
        ("metadata", metadata.as_str()),
    ];
    let page = browser.submit(&page, "/admin/sso/metadata", &fill);
    assert_eq!(
        page.header("location"),
        "/admin/sso/connection/jc",
        "{}",
        page.body
    );
    let page = browser.rest_of(page);
    assert!(page.body.contains("Jump &lt;Cloud&gt;"), "escaped");
    assert!(
        page.body.contains(idp.sso_url()) && page.body.contains("SP Entity ID"),
        "{}",
        page.body
    );
    assert!(
        browser
            .get(&portal.url("/login"))
            .body
            .contains("Sign in with Jump &lt;Cloud&gt;")
    );

    let fill = [
        ("label", "JumpCloud"),
        ("required_signature", "both"),
        ("request_binding", "auto"),
        ("disabled", "yes"),
    ];
    let saved = browser.submit(&page, "/admin/sso/connection/jc", &fill);
    assert_eq!(saved.status, 303, "{}", saved.body);
    let record = portal.store.connections().unwrap().remove(0);
    assert_eq!(record.label, "JumpCloud");
    assert!(record.settings.disabled && !record.settings.allow_unsolicited);
    assert_eq!(
        record.settings.required_signature,
        sso_store::RequiredSignature::Both
    );

    let wrong = browser.submit(
        &page,
        "/admin/sso/connection/jc",
        &[("required_signature", "none"), ("label", "x")],
    );
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("connection.setting"));

    let removed = browser.submit(&page, "/remove", &[]);
    assert_eq!(removed.status, 303);
    assert!(portal.store.connections().unwrap().is_empty());
    let events: Vec<_> = portal
        .store
        .log(None, 9)
        .unwrap()
        .into_iter()
        .map(|e| e.event)
        .collect();
    assert_eq!(
        events,
        [
            "connection.removed",
            "connection.changed",
            "connection.added",
            "admin.signed_in"
        ]
    );
}

#[test]
fn a_connection_by_fingerprint_is_added() {
    let portal = Portal::start();
    let mut browser = Browser::new();
    let page = browser.sign_in_admin(&portal);
    let fill = [
        ("label", "Acme"),
        ("name", "acme"),
        ("sha256", FINGERPRINT),
        ("entity_id", "JumpCloud"),
        ("sso_url", "https://sso.example/saml2"),
    ];
    let page = browser.submit(&page, "/admin/sso/fingerprint", &fill);
    assert_eq!(page.status, 303, "{}", page.body);
    let page = browser.rest_of(page);
    assert!(page.body.contains(FINGERPRINT), "{}", page.body);
}

#[test]
fn what_cannot_work_is_refused_with_its_code_and_nothing_is_written() {
    let portal = Portal::start();
    portal.connect("taken", &FakeIdp::preset(Preset::Generic));
    let before = portal.log_len();
    let mut browser = Browser::new();
    let page = browser.sign_in_admin(&portal);
    let sha1 = "5D:4F:2A:97:09:6C:1A:BA:0E:6A:E4:69:6B:21:12:A3:5D:4F:2A:97";
    let fingerprint = |name, label, sha256, sso_url| {
        [
            ("name", name),
            ("label", label),
            ("sha256", sha256),
            ("entity_id", "x"),
            ("sso_url", sso_url),
        ]
    };
    let cases = [
        (
            fingerprint("a b", "A", FINGERPRINT, "https://a.example/"),
            "connection.name",
            422,
        ),
        (
            fingerprint("taken", "A", FINGERPRINT, "https://a.example/"),
            "connection.name_taken",
            409,
        ),
        (
            fingerprint("a", " ", FINGERPRINT, "https://a.example/"),
            "connection.label",
            422,
        ),
        (
            fingerprint("a", "A", sha1, "https://a.example/"),
            "config.fingerprint_sha1",
            422,
        ),
        (
            fingerprint("a", "A", FINGERPRINT, "javascript:alert(1)"),
            "config.url_scheme",
            422,
        ),
    ];
    for (fill, code, status) in cases {
        let answer = browser.submit(&page, "/admin/sso/fingerprint", &fill);
        assert_eq!(answer.status, status, "{code}");
        assert!(answer.body.contains(code), "{code} in {}", answer.body);
    }
    for metadata in ["", "not xml", "<!DOCTYPE x><x/>", "<x/>"] {
        let fill = [("name", "a"), ("label", "A"), ("metadata", metadata)];
        let answer = browser.submit(&page, "/admin/sso/metadata", &fill);
        assert_eq!(answer.status, 422, "{metadata}");
        assert!(answer.body.contains("metadata."), "{}", answer.body);
    }
    assert_eq!(portal.store.connections().unwrap().len(), 1);
    assert_eq!(
        portal.log_len(),
        before + 1,
        "only the administrator's sign-in"
    );
}
