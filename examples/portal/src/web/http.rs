//! Requests and answers, as plain values.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use maud::Markup;

/// What a handler gets.
#[derive(Debug)]
pub(super) struct Request {
    headers: HeaderMap,
    query: Vec<(String, String)>,
    /// The query as it stands in the request line: signatures are over its octets.
    pub(super) raw_query: String,
    /// The part of the path that varies.
    pub(super) name: Option<String>,
    pub(super) body: Bytes,
}

impl Request {
    pub(super) fn new(
        headers: HeaderMap,
        query: Option<String>,
        name: Option<String>,
        body: Bytes,
    ) -> Self {
        let raw_query = query.unwrap_or_default();
        let query = url::form_urlencoded::parse(raw_query.as_bytes())
            .into_owned()
            .collect();
        Self {
            headers,
            query,
            raw_query,
            name,
            body,
        }
    }

    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value)
    }

    /// Whether the body says it is an HTML form. Nothing else is ever read as one.
    pub(super) fn is_form(&self) -> bool {
        self.headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| {
                kind.trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            })
    }

    pub(super) fn form(&self) -> Form {
        Form(
            url::form_urlencoded::parse(&self.body)
                .into_owned()
                .collect(),
        )
    }
}

/// The fields of a posted form.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// The first field of that name, or "".
    pub(super) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }

    /// The field, unless it is blank.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        let value = self.get(name).trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub(super) fn ticked(&self, name: &str) -> bool {
        self.get(name) == "yes"
    }
}

pub(super) fn page(status: StatusCode, markup: &Markup) -> Response {
    body(status, "text/html; charset=utf-8", markup.0.clone())
}

pub(super) fn body(status: StatusCode, kind: &'static str, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// `303 See Other`: whatever the method was, the browser gets the next page.
pub(super) fn redirect(location: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    set_header(&mut response, header::LOCATION, location);
    response
}

/// One more cookie.
pub(super) fn append_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

pub(super) fn set_header(response: &mut Response, name: header::HeaderName, value: &str) {
    match HeaderValue::from_str(value) {
        Ok(value) => {
            response.headers_mut().append(name, value);
        }
        // Only a value with control characters; none of ours has any.
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
}
