//! What ends soon: signing certificates of identity providers and SCIM tokens, told of in the history
//! 60, 30, 7 and 1 days before, each once.

use idp_config::due_alerts;
use scim_core::token::{TokenChange, TokenStore as _};
use sso_store::{ConnectionName, DbError, Event, NewLogEntry, Store};
use time::OffsetDateTime;

use crate::scim::ready;
use crate::{connections, random};

/// Tells of whatever is due, and gives what was told, for a terminal.
///
/// # Errors
/// `store.*`.
pub fn due(store: &Store, now: OffsetDateTime) -> Result<Vec<String>, DbError> {
    let mut told = Vec::new();
    for record in store.connections()? {
        if let Ok(idp) = connections::provider(&record, now) {
            let known = &record.settings.certificate_alerts;
            let alerts = due_alerts(&idp, now, |key| known.get(&key.to_string()).copied());
            for alert in alerts {
                // Noted first: an alert that is lost is better than one that comes every hour
                store.change_connection(&record.name, now, |record| -> Result<(), DbError> {
                    let told = &mut record.settings.certificate_alerts;
                    told.insert(alert.key.to_string(), alert.days);
                    Ok(())
                })?;
                told.push(note(
                    store,
                    Event::CertificateExpiring,
                    &record.name,
                    &format!(
                        "The signing certificate {} of {} ends on {}.",
                        alert.subject, record.label, alert.ends
                    ),
                    now,
                )?);
            }
        }
        told.extend(tokens(store, &record.name, now)?);
    }
    Ok(told)
}

fn tokens(
    store: &Store,
    connection: &ConnectionName,
    now: OffsetDateTime,
) -> Result<Vec<String>, DbError> {
    let mut told = Vec::new();
    let id = scim_core::resource::ConnectionId::new(connection.as_str());
    let Ok(tokens) = ready(store.list(Some(&id))) else {
        return Ok(told);
    };
    for token in &tokens {
        let Some(days) = token.due_alert(now) else {
            continue;
        };
        if ready(store.change(&token.sha256, TokenChange::Alerted(days))).is_ok() {
            told.push(note(
                store,
                Event::ScimTokenExpiring,
                connection,
                &format!(
                    "The SCIM token {}… ends on {}: extend it, or give the identity provider a new one.",
                    token.prefix,
                    token.expires.date()
                ),
                now,
            )?);
        }
    }
    Ok(told)
}

fn note(
    store: &Store,
    event: Event,
    connection: &ConnectionName,
    summary: &str,
    now: OffsetDateTime,
) -> Result<String, DbError> {
    let reference = random::code(2).unwrap_or_default();
    let mut entry = NewLogEntry::new(now, event, &reference, summary);
    entry.connection = Some(connection.as_str());
    store.append_log(&entry)?;
    Ok(format!("{connection}: {summary}"))
}
