//! What was different in fresh metadata.

use serde::{Deserialize, Serialize};

use crate::IdentityProvider;

/// What changed between two snapshots of one identity provider. Keys are named by the SHA-256 of
/// their SubjectPublicKeyInfo, as [`KeyId`](saml_xml::KeyId) prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConfigChange {
    /// Signing keys that were not there before.
    pub added_keys: Vec<String>,
    /// Signing keys that are not there any more.
    pub vanished_keys: Vec<String>,
    /// Whether a sign-in or sign-out endpoint differs.
    pub endpoints: bool,
    /// Whether `validUntil` or `cacheDuration` differs.
    pub validity: bool,
    /// Whether signed requests are wanted now and were not, or the other way round.
    pub want_authn_requests_signed: bool,
}

impl ConfigChange {
    /// Compares two snapshots.
    #[must_use]
    pub fn between(before: &IdentityProvider, after: &IdentityProvider) -> Self {
        let ids = |idp: &IdentityProvider| -> Vec<String> {
            idp.signing_keys()
                .iter()
                .map(|key| key.id().to_string())
                .collect()
        };
        let (old, new) = (ids(before), ids(after));
        let without = |these: &[String], those: &[String]| -> Vec<String> {
            these
                .iter()
                .filter(|id| !those.contains(id))
                .cloned()
                .collect()
        };
        Self {
            added_keys: without(&new, &old),
            vanished_keys: without(&old, &new),
            endpoints: before.sso_endpoints() != after.sso_endpoints()
                || before.slo_endpoints() != after.slo_endpoints(),
            validity: before.valid_until() != after.valid_until()
                || before.cache_duration() != after.cache_duration(),
            want_authn_requests_signed: before.want_authn_requests_signed()
                != after.want_authn_requests_signed(),
        }
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the keys differ: worth an entry in the history by itself.
    #[must_use]
    pub fn changes_keys(&self) -> bool {
        !self.added_keys.is_empty() || !self.vanished_keys.is_empty()
    }
}
