//! saml:Issuer.

use saml_xml::Element;
use saml_xml::types::trim_xml;

use crate::reason::Reason;
use crate::report::{Failure, Value};

/// The only Format that an Issuer may name.
const ENTITY: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity";

/// The entity ID in an Issuer.
///
/// White space around it is not part of it: the value is a URI in the standard, and identity
/// providers that indent their messages put line breaks there. Inside it is compared exactly.
pub(crate) fn read(issuer: Element<'_>, malformed: impl Into<Reason>) -> Result<&str, Failure> {
    // SAML Profiles §4.1.4.2: its Format attribute MUST be omitted or have a value of
    // urn:oasis:names:tc:SAML:2.0:nameid-format:entity
    let format = issuer.attribute("Format");
    match issuer.text() {
        Some(text) if format.is_none_or(|format| format == ENTITY) => Ok(trim_xml(text)),
        _ => Err(Failure::new(malformed)
            .expected(Value::Static("text, with no Format or the Format entity"))
            .actual(format.map_or(Value::Static("element children"), Value::text))
            .at(issuer.span())),
    }
}
