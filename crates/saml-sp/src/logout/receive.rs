//! Logout messages of others, as they come in: read, and nothing proven.

use std::borrow::Cow;
use std::io::Read as _;
use std::sync::Arc;

use flate2::bufread::DeflateDecoder;
use saml_xml::types::{decode_base64, trim_xml};
use saml_xml::{Document, Element, Limits};

use crate::error::Error;
use crate::provider::ServiceProvider;
use crate::reason::{DecodeRule, LogoutRule};
use crate::receive::{decode, parse_urlencoded};
use crate::response::{ASSERTION, PROTOCOL};

/// SAML Bindings §3.4.4.1, the one encoding there is.
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";
/// Bytes of a query or form: a logout message has a few thousand.
const MAX_BYTES: usize = 256 * 1024;
const MAX_RELAY_STATE: usize = 2048;
/// Parameters of a query: a logout has five, proxies add a few.
const MAX_PARAMETERS: usize = 64;

/// What came to the logout service.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum LogoutMessage<'a> {
    /// The query as it stands in the request line, without `?`: its octets are what is signed, so
    /// nothing may have decoded it.
    Redirect(&'a str),
    /// The body of a POST, `application/x-www-form-urlencoded`.
    Post(&'a [u8]),
}

/// Which of the two messages it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogoutKind {
    /// The identity provider wants sessions ended.
    Request,
    /// The identity provider answers a logout that was started here.
    Response,
}

/// The signature of a query.
#[derive(Clone, Debug)]
pub(super) struct QuerySignature {
    pub(super) algorithm: String,
    pub(super) value: Vec<u8>,
    /// SAML Bindings §3.4.4.1: the octets as they were received.
    pub(super) octets: Vec<u8>,
}

/// How a message came, and what it was signed with there.
#[derive(Clone, Debug)]
pub(super) enum Via {
    Redirect(Option<Arc<QuerySignature>>),
    Post,
}

/// A logout message as it came in: well-formed, and nothing proven. It gives hints to find the
/// connection with; the rest takes validation.
#[derive(Clone, Debug)]
pub struct ReceivedLogout {
    pub(super) document: Arc<Document>,
    pub(super) kind: LogoutKind,
    pub(super) via: Via,
    pub(super) relay_state: Option<Arc<str>>,
}

impl ReceivedLogout {
    /// Request or response.
    #[must_use]
    pub const fn kind(&self) -> LogoutKind {
        self.kind
    }

    /// The entity ID that it claims to come from. A hint.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.root()
            .children()
            .find(|child| child.is(ASSERTION, "Issuer"))?
            .text()
            .map(trim_xml)
    }

    /// The ID of the request that it claims to answer. A hint.
    #[must_use]
    pub fn in_response_to(&self) -> Option<&str> {
        self.root().attribute("InResponseTo")
    }

    /// The text of the message, for explaining. It has personal data in it.
    #[must_use]
    pub fn xml(&self) -> &str {
        self.document.source()
    }

    pub(super) fn root(&self) -> Element<'_> {
        self.document.root()
    }
}

impl ServiceProvider {
    /// Reads what came to the logout service. Nothing is verified.
    ///
    /// # Errors
    /// `logout.parameter`, `logout.encoding`, `logout.malformed`, `decode.*`, `scalar.base64`,
    /// `xml.*`.
    pub fn receive_logout(&self, message: LogoutMessage<'_>) -> Result<ReceivedLogout, Error> {
        match message {
            LogoutMessage::Redirect(query) => redirect(query),
            LogoutMessage::Post(body) => post(body),
        }
    }
}

fn finish(
    kind: LogoutKind,
    xml: Vec<u8>,
    via: Via,
    relay_state: Option<&str>,
) -> Result<ReceivedLogout, Error> {
    if relay_state.is_some_and(|value| value.len() > MAX_RELAY_STATE) {
        return Err(DecodeRule::TooLarge.into());
    }
    let document = Document::parse(xml, &Limits::default())?;
    let local = match kind {
        LogoutKind::Request => "LogoutRequest",
        LogoutKind::Response => "LogoutResponse",
    };
    if !document.root().is(PROTOCOL, local) {
        return Err(LogoutRule::Malformed.into());
    }
    Ok(ReceivedLogout {
        document: Arc::new(document),
        kind,
        via,
        relay_state: relay_state.filter(|value| !value.is_empty()).map(Arc::from),
    })
}

fn kind_of(name: &str) -> Option<LogoutKind> {
    match name {
        "SAMLRequest" => Some(LogoutKind::Request),
        "SAMLResponse" => Some(LogoutKind::Response),
        _ => None,
    }
}

fn post(body: &[u8]) -> Result<ReceivedLogout, Error> {
    let (mut message, mut relay_state) = (None, None);
    for (name, value) in parse_urlencoded(body, MAX_BYTES)? {
        let again = match (kind_of(&name), name.as_ref()) {
            (Some(kind), _) => message.replace((kind, value)).is_some(),
            (None, "RelayState") => relay_state.replace(value).is_some(),
            _ => false,
        };
        if again {
            return Err(LogoutRule::Parameter.into());
        }
    }
    let (kind, value) = message.ok_or_else(|| Error::from(LogoutRule::Parameter))?;
    let xml = decode_base64(&value).map_err(|error| Error::from(error.kind()))?;
    finish(kind, xml, Via::Post, relay_state.as_deref())
}

/// The parameters of a query: each exactly as it was sent.
#[derive(Default)]
struct Raw<'a> {
    message: Option<(&'a str, LogoutKind, &'a str)>,
    relay_state: Option<&'a str>,
    algorithm: Option<&'a str>,
    signature: Option<&'a str>,
    encoding: Option<&'a str>,
}

fn redirect(query: &str) -> Result<ReceivedLogout, Error> {
    if query.len() > MAX_BYTES {
        return Err(DecodeRule::TooLarge.into());
    }
    let mut raw = Raw::default();
    // Whatever lies beyond could say something else to another reader
    if query.split('&').count() > MAX_PARAMETERS {
        return Err(LogoutRule::Parameter.into());
    }
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        // A name that is escaped would be another one to a reader that does not unescape names
        let place = match name {
            "SAMLRequest" | "SAMLResponse" => {
                let kind = kind_of(name).unwrap_or(LogoutKind::Request);
                if raw.message.replace((name, kind, value)).is_some() {
                    return Err(LogoutRule::Parameter.into());
                }
                continue;
            }
            "RelayState" => &mut raw.relay_state,
            "SigAlg" => &mut raw.algorithm,
            "Signature" => &mut raw.signature,
            "SAMLEncoding" => &mut raw.encoding,
            other if is_disguised(other) => return Err(LogoutRule::Parameter.into()),
            _ => continue,
        };
        if place.replace(value).is_some() {
            return Err(LogoutRule::Parameter.into());
        }
    }
    let (name, kind, message) = raw
        .message
        .ok_or_else(|| Error::from(LogoutRule::Parameter))?;
    if let Some(encoding) = raw.encoding
        && unescape(encoding)? != DEFLATE
    {
        return Err(LogoutRule::Encoding.into());
    }
    let signature = match (raw.algorithm, raw.signature) {
        (None, None) => None,
        (Some(algorithm), Some(value)) => {
            // SAML Bindings §3.4.4.1: in this order, whatever the order in the query, and in the
            // encoding of the sender
            let mut octets = format!("{name}={message}");
            if let Some(relay_state) = raw.relay_state {
                octets.push_str("&RelayState=");
                octets.push_str(relay_state);
            }
            octets.push_str("&SigAlg=");
            octets.push_str(algorithm);
            let value = decode_base64(&unescape(value)?);
            Some(Arc::new(QuerySignature {
                algorithm: unescape(algorithm)?.into_owned(),
                value: value.map_err(|error| Error::from(error.kind()))?,
                octets: octets.into_bytes(),
            }))
        }
        _ => return Err(LogoutRule::Parameter.into()),
    };
    let relay_state = raw.relay_state.map(unescape).transpose()?;
    let xml = inflate(&unescape(message)?)?;
    finish(kind, xml, Via::Redirect(signature), relay_state.as_deref())
}

/// A second spelling of a parameter, which another reader would take for it.
fn is_disguised(name: &str) -> bool {
    let plain = decode(name.as_bytes()).unwrap_or(Cow::Borrowed(name));
    let base = plain.split('[').next().unwrap_or(&plain).trim();
    [
        "SAMLRequest",
        "SAMLResponse",
        "RelayState",
        "SigAlg",
        "Signature",
        "SAMLEncoding",
    ]
    .iter()
    .any(|known| base.eq_ignore_ascii_case(known))
}

fn unescape(value: &str) -> Result<Cow<'_, str>, Error> {
    decode(value.as_bytes())
}

/// Raw DEFLATE, to at most the size of a message, with nothing after it.
fn inflate(value: &str) -> Result<Vec<u8>, Error> {
    let compressed = decode_base64(value).map_err(|error| Error::from(error.kind()))?;
    let most = Limits::default().bytes;
    let mut xml = Vec::new();
    let mut decoder = DeflateDecoder::new(compressed.as_slice());
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let read = decoder.by_ref().take(limit).read_to_end(&mut xml);
    if xml.len() > most {
        return Err(DecodeRule::TooLarge.into());
    }
    let whole = usize::try_from(decoder.total_in()).is_ok_and(|read| read == compressed.len());
    if read.is_err() || !whole {
        return Err(LogoutRule::Encoding.into());
    }
    Ok(xml)
}
