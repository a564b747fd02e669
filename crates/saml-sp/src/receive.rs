//! The way in: the form that a browser posts to the assertion consumer service.

use std::borrow::Cow;
use std::sync::Arc;

use saml_xml::types::{decode_base64, trim_xml};
use saml_xml::{Document, Element, Limits};

use crate::error::Error;
use crate::provider::ServiceProvider;
use crate::reason::{DecodeRule, ResponseRule};
use crate::response::outline::Outline;
use crate::response::{ASSERTION, PROTOCOL};

/// Parameters of a form: SAML needs two, frameworks and proxies add a few.
const MAX_PARAMETERS: usize = 32;
/// Bytes of RelayState that are kept: 80 by the standard, more from identity providers that put
/// their own URL there.
const MAX_RELAY_STATE: usize = 2048;

/// The body of the POST to the assertion consumer service.
///
/// Prefer [`urlencoded`](Self::urlencoded): only the raw body shows parameters that stand twice.
#[derive(Clone)]
pub struct AcsForm<'a>(Fields<'a>);

#[derive(Clone)]
enum Fields<'a> {
    Urlencoded(&'a [u8]),
    Pairs(Vec<(Cow<'a, str>, Cow<'a, str>)>),
}

impl core::fmt::Debug for AcsForm<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self.0 {
            Fields::Urlencoded(_) => "AcsForm(urlencoded)",
            Fields::Pairs(_) => "AcsForm(pairs)",
        })
    }
}

impl<'a> AcsForm<'a> {
    /// The raw body, `application/x-www-form-urlencoded`.
    #[must_use]
    pub const fn urlencoded(body: &'a [u8]) -> Self {
        Self(Fields::Urlencoded(body))
    }

    /// Fields that a framework has decoded: every one of them, in order, repetitions included.
    #[must_use]
    pub fn pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<Cow<'a, str>>,
        V: Into<Cow<'a, str>>,
    {
        // One more than allowed is enough to refuse the rest
        let pairs = pairs
            .into_iter()
            .take(MAX_PARAMETERS + 1)
            .map(|(n, v)| (n.into(), v.into()));
        Self(Fields::Pairs(pairs.collect()))
    }

    /// The two SAML fields alone.
    #[must_use]
    pub fn fields(saml_response: &'a str, relay_state: Option<&'a str>) -> Self {
        let relay_state = relay_state.map(|value| ("RelayState", value));
        Self::pairs(
            [("SAMLResponse", saml_response)]
                .into_iter()
                .chain(relay_state),
        )
    }
}

/// A Response as it came in: well-formed XML with the right root, and nothing proven.
///
/// It gives hints to find the connection and the request with, and its text for logs. Who signed
/// in is not to be had from it: that takes [`ServiceProvider::validate`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Received {
    document: Arc<Document>,
    relay_state: Option<Arc<str>>,
}

impl Received {
    /// What the message says about itself, unverified.
    #[must_use]
    pub fn hints(&self) -> Hints<'_> {
        Hints(self)
    }

    /// The text of the message, for explaining and for encrypted logs. It has personal data in it.
    #[must_use]
    pub fn xml(&self) -> &str {
        self.document.source()
    }

    /// The line and column of a byte of [`xml`](Self::xml).
    #[must_use]
    pub fn text_pos(&self, offset: usize) -> saml_xml::TextPos {
        self.document.text_pos(offset)
    }

    pub(crate) fn response(&self) -> Element<'_> {
        self.document.root()
    }
}

/// What an unverified message says: good for finding a connection, never for deciding anything.
#[derive(Clone, Copy, Debug)]
pub struct Hints<'a>(&'a Received);

impl<'a> Hints<'a> {
    /// The ID of the request that it claims to answer.
    #[must_use]
    pub fn in_response_to(&self) -> Option<&'a str> {
        let response = self.0.response();
        response.attribute("InResponseTo").or_else(|| {
            let path = [
                "Assertion",
                "Subject",
                "SubjectConfirmation",
                "SubjectConfirmationData",
            ];
            path.iter()
                .try_fold(response, |element, local| {
                    element.children().find(|c| c.is(ASSERTION, local))
                })?
                .attribute("InResponseTo")
        })
    }

    /// The entity ID that it claims to come from.
    #[must_use]
    pub fn issuer(&self) -> Option<&'a str> {
        let outline = Outline::of(self.0.response());
        let of_assertion = || {
            outline
                .assertion?
                .children()
                .find(|c| c.is(ASSERTION, "Issuer"))
        };
        outline.issuer.or_else(of_assertion)?.text().map(trim_xml)
    }

    /// The RelayState that came along.
    #[must_use]
    pub fn relay_state(&self) -> Option<&'a str> {
        self.0.relay_state.as_deref()
    }
}

impl ServiceProvider {
    /// Reads a form: finds the one `SAMLResponse`, decodes it, parses it. Nothing is verified.
    ///
    /// # Errors
    /// `decode.*`, `scalar.base64`, `xml.*`, `response.root`.
    ///
    /// ```
    /// use saml_sp::{AcsForm, ServiceProvider};
    ///
    /// let sp = ServiceProvider::builder("https://app.example/saml", "https://app.example/saml/consume").build()?;
    /// let error = sp.receive(AcsForm::urlencoded(b"samlresponse=PHg%2B")).unwrap_err();
    /// assert_eq!(error.code(), "decode.parameter_name");
    /// let error = sp.receive(AcsForm::urlencoded(b"SAMLResponse=PHg%2B")).unwrap_err();
    /// assert_eq!(error.code(), "xml.unexpected_end");
    /// # Ok::<(), saml_sp::Error>(())
    /// ```
    pub fn receive(&self, form: AcsForm<'_>) -> Result<Received, Error> {
        let limits = Limits::default();
        // Base64 is four bytes for three, and a form escapes some of them as three: refused
        // before anything is decoded or copied
        let most = limits.bytes.saturating_mul(4) / 3 + 4096;
        let pairs = match form.0 {
            Fields::Pairs(pairs) => pairs,
            Fields::Urlencoded(body) => parse_urlencoded(body, most.saturating_mul(2))?,
        };
        let (response, relay_state) = select(pairs)?;
        if response.len() > most
            || relay_state
                .as_ref()
                .is_some_and(|r| r.len() > MAX_RELAY_STATE)
        {
            return Err(DecodeRule::TooLarge.into());
        }
        // SAML Bindings §3.5.4: base64 of the XML; never inflated, DEFLATE belongs to Redirect
        let bytes = decode_base64(&response).map_err(|error| Error::from(error.kind()))?;
        let document = Document::parse(bytes, &limits)?;
        let root = document.root();
        // SAML Profiles §4.1.4.2: the message is a samlp:Response, whatever else may be signed
        if !root.is(PROTOCOL, "Response") {
            let at = document.text_pos(root.span().start);
            return Err(Error::located(ResponseRule::Root.into(), at));
        }
        Ok(Received {
            document: Arc::new(document),
            relay_state: relay_state
                .filter(|r| !r.is_empty())
                .map(|r| Arc::from(&*r)),
        })
    }
}

pub(crate) type Pairs<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// Picks SAMLResponse and RelayState; anything that looks like a second opinion is refused.
fn select<'a>(pairs: Pairs<'a>) -> Result<(Cow<'a, str>, Option<Cow<'a, str>>), Error> {
    if pairs.len() > MAX_PARAMETERS {
        return Err(DecodeRule::TooManyParameters.into());
    }
    let (mut response, mut relay_state) = (None, None);
    for (name, value) in pairs {
        let place = match name.as_ref() {
            "SAMLResponse" => &mut response,
            "RelayState" => &mut relay_state,
            "SAMLRequest" => return Err(DecodeRule::RequestPresent.into()),
            other => {
                let base = other.split('[').next().unwrap_or(other).trim();
                let alike = ["SAMLResponse", "RelayState", "SAMLRequest"]
                    .iter()
                    .any(|known| base.eq_ignore_ascii_case(known));
                if alike {
                    return Err(DecodeRule::ParameterName.into());
                }
                continue;
            }
        };
        if place.replace(value).is_some() {
            return Err(DecodeRule::DuplicateParameter.into());
        }
    }
    let response = response.ok_or_else(|| Error::from(DecodeRule::ResponseMissing))?;
    Ok((response, relay_state))
}

pub(crate) fn parse_urlencoded(body: &[u8], most: usize) -> Result<Pairs<'_>, Error> {
    if body.len() > most {
        return Err(DecodeRule::TooLarge.into());
    }
    let mut pairs = Vec::with_capacity(2);
    let ends = memchr::memchr_iter(b'&', body).chain([body.len()]);
    let mut from = 0;
    for to in ends {
        let pair = body.get(from..to).unwrap_or_default();
        from = to.saturating_add(1);
        if pair.is_empty() {
            continue;
        }
        if pairs.len() == MAX_PARAMETERS {
            return Err(DecodeRule::TooManyParameters.into());
        }
        let at = memchr::memchr(b'=', pair).unwrap_or(pair.len());
        let name = decode(pair.get(..at).unwrap_or_default())?;
        let value = decode(pair.get(at.saturating_add(1)..).unwrap_or_default())?;
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// One name or value: `+` is a space, `%XX` a byte, and the result is UTF-8. A bare `%` is refused,
/// not passed on: what two readers could read differently is read by none.
pub(crate) fn decode(text: &[u8]) -> Result<Cow<'_, str>, Error> {
    let malformed = || Error::from(DecodeRule::Form);
    if memchr::memchr2(b'+', b'%', text).is_none() {
        return core::str::from_utf8(text)
            .map(Cow::Borrowed)
            .map_err(|_| malformed());
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    // Base64 has an escape every thirty bytes or so: what lies between is copied at once
    while let Some(at) = memchr::memchr2(b'+', b'%', rest) {
        let (plain, escaped) = rest.split_at(at);
        out.extend_from_slice(plain);
        rest = match escaped {
            [b'+', after @ ..] => {
                out.push(b' ');
                after
            }
            [b'%', high, low, after @ ..] => {
                let digit = |b: u8| {
                    char::from(b)
                        .to_digit(16)
                        .and_then(|d| u8::try_from(d).ok())
                };
                let (Some(high), Some(low)) = (digit(*high), digit(*low)) else {
                    return Err(malformed());
                };
                out.push(high << 4 | low);
                after
            }
            _ => return Err(malformed()),
        };
    }
    out.extend_from_slice(rest);
    String::from_utf8(out)
        .map(Cow::Owned)
        .map_err(|_| malformed())
}
