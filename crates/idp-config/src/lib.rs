//! Whom a SAML service provider trusts.
//!
//! An administrator names an identity provider in one of three ways, an [`IdpSource`]:
//!
//! | source | what is typed | what is trusted |
//! |---|---|---|
//! | [`IdpSource::MetadataXml`] | the file the identity provider exports | the signing keys in it |
//! | [`IdpSource::Fingerprint`] | entity ID, sign-in URL, SHA-256 of the certificate | that one certificate |
//! | [`IdpSource::MetadataUrl`] | where the file is published | the signing keys in it, kept fresh by a [`MetadataRefresher`] |
//!
//! [`IdpSource::resolve`] turns it into an [`IdentityProvider`]: an immutable snapshot of entity
//! ID, endpoints and keys, which cannot exist without a key to verify signatures with.
//!
//! ```text
//!  IdpSource ──resolve(now)──► IdentityProvider ──► saml_sp::Connection
//!  (typed, stored)             entity_id() sso() slo() trust() warnings()
//! ```
//!
//! A federation publishes all its members at once: an [`AggregateReader`] takes that document as it
//! comes, and an [`AggregateRefresher`] keeps it fresh.
//!
//! What goes wrong is a [`ConfigError`] with a stable code (`metadata.expired`), what was expected
//! and found, the place in the file, and a hint. What is merely worth knowing, such as an expired
//! certificate, is in [`IdentityProvider::warnings`].
//!
//! This crate has no clock. The signature of a metadata document is verified where one is asked for
//! ([`IdentityProvider::from_signed_metadata_xml`]); else whoever hands in the bytes vouches for them. It fetches nothing by itself; with the feature `https` there
//! is an `HttpsFetcher` that does.
//!
//! # Start
//!
//! ```
//! use idp_config::{Binding, IdpSource};
//! use time::macros::datetime;
//!
//! let source = IdpSource::fingerprint(
//!     "JumpCloud",
//!     "https://sso.jumpcloud.com/saml2/example",
//!     None,
//!     "sha256 Fingerprint=5D:4F:2A:97:09:6C:1A:BA:0E:6A:E4:69:6B:21:12:A3:\
//!      5D:4F:2A:97:09:6C:1A:BA:0E:6A:E4:69:6B:21:12:A3",
//! )?;
//! let idp = source.resolve(datetime!(2026-11-23 12:00 UTC))?;
//! assert_eq!(idp.entity_id().as_str(), "JumpCloud");
//! assert!(idp.sso(Binding::HttpRedirect).is_some());
//! # Ok::<(), idp_config::ConfigError>(())
//! ```

mod aggregate;
mod alerts;
pub mod danger;
mod discovery;
mod error;
#[cfg(feature = "https")]
mod fetch;
mod fingerprint;
mod history;
mod mdq;
mod metadata;
mod policy;
mod provider;
mod refresh;
mod scope;
mod source;
mod summary;
mod types;
mod warning;

pub use aggregate::{
    Aggregate, AggregateChange, AggregateReader, AggregateRefresher, DiscoveryEntry, Logo,
    MAX_VALIDITY,
};
pub use alerts::{ALERT_DAYS, CertificateAlert, due_alerts};
pub use discovery::{discovered, discovery_request};
pub use error::{ConfigError, ConfigErrorKind};
#[cfg(feature = "https")]
pub use fetch::HttpsFetcher;
pub use fingerprint::Sha256Fingerprint;
pub use history::{Actor, HistoryEvent, SourceKind, What};
pub use mdq::{MdqName, mdq_url};
pub use metadata::MAX_METADATA_BYTES;
pub use policy::TrustPolicy;
pub use provider::{CLOCK_SKEW, IdentityProvider};
pub use refresh::{
    ConfigChange, FetchRequest, FetchResponse, FetchRule, Jitter, MAX_BACK_OFF, MAX_DELAY,
    MIN_DELAY, MIN_ON_DEMAND_DELAY, MetadataRefresher, Poll, RefreshError, RefreshState, Refreshed,
};
pub use scope::Scope;
pub use source::IdpSource;
pub use summary::{CertificateSummary, IdpSummary, KeySummary};
pub use types::{Binding, Endpoint, EntityId, NameIdFormat};
pub use warning::{Warning, WarningKind};
