//! What an administrator may do to an account, on the pages and on the command line.

use std::collections::BTreeSet;
use std::fmt;

use idp_config::Actor;
use scim_core::policy::{Denial, ProvisioningPolicy};
use serde_json::json;
use sso_store::{
    ADMINISTRATOR_ROLE, Account, AccountStatus, DbError, DbErrorKind, Event, NewLogEntry, SetBy,
    Store,
};
use time::OffsetDateTime;

use super::{Customer, Desk, user_of};
use crate::random;

/// The most roles an administrator can give one user, and the longest name of one.
const MAX_ROLES: usize = 32;
const MAX_ROLE: usize = 64;

/// A change by an administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// The user cannot log in, whatever the identity provider says.
    Disable,
    /// The user can log in again.
    Enable,
    /// The user is gone, and neither a login nor SCIM brings the user back.
    Delete,
    /// A deletion is undone.
    Restore,
    /// From now on these roles, whatever the groups give; none for those that groups give.
    Roles(BTreeSet<String>),
}

/// Why nothing was changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum EditRefused {
    /// There is no such user.
    NotFound,
    /// The policy does not allow it.
    Denied(Denial),
    /// That cannot be done to a user in this status, or the roles cannot be used.
    Impossible(&'static str),
    /// The database failed.
    Db(DbError),
}

impl EditRefused {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "user.not_found",
            Self::Denied(denial) => denial.code(),
            Self::Impossible(_) => "user.impossible",
            Self::Db(error) => error.code(),
        }
    }
}

impl fmt::Display for EditRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "There is no such user.",
            Self::Denied(denial) => denial.hint(),
            Self::Impossible(what) => what,
            Self::Db(_) => "The database did not answer.",
        })
    }
}

impl std::error::Error for EditRefused {}

impl From<DbError> for EditRefused {
    fn from(error: DbError) -> Self {
        match error.kind() {
            DbErrorKind::NotFound => Self::NotFound,
            _ => Self::Db(error),
        }
    }
}

/// The policy of an account's connection; the default one for local accounts, and for those whose
/// connection is no more.
///
/// # Errors
/// `store.*`
pub fn policy_of(store: &Store, account: &Account) -> Result<ProvisioningPolicy, DbError> {
    let mut policy = ProvisioningPolicy::default();
    if let Some(connection) = &account.connection {
        match store.connection_settings(&connection.parse()?)? {
            Some(settings) => policy = settings.provisioning.clone(),
            // Nobody is left to make the change there
            None => policy.lock_provisioned = false,
        }
    }
    Ok(policy)
}

/// Changes an account.
///
/// # Errors
/// [`EditRefused`]; nothing is changed then.
pub fn edit(
    store: &Store,
    id: i64,
    edit: &Edit,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<Account, EditRefused> {
    let account = store.account(id)?.ok_or(EditRefused::NotFound)?;
    let policy = policy_of(store, &account)?;
    let event = match edit {
        Edit::Disable => Event::UserDisabled,
        Edit::Enable => Event::UserEnabled,
        Edit::Delete => Event::UserDeleted,
        Edit::Restore => Event::UserRestored,
        Edit::Roles(_) => Event::UserChanged,
    };
    let by = match actor {
        Actor::Administrator(_) => "an administrator",
        _ => "the command line",
    };
    let roles = match edit {
        Edit::Roles(roles) => Some(checked(roles)?),
        _ => None,
    };
    let mut summary = format!(
        "User {id}: {} by {by}",
        event.as_str().trim_start_matches("user.")
    );
    if let Some(roles) = &roles {
        let roles: Vec<&str> = roles.iter().map(String::as_str).collect();
        summary.push_str("; roles ");
        summary.push_str(&roles.join(", "));
    }
    summary.push('.');
    let report = json!({ "by": actor, "roles": roles });
    let reference = random::code(2).unwrap_or_default();
    let mut entry = NewLogEntry::new(now, event, reference, summary);
    entry.connection = account.connection.as_deref();
    entry.report = Some(&report);
    let edited = store.edit_account(id, ADMINISTRATOR_ROLE, &entry, |account, administrators| {
        let after = match edit {
            // These take nothing away
            Edit::Enable | Edit::Restore => Some(&account.roles),
            Edit::Roles(_) => roles.as_ref(),
            Edit::Disable | Edit::Delete => None,
        };
        policy
            .edit_locally(&user_of(account), after, administrators)
            .map_err(EditRefused::Denied)?;
        change(account, edit, roles.clone(), &policy, now)
    });
    match edited {
        Ok(account) => {
            // What was pinned or buried may be the identity provider's to say again
            let asks = matches!(edit, Edit::Enable | Edit::Restore | Edit::Roles(_));
            if let (true, Some(scim_id), Some(connection)) =
                (asks, &account.scim_id, &account.connection)
            {
                let desk = Desk::open(store)?;
                let name = connection.parse()?;
                if let Some(settings) = store.connection_settings(&name)? {
                    let customer = Customer::new(&name, &settings);
                    let settled = desk.settle_now(customer, &[scim_id.as_str()], false, now);
                    if let Err(error) = settled {
                        eprintln!("user {id} is not settled: {error}");
                    }
                }
            }
            store.account(id)?.ok_or(EditRefused::NotFound)
        }
        Err(refused) => {
            if let EditRefused::Denied(denial) = &refused {
                let reference = random::code(2).unwrap_or_default();
                let text = format!("User {id}: {} by {by} was refused.", event.as_str());
                let mut entry = NewLogEntry::new(now, Event::UserRefused, reference, text);
                entry.connection = account.connection.as_deref();
                entry.code = Some(denial.code());
                entry.account = Some(id);
                store.append_log(&entry)?;
            }
            Err(refused)
        }
    }
}

fn checked(roles: &BTreeSet<String>) -> Result<BTreeSet<String>, EditRefused> {
    let good = |role: &String| {
        role.chars().count() <= MAX_ROLE
            && !role.contains(',')
            && !role.chars().any(char::is_control)
    };
    let roles: BTreeSet<String> = roles
        .iter()
        .map(|role| role.trim().to_owned())
        .filter(|role| !role.is_empty())
        .collect();
    if roles.len() <= MAX_ROLES && roles.iter().all(good) {
        Ok(roles)
    } else {
        Err(EditRefused::Impossible(
            "At most 32 roles of at most 64 characters, without commas.",
        ))
    }
}

fn change(
    account: &mut Account,
    edit: &Edit,
    roles: Option<BTreeSet<String>>,
    policy: &ProvisioningPolicy,
    now: OffsetDateTime,
) -> Result<(), EditRefused> {
    let is = |status| account.status == status;
    let (status, by) = match edit {
        Edit::Disable if is(AccountStatus::Active) => {
            (AccountStatus::Disabled, SetBy::Administrator)
        }
        Edit::Enable if is(AccountStatus::Disabled) => {
            (AccountStatus::Active, SetBy::IdentityProvider)
        }
        Edit::Delete if !is(AccountStatus::Deleted) => {
            (AccountStatus::Deleted, SetBy::Administrator)
        }
        // A local one has lost its password with the deletion
        Edit::Restore if is(AccountStatus::Deleted) && account.connection.is_some() => {
            (AccountStatus::Active, SetBy::IdentityProvider)
        }
        Edit::Roles(_) if !is(AccountStatus::Deleted) => (account.status, account.status_by),
        _ => {
            return Err(EditRefused::Impossible(
                "That cannot be done to a user in this status.",
            ));
        }
    };
    account.status = status;
    account.status_by = by;
    if let Some(roles) = roles {
        account.roles_pinned = account.connection.is_none() || !roles.is_empty();
        account.roles = if account.roles_pinned {
            roles
        } else {
            policy.roles(&account.groups)
        };
    }
    account.changed_at = now;
    Ok(())
}
