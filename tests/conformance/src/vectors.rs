//! Committed vectors.
