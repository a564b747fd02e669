//! SCIM 2.0 service provider.
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
pub mod resource;
pub mod schema;
pub mod service;
pub mod store;
pub mod text;
pub mod token;

#[cfg(test)]
mod testing;
