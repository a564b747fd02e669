//! Google Workspace. Labels: the set-up pages of a custom SAML app.

use super::{Algorithm, Binding, LoginHint, Logout, Preset, Setting, Signs, field, habit};

pub(super) const PRESET: Preset = Preset {
    id: "google",
    product: "Google Workspace",
    place: "Apps › Web and mobile apps › the app › Service provider details",
    fields: &[
        field(Setting::SpEntityId, "Entity ID"),
        field(Setting::AcsUrl, "ACS URL"),
        field(Setting::RelayState, "Start URL"),
        field(Setting::NameId, "Name ID").enter("Basic Information > Primary email"),
        field(Setting::NameIdFormat, "Name ID format").enter("EMAIL, or UNSPECIFIED"),
        field(Setting::SignedPart, "Signed response")
            .enter("either: the assertion is signed without it, the response with it"),
        field(Setting::Attributes, "Attribute mapping")
            .at("Apps › Web and mobile apps › the app › SAML attribute mapping"),
        field(Setting::Assignment, "User access")
            .at("Apps › Web and mobile apps › the app › User access")
            .enter("ON for the organisational units or groups who are to sign in"),
        field(Setting::Issuer, "Entity ID")
            .at("Apps › Web and mobile apps › the app › Download metadata"),
        field(Setting::SsoUrl, "SSO URL")
            .at("Apps › Web and mobile apps › the app › Download metadata"),
        field(Setting::Certificate, "Download metadata").at("Apps › Web and mobile apps › the app"),
    ],
    offers: &[Binding::HttpRedirect, Binding::HttpPost],
    signs: Signs::Assertion,
    algorithm: Algorithm::RsaSha256,
    encrypts: false,
    name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    login_hint: LoginHint::None,
    logout: Logout::None,
    certificate: "shared by the apps that use it, valid for 5 years; a second one can stand ready, and each app is switched by hand",
    quirks: &[],
    habits: &[
        habit(
            "errors_stay_there",
            "403 app_not_configured, app_not_configured_for_user and app_not_enabled_for_user are shown by Google; nothing reaches the service provider, so nothing is in its log.",
        ),
        habit(
            "case_sensitive_entity_id",
            "The entity ID is compared letter by letter, upper and lower case too.",
        ),
        habit(
            "no_metadata_url",
            "Metadata are a file to download; after a new certificate somebody has to bring it here.",
        ),
        habit(
            "slow_changes",
            "A changed app can take a while, up to a day, to work for everybody.",
        ),
    ],
};
