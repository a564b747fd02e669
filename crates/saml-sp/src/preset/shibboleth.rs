//! Shibboleth IdP. There is no console: settings are files, named as they are in version 4 and 5.

use super::{Algorithm, Binding, LoginHint, Logout, Preset, Setting, Signs, field, habit};

const RELYING_PARTY: &str = "conf/relying-party.xml, the SAML2.SSO profile";

pub(super) const PRESET: Preset = Preset {
    id: "shibboleth",
    product: "Shibboleth IdP",
    place: "conf/metadata-providers.xml, the SP metadata it loads",
    fields: &[
        field(Setting::SpEntityId, "entityID")
            .enter("nothing: it is read from the SP metadata; load /saml/metadata again"),
        field(Setting::AcsUrl, "AssertionConsumerService")
            .enter("nothing: it is read from the SP metadata; load /saml/metadata again"),
        field(Setting::SignedPart, "p:signResponses, p:signAssertions")
            .at(RELYING_PARTY)
            .enter("true for one of them"),
        field(Setting::Encryption, "p:encryptAssertions")
            .at(RELYING_PARTY)
            .enter("false for this service provider, unless its metadata have an encryption key; idp.encryption.optional in conf/idp.properties lets it encrypt only where it can"),
        field(Setting::NameId, "shibboleth.SAML2NameIDGenerators")
            .at("conf/saml-nameid.xml")
            .enter("a generator whose source attribute is released to this service provider"),
        field(Setting::NameIdFormat, "p:nameIDFormatPrecedence").at(RELYING_PARTY),
        field(Setting::Attributes, "AttributeFilterPolicy").at("conf/attribute-filter.xml"),
        field(Setting::Certificate, "KeyDescriptor").at("metadata/idp-metadata.xml of the IdP, or the federation's metadata"),
        field(Setting::Issuer, "idp.entityID").at("conf/idp.properties"),
    ],
    offers: &[Binding::HttpPost, Binding::HttpRedirect],
    signs: Signs::Response,
    algorithm: Algorithm::RsaSha256,
    encrypts: true,
    name_id_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
    login_hint: LoginHint::None,
    logout: Logout::OnRequest,
    certificate: "made at installation, valid for decades; changed by hand with both keys in the metadata",
    quirks: &[],
    habits: &[
        habit(
            "encrypts_by_default",
            "Assertions are encrypted, with AES-GCM since version 4: our metadata need an encryption key, or encryption has to be off for us. Without either the IdP refuses by itself.",
        ),
        habit(
            "transient_name_id",
            "The NameID is new at every login; users have to be known by an attribute, such as subject-id or eduPersonPrincipalName.",
        ),
        habit(
            "oid_attribute_names",
            "Attribute names are urn:oid:…; the FriendlyName is for people, and is not compared.",
        ),
        habit(
            "nothing_released_by_default",
            "No attribute is sent until the filter releases it.",
        ),
    ],
};
