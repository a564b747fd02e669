//! The grammar of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{ArgGroup, Parser, Subcommand, ValueEnum};
use url::Url;

use crate::app::StartError;
use crate::database::Database;

/// Single sign-on for a product: login page, SAML endpoints, settings and history.
///
/// Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "portal", version)]
pub(super) struct Args {
    /// Where the data lies: sqlite:PATH or postgres://…
    #[arg(
        long,
        global = true,
        default_value = "sqlite:portal.db",
        value_name = "URL"
    )]
    pub(super) database: Database,
    #[command(flatten)]
    pub(super) serve: Serve,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// How to serve.
#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Address to serve at.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub(super) listen: SocketAddr,
    /// The URL that browsers see, when it is not http://ADDR (behind a proxy, say).
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<Url>,
    /// Address of the development identity provider, or "off". It signs anybody in. Default:
    /// 127.0.0.1:8081 when the portal itself is on a loopback address, else off.
    #[arg(long, value_name = "ADDR|off")]
    pub(super) dev_idp: Option<DevIdp>,
    /// SCIM requests a second that each connection may make in the long run, and ten times as many at once; 0 for no
    /// limit.
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub(super) scim_rate: u32,
}

impl Serve {
    /// The URL that browsers see, as far as it is known before serving.
    pub(super) fn base(&self) -> Result<Url, StartError> {
        match &self.base_url {
            Some(url) => Ok(url.clone()),
            None => Url::parse(&format!("http://{}", self.listen)).map_err(|_| StartError::BaseUrl),
        }
    }
}

/// `--dev-idp`.
#[derive(Clone, Copy, Debug)]
pub(super) enum DevIdp {
    At(SocketAddr),
    Off,
}

impl FromStr for DevIdp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse()
            .map(Self::At)
            .map_err(|_| "expected ADDR:PORT or off".to_owned())
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Add, list, show, change, remove connections to identity providers.
    Connection {
        #[command(subcommand)]
        command: ConnectionCommand,
    },
    /// What happened, and why logins were rejected. Oldest first.
    Logs {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
        /// At most so many entries, the latest.
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[command(flatten)]
        wanted: LogsWanted,
    },
    /// Tokens that identity providers send with SCIM requests.
    ScimToken {
        #[command(subcommand)]
        command: ScimTokenCommand,
    },
    /// A connection's users and groups as JSON Lines.
    Scim {
        #[command(subcommand)]
        command: ScimCommand,
    },
    /// Schemas that extend the SCIM resource types.
    ScimSchema {
        #[command(subcommand)]
        command: ScimSchemaCommand,
    },
    /// Users that have signed in, or that SCIM has made.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Local administrators.
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
}

/// Which entries.
#[derive(Debug, clap::Args)]
pub(super) struct LogsWanted {
    /// Of this connection.
    #[arg(long, value_name = "NAME")]
    pub(super) connection: Option<String>,
    /// With this code.
    #[arg(long, value_name = "CODE")]
    pub(super) code: Option<String>,
    /// SCIM requests answered with this status.
    #[arg(long, value_name = "STATUS")]
    pub(super) status: Option<u16>,
    /// Only what was refused.
    #[arg(long)]
    pub(super) refused: bool,
    /// Not before: a date, or a time as 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(super) since: Option<time::OffsetDateTime>,
    /// Not after: a date, that day included, or a time.
    #[arg(long, value_name = "TIME", value_parser = until)]
    pub(super) until: Option<time::OffsetDateTime>,
    /// About this user (number or name), or about the SCIM resource of this id.
    #[arg(long, value_name = "USER|ID")]
    pub(super) user: Option<String>,
}

fn since(text: &str) -> Result<time::OffsetDateTime, String> {
    crate::logs::moment(text, false).ok_or_else(no_time)
}

fn until(text: &str) -> Result<time::OffsetDateTime, String> {
    crate::logs::moment(text, true).ok_or_else(no_time)
}

fn no_time() -> String {
    "expected 2026-01-31 or 2026-01-31T12:00:00Z".to_owned()
}

#[derive(Debug, Subcommand)]
pub(super) enum ScimCommand {
    /// Print all of them, one JSON object a line.
    Export {
        /// The connection.
        connection: String,
        /// Go on from a place that an earlier export printed.
        #[arg(long, value_name = "PLACE")]
        resume: Option<String>,
    },
    /// Write what an export printed. What is there already stays: run it again to go on.
    Import {
        /// The connection.
        connection: String,
        /// The lines.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ScimTokenCommand {
    /// Make a token and print it: the one time that it is shown. Those there are stay valid.
    Create {
        /// The connection it is for.
        connection: String,
        /// It may only read.
        #[arg(long)]
        read_only: bool,
        /// Days until it expires.
        #[arg(long, default_value_t = 365, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
    },
    /// List a connection's tokens.
    List {
        /// The connection.
        connection: String,
    },
    /// Let the tokens that are not revoked expire later.
    Extend {
        /// The connection.
        connection: String,
        /// Only those that begin so.
        #[arg(long)]
        prefix: Option<String>,
        /// Days from now.
        #[arg(long, default_value_t = 365, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
    },
    /// Revoke tokens, at once and for good.
    Revoke {
        /// The connection.
        connection: String,
        /// Only those that begin so.
        #[arg(long)]
        prefix: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ScimSchemaCommand {
    /// Add a schema (RFC 7643 §7, JSON) to a resource type, or replace the one of that URN.
    Add {
        /// The definition.
        file: PathBuf,
        /// The resource type that it extends.
        #[arg(long, value_name = "User|Group")]
        resource_type: String,
    },
    /// List the schemas that were added.
    List,
}

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// List them.
    List,
    /// Keep a user from logging in, whatever the identity provider says.
    Disable(Whom),
    /// Let a user log in again.
    Enable(Whom),
    /// Delete a user; neither a login nor SCIM brings the user back.
    Delete(Whom),
    /// Undo a deletion.
    Restore(Whom),
    /// Give a user these roles, whatever the groups give; without any, those of the groups again.
    Roles {
        #[command(flatten)]
        whom: Whom,
        /// The roles.
        roles: Vec<String>,
    },
}

/// A user.
#[derive(Debug, clap::Args)]
pub(super) struct Whom {
    /// The number that `user list` shows, or the name.
    pub(super) user: String,
    /// The connection of a name that several have.
    #[arg(long, value_name = "NAME")]
    pub(super) connection: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Print a new random password for an administrator, and end all administrator sessions.
    ResetPassword {
        /// Whose.
        #[arg(default_value = crate::admin::ADMINISTRATOR)]
        name: String,
    },
    /// Add an administrator and print the password.
    Add {
        /// The name.
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ConnectionCommand {
    /// Add a connection.
    Add(Box<Add>),
    /// List the connections.
    List,
    /// Show a connection.
    Show {
        /// Its name.
        name: String,
    },
    /// Change a connection.
    Set(Box<Set>),
    /// Remove a connection, its tokens and its webhook, and end its sessions. Refused while it has users.
    Remove {
        /// Its name.
        name: String,
        /// Remove its users and groups, too. The history stays.
        #[arg(long, conflicts_with = "keep_users")]
        with_users: bool,
        /// Keep its users and groups, who cannot log in. A connection of the same name has them again.
        #[arg(long)]
        keep_users: bool,
    },
}

#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("trust").required(true).args(["metadata_url", "metadata_xml", "fingerprint"])))]
pub(super) struct Add {
    /// Our name for it, in URLs: a-z, 0-9, "-", "_".
    pub(super) name: String,
    /// The text of its button, after "Sign in with".
    #[arg(long, value_name = "TEXT")]
    pub(super) label: String,
    /// Where the provider publishes its metadata. It is fetched now, and again by itself while the
    /// portal runs, so that renewed certificates need nobody.
    #[arg(long, value_name = "URL")]
    pub(super) metadata_url: Option<Url>,
    /// The metadata file that the provider exports; "-" reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(super) metadata_xml: Option<PathBuf>,
    /// SHA-256 fingerprint of the provider's certificate, as openssl prints it.
    #[arg(long, value_name = "SHA256", requires_all = ["idp_entity_id", "sso_url"])]
    pub(super) fingerprint: Option<String>,
    /// Entity ID (issuer) of the provider.
    #[arg(long, value_name = "ID", requires = "fingerprint")]
    pub(super) idp_entity_id: Option<String>,
    /// Sign-in URL of the provider.
    #[arg(long, value_name = "URL", requires = "fingerprint")]
    pub(super) sso_url: Option<String>,
    /// Sign-out URL of the provider.
    #[arg(long, value_name = "URL", requires = "fingerprint")]
    pub(super) slo_url: Option<String>,
    /// The provider's product, for the names of its fields: jumpcloud, okta, entra, …
    #[arg(long, value_name = "PRESET")]
    pub(super) preset: Option<String>,
    /// Accept URLs without TLS: only for a provider on this machine.
    #[arg(long)]
    pub(super) danger_accept_plain_http: bool,
}

/// `true` or `false`, so that a script can set either.
type Flag = bool;

#[derive(Debug, clap::Args)]
pub(super) struct Set {
    /// Its name.
    pub(super) name: String,
    /// The text of its button.
    #[arg(long, value_name = "TEXT")]
    pub(super) label: Option<String>,
    /// Accept logins that start at the identity provider.
    #[arg(long, value_name = "true|false")]
    pub(super) allow_unsolicited: Option<Flag>,
    /// Which part has to be signed.
    #[arg(long)]
    pub(super) signed_part: Option<SignedPartArg>,
    /// How the request travels.
    #[arg(long)]
    pub(super) request_binding: Option<RequestBindingArg>,
    /// Sign requests; where the metadata asks for it they are signed anyway.
    #[arg(long, value_name = "true|false")]
    pub(super) sign_requests: Option<Flag>,
    /// Tolerated difference between the clocks, at most 300.
    #[arg(long, value_name = "SECONDS")]
    pub(super) clock_skew: Option<u32>,
    /// How the identity provider speaks SCIM: strict, lenient, entra, okta, jumpcloud, ping, google,
    /// onelogin.
    #[arg(long, value_name = "DIALECT", value_parser = dialect)]
    pub(super) scim_dialect: Option<scim_core::dialect::Preset>,
    /// What SCIM does when it makes a user whose name a deactivated one has.
    #[arg(long)]
    pub(super) on_inactive_conflict: Option<OnInactiveConflictArg>,
    /// Who becomes a user, in JSON: what differs from the default, such as {"groups_require": ["Staff*"]}.
    #[arg(long, value_name = "FILE")]
    pub(super) provisioning: Option<PathBuf>,
    #[command(flatten)]
    pub(super) policy: Policy,
    /// The attribute of a login that names the user's groups; empty for SCIM's groups.
    #[arg(long, value_name = "NAME")]
    pub(super) groups_attribute: Option<String>,
    /// Post what SCIM changes there, as Security Event Tokens; prints the new secret once. Empty to stop.
    #[arg(long, value_name = "URL")]
    pub(super) webhook: Option<String>,
    /// Keep it off the login page and refuse its logins.
    #[arg(long, value_name = "true|false")]
    pub(super) disabled: Option<Flag>,
}

/// Who becomes a user. Lists are given by repeating the flag, and emptied by an empty value.
#[derive(Debug, clap::Args)]
pub(super) struct Policy {
    /// A first login makes a user.
    #[arg(long, value_name = "true|false")]
    pub(super) create_on_login: Option<Flag>,
    /// SCIM makes users.
    #[arg(long, value_name = "true|false")]
    pub(super) create_by_scim: Option<Flag>,
    /// A group that is taken over; * stands for any text.
    #[arg(long, value_name = "GROUP")]
    pub(super) groups_include: Vec<String>,
    /// A group that is not.
    #[arg(long, value_name = "GROUP")]
    pub(super) groups_exclude: Vec<String>,
    /// A group of which one is needed to log in.
    #[arg(long, value_name = "GROUP")]
    pub(super) groups_require: Vec<String>,
    /// A role that a group gives.
    #[arg(long, value_name = "GROUP=ROLE")]
    pub(super) role: Vec<String>,
    /// A role of users whose groups give none.
    #[arg(long, value_name = "ROLE")]
    pub(super) default_role: Vec<String>,
    /// What happens to users who leave: disable, delete or none.
    #[arg(long, value_name = "WHAT")]
    pub(super) deprovision: Option<String>,
    /// Refuse changes to its users here.
    #[arg(long, value_name = "true|false")]
    pub(super) lock_users: Option<Flag>,
    /// Make a local user of the same name its own. Whoever runs the identity provider can then take that
    /// account over.
    #[arg(long, value_name = "true|false")]
    pub(super) adopt_local_users: Option<Flag>,
}

fn dialect(name: &str) -> Result<scim_core::dialect::Preset, String> {
    scim_core::dialect::Preset::from_name(name).ok_or_else(|| {
        "expected strict, lenient, entra, okta, jumpcloud, ping, google or onelogin".to_owned()
    })
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum OnInactiveConflictArg {
    Conflict,
    Revive,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SignedPartArg {
    Either,
    Response,
    Assertion,
    Both,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum RequestBindingArg {
    Auto,
    Redirect,
    Post,
}
