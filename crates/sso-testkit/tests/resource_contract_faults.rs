//! The contract of resource stores finds what is wrong with one that is not right.
//!
//! By itself: while it runs, no panic of the process is printed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use scim_core::dialect::UnknownMembers;
use scim_core::event::Event;
use scim_core::resource::{Resource, ResourceId, TenantId};
use scim_core::schema::{AttrId, Registry, ResourceTypeId};
use scim_core::store::{
    Batch, Load, MemoryStore, Page, Query, ResourceStore, Start, StoreError, Tombstone, Unit,
    Write, WriteError, Written,
};
use sso_testkit::resource_contract::{failures, registry};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Requires,
    Savepoints,
    Expected,
    StopAfterErrors,
    UnknownMembers,
    Tenants,
    Tombstones,
    Cascade,
    UnitEvents,
    EventOrder,
    Places,
    Direction,
    Totals,
    Groups,
    LastModified,
    LongText,
}

/// The reference with one fault.
struct Faulty {
    store: MemoryStore,
    registry: Arc<Registry>,
    fault: Fault,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn tenant(&self, tenant: &TenantId) -> TenantId {
        if self.has(Fault::Tenants) {
            TenantId::new("everybody")
        } else {
            tenant.clone()
        }
    }
}

impl ResourceStore for Faulty {
    async fn get(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> Result<Option<Resource>, StoreError> {
        let found = self.store.get(&self.tenant(tenant), kind, id, load).await?;
        Ok(found.map(|mut resource| {
            if self.has(Fault::Groups) {
                resource
                    .groups
                    .iter_mut()
                    .for_each(|groups| groups.retain(|g| g.direct));
            }
            if self.has(Fault::LastModified) {
                resource.last_modified = resource.created;
            }
            resource
        }))
    }

    async fn find(&self, tenant: &TenantId, query: &Query) -> Result<Page, StoreError> {
        let mut query = query.clone();
        if self.has(Fault::Direction) {
            query.descending = false;
        }
        if self.has(Fault::Places)
            && let Start::After(Some(_)) = query.start
        {
            // As a store does that remembers a number instead of a place
            query.start = Start::Offset(query.count);
        }
        let mut page = self.store.find(&self.tenant(tenant), &query).await?;
        if self.has(Fault::Totals) {
            page.total = page.total.map(|_| page.resources.len() as u64);
        }
        if self.has(Fault::LongText) {
            let long = |r: &Resource| r.document.to_stored(&self.registry).len() > 8192;
            page.resources.retain(|resource| !long(resource));
        }
        Ok(page)
    }

    async fn commit(
        &self,
        tenant: &TenantId,
        batch: &Batch,
    ) -> Result<Vec<Result<Vec<Written>, WriteError>>, StoreError> {
        let mut batch = batch.clone();
        for unit in &mut batch.units {
            if self.has(Fault::Requires) {
                unit.requires.clear();
            }
            if self.has(Fault::UnitEvents) {
                unit.events.clear();
            }
            for write in &mut unit.writes {
                if let Write::Update { expected, .. } | Write::Delete { expected, .. } = write
                    && self.has(Fault::Expected)
                {
                    *expected = None;
                }
            }
        }
        if self.has(Fault::StopAfterErrors) {
            batch.stop_after_errors = None;
        }
        if self.has(Fault::UnknownMembers) {
            batch.unknown_members = UnknownMembers::Defer;
        }
        if self.has(Fault::Cascade) {
            batch.transaction = None;
        }
        if self.has(Fault::EventOrder) {
            let mut events: Vec<_> = batch
                .units
                .iter_mut()
                .map(|unit| std::mem::take(&mut unit.events))
                .collect();
            events.reverse();
            for (unit, events) in batch.units.iter_mut().zip(events) {
                unit.events = events;
            }
        }
        let tenant = self.tenant(tenant);
        if !self.has(Fault::Savepoints) {
            return self.store.commit(&tenant, &batch).await;
        }
        // Each write by itself, so that a unit that fails leaves half of its work
        let mut results = Vec::new();
        for unit in &batch.units {
            let mut written = Ok(Vec::new());
            for write in &unit.writes {
                let mut single = Batch::new(vec![Unit::of(write.clone())], batch.now);
                single.unknown_members = batch.unknown_members;
                let result = self.store.commit(&tenant, &single).await?.remove(0);
                written = match (written, result) {
                    (Ok(mut all), Ok(more)) => {
                        all.extend::<Vec<Written>>(more);
                        Ok(all)
                    }
                    (Err(error), _) | (_, Err(error)) => Err(error),
                };
            }
            results.push(written);
        }
        Ok(results)
    }

    async fn tombstone(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        attr: AttrId,
        value: &str,
    ) -> Result<Option<Tombstone>, StoreError> {
        if self.has(Fault::Tombstones) {
            return Ok(None);
        }
        let tenant = self.tenant(tenant);
        self.store.tombstone(&tenant, kind, attr, value).await
    }
}

#[test]
fn a_store_that_does_not_keep_the_contract_is_found_out() {
    // The cases that fail on purpose say so; nobody wants to read it
    std::panic::set_hook(Box::new(|_| ()));
    let registry = registry();
    let failed = |fault| -> Vec<&'static str> {
        let make = || Faulty {
            store: MemoryStore::new(registry.clone()),
            registry: registry.clone(),
            fault,
        };
        let outbox = |faulty: &Faulty, tenant: &TenantId| -> Vec<Event> {
            faulty.store.take_events(&faulty.tenant(tenant))
        };
        let failures = failures(make, outbox, &registry);
        failures.into_iter().map(|failure| failure.case).collect()
    };
    let mut unseen = Vec::new();
    for (fault, case) in [
        (Fault::Requires, "a_unit_falls_with_those_it_requires"),
        (Fault::Savepoints, "a_unit_happens_whole_or_not_at_all"),
        (Fault::Expected, "an_old_version_is_refused"),
        (Fault::StopAfterErrors, "a_batch_stops_after_so_many_errors"),
        (Fault::UnknownMembers, "unknown_members_are_refused"),
        (Fault::Tenants, "tenants_do_not_see_each_other"),
        (Fault::Tombstones, "a_deleted_resource_leaves_a_tombstone"),
        (Fault::Cascade, "groups_of_a_deleted_member_have_an_event"),
        (Fault::UnitEvents, "events_are_in_the_order_of_the_changes"),
        (Fault::EventOrder, "events_are_in_the_order_of_the_changes"),
        (Fault::Places, "pages_by_place_survive_what_comes_and_goes"),
        (Fault::Direction, "pages_by_place_go_both_ways"),
        (Fault::Totals, "counts_are_right"),
        (Fault::Groups, "groups_are_nested_and_in_circles"),
        (Fault::LastModified, "a_restored_resource_is_as_it_was"),
        (Fault::LongText, "long_text_is_kept_and_found"),
    ] {
        let failed = failed(fault);
        if !failed.contains(&case) {
            unseen.push((fault, failed));
        }
    }
    drop(std::panic::take_hook());
    assert!(unseen.is_empty(), "{unseen:?}");
}
