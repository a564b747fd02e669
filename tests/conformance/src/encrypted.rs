//! `encrypted …`: the answer's assertion encrypted, with what is wrong about it.

use saml_sp::{DecryptionKey, ServiceProvider};
use saml_xml::{Certificate, SignOptions, SigningKey, sign_enveloped};
use sso_testkit::Signs;
use sso_testkit::catalogue::Base;
use sso_testkit::encrypt::{Encryption, encrypted_assertion};

fn file(name: &str) -> String {
    let path = crate::vectors::folder().join("keys").join(name);
    std::fs::read_to_string(path).expect("a key file")
}

/// The service provider of the base, with keys to decrypt with: first one that does not fit.
#[must_use]
pub fn service_provider(base: &Base, with_key: bool) -> ServiceProvider {
    let builder = ServiceProvider::builder(&base.sp_entity_id, &base.acs_url);
    let builder = if with_key {
        ["rogue", "sp"].into_iter().fold(builder, |builder, name| {
            let key = DecryptionKey::from_pkcs8_pem(&file(&format!("{name}.key.pem")));
            builder.decryption_key(key.expect("an RSA key"))
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
    let how = Encryption {
        cbc: has("cbc"),
        short_key: has("aes128"),
        data_algorithm: has("3des").then_some("http://www.w3.org/2001/04/xmlenc#tripledes-cbc"),
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
    };
    let recipient = if has("for_somebody_else") {
        "idp"
    } else {
        "sp"
    };
    let certificate = Certificate::from_pem(&file(&format!("{recipient}.crt.pem"))).expect("one");
    let spki = certificate.key().expect("a key").to_spki_der();
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
        let start = xml.find(" ID=\"").expect("an ID") + 5;
        let id: String = xml[start..].chars().take_while(|c| *c != '"').collect();
        let key = base.idp.key();
        let certificate = Certificate::from_der(key.certificate_der()).expect("a certificate");
        let key = SigningKey::from_pkcs8_pem(key.private_key_pem())
            .and_then(|key| key.with_certificate(&certificate))
            .expect("a key");
        xml = sign_enveloped(&xml, &id, &key, &SignOptions::default()).expect("signed");
    }
    sso_testkit::form_body(xml.as_bytes(), base.relay_state.as_deref())
}
