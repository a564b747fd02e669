//! What goes wrong before a message can be validated.

use core::fmt;

use saml_xml::{TextPos, XmlError};

use crate::random::RandomError;
use crate::reason::{ConnectionRule, Reason};

/// A failure outside validation: configuration, starting a login, or reading a form.
///
/// Its text is the code and a position; it holds no part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    reason: Reason,
    at: Option<TextPos>,
}

impl Error {
    /// The rule that was broken.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The stable code of the rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// Where in the XML, if the XML could not be read.
    #[must_use]
    pub const fn at(&self) -> Option<TextPos> {
        self.at
    }

    /// What a browser may be shown: it says nothing about the reason.
    #[must_use]
    pub const fn public_message(&self) -> &'static str {
        crate::rejection::PUBLIC_MESSAGE
    }
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self { reason, at: None }
    }
}

impl From<XmlError> for Error {
    fn from(error: XmlError) -> Self {
        Self {
            reason: error.kind().into(),
            at: Some(error.at()),
        }
    }
}

/// `connection.random`.
impl From<RandomError> for Error {
    fn from(_: RandomError) -> Self {
        ConnectionRule::Random.into()
    }
}

impl Error {
    pub(crate) const fn located(reason: Reason, at: TextPos) -> Self {
        Self {
            reason,
            at: Some(at),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{} at {at}", self.reason),
            None => write!(f, "{}", self.reason),
        }
    }
}

impl core::error::Error for Error {}
