//! `portal scim-token …`, `portal scim-schema …`

use std::path::Path;

use scim_core::resource::ConnectionId;
use scim_core::token::{self, Scopes, TokenChange, TokenRecord, TokenStore as _};
use sso_store::Store;
use time::Duration;

use super::args::{ScimSchemaCommand, ScimTokenCommand};
use super::{Stop, table};
use crate::connections;
use crate::explain::time_text;
use crate::random::{OsRandom, now};
use crate::scim::ready;

/// A schema above this is not one.
const MAX_SCHEMA: u64 = 1024 * 1024;

pub(super) fn tokens(store: &Store, command: ScimTokenCommand) -> Result<(), Stop> {
    match command {
        ScimTokenCommand::Create {
            connection,
            read_only,
            days,
        } => {
            let scopes = if read_only {
                Scopes::read_only()
            } else {
                Scopes::all()
            };
            let id = known(store, &connection)?;
            let lifetime = Duration::days(days.into());
            let issued = ready(token::issue(store, &id, scopes, lifetime, now(), &OsRandom));
            let (record, token) = issued.map_err(Stop::failed)?;
            // The token alone on standard output, for a script to keep
            println!("{}", token.reveal());
            eprintln!(
                "It is not shown again. It expires {}.",
                time_text(record.expires)
            );
            Ok(())
        }
        ScimTokenCommand::List { connection } => {
            let id = known(store, &connection)?;
            list(&ready(store.list(Some(&id))).map_err(Stop::failed)?);
            Ok(())
        }
        ScimTokenCommand::Extend {
            connection,
            prefix,
            days,
        } => {
            let until = now() + Duration::days(days.into());
            let change = TokenChange::Extended(until);
            each(store, &connection, prefix.as_deref(), change, "Extended")
        }
        ScimTokenCommand::Revoke { connection, prefix } => {
            let change = TokenChange::Revoked(now());
            each(store, &connection, prefix.as_deref(), change, "Revoked")
        }
    }
}

fn known(store: &Store, connection: &str) -> Result<ConnectionId, Stop> {
    let record = connections::find(store, connection)
        .map_err(|refused| Stop::failed(format_args!("{}: {refused}", refused.code())))?;
    Ok(ConnectionId::new(record.name.as_str()))
}

fn each(
    store: &Store,
    connection: &str,
    prefix: Option<&str>,
    change: TokenChange,
    done: &str,
) -> Result<(), Stop> {
    let id = known(store, connection)?;
    let tokens = ready(store.list(Some(&id))).map_err(Stop::failed)?;
    let wanted = tokens.iter().filter(|token| {
        token.revoked.is_none() && prefix.is_none_or(|prefix| token.prefix.starts_with(prefix))
    });
    let mut count = 0;
    for token in wanted {
        ready(store.change(&token.sha256, change)).map_err(Stop::failed)?;
        println!("{done} {}", token.prefix);
        count += 1;
    }
    if count == 0 {
        return Err(Stop::failed("there is no such token that is not revoked"));
    }
    Ok(())
}

fn list(tokens: &[TokenRecord]) {
    let rows: Vec<Vec<String>> = tokens
        .iter()
        .map(|token| {
            let state = if token.revoked.is_some() {
                "revoked"
            } else if token.is_alive(now()) {
                "active"
            } else {
                "expired"
            };
            vec![
                token.prefix.clone(),
                state.to_owned(),
                time_text(token.created),
                time_text(token.expires),
                token
                    .last_used
                    .map_or_else(|| "never".to_owned(), time_text),
            ]
        })
        .collect();
    table(&["TOKEN", "STATE", "MADE", "EXPIRES", "LAST USED"], &rows);
}

pub(super) fn schemas(store: &Store, command: ScimSchemaCommand) -> Result<(), Stop> {
    match command {
        ScimSchemaCommand::Add {
            file,
            resource_type,
        } => {
            let definition = read(&file)?;
            let added = store
                .put_scim_schema(&resource_type, &definition)
                .map_err(|error| {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    let cause = cause.unwrap_or_else(|| error.to_string());
                    Stop::failed(format_args!("{}: {cause}", error.code()))
                })?;
            println!("Added {} to {}.", added.urn, added.resource_type);
            Ok(())
        }
        ScimSchemaCommand::List => {
            let rows: Vec<Vec<String>> = store
                .scim_schemas()
                .map_err(Stop::failed)?
                .into_iter()
                .map(|schema| vec![schema.resource_type, schema.urn])
                .collect();
            table(&["RESOURCE TYPE", "SCHEMA"], &rows);
            Ok(())
        }
    }
}

fn read(path: &Path) -> Result<String, Stop> {
    use std::io::Read as _;
    let failed = |error| Stop::failed(format_args!("{}: {error}", path.display()));
    let mut text = String::new();
    std::fs::File::open(path)
        .map_err(failed)?
        .take(MAX_SCHEMA)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}
