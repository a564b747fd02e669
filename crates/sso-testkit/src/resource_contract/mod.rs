//! What every [`ResourceStore`] has to do: a store of your own is checked by one call of [`run`].
//!
//! [`run`] takes a store through named cases, each of which says its name when it fails. [`differential()`] makes random
//! resources, changes and questions, and holds a store to the answers of the reference in memory.
//! [`one_of_many_wins`] looks at many who write at once; it is one of the cases, and can be had alone.

mod cases;
mod differential;
mod races;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use scim_core::event::Event;
use scim_core::resource::TenantId;
use scim_core::schema::{Registry, RegistryBuilder};
use scim_core::store::ResourceStore;

pub use self::differential::differential;
pub use self::races::one_of_many_wins;

/// The standard resource types, and an extension with every type of attribute.
///
/// # Panics
/// Never: the extension is well-formed.
#[must_use]
pub fn registry() -> Arc<Registry> {
    let schema = r#"{"id":"urn:example:x","attributes":[{"name":"level","type":"integer"},
        {"name":"ratio","type":"decimal"},{"name":"tags","multiValued":true},
        {"name":"code","caseExact":true},{"name":"since","type":"dateTime"}]}"#;
    Arc::new(
        RegistryBuilder::standard()
            .schema_json(schema)
            .and_then(|builder| builder.extend("User", "urn:example:x", false).build())
            .expect("the extension is well-formed"),
    )
}

/// A case that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The name of the case.
    pub case: &'static str,
    /// What it said.
    pub message: String,
}

/// Takes a store through every case.
///
/// `make` gives a store for [`registry`], for each case anew; it may be the same each time, as each case is a tenant of
/// its own. `outbox` takes the events of a tenant out of the store's outbox, oldest first.
///
/// ```
/// use scim_core::store::MemoryStore;
/// use sso_testkit::resource_contract;
///
/// let registry = resource_contract::registry();
/// let store = MemoryStore::new(registry.clone());
/// resource_contract::run(|| store.clone(), MemoryStore::take_events, &registry);
/// ```
///
/// # Panics
/// When a case fails, with the names of all that did.
pub fn run<S: ResourceStore>(
    make: impl Fn() -> S,
    outbox: impl Fn(&S, &TenantId) -> Vec<Event>,
    registry: &Arc<Registry>,
) {
    let failures = failures(make, outbox, registry);
    assert!(
        failures.is_empty(),
        "{} of {} cases failed: {failures:#?}",
        failures.len(),
        names().len()
    );
}

/// Like [`run`], but tells what failed.
pub fn failures<S: ResourceStore>(
    make: impl Fn() -> S,
    outbox: impl Fn(&S, &TenantId) -> Vec<Event>,
    registry: &Arc<Registry>,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for (case, check) in cases::all() {
        let store = make();
        let outbox = |tenant: &TenantId| outbox(&store, tenant);
        let stage = cases::Stage::new(&store, &outbox, registry, case);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(&stage))) {
            let message = said(panic.as_ref());
            failures.push(Failure { case, message });
        }
    }
    failures
}

/// The names of the cases.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let all = cases::all::<scim_core::store::MemoryStore>();
    all.into_iter().map(|(name, _)| name).collect()
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}
