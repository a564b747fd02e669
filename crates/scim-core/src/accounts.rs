//! An application's own users beside SCIM's resources.
//!
//! A resource is what the identity provider says of somebody; an account is what the application makes of it: who may
//! log in, with which roles. [`Provisioned`] stands between the service and its store. It asks the application before a
//! person is stored, and tells it afterwards whose account may have to be decided again: a person who was changed, and
//! everybody who joined or left a group, whose group was renamed or deleted, by way of nested groups too. The work is
//! linear in the people touched, not in the size of their groups; replacing all members or renaming a group touches
//! all.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::{Arc, Mutex};
//! # use time::OffsetDateTime;
//! use scim_core::accounts::{Accounts, Person, Provisioned};
//! # use scim_core::dialect::Preset;
//! use scim_core::policy::{Arrival, Decision, Denial, Incoming, Known, LocalUser, ProvisioningPolicy};
//! # use scim_core::resource::{ConnectionId, ResourceId, TenantId};
//! # use scim_core::schema::Registry;
//! # use scim_core::service::{Config, Connection, CursorKey, Request, ScimService};
//! use scim_core::store::{Load, MemoryStore, ResourceStore, StoreError};
//! # use scim_core::token::Scopes;
//!
//! struct MyUsers {
//!     policy: ProvisioningPolicy,
//!     resources: MemoryStore,
//!     registry: Arc<Registry>,
//!     table: Arc<Mutex<BTreeMap<ResourceId, LocalUser>>>, // your own user table
//! }
//!
//! impl Accounts for MyUsers {
//!     async fn ask(&self, _: &TenantId, person: Person<'_>, _: OffsetDateTime) -> Result<Option<Denial>, StoreError> {
//!         // Here also: who else has `person.user_name`, and was the user deleted by an administrator?
//!         let denied = person.is_new && !self.policy.create_by_scim;
//!         Ok(denied.then_some(Denial::CreationOff))
//!     }
//!
//!     async fn settle(&self, tenant: &TenantId, touched: &[ResourceId], _: OffsetDateTime) {
//!         let connection = ConnectionId::new(tenant.as_str());
//!         let kind = self.registry.resource_type_by_name("User").unwrap().id();
//!         for id in touched {
//!             let load = Load { groups: true, ..Load::default() };
//!             let now_there = self.resources.get(tenant, kind, id, load).await.unwrap();
//!             let mut table = self.table.lock().unwrap();
//!             let linked = table.get(id).cloned();
//!             let groups: Vec<String> = now_there.iter()
//!                 .flat_map(|person| person.groups.iter().flatten())
//!                 .filter_map(|group| group.display.clone())
//!                 .collect();
//!             let incoming = Incoming {
//!                 arrival: Arrival::Scim,
//!                 connection: &connection,
//!                 user_name: "…",
//!                 active: now_there.as_ref().is_some_and(|person| person.document.is_active(&self.registry)),
//!                 groups: now_there.is_some().then_some(groups.as_slice()),
//!             };
//!             let known = Known { linked: linked.as_ref(), local_administrators: 1, ..Known::default() };
//!             match self.policy.decide(&incoming, &known) {
//!                 Decision::Create { roles, .. } => {
//!                     let user = LocalUser { id: id.clone(), user_name: "…".into(), active: true, roles,
//!                         connection: Some(connection.clone()) };
//!                     table.insert(id.clone(), user);
//!                 }
//!                 Decision::Update { roles: Some(roles), .. } => {
//!                     table.entry(id.clone()).and_modify(|user| user.roles = roles);
//!                 }
//!                 Decision::Disable(id) => {
//!                     table.entry(id).and_modify(|user| user.active = false); // and end the sessions
//!                 }
//!                 _ => {}
//!             }
//!         }
//!     }
//! }
//! # struct Dice;
//! # impl scim_core::random::Random for Dice {
//! #     fn fill(&self, b: &mut [u8]) -> Result<(), scim_core::random::RandomError> { b.fill(7); Ok(()) }
//! # }
//! # fn block_on<F: Future>(f: F) -> F::Output {
//! #     match std::pin::pin!(f).poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
//! #         std::task::Poll::Ready(value) => value,
//! #         std::task::Poll::Pending => panic!(),
//! #     }
//! # }
//!
//! let registry = Arc::new(Registry::standard());
//! let resources = MemoryStore::new(registry.clone());
//! let table = Arc::default();
//! let policy = ProvisioningPolicy::default();
//! let users = MyUsers { policy, resources: resources.clone(), registry: registry.clone(), table: Arc::clone(&table) };
//! let store = Provisioned::new(resources, users, registry.clone());
//! // From here on as ever
//! # let config = Config::new("https://sp.example/scim", CursorKey::new([1; 32]));
//! let service = ScimService::new(store, registry, Arc::new(Dice), config);
//! # let connection = Connection::new(ConnectionId::new("c1"), TenantId::new("c1"), Preset::Lenient, Scopes::all());
//! # let now = time::OffsetDateTime::UNIX_EPOCH;
//! let request = Request::new("POST", "/Users").body(br#"{"userName": "ann@example.com"}"#.to_vec());
//! assert_eq!(block_on(service.handle(&request, &connection, now)).status, 201);
//! let id = table.lock().unwrap().keys().next().unwrap().clone();
//! let request = Request::new("PATCH", &format!("/Users/{id}"))
//!     .body(br#"{"Operations": [{"op": "replace", "path": "active", "value": false}]}"#.to_vec());
//! assert_eq!(block_on(service.handle(&request, &connection, now)).status, 200);
//! assert!(!table.lock().unwrap()[&id].active);
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::document::{Document, Value};
use crate::policy::Denial;
use crate::resource::{ConnectionId, Resource, ResourceId, TenantId};
use crate::schema::{AttrId, Registry, Resolved, ResourceTypeId};
use crate::store::{
    Batch, Load, LoadMembers, Page, Query, ResourceStore, StoreError, Tombstone, Unit, Write,
    WriteError, Written,
};

/// Somebody who is about to be stored.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Person<'a> {
    /// The resource's id.
    pub id: &'a ResourceId,
    /// `userName`, as it will be.
    pub user_name: &'a str,
    /// Whether the resource is made now; else it is changed.
    pub is_new: bool,
    /// The connection that makes a new one.
    pub connection: Option<&'a ConnectionId>,
    /// The resource as it will be.
    pub document: &'a Document,
}

/// An application's own users.
pub trait Accounts: Send + Sync {
    /// Asked before a person is stored; a denial refuses that write, and the client is told [`Denial::hint`]. An error
    /// refuses the whole request.
    fn ask(
        &self,
        tenant: &TenantId,
        person: Person<'_>,
        now: OffsetDateTime,
    ) -> impl Future<Output = Result<Option<Denial>, StoreError>> + Send;

    /// Told after the commit whose account to decide again: read what is there by then, and decide. Must come to the
    /// same however often it is called. What cannot be done now is to be done later: the request has succeeded.
    fn settle(
        &self,
        tenant: &TenantId,
        touched: &[ResourceId],
        now: OffsetDateTime,
    ) -> impl Future<Output = ()> + Send;
}

/// A store of resources whose people are accounts of an application.
#[derive(Clone, Debug)]
pub struct Provisioned<S, A> {
    store: S,
    accounts: A,
    registry: Arc<Registry>,
}

/// Whose account to look at again.
#[derive(Default)]
struct Touched {
    people: BTreeSet<ResourceId>,
    /// People or groups.
    members: BTreeSet<ResourceId>,
}

impl<S: ResourceStore, A: Accounts> Provisioned<S, A> {
    /// Puts the application before the store.
    pub const fn new(store: S, accounts: A, registry: Arc<Registry>) -> Self {
        Self {
            store,
            accounts,
            registry,
        }
    }

    /// The store behind.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// The application.
    pub const fn accounts(&self) -> &A {
        &self.accounts
    }

    fn is_person(&self, kind: ResourceTypeId) -> bool {
        self.registry.resource_type(kind).groups().is_some()
    }

    fn members_of(&self, kind: ResourceTypeId) -> Option<AttrId> {
        self.registry.resource_type(kind).members()
    }

    fn text<'d>(&self, document: &'d Document, name: &str) -> Option<&'d str> {
        match self.registry.resolve(document.resource_type(), name)? {
            Resolved::Attribute(path) => document.at(path).and_then(Value::as_text),
            _ => None,
        }
    }

    async fn ask(
        &self,
        tenant: &TenantId,
        unit: &Unit,
        now: OffsetDateTime,
    ) -> Result<Option<Denial>, StoreError> {
        for write in &unit.writes {
            let (id, document, connection, is_new) = match write {
                Write::Insert {
                    id,
                    document,
                    connection,
                    ..
                } => (id, document, connection.as_ref(), true),
                Write::Update {
                    id,
                    document: Some(document),
                    ..
                } => (id, document, None, false),
                Write::Update { .. } | Write::Restore(_) | Write::Delete { .. } => continue,
            };
            if !self.is_person(document.resource_type()) {
                continue;
            }
            let person = Person {
                id,
                user_name: self.text(document, "userName").unwrap_or_default(),
                is_new,
                connection,
                document,
            };
            if let Some(denial) = self.accounts.ask(tenant, person, now).await? {
                return Ok(Some(denial));
            }
        }
        Ok(None)
    }

    /// Whom a write will touch, as far as that is lost by the write.
    async fn note(
        &self,
        tenant: &TenantId,
        write: &Write,
        touched: &mut Touched,
    ) -> Result<(), StoreError> {
        match write {
            Write::Insert {
                id,
                document,
                members,
                ..
            } => {
                if self.is_person(document.resource_type()) {
                    touched.people.insert(id.clone());
                }
                touched.members.extend(members.iter().cloned());
            }
            Write::Restore(resource) => {
                if self.is_person(resource.resource_type()) {
                    touched.people.insert(resource.id.clone());
                }
                let members = resource.members.iter().flatten();
                touched
                    .members
                    .extend(members.map(|member| member.id.clone()));
            }
            Write::Update { kind, id, .. } | Write::Delete { kind, id, .. }
                if self.is_person(*kind) =>
            {
                touched.people.insert(id.clone());
            }
            Write::Delete { kind, id, .. } => {
                touched
                    .members
                    .extend(self.members(tenant, *kind, id).await?);
            }
            Write::Update {
                kind,
                id,
                document,
                members,
                ..
            } => {
                let renamed = match document {
                    Some(document) => {
                        let old = self.store.get(tenant, *kind, id, Load::default()).await?;
                        let old = old.as_ref().map(|old| &old.document);
                        old.and_then(|old| self.text(old, "displayName"))
                            != self.text(document, "displayName")
                    }
                    None => false,
                };
                if members.clear() || renamed {
                    let before = self.members(tenant, *kind, id).await?;
                    if renamed {
                        touched.members.extend(before.iter().cloned());
                        touched.members.extend(members.add().iter().cloned());
                    } else {
                        let differ = before.symmetric_difference(members.add());
                        touched.members.extend(differ.cloned());
                    }
                } else {
                    touched.members.extend(members.add().iter().cloned());
                }
                touched.members.extend(members.remove().iter().cloned());
            }
        }
        Ok(())
    }

    async fn members(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        id: &ResourceId,
    ) -> Result<BTreeSet<ResourceId>, StoreError> {
        if self.members_of(kind).is_none() {
            return Ok(BTreeSet::new());
        }
        let load = Load {
            members: LoadMembers::All,
            groups: false,
        };
        let group = self.store.get(tenant, kind, id, load).await?;
        let members = group.and_then(|group| group.members).into_iter().flatten();
        Ok(members.map(|member| member.id).collect())
    }

    async fn group(
        &self,
        tenant: &TenantId,
        id: &ResourceId,
    ) -> Result<Option<Resource>, StoreError> {
        for kind in self.registry.resource_types() {
            if kind.members().is_some() {
                let found = self
                    .store
                    .get(tenant, kind.id(), id, Load::default())
                    .await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }

    async fn person(&self, tenant: &TenantId, id: &ResourceId) -> Result<bool, StoreError> {
        for kind in self.registry.resource_types() {
            if kind.groups().is_some() {
                let found = self
                    .store
                    .get(tenant, kind.id(), id, Load::default())
                    .await?;
                if found.is_some() {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Everybody who is touched, members of nested groups among them. A circle of groups is walked once.
    async fn people(
        &self,
        tenant: &TenantId,
        touched: Touched,
    ) -> Result<BTreeSet<ResourceId>, StoreError> {
        let mut people = touched.people;
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<ResourceId> = touched.members.into_iter().collect();
        while let Some(id) = waiting.pop() {
            if people.contains(&id) || !seen.insert(id.clone()) {
                continue;
            }
            if self.person(tenant, &id).await? {
                people.insert(id);
            } else if let Some(group) = self.group(tenant, &id).await? {
                waiting.extend(self.members(tenant, group.resource_type(), &id).await?);
            }
        }
        Ok(people)
    }
}

/// People in one call of [`Accounts::settle`].
const AT_ONCE: usize = 500;

impl<S: ResourceStore, A: Accounts> ResourceStore for Provisioned<S, A> {
    fn get(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> impl Future<Output = Result<Option<Resource>, StoreError>> + Send {
        self.store.get(tenant, kind, id, load)
    }

    fn find(
        &self,
        tenant: &TenantId,
        query: &Query,
    ) -> impl Future<Output = Result<Page, StoreError>> + Send {
        self.store.find(tenant, query)
    }

    async fn commit(
        &self,
        tenant: &TenantId,
        batch: &Batch,
    ) -> Result<Vec<Result<Vec<Written>, WriteError>>, StoreError> {
        let mut denied: BTreeMap<usize, Denial> = BTreeMap::new();
        let mut touched: Vec<Touched> = Vec::with_capacity(batch.units.len());
        for (index, unit) in batch.units.iter().enumerate() {
            let mut here = Touched::default();
            if let Some(denial) = self.ask(tenant, unit, batch.now).await? {
                denied.insert(index, denial);
            } else {
                for write in &unit.writes {
                    self.note(tenant, write, &mut here).await?;
                }
            }
            touched.push(here);
        }
        let mut results = if denied.is_empty() {
            self.store.commit(tenant, batch).await?
        } else {
            let mut rest = batch.clone();
            for index in denied.keys() {
                if let Some(unit) = rest.units.get_mut(*index) {
                    unit.failed = true;
                }
            }
            self.store.commit(tenant, &rest).await?
        };
        let mut all = Touched::default();
        for (index, (result, here)) in results.iter_mut().zip(touched).enumerate() {
            match (&*result, denied.get(&index)) {
                (Err(WriteError::Failed), Some(denial)) => {
                    *result = Err(WriteError::Denied(*denial));
                }
                (Ok(_), _) => {
                    all.people.extend(here.people);
                    all.members.extend(here.members);
                }
                _ => {}
            }
        }
        // What is stored is stored: a question that fails now must not make the request fail. The application finds
        // nobody behind the ids of groups
        let named: BTreeSet<ResourceId> = all.people.union(&all.members).cloned().collect();
        let people = self.people(tenant, all).await.unwrap_or(named);
        let people: Vec<ResourceId> = people.into_iter().collect();
        for some in people.chunks(AT_ONCE) {
            self.accounts.settle(tenant, some, batch.now).await;
        }
        Ok(results)
    }

    fn tombstone(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        attr: AttrId,
        value: &str,
    ) -> impl Future<Output = Result<Option<Tombstone>, StoreError>> + Send {
        self.store.tombstone(tenant, kind, attr, value)
    }
}

#[cfg(test)]
mod tests;
