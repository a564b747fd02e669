/// What a key and an endpoint must be to be configured. The default is strict.
///
/// Loosened per connection only, by the functions of [`crate::danger`]; each loosening that took
/// effect is named in [`IdentityProvider::warnings`](crate::IdentityProvider::warnings).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrustPolicy {
    pub(crate) plain_http: bool,
    pub(crate) rsa1024: bool,
}
