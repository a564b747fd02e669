//! SCIM 2.0 service provider.
pub mod dialect;
pub mod document;
pub mod error;
pub mod event;
pub mod filter;
pub mod json;
pub mod members;
pub mod patch;
pub mod resource;
pub mod schema;
pub mod store;
pub mod text;

#[cfg(test)]
mod testing;
