//! Every published attack on a service provider, as a message made from a fresh, valid one.
//!
//! [`catalogue`] lists the cases. Each names the row of the attack notes it comes from, what it expects
//! (`accepted`, or the exact reason code), and how much of the genuine signature still verifies: a mutant
//! whose signature is merely broken proves nothing about the attack. [`Proof::holds`] checks that.
//!
//! ```
//! use sso_testkit::catalogue::{Base, Proof, catalogue};
//!
//! let base = Base::example();
//! let case = catalogue().into_iter().find(|case| case.row == "W03").unwrap();
//! assert_eq!(case.code, "response.assertion_multiple");
//! let message = case.build(&base);
//! assert_eq!(case.proof, Proof::Element);
//! assert!(case.proof.holds(&message, &base));
//! ```

mod algorithms;
mod binding;
mod canonical;
mod cost;
mod encoding;
mod instants;
mod parsing;
mod references;
mod semantics;
mod subject;
mod values;
mod wrapping;

use saml_xml::{AlgorithmPolicy, Certificate, Document, TrustAnchors};
use time::OffsetDateTime;
use time::macros::datetime;

use crate::message::{Answer, ResponseBuilder, ResponseFields, Signs, form_body};
use crate::signer::{DSIG, SignatureRecipe, roomy};
use crate::{FakeIdp, IdpKey, KeyKind, surgery};

/// The NameID format that a case's request asks for.
pub const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
/// The authentication context that a case's request asks for.
pub const STRONG_CONTEXT: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI";
/// The user an attacker wants to be.
pub const EVIL_NAME_ID: &str = "mallory@evil.test";

/// The exchange that every case is made for.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a test kit's data, filled in by tests")]
pub struct Base {
    /// The IdP that is trusted.
    pub idp: FakeIdp,
    /// The service provider's entity ID.
    pub sp_entity_id: String,
    /// Its assertion consumer service.
    pub acs_url: String,
    /// The ID of the request that is being answered.
    pub request_id: String,
    /// The RelayState to send back.
    pub relay_state: Option<String>,
    /// When the answer arrives.
    pub now: OffsetDateTime,
    /// Who signs in.
    pub user: crate::User,
    /// What is signed.
    pub signs: Signs,
    /// The ID of the Response.
    pub response_id: String,
    /// The ID of the Assertion.
    pub assertion_id: String,
}

impl Base {
    /// An exchange with made-up names and this process's keys.
    #[must_use]
    pub fn example() -> Self {
        Self {
            idp: FakeIdp::new(),
            sp_entity_id: "https://sp.example.test/saml/metadata".to_owned(),
            acs_url: "https://sp.example.test/saml/consume".to_owned(),
            request_id: "_request-1".to_owned(),
            relay_state: None,
            now: datetime!(2026-12-01 12:00 UTC),
            user: crate::User::example(),
            signs: Signs::Assertion,
            response_id: "_response-1".to_owned(),
            assertion_id: "_assertion-1".to_owned(),
        }
    }

    /// The same exchange with something else signed.
    #[must_use]
    pub fn signing(&self, signs: Signs) -> Self {
        Self { signs, ..self.clone() }
    }

    /// The key of somebody else, of the same kind as the IdP's.
    #[must_use]
    pub fn rogue_key(&self) -> std::sync::Arc<IdpKey> {
        IdpKey::pooled(KeyKind::Rsa2048, 1)
    }

    /// The good answer, not yet signed.
    pub fn answer(&self) -> ResponseBuilder<'_> {
        let answer = Answer {
            issuer: self.idp.entity_id(),
            sp_entity_id: &self.sp_entity_id,
            acs_url: &self.acs_url,
            request_id: Some(&self.request_id),
            response_id: &self.response_id,
            assertion_id: &self.assertion_id,
        };
        ResponseBuilder::new(ResponseFields::new(&answer, &self.user, self.now), self.idp.key()).sign(self.signs)
    }

    /// The good answer, signed: what every mutant starts from.
    #[must_use]
    pub fn genuine(&self) -> String {
        self.answer().to_xml()
    }

    /// An instant `seconds` from now.
    #[must_use]
    pub fn at(&self, seconds: i64) -> String {
        saml_xml::types::format_date_time(self.now + time::Duration::seconds(seconds))
    }

    /// The answer with other facts in it, validly signed: an IdP that means it, or is misconfigured.
    fn said(&self, change: impl FnOnce(&mut ResponseFields)) -> Message {
        self.answer().mutate(change).to_xml().into()
    }

    /// The answer with another Assertion text, validly signed.
    fn assertion_text(&self, edit: impl Fn(String) -> String) -> Message {
        self.answer().edit_assertion(edit).to_xml().into()
    }

    /// The answer with another Response text, validly signed (when the Response is signed at all).
    fn response_text(&self, edit: impl Fn(String) -> String) -> Message {
        self.answer().edit_response(edit).to_xml().into()
    }

    /// The answer with its signatures written another way.
    fn signed_as(&self, change: impl FnOnce(&mut SignatureRecipe)) -> Message {
        let mut recipe = SignatureRecipe::default();
        change(&mut recipe);
        self.answer().recipe(recipe).to_xml().into()
    }

    /// The element that the first signature is for: its qualified name and ID.
    fn signed_element(&self) -> (&'static str, &str) {
        match self.signs {
            Signs::Response => ("samlp:Response", &self.response_id),
            _ => ("saml:Assertion", &self.assertion_id),
        }
    }

    /// The answer whose (first) signature is made by `compose` out of the canonical octets of what it signs.
    fn composed(&self, compose: impl Fn(&SignatureRecipe, &[u8], &str) -> String) -> Message {
        let recipe = SignatureRecipe::default();
        let (name, id) = self.signed_element();
        let unsigned = self.answer().sign(Signs::Nothing).to_xml();
        let (octets, at) = if name == "samlp:Response" {
            recipe.measure(&unsigned, id)
        } else {
            let assertion = surgery::get(&unsigned, name);
            let (octets, at) = recipe.measure(&assertion, id);
            (octets, surgery::find(&unsigned, name, 0).start + at)
        };
        let mut xml = crate::signer::insert(&unsigned, at, &compose(&recipe, &octets, id));
        if self.signs == Signs::Both {
            xml = recipe.sign(&xml, &self.response_id, self.idp.key());
        }
        xml.into()
    }

    /// An unsigned copy of an Assertion that says the attacker is somebody else.
    fn evil(&self, assertion: &str) -> String {
        let xml = surgery::set_attribute(assertion, "saml:Assertion", "ID", "_evil_assertion_ID");
        let xml = surgery::set_content(&xml, "saml:NameID", EVIL_NAME_ID);
        if surgery::count(&xml, "ds:Signature") > 0 { surgery::remove(&xml, "ds:Signature") } else { xml }
    }
}

/// What arrives at the assertion consumer service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// A document, to be posted as SAMLResponse.
    Xml(Vec<u8>),
    /// A whole request body.
    Form(Vec<u8>),
}

impl From<String> for Message {
    fn from(xml: String) -> Self {
        Self::Xml(xml.into_bytes())
    }
}

impl From<Vec<u8>> for Message {
    fn from(xml: Vec<u8>) -> Self {
        Self::Xml(xml)
    }
}

impl Message {
    /// The request body.
    #[must_use]
    pub fn to_form(&self, relay_state: Option<&str>) -> Vec<u8> {
        match self {
            Self::Xml(xml) => form_body(xml, relay_state).into_bytes(),
            Self::Form(form) => form.clone(),
        }
    }
}

/// How the connection that a case is tried on differs from the usual one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a test kit's data, filled in by tests")]
pub struct Setting {
    /// Trust a certificate fingerprint instead of the metadata's key.
    pub fingerprint: bool,
    /// What has to be signed.
    pub require: Option<Signs>,
    /// Allow answers that nobody asked for.
    pub allow_unsolicited: bool,
    /// Treat the message as one that nobody asked for.
    pub unsolicited: bool,
    /// The kind of key the IdP has.
    pub key: Option<KeyKind>,
    /// Ask for this NameID format in the request.
    pub name_id_policy: bool,
    /// Ask the IdP to authenticate the user again.
    pub force_authn: bool,
    /// Ask for a stronger authentication context.
    pub authn_context: bool,
}

/// How much of the genuine signature is still valid in a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// Nothing is claimed: the IdP said it so (see the code), or nothing of it is left.
    Nothing,
    /// Its SignedInfo is in there, and so is the signature over it.
    SignedInfo,
    /// The genuine signed element is in there too: put together again, they verify.
    Element,
}

type Build = Box<dyn Fn(&Base) -> Message + Send + Sync>;

/// One message and the verdict it is owed.
pub struct Case {
    /// The row of the attack notes: `W01`.
    pub row: &'static str,
    /// What tells it from the row's other cases, in snake case.
    pub variant: String,
    /// `accepted`, or the reason code.
    pub code: &'static str,
    /// What the base signs.
    pub signs: Signs,
    /// How much of the genuine signature is still valid in it.
    pub proof: Proof,
    /// The NameID that an accepted message yields; the base's user when `None`.
    pub name_id: Option<String>,
    /// How the connection differs.
    pub setting: Setting,
    build: Build,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name())
    }
}

impl Case {
    /// `<code>__<row>_<variant>`: the vector's file name without its ending.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}__{}_{}", self.code, self.row, self.variant)
    }

    /// The message. `base` is adjusted to what the case needs signed, and with which kind of key.
    #[must_use]
    pub fn build(&self, base: &Base) -> Message {
        (self.build)(&self.base(base))
    }

    /// The base as this case needs it.
    #[must_use]
    pub fn base(&self, base: &Base) -> Base {
        let mut base = base.signing(self.signs);
        if let Some(kind) = self.setting.key {
            base.idp = base.idp.with_key(IdpKey::pooled(kind, 0));
        }
        base
    }

    fn with(&mut self, change: impl FnOnce(&mut Setting)) -> &mut Self {
        change(&mut self.setting);
        self
    }

    fn name_id(&mut self, name_id: &str) -> &mut Self {
        self.name_id = Some(name_id.to_owned());
        self
    }
}

/// The code of cases that must be accepted.
pub const ACCEPTED: &str = "accepted";

const ASSERTION_ONLY: &[Signs] = &[Signs::Assertion];
const RESPONSE_ONLY: &[Signs] = &[Signs::Response];
const BOTH_ONLY: &[Signs] = &[Signs::Both];
const WITH_ASSERTION: &[Signs] = &[Signs::Assertion, Signs::Both];
const WITH_RESPONSE: &[Signs] = &[Signs::Response, Signs::Both];
const EACH: &[Signs] = &Signs::ALL;

/// Collects cases.
struct Book {
    cases: Vec<Case>,
    row: &'static str,
}

impl Book {
    fn row(&mut self, row: &'static str) -> &mut Self {
        self.row = row;
        self
    }

    /// One case for each shape of the base.
    fn push(
        &mut self,
        variant: &str,
        shapes: &[Signs],
        code: &'static str,
        proof: Proof,
        build: impl Fn(&Base) -> Message + Send + Sync + Clone + 'static,
    ) -> &mut [Case] {
        let from = self.cases.len();
        for &signs in shapes {
            self.cases.push(Case {
                row: self.row,
                variant: format!("{variant}.{}", signs.as_str()),
                code,
                signs,
                proof,
                name_id: None,
                setting: Setting::default(),
                build: Box::new(build.clone()),
            });
        }
        &mut self.cases[from..]
    }

    /// An attack after which the genuine signature still verifies.
    fn wrapped(
        &mut self,
        variant: &str,
        shapes: &[Signs],
        code: &'static str,
        build: impl Fn(&Base) -> Message + Send + Sync + Clone + 'static,
    ) -> &mut [Case] {
        self.push(variant, shapes, code, Proof::Element, build)
    }

    /// An attack that keeps the IdP's SignedInfo and the signature over it, but not what it digests.
    fn kept(
        &mut self,
        variant: &str,
        shapes: &[Signs],
        code: &'static str,
        build: impl Fn(&Base) -> Message + Send + Sync + Clone + 'static,
    ) -> &mut [Case] {
        self.push(variant, shapes, code, Proof::SignedInfo, build)
    }

    /// A message that is refused, whatever has become of its signature.
    fn refused(
        &mut self,
        variant: &str,
        shapes: &[Signs],
        code: &'static str,
        build: impl Fn(&Base) -> Message + Send + Sync + Clone + 'static,
    ) -> &mut [Case] {
        self.push(variant, shapes, code, Proof::Nothing, build)
    }

    /// A message that is accepted, hence with a signature that verifies.
    fn accepted(
        &mut self,
        variant: &str,
        shapes: &[Signs],
        build: impl Fn(&Base) -> Message + Send + Sync + Clone + 'static,
    ) -> &mut [Case] {
        self.push(variant, shapes, ACCEPTED, Proof::Nothing, build)
    }
}

fn each(cases: &mut [Case], change: impl Fn(&mut Setting)) {
    for case in cases {
        case.with(&change);
    }
}

fn yields(cases: &mut [Case], name_id: &str) {
    for case in cases {
        case.name_id(name_id);
    }
}

/// Every case.
#[must_use]
pub fn catalogue() -> Vec<Case> {
    let mut book = Book { cases: Vec::new(), row: "" };
    book.row("B00").accepted("genuine", EACH, |b| b.genuine().into());
    wrapping::cases(&mut book);
    references::cases(&mut book);
    canonical::cases(&mut book);
    parsing::cases(&mut book);
    encoding::cases(&mut book);
    values::cases(&mut book);
    cost::cases(&mut book);
    algorithms::cases(&mut book);
    semantics::cases(&mut book);
    subject::cases(&mut book);
    instants::cases(&mut book);
    binding::cases(&mut book);
    book.cases
}

impl Proof {
    /// Whether the message holds what is claimed, judged by verifying it under the IdP's key.
    ///
    /// # Panics
    /// When the IdP's own certificate is not one.
    #[must_use]
    pub fn holds(self, message: &Message, base: &Base) -> bool {
        let Message::Xml(xml) = message else { return self == Self::Nothing };
        let xml = String::from_utf8_lossy(xml);
        let keys = [Certificate::from_der(base.idp.key().certificate_der())
            .and_then(|certificate| certificate.key())
            .expect("the IdP's key")];
        match self {
            Self::Nothing => true,
            Self::SignedInfo => signed_infos(&xml).iter().any(|(info, value)| {
                let octets = saml_xml::types::decode_base64(&between(value)).unwrap_or_default();
                let uri = base.idp.key().default_algorithm();
                saml_xml::verify_detached(info.as_bytes(), uri, &octets, &keys, &AlgorithmPolicy::default()).is_ok()
            }),
            Self::Element => element_verifies(&xml, base, &keys),
        }
    }
}

/// Every SignedInfo with every SignatureValue of a message.
fn signed_infos(xml: &str) -> Vec<(String, String)> {
    let all = |name: &str| -> Vec<String> {
        (0..surgery::count(xml, name).min(64)).map(|nth| xml[surgery::find(xml, name, nth)].to_owned()).collect()
    };
    let values = all("ds:SignatureValue");
    all("ds:SignedInfo")
        .into_iter()
        .flat_map(|info| values.iter().map(move |value| (info.clone(), value.clone())).collect::<Vec<_>>())
        .collect()
}

fn between(element: &str) -> String {
    let from = element.find('>').map_or(0, |at| at + 1);
    element[from..element.rfind("</").unwrap_or(element.len())].to_owned()
}

fn element_verifies(xml: &str, base: &Base, keys: &[saml_xml::VerifyingKey]) -> bool {
    let (name, id) = base.signed_element();
    let marker = format!(" ID=\"{id}\"");
    let signatures = signed_infos(xml);
    (0..surgery::count(xml, name)).any(|nth| {
        let element = &xml[surgery::find(xml, name, nth)];
        if !element[..element.find('>').unwrap_or(0)].contains(&marker) {
            return false;
        }
        let mut bodies = vec![element.to_owned()];
        for _ in 0..surgery::count(element, "ds:Signature").min(2) {
            let last = bodies.last().map_or("", String::as_str);
            bodies.push(surgery::remove(last, "ds:Signature"));
        }
        bodies.iter().any(|body| {
            let at = body.find("</saml:Issuer>").map_or(0, |at| at + "</saml:Issuer>".len());
            signatures.iter().any(|(info, value)| {
                let signature = format!("<ds:Signature xmlns:ds=\"{DSIG}\">{info}{value}</ds:Signature>");
                let whole = crate::signer::insert(body, at, &signature);
                Document::parse(whole.into_bytes(), &roomy()).is_ok_and(|document| {
                    let policy = AlgorithmPolicy::default();
                    saml_xml::verify_enveloped(document.root(), TrustAnchors::Keys(keys), &policy).is_ok()
                })
            })
        })
    })
}
