//! Loosenings. Each weakens what a signature proves; none is ever on by default.

use super::AlgorithmPolicy;
use crate::stream::{StreamLimits, StreamVisitor, UnsignedStream};

/// Accepts SHA-1 as digest and in RSA signatures. Chosen-prefix collisions of SHA-1 are practical;
/// use it for one connection, for as long as its identity provider takes to switch.
#[must_use]
pub const fn accept_sha1(mut policy: AlgorithmPolicy) -> AlgorithmPolicy {
    policy.sha1 = true;
    policy
}

/// Accepts RSA keys of 1024 to 2047 bits. Such keys are within reach of well-funded attackers.
#[must_use]
pub const fn accept_rsa1024(mut policy: AlgorithmPolicy) -> AlgorithmPolicy {
    policy.rsa1024 = true;
    policy
}

/// Reads a group of elements as a stream whose signature, if there is one, is not looked at: what comes
/// of it is as good as the way it came. For a file that was verified before it was stored.
#[must_use]
pub fn read_unsigned_stream<V: StreamVisitor>(
    group: (&'static str, &'static str),
    limits: StreamLimits,
    visitor: V,
) -> UnsignedStream<V> {
    UnsignedStream::new(group, limits, visitor)
}
