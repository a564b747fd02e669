//! The development identity provider as a ready connection.
//!
//! It signs anybody in, so its connection exists only while it runs in this process, and its
//! private key (kept, so that a restart does not end the trust) is in the database like our own.

use idp_config::Actor;
use std::net::SocketAddr;

use dev_idp::Config;
use idp_config::IdpSource;
use saml_sp::ServiceProvider;
use serde::{Deserialize, Serialize};
use sso_store::{ConnectionName, ConnectionRecord, ConnectionSettings, Store, StoredSecret};
use tokio::net::TcpListener;

use crate::app::StartError;
use crate::connections::{self, Refused, Users};
use crate::random::now;

/// The name of the connection, and the preset that marks it as ours.
pub const CONNECTION: &str = "dev-idp";
const LABEL: &str = "Dev IdP";
const SECRET: &str = "dev-idp-key";

/// A development identity provider that runs in this process.
#[derive(Debug)]
#[non_exhaustive]
pub struct Running {
    /// Where it serves.
    pub url: String,
    /// The connection that leads there.
    pub connection: String,
}

#[derive(Serialize, Deserialize)]
struct KeptKey {
    private_key_pem: String,
    certificate_pem: String,
}

fn failed(error: impl std::fmt::Display) -> StartError {
    StartError::DevIdp(error.to_string())
}

/// Starts it, and connects the portal to it.
///
/// # Errors
/// [`StartError`].
pub async fn start(
    store: &Store,
    sp: &ServiceProvider,
    address: SocketAddr,
) -> Result<Running, StartError> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        StartError::DevIdp(format!(
            "cannot listen at {address}: {error} (--dev-idp ADDR or off)"
        ))
    })?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);
    let mut config = Config::new(&url).allow_acs(sp.acs_url());
    if let Some(slo_url) = sp.slo_url() {
        config = config.allow_slo(slo_url.as_str());
    }
    let kept = store.secret_or_make(SECRET, || {
        let key = KeptKey {
            private_key_pem: config.private_key_pem().to_owned(),
            certificate_pem: config.certificate_pem(),
        };
        serde_json::to_string(&key)
            .map(StoredSecret::new)
            .map_err(failed)
    })?;
    // What serde says about a private key may quote it.
    let kept: KeptKey =
        serde_json::from_str(kept.expose()).map_err(|_| failed("its stored key cannot be read"))?;
    let config = config
        .with_key(&kept.private_key_pem, &kept.certificate_pem)
        .map_err(failed)?;
    connect(store, config.metadata_xml())?;
    tokio::spawn(async move {
        if let Err(error) = dev_idp::serve(listener, config).await {
            eprintln!("the development identity provider stopped: {error}");
        }
    });
    Ok(Running {
        url,
        connection: CONNECTION.to_owned(),
    })
}

/// Makes the connection, or brings it up to date.
fn connect(store: &Store, metadata: String) -> Result<(), StartError> {
    let name: ConnectionName = CONNECTION.parse().map_err(StartError::Db)?;
    let source = IdpSource::MetadataXml {
        xml: metadata,
        entity_id: None,
    };
    let mut settings = ConnectionSettings::default();
    settings.danger_accept_plain_http = true;
    let provider = connections::resolve(&source, None, &settings, now()).map_err(failed)?;
    let entity_id = provider.entity_id().as_str().to_owned();
    match store.connection(&name)? {
        None => {
            let mut record = ConnectionRecord::new(name, LABEL, source, entity_id, now());
            record.preset = Some(CONNECTION.to_owned());
            record.settings = settings;
            store.add_connection(&record)?;
        }
        Some(record) if !is_ours(&record) => {
            return Err(failed(format_args!(
                "there is another connection named {CONNECTION}; remove it, or use --dev-idp off"
            )));
        }
        Some(record) if record.source == source => {}
        Some(_) => {
            store.change_connection(&name, now(), |record| {
                record.source = source;
                record.entity_id = entity_id;
                Ok::<(), StartError>(())
            })?;
        }
    }
    Ok(())
}

/// Takes the connection away: whoever gets the port could be the provider.
///
/// # Errors
/// [`StartError`].
pub fn switch_off(store: &Store) -> Result<(), StartError> {
    match connections::find(store, CONNECTION) {
        Ok(record) if is_ours(&record) => {
            // They are back with it the next time
            let users = Users::Keep;
            connections::remove(store, CONNECTION, users, Actor::CommandLine, now()).map_err(failed)
        }
        Ok(_) | Err(Refused::NotFound) => Ok(()),
        Err(refused) => Err(failed(refused)),
    }
}

/// No preset that people can choose has this name.
fn is_ours(record: &ConnectionRecord) -> bool {
    record.preset.as_deref() == Some(CONNECTION)
}
