//! A connection as it is written down: JSON, TOML, or whatever else serde writes.

use idp_config::{IdentityProvider, IdpSource, TrustPolicy};
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::connection::{Connection, Identifier, RequestBinding, SignedPart};
use crate::error::Error;
use crate::ids::ConnectionId;
use crate::policy::Policy;
use crate::preset::{Preset, Quirk};
use crate::reason::ConnectionRule;

/// What an administrator set for one connection. What is left out has the strict default; a field
/// that is not known is an error. The JSON Schema is `docs/schema/connection.schema.json`.
///
/// ```
/// use saml_sp::ConnectionConfig;
/// use time::macros::datetime;
///
/// let config: ConnectionConfig = serde_json::from_str(r#"{
///     "id": "acme",
///     "idp": {
///         "type": "fingerprint",
///         "entity_id": "JumpCloud",
///         "sso_url": "https://sso.jumpcloud.com/saml2/acme",
///         "sha256": "5D4F2A97096C1ABA0E6AE4696B2112A35D4F2A97096C1ABA0E6AE4696B2112A3"
///     },
///     "preset": "jumpcloud",
///     "require_signed": "assertion"
/// }"#)?;
///
/// let now = datetime!(2026-11-23 12:00 UTC);
/// let idp = config.idp.resolve_with(&config.trust_policy(), now)?;
/// let connection = config.build(idp)?;
/// assert_eq!(connection.id().as_str(), "acme");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConnectionConfig {
    /// Our own name for it.
    pub id: ConnectionId,
    /// Whom to trust.
    pub idp: IdpSource,
    /// What is asked of the identity provider.
    #[serde(default)]
    pub policy: Policy,
    /// What product it is, by the id of its [`Preset`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// Which element has to be signed.
    #[serde(default)]
    pub require_signed: SignedPart,
    /// How the AuthnRequest travels.
    #[serde(default)]
    pub request_binding: RequestBinding,
    /// Whether AuthnRequests are signed.
    #[serde(default)]
    pub sign_requests: bool,
    /// Whether logins may start at the identity provider.
    #[serde(default)]
    pub allow_unsolicited: bool,
    /// What names a user.
    #[serde(default)]
    pub identify_by: Identifier,
    /// An ACS URL of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acs_url: Option<String>,
    /// Forgiven difference between the clocks, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_skew_seconds: Option<u32>,
    /// How long a started login stays answerable, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_lifetime_seconds: Option<u32>,
    /// What makes the connection weaker.
    #[serde(default, skip_serializing_if = "DangerConfig::is_none")]
    pub danger: DangerConfig,
}

/// Loosenings of one connection, each as the function of [`danger`](crate::danger) of that name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct DangerConfig {
    /// [`accept_sha1`](crate::danger::accept_sha1).
    pub accept_sha1: bool,
    /// [`accept_rsa1024`](crate::danger::accept_rsa1024), of the keys as well.
    pub accept_rsa1024: bool,
    /// [`accept_plain_http`](idp_config::danger::accept_plain_http) of its endpoints.
    pub accept_plain_http: bool,
    /// [`forgive`](crate::danger::forgive) these.
    pub forgive: Vec<Quirk>,
}

impl DangerConfig {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl ConnectionConfig {
    /// The strict defaults.
    #[must_use]
    pub fn new(id: ConnectionId, idp: IdpSource) -> Self {
        Self {
            id,
            idp,
            policy: Policy::default(),
            preset: None,
            require_signed: SignedPart::default(),
            request_binding: RequestBinding::default(),
            sign_requests: false,
            allow_unsolicited: false,
            identify_by: Identifier::default(),
            acs_url: None,
            clock_skew_seconds: None,
            request_lifetime_seconds: None,
            danger: DangerConfig::default(),
        }
    }

    /// What the identity provider's keys and endpoints must be.
    #[must_use]
    pub fn trust_policy(&self) -> TrustPolicy {
        let mut policy = TrustPolicy::default();
        if self.danger.accept_rsa1024 {
            policy = idp_config::danger::accept_rsa1024(policy);
        }
        if self.danger.accept_plain_http {
            policy = idp_config::danger::accept_plain_http(policy);
        }
        policy
    }

    /// The connection, with the identity provider that [`idp`](Self::idp) resolved to, or that a
    /// refresher holds.
    ///
    /// # Errors
    /// `connection.clock_skew`, `connection.sp_url`, `connection.preset_unknown`.
    pub fn build(&self, idp: IdentityProvider) -> Result<Connection, Error> {
        let mut connection = Connection::new(self.id.clone(), idp)
            .require_signed(self.require_signed)
            .request_binding(self.request_binding)
            .sign_requests(self.sign_requests)
            .allow_unsolicited(self.allow_unsolicited)
            .identify_by(self.identify_by.clone());
        if let Some(id) = &self.preset {
            let preset = Preset::find(id).ok_or(ConnectionRule::PresetUnknown)?;
            connection = connection.with_preset(preset);
        }
        if let Some(url) = &self.acs_url {
            connection = connection.with_acs_url(url.as_str())?;
        }
        if let Some(seconds) = self.clock_skew_seconds {
            connection = connection.clock_skew(Duration::seconds(seconds.into()))?;
        }
        if let Some(seconds) = self.request_lifetime_seconds {
            connection = connection.request_lifetime(Duration::seconds(seconds.into()));
        }
        if self.danger.accept_sha1 {
            connection = crate::danger::accept_sha1(connection);
        }
        if self.danger.accept_rsa1024 {
            connection = crate::danger::accept_rsa1024(connection);
        }
        for quirk in &self.danger.forgive {
            connection = crate::danger::forgive(connection, *quirk);
        }
        Ok(connection.with_policy(self.policy))
    }
}
