//! `portal logs`, `portal user list`

use scim_core::log::{LogLine, LogQuery, LogStore as _};
use serde_json::json;
use sso_store::{LogEntry, Store};
use time::OffsetDateTime;

use super::{Stop, table};
use crate::explain::{self, one_line, time_text};
use crate::people;
use crate::scim::ready;

/// A line of either log.
enum Line {
    Sign(LogEntry),
    Scim(LogLine),
}

impl Line {
    const fn at(&self) -> OffsetDateTime {
        match self {
            Self::Sign(entry) => entry.at,
            Self::Scim(line) => line.entry.at,
        }
    }
}

pub(super) fn logs(store: &Store, json: bool, limit: u32) -> Result<(), Stop> {
    let entries = store.log(None, limit).map_err(Stop::failed)?;
    let mut query = LogQuery::default();
    query.limit = limit;
    let requests = ready(store.read(&query)).map_err(Stop::failed)?;
    let mut lines: Vec<Line> = entries.into_iter().map(Line::Sign).collect();
    lines.extend(requests.into_iter().map(Line::Scim));
    // Both come latest first; a stable sort keeps the order of those of one second
    lines.reverse();
    lines.sort_by_key(Line::at);
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    for line in lines.iter().skip(lines.len().saturating_sub(most)) {
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

pub(super) fn users(store: &Store) -> Result<(), Stop> {
    let never = || "never".to_owned();
    let rows: Vec<Vec<String>> = people::list(store)
        .map_err(Stop::failed)?
        .into_iter()
        .map(|person| {
            vec![
                person.connection,
                person.name,
                person.state.to_owned(),
                person.format.unwrap_or_default(),
                person.first_login.map_or_else(never, time_text),
                person.latest_login.map_or_else(never, time_text),
                person.scim_id.unwrap_or_default(),
            ]
        })
        .collect();
    table(
        &[
            "CONNECTION",
            "NAMEID",
            "STATE",
            "FORMAT",
            "FIRST LOGIN",
            "LATEST LOGIN",
            "SCIM ID",
        ],
        &rows,
    );
    Ok(())
}
