//! The structure of a ds:Signature, read by direct paths only.
//!
//! Nothing here searches: a child is the expected one, in the expected place, or the signature is
//! refused. That is what a smuggled second SignedInfo, DigestValue or Reference meets.

use super::DSIG_NAMESPACE;
use super::algorithm::{AlgorithmPolicy, DigestAlgorithm, SignatureAlgorithm};
use super::error::{SignatureError, SignatureErrorKind as Kind};
use crate::document::Element;
use crate::types::{decode_base64, parse_id};

const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// A Signature whose structure fits the profile. Nothing is verified yet.
pub(crate) struct Signature<'d> {
    pub(crate) element: Element<'d>,
    pub(crate) signed_info: Element<'d>,
    pub(crate) signed_info_prefixes: &'d str,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) value: Vec<u8>,
    pub(crate) reference: Reference<'d>,
    pub(crate) key_info: Option<Element<'d>>,
}

pub(crate) struct Reference<'d> {
    pub(crate) prefixes: &'d str,
    pub(crate) digest_algorithm: DigestAlgorithm,
    pub(crate) digest: Vec<u8>,
    pub(crate) digest_element: Element<'d>,
}

/// Finds the Signature that is a direct child of an element.
///
/// # Errors
///
/// `signature.duplicate` when there are several.
pub fn signature_child(element: Element<'_>) -> Result<Option<Element<'_>>, SignatureError> {
    let mut found = element
        .children()
        .filter(|c| c.is(DSIG_NAMESPACE, "Signature"));
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        (_, Some(second)) => refuse(Kind::Duplicate, second),
    }
}

#[cold]
pub(super) fn refuse<T>(kind: Kind, at: Element<'_>) -> Result<T, SignatureError> {
    let position = at.document().text_pos(at.span().start);
    Err(SignatureError::new(kind, Some(position)))
}

impl<'d> Signature<'d> {
    /// Reads the Signature child of `parent`.
    pub(crate) fn of(
        parent: Element<'d>,
        policy: &AlgorithmPolicy,
    ) -> Result<Self, SignatureError> {
        let Some(element) = signature_child(parent)? else {
            return refuse(Kind::Missing, parent);
        };
        plain(element, &["Id"])?;
        let mut children = element.children();
        let signed_info = expect(element, children.next(), "SignedInfo")?;
        let value = expect(element, children.next(), "SignatureValue")?;
        let (key_info, extra) = match children.next() {
            Some(child) if child.is(DSIG_NAMESPACE, "KeyInfo") => (Some(child), children.next()),
            other => (None, other),
        };
        if let Some(extra) = extra {
            // SAML Core §5.4.2: a signature refers to its parent only, so an Object has no use
            let object = extra.is(DSIG_NAMESPACE, "Object");
            return refuse(
                if object {
                    Kind::Object
                } else {
                    Kind::Malformed
                },
                extra,
            );
        }
        plain(signed_info, &["Id"])?;
        let mut parts = signed_info.children();
        let method = expect(signed_info, parts.next(), "CanonicalizationMethod")?;
        let signed_info_prefixes = canonicalization(method, Kind::CanonicalizationMethod)?;
        let method = expect(signed_info, parts.next(), "SignatureMethod")?;
        let algorithm = signature_method(method, policy)?;
        // SAML Core §5.4.2: "Signatures MUST contain a single <ds:Reference>"
        let reference = match (parts.next(), parts.next()) {
            (Some(only), None) if only.is(DSIG_NAMESPACE, "Reference") => {
                Reference::read(only, parent, policy)?
            }
            (Some(_), Some(second)) if second.is(DSIG_NAMESPACE, "Reference") => {
                return refuse(Kind::ReferenceCount, second);
            }
            (None, _) => return refuse(Kind::ReferenceCount, signed_info),
            (Some(other), _) => return refuse(Kind::Malformed, other),
        };
        plain(value, &["Id"])?;
        let value = base64_text(value)?;
        Ok(Self {
            element,
            signed_info,
            signed_info_prefixes,
            algorithm,
            value,
            reference,
            key_info,
        })
    }
}

impl<'d> Reference<'d> {
    fn read(
        element: Element<'d>,
        parent: Element<'d>,
        policy: &AlgorithmPolicy,
    ) -> Result<Self, SignatureError> {
        plain(element, &["URI", "Id", "Type"])?;
        let Some(id) = parent.attribute("ID").and_then(|id| parse_id(id).ok()) else {
            return refuse(Kind::ReferenceId, parent);
        };
        // SAML Core §5.4.2: the reference is "a same-document reference to the ID attribute value
        // of the root element of the assertion or protocol message being signed"
        if element
            .attribute("URI")
            .and_then(|uri| uri.strip_prefix('#'))
            != Some(id)
        {
            return refuse(Kind::ReferenceUri, element);
        }
        let mut children = element.children();
        let Some(transforms) = children
            .next()
            .filter(|c| c.is(DSIG_NAMESPACE, "Transforms"))
        else {
            return refuse(Kind::Transforms, element);
        };
        let prefixes = transform_list(transforms)?;
        let method = expect(element, children.next(), "DigestMethod")?;
        plain(method, &["Algorithm"])?;
        if let Some(child) = method.children().next() {
            return refuse(Kind::Malformed, child);
        }
        let digest_algorithm =
            DigestAlgorithm::from_uri(method.attribute("Algorithm").unwrap_or_default(), policy)
                .or_else(|kind| refuse(kind, method))?;
        let digest_element = expect(element, children.next(), "DigestValue")?;
        plain(digest_element, &[])?;
        let digest = base64_text(digest_element)?;
        if let Some(extra) = children.next() {
            return refuse(Kind::Malformed, extra);
        }
        Ok(Self {
            prefixes,
            digest_algorithm,
            digest,
            digest_element,
        })
    }
}

/// SAML Core §5.4.4: only enveloped-signature and exclusive C14N. Both are required here: without
/// the first the signature would digest itself, without the second the default is inclusive C14N.
fn transform_list(transforms: Element<'_>) -> Result<&str, SignatureError> {
    plain(transforms, &[])?;
    let mut children = transforms.children();
    let (Some(first), Some(second), None) = (children.next(), children.next(), children.next())
    else {
        return refuse(Kind::Transforms, transforms);
    };
    for transform in [first, second] {
        if !transform.is(DSIG_NAMESPACE, "Transform") {
            return refuse(Kind::Transforms, transform);
        }
        plain(transform, &["Algorithm"])?;
    }
    if first.attribute("Algorithm") != Some(ENVELOPED) || first.children().next().is_some() {
        return refuse(Kind::Transforms, first);
    }
    canonicalization(second, Kind::Transforms)
}

/// SAML Core §5.4.3: exclusive canonicalisation, here without comments. Gives the PrefixList.
fn canonicalization(method: Element<'_>, kind: Kind) -> Result<&str, SignatureError> {
    plain(method, &["Algorithm"])?;
    if method.attribute("Algorithm") != Some(EXC_C14N) {
        return refuse(kind, method);
    }
    let mut children = method.children();
    match (children.next(), children.next()) {
        (None, _) => Ok(""),
        (Some(only), None) if only.is(EXC_C14N, "InclusiveNamespaces") => {
            let named = only
                .attributes()
                .all(|a| a.namespace().is_empty() && a.local_name() == "PrefixList");
            let list = only.attribute("PrefixList").unwrap_or_default();
            // Every listed prefix is looked up at every element that declares something, so the
            // list is bounded by what can be in scope
            let bounded = list.split_ascii_whitespace().count() <= 32;
            if named && bounded && only.text() == Some("") {
                Ok(list)
            } else {
                refuse(Kind::InclusiveNamespaces, only)
            }
        }
        (Some(other), _) => refuse(Kind::InclusiveNamespaces, other),
    }
}

fn signature_method(
    method: Element<'_>,
    policy: &AlgorithmPolicy,
) -> Result<SignatureAlgorithm, SignatureError> {
    plain(method, &["Algorithm"])?;
    let algorithm =
        SignatureAlgorithm::from_uri(method.attribute("Algorithm").unwrap_or_default(), policy)
            .or_else(|kind| refuse(kind, method))?;
    // HMACOutputLength and RSAPSSParams are the children that exist; neither has a place here
    match method.children().next() {
        Some(child) => refuse(Kind::Malformed, child),
        None => Ok(algorithm),
    }
}

fn expect<'d>(
    parent: Element<'d>,
    child: Option<Element<'d>>,
    local: &str,
) -> Result<Element<'d>, SignatureError> {
    match child {
        Some(child) if child.is(DSIG_NAMESPACE, local) => Ok(child),
        Some(other) => refuse(Kind::Malformed, other),
        None => refuse(Kind::Malformed, parent),
    }
}

/// No attributes but these, and no text beside element children.
fn plain(element: Element<'_>, attributes: &[&str]) -> Result<(), SignatureError> {
    let known = element
        .attributes()
        .all(|a| a.namespace().is_empty() && attributes.contains(&a.local_name()));
    let structured = element.children().next().is_some();
    if known && (!structured || element.child_text_is_blank()) {
        Ok(())
    } else {
        refuse(Kind::Malformed, element)
    }
}

/// Text without comments or CDATA sections: base64 needs neither, and a reader that takes the first
/// text node alone sees another value than one that takes all of it (CVE-2025-29774).
fn base64_text(element: Element<'_>) -> Result<Vec<u8>, SignatureError> {
    let content = element.start_tag_span().end..element.span().end;
    let source = element.document().source().get(content);
    let markup = source.is_some_and(|content| content.matches('<').count() > 1);
    match element.text().filter(|_| !markup).map(decode_base64) {
        Some(Ok(bytes)) if !bytes.is_empty() => Ok(bytes),
        _ => refuse(Kind::Malformed, element),
    }
}
