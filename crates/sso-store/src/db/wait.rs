//! Waiting for a future on a thread that may block, for a bounded time.
//!
//! The driver's futures are completed by the pool's own thread, so they need no async runtime here,
//! and do no harm where the caller is in one.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use super::deadline::Deadline;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// What the future gives, or `None` when the time is over.
pub(super) fn wait<F: Future>(future: F, most: Duration) -> Option<F::Output> {
    let deadline = Deadline::after(most);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        thread::park_timeout(deadline.left()?);
    }
}

/// All of them at once, in order of the list: the requests go out before the first answer comes.
pub(super) async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    enum Slot<F: Future> {
        Waiting(Pin<Box<F>>),
        Done(F::Output),
    }
    let mut slots: Vec<Slot<F>> = futures
        .into_iter()
        .map(|future| Slot::Waiting(Box::pin(future)))
        .collect();
    // What is done is never polled again, so `slots` may move; its futures are boxed
    let mut first_waiting = 0;
    std::future::poll_fn(|context| {
        for slot in slots.iter_mut().skip(first_waiting) {
            if let Slot::Waiting(future) = slot
                && let Poll::Ready(output) = future.as_mut().poll(context)
            {
                *slot = Slot::Done(output);
            }
        }
        first_waiting += slots
            .iter()
            .skip(first_waiting)
            .take_while(|slot| matches!(slot, Slot::Done(_)))
            .count();
        if first_waiting < slots.len() {
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
    slots
        .into_iter()
        .filter_map(|slot| match slot {
            Slot::Done(output) => Some(output),
            Slot::Waiting(_) => None,
        })
        .collect()
}
