//! Each answer on the form meets the code it is there to show.

use idp_config::IdpSource;
use saml_sp::{
    AcsForm, Connection, ConnectionId, Expected, LoginOptions, MemoryStore, RequestStore as _,
    ServiceProvider,
};
use saml_xml::types::encode_base64;
use sso_testkit::{AuthnRequestInfo, OsRandom, block_on};
use time::macros::datetime;

use crate::answer::SignIn;
use crate::{Config, DevIdp, Variant};

const ACS: &str = "http://127.0.0.1:8080/saml/consume";

fn code_of(variant: Variant) -> Result<String, String> {
    let now = datetime!(2026-12-01 12:00 UTC);
    let idp = DevIdp::new("http://127.0.0.1:8081", Config::default().acs_url(ACS)).unwrap();
    assert!(idp.answers(ACS));
    let sp = ServiceProvider::builder("http://127.0.0.1:8080/saml/metadata", ACS)
        .build()
        .unwrap();
    let source = IdpSource::MetadataXml {
        xml: idp.metadata_xml(),
        entity_id: None,
    };
    let connection = Connection::new(
        ConnectionId::new("dev").unwrap(),
        source.resolve(now).unwrap(),
    );
    let stores = MemoryStore::new();
    let (outbound, pending) = sp
        .start_login(&connection, &LoginOptions::default(), now, &OsRandom::new())
        .unwrap();
    block_on(stores.put(&pending)).unwrap();

    let mut form = SignIn::prefilled(&AuthnRequestInfo::from_outbound(&outbound).unwrap());
    form.variant = variant;
    let response = encode_base64(form.response_xml(&idp, now).as_bytes());
    let received = sp
        .receive(AcsForm::fields(&response, form.relay_state.as_deref()))
        .unwrap();
    let accepted = sp
        .validate(&received, &connection, Expected::Request(&pending), now)
        .and_then(|validated| block_on(validated.accept(&stores, &stores, now)));
    match accepted {
        Ok(login) => Ok(login.name_id().unwrap().value().to_owned()),
        Err(rejection) => Err(rejection.code().to_owned()),
    }
}

#[test]
fn every_answer_meets_its_code() {
    for variant in Variant::ALL {
        let expected = match variant {
            Variant::Good => Ok("alice@example.test"),
            Variant::Audience => Err("conditions.audience_mismatch"),
            Variant::Recipient => Err("subject.recipient_mismatch"),
            Variant::Expired => Err("subject.expired"),
            Variant::Early => Err("response.issue_instant_future"),
            Variant::Unsigned => Err("signature.missing"),
            Variant::OtherKey => Err("signature.unknown_key"),
            Variant::Tampered => Err("signature.digest_mismatch"),
            Variant::NoNameId => Err("subject.name_id_missing"),
            Variant::Refused => Err("status.not_success"),
        };
        assert_eq!(
            code_of(*variant),
            expected.map(str::to_owned).map_err(str::to_owned),
            "{variant:?}"
        );
        assert_eq!(Variant::from_name(variant.name()), *variant);
    }
}

#[test]
fn answers_go_only_where_they_are_known_to_belong() {
    let strict = DevIdp::new("http://127.0.0.1:8081/", Config::default().acs_url(ACS)).unwrap();
    assert!(!strict.answers("http://127.0.0.1:8080/saml/consume/"));
    assert!(!strict.answers(""));
    let open = DevIdp::new(
        "http://127.0.0.1:8081",
        Config::default().any_loopback_acs(),
    )
    .unwrap();
    for (url, answered) in [
        ("http://127.0.0.1:3000/acs", true),
        ("http://[::1]:3000/acs", true),
        ("http://localhost/acs", true),
        ("https://evil.example/acs", false),
        ("http://127.0.0.1.evil.example/acs", false),
        ("http://127.0.0.1@evil.example/acs", false),
        ("javascript:alert(1)//127.0.0.1", false),
        ("", false),
    ] {
        assert_eq!(open.answers(url), answered, "{url}");
    }
}

#[test]
fn a_kept_key_keeps_the_metadata() {
    let first = DevIdp::new("http://127.0.0.1:8081", Config::default()).unwrap();
    let config = Config::default().key(first.private_key_pem(), first.certificate_pem());
    let second = DevIdp::new("http://127.0.0.1:8081", config).unwrap();
    assert_eq!(first.metadata_xml(), second.metadata_xml());
    let broken = DevIdp::new("http://127.0.0.1:8081", Config::default().key("", ""));
    assert_eq!(
        broken.unwrap_err().to_string(),
        "the private key is not a PKCS#8 PEM block"
    );
}
