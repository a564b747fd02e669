//! A SAML 2.0 service provider that explains every rejection.
//!
//! Trust is a type. A message climbs four steps, each of which only the one before can make:
//!
//! ```text
//! start_login ──► Outbound (redirect or form) + PendingLogin ──► RequestStore
//!
//! AcsForm ──receive──► Received ──(verify)──► Signed ──validate──► Validated ──accept──► Login
//!            form, XML            signatures              every rule          used once
//! ```
//!
//! What is refused has a stable code (`conditions.audience_mismatch`), and a [`Report`] of every
//! check with what was expected, what was found, whose side it is on, and what to do. A browser is
//! shown one sentence that says nothing of it.
//!
//! The [`manual`] has the flows, what to store, the reason of each default, and every reason code.
//!
//! There is no clock, network, disk or randomness in here: `now`, a [`Random`] and two stores are
//! arguments.
#![doc = include_str!("example.md")]
#![forbid(unsafe_code)]

mod config;
mod connection;
pub mod danger;
mod error;
mod ids;
mod lint;
mod logout;
pub mod manual;
mod metadata;
mod policy;
mod preset;
mod provider;
mod random;
mod reason;
mod receive;
mod refresh;
mod rejection;
mod report;
mod request;
mod response;
mod store;
mod tenancy;
mod trust;
mod validate;

pub use config::{ConnectionConfig, DangerConfig};
pub use connection::{Connection, Identifier, RequestBinding, SignedPart};
pub use error::Error;
pub use ids::{ConnectionId, RelayState, RequestId, Secret};
pub use lint::{Deployment, Finding, LintRule, lint};
pub use logout::{
    LogoutKind, LogoutMessage, LogoutOutcome, LogoutRequest, LogoutStatus, LogoutSubject,
    PendingLogout, PinnedCertificate, ReceivedLogout, StartedLogout, ValidatedLogoutRequest,
};
pub use metadata::{
    AttributeService, Contact, ContactKind, Organization, RequestedAttribute, SpMetadata, UiInfo,
};
pub use policy::{Policy, PolicyLine};
pub use preset::{
    Algorithm, ConsoleHint, Difference, Field, Habit, LoginHint, Logout, Preset, Quirk, Setting,
    Signs, diff as preset_diff,
};
pub use provider::{ServiceProvider, ServiceProviderBuilder};
pub use random::{Random, RandomError};
pub use reason::{
    AccountRule, AssertionRule, AttributeErrorKind, AttributeRule, AuthnRule, ConditionsRule,
    ConnectionRule, DecodeRule, LogoutRule, PolicyRule, Reason, RequestRule, ResponseRule,
    StatusRule, StoreRule, SubjectRule,
};
pub use receive::{AcsForm, Hints, Received};
pub use refresh::FreshMetadata;
pub use rejection::{Need, Rejection};
pub use report::{Check, CheckResult, Report, SignedElement, Verdict, VerifiedSignature};
pub use request::{
    LoginOptions, NameIdPolicy, Outbound, PendingLogin, PostForm, Scoping, SealedRequest,
    SealingKey,
};
pub use response::attribute_statement::{
    Attribute, AttributeError, AttributeText, AttributeValue, Attributes,
};
pub use response::name_id::NameId;
pub use response::status::Status;
pub use store::{Consumed, MemoryStore, ReplayKey, ReplayStore, RequestStore, StoreError};
pub use tenancy::{AccountEmail, EmailDomains, Route, RoutedBy, SubjectKey};
pub use trust::{Login, SessionInfo, Signed, Subject, Validated};
pub use validate::Expected;

pub use idp_config::{Binding, EntityId, IdentityProvider, IdpSource, NameIdFormat};
#[cfg(feature = "decrypt")]
pub use saml_xml::xmlenc::DecryptionKey;
pub use saml_xml::{
    EncryptionErrorKind, ScalarErrorKind, Side, SignatureErrorKind, TextPos, XmlErrorKind,
};
