//! What the administrator of each identity provider sees in its console: data, no behaviour.

/// The names that one product gives to the values it wants from us.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Preset {
    /// What `--preset` and the form say.
    pub id: &'static str,
    /// The product's name.
    pub product: &'static str,
    /// Its field for our entity ID.
    pub entity_id_field: &'static str,
    /// Its field for our assertion consumer URL.
    pub acs_field: &'static str,
}

const fn preset(
    id: &'static str,
    product: &'static str,
    entity_id_field: &'static str,
    acs_field: &'static str,
) -> Preset {
    Preset {
        id,
        product,
        entity_id_field,
        acs_field,
    }
}

/// Every preset, by id.
pub const PRESETS: &[Preset] = &[
    preset(
        "adfs",
        "AD FS",
        "Relying party trust identifier",
        "Relying party SAML 2.0 SSO service URL",
    ),
    preset(
        "auth0",
        "Auth0",
        "Settings › audience",
        "Application Callback URL",
    ),
    preset(
        "entra",
        "Microsoft Entra ID",
        "Identifier (Entity ID)",
        "Reply URL (Assertion Consumer Service URL)",
    ),
    preset("google", "Google Workspace", "Entity ID", "ACS URL"),
    preset(
        "jumpcloud",
        "JumpCloud",
        "SP Entity ID",
        "ACS URLs › Default URL",
    ),
    preset(
        "keycloak",
        "Keycloak",
        "Client ID",
        "Master SAML Processing URL",
    ),
    preset(
        "okta",
        "Okta",
        "Audience URI (SP Entity ID)",
        "Single sign-on URL",
    ),
    preset(
        "onelogin",
        "OneLogin",
        "Audience (EntityID)",
        "ACS (Consumer) URL",
    ),
    preset("ping", "PingOne", "Entity ID", "ACS URLs"),
];

/// The preset of that id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.id == id)
}
