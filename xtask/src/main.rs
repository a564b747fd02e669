//! What needs Rust to keep the house tidy. `cargo xtask vectors` writes the catalogue of attacks as files,
//! `cargo xtask attacks` as a page, `cargo xtask coverage` says which reason codes have no vector, no citation or no use.

#![forbid(unsafe_code)]

mod attacks;
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
        Some("attacks") => match std::fs::write(root().join("docs/attacks.md"), attacks::page()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("docs/attacks.md: {error}");
                ExitCode::FAILURE
            }
        },
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
            eprintln!("usage: cargo xtask vectors|attacks|coverage");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_of_attacks_is_what_the_catalogue_makes() {
        let written = std::fs::read_to_string(super::root().join("docs/attacks.md")).unwrap();
        assert!(written == super::attacks::page(), "run cargo xtask attacks");
    }
}
