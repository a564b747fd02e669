use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;

use crate::types::parse_location;
use crate::{
    ConfigError, ConfigErrorKind, EntityId, IdentityProvider, Sha256Fingerprint, TrustPolicy,
};

#[cfg(test)]
mod tests;

/// What an administrator typed to name an identity provider. Store this; make an
/// [`IdentityProvider`] from it when it is needed.
///
/// Its JSON names the variant in `type` and refuses fields it does not know, so that a misspelt
/// setting is an error and not a silent default.
///
/// ```
/// use idp_config::IdpSource;
///
/// let stored = r#"{
///     "type": "fingerprint",
///     "entity_id": "https://idp.example/metadata",
///     "sso_url": "https://idp.example/sso",
///     "sha256": "5D4F2A97096C1ABA0E6AE4696B2112A35D4F2A97096C1ABA0E6AE4696B2112A3"
/// }"#;
/// let source: IdpSource = serde_json::from_str(stored)?;
/// assert_eq!(serde_json::from_str::<IdpSource>(&serde_json::to_string(&source)?)?, source);
/// assert!(serde_json::from_str::<IdpSource>(&stored.replace("entity_id", "issuer")).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum IdpSource {
    /// The identity provider publishes its metadata here.
    MetadataUrl {
        /// Where the document is.
        url: Url,
        /// Which entity of it, when it holds several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entity_id: Option<EntityId>,
    },
    /// The metadata itself.
    MetadataXml {
        /// The document.
        xml: String,
        /// Which entity of it, when it holds several; when it holds one, the entity that it must be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        entity_id: Option<EntityId>,
    },
    /// No metadata: the certificate travels in each Response and is known by its fingerprint.
    Fingerprint {
        /// The issuer to expect. Required: a certificate alone would let any issuer pass.
        entity_id: EntityId,
        /// Where to send the browser to sign in, over HTTP-Redirect and HTTP-POST alike.
        sso_url: Url,
        /// Where to send the browser to sign out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        slo_url: Option<Url>,
        /// The certificate's SHA-256.
        sha256: Sha256Fingerprint,
    },
}

impl IdpSource {
    /// Reads the four fields of a fingerprint connection as they were typed.
    ///
    /// # Errors
    /// `config.entity_id_malformed`, `config.url_malformed`, `config.fingerprint_sha1`,
    /// `config.fingerprint_is_certificate`, `config.fingerprint_malformed`.
    pub fn fingerprint(
        entity_id: &str,
        sso_url: &str,
        slo_url: Option<&str>,
        sha256: &str,
    ) -> Result<Self, ConfigError> {
        Ok(Self::Fingerprint {
            entity_id: entity_id.parse()?,
            sso_url: parse_location(sso_url)?,
            slo_url: slo_url.map(parse_location).transpose()?,
            sha256: sha256.parse()?,
        })
    }

    /// Makes the snapshot that logins use, by the strict default of [`TrustPolicy`].
    ///
    /// # Errors
    /// Any [`ConfigErrorKind`] that fits the source; `config.metadata_url_not_fetched` for
    /// [`IdpSource::MetadataUrl`], whose document goes through
    /// [`IdentityProvider::from_metadata_xml`] once it was fetched.
    pub fn resolve(&self, now: OffsetDateTime) -> Result<IdentityProvider, ConfigError> {
        self.resolve_with(&TrustPolicy::default(), now)
    }

    /// Makes the snapshot that logins use, by a policy that [`crate::danger`] loosened.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    pub fn resolve_with(
        &self,
        policy: &TrustPolicy,
        now: OffsetDateTime,
    ) -> Result<IdentityProvider, ConfigError> {
        match self {
            Self::MetadataUrl { .. } => Err(ConfigErrorKind::MetadataUrlNotFetched.into()),
            Self::MetadataXml { xml, entity_id } => {
                IdentityProvider::from_metadata_xml(xml.as_bytes(), entity_id.as_ref(), policy, now)
            }
            Self::Fingerprint {
                entity_id,
                sso_url,
                slo_url,
                sha256,
            } => IdentityProvider::from_fingerprint(
                entity_id.clone(),
                sso_url.clone(),
                slo_url.clone(),
                *sha256,
                policy,
            ),
        }
    }
}

impl fmt::Debug for IdpSource {
    /// Sizes instead of documents, and no query of a URL: metadata URLs may carry a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use crate::types::redacted;
        match self {
            Self::MetadataUrl { url, entity_id } => f
                .debug_struct("MetadataUrl")
                .field("url", &redacted(url))
                .field("entity_id", entity_id)
                .finish(),
            Self::MetadataXml { xml, entity_id } => f
                .debug_struct("MetadataXml")
                .field("bytes", &xml.len())
                .field("entity_id", entity_id)
                .finish(),
            Self::Fingerprint {
                entity_id,
                sso_url,
                slo_url,
                sha256,
            } => f
                .debug_struct("Fingerprint")
                .field("entity_id", entity_id)
                .field("sso_url", &redacted(sso_url))
                .field("slo_url", &slo_url.as_ref().map(redacted))
                .field("sha256", sha256)
                .finish(),
        }
    }
}
