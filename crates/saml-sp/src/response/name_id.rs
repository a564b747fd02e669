//! saml:NameID.

use core::fmt;

use saml_xml::Element;
use saml_xml::types::trim_xml;
use serde::{Deserialize, Serialize};

use crate::reason::SubjectRule;
use crate::report::{Failure, Value};

/// Longest NameID that is read: SAML Core §8.3.7 allows persistent identifiers 256 characters,
/// SAML2Int SDP-G02 the same for all; this is four bytes for each.
const MAX_BYTES: usize = 1024;

/// Who signed in, as the identity provider names them, with every XML attribute that came along:
/// logout needs them all.
///
/// The value is verbatim: not trimmed, not case-folded, not normalised. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NameId {
    value: String,
    format: Option<String>,
    name_qualifier: Option<String>,
    sp_name_qualifier: Option<String>,
    sp_provided_id: Option<String>,
}

impl NameId {
    /// The identifier, exactly as it was signed.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// `Format`, an opaque URI.
    #[must_use]
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// `NameQualifier`.
    #[must_use]
    pub fn name_qualifier(&self) -> Option<&str> {
        self.name_qualifier.as_deref()
    }

    /// `SPNameQualifier`; the service provider's entity ID if it is there.
    #[must_use]
    pub fn sp_name_qualifier(&self) -> Option<&str> {
        self.sp_name_qualifier.as_deref()
    }

    /// `SPProvidedID`.
    #[must_use]
    pub fn sp_provided_id(&self) -> Option<&str> {
        self.sp_provided_id.as_deref()
    }
}

impl fmt::Debug for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NameId")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

pub(crate) fn read(name_id: Element<'_>) -> Result<NameId, Failure> {
    // SAML Core §2.2.3: NameIDType extends xs:string, so it has no element children
    let Some(value) = name_id.text() else {
        return Err(Failure::new(SubjectRule::NameIdMalformed).at(name_id.span()));
    };
    // SAML Core §1.3.1: strings MUST consist of at least one non-whitespace character
    if trim_xml(value).is_empty() {
        return Err(Failure::new(SubjectRule::NameIdEmpty).at(name_id.span()));
    }
    if value.len() > MAX_BYTES {
        return Err(Failure::new(SubjectRule::NameIdTooLong)
            .expected(Value::Static("at most 1,024 bytes"))
            .at(name_id.span()));
    }
    let attribute = |local| name_id.attribute(local).map(str::to_owned);
    Ok(NameId {
        value: value.to_owned(),
        format: attribute("Format"),
        name_qualifier: attribute("NameQualifier"),
        sp_name_qualifier: attribute("SPNameQualifier"),
        sp_provided_id: attribute("SPProvidedID"),
    })
}
