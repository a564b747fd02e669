//! The command line: the server, and everything the settings pages can do.

mod args;
mod connection;
mod history;
mod scim;
mod serve;
mod transfer;
mod users;

use std::fmt::Display;
use std::process::ExitCode;

use clap::Parser;
use sso_store::Store;

use crate::admin;
use crate::database::Database;
use crate::explain::one_line;
use crate::random::now;
use args::{AdminCommand, Args, Command};

/// Something could not be done.
const FAILED: u8 = 1;
/// The command line asks for what does not exist.
const USAGE: u8 = 2;

/// Why a command ends early: the exit code and one line for standard error.
#[derive(Debug)]
struct Stop {
    exit: u8,
    message: String,
}

impl Stop {
    fn failed(error: impl Display) -> Self {
        Self {
            exit: FAILED,
            message: error.to_string(),
        }
    }

    fn usage(error: impl Display) -> Self {
        Self {
            exit: USAGE,
            message: error.to_string(),
        }
    }
}

/// Runs the program. Exit code 0: done; 1: could not be done; 2: wrong command line.
pub fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            eprintln!("portal: {}", stop.message);
            ExitCode::from(stop.exit)
        }
    }
}

fn run(args: Args) -> Result<(), Stop> {
    let store = open(&args.database)?;
    match args.command {
        None => serve::run(store, &args.serve),
        Some(Command::Connection { command }) => {
            let base = args.serve.base().map_err(Stop::usage)?;
            connection::run(&store, &base, command)
        }
        Some(Command::Logs {
            json,
            limit,
            wanted,
        }) => history::logs(&store, json, limit, wanted),
        Some(Command::ScimToken { command }) => scim::tokens(&store, command),
        Some(Command::Scim { command }) => transfer::run(&store, command),
        Some(Command::ScimSchema { command }) => scim::schemas(&store, command),
        Some(Command::User { command }) => users::run(&store, command),
        Some(Command::Admin { command }) => admin(&store, command),
    }
}

fn admin(store: &Store, command: AdminCommand) -> Result<(), Stop> {
    let password = match command {
        AdminCommand::ResetPassword { name } => {
            admin::reset_password(store, &name, now()).map_err(Stop::failed)?
        }
        AdminCommand::Add { name } => admin::add(store, &name, now())
            .map_err(Stop::failed)?
            .ok_or_else(|| Stop::failed("there is a local user of that name"))?,
    };
    println!("{password}");
    Ok(())
}

fn open(database: &Database) -> Result<Store, Stop> {
    database.open().map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        Stop::failed(format_args!(
            "{}: {error}{}",
            error.code(),
            cause.map(|cause| format!(" ({cause})")).unwrap_or_default()
        ))
    })
}

/// A table on standard output: columns as wide as their widest cell.
fn table(head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .chain(head.get(column).map(|cell| cell.len()))
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let text: Vec<String> = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{:width$}", one_line(cell)))
            .collect();
        println!("{}", text.join("  ").trim_end());
    };
    line(&mut head.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
}
