//! Everything a product's "single sign-on" page needs, in one program on SQLite: a login page, the
//! SAML endpoints, settings for connections, and a history that explains every rejected login.
//!
//! ```text
//! cli ──┐                       ┌── login        start and finish a SAML login
//!       ├── connections, admin ─┤
//! web ──┘        (one code path)└── sso_store    what is remembered
//! ```
//!
//! # First start
//! The portal makes `portal.db` (readable by its owner only), a signing key, and one local
//! administrator, `admin`, whose random password is printed once. It can always sign in at
//! `/admin/login`, whatever the identity providers do; `portal admin reset-password` prints a new
//! password and ends all administrator sessions. `portal admin add` adds others; one always stays.
//!
//! # Personal data
//! A user is an account with a name, roles and groups, and the NameIDs with their qualifiers that are
//! linked to it, per connection. What SCIM says of the user is a resource beside it. A session holds the attributes until it
//! ends. The history holds reports without values, for 90 days; the message of a *rejected* login
//! is kept for 7 days, so that the failing spot can be shown.
//!
//! # What is refused before anything is written
//! A post to `/saml/consume` that holds no XML leaves a line on standard error and nothing in the
//! database. From the XML on there is an entry in the history, and their number is bounded.
//!
//! It is an example to read and to copy from, and it is complete enough to run.
//! Handlers of [`web`] are thin; pages are in `view`; all database work runs off the async threads.

pub mod accounts;
pub mod admin;
pub mod alerts;
pub mod app;
pub mod cli;
pub mod connections;
pub mod database;
pub mod dev;
pub mod explain;
pub mod keys;
pub mod login;
mod logout;
mod logs;
mod people;
pub mod policy;
pub mod presets;
pub mod random;
mod refresh;
pub mod refusal;
mod scim;
mod view;
pub mod web;
pub mod webhooks;
