//! From a decision to the account as it shall be, and to what the history says of it. Nothing is read or written here.

use scim_core::policy::{Decision, DeletedBy, Denial, Incoming, LocalUser, ProvisioningPolicy};
use scim_core::resource::{ConnectionId, Resource, ResourceId};
use serde_json::{Value as Json, json};
use sso_store::{Account, AccountStatus, Event, SetBy};
use time::OffsetDateTime;

/// An account as it shall be, and what the history is to say.
pub(super) struct Change {
    pub(super) account: Account,
    pub(super) before: Option<Account>,
    pub(super) event: Option<(Event, Option<Denial>)>,
    pub(super) adopted: bool,
}

impl Change {
    pub(super) fn is_needed(&self) -> bool {
        self.event.is_some()
            || self.before.as_ref().is_none_or(|before| {
                let mut same = before.clone();
                same.scim_version = self.account.scim_version;
                // Whether the resource is there is more than its version
                same != self.account || before.is_gone() != self.account.is_gone()
            })
    }
}

pub(super) fn group_names(user: &Resource) -> Vec<String> {
    let groups = user.groups.iter().flatten();
    groups.filter_map(|group| group.display.clone()).collect()
}

/// Whether the policy is to take an account for the user; one that waits or is deleted is none.
pub(super) fn is_linked(account: &Account) -> bool {
    matches!(
        account.status,
        AccountStatus::Active | AccountStatus::Disabled
    )
}

pub(super) fn tombstone(account: &Account) -> Option<DeletedBy> {
    (account.status == AccountStatus::Deleted).then_some(match account.status_by {
        SetBy::Administrator => DeletedBy::Administrator,
        _ => DeletedBy::IdentityProvider,
    })
}

pub(crate) fn user_of(account: &Account) -> LocalUser {
    LocalUser {
        id: ResourceId::new(account.id.to_string()),
        user_name: account.name.clone(),
        active: account.status == AccountStatus::Active,
        roles: account.roles.clone(),
        connection: account.connection.as_deref().map(ConnectionId::new),
    }
}

/// The account that another one takes the resource over from.
pub(super) fn merged(account: Account) -> Change {
    let before = Some(account.clone());
    let mut account = account;
    account.scim_id = None;
    account.status = AccountStatus::Deleted;
    account.status_by = SetBy::IdentityProvider;
    Change {
        account,
        before,
        event: None,
        adopted: false,
    }
}

/// The account as the decision wants it.
pub(super) fn apply(
    decision: &Decision,
    incoming: &Incoming<'_>,
    before: Option<Account>,
    fresh: impl FnOnce() -> Account,
    now: OffsetDateTime,
) -> Change {
    let is_new = before.is_none();
    let mut account = before.clone().unwrap_or_else(fresh);
    let old = account.clone();
    let mut adopted = false;
    let status = |account: &mut Account, status| {
        account.status = status;
        account.status_by = SetBy::IdentityProvider;
    };
    let why = if incoming.active {
        Denial::RequiredGroup
    } else {
        Denial::Deactivated
    };
    let event = match decision {
        Decision::Create { roles, groups } => {
            status(&mut account, AccountStatus::Active);
            incoming.user_name.clone_into(&mut account.name);
            if !account.roles_pinned {
                account.roles.clone_from(roles);
            }
            account.groups.clone_from(groups);
            Some((Event::UserCreated, None))
        }
        Decision::Update {
            rename,
            roles,
            groups,
            activate,
            adopt,
            ..
        } => {
            adopted = *adopt;
            if let Some(name) = rename {
                account.name.clone_from(name);
            }
            if let Some(roles) = roles
                && (!account.roles_pinned || adopted)
            {
                account.roles.clone_from(roles);
            }
            if let Some(groups) = groups {
                account.groups.clone_from(groups);
            }
            // What an administrator disabled stays so
            if *activate && account.status_by != SetBy::Administrator {
                status(&mut account, AccountStatus::Active);
                Some((Event::UserEnabled, None))
            } else {
                (account != old || adopted).then_some((Event::UserChanged, None))
            }
        }
        Decision::Disable(_) => {
            status(&mut account, AccountStatus::Disabled);
            Some((Event::UserDisabled, Some(why)))
        }
        Decision::Delete(_) => {
            status(&mut account, AccountStatus::Deleted);
            Some((Event::UserDeleted, Some(why)))
        }
        Decision::Wait => {
            let waits = !is_new && account.status == AccountStatus::Waiting;
            status(&mut account, AccountStatus::Waiting);
            (!waits).then_some((Event::UserWaiting, Some(Denial::RequiredGroup)))
        }
        Decision::Deny(denial) => {
            if is_new {
                status(&mut account, AccountStatus::Waiting);
            }
            Some((Event::UserRefused, Some(*denial)))
        }
        // Brought as inactive; or somebody who has left already, or whom an administrator is to see to
        _ => {
            if is_new {
                status(&mut account, AccountStatus::Disabled);
            }
            is_new.then_some((Event::UserDisabled, Some(Denial::Deactivated)))
        }
    };
    if is_new {
        account.created_at = now;
    }
    Change {
        account,
        before,
        event,
        adopted,
    }
}

pub(super) fn report(change: &Change, by: &str) -> Json {
    let account = &change.account;
    json!({
        "by": by,
        "connection": account.connection,
        "scim_id": account.scim_id,
        "status": account.status.as_str(),
        "roles": account.roles,
        "groups": account.groups,
        "adopted": change.adopted,
        "roles_before": change.before.as_ref().map(|before| &before.roles),
    })
}

/// Who, what and why in one line, the user by our number.
pub(super) fn summary(
    event: Event,
    denial: Option<Denial>,
    id: Option<i64>,
    account: &Account,
    by: &str,
) -> String {
    let what = event.as_str().trim_start_matches("user.");
    let who = id.map_or_else(|| "First login".to_owned(), |id| format!("User {id}"));
    let mut text = format!("{who}: {what} by {by}");
    if let Some(denial) = denial {
        text.push_str(&format!(" ({})", denial.code()));
    }
    let list = |items: &mut dyn Iterator<Item = &String>| {
        let items: Vec<&str> = items.map(String::as_str).collect();
        if items.is_empty() {
            "none".to_owned()
        } else {
            items.join(", ")
        }
    };
    let roles = list(&mut account.roles.iter());
    let groups = list(&mut account.groups.iter());
    text.push_str(&format!("; roles {roles}; groups {groups}."));
    text
}

/// Whether an account is the identity provider's to change.
pub(crate) fn is_locked(policy: &ProvisioningPolicy, account: &Account) -> bool {
    !policy.may_edit_locally(&user_of(account))
}
