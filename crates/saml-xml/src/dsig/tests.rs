use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
};

use super::*;
use crate::{Document, Limits};

const RESPONSE: &str = include_str!("../../tests/data/simplesamlphp-assert.xml");
const CERTIFICATE: &str = include_str!("../../tests/data/simplesamlphp-cert.pem");

fn idp_key() -> VerifyingKey {
    Certificate::from_pem(CERTIFICATE).unwrap().key().unwrap()
}

fn new_key() -> SigningKey {
    let rng = ring::rand::SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
    SigningKey::from_pkcs8_der(pkcs8.as_ref()).unwrap()
}

fn verify(xml: &str, anchors: TrustAnchors<'_>) -> Result<VerifyingKey, SignatureError> {
    let document = Document::parse(xml.as_bytes().to_vec(), &Limits::default()).unwrap();
    let element = document
        .elements()
        .find(|e| e.local_name() == "Assertion")
        .unwrap();
    verify_enveloped(element, anchors, &AlgorithmPolicy::default()).map(|v| v.key().clone())
}

#[track_caller]
fn refuses(from: &str, to: &str, kind: SignatureErrorKind) {
    let xml = RESPONSE.replacen(from, to, 1);
    assert_ne!(xml, RESPONSE, "the mutation did nothing");
    assert_eq!(
        verify(&xml, TrustAnchors::Keys(&[idp_key()]))
            .unwrap_err()
            .kind(),
        kind,
        "{from} -> {to}"
    );
}

#[test]
fn the_signature_of_a_real_identity_provider_verifies() {
    let key = verify(
        RESPONSE,
        TrustAnchors::Keys(&[new_key().verifying_key().clone(), idp_key()]),
    )
    .unwrap();
    assert_eq!(key, idp_key());
    let sha256 = Certificate::from_pem(CERTIFICATE).unwrap().sha256();
    let key = verify(
        RESPONSE,
        TrustAnchors::CertificateSha256(&[[0; 32], sha256]),
    )
    .unwrap();
    assert_eq!(key, idp_key());
}

#[test]
fn every_part_of_the_structure_is_checked() {
    use SignatureErrorKind as K;
    let exc = "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"";
    let inclusive = "Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"";
    let method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let digest = "http://www.w3.org/2001/04/xmlenc#sha256";
    let enveloped =
        "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
    for (from, to, kind) in [
        (exc, inclusive, K::CanonicalizationMethod),
        (
            exc,
            "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#WithComments\"",
            K::CanonicalizationMethod,
        ),
        (
            method,
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            K::AlgorithmWeak,
        ),
        (
            method,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
            K::AlgorithmWeak,
        ),
        (
            method,
            "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
            K::Mac,
        ),
        (
            method,
            "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
            K::Mac,
        ),
        (method, "urn:made-up", K::AlgorithmUnknown),
        (
            method,
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
            K::AlgorithmKeyMismatch,
        ),
        (
            method,
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
            K::ValueMismatch,
        ),
        (
            digest,
            "http://www.w3.org/2000/09/xmldsig#sha1",
            K::AlgorithmWeak,
        ),
        (digest, "urn:made-up", K::AlgorithmUnknown),
        (enveloped, "", K::Transforms),
        (
            enveloped,
            "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>",
            K::Transforms,
        ),
        ("URI=\"#_", "URI=\"#x", K::ReferenceUri),
        ("URI=\"#_", "URI=\"", K::ReferenceUri),
        (
            "<ds:SignedInfo>",
            "<ds:SignedInfo><ds:SignedInfo/>",
            K::Malformed,
        ),
        (
            "<ds:DigestValue>",
            "<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>",
            K::Malformed,
        ),
        ("<ds:DigestValue>", "<ds:DigestValue><x/>", K::Malformed),
        ("<ds:SignatureValue>", "<ds:SignatureValue>-", K::Malformed),
        ("</ds:Signature>", "<ds:Object/></ds:Signature>", K::Object),
        ("</ds:Signature>", "<x/></ds:Signature>", K::Malformed),
        (
            "</ds:SignedInfo>",
            "<ds:Reference/></ds:SignedInfo>",
            K::ReferenceCount,
        ),
        (
            "alice@example.test",
            "mallory@example.test",
            K::DigestMismatch,
        ),
        (
            "</ds:Signature>",
            "</ds:Signature><ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>",
            K::Duplicate,
        ),
    ] {
        refuses(from, to, kind);
    }
}

#[test]
fn a_comment_does_not_change_what_was_signed_or_what_is_read() {
    let xml = RESPONSE.replacen("alice@example", "alice@<!-- -->example", 1);
    verify(&xml, TrustAnchors::Keys(&[idp_key()])).unwrap();
}

#[test]
fn the_claimed_key_is_reported_and_not_trusted() {
    let error = verify(
        RESPONSE,
        TrustAnchors::Keys(&[new_key().verifying_key().clone()]),
    )
    .unwrap_err();
    assert_eq!(error.kind(), SignatureErrorKind::UnknownKey);
    assert_eq!(error.claimed_key(), Some(idp_key().id()));
    let error = verify(RESPONSE, TrustAnchors::Keys(&[])).unwrap_err();
    assert_eq!(error.kind(), SignatureErrorKind::UnknownKey);
    let error = verify(RESPONSE, TrustAnchors::CertificateSha256(&[[7; 32]])).unwrap_err();
    assert_eq!(error.kind(), SignatureErrorKind::CertificateMismatch);
    let start = RESPONSE.find("<ds:KeyInfo>").unwrap();
    let end = RESPONSE.find("</ds:KeyInfo>").unwrap() + "</ds:KeyInfo>".len();
    let without = [&RESPONSE[..start], &RESPONSE[end..]].concat();
    let error = verify(&without, TrustAnchors::CertificateSha256(&[[7; 32]])).unwrap_err();
    assert_eq!(error.kind(), SignatureErrorKind::CertificateMissing);
    verify(&without, TrustAnchors::Keys(&[idp_key()])).unwrap();
}

#[test]
fn a_repeated_certificate_is_no_candidate() {
    let start = RESPONSE.find("<ds:X509Certificate>").unwrap();
    let end = RESPONSE.find("</ds:X509Certificate>").unwrap() + "</ds:X509Certificate>".len();
    let twice = [&RESPONSE[..end], &RESPONSE[start..end], &RESPONSE[end..]].concat();
    let sha256 = Certificate::from_pem(CERTIFICATE).unwrap().sha256();
    let error = verify(&twice, TrustAnchors::CertificateSha256(&[sha256])).unwrap_err();
    assert_eq!(error.kind(), SignatureErrorKind::CertificateMismatch);
}

#[test]
fn what_is_signed_here_verifies_here() {
    let rng = ring::rand::SystemRandom::new();
    let p384 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &rng).unwrap();
    let xml = "<Assertion xmlns='urn:x' ID='_1'><Issuer>me</Issuer><v>&#13;&lt;</v></Assertion>";
    for key in [
        new_key(),
        SigningKey::from_pkcs8_der(p384.as_ref()).unwrap(),
    ] {
        let signed = sign_enveloped(xml, "_1", &key, &SignOptions::default()).unwrap();
        assert!(signed.contains("</Issuer><ds:Signature"));
        let found = verify(&signed, TrustAnchors::Keys(&[key.verifying_key().clone()])).unwrap();
        assert_eq!(&found, key.verifying_key());
        let again = sign_enveloped(&signed, "_1", &key, &SignOptions::default()).unwrap_err();
        assert_eq!(again.kind(), SignErrorKind::AlreadySigned);
    }
    let missing = sign_enveloped(xml, "_2", &new_key(), &SignOptions::default()).unwrap_err();
    assert_eq!(missing.kind(), SignErrorKind::NoSuchElement);
}

#[test]
fn detached_signatures_verify_with_their_own_algorithm_only() {
    let key = new_key();
    let keys = [key.verifying_key().clone()];
    let policy = AlgorithmPolicy::default();
    let signature = key.sign(b"SAMLRequest=x").unwrap();
    let uri = key.algorithm().uri();
    assert_eq!(
        verify_detached(b"SAMLRequest=x", uri, &signature, &keys, &policy),
        Ok(keys[0].id())
    );
    let code = |message: &[u8], uri, signature: &[u8]| {
        verify_detached(message, uri, signature, &keys, &policy)
            .unwrap_err()
            .code()
    };
    assert_eq!(
        code(b"SAMLRequest=y", uri, &signature),
        "signature.unknown_key"
    );
    assert_eq!(code(b"SAMLRequest=x", uri, &[]), "signature.unknown_key");
    assert_eq!(
        code(b"SAMLRequest=x", "urn:x", &signature),
        "signature.algorithm_unknown"
    );
    assert_eq!(
        code(
            b"SAMLRequest=x",
            SignatureAlgorithm::RsaSha256.uri(),
            &signature
        ),
        "signature.algorithm_key_mismatch"
    );
    assert_eq!(
        code(
            b"SAMLRequest=x",
            SignatureAlgorithm::RsaSha1.uri(),
            &signature
        ),
        "signature.algorithm_weak"
    );
}

#[test]
fn keys_have_one_name_whatever_form_they_came_in() {
    let key = idp_key();
    assert_eq!(
        VerifyingKey::from_spki_der(&key.to_spki_der())
            .unwrap()
            .id(),
        key.id()
    );
    assert_eq!(key.kind(), KeyKind::Rsa { bits: 2048 });
    assert_eq!(
        key.certificate().map(Certificate::subject),
        Some("CN=idp.ssp.test")
    );
    let ec = new_key();
    assert_eq!(
        &VerifyingKey::from_spki_der(&ec.verifying_key().to_spki_der()).unwrap(),
        ec.verifying_key()
    );
}

#[test]
fn keys_that_are_no_use_are_refused() {
    let kind = |result: Result<VerifyingKey, KeyError>| result.unwrap_err().kind();
    assert_eq!(
        kind(VerifyingKey::from_rsa_components(&[0xFF; 64], &[1, 0, 1])),
        KeyErrorKind::Unsupported
    );
    assert_eq!(
        kind(VerifyingKey::from_rsa_components(&[0xFF; 2048], &[1, 0, 1])),
        KeyErrorKind::Unsupported
    );
    assert_eq!(
        kind(VerifyingKey::from_rsa_components(&[0xFF; 256], &[1])),
        KeyErrorKind::Unsupported
    );
    assert_eq!(
        kind(VerifyingKey::from_rsa_components(&[0xFF; 256], &[2])),
        KeyErrorKind::Unsupported
    );
    assert_eq!(kind(VerifyingKey::from_spki_der(b"")), KeyErrorKind::Der);
    assert_eq!(
        kind(VerifyingKey::from_spki_pem(CERTIFICATE)),
        KeyErrorKind::Pem
    );
    assert_eq!(
        Certificate::from_pem("").unwrap_err().kind(),
        KeyErrorKind::Pem
    );
    assert_eq!(
        SigningKey::from_pkcs8_der(b"x").unwrap_err().kind(),
        KeyErrorKind::Der
    );
    let other = new_key()
        .with_certificate(&Certificate::from_pem(CERTIFICATE).unwrap())
        .unwrap_err();
    assert_eq!(other.kind(), KeyErrorKind::Unsupported);
}

#[test]
fn weak_keys_and_sha_1_need_danger() {
    let weak = VerifyingKey::from_rsa_components(&[0xFF; 128], &[1, 0, 1]).unwrap();
    let anchors = [weak];
    let strict = AlgorithmPolicy::default();
    let uri = SignatureAlgorithm::RsaSha256.uri();
    let code = |policy: &AlgorithmPolicy, uri| {
        verify_detached(b"", uri, &[0; 128], &anchors, policy)
            .unwrap_err()
            .code()
    };
    assert_eq!(code(&strict, uri), "signature.key_weak");
    assert_eq!(
        code(&danger::accept_rsa1024(strict), uri),
        "signature.unknown_key"
    );
    let sha1 = SignatureAlgorithm::RsaSha1.uri();
    assert_eq!(code(&strict, sha1), "signature.algorithm_weak");
    assert_eq!(
        code(&danger::accept_sha1(danger::accept_rsa1024(strict)), sha1),
        "signature.unknown_key"
    );
}
