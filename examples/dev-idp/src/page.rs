//! The pages: plain HTML, one small stylesheet, nothing that needs JavaScript.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};
use saml_xml::types::encode_base64;

use crate::answer::SignIn;
use crate::idp::DevIdp;
use crate::variant::Variant;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = "document.forms[0].submit()";

/// A page and the policy to send with it.
pub(crate) struct Page {
    pub(crate) html: String,
    pub(crate) policy: String,
}

fn hash(text: &str) -> String {
    format!(
        "'sha256-{}'",
        encode_base64(digest(&SHA256, text.as_bytes()).as_ref())
    )
}

fn page(title: &str, body: &Markup, script: bool) -> Page {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · development identity provider" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    p.mark { "Development identity provider" }
                    (body)
                    footer { "It signs anybody in. For this machine only." }
                }
                @if script { script { (PreEscaped(SCRIPT)) } }
            }
        }
    };
    let scripts = if script {
        format!("; script-src {}", hash(SCRIPT))
    } else {
        String::new()
    };
    // No form-action: browsers apply it to redirects after a submission, which are the service
    // provider's own business
    let policy = format!(
        "default-src 'none'; style-src {}{scripts}; base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE)
    );
    Page {
        html: markup.into_string(),
        policy,
    }
}

pub(crate) fn home(idp: &DevIdp) -> Page {
    let body = html! {
        h1 { "Ready" }
        p { "Start a login at the service provider; it leads here." }
        dl {
            dt { "Entity ID and metadata" }
            dd { a href="/metadata" { (idp.entity_id()) } }
            dt { "Single sign-on" }
            dd { code { (idp.fake().sso_url()) } }
        }
    };
    page("Ready", &body, false)
}

pub(crate) fn sign_in(form: &SignIn) -> Page {
    let body = html! {
        h1 { "Sign in" }
        p { "to " strong { (form.sp_entity_id) } }
        form method="post" action="/sign-in" {
            @for (name, value) in [
                ("request_id", form.request_id.as_str()),
                ("sp_entity_id", &form.sp_entity_id),
                ("acs_url", &form.acs_url),
                ("relay_state", form.relay_state.as_deref().unwrap_or_default()),
            ] {
                input type="hidden" name=(name) value=(value);
            }
            label for="email" { "E-mail address" span { "becomes the NameID" } }
            input id="email" name="email" type="email" required value=(form.email) autocomplete="off";
            label for="name" { "Name" span { "attribute displayName" } }
            input id="name" name="name" value=(form.name) autocomplete="off";
            label for="groups" { "Groups" span { "attribute groups, separated by commas" } }
            input id="groups" name="groups" value=(form.groups) autocomplete="off";
            details {
                summary { "Send something broken instead" }
                label for="variant" { "Answer with" }
                select id="variant" name="variant" {
                    @for variant in Variant::ALL {
                        option value=(variant.name()) selected[*variant == form.variant] { (variant.label()) }
                    }
                }
            }
            button type="submit" { "Sign in" }
        }
    };
    page("Sign in", &body, false)
}

pub(crate) fn answer(form: &SignIn, response: &str) -> Page {
    let body = html! {
        h1 { "Signed in" }
        p { "Your browser now takes the answer to " strong { (form.acs_url) } "." }
        form method="post" action=(form.acs_url) {
            input type="hidden" name="SAMLResponse" value=(response);
            @if let Some(relay_state) = &form.relay_state {
                input type="hidden" name="RelayState" value=(relay_state);
            }
            button type="submit" { "Continue" }
        }
    };
    page("Signed in", &body, true)
}

pub(crate) fn problem(what: &str) -> Page {
    let body = html! {
        h1 { "This request cannot be answered" }
        p { (what) }
    };
    page("Problem", &body, false)
}
