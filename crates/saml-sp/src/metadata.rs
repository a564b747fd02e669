//! The service provider's own metadata, for an identity provider to import.

use saml_xml::types::encode_base64;
use saml_xml::{DSIG_NAMESPACE, XmlWriter};

use crate::provider::ServiceProvider;
use crate::response::PROTOCOL;

const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
pub(crate) const POST_BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
const REDIRECT_BINDING: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";

impl ServiceProvider {
    /// The metadata document (SAML Metadata §2.4.4): the assertion consumer service, and the
    /// certificate of the signing key if there is one. It names no NameID format: any is taken.
    #[must_use]
    pub fn metadata_xml(&self) -> String {
        let signs = self.signing_key().is_some();
        let mut xml = XmlWriter::new();
        xml.start("md:EntityDescriptor")
            .attribute("xmlns:md", METADATA)
            .attribute("entityID", self.entity_id());
        xml.start("md:SPSSODescriptor")
            .attribute("AuthnRequestsSigned", if signs { "true" } else { "false" })
            .attribute("WantAssertionsSigned", "true")
            .attribute("protocolSupportEnumeration", PROTOCOL);
        if let Some(certificate) = self
            .signing_key()
            .and_then(|key| key.verifying_key().certificate())
        {
            xml.start("md:KeyDescriptor").attribute("use", "signing");
            xml.start("ds:KeyInfo")
                .attribute("xmlns:ds", DSIG_NAMESPACE);
            xml.start("ds:X509Data")
                .start("ds:X509Certificate")
                .text(&encode_base64(certificate.der()));
            xml.end().end().end().end();
        }
        if let Some(slo) = self.slo_url() {
            for binding in [REDIRECT_BINDING, POST_BINDING] {
                xml.start("md:SingleLogoutService")
                    .attribute("Binding", binding)
                    .attribute("Location", slo.as_str());
                xml.end();
            }
        }
        xml.start("md:AssertionConsumerService")
            .attribute("Binding", POST_BINDING)
            .attribute("Location", self.acs_url())
            .attribute("index", "0")
            .attribute("isDefault", "true");
        xml.finish()
    }
}
