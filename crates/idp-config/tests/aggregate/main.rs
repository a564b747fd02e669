//! Every file of `tests/vectors/aggregate` is judged as its name says: `CODE__VARIANT` is refused with
//! CODE, or with a code whose cause is CODE; `accepted__VARIANT` is accepted.
//!
//! The files are made by the recipes below, so that each signature is genuine where the attack says
//! so: `WRITE_VECTORS=1 cargo test -p idp-config --test aggregate` writes them anew. What is too large
//! for a file is a comment in it: `<!-- spaces: N -->`, `<!-- ids: N -->`.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper that cannot go on fails the test"
)]

mod recipes;
mod refreshing;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use idp_config::{
    Aggregate, AggregateReader, ConfigError, EntityId, MAX_VALIDITY, TrustPolicy, danger,
};
use recipes::{federation, recipes};
use saml_xml::{Certificate, SignOptions, SigningKey, TrustAnchors, VerifyingKey, sign_enveloped};
use time::OffsetDateTime;
use time::macros::datetime;

const AT: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);
const UNIVERSITY: &str = "https://idp.university.example/shibboleth";

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/vectors")
        .join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(folder("keys").join(name)).unwrap()
}

fn certificate(name: &str) -> String {
    let pem = text(&format!("{name}.crt.pem"));
    pem.lines().filter(|line| !line.starts_with('-')).collect()
}

fn signing_key(name: &str) -> SigningKey {
    let certificate = Certificate::from_pem(&text(&format!("{name}.crt.pem"))).unwrap();
    let key = SigningKey::from_pkcs8_pem(&text(&format!("{name}.key.pem"))).unwrap();
    key.with_certificate(&certificate).unwrap()
}

fn federation_key() -> [VerifyingKey; 1] {
    [signing_key("idp").verifying_key().clone()]
}

fn signed_by(xml: &str, key: &str) -> String {
    sign_enveloped(
        xml,
        "_federation",
        &signing_key(key),
        &SignOptions::default(),
    )
    .unwrap()
}

fn sign(xml: &str) -> String {
    signed_by(xml, "idp")
}

#[track_caller]
fn replace(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

/// What is too large for a file.
fn grown(text: &str) -> Vec<u8> {
    let Some((before, rest)) = text
        .split_once("<!-- spaces: ")
        .or_else(|| text.split_once("<!-- ids: "))
    else {
        return text.as_bytes().to_vec();
    };
    let (count, after) = rest.split_once(" -->").unwrap();
    let count: usize = count.parse().unwrap();
    let large = if text.contains("<!-- spaces: ") {
        " ".repeat(count)
    } else {
        (0..count).map(|n| format!("<e ID=\"_{n}\"/>")).collect()
    };
    [before, &large, after].concat().into_bytes()
}

fn read_with(bytes: &[u8], piece: usize) -> Result<Aggregate, ConfigError> {
    let keys = federation_key();
    let wanted = [
        UNIVERSITY,
        "https://idp.college.example",
        "https://sp.example",
        "https://absent.example",
    ];
    let wanted = wanted.map(|id| EntityId::new(id).unwrap());
    let mut reader = AggregateReader::new(
        TrustAnchors::Keys(&keys),
        wanted,
        TrustPolicy::default(),
        AT,
    );
    for piece in bytes.chunks(piece) {
        reader.push(piece)?;
        assert!(reader.buffered() < 5 << 20);
    }
    reader.finish()
}

fn read(bytes: &[u8]) -> Result<Aggregate, ConfigError> {
    read_with(bytes, 64 * 1024)
}

fn id(text: &str) -> EntityId {
    text.parse().unwrap()
}

#[test]
fn the_files_are_what_the_recipes_make() {
    let write = std::env::var_os("WRITE_VECTORS").is_some();
    let folder = folder("aggregate");
    if write {
        fs::create_dir_all(&folder).unwrap();
    }
    let recipes = recipes();
    for (name, content) in &recipes {
        let path = folder.join(format!("{name}.xml"));
        if write {
            fs::write(&path, content).unwrap();
        }
        assert!(
            fs::read_to_string(&path).is_ok_and(|text| text == *content),
            "{name}"
        );
    }
    let names: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(names.iter().map(String::as_str).eq(recipes.keys().copied()));
}

#[test]
fn aggregates_are_judged_as_their_file_name_says() {
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder("aggregate")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let code = name.split_once("__").unwrap().0;
        let bytes = grown(&fs::read_to_string(&path).unwrap());
        let outcome = read(&bytes);
        let small = bytes.len() < 1 << 20;
        if small {
            let verdict = |o: &Result<Aggregate, ConfigError>| {
                o.as_ref().map(|_| ()).map_err(ToString::to_string)
            };
            assert_eq!(verdict(&read_with(&bytes, 1)), verdict(&outcome), "{name}");
        }
        match outcome {
            Ok(_) if code == "accepted" => {}
            Ok(_) => wrong.push(format!("{name}: accepted")),
            Err(error) => {
                assert!(
                    error.position().is_some_and(|at| at.offset <= bytes.len()),
                    "{name}"
                );
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("MII") && shown.len() < 2000, "{name}");
                if error.code() != code && error.actual_value() != Some(code) {
                    wrong.push(format!("{name}: {error}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_wanted_ones_and_the_list_come_out() {
    let aggregate = read(sign(&federation()).as_bytes()).unwrap();
    assert_eq!(aggregate.entities(), 4);
    assert_eq!(
        aggregate.valid_until(),
        Some(datetime!(2026-12-15 12:00 UTC))
    );
    assert_eq!(aggregate.signed_by(), Some(&federation_key()[0]));
    assert!(aggregate.check_valid_at(AT + MAX_VALIDITY).is_err());
    assert_eq!(aggregate.identity_providers().count(), 2);

    let university = aggregate.identity_provider(&id(UNIVERSITY)).unwrap();
    assert!(
        university
            .warnings()
            .iter()
            .all(|w| w.code() == "metadata.certificate_self_signed")
    );
    assert_eq!(university.valid_until(), aggregate.valid_until());
    let hour = |n| time::Duration::hours(n);
    let cache =
        |idp: &idp_config::IdentityProvider| idp.cache_duration().unwrap().add_to(AT).unwrap() - AT;
    assert_eq!(cache(university), hour(6));
    let college = aggregate
        .identity_provider(&id("https://idp.college.example"))
        .unwrap();
    assert_eq!(cache(college), hour(1));
    for (entity, code) in [
        ("https://sp.example", "metadata.service_provider_only"),
        ("https://absent.example", "metadata.entity_id_not_found"),
        // It is there, and was not wanted
        (
            "https://test.college.example",
            "metadata.entity_id_not_found",
        ),
    ] {
        assert_eq!(
            aggregate.identity_provider(&id(entity)).unwrap_err().code(),
            code
        );
    }

    let [university, college, hidden] = aggregate.discovery() else {
        panic!()
    };
    assert_eq!(
        university.display_name(&["fr", "de"]),
        "Universität Beispiel"
    );
    assert_eq!(university.display_name(&["fr"]), "Example University");
    assert_eq!(university.logos.len(), 1);
    assert_eq!(
        (university.logos[0].width, university.logos[0].height),
        (80, 60)
    );
    assert_eq!(university.keywords["en"], ["campus", "new town"]);
    assert_eq!(
        university.registration_authority.as_deref(),
        Some("https://federation.example")
    );
    assert_eq!(college.display_name(&[]), "Example College");
    assert_eq!(hidden.display_name(&[]), "https://test.college.example");
    assert_eq!(
        [university, college, hidden].map(|e| e.hide_from_discovery),
        [false, false, true]
    );
    for entry in aggregate.discovery() {
        let json = serde_json::to_string(entry).unwrap();
        assert_eq!(
            serde_json::from_str::<idp_config::DiscoveryEntry>(&json).unwrap(),
            *entry
        );
    }
}

#[test]
fn an_entity_that_is_bad_does_not_take_the_others_with_it() {
    let base = federation();
    let of_university = |from: &str, to: &str| {
        let aggregate = read(sign(&replace(&base, from, to)).as_bytes()).unwrap();
        assert!(
            aggregate
                .identity_provider(&id("https://idp.college.example"))
                .is_ok()
        );
        let error = aggregate.identity_provider(&id(UNIVERSITY)).unwrap_err();
        // The place is in the whole document
        assert!(error.position().is_none_or(|at| at.line > 3), "{error}");
        error.code()
    };
    assert_eq!(
        of_university("https://idp.example/sso", "javascript:1"),
        "config.url_scheme"
    );
    // K13: a key for encryption verifies nothing
    assert_eq!(
        of_university("use=\"signing\"", "use=\"encryption\""),
        "metadata.no_signing_key"
    );
    // M08: a name is no key
    let key = format!(
        "<ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>",
        certificate("idp_ec_p256")
    );
    assert_eq!(
        of_university(&key, "<ds:KeyName>a</ds:KeyName>"),
        "metadata.no_signing_key"
    );
    let expired = format!("entityID=\"{UNIVERSITY}\" validUntil=\"2026-01-01T00:00:00Z\"");
    assert_eq!(
        of_university(&format!("entityID=\"{UNIVERSITY}\""), &expired),
        "metadata.expired"
    );

    let group = replace(
        &base,
        "Name=\"colleges\"",
        "validUntil=\"2026-01-01T00:00:00Z\"",
    );
    let aggregate = read(sign(&group).as_bytes()).unwrap();
    let error = aggregate
        .identity_provider(&id("https://idp.college.example"))
        .unwrap_err();
    assert_eq!(error.code(), "metadata.expired");
    assert_eq!(aggregate.discovery().len(), 1);
}

#[test]
fn hostile_certificates_are_refused_without_a_panic() {
    let base = federation();
    let good = certificate("idp_ec_p256");
    let descriptor = |certificates: &str| {
        format!(
            "<md:KeyDescriptor><ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        )
    };
    let one = |der: &str| format!("<ds:X509Certificate>{der}</ds:X509Certificate>");
    // M07: as many as fit, of one key and of none
    for (many, code) in [
        (
            one(&good).repeat(4_000_000 / (good.len() + 50)),
            Some("metadata.too_many_keys"),
        ),
        (
            one("AAAA").repeat(70_000),
            Some("metadata.certificate_malformed"),
        ),
        (
            one("AAAA").repeat(100_000),
            Some("metadata.aggregate_limit"),
        ),
    ] {
        let xml = sign(&replace(
            &base,
            "<md:KeyDescriptor",
            &format!("{}<md:KeyDescriptor", descriptor(&many)),
        ));
        let outcome =
            read(xml.as_bytes()).and_then(|a| a.identity_provider(&id(UNIVERSITY)).cloned());
        assert_eq!(outcome.err().map(|e| e.code()), code);
    }
    // Every byte of a certificate changed
    let der = saml_xml::types::decode_base64(&good).unwrap();
    for at in 0..der.len() {
        for to in [0x00, 0x80, 0xFF, der[at] ^ 1] {
            let mut odd = der.clone();
            odd[at] = to;
            let odd = saml_xml::types::encode_base64(&odd);
            let mut reader =
                danger::read_unsigned_aggregate([id(UNIVERSITY)], TrustPolicy::default(), AT);
            reader.push(replace(&base, &good, &odd).as_bytes()).unwrap();
            if let Err(error) = reader.finish().unwrap().identity_provider(&id(UNIVERSITY)) {
                assert!(error.code().starts_with("metadata."), "{error}");
            }
        }
    }
}

#[test]
fn memory_does_not_grow_with_the_number_of_entities() {
    let base = federation();
    let one = base.find("<md:EntityDescriptor").unwrap();
    let end = base.find("</md:EntityDescriptor>").unwrap() + "</md:EntityDescriptor>".len();
    let entity = &base[one..end];
    let most = |count: usize| {
        let many: String = (0..count)
            .map(|n| {
                format!(
                    "{}\n",
                    entity.replace(UNIVERSITY, &format!("https://idp{n}.example"))
                )
            })
            .collect();
        let xml = sign(&replace(&base, "<!-- members -->", &many));
        let keys = federation_key();
        let mut reader = AggregateReader::new(
            TrustAnchors::Keys(&keys),
            [id(UNIVERSITY)],
            TrustPolicy::default(),
            AT,
        );
        let mut most = 0;
        for piece in xml.as_bytes().chunks(1000) {
            reader.push(piece).unwrap();
            most = most.max(reader.buffered());
        }
        let aggregate = reader.finish().unwrap();
        assert_eq!(aggregate.entities(), count + 4);
        assert!(aggregate.identity_provider(&id(UNIVERSITY)).is_ok());
        most
    };
    let (few, many) = (most(3), most(300));
    assert!(many <= few + 10, "{few} {many}");
    assert!(many < 6000, "{many}");
}

#[test]
fn a_list_that_a_stranger_fills_is_cut_short() {
    // The start of a genuine document, and then what somebody else wrote
    let good = sign(&federation());
    let (start, _) = good.split_once("<!-- members -->").unwrap();
    let names: String = (0..32)
        .map(|n| {
            format!(
                "<mdui:DisplayName xml:lang=\"l{n}\">{}</mdui:DisplayName>",
                "x".repeat(1000)
            )
        })
        .collect();
    let keys = federation_key();
    let mut reader =
        AggregateReader::new(TrustAnchors::Keys(&keys), [], TrustPolicy::default(), AT);
    reader.push(start.as_bytes()).unwrap();
    let error = (0..3000).find_map(|n| {
        let entity = format!(
            "<md:EntityDescriptor entityID=\"{n}\"><md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:Extensions>\
             <mdui:UIInfo xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\">{names}</mdui:UIInfo></md:Extensions></md:IDPSSODescriptor></md:EntityDescriptor>"
        );
        reader.push(entity.as_bytes()).err()
    });
    assert_eq!(error.unwrap().code(), "metadata.aggregate_limit");
}
