//! The fake IdP: who it is, what its metadata says, how it answers.

use std::sync::Arc;

use saml_sp::Random;
use time::OffsetDateTime;

use crate::OsRandom;
use crate::keys::{IdpKey, KeyKind};
use crate::message::{Answer, ResponseBuilder, ResponseFields, Signs};
use crate::request::AuthnRequestInfo;
use crate::shape::Shape;
use crate::signer::{escape_attribute, escape_text};

/// The NameID format of e-mail addresses.
pub const EMAIL: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress";
/// What JumpCloud calls "unspecified": a format no standard defines, with SAML 1.0 in its name.
pub const UNSPECIFIED_SAML_1_0: &str = "urn:oasis:names:tc:SAML:1.0:nameid-format:unspecified";

/// A kind of IdP to imitate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// An IdP that does all as the standard likes it best.
    Generic,
    /// JumpCloud, as its users meet it.
    JumpCloud,
    /// Okta.
    Okta,
    /// Microsoft Entra ID.
    Entra,
    /// Google Workspace.
    Google,
    /// OneLogin.
    OneLogin,
    /// ADFS.
    Adfs,
    /// Ping.
    Ping,
    /// Keycloak.
    Keycloak,
    /// Auth0.
    Auth0,
    /// Shibboleth.
    Shibboleth,
}

/// What a preset stands for: data, so that it can be printed and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// The issuer, unless a test sets another.
    pub entity_id: &'static str,
    /// The endpoint for all bindings.
    pub sso_url: &'static str,
    /// Binding URIs in the metadata.
    pub sso_bindings: Vec<&'static str>,
    /// What key it signs with.
    pub key: KeyKind,
    /// What it signs.
    pub signs: Signs,
    /// The format of its NameIDs.
    pub name_id_format: &'static str,
    /// Whether IDs are 40 upper-case characters instead of a prefix and hexadecimal digits.
    pub upper_case_ids: bool,
    /// Whether attributes are sent at all.
    pub sends_attributes: bool,
    /// How it writes its messages.
    pub shape: Shape,
}

const REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
const POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

impl Preset {
    /// The ten products.
    pub const PRODUCTS: &'static [Self] = &[
        Self::JumpCloud,
        Self::Okta,
        Self::Entra,
        Self::Google,
        Self::OneLogin,
        Self::Adfs,
        Self::Ping,
        Self::Keycloak,
        Self::Auth0,
        Self::Shibboleth,
    ];

    /// What `saml-sp` knows about the product.
    #[must_use]
    pub fn library_preset(self) -> Option<&'static saml_sp::Preset> {
        saml_sp::Preset::find(match self {
            Self::Generic => return None,
            Self::JumpCloud => "jumpcloud",
            Self::Okta => "okta",
            Self::Entra => "entra",
            Self::Google => "google",
            Self::OneLogin => "onelogin",
            Self::Adfs => "adfs",
            Self::Ping => "ping",
            Self::Keycloak => "keycloak",
            Self::Auth0 => "auth0",
            Self::Shibboleth => "shibboleth",
        })
    }

    /// The data behind the name. What a product signs and offers, and the format of its NameIDs, is
    /// what `saml-sp` says about it.
    #[must_use]
    pub fn profile(self) -> Profile {
        let generic = Profile {
            entity_id: "https://idp.example.test/metadata",
            sso_url: "https://idp.example.test/sso",
            sso_bindings: vec![REDIRECT, POST],
            key: KeyKind::Rsa2048,
            signs: Signs::Assertion,
            name_id_format: EMAIL,
            upper_case_ids: false,
            sends_attributes: true,
            shape: Shape::PLAIN,
        };
        let Some(known) = self.library_preset() else {
            return generic;
        };
        let (entity_id, sso_url, shape) = self.look();
        let offers = known.offers.iter();
        let product = Profile {
            entity_id,
            sso_url,
            shape,
            sso_bindings: offers
                .map(|binding| match binding {
                    saml_sp::Binding::HttpPost => POST,
                    _ => REDIRECT,
                })
                .collect(),
            signs: match known.signs {
                saml_sp::Signs::Response => Signs::Response,
                saml_sp::Signs::Both => Signs::Both,
                _ => Signs::Assertion,
            },
            name_id_format: known.name_id_format,
            ..generic
        };
        if self == Self::JumpCloud {
            // unsigned metadata without validUntil, only the POST endpoint, RSA-4096, the Assertion signed,
            // no attributes unless asked for, and an issuer that the administrator types freely
            return Profile {
                key: KeyKind::Rsa4096,
                name_id_format: UNSPECIFIED_SAML_1_0,
                upper_case_ids: true,
                sends_attributes: false,
                ..product
            };
        }
        product
    }

    const fn look(self) -> (&'static str, &'static str, Shape) {
        match self {
            Self::Generic => ("", "", Shape::PLAIN),
            Self::JumpCloud => (
                "JumpCloud SSO for Example",
                "https://sso.jumpcloud.com/saml2/example",
                Shape::PLAIN,
            ),
            Self::Okta => (
                "http://www.okta.com/exk1example",
                "https://example.okta.com/app/example/exk1example/sso/saml",
                Shape::OKTA,
            ),
            Self::Entra => (
                "https://sts.windows.net/00000000-0000-0000-0000-000000000001/",
                "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001/saml2",
                Shape::ENTRA,
            ),
            Self::Google => (
                "https://accounts.google.com/o/saml2?idpid=C0example",
                "https://accounts.google.com/o/saml2/idp?idpid=C0example",
                Shape::GOOGLE,
            ),
            Self::OneLogin => (
                "https://app.onelogin.com/saml/metadata/00000000-0000-0000-0000-000000000002",
                "https://example.onelogin.com/trust/saml2/http-redirect/sso/00000000",
                Shape::ONELOGIN,
            ),
            Self::Adfs => (
                "http://adfs.example.test/adfs/services/trust",
                "https://adfs.example.test/adfs/ls/",
                Shape::ADFS,
            ),
            Self::Ping => (
                "https://auth.pingone.com/00000000-0000-0000-0000-000000000003",
                "https://auth.pingone.com/00000000-0000-0000-0000-000000000003/saml20/idp/sso",
                Shape::PING,
            ),
            Self::Keycloak => (
                "https://keycloak.example.test/realms/example",
                "https://keycloak.example.test/realms/example/protocol/saml",
                Shape::KEYCLOAK,
            ),
            Self::Auth0 => (
                "urn:example.auth0.com",
                "https://example.auth0.com/samlp/example",
                Shape::AUTH0,
            ),
            Self::Shibboleth => (
                "https://idp.university.example.test/idp/shibboleth",
                "https://idp.university.example.test/idp/profile/SAML2/Redirect/SSO",
                Shape::SHIBBOLETH,
            ),
        }
    }
}

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a test kit's data, filled in by tests"
)]
pub struct User {
    /// The NameID.
    pub name_id: String,
    /// Its format; `None` leaves the attribute out.
    pub name_id_format: Option<String>,
    /// Attribute names and values.
    pub attributes: Vec<(String, Vec<String>)>,
}

impl User {
    /// Somebody with an e-mail address, a name and two groups.
    #[must_use]
    pub fn example() -> Self {
        let one = |name: &str, values: &[&str]| {
            (
                name.to_owned(),
                values.iter().map(|v| (*v).to_owned()).collect(),
            )
        };
        Self {
            name_id: "alice@example.test".to_owned(),
            name_id_format: Some(EMAIL.to_owned()),
            attributes: vec![
                one("email", &["alice@example.test"]),
                one("displayName", &["Alice Example"]),
                one("groups", &["staff", "engineering"]),
            ],
        }
    }
}

/// An IdP for tests: it has keys and signs whatever it is told to.
///
/// ```
/// use sso_testkit::{AuthnRequestInfo, FakeIdp, Preset, User};
/// use time::macros::datetime;
///
/// let idp = FakeIdp::preset(Preset::Generic);
/// let request = AuthnRequestInfo::new("_request-1", "https://sp.example.test/metadata", "https://sp.example.test/acs");
/// let response = idp.respond(&request, &User::example(), datetime!(2026-12-01 12:00 UTC));
/// assert!(response.to_xml().contains("alice@example.test"));
/// assert!(idp.metadata_xml().contains("IDPSSODescriptor"));
/// ```
#[derive(Clone)]
pub struct FakeIdp {
    profile: Profile,
    entity_id: String,
    sso_url: String,
    slo_url: Option<String>,
    key: Arc<IdpKey>,
    random: Arc<dyn Random + Send + Sync>,
}

impl std::fmt::Debug for FakeIdp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FakeIdp")
            .field("entity_id", &self.entity_id)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Default for FakeIdp {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeIdp {
    /// A generic IdP with this process's first RSA-2048 key.
    #[must_use]
    pub fn new() -> Self {
        Self::preset(Preset::Generic)
    }

    /// An IdP of this kind, with this process's first key of the kind it uses.
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        let profile = preset.profile();
        Self {
            entity_id: profile.entity_id.to_owned(),
            sso_url: profile.sso_url.to_owned(),
            slo_url: None,
            key: IdpKey::pooled(profile.key, 0),
            profile,
            random: Arc::new(OsRandom::new()),
        }
    }

    /// Another issuer: JumpCloud lets its administrators type anything, even the service provider's entity ID.
    #[must_use]
    pub fn with_entity_id(mut self, entity_id: impl Into<String>) -> Self {
        self.entity_id = entity_id.into();
        self
    }

    /// Another endpoint.
    #[must_use]
    pub fn with_sso_url(mut self, sso_url: impl Into<String>) -> Self {
        self.sso_url = sso_url.into();
        self
    }

    /// A single logout endpoint, over Redirect and POST.
    #[must_use]
    pub fn with_slo_url(mut self, slo_url: impl Into<String>) -> Self {
        self.slo_url = Some(slo_url.into());
        self
    }

    /// Another key.
    #[must_use]
    pub fn with_key(mut self, key: impl Into<Arc<IdpKey>>) -> Self {
        self.key = key.into();
        self
    }

    /// Another source of IDs.
    #[must_use]
    pub fn with_random(mut self, random: impl Random + Send + Sync + 'static) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// What kind of IdP it is.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Its issuer.
    #[must_use]
    pub fn entity_id(&self) -> &str {
        &self.entity_id
    }

    /// Its single sign-on endpoint.
    #[must_use]
    pub fn sso_url(&self) -> &str {
        &self.sso_url
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &IdpKey {
        &self.key
    }

    /// Its metadata, unsigned.
    #[must_use]
    pub fn metadata_xml(&self) -> String {
        self.metadata_with_keys(&[&self.key])
    }

    /// Its metadata with these signing keys: for roll-over.
    #[must_use]
    pub fn metadata_with_keys(&self, keys: &[&IdpKey]) -> String {
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\">\
             <md:IDPSSODescriptor WantAuthnRequestsSigned=\"false\" \
             protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">",
            escape_attribute(&self.entity_id)
        );
        for key in keys {
            out.push_str(&format!(
                "<md:KeyDescriptor use=\"signing\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
                 <ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
                key.certificate_base64()
            ));
        }
        for binding in ["Redirect", "POST"] {
            if let Some(slo_url) = &self.slo_url {
                out.push_str(&format!(
                    "<md:SingleLogoutService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}\" \
                     Location=\"{}\"></md:SingleLogoutService>",
                    escape_attribute(slo_url)
                ));
            }
        }
        out.push_str(&format!(
            "<md:NameIDFormat>{}</md:NameIDFormat>",
            escape_text(self.profile.name_id_format)
        ));
        for binding in &self.profile.sso_bindings {
            out.push_str(&format!(
                "<md:SingleSignOnService Binding=\"{binding}\" Location=\"{}\"></md:SingleSignOnService>",
                escape_attribute(&self.sso_url)
            ));
        }
        out.push_str("</md:IDPSSODescriptor></md:EntityDescriptor>\n");
        out
    }

    /// A new message ID in this IdP's style.
    ///
    /// # Panics
    /// When there is no randomness.
    #[must_use]
    pub fn new_id(&self) -> String {
        const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        let mut octets = [0; 40];
        self.random.fill(&mut octets).expect("randomness");
        if self.profile.upper_case_ids {
            // an xs:ID starts with a letter
            octets
                .iter()
                .enumerate()
                .map(|(at, octet)| {
                    char::from(UPPER[usize::from(*octet) % if at == 0 { 26 } else { 36 }])
                })
                .collect()
        } else {
            let hex: String = octets
                .iter()
                .take(16)
                .map(|octet| format!("{octet:02x}"))
                .collect();
            format!("{}{hex}", self.profile.shape.id_prefix)
        }
    }

    /// The good answer to a request, to be made worse with [`ResponseBuilder::mutate`].
    pub fn respond(
        &self,
        request: &AuthnRequestInfo,
        user: &User,
        now: OffsetDateTime,
    ) -> ResponseBuilder<'_> {
        let (response_id, assertion_id) = (self.new_id(), self.new_id());
        let mut user = user.clone();
        if !self.profile.sends_attributes {
            user.attributes.clear();
        }
        if self.profile.name_id_format != EMAIL {
            user.name_id_format = Some(self.profile.name_id_format.to_owned());
        }
        let answer = Answer {
            issuer: &self.entity_id,
            sp_entity_id: &request.issuer,
            acs_url: &request.acs_url,
            request_id: request.id.as_deref(),
            response_id: &response_id,
            assertion_id: &assertion_id,
        };
        let mut fields = ResponseFields::new(&answer, &user, now);
        self.profile.shape.state(&mut fields, &request.issuer);
        ResponseBuilder::new(fields, &self.key)
            .shape(self.profile.shape)
            .sign(self.profile.signs)
            .relay_state(request.relay_state.as_deref())
    }
}
