//! A SAML login in hyper: `cargo run -p hyper-minimal`, open the page it names, press "Sign in".
//!
//! `hyper-minimal FILE` trusts the identity provider of that metadata; `LISTEN` and `BASE_URL` say where this is.

use std::{convert::Infallible, env, error::Error, sync::Arc};

use http::header::{CONTENT_TYPE, COOKIE, HeaderName, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request, response::Builder};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use idp_config::{IdentityProvider, TrustPolicy, danger::accept_plain_http};
use minimal_site::{OsRandom, SameSite, Site, now};
use saml_sp::{
    AcsForm, Connection, ConnectionId, Expected, LoginOptions, MemoryStore, Outbound, Rejection,
    RequestId, RequestRule, RequestStore as _, ServiceProvider,
};

type Response = http::Response<Full<Bytes>>;

const HTML: (HeaderName, &str) = (CONTENT_TYPE, "text/html; charset=utf-8");
const METADATA: (HeaderName, &str) = (CONTENT_TYPE, "application/samlmetadata+xml");

struct App {
    sp: ServiceProvider,
    connection: Connection,
    /// Pending logins and used assertions, of one process. For more there is `sso_store::Store`.
    store: MemoryStore,
    /// Sessions and cookies, which have nothing to do with SAML.
    site: Site,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::var("LISTEN").unwrap_or("127.0.0.1:8080".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    // Where browsers find us is configuration: anybody can write a request's Host header
    let base = env::var("BASE_URL").unwrap_or(format!("http://{}", listener.local_addr()?));
    let acs_url = format!("{base}/saml/consume");
    let sp = ServiceProvider::builder(format!("{base}/saml/metadata"), &acs_url).build()?;
    let mut trust = TrustPolicy::default();
    let metadata = match env::args().nth(1) {
        Some(file) => std::fs::read_to_string(file)?,
        None => {
            trust = accept_plain_http(trust);
            dev_idp::start(&acs_url).await?
        }
    };
    let idp = IdentityProvider::from_metadata_xml(metadata.as_bytes(), None, &trust, now())?;
    let app = Arc::new(App {
        sp,
        connection: Connection::new(ConnectionId::new("example")?, idp),
        store: MemoryStore::new(),
        site: Site::of(&base),
    });
    println!("Open {base} and press \"Sign in\".");
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue; // one visitor who is gone already
        };
        let app = Arc::clone(&app);
        let service = service_fn(move |request| {
            let app = Arc::clone(&app);
            let answer = async move { route(&app, request).await.unwrap_or_else(|e| refused(&e)) };
            async { Ok::<_, Infallible>(answer.await) }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()); // headers have thirty seconds
        tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
    }
}

async fn route(app: &App, request: Request<Incoming>) -> Result<Response, Rejection> {
    let (head, body) = request.into_parts();
    match (head.method, head.uri.path()) {
        (Method::GET, "/") => Ok(home(app, &head.headers)),
        (Method::GET, "/login") => login(app).await,
        (Method::GET, "/saml/metadata") => Ok(answer(200, &[METADATA], app.sp.metadata_xml())),
        (Method::POST, "/saml/consume") => {
            let body = Limited::new(body, 2 << 20); // a Response may name thousands of groups
            match body.collect().await {
                Ok(body) => consume(app, &head.headers, &body.to_bytes()).await,
                Err(_) => Ok(answer(413, &[], "")),
            }
        }
        _ => Ok(answer(404, &[], "")),
    }
}

fn answer(status: u16, headers: &[(HeaderName, &str)], body: impl Into<Bytes>) -> Response {
    let mut answer = Builder::new().status(status);
    for (name, value) in headers {
        answer = answer.header(name, *value);
    }
    // It fails for control characters in a header; none of ours has any
    answer.body(Full::new(body.into())).unwrap_or_default()
}

fn home(app: &App, headers: &HeaderMap) -> Response {
    let page = match app.site.who(headers.get(COOKIE)) {
        Some(name) => maud::html! { p { "Signed in as " b { (name) } } },
        None => maud::html! { p { "Not signed in. " a href="/login" { "Sign in" } } },
    };
    answer(200, &[HTML], page.into_string())
}

/// To the identity provider, with a cookie that ties the answer to this browser.
async fn login(app: &App) -> Result<Response, Rejection> {
    let options = LoginOptions::default();
    let (outbound, pending) = (app.sp).start_login(&app.connection, &options, now(), &OsRandom)?;
    app.store.put(&pending).await?;
    let name = format!("login{}", pending.id()); // two tabs are two logins
    let binding = pending.browser_binding().expose();
    let cookie = (app.site).set_cookie(&name, binding, SameSite::None, 900);
    let cookie = (SET_COOKIE, cookie.as_str());
    Ok(match outbound {
        Outbound::Redirect(url) => answer(303, &[cookie, (LOCATION, url.as_str())], ""),
        Outbound::PostForm(form) => answer(200, &[cookie, HTML], form.html()),
        _ => answer(501, &[], ""),
    })
}

/// The assertion consumer service: the browser brings the answer.
async fn consume(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Response, Rejection> {
    let received = app.sp.receive(AcsForm::urlencoded(body))?;
    // A hint: good for finding our own record, not for believing
    let id = RequestId::new(received.hints().in_response_to().unwrap_or_default());
    let found = app.store.find(&id).await?;
    let pending = found.ok_or_else(|| saml_sp::Error::from(RequestRule::Unknown))?;
    let name = format!("login{id}");
    pending.check_browser(app.site.cookie(headers.get(COOKIE), &name))?;
    let expected = Expected::Request(&pending);
    let validated = (app.sp).validate(&received, &app.connection, expected, now())?;
    let login = validated.accept(&app.store, &app.store, now()).await?;

    let who = login.name_id().map_or("", |id| id.value());
    let end = login.session().session_not_on_or_after();
    let session = app.site.sign_in(who, end).map_err(saml_sp::Error::from)?;
    let done = app.site.set_cookie(&name, "", SameSite::None, 0);
    let (session, done) = ((SET_COOKIE, &*session), (SET_COOKIE, &*done));
    Ok(answer(303, &[session, done, (LOCATION, "/")], ""))
}

/// The report is for the terminal. The browser gets the same sentence for every reason.
fn refused(rejection: &Rejection) -> Response {
    eprintln!("{}", rejection.report());
    answer(403, &[], rejection.public_message())
}
