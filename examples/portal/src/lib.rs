//! Everything a product's "single sign-on" page needs, in one program on SQLite: a login page, the
//! SAML endpoints, settings for connections, and a history that explains every rejected login.
//!
//! ```text
//! cli ──┐                       ┌── login        start and finish a SAML login
//!       ├── connections, admin ─┤
//! web ──┘        (one code path)└── sso_store    what is remembered
//! ```
//!
//! It is an example to read and to copy from, and it is complete enough to run.
//! Handlers of [`web`] are thin; pages are in `view`; all database work runs off the async threads.

pub mod admin;
pub mod app;
pub mod cli;
pub mod connections;
pub mod database;
pub mod dev;
pub mod explain;
pub mod login;
pub mod presets;
pub mod random;
pub mod refusal;
mod view;
pub mod web;
