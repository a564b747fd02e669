//! Auth0 as identity provider. Labels: the SAML2 Web App addon, whose settings are JSON.

use super::{Algorithm, Binding, LoginHint, Logout, Preset, Setting, Signs, field, habit};

const USAGE: &str = "Applications › the application › Addons › SAML2 Web App › Usage";

pub(super) const PRESET: Preset = Preset {
    id: "auth0",
    product: "Auth0",
    place: "Applications › the application › Addons › SAML2 Web App › Settings",
    fields: &[
        field(Setting::SpEntityId, "audience")
            .enter("the SP entity ID of this service provider, in quotes; left out, it is taken from the request"),
        field(Setting::AcsUrl, "Application Callback URL"),
        field(Setting::Recipient, "recipient").enter("nothing, or the ACS URL in quotes"),
        field(Setting::Destination, "destination").enter("nothing, or the ACS URL in quotes"),
        field(Setting::NameId, "nameIdentifierProbes")
            .enter("[\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress\"]"),
        field(Setting::NameIdFormat, "nameIdentifierFormat")
            .enter("\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\""),
        field(Setting::SignedPart, "signResponse").enter(
            "either: false signs the assertion, true the response",
        ),
        field(Setting::SignatureAlgorithm, "signatureAlgorithm")
            .enter("\"rsa-sha256\", and \"sha256\" for “digestAlgorithm”"),
        field(Setting::Attributes, "mappings"),
        field(Setting::SingleLogout, "logout")
            .enter("{ \"callback\": the SLO URL in quotes, \"slo_enabled\": true }"),
        field(Setting::Issuer, "Issuer").at(USAGE),
        field(Setting::SsoUrl, "Identity Provider Login URL").at(USAGE),
        field(Setting::Certificate, "Identity Provider Metadata").at(USAGE),
    ],
    offers: &[Binding::HttpRedirect, Binding::HttpPost],
    signs: Signs::Assertion,
    algorithm: Algorithm::RsaSha1,
    encrypts: false,
    name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    login_hint: LoginHint::Subject,
    logout: Logout::OnRequest,
    certificate: "one for the tenant; rotated by hand, with the next one in place before it signs",
    quirks: &[],
    habits: &[
        habit(
            "sha1_by_default",
            "Signs with rsa-sha1 and sha1 until signatureAlgorithm and digestAlgorithm are set; until then every login is refused with signature.algorithm_weak.",
        ),
        habit(
            "audience_from_request",
            "Without “audience”, the audience is the issuer of the request.",
        ),
        habit(
            "long_lifetime",
            "Assertions are valid for an hour (lifetimeInSeconds 3600).",
        ),
        habit(
            "prefixed_attributes",
            "Attribute names are URLs: http://schemas.xmlsoap.org/… for the common ones, http://schemas.auth0.com/… for the rest.",
        ),
        habit(
            "callbacks_are_a_list",
            "The ACS URL of a request has to be in the application's list of callback URLs.",
        ),
    ],
};
