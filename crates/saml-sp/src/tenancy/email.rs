//! Which account an e-mail address may select.

use core::fmt;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::ids::ConnectionId;
use crate::reason::AccountRule;
use crate::trust::Login;

/// RFC 5321 §4.5.3.1: 64 octets before the at sign, 255 after it.
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 255;

/// The e-mail domains that the customer behind one connection has proved to own.
///
/// An identity provider can write any address into a message. An address may therefore select an
/// existing account only where its domain belongs to the customer whose identity provider said it;
/// otherwise any customer could sign in as anybody of any other. How ownership is proved is the
/// application's: a DNS record, a mail to the administrator, a contract.
///
/// ```no_run
/// # fn find(login: &saml_sp::Login, connection: &saml_sp::Connection) -> Result<(), saml_sp::Error> {
/// use saml_sp::EmailDomains;
///
/// let domains = EmailDomains::new(connection.id().clone(), ["acme.example"])?;
/// let email = domains.account_email(login, "ada@acme.example")?;
/// assert_eq!(email.domain(), "acme.example");
/// // accounts.find_by_email(email.as_str())
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailDomains {
    connection: ConnectionId,
    domains: BTreeSet<String>,
}

impl EmailDomains {
    /// The domains of one connection. A domain does not include its subdomains.
    ///
    /// # Errors
    /// `account.domain_malformed`.
    pub fn new<D: AsRef<str>>(
        connection: ConnectionId,
        domains: impl IntoIterator<Item = D>,
    ) -> Result<Self, Error> {
        let domains = domains
            .into_iter()
            .map(|domain| normal_domain(domain.as_ref()).ok_or(AccountRule::DomainMalformed.into()))
            .collect::<Result<_, Error>>()?;
        Ok(Self {
            connection,
            domains,
        })
    }

    /// The connection.
    #[must_use]
    pub const fn connection(&self) -> &ConnectionId {
        &self.connection
    }

    /// The domains, in lower case and in ASCII, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.domains.iter().map(String::as_str)
    }

    /// An address that a login of this connection names, as one that may select an account.
    ///
    /// `address` is the NameID's value or that of an attribute, whichever the application reads
    /// addresses from.
    ///
    /// # Errors
    /// `account.other_connection` when the login is another connection's, `account.email_malformed`,
    /// `account.email_domain` when the domain is not among these.
    pub fn account_email(&self, login: &Login, address: &str) -> Result<AccountEmail, Error> {
        if login.connection() != &self.connection {
            return Err(AccountRule::OtherConnection.into());
        }
        let email = AccountEmail::parse(address)?;
        if self.domains.contains(email.domain()) {
            Ok(email)
        } else {
            Err(AccountRule::EmailDomain.into())
        }
    }
}

/// An e-mail address whose domain belongs to the connection that asserted it.
///
/// Made by [`EmailDomains::account_email`] alone. The domain is in lower case and in ASCII; the
/// part before the at sign is as it was asserted. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountEmail {
    address: String,
    at: usize,
}

impl AccountEmail {
    fn parse(address: &str) -> Result<Self, Error> {
        let malformed = || Error::from(AccountRule::EmailMalformed);
        // One at sign: of `a@acme.example@evil.example` two readers make two domains. Quoted local
        // parts (RFC 5321 §4.1.2), where more may stand, are used by nobody and refused with it.
        let (local, domain) = address.split_once('@').ok_or_else(malformed)?;
        let atom = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        let dot_atom = !local.is_empty()
            && local.len() <= MAX_LOCAL
            && local
                .split('.')
                .all(|part| !part.is_empty() && part.chars().all(atom));
        let domain = normal_domain(domain)
            .filter(|_| dot_atom)
            .ok_or_else(malformed)?;
        Ok(Self {
            address: format!("{local}@{domain}"),
            at: local.len(),
        })
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// What stands after the at sign.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address
            .get(self.at.saturating_add(1)..)
            .unwrap_or_default()
    }
}

impl fmt::Debug for AccountEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountEmail").finish_non_exhaustive()
    }
}

/// Lower case, and ASCII by IDNA (UTS #46), so that one domain has one spelling.
fn normal_domain(domain: &str) -> Option<String> {
    let plain = domain
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '.'));
    let url::Host::Domain(domain) = url::Host::parse(domain).ok().filter(|_| plain)? else {
        return None;
    };
    let labels = domain.split('.').all(|label| {
        !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    });
    (labels && domain.contains('.') && domain.len() <= MAX_DOMAIN).then_some(domain)
}
