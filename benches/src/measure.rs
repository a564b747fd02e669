//! The best of several rounds: what the work costs when nothing else runs.

use std::time::Instant;

const ROUNDS: u32 = 15;

/// Microseconds of one call.
#[expect(
    clippy::disallowed_methods,
    reason = "measuring is what a benchmark does"
)]
pub fn microseconds(calls: u32, mut work: impl FnMut()) -> f64 {
    (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| work());
            start.elapsed().as_secs_f64() * 1e6 / f64::from(calls)
        })
        .fold(f64::INFINITY, f64::min)
}
