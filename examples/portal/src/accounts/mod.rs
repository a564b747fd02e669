//! What the policy decides becomes an account: made, changed, disabled, deleted; sessions end with it,
//! and the history says who, what and why.
//!
//! [`decide`](scim_core::policy::ProvisioningPolicy::decide) is asked in three places only: here before and after
//! a SCIM request, and in `login` for a login.

mod change;
mod edit;
mod login;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use scim_core::accounts::{Accounts, Person};
use scim_core::document::{Document, Value};
use scim_core::policy::{Arrival, Decision, DeletedBy, Denial, Incoming, Known, LocalUser};
use scim_core::resource::{ConnectionId, Resource, ResourceId, TenantId};
use scim_core::schema::{AttrPath, Registry, Resolved, ResourceTypeId};
use scim_core::store::{Load, ResourceStore as _, StoreError};
use serde_json::Value as Json;
use sso_store::{
    ADMINISTRATOR_ROLE, Account, AccountStatus, ConnectionName, ConnectionRecord,
    ConnectionSettings, DbError, EarlierUser, Event, NewLogEntry, ProvisionedBy, ScimStore, Store,
    scim_registry,
};
use time::OffsetDateTime;

use change::{Change, apply, group_names, is_linked, merged, report, summary, tombstone};
pub(crate) use change::{is_locked, user_of};
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

/// A connection, as far as it matters here.
#[derive(Clone, Copy)]
pub(crate) struct Customer<'a> {
    name: &'a ConnectionName,
    settings: &'a ConnectionSettings,
}

impl<'a> Customer<'a> {
    const fn new(name: &'a ConnectionName, settings: &'a ConnectionSettings) -> Self {
        Self { name, settings }
    }
}

impl<'a> From<&'a ConnectionRecord> for Customer<'a> {
    fn from(record: &'a ConnectionRecord) -> Self {
        Self::new(&record.name, &record.settings)
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

    /// The account that somebody new to SCIM had before: of whoever had the externalId, or of the name.
    /// The connection vouches for its names, so a name is a link within it where there is no other.
    fn earlier(
        &self,
        connection: &str,
        external_id: Option<&str>,
        named: Option<Account>,
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
        Ok(named.filter(|account| account.scim_id.is_none() || account.is_gone()))
    }

    fn named(&self, connection: &str, name: &str) -> Result<Option<Account>, StoreError> {
        let named = self.store.account_named(Some(connection), name);
        named.map_err(|e| failed(&e))
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
        customer: Customer<'_>,
        id: &str,
        now: OffsetDateTime,
    ) -> Result<Vec<Change>, StoreError> {
        let connection = customer.name.as_str();
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
                self.earlier(connection, external, self.named(connection, &name)?)?
            }
            (None, None) => None,
        };
        let groups = match (&resource, &customer.settings.groups_attribute) {
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
        let decision = customer.settings.provisioning.decide(&incoming, &known);
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
            let policy = &customer.settings.provisioning;
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
        customer: Customer<'_>,
        ids: &[&str],
        all: bool,
        now: OffsetDateTime,
    ) -> Result<usize, StoreError> {
        let settle = || {
            let _held = self.hold(ids.iter().copied());
            let mut changes = Vec::new();
            for id in ids {
                let considered = self.consider(customer, id, now)?.into_iter();
                changes.extend(considered.filter(|change| all || change.is_needed()));
            }
            self.write(customer, &changes, "scim", now)?;
            Ok(changes.iter().filter(|change| change.is_needed()).count())
        };
        self.store.alone(settle).map_err(|e| failed(&e))?
    }

    fn write(
        &self,
        customer: Customer<'_>,
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
            entry.connection = Some(customer.name.as_str());
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
            count += self.settle_now(record.into(), &ids, true, now)?;
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
                self.settle_now((&record).into(), &ids, true, now)?;
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
        } else if let Some(settings) = self.store.connection_settings(&connection.parse()?)? {
            account.roles = settings.provisioning.roles(&[]);
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
            None
        } else {
            let linked = self.store.account_of_scim(connection, id);
            let linked = linked.map_err(|e| failed(&e))?;
            if linked.as_ref().is_none_or(|a| a.name == person.user_name) {
                return Ok(None);
            }
            linked
        };
        let name = connection.parse().map_err(|e| failed(&e))?;
        let Some(settings) = self
            .store
            .connection_settings(&name)
            .map_err(|e| failed(&e))?
        else {
            return Ok(Some(Denial::CreationOff));
        };
        let named = self.named(connection, person.user_name)?;
        if person.is_new && named.as_ref().and_then(tombstone) == Some(DeletedBy::Administrator) {
            return Ok(Some(Denial::Tombstone));
        }
        let linked = if person.is_new {
            let external = self.text(person.document, "externalId");
            self.earlier(connection, external, named.clone())?
        } else {
            linked
        };
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
        Ok(match settings.provisioning.decide(&incoming, &known) {
            Decision::Deny(denial) if person.is_new || denial == Denial::NameTaken => Some(denial),
            _ => None,
        })
    }

    async fn settle(&self, tenant: &TenantId, touched: &[ResourceId], now: OffsetDateTime) {
        let ids: Vec<&str> = touched.iter().map(ResourceId::as_str).collect();
        let done = tenant.as_str().parse().and_then(|name| {
            let settings = self.store.connection_settings(&name)?;
            Ok(settings.map(|settings| (name, settings)))
        });
        let done = match done {
            Ok(Some((name, settings))) => {
                self.settle_now(Customer::new(&name, &settings), &ids, false, now)
            }
            Ok(None) => return,
            Err(error) => Err(failed(&error)),
        };
        if let Err(error) = done {
            // A login decides again, and so does the next start
            eprintln!("{} accounts are not settled: {error}", ids.len());
        }
    }
}

#[cfg(test)]
mod tests;
