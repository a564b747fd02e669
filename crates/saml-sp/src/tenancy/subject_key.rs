//! The key that an account is linked to.

use core::fmt;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::reason::AccountRule;
use crate::response::name_id::NameId;
use crate::trust::Login;

const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";

/// Whom a login names, as a key for the application's table of accounts: the connection, the
/// Format, the qualifiers and the value of the NameID together.
///
/// It is a digest, so that the column has a fixed width and no personal data, and equal for equal
/// subjects. What the standard says is the same is the same here: a NameID without a Format is
/// *unspecified* (SAML Core §2.2.2), and a persistent one without a NameQualifier is qualified by
/// its issuer (SAML Core §8.3.7). Nothing else is: values are compared byte for byte, because an
/// identity provider may well give `Ada` and `ada` to two people.
///
/// ```no_run
/// # fn link(login: &saml_sp::Login) -> Result<(), saml_sp::Error> {
/// use saml_sp::SubjectKey;
///
/// let key = SubjectKey::of(login)?;
/// // accounts.find(key.as_str()): the account of this person at this connection, and no other
/// assert!(key.as_str().starts_with("v1:"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubjectKey(String);

impl SubjectKey {
    /// The key of who signed in.
    ///
    /// # Errors
    /// `account.transient_id` when the identity provider gives another NameID for every session, so
    /// that it can name no account; `account.identifier_missing` when the login has no identifier.
    pub fn of(login: &Login) -> Result<Self, Error> {
        let connection = login.connection().as_str();
        if let Some((name, value)) = login.subject().attribute_id() {
            return Ok(Self::digest([connection, "attribute", name, "", value]));
        }
        let name_id = login
            .name_id()
            .ok_or_else(|| Error::from(AccountRule::IdentifierMissing))?;
        let format = name_id.format().unwrap_or(UNSPECIFIED);
        // SAML Core §8.3.8: a transient identifier is for one session, and another one's next time
        if format == TRANSIENT {
            return Err(AccountRule::TransientId.into());
        }
        // An SPNameQualifier that is there was checked to be this service provider's entity ID, so
        // that it adds nothing
        let qualifier = name_id.name_qualifier().unwrap_or_default();
        let qualifier = if format == PERSISTENT && qualifier == login.issuer() {
            ""
        } else {
            qualifier
        };
        Ok(Self::of_name_id(connection, format, qualifier, name_id))
    }

    fn of_name_id(connection: &str, format: &str, qualifier: &str, name_id: &NameId) -> Self {
        Self::digest([connection, "name_id", format, qualifier, name_id.value()])
    }

    /// Each part with its length before it, so that no two lists of parts read the same.
    fn digest(parts: [&str; 5]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in parts {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut key = String::from("v1:");
        for byte in context.finish().as_ref() {
            key.push_str(&format!("{byte:02x}"));
        }
        Self(key)
    }

    /// The key: `v1:` and 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
