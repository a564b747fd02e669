//! A SCIM 2.0 service provider without a server: RFC 7643 and RFC 7644 whole, RFC 9865 cursors, RFC 9967 events.
//!
//! Identity providers push users and groups into a product by SCIM. This crate is everything of that which is not HTTP,
//! not a clock and not a database: you hand it plain requests, it hands back plain responses and works on your store
//! through one small trait.
//!
//! # The way of a request
//!
//! 1. Your server reads the credential with [`token::Presented::from_header`], finds the [`token::TokenRecord`], and
//!    verifies it. What it may do becomes part of a [`service::Connection`].
//! 2. [`service::ScimService::handle`] takes the request. The connection's [`dialect::Dialect`] says what the identity
//!    provider does differently; every rewrite is recorded.
//! 3. Names are resolved against the [`schema::Registry`], everything is type-checked, changes are worked out on a copy
//!    ([`document`], [`filter`], [`patch`]).
//! 4. One [`store::Batch`] is committed, its [`event::Event`]s with it.
//! 5. You send the [`service::Response`] and keep its [`log::RequestLog`].
//!
//! The example on [`service::ScimService`] runs. `examples/memory_server.rs` is a whole server to point a client at.
//!
//! # What holds
//!
//! - **All or nothing.** A request that is refused has changed nothing, and the refusal says what to do.
//! - **A group's size does not matter.** Members are changed by [`members::MemberDelta`] and loaded only to be shown.
//! - **Nothing is dropped.** A filter that names an unknown attribute is refused, never widened; attributes that are
//!   never returned cannot be searched. Absent, null and empty are three different things.
//! - **Secrets stay out.** Passwords never reach the store; tokens are stored hashed; logs and events hold names, not
//!   values.
//! - **Every cost has a limit** ([`service::Limits`]): bytes, nesting, filter terms, operations, results.
//!
//! An application with users of its own stands between the service and the store, and hears what becomes of them:
//! [`accounts`].
//!
//! Not here: asynchronous requests (RFC 9967 §2.5.1, optional). `docs/conformance/scim-*.md` say rule by rule where each
//! standard is met, and what proves it.
#![forbid(unsafe_code)]

pub mod accounts;
pub mod dialect;
pub mod document;
pub mod error;
pub mod event;
pub mod filter;
pub mod json;
pub mod log;
pub mod members;
pub mod patch;
pub mod policy;
pub mod random;
pub mod rate;
pub mod resource;
pub mod schema;
pub mod service;
pub mod store;
pub mod text;
pub mod token;
pub mod transfer;
pub mod webhook;

#[cfg(test)]
mod testing;
