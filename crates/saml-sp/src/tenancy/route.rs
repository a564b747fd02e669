//! Which connection a Response is judged by.

use crate::error::Error;
use crate::ids::ConnectionId;
use crate::reason::{ConnectionRule, RequestRule};
use crate::request::PendingLogin;

/// What led to the connection, the most binding first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RoutedBy {
    /// The request that the message says it answers, found in our own store.
    Request,
    /// The URL that the message was posted to: one ACS for each connection.
    AcsPath,
    /// The RelayState, which the application gave a meaning: the name of a customer's site.
    RelayState,
    /// The issuer, because one connection alone has that entity ID.
    Issuer,
}

/// Finds the connection of a Response: by the request it answers, else by the ACS path it was
/// posted to, else by the RelayState, else by the issuer if that is unique.
///
/// The application looks each of them up in its own tables, with what [`Hints`](crate::Hints)
/// says, and hands over what it found. Nothing is trusted by that: a hint chooses the connection
/// by whose keys and rules the message is then judged, and a wrong choice ends in a refusal.
///
/// A message that was posted to one connection's ACS and answers another one's request is refused
/// here already.
///
/// ```
/// use saml_sp::{ConnectionId, Route, RoutedBy};
///
/// let (acme, globex) = (ConnectionId::new("acme")?, ConnectionId::new("globex")?);
///
/// // Posted to https://app.example/saml/acme/consume: that decides, whatever the issuer says
/// let route = Route::new().acs_path(Some(&acme)).issuers([&globex]);
/// assert_eq!(route.resolve()?, (&acme, RoutedBy::AcsPath));
///
/// // Two customers typed the same entity ID at JumpCloud: the issuer names neither
/// let route = Route::new().issuers([&acme, &globex]);
/// assert_eq!(route.resolve().unwrap_err().code(), "connection.issuer_ambiguous");
/// # Ok::<(), saml_sp::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a route finds a connection by `resolve`"]
pub struct Route<'a> {
    request: Option<&'a ConnectionId>,
    acs_path: Option<&'a ConnectionId>,
    relay_state: Option<&'a ConnectionId>,
    issuer: Issuer<'a>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Issuer<'a> {
    #[default]
    Unknown,
    Unique(&'a ConnectionId),
    Shared,
}

impl<'a> Route<'a> {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The request that [`Hints::in_response_to`](crate::Hints::in_response_to) names, if the
    /// store has it.
    pub fn request(mut self, pending: Option<&'a PendingLogin>) -> Self {
        self.request = pending.map(PendingLogin::connection);
        self
    }

    /// The connection whose own ACS URL the message was posted to
    /// ([`Connection::with_acs_url`](crate::Connection::with_acs_url)); `None` at an ACS that all
    /// share.
    pub fn acs_path(mut self, connection: Option<&'a ConnectionId>) -> Self {
        self.acs_path = connection;
        self
    }

    /// The connection that the RelayState stands for: a handle of a pending login, or for logins
    /// that start at the identity provider the name of the customer's site, as set there as
    /// *Default RelayState*.
    pub fn relay_state(mut self, connection: Option<&'a ConnectionId>) -> Self {
        self.relay_state = connection;
        self
    }

    /// Every connection whose identity provider has the entity ID that
    /// [`Hints::issuer`](crate::Hints::issuer) names. Only a single one counts.
    pub fn issuers(mut self, connections: impl IntoIterator<Item = &'a ConnectionId>) -> Self {
        let mut connections = connections.into_iter();
        self.issuer = match (connections.next(), connections.next()) {
            (None, _) => Issuer::Unknown,
            (Some(only), None) => Issuer::Unique(only),
            (Some(_), Some(_)) => Issuer::Shared,
        };
        self
    }

    /// The connection, and what decided.
    ///
    /// # Errors
    /// `request.other_connection` when the ACS path belongs to another connection than the request,
    /// `connection.issuer_ambiguous` when the issuer alone is known and several connections share
    /// it, `connection.unresolved` when nothing is known.
    pub fn resolve(self) -> Result<(&'a ConnectionId, RoutedBy), Error> {
        // SAML Profiles §4.1.4.3: the Response answers a request to this identity provider; a
        // request of one connection is not answered at another's ACS
        if let (Some(request), Some(acs)) = (self.request, self.acs_path)
            && request != acs
        {
            return Err(RequestRule::OtherConnection.into());
        }
        let known = [
            (self.request, RoutedBy::Request),
            (self.acs_path, RoutedBy::AcsPath),
            (self.relay_state, RoutedBy::RelayState),
        ];
        let first = known.into_iter().find_map(|(id, by)| Some((id?, by)));
        match (first, self.issuer) {
            (Some(found), _) => Ok(found),
            (None, Issuer::Unique(only)) => Ok((only, RoutedBy::Issuer)),
            (None, Issuer::Shared) => Err(ConnectionRule::IssuerAmbiguous.into()),
            (None, Issuer::Unknown) => Err(ConnectionRule::Unresolved.into()),
        }
    }
}
