//! The good answer, and the broken ones.

use sso_testkit::{ResponseBuilder, ResponseFields, Signs};
use time::{Duration, OffsetDateTime};

use crate::idp::DevIdp;

/// What to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variant {
    /// A good answer.
    Good,
    /// For another service provider.
    Audience,
    /// Sent to another address.
    Recipient,
    /// An hour old.
    Expired,
    /// From a clock an hour ahead.
    Early,
    /// Not signed.
    Unsigned,
    /// Signed with another key.
    OtherKey,
    /// Changed after it was signed.
    Tampered,
    /// Without a NameID.
    NoNameId,
    /// The identity provider refuses.
    Refused,
}

impl Variant {
    /// All of them, the good one first.
    pub const ALL: &'static [Self] = &[
        Self::Good,
        Self::Audience,
        Self::Recipient,
        Self::Expired,
        Self::Early,
        Self::Unsigned,
        Self::OtherKey,
        Self::Tampered,
        Self::NoNameId,
        Self::Refused,
    ];

    /// The value in forms.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Audience => "audience",
            Self::Recipient => "recipient",
            Self::Expired => "expired",
            Self::Early => "early",
            Self::Unsigned => "unsigned",
            Self::OtherKey => "other-key",
            Self::Tampered => "tampered",
            Self::NoNameId => "no-name-id",
            Self::Refused => "refused",
        }
    }

    /// The words on the form.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Good => "a good answer",
            Self::Audience => "the audience of another service provider",
            Self::Recipient => "the ACS URL of another service provider",
            Self::Expired => "an answer that is an hour old",
            Self::Early => "an answer from a clock that is an hour ahead",
            Self::Unsigned => "no signature",
            Self::OtherKey => "a signature by an unknown key",
            Self::Tampered => "another person's address, written in after signing",
            Self::NoNameId => "no NameID",
            Self::Refused => "a refusal by the identity provider",
        }
    }

    /// Finds a variant by the value in a form; anything unknown is the good answer.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .iter()
            .copied()
            .find(|variant| variant.name() == name)
            .unwrap_or(Self::Good)
    }

    /// When the answer claims to be made.
    pub(crate) fn issued(self, now: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::Expired => now.saturating_sub(Duration::hours(1)),
            Self::Early => now.saturating_add(Duration::hours(1)),
            _ => now,
        }
    }

    pub(crate) fn xml(
        self,
        idp: &DevIdp,
        build: impl Fn(&sso_testkit::FakeIdp) -> ResponseBuilder<'_>,
    ) -> String {
        let good = |change: fn(&mut ResponseFields)| build(idp.fake()).mutate(change).to_xml();
        match self {
            Self::Good | Self::Expired | Self::Early => good(|_| {}),
            Self::Audience => good(|fields| {
                if let Some(assertion) = &mut fields.assertion {
                    assertion.audiences =
                        vec![vec!["https://another.example/saml/metadata".to_owned()]];
                }
            }),
            Self::Recipient => good(|fields| {
                if let Some(assertion) = &mut fields.assertion {
                    assertion.recipient = Some("https://another.example/saml/consume".to_owned());
                }
            }),
            Self::NoNameId => good(|fields| {
                if let Some(assertion) = &mut fields.assertion {
                    assertion.name_id = None;
                }
            }),
            Self::Refused => good(|fields| {
                fields.assertion = None;
                fields.status = vec![
                    "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned(),
                    "urn:oasis:names:tc:SAML:2.0:status:RequestDenied".to_owned(),
                ];
                fields.status_message =
                    Some("You are not assigned to this application.".to_owned());
            }),
            Self::Unsigned => build(idp.fake()).sign(Signs::Nothing).to_xml(),
            Self::OtherKey => build(idp.stranger()).to_xml(),
            Self::Tampered => {
                let xml = build(idp.fake()).to_xml();
                match (xml.find("<saml:NameID"), xml.find("</saml:NameID>")) {
                    (Some(open), Some(close)) => {
                        let start = xml
                            .get(open..)
                            .and_then(|rest| rest.find('>'))
                            .map_or(close, |at| open + at + 1);
                        let (before, after) = (xml.get(..start), xml.get(close..));
                        [
                            before.unwrap_or_default(),
                            "mallory@example.test",
                            after.unwrap_or_default(),
                        ]
                        .concat()
                    }
                    _ => xml,
                }
            }
        }
    }
}
