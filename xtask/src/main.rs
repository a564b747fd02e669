//! What needs Rust to keep the house tidy. `cargo xtask vectors` writes the catalogue of attacks as files,
//! `cargo xtask coverage` says which reason codes have no vector, no citation or no use.

#![forbid(unsafe_code)]

mod coverage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("vectors") => {
            conformance::vectors::write(&conformance::vectors::folder());
            ExitCode::SUCCESS
        }
        Some("coverage") => {
            let found = coverage::run(&root());
            println!("{} reason codes, {} vectors", found.codes, found.vectors);
            for line in &found.wrong {
                eprintln!("{line}");
            }
            if found.wrong.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        _ => {
            eprintln!("usage: cargo xtask vectors|coverage");
            ExitCode::from(2)
        }
    }
}
