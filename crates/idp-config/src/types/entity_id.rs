use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::excerpt;
use crate::{ConfigError, ConfigErrorKind};

/// The name of a SAML entity, also called issuer.
///
/// The standard asks for a URI (SAML Core §8.3.6), yet identity providers let administrators type
/// free text, and several customers type the same one. So it is opaque: compared byte for byte,
/// never trimmed, never normalised, and never a key to find a connection by.
///
/// ```
/// use idp_config::EntityId;
///
/// let id: EntityId = "My JumpCloud ".parse()?;
/// assert_eq!(id.as_str(), "My JumpCloud ");
/// assert_eq!("".parse::<EntityId>().unwrap_err().code(), "config.entity_id_malformed");
/// # Ok::<(), idp_config::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntityId(String);

impl EntityId {
    /// SAML Core §8.3.6: an entity identifier has no more than 1024 characters.
    pub const MAX_CHARS: usize = 1024;

    /// Takes the text as it is.
    ///
    /// # Errors
    /// `config.entity_id_malformed` when it is empty or only white space, has more than
    /// [`Self::MAX_CHARS`] characters, or holds control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, ConfigError> {
        let text = text.into();
        let refuse = |actual: String| {
            ConfigError::new(ConfigErrorKind::EntityIdMalformed)
                .expected("1 to 1024 characters, none of them control characters")
                .actual(actual)
        };
        if text.trim().is_empty() {
            return Err(refuse("nothing".into()));
        }
        // SAML Core §8.3.6: "no more than 1024 characters"
        if text.len() > Self::MAX_CHARS && text.chars().nth(Self::MAX_CHARS).is_some() {
            return Err(refuse(format!("{} characters", text.chars().count())));
        }
        // A line break in an issuer would forge lines in logs, and no XML attribute typed by a
        // person carries one.
        if text.chars().any(char::is_control) {
            return Err(refuse(excerpt(&text)));
        }
        Ok(Self(text))
    }

    /// The text, verbatim.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for EntityId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for EntityId {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::new(text)
    }
}

impl TryFrom<String> for EntityId {
    type Error = ConfigError;

    fn try_from(text: String) -> Result<Self, ConfigError> {
        Self::new(text)
    }
}

impl From<EntityId> for String {
    fn from(id: EntityId) -> Self {
        id.0
    }
}
