//! Every file of `tests/vectors/{metadata,fingerprint,idp-source}` is read and judged as its name
//! says: `CODE__VARIANT` is refused with CODE, or accepted with the warning CODE;
//! `accepted__VARIANT` is accepted.
//!
//! A metadata vector may begin with comments that give what is not in the document:
//! `<!-- entity-id: … -->` the entity that is wanted, `<!-- policy: accept_… -->` a loosening,
//! `<!-- pad-to: N -->` spaces to append until it has N bytes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test helper that cannot go on fails the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use idp_config::{
    ConfigError, ConfigErrorKind, EntityId, IdentityProvider, IdpSource, Sha256Fingerprint,
    TrustPolicy, WarningKind, danger,
};
use time::OffsetDateTime;
use time::macros::datetime;

/// The vectors' certificates were made with openssl for this folder, their private keys thrown away;
/// they are valid from 2026 to 2126, unless the file name says otherwise.
const AT: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

/// What `accepted__*` fingerprint vectors all spell.
const FINGERPRINT: &str = "AF:04:F6:C3:F0:CE:FF:5B:7C:88:C8:42:EC:11:DD:74:21:F8:00:C9:96:2B:7B:91:30:84:9E:AC:96:26:E8:6C";

struct Vector {
    file: String,
    code: String,
    bytes: Vec<u8>,
}

fn vectors(folder: &str, extension: &str) -> Vec<Vector> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/vectors")
        .join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let vectors: Vec<Vector> = paths
        .into_iter()
        .map(|path| {
            assert_eq!(path.extension().unwrap(), extension, "{}", path.display());
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let (code, variant) = stem.split_once("__").unwrap();
            assert!(!variant.is_empty(), "{stem}");
            Vector {
                file: format!("{folder}/{stem}"),
                code: code.to_owned(),
                bytes: fs::read(&path).unwrap(),
            }
        })
        .collect();
    assert!(!vectors.is_empty());
    vectors
}

fn is_warning(code: &str) -> bool {
    WarningKind::ALL.iter().any(|kind| kind.code() == code)
}

/// `None` when the outcome is what the file name says.
fn judge(vector: &Vector, outcome: &Result<IdentityProvider, ConfigError>) -> Option<String> {
    let wrong = match outcome {
        Ok(idp) if is_warning(&vector.code) => !idp
            .warnings()
            .iter()
            .any(|warning| warning.code() == vector.code),
        Ok(_) => vector.code != "accepted",
        Err(error) => error.code() != vector.code,
    };
    wrong.then(|| match outcome {
        Ok(idp) => format!("{}: accepted with {:?}", vector.file, idp.warnings()),
        Err(error) => format!("{}: {error}", vector.file),
    })
}

fn directive<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<!-- {name}: "))?;
    rest.split_once(" -->").map(|(value, _)| value)
}

fn read_metadata(vector: &Vector) -> Result<IdentityProvider, ConfigError> {
    let mut bytes = vector.bytes.clone();
    let text = String::from_utf8_lossy(&vector.bytes);
    if let Some(length) = directive(&text, "pad-to") {
        bytes.resize(length.parse().unwrap(), b' ');
    }
    let wanted = directive(&text, "entity-id").map(|id| EntityId::new(id).unwrap());
    let policy = match directive(&text, "policy") {
        None => TrustPolicy::default(),
        Some("accept_plain_http") => danger::accept_plain_http(TrustPolicy::default()),
        Some("accept_rsa1024") => danger::accept_rsa1024(TrustPolicy::default()),
        Some("require_current_certificates") => {
            TrustPolicy::default().require_current_certificates()
        }
        Some(other) => panic!("{}: unknown policy {other}", vector.file),
    };
    IdentityProvider::from_metadata_xml(&bytes, wanted.as_ref(), &policy, AT)
}

#[test]
fn metadata_is_judged_as_its_file_name_says() {
    let wrong: Vec<String> = vectors("metadata", "xml")
        .iter()
        .filter_map(|vector| judge(vector, &read_metadata(vector)))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_loosened_policy_is_needed_where_one_is_named() {
    let loosened: Vec<Vector> = vectors("metadata", "xml")
        .into_iter()
        .filter(|vector| String::from_utf8_lossy(&vector.bytes).contains("<!-- policy: accept_"))
        .collect();
    let codes: Vec<&str> = loosened
        .iter()
        .map(|vector| {
            IdentityProvider::from_metadata_xml(&vector.bytes, None, &TrustPolicy::default(), AT)
                .unwrap_err()
                .code()
        })
        .collect();
    assert_eq!(codes, ["config.url_plain_http", "metadata.key_too_weak"]);
}

#[test]
fn errors_point_into_the_document() {
    // What is no SAML metadata at all has no place to point at
    let nowhere = [
        "metadata.empty",
        "metadata.html",
        "metadata.is_url",
        "metadata.is_certificate",
        "metadata.too_large",
    ];
    for vector in vectors("metadata", "xml") {
        let Err(error) = read_metadata(&vector) else {
            continue;
        };
        if nowhere.contains(&error.code()) {
            continue;
        }
        let at = error
            .position()
            .unwrap_or_else(|| panic!("{}: no position", vector.file));
        assert!(at.offset <= vector.bytes.len(), "{}", vector.file);
        let not_xml = error.kind() == ConfigErrorKind::NotWellFormed;
        assert_eq!(error.xml_error().is_some(), not_xml, "{}", vector.file);
        assert!(
            not_xml || vector.bytes[at.offset] == b'<',
            "{}",
            vector.file
        );
    }
}

#[test]
fn errors_and_debug_keep_secrets_and_documents_to_themselves() {
    for vector in vectors("metadata", "xml") {
        let shown = match read_metadata(&vector) {
            Ok(idp) => format!("{idp:?}"),
            Err(error) => format!("{error} {error:?}"),
        };
        assert!(!shown.contains("secret"), "{}", vector.file);
        assert!(!shown.contains("MII"), "{}: key material", vector.file);
        assert!(shown.len() < 4000, "{}: {} bytes", vector.file, shown.len());
    }
}

#[test]
fn every_truncation_and_every_changed_byte_is_judged_without_a_panic() {
    let vector = vectors("metadata", "xml")
        .into_iter()
        .find(|vector| vector.file == "metadata/accepted__ec_p256")
        .unwrap();
    let read = |bytes: &[u8]| {
        IdentityProvider::from_metadata_xml(bytes, None, &TrustPolicy::default(), AT)
    };
    // The last byte is the line feed after the root element
    let whole = vector.bytes.len() - 1;
    for length in 0..whole {
        assert!(
            read(&vector.bytes[..length]).is_err(),
            "accepted {length} of {whole} bytes"
        );
    }
    for at in 0..whole {
        for byte in [0, b' ', b'<', b'"', b'A', 0xFF] {
            let mut changed = vector.bytes.clone();
            changed[at] = byte;
            if let Err(error) = read(&changed) {
                assert!(!error.code().is_empty());
            }
        }
    }
}

#[test]
fn fingerprints_are_read_as_their_file_name_says() {
    for vector in vectors("fingerprint", "txt") {
        let text = String::from_utf8(vector.bytes).unwrap();
        match text.parse::<Sha256Fingerprint>() {
            Ok(read) => {
                assert_eq!("accepted", vector.code, "{}", vector.file);
                assert_eq!(read.to_string(), FINGERPRINT, "{}", vector.file);
            }
            Err(error) => assert_eq!(error.code(), vector.code, "{}", vector.file),
        }
    }
}

#[test]
fn sources_resolve_as_their_file_name_says() {
    for vector in vectors("idp-source", "json") {
        let source: IdpSource = serde_json::from_slice(&vector.bytes).unwrap();
        let again = serde_json::to_string(&source).unwrap();
        assert_eq!(
            serde_json::from_str::<IdpSource>(&again).unwrap(),
            source,
            "{}",
            vector.file
        );
        assert!(!format!("{source:?}").contains("secret"), "{}", vector.file);
        assert_eq!(judge(&vector, &source.resolve(AT)), None);
    }
}

#[test]
fn every_reason_code_has_a_vector_and_a_name_of_its_own() {
    let seen: BTreeSet<String> = [
        ("metadata", "xml"),
        ("fingerprint", "txt"),
        ("idp-source", "json"),
        ("aggregate", "xml"),
        // signed metadata, which need a key to be signed with
        ("scenario", "json"),
    ]
    .into_iter()
    .flat_map(|(folder, extension)| vectors(folder, extension))
    .map(|vector| vector.code)
    .filter(|code| code.starts_with("metadata.") || code.starts_with("config."))
    .collect();
    let all: Vec<&str> = ConfigErrorKind::ALL
        .iter()
        .map(|kind| kind.code())
        .chain(WarningKind::ALL.iter().map(|kind| kind.code()))
        .collect();
    let distinct: BTreeSet<String> = all.iter().map(|code| (*code).to_owned()).collect();
    assert_eq!(all.len(), distinct.len());
    assert_eq!(seen, distinct);
}
