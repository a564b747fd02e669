//! SCIM beside the login: users and groups that the identity provider pushes.

use std::error::Error;
use std::sync::Arc;

use minimal_site::{OsRandom, now};
use scim_core::dialect::Preset;
use scim_core::random::Random as _;
use scim_core::resource::{ConnectionId, TenantId};
use scim_core::schema::Registry;
use scim_core::service::{Config, Connection, CursorKey, ScimService};
use scim_core::token::{Scopes, TokenRecord, issue};
use scim_tower::{ScimTower, Settings};
use sso_store::{ScimStore, Store};

/// The service for the one connection of this example, with a token that is new each time: in memory.
pub(crate) async fn service(
    connection: &str,
    base_url: &str,
) -> Result<ScimTower<ScimStore, Store>, Box<dyn Error>> {
    let store = Store::in_memory()?; // Store::open(path) in real life
    let id = ConnectionId::new(connection);
    let (scopes, lifetime) = (Scopes::all(), TokenRecord::LIFETIME);
    let (_, token) = issue(&store, &id, scopes, lifetime, now(), &OsRandom).await?;
    println!("SCIM is at {base_url}, with");
    println!("Authorization: Bearer {}", token.reveal());

    let mut cursor_key = [0; 32];
    OsRandom.fill(&mut cursor_key)?;
    let config = Config::new(base_url, CursorKey::new(cursor_key));
    let registry = Arc::new(Registry::standard());
    let resources = ScimStore::new(store.clone(), Arc::clone(&registry));
    let service = ScimService::new(resources, registry, Arc::new(OsRandom), config);
    // A product looks the token's connection up: whose it is, and how their identity provider speaks
    let speaker = |token: &TokenRecord| {
        let tenant = TenantId::new(token.connection.as_str());
        let id = token.connection.clone();
        Some(Connection::new(id, tenant, Preset::Lenient, token.scopes))
    };
    Ok(ScimTower::new(service, store, speaker, Settings::new(now)))
}
