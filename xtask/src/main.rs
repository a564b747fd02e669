//! What needs Rust to keep the house tidy. `cargo xtask vectors` writes the catalogue of attacks as files,
//! `cargo xtask attacks` as a page; `cargo xtask codes` writes the page of reason codes; `cargo xtask coverage` says which
//! reason codes have no vector, no citation or no use; `cargo xtask conformance` checks the tables in `docs/conformance`.

#![forbid(unsafe_code)]

mod attacks;
mod codes;
mod conformance_tables;
mod coverage;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn write(page: &str, text: &str) -> ExitCode {
    match std::fs::write(root().join(page), text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{page}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn finish(wrong: &[String]) -> ExitCode {
    for line in wrong {
        eprintln!("{line}");
    }
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("vectors") => {
            conformance::vectors::write(&conformance::vectors::folder());
            ExitCode::SUCCESS
        }
        Some("attacks") => write("docs/attacks.md", &attacks::page()),
        Some("codes") => write(codes::PAGE, &codes::page(&root())),
        Some("conformance") => {
            let found = conformance_tables::run(&root());
            println!("{} rows in {} tables", found.rows, found.tables);
            finish(&found.wrong)
        }
        Some("coverage") => {
            let found = coverage::run(&root());
            println!("{} reason codes, {} vectors", found.codes, found.vectors);
            finish(&found.wrong)
        }
        _ => {
            eprintln!("usage: cargo xtask vectors|attacks|codes|coverage|conformance");
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

    #[test]
    fn the_page_of_reason_codes_is_what_the_codes_say() {
        let root = super::root();
        let written = std::fs::read_to_string(root.join(super::codes::PAGE)).unwrap();
        assert!(
            written == super::codes::page(&root),
            "run cargo xtask codes"
        );
    }

    #[test]
    fn every_row_of_the_conformance_tables_points_at_something() {
        let found = super::conformance_tables::run(&super::root());
        assert_eq!(found.wrong, Vec::<String>::new());
    }
}
