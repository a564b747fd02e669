use std::fs;
use std::path::Path;

use saml_xml::TrustAnchors;
use time::OffsetDateTime;
use time::macros::datetime;

use super::MAX_METADATA_BYTES;
use crate::{
    Binding, ConfigError, EntityId, IdentityProvider, NameIdFormat, TrustPolicy, WarningKind,
};

// Which documents are refused, and why, is in tests/vectors/metadata; here is what the accepted
// ones yield.

const AT: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

fn read_file(path: &str, wanted: Option<&str>) -> Result<IdentityProvider, ConfigError> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/vectors")
        .join(path);
    let wanted = wanted.map(|id| EntityId::new(id).unwrap());
    let bytes = fs::read(&path).unwrap();
    IdentityProvider::from_metadata_xml(&bytes, wanted.as_ref(), &TrustPolicy::default(), AT)
}

fn vector(name: &str) -> IdentityProvider {
    read_file(&format!("metadata/{name}.xml"), None).unwrap()
}

fn kinds(idp: &IdentityProvider) -> Vec<WarningKind> {
    idp.warnings().iter().map(crate::Warning::kind).collect()
}

fn url(idp: &IdentityProvider, binding: Binding) -> Option<&str> {
    idp.sso(binding).map(url::Url::as_str)
}

#[test]
fn reads_the_metadata_of_simplesamlphp() {
    let idp = read_file("captures/simplesamlphp/idp-metadata.xml", None).unwrap();
    assert_eq!(idp.entity_id().as_str(), "http://127.0.0.1:9101/idp");
    assert_eq!(
        url(&idp, Binding::HttpRedirect),
        Some("http://127.0.0.1:9101/saml2/idp/SSOService.php")
    );
    assert_eq!(url(&idp, Binding::HttpPost), None);
    assert_eq!(idp.slo_endpoints().len(), 1);
    assert_eq!(idp.signing_keys().len(), 1);
    assert_eq!(
        idp.name_id_formats(),
        [NameIdFormat::EMAIL_ADDRESS, NameIdFormat::PERSISTENT]
    );
    assert!(!idp.want_authn_requests_signed());
    assert_eq!((idp.valid_until(), idp.cache_duration()), (None, None));
    assert_eq!(kinds(&idp), [WarningKind::CertificateSelfSigned]);
}

#[test]
fn the_certificates_are_those_of_the_captures() {
    for capture in ["simplesamlphp", "pysaml2", "samlp-npm"] {
        let idp = read_file(&format!("captures/{capture}/idp-metadata.xml"), None).unwrap();
        let pem = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!(
            "../../tests/vectors/captures/{capture}/idp-cert0.pem"
        ));
        let expected = saml_xml::Certificate::from_pem(&fs::read_to_string(pem).unwrap()).unwrap();
        let keys: Vec<_> = idp
            .signing_keys()
            .iter()
            .map(|key| key.certificate().unwrap())
            .collect();
        assert_eq!(keys, [&expected], "{capture}");
        assert!(matches!(idp.trust(), TrustAnchors::Keys([_])));
    }
}

#[test]
fn reads_both_keys_of_a_roll_over() {
    let idp = read_file("captures/simplesamlphp/idp-metadata-rollover.xml", None).unwrap();
    assert_eq!(idp.signing_keys().len(), 2);
    assert_ne!(idp.signing_keys()[0], idp.signing_keys()[1]);
}

#[test]
fn a_signature_is_noted_and_not_read() {
    let idp = read_file("captures/simplesamlphp/idp-metadata-signed.xml", None).unwrap();
    assert_eq!(
        kinds(&idp),
        [
            WarningKind::SignatureNotVerified,
            WarningKind::CertificateSelfSigned
        ]
    );
    assert_eq!(idp.signing_keys().len(), 1);
}

#[test]
fn reads_pysaml2_and_samlp() {
    let idp = read_file("captures/pysaml2/idp-metadata.xml", None).unwrap();
    assert_eq!(
        url(&idp, Binding::HttpPost),
        Some("http://127.0.0.1:9103/sso/post")
    );
    assert_eq!(
        idp.slo(Binding::HttpRedirect).unwrap().location().path(),
        "/slo"
    );
    assert!(idp.slo(Binding::HttpPost).is_none());
    let idp = read_file("captures/samlp-npm/idp-metadata.xml", None).unwrap();
    assert_eq!(idp.sso_endpoints().len(), 2);
    assert_eq!(idp.slo_endpoints().len(), 2);
    assert_eq!(idp.name_id_formats().len(), 3);
}

#[test]
fn reads_jumpcloud() {
    let idp = vector("accepted__jumpcloud");
    assert_eq!(idp.entity_id().as_str(), "My Product at JumpCloud");
    assert_eq!(
        url(&idp, Binding::HttpPost),
        Some("https://sso.jumpcloud.com/saml2/myproduct")
    );
    assert_eq!(url(&idp, Binding::HttpRedirect), None);
    assert_eq!(idp.signing_keys()[0].kind().to_string(), "RSA 4096");
    assert_eq!(
        idp.name_id_formats()[0].as_str(),
        "urn:oasis:names:tc:SAML:1.0:nameid-format:unspecified"
    );
    assert!(idp.slo_endpoints().is_empty());
}

#[test]
fn keys_of_other_roles_are_not_pooled() {
    let entra = vector("accepted__entra_wsfed_roles");
    assert_eq!(
        entra.signing_keys(),
        vector("accepted__key_without_use").signing_keys()
    );
    let adfs = vector("accepted__adfs_two_keys");
    assert_eq!(adfs.signing_keys().len(), 2);
    assert_eq!(adfs.signing_keys()[0], entra.signing_keys()[0]);
    let other = vector("accepted__attribute_authority_and_extensions");
    assert_eq!(other.signing_keys(), entra.signing_keys());
    let other = vector("accepted__idp_role_of_another_protocol");
    assert_eq!(other.signing_keys(), entra.signing_keys());
}

#[test]
fn one_key_is_one_key_however_it_is_written() {
    let plain = vector("accepted__key_without_use");
    for name in [
        "accepted__rsa_key_value",
        "accepted__key_value_beside_certificate",
        "accepted__tabs_and_newlines_in_certificate",
        "accepted__same_key_twice",
    ] {
        assert_eq!(vector(name).signing_keys(), plain.signing_keys(), "{name}");
    }
    assert!(
        vector("accepted__rsa_key_value").signing_keys()[0]
            .certificate()
            .is_none()
    );
    let beside = vector("accepted__key_value_beside_certificate");
    assert!(beside.signing_keys()[0].certificate().is_some());
}

#[test]
fn two_certificates_of_one_name_are_two_keys_and_an_authority_is_none() {
    assert_eq!(
        vector("accepted__two_certificates_in_one_x509data")
            .signing_keys()
            .len(),
        2
    );
    for name in ["leaf_and_authority", "authority_first"] {
        let idp = vector(&format!("metadata.certificate_chain_ignored__{name}"));
        let subjects: Vec<_> = idp
            .signing_keys()
            .iter()
            .map(|key| key.certificate().unwrap().subject())
            .collect();
        assert_eq!(subjects, ["CN=leaf.example"]);
    }
}

#[test]
fn the_named_entity_is_taken_from_its_group_with_the_groups_times() {
    let path = "metadata/accepted__nested_groups.xml";
    for id in [
        "https://one.example",
        "https://two.example",
        "https://three.example",
    ] {
        let idp = read_file(path, Some(id)).unwrap();
        assert_eq!(idp.entity_id().as_str(), id);
        assert_eq!(idp.valid_until(), Some(datetime!(2030-01-01 00:00 UTC)));
        assert_eq!(idp.cache_duration().unwrap().seconds(), 86_400);
    }
    let error = read_file(path, Some("https://four.example")).unwrap_err();
    assert_eq!(error.code(), "metadata.entity_id_not_found");
    let error = read_file(path, None).unwrap_err();
    assert_eq!(error.code(), "metadata.entity_id_needed");
    assert!(
        error
            .actual_value()
            .unwrap()
            .contains("\"https://three.example\""),
        "{error}"
    );
}

#[test]
fn the_earliest_valid_until_and_the_shortest_cache_duration_count() {
    let idp = vector("accepted__valid_until_and_cache_duration");
    assert_eq!(idp.valid_until(), Some(datetime!(2026-12-24 00:00 UTC)));
    assert_eq!(idp.cache_duration().unwrap().seconds(), 6 * 3600);
    assert!(
        idp.check_valid_at(datetime!(2026-12-24 00:02:59 UTC))
            .is_ok()
    );
    let error = idp
        .check_valid_at(datetime!(2026-12-24 00:03 UTC))
        .unwrap_err();
    assert_eq!(error.code(), "metadata.expired");
    assert_eq!(error.actual_value(), Some("2026-12-24T00:00:00Z"));
}

#[test]
fn endpoints_of_other_bindings_are_passed_over() {
    let idp = vector("accepted__shibboleth_bindings");
    assert_eq!(idp.sso_endpoints().len(), 1);
    assert_eq!(
        url(&idp, Binding::HttpPost),
        Some("https://idp.example/sso")
    );
    let idp = vector("accepted__location_with_query");
    let expected = "https://idp.example/sso?tenant=a&idpid=C0";
    assert_eq!(url(&idp, Binding::HttpRedirect), Some(expected));
}

#[test]
fn responses_go_to_the_response_location() {
    let idp = vector("accepted__response_location");
    let slo = idp.slo(Binding::HttpRedirect).unwrap();
    assert_eq!(slo.location().as_str(), "https://idp.example/slo");
    assert_eq!(slo.response_url().as_str(), "https://idp.example/slo/done");
}

#[test]
fn an_empty_name_id_format_is_none_and_text_is_kept() {
    assert!(
        vector("accepted__empty_name_id_format")
            .name_id_formats()
            .is_empty()
    );
    let idp = vector("accepted__free_text_entity_id");
    assert_eq!(idp.entity_id().as_str(), " Our  Company SSO (JumpCloud) ");
    assert!(vector("accepted__want_authn_requests_signed").want_authn_requests_signed());
}

#[test]
fn xml_errors_keep_their_code_and_place() {
    let error = read_file("metadata/metadata.not_well_formed__doctype.xml", None).unwrap_err();
    assert_eq!(error.xml_error().unwrap().code(), "xml.doctype");
    assert_eq!(
        (
            error.position().unwrap().line,
            error.position().unwrap().column
        ),
        (1, 1)
    );
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().starts_with("xml.doctype"));
    let error = read_file("metadata/metadata.not_well_formed__utf16.xml", None).unwrap_err();
    assert_eq!(error.xml_error().unwrap().code(), "xml.encoding");
}

#[test]
fn an_error_says_what_and_where() {
    let error = read_file("metadata/metadata.key_too_weak__rsa_1024.xml", None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "metadata.key_too_weak at line 3, column 62: expected RSA 2048 or more, found RSA 1024. \
         Create a signing certificate with an RSA key of 2048 bits or more at the identity provider."
    );
    let error = read_file("metadata/metadata.no_signing_key__key_name_only.xml", None).unwrap_err();
    assert_eq!(error.actual_value(), Some("only \"KeyName\""));
}

#[test]
fn times_at_the_end_of_the_calendar_are_no_panic() {
    let xml = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/vectors/metadata/accepted__valid_until_within_skew.xml"),
    )
    .unwrap();
    for (until, code) in [
        ("9999-12-31T23:59:59Z", "accepted"),
        (
            "9999-12-31T23:59:59-14:00",
            "metadata.valid_until_malformed",
        ),
        ("0001-01-01T00:00:00+14:00", "metadata.expired"),
    ] {
        let xml = xml.replace("2026-12-01T11:57:00.001Z", until);
        let read =
            IdentityProvider::from_metadata_xml(xml.as_bytes(), None, &TrustPolicy::default(), AT);
        assert_eq!(
            read.map_or_else(|error| error.code(), |_| "accepted"),
            code,
            "{until}"
        );
    }
}

#[test]
fn size_is_judged_before_anything_is_read() {
    let spaces = vec![b' '; MAX_METADATA_BYTES + 1];
    let read = |bytes: &[u8]| {
        IdentityProvider::from_metadata_xml(bytes, None, &TrustPolicy::default(), AT)
    };
    assert_eq!(read(&spaces).unwrap_err().code(), "metadata.too_large");
    assert_eq!(read(&spaces[1..]).unwrap_err().code(), "metadata.empty");
}
