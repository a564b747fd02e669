//! Pages with one message. None tells why a login was refused.

use maud::{Markup, html};

/// The script of the page that posts itself; its hash is in that page's policy.
pub(crate) const SUBMIT_SCRIPT: &str = "document.forms[0].submit()";

pub(crate) fn refused(reference: &str, connection: Option<&str>) -> Markup {
    super::plain(
        "Sign-in failed",
        &html! {
            section.card.narrow {
                h1 { "You are not signed in" }
                p { "The sign-in could not be completed. Try it once more; if it fails again, tell your administrator this reference:" }
                p.reference { (reference) }
                p.actions {
                    @if let Some(name) = connection {
                        a.button href={ "/login/" (name) } { "Try again" }
                    }
                    a.button.quiet href="/" { "Home" }
                }
                p.note { "Administrators find it under " a href={ "/admin/logs?reference=" (reference) } { "History" } ", with every check that was made." }
            }
        },
    )
}

pub(crate) fn again(fields: &[(String, String)]) -> Markup {
    super::plain(
        "Signing in",
        &html! {
            section.card.narrow {
                h1 { "Signing you in" }
                p { "If nothing happens, press the button." }
                form method="post" action="/saml/consume?again=1" {
                    @for (name, value) in fields {
                        input type="hidden" name=(name) value=(value);
                    }
                    button type="submit" { "Continue" }
                }
                script { (maud::PreEscaped(SUBMIT_SCRIPT)) }
            }
        },
    )
}

fn message(title: &str, text: &str) -> Markup {
    super::plain(
        title,
        &html! {
            section.card.narrow {
                h1 { (title) }
                p { (text) }
                p.actions { a.button.quiet href="/" { "Home" } }
            }
        },
    )
}

pub(crate) fn not_found() -> Markup {
    message("Not found", "There is nothing at this address.")
}

pub(crate) fn wrong_method() -> Markup {
    message(
        "Not like this",
        "This address takes another kind of request.",
    )
}

pub(crate) fn unreadable() -> Markup {
    message(
        "Not understood",
        "What was sent is not a form that this page understands, or it is too large.",
    )
}

pub(crate) fn stale_form() -> Markup {
    message(
        "Please send the form again",
        "The form did not come from this browser, or it was open for too long. Go back, reload the page and try again. Cookies have to be allowed.",
    )
}

pub(crate) fn cannot_start() -> Markup {
    message(
        "This sign-in is not available",
        "The connection to the identity provider needs the attention of an administrator.",
    )
}

pub(crate) fn internal() -> Markup {
    message(
        "Something went wrong",
        "The fault is ours. Please try again in a moment.",
    )
}
