//! PingOne, and PingFederate where it differs. Labels: docs.pingidentity.com, "Editing an
//! application - SAML".

use super::{Algorithm, Binding, LoginHint, Logout, Preset, Setting, Signs, field, habit};

pub(super) const PRESET: Preset = Preset {
    id: "ping",
    product: "PingOne",
    place: "Applications › Applications › the application › Configuration",
    fields: &[
        field(Setting::SpEntityId, "Entity ID"),
        field(Setting::AcsUrl, "ACS URLs").enter(
            "the ACS URL of this service provider, letter by letter, as the first of the list",
        ),
        field(Setting::RelayState, "Target Application URL"),
        field(Setting::SignedPart, "Signing key")
            .enter("below it: Sign Assertion, Sign Response, or Sign Assertion & Response"),
        field(Setting::SignatureAlgorithm, "Signing Algorithm").enter("RSA_SHA256"),
        field(Setting::Encryption, "Encryption")
            .enter("off, unless this service provider's encryption certificate is chosen there"),
        field(Setting::NameIdFormat, "Subject NameID Format"),
        field(Setting::Attributes, "Attribute Mappings")
            .at("Applications › Applications › the application › Attribute Mappings"),
        field(Setting::NameId, "saml_subject")
            .at("Applications › Applications › the application › Attribute Mappings")
            .enter("Email Address, or another property that every user has"),
        field(Setting::SingleLogout, "SLO Endpoint"),
        field(Setting::Issuer, "Issuer ID"),
        field(Setting::SsoUrl, "Single Signon Service"),
        field(Setting::Certificate, "Download Metadata"),
    ],
    offers: &[Binding::HttpPost, Binding::HttpRedirect],
    signs: Signs::Assertion,
    algorithm: Algorithm::RsaSha256,
    encrypts: false,
    name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    login_hint: LoginHint::None,
    logout: Logout::OnRequest,
    certificate: "a key of the environment, chosen in the application; a new one is chosen by hand",
    quirks: &[],
    habits: &[
        habit(
            "virtual_server_ids",
            "PingFederate with virtual server IDs sends another Issuer for each: the connection's IdP entity ID is the one of its own virtual server.",
        ),
        habit(
            "elliptic_keys",
            "The signing key may be elliptic (SHA256_ECDSA); P-256 and P-384 are accepted.",
        ),
        habit(
            "signs_response_as_required",
            "PingFederate starts with “Sign Response As Required”, which signs the Assertion for the POST binding.",
        ),
    ],
};
