//! SubjectPublicKeyInfo in DER: read with x509-parser, written here, because a key that came as
//! bare RSA components needs the same identifier as one that came in a certificate.

use ring::signature::RsaPublicKeyComponents;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use super::error::{KeyError, KeyErrorKind};
use super::key::{KeyKind, Material};

pub(super) const RSA_ENCRYPTION: &[u8] = &[
    0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
];
const EC_P256: &[u8] = &[
    0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D,
    0x03, 0x01, 0x07,
];
const EC_P384: &[u8] = &[
    0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22,
];

pub(super) fn parse(der: &[u8]) -> Result<(Material, KeyKind), KeyError> {
    let (rest, spki) =
        SubjectPublicKeyInfo::from_der(der).map_err(|_| KeyError::new(KeyErrorKind::Der))?;
    if !rest.is_empty() {
        return Err(KeyError::new(KeyErrorKind::Der));
    }
    material(&spki)
}

pub(super) fn material(spki: &SubjectPublicKeyInfo<'_>) -> Result<(Material, KeyKind), KeyError> {
    match spki
        .parsed()
        .map_err(|_| KeyError::new(KeyErrorKind::Der))?
    {
        PublicKey::RSA(key) => rsa(key.modulus, key.exponent),
        PublicKey::EC(point) => {
            let (material, kind) = ec(point.data())?;
            // Other curves have points of the same length
            let curve = if kind == KeyKind::EcP256 {
                EC_P256
            } else {
                EC_P384
            };
            let named = spki
                .algorithm
                .parameters
                .as_ref()
                .and_then(|p| p.as_oid().ok());
            if named.is_some_and(|oid| curve.ends_with(oid.as_bytes())) {
                Ok((material, kind))
            } else {
                Err(KeyError::new(KeyErrorKind::Unsupported))
            }
        }
        _ => Err(KeyError::new(KeyErrorKind::Unsupported)),
    }
}

/// Checks the curve by the length of an uncompressed point; ring checks that it is on the curve.
pub(super) fn ec(point: &[u8]) -> Result<(Material, KeyKind), KeyError> {
    let kind = match (point.first(), point.len()) {
        (Some(4), 65) => KeyKind::EcP256,
        (Some(4), 97) => KeyKind::EcP384,
        _ => return Err(KeyError::new(KeyErrorKind::Unsupported)),
    };
    Ok((Material::Ec(point.into()), kind))
}

pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<(Material, KeyKind), KeyError> {
    let (n, e) = (unsigned(modulus), unsigned(exponent));
    let bits = match n.first() {
        Some(first) => u32::try_from(n.len())
            .unwrap_or(u32::MAX)
            .saturating_mul(8)
            .saturating_sub(first.leading_zeros()),
        None => 0,
    };
    // Above 8192 bits one verification costs more than a whole message may; below 1024 even the
    // danger module has no use for a key
    if !(1024..=8192).contains(&bits) || n.last().is_none_or(|b| b & 1 == 0) {
        return Err(KeyError::new(KeyErrorKind::Unsupported));
    }
    // ring takes odd exponents from 3 to 2^33 - 1
    let small = e.len() <= 4 && e != [1] && e.last().is_some_and(|b| b & 1 == 1);
    if !small {
        return Err(KeyError::new(KeyErrorKind::Unsupported));
    }
    Ok((
        Material::Rsa(RsaPublicKeyComponents {
            n: n.into(),
            e: e.into(),
        }),
        KeyKind::Rsa { bits },
    ))
}

fn unsigned(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|b| **b == 0).count();
    integer.get(zeros..).unwrap_or_default()
}

/// Writes SubjectPublicKeyInfo.
pub(super) fn encode(material: &Material) -> Vec<u8> {
    let (algorithm, key) = match material {
        Material::Rsa(key) => {
            let body = [der_integer(&key.n), der_integer(&key.e)].concat();
            (RSA_ENCRYPTION, tlv(0x30, &body))
        }
        Material::Ec(point) => (
            if point.len() == 65 { EC_P256 } else { EC_P384 },
            point.to_vec(),
        ),
    };
    let bits = [&[0][..], &key].concat();
    tlv(0x30, &[tlv(0x30, algorithm), tlv(0x03, &bits)].concat())
}

fn der_integer(value: &[u8]) -> Vec<u8> {
    let value = unsigned(value);
    let sign: &[u8] = if value.first().is_none_or(|b| b & 0x80 != 0) {
        &[0]
    } else {
        &[]
    };
    tlv(0x02, &[sign, value].concat())
}

fn tlv(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = body.len().to_be_bytes();
    let significant = unsigned(&length);
    let mut out = vec![tag];
    match (significant, u8::try_from(significant.len())) {
        ([], _) => out.push(0),
        ([short], _) if *short < 0x80 => out.push(*short),
        (long, Ok(count)) => {
            out.push(0x80 | count);
            out.extend_from_slice(long);
        }
        (_, Err(_)) => {}
    }
    out.extend_from_slice(body);
    out
}
