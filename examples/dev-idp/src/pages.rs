//! The pages. maud escapes every value; the stylesheet is the one thing that is marked as escaped.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::Config;
use crate::answer::{Broken, SignIn};

pub(crate) const STYLE: &str = include_str!("style.css");
/// Its hash stands in the Content-Security-Policy.
pub(crate) const SCRIPT: &str = "document.forms[0].submit()";

fn shell(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Development IdP" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/style.css";
            }
            body {
                main {
                    p.brand { "Development identity provider" }
                    (content)
                    p.note { "It signs in anybody as whoever they say they are. Never let a real service trust it." }
                }
            }
        }
    }
}

/// What it is and how to connect to it.
pub(crate) fn home(config: &Config) -> Markup {
    shell(
        "Connect",
        &html! {
            section.card {
                h1 { "Connect a service provider" }
                dl {
                    dt { "Metadata" }
                    dd { a href="/metadata" { (config.entity_id()) } }
                    dt { "Entity ID" }
                    dd { code { (config.entity_id()) } }
                    dt { "Single sign-on URL" }
                    dd { code { (config.sso_url()) } }
                    dt { "Certificate, SHA-256" }
                    dd { code { (config.fingerprint()) } }
                }
                p.note { "Logins start at the service provider." }
            }
            @if !config.slo_urls().is_empty() {
                section.card {
                    h2 { "Sign somebody out" }
                    form method="post" action="/sign-out" {
                        label for="email" { "E-mail address (NameID)" }
                        input id="email" name="email" value="alice@example.test" required;
                        button type="submit" { "Sign out everywhere" }
                    }
                }
            }
        },
    )
}

/// A link, because a form may not lead to another site.
pub(crate) fn leaving(url: &str) -> Markup {
    shell(
        "Sign out",
        &html! {
            section.card {
                h1 { "Sign out" }
                p { "The service provider is asked to end the sessions." }
                p { a.button href=(url) { "Continue" } }
            }
        },
    )
}

/// The service provider's answer.
pub(crate) fn signed_out(status: &str) -> Markup {
    shell(
        "Signed out",
        &html! {
            section.card {
                h1 { "Signed out" }
                p { "The service provider answered " code { (status) } "." }
            }
        },
    )
}

/// The sign-in form, filled in.
pub(crate) fn sign_in(sign_in: &SignIn) -> Markup {
    let request = &sign_in.request;
    shell(
        "Sign in",
        &html! {
            section.card {
                h1 { "Sign in" }
                p { "to " strong { (request.issuer) } }
                form method="post" action="/sign-in" {
                    @if let Some(id) = &request.id { input type="hidden" name="request_id" value=(id); }
                    input type="hidden" name="issuer" value=(request.issuer);
                    input type="hidden" name="acs_url" value=(request.acs_url);
                    @if let Some(state) = &request.relay_state { input type="hidden" name="relay_state" value=(state); }
                    label for="email" { "E-mail address " span.note { "(NameID)" } }
                    input id="email" name="email" type="text" autocomplete="off" spellcheck="false" value=(sign_in.email);
                    label for="display_name" { "Name" }
                    input id="display_name" name="display_name" type="text" autocomplete="off" value=(sign_in.display_name);
                    label for="groups" { "Groups " span.note { "(separated by commas)" } }
                    input id="groups" name="groups" type="text" autocomplete="off" value=(sign_in.groups);
                    button type="submit" { "Sign in" }
                    details {
                        summary { "Send something broken instead" }
                        p.note { "See what the service provider makes of it. Its log says what is wrong; its page does not." }
                        label for="broken" { "An answer" }
                        // one control, so that submitting the form unchanged cannot pick one by accident
                        select id="broken" name="broken" {
                            option value="" selected { "as it should be" }
                            @for broken in Broken::ALL {
                                option value=(broken.name()) { (broken.label()) }
                            }
                        }
                    }
                }
            }
        },
    )
}

/// The answer on its way.
pub(crate) fn post(acs_url: &str, saml_response: &str, relay_state: Option<&str>) -> Markup {
    shell(
        "Signing in",
        &html! {
            section.card {
                h1 { "Signing in" }
                form method="post" action=(acs_url) {
                    input type="hidden" name="SAMLResponse" value=(saml_response);
                    @if let Some(state) = relay_state { input type="hidden" name="RelayState" value=(state); }
                    p { "Your browser takes the answer back to " strong { (acs_url) } "." }
                    button type="submit" { "Continue" }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        },
    )
}

/// Something is wrong with the request.
pub(crate) fn refused(why: &str) -> Markup {
    shell(
        "Not possible",
        &html! {
            section.card {
                h1 { "This login is not possible" }
                p { (why) }
            }
        },
    )
}
