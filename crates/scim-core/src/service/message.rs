//! Requests and responses without a server.

use std::fmt;

use serde_json::Value as Json;

use crate::error::{Reason, ScimError, shown};
use crate::log::RequestLog;

/// A request: method, path below the base URL, query, headers, body.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Request {
    /// The method, in upper case.
    pub method: String,
    /// The path below the base URL, still percent-encoded: `/Users/2b2f`.
    pub path: String,
    /// The query string, still encoded, without `?`.
    pub query: Option<String>,
    /// The headers; names in any case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Query, headers and body hold filters, tokens and people's data.
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A request. A query behind `?` is taken off the path.
    pub fn new(method: &str, path: &str) -> Self {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (path, None),
        };
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query,
            ..Self::default()
        }
    }

    /// With a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn parameter_names(&self) -> Vec<String> {
        let query = self.query.as_deref().unwrap_or_default();
        query
            .split('&')
            .filter(|p| !p.is_empty())
            .take(20)
            .map(|p| shown(p.split('=').next().unwrap_or(p)))
            .collect()
    }

    /// The decoded query parameters.
    pub(super) fn parameters(
        &self,
        plus_as_space: bool,
    ) -> Result<Vec<(String, String)>, ScimError> {
        let query = self.query.as_deref().unwrap_or_default();
        let decode = |text: &str| {
            let text = if plus_as_space {
                text.replace('+', " ")
            } else {
                text.to_owned()
            };
            percent_decode(&text).ok_or_else(|| {
                ScimError::new(
                    Reason::QueryParameter,
                    "The query is not percent-encoded UTF-8 (RFC 3986 §2.1).",
                )
            })
        };
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decode(name)?, decode(value)?))
            })
            .collect()
    }
}

/// Undoes percent-encoding; `None` for what is not valid UTF-8 encoded that way.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |b: Option<u8>| b.and_then(|b| char::from(b).to_digit(16));
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// A response, with the log entry of its request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body, as JSON; `None` for no body at all.
    pub body: Option<Json>,
    /// What to write to the request log.
    pub log: Option<RequestLog>,
}

impl Response {
    pub(crate) fn new(status: u16, body: Option<Json>) -> Self {
        let mut headers = Vec::new();
        if body.is_some() {
            // RFC 7644 §3.1: responses are application/scim+json; Entra's validator stops at anything else.
            headers.push(("content-type", "application/scim+json".to_owned()));
        }
        Self {
            status,
            headers,
            body,
            log: None,
        }
    }

    /// The response of an error.
    pub fn error(error: &ScimError) -> Self {
        Self::new(error.status(), Some(error.to_json()))
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.body
            .as_ref()
            .and_then(|body| serde_json::to_vec(body).ok())
            .unwrap_or_default()
    }
}
