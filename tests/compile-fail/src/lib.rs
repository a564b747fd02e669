//! Promises of the type system: programs that must not compile, in `ui/`.
