//! The service itself, without a server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use minimal_site::OsRandom;
use scim_core::dialect::Preset;
use scim_core::log::{LogQuery, LogStore as _};
use scim_core::rate::RateLimit;
use scim_core::resource::{ConnectionId, TenantId};
use scim_core::schema::Registry;
use scim_core::service::{Config, Connection, CursorKey, ScimService};
use scim_core::token::{Scopes, TokenRecord, issue};
use scim_tower::{ScimTower, Settings};
use serde_json::{Value, json};
use sso_store::{ScimStore, Store};
use time::OffsetDateTime;
use time::macros::datetime;
use tower::ServiceExt as _;

/// A clock that stands.
fn noon() -> OffsetDateTime {
    datetime!(2026-12-01 12:00 UTC)
}

struct Bench {
    scim: ScimTower<ScimStore, Store>,
    store: Store,
    token: String,
}

/// A service under `/scim` whose tenants have a burst of ten requests; the connection `off` is none.
async fn bench(connection: &str) -> Bench {
    let store = Store::in_memory().unwrap();
    let registry = Arc::new(Registry::standard());
    let config = Config::new("https://app.example/scim", CursorKey::new([7; 32]));
    let resources = ScimStore::new(store.clone(), Arc::clone(&registry));
    let service = ScimService::new(resources, registry, Arc::new(OsRandom), config);
    let id = ConnectionId::new(connection);
    let lifetime = TokenRecord::LIFETIME;
    let issued = issue(&store, &id, Scopes::all(), lifetime, noon(), &OsRandom).await;
    let speaker = |record: &TokenRecord| {
        let id = record.connection.clone();
        let tenant = TenantId::new(format!("tenant of {id}"));
        (id.as_str() != "off").then(|| Connection::new(id, tenant, Preset::Okta, record.scopes))
    };
    let mut settings = Settings::new(noon);
    settings.mount = "/scim";
    settings.rate = RateLimit::per_second(1);
    Bench {
        scim: ScimTower::new(service, store.clone(), speaker, settings),
        store,
        token: issued.unwrap().1.reveal().to_owned(),
    }
}

impl Bench {
    async fn send(&self, method: &str, path: &str, body: &Value) -> http::Response<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::USER_AGENT, "Okta SCIM Client 1.0.0")
            .body(Full::new(Bytes::from(body.to_string())))
            .unwrap();
        let answer = self.scim.clone().oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        http::Response::from_parts(head, body)
    }
}

#[tokio::test]
async fn each_request_is_logged_with_who_sent_it_and_how_long_it_took() {
    let bench = bench("acme").await;
    let ann = json!({"userName": "ann"});
    let made = bench.send("POST", "/scim/Users", &ann).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let location = made.headers()[header::LOCATION].to_str().unwrap();
    assert!(location.starts_with("https://app.example/scim/Users/"));
    let large = json!({"userName": "x".repeat(1024 * 1024)});
    let refused = bench.send("POST", "/scim/Users", &large).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);

    let log = bench.store.read(&LogQuery::default()).await.unwrap();
    let told = |at: usize| {
        let entry = &log[at].entry;
        (entry.status, entry.code.as_deref(), entry.path.as_str())
    };
    assert_eq!(log.len(), 2);
    assert_eq!(told(0), (413, Some("request.body_too_large"), "/Users"));
    assert_eq!(told(1), (201, None, "/Users"));
    let entry = &log[1].entry;
    assert_eq!(entry.tenant.as_str(), "tenant of acme");
    assert_eq!(entry.connection.as_str(), "acme");
    let prefix = entry.token_prefix.as_deref().unwrap();
    assert!(prefix.starts_with("scim_acme_") && !prefix.contains(&bench.token));
    assert_eq!(entry.user_agent.as_deref(), Some("Okta SCIM Client 1.0.0"));
    assert_eq!(entry.duration_ms, Some(0));
    assert_eq!(entry.changes.len(), 1);
}

#[tokio::test]
async fn a_tenant_that_is_too_fast_is_told_when_to_go_on() {
    let bench = bench("acme").await;
    for _ in 0..10 {
        let answer = bench.send("GET", "/scim/Users", &Value::Null).await;
        assert_eq!(answer.status(), StatusCode::OK);
    }
    let answer = bench.send("GET", "/scim/Users", &Value::Null).await;
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
}

#[tokio::test]
async fn a_connection_that_is_off_is_like_an_unknown_token() {
    let bench = bench("off").await;
    let answer = bench.send("GET", "/scim/Users", &Value::Null).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let challenge = answer.headers()[header::WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    assert_eq!(bench.store.read(&LogQuery::default()).await.unwrap(), []);
}

#[tokio::test]
async fn what_is_beside_the_mount_is_not_there() {
    let bench = bench("acme").await;
    for path in ["/Users", "/scimUsers", "/scim2/Users"] {
        let answer = bench.send("GET", path, &Value::Null).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let root = bench.send("GET", "/scim?count=0", &Value::Null).await;
    assert_eq!(root.status(), StatusCode::OK);
}
