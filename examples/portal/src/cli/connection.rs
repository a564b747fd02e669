//! `portal connection …`

use idp_config::Actor;
use std::io::Read as _;
use std::path::Path;

use sso_store::{
    ConnectionRecord, ConnectionSettings, RequestBindingChoice, RequiredSignature, Store, Webhook,
};

use url::Url;

use super::args::{
    Add, ConnectionCommand, OnInactiveConflictArg, Policy, RequestBindingArg, Set, SignedPartArg,
};
use super::{Stop, table};
use crate::accounts::Desk;
use crate::connections::{self, NewConnection, Refused, Trust, Users};
use crate::explain::{one_line, time_text};
use crate::policy::PolicyChange;
use crate::random::now;
use crate::webhooks;

/// A metadata file above this is not one provider's.
const MAX_FILE: u64 = 4 * 1024 * 1024;

pub(super) fn run(store: &Store, base: &Url, command: ConnectionCommand) -> Result<(), Stop> {
    match command {
        ConnectionCommand::Add(add) => self::add(store, base, *add),
        ConnectionCommand::List => list(store),
        ConnectionCommand::Show { name } => {
            show(&connections::find(store, &name).map_err(|refused| stop(&refused))?);
            Ok(())
        }
        ConnectionCommand::Set(set) => self::set(store, base, &set),
        ConnectionCommand::Remove {
            name,
            with_users,
            keep_users,
        } => {
            let users = match (with_users, keep_users) {
                (true, _) => Users::Remove,
                (_, true) => Users::Keep,
                _ => Users::Refuse,
            };
            connections::remove(store, &name, users, Actor::CommandLine, now()).map_err(
                |refused| match refused {
                    Refused::HasUsers(_) => Stop::failed(format_args!(
                        "{}: {refused} --with-users removes them, --keep-users keeps them.",
                        refused.code()
                    )),
                    refused => stop(&refused),
                },
            )?;
            println!("Removed {name}.");
            Ok(())
        }
    }
}

fn stop(refused: &Refused) -> Stop {
    let message = one_line(&refused.to_string());
    let code = refused.code();
    // A ConfigError begins with its code already.
    let line = if message.starts_with(code) {
        message
    } else {
        format!("{code}: {message}")
    };
    Stop::failed(line)
}

fn add(store: &Store, base: &Url, add: Add) -> Result<(), Stop> {
    let trust = match (add.fingerprint, add.metadata_xml) {
        (Some(sha256), _) => Trust::Fingerprint {
            sha256,
            entity_id: add.idp_entity_id.unwrap_or_default(),
            sso_url: add.sso_url.unwrap_or_default(),
            slo_url: add.slo_url,
        },
        (None, Some(path)) => Trust::MetadataXml(read(&path)?),
        (None, None) => Trust::MetadataUrl(add.metadata_url.map(String::from).unwrap_or_default()),
    };
    let mut settings = ConnectionSettings::default();
    settings.danger_accept_plain_http = add.danger_accept_plain_http;
    let new = NewConnection {
        name: add.name,
        label: add.label,
        preset: add.preset,
        trust,
        settings,
    };
    let record = connections::add(store, new, base, Actor::CommandLine, now())
        .map_err(|refused| stop(&refused))?;
    println!(
        "Added {}: \"Sign in with {}\".",
        record.name,
        one_line(&record.label)
    );
    Ok(())
}

fn read(path: &Path) -> Result<String, Stop> {
    let failed = |error| Stop::failed(format_args!("{}: {error}", path.display()));
    let mut text = String::new();
    let source: Box<dyn std::io::Read> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(failed)?)
    };
    source
        .take(MAX_FILE + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    if text.len() as u64 > MAX_FILE {
        return Err(Stop::failed(format_args!(
            "{}: larger than 4 MiB",
            path.display()
        )));
    }
    Ok(text)
}

fn list(store: &Store) -> Result<(), Stop> {
    let connections = store.connections().map_err(Stop::failed)?;
    let rows: Vec<Vec<String>> = connections
        .iter()
        .map(|connection| {
            vec![
                connection.name.to_string(),
                connection.label.clone(),
                connection.entity_id.clone(),
                if connection.settings.disabled {
                    "disabled"
                } else {
                    "active"
                }
                .to_owned(),
            ]
        })
        .collect();
    table(&["NAME", "LABEL", "IDENTITY PROVIDER", "STATE"], &rows);
    Ok(())
}

fn show(record: &ConnectionRecord) {
    let settings = &record.settings;
    let mut lines = vec![
        ("name", record.name.to_string()),
        ("label", record.label.clone()),
        (
            "preset",
            record.preset.clone().unwrap_or_else(|| "none".to_owned()),
        ),
        ("entity ID", record.entity_id.clone()),
    ];
    lines.extend(connections::facts(record, now()));
    lines.extend([
        ("signed part", word(&settings.required_signature)),
        ("sign requests", settings.sign_requests.to_string()),
        ("request binding", word(&settings.request_binding)),
        ("allow unsolicited", settings.allow_unsolicited.to_string()),
        (
            "SCIM dialect",
            settings
                .scim_dialect
                .unwrap_or_default()
                .as_str()
                .to_owned(),
        ),
        (
            "groups attribute",
            settings
                .groups_attribute
                .clone()
                .unwrap_or_else(|| "none: the groups are SCIM's".to_owned()),
        ),
        (
            "webhook",
            settings
                .webhook
                .as_ref()
                .map_or_else(|| "none".to_owned(), |hook| hook.url.to_string()),
        ),
        (
            "provisioning",
            serde_json::to_string(&settings.provisioning).unwrap_or_default(),
        ),
        ("disabled", settings.disabled.to_string()),
        ("added", time_text(record.created_at)),
        ("changed", time_text(record.updated_at)),
    ]);
    for (name, value) in lines {
        println!("{name:18} {}", one_line(&value));
    }
}

/// The name of a setting's value, as it is stored.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn set(store: &Store, base: &Url, set: &Set) -> Result<(), Stop> {
    let webhook = set
        .webhook
        .as_deref()
        .map(|url| webhook(url, base))
        .transpose()?;
    let secret = webhook
        .iter()
        .flatten()
        .map(|hook| hook.secret.expose().to_owned())
        .next();
    let provisioning = match &set.provisioning {
        Some(path) => Some(
            serde_json::from_str(&read(path)?)
                .map_err(|error| Stop::failed(format_args!("{}: {error}", path.display())))?,
        ),
        None => None,
    };
    let changes = policy(&set.policy);
    let before = connections::find(store, &set.name).map_err(|refused| stop(&refused))?;
    let record = connections::change(store, &set.name, Actor::CommandLine, now(), |record| {
        if let Some(label) = &set.label {
            record.label.clone_from(label);
        }
        let settings = &mut record.settings;
        if let Some(allow) = set.allow_unsolicited {
            settings.allow_unsolicited = allow;
        }
        if let Some(sign) = set.sign_requests {
            settings.sign_requests = sign;
        }
        if let Some(disabled) = set.disabled {
            settings.disabled = disabled;
        }
        if let Some(dialect) = set.scim_dialect {
            settings.scim_dialect = Some(dialect);
        }
        if let Some(choice) = set.on_inactive_conflict {
            settings.scim_revive = Some(matches!(choice, OnInactiveConflictArg::Revive));
        }
        if let Some(webhook) = webhook {
            settings.webhook = webhook;
        }
        if let Some(policy) = provisioning {
            settings.provisioning = policy;
        }
        changes.apply(&mut settings.provisioning)?;
        if let Some(name) = &set.groups_attribute {
            settings.groups_attribute = Some(name.clone()).filter(|name| !name.is_empty());
        }
        if let Some(seconds) = set.clock_skew {
            settings.clock_skew_seconds = Some(seconds);
        }
        if let Some(part) = set.signed_part {
            settings.required_signature = match part {
                SignedPartArg::Either => RequiredSignature::Either,
                SignedPartArg::Response => RequiredSignature::Response,
                SignedPartArg::Assertion => RequiredSignature::Assertion,
                SignedPartArg::Both => RequiredSignature::Both,
            };
        }
        if let Some(binding) = set.request_binding {
            settings.request_binding = match binding {
                RequestBindingArg::Auto => RequestBindingChoice::Auto,
                RequestBindingArg::Redirect => RequestBindingChoice::Redirect,
                RequestBindingArg::Post => RequestBindingChoice::Post,
            };
        }
        Ok(())
    })
    .map_err(|refused| stop(&refused))?;
    show(&record);
    if connections::decides_anew(&before, &record) {
        let desk = Desk::open(store).map_err(Stop::failed)?;
        let changed = desk.settle_all(&record, now()).map_err(Stop::failed)?;
        println!("\nIts SCIM users were decided again; {changed} changed.");
    }
    if let Some(secret) = secret {
        println!("\nThe secret of the webhook (HS256), shown once: {secret}");
    }
    Ok(())
}

fn policy(flags: &Policy) -> PolicyChange {
    // A flag that is not given is an empty list; one that is given empty has an empty value
    let list = |values: &Vec<String>| (!values.is_empty()).then(|| values.clone());
    PolicyChange {
        create_on_first_login: flags.create_on_login,
        create_by_scim: flags.create_by_scim,
        groups_include: list(&flags.groups_include),
        groups_exclude: list(&flags.groups_exclude),
        groups_require: list(&flags.groups_require),
        roles_by_group: list(&flags.role),
        default_roles: list(&flags.default_role),
        deprovision: flags.deprovision.clone(),
        lock_provisioned: flags.lock_users,
        adopt_local_users: flags.adopt_local_users,
    }
}

/// A receiver with a new secret; none for an empty URL.
fn webhook(url: &str, base: &Url) -> Result<Option<Webhook>, Stop> {
    if url.trim().is_empty() {
        return Ok(None);
    }
    let url = Url::parse(url.trim()).map_err(Stop::failed)?;
    if !webhooks::may_send(&url, base) {
        return Err(Stop::failed(
            "--webhook: https, or http on this machine while the portal is on it, too",
        ));
    }
    let secret = webhooks::new_secret().map_err(Stop::failed)?;
    Ok(Some(Webhook::new(url, secret.expose())))
}
