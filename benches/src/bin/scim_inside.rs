//! What the SCIM engine and its store cost without HTTP, for a profiler:
//! `valgrind --tool=callgrind --toggle-collect='*measured*' target/release/scim_inside post 200`.

#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    reason = "measuring is what a benchmark does"
)]

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use ring::rand::{SecureRandom as _, SystemRandom};
use scim_core::dialect::Preset;
use scim_core::random::{Random, RandomError};
use scim_core::resource::{ConnectionId, TenantId};
use scim_core::schema::Registry;
use scim_core::service::{Config, Connection, CursorKey, Request, ScimService};
use scim_core::token::Scopes;
use serde_json::{Value, json};
use sso_store::{ScimStore, Store};
use time::OffsetDateTime;

struct Entropy(SystemRandom);

impl Random for Entropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        self.0.fill(buffer).map_err(|_| RandomError)
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return output;
        }
    }
}

fn user(number: usize) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("user{number}@example.test"),
        "externalId": format!("external-{number}"),
        "displayName": format!("User Number {number}"),
        "name": { "givenName": "User", "familyName": format!("Number {number}") },
        "emails": [{ "type": "work", "primary": true, "value": format!("user{number}@example.test") }],
    })
}

#[inline(never)]
fn measured(service: &ScimService<ScimStore>, connection: &Connection, request: &Request) -> usize {
    let response = ready(service.handle(request, connection, OffsetDateTime::now_utc()));
    assert!(
        response.status < 300,
        "{}",
        String::from_utf8_lossy(&response.bytes())
    );
    response.bytes().len()
}

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let what = arguments
        .next()
        .ok_or("usage: scim_inside post|filter|path|page|sorted COUNT [USERS]")?;
    let count: usize = arguments.next().ok_or("how often?")?.parse()?;
    let users: usize = arguments.next().map_or(Ok(10_000), |n| n.parse())?;
    let folder = std::env::temp_dir().join(format!("scim-inside-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let registry = Arc::new(Registry::standard());
    let store = ScimStore::new(Store::open(&folder.join("db"))?, registry.clone());
    let config = Config::new("https://sp.example/api/scim", CursorKey::new([1; 32]));
    let service = ScimService::new(
        store,
        registry,
        Arc::new(Entropy(SystemRandom::new())),
        config,
    );
    let connection = Connection::new(
        ConnectionId::new("c"),
        TenantId::new("acme"),
        Preset::Lenient,
        Scopes::all(),
    );
    for from in (0..users).step_by(1000) {
        let operations: Vec<Value> = (from..users.min(from + 1000))
            .map(|n| json!({ "method": "POST", "path": "/Users", "bulkId": n.to_string(), "data": user(n) }))
            .collect();
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations });
        let request = Request::new("POST", "/Bulk").body(body.to_string().into_bytes());
        ready(service.handle(&request, &connection, OffsetDateTime::now_utc()));
    }
    let begun = Instant::now();
    let mut bytes = 0;
    for round in 0..count {
        let at = round * 97 % users;
        let get = |query: String| {
            let mut request = Request::new("GET", "/Users");
            request.query = Some(query);
            request
        };
        let request = match what.as_str() {
            "post" => {
                Request::new("POST", "/Users").body(user(users + round).to_string().into_bytes())
            }
            "filter" => get(format!(
                "filter=userName%20eq%20%22USER{at}@example.test%22"
            )),
            "path" => get(format!(
                "filter=emails%5Btype%20eq%20%22work%22%20and%20value%20eq%20%22user{at}@example.test%22%5D"
            )),
            "page" => get(format!("count=100&startIndex={}", users / 2)),
            "sorted" => get("count=100&sortBy=userName".to_owned()),
            _ => return Err("post, filter, path, page or sorted".into()),
        };
        bytes += measured(&service, &connection, &request);
    }
    let each = begun.elapsed().as_secs_f64() * 1e6 / count as f64;
    println!(
        "{what}: {each:.0} µs each, {} bytes an answer",
        bytes / count
    );
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
