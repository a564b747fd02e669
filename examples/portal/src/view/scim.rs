//! SCIM on the settings pages: where to point the identity provider, tokens, requests.

use maud::{Markup, html};
use scim_core::log::LogLine;
use scim_core::token::TokenRecord;
use sso_store::ConnectionRecord;
use time::OffsetDateTime;

use super::admin::path;
use super::{managed, pair, token};
use crate::app::App;
use crate::explain::time_text;

const DIALECTS: &[&str] = &[
    "lenient",
    "strict",
    "entra",
    "okta",
    "jumpcloud",
    "ping",
    "google",
    "onelogin",
];

/// The part of a connection's page that is about SCIM.
pub(crate) fn card(
    app: &App,
    csrf: &str,
    record: &ConnectionRecord,
    tokens: &[TokenRecord],
    suggested: Option<&str>,
    now: OffsetDateTime,
) -> Markup {
    let current = record.settings.scim_dialect.unwrap_or_default().as_str();
    let place = path(record);
    html! {
        section.card {
            h2 { "Provisioning (SCIM)" }
            p { "The identity provider makes, changes and deactivates users here by itself." }
            dl {
                (pair("Base URL", &html! { code { (app.url("/api/scim")) } }))
                (pair("Authentication", &html! { "Bearer token, or Basic with the token as password" }))
            }
            @for token in tokens {
                @if let Some(days) = days_left(token, now) {
                    p.error role="alert" { "The token " code { (token.prefix) } " expires in " (days) " days." }
                }
            }
            @if !tokens.is_empty() {
                div.scroll { table {
                    thead { tr { th scope="col" { "Token" } th scope="col" { "State" } th scope="col" { "Expires" } th scope="col" { "Last used" } th scope="col" { "" } } }
                    tbody {
                        @for record in tokens {
                            tr {
                                td { code { (record.prefix) } }
                                td { @if record.revoked.is_some() { "revoked" } @else if record.is_alive(now) { "active" } @else { "expired" } }
                                td.nowrap { (time_text(record.expires)) }
                                td.nowrap { @if let Some(at) = record.last_used { (time_text(at)) } @else { "never" } }
                                td {
                                    @if record.revoked.is_none() {
                                        form method="post" action={ (place) "/scim/extend" } { (token(csrf)) input type="hidden" name="prefix" value=(record.prefix); button.quiet type="submit" { "Extend by a year" } }
                                        form method="post" action={ (place) "/scim/revoke" } { (token(csrf)) input type="hidden" name="prefix" value=(record.prefix); button.quiet type="submit" { "Revoke" } }
                                    }
                                }
                            }
                        }
                    }
                } }
            }
            div.actions {
                form method="post" action={ (place) "/scim/create" } { (token(csrf)) button type="submit" { "Make a token" } }
                @if tokens.iter().any(|token| token.revoked.is_none()) {
                    form method="post" action={ (place) "/scim/reset" } { (token(csrf)) button.danger type="submit" { "Reset: revoke all, make a new one" } }
                }
            }
            form method="post" action={ (place) "/scim/dialect" } {
                (token(csrf))
                label for="scim_dialect" { "How it speaks SCIM" }
                select id="scim_dialect" name="scim_dialect" {
                    @for name in DIALECTS { option value=(name) selected[*name == current] { (name) } }
                }
                @if let Some(suggested) = suggested {
                    p.note { "Its requests look like those of " code { (suggested) } ". Choose it above, or: " code { "portal connection set " (record.name) " --scim-dialect " (suggested) } }
                }
                button type="submit" { "Save" }
            }
            p { a href={ "/admin/scim/" (record.name) } { "SCIM requests of this connection" } }
        }
    }
}

fn days_left(token: &TokenRecord, now: OffsetDateTime) -> Option<i64> {
    let days = (token.expires - now).whole_days();
    (token.is_alive(now) && days <= i64::from(TokenRecord::ALERT_DAYS[0])).then_some(days)
}

/// The token, the one time that it is shown.
pub(crate) fn made(csrf: &str, record: &ConnectionRecord, token: &str, base: &str) -> Markup {
    managed(
        "SCIM token",
        csrf,
        &html! {
            h1 { "SCIM token" }
            section.card {
                p { "Copy it into the identity provider now. It is not shown again." }
                dl {
                    (pair("Base URL", &html! { code { (base) } }))
                    (pair("Token", &html! { code { (token) } }))
                }
                p.actions { a.button href=(path(record)) { "Done" } }
            }
        },
    )
}

/// The latest requests of a connection.
pub(crate) fn requests(csrf: &str, record: &ConnectionRecord, lines: &[LogLine]) -> Markup {
    managed(
        "SCIM requests",
        csrf,
        &html! {
            h1 { "SCIM requests: " (record.label) }
            section.card {
                @if lines.is_empty() { p { "None yet." } }
                @else {
                    div.scroll { table {
                        thead { tr { th scope="col" { "When" } th scope="col" { "Request" } th scope="col" { "Answer" } th scope="col" { "What happened" } } }
                        tbody {
                            @for line in lines {
                                tr {
                                    td.nowrap { (time_text(line.entry.at)) }
                                    td.wrap { code { (line.entry.method) " " (line.entry.path) } }
                                    td { (line.entry.status) @if let Some(code) = &line.entry.code { " " code { (code) } } }
                                    td.wrap { (crate::explain::scim_summary(&line.entry)) }
                                }
                            }
                        }
                    } }
                }
                p.actions { a.button.quiet href=(path(record)) { "Back" } }
            }
        },
    )
}
