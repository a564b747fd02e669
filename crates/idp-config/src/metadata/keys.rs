//! KeyDescriptor: the keys that signatures of this identity provider are verified with.

use saml_xml::types::{decode_base64, format_date_time};
use saml_xml::{Certificate, Element, KeyError, KeyErrorKind, KeyKind, VerifyingKey};

use super::{Context, DS, MD};
use crate::error::excerpt;
use crate::{ConfigError, ConfigErrorKind, Warning, WarningKind};

/// How many keys are tried at most: 16, as many as the verifier tries. Roll-over needs two, one
/// for each of several signing hosts a handful.
const MAX_SIGNING_KEYS: usize = 16;

pub(super) fn signing_keys(
    context: &Context<'_>,
    role: Element<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<VerifyingKey>, ConfigError> {
    let mut keys: Vec<VerifyingKey> = Vec::new();
    let mut unusable = Vec::new();
    for descriptor in role
        .children()
        .filter(|child| child.is(MD, "KeyDescriptor"))
    {
        if !is_for_signing(context, descriptor)? {
            continue;
        }
        let found = keys_of(context, descriptor, warnings)?;
        if found.is_empty() {
            let holds = names_within(descriptor);
            warnings.push(Warning::about(
                WarningKind::KeyWithoutMaterial,
                holds.clone(),
            ));
            unusable.push(holds);
        }
        for (key, element) in found {
            if keys.contains(&key) {
                continue;
            }
            check_strength(context, &key, element, warnings)?;
            if let Some(certificate) = key.certificate() {
                note_certificate(context, certificate, warnings)
                    .map_err(|error| context.locate(error, element))?;
            }
            if keys.len() == MAX_SIGNING_KEYS {
                return Err(too_many(context, element));
            }
            keys.push(key);
        }
    }
    // SAML Profiles §4.1.3.5: the service provider must verify the signatures there are; without a
    // key there would be nothing to verify them with, and no login could ever be believed
    if keys.is_empty() {
        let actual = match unusable.as_slice() {
            [] => "no KeyDescriptor for signing".to_owned(),
            _ => format!("only {}", unusable.join("; ")),
        };
        return Err(context
            .refuse(ConfigErrorKind::NoSigningKey, role)
            .expected("a certificate or RSA key for signing")
            .actual(actual));
    }
    Ok(keys)
}

fn too_many(context: &Context<'_>, element: Element<'_>) -> ConfigError {
    context
        .refuse(ConfigErrorKind::TooManyKeys, element)
        .expected(format!("at most {MAX_SIGNING_KEYS} signing keys"))
}

/// SAML Metadata §2.4.1.1: `use` is signing or encryption; absent, the key is for both. A key for
/// encryption must not vouch for anything.
fn is_for_signing(context: &Context<'_>, descriptor: Element<'_>) -> Result<bool, ConfigError> {
    match descriptor.attribute("use") {
        None | Some("signing") => Ok(true),
        Some("encryption") => Ok(false),
        Some(other) => Err(context
            .refuse(ConfigErrorKind::KeyUseUnknown, descriptor)
            .expected("signing or encryption")
            .actual(excerpt(other))),
    }
}

/// Every key of the descriptor, with the element to point at. Certificates go before bare keys:
/// XML Signature §4.5 has all parts of one KeyInfo name the same key, and a certificate says more.
fn keys_of<'d>(
    context: &Context<'_>,
    descriptor: Element<'d>,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<(VerifyingKey, Element<'d>)>, ConfigError> {
    let mut keys = Vec::new();
    for info in descriptor
        .children()
        .filter(|child| child.is(DS, "KeyInfo"))
    {
        let mut found = Vec::new();
        for data in info.children().filter(|child| child.is(DS, "X509Data")) {
            found.extend(certificate_keys(context, data, warnings)?);
        }
        if found.is_empty() {
            for value in info.children().filter(|child| child.is(DS, "KeyValue")) {
                for rsa in value.children().filter(|child| child.is(DS, "RSAKeyValue")) {
                    found.push((rsa_key(context, rsa)?, rsa));
                }
            }
        }
        keys.extend(found);
    }
    Ok(keys)
}

fn certificate_keys<'d>(
    context: &Context<'_>,
    data: Element<'d>,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<(VerifyingKey, Element<'d>)>, ConfigError> {
    let mut certificates = Vec::new();
    for element in data
        .children()
        .filter(|child| child.is(DS, "X509Certificate"))
    {
        if certificates.len() == MAX_SIGNING_KEYS {
            return Err(too_many(context, element));
        }
        certificates.push((certificate(context, element)?, element));
    }
    let mut keys = Vec::new();
    for (certificate, element) in &certificates {
        // XML Signature §4.5.4: beside the certificate of the key may stand the chain above it.
        // Identity providers also list several keys this way; only a certificate that issued
        // another one here is taken for a chain, so that no authority's key signs assertions.
        let issued_another = certificates.iter().any(|(other, _)| {
            other != certificate
                && other.issuer() == certificate.subject()
                && other.subject() != other.issuer()
        });
        if issued_another {
            let about = excerpt(certificate.subject());
            warnings.push(Warning::about(WarningKind::CertificateChainIgnored, about));
            continue;
        }
        let key = certificate
            .key()
            .map_err(|error| key_error(context, error, *element))?;
        if !names_its_curve(&key, certificate) {
            return Err(context
                .refuse(ConfigErrorKind::KeyUnsupported, *element)
                .actual("another elliptic curve"));
        }
        keys.push((key, *element));
    }
    Ok(keys)
}

fn certificate(context: &Context<'_>, element: Element<'_>) -> Result<Certificate, ConfigError> {
    let refuse = || context.refuse(ConfigErrorKind::CertificateMalformed, element);
    let text = element.text().ok_or_else(refuse)?;
    let der = decode_base64(text).map_err(|_| refuse().actual("not base64"))?;
    Certificate::from_der(&der).map_err(|_| refuse().actual("not one DER certificate"))
}

/// The key's kind is told from the length of its point, which P-256 shares with secp256k1 and
/// others; the certificate must hold the key under the curve's own name.
fn names_its_curve(key: &VerifyingKey, certificate: &Certificate) -> bool {
    if matches!(key.kind(), KeyKind::Rsa { .. }) {
        return true;
    }
    let spki = key.to_spki_der();
    certificate
        .der()
        .windows(spki.len())
        .any(|window| window == spki)
}

/// XML Signature §4.5.2.2: RSAKeyValue is Modulus and Exponent as CryptoBinary.
fn rsa_key(context: &Context<'_>, rsa: Element<'_>) -> Result<VerifyingKey, ConfigError> {
    let number = |name: &str| {
        let mut named = rsa.children().filter(|child| child.is(DS, name));
        match (named.next(), named.next()) {
            (Some(only), None) => only.text().and_then(|text| decode_base64(text).ok()),
            _ => None,
        }
    };
    match (number("Modulus"), number("Exponent")) {
        (Some(modulus), Some(exponent)) => VerifyingKey::from_rsa_components(&modulus, &exponent)
            .map_err(|error| key_error(context, error, rsa)),
        _ => Err(context.refuse(ConfigErrorKind::KeyValueMalformed, rsa)),
    }
}

fn key_error(context: &Context<'_>, error: KeyError, element: Element<'_>) -> ConfigError {
    let kind = match error.kind() {
        KeyErrorKind::Unsupported => ConfigErrorKind::KeyUnsupported,
        _ => ConfigErrorKind::CertificateMalformed,
    };
    context.refuse(kind, element)
}

/// SAML2Int SDP-MD06: RSA keys of 2048 bits or more.
fn check_strength(
    context: &Context<'_>,
    key: &VerifyingKey,
    element: Element<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<(), ConfigError> {
    match key.kind() {
        KeyKind::Rsa { bits, .. } if bits < 2048 && context.policy.rsa1024 => {
            let about = format!("{} {}", key.kind(), key.id());
            warnings.push(Warning::about(WarningKind::WeakKeyAccepted, about));
            Ok(())
        }
        KeyKind::Rsa { bits, .. } if bits < 2048 => Err(context
            .refuse(ConfigErrorKind::KeyTooWeak, element)
            .expected("RSA 2048 or more")
            .actual(key.kind().to_string())),
        _ => Ok(()),
    }
}

/// FedInterop IIP-MD12: expired and self-signed certificates are accepted, because it is the key
/// that was configured. An administrator still wants to know.
fn note_certificate(
    context: &Context<'_>,
    certificate: &Certificate,
    warnings: &mut Vec<Warning>,
) -> Result<(), ConfigError> {
    let current = (certificate.not_before()..certificate.not_after()).contains(&context.now);
    if context.policy.current_certificates && !current {
        return Err(ConfigError::new(ConfigErrorKind::CertificateNotCurrent)
            .expected(format!("valid at {}", format_date_time(context.now)))
            .actual(format!(
                "{} to {}",
                format_date_time(certificate.not_before()),
                format_date_time(certificate.not_after())
            )));
    }
    let subject = excerpt(certificate.subject());
    if context.now >= certificate.not_after() {
        let until = format_date_time(certificate.not_after());
        let about = format!("{subject}, valid until {until}");
        warnings.push(Warning::about(WarningKind::CertificateExpired, about));
    }
    if context.now < certificate.not_before() {
        let from = format_date_time(certificate.not_before());
        let about = format!("{subject}, valid from {from}");
        warnings.push(Warning::about(WarningKind::CertificateNotYetValid, about));
    }
    if certificate.subject() == certificate.issuer() {
        warnings.push(Warning::about(WarningKind::CertificateSelfSigned, subject));
    }
    Ok(())
}

/// What a descriptor without a usable key holds instead, such as `KeyName`.
fn names_within(descriptor: Element<'_>) -> String {
    let names: Vec<String> = descriptor
        .children()
        .filter(|child| child.is(DS, "KeyInfo"))
        .flat_map(Element::children)
        .map(|child| excerpt(child.local_name()))
        .take(4)
        .collect();
    if names.is_empty() {
        "an empty KeyInfo".to_owned()
    } else {
        names.join(", ")
    }
}
