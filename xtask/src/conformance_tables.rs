//! The tables in `docs/conformance`: one row for each rule of a standard, with the file that enforces it and what proves
//! it. A row that points at nothing is worse than none, so each is checked.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::coverage::codes;

#[cfg(test)]
mod tests;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) tables: usize,
    pub(crate) rows: usize,
    pub(crate) wrong: Vec<String>,
}

/// Columns: rule, what it says, status, where it is enforced, what proves it.
const COLUMNS: usize = 5;

/// What may stand as a status. All but the first need a reason after a colon.
const STATUS: &[&str] = &[
    "met",
    "deviation",
    "not offered",
    "application",
    "identity provider",
];

/// Checks every table under `root`.
pub(crate) fn run(root: &Path) -> Found {
    let mut found = Found::default();
    let codes: BTreeSet<&str> = codes().into_keys().collect();
    let folder = root.join("docs/conformance");
    let mut pages: Vec<_> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    pages.sort();
    if pages.is_empty() {
        found.wrong.push(format!("{}: no tables", folder.display()));
    }
    for path in pages {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&path).unwrap_or_default();
        found.tables += usize::from(text.contains("|---"));
        let mut seen = BTreeSet::new();
        for (at, line) in text.lines().enumerate() {
            let Some(cells) = cells(line) else { continue };
            found.rows += 1;
            for complaint in check(root, &codes, &cells) {
                found.wrong.push(format!("{name}:{}: {complaint}", at + 1));
            }
            if let Some(rule) = cells.first()
                && !seen.insert((*rule).to_owned())
            {
                found
                    .wrong
                    .push(format!("{name}:{}: {rule} stands twice", at + 1));
            }
        }
    }
    found
}

/// The cells of a row; `None` for headings, rulers and prose.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<_> = inner.split('|').map(str::trim).collect();
    let ruler = cells
        .iter()
        .all(|c| c.chars().all(|c| matches!(c, '-' | ':')));
    (!ruler && cells.first() != Some(&"rule")).then_some(cells)
}

fn check(root: &Path, codes: &BTreeSet<&str>, cells: &[&str]) -> Vec<String> {
    let [rule, says, status, enforced, proof] = cells else {
        return vec![format!("{} cells instead of {COLUMNS}", cells.len())];
    };
    let mut wrong = Vec::new();
    if rule.is_empty() || says.is_empty() {
        wrong.push("a row needs a rule and what it says".to_owned());
    }
    let (kind, reason) = status.split_once(':').unwrap_or((status, ""));
    if !STATUS.contains(&kind.trim()) {
        wrong.push(format!("{rule}: status {kind:?}"));
    } else if kind != "met" && reason.trim().is_empty() {
        wrong.push(format!("{rule}: {kind} without a reason"));
    }
    let places: Vec<_> = quoted(enforced).collect();
    let proofs: Vec<_> = quoted(proof).collect();
    if kind == "met" && (places.is_empty() || proofs.is_empty()) {
        wrong.push(format!("{rule}: met, but where, and what proves it?"));
    }
    for place in places {
        if !root.join(place).is_file() {
            wrong.push(format!("{rule}: no file {place}"));
        }
    }
    for proof in proofs {
        if !proves(root, codes, proof) {
            wrong.push(format!(
                "{rule}: {proof} is neither a reason code nor a test"
            ));
        }
    }
    wrong
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// A reason code (which has a vector, `coverage` sees to that), or `path/to/tests.rs::name_of_test`, which may be a case
/// of a contract that is written for any store.
fn proves(root: &Path, codes: &BTreeSet<&str>, proof: &str) -> bool {
    match proof.split_once("::") {
        Some((path, test)) => fs::read_to_string(root.join(path)).is_ok_and(|text| {
            ["(", "<"]
                .iter()
                .any(|end| text.contains(&format!("fn {test}{end}")))
        }),
        None => codes.contains(proof),
    }
}
