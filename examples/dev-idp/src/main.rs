//! Runs the development identity provider on its own.

#![forbid(unsafe_code)]

use std::net::SocketAddr;
use std::process::ExitCode;

use clap::Parser;
use dev_idp::{Config, DevIdp};

/// A local SAML identity provider to develop against. It signs anybody in.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
    /// The URL it is reached at; http://ADDR when left out
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// An assertion consumer service to answer; any on a loopback address when left out
    #[arg(long, value_name = "URL")]
    sp_acs: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind(arguments.listen)
        .await
        .map_err(|e| format!("cannot listen on {}: {e}", arguments.listen))?;
    let base_url = arguments
        .base_url
        .unwrap_or_else(|| format!("http://{}", arguments.listen));
    let mut config = Config::default();
    if arguments.sp_acs.is_empty() {
        config = config.any_loopback_acs();
    }
    config.acs_urls = arguments.sp_acs;
    let idp = DevIdp::new(&base_url, config)?;
    println!("Development identity provider: {base_url}");
    println!("Metadata, for the service provider: {}", idp.entity_id());
    println!("It signs anybody in. Ctrl-C stops it.");
    let stop = async {
        let _stopped = tokio::signal::ctrl_c().await;
    };
    idp.serve(listener, stop).await?;
    Ok(())
}
