//! `docs/idp`: one page for each identity provider that an administrator can follow, made from the
//! presets.

use std::fmt::Write as _;

use saml_sp::{
    AuthnRule, ConditionsRule, LoginHint, Logout, Preset, Reason, RequestRule, ResponseRule,
    SignatureErrorKind, StatusRule, SubjectRule,
};

/// The folder of the pages.
pub(crate) const FOLDER: &str = "docs/idp";

/// The refusals that a new connection most often meets, in the order in which people meet them.
const FIRST_REFUSALS: &[Reason] = &[
    Reason::Status(StatusRule::NotSuccess),
    Reason::Signature(SignatureErrorKind::UnknownKey),
    Reason::Signature(SignatureErrorKind::Missing),
    Reason::Signature(SignatureErrorKind::AlgorithmWeak),
    Reason::Conditions(ConditionsRule::AudienceMismatch),
    Reason::Response(ResponseRule::DestinationMismatch),
    Reason::Subject(SubjectRule::RecipientMismatch),
    Reason::Response(ResponseRule::IssuerMismatch),
    Reason::Subject(SubjectRule::NameIdMissing),
    Reason::Response(ResponseRule::EncryptedAssertion),
    Reason::Request(RequestRule::UnsolicitedNotAllowed),
    Reason::Authn(AuthnRule::StatementMissing),
];

/// The file name of a preset's page.
pub(crate) fn file(preset: &Preset) -> String {
    format!("{FOLDER}/{}.md", preset.id)
}

fn row(out: &mut String, cells: &[&str]) {
    // Writing to a String cannot fail
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

/// The page.
pub(crate) fn page(preset: &Preset) -> String {
    let mut out = format!(
        "# {0}\n\nThis page is made from the preset `{1}` by `cargo xtask idp`. Labels are those of \
         the console as its vendor documents them; consoles change, the meaning stays.\n\n",
        preset.product, preset.id
    );
    let _ = writeln!(
        out,
        "## 1. Make an application in {}\n\nWhere: {}.\n\nEnter there, letter by letter:\n",
        preset.product, preset.place
    );
    row(&mut out, &["field", "where", "what to enter"]);
    row(&mut out, &["---", "---", "---"]);
    let (copied, entered) = preset
        .fields
        .iter()
        .copied()
        .partition::<Vec<saml_sp::Field>, _>(|field| field.setting.is_copied_to_us());
    for field in entered {
        let place = field.place.unwrap_or("there");
        row(
            &mut out,
            &[&format!("**{}**", field.label), place, field.value()],
        );
    }
    out.push_str(
        "\nThe SP entity ID and the ACS URL stand on the connection's page of the application, and in \
         its SP metadata (`/saml/metadata` in the portal).\n\n## 2. Add the connection here\n\n",
    );
    if !copied.is_empty() {
        row(&mut out, &["copy from there", "where", "how"]);
        row(&mut out, &["---", "---", "---"]);
        for field in copied {
            let place = field.place.unwrap_or("there");
            row(
                &mut out,
                &[&format!("**{}**", field.label), place, field.value()],
            );
        }
        out.push('\n');
    }
    let _ = writeln!(
        out,
        "```console\n$ portal connection add acme --label Acme --preset {} --metadata-url URL\n```\n\n\
         With a file instead: `--metadata-xml FILE`. With neither: `--fingerprint SHA256 \
         --idp-entity-id ID --sso-url URL`.\n",
        preset.id
    );
    out.push_str("## 3. Try it\n\nIf a login is refused, the history says why, and which field it is about:\n\n");
    row(&mut out, &["code", "what is wrong", "field to change"]);
    row(&mut out, &["---", "---", "---"]);
    for reason in FIRST_REFUSALS {
        let code = reason.code();
        let change = preset.console_hint(code).map_or_else(
            || reason.hint().to_owned(),
            |hint| match hint.label {
                Some(label) => format!("**{label}** ({}): {}", hint.place, hint.value),
                None => format!("the {}: {}", hint.setting.name(), hint.value),
            },
        );
        row(&mut out, &[&format!("`{code}`"), reason.summary(), &change]);
    }
    later(&mut out, preset);
    // What the presets say about a field that is read there: "nothing" is what to enter there
    out.replace("nothing: copy it from there", "copy it from there")
}

fn later(out: &mut String, preset: &Preset) {
    let _ = writeln!(
        out,
        "\n## Later\n\n- Signing certificate: {}.",
        preset.certificate
    );
    let logout = match preset.logout {
        Logout::None => {
            "it does not take part in single logout; the button here ends the session here"
        }
        Logout::OnRequestSigned => {
            "once its logout URL is configured; it wants every message signed, which ours are"
        }
        _ => "once its logout URL is configured",
    };
    let _ = writeln!(out, "- Single logout: {logout}.");
    let hint = match preset.login_hint {
        LoginHint::Query(name) => format!("it reads `{name}` in the query, which the preset sends"),
        LoginHint::Subject => {
            "it reads the Subject of the request, which the preset sends".to_owned()
        }
        _ => "it reads none".to_owned(),
    };
    let _ = writeln!(out, "- Login hints: {hint}.");
    if scim_core_dialects().contains(&preset.id) {
        let _ = writeln!(
            out,
            "- SCIM: base URL `/api/scim` of the portal, `portal scim-token create acme` for the token, \
             `portal connection set acme --scim-dialect {}`.",
            preset.id
        );
    }
    if !preset.quirks.is_empty() {
        out.push_str("\n## Departures from the standard\n\nRefused until they are forgiven for the connection by name:\n\n");
        for (quirk, cause) in preset.quirks {
            let _ = writeln!(
                out,
                "- `{}` (`{}`): {cause}. {}",
                quirk.as_str(),
                quirk.forgives().code(),
                quirk.costs()
            );
        }
    }
    if !preset.habits.is_empty() {
        out.push_str("\n## What surprises people\n\n");
        for habit in preset.habits {
            let _ = writeln!(out, "- {}", habit.text);
        }
    }
}

const fn scim_core_dialects() -> &'static [&'static str] {
    &["entra", "okta", "jumpcloud", "ping", "google", "onelogin"]
}
