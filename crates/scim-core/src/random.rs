//! Randomness, as an argument.

use time::OffsetDateTime;

use crate::resource::ResourceId;

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed")]
#[expect(clippy::exhaustive_structs, reason = "nothing to add")]
pub struct RandomError;

/// A cryptographic source of random bytes.
pub trait Random: Send + Sync {
    /// Fills the whole buffer.
    ///
    /// # Errors
    /// When the source fails; nothing may be used then.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError>;
}

impl<R: Random + ?Sized> Random for std::sync::Arc<R> {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        (**self).fill(buffer)
    }
}

/// A new id: a UUID of version 7 (RFC 9562 §5.7), so that the order of ids is the order of creation.
pub(crate) fn new_id(random: &dyn Random, now: OffsetDateTime) -> Result<ResourceId, RandomError> {
    let mut bytes = [0_u8; 16];
    random.fill(&mut bytes)?;
    let value = u128::from_be_bytes(bytes);
    let millis =
        u128::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or(0) & 0xffff_ffff_ffff;
    let value = (value & !(0xffff_ffff_ffff_u128 << 80) & !(0xf_u128 << 76) & !(0b11_u128 << 62))
        | (millis << 80)
        | (7 << 76)
        | (0b10 << 62);
    let hex = format!("{value:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let text = format!(
        "{}-{}-{}-{}-{}",
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32)
    );
    Ok(ResourceId::new(text))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
