//! A SAML login in axum: `cargo run -p axum-minimal`, open the page it names, press "Sign in".
//!
//! `axum-minimal FILE` trusts the identity provider of that metadata; `LISTEN` and `BASE_URL` say where this is.

mod scim;

use std::{env, error::Error, sync::Arc};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use idp_config::{IdentityProvider, TrustPolicy, danger::accept_plain_http};
use minimal_site::{OsRandom, SameSite, Site, now};
use saml_sp::{
    AcsForm, Connection, ConnectionId, Expected, LoginOptions, MemoryStore, Outbound, Rejection,
    RequestId, RequestRule, RequestStore as _, ServiceProvider,
};

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
    let app = App {
        sp,
        connection: Connection::new(ConnectionId::new("example")?, idp),
        store: MemoryStore::new(),
        site: Site::of(&base),
    };
    let scim = scim::service("example", &format!("{base}/api/scim")).await?;
    let router = Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/saml/metadata", get(metadata_xml))
        .route("/saml/consume", post(consume))
        .layer(DefaultBodyLimit::max(2 << 20)) // a Response may name thousands of groups
        .nest_service("/api/scim", scim)
        .with_state(Arc::new(app));
    println!("Open {base} and press \"Sign in\".");
    Ok(axum::serve(listener, router).await?)
}

async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Html<String> {
    let page = match app.site.who(headers.get(header::COOKIE)) {
        Some(name) => maud::html! { p { "Signed in as " b { (name) } } },
        None => maud::html! { p { "Not signed in. " a href="/login" { "Sign in" } } },
    };
    Html(page.into_string())
}

async fn metadata_xml(State(app): State<Arc<App>>) -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "application/samlmetadata+xml")];
    (kind, app.sp.metadata_xml())
}

/// To the identity provider, with a cookie that ties the answer to this browser.
async fn login(State(app): State<Arc<App>>) -> Result<Response, Refused> {
    let options = LoginOptions::default();
    let (outbound, pending) = (app.sp).start_login(&app.connection, &options, now(), &OsRandom)?;
    app.store.put(&pending).await?;
    let name = format!("login{}", pending.id()); // two tabs are two logins
    let binding = pending.browser_binding().expose();
    let cookie = app.site.set_cookie(&name, binding, SameSite::None, 900);
    let page = match outbound {
        Outbound::Redirect(url) => Redirect::to(url.as_str()).into_response(),
        Outbound::PostForm(form) => Html(form.html()).into_response(),
        _ => StatusCode::NOT_IMPLEMENTED.into_response(),
    };
    Ok(([(header::SET_COOKIE, cookie)], page).into_response())
}

/// The assertion consumer service: the browser brings the answer.
async fn consume(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<impl IntoResponse, Refused> {
    let received = app.sp.receive(AcsForm::urlencoded(&body))?;
    // A hint: good for finding our own record, not for believing
    let id = RequestId::new(received.hints().in_response_to().unwrap_or_default());
    let found = app.store.find(&id).await?;
    let pending = found.ok_or_else(|| saml_sp::Error::from(RequestRule::Unknown))?;
    let name = format!("login{id}");
    pending.check_browser(app.site.cookie(headers.get(header::COOKIE), &name))?;
    let expected = Expected::Request(&pending);
    let validated = (app.sp).validate(&received, &app.connection, expected, now())?;
    let login = validated.accept(&app.store, &app.store, now()).await?;

    let who = login.name_id().map_or("", |id| id.value());
    let end = login.session().session_not_on_or_after();
    let session = app.site.sign_in(who, end).map_err(saml_sp::Error::from)?;
    let done = app.site.set_cookie(&name, "", SameSite::None, 0);
    let cookies = [(header::SET_COOKIE, session), (header::SET_COOKIE, done)];
    Ok((AppendHeaders(cookies), Redirect::to("/")))
}

/// The report is for the terminal. The browser gets the same sentence for every reason.
struct Refused(Rejection);

impl<E: Into<Rejection>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        eprintln!("{}", self.0.report());
        (StatusCode::FORBIDDEN, self.0.public_message()).into_response()
    }
}
