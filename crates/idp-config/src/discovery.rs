//! Identity Provider Discovery Service Protocol and Profile (OASIS, 2008): asking a service which
//! identity provider the user wants, and reading what it says.

use url::Url;

use crate::{ConfigError, EntityId};

/// The parameter that the answer is in, unless another one is asked for (§2.4.1).
const PARAMETER: &str = "entityID";

/// Where to send the browser: the discovery service with our entity ID and the URL to come back to.
/// The service compares that with the DiscoveryResponse of our metadata.
///
/// `is_passive`: the service must not show anything, and answers only if it knows already.
///
/// ```
/// use idp_config::{discovered, discovery_request};
///
/// let service = "https://wayf.federation.example/ds".parse()?;
/// let back = "https://app.example/discovered".parse()?;
/// let url = discovery_request(&service, "https://app.example/saml", &back, false);
/// assert_eq!(
///     url.as_str(),
///     "https://wayf.federation.example/ds?entityID=https%3A%2F%2Fapp.example%2Fsaml\
///      &return=https%3A%2F%2Fapp.example%2Fdiscovered",
/// );
///
/// // The browser comes back: a choice among the connections there are, never a new one
/// let chosen = discovered("entityID=https%3A%2F%2Fidp.university.example")?;
/// assert_eq!(chosen.ok_or("nobody was chosen")?.as_str(), "https://idp.university.example");
/// assert_eq!(discovered("")?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn discovery_request(
    service: &Url,
    sp_entity_id: &str,
    return_to: &Url,
    is_passive: bool,
) -> Url {
    let mut url = service.clone();
    {
        let mut query = url.query_pairs_mut();
        query
            .append_pair("entityID", sp_entity_id)
            .append_pair("return", return_to.as_str());
        if is_passive {
            query.append_pair("isPassive", "true");
        }
    }
    url
}

/// The identity provider that was chosen, from the query the browser comes back with; `None` when
/// none was. Anybody can write that query: it chooses among the connections that are configured, and
/// nothing else.
///
/// # Errors
/// `config.entity_id_malformed` when the value is no entity ID, or there are several.
pub fn discovered(query: &str) -> Result<Option<EntityId>, ConfigError> {
    let mut values = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == PARAMETER)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if value.is_empty() => Ok(None),
        (Some(value), None) => value.parse().map(Some),
        (Some(_), Some(_)) => Err(crate::ConfigErrorKind::EntityIdMalformed.into()),
    }
}
