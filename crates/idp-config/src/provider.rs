use saml_xml::types::Duration;
use saml_xml::{TrustAnchors, VerifyingKey};
use time::OffsetDateTime;
use url::Url;

use crate::metadata::Signer;
use crate::types::{PlainHttp, check_location, redacted};
use crate::{
    Binding, ConfigError, Endpoint, EntityId, NameIdFormat, Scope, Sha256Fingerprint, TrustPolicy,
    Warning, WarningKind, metadata,
};

/// How far the identity provider's clock may be off when its metadata expires: 3 minutes, the
/// least that SAML2Int SDP-G01 asks every implementation to allow, metadata included.
pub const CLOCK_SKEW: time::Duration = time::Duration::minutes(3);

/// Whom to trust and where to send the browser: a snapshot that never changes.
///
/// One cannot exist without at least one key, or the fingerprint of one, and a place to sign in.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    pub(crate) entity_id: EntityId,
    pub(crate) sso: Vec<Endpoint>,
    pub(crate) slo: Vec<Endpoint>,
    pub(crate) trust: Trust,
    pub(crate) name_id_formats: Vec<NameIdFormat>,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) want_authn_requests_signed: bool,
    pub(crate) valid_until: Option<OffsetDateTime>,
    pub(crate) cache_duration: Option<Duration>,
    pub(crate) warnings: Vec<Warning>,
}

#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// Never empty.
    Keys(Vec<VerifyingKey>),
    Fingerprint([[u8; 32]; 1]),
}

impl IdentityProvider {
    /// Reads SAML metadata (SAML Metadata §2).
    ///
    /// The root may be an EntityDescriptor, or an EntitiesDescriptor together with the entity ID
    /// that is meant. Other roles and extensions in the document are passed over. A signature of
    /// the document is not verified: that is
    /// [`from_signed_metadata_xml`](Self::from_signed_metadata_xml).
    ///
    /// # Errors
    /// Any `metadata.*` code, `config.entity_id_malformed`, and `config.url_*` for endpoints.
    ///
    /// ```
    /// use idp_config::{Binding, IdentityProvider, TrustPolicy};
    /// use time::macros::datetime;
    ///
    /// # let xml = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/metadata/accepted__jumpcloud.xml"));
    /// let now = datetime!(2026-12-01 12:00 UTC);
    /// let idp = IdentityProvider::from_metadata_xml(xml, None, &TrustPolicy::default(), now)?;
    /// assert_eq!(idp.entity_id().as_str(), "My Product at JumpCloud");
    /// assert!(idp.sso(Binding::HttpPost).is_some());
    /// assert_eq!(idp.signing_keys().len(), 1);
    ///
    /// let error = IdentityProvider::from_metadata_xml(b"<html>", None, &TrustPolicy::default(), now)
    ///     .unwrap_err();
    /// assert_eq!(error.code(), "metadata.html");
    /// # Ok::<(), idp_config::ConfigError>(())
    /// ```
    pub fn from_metadata_xml(
        xml: &[u8],
        wanted: Option<&EntityId>,
        policy: &TrustPolicy,
        now: OffsetDateTime,
    ) -> Result<Self, ConfigError> {
        metadata::read(xml, wanted, Signer::None, policy, now)
    }

    /// Reads SAML metadata that have to be signed (SAML Metadata §3): the root's signature is
    /// verified with the key or fingerprint of whoever publishes them, before anything is read.
    ///
    /// # Errors
    /// `metadata.signature_missing`, `metadata.signature_invalid`, and those of
    /// [`from_metadata_xml`](Self::from_metadata_xml).
    pub fn from_signed_metadata_xml(
        xml: &[u8],
        wanted: Option<&EntityId>,
        signer: TrustAnchors<'_>,
        policy: &TrustPolicy,
        now: OffsetDateTime,
    ) -> Result<Self, ConfigError> {
        metadata::read(xml, wanted, Signer::Required(signer), policy, now)
    }

    /// Reads SAML metadata that may be signed: a signature of the root, if there is one, has to
    /// verify. For publishers that are about to sign, or sign now and then.
    ///
    /// # Errors
    /// `metadata.signature_invalid`, and those of [`from_metadata_xml`](Self::from_metadata_xml).
    ///
    /// # Security
    /// Whoever can change the document can take the signature away: this finds damage, not attacks.
    pub fn from_metadata_xml_signed_or_not(
        xml: &[u8],
        wanted: Option<&EntityId>,
        signer: TrustAnchors<'_>,
        policy: &TrustPolicy,
        now: OffsetDateTime,
    ) -> Result<Self, ConfigError> {
        metadata::read(xml, wanted, Signer::IfSigned(signer), policy, now)
    }

    pub(crate) fn from_fingerprint(
        entity_id: EntityId,
        sso_url: Url,
        slo_url: Option<Url>,
        sha256: Sha256Fingerprint,
        policy: &TrustPolicy,
    ) -> Result<Self, ConfigError> {
        let mut warnings = Vec::new();
        for url in [Some(&sso_url), slo_url.as_ref()].into_iter().flatten() {
            if check_location(url, policy)? == PlainHttp::Accepted {
                warnings.push(Warning::about(
                    WarningKind::PlainHttpAccepted,
                    redacted(url),
                ));
            }
        }
        if slo_url.is_some() {
            warnings.push(Warning::new(WarningKind::FingerprintCannotVerifyRedirect));
        }
        // Consoles show one URL for both bindings
        let both = |url: Url| {
            [Binding::HttpRedirect, Binding::HttpPost]
                .map(|binding| Endpoint::new(binding, url.clone(), None))
        };
        Ok(Self {
            entity_id,
            sso: both(sso_url).into(),
            slo: slo_url.map(both).into_iter().flatten().collect(),
            trust: Trust::Fingerprint([*sha256.as_bytes()]),
            name_id_formats: Vec::new(),
            scopes: Vec::new(),
            want_authn_requests_signed: false,
            valid_until: None,
            cache_duration: None,
            warnings,
        })
    }

    /// Its name, which every message from it must carry as Issuer.
    #[must_use]
    pub const fn entity_id(&self) -> &EntityId {
        &self.entity_id
    }

    /// Where to send an AuthnRequest over this binding.
    #[must_use]
    pub fn sso(&self, binding: Binding) -> Option<&Url> {
        find(&self.sso, binding).map(Endpoint::location)
    }

    /// Where to send an AuthnRequest, in the order the identity provider gives.
    #[must_use]
    pub fn sso_endpoints(&self) -> &[Endpoint] {
        &self.sso
    }

    /// Where to send a LogoutRequest or LogoutResponse over this binding.
    #[must_use]
    pub fn slo(&self, binding: Binding) -> Option<&Endpoint> {
        find(&self.slo, binding)
    }

    /// Where to send logout messages, in the order the identity provider gives; often nowhere.
    #[must_use]
    pub fn slo_endpoints(&self) -> &[Endpoint] {
        &self.slo
    }

    /// What its signatures are verified with.
    #[must_use]
    pub fn trust(&self) -> TrustAnchors<'_> {
        match &self.trust {
            Trust::Keys(keys) => TrustAnchors::Keys(keys),
            Trust::Fingerprint(sha256) => TrustAnchors::CertificateSha256(sha256),
        }
    }

    /// Its signing keys; none when it is trusted by fingerprint.
    #[must_use]
    pub fn signing_keys(&self) -> &[VerifyingKey] {
        match &self.trust {
            Trust::Keys(keys) => keys,
            Trust::Fingerprint(_) => &[],
        }
    }

    /// The fingerprint of its certificate, when it is trusted by that.
    #[must_use]
    pub fn fingerprint(&self) -> Option<Sha256Fingerprint> {
        match &self.trust {
            Trust::Keys(_) => None,
            Trust::Fingerprint([sha256]) => Some(Sha256Fingerprint::from_bytes(*sha256)),
        }
    }

    /// The kinds of NameID it offers, in its order.
    #[must_use]
    pub fn name_id_formats(&self) -> &[NameIdFormat] {
        &self.name_id_formats
    }

    /// Whether it insists on signed AuthnRequests (SAML Metadata §2.4.3).
    #[must_use]
    pub const fn want_authn_requests_signed(&self) -> bool {
        self.want_authn_requests_signed
    }

    /// When the metadata stops being valid: the earliest of the role's, the entity's and its
    /// groups' `validUntil`.
    #[must_use]
    pub const fn valid_until(&self) -> Option<OffsetDateTime> {
        self.valid_until
    }

    /// How long the metadata may be kept before it is fetched again: the shortest of the role's,
    /// the entity's and its groups' `cacheDuration`.
    #[must_use]
    pub const fn cache_duration(&self) -> Option<Duration> {
        self.cache_duration
    }

    /// What is worth knowing though it does not stop a login.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Whether the snapshot may still be used. Call it at each login: metadata that was valid
    /// when it was read expires while the process runs.
    ///
    /// # Errors
    /// `metadata.expired`, [`CLOCK_SKEW`] after [`Self::valid_until`].
    pub fn check_valid_at(&self, now: OffsetDateTime) -> Result<(), ConfigError> {
        match self.valid_until {
            Some(until) => metadata::check_not_expired(until, now),
            None => Ok(()),
        }
    }
}

fn find(endpoints: &[Endpoint], binding: Binding) -> Option<&Endpoint> {
    endpoints
        .iter()
        .find(|endpoint| endpoint.binding() == binding)
}
