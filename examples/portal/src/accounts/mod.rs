//! What the policy decides becomes an account: made, changed, disabled, deleted; sessions end with it,
//! and the history says who, what and why.
//!
//! [`ProvisioningPolicy::decide`] is asked in three places only: here before and after
//! a SCIM request, and in `login` for a login.

mod edit;
mod login;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use scim_core::accounts::{Accounts, Person};
use scim_core::document::{Document, Value};
use scim_core::policy::{
    Arrival, Decision, DeletedBy, Denial, Incoming, Known, LocalUser, ProvisioningPolicy,
};
use scim_core::resource::{ConnectionId, Resource, ResourceId, TenantId};
use scim_core::schema::{AttrPath, Registry, Resolved, ResourceTypeId};
use scim_core::store::{Load, ResourceStore as _, StoreError};
use serde_json::{Value as Json, json};
use sso_store::{
    ADMINISTRATOR_ROLE, Account, AccountStatus, ConnectionName, ConnectionRecord, DbError,
    EarlierUser, Event, NewLogEntry, ProvisionedBy, ScimStore, SetBy, Store, scim_registry,
};
use time::OffsetDateTime;

pub use edit::{Edit, EditRefused, edit, policy_of};
pub(crate) use login::{Admission, admit};

use crate::random;
use crate::scim::ready;

/// Users in one transaction.
const AT_ONCE: u32 = 500;
const STRIPES: usize = 64;

/// Keeps accounts in step with what SCIM and logins say.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    store: Store,
    resources: ScimStore,
    registry: Arc<Registry>,
    /// Of two requests about one user the later one decides by the later state. Over several
    /// processes a login, which decides again, makes good what fell between.
    stripes: Arc<[Mutex<()>; STRIPES]>,
}

/// An account as it shall be, and what the history is to say.
struct Change {
    account: Account,
    before: Option<Account>,
    event: Option<(Event, Option<Denial>)>,
    adopted: bool,
}

impl Change {
    fn is_needed(&self) -> bool {
        self.event.is_some()
            || self.before.as_ref().is_none_or(|before| {
                let mut same = before.clone();
                same.scim_version = self.account.scim_version;
                // Whether the resource is there is more than its version
                same != self.account || before.is_gone() != self.account.is_gone()
            })
    }
}

pub(crate) fn failed(error: &DbError) -> StoreError {
    StoreError::new(error.code())
}

impl Desk {
    pub(crate) fn new(store: Store, registry: Arc<Registry>) -> Self {
        Self {
            resources: ScimStore::new(store.clone(), Arc::clone(&registry)),
            store,
            registry,
            stripes: Arc::new(std::array::from_fn(|_| Mutex::new(()))),
        }
    }

    /// For a command: with the schemas of now.
    pub(crate) fn open(store: &Store) -> Result<Self, DbError> {
        let registry = scim_registry(&store.scim_schemas()?)?;
        Ok(Self::new(store.clone(), registry))
    }

    fn kind(&self) -> Option<ResourceTypeId> {
        Some(self.registry.resource_type_by_name("User")?.id())
    }

    fn path(&self, name: &str) -> Option<AttrPath> {
        match self.registry.resolve(self.kind()?, name)? {
            Resolved::Attribute(path) => Some(path),
            _ => None,
        }
    }

    fn text<'d>(&self, document: &'d Document, name: &str) -> Option<&'d str> {
        document.at(self.path(name)?).and_then(Value::as_text)
    }

    fn user_name(&self, user: &Resource) -> String {
        self.text(&user.document, "userName")
            .unwrap_or_default()
            .to_owned()
    }

    fn record(&self, tenant: &str) -> Result<Option<ConnectionRecord>, DbError> {
        let name: ConnectionName = tenant.parse()?;
        self.store.connection(&name)
    }

    fn resource(&self, connection: &str, id: &str) -> Result<Option<Resource>, StoreError> {
        let Some(kind) = self.kind() else {
            return Ok(None);
        };
        let load = Load {
            groups: true,
            ..Load::default()
        };
        let (tenant, id) = (TenantId::new(connection), ResourceId::new(id));
        ready(self.resources.get(&tenant, kind, &id, load))
    }

    /// Nobody else decides about these users meanwhile. In one order, so that two never wait for
    /// each other.
    fn hold<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Vec<MutexGuard<'_, ()>> {
        let stripes: BTreeSet<usize> = ids
            .map(|id| {
                let sum = id.bytes().fold(0_usize, |sum, byte| {
                    sum.wrapping_mul(31).wrapping_add(usize::from(byte))
                });
                sum % STRIPES
            })
            .collect();
        let held = stripes.iter().filter_map(|index| self.stripes.get(*index));
        held.map(|stripe| stripe.lock().unwrap_or_else(PoisonError::into_inner))
            .collect()
    }

    /// The account that somebody new to SCIM had before: of the name, of whoever had the externalId.
    /// The connection vouches for its names, so a name is a link within it where there is no other.
    fn earlier(
        &self,
        connection: &str,
        name: &str,
        external_id: Option<&str>,
    ) -> Result<Option<Account>, StoreError> {
        if let (Some(external), Some(kind), Some(path)) =
            (external_id, self.kind(), self.path("externalId"))
        {
            let tenant = TenantId::new(connection);
            let stone = ready(
                self.resources
                    .tombstone(&tenant, kind, path.leaf(), external),
            )?;
            if let Some(stone) = stone {
                let found = self.store.account_of_scim(connection, stone.id.as_str());
                if let Some(account) = found.map_err(|e| failed(&e))? {
                    return Ok(Some(account));
                }
            }
        }
        let named = self.store.account_named(Some(connection), name);
        Ok(named
            .map_err(|e| failed(&e))?
            .filter(|account| account.scim_id.is_none() || account.is_gone()))
    }

    fn local(&self, name: &str) -> Result<Option<LocalUser>, StoreError> {
        let found = self.store.account_named(None, name);
        Ok(found.map_err(|e| failed(&e))?.map(|local| user_of(&local)))
    }

    /// How many local administrators there are, which matters for local users only.
    fn administrators_if(&self, asked: bool) -> Result<usize, StoreError> {
        if !asked {
            return Ok(usize::MAX);
        }
        let count = self.store.local_accounts_with(ADMINISTRATOR_ROLE);
        count.map_err(|e| failed(&e))
    }

    /// What becomes of a SCIM user by what is there now.
    fn consider(
        &self,
        record: &ConnectionRecord,
        id: &str,
        now: OffsetDateTime,
    ) -> Result<Vec<Change>, StoreError> {
        let connection = record.name.as_str();
        let resource = self.resource(connection, id)?;
        let linked = self.store.account_of_scim(connection, id);
        let linked = linked.map_err(|e| failed(&e))?;
        let name = match (&resource, &linked) {
            (Some(user), _) => self.user_name(user),
            (None, Some(account)) => account.name.clone(),
            (None, None) => return Ok(Vec::new()),
        };
        let account = match (&resource, linked) {
            (_, Some(account)) => Some(account),
            (Some(user), None) => {
                let external = self.text(&user.document, "externalId");
                self.earlier(connection, &name, external)?
            }
            (None, None) => None,
        };
        let groups = match (&resource, &record.settings.groups_attribute) {
            (Some(user), None) => Some(group_names(user)),
            _ => None,
        };
        let local = match &account {
            Some(account) if account.name == name => None,
            _ => self.local(&name)?,
        };
        let incoming = Incoming {
            arrival: Arrival::Scim,
            connection: &ConnectionId::new(connection),
            user_name: &name,
            active: resource
                .as_ref()
                .is_some_and(|user| user.document.is_active(&self.registry)),
            groups: groups.as_deref(),
        };
        let user = account.as_ref().filter(|a| is_linked(a)).map(user_of);
        let known = Known {
            linked: user.as_ref(),
            named: local.as_ref(),
            tombstone: account.as_ref().and_then(tombstone),
            local_administrators: self.administrators_if(local.is_some())?,
        };
        let decision = record.settings.provisioning.decide(&incoming, &known);
        let adopt = matches!(decision, Decision::Update { adopt: true, .. });
        let mut changes = Vec::new();
        let before = match (&local, adopt) {
            (Some(local), true) => {
                // Whoever waited is the local user from now on
                changes.extend(account.map(merged));
                self.stored(&local.id)?
            }
            _ => account,
        };
        let fresh = || Account::new(Some(connection), &name, ProvisionedBy::Scim, now);
        let mut change = apply(&decision, &incoming, before, fresh, now);
        if adopt {
            change.account.connection = Some(connection.to_owned());
            change.account.roles_pinned = false;
        }
        // Also who left, and whom an administrator is to see to, has the roles of the groups of now
        if let (Some(groups), Decision::Disable(_) | Decision::Nothing) = (&groups, &decision)
            && is_linked(&change.account)
        {
            let policy = &record.settings.provisioning;
            change.account.groups = policy.groups(groups);
            if !change.account.roles_pinned {
                change.account.roles = policy.roles(groups);
            }
            let changes = |before: &Account| before.roles != change.account.roles;
            if change.event.is_none() && change.before.as_ref().is_some_and(changes) {
                change.event = Some((Event::UserChanged, None));
            }
        }
        let linked_before = change
            .before
            .as_ref()
            .map(|before| before.scim_id.as_deref());
        if change.event.is_none() && resource.is_some() && linked_before != Some(Some(id)) {
            change.event = Some((Event::UserChanged, None));
        }
        match &resource {
            Some(user) => {
                change.account.scim_id = Some(id.to_owned());
                change.account.scim_version = user.version.number();
                change.account.provisioned_by = ProvisionedBy::Scim;
            }
            None => change.account.scim_version = 0,
        }
        changes.push(change);
        Ok(changes)
    }

    fn stored(&self, id: &ResourceId) -> Result<Option<Account>, StoreError> {
        let number = id.as_str().parse().unwrap_or_default();
        self.store.account(number).map_err(|e| failed(&e))
    }

    /// Decides about SCIM users by what is there now. With `all`, what did not change is written
    /// too, as decided.
    fn settle_now(
        &self,
        record: &ConnectionRecord,
        ids: &[&str],
        all: bool,
        now: OffsetDateTime,
    ) -> Result<usize, StoreError> {
        let _held = self.hold(ids.iter().copied());
        let mut changes = Vec::new();
        for id in ids {
            let considered = self.consider(record, id, now)?.into_iter();
            changes.extend(considered.filter(|change| all || change.is_needed()));
        }
        self.write(record, &changes, "scim", now)?;
        Ok(changes.iter().filter(|change| change.is_needed()).count())
    }

    fn write(
        &self,
        record: &ConnectionRecord,
        changes: &[Change],
        by: &str,
        now: OffsetDateTime,
    ) -> Result<Vec<i64>, StoreError> {
        let accounts: Vec<Account> = changes
            .iter()
            .map(|change| {
                let mut account = change.account.clone();
                if change.is_needed() {
                    account.changed_at = now;
                }
                account
            })
            .collect();
        let reports: Vec<Json> = changes.iter().map(|change| report(change, by)).collect();
        let references: Vec<String> = changes
            .iter()
            .map(|_| random::code(2).unwrap_or_default())
            .collect();
        let history = |index: usize, id: i64| {
            let change = changes.get(index)?;
            let (event, denial) = change.event?;
            let mut entry = NewLogEntry::new(
                now,
                event,
                references.get(index)?.as_str(),
                summary(event, denial, Some(id), &change.account, by),
            );
            entry.connection = Some(record.name.as_str());
            entry.code = denial.map(Denial::code);
            entry.report = reports.get(index);
            Some(entry)
        };
        let ids = self
            .store
            .save_accounts(&accounts, history)
            .map_err(|error| failed(&error))?;
        for (change, id) in changes
            .iter()
            .zip(&ids)
            .filter(|(change, _)| change.adopted)
        {
            if let Some(before) = &change.before {
                let dropped = self.store.drop_password(&before.name, *id);
                dropped.map_err(|error| failed(&error))?;
            }
        }
        Ok(ids)
    }

    /// Decides about every SCIM user of a connection again, after its policy was changed. Gives how
    /// many changed. Users by login are decided at their next one.
    pub(crate) fn settle_all(
        &self,
        record: &ConnectionRecord,
        now: OffsetDateTime,
    ) -> Result<usize, StoreError> {
        let mut after = String::new();
        let mut count = 0;
        loop {
            let ids = self.store.scim_user_ids(&record.name, &after, AT_ONCE);
            let ids = ids.map_err(|e| failed(&e))?;
            let Some(last) = ids.last() else {
                return Ok(count);
            };
            after.clone_from(last);
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            count += self.settle_now(record, &ids, true, now)?;
        }
    }

    /// Makes good what was missed: users that were imported, or changed right before a crash, and
    /// those of an older version of this program. Call it at the start.
    pub(crate) fn catch_up(&self, now: OffsetDateTime) -> Result<(), StoreError> {
        for record in self.store.connections().map_err(|e| failed(&e))? {
            loop {
                let ids = self.store.unsettled(&record.name, AT_ONCE);
                let ids = ids.map_err(|e| failed(&e))?;
                if ids.is_empty() {
                    break;
                }
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                self.settle_now(&record, &ids, true, now)?;
            }
        }
        loop {
            let users = self.store.users_without_account(AT_ONCE);
            let users = users.map_err(|e| failed(&e))?;
            if users.is_empty() {
                return Ok(());
            }
            for user in &users {
                self.inherit(user, now).map_err(|e| failed(&e))?;
            }
        }
    }

    /// The account of a user whom an older version of this program wrote.
    fn inherit(&self, user: &EarlierUser, now: OffsetDateTime) -> Result<(), DbError> {
        let connection = user.connection.as_str();
        let mut account = Account::new(Some(connection), &user.name_id, ProvisionedBy::Login, now);
        if let Some(scim_id) = &user.scim_id {
            if let Some(known) = self.store.account_of_scim(connection, scim_id)? {
                return self.store.link_user(user.id, known.id);
            }
            // Deleted by SCIM
            account.provisioned_by = ProvisionedBy::Scim;
            account.scim_id = Some(scim_id.clone());
            account.status = AccountStatus::Disabled;
        } else if let Some(record) = self.record(connection)? {
            account.roles = record.settings.provisioning.roles(&[]);
        }
        let reference = random::code(2).unwrap_or_default();
        let text = "Taken over from an earlier version.";
        let mut entry = NewLogEntry::new(now, Event::UserCreated, reference, text);
        entry.connection = Some(connection);
        self.store.open_account(user.id, &account, &entry).map(drop)
    }
}

impl Accounts for Desk {
    async fn ask(
        &self,
        tenant: &TenantId,
        person: Person<'_>,
        _: OffsetDateTime,
    ) -> Result<Option<Denial>, StoreError> {
        let connection = tenant.as_str();
        let id = person.id.as_str();
        let linked = if person.is_new {
            let external = self.text(person.document, "externalId");
            self.earlier(connection, person.user_name, external)?
        } else {
            let linked = self.store.account_of_scim(connection, id);
            linked.map_err(|e| failed(&e))?
        };
        if !person.is_new && linked.as_ref().is_none_or(|a| a.name == person.user_name) {
            return Ok(None);
        }
        let Some(record) = self.record(connection).map_err(|e| failed(&e))? else {
            return Ok(Some(Denial::CreationOff));
        };
        let named = self.store.account_named(Some(connection), person.user_name);
        let named = named.map_err(|e| failed(&e))?;
        if person.is_new && named.as_ref().and_then(tombstone) == Some(DeletedBy::Administrator) {
            return Ok(Some(Denial::Tombstone));
        }
        // Somebody whom SCIM has at this connection has the name: the store says so, or revives
        let has = |account: &Account| account.scim_id.is_some() && !account.is_gone();
        if linked.is_none() && named.as_ref().is_some_and(has) {
            return Ok(None);
        }
        let local = self.local(person.user_name)?;
        let user = linked.as_ref().filter(|a| is_linked(a)).map(user_of);
        let incoming = Incoming {
            arrival: Arrival::Scim,
            connection: &ConnectionId::new(connection),
            user_name: person.user_name,
            active: true,
            groups: None,
        };
        let known = Known {
            linked: user.as_ref(),
            named: local.as_ref(),
            tombstone: linked.as_ref().and_then(tombstone),
            local_administrators: self.administrators_if(local.is_some())?,
        };
        Ok(
            match record.settings.provisioning.decide(&incoming, &known) {
                Decision::Deny(denial) if person.is_new || denial == Denial::NameTaken => {
                    Some(denial)
                }
                _ => None,
            },
        )
    }

    async fn settle(&self, tenant: &TenantId, touched: &[ResourceId], now: OffsetDateTime) {
        let ids: Vec<&str> = touched.iter().map(ResourceId::as_str).collect();
        let done = match self.record(tenant.as_str()) {
            Ok(Some(record)) => self.settle_now(&record, &ids, false, now),
            Ok(None) => return,
            Err(error) => Err(failed(&error)),
        };
        if let Err(error) = done {
            // A login decides again, and so does the next start
            eprintln!("{} accounts are not settled: {error}", ids.len());
        }
    }
}

fn group_names(user: &Resource) -> Vec<String> {
    let groups = user.groups.iter().flatten();
    groups.filter_map(|group| group.display.clone()).collect()
}

/// Whether the policy is to take an account for the user; one that waits or is deleted is none.
fn is_linked(account: &Account) -> bool {
    matches!(
        account.status,
        AccountStatus::Active | AccountStatus::Disabled
    )
}

fn tombstone(account: &Account) -> Option<DeletedBy> {
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
fn merged(account: Account) -> Change {
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
fn apply(
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

fn report(change: &Change, by: &str) -> Json {
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
fn summary(
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

#[cfg(test)]
mod tests;
