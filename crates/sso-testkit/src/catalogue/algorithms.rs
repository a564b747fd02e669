//! Keys and algorithms. K01 to K09, K11 to K13.

use super::{BOTH_ONLY, Base, Book, EACH, EVIL_NAME_ID, Message};
use crate::message::Signs;
use crate::signer::{KeyInfoRecipe, SignatureRecipe, algorithm};
use crate::surgery::{count, find, remove, replace, set_content, splice};
use crate::{IdpKey, KeyKind, RawRsaKey};

pub(super) fn cases(book: &mut Book) {
    excluded(book);
    macs(book);
    key_info(book);
    downgrades(book);
    mismatches(book);
    weak_keys(book);
    fingerprints(book);
}

fn without_signatures(xml: &str) -> String {
    let mut xml = xml.to_owned();
    while count(&xml, "ds:Signature") > 0 {
        xml = remove(&xml, "ds:Signature");
    }
    xml
}

fn excluded(book: &mut Book) {
    book.row("K01");
    book.refused("removed", EACH, "signature.missing", |b| without_signatures(&b.genuine()).into());
    book.refused("removed_and_edited", EACH, "signature.missing", |b| {
        set_content(&without_signatures(&b.genuine()), "saml:NameID", EVIL_NAME_ID).into()
    });
    book.refused("other_namespace", super::ASSERTION_ONLY, "signature.missing", |b| {
        b.genuine().replace(crate::signer::DSIG, "http://www.w3.org/2000/09/xmldsig").into()
    });
    book.refused("other_namespace", &[Signs::Response, Signs::Both], "response.unexpected_child", |b| {
        // a Signature that only its local name makes one
        b.genuine().replace(crate::signer::DSIG, "http://www.w3.org/2000/09/xmldsig").into()
    });
    let cases = book.refused("response_has_to_be_signed", &[Signs::Assertion], "response.unsigned", |b| b.genuine().into());
    super::each(cases, |setting| setting.require = Some(Signs::Response));
    let cases = book.refused("assertion_has_to_be_signed", &[Signs::Response], "assertion.unsigned", |b| b.genuine().into());
    super::each(cases, |setting| setting.require = Some(Signs::Assertion));
    let cases = book.refused("both_have_to_be_signed", &[Signs::Assertion], "response.unsigned", |b| b.genuine().into());
    super::each(cases, |setting| setting.require = Some(Signs::Both));
    let cases = book.accepted("both_are_signed", BOTH_ONLY, |b| b.genuine().into());
    super::each(cases, |setting| setting.require = Some(Signs::Both));
}

fn macs(book: &mut Book) {
    book.row("K02");
    for (name, uri) in [("hmac_sha1", algorithm::HMAC_SHA1), ("hmac_sha256", algorithm::HMAC_SHA256)] {
        book.refused(&format!("certificate_as_secret_{name}"), EACH, "signature.mac", move |b| {
            b.signed_as(|r| r.signature_method = Some(uri.to_owned()))
        });
    }
    book.refused("key_name", EACH, "signature.mac", |b| {
        b.signed_as(|r| {
            r.signature_method = Some(algorithm::HMAC_SHA256.to_owned());
            r.key_info = KeyInfoRecipe::Raw("<ds:KeyName>default</ds:KeyName>".to_owned());
        })
    });
    book.row("K04");
    for length in ["0", "8", "256"] {
        book.refused(&format!("output_length_{length}"), EACH, "signature.mac", move |b| {
            b.signed_as(|r| {
                r.signature_method = Some(format!(
                    "<ds:SignatureMethod Algorithm=\"{}\"><ds:HMACOutputLength>{length}</ds:HMACOutputLength></ds:SignatureMethod>",
                    algorithm::HMAC_SHA256
                ));
                r.sign_with = Some(algorithm::HMAC_SHA256.to_owned());
            })
        });
    }
    book.kept("output_length_on_rsa", EACH, "signature.malformed", |b| {
        b.signed_as(|r| {
            r.signature_method = Some(format!(
                "<ds:SignatureMethod Algorithm=\"{}\"><ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>",
                algorithm::RSA_SHA256
            ));
        })
    });
}

/// The attacker's key, sent along with the message that it signed.
fn key_info(book: &mut Book) {
    book.row("K03");
    book.refused("own_certificate", EACH, "signature.unknown_key", |b| by_rogue(b, |_| {}));
    book.refused("the_idps_certificate", EACH, "signature.value_mismatch", |b| {
        let certificate = b.idp.key().certificate_base64();
        by_rogue(b, |r| {
            r.key_info = KeyInfoRecipe::Raw(format!(
                "<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>"
            ));
        })
    });
    book.refused("both_certificates", EACH, "signature.unknown_key", |b| {
        let (own, idp) = (b.rogue_key().certificate_base64(), b.idp.key().certificate_base64());
        by_rogue(b, |r| {
            r.key_info = KeyInfoRecipe::Raw(format!(
                "<ds:X509Data><ds:X509Certificate>{own}</ds:X509Certificate><ds:X509Certificate>{idp}</ds:X509Certificate></ds:X509Data>"
            ));
        })
    });
    book.refused("no_key_info", EACH, "signature.unknown_key", |b| by_rogue(b, |r| r.key_info = KeyInfoRecipe::Absent));
    for (name, raw) in [
        ("key_name", "<ds:KeyName>idp.example.test</ds:KeyName>"),
        ("key_value", "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"),
        ("issuer_serial", "<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=idp.example.test</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial></ds:X509Data>"),
        ("retrieval_method", "<ds:RetrievalMethod URI=\"http://evil.example/key\"></ds:RetrievalMethod>"),
    ] {
        book.refused(name, EACH, "signature.unknown_key", move |b| {
            by_rogue(b, |r| r.key_info = KeyInfoRecipe::Raw(raw.to_owned()))
        });
    }
    book.row("K13").refused("our_own_key", EACH, "signature.unknown_key", |b| {
        // a key that belongs to the service provider, not to the IdP
        let own = IdpKey::pooled(KeyKind::Rsa2048, 2);
        b.answer().key(&own).to_xml().into()
    });
    book.row("K12");
    for (name, value) in [("zeroes", vec![0; 256]), ("one", [vec![0; 255], vec![1]].concat()), ("modulus_sized_ff", vec![0xff; 256])] {
        book.refused(name, EACH, "signature.value_mismatch", move |b| {
            let key = b.idp.key();
            b.composed(|recipe, octets, id| {
                let info = recipe.signed_info(key, &[recipe.reference(id, octets)]);
                recipe.signature_with_value(key, &info, &value)
            })
        });
    }
}

fn by_rogue(b: &Base, change: impl FnOnce(&mut SignatureRecipe)) -> Message {
    let key = b.rogue_key();
    let mut recipe = SignatureRecipe::default();
    change(&mut recipe);
    b.answer()
        .mutate(|f| super::canonical::set_name_id(f, EVIL_NAME_ID))
        .key(&key)
        .recipe(recipe)
        .to_xml()
        .into()
}

fn downgrades(book: &mut Book) {
    book.row("K05");
    for (name, uri, with, code) in [
        ("rsa_sha1", algorithm::RSA_SHA1, algorithm::RSA_SHA1, "signature.algorithm_weak"),
        ("rsa_md5", algorithm::RSA_MD5, algorithm::RSA_SHA256, "signature.algorithm_weak"),
        ("rsa_ripemd160", algorithm::RSA_RIPEMD160, algorithm::RSA_SHA256, "signature.algorithm_weak"),
        ("dsa_sha1", algorithm::DSA_SHA1, algorithm::RSA_SHA256, "signature.algorithm_weak"),
        ("made_up", "urn:example:rsa-sha256", algorithm::RSA_SHA256, "signature.algorithm_unknown"),
        ("made_up_valid_sha1_below", "urn:example:made-up", algorithm::RSA_SHA1, "signature.algorithm_unknown"),
        ("case", "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256", algorithm::RSA_SHA256, "signature.algorithm_unknown"),
        ("space", " http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", algorithm::RSA_SHA256, "signature.algorithm_unknown"),
        ("empty", "", algorithm::RSA_SHA256, "signature.algorithm_unknown"),
    ] {
        book.refused(name, EACH, code, move |b| {
            b.signed_as(|r| {
                r.signature_method = Some(uri.to_owned());
                r.sign_with = Some(with.to_owned());
            })
        });
    }
    for (name, uri, code) in [
        ("digest_sha1", algorithm::SHA1, "signature.algorithm_weak"),
        ("digest_md5", algorithm::MD5, "signature.algorithm_weak"),
        ("digest_made_up", "urn:example:sha256", "signature.algorithm_unknown"),
        ("digest_empty", "", "signature.algorithm_unknown"),
    ] {
        book.kept(name, EACH, code, move |b| b.signed_as(|r| r.digest_method = uri.to_owned()));
    }
    for (name, uri) in [
        ("rsa_sha384", algorithm::RSA_SHA384),
        ("rsa_sha512", algorithm::RSA_SHA512),
        ("rsa_pss_sha256", algorithm::RSA_PSS_SHA256),
    ] {
        book.accepted(name, EACH, move |b| b.signed_as(|r| r.signature_method = Some(uri.to_owned())));
    }
    for (name, uri) in [("digest_sha384", algorithm::SHA384), ("digest_sha512", algorithm::SHA512)] {
        book.accepted(name, EACH, move |b| b.signed_as(|r| r.digest_method = uri.to_owned()));
    }
}

fn mismatches(book: &mut Book) {
    book.row("K06");
    book.refused("rsa_key_named_ecdsa", EACH, "signature.algorithm_key_mismatch", |b| {
        b.signed_as(|r| {
            r.signature_method = Some(algorithm::ECDSA_SHA256.to_owned());
            r.sign_with = Some(algorithm::RSA_SHA256.to_owned());
        })
    });
    let cases = book.refused("ec_key_named_rsa", EACH, "signature.algorithm_key_mismatch", |b| {
        b.signed_as(|r| {
            r.signature_method = Some(algorithm::RSA_SHA256.to_owned());
            r.sign_with = Some(algorithm::ECDSA_SHA256.to_owned());
        })
    });
    super::each(cases, |setting| setting.key = Some(KeyKind::EcP256));
    let cases = book.refused("p256_signature_p384_key", EACH, "signature.algorithm_key_mismatch", |b| {
        let other = IdpKey::pooled(KeyKind::EcP256, 0);
        let certificate = b.idp.key().certificate_base64();
        let recipe = SignatureRecipe {
            key_info: KeyInfoRecipe::Raw(format!(
                "<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>"
            )),
            ..SignatureRecipe::default()
        };
        b.answer().key(&other).recipe(recipe).to_xml().into()
    });
    super::each(cases, |setting| setting.key = Some(KeyKind::EcP384));
    book.refused("pss_named_pkcs1", EACH, "signature.value_mismatch", |b| {
        b.signed_as(|r| {
            r.signature_method = Some(algorithm::RSA_SHA256.to_owned());
            r.sign_with = Some(algorithm::RSA_PSS_SHA256.to_owned());
        })
    });
    book.refused("pkcs1_named_pss", EACH, "signature.value_mismatch", |b| {
        b.signed_as(|r| {
            r.signature_method = Some(algorithm::RSA_PSS_SHA256.to_owned());
            r.sign_with = Some(algorithm::RSA_SHA256.to_owned());
        })
    });
    book.refused("sha512_named_sha256", EACH, "signature.value_mismatch", |b| {
        b.signed_as(|r| {
            r.signature_method = Some(algorithm::RSA_SHA256.to_owned());
            r.sign_with = Some(algorithm::RSA_SHA512.to_owned());
        })
    });

    book.row("K07");
    for (name, change) in [
        ("der", None),
        ("leading_zeroes", Some("zeroes")),
        ("zero_r_and_s", Some("zero")),
        ("order_as_r", Some("order")),
        ("too_short", Some("short")),
        ("swapped", Some("swapped")),
    ] {
        let cases = book.refused(name, EACH, "signature.value_mismatch", move |b| {
            let key = b.idp.key();
            b.composed(|recipe, octets, id| {
                let info = recipe.signed_info(key, &[recipe.reference(id, octets)]);
                let good = key.sign(algorithm::ECDSA_SHA256, info.as_bytes());
                let (r, s) = good.split_at(32);
                let value = match change {
                    None => key.sign_ecdsa_der(info.as_bytes()),
                    Some("zeroes") => [&[0], r, &[0], s].concat(),
                    Some("zero") => vec![0; 64],
                    Some("order") => [&P256_ORDER, s].concat(),
                    Some("short") => [&r[1..], &s[1..]].concat(),
                    _ => [s, r].concat(),
                };
                recipe.signature_with_value(key, &info, &value)
            })
        });
        super::each(cases, |setting| setting.key = Some(KeyKind::EcP256));
    }
    for (name, kind) in [("p256", KeyKind::EcP256), ("p384", KeyKind::EcP384)] {
        let cases = book.accepted(name, EACH, |b| b.genuine().into());
        super::each(cases, |setting| setting.key = Some(kind));
    }
}

const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
    0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn weak_keys(book: &mut Book) {
    book.row("K08");
    let cases = book.refused("rsa_1024", EACH, "signature.key_weak", |b| b.genuine().into());
    // metadata with such a key is refused before a connection exists; a fingerprint says nothing about the key
    super::each(cases, |setting| {
        setting.key = Some(KeyKind::Rsa1024);
        setting.fingerprint = true;
    });
    let cases = book.refused("rsa_1024_sha1", EACH, "signature.algorithm_weak", |b| {
        b.signed_as(|r| r.signature_method = Some(algorithm::RSA_SHA1.to_owned()))
    });
    super::each(cases, |setting| {
        setting.key = Some(KeyKind::Rsa1024);
        setting.fingerprint = true;
    });

    book.row("K09");
    // PKCS#1 v1.5 blocks that a lax parser takes for padded: with e = 3 anybody can make them,
    // here the private key does, so that only the block is wrong
    for (name, block) in [
        ("short_padding_garbage_after", "garbage"),
        ("wrong_block_type", "type"),
        ("no_padding", "none"),
        ("garbage_in_padding", "inside"),
    ] {
        let cases = book.refused(name, EACH, "signature.value_mismatch", move |b| {
            let key = b.idp.key();
            b.composed(|recipe, octets, id| {
                let info = recipe.signed_info(key, &[recipe.reference(id, octets)]);
                let raw = key.raw_rsa();
                let digest = RawRsaKey::digest_info(algorithm::RSA_SHA256, info.as_bytes());
                let size = raw.octets();
                let filler = size - digest.len() - 3;
                let padded = match block {
                    "garbage" => {
                        [&[0, 1], [0xff; 8].as_slice(), &[0], &digest, &vec![0x41; filler - 8]].concat()
                    }
                    "type" => [&[0, 2], vec![0xff; filler].as_slice(), &[0], &digest].concat(),
                    "none" => [vec![0; size - digest.len()].as_slice(), &digest].concat(),
                    _ => [&[0, 1], vec![0xff; filler - 1].as_slice(), &[0xfe, 0], &digest].concat(),
                };
                recipe.signature_with_value(key, &info, &raw.apply(&padded))
            })
        });
        super::each(cases, |setting| setting.key = Some(KeyKind::RsaE3));
    }
    let cases = book.accepted("exponent_3_well_padded", EACH, |b| b.genuine().into());
    super::each(cases, |setting| setting.key = Some(KeyKind::RsaE3));
}

fn fingerprints(book: &mut Book) {
    book.row("K11");
    let cases = book.accepted("pinned_certificate", EACH, |b| b.genuine().into());
    super::each(cases, |setting| setting.fingerprint = true);
    let cases = book.refused("no_certificate", EACH, "signature.certificate_missing", |b| {
        b.signed_as(|r| r.key_info = KeyInfoRecipe::Absent)
    });
    super::each(cases, |setting| setting.fingerprint = true);
    let cases = book.refused("other_certificate", EACH, "signature.certificate_mismatch", |b| by_rogue(b, |_| {}));
    super::each(cases, |setting| setting.fingerprint = true);
    let cases = book.refused("pinned_certificate_other_signature", EACH, "signature.value_mismatch", |b| {
        let certificate = b.idp.key().certificate_base64();
        by_rogue(b, |r| {
            r.key_info = KeyInfoRecipe::Raw(format!(
                "<ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data>"
            ));
        })
    });
    super::each(cases, |setting| setting.fingerprint = true);
    let cases = book.refused("pinned_and_other_certificate", EACH, "signature.value_mismatch", |b| {
        let (own, idp) = (b.rogue_key().certificate_base64(), b.idp.key().certificate_base64());
        by_rogue(b, |r| {
            r.key_info = KeyInfoRecipe::Raw(format!(
                "<ds:X509Data><ds:X509Certificate>{own}</ds:X509Certificate><ds:X509Certificate>{idp}</ds:X509Certificate></ds:X509Data>"
            ));
        })
    });
    super::each(cases, |setting| setting.fingerprint = true);
    let cases = book.refused("pinned_certificate_twice", EACH, "signature.certificate_mismatch", |b| {
        let xml = b.genuine();
        let range = find(&xml, "ds:X509Certificate", 0);
        let copy = xml[range.clone()].to_owned();
        splice(&xml, range.end..range.end, &copy).into()
    });
    super::each(cases, |setting| setting.fingerprint = true);
    let cases = book.refused("truncated_certificate", EACH, "signature.certificate_mismatch", |b| {
        let whole = b.idp.key().certificate_base64();
        let cut = &whole[..whole.len() / 8 * 4];
        replace(&b.genuine(), &whole, cut).into()
    });
    super::each(cases, |setting| setting.fingerprint = true);
}
