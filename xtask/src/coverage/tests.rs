use super::{Source, Variant, definitions, run};

#[test]
fn every_reason_code_has_a_vector_a_citation_and_a_use() {
    let found = run(&crate::root());
    assert!(
        found.codes > 100 && found.vectors > 400,
        "{} codes, {} vectors",
        found.codes,
        found.vectors
    );
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n"));
}

fn variant() -> Variant {
    Variant {
        of: "CupError".to_owned(),
        name: "Empty".to_owned(),
        code: "cup.empty".to_owned(),
        rule: "Void.".to_owned(),
    }
}

#[test]
fn a_definition_is_read() {
    let text = "reason_codes! {\n    /// Cups.\n    pub enum CupError {\n        /// Void.\n        Empty => { code: \"cup.empty\",\n side: Us } } }";
    assert_eq!(definitions(text), [variant()]);
    let spread =
        "pub enum CupError {\n /// Void.\n Empty => {\n code: \"cup.empty\",\n side: Us,\n }\n}";
    assert_eq!(definitions(spread), [variant()]);
}

#[test]
fn a_use_is_seen_under_its_name_and_its_alias_only() {
    let uses = |text: &str| {
        Source {
            text: text.to_owned(),
        }
        .uses(&variant())
    };
    assert!(uses("return Err(CupError::Empty);"));
    assert!(uses("use cup::CupError as Kind;\nKind::Empty"));
    assert!(!uses("Kind::Empty"));
    assert!(!uses("CupError::EmptyCup"));
    assert!(!uses("// CupError::Empty"));
}
