//! One run, one table: what a login costs, beside the physical floor.
//!
//! The floor is ring's RSA-2048 verification, once for each signature, and one SHA-256 pass over the
//! message. Ratios are taken within one run, so that the machine does not matter. The numbers are
//! printed beside the budgets of the design and never fail: a measurement is not a timed test.

#![forbid(unsafe_code)]

mod hostile;
mod login;
mod measure;

fn main() {
    println!(
        "{:<58} {:>10} {:>10} {:>7} {:>8}",
        "work", "floor µs", "ours µs", "ratio", "budget"
    );
    let (mut rows, mut within, mut twice) = (0, 0, 0);
    let mut count = |value: f64, budget: f64| {
        rows += 1;
        within += u32::from(value <= budget);
        twice += u32::from(value <= 2.0 * budget);
    };
    for row in login::rows() {
        let ratio = row.ours / row.floor;
        println!(
            "{:<58} {:>10.1} {:>10.1} {:>7.2} {:>7.1}x",
            row.name, row.floor, row.ours, ratio, row.budget
        );
        count(ratio, row.budget);
    }
    println!();
    println!(
        "{:<58} {:>10} {:>10} {:>7}  code",
        "refusing 1 MiB", "", "ours ms", "budget"
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
        count(row.milliseconds, hostile::BUDGET);
    }
    println!();
    println!("{within} of {rows} rows are within their budget, {twice} within twice of it");
}
