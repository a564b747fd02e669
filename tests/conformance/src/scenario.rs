//! Scripted sequences.
