//! Whether a connection is encrypted: what `sslmode` and `sslrootcert` of a URL mean here.
//!
//! The driver's own reading of them has modes that encrypt without asking who is at the other end,
//! and one that goes on without encryption when it is told to. So they are taken off the URL.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

#[cfg(feature = "postgres-tls")]
use super::tls::Connector;

/// How a connection is made.
#[derive(Clone, Debug)]
pub(super) enum Transport {
    /// Not encrypted.
    Plain,
    /// Encrypted, to a server whose certificate and name were verified, or not made.
    #[cfg(feature = "postgres-tls")]
    Tls(Connector),
}

/// What a URL says about it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    mode: Option<String>,
    root: Option<PathBuf>,
}

/// The driver's configuration for a URL, and the transport.
///
/// # Errors
/// A sentence that has nothing of the URL in it but the mode.
pub(super) fn read(url: &str) -> Result<(Config, Transport), String> {
    let (url, asked) = take_off(url)?;
    // The driver's words for a bad URL could hold a piece of it, such as the password
    let mut config: Config = url.parse().map_err(|_| not_understood())?;
    let encrypt = match asked.mode.as_deref() {
        Some("disable") => false,
        Some("require" | "verify-full") => true,
        // What stays on this machine needs no encryption; everything else has to ask to do without
        None => asked.root.is_some() || !is_local(&config),
        Some("allow" | "prefer" | "verify-ca") => {
            return Err(
                "that sslmode could end without encryption, or with the wrong server; \
                 say verify-full (or require, which is the same here) or disable"
                    .to_owned(),
            );
        }
        Some(_) => return Err(not_understood()),
    };
    if !encrypt {
        config.ssl_mode(SslMode::Disable);
        return Ok((config, Transport::Plain));
    }
    config.ssl_mode(SslMode::Require);
    Ok((config, encrypted(asked.root.as_deref())?))
}

#[cfg(feature = "postgres-tls")]
fn encrypted(root: Option<&Path>) -> Result<Transport, String> {
    Connector::new(root).map(Transport::Tls)
}

#[cfg(not(feature = "postgres-tls"))]
fn encrypted(_: Option<&Path>) -> Result<Transport, String> {
    Err(
        "this program was built without TLS (feature postgres-tls); over a private network or a \
         tunnel say sslmode=disable"
            .to_owned(),
    )
}

fn not_understood() -> String {
    "the URL is not understood".to_owned()
}

/// Takes the two parameters off a URL.
fn take_off(url: &str) -> Result<(String, Asked), String> {
    // The driver knows another form, too, which has them in other places
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(not_understood());
    }
    let mut asked = Asked::default();
    let Some((before, query)) = url.split_once('?') else {
        return Ok((url.to_owned(), asked));
    };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "sslmode" => {
                let before = asked.mode.replace(value.to_owned());
                if before.is_some() {
                    return Err(not_understood());
                }
            }
            "sslrootcert" => {
                // A plus is a plus in the path of a file
                let value = format!("f={}", value.replace('+', "%2B"));
                let value = url::form_urlencoded::parse(value.as_bytes()).next();
                let value = value
                    .map(|(_, value)| value.into_owned())
                    .unwrap_or_default();
                let before = asked.root.replace(value.into());
                if before.is_some() {
                    return Err(not_understood());
                }
            }
            _ => rest.push(pair),
        }
    }
    let url = if rest.is_empty() {
        before.to_owned()
    } else {
        format!("{before}?{}", rest.join("&"))
    };
    Ok((url, asked))
}

/// Whether every host is this machine.
fn is_local(config: &Config) -> bool {
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        #[cfg(unix)]
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
    })
}

#[cfg(test)]
mod tests;
