//! From a filled-in form to a Response.

use sso_testkit::{AuthnRequestInfo, User};
use time::OffsetDateTime;

use crate::idp::DevIdp;
use crate::variant::Variant;

/// What the sign-in form holds.
#[derive(Clone, Debug)]
pub(crate) struct SignIn {
    pub(crate) request_id: String,
    pub(crate) sp_entity_id: String,
    pub(crate) acs_url: String,
    pub(crate) relay_state: Option<String>,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) groups: String,
    pub(crate) variant: Variant,
}

impl SignIn {
    /// The form as it is shown first.
    pub(crate) fn prefilled(request: &AuthnRequestInfo) -> Self {
        Self {
            request_id: request.id.clone().unwrap_or_default(),
            sp_entity_id: request.issuer.clone(),
            acs_url: request.acs_url.clone(),
            relay_state: request.relay_state.clone(),
            email: "alice@example.test".to_owned(),
            name: "Alice Example".to_owned(),
            groups: "staff, engineering".to_owned(),
            variant: Variant::Good,
        }
    }

    /// Reads the form that came back.
    pub(crate) fn from_fields(fields: &[(String, String)]) -> Self {
        let field = |name: &str| {
            fields
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.clone())
        };
        let text = |name| field(name).unwrap_or_default();
        Self {
            request_id: text("request_id"),
            sp_entity_id: text("sp_entity_id"),
            acs_url: text("acs_url"),
            relay_state: field("relay_state").filter(|value| !value.is_empty()),
            email: text("email").trim().to_owned(),
            name: text("name").trim().to_owned(),
            groups: text("groups"),
            variant: Variant::from_name(&text("variant")),
        }
    }

    /// The Response to it.
    pub(crate) fn response_xml(&self, idp: &DevIdp, now: OffsetDateTime) -> String {
        let mut request =
            AuthnRequestInfo::new(&self.request_id, &self.sp_entity_id, &self.acs_url);
        request.id = Some(self.request_id.clone()).filter(|id| !id.is_empty());
        let groups: Vec<_> = self
            .groups
            .split(',')
            .map(str::trim)
            .filter(|g| !g.is_empty())
            .map(str::to_owned)
            .collect();
        let attributes = [
            ("email", vec![self.email.clone()]),
            ("displayName", vec![self.name.clone()]),
            ("groups", groups),
        ];
        let mut user = User::example();
        user.name_id.clone_from(&self.email);
        user.attributes = attributes
            .into_iter()
            .filter(|(_, values)| values.iter().any(|value| !value.is_empty()))
            .map(|(name, values)| (name.to_owned(), values))
            .collect();
        let issued = self.variant.issued(now);
        self.variant
            .xml(idp, |idp| idp.respond(&request, &user, issued))
    }
}
