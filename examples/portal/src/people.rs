//! Users as an administrator sees them: everybody whom a login, SCIM or an administrator brought.

use std::collections::{BTreeMap, BTreeSet};

use scim_core::policy::ProvisioningPolicy;
use sso_store::{Account, DbError, Store, UserRecord};
use time::OffsetDateTime;

use crate::accounts::{is_locked, policy_of};

/// One user.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) account: Account,
    /// Whether changes here are refused, because they are the identity provider's to make.
    pub(crate) locked: bool,
    pub(crate) first_login: Option<OffsetDateTime>,
    pub(crate) latest_login: Option<OffsetDateTime>,
    /// The formats of the NameIDs that the user came with.
    pub(crate) formats: BTreeSet<String>,
}

/// Users that are read at once.
const PAGE: u32 = 1000;

/// Everybody, by connection and name; local ones first.
pub(crate) fn list(store: &Store) -> Result<Vec<Person>, DbError> {
    let mut accounts = Vec::new();
    loop {
        let after = accounts.last().map_or(0, |account: &Account| account.id);
        let page = store.accounts(None, after, PAGE)?;
        if page.is_empty() {
            break;
        }
        accounts.extend(page);
    }
    let mut people = shown(store, accounts)?;
    people.sort_by(|a, b| {
        let key = |p: &Person| {
            let account = &p.account;
            (account.connection.clone(), account.name.clone(), account.id)
        };
        key(a).cmp(&key(b))
    });
    Ok(people)
}

/// These, with what is known of their logins.
pub(crate) fn shown(store: &Store, accounts: Vec<Account>) -> Result<Vec<Person>, DbError> {
    let policies: BTreeMap<String, ProvisioningPolicy> = store
        .connections()?
        .into_iter()
        .map(|record| {
            (
                record.name.as_str().to_owned(),
                record.settings.provisioning,
            )
        })
        .collect();
    let mut people = Vec::with_capacity(accounts.len());
    let all = accounts.len() > 500;
    let logins = if all {
        store.logins()?
    } else {
        BTreeMap::new()
    };
    for account in accounts {
        let policy = account.connection.as_ref().and_then(|c| policies.get(c));
        let locked = policy.is_some_and(|policy| is_locked(policy, &account));
        let mut person = if all {
            Person::new(account, Vec::new())
        } else {
            let users = store.users_of_account(account.id)?;
            Person::new(account, users)
        };
        if let Some((first, latest)) = logins.get(&person.account.id) {
            (person.first_login, person.latest_login) = (Some(*first), Some(*latest));
        }
        person.locked = locked;
        people.push(person);
    }
    Ok(people)
}

impl Person {
    fn new(account: Account, users: Vec<UserRecord>) -> Self {
        Self {
            locked: false,
            first_login: users.iter().map(|user| user.first_seen).min(),
            latest_login: users.iter().map(|user| user.last_seen).max(),
            formats: users.into_iter().filter_map(|user| user.format).collect(),
            account,
        }
    }
}

/// One of them.
pub(crate) fn find(store: &Store, id: i64) -> Result<Option<Person>, DbError> {
    let Some(account) = store.account(id)? else {
        return Ok(None);
    };
    let policy = policy_of(store, &account)?;
    let mut person = Person::new(account, store.users_of_account(id)?);
    person.locked = is_locked(&policy, &person.account);
    Ok(Some(person))
}

/// What an administrator typed: our number or a name; with `connection`, a name of that one. Several
/// where it may mean several.
pub(crate) fn pick(
    store: &Store,
    typed: &str,
    connection: Option<&str>,
) -> Result<Vec<Account>, DbError> {
    let typed = typed.trim();
    let mut found = Vec::new();
    match connection {
        Some(connection) => found.extend(store.account_named(Some(connection), typed)?),
        None => {
            if let Ok(id) = typed.parse() {
                found.extend(store.account(id)?);
            }
            found.extend(store.account_named(None, typed)?);
            for record in store.connections()? {
                found.extend(store.account_named(Some(record.name.as_str()), typed)?);
            }
        }
    }
    // A name may be a number
    found.sort_by_key(|account| account.id);
    found.dedup_by_key(|account| account.id);
    Ok(found)
}
