//! Encrypted messages of real identity providers.

use saml_sp::DecryptionKey;

use crate::captures::{Capture, assert_user, request_id};
use crate::common::read;

fn capture(idp: &str, variant: &str) -> Capture {
    let key = DecryptionKey::from_pkcs8_pem(&read("sp/sp-test-only.key")).unwrap();
    Capture::load_with(idp, &format!("{variant}.response"), |sp| {
        sp.decryption_key(key)
    })
}

fn outcome(idp: &str, variant: &str) -> Result<(), &'static str> {
    let login = capture(idp, variant).login(Some(&request_id(idp, variant)));
    login
        .map(|login| assert_user(idp, &login))
        .map_err(|rejection| rejection.code())
}

#[test]
fn gcm_is_read() {
    assert_eq!(outcome("samlp-npm", "encgcm"), Ok(()));
}

#[test]
fn cbc_is_read_where_a_signature_covers_it() {
    assert_eq!(outcome("samlp-npm", "enc"), Ok(()));
    assert_eq!(outcome("simplesamlphp", "enc"), Ok(()));
    assert_eq!(outcome("simplesamlphp", "encgcm"), Ok(()));
}

#[test]
fn triple_des_is_not_read() {
    assert_eq!(outcome("pysaml2", "enc"), Err("encryption.algorithm"));
    assert_eq!(outcome("pysaml2", "encgcm"), Err("encryption.algorithm"));
}

#[test]
fn triple_des_is_read_where_danger_says_so() {
    // One Response is signed, the other is not, so that it takes both
    for (variant, both) in [("enc", false), ("encgcm", true)] {
        let mut capture = capture("pysaml2", variant);
        capture.connection = saml_sp::danger::accept_triple_des(capture.connection);
        if both {
            capture.connection =
                saml_sp::danger::accept_unauthenticated_encryption(capture.connection);
        }
        let login = capture.login(Some(&request_id("pysaml2", variant)));
        assert_user("pysaml2", &login.unwrap());
    }
}
