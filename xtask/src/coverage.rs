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

/// What a reason code says of itself.
pub(crate) struct Code {
    pub(crate) cite: &'static str,
    pub(crate) side: saml_xml::Side,
    pub(crate) hint: &'static str,
}

macro_rules! all {
    ($($kind:ty),+ $(,)?) => {
        core::iter::empty()$(.chain(<$kind>::ALL.iter().map(|kind| {
            (kind.code(), Code { cite: kind.cite(), side: kind.side(), hint: kind.hint() })
        })))+
    };
}

/// Every reason code there is.
pub(crate) fn codes() -> BTreeMap<&'static str, Code> {
    let of_logins = saml_sp::Reason::all().map(|reason| {
        let (cite, side, hint) = (reason.cite(), reason.side(), reason.hint());
        (reason.code(), Code { cite, side, hint })
    });
    of_logins
        .chain(all![
            saml_xml::XmlErrorKind,
            saml_xml::SignatureErrorKind,
            saml_xml::StreamErrorKind,
            saml_xml::ScalarErrorKind,
            saml_xml::KeyErrorKind,
            saml_sp::AttributeErrorKind,
            idp_config::ConfigErrorKind,
            idp_config::WarningKind,
            idp_config::FetchRule,
            saml_sp::LintRule,
        ])
        .collect()
}

/// Looks at the vectors and the sources under `root`.
pub(crate) fn run(root: &Path) -> Coverage {
    let codes = codes();
    let mut wrong = Vec::new();
    for (code, Code { cite, .. }) in &codes {
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
    /// The rule, from the documentation of the variant.
    rule: String,
}

/// The rule behind each code, from the documentation of its variant.
pub(crate) fn rules(root: &Path) -> BTreeMap<String, String> {
    let sources = files(&root.join("crates"));
    let sources = sources.iter().filter_map(|path| Source::read(path));
    sources
        .flat_map(|source| definitions(&source.text))
        .map(|variant| (variant.code, variant.rule))
        .collect()
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
    let mut doc = String::new();
    let mut rule = String::new();
    for line in text.lines().map(str::trim) {
        if let Some(sentence) = line.strip_prefix("///") {
            doc.push_str(sentence);
            continue;
        }
        if line.starts_with("//") {
            continue;
        }
        if !doc.is_empty() {
            rule = core::mem::take(&mut doc).trim().to_owned();
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
                rule: core::mem::take(&mut rule),
            });
        }
    }
    found
}
