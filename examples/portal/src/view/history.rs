//! History and users.

use maud::{Markup, html};
use sso_store::LogEntry;

use super::{managed, pair};
use crate::explain::{self, time_text};
use crate::people::Person;

pub(crate) fn logs(
    csrf: &str,
    entries: &[LogEntry],
    older: Option<i64>,
    missing: Option<&str>,
) -> Markup {
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
            section.card {
                @if entries.is_empty() { p { "Nothing has happened yet." } }
                @else {
                    div.scroll { table {
                        thead { tr { th scope="col" { "When" } th scope="col" { "What" } th scope="col" { "Connection" } th scope="col" { "Reason" } th scope="col" { "Reference" } } }
                        tbody {
                            @for entry in entries {
                                tr.(if entry.code.is_some() { "bad" } else { "good" }) {
                                    td.nowrap { (time_text(entry.at)) }
                                    td.nowrap { (entry.event) }
                                    td { (entry.connection.as_deref().unwrap_or("–")) }
                                    td { @match &entry.code { Some(code) => { code { (code) } }, None => "–" } }
                                    td.nowrap { a href={ "/admin/logs/" (entry.reference) } { (entry.reference) } }
                                }
                            }
                        }
                    } }
                }
                @if let Some(id) = older { p.actions { a.button.quiet href={ "/admin/logs?before=" (id) } { "Older" } } }
            }
        },
    )
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

pub(crate) fn users(csrf: &str, users: &[Person]) -> Markup {
    managed(
        "Users",
        csrf,
        &html! {
            h1 { "Users" }
            section.card {
                @if users.is_empty() { p { "Nobody has signed in yet, and SCIM has made nobody." } }
                @else {
                    div.scroll { table {
                        thead { tr { th scope="col" { "NameID" } th scope="col" { "Connection" } th scope="col" { "State" } th scope="col" { "First login" } th scope="col" { "Latest login" } } }
                        tbody {
                            @for user in users {
                                tr {
                                    td.wrap { (user.name) }
                                    td { (user.connection) }
                                    td { (user.state) }
                                    @for at in [user.first_login, user.latest_login] {
                                        td.nowrap { @if let Some(at) = at { (time_text(at)) } @else { "never" } }
                                    }
                                }
                            }
                        }
                    } }
                }
            }
        },
    )
}
