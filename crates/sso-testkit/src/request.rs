//! An AuthnRequest as the IdP reads it.

use std::io::Read as _;

use saml_xml::{Document, Limits};
use url::Url;

use crate::message::{ASSERTION, PROTOCOL};

/// Inflated bytes of a request; a real one has about 500.
const MAX_REQUEST: u64 = 64 * 1024;

/// What an answer needs to know of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthnRequestInfo {
    /// The request's ID; `None` for an answer nobody asked for.
    pub id: Option<String>,
    /// The service provider's entity ID.
    pub issuer: String,
    /// Where the answer goes. Empty when the request named no URL.
    pub acs_url: String,
    /// What has to come back with the answer.
    pub relay_state: Option<String>,
    /// `ForceAuthn="true"`.
    pub force_authn: bool,
    /// `Destination`, if the request named one.
    pub destination: Option<String>,
}

impl AuthnRequestInfo {
    /// A request by its three facts.
    #[must_use]
    pub fn new(id: &str, issuer: &str, acs_url: &str) -> Self {
        Self {
            id: Some(id.to_owned()),
            issuer: issuer.to_owned(),
            acs_url: acs_url.to_owned(),
            relay_state: None,
            force_authn: false,
            destination: None,
        }
    }

    /// No request at all: the user starts at the IdP.
    #[must_use]
    pub fn unsolicited(issuer: &str, acs_url: &str) -> Self {
        Self { id: None, ..Self::new("", issuer, acs_url) }
    }

    /// Reads what the service provider sends, whatever the binding.
    ///
    /// # Errors
    /// One sentence: what is wrong with the request.
    pub fn from_outbound(outbound: &saml_sp::Outbound) -> Result<Self, String> {
        match outbound {
            saml_sp::Outbound::Redirect(url) => Self::from_redirect(url),
            saml_sp::Outbound::PostForm(form) => {
                let fields: Vec<(String, String)> =
                    form.fields().iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
                Self::from_post(&fields)
            }
            _ => Err("the outbound message uses a binding that the test kit does not know".to_owned()),
        }
    }

    /// Reads the query of the HTTP-Redirect binding. A signature is not looked at.
    ///
    /// # Errors
    /// One sentence: what is wrong with the request.
    pub fn from_redirect(url: &Url) -> Result<Self, String> {
        let fields: Vec<(String, String)> =
            url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let octets = decode(&fields)?;
        let mut xml = Vec::new();
        // SAML Bindings §3.4.4.1: raw DEFLATE
        flate2::read::DeflateDecoder::new(octets.as_slice())
            .take(MAX_REQUEST + 1)
            .read_to_end(&mut xml)
            .map_err(|_| "SAMLRequest is not raw DEFLATE".to_owned())?;
        if u64::try_from(xml.len()).unwrap_or(u64::MAX) > MAX_REQUEST {
            return Err("SAMLRequest inflates to more than 64 KiB".to_owned());
        }
        Self::parse(xml, &fields)
    }

    /// Reads the form fields of the HTTP-POST binding.
    ///
    /// # Errors
    /// One sentence: what is wrong with the request.
    pub fn from_post(fields: &[(String, String)]) -> Result<Self, String> {
        Self::parse(decode(fields)?, fields)
    }

    fn parse(xml: Vec<u8>, fields: &[(String, String)]) -> Result<Self, String> {
        let document =
            Document::parse(xml, &Limits::default()).map_err(|error| format!("the AuthnRequest is not XML: {error}"))?;
        let root = document.root();
        if !root.is(PROTOCOL, "AuthnRequest") {
            return Err("the message is not a samlp:AuthnRequest".to_owned());
        }
        let issuer = root
            .children()
            .find(|child| child.is(ASSERTION, "Issuer"))
            .and_then(|issuer| issuer.text())
            .ok_or("the AuthnRequest has no Issuer")?;
        Ok(Self {
            id: Some(root.attribute("ID").ok_or("the AuthnRequest has no ID")?.to_owned()),
            issuer: saml_xml::types::trim_xml(issuer).to_owned(),
            acs_url: root.attribute("AssertionConsumerServiceURL").unwrap_or_default().to_owned(),
            relay_state: field(fields, "RelayState").map(str::to_owned),
            force_authn: matches!(root.attribute("ForceAuthn"), Some("true" | "1")),
            destination: root.attribute("Destination").map(str::to_owned),
        })
    }
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn decode(fields: &[(String, String)]) -> Result<Vec<u8>, String> {
    let value = field(fields, "SAMLRequest").ok_or("there is no SAMLRequest parameter")?;
    saml_xml::types::decode_base64(value).map_err(|_| "SAMLRequest is not base64".to_owned())
}
