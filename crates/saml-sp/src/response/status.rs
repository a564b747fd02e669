//! samlp:Status.

use saml_xml::Element;
use serde::Serialize;

use super::{PROTOCOL, Particle, walk};
use crate::reason::StatusRule;
use crate::report::Failure;

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// Nested codes that are kept: SAML Core §3.2.2.2 defines two levels and allows more.
const MAX_CODES: usize = 8;
/// Bytes of StatusMessage that are kept.
const MAX_MESSAGE: usize = 1024;

/// What an identity provider answered instead of a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    codes: Vec<String>,
    message: Option<String>,
}

impl Status {
    /// The status codes, from the top level inwards, as URIs.
    #[must_use]
    pub fn codes(&self) -> &[String] {
        &self.codes
    }

    /// The last part of the innermost code: `NoPassive`, `AuthnFailed`, `RequestDenied`.
    #[must_use]
    pub fn short_code(&self) -> &str {
        let innermost = self.codes.last().map_or("", String::as_str);
        innermost.rsplit(':').next().unwrap_or(innermost)
    }

    /// The identity provider's message, cut to 1,024 bytes.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    // SAML Core §3.2.2.2: The value of the topmost <StatusCode> element MUST be from the
    // top-level list; only Success there means success, whatever is nested in it.
    pub(crate) fn is_success(&self) -> bool {
        self.codes.first().is_some_and(|code| code == SUCCESS)
    }

    pub(crate) fn describe(&self) -> String {
        let codes = self.codes.join(" / ");
        match &self.message {
            Some(message) => format!("{codes}: {message}"),
            None => codes,
        }
    }
}

/// saml-schema-protocol-2.0: StatusType.
const MODEL: &[Particle] = &[
    Particle::once(0, PROTOCOL, "StatusCode"),
    Particle::once(1, PROTOCOL, "StatusMessage"),
    Particle::once(2, PROTOCOL, "StatusDetail"),
];

/// saml-schema-protocol-2.0: StatusCodeType.
const CODE_MODEL: &[Particle] = &[Particle::once(0, PROTOCOL, "StatusCode")];

pub(crate) fn read(status: Element<'_>) -> Result<Status, Failure> {
    let malformed = |element: Element<'_>| Failure::new(StatusRule::Malformed).at(element.span());
    let mut code = None;
    let mut message = None;
    walk(status, MODEL, |index, child| match index {
        0 => code = Some(child),
        1 => message = child.text(),
        _ => {}
    })
    .map_err(|departure| departure.failure(StatusRule::Malformed, StatusRule::Malformed))?;

    // SAML Core §3.2.2.2: the attribute Value is required
    let mut codes = Vec::with_capacity(1);
    let mut next = code;
    while let Some(element) = next.take() {
        let value = element
            .attribute("Value")
            .ok_or_else(|| malformed(element))?;
        codes.push(cut(value, MAX_MESSAGE));
        walk(element, CODE_MODEL, |_, child| next = Some(child))
            .map_err(|departure| departure.failure(StatusRule::Malformed, StatusRule::Malformed))?;
        if codes.len() == MAX_CODES {
            break;
        }
    }
    if codes.is_empty() {
        return Err(malformed(status));
    }
    Ok(Status {
        codes,
        message: message.map(|text| cut(text, MAX_MESSAGE)),
    })
}

fn cut(text: &str, most: usize) -> String {
    text.char_indices()
        .take_while(|(at, c)| at + c.len_utf8() <= most)
        .map(|(_, c)| c)
        .collect()
}
