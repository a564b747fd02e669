//! samlp:AuthnRequest, SAML Core §3.4.1.

use saml_xml::XmlWriter;
use saml_xml::types::format_date_time;
use time::OffsetDateTime;
use url::Url;

use super::{LoginOptions, PendingLogin};
use crate::provider::ServiceProvider;

const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

pub(super) fn write(
    sp: &ServiceProvider,
    pending: &PendingLogin,
    options: &LoginOptions,
    destination: &Url,
    now: OffsetDateTime,
) -> String {
    let flag = |set: bool| set.then_some("true");
    let mut xml = XmlWriter::new();
    xml.start("samlp:AuthnRequest")
        .attribute("xmlns:samlp", "urn:oasis:names:tc:SAML:2.0:protocol")
        .attribute("xmlns:saml", "urn:oasis:names:tc:SAML:2.0:assertion")
        .attribute("ID", pending.id().as_str())
        .attribute("Version", "2.0")
        .attribute("IssueInstant", &format_date_time(now))
        .attribute("Destination", destination.as_str())
        .attribute_if("ForceAuthn", flag(options.force_authn))
        .attribute_if("IsPassive", flag(options.is_passive))
        // SAML2Int v2 SDP-SP05, SDP-SP06: by URL, never by index
        .attribute("AssertionConsumerServiceURL", pending.acs_url().as_str())
        // SAML Profiles §4.1.2: the Response never comes by Redirect
        .attribute("ProtocolBinding", POST);
    // SAML Profiles §4.1.4.1: "<Issuer> … MUST be present"
    xml.start("saml:Issuer").text(sp.entity_id().as_str()).end();
    if let Some(format) = &options.name_id_format {
        xml.start("samlp:NameIDPolicy").attribute("Format", format.as_str()).attribute("AllowCreate", "true").end();
    }
    xml.finish()
}
