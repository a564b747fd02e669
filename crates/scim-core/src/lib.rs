//! SCIM 2.0 service provider.
pub mod error;
pub mod json;
pub mod schema;
pub mod text;
