//! `federation …`: a connection with the policy of federations, and what it lacks.

use idp_config::IdpSource;
use saml_sp::{
    Connection, ConnectionId, Identifier, LoginOptions, NameIdPolicy, Policy, RequestBinding,
    ServiceProvider, SignedPart, danger,
};
use saml_xml::types::format_date_time;
use sso_testkit::OsRandom;
use sso_testkit::catalogue::Base;
use time::{Duration, OffsetDateTime};

/// The connection that the words describe.
///
/// # Panics
/// When the metadata cannot be read.
pub(crate) fn connection(
    base: &Base,
    id: &ConnectionId,
    now: OffsetDateTime,
    words: &[&str],
) -> Connection {
    let has = |word: &str| words.contains(&word);
    let mut xml = base.idp.metadata_xml();
    if !has("no_valid_until") {
        let days = if has("far") { 60 } else { 14 };
        let until = format_date_time(now + Duration::days(days));
        xml = xml.replacen(
            " entityID=",
            &format!(" validUntil=\"{until}\" entityID="),
            1,
        );
    }
    let entity_id = None;
    let source = IdpSource::MetadataXml { xml, entity_id };
    let idp = source.resolve(now).expect("metadata");
    let mut connection = Connection::new(id.clone(), idp);
    if has("email") {
        connection = connection.identify_by(Identifier::Attribute("email".to_owned()));
    }
    connection = connection.with_policy(Policy::Federation);
    if has("sha1") {
        connection = danger::accept_sha1(connection);
    }
    if has("quirk") {
        connection = danger::accept_missing_audience(connection);
    }
    if has("triple_des") {
        connection = danger::accept_triple_des(connection);
    }
    if has("assertion_signed") {
        connection = connection.require_signed(SignedPart::Assertion);
    }
    if has("name_id") {
        connection = connection.identify_by(Identifier::NameId);
    }
    if has("post") {
        connection = connection.request_binding(RequestBinding::Post);
    }
    connection
}

/// Starts a login there.
///
/// # Errors
/// The reason code.
pub(crate) fn start(
    sp: &ServiceProvider,
    connection: &Connection,
    now: OffsetDateTime,
    words: &[&str],
) -> Result<(), &'static str> {
    let mut options = LoginOptions::default();
    if words.contains(&"asks_for_a_format") {
        options = options.name_id_policy(
            NameIdPolicy::default().format("urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
        );
    }
    let sp = if words.contains(&"named_by_a_word") {
        ServiceProvider::builder("portal", sp.acs_url())
            .build()
            .expect("a service provider")
    } else {
        sp.clone()
    };
    sp.start_login(connection, &options, now, &OsRandom::new())
        .map(drop)
        .map_err(|error| error.code())
}
