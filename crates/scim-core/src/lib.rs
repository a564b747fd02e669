//! SCIM 2.0 service provider.
pub mod dialect;
pub mod document;
pub mod error;
pub mod filter;
pub mod json;
pub mod resource;
pub mod schema;
pub mod text;
