//! md:EntityDescriptor, in the order of saml-schema-metadata-2.0.

use saml_xml::types::{encode_base64, format_date_time};
use saml_xml::{Certificate, DSIG_NAMESPACE, XmlWriter};

use super::{AttributeService, Contact, POST_BINDING, SpMetadata, UiInfo};
use crate::response::PROTOCOL;

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const MDUI: &str = "urn:oasis:names:tc:SAML:metadata:ui";
const DISCOVERY: &str = "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol";
const REDIRECT_BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const URI_NAME_FORMAT: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";

pub(super) fn entity_descriptor(metadata: &SpMetadata, id: Option<&str>) -> String {
    let sp = &metadata.sp;
    let valid_until = metadata.valid_until.map(format_date_time);
    let cache_duration = metadata
        .cache_duration
        .map(|duration| format!("PT{}S", duration.whole_seconds().max(0)));
    let signs = sp.signing_key().is_some();
    let mut xml = XmlWriter::new();
    xml.start("md:EntityDescriptor")
        .attribute("xmlns:md", METADATA)
        .attribute_if("ID", id)
        .attribute("entityID", sp.entity_id())
        .attribute_if("validUntil", valid_until.as_deref())
        .attribute_if("cacheDuration", cache_duration.as_deref());
    xml.start("md:SPSSODescriptor")
        .attribute("AuthnRequestsSigned", if signs { "true" } else { "false" })
        .attribute("WantAssertionsSigned", "true")
        .attribute("protocolSupportEnumeration", PROTOCOL);
    extensions(&mut xml, metadata);
    for certificate in &metadata.signing {
        key(&mut xml, "signing", certificate);
    }
    for certificate in &metadata.encryption {
        key(&mut xml, "encryption", certificate);
    }
    if let Some(slo) = sp.slo_url() {
        for binding in [REDIRECT_BINDING, POST_BINDING] {
            xml.start("md:SingleLogoutService")
                .attribute("Binding", binding)
                .attribute("Location", slo.as_str())
                .end();
        }
    }
    for format in &metadata.name_id_formats {
        xml.start("md:NameIDFormat").text(format).end();
    }
    let urls = std::iter::once(sp.acs_url()).chain(metadata.acs_urls.iter().map(String::as_str));
    for (index, url) in urls.enumerate() {
        xml.start("md:AssertionConsumerService")
            .attribute("Binding", POST_BINDING)
            .attribute("Location", url)
            .attribute("index", &index.to_string())
            .attribute_if("isDefault", (index == 0).then_some("true"))
            .end();
    }
    for (index, service) in metadata.attribute_services.iter().enumerate() {
        attribute_service(&mut xml, index, service);
    }
    xml.end();
    if let Some(organization) = &metadata.organization {
        xml.start("md:Organization");
        for (name, text) in [
            ("md:OrganizationName", organization.name.as_str()),
            ("md:OrganizationDisplayName", &organization.display_name),
            ("md:OrganizationURL", organization.url.as_str()),
        ] {
            localized(&mut xml, name, &organization.language, text);
        }
        xml.end();
    }
    for person in &metadata.contacts {
        contact(&mut xml, person);
    }
    xml.finish()
}

fn extensions(xml: &mut XmlWriter, metadata: &SpMetadata) {
    if metadata.ui.is_none() && metadata.discovery_responses.is_empty() {
        return;
    }
    xml.start("md:Extensions");
    if let Some(ui) = &metadata.ui {
        ui_info(xml, ui);
    }
    for (index, url) in metadata.discovery_responses.iter().enumerate() {
        xml.start("idpdisc:DiscoveryResponse")
            .attribute("xmlns:idpdisc", DISCOVERY)
            .attribute("Binding", DISCOVERY)
            .attribute("Location", url.as_str())
            .attribute("index", &index.to_string())
            .end();
    }
    xml.end();
}

fn ui_info(xml: &mut XmlWriter, ui: &UiInfo) {
    xml.start("mdui:UIInfo").attribute("xmlns:mdui", MDUI);
    for (element, language, text) in &ui.texts {
        localized(xml, element, language, text);
    }
    for (url, width, height) in &ui.logos {
        xml.start("mdui:Logo")
            .attribute("height", &height.to_string())
            .attribute("width", &width.to_string())
            .text(url.as_str())
            .end();
    }
    xml.end();
}

fn localized(xml: &mut XmlWriter, element: &'static str, language: &str, text: &str) {
    xml.start(element)
        .attribute("xml:lang", language)
        .text(text)
        .end();
}

fn key(xml: &mut XmlWriter, usage: &str, certificate: &Certificate) {
    xml.start("md:KeyDescriptor").attribute("use", usage);
    xml.start("ds:KeyInfo")
        .attribute("xmlns:ds", DSIG_NAMESPACE);
    xml.start("ds:X509Data");
    xml.start("ds:X509Certificate")
        .text(&encode_base64(certificate.der()))
        .end();
    xml.end().end().end();
}

fn attribute_service(xml: &mut XmlWriter, index: usize, service: &AttributeService) {
    xml.start("md:AttributeConsumingService")
        .attribute("index", &index.to_string())
        .attribute_if("isDefault", (index == 0).then_some("true"));
    localized(xml, "md:ServiceName", &service.language, &service.name);
    for attribute in &service.requested {
        xml.start("md:RequestedAttribute")
            .attribute("Name", &attribute.name)
            .attribute("NameFormat", URI_NAME_FORMAT)
            .attribute_if("FriendlyName", attribute.friendly_name.as_deref())
            .attribute_if("isRequired", attribute.required.then_some("true"))
            .end();
    }
    xml.end();
}

fn contact(xml: &mut XmlWriter, person: &Contact) {
    xml.start("md:ContactPerson")
        .attribute("contactType", person.kind.as_str());
    for (name, text) in [
        ("md:Company", &person.company),
        ("md:GivenName", &person.given_name),
        ("md:SurName", &person.surname),
    ] {
        if let Some(text) = text {
            xml.start(name).text(text).end();
        }
    }
    for email in &person.emails {
        xml.start("md:EmailAddress")
            .text(&format!("mailto:{email}"))
            .end();
    }
    xml.end();
}
