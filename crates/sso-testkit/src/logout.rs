//! Logout messages of an identity provider, over Redirect.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use saml_xml::types::{decode_base64, encode_base64, format_date_time, trim_xml};
use saml_xml::{Document, Limits};
use time::OffsetDateTime;
use url::Url;

use crate::signer::{escape_attribute, escape_text};
use crate::{FakeIdp, algorithm};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// Bytes of a message.
const MAX_MESSAGE: u64 = 64 * 1024;

/// What an identity provider reads in a logout message of a service provider. Signatures are not
/// looked at: this is for tests and for an identity provider that trusts anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogoutInfo {
    /// Whether it is a LogoutRequest; else a LogoutResponse.
    pub is_request: bool,
    /// `ID`.
    pub id: String,
    /// The service provider.
    pub issuer: String,
    /// `InResponseTo` of a response.
    pub in_response_to: Option<String>,
    /// The NameID's value in a request.
    pub name_id: Option<String>,
    /// The top-level status of a response.
    pub status: Option<String>,
    /// `RelayState`.
    pub relay_state: Option<String>,
}

impl LogoutInfo {
    /// Reads the query of the HTTP-Redirect binding.
    ///
    /// # Errors
    /// One sentence: what is wrong with the message.
    pub fn from_redirect(url: &Url) -> Result<Self, String> {
        let field = |wanted: &str| {
            url.query_pairs()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
        };
        let value = field("SAMLRequest")
            .or_else(|| field("SAMLResponse"))
            .ok_or("there is no SAMLRequest or SAMLResponse parameter")?;
        let octets = decode_base64(&value).map_err(|_| "the message is not base64".to_owned())?;
        let mut xml = Vec::new();
        DeflateDecoder::new(octets.as_slice())
            .take(MAX_MESSAGE)
            .read_to_end(&mut xml)
            .map_err(|_| "the message is not raw DEFLATE".to_owned())?;
        let document = Document::parse(xml, &Limits::default())
            .map_err(|error| format!("the message is not XML: {error}"))?;
        let root = document.root();
        let is_request = root.is(PROTOCOL, "LogoutRequest");
        if !is_request && !root.is(PROTOCOL, "LogoutResponse") {
            return Err("the message is no logout message".to_owned());
        }
        let text = |namespace, local| {
            let found = root.children().find(|child| child.is(namespace, local))?;
            found.text().map(|text| trim_xml(text).to_owned())
        };
        let status = root
            .children()
            .find(|child| child.is(PROTOCOL, "Status"))
            .and_then(|status| status.children().next())
            .and_then(|code| code.attribute("Value"));
        Ok(Self {
            is_request,
            id: root.attribute("ID").unwrap_or_default().to_owned(),
            issuer: text(ASSERTION, "Issuer").unwrap_or_default(),
            in_response_to: root.attribute("InResponseTo").map(str::to_owned),
            name_id: text(ASSERTION, "NameID"),
            status: status.map(str::to_owned),
            relay_state: field("RelayState"),
        })
    }
}

impl FakeIdp {
    /// A signed LogoutRequest for everybody of this NameID, on its way to `slo_url`.
    ///
    /// # Panics
    /// When `slo_url` is not a URL, or there is no randomness.
    #[must_use]
    pub fn logout_request(
        &self,
        slo_url: &str,
        name_id: &str,
        format: Option<&str>,
        now: OffsetDateTime,
    ) -> Url {
        let format = format
            .map(|format| format!(" Format=\"{}\"", escape_attribute(format)))
            .unwrap_or_default();
        let content = format!(
            "<saml:NameID{format}>{}</saml:NameID>",
            escape_text(name_id)
        );
        let xml = self.logout_message("LogoutRequest", slo_url, "", &content, now);
        self.redirect(slo_url, "SAMLRequest", &xml, None)
    }

    /// A signed LogoutResponse that says that all went well, on its way to `slo_url`.
    ///
    /// # Panics
    /// When `slo_url` is not a URL, or there is no randomness.
    #[must_use]
    pub fn logout_response(&self, slo_url: &str, request: &LogoutInfo, now: OffsetDateTime) -> Url {
        let extra = format!(" InResponseTo=\"{}\"", escape_attribute(&request.id));
        let content = "<samlp:Status><samlp:StatusCode \
                       Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>";
        let xml = self.logout_message("LogoutResponse", slo_url, &extra, content, now);
        self.redirect(
            slo_url,
            "SAMLResponse",
            &xml,
            request.relay_state.as_deref(),
        )
    }

    fn logout_message(
        &self,
        root: &str,
        destination: &str,
        extra: &str,
        content: &str,
        now: OffsetDateTime,
    ) -> String {
        format!(
            "<samlp:{root} xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"{}\" \
             Version=\"2.0\" IssueInstant=\"{}\" Destination=\"{}\"{extra}><saml:Issuer>{}</saml:Issuer>\
             {content}</samlp:{root}>",
            self.new_id(),
            format_date_time(now),
            escape_attribute(destination),
            escape_text(self.entity_id()),
        )
    }

    /// SAML Bindings §3.4.4.1, signed with RSA-SHA256.
    fn redirect(
        &self,
        slo_url: &str,
        parameter: &str,
        xml: &str,
        relay_state: Option<&str>,
    ) -> Url {
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(xml.as_bytes()).expect("compressed");
        let compressed = deflate.finish().expect("compressed");
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        pairs.append_pair(parameter, &encode_base64(&compressed));
        if let Some(relay_state) = relay_state {
            pairs.append_pair("RelayState", relay_state);
        }
        pairs.append_pair("SigAlg", algorithm::RSA_SHA256);
        let query = pairs.finish();
        let signature = self.key().sign(algorithm::RSA_SHA256, query.as_bytes());
        let signature = url::form_urlencoded::Serializer::new(query)
            .append_pair("Signature", &encode_base64(&signature))
            .finish();
        let mut url = Url::parse(slo_url).expect("a URL");
        url.set_query(Some(&signature));
        url
    }
}
