//! The development identity provider as a ready connection.

use std::net::SocketAddr;

use saml_sp::ServiceProvider;
use sso_store::{ConnectionSettings, Store};

use crate::app::StartError;
use crate::connections::{self, NewConnection, Refused, Trust};
use crate::random::now;

/// The name of the connection.
pub const CONNECTION: &str = "dev";
const LABEL: &str = "the dev IdP";

/// A development identity provider that runs in this process.
#[derive(Debug)]
#[non_exhaustive]
pub struct Running {
    /// Where it serves.
    pub url: String,
    /// The connection that leads there.
    pub connection: String,
}

/// A provider that signs anybody in must not be trusted while it is not ours: whoever gets the
/// port could be it. So the connection goes away with it.
///
/// # Errors
/// [`StartError`].
pub fn switch_off(store: &Store) -> Result<(), StartError> {
    match connections::remove(store, CONNECTION, now()) {
        Ok(()) | Err(Refused::NotFound) => Ok(()),
        Err(refused) => Err(StartError::DevIdp(refused.to_string())),
    }
}

/// Starts it.
///
/// # Errors
/// [`StartError`].
pub async fn start(
    store: &Store,
    sp: &ServiceProvider,
    address: SocketAddr,
) -> Result<Running, StartError> {
    let _ = (store, sp, address, LABEL, now());
    Err(StartError::DevIdp("not available yet".to_owned()))
}
