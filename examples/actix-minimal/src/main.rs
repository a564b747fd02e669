//! A SAML login in actix: `cargo run -p actix-minimal`, open the page it names, press "Sign in".
//!
//! `actix-minimal FILE` trusts the identity provider of that metadata; `LISTEN` and `BASE_URL` say where this is.

use std::{env, error::Error, fmt};

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data, Html, PayloadConfig, Redirect, get, post};
use actix_web::{HttpRequest, HttpResponse, HttpServer, Responder, ResponseError};
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
    let listener = std::net::TcpListener::bind(address)?;
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
    let app = Data::new(App {
        sp,
        connection: Connection::new(ConnectionId::new("example")?, idp),
        store: MemoryStore::new(),
        site: Site::of(&base),
    });
    println!("Open {base} and press \"Sign in\".");
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(app.clone())
            .app_data(PayloadConfig::new(2 << 20)) // a Response may name thousands of groups
            .route("/", get().to(home))
            .route("/login", get().to(login))
            .route("/saml/metadata", get().to(metadata_xml))
            .route("/saml/consume", post().to(consume))
    });
    Ok(server.listen(listener)?.run().await?)
}

async fn home(app: Data<App>, request: HttpRequest) -> Html {
    let page = match app.site.who(request.headers().get(header::COOKIE)) {
        Some(name) => maud::html! { p { "Signed in as " b { (name) } } },
        None => maud::html! { p { "Not signed in. " a href="/login" { "Sign in" } } },
    };
    Html::new(page.into_string())
}

async fn metadata_xml(app: Data<App>) -> HttpResponse {
    let kind = "application/samlmetadata+xml";
    HttpResponse::Ok()
        .content_type(kind)
        .body(app.sp.metadata_xml())
}

/// To the identity provider, with a cookie that ties the answer to this browser.
async fn login(app: Data<App>) -> Result<HttpResponse, Refused> {
    let options = LoginOptions::default();
    let (outbound, pending) = (app.sp).start_login(&app.connection, &options, now(), &OsRandom)?;
    app.store.put(&pending).await?;
    let name = format!("login{}", pending.id()); // two tabs are two logins
    let binding = pending.browser_binding().expose();
    let cookie = (app.site).set_cookie(&name, binding, SameSite::None, 900);
    let mut answer = HttpResponse::SeeOther();
    answer.append_header((header::SET_COOKIE, cookie));
    Ok(match outbound {
        Outbound::Redirect(url) => answer
            .append_header((header::LOCATION, url.as_str()))
            .finish(),
        Outbound::PostForm(form) => {
            let html = "text/html; charset=utf-8";
            answer
                .status(StatusCode::OK)
                .content_type(html)
                .body(form.html())
        }
        _ => HttpResponse::NotImplemented().finish(),
    })
}

/// The assertion consumer service: the browser brings the answer.
async fn consume(
    app: Data<App>,
    request: HttpRequest,
    body: Bytes,
) -> Result<impl Responder, Refused> {
    let received = app.sp.receive(AcsForm::urlencoded(&body))?;
    // A hint: good for finding our own record, not for believing
    let id = RequestId::new(received.hints().in_response_to().unwrap_or_default());
    let found = app.store.find(&id).await?;
    let pending = found.ok_or_else(|| saml_sp::Error::from(RequestRule::Unknown))?;
    let (name, cookies) = (format!("login{id}"), request.headers().get(header::COOKIE));
    pending.check_browser(app.site.cookie(cookies, &name))?;
    let expected = Expected::Request(&pending);
    let validated = (app.sp).validate(&received, &app.connection, expected, now())?;
    let login = validated.accept(&app.store, &app.store, now()).await?;

    let who = login.name_id().map_or("", |id| id.value());
    let end = login.session().session_not_on_or_after();
    let session = app.site.sign_in(who, end).map_err(saml_sp::Error::from)?;
    let done = app.site.set_cookie(&name, "", SameSite::None, 0);
    let answer = Redirect::to("/").see_other().customize();
    let answer = answer.append_header((header::SET_COOKIE, session));
    Ok(answer.append_header((header::SET_COOKIE, done)))
}

/// The report is for the terminal. The browser gets the same sentence for every reason.
#[derive(Debug)]
struct Refused(Rejection);

impl<E: Into<Rejection>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.public_message())
    }
}

impl ResponseError for Refused {
    fn error_response(&self) -> HttpResponse {
        eprintln!("{}", self.0.report());
        HttpResponse::Forbidden().body(self.0.public_message())
    }
}
