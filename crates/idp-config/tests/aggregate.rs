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

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use idp_config::{
    Aggregate, AggregateReader, ConfigError, EntityId, MAX_VALIDITY, TrustPolicy, danger,
};
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

fn idp(entity_id: &str, inside: &str, key: &str, after: &str) -> String {
    format!(
        "<md:EntityDescriptor entityID=\"{entity_id}\">{inside}\n  <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{after}\n\
         \x20   <md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n\
         \x20   <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example/sso\"/>\n\
         \x20 </md:IDPSSODescriptor>",
        certificate(key)
    )
}

/// The federation of the vectors, unsigned.
fn federation() -> String {
    let ui = "<md:Extensions><mdui:UIInfo xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\">\
        <mdui:DisplayName xml:lang=\"en\">Example University</mdui:DisplayName>\
        <mdui:DisplayName xml:lang=\"de\">Universität Beispiel</mdui:DisplayName>\
        <mdui:Keywords xml:lang=\"en\">campus new+town</mdui:Keywords>\
        <mdui:Logo width=\"80\" height=\"60\">https://idp.university.example/logo.png</mdui:Logo>\
        <mdui:Logo width=\"8\" height=\"8\">data:image/png;base64,AAAA</mdui:Logo>\
        </mdui:UIInfo></md:Extensions>";
    let registered = "<md:Extensions><mdrpi:RegistrationInfo xmlns:mdrpi=\"urn:oasis:names:tc:SAML:metadata:rpi\" registrationAuthority=\"https://federation.example\"/></md:Extensions>";
    let hidden = "<md:Extensions><mdattr:EntityAttributes xmlns:mdattr=\"urn:oasis:names:tc:SAML:metadata:attribute\"><saml:Attribute xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Name=\"http://macedir.org/entity-category\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\"><saml:AttributeValue>http://refeds.org/category/hide-from-discovery</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions>";
    let college = "<md:Organization><md:OrganizationName xml:lang=\"en\">c</md:OrganizationName><md:OrganizationDisplayName xml:lang=\"en\">Example College</md:OrganizationDisplayName><md:OrganizationURL xml:lang=\"en\">https://college.example</md:OrganizationURL></md:Organization>";
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" ID=\"_federation\" Name=\"https://federation.example\" validUntil=\"2026-12-15T12:00:00Z\" cacheDuration=\"PT6H\">\n\
         <!-- members -->\n{}</md:EntityDescriptor>\n\
         <md:EntityDescriptor entityID=\"https://sp.example\"><md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://sp.example/acs\" index=\"1\"/></md:SPSSODescriptor></md:EntityDescriptor>\n\
         <md:EntitiesDescriptor Name=\"colleges\" cacheDuration=\"PT1H\">\n{}{college}</md:EntityDescriptor>\n{}</md:EntityDescriptor>\n</md:EntitiesDescriptor>\n</md:EntitiesDescriptor>\n",
        idp(UNIVERSITY, registered, "idp_ec_p256", ui),
        idp("https://idp.college.example", "", "idp_ec_p384", ""),
        idp("https://test.college.example", hidden, "idp_ec_p384", ""),
    )
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

/// The file's name and its content.
fn recipes() -> BTreeMap<&'static str, String> {
    let base = federation();
    let good = sign(&base);
    let start = good.find("<ds:Signature ").unwrap();
    let end = good.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let signature = &good[start..end];
    let end_tag = "</md:EntitiesDescriptor>\n</md:EntitiesDescriptor>";
    let evil = format!(
        "{}</md:EntityDescriptor>",
        idp("https://evil.example", "", "rogue", "")
    );
    let again = format!("{}</md:EntityDescriptor>", idp(UNIVERSITY, "", "rogue", ""));
    let in_root = |what: &str| format!("</md:EntitiesDescriptor>\n{what}</md:EntitiesDescriptor>");
    let outer = "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_outer\" validUntil=\"2026-12-15T12:00:00Z\">";
    let inner = good.split_once("?>\n").unwrap().1.trim_end();
    let first = "<!-- members -->";
    let until = "validUntil=\"2026-12-15T12:00:00Z\"";
    let nested = |n: usize| {
        format!(
            "{}{}",
            "<md:EntitiesDescriptor>".repeat(n),
            "</md:EntitiesDescriptor>".repeat(n)
        )
    };
    let hostile = |what: &str| replace(&good, first, what);
    BTreeMap::from([
        ("accepted__federation", good.clone()),
        ("accepted__line_ends_comments_and_sections", {
            let odd = replace(
                &base,
                "Example University",
                "<![CDATA[Example]]> <!-- < -->University",
            );
            sign(&odd).replace('\n', "\r\n")
        }),
        (
            "accepted__valid_until_at_the_cap",
            sign(&replace(
                &base,
                until,
                "validUntil=\"2026-12-29T12:00:00Z\"",
            )),
        ),
        (
            "accepted__group_that_expired",
            sign(&replace(
                &base,
                "Name=\"colleges\"",
                "Name=\"colleges\" validUntil=\"2026-11-01T00:00:00Z\"",
            )),
        ),
        (
            "accepted__eight_groups",
            sign(&replace(&base, first, &nested(7))),
        ),
        ("metadata.signature_missing__unsigned", base.clone()),
        ("metadata.signature_missing__moved_to_the_end", {
            let without = [&good[..start], &good[end..]].concat();
            replace(&without, end_tag, &in_root(signature))
        }),
        ("metadata.signature_missing__after_an_entity", {
            let without = [&good[..start], &good[end..]].concat();
            replace(&without, first, &format!("{evil}{signature}"))
        }),
        (
            "metadata.signature_missing__wrapped_in_an_unsigned_group",
            format!("{outer}{inner}{evil}</md:EntitiesDescriptor>"),
        ),
        (
            "metadata.signature_invalid__wrapped_with_a_copy_of_the_signature",
            format!("{outer}{signature}{inner}{evil}</md:EntitiesDescriptor>"),
        ),
        (
            "metadata.not_well_formed__wrapped_with_a_copy_and_the_id",
            format!(
                "{}{signature}{inner}{evil}</md:EntitiesDescriptor>",
                outer.replace("_outer", "_federation")
            ),
        ),
        (
            "metadata.signature_invalid__rogue_key",
            signed_by(&base, "rogue"),
        ),
        (
            "metadata.signature_invalid__entity_added_first",
            hostile(&evil),
        ),
        (
            "metadata.signature_invalid__entity_added_last",
            replace(&good, end_tag, &in_root(&evil)),
        ),
        (
            "metadata.signature_invalid__key_replaced",
            replace(&good, &certificate("idp_ec_p256"), &certificate("rogue")),
        ),
        (
            "metadata.signature_invalid__second_signature",
            replace(&good, end_tag, &in_root(signature)),
        ),
        (
            "metadata.signature_invalid__valid_until_extended",
            replace(&good, until, "validUntil=\"2026-12-16T12:00:00Z\""),
        ),
        (
            "metadata.signature_invalid__validity_of_an_entity_removed",
            {
                let short = replace(
                    &base,
                    "Name=\"colleges\"",
                    "Name=\"colleges\" validUntil=\"2026-12-02T00:00:00Z\"",
                );
                replace(&sign(&short), " validUntil=\"2026-12-02T00:00:00Z\"", "")
            },
        ),
        (
            "metadata.not_well_formed__entity_after_the_root",
            format!("{good}{evil}"),
        ),
        (
            "metadata.not_well_formed__duplicate_id",
            sign(&base).replace(first, "<md:EntityDescriptor ID=\"_federation\"/>"),
        ),
        ("metadata.not_well_formed__doctype", hostile("<!DOCTYPE x>")),
        (
            "metadata.not_well_formed__cut_off",
            good[..good.len() - 30].to_owned(),
        ),
        (
            "metadata.not_well_formed__a_thousand_deep",
            hostile(&format!(
                "<a>{}{}</a>",
                "<a>".repeat(1_000),
                "</a>".repeat(1_000)
            )),
        ),
        (
            "metadata.valid_until_missing__root",
            sign(&replace(&base, until, "")),
        ),
        (
            "metadata.valid_until_too_far__one_second",
            sign(&replace(
                &base,
                until,
                "validUntil=\"2026-12-29T12:00:01Z\"",
            )),
        ),
        (
            "metadata.valid_until_too_far__year_9999",
            sign(&replace(
                &base,
                until,
                "validUntil=\"9999-12-31T23:59:59Z\"",
            )),
        ),
        (
            "metadata.expired__aggregate",
            sign(&replace(
                &base,
                until,
                "validUntil=\"2026-12-01T11:00:00Z\"",
            )),
        ),
        (
            "metadata.cache_duration_malformed__aggregate",
            sign(&replace(&base, "PT6H", "-PT6H")),
        ),
        (
            "metadata.entity_id_duplicate__aggregate",
            sign(&replace(&base, end_tag, &in_root(&again))),
        ),
        (
            "metadata.nested_too_deep__nine_groups",
            sign(&replace(&base, first, &nested(8))),
        ),
        (
            "metadata.aggregate_limit__one_entity_of_megabytes",
            hostile(
                "<md:EntityDescriptor entityID=\"x\"><!-- spaces: 4200000 --></md:EntityDescriptor>",
            ),
        ),
        (
            "metadata.wrong_root__entity",
            replace(&good, "<md:EntitiesDescriptor", "<md:EntityDescriptor"),
        ),
        (
            "stream.wrong_root__another_namespace",
            good.replace("SAML:2.0:metadata", "SAML:1.0:metadata"),
        ),
        ("stream.signature_not_first__after_extensions", {
            let without = [&good[..start], &good[end..]].concat();
            replace(&without, first, &format!("<md:Extensions/>{signature}"))
        }),
        (
            "stream.part_too_large__white_space_between",
            hostile("<!-- spaces: 4200000 -->"),
        ),
        (
            "stream.nested_too_deep__a_hundred_groups",
            hostile(&nested(100)),
        ),
        (
            "stream.too_many_ids__a_quarter_million",
            hostile("<!-- ids: 250001 -->"),
        ),
    ])
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
