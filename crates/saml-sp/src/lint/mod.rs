//! What is worth changing before the first login.

mod rule;

use core::fmt;

use idp_config::Binding;
use saml_xml::TrustAnchors;
use time::{Duration, OffsetDateTime};
use url::{Host, Url};

use crate::connection::{Connection, Identifier};
use crate::provider::ServiceProvider;

pub use rule::LintRule;

const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
/// How long before a certificate ends it is worth a word.
const CERTIFICATE_NOTICE: Duration = Duration::days(30);
/// The same for metadata, which last for days.
const METADATA_NOTICE: Duration = Duration::days(7);

/// How the service provider is run, as far as it cannot be seen from its settings.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "each is a question to be answered"
)]
pub struct Deployment<'a> {
    /// The connections beside this one.
    pub others: &'a [Connection],
    /// Whether requests and used assertions are kept in the memory of one process.
    pub memory_store: bool,
}

/// Something worth changing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    rule: LintRule,
    detail: Option<String>,
}

impl Finding {
    /// What it is.
    #[must_use]
    pub const fn rule(&self) -> LintRule {
        self.rule
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.rule.code()
    }

    /// Which URL, date or connection it is about.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail {
            Some(detail) => write!(f, "{} ({detail}): {}", self.code(), self.rule.hint()),
            None => write!(f, "{}: {}", self.code(), self.rule.hint()),
        }
    }
}

/// Looks a connection over before anybody logs in: what is weak, what will stop working, what will
/// not work at all. The most pressing come first; an empty list is a good sign, not a proof.
///
/// ```
/// use saml_sp::{Connection, ConnectionId, Deployment, IdpSource, ServiceProvider, lint};
/// use time::macros::datetime;
///
/// let now = datetime!(2026-11-23 12:00 UTC);
/// let sp = ServiceProvider::builder("https://app.example/saml", "http://app.example/consume").build()?;
/// let source = IdpSource::fingerprint("https://idp.example", "https://idp.example/sso", None, &"ab".repeat(32))?;
/// let connection = Connection::new(ConnectionId::new("acme")?, source.resolve(now)?);
///
/// let findings = lint(&sp, &connection, &Deployment::default(), now);
/// assert_eq!(findings[0].code(), "lint.plain_http_acs");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn lint(
    sp: &ServiceProvider,
    connection: &Connection,
    deployment: &Deployment<'_>,
    now: OffsetDateTime,
) -> Vec<Finding> {
    let mut found = Found(Vec::new());
    transport(&mut found, sp, connection);
    loosened(&mut found, connection);
    validity(&mut found, connection, now);
    logout_and_keys(&mut found, sp, connection);
    neighbours(&mut found, connection, deployment);
    found.0
}

struct Found(Vec<Finding>);

impl Found {
    fn note(&mut self, rule: LintRule, detail: impl Into<Option<String>>) {
        self.0.push(Finding {
            rule,
            detail: detail.into(),
        });
    }

    fn note_if(&mut self, holds: bool, rule: LintRule) {
        if holds {
            self.note(rule, None);
        }
    }
}

fn is_plain(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !here
}

fn transport(found: &mut Found, sp: &ServiceProvider, connection: &Connection) {
    let acs = connection.shared_acs_url(sp);
    if Url::parse(&acs).is_ok_and(|url| is_plain(&url)) {
        found.note(LintRule::PlainHttpAcs, acs.to_string());
    }
    let idp = connection.identity_provider();
    let plain = idp
        .sso_endpoints()
        .iter()
        .find(|endpoint| is_plain(endpoint.location()));
    if let Some(endpoint) = plain {
        let host = endpoint.location().host_str().map(str::to_owned);
        found.note(LintRule::PlainHttpIdp, host);
    }
    let by_post = idp.sso(Binding::HttpPost).is_some();
    found.note_if(
        by_post && idp.sso(Binding::HttpRedirect).is_none(),
        LintRule::PostOnly,
    );
}

fn loosened(found: &mut Found, connection: &Connection) {
    found.note_if(connection.algorithms.accepts_sha1(), LintRule::Sha1);
    found.note_if(connection.algorithms.accepts_rsa1024(), LintRule::Rsa1024);
    for quirk in connection.forgiven_quirks() {
        found.note(LintRule::QuirkForgiven, quirk.as_str().to_owned());
    }
    found.note_if(connection.allows_unsolicited(), LintRule::Unsolicited);
}

fn validity(found: &mut Found, connection: &Connection, now: OffsetDateTime) {
    let idp = connection.identity_provider();
    // The one that lasts longest is what logins hang on
    let last = idp
        .signing_keys()
        .iter()
        .filter_map(|key| key.certificate())
        .map(saml_xml::Certificate::not_after)
        .max();
    if let Some(end) = last {
        let date = end.date().to_string();
        if end <= now {
            found.note(LintRule::CertificateExpired, date);
        } else if end - now < CERTIFICATE_NOTICE {
            found.note(LintRule::CertificateExpires, date);
        }
    }
    if let Some(until) = idp.valid_until()
        && until - now < METADATA_NOTICE
    {
        found.note(LintRule::MetadataExpires, until.date().to_string());
    }
}

fn logout_and_keys(found: &mut Found, sp: &ServiceProvider, connection: &Connection) {
    let idp = connection.identity_provider();
    let logs_out = !idp.slo_endpoints().is_empty();
    found.note_if(
        sp.signing_key().is_none() && (connection.signs_requests() || logs_out),
        LintRule::SigningKeyMissing,
    );
    found.note_if(
        logs_out && sp.slo_url().is_none(),
        LintRule::LogoutUrlMissing,
    );
    let by_fingerprint = matches!(idp.trust(), TrustAnchors::CertificateSha256(_));
    found.note_if(
        by_fingerprint && logs_out && connection.pinned().is_none(),
        LintRule::FingerprintLogout,
    );
    let formats = idp.name_id_formats();
    let only_transient =
        !formats.is_empty() && formats.iter().all(|format| format.as_str() == TRANSIENT);
    found.note_if(
        only_transient && *connection.identifier() == Identifier::NameId,
        LintRule::TransientNameId,
    );
}

fn neighbours(found: &mut Found, connection: &Connection, deployment: &Deployment<'_>) {
    let issuer = connection.identity_provider().entity_id();
    let twin = deployment.others.iter().find(|other| {
        other.id() != connection.id()
            && other.identity_provider().entity_id() == issuer
            && other.acs_url() == connection.acs_url()
    });
    if let Some(other) = twin {
        found.note(LintRule::SharedIssuer, other.id().as_str().to_owned());
    }
    found.note_if(deployment.memory_store, LintRule::StoreNotShared);
}
