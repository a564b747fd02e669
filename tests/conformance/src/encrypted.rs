//! `encrypted …`: the answer's assertion encrypted, with what is wrong about it.

use saml_sp::{DecryptionKey, ServiceProvider};
use saml_xml::{Certificate, SignOptions, SigningKey, sign_enveloped};
use sso_testkit::Signs;
use sso_testkit::catalogue::Base;
use sso_testkit::encrypt::{Encryption, encrypted_assertion, encrypted_element};

fn file(name: &str) -> String {
    let path = crate::vectors::folder().join("keys").join(name);
    std::fs::read_to_string(path).expect("a key file")
}

/// The private key of this name.
pub(crate) fn decryption_key(name: &str) -> DecryptionKey {
    DecryptionKey::from_pkcs8_pem(&file(&format!("{name}.key.pem"))).expect("an RSA key")
}

/// The service provider of the base, with keys to decrypt with: first one that does not fit.
#[must_use]
pub fn service_provider(base: &Base, with_key: bool) -> ServiceProvider {
    let builder = ServiceProvider::builder(&base.sp_entity_id, &base.acs_url);
    let builder = if with_key {
        ["rogue", "sp"].into_iter().fold(builder, |builder, name| {
            builder.decryption_key(decryption_key(name))
        })
    } else {
        builder
    };
    builder.build().expect("a service provider")
}

/// The answer as a form, encrypted as the words say.
///
/// # Panics
/// When the keys cannot be read.
#[must_use]
pub fn answer(base: &Base, words: &[&str]) -> String {
    let has = |word: &str| words.contains(&word);
    let signs = if has("unsigned") || has("only_response_signed") {
        Signs::Nothing
    } else {
        Signs::Assertion
    };
    let genuine = base.answer().sign(signs);
    let assertion = genuine.assertion_xml();
    let response = genuine.to_xml();
    let mut content = assertion.clone();
    if has("two") {
        content = format!(
            "{content}<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"/>"
        );
    }
    if has("other_element") {
        "<a/>".clone_into(&mut content);
    }
    if has("no_xml") {
        "nonsense & more".clone_into(&mut content);
    }
    if has("doctype") {
        content = format!("<!DOCTYPE a>{content}");
    }
    if has("closes_its_place") {
        content = format!("</plaintext>{content}<plaintext>");
    }
    if has("prefixes_outside") {
        // What pysaml2 does: the prefixes are declared around the ciphertext alone
        content = content.replacen(
            " xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
            "",
            1,
        );
    }
    if has("id_of_the_response") {
        let start = response.find(" ID=\"").expect("an ID") + 5;
        let id: String = response[start..]
            .chars()
            .take_while(|c| *c != '"')
            .collect();
        content = content.replacen("<saml:Issuer>", &format!("<saml:Issuer ID=\"{id}\">"), 1);
    }
    if has("name_id") || has("attributes") {
        return inside(base, &has);
    }
    let how = how(&has);
    let recipient = if has("for_somebody_else") {
        "idp"
    } else {
        "sp"
    };
    let spki = spki(recipient);
    let encrypted = encrypted_assertion(&content, &spki, &how);
    let mut xml = response.replace(&assertion, &encrypted);
    assert_ne!(
        xml, response,
        "the assertion stands in the response as it is"
    );
    if has("twice") {
        xml = xml.replace(
            "</samlp:Response>",
            &format!("{encrypted}</samlp:Response>"),
        );
    }
    if has("response_signed") || has("only_response_signed") {
        xml = sign_first(base, &xml);
    }
    sso_testkit::form_body(xml.as_bytes(), base.relay_state.as_deref())
}

fn how(has: &dyn Fn(&str) -> bool) -> Encryption {
    Encryption {
        cbc: has("cbc"),
        short_key: has("aes128"),
        data_algorithm: None,
        key_algorithm: if has("rsa_1_5") {
            Some("http://www.w3.org/2001/04/xmlenc#rsa-1_5")
        } else {
            None
        },
        sha256: has("sha256"),
        beside: has("key_beside"),
        damaged: has("damaged"),
        short_tag: has("short_tag"),
        reference: has("reference"),
        triple_des: has("3des"),
    }
}

fn spki(recipient: &str) -> Vec<u8> {
    let certificate = Certificate::from_pem(&file(&format!("{recipient}.crt.pem"))).expect("one");
    certificate.key().expect("a key").to_spki_der()
}

/// Signs the first element with an ID.
fn sign_first(base: &Base, xml: &str) -> String {
    let start = xml.find(" ID=\"").expect("an ID") + 5;
    let id: String = xml[start..].chars().take_while(|c| *c != '"').collect();
    let key = base.idp.key();
    let certificate = Certificate::from_der(key.certificate_der()).expect("a certificate");
    let key = SigningKey::from_pkcs8_pem(key.private_key_pem())
        .and_then(|key| key.with_certificate(&certificate))
        .expect("a key");
    sign_enveloped(xml, &id, &key, &SignOptions::default()).expect("signed")
}

/// The NameID or the attributes encrypted, before the assertion is signed.
fn inside(base: &Base, has: &dyn Fn(&str) -> bool) -> String {
    let genuine = base.answer().sign(Signs::Nothing);
    let (assertion, response) = (genuine.assertion_xml(), genuine.to_xml());
    let mut xml = assertion.clone();
    let kinds = [
        (has("name_id"), "NameID", "EncryptedID"),
        (has("attributes"), "Attribute", "EncryptedAttribute"),
    ];
    for (wanted, local, holder) in kinds {
        let (open, close) = (format!("<saml:{local} "), format!("</saml:{local}>"));
        let mut rest = std::mem::take(&mut xml);
        while wanted && let Some(start) = rest.find(&open) {
            let end = rest.find(&close).expect("an end tag") + close.len();
            let content = if has("other_element") {
                "<saml:Issuer>https://idp.example.test/</saml:Issuer>"
            } else {
                &rest[start..end]
            };
            let hidden = encrypted_element(holder, content, &spki("sp"), &how(has));
            xml.push_str(&rest[..start]);
            xml.push_str(&hidden);
            rest.drain(..end);
        }
        xml.push_str(&rest);
    }
    if !has("unsigned") {
        xml = sign_first(base, &xml);
    }
    let xml = response.replace(&assertion, &xml);
    sso_testkit::form_body(xml.as_bytes(), base.relay_state.as_deref())
}
