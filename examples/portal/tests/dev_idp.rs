//! What a newcomer does: one click at the portal, one at the development identity provider.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::unreachable,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Browser, Page, Portal};
use portal::random::now;
use sso_store::SessionKind;

/// From the portal's button to the identity provider's sign-in form.
fn to_sign_in_form(portal: &Portal, browser: &mut Browser) -> Page {
    let page = browser.get(&portal.url("/login"));
    assert!(
        page.body.contains("href=\"/login/dev-idp\""),
        "{}",
        page.body
    );
    let page = browser.follow(&portal.url("/login/dev-idp"));
    assert_eq!(page.status, 200, "{}", page.body);
    page
}

#[test]
fn the_prefilled_form_signs_in_unchanged() {
    let portal = Portal::start_with_dev_idp();
    let mut browser = Browser::new();
    let form = to_sign_in_form(&portal, &mut browser);
    let page = browser.submit(&form, "/sign-in", &[]);
    // the identity provider is on another port, which is the same site: the cookie comes along
    let page = browser.submit(&page, "/saml/consume", &[]);
    let page = browser.rest_of(page);
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("You are signed in"), "{}", page.body);
    let users = portal.store.users().unwrap();
    assert!(users[0].name_id.contains('@'), "{users:?}");
    assert_eq!(users[0].connection, "dev-idp");
}

#[test]
fn every_broken_answer_is_refused_with_its_own_code() {
    let portal = Portal::start_with_dev_idp();
    for (broken, code) in [
        ("unsigned", "signature.missing"),
        ("other_key", "signature.unknown_key"),
        ("edited", "signature.digest_mismatch"),
        ("wrapped", "response.assertion_multiple"),
        ("other_audience", "conditions.audience_mismatch"),
        ("other_recipient", "subject.recipient_mismatch"),
        ("other_issuer", "response.issuer_mismatch"),
        ("other_request", "request.unknown"),
        ("expired", "subject.expired"),
        ("refused", "status.not_success"),
    ] {
        let mut browser = Browser::new();
        let form = to_sign_in_form(&portal, &mut browser);
        let page = browser.submit(&form, "/sign-in", &[("broken", broken)]);
        let page = browser.submit(&page, "/saml/consume", &[]);
        assert_eq!(page.status, 403, "{broken}: {}", page.body);
        assert!(!page.body.contains(code), "{broken}");
        let entry = portal.last_log();
        assert_eq!(entry.code.as_deref(), Some(code), "{broken}");
        assert!(page.body.contains(&entry.reference), "{broken}");
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

#[test]
fn the_connection_is_there_only_while_the_provider_runs() {
    let portal = Portal::start_with_dev_idp();
    assert_eq!(portal.store.connections().unwrap().len(), 1);
    portal::dev::switch_off(&portal.store).unwrap();
    assert!(portal.store.connections().unwrap().is_empty());
    portal::dev::switch_off(&portal.store).unwrap();
}
