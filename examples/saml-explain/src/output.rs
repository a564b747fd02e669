//! Prints a judgement.

use std::fmt::Write as _;

use saml_sp::{Login, NameId};
use serde_json::{Value, json};

use crate::judge::Judgement;

/// For programs: one JSON object.
pub(crate) fn json(judgement: &Judgement) -> String {
    let login = judgement.login.as_ref();
    let object = json!({
        "verdict": judgement.explanation.verdict,
        "code": judgement.explanation.code,
        "name_id": login.and_then(Login::name_id).map(name_id),
        "attributes": login.map_or_else(Vec::new, attributes),
        "session_index": login.and_then(|l| l.session().session_index()),
        "authn_context": login.and_then(|l| l.session().authn_context()),
        "signed": judgement.explanation.signatures.iter().map(|s| &s.element).collect::<Vec<_>>(),
        "checks": judgement.explanation.checks,
    });
    format!("{object:#}\n")
}

fn name_id(name_id: &NameId) -> Value {
    json!({
        "value": name_id.value(),
        "format": name_id.format(),
        "name_qualifier": name_id.name_qualifier(),
        "sp_name_qualifier": name_id.sp_name_qualifier(),
    })
}

fn attributes(login: &Login) -> Vec<Value> {
    let attribute = |a: &saml_sp::Attribute| {
        json!({
            "name": a.name(),
            "name_format": a.name_format(),
            "friendly_name": a.friendly_name(),
            "values": a.values().iter().map(saml_sp::AttributeValue::as_text).collect::<Vec<_>>(),
        })
    };
    login.attributes().iter().map(attribute).collect()
}

/// For people.
pub(crate) fn text(judgement: &Judgement, color: bool) -> String {
    let explanation = &judgement.explanation;
    let mut out = explanation.render(judgement.xml.as_deref(), &judgement.file, color);
    let passed = explanation
        .checks
        .iter()
        .filter(|c| c.result == "pass")
        .count();
    let failed = explanation.failures().count();
    let skipped = explanation
        .checks
        .iter()
        .filter(|c| c.result == "skipped")
        .count();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    for warning in &judgement.warnings {
        line(format!("worth knowing: {warning}"));
    }
    for assumption in &judgement.assumptions {
        line(format!("assumed: {assumption}"));
    }
    match (&judgement.login, &explanation.code) {
        (Some(login), _) => {
            line("accepted".into());
            if let Some(name_id) = login.name_id() {
                line(format!("  NameID      {}", name_id.value()));
                line(format!(
                    "  Format      {}",
                    name_id.format().unwrap_or("(none)")
                ));
            }
            line(format!("  Issuer      {}", login.issuer()));
            for attribute in login.attributes().iter() {
                let values: Vec<_> = attribute
                    .values()
                    .iter()
                    .map(|v| v.as_text().unwrap_or("(structured)"))
                    .collect();
                line(format!("  {}  {}", attribute.name(), values.join(", ")));
            }
        }
        (None, Some(code)) => line(format!("rejected: {code}")),
        (None, None) => line("rejected".into()),
    }
    let mut counts = format!("{passed} checks passed, {failed} failed");
    if skipped > 0 {
        let _infallible = write!(counts, ", {skipped} could not be made");
    }
    line(counts);
    out
}
