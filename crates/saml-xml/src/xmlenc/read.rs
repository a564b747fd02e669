//! The parts of EncryptedData and EncryptedKey (XML Encryption 1.1 §3).

use super::{EncryptionError, EncryptionErrorKind};
use crate::types::{decode_base64, trim_xml};
use crate::{DSIG_NAMESPACE, Element};

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
/// EncryptedKey elements that are tried: one for each recipient's key during a change of keys.
const MAX_WRAPPED: usize = 4;

pub(super) struct Parts<'d> {
    pub(super) data_algorithm: &'d str,
    pub(super) ciphertext: Vec<u8>,
    pub(super) key_algorithm: &'d str,
    pub(super) digest: Option<&'d str>,
    pub(super) mask: Option<&'d str>,
    pub(super) wrapped_keys: Vec<Vec<u8>>,
}

fn malformed() -> EncryptionError {
    EncryptionErrorKind::Malformed.into()
}

fn child<'d>(element: Element<'d>, namespace: &str, local: &str) -> Option<Element<'d>> {
    element.children().find(|child| child.is(namespace, local))
}

fn method<'d>(element: Element<'d>) -> Result<(Element<'d>, &'d str), EncryptionError> {
    let method = child(element, XENC, "EncryptionMethod").ok_or_else(malformed)?;
    let algorithm = method.attribute("Algorithm").ok_or_else(malformed)?;
    Ok((method, trim_xml(algorithm)))
}

/// §3.3: a CipherValue; a CipherReference would have us fetch something.
fn cipher_value(element: Element<'_>) -> Result<Vec<u8>, EncryptionError> {
    let value = child(element, XENC, "CipherData")
        .and_then(|data| child(data, XENC, "CipherValue"))
        .and_then(Element::text)
        .ok_or_else(malformed)?;
    decode_base64(value).map_err(|_| malformed())
}

pub(super) fn parts(holder: Element<'_>) -> Result<Parts<'_>, EncryptionError> {
    let data = child(holder, XENC, "EncryptedData").ok_or_else(malformed)?;
    let (_, data_algorithm) = method(data)?;
    let key_info = child(data, DSIG_NAMESPACE, "KeyInfo");
    // In the KeyInfo, or beside the EncryptedData (SAML Core §2.3.4: EncryptedKey*)
    let inside = key_info.into_iter().flat_map(Element::children);
    let keys: Vec<Element<'_>> = inside
        .chain(holder.children())
        .filter(|element| element.is(XENC, "EncryptedKey"))
        .take(MAX_WRAPPED)
        .collect();
    let first = keys.first().ok_or_else(malformed)?;
    let (key_method, key_algorithm) = method(*first)?;
    let digest = child(key_method, DSIG_NAMESPACE, "DigestMethod");
    let mask = child(key_method, XENC11, "MGF");
    if child(key_method, XENC, "OAEPparams").is_some() {
        // A label: none is agreed on in SAML
        return Err(EncryptionErrorKind::Algorithm.into());
    }
    let mut wrapped_keys = Vec::new();
    for key in &keys {
        if method(*key)?.1 == key_algorithm {
            wrapped_keys.push(cipher_value(*key)?);
        }
    }
    Ok(Parts {
        data_algorithm,
        ciphertext: cipher_value(data)?,
        key_algorithm,
        digest: digest.and_then(|element| element.attribute("Algorithm")),
        mask: mask.and_then(|element| element.attribute("Algorithm")),
        wrapped_keys,
    })
}
