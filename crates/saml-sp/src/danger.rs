//! Loosenings of one connection. Each says what it gives away; none is ever on by default.

use crate::connection::Connection;

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
    connection.missing_audience = true;
    connection
}
