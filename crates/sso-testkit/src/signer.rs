//! XML signatures written by hand: right by default, wrong wherever a test wants them wrong.
//!
//! The service provider's own signer cannot write a second Reference, a comment in a DigestValue or a MAC,
//! and should not be able to. This one composes `ds:SignedInfo` as text, already in canonical form, so the
//! text is what gets signed. Only the digest of the signed element goes through the canonicaliser.

use aws_lc_rs::digest;
use saml_xml::{C14nOptions, Document, Element, Limits};

use crate::keys::IdpKey;

/// Algorithm URIs, good and bad.
#[expect(missing_docs, reason = "each is its own name")]
pub mod algorithm {
    pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    pub const RSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
    pub const RSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
    pub const RSA_PSS_SHA256: &str = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
    pub const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
    pub const RSA_MD5: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-md5";
    pub const RSA_RIPEMD160: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160";
    pub const DSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#dsa-sha1";
    pub const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    pub const ECDSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
    pub const HMAC_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";
    pub const HMAC_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    pub const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
    pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
    pub const SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
    pub const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";
    pub const MD5: &str = "http://www.w3.org/2001/04/xmldsig-more#md5";
    pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
    pub const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
    pub const EXC_C14N_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
    pub const INC_C14N: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    pub const XSLT: &str = "http://www.w3.org/TR/1999/REC-xslt-19991116";
    pub const XPATH: &str = "http://www.w3.org/TR/1999/REC-xpath-19991116";
    pub const XPATH_FILTER2: &str = "http://www.w3.org/2002/06/xmldsig-filter2";
    pub const BASE64: &str = "http://www.w3.org/2000/09/xmldsig#base64";
    pub const DECRYPT: &str = "http://www.w3.org/2002/07/decrypt#XML";
}

/// The namespace of XML Signature.
pub const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// One `ds:Reference`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReferenceRecipe {
    /// The URI attribute; `None` leaves the attribute out.
    pub uri: Option<String>,
    /// `ds:Transform` elements as text, in order.
    pub transforms: Vec<String>,
    /// The DigestMethod URI.
    pub digest_method: String,
    /// The octets of the digest.
    pub digest: Vec<u8>,
}

impl ReferenceRecipe {
    /// What a well-behaved IdP writes for the element with this ID and these canonical octets.
    #[must_use]
    pub fn to_id(id: &str, octets: &[u8]) -> Self {
        Self {
            uri: Some(format!("#{id}")),
            transforms: vec![transform(algorithm::ENVELOPED), transform(algorithm::EXC_C14N)],
            digest_method: algorithm::SHA256.to_owned(),
            digest: digest_with(algorithm::SHA256, octets),
        }
    }

    fn to_xml(&self) -> String {
        let uri = self.uri.as_ref().map(|uri| format!(" URI=\"{}\"", escape_attribute(uri))).unwrap_or_default();
        format!(
            "<ds:Reference{uri}><ds:Transforms>{}</ds:Transforms><ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod>\
             <ds:DigestValue>{}</ds:DigestValue></ds:Reference>",
            self.transforms.concat(),
            self.digest_method,
            saml_xml::types::encode_base64(&self.digest)
        )
    }
}

/// What KeyInfo a signature carries.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum KeyInfoRecipe {
    /// None at all.
    Absent,
    /// The signing certificate.
    Certificate,
    /// This text inside `ds:KeyInfo`.
    Raw(String),
}

/// How to write one signature. The default is what a good IdP writes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignatureRecipe {
    /// The CanonicalizationMethod URI; a full element when it starts with `<`.
    pub canonicalization: String,
    /// The SignatureMethod URI as written; `None` takes the key's own.
    pub signature_method: Option<String>,
    /// The algorithm that is really used to sign, when it is not the one written.
    pub sign_with: Option<String>,
    /// The DigestMethod of the Reference.
    pub digest_method: String,
    /// The transforms of the Reference; `None` for the usual two.
    pub transforms: Option<Vec<String>>,
    /// Prefixes for `ec:InclusiveNamespaces`.
    pub prefix_list: Option<String>,
    /// The Reference URI, when it is not `#` and the element's ID. The outer `None` means: as usual.
    pub uri: Option<Option<String>>,
    /// What KeyInfo says.
    pub key_info: KeyInfoRecipe,
    /// Text put inside `ds:Signature` after KeyInfo.
    pub trailing: String,
}

impl Default for SignatureRecipe {
    fn default() -> Self {
        Self {
            canonicalization: algorithm::EXC_C14N.to_owned(),
            signature_method: None,
            sign_with: None,
            digest_method: algorithm::SHA256.to_owned(),
            transforms: None,
            prefix_list: None,
            uri: None,
            key_info: KeyInfoRecipe::Certificate,
            trailing: String::new(),
        }
    }
}

impl SignatureRecipe {
    /// The `ds:SignedInfo` of this recipe for these references: canonical text.
    #[must_use]
    pub fn signed_info(&self, key: &IdpKey, references: &[ReferenceRecipe]) -> String {
        let canonicalization = if self.canonicalization.starts_with('<') {
            self.canonicalization.clone()
        } else {
            format!(
                "<ds:CanonicalizationMethod Algorithm=\"{}\"></ds:CanonicalizationMethod>",
                self.canonicalization
            )
        };
        let method = self.signature_method.as_deref().unwrap_or_else(|| key.default_algorithm());
        let method = if method.starts_with('<') {
            method.to_owned()
        } else {
            format!("<ds:SignatureMethod Algorithm=\"{method}\"></ds:SignatureMethod>")
        };
        let references: String = references.iter().map(ReferenceRecipe::to_xml).collect();
        format!("<ds:SignedInfo xmlns:ds=\"{DSIG}\">{canonicalization}{method}{references}</ds:SignedInfo>")
    }

    /// A whole `ds:Signature` around a SignedInfo, signed as the recipe says.
    #[must_use]
    pub fn signature(&self, key: &IdpKey, signed_info: &str) -> String {
        let with = self
            .sign_with
            .as_deref()
            .or(self.signature_method.as_deref().filter(|method| !method.starts_with('<')))
            .unwrap_or_else(|| key.default_algorithm());
        self.signature_with_value(key, signed_info, &key.sign(with, signed_info.as_bytes()))
    }

    /// A whole `ds:Signature` whose SignatureValue the caller made.
    #[must_use]
    pub fn signature_with_value(&self, key: &IdpKey, signed_info: &str, value: &[u8]) -> String {
        let key_info = match &self.key_info {
            KeyInfoRecipe::Absent => String::new(),
            KeyInfoRecipe::Certificate => format!(
                "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>",
                key.certificate_base64()
            ),
            KeyInfoRecipe::Raw(raw) => format!("<ds:KeyInfo>{raw}</ds:KeyInfo>"),
        };
        format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\">{signed_info}<ds:SignatureValue>{}</ds:SignatureValue>{key_info}{}\
             </ds:Signature>",
            saml_xml::types::encode_base64(value),
            self.trailing
        )
    }

    /// The Reference of this recipe for an element with this ID and these canonical octets.
    #[must_use]
    pub fn reference(&self, id: &str, octets: &[u8]) -> ReferenceRecipe {
        let c14n = self.prefix_list.as_ref().map_or_else(
            || transform(algorithm::EXC_C14N),
            |prefixes| {
                format!(
                    "<ds:Transform Algorithm=\"{c14n}\"><ec:InclusiveNamespaces xmlns:ec=\"{c14n}\" \
                     PrefixList=\"{}\"></ec:InclusiveNamespaces></ds:Transform>",
                    escape_attribute(prefixes),
                    c14n = algorithm::EXC_C14N
                )
            },
        );
        ReferenceRecipe {
            uri: self.uri.clone().unwrap_or_else(|| Some(format!("#{id}"))),
            transforms: self.transforms.clone().unwrap_or_else(|| vec![transform(algorithm::ENVELOPED), c14n]),
            digest_method: self.digest_method.clone(),
            digest: digest_with(&self.digest_method, octets),
        }
    }

    /// Signs the element with this ID inside `xml` and puts the Signature after its Issuer
    /// (or first, when it has none).
    ///
    /// Text that the strict parser refuses cannot be canonicalised; it is digested as it stands,
    /// which is right as long as it was written in canonical form.
    ///
    /// # Panics
    /// When no element has that ID.
    #[must_use]
    pub fn sign(&self, xml: &str, id: &str, key: &IdpKey) -> String {
        let (octets, at) = self.measure(xml, id);
        let signed_info = self.signed_info(key, &[self.reference(id, &octets)]);
        insert(xml, at, &self.signature(key, &signed_info))
    }

    /// Canonical octets of the element with this ID, and where its Signature belongs.
    ///
    /// # Panics
    /// When no element has that ID.
    #[must_use]
    pub fn measure(&self, xml: &str, id: &str) -> (Vec<u8>, usize) {
        let Ok(document) = Document::parse(xml.as_bytes().to_vec(), &roomy()) else {
            return (xml.as_bytes().to_vec(), after_issuer_text(xml));
        };
        let element = by_id(&document, id);
        let octets = canonical(element, self.prefix_list.as_deref());
        (octets, after_issuer(document.source(), element))
    }
}

/// Limits large enough for anything the test kit signs.
pub(crate) fn roomy() -> Limits {
    let mut limits = Limits::default();
    limits.bytes = limits.bytes.max(64 << 20);
    limits
}

/// Exclusive canonical form of an element.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn canonical(element: Element<'_>, prefix_list: Option<&str>) -> Vec<u8> {
    let mut options = C14nOptions::default();
    if let Some(prefixes) = prefix_list {
        options = options.inclusive(prefixes);
    }
    let mut out = Vec::new();
    saml_xml::exclusive_c14n(element, &options, &mut out).expect("a canonical form");
    out
}

/// The element with this un-namespaced `ID`, `Id` or `AssertionID` attribute.
fn by_id<'d>(document: &'d Document, id: &str) -> Element<'d> {
    document
        .elements()
        .find(|element| {
            ["ID", "Id", "AssertionID", "ResponseID"].iter().any(|name| element.attribute(name) == Some(id))
        })
        .expect("an element with that ID")
}

fn after_issuer(source: &str, element: Element<'_>) -> usize {
    match element.children().next() {
        Some(first) if first.local_name() == "Issuer" => first.span().end,
        Some(first) => first.span().start,
        None => {
            let span = element.span();
            span.start + source[span].find('>').expect("a start tag") + 1
        }
    }
}

fn after_issuer_text(xml: &str) -> usize {
    const END: &str = "</saml:Issuer>";
    match xml.find(END) {
        Some(at) => at + END.len(),
        None => xml.find('>').expect("a start tag") + 1,
    }
}

/// A `ds:Transform` with nothing in it.
#[must_use]
pub fn transform(uri: &str) -> String {
    format!("<ds:Transform Algorithm=\"{uri}\"></ds:Transform>")
}

/// A digest by its URI; for an algorithm nobody has, SHA-256 under the wrong name.
#[must_use]
pub fn digest_with(uri: &str, octets: &[u8]) -> Vec<u8> {
    let with = match uri {
        algorithm::SHA1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        algorithm::SHA384 => &digest::SHA384,
        algorithm::SHA512 => &digest::SHA512,
        _ => &digest::SHA256,
    };
    digest::digest(with, octets).as_ref().to_vec()
}

pub(crate) fn insert(text: &str, at: usize, what: &str) -> String {
    let (head, tail) = text.split_at(at);
    [head, what, tail].concat()
}

/// SHA-256, base64: for a Content-Security-Policy.
#[must_use]
pub fn sha256_base64(octets: &[u8]) -> String {
    saml_xml::types::encode_base64(&digest_with(algorithm::SHA256, octets))
}

/// Canonical XML's escaping of an attribute value.
#[must_use]
pub fn escape_attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
        .replace('\t', "&#x9;")
        .replace('\n', "&#xA;")
        .replace('\r', "&#xD;")
}

/// Canonical XML's escaping of text.
#[must_use]
pub fn escape_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#xD;")
}
