//! Settings.

use maud::{Markup, html};
use sso_store::{ConnectionRecord, RequestBindingChoice, RequiredSignature};
use time::OffsetDateTime;

use super::users::policy_card;
use super::{managed, pair, plain, token};
use crate::app::App;
use crate::connections::Refused;
use crate::explain::time_text;
use saml_sp::Setting;

use crate::presets;

/// The page of a connection.
pub(crate) fn path(record: &ConnectionRecord) -> String {
    format!("/admin/sso/connection/{}", record.name)
}

pub(crate) fn login(csrf: &str, wrong: bool) -> Markup {
    plain(
        "Administrator",
        &html! {
            section.card.narrow {
                h1 { "Administrator" }
                @if wrong { p.error role="alert" { "Name or password is wrong." } }
                form method="post" action="/admin/login" {
                    (token(csrf))
                    label for="name" { "Name" }
                    input id="name" name="name" autocomplete="username" value="admin" required;
                    label for="password" { "Password" }
                    input id="password" name="password" type="password" autocomplete="current-password" required autofocus;
                    button type="submit" { "Sign in" }
                }
                p.note { "The password was printed on the terminal at the first start. A new one: " code { "portal admin reset-password" } }
            }
        },
    )
}

fn error(refused: Option<&Refused>) -> Markup {
    html! {
        @if let Some(refused) = refused {
            div.error role="alert" {
                p { (refused.to_string()) }
                p.note { "Code " code { (refused.code()) } ". Nothing was changed." }
            }
        }
    }
}

pub(crate) fn settings(
    app: &App,
    csrf: &str,
    connections: &[ConnectionRecord],
    refused: Option<&Refused>,
    // What was typed before, so that nobody has to type it again after an error.
    typed: &dyn Fn(&str) -> String,
) -> Markup {
    managed(
        "Connections",
        csrf,
        &html! {
            h1 { "Single sign-on" }
            (error(refused))
            section.card {
                h2 { "Connections" }
                @if connections.is_empty() { p { "None yet. Add one below." } }
                @else {
                    div.scroll { table {
                        thead { tr { th scope="col" { "Label" } th scope="col" { "Name" } th scope="col" { "Identity provider" } th scope="col" { "State" } } }
                        tbody {
                            @for connection in connections {
                                tr {
                                    td { a href=(path(connection)) { (connection.label) } }
                                    td { code { (connection.name) } }
                                    td.wrap { (connection.entity_id) }
                                    td { @if connection.settings.disabled { "disabled" } @else { "active" } }
                                }
                            }
                        }
                    } }
                }
            }
            (our_values(app, None))
            section.card {
                h2 { "Add by metadata URL" }
                p { "Where the identity provider publishes its metadata. It is read again by itself, so that a renewed certificate needs nobody." }
                form method="post" action="/admin/sso/metadata-url" {
                    (token(csrf))
                    (naming("u", typed))
                    label for="metadata_url" { "Metadata URL" }
                    input id="metadata_url" name="metadata_url" value=(typed("metadata_url")) type="url" spellcheck="false" autocomplete="off" required;
                    button type="submit" { "Add" }
                }
            }
            section.card {
                h2 { "Add by metadata XML" }
                p { "The metadata file that the identity provider exports." }
                form method="post" action="/admin/sso/metadata" {
                    (token(csrf))
                    (naming("m", typed))
                    label for="metadata" { "Metadata XML" }
                    textarea id="metadata" name="metadata" rows="8" spellcheck="false" required { (typed("metadata")) }
                    button type="submit" { "Add" }
                }
            }
            section.card {
                h2 { "Add by certificate fingerprint" }
                p { "Where there is no metadata: the SHA-256 fingerprint of the signing certificate. " code { "openssl x509 -noout -sha256 -fingerprint -in idp.pem" } " prints it." }
                form method="post" action="/admin/sso/fingerprint" {
                    (token(csrf))
                    (naming("f", typed))
                    label for="sha256" { "SHA-256 fingerprint" }
                    input id="sha256" name="sha256" value=(typed("sha256")) spellcheck="false" autocomplete="off" required;
                    label for="entity_id" { "Entity ID (issuer) of the identity provider" }
                    input id="entity_id" name="entity_id" value=(typed("entity_id")) spellcheck="false" autocomplete="off" required;
                    label for="sso_url" { "Sign-in URL" }
                    input id="sso_url" name="sso_url" value=(typed("sso_url")) type="url" spellcheck="false" autocomplete="off" required;
                    label for="slo_url" { "Sign-out URL " span.note { "(optional)" } }
                    input id="slo_url" name="slo_url" value=(typed("slo_url")) type="url" spellcheck="false" autocomplete="off";
                    button type="submit" { "Add" }
                }
            }
        },
    )
}

fn naming(form: &str, typed: &dyn Fn(&str) -> String) -> Markup {
    let product = typed("preset");
    html! {
        div.columns {
            div {
                label for={ (form) "-label" } { "Label " span.note { "(\"Sign in with …\")" } }
                input id={ (form) "-label" } name="label" value=(typed("label")) maxlength="60" autocomplete="off" required;
            }
            div {
                label for={ (form) "-name" } { "Name " span.note { "(in URLs; a-z, 0-9, -)" } }
                input id={ (form) "-name" } name="name" value=(typed("name")) maxlength="64" pattern="[A-Za-z0-9][A-Za-z0-9_\\-]*" autocomplete="off" required;
            }
            div {
                label for={ (form) "-preset" } { "Product" }
                select id={ (form) "-preset" } name="preset" {
                    option value="" { "Other" }
                    @for preset in presets::all() { option value=(preset.id) selected[product == preset.id] { (preset.product) } }
                }
            }
        }
    }
}

fn our_values(app: &App, preset: Option<&presets::Preset>) -> Markup {
    let name = |field: Option<&str>, ours: &str| match field {
        Some(field) => format!("{ours}: “{field}”"),
        None => ours.to_owned(),
    };
    html! {
        section.card {
            h2 { "Values for the identity provider" }
            p { "Type these into " (preset.map_or("its console", |preset| preset.product)) ", or give it the metadata." }
            dl {
                (pair(&name(presets::label(preset, Setting::SpEntityId), "Entity ID"), &html! { code { (app.sp().entity_id()) } }))
                (pair(&name(presets::label(preset, Setting::AcsUrl), "ACS URL (POST)"), &html! { code { (app.url("/saml/consume")) } }))
                (pair("Metadata", &html! { a href="/saml/metadata" { code { (app.url("/saml/metadata")) } } }))
                (pair("NameID", &html! { "any format; an e-mail address or a persistent identifier suits best" }))
            }
        }
    }
}

pub(crate) fn connection(
    app: &App,
    csrf: &str,
    record: &ConnectionRecord,
    refused: Option<&Refused>,
    scim: &Markup,
    users: u64,
    now: OffsetDateTime,
) -> Markup {
    let settings = &record.settings;
    let preset = record.preset.as_deref().and_then(presets::find);
    managed(
        &record.label,
        csrf,
        &html! {
            h1 { (record.label) }
            (error(refused))
            section.card {
                h2 { "Identity provider" }
                dl {
                    (pair("Name", &html! { code { (record.name) } }))
                    (pair("Entity ID", &html! { code { (record.entity_id) } }))
                    @for (name, value) in facts(record, now) { (pair(name, &html! { code { (value) } })) }
                    @for advice in crate::connections::advice(app, record, now) { (pair("Advice", &html! { (advice) })) }
                    (pair("Added", &html! { (time_text(record.created_at)) }))
                    (pair("Changed", &html! { (time_text(record.updated_at)) }))
                }
                p.actions { a.button href={ "/login/" (record.name) } { "Try it: sign in" } }
            }
            (our_values(app, preset))
            section.card {
                h2 { "Settings" }
                form method="post" action=(path(record)) {
                    (token(csrf))
                    label for="label" { "Label" }
                    input id="label" name="label" maxlength="60" value=(record.label) required;
                    label for="required_signature" { "Which part has to be signed" }
                    select id="required_signature" name="required_signature" {
                        @for (value, text, on) in [
                            ("either", "the Response or the Assertion", settings.required_signature == RequiredSignature::Either),
                            ("response", "the Response", settings.required_signature == RequiredSignature::Response),
                            ("assertion", "the Assertion", settings.required_signature == RequiredSignature::Assertion),
                            ("both", "both", settings.required_signature == RequiredSignature::Both),
                        ] { option value=(value) selected[on] { (text) } }
                    }
                    label for="request_binding" { "How the request travels" }
                    select id="request_binding" name="request_binding" {
                        @for (value, text, on) in [
                            ("auto", "as the identity provider offers", settings.request_binding == RequestBindingChoice::Auto),
                            ("redirect", "HTTP-Redirect", settings.request_binding == RequestBindingChoice::Redirect),
                            ("post", "HTTP-POST", settings.request_binding == RequestBindingChoice::Post),
                        ] { option value=(value) selected[on] { (text) } }
                    }
                    label.tick { input type="checkbox" name="sign_requests" value="yes" checked[settings.sign_requests]; " Sign requests (they are signed anyway where the metadata asks for it)" }
                label.tick { input type="checkbox" name="allow_unsolicited" value="yes" checked[settings.allow_unsolicited]; " Accept logins that start at the identity provider (weaker: they can be forced on a browser)" }
                    label.tick { input type="checkbox" name="disabled" value="yes" checked[settings.disabled]; " Disabled" }
                    button type="submit" { "Save" }
                }
            }
            (policy_card(csrf, record))
            (scim)
            section.card {
                h2 { "Remove" }
                p { "Ends its sessions and takes its SCIM tokens and webhook away. The history stays." }
                form method="post" action={ (path(record)) "/remove" } {
                    (token(csrf))
                    @if users > 0 {
                        label for="users" { "It has " (users) @if users == 1 { " user" } @else { " users" } }
                        select id="users" name="users" {
                            option value="" { "Do not remove it while it has users" }
                            option value="remove" { "Remove its users and groups, too" }
                            option value="keep" { "Keep them: they cannot log in, and a new connection of this name has them again" }
                        }
                    }
                    button.danger type="submit" { "Remove " (record.label) }
                }
            }
        },
    )
}

/// What the source resolves to now: endpoints, keys, warnings.
pub(crate) fn facts(record: &ConnectionRecord, now: OffsetDateTime) -> Vec<(&'static str, String)> {
    crate::connections::facts(record, now)
}
