//! Each answer on the form meets the code it is there to show.

use idp_config::IdpSource;
use saml_sp::{
    AcsForm, Connection, ConnectionId, Expected, LoginOptions, MemoryStore, RequestStore as _,
    ServiceProvider,
};
use sso_testkit::{AuthnRequestInfo, OsRandom, block_on};
use time::macros::datetime;

use crate::answer::SignIn;
use crate::{Broken, Config};

const ACS: &str = "http://127.0.0.1:8080/saml/consume";

fn outcome_of(broken: Option<Broken>) -> Result<String, String> {
    let now = datetime!(2026-12-01 12:00 UTC);
    let idp = Config::new("http://127.0.0.1:8081").allow_acs(ACS);
    assert!(idp.allows(ACS));
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

    let request = AuthnRequestInfo::from_outbound(&outbound).unwrap();
    let form = SignIn {
        request,
        email: "alice@example.test".to_owned(),
        display_name: "Alice".to_owned(),
        groups: "staff, engineering".to_owned(),
        broken,
    };
    let response = form.saml_response(idp.idp(), now);
    let received = sp.receive(AcsForm::fields(&response, None)).unwrap();
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
    assert_eq!(outcome_of(None), Ok("alice@example.test".to_owned()));
    for broken in Broken::ALL {
        let expected = match broken {
            Broken::Unsigned => "signature.missing",
            Broken::OtherKey => "signature.unknown_key",
            Broken::Edited => "signature.digest_mismatch",
            Broken::OtherAudience => "conditions.audience_mismatch",
            Broken::OtherRecipient => "subject.recipient_mismatch",
            Broken::Expired => "subject.expired",
            Broken::ClockAhead => "response.issue_instant_future",
            Broken::OtherRequest => "response.in_response_to_mismatch",
            Broken::OtherIssuer => "response.issuer_mismatch",
            Broken::NoNameId => "subject.name_id_missing",
            Broken::Refused => "status.not_success",
            Broken::Wrapped => "response.assertion_multiple",
        };
        assert_eq!(
            outcome_of(Some(*broken)),
            Err(expected.to_owned()),
            "{broken:?}"
        );
        assert_eq!(Broken::from_name(broken.name()), Some(*broken));
    }
}

#[test]
fn answers_go_only_where_they_are_known_to_belong() {
    let strict = Config::new("http://127.0.0.1:8081/").allow_acs(ACS);
    assert!(!strict.allows("http://127.0.0.1:8080/saml/consume/"));
    assert!(!strict.allows(""));
    let open = Config::new("http://127.0.0.1:8081").allow_loopback(true);
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
        assert_eq!(open.allows(url), answered, "{url}");
    }
}

#[test]
fn a_kept_key_keeps_the_metadata() {
    let first = Config::new("http://127.0.0.1:8081");
    let kept = Config::new("http://127.0.0.1:8081")
        .with_key(first.private_key_pem(), &first.certificate_pem());
    assert_eq!(first.metadata_xml(), kept.unwrap().metadata_xml());
    let broken = Config::new("http://127.0.0.1:8081").with_key("", "");
    assert_eq!(
        broken.unwrap_err().to_string(),
        "the private key is not a PKCS#8 PEM block"
    );
}
