use std::path::PathBuf;

use tokio_postgres::config::SslMode;

use super::{Asked, Transport, read, take_off};

const UNSAFE_MODE: &str = "that sslmode could end without encryption, or with the wrong server; \
                           say verify-full (or require, which is the same here) or disable";
const NOT_UNDERSTOOD: &str = "the URL is not understood";

/// Whether a URL leads to an encrypted connection, or why to none at all.
fn encrypted(url: &str) -> Result<bool, String> {
    let (config, transport) = read(url)?;
    let plain = matches!(transport, Transport::Plain);
    let mode = if plain {
        SslMode::Disable
    } else {
        SslMode::Require
    };
    assert_eq!(config.get_ssl_mode(), mode, "the driver is told the same");
    Ok(!plain)
}

#[test]
fn what_stays_on_the_machine_is_plain_unless_it_asks() {
    for url in [
        "postgres:///portal?host=/run/postgresql",
        "postgres://portal@localhost/portal",
        "postgresql://portal:secret@127.0.0.1:5433/portal?application_name=x",
        "postgres://portal@[::1]/portal",
        "postgres://portal@db.example/portal?hostaddr=127.0.0.1",
        "postgres://portal@db.example/portal?sslmode=disable",
        "postgres://portal@db.example/portal?sslmode=disable&sslrootcert=/nowhere",
    ] {
        assert_eq!(encrypted(url), Ok(false), "{url}");
    }
}

#[cfg(feature = "postgres-tls")]
#[test]
fn everything_else_is_encrypted() {
    for url in [
        "postgres://portal@db.example/portal",
        "postgres://portal@10.0.0.1/portal",
        "postgres://portal@localhost,db.example/portal",
        "postgres://portal@localhost/portal?hostaddr=10.0.0.1",
        "postgres://portal@localhost/portal?sslmode=require",
        "postgres://portal@localhost/portal?sslmode=verify-full",
        "postgres://portal@localhost/portal?sslrootcert=system",
        // The driver decodes names of parameters, too; what it reads there is overruled
        "postgres://portal@db.example/portal?ssl%6Dode=disable",
    ] {
        assert_eq!(encrypted(url), Ok(true), "{url}");
    }
}

#[cfg(not(feature = "postgres-tls"))]
#[test]
fn without_tls_nothing_leaves_the_machine_unasked() {
    for url in [
        "postgres://portal@db.example/portal",
        "postgres://portal@localhost/portal?sslmode=require",
    ] {
        let why = encrypted(url).unwrap_err();
        assert!(why.contains("feature postgres-tls"), "{why}");
    }
}

#[test]
fn modes_that_promise_less_are_refused() {
    for mode in ["allow", "prefer", "verify-ca"] {
        for host in ["localhost", "db.example"] {
            let url = format!("postgres://portal@{host}/portal?sslmode={mode}");
            assert_eq!(encrypted(&url), Err(UNSAFE_MODE.to_owned()), "{url}");
        }
    }
    for url in [
        "postgres://portal@localhost/portal?sslmode=",
        "postgres://portal@localhost/portal?sslmode=Disable",
        "postgres://portal@localhost/portal?sslmode=disable&sslmode=require",
        "postgres://portal@localhost/portal?sslcert=/x",
        "host=localhost sslmode=prefer",
    ] {
        assert_eq!(encrypted(url), Err(NOT_UNDERSTOOD.to_owned()), "{url}");
    }
}

#[test]
fn the_two_parameters_are_taken_off() {
    let took = |url| take_off(url).unwrap();
    let asked = |mode: Option<&str>, root: Option<&str>| Asked {
        mode: mode.map(str::to_owned),
        root: root.map(PathBuf::from),
    };
    assert_eq!(
        took("postgres://h/d?a=1&sslmode=require&b=%26&sslrootcert=/a+b%20c"),
        (
            "postgres://h/d?a=1&b=%26".to_owned(),
            asked(Some("require"), Some("/a+b c"))
        )
    );
    assert_eq!(
        took("postgres://h/d?sslmode=disable"),
        ("postgres://h/d".to_owned(), asked(Some("disable"), None))
    );
    assert_eq!(
        took("postgres://h/d"),
        ("postgres://h/d".to_owned(), asked(None, None))
    );
}

#[cfg(feature = "postgres-tls")]
#[test]
fn a_file_without_certificates_is_no_root() {
    let why = |file: &str| {
        let url = format!("postgres://db.example/portal?sslrootcert={file}");
        encrypted(&url).unwrap_err()
    };
    assert!(why("/nowhere/ca.pem").starts_with("sslrootcert /nowhere/ca.pem cannot be used: "));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty.pem");
    std::fs::write(&file, "no certificate\n").unwrap();
    let why = why(file.to_str().unwrap());
    assert!(why.ends_with("there is no certificate in it"), "{why}");
}
