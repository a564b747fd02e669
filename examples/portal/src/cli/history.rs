//! `portal logs`, `portal user list`

use serde_json::json;
use sso_store::Store;

use super::{Stop, table};
use crate::explain::{self, time_text};

pub(super) fn logs(store: &Store, json: bool, limit: u32) -> Result<(), Stop> {
    let mut entries = store.log(None, limit).map_err(Stop::failed)?;
    entries.reverse();
    for entry in &entries {
        if json {
            let line = json!({
                "id": entry.id,
                "at": time_text(entry.at).replace(' ', "T"),
                "event": entry.event,
                "connection": entry.connection,
                "code": entry.code,
                "reference": entry.reference,
                "summary": entry.summary,
                "report": entry.report,
            });
            println!("{line}");
        } else {
            let message = store.log_message(entry.id).map_err(Stop::failed)?;
            print!("{}", explain::text(entry, message.as_deref()));
        }
    }
    Ok(())
}

pub(super) fn users(store: &Store) -> Result<(), Stop> {
    let rows: Vec<Vec<String>> = store
        .users()
        .map_err(Stop::failed)?
        .into_iter()
        .map(|user| {
            vec![
                user.connection,
                user.name_id,
                user.format.unwrap_or_default(),
                time_text(user.first_seen),
                time_text(user.last_seen),
            ]
        })
        .collect();
    table(
        &[
            "CONNECTION",
            "NAMEID",
            "FORMAT",
            "FIRST LOGIN",
            "LATEST LOGIN",
        ],
        &rows,
    );
    Ok(())
}
