use saml_xml::TrustAnchors;
use time::OffsetDateTime;
use time::macros::datetime;

use super::IdpSource;
use crate::{Binding, WarningKind};

const AT: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

fn by_fingerprint(slo_url: Option<&str>) -> IdpSource {
    IdpSource::fingerprint(
        "JumpCloud",
        "https://idp.example/sso",
        slo_url,
        &"ab".repeat(32),
    )
    .unwrap()
}

#[test]
fn a_fingerprint_is_trusted_as_a_certificate_of_the_message() {
    let idp = by_fingerprint(None).resolve(AT).unwrap();
    assert!(
        matches!(idp.trust(), TrustAnchors::CertificateSha256([sha256]) if *sha256 == [0xab; 32])
    );
    assert_eq!(idp.fingerprint().unwrap().as_bytes(), &[0xab; 32]);
    assert!(idp.signing_keys().is_empty());
    assert_eq!(idp.entity_id().as_str(), "JumpCloud");
    assert!(idp.slo_endpoints().is_empty() && idp.warnings().is_empty());
    assert!(idp.check_valid_at(datetime!(9999-12-31 00:00 UTC)).is_ok());
}

#[test]
fn the_urls_of_a_fingerprint_serve_both_bindings() {
    let idp = by_fingerprint(Some("https://idp.example/slo"))
        .resolve(AT)
        .unwrap();
    for binding in [Binding::HttpPost, Binding::HttpRedirect] {
        assert_eq!(
            idp.sso(binding).unwrap().as_str(),
            "https://idp.example/sso"
        );
        assert_eq!(
            idp.slo(binding).unwrap().response_url().as_str(),
            "https://idp.example/slo"
        );
    }
    assert_eq!(
        idp.warnings()[0].kind(),
        WarningKind::FingerprintCannotVerifyRedirect
    );
}

#[test]
fn typed_fields_are_refused_by_their_own_codes() {
    let code = |entity_id: &str, sso: &str, slo: Option<&str>, sha256: &str| {
        IdpSource::fingerprint(entity_id, sso, slo, sha256)
            .unwrap_err()
            .code()
    };
    let (url, good) = ("https://idp.example/sso", "ab".repeat(32));
    assert_eq!(code("", url, None, &good), "config.entity_id_malformed");
    assert_eq!(
        code("x", "idp.example", None, &good),
        "config.url_malformed"
    );
    assert_eq!(code("x", url, Some(""), &good), "config.url_malformed");
    assert_eq!(
        code("x", url, None, &"ab".repeat(20)),
        "config.fingerprint_sha1"
    );
}

#[test]
fn a_metadata_url_waits_for_its_document() {
    let source: IdpSource = serde_json::from_str(
        r#"{"type":"metadata_url","url":"https://idp.example/m?token=hunter2"}"#,
    )
    .unwrap();
    assert_eq!(
        source.resolve(AT).unwrap_err().code(),
        "config.metadata_url_not_fetched"
    );
    assert!(!format!("{source:?}").contains("hunter2"));
}

#[test]
fn json_has_no_unknown_missing_or_mistyped_fields() {
    let good = serde_json::to_value(by_fingerprint(None)).unwrap();
    assert!(serde_json::from_value::<IdpSource>(good.clone()).is_ok());
    for missing in ["type", "entity_id", "sso_url", "sha256"] {
        let mut value = good.clone();
        value.as_object_mut().unwrap().remove(missing);
        let error = serde_json::from_value::<IdpSource>(value)
            .unwrap_err()
            .to_string();
        assert!(error.contains(missing), "{error}");
    }
    for kind in ["metadata_url", "metadata_xml", "fingerprint"] {
        let mut value = match kind {
            "metadata_url" => serde_json::json!({"type": kind, "url": "https://idp.example/"}),
            "metadata_xml" => serde_json::json!({"type": kind, "xml": "<x/>"}),
            _ => good.clone(),
        };
        assert!(
            serde_json::from_value::<IdpSource>(value.clone()).is_ok(),
            "{kind}"
        );
        value
            .as_object_mut()
            .unwrap()
            .insert("verify".into(), false.into());
        let error = serde_json::from_value::<IdpSource>(value)
            .unwrap_err()
            .to_string();
        assert!(error.contains("unknown field `verify`"), "{kind}: {error}");
    }
}
