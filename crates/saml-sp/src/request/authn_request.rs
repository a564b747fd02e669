//! samlp:AuthnRequest, SAML Core §3.4.1.

use saml_xml::XmlWriter;
use saml_xml::types::format_date_time;
use url::Url;

use super::{LoginOptions, PendingLogin};
use crate::metadata::POST_BINDING;
use crate::response::name_id::NameId;
use crate::response::{ASSERTION, PROTOCOL};

const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

pub(super) fn write(
    entity_id: &str,
    pending: &PendingLogin,
    options: &LoginOptions,
    destination: &Url,
    hinted_subject: Option<&str>,
) -> String {
    // Whole seconds: some identity providers do not read fractions
    let issue_instant = pending
        .created()
        .replace_nanosecond(0)
        .unwrap_or(pending.created());
    let flag = |set: bool| set.then_some("true");
    let index = options
        .attribute_consuming_service_index
        .map(|index| index.to_string());
    let mut xml = XmlWriter::new();
    xml.start("samlp:AuthnRequest")
        .attribute("xmlns:samlp", PROTOCOL)
        .attribute("xmlns:saml", ASSERTION)
        .attribute("ID", pending.id().as_str())
        .attribute("Version", "2.0")
        .attribute("IssueInstant", &format_date_time(issue_instant))
        .attribute("Destination", destination.as_str())
        .attribute_if("ForceAuthn", flag(options.force_authn))
        .attribute_if("IsPassive", flag(options.is_passive))
        // SAML2Int v2 SDP-SP05, SDP-SP06: by URL, never by index
        .attribute("AssertionConsumerServiceURL", pending.acs_url())
        // SAML Profiles §4.1.2: the Response never comes by Redirect
        .attribute("ProtocolBinding", POST_BINDING)
        .attribute_if("AttributeConsumingServiceIndex", index.as_deref());
    // SAML Profiles §4.1.4.1: <Issuer> … MUST be present
    xml.start("saml:Issuer").text(entity_id).end();
    match (&options.subject, hinted_subject) {
        (Some(name_id), _) => {
            xml.start("saml:Subject");
            write_name_id(&mut xml, name_id);
            xml.end();
        }
        (None, Some(hint)) => {
            xml.start("saml:Subject");
            xml.start("saml:NameID")
                .attribute("Format", UNSPECIFIED)
                .text(hint)
                .end();
            xml.end();
        }
        (None, None) => {}
    }
    if let Some(policy) = &options.name_id_policy {
        xml.start("samlp:NameIDPolicy")
            .attribute_if("Format", policy.format.as_deref())
            .attribute_if("AllowCreate", flag(policy.allow_create))
            .end();
    }
    if !options.authn_context_class_refs.is_empty() {
        xml.start("samlp:RequestedAuthnContext")
            .attribute("Comparison", "exact");
        for class_ref in &options.authn_context_class_refs {
            xml.start("saml:AuthnContextClassRef").text(class_ref).end();
        }
        xml.end();
    }
    if let Some(scoping) = &options.scoping {
        scoping.write(&mut xml);
    }
    xml.finish()
}

pub(crate) fn write_name_id(xml: &mut XmlWriter, name_id: &NameId) {
    xml.start("saml:NameID")
        .attribute_if("NameQualifier", name_id.name_qualifier())
        .attribute_if("SPNameQualifier", name_id.sp_name_qualifier())
        .attribute_if("Format", name_id.format())
        .attribute_if("SPProvidedID", name_id.sp_provided_id())
        .text(name_id.value())
        .end();
}
