//! What the tests of several modules need.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future of the memory store, which never waits.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the memory store never waits"),
    }
}

/// Numbers that look random and are the same every time.
#[derive(Default)]
pub(crate) struct Dice(std::sync::atomic::AtomicU64);

impl crate::random::Random for Dice {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), crate::random::RandomError> {
        for byte in buffer {
            let step = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let mixed = step.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            *byte = mixed.to_be_bytes()[1];
        }
        Ok(())
    }
}
