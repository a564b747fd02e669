//! `lint …`: a connection with one thing to be said about it.

use idp_config::{IdpSource, TrustPolicy};
use saml_sp::{Connection, ConnectionId, Deployment, Quirk, ServiceProvider, danger, lint};
use saml_xml::types::format_date_time;
use sso_testkit::FakeIdp;
use time::{Duration, OffsetDateTime};

/// The first finding's code, or nothing.
///
/// # Errors
/// The code.
///
/// # Panics
/// When the configuration itself is refused.
pub fn run(idp: &FakeIdp, now: OffsetDateTime, argument: &str) -> Result<(), &'static str> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let has = |word: &str| words.contains(&word);
    let acs = if has("http_acs") {
        "http://sp.example.test/acs"
    } else {
        "https://sp.example.test/acs"
    };
    let mut sp = ServiceProvider::builder("https://sp.example.test/saml", acs);
    if !has("no_logout_url") {
        sp = sp.slo_url("https://sp.example.test/slo");
    }
    if !has("no_key") {
        let path = crate::vectors::folder().join("keys/sp.key.pem");
        let pem = std::fs::read_to_string(path).expect("a key file");
        sp = sp.signing_key(saml_xml::SigningKey::from_pkcs8_pem(&pem).expect("a key"));
    }
    let sp = sp.build().expect("a service provider");

    let logs_out = has("no_key") || has("no_logout_url") || has("logs_out");
    let idp = if logs_out {
        idp.clone().with_slo_url("https://idp.example.test/slo")
    } else {
        idp.clone()
    };
    let idp = if has("http_idp") {
        idp.with_sso_url("http://idp.example.test/sso")
    } else {
        idp
    };
    let mut xml = idp.metadata_xml();
    if has("post_only") {
        xml = xml.replace("bindings:HTTP-Redirect", "bindings:HTTP-Artifact");
    }
    if has("transient") {
        let start = xml.find("<md:NameIDFormat>").expect("a format") + 17;
        let end = start + xml[start..].find('<').expect("its end");
        xml.replace_range(
            start..end,
            "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
        );
    }
    if has("valid_for_three_days") {
        let until = format_date_time(now + Duration::days(3));
        xml = xml.replace(" entityID=", &format!(" validUntil=\"{until}\" entityID="));
    }
    let source = if has("fingerprint") {
        let digits: String = idp
            .key()
            .fingerprint()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let slo = Some("https://idp.example.test/slo");
        IdpSource::fingerprint(idp.entity_id(), idp.sso_url(), slo, &digits).expect("a source")
    } else {
        IdpSource::MetadataXml {
            xml,
            entity_id: None,
        }
    };
    let policy = idp_config::danger::accept_plain_http(TrustPolicy::default());
    let resolved = source
        .resolve_with(&policy, now)
        .expect("an identity provider");
    let id = |name| ConnectionId::new(name).expect("an id");
    let other = Connection::new(id("other"), resolved.clone());
    let mut connection = Connection::new(id("acme"), resolved);
    if has("sha1") {
        connection = danger::accept_sha1(connection);
    }
    if has("rsa1024") {
        connection = danger::accept_rsa1024(connection);
    }
    if has("quirk") {
        connection = danger::forgive(connection, Quirk::MissingAuthnStatement);
    }
    if has("unsolicited") {
        connection = connection.allow_unsolicited(true);
    }
    let others = [other];
    let deployment = Deployment {
        others: if has("twin") { &others } else { &[] },
        memory_store: has("memory"),
    };
    // A certificate of the fake identity provider is valid for five years
    let later = if has("when_expired") {
        now + Duration::days(3650)
    } else if has("when_it_expires") {
        let end = idp_end(&connection).expect("a certificate");
        end - Duration::days(10)
    } else {
        now
    };
    match lint(&sp, &connection, &deployment, later).first() {
        None => Ok(()),
        Some(finding) => Err(finding.code()),
    }
}

fn idp_end(connection: &Connection) -> Option<OffsetDateTime> {
    let key = connection.identity_provider().signing_keys().first()?;
    Some(key.certificate()?.not_after())
}
