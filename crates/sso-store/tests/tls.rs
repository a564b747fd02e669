//! An encrypted connection to PostgreSQL, or none.
//!
//! The tests with a server of that kind run where `tests/postgres.sh --tls` has started one.

#![cfg(feature = "postgres-tls")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::error::Error as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;

use sso_store::{DbErrorKind, Store};

struct Server {
    port: String,
    folder: PathBuf,
}

impl Server {
    fn running() -> Option<Self> {
        let (Ok(url), Some(folder)) = (
            std::env::var("DATABASE_URL"),
            std::env::var_os("TLS_FOLDER"),
        ) else {
            println!("skipped: there is no server with TLS (tests/postgres.sh --tls starts one)");
            return None;
        };
        let port = url.rsplit_once(':').unwrap().1.split('/').next().unwrap();
        Some(Self {
            port: port.to_owned(),
            folder: folder.into(),
        })
    }

    fn url(&self, host: &str, rest: &str) -> String {
        format!("postgres://portal@{host}:{}/postgres?{rest}", self.port)
    }

    fn root(&self, name: &str) -> String {
        let file = self.folder.join(name);
        format!("sslrootcert={}", file.to_str().unwrap())
    }

    /// Whether the connections of a program are encrypted, as the server sees them.
    fn sees(&self, application: &str) -> Vec<bool> {
        let sql = format!(
            "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
             WHERE application_name = '{application}'"
        );
        ask(&self.url("localhost", ""), &sql)
    }
}

fn ask(url: &str, sql: &str) -> Vec<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let plain = tokio_postgres::NoTls;
        let (client, connection) = tokio_postgres::connect(url, plain).await.unwrap();
        tokio::spawn(connection);
        let rows = client.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    })
}

/// Why there is no store.
fn refusal(url: &str) -> String {
    let error = Store::connect(url).unwrap_err();
    assert_eq!(error.kind(), DbErrorKind::OpenFailed);
    error.source().unwrap().to_string()
}

#[test]
fn with_the_right_root_and_name_it_is_encrypted() {
    let Some(server) = Server::running() else {
        return;
    };
    let root = server.root("ca.pem");
    for (application, rest) in [
        ("full", format!("sslmode=verify-full&{root}")),
        ("require", format!("sslmode=require&{root}")),
        ("unsaid", root.clone()),
    ] {
        let url = server.url(
            "localhost",
            &format!("{rest}&application_name={application}"),
        );
        let store = Store::connect(&url).unwrap();
        assert_eq!(server.sees(application), [true], "{application}");
        assert!(store.connections().unwrap().is_empty());
    }
    // The same server takes unencrypted ones as well, from who asks for them
    let url = server.url("localhost", "sslmode=disable&application_name=plain");
    let store = Store::connect(&url).unwrap();
    assert_eq!(server.sees("plain"), [false]);
    drop(store);
}

#[test]
fn a_server_of_another_authority_is_refused() {
    let Some(server) = Server::running() else {
        return;
    };
    let unknown = "error performing TLS handshake: invalid peer certificate: UnknownIssuer";
    for root in [server.root("other-ca.pem"), "sslmode=require".to_owned()] {
        assert_eq!(refusal(&server.url("localhost", &root)), unknown, "{root}");
    }
}

#[test]
fn a_server_of_another_name_is_refused() {
    let Some(server) = Server::running() else {
        return;
    };
    for mode in ["require", "verify-full"] {
        let rest = format!("sslmode={mode}&{}", server.root("ca.pem"));
        let why = refusal(&server.url("127.0.0.1", &rest));
        assert!(
            why.starts_with("error performing TLS handshake: invalid peer certificate: certificate not valid for name \"127.0.0.1\""),
            "{why}"
        );
    }
}

/// A server, or somebody on the way, that says it has no TLS is told nothing more.
#[test]
fn a_server_without_tls_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 8];
        stream.read_exact(&mut request).unwrap();
        stream.write_all(b"N").unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
        (request, rest)
    });
    let url = format!("postgres://portal:secret@127.0.0.1:{port}/portal?sslmode=require");
    assert_eq!(
        refusal(&url),
        "error performing TLS handshake: server does not support TLS"
    );
    // SSLRequest: its length, 8, and the number 80877103
    let request = [0, 0, 0, 8, 4, 210, 22, 47];
    assert_eq!(heard.join().unwrap(), (request, Vec::new()));
}

#[test]
fn a_postgresql_without_tls_is_refused() {
    let (Ok(url), None) = (
        std::env::var("DATABASE_URL"),
        std::env::var_os("TLS_FOLDER"),
    ) else {
        println!("skipped: there is no PostgreSQL without TLS (tests/postgres.sh starts one)");
        return;
    };
    assert_eq!(
        refusal(&format!("{url}?sslmode=verify-full")),
        "error performing TLS handshake: server does not support TLS"
    );
}
