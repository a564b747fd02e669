use time::Duration;

/// What a key and an endpoint must be to be configured. The default is strict.
///
/// Loosened per connection only, by the functions of [`crate::danger`]; each loosening that took
/// effect is named in [`IdentityProvider::warnings`](crate::IdentityProvider::warnings).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrustPolicy {
    pub(crate) plain_http: bool,
    pub(crate) rsa1024: bool,
    pub(crate) max_validity: Option<Duration>,
    pub(crate) current_certificates: bool,
}

impl TrustPolicy {
    /// Takes metadata only that say until when they are valid, at most so far ahead: what
    /// federations ask for (SAML2Int v2 SDP-MD03), so that an old signed document cannot be served
    /// for ever. By default `validUntil` counts where it is there.
    ///
    /// Errors are then `metadata.valid_until_missing` and `metadata.valid_until_too_far`.
    #[must_use]
    pub const fn require_valid_until(mut self, at_most: Duration) -> Self {
        self.max_validity = Some(at_most);
        self
    }

    /// Refuses signing certificates that have expired or are not valid yet
    /// (`metadata.certificate_not_current`). By default it is the key that is trusted, and its
    /// certificate's dates are a warning (FedInterop IIP-MD12): identity providers renew late.
    #[must_use]
    pub const fn require_current_certificates(mut self) -> Self {
        self.current_certificates = true;
        self
    }
}
