//! A local identity provider to log in with: it signs anybody in as whoever they say they are.
//!
//! For development on one machine. It answers only to assertion consumer services that its
//! [`Config`] allows, and it can send answers that are broken on purpose, so that a newcomer sees
//! what a service provider says about them.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let config = dev_idp::Config::new("http://127.0.0.1:8081").allow_acs("http://127.0.0.1:8080/saml/consume");
//! println!("{}", config.metadata_xml());
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8081").await?;
//! dev_idp::serve(listener, config).await?;
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod answer;
mod config;
mod pages;
#[cfg(test)]
mod tests;
mod web;

pub use answer::Broken;
pub use config::{Config, KeyError};
pub use web::{router, serve, start};
