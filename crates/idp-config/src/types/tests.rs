use url::Url;

use super::{Binding, EntityId, NameIdFormat, PlainHttp, check_location, parse_location};
use crate::{TrustPolicy, danger};

fn code(text: &str) -> &'static str {
    let strict = TrustPolicy::default();
    match parse_location(text).and_then(|url| check_location(&url, &strict)) {
        Ok(PlainHttp::No) => "accepted",
        Ok(PlainHttp::Accepted) => "plain http",
        Err(error) => error.code(),
    }
}

#[test]
fn an_entity_id_is_kept_verbatim() {
    for text in [
        " x ",
        "My SSO (JumpCloud)",
        "https://IDP.example:443/a/../b",
        "é",
        "a\u{a0}b",
    ] {
        assert_eq!(EntityId::new(text).unwrap().as_str(), text);
    }
    assert_ne!(EntityId::new("a").unwrap(), EntityId::new("A").unwrap());
    assert_ne!(EntityId::new("a").unwrap(), EntityId::new("a ").unwrap());
}

#[test]
fn an_entity_id_has_one_to_1024_characters() {
    assert!(EntityId::new("é".repeat(1024)).is_ok());
    for text in [
        "",
        " ",
        "\u{a0}",
        "a\nb",
        "a\tb",
        "a\u{7f}",
        "a\u{85}b",
        &"é".repeat(1025),
    ] {
        assert_eq!(
            EntityId::new(text).unwrap_err().code(),
            "config.entity_id_malformed",
            "{text:?}"
        );
    }
}

#[test]
fn an_entity_id_is_checked_when_it_is_read_from_json() {
    assert_eq!(
        serde_json::from_str::<EntityId>("\" a\"").unwrap().as_str(),
        " a"
    );
    let error = serde_json::from_str::<EntityId>("\"\"")
        .unwrap_err()
        .to_string();
    assert!(error.contains("config.entity_id_malformed"), "{error}");
}

#[test]
fn a_location_is_https_or_on_this_machine() {
    for text in [
        "https://idp.example/sso",
        " \n https://idp.example/sso?x=1 ",
        "HTTPS://IDP.example",
        "http://localhost:8081/",
        "http://sub.localhost/",
        "http://127.0.0.1/",
        "http://127.9.9.9/",
        "http://[::1]:1/",
    ] {
        assert_eq!(code(text), "accepted", "{text}");
    }
    for text in [
        "http://idp.example/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://[::ffff:192.168.0.1]/",
        "http://localhost.example/",
        "http://notlocalhost/",
        "http://127.0.0.1.example/",
    ] {
        assert_eq!(code(text), "config.url_plain_http", "{text}");
    }
}

#[test]
fn a_location_that_readers_could_take_for_two_is_malformed() {
    for text in [
        "",
        "/sso",
        "idp.example",
        "//idp.example",
        "https:idp.example",
        "https:/idp.example",
        "https:\\\\idp.example",
        "https://idp.example\\@evil.example",
        "https://a b/",
        "https://idp.exa\tmple/",
        "https://idp.example/\u{200b} x",
        "https://",
        "https://:443",
        "https://u@idp.example/",
        "https://u:p@idp.example/",
        "https://idp.example/#",
        "https://[::1",
    ] {
        assert_eq!(code(text), "config.url_malformed", "{text:?}");
    }
}

#[test]
fn a_location_that_runs_or_reads_is_refused() {
    for text in [
        "javascript:alert(1)",
        "JAVASCRIPT://x/%0a",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://idp.example/",
        "blob:https://idp.example/x",
        "about:blank",
        "localhost:8081",
    ] {
        assert_eq!(code(text), "config.url_scheme", "{text}");
    }
}

#[test]
fn plain_http_is_accepted_in_danger_only_and_javascript_never() {
    let policy = danger::accept_plain_http(TrustPolicy::default());
    let check = |text: &str| check_location(&Url::parse(text).unwrap(), &policy);
    assert_eq!(check("http://idp.example/").unwrap(), PlainHttp::Accepted);
    assert_eq!(check("https://idp.example/").unwrap(), PlainHttp::No);
    assert_eq!(
        check("javascript:alert(1)").unwrap_err().code(),
        "config.url_scheme"
    );
}

#[test]
fn errors_about_a_location_show_no_credentials_and_no_query() {
    for text in [
        "https://user:hunter2@idp.example/ x",
        "https://idp.example/?token=hunter2#x",
        "user:hunter2@idp.example/?a b",
        "//idp.example/?hunter2",
        "http://idp.example/?hunter2",
    ] {
        let error = parse_location(text)
            .and_then(|url| check_location(&url, &TrustPolicy::default()))
            .unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    }
}

#[test]
fn a_binding_is_its_uri() {
    for binding in [Binding::HttpPost, Binding::HttpRedirect] {
        assert_eq!(Binding::from_uri(binding.as_uri()), Some(binding));
        let json = serde_json::to_string(&binding).unwrap();
        assert_eq!(json, format!("{:?}", binding.as_uri()));
        assert_eq!(serde_json::from_str::<Binding>(&json).unwrap(), binding);
    }
    assert_eq!(
        Binding::from_uri("urn:oasis:names:tc:SAML:2.0:bindings:http-post"),
        None
    );
}

#[test]
fn a_name_id_format_is_opaque() {
    let own = NameIdFormat::new("Our own");
    assert_eq!(serde_json::to_string(&own).unwrap(), "\"Our own\"");
    assert_eq!(
        serde_json::from_str::<NameIdFormat>("\"Our own\"").unwrap(),
        own
    );
    assert_ne!(NameIdFormat::new(" Our own"), own);
}
