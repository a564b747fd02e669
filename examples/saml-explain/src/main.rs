//! The command line of saml-explain. Exit 0: accepted, 1: rejected, 2: wrong use.

#![forbid(unsafe_code)]

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

mod arguments;
mod judge;
mod output;

use arguments::{Arguments, Format};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match judge::judge(&arguments) {
        Err(problem) => {
            let _unwritable = writeln!(std::io::stderr(), "error: {problem}");
            ExitCode::from(2)
        }
        Ok(judgement) => {
            let color = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            let text = match arguments.format {
                Format::Json => output::json(&judgement),
                Format::Text => output::text(&judgement, color),
            };
            let _unwritable = std::io::stdout().write_all(text.as_bytes());
            ExitCode::from(u8::from(judgement.login.is_none()))
        }
    }
}
