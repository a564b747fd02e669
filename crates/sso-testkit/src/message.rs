//! What a Response says, as plain data, and how it is written down.
//!
//! The text comes out in canonical form (namespaces declared where they are first used, attributes in
//! order, no empty-element tags), so that it can be signed even where a strict parser would refuse it.

use time::{Duration, OffsetDateTime};

use crate::shape::Shape;
use crate::signer::{SignatureRecipe, escape_attribute, escape_text};
use crate::{IdpKey, User};

/// The namespace of SAML assertions.
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// The namespace of the SAML protocol.
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// The top-level status of a login that went well.
pub const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// The subject confirmation of Web browser SSO.
pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// What gets signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Signs {
    /// The Assertion: Entra ID, Google, JumpCloud.
    Assertion,
    /// The Response: some Shibboleth and Keycloak estates.
    Response,
    /// Both, the Assertion first: Okta.
    Both,
    /// Nothing.
    Nothing,
}

impl Signs {
    /// The three shapes that a login can have.
    pub const ALL: [Self; 3] = [Self::Assertion, Self::Response, Self::Both];

    /// Lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Response => "response",
            Self::Both => "both",
            Self::Nothing => "nothing",
        }
    }
}

/// What a Response says. Every field may be made wrong.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a test kit's data, filled in and altered by tests"
)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub struct ResponseFields {
    pub id: String,
    pub version: Option<String>,
    pub issue_instant: Option<String>,
    pub destination: Option<String>,
    pub in_response_to: Option<String>,
    pub issuer: Option<String>,
    /// Status codes, the top-level one first, each nested in the one before.
    pub status: Vec<String>,
    pub status_message: Option<String>,
    pub assertion: Option<AssertionFields>,
}

/// What an Assertion says. Every field may be made wrong.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a test kit's data, filled in and altered by tests"
)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub struct AssertionFields {
    pub id: String,
    pub version: Option<String>,
    pub issue_instant: Option<String>,
    pub issuer: Option<String>,
    pub name_id: Option<String>,
    pub name_id_format: Option<String>,
    pub name_qualifier: Option<String>,
    pub sp_name_qualifier: Option<String>,
    pub confirmation_method: String,
    pub recipient: Option<String>,
    pub confirmation_not_before: Option<String>,
    pub confirmation_not_on_or_after: Option<String>,
    pub in_response_to: Option<String>,
    pub not_before: Option<String>,
    pub not_on_or_after: Option<String>,
    /// One AudienceRestriction for each inner list.
    pub audiences: Vec<Vec<String>>,
    pub authn_instant: Option<String>,
    pub session_index: Option<String>,
    pub session_not_on_or_after: Option<String>,
    pub authn_context: Option<String>,
    /// Attribute name and its values.
    pub attributes: Vec<(String, Vec<String>)>,
}

impl ResponseFields {
    /// What a good IdP says about `user`, to this service provider, at this time.
    #[must_use]
    pub fn new(answer: &Answer<'_>, user: &User, now: OffsetDateTime) -> Self {
        let at = |offset: Duration| Some(saml_xml::types::format_date_time(now + offset));
        let issued = at(Duration::ZERO);
        Self {
            id: answer.response_id.to_owned(),
            version: Some("2.0".to_owned()),
            issue_instant: issued.clone(),
            destination: Some(answer.acs_url.to_owned()),
            in_response_to: answer.request_id.map(str::to_owned),
            issuer: Some(answer.issuer.to_owned()),
            status: vec![SUCCESS.to_owned()],
            status_message: None,
            assertion: Some(AssertionFields {
                id: answer.assertion_id.to_owned(),
                version: Some("2.0".to_owned()),
                issue_instant: issued.clone(),
                issuer: Some(answer.issuer.to_owned()),
                name_id: Some(user.name_id.clone()),
                name_id_format: user.name_id_format.clone(),
                name_qualifier: None,
                sp_name_qualifier: None,
                confirmation_method: BEARER.to_owned(),
                recipient: Some(answer.acs_url.to_owned()),
                confirmation_not_before: None,
                confirmation_not_on_or_after: at(Duration::minutes(5)),
                in_response_to: answer.request_id.map(str::to_owned),
                not_before: at(Duration::minutes(-5)),
                not_on_or_after: at(Duration::minutes(5)),
                audiences: vec![vec![answer.sp_entity_id.to_owned()]],
                authn_instant: issued,
                session_index: Some(format!("_session-{}", answer.assertion_id)),
                session_not_on_or_after: at(Duration::hours(8)),
                authn_context: Some(
                    "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport".to_owned(),
                ),
                attributes: user.attributes.clone(),
            }),
        }
    }
}

/// The facts of one exchange that an answer repeats.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a test kit's data, filled in by tests"
)]
#[expect(missing_docs, reason = "the names are the standard's own")]
pub struct Answer<'a> {
    pub issuer: &'a str,
    pub sp_entity_id: &'a str,
    pub acs_url: &'a str,
    pub request_id: Option<&'a str>,
    pub response_id: &'a str,
    pub assertion_id: &'a str,
}

fn attribute(out: &mut String, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        out.push_str(&format!(" {name}=\"{}\"", escape_attribute(value)));
    }
}

fn element(out: &mut String, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        out.push_str(&format!("<{name}>{}</{name}>", escape_text(value)));
    }
}

impl AssertionFields {
    /// The Assertion, unsigned, declaring its own namespace so that it can be moved.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut out = format!("<saml:Assertion xmlns:saml=\"{ASSERTION}\"");
        attribute(&mut out, "ID", Some(&self.id));
        attribute(&mut out, "IssueInstant", self.issue_instant.as_ref());
        attribute(&mut out, "Version", self.version.as_ref());
        out.push('>');
        element(&mut out, "saml:Issuer", self.issuer.as_ref());
        out.push_str("<saml:Subject>");
        if let Some(name_id) = &self.name_id {
            out.push_str("<saml:NameID");
            attribute(&mut out, "Format", self.name_id_format.as_ref());
            attribute(&mut out, "NameQualifier", self.name_qualifier.as_ref());
            attribute(&mut out, "SPNameQualifier", self.sp_name_qualifier.as_ref());
            out.push_str(&format!(">{}</saml:NameID>", escape_text(name_id)));
        }
        out.push_str("<saml:SubjectConfirmation");
        attribute(&mut out, "Method", Some(&self.confirmation_method));
        out.push_str("><saml:SubjectConfirmationData");
        attribute(&mut out, "InResponseTo", self.in_response_to.as_ref());
        attribute(&mut out, "NotBefore", self.confirmation_not_before.as_ref());
        attribute(
            &mut out,
            "NotOnOrAfter",
            self.confirmation_not_on_or_after.as_ref(),
        );
        attribute(&mut out, "Recipient", self.recipient.as_ref());
        out.push_str("></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject><saml:Conditions");
        attribute(&mut out, "NotBefore", self.not_before.as_ref());
        attribute(&mut out, "NotOnOrAfter", self.not_on_or_after.as_ref());
        out.push('>');
        for restriction in &self.audiences {
            out.push_str("<saml:AudienceRestriction>");
            for audience in restriction {
                element(&mut out, "saml:Audience", Some(audience));
            }
            out.push_str("</saml:AudienceRestriction>");
        }
        out.push_str("</saml:Conditions><saml:AuthnStatement");
        attribute(&mut out, "AuthnInstant", self.authn_instant.as_ref());
        attribute(&mut out, "SessionIndex", self.session_index.as_ref());
        attribute(
            &mut out,
            "SessionNotOnOrAfter",
            self.session_not_on_or_after.as_ref(),
        );
        out.push_str("><saml:AuthnContext>");
        element(
            &mut out,
            "saml:AuthnContextClassRef",
            self.authn_context.as_ref(),
        );
        out.push_str("</saml:AuthnContext></saml:AuthnStatement>");
        if !self.attributes.is_empty() {
            out.push_str("<saml:AttributeStatement>");
            for (name, values) in &self.attributes {
                out.push_str("<saml:Attribute");
                attribute(&mut out, "Name", Some(name));
                out.push('>');
                for value in values {
                    element(&mut out, "saml:AttributeValue", Some(value));
                }
                out.push_str("</saml:Attribute>");
            }
            out.push_str("</saml:AttributeStatement>");
        }
        out.push_str("</saml:Assertion>");
        out
    }
}

impl ResponseFields {
    /// The Response, unsigned, around this Assertion text.
    #[must_use]
    pub fn to_xml(&self, assertion: &str) -> String {
        let mut out = format!("<samlp:Response xmlns:samlp=\"{PROTOCOL}\"");
        attribute(&mut out, "Destination", self.destination.as_ref());
        attribute(&mut out, "ID", Some(&self.id));
        attribute(&mut out, "InResponseTo", self.in_response_to.as_ref());
        attribute(&mut out, "IssueInstant", self.issue_instant.as_ref());
        attribute(&mut out, "Version", self.version.as_ref());
        out.push('>');
        if let Some(issuer) = &self.issuer {
            out.push_str(&format!(
                "<saml:Issuer xmlns:saml=\"{ASSERTION}\">{}</saml:Issuer>",
                escape_text(issuer)
            ));
        }
        out.push_str("<samlp:Status>");
        for code in &self.status {
            out.push_str(&format!(
                "<samlp:StatusCode Value=\"{}\">",
                escape_attribute(code)
            ));
        }
        out.push_str(&"</samlp:StatusCode>".repeat(self.status.len()));
        element(
            &mut out,
            "samlp:StatusMessage",
            self.status_message.as_ref(),
        );
        out.push_str("</samlp:Status>");
        out.push_str(assertion);
        out.push_str("</samlp:Response>");
        out
    }
}

type Edit<'a> = Box<dyn Fn(String) -> String + 'a>;

/// A Response about to be signed and sent.
///
/// Fields first, then edits of the unsigned text, then the signature: whatever is changed here is
/// what the IdP meant to say, and is validly signed. Changes made to [`ResponseBuilder::to_xml`]'s output
/// are an attacker's.
#[must_use]
pub struct ResponseBuilder<'a> {
    fields: ResponseFields,
    key: &'a IdpKey,
    signs: Signs,
    recipe: SignatureRecipe,
    edit_assertion: Option<Edit<'a>>,
    edit_response: Option<Edit<'a>>,
    relay_state: Option<String>,
    shape: Shape,
}

impl std::fmt::Debug for ResponseBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseBuilder")
            .field("fields", &self.fields)
            .field("signs", &self.signs)
            .finish_non_exhaustive()
    }
}

impl<'a> ResponseBuilder<'a> {
    /// A Response with these fields, whose Assertion `key` signs.
    pub fn new(fields: ResponseFields, key: &'a IdpKey) -> Self {
        Self {
            fields,
            key,
            signs: Signs::Assertion,
            recipe: SignatureRecipe::default(),
            edit_assertion: None,
            edit_response: None,
            relay_state: None,
            shape: Shape::PLAIN,
        }
    }

    /// What to sign.
    pub const fn sign(mut self, signs: Signs) -> Self {
        self.signs = signs;
        self
    }

    /// Signs with another key.
    pub const fn key(mut self, key: &'a IdpKey) -> Self {
        self.key = key;
        self
    }

    /// How to write the signatures.
    pub fn recipe(mut self, recipe: SignatureRecipe) -> Self {
        self.recipe = recipe;
        self
    }

    /// The RelayState to send along.
    pub fn relay_state(mut self, relay_state: Option<&str>) -> Self {
        self.relay_state = relay_state.map(str::to_owned);
        self
    }

    /// Changes what the Response says, before it is signed.
    pub fn mutate(mut self, change: impl FnOnce(&mut ResponseFields)) -> Self {
        change(&mut self.fields);
        self
    }

    /// Changes the text of the Assertion, before it is signed.
    pub fn edit_assertion(mut self, edit: impl Fn(String) -> String + 'a) -> Self {
        self.edit_assertion = Some(Box::new(edit));
        self
    }

    /// Written the way of a product.
    pub const fn shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// Changes the text of the Response around the finished Assertion, before the Response is signed.
    pub fn edit_response(mut self, edit: impl Fn(String) -> String + 'a) -> Self {
        self.edit_response = Some(Box::new(edit));
        self
    }

    /// The Assertion alone, signed if it is to be.
    #[must_use]
    pub fn assertion_xml(&self) -> String {
        let Some(fields) = &self.fields.assertion else {
            return String::new();
        };
        let xml = self.unsigned_assertion();
        if self.signs_assertion() {
            self.recipe.sign(&xml, &fields.id, self.key)
        } else {
            xml
        }
    }

    fn unsigned_assertion(&self) -> String {
        let xml = self
            .fields
            .assertion
            .as_ref()
            .map(AssertionFields::to_xml)
            .unwrap_or_default();
        match &self.edit_assertion {
            Some(edit) if !xml.is_empty() => self.shape.assertion(edit(xml)),
            _ => self.shape.assertion(xml),
        }
    }

    const fn signs_assertion(&self) -> bool {
        matches!(self.signs, Signs::Assertion | Signs::Both)
    }

    /// The whole message.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut xml = match &self.fields.assertion {
            // a PrefixList makes the digest depend on what the Response declares
            Some(assertion) if self.signs_assertion() && self.recipe.prefix_list.is_some() => {
                self.recipe.sign(
                    &self.fields.to_xml(&self.unsigned_assertion()),
                    &assertion.id,
                    self.key,
                )
            }
            _ => self.fields.to_xml(&self.assertion_xml()),
        };
        if let Some(edit) = &self.edit_response {
            xml = edit(xml);
        }
        xml = self.shape.response(&xml);
        if matches!(self.signs, Signs::Response | Signs::Both) {
            xml = self.recipe.sign(&xml, &self.fields.id, self.key);
        }
        xml
    }

    /// The body of the POST that the browser sends to the assertion consumer service.
    #[must_use]
    pub fn to_form(&self) -> String {
        form_body(self.to_xml().as_bytes(), self.relay_state.as_deref())
    }

    /// The RelayState, if any.
    #[must_use]
    pub fn relay_state_value(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }
}

/// An urlencoded form that carries `xml` as SAMLResponse.
#[must_use]
pub fn form_body(xml: &[u8], relay_state: Option<&str>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("SAMLResponse", &saml_xml::types::encode_base64(xml));
    if let Some(relay_state) = relay_state {
        form.append_pair("RelayState", relay_state);
    }
    form.finish()
}
