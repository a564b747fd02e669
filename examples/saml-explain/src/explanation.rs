//! The report as it is shown: the message with what was signed, and what was wrong, marked in it.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};
use saml_sp::Report;
use serde::{Deserialize, Serialize};

use crate::layout::Layout;

/// One check of a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// The rule's stable code.
    pub code: String,
    /// `pass`, `fail`, `warn` or `skipped`.
    pub result: String,
    /// What the rule wants.
    pub expected: Option<String>,
    /// What was found.
    pub actual: Option<String>,
    /// Whose side it is on.
    pub side: String,
    /// What to do.
    pub hint: String,
    /// The field of that product's console, when the product is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub console: Option<String>,
    /// The bytes of the message that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<[usize; 2]>,
}

/// One verified signature of a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SignedRegion {
    /// `response` or `assertion`.
    pub element: String,
    /// The key that signed it.
    pub key: String,
    /// The signature algorithm.
    pub algorithm: String,
    /// The bytes of the message that it covers.
    pub at: [usize; 2],
}

/// A report, as [`saml_sp::Report`] serialises: read back from a log, or straight from a validation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Explanation {
    /// `accepted` or `rejected`.
    pub verdict: String,
    /// The code of the first failure.
    pub code: Option<String>,
    /// Every check in order.
    pub checks: Vec<Finding>,
    /// The signatures that verified.
    #[serde(default)]
    pub signatures: Vec<SignedRegion>,
}

impl Explanation {
    /// Takes a report over.
    ///
    /// # Errors
    ///
    /// When the report has another shape than this version knows.
    pub fn new(report: &Report) -> Result<Self, serde_json::Error> {
        let mut explanation: Self =
            serde_json::to_value(report).and_then(serde_json::from_value)?;
        for (finding, check) in explanation.checks.iter_mut().zip(report.checks()) {
            if finding.result == "fail" {
                finding.console = report
                    .console_hint(check)
                    .map(|hint| format!("{hint}: {}", hint.value));
            }
        }
        Ok(explanation)
    }

    /// Renders the failures, each with its place in the message, and what to do about it.
    ///
    /// `name` is what the message is called in the output; `color` says whether to use terminal
    /// colours. A message that is not at hand is left out.
    #[must_use]
    pub fn render(&self, xml: Option<&str>, name: &str, color: bool) -> String {
        let renderer = if color {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let renderer = renderer.decor_style(DecorStyle::Unicode).term_width(120);
        let layout = xml.map(Layout::new);
        let mut out = String::new();
        for (index, finding) in self.failures().enumerate() {
            let mut group = title(finding, index);
            if let Some(layout) = &layout
                && let Some([start, end]) = finding.at
            {
                group = group.element(self.snippet(layout, name, finding, start..end, index == 0));
            }
            if let Some(expected) = &finding.expected {
                group = group.element(
                    Level::NOTE
                        .no_name()
                        .message(format!("expected: {expected}")),
                );
            }
            if let Some(actual) = &finding.actual {
                group = group.element(Level::NOTE.no_name().message(format!("   found: {actual}")));
            }
            let whose = side(&finding.side);
            group = group.element(Level::NOTE.with_name("whose").message(whose));
            group = group.element(Level::HELP.message(finding.hint.as_str()));
            if let Some(console) = &finding.console {
                group = group.element(Level::HELP.with_name("where").message(console.as_str()));
            }
            let _infallible = writeln!(out, "{}\n", renderer.render(&[group]));
        }
        if self.verdict == "accepted"
            && let Some(layout) = &layout
        {
            let title = Level::INFO
                .with_name("accepted")
                .primary_title("what was signed");
            let annotations = self.signatures.iter().map(|s| signed(layout, s));
            let snippet = Snippet::source(layout.text())
                .path(name)
                .annotations(annotations);
            let _infallible = writeln!(out, "{}\n", renderer.render(&[title.element(snippet)]));
        }
        out
    }

    /// The failures, the one that decided first.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.checks
            .iter()
            .filter(|finding| finding.result == "fail")
    }

    fn snippet<'a>(
        &'a self,
        layout: &'a Layout,
        name: &'a str,
        finding: &'a Finding,
        at: Range<usize>,
        with_signatures: bool,
    ) -> Snippet<'a, Annotation<'a>> {
        let label = match (&finding.expected, &finding.actual) {
            (Some(expected), Some(_)) => format!("expected {expected}"),
            _ => words(&finding.code),
        };
        let regions = self
            .signatures
            .iter()
            .filter(|_| with_signatures)
            .map(|s| signed(layout, s));
        Snippet::source(layout.text())
            .path(name)
            .annotations(regions)
            .annotation(AnnotationKind::Primary.span(layout.map(&at)).label(label))
    }
}

fn title(finding: &Finding, index: usize) -> Group<'_> {
    // What was found after the first failure did not decide, but has to be repaired as well
    let level = if index == 0 {
        Level::ERROR
    } else {
        Level::WARNING.with_name("also")
    };
    Group::with_title(
        level
            .primary_title(words(&finding.code))
            .id(finding.code.as_str()),
    )
}

/// The rule's name, for reading.
fn words(code: &str) -> String {
    code.split_once('.')
        .map_or(code, |(_, rule)| rule)
        .replace('_', " ")
}

fn signed<'a>(layout: &Layout, region: &SignedRegion) -> Annotation<'a> {
    let algorithm = region
        .algorithm
        .rsplit('#')
        .next()
        .unwrap_or_default()
        .to_owned();
    let key = region.key.get(..23).unwrap_or(&region.key);
    let [start, end] = region.at;
    AnnotationKind::Context
        .span(layout.map(&(start..end)))
        .label(format!(
            "signed: the {} as a whole, {algorithm}, key {key}…",
            region.element
        ))
}

fn side(side: &str) -> &'static str {
    match side {
        "idp" => "the identity provider, or its settings",
        "us" => "this service provider, or its settings",
        "clock" => "one of the two clocks",
        "network" => "what lies between: a proxy, a form handler, a cut message",
        "user" => "the person signing in: starting again is enough",
        "attacker" => "nobody's mistake: an honest identity provider does not send this",
        _ => "unknown",
    }
}
