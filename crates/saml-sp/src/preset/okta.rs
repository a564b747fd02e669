//! Okta. Labels: help.okta.com, "Application Integration Wizard SAML field reference".

use super::{Algorithm, Binding, LoginHint, Logout, Preset, Setting, Signs, field, habit};

const SIGN_ON: &str = "Applications › the application › Sign On";

pub(super) const PRESET: Preset = Preset {
    id: "okta",
    product: "Okta",
    place: "Applications › the application › General › SAML Settings",
    fields: &[
        field(Setting::SpEntityId, "Audience URI (SP Entity ID)"),
        field(Setting::AcsUrl, "Single sign-on URL").enter(
            "the ACS URL of this service provider, letter by letter, with “Use this for Recipient URL and Destination URL” ticked",
        ),
        field(Setting::Recipient, "Recipient URL"),
        field(Setting::Destination, "Destination URL"),
        field(Setting::RelayState, "Default RelayState"),
        field(Setting::NameIdFormat, "Name ID format")
            .enter("EmailAddress, Persistent or Unspecified"),
        field(Setting::NameId, "Application username").enter("Email, or Okta username"),
        field(Setting::SignedPart, "Assertion Signature").enter("Signed; “Response” may be either"),
        field(Setting::SignatureAlgorithm, "Signature Algorithm")
            .enter("RSA-SHA256, and SHA256 for “Digest Algorithm”"),
        field(Setting::Encryption, "Assertion Encryption").enter(
            "Unencrypted, unless this service provider's encryption certificate is uploaded there",
        ),
        field(Setting::Attributes, "Attribute Statements"),
        field(Setting::Assignment, "Assign").at("Applications › the application › Assignments"),
        field(Setting::RequestSignature, "Signature Certificate"),
        field(Setting::SingleLogout, "Single Logout URL")
            .enter("the SLO URL of this service provider, with “Enable Single Logout” ticked"),
        field(Setting::Certificate, "Metadata URL").at(SIGN_ON),
    ],
    offers: &[Binding::HttpPost, Binding::HttpRedirect],
    signs: Signs::Both,
    algorithm: Algorithm::RsaSha256,
    encrypts: false,
    name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    login_hint: LoginHint::Query("LoginHint"),
    logout: Logout::OnRequestSigned,
    certificate: "made with the application, valid for decades; a new one is made and activated by hand",
    quirks: &[],
    habits: &[
        habit(
            "issuer_per_application",
            "The issuer is http://www.okta.com/ and an ID of the application: a new application is a new issuer.",
        ),
        habit(
            "name_id_policy_must_match",
            "A request that asks for another NameID format than the configured one is refused; by default none is asked for.",
        ),
        habit(
            "no_underscore_in_acs_url",
            "The sign-on URL field refuses underscores.",
        ),
        habit(
            "inclusive_namespaces",
            "Signatures carry InclusiveNamespaces with the prefix xs.",
        ),
    ],
};
