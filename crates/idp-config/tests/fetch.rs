//! The fetcher against a real server on this machine that behaves in every way it should not.
#![cfg(feature = "https")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use idp_config::{HttpsFetcher, MetadataRefresher, Poll, Refreshed, TrustPolicy, danger};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

fn document() -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/metadata/");
    std::fs::read_to_string(format!("{root}accepted__jumpcloud.xml")).unwrap()
}

/// Serves at most twenty requests, each by `answer`, which gets the request and the stream.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn new(answer: impl Fn(&str, &mut std::net::TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().take(20) {
                let mut stream = stream.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut octet = [0];
                    if stream.read_exact(&mut octet).is_err() {
                        break;
                    }
                    head.push(octet[0]);
                }
                count.fetch_add(1, Ordering::SeqCst);
                answer(&String::from_utf8_lossy(&head), &mut stream);
            }
        });
        Self { address, requests }
    }

    fn url(&self) -> String {
        format!("http://{}/metadata", self.address)
    }
}

fn respond(stream: &mut std::net::TcpStream, head: &str, body: &[u8]) {
    let _ = write!(
        stream,
        "HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(body);
}

fn refresher(url: &str) -> MetadataRefresher {
    MetadataRefresher::new(url.parse().unwrap(), None, TrustPolicy::default()).unwrap()
}

fn code(server: &Server) -> &'static str {
    let mut refresher = refresher(&server.url());
    // What is good already stays, whatever comes
    let good = idp_config::FetchResponse {
        status: 200,
        body: document().into_bytes(),
        ..Default::default()
    };
    refresher.handle_response(good, NOW, 0).unwrap();
    let fetcher = HttpsFetcher::new()
        .allow_loopback()
        .timeout(Duration::from_millis(700));
    let error = fetcher.refresh(&mut refresher, NOW, 0).unwrap_err();
    assert!(refresher.identity_provider().is_some());
    assert_eq!(refresher.state().last_failure(), Some(error.code()));
    error.code()
}

#[test]
fn fetches_and_asks_for_changes_alone() {
    let server = Server::new(|head, stream| {
        assert!(head.contains("application/samlmetadata+xml"), "{head}");
        assert!(!head.to_lowercase().contains("gzip"), "{head}");
        if head.contains("if-none-match: \"v1\"") {
            respond(stream, "304 Not Modified", b"");
        } else {
            respond(stream, "200 OK\r\nETag: \"v1\"", document().as_bytes());
        }
    });
    let mut refresher = refresher(&server.url());
    let fetcher = HttpsFetcher::new().allow_loopback();
    let first = fetcher.refresh(&mut refresher, NOW, 0).unwrap();
    assert_eq!(first, Refreshed::First);
    let second = fetcher.refresh(&mut refresher, NOW, 0).unwrap();
    assert_eq!(second, Refreshed::Unchanged);
    assert_eq!(server.requests.load(Ordering::SeqCst), 2);
    assert!(matches!(refresher.poll(NOW), Poll::Wait(_)));
}

#[test]
fn a_server_that_is_down() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Server {
        address: listener.local_addr().unwrap(),
        requests: Arc::default(),
    };
    drop(listener);
    assert_eq!(code(&server), "fetch.connect");
}

#[test]
fn a_server_that_is_slow() {
    let server = Server::new(|_, stream| {
        std::thread::sleep(Duration::from_millis(1500));
        respond(stream, "200 OK", document().as_bytes());
    });
    assert_eq!(code(&server), "fetch.timeout");
}

#[test]
fn a_body_that_drips() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        for _ in 0..15 {
            let _ = stream.write_all(b"<");
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    assert_eq!(code(&server), "fetch.timeout");
}

#[test]
fn a_body_without_end() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        let block = vec![b' '; 65_536];
        for _ in 0..200 {
            if stream.write_all(&block).is_err() {
                break;
            }
        }
    });
    let mut refresher = refresher(&server.url());
    let error = HttpsFetcher::new()
        .allow_loopback()
        .refresh(&mut refresher, NOW, 0)
        .unwrap_err();
    assert_eq!(error.code(), "fetch.too_large");
}

#[test]
fn a_compressed_body_is_not_unpacked() {
    let server = Server::new(|_, stream| {
        respond(
            stream,
            "200 OK\r\nContent-Encoding: gzip",
            &[0x1f, 0x8b, 8, 0],
        );
    });
    assert_eq!(code(&server), "fetch.encoding");
}

#[test]
fn a_body_that_breaks_off() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<md:Enti");
    });
    assert_eq!(code(&server), "fetch.protocol");
}

#[test]
fn something_that_is_no_http() {
    let server = Server::new(|_, stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n");
    });
    assert_eq!(code(&server), "fetch.protocol");
}

#[test]
fn pages_and_statuses() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", b"<html>Sign in</html>"));
    assert_eq!(code(&server), "metadata.html");
    let server = Server::new(|_, stream| respond(stream, "404 Not Found", b"no"));
    assert_eq!(code(&server), "fetch.client_status");
    let server = Server::new(|_, stream| respond(stream, "502 Bad Gateway", b"no"));
    assert_eq!(code(&server), "fetch.server_status");
    let server = Server::new(|_, stream| respond(stream, "200 OK", b""));
    assert_eq!(code(&server), "metadata.empty");
}

#[test]
fn another_entity() {
    let server = Server::new(|_, stream| {
        let other = document().replace("entityID=\"", "entityID=\"other-");
        respond(stream, "200 OK", other.as_bytes());
    });
    assert_eq!(code(&server), "metadata.entity_id_mismatch");
}

#[test]
fn redirects_stay_outside_and_end() {
    let to = |location: &'static str| {
        Server::new(move |_, stream| {
            respond(stream, &format!("302 Found\r\nLocation: {location}"), b"");
        })
    };
    assert_eq!(
        code(&to("http://169.254.169.254/latest/meta-data/")),
        "fetch.scheme"
    );
    assert_eq!(code(&to("https://idp.example/metadata")), "fetch.scheme");
    assert_eq!(code(&to("file:///etc/passwd")), "fetch.scheme");
    let round = to("/metadata");
    assert_eq!(code(&round), "fetch.redirect");
    assert_eq!(
        round.requests.load(Ordering::SeqCst),
        4,
        "one and three redirects"
    );
    let nowhere = Server::new(|_, stream| respond(stream, "302 Found", b""));
    assert_eq!(code(&nowhere), "fetch.redirect");

    let document = Server::new(|_, stream| respond(stream, "200 OK", document().as_bytes()));
    let url = document.url();
    let server = Server::new(move |_, stream| {
        respond(
            stream,
            &format!("307 Temporary Redirect\r\nLocation: {url}"),
            b"",
        );
    });
    let mut refresher = refresher(&server.url());
    let fetcher = HttpsFetcher::new().allow_loopback();
    let first = fetcher.refresh(&mut refresher, NOW, 0).unwrap();
    assert_eq!(first, Refreshed::First);
}

#[test]
fn inside_addresses_are_not_connected_to() {
    let code = |fetcher: &HttpsFetcher, url: &str| {
        let policy = danger::accept_plain_http(TrustPolicy::default());
        let mut refresher = MetadataRefresher::new(url.parse().unwrap(), None, policy).unwrap();
        let fetcher = fetcher.clone().timeout(Duration::from_millis(700));
        fetcher.refresh(&mut refresher, NOW, 0).unwrap_err().code()
    };
    let public = HttpsFetcher::new();
    for url in [
        "https://127.0.0.1:1/",
        "https://localhost:1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:169.254.169.254]/",
        "https://[fd00:ec2::254]/",
        "https://10.0.0.1/",
        "https://0x7f.1/",
        "https://2130706433/",
    ] {
        assert_eq!(code(&public, url), "fetch.address_refused", "{url}");
    }
    assert_eq!(code(&public, "http://127.0.0.1:1/"), "fetch.scheme");
    let local = HttpsFetcher::new().allow_loopback();
    assert_eq!(code(&local, "https://10.0.0.1/"), "fetch.address_refused");
    assert_eq!(code(&local, "http://10.0.0.1/"), "fetch.scheme");
    assert_eq!(
        code(&local, "https://no-such-host.invalid/"),
        "fetch.name_not_found"
    );
}

#[test]
fn a_server_that_speaks_no_tls() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/metadata", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 16];
        let _ = stream.read_exact(&mut hello);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        std::thread::sleep(Duration::from_millis(200));
    });
    let fetcher = HttpsFetcher::new().allow_loopback();
    let error = fetcher.refresh(&mut refresher(&url), NOW, 0).unwrap_err();
    assert_eq!(error.code(), "fetch.tls");
}
