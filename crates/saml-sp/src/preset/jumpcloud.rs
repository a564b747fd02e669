//! JumpCloud. Labels: jumpcloud.com/support/sso-application-connector-fields and vendors' guides.

use super::{Algorithm, Binding, LoginHint, Logout, Preset, Setting, Signs, field, habit};

pub(super) const PRESET: Preset = Preset {
    id: "jumpcloud",
    product: "JumpCloud",
    place: "SSO Applications › the application › SSO",
    fields: &[
        field(Setting::SpEntityId, "SP Entity ID"),
        field(Setting::AcsUrl, "ACS URL"),
        field(Setting::RelayState, "Default RelayState"),
        field(Setting::NameId, "SAMLSubject NameID").enter("email"),
        field(Setting::NameIdFormat, "SAMLSubject NameID Format"),
        field(Setting::SignedPart, "Sign").enter(
            "Response or Assertion; older applications have a tick box “Sign Assertion”, which has to be ticked",
        ),
        field(Setting::SignatureAlgorithm, "Signature Algorithm").enter("RSA-SHA256"),
        field(Setting::IdpInitiated, "Login URL").enter(
            "the sign-in page of the application, so that the tile in the user portal starts there",
        ),
        field(Setting::Assignment, "User Groups").at("SSO Applications › the application › User Groups"),
        field(Setting::Issuer, "IdP Entity ID").enter(
            "any text, the same in the connection: it is free, and need not be unique",
        ),
        field(Setting::SsoUrl, "Declare Redirect Endpoint")
            .enter("ticked, if requests are to travel by Redirect"),
        field(Setting::Certificate, "Copy Metadata URL")
            .enter("nothing: give the URL to the connection; “Export Metadata” gives a file"),
    ],
    offers: &[Binding::HttpPost],
    signs: Signs::Assertion,
    algorithm: Algorithm::RsaSha256,
    encrypts: false,
    name_id_format: "urn:oasis:names:tc:SAML:1.0:nameid-format:unspecified",
    login_hint: LoginHint::None,
    logout: Logout::None,
    certificate: "one for each application, valid for 5 years, with mails before it ends; regenerating replaces key and certificate at once, with no time in which both work",
    quirks: &[],
    habits: &[
        habit(
            "free_text_issuer",
            "The issuer is whatever the administrator typed as IdP Entity ID, often the same at many customers, or the SP's own entity ID. It identifies nobody; the key does.",
        ),
        habit(
            "post_only_metadata",
            "Metadata offer the sign-on service by POST alone until “Declare Redirect Endpoint” is ticked.",
        ),
        habit(
            "no_attributes_by_default",
            "No attribute is sent until it is mapped; names are case-sensitive, groups need a tick box.",
        ),
        habit(
            "odd_name_id_format",
            "The NameID format is often urn:oasis:names:tc:SAML:1.0:nameid-format:unspecified, which no standard defines. It is taken as it is.",
        ),
        habit(
            "fixed_sso_url",
            "The last part of the sign-on URL is chosen when the application is made, and cannot be changed later.",
        ),
        habit(
            "hard_certificate_cutover",
            "After “regenerate”, every login is refused with signature.unknown_key until the metadata are fetched again.",
        ),
    ],
};
