//! What the tests of several modules need.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future of the memory store, which never waits.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the memory store never waits"),
    }
}

/// Numbers that look random and are the same every time.
#[derive(Default)]
pub(crate) struct Dice(std::sync::atomic::AtomicU64);

impl crate::random::Random for Dice {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), crate::random::RandomError> {
        for byte in buffer {
            let step = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let mixed = step.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *byte = mixed.to_be_bytes()[1];
        }
        Ok(())
    }
}

/// A service over the memory store, spoken to as one connection.
pub(crate) struct Bench {
    pub(crate) service: crate::service::ScimService<crate::store::MemoryStore>,
    pub(crate) connection: crate::service::Connection,
    pub(crate) at: std::cell::Cell<i64>,
}

impl Bench {
    pub(crate) fn new(preset: crate::dialect::Preset) -> Self {
        Self::with(preset, crate::schema::Registry::standard())
    }

    pub(crate) fn with(preset: crate::dialect::Preset, registry: crate::schema::Registry) -> Self {
        use std::sync::Arc;

        use crate::service::{Config, Connection, CursorKey, ScimService};
        let registry = Arc::new(registry);
        let store = crate::store::MemoryStore::new(registry.clone());
        let config = Config::new("https://sp.example/scim", CursorKey::new([7; 32]));
        let service = ScimService::new(store, registry, Arc::new(Dice::default()), config);
        let id = crate::resource::ConnectionId::new("c1");
        let tenant = crate::resource::TenantId::new("acme");
        let connection = Connection::new(id, tenant, preset, crate::token::Scopes::all());
        Self {
            service,
            connection,
            at: std::cell::Cell::new(0),
        }
    }

    pub(crate) fn send(&self, request: &crate::service::Request) -> crate::service::Response {
        self.at.set(self.at.get() + 1);
        let at = time::OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(self.at.get());
        now(self.service.handle(request, &self.connection, at))
    }

    pub(crate) fn call(
        &self,
        method: &str,
        path: &str,
        body: &serde_json::Value,
    ) -> crate::service::Response {
        let request = crate::service::Request::new(method, path);
        if body.is_null() {
            return self.send(&request);
        }
        let request = request.with_header("Content-Type", "application/scim+json");
        self.send(&request.body(body.to_string().into_bytes()))
    }

    pub(crate) fn get(&self, path: &str) -> crate::service::Response {
        self.call("GET", path, &serde_json::Value::Null)
    }

    /// Makes a resource and gives its id.
    pub(crate) fn make(&self, path: &str, body: &serde_json::Value) -> String {
        let response = self.call("POST", path, body);
        assert_eq!(response.status, 201, "{:?}", response.body);
        response.body.unwrap()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn user(&self, name: &str) -> String {
        self.make(
            "/Users",
            &serde_json::json!({"schemas": [crate::schema::USER], "userName": name}),
        )
    }

    pub(crate) fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<_> = members
            .iter()
            .map(|id| serde_json::json!({"value": id}))
            .collect();
        let body = serde_json::json!({"schemas": [crate::schema::GROUP], "displayName": name, "members": members});
        self.make("/Groups", &body)
    }
}

/// The reason code the request log holds.
pub(crate) fn code(response: &crate::service::Response) -> String {
    response
        .log
        .as_ref()
        .and_then(|log| log.code.clone())
        .unwrap_or_else(|| response.status.to_string())
}
