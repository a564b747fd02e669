//! A SCIM server of nothing else, in hyper on SQLite: `cargo run -p scim-tower -- scim.db`, then give the
//! URL and the token that it prints to an identity provider, or to curl.

use std::{env, error::Error, path::Path, sync::Arc};

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use minimal_site::{OsRandom, now};
use scim_core::dialect::Preset;
use scim_core::random::Random as _;
use scim_core::resource::{ConnectionId, TenantId};
use scim_core::schema::Registry;
use scim_core::service::{Config, Connection, CursorKey, ScimService};
use scim_core::token::{Scopes, TokenRecord, issue};
use scim_tower::{ScimTower, Settings};
use sso_store::{ScimStore, Store};

/// What paths begin with.
const MOUNT: &str = "/api/scim";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::var("LISTEN").unwrap_or("127.0.0.1:8080".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    let base = env::var("BASE_URL").unwrap_or(format!("http://{}", listener.local_addr()?));
    let store = match env::args().nth(1) {
        Some(file) => Store::open(Path::new(&file))?,
        None => Store::in_memory()?,
    };
    // Cursors end with the process; nodes that share a database share a key, too
    let mut cursor_key = [0; 32];
    OsRandom.fill(&mut cursor_key)?;
    let config = Config::new(&format!("{base}{MOUNT}"), CursorKey::new(cursor_key));
    let registry = Arc::new(Registry::standard());
    let resources = ScimStore::new(store.clone(), Arc::clone(&registry));
    let service = ScimService::new(resources, registry, Arc::new(OsRandom), config);

    let id = ConnectionId::new("example");
    let (scopes, lifetime) = (Scopes::all(), TokenRecord::LIFETIME);
    let (_, token) = issue(&store, &id, scopes, lifetime, now(), &OsRandom).await?;
    // One connection, one tenant. A product looks the token's connection up.
    let speaker = |record: &TokenRecord| {
        let tenant = TenantId::new(record.connection.as_str());
        let id = record.connection.clone();
        Some(Connection::new(id, tenant, Preset::Lenient, record.scopes))
    };
    let mut settings = Settings::new(now);
    settings.mount = MOUNT;
    let scim = ScimTower::new(service, store, speaker, settings);

    println!("Open {base}{MOUNT}/Users with the token");
    println!("Authorization: Bearer {}", token.reveal());
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue; // one client who is gone already
        };
        let service = TowerToHyperService::new(scim.clone());
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()); // headers have thirty seconds
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
    }
}
