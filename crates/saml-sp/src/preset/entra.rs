//! Microsoft Entra ID. Labels: the single sign-on page of an enterprise application.

use super::{Algorithm, Binding, LoginHint, Logout, Preset, Setting, Signs, field, habit};

const BASIC: &str =
    "Enterprise applications › the application › Single sign-on › Basic SAML Configuration";
const CLAIMS: &str =
    "Enterprise applications › the application › Single sign-on › Attributes & Claims";
const SIGNING: &str =
    "Enterprise applications › the application › Single sign-on › SAML Signing Certificate";

pub(super) const PRESET: Preset = Preset {
    id: "entra",
    product: "Microsoft Entra ID",
    place: BASIC,
    fields: &[
        field(Setting::SpEntityId, "Identifier (Entity ID)"),
        field(
            Setting::AcsUrl,
            "Reply URL (Assertion Consumer Service URL)",
        ),
        field(Setting::RelayState, "Relay State"),
        field(Setting::NameId, "Unique User Identifier (Name ID)")
            .at(CLAIMS)
            .enter("user.mail or user.userprincipalname; it has to have a value for every user"),
        field(Setting::NameIdFormat, "Name identifier format").at(CLAIMS),
        field(Setting::SignedPart, "Signing Option")
            .at(SIGNING)
            .enter("Sign SAML assertion, or Sign SAML response and assertion"),
        field(Setting::SignatureAlgorithm, "Signing Algorithm")
            .at(SIGNING)
            .enter("SHA-256"),
        field(Setting::Encryption, "Token encryption")
            .at("Enterprise applications › the application › Token encryption"),
        field(Setting::Attributes, "Attributes & Claims").at(CLAIMS),
        field(Setting::Assignment, "Users and groups")
            .at("Enterprise applications › the application › Users and groups"),
        field(Setting::SingleLogout, "Logout Url (Optional)"),
        field(Setting::Issuer, "Microsoft Entra Identifier")
            .at("Enterprise applications › the application › Single sign-on"),
        field(Setting::SsoUrl, "Login URL")
            .at("Enterprise applications › the application › Single sign-on"),
        field(Setting::Certificate, "App Federation Metadata Url").at(SIGNING),
    ],
    offers: &[Binding::HttpRedirect, Binding::HttpPost],
    signs: Signs::Assertion,
    algorithm: Algorithm::RsaSha256,
    encrypts: false,
    name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    login_hint: LoginHint::Query("login_hint"),
    logout: Logout::OnRequest,
    certificate: "one for each application, valid for 3 years, with mails 60, 30 and 7 days before it ends; a new one is made beside it and activated by hand",
    quirks: &[],
    habits: &[
        habit(
            "tenant_wide_issuer",
            "The issuer https://sts.windows.net/<tenant>/ is the same for every application of the tenant: it cannot tell two connections apart.",
        ),
        habit(
            "application_metadata",
            "Metadata need the ?appid= of the application; without it they hold the tenant's keys, and logins fail with signature.unknown_key.",
        ),
        habit(
            "signed_metadata_with_other_roles",
            "Metadata are signed, and hold WS-Federation roles beside the SAML one, which are passed over.",
        ),
        habit(
            "request_id_starts_with_a_letter",
            "A request whose ID starts with a digit is refused; ours start with an underscore.",
        ),
        habit(
            "no_subject_in_requests",
            "A request with a Subject is refused: the login hint goes into the query.",
        ),
        habit(
            "group_overage",
            "Above a number of groups, a link comes instead of the groups.",
        ),
    ],
};
