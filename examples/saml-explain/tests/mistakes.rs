//! Common mistakes of a set-up, and what is printed about each: `mistakes/NAME.txt`.
//!
//! The messages are made anew, with keys, times and IDs that never change, so that the text is
//! compared to the letter. `UPDATE_MISTAKES=1 cargo test -p saml-explain` writes the files; read
//! what changed before it is committed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use sso_testkit::{
    AuthnRequestInfo, FakeIdp, IdpKey, Preset, ResponseBuilder, SignatureRecipe, Signs, TestRandom,
    User, algorithm,
};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const SP: &str = "https://app.example.test/saml/metadata";
const ACS: &str = "https://app.example.test/saml/consume";
const NOW: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);
const REQUEST: &str = "_request-1";

fn key(name: &str) -> IdpKey {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/keys");
    let read =
        |end: &str| std::fs::read_to_string(folder.join(format!("{name}.{end}.pem"))).unwrap();
    IdpKey::from_pem(&read("key"), &read("crt")).unwrap()
}

/// One mistake: who made it, what the message looks like, how it is judged.
struct Mistake {
    name: &'static str,
    preset: Preset,
    /// The code that decides; `None` when the login works all the same.
    code: Option<&'static str>,
    spoil: Spoil,
    arguments: Vec<String>,
    at: OffsetDateTime,
    fingerprint: Option<String>,
    metadata: Option<fn(String) -> String>,
}

/// Makes the message wrong before it is signed.
type Spoil = fn(ResponseBuilder<'_>) -> ResponseBuilder<'_>;

fn mistake(name: &'static str, preset: Preset, code: &'static str, spoil: Spoil) -> Mistake {
    Mistake {
        name,
        preset,
        code: Some(code),
        spoil,
        arguments: Vec::new(),
        at: NOW,
        fingerprint: None,
        metadata: None,
    }
}

impl Mistake {
    fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments
            .extend(arguments.iter().map(|a| (*a).to_owned()));
        self
    }

    fn at(mut self, at: OffsetDateTime) -> Self {
        self.at = at;
        self
    }

    fn metadata(mut self, change: fn(String) -> String) -> Self {
        self.metadata = Some(change);
        self
    }
}

fn all() -> Vec<Mistake> {
    let good: Spoil = |answer| answer;
    let mut other_fingerprint = mistake(
        "other_fingerprint",
        Preset::OneLogin,
        "signature.certificate_mismatch",
        good,
    );
    other_fingerprint.fingerprint = Some("ab".repeat(32));
    let mut expired_certificate = mistake("expired_certificate", Preset::Okta, "", good);
    expired_certificate.code = None;
    expired_certificate.at = datetime!(2031-01-01 12:00 UTC);
    vec![
        mistake(
            "wrong_audience",
            Preset::Okta,
            "conditions.audience_mismatch",
            |answer| {
                answer.mutate(|fields| {
                    let assertion = fields.assertion.as_mut().unwrap();
                    assertion.audiences = vec![vec!["https://app.example.test/".to_owned()]];
                })
            },
        ),
        mistake(
            "wrong_acs",
            Preset::Entra,
            "response.destination_mismatch",
            |answer| {
                answer.mutate(|fields| {
                    let wrong = Some("https://app.example.test/saml/acs".to_owned());
                    fields.destination.clone_from(&wrong);
                    fields.assertion.as_mut().unwrap().recipient = wrong;
                })
            },
        ),
        expired_certificate,
        mistake("metadata_past_its_end", Preset::Shibboleth, "", good).metadata(|xml| {
            xml.replacen(
                " entityID=",
                " validUntil=\"2026-11-01T00:00:00Z\" entityID=",
                1,
            )
        }),
        mistake("metadata_of_the_service_provider", Preset::Okta, "", good).metadata(|_| {
            let sp = saml_sp::ServiceProvider::builder(SP, ACS).build().unwrap();
            sp.metadata_xml()
        }),
        mistake("other_key", Preset::Google, "signature.unknown_key", good),
        other_fingerprint,
        mistake(
            "clock_behind",
            Preset::Adfs,
            "response.issue_instant_future",
            good,
        )
        .at(NOW - Duration::minutes(10)),
        mistake("clock_ahead", Preset::Ping, "subject.expired", good)
            .at(NOW + Duration::minutes(20)),
        mistake(
            "response_signed_only",
            Preset::Keycloak,
            "assertion.unsigned",
            good,
        )
        .with(&["--require-signed", "assertion"]),
        mistake(
            "assertion_signed_only",
            Preset::Auth0,
            "response.unsigned",
            good,
        )
        .with(&["--require-signed", "response"]),
        mistake(
            "nothing_signed",
            Preset::Keycloak,
            "signature.missing",
            |answer| answer.sign(Signs::Nothing),
        ),
        mistake(
            "name_id_missing",
            Preset::Entra,
            "subject.name_id_missing",
            |answer| answer.mutate(|fields| fields.assertion.as_mut().unwrap().name_id = None),
        ),
        mistake("sha1", Preset::Adfs, "signature.algorithm_weak", |answer| {
            let mut recipe = SignatureRecipe::default();
            recipe.signature_method = Some(algorithm::RSA_SHA1.to_owned());
            algorithm::SHA1.clone_into(&mut recipe.digest_method);
            answer.recipe(recipe)
        }),
        mistake(
            "encrypted_without_key",
            Preset::Shibboleth,
            "response.encrypted_assertion",
            |answer| {
                answer.sign(Signs::Response).edit_response(|xml| {
                    let start = xml.find("<saml2:Assertion").unwrap();
                    let end = xml.find("</saml2:Assertion>").unwrap() + "</saml2:Assertion>".len();
                    let encrypted = "<saml2:EncryptedAssertion xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\">\
                        <xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\"/></saml2:EncryptedAssertion>";
                    format!("{}{encrypted}{}", &xml[..start], &xml[end..])
                })
            },
        ),
        mistake(
            "started_at_the_idp",
            Preset::Okta,
            "subject.in_response_to_missing",
            |answer| {
                answer.mutate(|fields| {
                    fields.in_response_to = None;
                    fields.assertion.as_mut().unwrap().in_response_to = None;
                })
            },
        ),
        mistake(
            "another_request",
            Preset::OneLogin,
            "response.in_response_to_mismatch",
            good,
        )
        .with(&["--request-id", "_request-2"]),
        mistake(
            "user_not_assigned",
            Preset::Google,
            "status.not_success",
            |answer| {
                answer.mutate(|fields| {
                    fields.status = vec![
                        "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned(),
                        "urn:oasis:names:tc:SAML:2.0:status:RequestDenied".to_owned(),
                    ];
                    fields.status_message = Some("Invalid SP configuration".to_owned());
                    fields.assertion = None;
                })
            },
        ),
        mistake(
            "wrong_issuer",
            Preset::JumpCloud,
            "response.issuer_mismatch",
            |answer| {
                answer.mutate(|fields| {
                    let typed = Some("JumpCloud".to_owned());
                    fields.issuer.clone_from(&typed);
                    fields.assertion.as_mut().unwrap().issuer = typed;
                })
            },
        ),
        mistake(
            "changed_on_the_way",
            Preset::JumpCloud,
            "signature.digest_mismatch",
            good,
        ),
        mistake(
            "audience_missing",
            Preset::Ping,
            "conditions.audience_missing",
            |answer| answer.mutate(|fields| fields.assertion.as_mut().unwrap().audiences.clear()),
        ),
        mistake(
            "authn_statement_missing",
            Preset::Keycloak,
            "authn.statement_missing",
            |answer| {
                answer.edit_assertion(|xml| {
                    let end_tag = "</saml:AuthnStatement>";
                    let start = xml.find("<saml:AuthnStatement").unwrap();
                    let end = xml.find(end_tag).unwrap() + end_tag.len();
                    format!("{}{}", &xml[..start], &xml[end..])
                })
            },
        ),
        mistake(
            "html_instead_of_a_response",
            Preset::Okta,
            "xml.doctype",
            good,
        ),
    ]
}

fn message(mistake: &Mistake, idp: &FakeIdp) -> String {
    if mistake.name == "html_instead_of_a_response" {
        return "<!DOCTYPE html>\n<html><body>502 Bad Gateway</body></html>\n".to_owned();
    }
    let request = AuthnRequestInfo::new(REQUEST, SP, ACS);
    let issued = if mistake.name == "expired_certificate" {
        mistake.at
    } else {
        NOW
    };
    let rogue = key("rogue");
    let mut answer = idp.respond(&request, &User::example(), issued);
    if mistake.name == "other_key" {
        answer = answer.key(&rogue);
    }
    let xml = (mistake.spoil)(answer).to_xml();
    if mistake.name == "changed_on_the_way" {
        return xml.replace("alice@example.test", "alice@example.org");
    }
    xml
}

fn explain(mistake: &Mistake, folder: &Path) -> (String, Option<i32>) {
    let idp = FakeIdp::preset(mistake.preset)
        .with_key(key("idp"))
        .with_random(TestRandom::new(1));
    std::fs::write(folder.join("response.xml"), message(mistake, &idp)).unwrap();
    let metadata = idp.metadata_xml();
    let metadata = match mistake.metadata {
        Some(change) => change(metadata),
        None => metadata,
    };
    std::fs::write(folder.join("metadata.xml"), metadata).unwrap();
    let at = saml_xml::types::format_date_time(mistake.at);
    let preset = mistake.preset.library_preset().unwrap().id;
    let mut command = Command::new(env!("CARGO_BIN_EXE_saml-explain"));
    command.current_dir(folder).args([
        "--response",
        "response.xml",
        "--sp-entity-id",
        SP,
        "--acs-url",
        ACS,
        "--at",
        &at,
        "--preset",
        preset,
    ]);
    if !mistake.arguments.iter().any(|a| a == "--request-id") {
        command.args(["--request-id", REQUEST]);
    }
    match &mistake.fingerprint {
        Some(sha256) => command.args(["--fingerprint", sha256, "--idp-entity-id", idp.entity_id()]),
        None => command.args(["--metadata", "metadata.xml"]),
    };
    let output = command.args(&mistake.arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let out = text(output.stdout) + &text(output.stderr);
    (out, output.status.code())
}

#[test]
fn each_mistake_is_explained() {
    let stored = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let update = std::env::var_os("UPDATE_MISTAKES").is_some();
    let mut wrong = Vec::new();
    let mistakes = all();
    assert!(mistakes.len() >= 20);
    for mistake in &mistakes {
        let folder = tempfile::tempdir().unwrap();
        let (text, status) = explain(mistake, folder.path());
        let expected_status = match mistake.code {
            None => 0,
            Some("") => 2,
            Some(_) => 1,
        };
        assert_eq!(status, Some(expected_status), "{}\n{text}", mistake.name);
        if let Some(code) = mistake.code {
            let decided = code.is_empty() || text.contains(&format!("rejected: {code}\n"));
            assert!(decided, "{}: not {code}\n{text}", mistake.name);
        }
        let path = stored.join(format!("{}.txt", mistake.name));
        if update {
            std::fs::write(&path, &text).unwrap();
        } else if std::fs::read_to_string(&path).unwrap_or_default() != text {
            wrong.push(format!("{}:\n{text}", mistake.name));
        }
    }
    assert!(wrong.is_empty(), "not as stored:\n{}", wrong.join("\n"));
    let files = std::fs::read_dir(&stored).unwrap().count();
    assert_eq!(
        files,
        mistakes.len(),
        "a stored text for each mistake, and no other"
    );
}
