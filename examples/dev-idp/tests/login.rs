//! A whole login, page by page, without a network.

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use dev_idp::{Broken, Config};
use idp_config::IdpSource;
use saml_sp::{
    AcsForm, Connection, ConnectionId, Expected, LoginOptions, MemoryStore, Outbound, PendingLogin,
    RequestBinding, RequestStore, ServiceProvider,
};
use sso_testkit::OsRandom;
use time::OffsetDateTime;
use tower::ServiceExt;

const ACS: &str = "http://127.0.0.1:8080/saml/consume";

struct Site {
    config: Config,
    sp: ServiceProvider,
    connection: Connection,
    now: OffsetDateTime,
}

fn site(binding: RequestBinding) -> Site {
    let config = Config::new("http://127.0.0.1:8081").allow_acs(ACS);
    #[expect(
        clippy::disallowed_methods,
        reason = "the IdP under test reads the clock itself"
    )]
    let now = OffsetDateTime::now_utc();
    let sp = ServiceProvider::builder("http://127.0.0.1:8080/saml/metadata", ACS)
        .build()
        .unwrap();
    let source = IdpSource::MetadataXml {
        xml: config.metadata_xml(),
        entity_id: None,
    };
    let policy = idp_config::danger::accept_plain_http(idp_config::TrustPolicy::default());
    let idp = source.resolve_with(&policy, now).unwrap();
    let connection =
        Connection::new(ConnectionId::new("dev").unwrap(), idp).request_binding(binding);
    Site {
        config,
        sp,
        connection,
        now,
    }
}

async fn fetch(site: &Site, request: Request<Body>) -> (StatusCode, String, String) {
    let response = dev_idp::router(site.config.clone())
        .oneshot(request)
        .await
        .unwrap();
    let status = response.status();
    let policy = response
        .headers()
        .get(header::CONTENT_SECURITY_POLICY)
        .map(|value| value.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, policy, String::from_utf8(body.to_vec()).unwrap())
}

fn form(path: &str, fields: &[(String, String)]) -> Request<Body> {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap()
}

/// The inputs of the page's form, as a browser without JavaScript would send them.
fn inputs(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        let (value, _) = rest.split_once('"')?;
        Some(
            value
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&amp;", "&"),
        )
    };
    page.split("<input ")
        .skip(1)
        .map(|rest| format!(" {}", rest.split_once('>').unwrap().0))
        .map(|tag| {
            (
                attribute(&tag, "name").unwrap(),
                attribute(&tag, "value").unwrap_or_default(),
            )
        })
        .collect()
}

/// From the request to the parameters that reach the service provider.
async fn sign_in(site: &Site, broken: Option<Broken>) -> (Vec<(String, String)>, PendingLogin) {
    let (outbound, pending) = site
        .sp
        .start_login(
            &site.connection,
            &LoginOptions::default(),
            site.now,
            &OsRandom::new(),
        )
        .unwrap();
    let request = match &outbound {
        Outbound::Redirect(url) => {
            let path = format!("{}?{}", url.path(), url.query().unwrap());
            Request::get(path).body(Body::empty()).unwrap()
        }
        Outbound::PostForm(post) => {
            let fields: Vec<(String, String)> = post
                .fields()
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect();
            form(post.action().path(), &fields)
        }
        _ => panic!("an unknown binding"),
    };
    let (status, policy, page) = fetch(site, request).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    assert!(
        !page.contains("<script"),
        "the sign-in form needs no script"
    );

    let mut fields = inputs(&page);
    if let Some(broken) = broken {
        fields.push(("broken".to_owned(), broken.name().to_owned()));
    }
    let (status, policy, page) = fetch(site, form("/sign-in", &fields)).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(policy.contains("script-src 'sha256-"), "{policy}");
    assert!(
        page.contains("<button type=\"submit\">Continue</button>"),
        "there is a button without JavaScript"
    );
    assert!(page.contains(&format!("action=\"{ACS}\"")), "{page}");
    (inputs(&page), pending)
}

async fn judge(
    site: &Site,
    fields: Vec<(String, String)>,
    pending: &PendingLogin,
) -> Result<String, &'static str> {
    let received = site
        .sp
        .receive(AcsForm::pairs(fields))
        .map_err(|error| error.code())?;
    assert_eq!(
        received.hints().relay_state(),
        Some(pending.relay_state().as_str())
    );
    let store = MemoryStore::new();
    store.put(pending).await.unwrap();
    let expected = Expected::Request(pending);
    let validated = site
        .sp
        .validate(&received, &site.connection, expected, site.now)
        .map_err(|refused| refused.code())?;
    let login = validated
        .accept(&store, &store, site.now)
        .await
        .map_err(|refused| refused.code())?;
    Ok(login.name_id().unwrap().value().to_owned())
}

#[tokio::test]
async fn submitting_the_form_unchanged_signs_in_by_both_bindings() {
    for binding in [RequestBinding::Redirect, RequestBinding::Post] {
        let site = site(binding);
        let (fields, pending) = sign_in(&site, None).await;
        assert_eq!(
            judge(&site, fields, &pending).await.as_deref(),
            Ok("alice@example.test"),
            "{binding:?}"
        );
    }
}

#[tokio::test]
async fn every_broken_answer_is_refused_for_its_reason() {
    let site = site(RequestBinding::Auto);
    for &broken in Broken::ALL {
        let (fields, pending) = sign_in(&site, Some(broken)).await;
        let code = match broken {
            Broken::Unsigned => "signature.missing",
            Broken::OtherKey => "signature.unknown_key",
            Broken::Edited => "signature.digest_mismatch",
            Broken::OtherAudience => "conditions.audience_mismatch",
            Broken::OtherRecipient => "subject.recipient_mismatch",
            Broken::Expired => "subject.expired",
            Broken::ClockAhead => "response.issue_instant_future",
            Broken::OtherRequest => "response.in_response_to_mismatch",
            Broken::OtherIssuer => "response.issuer_mismatch",
            Broken::NoNameId => "subject.name_id_missing",
            Broken::Refused => "status.not_success",
            Broken::Wrapped => "response.assertion_multiple",
            other => panic!("no verdict for {other:?}"),
        };
        assert_eq!(
            judge(&site, fields, &pending).await,
            Err(code),
            "{broken:?}"
        );
    }
}

#[tokio::test]
async fn an_unknown_acs_gets_no_answer() {
    let site = site(RequestBinding::Redirect);
    for acs in [
        "https://evil.example/acs",
        "http://127.0.0.1:9999/acs",
        "javascript:alert(1)",
        "",
    ] {
        let fields = [("issuer", "x"), ("acs_url", acs), ("email", "a@b.test")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (status, _, page) = fetch(&site, form("/sign-in", &fields)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{acs}");
        assert!(!page.contains("SAMLResponse"), "{acs}");
    }
    let loopback = Config::new("http://127.0.0.1:8081").allow_loopback(true);
    assert!(loopback.allows("http://127.0.0.1:9999/acs") && loopback.allows("http://[::1]/acs"));
    assert!(
        !loopback.allows("http://127.0.0.1.evil.example/") && !loopback.allows("http://192.0.2.1/")
    );
}

#[tokio::test]
async fn bad_requests_get_a_page_that_escapes() {
    let site = site(RequestBinding::Redirect);
    for query in [
        "",
        "?SAMLRequest=",
        "?SAMLRequest=%3Cscript%3E",
        "?SAMLRequest=AAAA",
    ] {
        let request = Request::get(format!("/sso{query}"))
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            fetch(&site, request).await.0,
            StatusCode::BAD_REQUEST,
            "{query}"
        );
    }
    let fields = [("issuer", "x"), ("acs_url", "\"><script>"), ("email", "e")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (_, _, page) = fetch(&site, form("/sign-in", &fields)).await;
    assert!(!page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn a_kept_key_keeps_the_trust() {
    let first = Config::new("http://127.0.0.1:8081");
    let (key, certificate) = (first.private_key_pem().to_owned(), first.certificate_pem());
    let second = Config::new("http://127.0.0.1:8081")
        .with_key(&key, &certificate)
        .unwrap();
    assert_eq!(first.metadata_xml(), second.metadata_xml());
    assert_ne!(
        first.fingerprint(),
        Config::new("http://127.0.0.1:8081").fingerprint()
    );
    assert!(
        Config::new("http://127.0.0.1:8081")
            .with_key("no key", &certificate)
            .is_err()
    );
}
