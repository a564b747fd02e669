//! One rule, one reason code, one vector: which of the three is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// What was found.
#[derive(Debug)]
pub(crate) struct Coverage {
    pub(crate) codes: usize,
    pub(crate) vectors: usize,
    pub(crate) wrong: Vec<String>,
}

/// Every reason code there is, with its citation.
fn codes() -> BTreeMap<&'static str, &'static str> {
    let mut codes: BTreeMap<_, _> = saml_sp::Reason::all()
        .map(|reason| (reason.code(), reason.cite()))
        .collect();
    codes.extend(
        saml_xml::XmlErrorKind::ALL
            .iter()
            .map(|kind| (kind.code(), kind.cite())),
    );
    codes.extend(
        saml_xml::SignatureErrorKind::ALL
            .iter()
            .map(|kind| (kind.code(), kind.cite())),
    );
    codes.extend(
        saml_xml::ScalarErrorKind::ALL
            .iter()
            .map(|kind| (kind.code(), kind.cite())),
    );
    codes.extend(
        saml_xml::KeyErrorKind::ALL
            .iter()
            .map(|kind| (kind.code(), kind.cite())),
    );
    codes.extend(
        saml_sp::AttributeErrorKind::ALL
            .iter()
            .map(|kind| (kind.code(), kind.cite())),
    );
    codes.extend(
        idp_config::ConfigErrorKind::ALL
            .iter()
            .map(|kind| (kind.code(), kind.cite())),
    );
    codes.extend(
        idp_config::WarningKind::ALL
            .iter()
            .map(|kind| (kind.code(), kind.cite())),
    );
    codes
}

/// Looks at the vectors and the sources under `root`.
pub(crate) fn run(root: &Path) -> Coverage {
    let codes = codes();
    let mut wrong = Vec::new();
    for (code, cite) in &codes {
        if cite.trim().is_empty() {
            wrong.push(format!("{code}: no citation"));
        }
    }

    let mut named = BTreeSet::new();
    let mut vectors = 0;
    for path in files(&root.join("tests/vectors")) {
        let Some((code, _)) = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.split_once("__"))
        else {
            continue;
        };
        vectors += 1;
        if code == "accepted" {
            continue;
        }
        if codes.contains_key(code) {
            named.insert(code.to_owned());
        } else {
            wrong.push(format!("{}: no such reason code", path.display()));
        }
    }
    wrong.extend(
        codes
            .keys()
            .filter(|code| !named.contains(**code))
            .map(|code| format!("{code}: no vector")),
    );

    let sources: Vec<Source> = files(&root.join("crates"))
        .iter()
        .filter_map(|path| Source::read(path))
        .collect();
    let variants = sources.iter().flat_map(|source| definitions(&source.text));
    for variant in variants {
        if !sources.iter().any(|source| source.uses(&variant)) {
            wrong.push(format!(
                "{}: {}::{} is never used",
                variant.code, variant.of, variant.name
            ));
        }
    }
    Coverage {
        codes: codes.len(),
        vectors,
        wrong,
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// A source file that is not a test.
struct Source {
    text: String,
}

/// A variant of an enum of reason codes.
#[derive(Debug, PartialEq, Eq)]
struct Variant {
    of: String,
    name: String,
    code: String,
}

impl Source {
    fn read(path: &Path) -> Option<Self> {
        let name = path.to_str()?;
        let test =
            name.contains("/tests/") || name.ends_with("tests.rs") || name.contains("sso-testkit");
        if test || !name.ends_with(".rs") {
            return None;
        }
        Some(Self {
            text: fs::read_to_string(path).ok()?,
        })
    }

    /// Whether the variant is written here, by the enum's name or by one it was renamed to.
    fn uses(&self, variant: &Variant) -> bool {
        let mut names = vec![variant.of.as_str()];
        names.extend(
            self.text
                .split(&format!("{} as ", variant.of))
                .skip(1)
                .filter_map(|rest| {
                    rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                        .next()
                }),
        );
        names.iter().any(|name| {
            let path = format!("{name}::{}", variant.name);
            self.text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .any(|line| {
                    line.split(&path)
                        .skip(1)
                        .any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
                })
        })
    }
}

/// The variants that `reason_codes!` blocks define.
fn definitions(text: &str) -> Vec<Variant> {
    let mut found = Vec::new();
    let mut of = None;
    let mut name = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with("///") || line.starts_with("//") {
            continue;
        }
        if let Some((_, rest)) = line.split_once("pub enum ") {
            of = rest.split_whitespace().next().map(str::to_owned);
        }
        if let Some((variant, _)) = line.split_once(" => {") {
            name = Some(variant.to_owned())
                .filter(|variant| variant.chars().all(char::is_alphanumeric));
        }
        let code = line
            .split_once("code: \"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(code, _)| code);
        if let (Some(of), Some(name), Some(code)) = (&of, name.take_if(|_| code.is_some()), code) {
            found.push(Variant {
                of: of.clone(),
                name,
                code: code.to_owned(),
            });
        }
    }
    found
}
