//! What each fuzz target does with its input. No libFuzzer in here: the tests of
//! `tests/conformance` include this file and replay the corpus on a stable compiler.

use std::sync::LazyLock;

use saml_xml::{
    AlgorithmPolicy, C14nOptions, Certificate, DSIG_NAMESPACE, Document, Limits, TrustAnchors,
    VerifyingKey, danger, exclusive_c14n, verify_enveloped,
};

mod response;
mod scim;
pub use response::response;
pub use scim::{scim_filter, scim_request};

/// The parser: whatever it accepts, its handles point into the text and agree with each other.
pub fn parse(data: &[u8]) {
    let Ok(document) = Document::parse(data.to_vec(), &Limits::default()) else {
        return;
    };
    let mut count = 0;
    for element in document.elements() {
        count += 1;
        let span = element.span();
        let text = &document.source()[span.clone()];
        assert!(text.starts_with('<') && text.ends_with('>'));
        assert!(!element.local_name().is_empty() && !element.local_name().contains(':'));
        for child in element.children() {
            assert!(child.span().start > span.start && child.span().end < span.end);
        }
        for attribute in element.attributes() {
            assert!(
                element.attribute_ns(attribute.namespace(), attribute.local_name())
                    == Some(attribute.value())
            );
        }
    }
    assert!(count > 0 && count <= Limits::default().nodes);
}

/// Canonicalisation: the canonical form is a document, and its own canonical form.
pub fn c14n(data: &[u8]) {
    let Ok(document) = Document::parse(data.to_vec(), &Limits::default()) else {
        return;
    };
    let mut once = Vec::new();
    exclusive_c14n(document.root(), &C14nOptions::default(), &mut once)
        .expect("an element is never empty");
    // Canonical form declares a namespace again wherever a prefix is used again, and escapes more
    let limits = Limits {
        bytes: usize::MAX,
        nodes: usize::MAX,
        attributes: 4096,
        ..Limits::default()
    };
    let again = Document::parse(once.clone(), &limits).expect("canonical form is well-formed");
    let mut twice = Vec::new();
    exclusive_c14n(again.root(), &C14nOptions::default(), &mut twice)
        .expect("an element is never empty");
    assert!(once == twice, "not a fixed point");
    let before: Vec<_> = document
        .elements()
        .map(|e| (e.namespace(), e.local_name(), e.text()))
        .collect();
    let after: Vec<_> = again
        .elements()
        .map(|e| (e.namespace(), e.local_name(), e.text()))
        .collect();
    assert!(before == after, "another document");
}

const SIGNED: [&str; 9] = [
    include_str!("../../tests/vectors/captures/simplesamlphp/both.response.xml"),
    include_str!("../../tests/vectors/captures/simplesamlphp/assert.response.xml"),
    include_str!("../../tests/vectors/captures/simplesamlphp/resp.response.xml"),
    include_str!("../../tests/vectors/captures/pysaml2/both.response.xml"),
    include_str!("../../tests/vectors/captures/pysaml2/assert.response.xml"),
    include_str!("../../tests/vectors/captures/pysaml2/resp.response.xml"),
    include_str!("../../tests/vectors/captures/samlp-npm/both.response.xml"),
    include_str!("../../tests/vectors/captures/samlp-npm/assert.response.xml"),
    include_str!("../../tests/vectors/captures/samlp-npm/resp.response.xml"),
];

static KEYS: LazyLock<Vec<VerifyingKey>> = LazyLock::new(|| {
    [
        include_str!("../../tests/vectors/captures/simplesamlphp/idp-cert0.pem"),
        include_str!("../../tests/vectors/captures/pysaml2/idp-cert0.pem"),
        include_str!("../../tests/vectors/captures/samlp-npm/idp-cert0.pem"),
    ]
    .map(|pem| {
        Certificate::from_pem(pem)
            .and_then(|c| c.key())
            .expect("the captures have certificates")
    })
    .into()
});

/// Everything these three identity providers are known to have signed.
static GENUINE: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let all = SIGNED
        .iter()
        .flat_map(|xml| signed_octets(xml.as_bytes()))
        .collect::<Vec<_>>();
    assert_eq!(all.len(), 12, "each capture has one signature, or two");
    all
});

fn signed_octets(data: &[u8]) -> Vec<Vec<u8>> {
    let Ok(document) = Document::parse(data.to_vec(), &Limits::default()) else {
        return Vec::new();
    };
    let policy = danger::accept_sha1(AlgorithmPolicy::default());
    let signed = document
        .elements()
        .filter(|e| e.children().any(|c| c.is(DSIG_NAMESPACE, "Signature")));
    signed
        .take(8)
        .filter_map(|e| verify_enveloped(e, TrustAnchors::Keys(&KEYS), &policy).ok())
        .map(|verified| verified.signed_bytes())
        .collect()
}

/// Verification: whatever verifies was signed by the identity provider, octet for octet.
pub fn verify(data: &[u8]) {
    for octets in signed_octets(data) {
        assert!(GENUINE.contains(&octets), "a forgery verified");
    }
}

/// The metadata of a federation in pieces: however it is cut, the outcome is the same.
pub fn stream(data: &[u8]) {
    let now = time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
    let read = |size: usize| {
        let wanted = "https://idp.university.example/shibboleth".parse();
        let policy = idp_config::TrustPolicy::default();
        let mut reader = idp_config::danger::read_unsigned_aggregate(wanted, policy, now);
        for piece in data.chunks(size) {
            reader.push(piece).map_err(|error| error.code())?;
        }
        let aggregate = reader.finish().map_err(|error| error.code())?;
        Ok::<_, &str>((
            aggregate.discovery().len(),
            aggregate.identity_providers().count(),
        ))
    };
    let whole = read(data.len().max(1));
    let cut = usize::from(data.last().copied().unwrap_or(1)).max(1);
    assert_eq!(whole, read(cut));
    assert_eq!(whole, read(7));
}
