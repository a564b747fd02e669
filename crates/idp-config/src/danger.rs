//! What makes a connection weaker than it should be.
//!
//! Every function here is per connection, and what it let through is named in
//! [`IdentityProvider::warnings`](crate::IdentityProvider::warnings).

use time::OffsetDateTime;

use crate::{AggregateReader, EntityId, TrustPolicy};

/// Accepts sign-in and sign-out URLs of scheme `http` on hosts other than this machine.
///
/// # Security
/// Anybody on the way can read the AuthnRequest and send the browser elsewhere.
///
/// ```
/// use idp_config::{IdpSource, TrustPolicy, WarningKind, danger};
/// use time::macros::datetime;
///
/// let source = IdpSource::fingerprint("lab", "http://idp.lab.example/sso", None, &"ab".repeat(32))?;
/// let now = datetime!(2026-11-23 12:00 UTC);
/// assert_eq!(source.resolve(now).unwrap_err().code(), "config.url_plain_http");
///
/// let policy = danger::accept_plain_http(TrustPolicy::default());
/// let idp = source.resolve_with(&policy, now)?;
/// assert_eq!(idp.warnings()[0].kind(), WarningKind::PlainHttpAccepted);
/// # Ok::<(), idp_config::ConfigError>(())
/// ```
#[must_use]
pub fn accept_plain_http(policy: TrustPolicy) -> TrustPolicy {
    TrustPolicy {
        plain_http: true,
        ..policy
    }
}

/// Accepts RSA signing keys of 1024 to 2047 bits.
///
/// The verifier has a switch of its own, which must be set too: a key that may be configured may
/// not yet be used.
///
/// # Security
/// RSA of 1024 bits is within reach of a well-funded attacker, who can then sign in as anybody.
#[must_use]
pub fn accept_rsa1024(policy: TrustPolicy) -> TrustPolicy {
    TrustPolicy {
        rsa1024: true,
        ..policy
    }
}

/// Fetches metadata from any address, private ones too, and over plain http where the URL says so:
/// for an identity provider inside the network of the application.
///
/// # Security
/// Whoever may type a metadata URL can then have this server ask things of its own network that
/// nobody outside can reach.
#[cfg(feature = "https")]
#[must_use]
pub fn fetch_from_any_address(fetcher: crate::HttpsFetcher) -> crate::HttpsFetcher {
    fetcher.any_address()
}

/// Reads an aggregate whose signature, if it has one, is not looked at, and which may be valid for
/// any time.
///
/// # Security
/// Whoever can change the bytes on their way can put a key of their own beside any entity in it, and
/// sign in as anybody. For a file that this machine verified and stored itself.
///
/// ```
/// use idp_config::{TrustPolicy, danger};
/// use time::macros::datetime;
///
/// let now = datetime!(2026-12-01 12:00 UTC);
/// let mut reader = danger::read_unsigned_aggregate([], TrustPolicy::default(), now);
/// reader.push(b"<EntitiesDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata'>")?;
/// reader.push(b"<EntityDescriptor entityID='https://sp.example'/></EntitiesDescriptor>")?;
/// let aggregate = reader.finish()?;
/// assert_eq!(aggregate.entities(), 1);
/// assert!(aggregate.signed_by().is_none());
/// # Ok::<(), idp_config::ConfigError>(())
/// ```
#[must_use]
pub fn read_unsigned_aggregate(
    wanted: impl IntoIterator<Item = EntityId>,
    policy: TrustPolicy,
    now: OffsetDateTime,
) -> AggregateReader<'static> {
    AggregateReader::unsigned(wanted, policy, now)
}
