//! The reference store: everything in memory, its answers by the reference evaluator.

mod state;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::state::Tenant;
use super::{
    Batch, Keyset, Load, LoadMembers, Page, Query, QueryTarget, ResourceStore, Start, StoreError,
    Tombstone, WriteError, Written,
};
use crate::event::Event;
use crate::filter::{CompareOp, Filter, Operand, SortValue, Test, compare_keys};
use crate::resource::{Resource, ResourceId, TenantId};
use crate::schema::{AttrId, Registry, ResourceTypeId};

/// A [`ResourceStore`] in memory, for tests and as the meaning the SQL stores are compared with.
///
/// Lookups by userName, externalId, other unique attributes and `members.value` use an index; anything else looks at
/// every resource of the tenant.
#[derive(Clone)]
pub struct MemoryStore {
    registry: Arc<Registry>,
    tenants: Arc<Mutex<HashMap<TenantId, Tenant>>>,
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new(registry: Arc<Registry>) -> Self {
        Self {
            registry,
            tenants: Arc::default(),
        }
    }

    /// Takes the events of a tenant out of the outbox.
    pub fn take_events(&self, tenant: &TenantId) -> Vec<Event> {
        self.lock()
            .get_mut(tenant)
            .map(|tenant| std::mem::take(&mut tenant.outbox))
            .unwrap_or_default()
    }

    // Every change is undone when it fails half-way, so the state behind a poisoned lock is still whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Tenant>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, tenant: &Tenant, query: &Query) -> Page {
        let mut found: Vec<(Option<SortValue>, ResourceTypeId, &ResourceId, Load)> = Vec::new();
        for target in &query.targets {
            self.search(tenant, target, &mut found);
        }
        found.sort_by(|a, b| {
            compare_keys(
                (a.0.as_ref(), a.2.as_str()),
                (b.0.as_ref(), b.2.as_str()),
                query.descending,
            )
        });
        let total = u64::try_from(found.len()).unwrap_or(u64::MAX);
        let skip = match &query.start {
            Start::Offset(offset) => usize::try_from(*offset)
                .unwrap_or(usize::MAX)
                .min(found.len()),
            Start::After(None) => 0,
            Start::After(Some(place)) => found.partition_point(|entry| {
                let here = (entry.0.as_ref(), entry.2.as_str());
                compare_keys(
                    here,
                    (place.key.as_ref(), place.id.as_str()),
                    query.descending,
                )
                .is_le()
            }),
        };
        let count = usize::try_from(query.count).unwrap_or(usize::MAX);
        let rest = found.get(skip..).unwrap_or_default();
        let page = rest.get(..count.min(rest.len())).unwrap_or_default();
        let more = rest.len() > page.len();
        let next = page
            .last()
            .filter(|_| more)
            .map(|(key, _, id, _)| Keyset::new(key.clone(), (*id).clone()));
        let resources = page
            .iter()
            .filter_map(|(_, kind, id, load)| tenant.load(&self.registry, *kind, id, *load));
        Page::new(
            resources.collect(),
            query.count_total.then_some(total),
            next,
        )
    }

    fn search<'t>(
        &self,
        tenant: &'t Tenant,
        target: &QueryTarget,
        found: &mut Vec<(Option<SortValue>, ResourceTypeId, &'t ResourceId, Load)>,
    ) {
        let registry = &self.registry;
        let kind = registry.resource_type(target.kind);
        let mentions = |attr: Option<AttrId>| {
            attr.is_some_and(|attr| {
                target
                    .filter
                    .as_ref()
                    .is_some_and(|filter| filter.mentions(attr))
            })
        };
        let members = if mentions(kind.members()) {
            LoadMembers::All
        } else {
            LoadMembers::No
        };
        let load = Load {
            members,
            groups: mentions(kind.groups()),
        };
        let mut consider = |id: &'t ResourceId| {
            let Some(resource) = tenant.load(registry, target.kind, id, load) else {
                return;
            };
            if target
                .filter
                .as_ref()
                .is_none_or(|filter| filter.matches(registry, &resource))
            {
                let key = target.sort.and_then(|sort| {
                    sort.key(
                        registry,
                        &[resource.document.attributes(), &resource.derived(registry)],
                    )
                });
                found.push((key, target.kind, id, target.load));
            }
        };
        match target
            .filter
            .as_ref()
            .and_then(|filter| indexed(tenant, registry, target.kind, filter))
        {
            Some(ids) => ids.into_iter().for_each(&mut consider),
            None => tenant.ids(target.kind).for_each(&mut consider),
        }
    }
}

/// The only resources that can match, where an index tells.
fn indexed<'t>(
    tenant: &'t Tenant,
    registry: &Registry,
    kind: ResourceTypeId,
    filter: &Filter,
) -> Option<Vec<&'t ResourceId>> {
    match filter {
        Filter::And(terms) => terms
            .iter()
            .find_map(|term| indexed(tenant, registry, kind, term)),
        Filter::Leaf(leaf) => match &leaf.test {
            Test::Compare(CompareOp::Eq, Operand::Text(text)) => {
                tenant.by_key(registry, kind, leaf.path, text)
            }
            _ => None,
        },
        Filter::Or(_) | Filter::Not(_) | Filter::Element(..) | Filter::Const(_) => None,
    }
}

impl ResourceStore for MemoryStore {
    async fn get(
        &self,
        tenant: &TenantId,
        kind: ResourceTypeId,
        id: &ResourceId,
        load: Load,
    ) -> Result<Option<Resource>, StoreError> {
        Ok(self
            .lock()
            .get(tenant)
            .and_then(|tenant| tenant.load(&self.registry, kind, id, load)))
    }

    async fn find(&self, tenant: &TenantId, query: &Query) -> Result<Page, StoreError> {
        Ok(self.lock().get(tenant).map_or_else(
            || Page::new(Vec::new(), query.count_total.then_some(0), None),
            |tenant| self.page(tenant, query),
        ))
    }

    async fn commit(
        &self,
        tenant: &TenantId,
        batch: &Batch,
    ) -> Result<Vec<Result<Vec<Written>, WriteError>>, StoreError> {
        let mut tenants = self.lock();
        let tenant = tenants.entry(tenant.clone()).or_default();
        let mut results: Vec<Result<Vec<Written>, WriteError>> =
            Vec::with_capacity(batch.units.len());
        let mut errors = 0;
        for unit in &batch.units {
            let broken = unit
                .requires
                .iter()
                .copied()
                .find(|i| results.get(*i).is_none_or(Result::is_err));
            let result = if batch.stop_after_errors.is_some_and(|most| errors >= most) {
                Err(WriteError::NotAttempted)
            } else if unit.failed {
                Err(WriteError::Failed)
            } else if let Some(index) = broken {
                Err(WriteError::Dependency(index))
            } else {
                tenant.unit(&self.registry, unit, batch)
            };
            errors += usize::from(result.is_err());
            results.push(result);
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
        let key = crate::text::key(value, self.registry.attribute(attr).case_exact());
        Ok(self
            .lock()
            .get(tenant)
            .and_then(|tenant| tenant.tombstone(kind, attr, &key)))
    }
}
