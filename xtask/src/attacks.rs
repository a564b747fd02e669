//! The catalogue of attacks as a page, made from the catalogue itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

const TITLES: &[(char, &str)] = &[
    (
        'W',
        "Signature wrapping: the signed element is there, and another one is read",
    ),
    (
        'R',
        "References and transforms: the signature covers something else",
    ),
    ('C', "Canonicalisation: two texts with one digest, or none"),
    ('P', "Parsing and values: two readers see two documents"),
    ('D', "Denial of service: a small message that costs much"),
    ('K', "Keys and algorithms"),
    (
        'S',
        "SAML semantics: a genuine assertion in the wrong place, time or hands",
    ),
    ('B', "Bindings and browsers"),
];

/// How many cases a row has, and how often each code.
type Row = (usize, BTreeMap<&'static str, usize>);

/// The page.
pub(crate) fn page() -> String {
    let mut rows: BTreeMap<(usize, &str), Row> = BTreeMap::new();
    for case in sso_testkit::catalogue::catalogue() {
        let family = case.row.chars().next().unwrap_or_default();
        let order = TITLES
            .iter()
            .position(|(letter, _)| *letter == family)
            .unwrap_or(TITLES.len());
        let row = rows.entry((order, case.row)).or_default();
        row.0 += 1;
        *row.1.entry(case.code).or_default() += 1;
    }
    let mut out = String::from(
        "# The catalogue of attacks\n\nMade by `cargo xtask attacks` from `sso_testkit::catalogue`. Each case is generated \
         from a fresh message that\nis accepted first; the vector of a case is in `tests/vectors`, named after the code and \
         the row. `accepted`\nmeans that the case looks odd, is correct, and must be read whole.\n",
    );
    let mut family = usize::MAX;
    for ((order, row), (cases, codes)) in &rows {
        if *order != family {
            family = *order;
            let title = TITLES.get(family).map_or("Others", |(_, title)| title);
            let _infallible = write!(
                out,
                "\n## {title}\n\n| row | cases | verdicts |\n|---|---|---|\n"
            );
        }
        let codes: Vec<_> = codes.keys().map(|code| format!("`{code}`")).collect();
        let _infallible = writeln!(out, "| {row} | {cases} | {} |", codes.join(", "));
    }
    out
}
