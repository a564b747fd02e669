//! What can be asked.

use std::path::PathBuf;

use clap::{ArgGroup, Parser, ValueEnum};
use saml_sp::Preset;
use saml_xml::types::parse_date_time;
use time::OffsetDateTime;

/// Says why a SAML Response is accepted or rejected, with the failing spot marked in it.
#[derive(Debug, Parser)]
#[command(name = "saml-explain", version, after_help = AFTER_HELP)]
#[command(group = ArgGroup::new("trust").required(true).args(["metadata", "certificate", "fingerprint"]))]
#[command(group = ArgGroup::new("answers").args(["request_id", "unsolicited"]))]
pub(crate) struct Arguments {
    /// The Response: XML, or the base64 of the SAMLResponse form field
    #[arg(long, value_name = "FILE")]
    pub(crate) response: PathBuf,
    /// Trust the keys of this metadata
    #[arg(long, value_name = "FILE")]
    pub(crate) metadata: Option<PathBuf>,
    /// Trust this certificate (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// Trust the certificate with this fingerprint
    #[arg(long, value_name = "SHA256")]
    pub(crate) fingerprint: Option<String>,
    /// Entity ID of the identity provider; without metadata, taken from the Response when left out
    #[arg(long, value_name = "ID")]
    pub(crate) idp_entity_id: Option<String>,
    /// Entity ID of the service provider
    #[arg(long, value_name = "ID")]
    pub(crate) sp_entity_id: String,
    /// Assertion consumer service URL of the service provider
    #[arg(long, value_name = "URL")]
    pub(crate) acs_url: String,
    /// ID of the AuthnRequest that is answered; taken from the Response when left out
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
    /// The Response answers no request
    #[arg(long)]
    pub(crate) unsolicited: bool,
    /// When it is judged; now when left out
    #[arg(long, value_name = "RFC3339", value_parser = time)]
    pub(crate) at: Option<OffsetDateTime>,
    /// A private key (PEM) for encrypted assertions; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) decryption_key: Vec<PathBuf>,
    /// Accept SHA-1 signatures
    #[arg(long)]
    pub(crate) danger_accept_sha1: bool,
    /// Accept RSA keys of 1024 to 2047 bits
    #[arg(long)]
    pub(crate) danger_accept_rsa1024: bool,
    /// Accept assertions without an audience
    #[arg(long)]
    pub(crate) danger_accept_missing_audience: bool,
    /// Ask a second, independent implementation as well
    #[arg(long)]
    pub(crate) cross_check: bool,
    /// What product the identity provider is: names the field of its console to change
    #[arg(long, value_name = "NAME", value_parser = preset)]
    pub(crate) preset: Option<&'static Preset>,
    /// What the connection wants to be signed; either will do when left out
    #[arg(long, value_enum, value_name = "PART")]
    pub(crate) require_signed: Option<Part>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// A part of the message.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Part {
    /// The Response
    Response,
    /// The Assertion
    Assertion,
    /// Both
    Both,
}

const AFTER_HELP: &str = "Exit status: 0 accepted, 1 rejected, 2 wrong use.\n\
    The output has personal data only when the Response is accepted.";

fn preset(name: &str) -> Result<&'static Preset, String> {
    Preset::find(name).ok_or_else(|| {
        let known: Vec<&str> = Preset::ALL.iter().map(|preset| preset.id).collect();
        format!("not one of {}", known.join(", "))
    })
}

fn time(text: &str) -> Result<OffsetDateTime, &'static str> {
    parse_date_time(text).map_err(|_| "not a time like 2026-01-31T12:00:00Z")
}
