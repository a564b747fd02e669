//! The pages. maud escapes every value; nothing here is marked as already escaped.

pub(crate) mod admin;
pub(crate) mod history;
pub(crate) mod message;
pub(crate) mod scim;
pub(crate) mod site;
pub(crate) mod users;

use maud::{DOCTYPE, Markup, html};

/// The one stylesheet.
pub(crate) const STYLE: &str = include_str!("style.css");

/// A page for people who sign in.
fn plain(title: &str, content: &Markup) -> Markup {
    shell(
        title,
        &html! { a href="/admin/sso" { "Administration" } },
        content,
    )
}

/// A page for the administrator, with the menu.
fn managed(title: &str, csrf: &str, content: &Markup) -> Markup {
    let menu = html! {
        a href="/admin/sso" { "Connections" }
        a href="/admin/logs" { "History" }
        a href="/admin/users" { "Users" }
        form method="post" action="/admin/logout" {
            (token(csrf))
            button.link type="submit" { "Sign out" }
        }
    };
    shell(title, &menu, content)
}

fn shell(title: &str, menu: &Markup, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Portal" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="data:,";
            }
            body {
                header {
                    a.brand href="/" { "Portal" }
                    nav aria-label="Main" { (menu) }
                }
                main { (content) }
            }
        }
    }
}

/// The field that shows a form is ours.
fn token(csrf: &str) -> Markup {
    html! { input type="hidden" name="csrf" value=(csrf); }
}

/// A value with its name.
fn pair(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}
