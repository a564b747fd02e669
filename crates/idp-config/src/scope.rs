//! shibmd:Scope: which domains an identity provider may speak for.

use saml_xml::Element;
use saml_xml::types::trim_xml;
use serde::{Deserialize, Serialize};

use crate::IdentityProvider;
use crate::metadata::MD;

const SHIBMD: &str = "urn:mace:shibboleth:metadata:1.0";
/// Scopes that one identity provider may have; universities with many have some dozens.
const MOST: usize = 1000;

/// One scope as the metadata name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scope {
    /// The domain, or the regular expression.
    pub value: String,
    /// Whether it is a regular expression. These allow nothing here: see
    /// [`IdentityProvider::allows_scoped`].
    #[serde(default)]
    pub regexp: bool,
}

/// The scopes of the role, and of the entity around it.
pub(crate) fn read(entity: Element<'_>, role: Element<'_>) -> Vec<Scope> {
    [entity, role]
        .into_iter()
        .flat_map(Element::children)
        .filter(|child| child.is(MD, "Extensions"))
        .flat_map(Element::children)
        .filter(|child| child.is(SHIBMD, "Scope"))
        .filter_map(|scope| {
            let value = trim_xml(scope.text()?).to_owned();
            Some(Scope {
                regexp: matches!(scope.attribute("regexp"), Some("true" | "1")),
                value,
            })
        })
        .filter(|scope| !scope.value.is_empty())
        .take(MOST)
        .collect()
}

impl IdentityProvider {
    /// The scopes that its metadata name.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Whether it may assert a scoped value, such as `ada@university.example` of
    /// eduPersonPrincipalName or of subject-id: whether what follows its one `@` is one of its
    /// scopes (SAML2Int SDP-SP17). Domains are compared without regard to case.
    ///
    /// A scope that is a regular expression allows nothing: federations are giving them up, because
    /// an expression that is not anchored lets somebody else's domain in.
    ///
    /// ```
    /// use idp_config::{IdentityProvider, TrustPolicy};
    /// use time::macros::datetime;
    ///
    /// # let xml = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/metadata/accepted__jumpcloud.xml"));
    /// let scopes = r#"<md:Extensions><s:Scope xmlns:s="urn:mace:shibboleth:metadata:1.0" regexp="false">university.example</s:Scope><s:Scope xmlns:s="urn:mace:shibboleth:metadata:1.0" regexp="true">.*\.example</s:Scope></md:Extensions>"#;
    /// // The metadata of an identity provider with a scope
    /// # let start = xml.find("<md:IDPSSODescriptor").ok_or("a role")?;
    /// # let end = start + xml[start..].find('>').ok_or("its end")? + 1;
    /// # let with_scopes = format!("{}{scopes}{}", &xml[..end], &xml[end..]);
    /// let now = datetime!(2026-12-01 12:00 UTC);
    /// let idp = IdentityProvider::from_metadata_xml(with_scopes.as_bytes(), None, &TrustPolicy::default(), now)?;
    /// assert_eq!(idp.scopes().len(), 2);
    /// assert!(idp.allows_scoped("ada@University.example"));
    /// assert!(!idp.allows_scoped("ada@other.example")); // the expression allows nothing
    /// assert!(!idp.allows_scoped("ada@evil.university.example"));
    /// assert!(!idp.allows_scoped("ada@evil.example@university.example"));
    /// assert!(!idp.allows_scoped("ada"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn allows_scoped(&self, value: &str) -> bool {
        // Two at signs are two domains to two readers
        let Some((name, domain)) = value
            .split_once('@')
            .filter(|(_, rest)| !rest.contains('@'))
        else {
            return false;
        };
        !name.is_empty()
            && self
                .scopes
                .iter()
                .any(|scope| !scope.regexp && scope.value.eq_ignore_ascii_case(domain))
    }
}
