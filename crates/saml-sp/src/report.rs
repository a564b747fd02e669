//! What was checked, and what came of it.

use core::fmt;
use core::ops::Range;
use std::sync::Arc;

use saml_xml::types::format_date_time;
use saml_xml::{KeyId, Side};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use time::OffsetDateTime;

use crate::connection::Connection;
use crate::preset::{ConsoleHint, Preset, Quirk, Quirks};
use crate::reason::Reason;

/// Bytes of a value from a message that a report keeps; the rest is cut.
const MAX_VALUE: usize = 256;

/// Whether a login was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// Every check passed.
    Accepted,
    /// At least one check failed.
    Rejected,
}

/// What came of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CheckResult {
    /// The rule holds.
    Pass,
    /// The rule is broken.
    Fail,
    /// The rule is broken, and a setting of the connection forgives it.
    Warn,
    /// The rule could not be checked, because what it is about is missing.
    Skipped,
}

impl CheckResult {
    /// The stable lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Skipped => "skipped",
        }
    }
}

/// A value in a check, rendered only when somebody reads it: a login that is accepted pays nothing
/// for a report that nobody opens.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    None,
    Static(&'static str),
    Shared(Arc<str>),
    Text(Box<str>),
    Time(OffsetDateTime),
    Before(OffsetDateTime),
    NotBefore(OffsetDateTime),
    NotAfter(OffsetDateTime),
}

impl Value {
    /// Text from a message, cut to a length that suits a log line.
    pub(crate) fn text(text: &str) -> Self {
        let mut end = text.len().min(MAX_VALUE);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        match text.get(..end) {
            Some(cut) if end < text.len() => Self::Text(format!("{cut}…").into()),
            _ => Self::Text(text.into()),
        }
    }

    pub(crate) fn optional(text: Option<&str>) -> Self {
        text.map_or(Self::Static("absent"), Self::text)
    }

    fn render(&self) -> Option<String> {
        Some(match self {
            Self::None => return None,
            Self::Static(text) => (*text).to_owned(),
            Self::Shared(text) => text.as_ref().to_owned(),
            Self::Text(text) => text.as_ref().to_owned(),
            Self::Time(time) => format_date_time(*time),
            Self::Before(time) => format!("before {}", format_date_time(*time)),
            Self::NotBefore(time) => format!("not before {}", format_date_time(*time)),
            Self::NotAfter(time) => format!("not after {}", format_date_time(*time)),
        })
    }
}

/// One check: the rule, and what was found.
#[derive(Clone, Debug)]
pub struct Check {
    reason: Reason,
    result: CheckResult,
    expected: Value,
    actual: Value,
    at: Option<Range<usize>>,
}

impl Check {
    /// The code of the rule: what the login is refused with if the rule is broken.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// The rule.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// What came of it.
    #[must_use]
    pub const fn result(&self) -> CheckResult {
        self.result
    }

    /// What the rule wants, where that is a value.
    #[must_use]
    pub fn expected(&self) -> Option<String> {
        self.expected.render()
    }

    /// What was found, where that is a value. Never a NameID or an attribute value.
    #[must_use]
    pub fn actual(&self) -> Option<String> {
        self.actual.render()
    }

    /// Whose side it is on.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.reason.side()
    }

    /// One sentence: what to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        self.reason.hint()
    }

    /// Where the rule stands in the standards.
    #[must_use]
    pub const fn cite(&self) -> &'static str {
        self.reason.cite()
    }

    /// The bytes of the XML that the check is about, an index into
    /// [`Received::xml`](crate::Received::xml).
    #[must_use]
    pub fn at(&self) -> Option<Range<usize>> {
        self.at.clone()
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Check", 7)?;
        out.serialize_field("code", self.code())?;
        out.serialize_field("result", &self.result)?;
        out.serialize_field("expected", &self.expected())?;
        out.serialize_field("actual", &self.actual())?;
        out.serialize_field("side", self.side().as_str())?;
        out.serialize_field("hint", self.hint())?;
        out.serialize_field("at", &self.at.as_ref().map(|at| [at.start, at.end]))?;
        out.end()
    }
}

/// Which element a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SignedElement {
    /// The samlp:Response, with everything in it.
    Response,
    /// The saml:Assertion.
    Assertion,
}

impl SignedElement {
    /// The stable lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Assertion => "assertion",
        }
    }
}

/// A signature that verified: what it covers, and with which key.
#[derive(Clone, Debug)]
pub struct VerifiedSignature {
    pub(crate) element: SignedElement,
    pub(crate) key: KeyId,
    pub(crate) algorithm: &'static str,
    pub(crate) at: Range<usize>,
}

impl VerifiedSignature {
    /// The element it covers.
    #[must_use]
    pub const fn element(&self) -> SignedElement {
        self.element
    }

    /// The key. Its `Display` is `sha256:` and the digest of its SubjectPublicKeyInfo.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// The signature algorithm's URI.
    #[must_use]
    pub const fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// The bytes of the XML it covers.
    #[must_use]
    pub fn at(&self) -> Range<usize> {
        self.at.clone()
    }
}

impl Serialize for VerifiedSignature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("VerifiedSignature", 4)?;
        out.serialize_field("element", &self.element)?;
        out.serialize_field("key", &self.key.to_string())?;
        out.serialize_field("algorithm", self.algorithm)?;
        out.serialize_field("at", &[self.at.start, self.at.end])?;
        out.end()
    }
}

/// Every check of one validation, in the order they are decided.
///
/// The first failure gives the code. What follows was still checked, so that one report tells all
/// there is to repair; it never changes the verdict.
///
/// A report holds no personal data: it never has the NameID or an attribute value, whatever came of
/// the login, and can be logged and sent to a support desk as it is. Text of the message that a
/// check is about (issuer, URLs, IDs, status message) is in it, cut to 256 bytes.
#[derive(Clone, Debug)]
pub struct Report {
    verdict: Verdict,
    reason: Option<Reason>,
    checks: Vec<Check>,
    signatures: Vec<VerifiedSignature>,
    name_id_format: Option<String>,
    attribute_names: Vec<String>,
    quirks: Quirks,
    preset: Option<&'static Preset>,
}

impl Report {
    /// Whether the login was accepted.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The code of the first failure.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        self.reason.map(Reason::code)
    }

    /// The checks in order.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The first check that failed.
    #[must_use]
    pub fn first_failure(&self) -> Option<&Check> {
        self.checks
            .iter()
            .find(|check| check.result == CheckResult::Fail)
    }

    /// The signatures that verified.
    #[must_use]
    pub fn signatures(&self) -> &[VerifiedSignature] {
        &self.signatures
    }

    /// The elements that are signed.
    pub fn signed(&self) -> impl Iterator<Item = SignedElement> + '_ {
        self.signatures.iter().map(VerifiedSignature::element)
    }

    /// The Format of the NameID, if one was read. Its value is not in a report.
    #[must_use]
    pub fn name_id_format(&self) -> Option<&str> {
        self.name_id_format.as_deref()
    }

    /// The names of the attributes that were read, in order. Their values are not in a report.
    #[must_use]
    pub fn attribute_names(&self) -> &[String] {
        &self.attribute_names
    }

    /// The quirks that were forgiven this time: each has a check with
    /// [`CheckResult::Warn`] as well.
    pub fn quirks(&self) -> impl Iterator<Item = Quirk> {
        self.quirks.iter()
    }

    /// What product the identity provider is, if the connection said so.
    #[must_use]
    pub const fn preset(&self) -> Option<&'static Preset> {
        self.preset
    }

    /// The field in the identity provider's console that a check is about, if the product is known.
    #[must_use]
    pub fn console_hint(&self, check: &Check) -> Option<ConsoleHint> {
        self.preset?.console_hint(check.code())
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Report", 9)?;
        out.serialize_field("verdict", &self.verdict)?;
        out.serialize_field("code", &self.code())?;
        out.serialize_field("signed", &self.signed().collect::<Vec<_>>())?;
        out.serialize_field("signatures", &self.signatures)?;
        out.serialize_field("name_id_format", &self.name_id_format)?;
        out.serialize_field("attribute_names", &self.attribute_names)?;
        out.serialize_field("quirks", &self.quirks().collect::<Vec<_>>())?;
        out.serialize_field("preset", &self.preset.map(|preset| preset.id))?;
        out.serialize_field("checks", &self.checks)?;
        out.end()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            None => writeln!(f, "accepted")?,
            Some(reason) => writeln!(f, "rejected: {reason}")?,
        }
        for check in &self.checks {
            write!(f, "  {:7} {}", check.result.as_str(), check.code())?;
            if check.result != CheckResult::Pass {
                if let Some(expected) = check.expected() {
                    write!(f, "\n          expected: {expected}")?;
                }
                if let Some(actual) = check.actual() {
                    write!(f, "\n          actual:   {actual}")?;
                }
                if check.result == CheckResult::Fail {
                    write!(f, "\n          {}: {}", check.side().as_str(), check.hint())?;
                    if let Some(hint) = self.console_hint(check) {
                        write!(f, "\n          where: {hint}")?;
                    }
                }
            }
            writeln!(f)?;
        }
        for quirk in self.quirks() {
            writeln!(f, "  forgiven: {quirk}: {}", quirk.costs())?;
        }
        Ok(())
    }
}

/// A broken rule, before it is noted in the report.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) reason: Reason,
    expected: Value,
    actual: Value,
    at: Option<Range<usize>>,
}

impl Failure {
    pub(crate) fn new(reason: impl Into<Reason>) -> Self {
        Self {
            reason: reason.into(),
            expected: Value::None,
            actual: Value::None,
            at: None,
        }
    }

    pub(crate) fn at(mut self, at: Range<usize>) -> Self {
        self.at = Some(at);
        self
    }

    pub(crate) fn expected(mut self, value: Value) -> Self {
        self.expected = value;
        self
    }

    pub(crate) fn actual(mut self, value: Value) -> Self {
        self.actual = value;
        self
    }

    fn into_check(self, result: CheckResult) -> Check {
        let Self {
            reason,
            expected,
            actual,
            at,
        } = self;
        Check {
            reason,
            result,
            expected,
            actual,
            at,
        }
    }
}

/// Collects checks in order; the first failure decides.
#[derive(Debug)]
pub(crate) struct Checks {
    list: Vec<Check>,
    first: Option<Reason>,
    pub(crate) signatures: Vec<VerifiedSignature>,
    pub(crate) name_id_format: Option<String>,
    pub(crate) attribute_names: Vec<String>,
    forgiven: Quirks,
    applied: Quirks,
    preset: Option<&'static Preset>,
    /// What is looked at was decrypted: it has no place in the message as it was sent.
    pub(crate) in_plaintext: bool,
}

impl Checks {
    pub(crate) fn new() -> Self {
        Self {
            list: Vec::with_capacity(48),
            first: None,
            signatures: Vec::with_capacity(2),
            name_id_format: None,
            attribute_names: Vec::new(),
            forgiven: Quirks::default(),
            applied: Quirks::default(),
            preset: None,
            in_plaintext: false,
        }
    }

    /// Checks of a message at this connection: what it forgives, and what its fields are called.
    pub(crate) fn at(connection: &Connection) -> Self {
        Self {
            forgiven: connection.quirks,
            preset: connection.preset(),
            ..Self::new()
        }
    }

    /// The first failure so far.
    pub(crate) const fn first(&self) -> Option<Reason> {
        self.first
    }

    pub(crate) fn has_failed(&self, reason: impl Into<Reason>) -> bool {
        let reason = reason.into();
        self.list
            .iter()
            .any(|check| check.result == CheckResult::Fail && check.reason == reason)
    }

    pub(crate) fn pass(&mut self, reason: impl Into<Reason>) {
        self.list
            .push(Failure::new(reason).into_check(CheckResult::Pass));
    }

    /// Notes a rule with what it expected and found, whether it holds or not.
    pub(crate) fn decide(&mut self, holds: bool, rule: Failure) {
        if holds {
            self.list.push(rule.into_check(CheckResult::Pass));
        } else {
            self.fail(rule);
        }
    }

    /// Notes a rule that wants a text to be exactly this.
    pub(crate) fn equal(
        &mut self,
        reason: impl Into<Reason>,
        expected: &Arc<str>,
        actual: &str,
        at: Range<usize>,
    ) {
        let holds = **expected == *actual;
        let expected = Value::Shared(Arc::clone(expected));
        let actual = if holds {
            expected.clone()
        } else {
            Value::text(actual)
        };
        self.decide(
            holds,
            Failure::new(reason)
                .expected(expected)
                .actual(actual)
                .at(at),
        );
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.first.get_or_insert(failure.reason);
        let mut check = failure.into_check(CheckResult::Fail);
        if self.in_plaintext {
            check.at = None;
        }
        self.list.push(check);
    }

    /// Notes a failure, or, where the connection forgives this quirk, a warning that names it.
    /// Says whether it was forgiven.
    // Design rule 10: what a quirk forgives is recorded
    pub(crate) fn fail_unless_forgiven(&mut self, quirk: Quirk, failure: Failure) -> bool {
        debug_assert_eq!(quirk.forgives(), failure.reason);
        if !self.forgiven.has(quirk) {
            self.fail(failure);
            return false;
        }
        self.applied = self.applied.with(quirk);
        self.list.push(failure.into_check(CheckResult::Warn));
        true
    }

    pub(crate) fn skip(&mut self, reason: impl Into<Reason>) {
        self.list
            .push(Failure::new(reason).into_check(CheckResult::Skipped));
    }

    /// Notes a failure and gives the value otherwise.
    pub(crate) fn take<T>(&mut self, result: Result<T, Failure>) -> Option<T> {
        result.map_err(|failure| self.fail(failure)).ok()
    }

    pub(crate) fn into_report(self) -> Report {
        Report {
            verdict: if self.first.is_none() {
                Verdict::Accepted
            } else {
                Verdict::Rejected
            },
            reason: self.first,
            checks: self.list,
            signatures: self.signatures,
            name_id_format: self.name_id_format,
            attribute_names: self.attribute_names,
            quirks: self.applied,
            preset: self.preset,
        }
    }
}

impl Report {
    /// The same report with one more failure, for what happens after validation.
    pub(crate) fn and_failure(mut self, failure: Failure) -> Self {
        self.verdict = Verdict::Rejected;
        self.reason.get_or_insert(failure.reason);
        self.checks.push(failure.into_check(CheckResult::Fail));
        self
    }

    /// The same report with one more rule that holds.
    pub(crate) fn and_pass(mut self, reason: impl Into<Reason>) -> Self {
        self.checks
            .push(Failure::new(reason).into_check(CheckResult::Pass));
        self
    }

    pub(crate) fn of_failure(failure: Failure) -> Self {
        let mut checks = Checks::new();
        checks.fail(failure);
        checks.into_report()
    }
}
