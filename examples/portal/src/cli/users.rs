//! `portal user …`

use idp_config::Actor;
use sso_store::Store;

use super::args::{UserCommand, Whom};
use super::{Stop, table};
use crate::accounts::{self, Edit};
use crate::explain::time_text;
use crate::people;
use crate::random::now;

pub(super) fn run(store: &Store, command: UserCommand) -> Result<(), Stop> {
    match command {
        UserCommand::List => list(store),
        UserCommand::Disable(whom) => edit(store, &whom, &Edit::Disable),
        UserCommand::Enable(whom) => edit(store, &whom, &Edit::Enable),
        UserCommand::Delete(whom) => edit(store, &whom, &Edit::Delete),
        UserCommand::Restore(whom) => edit(store, &whom, &Edit::Restore),
        UserCommand::Roles { whom, roles } => {
            edit(store, &whom, &Edit::Roles(roles.into_iter().collect()))
        }
    }
}

fn edit(store: &Store, whom: &Whom, what: &Edit) -> Result<(), Stop> {
    let found =
        people::pick(store, &whom.user, whom.connection.as_deref()).map_err(Stop::failed)?;
    let account = match found.as_slice() {
        [] => return Err(Stop::failed("user.not_found: there is no such user")),
        [only] => only,
        _ => {
            return Err(Stop::failed(
                "several connections have a user of that name; give the number or --connection",
            ));
        }
    };
    let account = accounts::edit(store, account.id, what, &Actor::CommandLine, now())
        .map_err(|refused| Stop::failed(format_args!("{}: {refused}", refused.code())))?;
    let roles: Vec<&str> = account.roles.iter().map(String::as_str).collect();
    println!(
        "User {} is {}; roles: {}.",
        account.id,
        account.status.as_str(),
        if roles.is_empty() {
            "none".to_owned()
        } else {
            roles.join(", ")
        },
    );
    Ok(())
}

fn list(store: &Store) -> Result<(), Stop> {
    let never = || "never".to_owned();
    let rows: Vec<Vec<String>> = people::list(store)
        .map_err(Stop::failed)?
        .into_iter()
        .map(|person| {
            let account = person.account;
            let roles: Vec<String> = account.roles.into_iter().collect();
            let formats: Vec<String> = person.formats.into_iter().collect();
            vec![
                account.id.to_string(),
                account.connection.unwrap_or_else(|| "(local)".to_owned()),
                account.name,
                account.status.as_str().to_owned(),
                roles.join(", "),
                account.groups.join(", "),
                account.provisioned_by.as_str().to_owned(),
                if person.locked { "locked" } else { "" }.to_owned(),
                person.first_login.map_or_else(never, time_text),
                person.latest_login.map_or_else(never, time_text),
                account.scim_id.unwrap_or_default(),
                formats.join(" "),
            ]
        })
        .collect();
    table(
        &[
            "NUMBER",
            "CONNECTION",
            "NAME",
            "STATUS",
            "ROLES",
            "GROUPS",
            "BY",
            "LOCKED",
            "FIRST LOGIN",
            "LATEST LOGIN",
            "SCIM ID",
            "NAMEID FORMAT",
        ],
        &rows,
    );
    Ok(())
}
