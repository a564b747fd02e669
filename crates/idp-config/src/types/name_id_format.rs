use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of name a NameID is: a URI (SAML Core §8.3), opaque, because identity providers make
/// up their own.
///
/// ```
/// use idp_config::NameIdFormat;
///
/// let format = NameIdFormat::new("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress");
/// assert_eq!(format, NameIdFormat::EMAIL_ADDRESS);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NameIdFormat(Cow<'static, str>);

impl NameIdFormat {
    /// No promise about the name (SAML Core §8.3.1).
    pub const UNSPECIFIED: Self = Self(Cow::Borrowed(
        "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
    ));
    /// An e-mail address (SAML Core §8.3.2).
    pub const EMAIL_ADDRESS: Self = Self(Cow::Borrowed(
        "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    ));
    /// An X.509 subject name (SAML Core §8.3.3).
    pub const X509_SUBJECT_NAME: Self = Self(Cow::Borrowed(
        "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
    ));
    /// `domain\user` of Windows (SAML Core §8.3.4).
    pub const WINDOWS_DOMAIN_QUALIFIED_NAME: Self = Self(Cow::Borrowed(
        "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName",
    ));
    /// `user@REALM` of Kerberos (SAML Core §8.3.5).
    pub const KERBEROS: Self = Self(Cow::Borrowed(
        "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos",
    ));
    /// The entity ID of a provider (SAML Core §8.3.6).
    pub const ENTITY: Self = Self(Cow::Borrowed(
        "urn:oasis:names:tc:SAML:2.0:nameid-format:entity",
    ));
    /// An opaque name, lasting, for one service provider (SAML Core §8.3.7).
    pub const PERSISTENT: Self = Self(Cow::Borrowed(
        "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    ));
    /// An opaque name for one session; never an account key (SAML Core §8.3.8).
    pub const TRANSIENT: Self = Self(Cow::Borrowed(
        "urn:oasis:names:tc:SAML:2.0:nameid-format:transient",
    ));

    /// Takes the URI as it is.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self(Cow::Owned(uri.into()))
    }

    /// The URI, verbatim.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NameIdFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for NameIdFormat {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
