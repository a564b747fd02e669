//! Logins from the first request to the last check, and forms that lead nowhere.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use conformance::{Exchange, WatchedStore, connection, service_provider, trust};
use saml_sp::{AcsForm, Expected, LoginOptions, Outbound, RequestBinding, RequestStore};
use sso_testkit::catalogue::{Base, Setting};
use sso_testkit::{
    AuthnRequestInfo, Clock, FakeIdp, OsRandom, Preset, Signs, UNSPECIFIED_SAML_1_0, User, block_on,
};
use time::Duration;
use time::macros::datetime;

const SP: &str = "https://app.example.test/saml/metadata";
const ACS: &str = "https://app.example.test/saml/consume";

/// One login at this IdP, over this binding, to the NameID and its format.
fn log_in(
    idp: &FakeIdp,
    binding: RequestBinding,
    fingerprint: bool,
) -> (String, Option<String>, usize) {
    let clock = Clock::new(datetime!(2026-12-01 12:00 UTC));
    let sp = service_provider(SP, ACS);
    let connection = connection(trust(idp, fingerprint, clock.now()), &Setting::default())
        .request_binding(binding);
    let store = WatchedStore::default();
    let options = LoginOptions::default().return_to("/inbox");
    let (outbound, pending) = sp
        .start_login(&connection, &options, clock.now(), &OsRandom::new())
        .unwrap();
    block_on(store.put(&pending)).unwrap();
    match (&outbound, binding) {
        (Outbound::Redirect(url), RequestBinding::Redirect) => {
            assert!(url.as_str().starts_with(idp.sso_url()))
        }
        (Outbound::PostForm(form), RequestBinding::Post) => {
            assert_eq!(form.action().as_str(), idp.sso_url());
            assert!(
                form.html().contains("<button type=\"submit\">"),
                "it works without JavaScript"
            );
        }
        other => panic!("another binding than asked for: {other:?}"),
    }

    // at the IdP
    clock.advance(Duration::seconds(40));
    let request = AuthnRequestInfo::from_outbound(&outbound).unwrap();
    assert_eq!(request.id.as_deref(), Some(pending.id().as_str()));
    assert_eq!(
        (request.issuer.as_str(), request.acs_url.as_str()),
        (SP, ACS)
    );
    let form = idp
        .respond(&request, &User::example(), clock.now())
        .to_form();

    // back at the service provider
    clock.advance(Duration::seconds(2));
    let received = sp.receive(AcsForm::urlencoded(form.as_bytes())).unwrap();
    assert_eq!(
        received.hints().in_response_to(),
        Some(pending.id().as_str())
    );
    assert_eq!(
        received.hints().relay_state(),
        Some(pending.relay_state().as_str())
    );
    let found = block_on(store.find(pending.id())).unwrap().unwrap();
    let validated = sp
        .validate(
            &received,
            &connection,
            Expected::Request(&found),
            clock.now(),
        )
        .unwrap();
    let login = block_on(validated.accept(&store, &store, clock.now())).unwrap();
    assert_eq!(login.return_to(), Some("/inbox"));
    assert_eq!(login.issuer(), idp.entity_id());
    let name_id = login.name_id().unwrap();
    (
        name_id.value().to_owned(),
        name_id.format().map(str::to_owned),
        login.attributes().len(),
    )
}

#[test]
fn generic_logs_in_by_both_bindings() {
    for binding in [RequestBinding::Redirect, RequestBinding::Post] {
        let (name_id, format, attributes) = log_in(&FakeIdp::new(), binding, false);
        assert_eq!((name_id.as_str(), attributes), ("alice@example.test", 3));
        assert_eq!(format.as_deref(), Some(sso_testkit::EMAIL));
    }
}

#[test]
fn jumpcloud_logs_in_whatever_its_administrator_typed_as_issuer() {
    for issuer in [
        None,
        Some(SP),
        Some("JumpCloud"),
        Some("urn:auth-portal"),
        Some("IdP Entity ID"),
    ] {
        let mut idp = FakeIdp::preset(Preset::JumpCloud);
        if let Some(issuer) = issuer {
            idp = idp.with_entity_id(issuer);
        }
        let metadata = idp.metadata_xml();
        assert!(!metadata.contains("validUntil") && !metadata.contains("<ds:Signature"));
        assert!(metadata.contains("HTTP-POST") && !metadata.contains("HTTP-Redirect"));
        let (name_id, format, attributes) = log_in(&idp, RequestBinding::Post, false);
        assert_eq!(
            (name_id.as_str(), attributes),
            ("alice@example.test", 0),
            "{issuer:?}"
        );
        assert_eq!(format.as_deref(), Some(UNSPECIFIED_SAML_1_0));
    }
}

#[test]
fn jumpcloud_with_the_redirect_endpoint_ticked_logs_in_by_redirect() {
    // by fingerprint, the SSO URL serves both bindings
    let idp = FakeIdp::preset(Preset::JumpCloud);
    assert_eq!(
        log_in(&idp, RequestBinding::Redirect, true).0,
        "alice@example.test"
    );
}

#[test]
fn jumpcloud_has_its_shape() {
    let idp = FakeIdp::preset(Preset::JumpCloud);
    let id = idp.new_id();
    assert!(
        id.len() == 40
            && id
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
        "{id}"
    );
    assert!(
        id.starts_with(|c: char| c.is_ascii_uppercase()),
        "an xs:ID starts with a letter: {id}"
    );
    assert_eq!(idp.key().raw_rsa().octets(), 512, "RSA-4096");
    let request = AuthnRequestInfo::new("_1", SP, ACS);
    let xml = idp
        .respond(&request, &User::example(), datetime!(2026-12-01 12:00 UTC))
        .to_xml();
    assert_eq!(sso_testkit::surgery::count(&xml, "ds:Signature"), 1);
    assert!(
        sso_testkit::surgery::get(&xml, "saml:Assertion").contains("<ds:Signature"),
        "the Assertion is what is signed"
    );
}

#[test]
fn keys_roll_over_with_two_in_the_metadata() {
    let (old, new) = (
        FakeIdp::new(),
        FakeIdp::new().with_key(sso_testkit::IdpKey::pooled(
            sso_testkit::KeyKind::Rsa2048,
            1,
        )),
    );
    let base = Base {
        idp: new.clone(),
        ..Base::example()
    };
    let metadata = old.metadata_with_keys(&[old.key(), new.key()]);
    let source = idp_config::IdpSource::MetadataXml {
        xml: metadata,
        entity_id: None,
    };
    let mut exchange = Exchange::start(&base, &Setting::default(), &OsRandom::new());
    exchange.connection = connection(source.resolve(base.now).unwrap(), &Setting::default());
    let base = exchange.base(&base);
    for idp in [old, new] {
        let form = Base {
            idp,
            signs: Signs::Both,
            ..base.clone()
        }
        .answer()
        .to_form();
        let login = exchange.judge(AcsForm::urlencoded(form.as_bytes()), &exchange.store());
        assert_eq!(
            login.unwrap().name_id().unwrap().value(),
            "alice@example.test"
        );
    }
}

#[test]
fn an_unknown_key_asks_for_a_refresh_and_the_same_message_is_then_accepted() {
    let base = Base::example();
    let mut exchange = Exchange::start(&base, &Setting::default(), &OsRandom::new());
    let rolled = FakeIdp::new().with_key(sso_testkit::IdpKey::pooled(
        sso_testkit::KeyKind::Rsa2048,
        1,
    ));
    let base = Base {
        idp: rolled.clone(),
        ..exchange.base(&base)
    };
    let form = base.answer().to_form();
    let received = exchange
        .sp
        .receive(AcsForm::urlencoded(form.as_bytes()))
        .unwrap();
    let expected = Expected::Request(&exchange.pending);
    let refused = exchange
        .sp
        .validate(&received, &exchange.connection, expected, base.now)
        .unwrap_err();
    assert_eq!(refused.code(), "signature.unknown_key");
    assert_eq!(refused.needs(), Some(saml_sp::Need::RefreshMetadata));
    exchange.connection = exchange
        .connection
        .clone()
        .with_identity_provider(trust(&rolled, false, base.now));
    let validated = exchange
        .sp
        .validate(&received, &exchange.connection, expected, base.now)
        .unwrap();
    let store = exchange.store();
    assert!(block_on(validated.accept(&store, &store, base.now)).is_ok());
}

#[test]
fn what_a_browser_is_shown_is_the_same_for_every_reason() {
    let base = Base::example();
    let mut messages = std::collections::BTreeSet::new();
    for case in sso_testkit::catalogue::catalogue().iter().step_by(7) {
        let case_base = case.base(&base);
        let exchange = Exchange::start(&case_base, &case.setting, &OsRandom::new());
        let form = case.build(&exchange.base(&case_base)).to_form(None);
        match exchange.sp.receive(AcsForm::urlencoded(&form)) {
            Err(error) => messages.insert(error.public_message()),
            Ok(received) => {
                let expected = Expected::Request(&exchange.pending);
                match exchange
                    .sp
                    .validate(&received, &exchange.connection, expected, base.now)
                {
                    Err(refused) => messages.insert(refused.public_message()),
                    Ok(_) => false,
                }
            }
        };
    }
    assert_eq!(messages.len(), 1, "{messages:?}");
}

/// Every product logs in as it comes, under the strict defaults, with a message of its own shape.
#[test]
fn ten_products_log_in_as_they_come() {
    for preset in Preset::PRODUCTS {
        let known = preset.library_preset().unwrap();
        let idp = FakeIdp::preset(*preset);
        let clock = Clock::new(datetime!(2026-12-01 12:00 UTC));
        let sp = service_provider(SP, ACS);
        for fingerprint in [false, true] {
            let connection = connection(trust(&idp, fingerprint, clock.now()), &Setting::default())
                .with_preset(known);
            let store = WatchedStore::default();
            let (outbound, pending) = sp
                .start_login(
                    &connection,
                    &LoginOptions::default(),
                    clock.now(),
                    &OsRandom::new(),
                )
                .unwrap();
            block_on(store.put(&pending)).unwrap();
            let offers_redirect = known.offers.contains(&saml_sp::Binding::HttpRedirect);
            if !fingerprint {
                assert_eq!(
                    matches!(outbound, Outbound::Redirect(_)),
                    offers_redirect,
                    "{preset:?}"
                );
            }
            let request = AuthnRequestInfo::new(pending.id().as_str(), SP, ACS);
            let answer = idp.respond(&request, &User::example(), clock.now());
            let xml = answer.to_xml();
            let shape = idp.profile().shape;
            assert!(xml.contains(&format!("<{}:Response", shape.samlp)), "{xml}");
            assert!(xml.starts_with(shape.declaration), "{xml}");
            let form = answer.to_form();
            let received = sp.receive(AcsForm::urlencoded(form.as_bytes())).unwrap();
            let validated = sp
                .validate(
                    &received,
                    &connection,
                    Expected::Request(&pending),
                    clock.now(),
                )
                .unwrap_or_else(|rejection| panic!("{preset:?}: {}\n{xml}", rejection.code()));
            let login = block_on(validated.accept(&store, &store, clock.now())).unwrap();
            let name_id = login.name_id().unwrap();
            assert_eq!(name_id.value(), "alice@example.test", "{preset:?}");
            let signed: Vec<_> = login.report().signed().map(|e| e.as_str()).collect();
            let expected: &[&str] = match known.signs {
                saml_sp::Signs::Assertion => &["assertion"],
                saml_sp::Signs::Response => &["response"],
                _ => &["response", "assertion"],
            };
            assert_eq!(signed, expected, "{preset:?}");
            if *preset != Preset::JumpCloud {
                let [email, _, groups] = shape.attribute_names;
                assert_eq!(login.attributes().single(email), Ok("alice@example.test"));
                assert_eq!(
                    login.attributes().texts(groups),
                    Ok(vec!["staff", "engineering"])
                );
            }
            // The same message a second time
            let again = sp
                .validate(
                    &received,
                    &connection,
                    Expected::Request(&pending),
                    clock.now(),
                )
                .unwrap();
            let refused = block_on(again.accept(&store, &store, clock.now())).unwrap_err();
            assert_eq!(refused.code(), "request.already_used", "{preset:?}");
        }
    }
}
