//! What is asked of an identity provider: the two policies, and what sets them apart.

use core::fmt;

use saml_xml::AlgorithmPolicy;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::connection::{Connection, Identifier, RequestBinding, SignedPart};
use crate::reason::PolicyRule;
use crate::request::LoginOptions;

/// Until when metadata may be valid at most, seen from now: 28 days. It bounds how long somebody who
/// can serve an old signed document can keep a withdrawn key alive.
const MAX_VALIDITY: Duration = Duration::days(28);
/// SAML2Int v2 SDP-G04.
const MAX_ENTITY_ID: usize = 256;

/// What a connection asks of its identity provider.
///
/// ```
/// use saml_sp::Policy;
///
/// // what sets the two apart, for an administrator to read
/// println!("{}", Policy::Federation);
/// assert_eq!(Policy::find("federation"), Some(Policy::Federation));
/// assert!(Policy::Federation.to_string().contains("the Response is signed"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Policy {
    /// What identity providers of companies send by default, and nothing that is unsafe.
    #[default]
    Enterprise,
    /// SAML2Int v2 and the FedInterop profile, as a member of a federation has to follow them.
    Federation,
}

/// One line of what a policy asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PolicyLine {
    /// What it is about.
    pub about: &'static str,
    /// What [`Policy::Enterprise`] asks for.
    pub enterprise: &'static str,
    /// What [`Policy::Federation`] asks for.
    pub federation: &'static str,
    /// Where that stands.
    pub cite: &'static str,
}

const LINES: &[PolicyLine] = &[
    PolicyLine {
        about: "signature",
        enterprise: "the Response or the Assertion is signed; whatever is signed verifies",
        federation: "the Response is signed; whatever is signed verifies",
        cite: "SAML2Int v2 SDP-IDP; FedInterop IIP-SP",
    },
    PolicyLine {
        about: "metadata",
        enterprise: "validUntil counts where it is there",
        federation: "validUntil is there, and at most 28 days ahead",
        cite: "SAML2Int v2 SDP-MD03; FedInterop IIP-MD",
    },
    PolicyLine {
        about: "loosenings",
        enterprise: "what danger says, for one connection, with a warning in each report",
        federation: "none",
        cite: "SAML2Int v2 SDP-ALG01, SDP-MD06",
    },
    PolicyLine {
        about: "requests",
        enterprise: "Redirect where it is offered, else POST",
        federation: "Redirect",
        cite: "SAML2Int v2 SDP-SP02",
    },
    PolicyLine {
        about: "NameIDPolicy",
        enterprise: "absent, unless the application asks for a format",
        federation: "absent, or AllowCreate alone",
        cite: "SAML2Int v2 SDP-SP04",
    },
    PolicyLine {
        about: "users",
        enterprise: "named by the NameID, unless the connection says otherwise",
        federation: "named by subject-id or pairwise-id, unless the connection names an attribute",
        cite: "SAML2Int v2 SDP-SP13, SDP-SP14",
    },
    PolicyLine {
        about: "entity IDs",
        enterprise: "any text of at most 1,024 characters",
        federation: "absolute URIs of at most 256 characters",
        cite: "SAML2Int v2 SDP-G04",
    },
];

impl Policy {
    /// Both, the default first.
    pub const ALL: &'static [Self] = &[Self::Enterprise, Self::Federation];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enterprise => "enterprise",
            Self::Federation => "federation",
        }
    }

    /// The policy of that name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|p| p.as_str() == name)
    }

    /// What sets the policies apart. What both ask for is everything else this library enforces.
    #[must_use]
    pub const fn lines() -> &'static [PolicyLine] {
        LINES
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.as_str())?;
        for line in LINES {
            let asked = match self {
                Self::Enterprise => line.enterprise,
                Self::Federation => line.federation,
            };
            writeln!(f, "  {:<14}{asked} ({})", line.about, line.cite)?;
        }
        Ok(())
    }
}

/// Sets what a policy asks for, where the connection has not been told otherwise.
pub(crate) fn apply(connection: &mut Connection, policy: Policy) {
    if policy == Policy::Federation {
        if connection.signed_part() == SignedPart::Either {
            connection.set_signed_part(SignedPart::Response);
        }
        if connection.binding() == RequestBinding::Auto {
            connection.set_binding(RequestBinding::Redirect);
        }
        if *connection.identifier() == Identifier::NameId {
            connection.set_identifier(Identifier::SubjectId);
        }
    }
}

/// Whether a connection is what its policy asks for, before a message is sent or read.
pub(crate) fn check(
    connection: &Connection,
    sp_entity_id: &str,
    now: OffsetDateTime,
) -> Result<(), PolicyRule> {
    if connection.policy() == Policy::Enterprise {
        return Ok(());
    }
    if is_loosened(connection) {
        return Err(PolicyRule::Loosened);
    }
    // SAML2Int v2 SDP-SP02, SDP-SP14; the signature of the Response covers its Status as well
    let settings = matches!(
        connection.signed_part(),
        SignedPart::Response | SignedPart::Both
    ) && connection.binding() == RequestBinding::Redirect
        && *connection.identifier() != Identifier::NameId;
    if !settings {
        return Err(PolicyRule::Setting);
    }
    let idp = connection.identity_provider();
    // SAML2Int v2 SDP-G04
    let fits = |id: &str| id.chars().count() <= MAX_ENTITY_ID && Url::parse(id).is_ok();
    if !fits(sp_entity_id) || !fits(idp.entity_id().as_str()) {
        return Err(PolicyRule::EntityId);
    }
    // SAML2Int v2 SDP-MD03
    match idp.valid_until() {
        None => Err(PolicyRule::ValidUntilMissing),
        Some(until) if until > now.saturating_add(MAX_VALIDITY + connection.skew()) => {
            Err(PolicyRule::ValidUntilFar)
        }
        Some(_) => Ok(()),
    }
}

/// Whether a request asks only for what the policy allows.
pub(crate) fn check_options(
    connection: &Connection,
    options: &LoginOptions,
) -> Result<(), PolicyRule> {
    // SAML2Int v2 SDP-SP04
    let format = options
        .name_id_policy
        .as_ref()
        .and_then(|policy| policy.format.as_ref());
    if connection.policy() == Policy::Federation && format.is_some() {
        return Err(PolicyRule::NameIdFormat);
    }
    Ok(())
}

fn is_loosened(connection: &Connection) -> bool {
    #[cfg(feature = "decrypt")]
    if connection.ciphers != saml_xml::xmlenc::CipherPolicy::default() {
        return true;
    }
    connection.algorithms != AlgorithmPolicy::default()
        || connection.forgiven_quirks().next().is_some()
}
