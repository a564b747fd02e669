//! The page of reason codes, made from the codes themselves.

use std::fmt::Write as _;
use std::path::Path;

use crate::coverage::{codes, rules};

/// Where the page is: in the crate, so that docs.rs shows it.
pub(crate) const PAGE: &str = "crates/saml-sp/src/manual/reason_codes.md";

/// The page.
pub(crate) fn page(root: &Path) -> String {
    let rules = rules(root);
    let mut out = String::from(
        "Every reason code, what it means, whose side it is on, and what to do.\n\n\
         A code never changes its meaning. Store it, count it, alert on it; show people the hint.\n\n\
         <!-- made by `cargo xtask codes` -->\n",
    );
    let mut area = "";
    for (code, about) in codes() {
        let family = code.split('.').next().unwrap_or_default();
        if family != area {
            area = family;
            let _ = write!(out, "\n# {area}\n");
        }
        let rule = rules.get(code).map_or("", String::as_str);
        let _ = write!(
            out,
            "\n## `{code}`\n\n{}\n\n- **Side:** {}\n- **To do:** {}\n- **Standard:** {}\n",
            escape(rule),
            side(about.side),
            escape(about.hint),
            escape(about.cite),
        );
    }
    out
}

const fn side(side: saml_xml::Side) -> &'static str {
    use saml_xml::Side;
    match side {
        Side::Idp => "the identity provider's configuration",
        Side::Us => "our own configuration",
        Side::Clock => "a clock",
        Side::Network => "what lies between browser and application",
        Side::Attacker => "nobody's by accident: treat it as an attack",
        Side::User => "whoever signs in or sets up",
        _ => "unknown",
    }
}

/// Element names in prose are no HTML, and `[x]` no link.
fn escape(text: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for c in text.chars() {
        in_code ^= c == '`';
        match c {
            '<' if !in_code => out.push_str("&lt;"),
            '[' if !in_code => out.push_str("\\["),
            ']' if !in_code => out.push_str("\\]"),
            c => out.push(c),
        }
    }
    out
}
