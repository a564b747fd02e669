//! History.

use maud::{Markup, html};
use sso_store::{ConnectionRecord, LogEntry};

use super::users::connection_choice;
use super::{managed, pair};
use crate::explain::{self, time_text};
use crate::logs::Line;

pub(crate) fn logs(
    csrf: &str,
    lines: &[Line],
    older: Option<&str>,
    missing: Option<&str>,
    connections: &[ConnectionRecord],
    typed: &dyn Fn(&str) -> String,
) -> Markup {
    let field = |name: &str, text: &str, note: &str| {
        html! {
            div {
                label for=(name) { (text) " " span.note { (note) } }
                input id=(name) name=(name) value=(typed(name)) autocomplete="off" spellcheck="false";
            }
        }
    };
    let chosen = typed("connection");
    managed(
        "History",
        csrf,
        &html! {
            h1 { "History" }
            form.search method="get" action="/admin/logs" {
                label for="reference" { "Reference that a user was shown" }
                div.row {
                    input id="reference" name="reference" value=[missing] autocomplete="off";
                    button type="submit" { "Find" }
                }
            }
            @if let Some(missing) = missing { p.error role="alert" { "There is no entry " (missing) "." } }
            form.search method="get" action="/admin/logs" {
                div.columns {
                    div {
                        label for="connection" { "Connection" }
                        (connection_choice(connections, Some(chosen.as_str())))
                    }
                    (field("user", "User", "(name, number or SCIM id)"))
                    (field("code", "Code", ""))
                }
                div.columns {
                    (field("status", "Status", "(of a SCIM answer)"))
                    (field("since", "From", "(2026-01-31)"))
                    (field("until", "To", "(that day included)"))
                }
                label.tick { input type="checkbox" name="refused" value="yes" checked[typed("refused") == "yes"]; " Only what was refused" }
                button type="submit" { "Filter" }
            }
            section.card {
                @if lines.is_empty() { p { "There is nothing of that kind." } }
                @else {
                    div.scroll { table {
                        thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Connection" } th scope="col" { "Reason" } th scope="col" { "Reference" } } }
                        tbody {
                            @for line in lines { (row(line)) }
                        }
                    } }
                }
                @if let Some(older) = older { p.actions { a.button.quiet href=(older) { "Older" } } }
            }
        },
    )
}

/// What the policy is there for is nothing that went wrong.
fn is_bad(entry: &LogEntry) -> bool {
    let usual = ["user.waiting", "user.disabled", "user.deleted"];
    entry.code.is_some() && !usual.contains(&entry.event.as_str())
}

fn row(line: &Line) -> Markup {
    match line {
        Line::Sign(entry) => html! {
            tr.(if is_bad(entry) { "bad" } else { "good" }) {
                td.nowrap { (time_text(entry.at)) }
                td.wrap {
                    (entry.event)
                    @if let Some(id) = entry.account { " " a href={ "/admin/users/" (id) } { "user " (id) } }
                }
                td { (entry.connection.as_deref().unwrap_or("–")) }
                td.nowrap { @match &entry.code { Some(code) => { code { (code) } }, None => "–" } }
                td.nowrap { a href={ "/admin/logs/" (entry.reference) } { (entry.reference) } }
            }
        },
        Line::Scim(line) => html! {
            tr.(if line.entry.status >= 400 { "bad" } else { "good" }) {
                td.nowrap { (time_text(line.entry.at)) }
                td.wrap {
                    code { (line.entry.method) " " (line.entry.path) } " " (line.entry.status)
                    @let summary = explain::scim_summary(&line.entry);
                    @if !summary.is_empty() { br; span.note { (summary) } }
                }
                td { (line.entry.connection) }
                td.nowrap { @match &line.entry.code { Some(code) => { code { (code) } }, None => "–" } }
                td { "SCIM" }
            }
        },
    }
}

pub(crate) fn entry(csrf: &str, entry: &LogEntry, message: Option<&str>) -> Markup {
    let checks = entry
        .report
        .as_ref()
        .map(explain::checks)
        .unwrap_or_default();
    let bad = || {
        checks
            .iter()
            .filter(|check| check.result == "fail" || check.result == "warn")
    };
    managed(
        "History",
        csrf,
        &html! {
            h1 { (entry.event) }
            section.card {
                dl {
                    (pair("When", &html! { (time_text(entry.at)) }))
                    (pair("Reference", &html! { code { (entry.reference) } }))
                    (pair("Connection", &html! { (entry.connection.as_deref().unwrap_or("unknown")) }))
                    @if let Some(code) = &entry.code { (pair("Reason", &html! { code { (code) } })) }
                    (pair("In short", &html! { (entry.summary) }))
                    @if let Some(id) = entry.account { (pair("User", &html! { a href={ "/admin/users/" (id) } { (id) } })) }
                }
            }
            @for check in bad() {
                section.card.finding {
                    h2 { code { (check.code) } }
                    dl {
                        @if let Some(expected) = check.expected { (pair("Expected", &html! { code { (expected) } })) }
                        @if let Some(actual) = check.actual { (pair("Actual", &html! { code { (actual) } })) }
                        (pair("Look at", &html! { (explain::side(check.side)) }))
                        (pair("What to do", &html! { (check.hint) }))
                    }
                }
            }
            @if let Some(marked) = explain::marked(entry, message) {
                section.card {
                    h2 { "In the message" }
                    pre { code { (marked) } }
                    p.note { "The message of a rejected login holds personal data. It is kept for seven days." }
                }
            }
            @if !checks.is_empty() {
                section.card {
                    details {
                        summary { "Every check, " (checks.len()) " in all" }
                        ul.checks {
                            @for check in &checks {
                                li.(check.result) {
                                    code { (check.code) } " "
                                    @if let Some(value) = check.actual { span.note { (value) } }
                                }
                            }
                        }
                    }
                }
            }
            p.actions { a.button.quiet href="/admin/logs" { "Back to the history" } }
        },
    )
}
