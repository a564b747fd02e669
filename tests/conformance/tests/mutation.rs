//! Random damage to an accepted Response: never a panic, and never another user than the one that was signed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::sync::OnceLock;

use conformance::Exchange;
use proptest::collection::vec;
use proptest::prelude::*;
use saml_sp::{AcsForm, Attributes, Login};
use sso_testkit::catalogue::{Base, Setting};
use sso_testkit::{OsRandom, Signs};

struct Subject {
    exchange: Exchange,
    /// By what is signed.
    messages: Vec<Vec<u8>>,
    attributes: Vec<(String, Vec<String>)>,
}

fn facts(attributes: &Attributes) -> Vec<(String, Vec<String>)> {
    attributes
        .iter()
        .map(|attribute| {
            let values = attribute
                .values()
                .iter()
                .map(|value| value.as_text().unwrap_or("<xml>").to_owned())
                .collect();
            (attribute.name().to_owned(), values)
        })
        .collect()
}

fn subject() -> &'static Subject {
    static SUBJECT: OnceLock<Subject> = OnceLock::new();
    SUBJECT.get_or_init(|| {
        let base = Base::example();
        let exchange = Exchange::start(&base, &Setting::default(), &OsRandom::new());
        let base = exchange.base(&base);
        let messages = Signs::ALL
            .iter()
            .map(|&signs| base.signing(signs).genuine().into_bytes())
            .collect();
        Subject {
            exchange,
            messages,
            attributes: base.user.attributes,
        }
    })
}

fn judge(xml: &[u8]) -> Result<Login, &'static str> {
    let subject = subject();
    let value = saml_xml::types::encode_base64(xml);
    subject
        .exchange
        .judge(AcsForm::fields(&value, None), &subject.exchange.store())
}

fn is_what_was_signed(login: &Login) -> bool {
    login
        .name_id()
        .is_some_and(|name_id| name_id.value() == "alice@example.test")
        && facts(login.attributes()) == subject().attributes
}

/// One piece of damage, at a place that is a share of the length.
#[derive(Clone, Debug)]
enum Damage {
    Flip { at: f64, bit: u8 },
    Set { at: f64, byte: u8 },
    Delete { at: f64, count: usize },
    Duplicate { at: f64, count: usize, to: f64 },
    Splice { at: f64, piece: usize },
}

const PIECES: &[&str] = &[
    "<!---->",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<saml:NameID>mallory@evil.test</saml:NameID>",
    "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_e\"></saml:Assertion>",
    "<samlp:Extensions>",
    "</samlp:Extensions>",
    "<ds:Object>",
    "</ds:Object>",
    " xmlns:saml=\"urn:evil\"",
    " xmlns=\"urn:evil\"",
    " ID=\"_assertion-1\"",
    "&#109;",
    "&amp;",
    "<?x?>",
    "<!DOCTYPE a>",
    "mallory@evil.test",
    "\r\n",
];

fn damage() -> impl Strategy<Value = Damage> {
    let at = || 0.0..1.0_f64;
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip { at, bit }),
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Set { at, byte }),
        (at(), 1..200_usize).prop_map(|(at, count)| Damage::Delete { at, count }),
        (at(), 1..2_000_usize, at()).prop_map(|(at, count, to)| Damage::Duplicate {
            at,
            count,
            to
        }),
        (at(), 0..PIECES.len()).prop_map(|(at, piece)| Damage::Splice { at, piece }),
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a share of a length"
)]
fn place(xml: &[u8], share: f64) -> usize {
    ((xml.len() as f64 * share) as usize).min(xml.len())
}

fn apply(xml: &mut Vec<u8>, damage: &Damage) {
    match damage {
        Damage::Flip { at, bit } => {
            let at = place(xml, *at);
            if let Some(byte) = xml.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        Damage::Set { at, byte } => {
            let at = place(xml, *at);
            if let Some(target) = xml.get_mut(at) {
                *target = *byte;
            }
        }
        Damage::Delete { at, count } => {
            let at = place(xml, *at);
            let end = (at + count).min(xml.len());
            xml.drain(at..end);
        }
        Damage::Duplicate { at, count, to } => {
            let at = place(xml, *at);
            let copy = xml[at..(at + count).min(xml.len())].to_vec();
            let to = place(xml, *to);
            xml.splice(to..to, copy);
        }
        Damage::Splice { at, piece } => {
            let at = place(xml, *at);
            xml.splice(at..at, PIECES[*piece].bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_never_makes_another_user(which in 0..3_usize, damages in vec(damage(), 1..4)) {
        let mut xml = subject().messages[which].clone();
        for damage in &damages {
            apply(&mut xml, damage);
        }
        if let Ok(login) = judge(&xml) {
            prop_assert!(is_what_was_signed(&login), "{}", String::from_utf8_lossy(&xml));
        }
    }

    #[test]
    fn any_octets_as_form_never_panic(body in vec(any::<u8>(), 0..2_000)) {
        let subject = subject();
        let store = subject.exchange.store();
        prop_assert!(subject.exchange.judge(AcsForm::urlencoded(&body), &store).is_err());
        prop_assert_eq!(store.writes(), 0);
    }

    #[test]
    fn any_octets_as_document_never_panic(xml in vec(any::<u8>(), 0..2_000)) {
        prop_assert!(judge(&xml).is_err());
    }
}

#[test]
fn the_undamaged_are_accepted() {
    for xml in &subject().messages {
        assert!(is_what_was_signed(&judge(xml).unwrap()));
    }
}

#[test]
fn every_single_byte_changed_in_the_subject_is_noticed() {
    // not at random: each octet of the signed Assertion, one after the other
    for xml in &subject().messages {
        let text = String::from_utf8(xml.clone()).unwrap();
        let subject = sso_testkit::surgery::find(&text, "saml:Subject", 0);
        for at in subject {
            let mut changed = xml.clone();
            changed[at] ^= 1;
            if let Ok(login) = judge(&changed) {
                assert!(is_what_was_signed(&login), "octet {at}");
            }
        }
    }
}
