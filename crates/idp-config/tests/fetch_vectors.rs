//! `tests/vectors/fetch`: each server and URL, and the code that a fetch from there owes.
#![cfg(feature = "https")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use idp_config::{HttpsFetcher, MetadataRefresher, TrustPolicy, danger};
use serde::Deserialize;
use time::macros::datetime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    url: Option<String>,
    server: Option<String>,
    redirect: Option<String>,
    #[serde(default)]
    stall: bool,
    #[serde(default)]
    endless: bool,
    #[serde(default)]
    tls: bool,
}

impl Vector {
    /// The URL to fetch; a server of the vector's kind stands behind it, for at most ten requests.
    fn place(self) -> String {
        if let Some(url) = self.url {
            return url;
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if self.tls { "https" } else { "http" };
        let url = format!("{scheme}://{}/metadata", listener.local_addr().unwrap());
        let answer = match (self.server, self.redirect) {
            (Some(raw), _) => raw,
            (None, Some(to)) => format!(
                "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            ),
            (None, None) => String::new(),
        };
        std::thread::spawn(move || {
            for stream in listener.incoming().take(10) {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(answer.as_bytes());
                let block = vec![b' '; 65_536];
                for _ in 0..if self.endless { 200 } else { 0 } {
                    if stream.write_all(&block).is_err() {
                        break;
                    }
                }
                if self.stall {
                    std::thread::sleep(Duration::from_secs(2));
                }
            }
        });
        url
    }
}

#[test]
fn every_vector_has_its_code() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/fetch");
    let now = datetime!(2026-12-01 12:00 UTC);
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (code, _) = name.split_once("__").unwrap();
        let vector: Vector = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        // A loosened policy lets the URL itself through: what is tested is the fetch
        let policy = danger::accept_plain_http(TrustPolicy::default());
        let url = vector.place().parse().unwrap();
        let mut refresher = MetadataRefresher::new(url, None, policy).unwrap();
        let timeout = if code == "fetch.timeout" { 500 } else { 10_000 };
        let got = HttpsFetcher::new()
            .allow_loopback()
            .timeout(Duration::from_millis(timeout))
            .refresh(&mut refresher, now, 0)
            .map_err(|error| error.code());
        assert_eq!(got, Err(code), "{name}");
        seen += 1;
    }
    assert!(seen > 20, "{seen} vectors");
}
