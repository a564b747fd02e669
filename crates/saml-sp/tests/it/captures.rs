//! Messages of real identity providers, each validated at its own time.

use crate::common::{self, block_on, connection_to, pending_for, read};
use saml_sp::{
    AcsForm, Connection, Expected, Login, MemoryStore, Rejection, RequestStore, ServiceProvider,
    ServiceProviderBuilder, danger,
};
use saml_xml::types::{encode_base64, parse_date_time};
use time::{Duration, OffsetDateTime};

const IDPS: [&str; 3] = ["pysaml2", "samlp-npm", "simplesamlphp"];
const SIGNED: [&str; 3] = ["resp", "assert", "both"];

/// The value of the first attribute with this name.
pub(crate) fn attribute<'a>(xml: &'a str, name: &str) -> &'a str {
    let from = xml.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
    &xml[from..from + xml[from..].find('"').unwrap()]
}

pub(crate) struct Capture {
    sp: ServiceProvider,
    pub connection: Connection,
    xml: String,
    now: OffsetDateTime,
}

impl Capture {
    fn load(idp: &str, message: &str) -> Self {
        Self::load_with(idp, message, |sp| sp)
    }

    pub(crate) fn load_with(
        idp: &str,
        message: &str,
        change: impl FnOnce(ServiceProviderBuilder) -> ServiceProviderBuilder,
    ) -> Self {
        let variant = message
            .split('.')
            .next()
            .unwrap()
            .rsplit('-')
            .next()
            .unwrap();
        let xml = read(&format!("{idp}/{message}.xml"));
        let now = parse_date_time(attribute(&xml, "IssueInstant")).unwrap() + Duration::SECOND;
        let metadata = read(&format!("sp/sp-{variant}.xml"));
        let acs = metadata.split("AssertionConsumerService").nth(1).unwrap();
        let sp =
            ServiceProvider::builder(attribute(&metadata, "entityID"), attribute(acs, "Location"));
        Self {
            sp: change(sp).build().unwrap(),
            connection: connection_to(read(&format!("{idp}/idp-metadata.xml")), now)
                .allow_unsolicited(true),
            xml,
            now,
        }
    }

    pub(crate) fn login(&self, request_id: Option<&str>) -> Result<Login, Rejection> {
        let store = MemoryStore::new();
        let received = self
            .sp
            .receive(AcsForm::fields(&encode_base64(self.xml.as_bytes()), None))?;
        let pending = request_id.map(|id| {
            serde_json::from_value(pending_for(id, self.sp.acs_url(), self.now)).unwrap()
        });
        let expected = pending
            .as_ref()
            .map_or(Expected::Unsolicited, Expected::Request);
        if let Some(pending) = &pending {
            block_on(store.put(pending)).unwrap();
        }
        let validated = self
            .sp
            .validate(&received, &self.connection, expected, self.now)?;
        block_on(validated.accept(&store, &store, self.now))
    }
}

pub(crate) fn request_id(idp: &str, variant: &str) -> String {
    attribute(&read(&format!("{idp}/{variant}.authnrequest.xml")), "ID").to_owned()
}

pub(crate) fn assert_user(idp: &str, login: &Login) {
    let name_id = login.name_id().unwrap();
    assert_eq!(
        name_id.format(),
        Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")
    );
    let attributes: Vec<(&str, Vec<&str>)> = login
        .attributes()
        .iter()
        .map(|a| {
            (
                a.name(),
                a.values().iter().map(|v| v.as_text().unwrap()).collect(),
            )
        })
        .collect();
    let claim = |name| format!("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/{name}");
    let expected: Vec<(String, Vec<&str>)> = match idp {
        "samlp-npm" => {
            assert_eq!(name_id.value(), "alice");
            vec![
                (claim("nameidentifier"), vec!["alice"]),
                (claim("emailaddress"), vec!["alice@example.test"]),
                (claim("name"), vec!["Alice Ünï <&>"]),
                (claim("givenname"), vec!["Alice"]),
                (claim("surname"), vec!["Ærø"]),
            ]
        }
        _ => {
            assert_eq!(name_id.value(), "alice@example.test");
            let names = if idp == "pysaml2" {
                [
                    "urn:oid:0.9.2342.19200300.100.1.1",
                    "urn:oid:0.9.2342.19200300.100.1.3",
                    "urn:oid:2.5.4.42",
                    "urn:oid:2.5.4.4",
                    "urn:oid:1.3.6.1.4.1.5923.1.1.1.1",
                ]
            } else {
                ["uid", "mail", "givenName", "sn", "groups"]
            };
            let values = [
                vec!["alice"],
                vec!["alice@example.test"],
                vec!["Alice"],
                vec!["Ünïcode & <Ærø>"],
                vec!["admins", "engineering"],
            ];
            names.map(str::to_owned).into_iter().zip(values).collect()
        }
    };
    let expected: Vec<(&str, Vec<&str>)> = expected
        .iter()
        .map(|(n, v)| (n.as_str(), v.clone()))
        .collect();
    assert_eq!(attributes, expected);
    assert!(login.session().session_index().is_some());
}

fn assert_signed(variant: &str, login: &Login) {
    let signed: Vec<_> = login
        .report()
        .signed()
        .map(saml_sp::SignedElement::as_str)
        .collect();
    let expected: &[&str] = match variant {
        "resp" => &["response"],
        "assert" => &["assertion"],
        _ => &["response", "assertion"],
    };
    assert_eq!(signed, expected);
}

#[test]
fn accepts_every_signed_response() {
    for idp in IDPS {
        for variant in SIGNED {
            let capture = Capture::load(idp, &format!("{variant}.response"));
            let login = capture.login(Some(&request_id(idp, variant)));
            let login = login.unwrap_or_else(|r| panic!("{idp}/{variant}: {r}\n{}", r.report()));
            assert_user(idp, &login);
            assert_signed(variant, &login);
            assert_eq!(login.return_to(), Some("/reports/7"));
        }
    }
}

#[test]
fn accepts_a_fresh_authentication() {
    let capture = Capture::load("simplesamlphp", "force-both.response");
    let login = capture
        .login(Some(&request_id("simplesamlphp", "force-both")))
        .unwrap();
    assert_user("simplesamlphp", &login);
}

#[test]
fn reports_a_refusal_of_the_identity_provider() {
    let capture = Capture::load("simplesamlphp", "passive-both.response");
    let rejection = capture
        .login(Some(&request_id("simplesamlphp", "passive-both")))
        .unwrap_err();
    assert_eq!(rejection.code(), "status.not_success");
    let status = rejection.status().unwrap();
    assert_eq!(status.short_code(), "NoPassive");
    assert_eq!(
        status.message(),
        Some("Passive authentication not supported.")
    );
    assert_eq!(rejection.report().signed().count(), 1);
}

#[test]
fn accepts_every_signed_unsolicited_response() {
    for idp in IDPS {
        for variant in SIGNED {
            let mut capture = Capture::load(idp, &format!("{variant}.idpinit"));
            // samlp leaves the audience out of unsolicited responses, against SAML Profiles §4.1.4.2
            if idp == "samlp-npm" {
                assert_eq!(
                    capture.login(None).unwrap_err().code(),
                    "conditions.audience_missing"
                );
                capture.connection = danger::accept_missing_audience(capture.connection);
            }
            let login = capture.login(None);
            let login = login.unwrap_or_else(|r| panic!("{idp}/{variant}: {r}\n{}", r.report()));
            assert_user(idp, &login);
            assert_signed(variant, &login);
            assert_eq!(login.return_to(), None);
        }
    }
}

#[test]
fn refuses_unsolicited_responses_by_default() {
    let mut capture = Capture::load("simplesamlphp", "both.idpinit");
    capture.connection = capture.connection.allow_unsolicited(false);
    assert_eq!(
        capture.login(None).unwrap_err().code(),
        "request.unsolicited_not_allowed"
    );
}

#[test]
fn refuses_every_unsigned_message() {
    for idp in IDPS {
        let capture = Capture::load(idp, "none.response");
        let rejection = capture.login(Some(&request_id(idp, "none"))).unwrap_err();
        assert_eq!(rejection.code(), "signature.missing", "{idp}");
        let rejection = Capture::load(idp, "none.idpinit").login(None).unwrap_err();
        assert_eq!(rejection.code(), "signature.missing", "{idp}");
    }
}

#[test]
fn refuses_every_encrypted_message_by_its_own_code() {
    for idp in IDPS {
        for variant in ["enc", "encgcm"] {
            let capture = Capture::load(idp, &format!("{variant}.response"));
            let rejection = capture.login(Some(&request_id(idp, variant))).unwrap_err();
            assert_eq!(
                rejection.code(),
                "response.encrypted_assertion",
                "{idp}/{variant}"
            );
            let rejection = Capture::load(idp, &format!("{variant}.idpinit"))
                .login(None)
                .unwrap_err();
            assert_eq!(
                rejection.code(),
                "response.encrypted_assertion",
                "{idp}/{variant}"
            );
        }
    }
}

#[test]
fn refuses_logout_messages_at_the_consumer_service() {
    for message in ["both.slo-LogoutResponse", "both.idpslo"] {
        let xml = read(&format!("simplesamlphp/{message}.xml"));
        let sp = common::sp();
        let error = sp
            .receive(AcsForm::fields(&encode_base64(xml.as_bytes()), None))
            .unwrap_err();
        assert_eq!(error.code(), "response.root");
    }
}

#[test]
fn refuses_every_message_of_another_identity_provider() {
    for (idp, other) in IDPS.iter().zip(IDPS.iter().cycle().skip(1)) {
        let mut capture = Capture::load(idp, "both.response");
        capture.connection = Capture::load(other, "both.response").connection;
        let rejection = capture.login(Some(&request_id(idp, "both"))).unwrap_err();
        assert_eq!(rejection.code(), "signature.unknown_key");
        // another issuer too: fetching metadata would not help
        assert_eq!(rejection.needs(), None);
    }
}
