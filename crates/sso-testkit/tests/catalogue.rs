//! The catalogue proves what it claims, before any service provider is asked.

use std::collections::BTreeSet;

use saml_xml::{Document, Limits};
use sso_testkit::catalogue::{ACCEPTED, Base, Case, Message, Proof, catalogue};

fn all() -> (Base, Vec<Case>) {
    (Base::example(), catalogue())
}

#[test]
fn names_are_unique_and_fit_in_a_file_name() {
    let (_, cases) = all();
    let mut seen = BTreeSet::new();
    for case in &cases {
        let name = case.name();
        assert!(seen.insert(name.clone()), "{name} stands twice");
        let fits = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._BCDKPRSW".contains(&b));
        assert!(fits && name.len() < 120, "{name}");
    }
}

#[test]
fn what_is_claimed_of_the_genuine_signature_holds() {
    let (base, cases) = all();
    let mut wrong = Vec::new();
    for case in &cases {
        let base = case.base(&base);
        let message = case.build(&base);
        if !case.proof.holds(&message, &base) {
            wrong.push(format!("{} ({:?})", case.name(), case.proof));
        }
    }
    assert!(wrong.is_empty(), "the signature is not valid where it is claimed to be:\n{}", wrong.join("\n"));
}

#[test]
fn every_mutant_differs_from_its_base() {
    let (base, cases) = all();
    for case in cases.iter().filter(|case| case.code != ACCEPTED && case.setting == Default::default()) {
        let base = case.base(&base);
        if let Message::Xml(xml) = case.build(&base) {
            assert_ne!(String::from_utf8_lossy(&xml), base.genuine(), "{} changes nothing", case.name());
        }
    }
}

#[test]
fn the_parser_refuses_what_is_not_xml_and_nothing_else() {
    let (base, cases) = all();
    let mut wrong = Vec::new();
    for case in &cases {
        let Message::Xml(xml) = case.build(&base) else { continue };
        let got = match Document::parse(xml, &Limits::default()) {
            Ok(_) => "parsed",
            Err(error) => error.code(),
        };
        let want = if case.code.starts_with("xml.") { case.code } else { "parsed" };
        if got != want {
            wrong.push(format!("{}: {got}", case.name()));
        }
    }
    assert!(wrong.is_empty(), "the parser says otherwise:\n{}", wrong.join("\n"));
}

#[test]
fn every_row_of_the_attack_notes_has_a_case() {
    let (_, cases) = all();
    let rows: BTreeSet<&str> = cases.iter().map(|case| case.row).collect();
    let wanted = [("W", 1..=26), ("R", 1..=12), ("C", 1..=10), ("P", 1..=19), ("D", 1..=10), ("K", 1..=9), ("S", 1..=21)];
    // D11 (stores filled by messages that prove nothing) and S14 (replay) need more than one message:
    // they are scenarios
    let elsewhere = ["S14"];
    for (letter, numbers) in wanted {
        for number in numbers {
            let row = format!("{letter}{number:02}");
            assert!(rows.contains(row.as_str()) || elsewhere.contains(&row.as_str()), "{row} has no case");
        }
    }
}

#[test]
fn the_attacks_that_need_a_valid_signature_have_one() {
    let (_, cases) = all();
    for row in ["W01", "W02", "W03", "W04", "W05", "W06", "W07", "W08", "W09", "W13", "W17", "W19", "R08"] {
        let of_row: Vec<&Case> = cases.iter().filter(|case| case.row == row).collect();
        assert!(of_row.iter().any(|case| case.proof == Proof::Element), "{row}");
    }
}
