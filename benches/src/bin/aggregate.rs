//! What the metadata of a federation costs: 100 MB, 13,000 entities, one signature.
//!
//! `cargo run --release --bin aggregate` makes a file, then starts itself again to read it, so that the
//! memory it reports is that of reading alone. Beside it stands the floor: SHA-256 over the same file,
//! read in the same pieces.

#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    reason = "measuring is what a benchmark does"
)]

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use idp_config::{AggregateReader, EntityId, TrustPolicy};
use saml_xml::{Certificate, SignOptions, SigningKey, TrustAnchors, sign_enveloped};
use time::OffsetDateTime;
use time::macros::datetime;

const AT: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);
const ENTITIES: usize = 13_000;
const BYTES: usize = 100_000_000;
const SECONDS: f64 = 0.4;
const MEGABYTES: f64 = 40.0;
const PIECE: usize = 64 * 1024;
const ROUNDS: usize = 5;

const KEY: &str = include_str!("../../../tests/vectors/keys/idp.key.pem");
const CERTIFICATE: &str = include_str!("../../../tests/vectors/keys/idp.crt.pem");

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.as_slice() {
        [_, what, path] if what == "read" => read(Path::new(path)),
        [_, what, path] if what == "hash" => hash(Path::new(path)),
        _ => run(),
    }
}

fn run() {
    let path = std::env::temp_dir().join(format!("aggregate-{}.xml", std::process::id()));
    let document = document();
    let length = document.len();
    File::create(&path)
        .unwrap()
        .write_all(document.as_bytes())
        .unwrap();
    drop(document);
    let myself = std::env::current_exe().unwrap();
    let measure = |what: &str| -> (f64, f64) {
        let output = Command::new(&myself).arg(what).arg(&path).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let mut numbers = text.split_whitespace().map(|n| n.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap())
    };
    let best = |what: &str| {
        let runs: Vec<_> = (0..ROUNDS).map(|_| measure(what)).collect();
        let seconds = runs.iter().map(|r| r.0).fold(f64::INFINITY, f64::min);
        (seconds, runs.iter().map(|r| r.1).fold(0.0, f64::max))
    };
    let (floor, _) = best("hash");
    let (seconds, megabytes) = best("read");
    std::fs::remove_file(&path).unwrap();
    println!(
        "an aggregate of {ENTITIES} entities, {:.1} MB, verified and indexed",
        length as f64 / 1e6
    );
    println!("  SHA-256 alone   {floor:>7.3} s");
    println!(
        "  time            {seconds:>7.3} s   budget {SECONDS} s, ratio to SHA-256 {:.2}",
        seconds / floor
    );
    println!("  peak memory     {megabytes:>7.1} MB  budget {MEGABYTES} MB");
}

/// Reading, verifying, indexing; a hundred of the entities are wanted.
fn read(path: &Path) {
    let keys = [Certificate::from_pem(CERTIFICATE).unwrap().key().unwrap()];
    let wanted = (0..100).map(|n| EntityId::new(name(n * 130)).unwrap());
    let start = Instant::now();
    let mut reader = AggregateReader::new(
        TrustAnchors::Keys(&keys),
        wanted,
        TrustPolicy::default(),
        AT,
    );
    pieces(path, |piece| reader.push(piece).unwrap());
    let aggregate = reader.finish().unwrap();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(aggregate.entities(), ENTITIES);
    assert_eq!(aggregate.identity_providers().count(), 100);
    assert_eq!(aggregate.discovery().len(), ENTITIES / 2);
    println!("{seconds} {}", peak());
}

fn hash(path: &Path) {
    let start = Instant::now();
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    pieces(path, |piece| context.update(piece));
    let digest = context.finish();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(digest.as_ref().len(), 32);
    println!("{seconds} {}", peak());
}

fn pieces(path: &Path, mut each: impl FnMut(&[u8])) {
    let mut file = File::open(path).unwrap();
    let mut buffer = vec![0; PIECE];
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => break,
            n => each(&buffer[..n]),
        }
    }
}

/// The most memory this process had, in megabytes.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: f64 = line
        .and_then(|line| line.split_whitespace().next())
        .and_then(|n| n.parse().ok())
        .unwrap_or(f64::NAN);
    kilobytes * 1024.0 / 1e6
}

fn name(n: usize) -> String {
    format!("https://idp{n}.university.example/idp/shibboleth")
}

/// Half identity providers, half service providers, as long as they are in eduGAIN: certificates in
/// lines of 64 characters, names in several languages, endpoints, contacts, indented.
fn document() -> String {
    let certificate: String = CERTIFICATE
        .lines()
        .filter(|line| !line.starts_with('-'))
        .map(|l| format!("{l}\n"))
        .collect();
    let mut xml = String::with_capacity(BYTES + BYTES / 10);
    xml.push_str(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
         xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\" \
         xmlns:mdrpi=\"urn:oasis:names:tc:SAML:metadata:rpi\" xmlns:shibmd=\"urn:mace:shibboleth:metadata:1.0\" \
         xmlns:mdattr=\"urn:oasis:names:tc:SAML:metadata:attribute\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
         ID=\"_federation\" Name=\"https://federation.example\" validUntil=\"2026-12-15T12:00:00Z\">\n",
    );
    for n in 0..ENTITIES {
        entity(&mut xml, n, &certificate);
        xml.push_str("</md:EntityDescriptor>\n");
    }
    xml.push_str("</md:EntitiesDescriptor>\n");
    let key = SigningKey::from_pkcs8_pem(KEY).unwrap();
    sign_enveloped(&xml, "_federation", &key, &SignOptions::default()).unwrap()
}

fn entity(xml: &mut String, n: usize, certificate: &str) {
    use std::fmt::Write as _;
    let is_idp = n.is_multiple_of(2);
    let (entity, role) = (
        name(n),
        if is_idp {
            "IDPSSODescriptor"
        } else {
            "SPSSODescriptor"
        },
    );
    let start = xml.len();
    let out = xml;
    write!(
        out,
        "  <md:EntityDescriptor ID=\"_{n}\" entityID=\"{entity}\">\n    <md:Extensions>\n      <mdrpi:RegistrationInfo registrationAuthority=\"https://federation.example\" registrationInstant=\"2020-01-01T00:00:00Z\">\n        <mdrpi:RegistrationPolicy xml:lang=\"en\">https://federation.example/policy</mdrpi:RegistrationPolicy>\n      </mdrpi:RegistrationInfo>\n      <mdattr:EntityAttributes>\n        <saml:Attribute Name=\"http://macedir.org/entity-category-support\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\">\n          <saml:AttributeValue>http://refeds.org/category/research-and-scholarship</saml:AttributeValue>\n        </saml:Attribute>\n      </mdattr:EntityAttributes>\n    </md:Extensions>\n    <md:{role} protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\n      <md:Extensions>\n        <shibmd:Scope regexp=\"false\">university{n}.example</shibmd:Scope>\n        <mdui:UIInfo>\n"
    )
    .unwrap();
    for (language, word) in [
        ("en", "University"),
        ("de", "Universität"),
        ("fr", "Université"),
        ("cs", "Univerzita"),
    ] {
        writeln!(out, "          <mdui:DisplayName xml:lang=\"{language}\">{word} of Example {n}</mdui:DisplayName>\n          <mdui:Description xml:lang=\"{language}\">{word}: the identity provider of members &amp; guests, which is what a description says in a few words more than the name.</mdui:Description>\n          <mdui:InformationURL xml:lang=\"{language}\">https://www.university{n}.example/{language}/about</mdui:InformationURL>").unwrap();
    }
    writeln!(out, "          <mdui:Logo height=\"60\" width=\"80\">https://www.university{n}.example/logo.png</mdui:Logo>\n        </mdui:UIInfo>\n      </md:Extensions>").unwrap();
    for r#use in ["signing", "encryption"] {
        writeln!(out, "      <md:KeyDescriptor use=\"{use}\">\n        <ds:KeyInfo>\n          <ds:X509Data>\n            <ds:X509Certificate>\n{certificate}</ds:X509Certificate>\n          </ds:X509Data>\n        </ds:KeyInfo>\n      </md:KeyDescriptor>", use = r#use).unwrap();
    }
    let (service, bindings) = if is_idp {
        (
            "SingleSignOnService",
            ["HTTP-Redirect", "HTTP-POST", "HTTP-POST-SimpleSign", "SOAP"],
        )
    } else {
        (
            "AssertionConsumerService",
            ["HTTP-POST", "HTTP-POST-SimpleSign", "HTTP-Artifact", "PAOS"],
        )
    };
    for (index, binding) in bindings.iter().enumerate() {
        writeln!(out, "      <md:{service} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"https://idp{n}.university.example/idp/profile/SAML2/{binding}/SSO\" index=\"{index}\"/>").unwrap();
    }
    // Service providers list what they ask for; members differ in length, the average is the whole's
    let mut attributes = 0;
    while out.len() - start < BYTES / ENTITIES - 700 {
        writeln!(out, "      <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>\n      <saml:Attribute FriendlyName=\"attribute{attributes}\" Name=\"urn:oid:1.3.6.1.4.1.5923.1.1.1.{attributes}\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\"/>").unwrap();
        attributes += 1;
    }
    write!(
        out,
        "    </md:{role}>\n    <md:Organization>\n      <md:OrganizationName xml:lang=\"en\">University {n}</md:OrganizationName>\n      <md:OrganizationDisplayName xml:lang=\"en\">University of Example {n}</md:OrganizationDisplayName>\n      <md:OrganizationURL xml:lang=\"en\">https://www.university{n}.example/</md:OrganizationURL>\n    </md:Organization>\n    <md:ContactPerson contactType=\"technical\">\n      <md:GivenName>Operations</md:GivenName>\n      <md:EmailAddress>mailto:operations@university{n}.example</md:EmailAddress>\n    </md:ContactPerson>\n  "
    )
    .unwrap();
}
