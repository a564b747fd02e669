//! Keycloak. Labels: Server Administration Guide, "Creating a SAML client".

use super::{Algorithm, Binding, LoginHint, Logout, Preset, Quirk, Setting, Signs, field, habit};

const KEYS: &str = "Clients › the client › Keys";

pub(super) const PRESET: Preset = Preset {
    id: "keycloak",
    product: "Keycloak",
    place: "Clients › the client › Settings",
    fields: &[
        field(Setting::SpEntityId, "Client ID"),
        field(Setting::AcsUrl, "Valid redirect URIs").enter(
            "the ACS URL of this service provider, letter by letter; the same as “Master SAML Processing URL”",
        ),
        field(Setting::RelayState, "IDP Initiated SSO Relay State"),
        field(Setting::NameIdFormat, "Name ID format")
            .enter("email or persistent, with “Force name ID format” on"),
        field(Setting::SignedPart, "Sign documents").enter("on; “Sign assertions” may be either"),
        field(Setting::SignatureAlgorithm, "Signature algorithm").enter("RSA_SHA256"),
        field(Setting::AuthnStatement, "Include AuthnStatement"),
        field(Setting::IdpInitiated, "IDP-Initiated SSO URL name").enter("nothing: leave it empty"),
        field(Setting::Encryption, "Encrypt assertions").at(KEYS).enter(
            "off, unless this service provider's encryption certificate is imported there",
        ),
        field(Setting::RequestSignature, "Client signature required").at(KEYS).enter(
            "off, or on with this service provider's signing certificate imported",
        ),
        field(Setting::Attributes, "Client scopes").at("Clients › the client › Client scopes")
            .enter("mappers for the attributes that the application asks for"),
        field(Setting::SingleLogout, "Logout Service POST Binding URL")
            .at("Clients › the client › Advanced"),
        field(Setting::Certificate, "SAML 2.0 Identity Provider Metadata")
            .at("Realm settings › General › Endpoints"),
    ],
    offers: &[Binding::HttpPost, Binding::HttpRedirect],
    signs: Signs::Response,
    algorithm: Algorithm::RsaSha256,
    encrypts: false,
    name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    login_hint: LoginHint::None,
    logout: Logout::OnRequest,
    certificate: "a key of the realm, for all clients; a new one is made beside it, and old ones stay in the metadata until they are disabled",
    quirks: &[(
        Quirk::MissingAuthnStatement,
        "“Include AuthnStatement” is off in the client",
    )],
    habits: &[
        habit(
            "client_signature_required",
            "New clients require signed requests; without our certificate there, Keycloak shows “invalid requester” and nothing reaches the service provider.",
        ),
        habit(
            "repeated_attributes",
            "Roles come as several attributes of the same name, until the mapper's “Single Role Attribute” is on. All are kept; reading one value of them is refused.",
        ),
        habit(
            "entities_descriptor",
            "Old versions wrap the metadata of one realm in an EntitiesDescriptor.",
        ),
        habit(
            "unsigned_logout_response",
            "Old versions do not sign LogoutResponses.",
        ),
    ],
};
