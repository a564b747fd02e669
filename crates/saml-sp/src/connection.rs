//! One identity provider, as this service provider deals with it.

use std::sync::Arc;

use idp_config::IdentityProvider;
use saml_xml::AlgorithmPolicy;
use time::Duration;

use crate::error::Error;
use crate::ids::ConnectionId;
use crate::logout::PinnedCertificate;
use crate::policy::Policy;
use crate::preset::{LoginHint, Preset, Quirk, Quirks};
use crate::reason::ConnectionRule;

/// Clock difference that is forgiven unless a connection says otherwise.
// SAML2Int v2 SDP-G01: 3 to 5 minutes in both directions
const DEFAULT_CLOCK_SKEW: Duration = Duration::seconds(180);
const MAX_CLOCK_SKEW: Duration = Duration::seconds(300);

/// How long a login may take at the identity provider: time to find a second factor.
const DEFAULT_REQUEST_LIFETIME: Duration = Duration::minutes(15);

/// Which element has to be signed. Whatever is signed has to verify.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SignedPart {
    /// The Response, the Assertion, or both: what most identity providers can be set to.
    #[default]
    Either,
    /// The Response, whether the Assertion is signed or not.
    Response,
    /// The Assertion, whether the Response is signed or not.
    Assertion,
    /// Both.
    Both,
}

/// How an AuthnRequest travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RequestBinding {
    /// Redirect if the identity provider offers it, else POST.
    #[default]
    Auto,
    /// HTTP Redirect (SAML Bindings §3.4).
    Redirect,
    /// HTTP POST (SAML Bindings §3.5).
    Post,
}

/// What names a user.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Identifier {
    /// The NameID, which has to be there.
    #[default]
    NameId,
    /// The one value of the attribute of this name, which has to be there; a NameID need not be
    /// (SAML2Int v2 SDP-SP13).
    Attribute(String),
    /// The attribute `subject-id`, else `pairwise-id`, of the SAML Subject Identifier Attributes
    /// Profile: what SAML2Int v2 SDP-SP14 asks for.
    SubjectId,
}

/// A connection: our own name for it, the identity provider, and the settings of this pair.
///
/// It cannot be made without an [`IdentityProvider`], which cannot be made without a key.
/// Everything that weakens it is in [`danger`](crate::danger). Cheap to clone.
///
/// ```
/// use idp_config::IdpSource;
/// use saml_sp::{Connection, ConnectionId, SignedPart};
/// use time::Duration;
/// use time::macros::datetime;
///
/// let source = IdpSource::fingerprint("JumpCloud", "https://sso.jumpcloud.com/saml2/acme", None, &"ab".repeat(32))?;
/// let idp = source.resolve(datetime!(2026-11-23 12:00 UTC))?;
/// let connection = Connection::new(ConnectionId::new("acme")?, idp)
///     .clock_skew(Duration::seconds(120))?
///     .require_signed(SignedPart::Assertion)
///     .allow_unsolicited(true);
/// assert_eq!(connection.id().as_str(), "acme");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Connection {
    id: ConnectionId,
    idp: Arc<IdentityProvider>,
    clock_skew: Duration,
    request_lifetime: Duration,
    signed_part: SignedPart,
    allow_unsolicited: bool,
    request_binding: RequestBinding,
    sign_requests: bool,
    acs_url: Option<Arc<str>>,
    identifier: Identifier,
    login_hint: Option<LoginHint>,
    pinned_certificate: Option<PinnedCertificate>,
    pub(crate) algorithms: AlgorithmPolicy,
    #[cfg(feature = "decrypt")]
    pub(crate) ciphers: saml_xml::xmlenc::CipherPolicy,
    pub(crate) quirks: Quirks,
    preset: Option<&'static Preset>,
    policy: Policy,
}

impl Connection {
    /// A connection with the strict defaults.
    #[must_use]
    pub fn new(id: ConnectionId, idp: impl Into<Arc<IdentityProvider>>) -> Self {
        Self {
            id,
            idp: idp.into(),
            clock_skew: DEFAULT_CLOCK_SKEW,
            request_lifetime: DEFAULT_REQUEST_LIFETIME,
            signed_part: SignedPart::Either,
            allow_unsolicited: false,
            request_binding: RequestBinding::Auto,
            sign_requests: false,
            acs_url: None,
            identifier: Identifier::NameId,
            login_hint: None,
            pinned_certificate: None,
            algorithms: AlgorithmPolicy::default(),
            #[cfg(feature = "decrypt")]
            ciphers: saml_xml::xmlenc::CipherPolicy::default(),
            quirks: Quirks::default(),
            preset: None,
            policy: Policy::Enterprise,
        }
    }

    /// Forgives this difference between the clocks, in both directions. 180 seconds by default.
    ///
    /// # Errors
    /// `connection.clock_skew` when it is negative or above five minutes.
    pub fn clock_skew(mut self, skew: Duration) -> Result<Self, Error> {
        if skew.is_negative() || skew > MAX_CLOCK_SKEW {
            return Err(ConnectionRule::ClockSkew.into());
        }
        self.clock_skew = skew;
        Ok(self)
    }

    /// How long a started login stays answerable. 15 minutes by default, at least one second.
    #[must_use]
    pub fn request_lifetime(mut self, lifetime: Duration) -> Self {
        self.request_lifetime = lifetime.max(Duration::SECOND);
        self
    }

    /// Which element has to be signed.
    #[must_use]
    pub const fn require_signed(mut self, part: SignedPart) -> Self {
        self.signed_part = part;
        self
    }

    /// Accepts Responses that answer no request (IdP-initiated login). Off by default.
    ///
    /// # Security
    /// An unsolicited Response is bound to no browser: whoever can make a browser post a form can
    /// sign it in as somebody else (login CSRF).
    #[must_use]
    pub const fn allow_unsolicited(mut self, allow: bool) -> Self {
        self.allow_unsolicited = allow;
        self
    }

    /// How the AuthnRequest travels.
    #[must_use]
    pub const fn request_binding(mut self, binding: RequestBinding) -> Self {
        self.request_binding = binding;
        self
    }

    /// Signs AuthnRequests. They are signed anyway when the identity provider's metadata asks for
    /// it (`WantAuthnRequestsSigned`).
    #[must_use]
    pub const fn sign_requests(mut self, sign: bool) -> Self {
        self.sign_requests = sign;
        self
    }

    /// What names a user of this identity provider: the NameID unless this says otherwise.
    #[must_use]
    pub fn identify_by(mut self, identifier: Identifier) -> Self {
        self.identifier = identifier;
        self
    }

    /// An ACS URL of its own: Responses of this identity provider are posted there and nowhere
    /// else. By default all connections share [`ServiceProvider::acs_url`](crate::ServiceProvider).
    ///
    /// With one path for each connection, a message is routed by where it arrives, which works for
    /// logins that start at the identity provider as well, and for identity providers whose entity
    /// ID is not unique.
    ///
    /// # Errors
    /// `connection.sp_url` when it is not an absolute http(s) URL without fragment.
    ///
    /// ```
    /// # use saml_sp::{Connection, ConnectionId, IdpSource};
    /// # let source = IdpSource::fingerprint("https://idp.example", "https://idp.example/sso", None, &"ab".repeat(32))?;
    /// # let idp = source.resolve(time::macros::datetime!(2026-11-23 12:00 UTC))?;
    /// let connection = Connection::new(ConnectionId::new("acme")?, idp)
    ///     .with_acs_url("https://app.example/saml/acme/consume")?;
    /// # assert_eq!(connection.acs_url(), Some("https://app.example/saml/acme/consume"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_acs_url(mut self, url: impl Into<String>) -> Result<Self, Error> {
        let url = url.into();
        crate::provider::endpoint(&url)?;
        self.acs_url = Some(url.into());
        Ok(self)
    }

    /// The certificate that an earlier login was signed with
    /// ([`Login::pinned_certificate`](crate::Login::pinned_certificate)): what a connection by
    /// fingerprint verifies logout messages over Redirect with.
    #[must_use]
    pub fn pinned_certificate(mut self, certificate: PinnedCertificate) -> Self {
        self.pinned_certificate = Some(certificate);
        self
    }

    /// How this identity provider is told whom to ask for
    /// ([`LoginOptions::login_hint`](crate::LoginOptions::login_hint)). Without this, as its
    /// [preset](Self::with_preset) says; without a preset, hints stay at home.
    #[must_use]
    pub const fn login_hint_by(mut self, convention: LoginHint) -> Self {
        self.login_hint = Some(convention);
        self
    }

    /// What product the identity provider is. It changes no verdict: reports then name the field
    /// of that product's console, and login hints travel the way the product reads them.
    ///
    /// ```
    /// # use idp_config::IdpSource;
    /// use saml_sp::{Connection, ConnectionId, Preset};
    ///
    /// # let source = IdpSource::fingerprint("https://idp.example", "https://idp.example/sso", None, &"ab".repeat(32))?;
    /// # let idp = source.resolve(time::macros::datetime!(2026-11-23 12:00 UTC))?;
    /// let preset = Preset::find("okta").ok_or("no such preset")?;
    /// let connection = Connection::new(ConnectionId::new("acme")?, idp).with_preset(preset);
    /// assert_eq!(connection.preset().map(|preset| preset.product), Some("Okta"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn with_preset(mut self, preset: &'static Preset) -> Self {
        self.preset = Some(preset);
        self
    }

    /// What is asked of the identity provider: [`Policy::Enterprise`] unless this says otherwise.
    ///
    /// [`Policy::Federation`] sets what has not been set, and is checked when a login starts and
    /// when a message is validated.
    ///
    /// # Errors
    /// None here; a connection that is not what the policy asks for is refused with `policy.*` when
    /// it is used.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        crate::policy::apply(&mut self, policy);
        self
    }

    /// The same connection after its identity provider's metadata changed.
    #[must_use]
    pub fn with_identity_provider(mut self, idp: impl Into<Arc<IdentityProvider>>) -> Self {
        self.idp = idp.into();
        self
    }

    /// Our own name for it.
    #[must_use]
    pub const fn id(&self) -> &ConnectionId {
        &self.id
    }

    /// The identity provider.
    #[must_use]
    pub fn identity_provider(&self) -> &IdentityProvider {
        &self.idp
    }

    /// Its own ACS URL, if it has one.
    #[must_use]
    pub fn acs_url(&self) -> Option<&str> {
        self.acs_url.as_deref()
    }

    /// What names a user.
    #[must_use]
    pub const fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// What is asked of the identity provider.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    pub(crate) const fn set_signed_part(&mut self, part: SignedPart) {
        self.signed_part = part;
    }

    pub(crate) const fn set_binding(&mut self, binding: RequestBinding) {
        self.request_binding = binding;
    }

    pub(crate) fn set_identifier(&mut self, identifier: Identifier) {
        self.identifier = identifier;
    }

    pub(crate) const fn pinned(&self) -> Option<&PinnedCertificate> {
        self.pinned_certificate.as_ref()
    }

    pub(crate) fn hint(&self) -> LoginHint {
        self.login_hint
            .or_else(|| self.preset.map(|preset| preset.login_hint))
            .unwrap_or(LoginHint::None)
    }

    pub(crate) fn shared_acs_url(&self, sp: &crate::ServiceProvider) -> Arc<str> {
        self.acs_url.clone().unwrap_or_else(|| sp.shared_acs_url())
    }

    /// What product the identity provider is, if that is known.
    #[must_use]
    pub const fn preset(&self) -> Option<&'static Preset> {
        self.preset
    }

    /// The quirks that are forgiven: none, unless [`danger::forgive`](crate::danger::forgive) said
    /// so.
    pub fn forgiven_quirks(&self) -> impl Iterator<Item = Quirk> {
        self.quirks.iter()
    }

    pub(crate) const fn skew(&self) -> Duration {
        self.clock_skew
    }

    pub(crate) const fn lifetime(&self) -> Duration {
        self.request_lifetime
    }

    pub(crate) const fn signed_part(&self) -> SignedPart {
        self.signed_part
    }

    pub(crate) const fn allows_unsolicited(&self) -> bool {
        self.allow_unsolicited
    }

    pub(crate) const fn binding(&self) -> RequestBinding {
        self.request_binding
    }

    // SAML Metadata §2.4.4: WantAuthnRequestsSigned indicates a requirement
    pub(crate) fn signs_requests(&self) -> bool {
        self.sign_requests || self.idp.want_authn_requests_signed()
    }
}
