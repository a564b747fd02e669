//! PEM blocks (RFC 7468).

use super::error::{KeyError, KeyErrorKind};
use crate::types::decode_base64;

/// The first block with one of the labels: its label and DER.
pub(super) fn first<'l>(text: &str, labels: &[&'l str]) -> Result<(&'l str, Vec<u8>), KeyError> {
    blocks(text)
        .find_map(|(label, body)| labels.iter().find(|l| **l == label).map(|l| (*l, body)))
        .ok_or(KeyError::new(KeyErrorKind::Pem))
        .and_then(|(label, body)| Ok((label, decode(body)?)))
}

/// Every block with the label.
pub(super) fn all(text: &str, label: &str) -> Result<Vec<Vec<u8>>, KeyError> {
    blocks(text)
        .filter(|(l, _)| *l == label)
        .map(|(_, body)| decode(body))
        .collect()
}

fn decode(body: &str) -> Result<Vec<u8>, KeyError> {
    decode_base64(body).map_err(|_| KeyError::new(KeyErrorKind::Pem))
}

fn blocks(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("-----BEGIN ").skip(1).filter_map(|rest| {
        let (label, rest) = rest.split_once("-----")?;
        let (body, end) = rest.split_once("-----END ")?;
        end.starts_with(label).then_some((label, body))
    })
}
