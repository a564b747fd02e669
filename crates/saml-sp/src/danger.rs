//! Loosenings of one connection. Each says what it gives away; none is ever on by default.

use crate::connection::Connection;
use crate::preset::Quirk;

/// Accepts SHA-1, as digest and in RSA signatures, from this identity provider.
///
/// # Security
/// Chosen-prefix collisions of SHA-1 are practical. Use it for one connection, for as long as its
/// identity provider takes to switch.
#[must_use]
pub fn accept_sha1(mut connection: Connection) -> Connection {
    connection.algorithms = saml_xml::danger::accept_sha1(connection.algorithms);
    connection
}

/// Accepts signatures of RSA keys of 1024 to 2047 bits from this identity provider.
///
/// # Security
/// Such keys are within reach of well-funded attackers, who can then sign in as anybody.
#[must_use]
pub fn accept_rsa1024(mut connection: Connection) -> Connection {
    connection.algorithms = saml_xml::danger::accept_rsa1024(connection.algorithms);
    connection
}

/// Accepts assertions without any AudienceRestriction; one that is there still has to name this
/// service provider. Some identity providers leave it out of IdP-initiated logins.
///
/// # Security
/// Nothing in such an assertion but its Recipient says whom it is for. An identity provider that
/// serves several service providers must not let users choose the ACS URL.
#[must_use]
pub fn accept_missing_audience(mut connection: Connection) -> Connection {
    connection.quirks = connection.quirks.with(Quirk::MissingAudience);
    connection
}

/// Reads AES-CBC from this identity provider although no signature covers the ciphertext.
///
/// # Security
/// Whoever can post changed ciphertexts and watch the answers may learn what is in one of them. The
/// decrypted assertion still has to be signed. Better: AES-GCM, or a signed Response.
#[cfg(feature = "decrypt")]
#[must_use]
pub fn accept_unauthenticated_encryption(mut connection: Connection) -> Connection {
    connection.ciphers = saml_xml::xmlenc::danger::accept_unauthenticated(connection.ciphers);
    connection
}

/// Reads Triple DES from this identity provider, where AES-CBC would be read.
///
/// # Security
/// The cipher was withdrawn in 2023. It keeps an assertion from the eyes of whoever owns the
/// browser, and not much longer than that.
#[cfg(feature = "decrypt")]
#[must_use]
pub fn accept_triple_des(mut connection: Connection) -> Connection {
    connection.ciphers = saml_xml::xmlenc::danger::accept_triple_des(connection.ciphers);
    connection
}

/// Forgives one named departure from the standard, for this connection. Each time it does, the
/// report has a warning, and names the quirk.
///
/// ```
/// # use idp_config::IdpSource;
/// use saml_sp::{Connection, ConnectionId, Quirk, danger};
///
/// # let source = IdpSource::fingerprint("https://idp.example", "https://idp.example/sso", None, &"ab".repeat(32))?;
/// # let idp = source.resolve(time::macros::datetime!(2026-11-23 12:00 UTC))?;
/// let connection = Connection::new(ConnectionId::new("acme")?, idp);
/// assert_eq!(connection.forgiven_quirks().count(), 0);
/// let connection = danger::forgive(connection, Quirk::MissingAuthnStatement);
/// assert_eq!(connection.forgiven_quirks().next(), Some(Quirk::MissingAuthnStatement));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// What each one gives away is [`Quirk::costs`].
#[must_use]
pub fn forgive(mut connection: Connection, quirk: Quirk) -> Connection {
    connection.quirks = connection.quirks.with(quirk);
    connection
}
