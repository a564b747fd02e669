//! The report: complete, located, and without personal data.

use std::collections::BTreeSet;

use saml_sp::{CheckResult, Reason, Verdict};

use crate::common::{ACS, Signs, base, edit, reject, sign, validate};

#[test]
fn holds_no_personal_data() {
    let refused = reject(&sign(
        edit(base(), &[("metadata</saml:Audience>", "</saml:Audience>")]),
        Signs::Both,
    ));
    let accepted = validate(&sign(base(), Signs::Both)).unwrap();
    let texts = [
        refused.report().to_string(),
        serde_json::to_string(refused.report()).unwrap(),
        format!("{refused:?} {refused}"),
        serde_json::to_string(accepted.report()).unwrap(),
        format!("{accepted:?}"),
    ];
    for text in texts {
        for secret in ["ada@corp", "admins", "staff"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert_eq!(accepted.report().attribute_names(), ["mail", "groups"]);
    assert_eq!(accepted.report().verdict(), Verdict::Accepted);
}

#[test]
fn points_at_the_failing_place() {
    let xml = sign(
        edit(
            base(),
            &[(
                &format!("Recipient=\"{ACS}\""),
                "Recipient=\"https://wrong.example\"",
            )],
        ),
        Signs::Assertion,
    );
    let rejection = reject(&xml);
    let failure = rejection.report().first_failure().unwrap();
    assert_eq!(failure.code(), "subject.recipient_mismatch");
    assert_eq!(
        &xml[failure.at().unwrap()],
        "Recipient=\"https://wrong.example\""
    );
    assert_eq!(failure.expected().as_deref(), Some(ACS));
    assert_eq!(failure.actual().as_deref(), Some("https://wrong.example"));
    let signature = &rejection.report().signatures()[0];
    assert!(xml[signature.at()].starts_with("<saml:Assertion"));
}

#[test]
fn every_place_is_within_the_message() {
    let changes: [&[(&str, &str)]; 4] = [
        &[],
        &[("<saml:Subject>", "<saml:Surprise/><saml:Subject>")],
        &[("status:Success", "status:Responder")],
        &[("2026-11-23T11:59:58Z", "x")],
    ];
    for edits in changes {
        let xml = sign(edit(base(), edits), Signs::Nothing);
        for check in reject(&xml).report().checks() {
            assert!(
                check.at().is_none_or(|at| xml.get(at).is_some()),
                "{}",
                check.code()
            );
        }
    }
}

#[test]
fn serialises_as_the_command_line_prints_it() {
    let rejection = reject(&sign(
        edit(base(), &[("cm:bearer", "cm:x")]),
        Signs::Assertion,
    ));
    let json = serde_json::to_value(rejection.report()).unwrap();
    assert_eq!(json["verdict"], "rejected");
    assert_eq!(json["code"], "subject.confirmation_method");
    assert_eq!(json["signed"], serde_json::json!(["assertion"]));
    let check = json["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|c| c["result"] == "fail")
        .unwrap();
    for field in ["code", "result", "expected", "actual", "side", "hint", "at"] {
        assert!(check.get(field).is_some(), "{field}");
    }
    assert_eq!(check["side"], "idp");
}

#[test]
fn long_values_are_cut() {
    let long = format!("Recipient=\"https://{}\"", "ü".repeat(300));
    let rejection = reject(&sign(
        edit(base(), &[(&format!("Recipient=\"{ACS}\""), &long)]),
        Signs::Assertion,
    ));
    let actual = rejection
        .report()
        .first_failure()
        .unwrap()
        .actual()
        .unwrap();
    assert!(actual.len() <= 260 && actual.ends_with('…'));
}

#[test]
fn a_browser_learns_nothing() {
    let messages: BTreeSet<_> = [
        reject(&sign(base(), Signs::Nothing)),
        reject(&sign(base(), Signs::Assertion).replace("ada@", "eve@")),
        reject(&sign(
            edit(base(), &[("cm:bearer", "cm:x")]),
            Signs::Assertion,
        )),
    ]
    .iter()
    .map(saml_sp::Rejection::public_message)
    .collect();
    assert_eq!(messages.len(), 1);
}

#[test]
fn an_accepted_login_has_no_failure() {
    let accepted = validate(&sign(base(), Signs::Both)).unwrap();
    assert!(
        accepted
            .report()
            .checks()
            .iter()
            .all(|check| check.result() == CheckResult::Pass)
    );
    assert!(accepted.report().checks().len() > 20);
}

#[test]
fn codes_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for reason in Reason::all() {
        let code = reason.code();
        assert!(seen.insert(code), "{code} twice");
        let (area, rule) = code.split_once('.').unwrap();
        for part in [area, rule] {
            assert!(
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{code}"
            );
        }
        assert!(
            !reason.cite().is_empty() && reason.hint().ends_with(['.']),
            "{code}"
        );
    }
}
