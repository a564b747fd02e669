//! The XML that SAML needs, and no more.
//!
//! - [`Document`]: a strict parser into a read-only arena. DOCTYPE, processing instructions, other
//!   encodings than UTF-8, relative namespace names and repeated identifiers are refused, each
//!   with a reason code and a position. Cost is bounded by [`Limits`] and linear in the input.
//! - [`types`]: the scalar types, read strictly.
//!
//! There is no clock, network, disk or randomness in here, and no `unsafe`.

#![forbid(unsafe_code)]

mod chars;
mod code;
mod document;
mod error;
mod limits;
mod parse;
pub mod types;

pub use code::Side;
pub use document::{Attribute, Document, Element};
pub use error::{TextPos, XmlError, XmlErrorKind};
pub use limits::Limits;
