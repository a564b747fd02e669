//! SCIM 2.0 service provider.
pub mod dialect;
pub mod document;
pub mod error;
pub mod filter;
pub mod json;
pub mod members;
pub mod patch;
pub mod resource;
pub mod schema;
pub mod text;
