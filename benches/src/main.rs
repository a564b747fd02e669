//! One run, one table: what a login costs, beside the physical floor.
//!
//! The floor is ring's RSA-2048 verification, once for each signature, and one SHA-256 pass over the
//! message. Ratios are taken within one run, so that the machine does not matter. The numbers are
//! printed against the budgets of the design; only twice the budget fails, because a busy machine
//! must not turn a measurement into a test of its neighbours.

#![forbid(unsafe_code)]

mod hostile;
mod login;
mod measure;

use std::process::ExitCode;

fn main() -> ExitCode {
    println!(
        "{:<58} {:>10} {:>10} {:>7} {:>8}",
        "work", "floor µs", "ours µs", "ratio", "budget"
    );
    let mut within = true;
    for row in login::rows() {
        let ratio = row.ours / row.floor;
        println!(
            "{:<58} {:>10.1} {:>10.1} {:>7.2} {:>7.1}x",
            row.name, row.floor, row.ours, ratio, row.budget
        );
        within &= ratio <= 2.0 * row.budget;
    }
    println!();
    println!(
        "{:<58} {:>10} {:>10} {:>7}  {}",
        "refusing 1 MiB", "", "ours ms", "budget", "code"
    );
    for row in hostile::rows() {
        println!(
            "{:<58} {:>10} {:>10.2} {:>6.0}   {}",
            row.name,
            "",
            row.milliseconds,
            hostile::BUDGET,
            row.code
        );
        within &= row.milliseconds <= 2.0 * hostile::BUDGET;
    }
    println!();
    println!(
        "{}",
        if within {
            "every row is within twice its budget"
        } else {
            "a row is beyond twice its budget"
        }
    );
    ExitCode::from(u8::from(!within))
}
