//! What needs Rust to keep the house tidy. `cargo xtask vectors` writes the catalogue of attacks as files,
//! `cargo xtask attacks` as a page; `cargo xtask codes` writes the page of reason codes, `cargo xtask idp` a page for each
//! identity provider; `cargo xtask coverage` says which
//! reason codes have no vector, no citation or no use; `cargo xtask conformance` checks the tables in `docs/conformance`.

#![forbid(unsafe_code)]

mod attacks;
mod codes;
mod conformance_tables;
mod coverage;
mod idp_pages;

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
        Some("idp") => {
            let written = saml_sp::Preset::ALL.iter().map(|preset| {
                let page = idp_pages::file(preset);
                std::fs::write(root().join(&page), idp_pages::page(preset))
                    .map_err(|error| format!("{page}: {error}"))
            });
            finish(&written.filter_map(Result::err).collect::<Vec<_>>())
        }
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
            eprintln!("usage: cargo xtask vectors|attacks|codes|idp|coverage|conformance");
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
        assert_eq!(
            super::attacks::missing(&super::root()),
            Vec::<String>::new()
        );
    }

    #[test]
    fn each_preset_has_its_page() {
        for preset in saml_sp::Preset::ALL {
            let file = super::idp_pages::file(preset);
            let written = std::fs::read_to_string(super::root().join(&file)).unwrap();
            assert!(
                written == super::idp_pages::page(preset),
                "{file}: run cargo xtask idp"
            );
        }
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
