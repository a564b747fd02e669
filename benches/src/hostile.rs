//! A megabyte of everything that makes parsers slow.

use saml_xml::{Document, Limits};

use crate::measure::microseconds;

/// Milliseconds to refuse it.
pub const BUDGET: f64 = 5.0;

const SIZE: usize = 1024 * 1024;

/// One line of the table.
pub struct Row {
    pub name: &'static str,
    pub milliseconds: f64,
    pub code: &'static str,
}

/// Documents of exactly one mebibyte, so that none is refused for its size.
pub fn rows() -> Vec<Row> {
    let repeated =
        |unit: &dyn Fn(usize) -> String, count: usize| (0..count).map(unit).collect::<String>();
    let cases: [(&'static str, String); 8] = [
        ("149,000 elements deep", "<aaaaa>".repeat(149_796)),
        (
            "260,000 elements wide",
            format!("<a>{}", "<b/>".repeat(SIZE / 4)),
        ),
        (
            "85,000 attributes on one element",
            format!("<a {}/>", repeated(&|n| format!("a{n}=\"\" "), 85_000)),
        ),
        (
            "40,000 namespaces on one element",
            format!(
                "<a {}/>",
                repeated(&|n| format!("xmlns:a{n}=\"urn:{n}\" "), 40_000)
            ),
        ),
        ("60 attributes on each of many elements", {
            let attributes = repeated(&|n| format!("a{n}='' "), 60);
            format!("<a>{}", format!("<b {attributes}/>").repeat(3_000))
        }),
        ("60 namespaces in scope, used by many elements", {
            let declared = repeated(&|n| format!("xmlns:p{n}='urn:{n}' "), 60);
            format!("<a {declared}>{}", "<p0:b p0:c=''/>".repeat(60_000))
        }),
        (
            "text cut by 130,000 comments",
            format!("<a>{}", "x<!---->".repeat(SIZE / 8)),
        ),
        (
            "200,000 references",
            format!("<a>{}", "&amp;".repeat(SIZE / 5)),
        ),
    ];
    cases
        .into_iter()
        .map(|(name, text)| row(name, text))
        .collect()
}

fn row(name: &'static str, text: String) -> Row {
    let mut bytes = text.into_bytes();
    bytes.truncate(SIZE);
    let limits = Limits::default();
    let error = Document::parse(bytes.clone(), &limits).expect_err("hostile");
    // The copy is not part of the work, but parse takes its input; a megabyte copies in 0.1 ms
    let microseconds = microseconds(3, || {
        assert!(Document::parse(bytes.clone(), &limits).is_err())
    });
    Row {
        name,
        milliseconds: microseconds / 1000.0,
        code: error.code(),
    }
}
