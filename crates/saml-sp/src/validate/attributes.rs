//! Rules of saml:AttributeStatement: their shape. What attributes mean is the application's.

use saml_xml::Element;

use super::Context;
use crate::connection::Identifier;
use crate::reason::{AccountRule, AttributeRule};
use crate::report::{Checks, Failure, Value};
use crate::response::attribute_statement::{self, Attributes};
use crate::response::encrypted::Opened;

// SAML V2.0 Subject Identifier Attributes Profile 1.0 §3.3 and §3.4
const SUBJECT_ID: &str = "urn:oasis:names:tc:SAML:attribute:subject-id";
const PAIRWISE_ID: &str = "urn:oasis:names:tc:SAML:attribute:pairwise-id";

/// There may be none; duplicates are kept, and the getters of [`Attributes`] refuse to choose.
pub(super) fn check(
    checks: &mut Checks,
    statements: &[Element<'_>],
    opened: &Opened,
) -> Option<Attributes> {
    let mut attributes = Vec::new();
    for &statement in statements {
        checks.take(attribute_statement::read(
            statement,
            opened,
            &mut attributes,
        ))?;
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

/// The attribute that names the user, when the connection identifies users by one: its name and its
/// one value. `None` when the rule failed.
pub(super) fn check_identifier(
    checks: &mut Checks,
    attributes: &Attributes,
    assertion: Element<'_>,
    context: &Context<'_>,
) -> Option<Option<(String, String)>> {
    let names: &[&str] = match context.connection.identifier() {
        Identifier::NameId => return Some(None),
        Identifier::Attribute(name) => &[name],
        Identifier::SubjectId => &[SUBJECT_ID, PAIRWISE_ID],
    };
    // One value: of two, the application and an auditor could each take another
    let found = names.iter().find_map(|name| {
        let value = attributes.single(name).ok()?;
        let stands = !saml_xml::types::trim_xml(value).is_empty();
        stands.then(|| ((*name).to_owned(), value.to_owned()))
    });
    match found {
        Some(found) => {
            checks.pass(AccountRule::IdentifierMissing);
            Some(Some(found))
        }
        None => {
            checks.fail(
                Failure::new(AccountRule::IdentifierMissing)
                    .expected(Value::text(&format!("one value of {}", names.join(" or "))))
                    .at(assertion.start_tag_span()),
            );
            None
        }
    }
}
