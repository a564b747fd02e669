//! A log entry's report as text: for `portal logs`, and inside the history page.

use std::fmt::Write as _;

use serde_json::Value;
use sso_store::LogEntry;

/// One check of a stored report.
#[derive(Debug)]
pub(crate) struct CheckView<'a> {
    pub(crate) code: &'a str,
    pub(crate) result: &'a str,
    pub(crate) expected: Option<&'a str>,
    pub(crate) actual: Option<&'a str>,
    pub(crate) side: &'a str,
    pub(crate) hint: &'a str,
}

/// The checks of a stored report, in order.
pub(crate) fn checks(report: &Value) -> Vec<CheckView<'_>> {
    fn text<'a>(check: &'a Value, key: &str) -> &'a str {
        check.get(key).and_then(Value::as_str).unwrap_or_default()
    }
    report
        .get("checks")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|check| CheckView {
            code: text(check, "code"),
            result: text(check, "result"),
            expected: check.get("expected").and_then(Value::as_str),
            actual: check.get("actual").and_then(Value::as_str),
            side: text(check, "side"),
            hint: text(check, "hint"),
        })
        .collect()
}

/// Whose side a check is on, in words.
pub(crate) fn side(side: &str) -> &str {
    match side {
        "idp" => "the identity provider's settings",
        "us" => "this service's settings",
        "clock" => "a clock",
        "network" => "the network",
        "attacker" => "possibly an attack",
        "user" => "the user's browser",
        other => other,
    }
}

/// The findings with the failing spots of the message marked, the way a compiler shows an error.
/// `None` when the entry has no report that can be shown so. Without the message (it is kept for a
/// few days only) the findings stand alone.
pub(crate) fn marked(entry: &LogEntry, message: Option<&str>) -> Option<String> {
    let report = entry.report.clone()?;
    let explanation: saml_explain::Explanation = serde_json::from_value(report).ok()?;
    let text = explanation.render(message, "response.xml", false);
    // Whoever sent the message chose its characters; none may steer a terminal.
    let lines: Vec<String> = text.lines().map(one_line).collect();
    Some(lines.join("\n").trim_end().to_owned()).filter(|text| !text.is_empty())
}

/// The whole explanation of an entry as plain text.
#[must_use]
pub fn text(entry: &LogEntry, message: Option<&str>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "{}  {:<18} {:<16} {}",
        time_text(entry.at),
        entry.event,
        entry.connection.as_deref().unwrap_or("-"),
        entry.reference,
    );
    let Some(code) = &entry.code else {
        if entry.account.is_some() {
            let _ = writeln!(out, "  {}", one_line(&entry.summary));
        }
        return out;
    };
    let _ = writeln!(out, "  {code}: {}", one_line(&entry.summary));
    for line in marked(entry, message).unwrap_or_default().lines() {
        let _ = writeln!(out, "  {line}");
    }
    let _ = writeln!(out);
    out
}

/// What a SCIM request did or why it was refused, without values.
pub(crate) fn scim_summary(entry: &scim_core::log::RequestLog) -> String {
    use std::fmt::Write as _;
    let mut text = entry.detail.clone().unwrap_or_default();
    for change in &entry.changes {
        let names: Vec<&str> = change
            .attributes
            .iter()
            .map(|attribute| attribute.attribute.as_str())
            .collect();
        // Writing to a String cannot fail
        let _ = write!(text, "{} {}", change.resource_type, change.id);
        if !names.is_empty() {
            let _ = write!(text, ": {}", names.join(", "));
        }
        if change.members_added + change.members_removed > 0 {
            let (joined, left) = (change.members_added, change.members_removed);
            let _ = write!(text, "; members +{joined} -{left}");
        }
        text.push_str(". ");
    }
    text.trim_end().to_owned()
}

/// Text from a message, safe for a terminal: no control characters, no escape sequences.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// A time in UTC, to the second.
#[must_use]
pub fn time_text(at: time::OffsetDateTime) -> String {
    let format =
        time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
    at.to_offset(time::UtcOffset::UTC)
        .format(&format)
        .unwrap_or_default()
}
