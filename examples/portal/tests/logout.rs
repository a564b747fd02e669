//! Single logout, both directions.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod common;

use common::{Browser, Page, Portal, answer};
use portal::connections::{self, NewConnection, Trust};
use portal::random::now;
use sso_store::ConnectionSettings;
use sso_testkit::{EMAIL, FakeIdp, IdpKey, KeyKind, LogoutInfo};
use url::Url;

const IDP_SLO: &str = "https://idp.example.test/slo";

fn idp() -> FakeIdp {
    FakeIdp::new().with_slo_url(IDP_SLO)
}

fn signed_in(portal: &Portal, idp: &FakeIdp) -> Browser {
    let mut browser = Browser::new();
    let request = portal.start_login(&mut browser, "example");
    let page = browser.post(&portal.url("/saml/consume"), &answer(idp, &request));
    assert_eq!(page.status, 303, "{}", page.body);
    browser
}

fn is_signed_in(portal: &Portal, browser: &mut Browser) -> bool {
    !browser.get(&portal.url("/")).body.contains("not signed in")
}

fn sign_out(portal: &Portal, browser: &mut Browser) -> Page {
    let page = browser.get(&portal.url("/"));
    browser.submit(&page, "/session/end", &[])
}

fn slo(portal: &Portal) -> String {
    portal.url("/saml/slo")
}

#[test]
fn the_button_signs_out_here_and_there() {
    let (portal, idp) = (Portal::start(), idp());
    portal.connect("example", &idp);
    let mut browser = signed_in(&portal, &idp);
    let page = sign_out(&portal, &mut browser);
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("You are signed out here"),
        "{}",
        page.body
    );
    assert!(
        !is_signed_in(&portal, &mut browser),
        "before anything was answered"
    );
    let target = page.header("refresh").strip_prefix("0; url=").unwrap();
    let request = LogoutInfo::from_redirect(&Url::parse(target).unwrap()).unwrap();
    assert!(request.is_request && target.contains("&Signature="));
    assert_eq!(request.name_id.as_deref(), Some("alice@example.test"));

    let answer = idp.logout_response(&slo(&portal), &request, now());
    let page = browser.get(answer.as_str());
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("here and at the identity provider"),
        "{}",
        page.body
    );
    // Once: the logout is done with
    assert_eq!(browser.get(answer.as_str()).status, 403);
    assert_eq!(
        portal.last_log().code.as_deref(),
        Some("logout.in_response_to_mismatch")
    );
}

#[test]
fn the_identity_provider_ends_every_session_of_a_user_once() {
    let (portal, idp) = (Portal::start(), idp());
    portal.connect("example", &idp);
    let (mut one, mut two) = (signed_in(&portal, &idp), signed_in(&portal, &idp));
    let name = "alice@example.test";

    let stranger = idp.clone().with_key(IdpKey::pooled(KeyKind::Rsa2048, 9));
    let forged = stranger.logout_request(&slo(&portal), name, Some(EMAIL), now());
    assert_eq!(Browser::new().get(forged.as_str()).status, 403);
    assert_eq!(
        portal.last_log().code.as_deref(),
        Some("signature.unknown_key")
    );
    let somebody = idp.logout_request(&slo(&portal), "bob@example.test", Some(EMAIL), now());
    assert_eq!(Browser::new().get(somebody.as_str()).status, 303);
    assert!(is_signed_in(&portal, &mut one) && is_signed_in(&portal, &mut two));

    let request = idp.logout_request(&slo(&portal), name, Some(EMAIL), now());
    let page = Browser::new().get(request.as_str());
    assert_eq!(page.status, 303);
    let answer = Url::parse(page.header("location")).unwrap();
    assert!(answer.as_str().starts_with(IDP_SLO));
    let answer = LogoutInfo::from_redirect(&answer).unwrap();
    assert!(!answer.is_request);
    assert_eq!(
        answer.status.as_deref(),
        Some("urn:oasis:names:tc:SAML:2.0:status:Success")
    );
    assert!(!is_signed_in(&portal, &mut one) && !is_signed_in(&portal, &mut two));

    assert_eq!(Browser::new().get(request.as_str()).status, 403);
    assert_eq!(portal.last_log().code.as_deref(), Some("logout.replayed"));
}

#[test]
fn a_connection_by_fingerprint_learns_the_certificate_at_a_login() {
    let (portal, idp) = (Portal::start(), idp());
    let digits: String = idp
        .key()
        .fingerprint()
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    let new = NewConnection {
        name: "example".to_owned(),
        label: "Example".to_owned(),
        preset: None,
        trust: Trust::Fingerprint {
            sha256: digits,
            entity_id: idp.entity_id().to_owned(),
            sso_url: idp.sso_url().to_owned(),
            slo_url: Some(IDP_SLO.to_owned()),
        },
        settings: ConnectionSettings::default(),
    };
    connections::add(
        &portal.store,
        new,
        &portal.base,
        idp_config::Actor::CommandLine,
        now(),
    )
    .unwrap();
    let name = "alice@example.test";
    let request = || idp.logout_request(&slo(&portal), name, Some(EMAIL), now());
    assert_eq!(Browser::new().get(request().as_str()).status, 403);
    assert_eq!(
        portal.last_log().code.as_deref(),
        Some("logout.no_certificate")
    );

    let mut browser = signed_in(&portal, &idp);
    assert_eq!(Browser::new().get(request().as_str()).status, 303);
    assert!(!is_signed_in(&portal, &mut browser));
}

#[test]
fn without_a_logout_service_there_the_button_ends_the_session_here() {
    let (portal, idp) = (Portal::start(), FakeIdp::new());
    portal.connect("example", &idp);
    let mut browser = signed_in(&portal, &idp);
    let page = sign_out(&portal, &mut browser);
    assert_eq!((page.status, page.header("location")), (303, "/"));
    assert!(!is_signed_in(&portal, &mut browser));
}

#[test]
fn the_development_identity_provider_takes_part() {
    let portal = Portal::start_with_dev_idp();
    let mut browser = Browser::new();
    let page = browser.follow(&portal.url("/login/dev-idp"));
    let page = browser.submit(&page, "/sign-in", &[]);
    let page = browser.submit(&page, "/saml/consume", &[]);
    assert_eq!(page.status, 303, "{}", page.body);
    assert!(is_signed_in(&portal, &mut browser));
    let page = sign_out(&portal, &mut browser);
    let target = page
        .header("refresh")
        .strip_prefix("0; url=")
        .unwrap()
        .to_owned();
    let page = browser.follow(&target);
    assert!(
        page.body.contains("here and at the identity provider"),
        "{}",
        page.body
    );
}
