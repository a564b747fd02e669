//! How a product writes its messages: prefixes, names, types. None of it changes what they say.

use crate::message::{AssertionFields, ResponseFields};

const BASIC: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
const URI: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified";

/// The habits of one product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a test kit's data")]
pub struct Shape {
    /// Prefix of the assertion's namespace; empty for the default namespace.
    pub saml: &'static str,
    /// Prefix of the protocol's namespace.
    pub samlp: &'static str,
    /// What stands before the root.
    pub declaration: &'static str,
    /// How IDs begin.
    pub id_prefix: &'static str,
    /// `NameFormat` of attributes.
    pub name_format: Option<&'static str>,
    /// `xsi:type` of attribute values.
    pub value_type: Option<&'static str>,
    /// What `email`, `displayName` and `groups` are called.
    pub attribute_names: [&'static str; 3],
    /// `FriendlyName` with each of them.
    pub friendly_names: bool,
    /// `NameQualifier` and `SPNameQualifier` with the NameID.
    pub qualifiers: bool,
    /// `Consent` on the Response.
    pub consent: bool,
    /// The authentication context.
    pub authn_context: &'static str,
    /// Whether the session's end is told.
    pub session_end: bool,
}

const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
const PROTECTED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const UNSPECIFIED_CONTEXT: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";

impl Shape {
    /// Prefixes as the standard prints them, plain values.
    pub const PLAIN: Self = Self {
        saml: "saml",
        samlp: "samlp",
        declaration: "",
        id_prefix: "_",
        name_format: None,
        value_type: None,
        attribute_names: ["email", "displayName", "groups"],
        friendly_names: false,
        qualifiers: false,
        consent: false,
        authn_context: PROTECTED,
        session_end: true,
    };
    /// Okta.
    pub const OKTA: Self = Self {
        saml: "saml2",
        samlp: "saml2p",
        declaration: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
        id_prefix: "id",
        name_format: Some(UNSPECIFIED),
        value_type: Some("xs:string"),
        session_end: false,
        ..Self::PLAIN
    };
    /// Microsoft Entra ID: the assertion in the default namespace, claims as attributes.
    pub const ENTRA: Self = Self {
        saml: "",
        attribute_names: [
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "http://schemas.microsoft.com/identity/claims/displayname",
            "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
        ],
        authn_context: PASSWORD,
        session_end: false,
        ..Self::PLAIN
    };
    /// ADFS.
    pub const ADFS: Self = Self {
        consent: true,
        attribute_names: [
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            "http://schemas.xmlsoap.org/claims/Group",
        ],
        authn_context: PROTECTED,
        ..Self::ENTRA
    };
    /// Google Workspace.
    pub const GOOGLE: Self = Self {
        saml: "saml2",
        samlp: "saml2p",
        declaration: "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>",
        value_type: Some("xs:anyType"),
        authn_context: UNSPECIFIED_CONTEXT,
        session_end: false,
        ..Self::PLAIN
    };
    /// OneLogin.
    pub const ONELOGIN: Self = Self {
        id_prefix: "pfx",
        name_format: Some(BASIC),
        value_type: Some("xs:string"),
        attribute_names: ["User.email", "User.name", "memberOf"],
        ..Self::PLAIN
    };
    /// `PingFederate` and `PingOne`.
    pub const PING: Self = Self {
        name_format: Some(BASIC),
        value_type: Some("xs:string"),
        authn_context: UNSPECIFIED_CONTEXT,
        session_end: false,
        ..Self::PLAIN
    };
    /// Keycloak.
    pub const KEYCLOAK: Self = Self {
        id_prefix: "ID_",
        name_format: Some(BASIC),
        value_type: Some("xs:string"),
        authn_context: UNSPECIFIED_CONTEXT,
        ..Self::PLAIN
    };
    /// Auth0.
    pub const AUTH0: Self = Self {
        name_format: Some(URI),
        value_type: Some("xs:anyType"),
        attribute_names: [
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            "http://schemas.xmlsoap.org/claims/Group",
        ],
        authn_context: UNSPECIFIED_CONTEXT,
        session_end: false,
        ..Self::PLAIN
    };
    /// Shibboleth: OIDs with friendly names, both qualifiers.
    pub const SHIBBOLETH: Self = Self {
        saml: "saml2",
        samlp: "saml2p",
        declaration: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
        name_format: Some(URI),
        attribute_names: [
            "urn:oid:0.9.2342.19200300.100.1.3",
            "urn:oid:2.16.840.1.113730.3.1.241",
            "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
        ],
        friendly_names: true,
        qualifiers: true,
        session_end: false,
        ..Self::PLAIN
    };

    /// Changes the facts that the product states differently.
    pub(crate) fn state(&self, fields: &mut ResponseFields, sp_entity_id: &str) {
        let issuer = fields.issuer.clone();
        let Some(assertion) = &mut fields.assertion else {
            return;
        };
        self.state_assertion(assertion);
        if self.qualifiers {
            assertion.name_qualifier = issuer;
            assertion.sp_name_qualifier = Some(sp_entity_id.to_owned());
        }
    }

    fn state_assertion(&self, assertion: &mut AssertionFields) {
        assertion.authn_context = Some(self.authn_context.to_owned());
        if !self.session_end {
            assertion.session_not_on_or_after = None;
        }
        for (name, _) in &mut assertion.attributes {
            let known = ["email", "displayName", "groups"];
            if let Some(at) = known.iter().position(|known| known == name) {
                self.attribute_names[at].clone_into(name);
            }
        }
    }

    /// Writes an unsigned Assertion the product's way.
    pub(crate) fn assertion(&self, mut xml: String) -> String {
        for (name, friendly) in
            self.attribute_names
                .iter()
                .zip(["mail", "displayName", "isMemberOf"])
        {
            let plain = format!("<saml:Attribute Name=\"{name}\"");
            let mut dressed = plain.clone();
            if let Some(format) = self.name_format {
                dressed.push_str(&format!(" NameFormat=\"{format}\""));
            }
            if self.friendly_names {
                dressed.push_str(&format!(" FriendlyName=\"{friendly}\""));
            }
            xml = xml.replace(&plain, &dressed);
        }
        if let Some(kind) = self.value_type {
            let dressed = format!(
                "<saml:AttributeValue xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
                 xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"{kind}\">"
            );
            xml = xml.replace("<saml:AttributeValue>", &dressed);
        }
        self.rename(&xml)
    }

    /// Writes an unsigned Response, with a finished Assertion in it, the product's way.
    pub(crate) fn response(&self, xml: &str) -> String {
        let mut xml = self.rename(xml);
        if self.consent {
            let start = format!("<{}:Response", self.samlp);
            let consent = "urn:oasis:names:tc:SAML:2.0:consent:unspecified";
            xml = xml.replacen(&start, &format!("{start} Consent=\"{consent}\""), 1);
        }
        format!("{}{xml}", self.declaration)
    }

    fn rename(&self, xml: &str) -> String {
        let (colon, declared) = if self.saml.is_empty() {
            (String::new(), "xmlns=".to_owned())
        } else {
            (format!("{}:", self.saml), format!("xmlns:{}=", self.saml))
        };
        xml.replace("<saml:", &format!("<{colon}"))
            .replace("</saml:", &format!("</{colon}"))
            .replace("xmlns:saml=", &declared)
            .replace("<samlp:", &format!("<{}:", self.samlp))
            .replace("</samlp:", &format!("</{}:", self.samlp))
            .replace("xmlns:samlp=", &format!("xmlns:{}=", self.samlp))
    }
}
