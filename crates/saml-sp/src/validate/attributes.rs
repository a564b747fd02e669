//! Rules of saml:AttributeStatement: their shape. What attributes mean is the application's.

use saml_xml::Element;

use crate::reason::AttributeRule;
use crate::report::Checks;
use crate::response::attribute_statement::{self, Attributes};

/// There may be none; duplicates are kept, and the getters of [`Attributes`] refuse to choose.
pub(super) fn check(checks: &mut Checks, statements: &[Element<'_>]) -> Option<Attributes> {
    let mut attributes = Vec::new();
    for &statement in statements {
        checks.take(attribute_statement::read(statement, &mut attributes))?;
    }
    if !statements.is_empty() {
        checks.pass(AttributeRule::UnexpectedChild);
    }
    checks.attribute_names = attributes
        .iter()
        .map(|attribute| attribute.name().to_owned())
        .collect();
    Some(Attributes::new(attributes))
}
