//! OneLogin. Labels: SAML Custom Connector (Advanced).

use super::{Algorithm, Binding, LoginHint, Logout, Preset, Setting, Signs, field, habit};

const SSO: &str = "Applications › the application › SSO";

pub(super) const PRESET: Preset = Preset {
    id: "onelogin",
    product: "OneLogin",
    place: "Applications › the application › Configuration",
    fields: &[
        field(Setting::SpEntityId, "Audience (EntityID)"),
        field(Setting::AcsUrl, "ACS (Consumer) URL").enter(
            "the ACS URL of this service provider, letter by letter; “ACS (Consumer) URL Validator” takes it as a regular expression, with ^ before, $ after, and \\ before every dot and slash",
        ),
        field(Setting::Recipient, "Recipient"),
        field(Setting::RelayState, "RelayState"),
        field(Setting::NameIdFormat, "SAML nameID format").enter("Email, or Unspecified"),
        field(Setting::SignedPart, "SAML signature element").enter("Assertion, Response or Both"),
        field(Setting::IdpInitiated, "SAML initiator").enter("Service Provider"),
        field(Setting::SignatureAlgorithm, "SAML Signature Algorithm").at(SSO).enter("SHA-256"),
        field(Setting::Attributes, "Parameters")
            .at("Applications › the application › Parameters")
            .enter("the attributes that the application asks for, with “Include in SAML assertion” ticked"),
        field(Setting::NameId, "NameID value")
            .at("Applications › the application › Parameters")
            .enter("Email"),
        field(Setting::Assignment, "Users").at("Applications › the application › Users"),
        field(Setting::SingleLogout, "Single Logout URL"),
        field(Setting::Issuer, "Issuer URL").at(SSO),
        field(Setting::SsoUrl, "SAML 2.0 Endpoint (HTTP)").at(SSO),
        field(Setting::Certificate, "SAML Metadata").at("Applications › the application › More Actions"),
    ],
    offers: &[Binding::HttpRedirect, Binding::HttpPost],
    signs: Signs::Assertion,
    algorithm: Algorithm::RsaSha256,
    encrypts: false,
    name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    login_hint: LoginHint::None,
    logout: Logout::OnRequest,
    certificate: "shared by the applications that use it; a new one is made and chosen for each application by hand",
    quirks: &[],
    habits: &[
        habit(
            "sha1_fingerprint_shown",
            "The certificate page shows the SHA-1 fingerprint first; the connection takes SHA-256.",
        ),
        habit(
            "sha1_on_old_connectors",
            "Older applications start with SHA-1 as SAML Signature Algorithm, which is refused: switch it to SHA-256.",
        ),
        habit(
            "acs_validator_is_a_pattern",
            "The ACS URL is checked against a regular expression; a wrong one stops the login at OneLogin.",
        ),
        habit("one_acs_url", "One application has one ACS URL."),
    ],
};
