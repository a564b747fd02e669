//! What one login asks for.

use serde::{Deserialize, Serialize};

use super::scoping::Scoping;
use crate::response::name_id::NameId;

/// What to ask the identity provider for, and what to remember meanwhile.
///
/// The default asks for nothing: every setting here makes some identity provider refuse.
///
/// ```
/// use saml_sp::LoginOptions;
///
/// let options = LoginOptions::default().return_to("/reports/7").force_authn(true);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LoginOptions {
    pub(crate) return_to: Option<String>,
    pub(crate) force_authn: bool,
    pub(crate) is_passive: bool,
    pub(crate) name_id_policy: Option<NameIdPolicy>,
    pub(crate) authn_context_class_refs: Vec<String>,
    pub(crate) subject: Option<NameId>,
    pub(crate) login_hint: Option<String>,
    pub(crate) scoping: Option<Scoping>,
    pub(crate) attribute_consuming_service_index: Option<u16>,
}

impl LoginOptions {
    /// Where the application wants to go after the login. It is kept in the [`PendingLogin`] and
    /// never travels; the application still decides whether it is a path of its own.
    ///
    /// [`PendingLogin`]: crate::PendingLogin
    #[must_use]
    pub fn return_to(mut self, place: impl Into<String>) -> Self {
        self.return_to = Some(place.into());
        self
    }

    /// `ForceAuthn`: the user signs in afresh, whatever session the identity provider has. An
    /// answer from an older session is refused (`authn.stale`).
    #[must_use]
    pub const fn force_authn(mut self, force: bool) -> Self {
        self.force_authn = force;
        self
    }

    /// `IsPassive`: the identity provider must not show anything; it answers NoPassive if it
    /// would have to.
    #[must_use]
    pub const fn is_passive(mut self, passive: bool) -> Self {
        self.is_passive = passive;
        self
    }

    /// `NameIDPolicy`. Left out by default, as SAML2Int v2 SDP-SP04 asks.
    #[must_use]
    pub fn name_id_policy(mut self, policy: NameIdPolicy) -> Self {
        self.name_id_policy = Some(policy);
        self
    }

    /// `RequestedAuthnContext` with `Comparison="exact"`: one of these classes, or the login is
    /// refused (`authn.context_mismatch`). Left out by default, as SAML2Int v2 SDP-SP07 asks.
    #[must_use]
    pub fn authn_context(
        mut self,
        class_refs: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.authn_context_class_refs = class_refs.into_iter().map(Into::into).collect();
        self
    }

    /// `Subject`: this user and nobody else, as an earlier login named them; for confirming a step
    /// that needs a fresh sign-in. An answer about somebody else is refused
    /// (`subject.other_than_requested`). Entra refuses requests that have one.
    #[must_use]
    pub fn subject(mut self, name_id: NameId) -> Self {
        self.subject = Some(name_id);
        self
    }

    /// Who is probably signing in, most often an e-mail address. It travels in the way that the
    /// connection knows ([`Connection::login_hint_by`](crate::Connection::login_hint_by)), beside
    /// what is signed, and is left out where the identity provider has none. The user may still
    /// sign in as somebody else.
    #[must_use]
    pub fn login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = Some(hint.into());
        self
    }

    /// `Scoping`: which identity providers a proxy may ask, and through how many hops.
    #[must_use]
    pub fn scoping(mut self, scoping: Scoping) -> Self {
        self.scoping = Some(scoping);
        self
    }

    /// `AttributeConsumingServiceIndex`: which of the attribute lists in our metadata this login
    /// wants.
    #[must_use]
    pub const fn attribute_consuming_service_index(mut self, index: u16) -> Self {
        self.attribute_consuming_service_index = Some(index);
        self
    }
}

/// `NameIDPolicy` (SAML Core §3.4.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NameIdPolicy {
    pub(crate) format: Option<String>,
    pub(crate) allow_create: bool,
}

impl NameIdPolicy {
    /// Asks for a Format. Another one in the answer is refused (`subject.name_id_format`), except
    /// when it is unspecified that was asked for.
    #[must_use]
    pub fn format(mut self, format: impl Into<String>) -> Self {
        self.format = Some(format.into());
        self
    }

    /// `AllowCreate`: the identity provider may make a new identifier for this service provider.
    #[must_use]
    pub const fn allow_create(mut self, allow: bool) -> Self {
        self.allow_create = allow;
        self
    }
}
