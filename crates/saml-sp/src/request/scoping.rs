//! samlp:Scoping, SAML Core §3.4.1.2.

use saml_xml::XmlWriter;

/// What a proxying identity provider may do with a request.
///
/// ```
/// use saml_sp::{LoginOptions, Scoping};
///
/// let options = LoginOptions::default()
///     .scoping(Scoping::default().proxy_count(1).idp("https://idp.university.example"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scoping {
    proxy_count: Option<u32>,
    idps: Vec<String>,
    requesters: Vec<String>,
}

impl Scoping {
    /// `ProxyCount`: how many proxies may stand between this one and the user's own identity
    /// provider. Zero: none.
    #[must_use]
    pub const fn proxy_count(mut self, count: u32) -> Self {
        self.proxy_count = Some(count);
        self
    }

    /// One more entity ID in the `IDPList`.
    #[must_use]
    pub fn idp(mut self, entity_id: impl Into<String>) -> Self {
        self.idps.push(entity_id.into());
        self
    }

    /// One more `RequesterID`: the service provider on whose behalf this one asks.
    #[must_use]
    pub fn requester(mut self, entity_id: impl Into<String>) -> Self {
        self.requesters.push(entity_id.into());
        self
    }

    pub(super) fn write(&self, xml: &mut XmlWriter) {
        let count = self.proxy_count.map(|count| count.to_string());
        xml.start("samlp:Scoping")
            .attribute_if("ProxyCount", count.as_deref());
        // The schema wants at least one IDPEntry in an IDPList
        if !self.idps.is_empty() {
            xml.start("samlp:IDPList");
            for entity_id in &self.idps {
                xml.start("samlp:IDPEntry")
                    .attribute("ProviderID", entity_id)
                    .end();
            }
            xml.end();
        }
        for entity_id in &self.requesters {
            xml.start("samlp:RequesterID").text(entity_id).end();
        }
        xml.end();
    }
}
