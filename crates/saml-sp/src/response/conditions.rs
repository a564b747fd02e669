//! saml:Conditions.

use saml_xml::Element;
use saml_xml::types::trim_xml;
use time::OffsetDateTime;

use super::{ASSERTION, time_attribute};
use crate::reason::ConditionsRule;
use crate::report::Failure;

/// The attributes of Conditions.
#[derive(Debug)]
pub(crate) struct Interval {
    pub(crate) not_before: Option<OffsetDateTime>,
    pub(crate) not_on_or_after: Option<OffsetDateTime>,
}

pub(crate) fn read_interval(conditions: Element<'_>) -> Result<Interval, Failure> {
    Ok(Interval {
        not_before: time_attribute(conditions, "NotBefore")?,
        not_on_or_after: time_attribute(conditions, "NotOnOrAfter")?,
    })
}

/// The AudienceRestrictions; every other condition has to be one that SAML Core defines.
pub(crate) fn read_restrictions(conditions: Element<'_>) -> Result<Vec<Element<'_>>, Failure> {
    let mut restrictions = Vec::with_capacity(1);
    let (mut one_time_use, mut proxy) = (0, 0);
    for condition in conditions.children() {
        let known = condition.namespace() == ASSERTION;
        match condition.local_name() {
            "AudienceRestriction" if known => restrictions.push(condition),
            // SAML Core §2.5.1.5: every assertion is used once here, so it asks nothing more
            "OneTimeUse" if known => one_time_use += 1,
            // SAML Core §2.5.1.6: it binds those who issue assertions on this one; nobody here does
            "ProxyRestriction" if known => proxy += 1,
            // SAML Core §2.5.1: an assertion with a condition that is not understood is
            // indeterminate, and MUST NOT be considered valid
            _ => return Err(Failure::new(ConditionsRule::Unknown).at(condition.span())),
        }
        // SAML Core §2.5.1.5 and §2.5.1.6: at most one of each
        if one_time_use > 1 || proxy > 1 {
            return Err(Failure::new(ConditionsRule::Repeated).at(condition.span()));
        }
    }
    if conditions.child_text_is_blank() {
        Ok(restrictions)
    } else {
        Err(Failure::new(ConditionsRule::Unknown).at(conditions.span()))
    }
}

/// The audiences of one restriction; white space around an entity ID is not part of it.
pub(crate) fn audiences(restriction: Element<'_>) -> impl Iterator<Item = &str> {
    restriction
        .children()
        .filter(|child| child.is(ASSERTION, "Audience"))
        .filter_map(Element::text)
        .map(trim_xml)
}
