//! Logout messages of real identity providers.

use saml_sp::{LogoutKind, LogoutMessage, LogoutOutcome, PendingLogout, ServiceProvider};
use saml_xml::types::parse_date_time;
use time::Duration;

use crate::captures::attribute;
use crate::common::{KEY, connection_to, read};

fn outcome(path: &str) -> String {
    let (idp, message) = path.split_once('/').unwrap();
    let variant = message.split('.').next().unwrap();
    let raw: serde_json::Value = serde_json::from_str(&read(&format!("{path}.raw.json"))).unwrap();
    let metadata = read(&format!("sp/sp-{variant}.xml"));
    let slo = metadata.split("SingleLogoutService").nth(1).unwrap();
    let acs = metadata.split("AssertionConsumerService").nth(1).unwrap();
    let sp = ServiceProvider::builder(attribute(&metadata, "entityID"), attribute(acs, "Location"))
        .slo_url(attribute(slo, "Location"))
        .signing_key(KEY.clone())
        .build()
        .unwrap();
    let text = |name: &str| raw.get(name).and_then(|value| value.as_str());
    let body;
    let message = if text("binding") == Some("redirect") {
        LogoutMessage::Redirect(text("url").unwrap().split_once('?').unwrap().1)
    } else {
        let fields = raw.get("fields").or_else(|| raw.get("form")).unwrap();
        let fields = fields.as_object().unwrap().iter();
        body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields.map(|(name, value)| (name, value.as_str().unwrap())))
            .finish();
        LogoutMessage::Post(body.as_bytes())
    };
    let received = match sp.receive_logout(message) {
        Ok(received) => received,
        Err(error) => return error.code().to_owned(),
    };
    let now =
        parse_date_time(attribute(received.xml(), "IssueInstant")).unwrap() + Duration::SECOND;
    let connection = connection_to(read(&format!("{idp}/idp-metadata.xml")), now);
    match received.kind() {
        LogoutKind::Request => match sp.validate_logout_request(&received, &connection, now) {
            Ok(_) => "request accepted".to_owned(),
            Err(error) => error.code().to_owned(),
        },
        _ => {
            let expires = now + Duration::MINUTE;
            let pending: PendingLogout = serde_json::from_value(serde_json::json!({
                "id": received.in_response_to(), "connection": connection.id(),
                "expires": i64::try_from(expires.unix_timestamp_nanos()).unwrap(),
            }))
            .unwrap();
            match sp.validate_logout_response(&received, &connection, &pending, now) {
                Ok(LogoutOutcome::Complete) => "complete".to_owned(),
                Ok(LogoutOutcome::Partial) => "partial".to_owned(),
                Ok(LogoutOutcome::Failed(status)) => format!("failed: {}", status.short_code()),
                Ok(other) => format!("{other:?}"),
                Err(error) => error.code().to_owned(),
            }
        }
    }
}

#[test]
fn each_capture_ends_as_it_should() {
    let mut seen = 0;
    for idp in ["pysaml2", "samlp-npm", "simplesamlphp"] {
        for variant in ["none", "resp", "assert", "both", "enc", "encgcm"] {
            for message in ["idpslo", "slo-LogoutRequest", "slo-LogoutResponse"] {
                let path = format!("{idp}/{variant}.{message}");
                if !crate::common::exists(&format!("{path}.raw.json")) {
                    continue;
                }
                // samlp sent the logout of every session to the URL of the variant "resp"
                let expected = match (idp, variant, message) {
                    ("samlp-npm", "none" | "assert" | "both", _) => "logout.destination_mismatch",
                    (_, _, "slo-LogoutResponse") => "complete",
                    _ => "request accepted",
                };
                assert_eq!(outcome(&path), expected, "{path}");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 24);
}
