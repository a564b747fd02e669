//! A portal on a free port, and a browser without JavaScript to visit it with.

// Each test file uses its own part of this.
#![allow(dead_code, unreachable_pub, reason = "shared by several test binaries")]

pub mod scim;

use std::sync::Arc;

use portal::app::App;
use portal::connections::{self, NewConnection, Trust};
use portal::random::now;
use sso_store::{ConnectionSettings, LogEntry, Store};
use sso_testkit::{AuthnRequestInfo, FakeIdp, User};
use url::Url;

/// A running portal. Stops with the process.
pub struct Portal {
    pub base: Url,
    pub store: Store,
    pub password: String,
}

impl Portal {
    /// Starts a portal; `public` is the base URL when it is not the address itself.
    pub fn start_at(public: Option<&str>) -> Self {
        Self::run(Store::in_memory().unwrap(), public, false)
    }

    /// Starts a portal on a database that may have been used before.
    pub fn start_on(store: Store) -> Self {
        Self::run(store, None, false)
    }

    /// Starts a portal with its development identity provider.
    pub fn start_with_dev_idp() -> Self {
        Self::run(Store::in_memory().unwrap(), None, true)
    }

    fn run(store: Store, public: Option<&str>, with_dev_idp: bool) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let password = portal::admin::ensure(&store, now()).unwrap();
        let password = password.unwrap_or_default();
        let seen = public.map_or_else(|| base.clone(), |url| Url::parse(url).unwrap());
        let app = App::new(store.clone(), seen).unwrap();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let shared = store.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                if with_dev_idp {
                    let address = "127.0.0.1:0".parse().unwrap();
                    portal::dev::start(&shared, app.sp(), address)
                        .await
                        .unwrap();
                }
                ready.send(()).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, portal::web::router(Arc::new(app)))
                    .await
                    .unwrap();
            });
        });
        is_ready.recv().unwrap();
        Self {
            base,
            store,
            password,
        }
    }

    pub fn start() -> Self {
        Self::start_at(None)
    }

    pub fn url(&self, path: &str) -> String {
        self.base.join(path).unwrap().to_string()
    }

    /// A connection to `idp` by its metadata.
    pub fn connect(&self, name: &str, idp: &FakeIdp) {
        let new = NewConnection {
            name: name.to_owned(),
            label: "Example".to_owned(),
            preset: None,
            trust: Trust::MetadataXml(idp.metadata_xml()),
            settings: ConnectionSettings::default(),
        };
        connections::add(
            &self.store,
            new,
            &self.base,
            idp_config::Actor::CommandLine,
            now(),
        )
        .unwrap();
    }

    /// The latest log entry.
    pub fn last_log(&self) -> LogEntry {
        self.store.log(None, 1).unwrap().remove(0)
    }

    pub fn log_len(&self) -> usize {
        self.store.log(None, 1000).unwrap().len()
    }

    /// Starts a login and returns the request as the identity provider reads it.
    pub fn start_login(&self, browser: &mut Browser, name: &str) -> AuthnRequestInfo {
        let page = browser.get(&self.url(&format!("/login/{name}")));
        assert_eq!(page.status, 303, "{}", page.body);
        AuthnRequestInfo::from_redirect(&Url::parse(page.header("location")).unwrap()).unwrap()
    }
}

/// The form that the identity provider's page posts.
pub fn answer(idp: &FakeIdp, request: &AuthnRequestInfo) -> String {
    idp.respond(request, &User::example(), now()).to_form()
}

/// Announces a form of that many bytes and returns the answer, which comes before the form was sent.
pub fn announce(portal: &Portal, path: &str, length: usize) -> String {
    use std::io::{Read, Write};
    let address = portal.base.socket_addrs(|| None).unwrap()[0];
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Keeps cookies and follows nothing by itself.
pub struct Browser {
    agent: ureq::Agent,
    cookies: Vec<(String, String)>,
}

#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: String,
    pub url: Url,
}

impl Browser {
    pub fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Self {
            agent: config.into(),
            cookies: Vec::new(),
        }
    }

    /// The same browser once more.
    pub fn copy(&self) -> Self {
        Self {
            cookies: self.cookies.clone(),
            ..Self::new()
        }
    }

    /// Changes the value of a cookie.
    pub fn spoil(&mut self, prefix: &str) {
        for (_, value) in self
            .cookies
            .iter_mut()
            .filter(|(name, _)| name.starts_with(prefix))
        {
            *value = "0".repeat(value.len());
        }
    }

    pub fn cookie(&self, prefix: &str) -> Option<&str> {
        let found = self
            .cookies
            .iter()
            .find(|(name, _)| name.starts_with(prefix));
        found.map(|(_, value)| value.as_str())
    }

    /// What a browser does with Lax cookies when another site posts: it leaves them at home.
    pub fn without_cookies<T>(&mut self, visit: impl FnOnce(&mut Self) -> T) -> T {
        let kept = std::mem::take(&mut self.cookies);
        let value = visit(self);
        let set = std::mem::replace(&mut self.cookies, kept);
        self.cookies.extend(set);
        value
    }

    pub fn get(&mut self, url: &str) -> Page {
        let request = self.agent.get(url).header("cookie", self.cookie_header());
        self.keep(url, request.call().unwrap())
    }

    /// Gets a page and follows redirects within the test's machine.
    pub fn follow(&mut self, url: &str) -> Page {
        let page = self.get(url);
        self.rest_of(page)
    }

    pub fn rest_of(&mut self, mut page: Page) -> Page {
        for _ in 0..5 {
            if page.status != 303 {
                return page;
            }
            let next = page.url.join(page.header("location")).unwrap();
            page = self.get(next.as_str());
        }
        panic!("too many redirects");
    }

    pub fn post(&mut self, url: &str, body: &str) -> Page {
        self.send(url, "application/x-www-form-urlencoded", body.as_bytes())
    }

    pub fn send(&mut self, url: &str, kind: &str, body: &[u8]) -> Page {
        let request = self
            .agent
            .post(url)
            .header("cookie", self.cookie_header())
            .header("content-type", kind);
        self.keep(url, request.send(body).unwrap())
    }

    /// Submits the form of `page` whose action ends so, with some fields filled in.
    pub fn submit(&mut self, page: &Page, action: &str, fill: &[(&str, &str)]) -> Page {
        let (target, mut fields) = page.form(action);
        for (name, value) in fill {
            fields.retain(|(field, _)| field != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&fields)
            .finish();
        self.post(target.as_str(), &body)
    }

    pub fn sign_in_admin(&mut self, portal: &Portal) -> Page {
        let page = self.get(&portal.url("/admin/login"));
        let password = portal.password.clone();
        let page = self.submit(
            &page,
            "/admin/login",
            &[("name", "admin"), ("password", &password)],
        );
        self.rest_of(page)
    }

    fn cookie_header(&self) -> String {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        pairs.join("; ")
    }

    fn keep(&mut self, url: &str, mut response: ureq::http::Response<ureq::Body>) -> Page {
        for value in response.headers().get_all("set-cookie") {
            let text = value.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Page {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_string().unwrap(),
            url: Url::parse(url).unwrap(),
        }
    }
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// Target and fields of the form whose action ends so.
    pub fn form(&self, action: &str) -> (Url, Vec<(String, String)>) {
        for form in self.body.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let target = attribute(form.split('>').next().unwrap(), "action").unwrap();
            if !target.ends_with(action) {
                continue;
            }
            let fields = form
                .split("<input")
                .skip(1)
                .map(|input| input.split('>').next().unwrap())
                .filter(|input| !input.contains("checkbox") || input.contains(" checked"))
                .filter_map(|input| {
                    Some((
                        attribute(input, "name")?,
                        attribute(input, "value").unwrap_or_default(),
                    ))
                })
                .collect();
            return (self.url.join(&target).unwrap(), fields);
        }
        panic!("no form for {action} in {}", self.body);
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
    let value = rest.split('"').next()?;
    Some(
        value
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#34;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&"),
    )
}
