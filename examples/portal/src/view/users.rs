//! Users: the list, one of them, and the policy that makes them.

use maud::{Markup, html};
use scim_core::policy::Deprovision;
use sso_store::{AccountStatus, ConnectionRecord, SetBy};

use super::admin::path;
use super::{managed, pair, token};
use crate::accounts::EditRefused;
use crate::explain::time_text;
use crate::people::Person;
use crate::policy;

fn place(person: &Person) -> String {
    format!("/admin/users/{}", person.account.id)
}

fn words<'a>(items: impl IntoIterator<Item = &'a String>) -> Markup {
    let items: Vec<&str> = items.into_iter().map(String::as_str).collect();
    html! { @if items.is_empty() { "–" } @else { (items.join(", ")) } }
}

fn state(person: &Person) -> &'static str {
    let account = &person.account;
    match (account.status, account.status_by) {
        (AccountStatus::Disabled, SetBy::Administrator) => "disabled here",
        (AccountStatus::Deleted, SetBy::Administrator) => "deleted here",
        (status, _) => status.as_str(),
    }
}

pub(crate) fn list(
    csrf: &str,
    users: &[Person],
    connections: &[ConnectionRecord],
    connection: Option<&str>,
    who: Option<&str>,
    next: Option<i64>,
) -> Markup {
    managed(
        "Users",
        csrf,
        &html! {
            h1 { "Users" }
            form.search method="get" action="/admin/users" {
                div.columns {
                    div {
                        label for="user" { "Name or number" }
                        input id="user" name="user" value=[who] autocomplete="off";
                    }
                    div {
                        label for="connection" { "Connection" }
                        (connection_choice(connections, connection))
                    }
                }
                button type="submit" { "Find" }
            }
            section.card {
                @if users.is_empty() { p { "There is no such user." } }
                @else {
                    div.scroll { table {
                        thead { tr {
                            @for head in ["Name", "Connection", "Status", "Roles", "Groups", "By", "Latest login"] { th scope="col" { (head) } }
                        } }
                        tbody {
                            @for user in users {
                                tr {
                                    td.nowrap { a href=(place(user)) { (user.account.name) } }
                                    td { (user.account.connection.as_deref().unwrap_or("local")) }
                                    td.nowrap { (state(user)) @if user.locked { " " span.note { "locked" } } }
                                    td { (words(&user.account.roles)) }
                                    td { (words(&user.account.groups)) }
                                    td { (user.account.provisioned_by.as_str()) }
                                    td.nowrap { @if let Some(at) = user.latest_login { (time_text(at)) } @else { "never" } }
                                }
                            }
                        }
                    } }
                }
                @if let Some(after) = next {
                    p.actions { a.button.quiet href={ "/admin/users?after=" (after) @if let Some(name) = connection { "&connection=" (name) } } { "More" } }
                }
            }
            section.card {
                h2 { "Add a local administrator" }
                p { "Local administrators sign in here with a password, whatever the identity providers do." }
                form method="post" action="/admin/administrators" {
                    (token(csrf))
                    label for="name" { "Name" }
                    input id="name" name="name" maxlength="128" autocomplete="off" required;
                    button type="submit" { "Add" }
                }
            }
        },
    )
}

/// The field that chooses a connection, or all.
pub(super) fn connection_choice(connections: &[ConnectionRecord], chosen: Option<&str>) -> Markup {
    html! {
        select id="connection" name="connection" {
            option value="" { "all" }
            @for record in connections {
                option value=(record.name) selected[chosen == Some(record.name.as_str())] { (record.label) }
            }
        }
    }
}

pub(crate) fn one(
    csrf: &str,
    person: &Person,
    is_last: bool,
    refused: Option<&EditRefused>,
) -> Markup {
    let account = &person.account;
    let status = account.status;
    let can_be_told = !person.locked && !is_last;
    managed(
        &account.name,
        csrf,
        &html! {
            h1 { (account.name) }
            @if let Some(refused) = refused {
                div.error role="alert" {
                    p { (refused.to_string()) }
                    p.note { "Code " code { (refused.code()) } ". Nothing was changed." }
                }
            }
            section.card {
                dl {
                    (pair("Number", &html! { (account.id) }))
                    (pair("Connection", &html! {
                        @match &account.connection {
                            Some(name) => { a href={ "/admin/sso/connection/" (name) } { (name) } },
                            None => "none: a local user",
                        }
                    }))
                    (pair("Status", &html! { (state(person)) }))
                    (pair("Roles", &html! { (words(&account.roles)) @if account.roles_pinned && account.connection.is_some() { " " span.note { "given here, not by groups" } } }))
                    (pair("Groups taken over", &words(&account.groups)))
                    (pair("Provisioned by", &html! { (account.provisioned_by.as_str()) }))
                    (pair("Locked", &html! { @if person.locked { "yes: changes are the identity provider's to make" } @else { "no" } }))
                    @if let Some(id) = &account.scim_id { (pair("SCIM id", &html! { code { (id) } @if account.is_gone() { " " span.note { "deleted there" } } })) }
                    @for format in &person.formats { (pair("NameID format", &html! { code { (format) } })) }
                    (pair("First login", &html! { @if let Some(at) = person.first_login { (time_text(at)) } @else { "never" } }))
                    (pair("Latest login", &html! { @if let Some(at) = person.latest_login { (time_text(at)) } @else { "never" } }))
                    (pair("Made", &html! { (time_text(account.created_at)) }))
                    (pair("Changed", &html! { (time_text(account.changed_at)) }))
                }
                p.actions { a.button.quiet href={ "/admin/logs?user=" (account.id) } { "History of this user" } }
            }
            section.card {
                h2 { "Change" }
                @if person.locked {
                    p { "This user comes from the identity provider. Make changes there, or unlock the users of the connection in its provisioning policy." }
                } @else if is_last {
                    p { "This is the last local administrator, who stays. Add another one first." }
                }
                @if can_be_told {
                    @if status != AccountStatus::Deleted {
                        form method="post" action={ (place(person)) "/edit" } {
                            (token(csrf))
                            input type="hidden" name="do" value="roles";
                            label for="roles" { "Roles " span.note { "(with commas; empty for those of the groups)" } }
                            input id="roles" name="roles" value=(account.roles.iter().cloned().collect::<Vec<_>>().join(", ")) autocomplete="off";
                            button type="submit" { "Save roles" }
                        }
                    }
                    div.actions {
                        @if status == AccountStatus::Active { (action(csrf, person, "disable", "Disable", false)) }
                        @if status == AccountStatus::Disabled { (action(csrf, person, "enable", "Enable", false)) }
                        @if status == AccountStatus::Deleted {
                            @if account.connection.is_some() { (action(csrf, person, "restore", "Restore", false)) }
                            @else { p { "Deleted local users are added anew." } }
                        } @else { (action(csrf, person, "delete", "Delete", true)) }
                    }
                    @if account.connection.is_some() && status != AccountStatus::Deleted {
                        p.note { "A deleted user is not brought back by a login or by the identity provider." }
                    }
                }
            }
            p.actions { a.button.quiet href="/admin/users" { "Back" } }
        },
    )
}

fn action(csrf: &str, person: &Person, what: &str, text: &str, danger: bool) -> Markup {
    html! {
        form method="post" action={ (place(person)) "/edit" } {
            (token(csrf))
            input type="hidden" name="do" value=(what);
            @if danger { button.danger type="submit" { (text) } } @else { button.quiet type="submit" { (text) } }
        }
    }
}

/// A new administrator's password, the one time that it is shown; without one the name cannot be used.
pub(crate) fn made(csrf: &str, name: &str, password: Option<&str>) -> Markup {
    managed(
        "Administrator",
        csrf,
        &html! {
            h1 { "Administrator" }
            section.card {
                @match password {
                    Some(password) => {
                        p { "Keep the password now. It is not shown again." }
                        dl {
                            (pair("Name", &html! { code { (name) } }))
                            (pair("Password", &html! { code { (password) } }))
                        }
                    },
                    None => p.error role="alert" { "The name is taken, or it is none: 1 to 128 characters without a space." },
                }
                p.actions { a.button href="/admin/users" { "Done" } }
            }
        },
    )
}

/// The part of a connection's page that says who becomes a user.
pub(super) fn policy_card(csrf: &str, record: &ConnectionRecord) -> Markup {
    let policy = &record.settings.provisioning;
    let roles = policy::text_of_roles(policy);
    let default_roles = policy.default_roles.join("\n");
    html! {
        section.card {
            h2 { "Users, groups and roles" }
            p { "One policy for logins and for SCIM. Names of groups: one a line, * for any text." }
            form method="post" action={ (path(record)) "/policy" } {
                (token(csrf))
                label.tick { input type="checkbox" name="create_on_first_login" value="yes" checked[policy.create_on_first_login]; " A first login makes a user" }
                label.tick { input type="checkbox" name="create_by_scim" value="yes" checked[policy.create_by_scim]; " SCIM makes users" }
                label.tick { input type="checkbox" name="lock_provisioned" value="yes" checked[policy.lock_provisioned]; " Its users are locked: they are not changed here" }
                label.tick { input type="checkbox" name="adopt_local_users" value="yes" checked[policy.adopt_local_users]; " A local user of the same name becomes its own (weaker: whoever runs it can take that account over)" }
                label for="groups_attribute" { "Attribute of a login with the groups " span.note { "(empty: the groups are SCIM's)" } }
                input id="groups_attribute" name="groups_attribute" value=[record.settings.groups_attribute.as_deref()] spellcheck="false" autocomplete="off";
                div.columns {
                    (area("groups_include", "Groups that are taken over", &policy::text_of(&policy.groups_include)))
                    (area("groups_exclude", "Groups that are not", &policy::text_of(&policy.groups_exclude)))
                    (area("groups_require", "One of these is needed to log in", &policy::text_of(&policy.groups_require)))
                }
                div.columns {
                    (area("roles_by_group", "Roles by group: group = role", &roles))
                    (area("default_roles", "Roles of everybody else", &default_roles))
                }
                label for="deprovision" { "When a user is deactivated or deleted there, or loses the last group that is needed" }
                select id="deprovision" name="deprovision" {
                    @for (value, text, on) in [
                        ("disable", "the user is disabled", policy.deprovision == Deprovision::Disable),
                        ("delete", "the user is deleted", policy.deprovision == Deprovision::Delete),
                        ("none", "nothing: an administrator decides", policy.deprovision == Deprovision::None),
                    ] { option value=(value) selected[on] { (text) } }
                }
                button type="submit" { "Save" }
            }
            p.actions { a.button.quiet href={ "/admin/users?connection=" (record.name) } { "Users of this connection" } }
        }
    }
}

fn area(name: &str, text: &str, value: &str) -> Markup {
    html! {
        div {
            label for=(name) { (text) }
            textarea id=(name) name=(name) rows="4" spellcheck="false" { (value) }
        }
    }
}
