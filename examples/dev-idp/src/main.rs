//! `dev-idp`: a local identity provider to log in with.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use dev_idp::Config;

/// A local identity provider to log in with; it signs anybody in. For development only.
#[derive(Parser, Debug)]
#[command(version)]
struct Options {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// URL under which browsers reach it; by default made from the address.
    #[arg(long)]
    base_url: Option<String>,
    /// ACS URL of a service provider to answer to; may be repeated. Without any, every ACS on this
    /// machine's loopback addresses is answered.
    #[arg(long = "acs", visible_alias = "sp-acs", value_name = "URL")]
    acs: Vec<String>,
    /// Private key (PKCS#8 PEM) to sign with, so that a restart keeps the trust; with --certificate.
    #[arg(long, requires = "certificate")]
    key: Option<PathBuf>,
    /// Certificate (PEM) of the key.
    #[arg(long, requires = "key")]
    certificate: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("dev-idp: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), String> {
    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let base_url = options
        .base_url
        .unwrap_or_else(|| format!("http://{address}"));
    let mut config = Config::new(base_url).allow_loopback(options.acs.is_empty());
    for acs in options.acs {
        config = config.allow_acs(acs);
    }
    if let (Some(key), Some(certificate)) = (options.key, options.certificate) {
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))
        };
        config = config
            .with_key(&read(&key)?, &read(&certificate)?)
            .map_err(|error| error.to_string())?;
    }
    println!("Development identity provider at {}", config.base_url());
    println!("  Metadata     {}", config.entity_id());
    println!("  Fingerprint  {}", config.fingerprint());
    dev_idp::serve(listener, config)
        .await
        .map_err(|error| error.to_string())
}
