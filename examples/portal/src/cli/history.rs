//! `portal logs`

use scim_core::log::LogLine;
use serde_json::json;
use sso_store::{LogEntry, Store};

use super::Stop;
use super::args::LogsWanted;
use crate::explain::{self, one_line, time_text};
use crate::logs::{Line, Wanted};

pub(super) fn logs(store: &Store, json: bool, limit: u32, wanted: LogsWanted) -> Result<(), Stop> {
    let wanted = Wanted {
        connection: wanted.connection,
        code: wanted.code,
        status: wanted.status,
        refused: wanted.refused,
        since: wanted.since,
        until: wanted.until,
        user: wanted.user,
        before: None,
    };
    let page = crate::logs::read(store, &wanted, limit).map_err(Stop::failed)?;
    for line in page.lines.iter().rev() {
        match line {
            Line::Sign(entry) if json => println!("{}", sign_json(entry)),
            Line::Scim(line) if json => println!("{}", scim_json(line)),
            Line::Sign(entry) => {
                let message = store.log_message(entry.id).map_err(Stop::failed)?;
                print!("{}", explain::text(entry, message.as_deref()));
            }
            Line::Scim(line) => print_scim(line),
        }
    }
    Ok(())
}

fn sign_json(entry: &LogEntry) -> serde_json::Value {
    json!({
        "id": entry.id,
        "at": time_text(entry.at).replace(' ', "T"),
        "event": entry.event,
        "connection": entry.connection,
        "code": entry.code,
        "reference": entry.reference,
        "summary": entry.summary,
        "user": entry.account,
        "report": entry.report,
    })
}

fn scim_json(line: &LogLine) -> serde_json::Value {
    let entry = &line.entry;
    json!({
        "id": line.number,
        "at": time_text(entry.at).replace(' ', "T"),
        "event": "scim.request",
        "connection": entry.connection,
        "code": entry.code,
        "reference": entry.request_id,
        "summary": format!("{} {} {}", entry.method, entry.path, entry.status),
        "report": entry,
    })
}

fn print_scim(line: &LogLine) {
    let entry = &line.entry;
    println!(
        "{}  scim.request  {}  {} {} {}  {}",
        time_text(entry.at),
        entry.connection,
        entry.method,
        one_line(&entry.path),
        entry.status,
        entry.code.as_deref().unwrap_or_default(),
    );
    let summary = explain::scim_summary(entry);
    if !summary.is_empty() {
        println!("    {}", one_line(&summary));
    }
}
