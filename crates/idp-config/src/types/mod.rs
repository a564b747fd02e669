//! The value types that every crate above this one shares.

mod endpoint;
mod entity_id;
mod name_id_format;
#[cfg(test)]
mod tests;

pub use endpoint::{Binding, Endpoint};
pub(crate) use endpoint::{PlainHttp, check_location, parse_location, redacted};
pub use entity_id::EntityId;
pub use name_id_format::NameIdFormat;
