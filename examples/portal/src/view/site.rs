//! Pages for people who sign in.

use maud::{Markup, html};
use serde_json::Value;
use sso_store::{Account, ConnectionRecord, SessionRecord};

use super::{pair, plain, token};
use crate::app::App;
use crate::explain::{checks, time_text};

pub(crate) fn home(app: &App, connections: &[ConnectionRecord]) -> Markup {
    plain(
        "Welcome",
        &html! {
            section.card.narrow {
                h1 { "Welcome" }
                p { "You are not signed in." }
                (buttons(app, connections, None))
            }
        },
    )
}

pub(crate) fn login(
    app: &App,
    _csrf: &str,
    connections: &[ConnectionRecord],
    return_to: Option<&str>,
) -> Markup {
    plain(
        "Sign in",
        &html! {
            section.card.narrow {
                h1 { "Sign in" }
                (buttons(app, connections, return_to))
            }
        },
    )
}

fn buttons(app: &App, connections: &[ConnectionRecord], return_to: Option<&str>) -> Markup {
    let open = || {
        connections
            .iter()
            .filter(|connection| !connection.settings.disabled)
    };
    html! {
        @if open().next().is_none() {
            p { "There is no connection to an identity provider yet." }
            p.actions { a.button href="/admin/sso" { "Add one" } }
        } @else {
            ul.choices {
                @for connection in open() {
                    li {
                        a.button href=(start_path(connection, return_to)) { "Sign in with " (connection.label) }
                        @if app.dev_idp() == Some(connection.name.as_str()) {
                            p.note { "A provider for development, on this machine. It signs anybody in." }
                        }
                    }
                }
            }
        }
    }
}

fn start_path(connection: &ConnectionRecord, return_to: Option<&str>) -> String {
    let mut path = format!("/login/{}", connection.name);
    if let Some(target) = return_to {
        let query: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        path.push_str("?return_to=");
        path.push_str(&query);
    }
    path
}

pub(crate) fn logout(csrf: &str, signed_in: bool) -> Markup {
    plain(
        "Sign out",
        &html! {
            section.card.narrow {
                h1 { "Sign out" }
                @if signed_in {
                    p { "This ends your session here, and at the identity provider if it supports that." }
                    (sign_out(csrf))
                } @else {
                    p { "You are not signed in." }
                    p.actions { a.button.quiet href="/" { "Home" } }
                }
            }
        },
    )
}

/// Between the end of the session here and the identity provider's.
pub(crate) fn leaving(url: &str) -> Markup {
    plain(
        "Signing out",
        &html! {
            section.card.narrow {
                h1 { "You are signed out here" }
                p { "Your session at the identity provider is being ended as well." }
                p.actions { a.button href=(url) { "Continue" } }
            }
        },
    )
}

pub(crate) fn logged_out(everywhere: bool) -> Markup {
    plain(
        "Signed out",
        &html! {
            section.card.narrow {
                h1 { "Signed out" }
                @if everywhere { p { "You are signed out here and at the identity provider." } }
                @else { p { "You are signed out here. The identity provider could not end every session: close the browser on a shared computer." } }
                p.actions { a.button.quiet href="/" { "Home" } }
            }
        },
    )
}

fn sign_out(csrf: &str) -> Markup {
    html! {
        form.actions method="post" action="/session/end" {
            (token(csrf))
            button type="submit" { "Sign out" }
        }
    }
}

pub(crate) fn session(csrf: &str, session: &SessionRecord, account: Option<&Account>) -> Markup {
    let data = &session.data;
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let name_id = data.get("name_id").filter(|value| !value.is_null());
    let who = name_id.and_then(|value| text(value, "value"));
    // Those of now; without an account, those of the login
    let roles: Vec<&str> = match account {
        Some(account) => account.roles.iter().map(String::as_str).collect(),
        None => data
            .get("roles")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect(),
    };
    plain(
        "Signed in",
        &html! {
            section.card {
                h1 { "You are signed in" }
                @if let Some(who) = &who { p.who { (who) } }
                dl {
                    @if let Some(label) = text(data, "label") { (pair("Through", &html! { (label) })) }
                    @if let Some(name_id) = name_id {
                        @for (name, key) in [("NameID format", "format"), ("NameQualifier", "name_qualifier"), ("SPNameQualifier", "sp_name_qualifier")] {
                            @if let Some(value) = text(name_id, key) { (pair(name, &html! { code { (value) } })) }
                        }
                    } @else {
                        (pair("NameID", &html! { "The identity provider sent none." }))
                    }
                    (pair("Roles", &html! { @if roles.is_empty() { "none" } @else { (roles.join(", ")) } }))
                    @if let Some(account) = account {
                        (pair("Groups taken over", &html! { @if account.groups.is_empty() { "none" } @else { (account.groups.join(", ")) } }))
                        (pair("Account", &html! { (account.status.as_str()) ", provisioned by " (account.provisioned_by.as_str()) }))
                    }
                    @if let Some(context) = text(data, "authn_context") { (pair("Signed in there by", &html! { code { (context) } })) }
                    @if let Some(index) = text(data, "session_index") { (pair("Session there", &html! { code { (index) } })) }
                    (pair("Until", &html! { (time_text(session.expires_at)) }))
                }
                (sign_out(csrf))
            }
            (attributes(data))
            (verification(data.get("report").unwrap_or(&Value::Null)))
        },
    )
}

fn attributes(data: &Value) -> Markup {
    let list = data
        .get("attributes")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    html! {
        section.card {
            h2 { "Attributes" }
            @if list.is_empty() {
                p { "The identity provider sent none." }
            } @else {
                div.scroll { table {
                    thead { tr { th scope="col" { "Name" } th scope="col" { "Value" } } }
                    tbody {
                        @for attribute in &list {
                            tr {
                                th scope="row" {
                                    code { (attribute.get("name").and_then(Value::as_str).unwrap_or_default()) }
                                    @if let Some(friendly) = attribute.get("friendly_name").and_then(Value::as_str) {
                                        br; span.note { (friendly) }
                                    }
                                }
                                td {
                                    @for value in attribute.get("values").and_then(Value::as_array).into_iter().flatten() {
                                        div { (value.as_str().unwrap_or_default()) }
                                    }
                                }
                            }
                        }
                    }
                } }
            }
        }
    }
}

fn verification(report: &Value) -> Markup {
    let all = checks(report);
    let passed = all.iter().filter(|check| check.result == "pass").count();
    html! {
        section.card {
            h2 { "How it was verified" }
            dl {
                @for signature in report.get("signatures").and_then(Value::as_array).into_iter().flatten() {
                    @let text = |key: &str| signature.get(key).and_then(Value::as_str).unwrap_or_default();
                    (pair("Signed part", &html! { (match text("element") { "response" => "the whole Response", "assertion" => "the Assertion", other => other }) }))
                    (pair("By the key", &html! { code { (text("key")) } }))
                    (pair("Algorithm", &html! { code { (text("algorithm")) } }))
                }
                (pair("Checks", &html! { (passed) " passed" }))
            }
            details {
                summary { "Every check" }
                ul.checks {
                    @for check in &all {
                        li.(check.result) {
                            code { (check.code) } " "
                            @if let Some(value) = check.actual { span.note { (value) } }
                        }
                    }
                }
            }
        }
    }
}
