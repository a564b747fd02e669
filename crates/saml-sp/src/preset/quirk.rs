//! What a connection can forgive, by name.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::reason::{AuthnRule, ConditionsRule, Reason, RequestRule, ResponseRule};

/// A departure from the standard that some identity provider's setting makes, and that a connection
/// can be told to forgive with [`danger::forgive`](crate::danger::forgive).
///
/// None is ever forgiven by default, nor by a [`Preset`](super::Preset): a preset only names those
/// that its product is known for. What was forgiven stands in the report as a warning with the code
/// of the broken rule, and in [`Report::quirks`](crate::Report::quirks).
///
/// ```
/// use saml_sp::{AuthnRule, Quirk, Reason};
///
/// let quirk = Quirk::MissingAuthnStatement;
/// assert_eq!(quirk.as_str(), "missing_authn_statement");
/// assert_eq!(quirk.forgives(), Reason::Authn(AuthnRule::StatementMissing));
/// assert_eq!(Quirk::find("missing_authn_statement"), Some(quirk));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Quirk {
    /// The assertion has no AuthnStatement. Keycloak leaves it out when "Include AuthnStatement" is
    /// off. The login then has no session index and no authentication time; a request with
    /// `ForceAuthn` or `RequestedAuthnContext` is refused all the same.
    MissingAuthnStatement,
    /// The assertion has no AudienceRestriction; one that is there has to name this service
    /// provider.
    MissingAudience,
    /// The Response is signed and has no `Destination`. The signed `Recipient` still has to be the
    /// assertion consumer service.
    MissingDestination,
    /// A Response that nobody asked for names a request. Some portals invent an `InResponseTo` for
    /// IdP-initiated logins. The connection has to allow unsolicited Responses as well.
    UnsolicitedInResponseTo,
}

impl Quirk {
    /// Every quirk.
    pub const ALL: &'static [Self] = &[
        Self::MissingAuthnStatement,
        Self::MissingAudience,
        Self::MissingDestination,
        Self::UnsolicitedInResponseTo,
    ];

    /// Its stable name, in snake case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingAuthnStatement => "missing_authn_statement",
            Self::MissingAudience => "missing_audience",
            Self::MissingDestination => "missing_destination",
            Self::UnsolicitedInResponseTo => "unsolicited_in_response_to",
        }
    }

    /// The quirk of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|q| q.as_str() == name)
    }

    /// The rule whose breach it forgives.
    #[must_use]
    pub const fn forgives(self) -> Reason {
        match self {
            Self::MissingAuthnStatement => Reason::Authn(AuthnRule::StatementMissing),
            Self::MissingAudience => Reason::Conditions(ConditionsRule::AudienceMissing),
            Self::MissingDestination => Reason::Response(ResponseRule::DestinationMissing),
            Self::UnsolicitedInResponseTo => Reason::Request(RequestRule::UnsolicitedInResponseTo),
        }
    }

    /// What forgiving it gives away, in one sentence.
    #[must_use]
    pub const fn costs(self) -> &'static str {
        match self {
            Self::MissingAuthnStatement => {
                "nothing says when or how the user signed in, and single logout has no session to name"
            }
            Self::MissingAudience => {
                "nothing but the Recipient says that the assertion is for this service provider"
            }
            Self::MissingDestination => {
                "nothing but the Recipient says where the message was meant to go"
            }
            Self::UnsolicitedInResponseTo => {
                "an answer to a login that somebody else started passes as an unsolicited one"
            }
        }
    }
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of quirks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quirks(u8);

impl Quirks {
    pub(crate) const fn with(self, quirk: Quirk) -> Self {
        Self(self.0 | 1 << quirk as u8)
    }

    pub(crate) const fn has(self, quirk: Quirk) -> bool {
        self.0 & (1 << quirk as u8) != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Quirk> {
        Quirk::ALL.iter().copied().filter(move |q| self.has(*q))
    }
}
