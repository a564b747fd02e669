//! An identity provider's SCIM client.

use portal::random::{OsRandom, now};
use scim_core::resource::ConnectionId;
use scim_core::token::{Scopes, TokenRecord, issue};
use serde_json::Value;
use sso_testkit::block_on;

use super::Portal;

pub struct Client {
    pub base: String,
    pub token: String,
}

impl Client {
    pub fn of(portal: &Portal, connection: &str, scopes: Scopes) -> Self {
        let id = ConnectionId::new(connection);
        let lifetime = TokenRecord::LIFETIME;
        let issued = block_on(issue(
            &portal.store,
            &id,
            scopes,
            lifetime,
            now(),
            &OsRandom::default(),
        ));
        Self {
            base: portal.url("/api/scim"),
            token: issued.unwrap().1.reveal().to_owned(),
        }
    }

    pub fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let authorization = format!("Bearer {}", self.token);
        call(
            &format!("{}{path}", self.base),
            method,
            Some(&authorization),
            body,
        )
    }

    pub fn make(&self, path: &str, body: &Value) -> String {
        let (status, made) = self.send("POST", path, body);
        assert_eq!(status, 201, "{made}");
        made["id"].as_str().unwrap().to_owned()
    }
}

pub fn call(url: &str, method: &str, authorization: Option<&str>, body: &Value) -> (u16, Value) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .build()
        .into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let text = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let request = request
        .header("content-type", "application/scim+json")
        .body(text)
        .unwrap();
    let mut response = agent.run(request).unwrap();
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}
