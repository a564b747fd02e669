//! Active Directory Federation Services. Labels: the relying party trust of AD FS Management.

use super::{Algorithm, Binding, LoginHint, Logout, Preset, Setting, Signs, field, habit};

const RULES: &str =
    "AD FS Management › Relying Party Trusts › the trust › Edit Claim Issuance Policy";

pub(super) const PRESET: Preset = Preset {
    id: "adfs",
    product: "AD FS",
    place: "AD FS Management › Relying Party Trusts › the trust › Properties",
    fields: &[
        field(Setting::SpEntityId, "Relying party trust identifier")
            .at("AD FS Management › Relying Party Trusts › the trust › Properties › Identifiers"),
        field(Setting::AcsUrl, "SAML Assertion Consumer Endpoints")
            .at("AD FS Management › Relying Party Trusts › the trust › Properties › Endpoints")
            .enter("the ACS URL of this service provider, letter by letter, with the binding POST; the wizard asks for it as “Relying party SAML 2.0 SSO service URL”"),
        field(Setting::NameId, "Edit Claim Issuance Policy")
            .at(RULES)
            .enter("a rule that sends “E-Mail Address” from Active Directory, then a rule “Transform an Incoming Claim” from it to the outgoing claim type “Name ID”"),
        field(Setting::NameIdFormat, "Outgoing name ID format").at(RULES).enter("Email"),
        field(Setting::Attributes, "Send LDAP Attributes as Claims").at(RULES),
        field(Setting::SignedPart, "Set-AdfsRelyingPartyTrust -SamlResponseSignature")
            .at("PowerShell")
            .enter("AssertionOnly, MessageOnly or MessageAndAssertion"),
        field(Setting::SignatureAlgorithm, "Secure hash algorithm")
            .at("AD FS Management › Relying Party Trusts › the trust › Properties › Advanced")
            .enter("SHA-256"),
        field(Setting::Encryption, "Encryption")
            .at("AD FS Management › Relying Party Trusts › the trust › Properties › Encryption")
            .enter("no certificate, unless it is this service provider's encryption certificate"),
        field(Setting::RequestSignature, "Signature")
            .at("AD FS Management › Relying Party Trusts › the trust › Properties › Signature"),
        field(Setting::Assignment, "Edit Access Control Policy")
            .at("AD FS Management › Relying Party Trusts › the trust"),
        field(Setting::SingleLogout, "SAML Logout Endpoints")
            .at("AD FS Management › Relying Party Trusts › the trust › Properties › Endpoints"),
        field(Setting::Issuer, "Federation Service identifier")
            .at("AD FS Management › Service › Edit Federation Service Properties"),
        field(Setting::Certificate, "Token-signing").at("AD FS Management › Service › Certificates")
            .enter("nothing: give /FederationMetadata/2007-06/FederationMetadata.xml of the AD FS server to the connection, or this certificate"),
    ],
    offers: &[Binding::HttpRedirect, Binding::HttpPost],
    signs: Signs::Assertion,
    algorithm: Algorithm::RsaSha256,
    encrypts: false,
    name_id_format: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    login_hint: LoginHint::Query("login_hint"),
    logout: Logout::OnRequestSigned,
    certificate: "rolls over by itself: the next one is in the metadata beside the present one before it signs",
    quirks: &[],
    habits: &[
        habit(
            "http_issuer",
            "The issuer is http://<server>/adfs/services/trust, with http; it is a name, nothing is fetched from it.",
        ),
        habit(
            "name_id_needs_a_rule",
            "No NameID is sent until a claim rule makes one: subject.name_id_missing.",
        ),
        habit(
            "encrypts_when_it_can",
            "Assertions are encrypted as soon as the trust has an encryption certificate, which comes along with SP metadata that have one.",
        ),
        habit(
            "two_keys_in_metadata",
            "Metadata hold two signing keys before a roll-over; both are taken.",
        ),
        habit(
            "signed_logout_only",
            "Logout messages without signature are refused (MSIS1014); the algorithm has to be the trust's.",
        ),
        habit(
            "lower_case_escapes",
            "Redirect signatures are made over lower-case percent escapes: the query is verified as it was received.",
        ),
        habit(
            "sha1_on_old_servers",
            "Trusts made long ago sign with SHA-1, which is refused: switch “Secure hash algorithm”.",
        ),
    ],
};
