//! A login of somebody whom SCIM knows: the same user, refused when deactivated or deleted.

use saml_sp::{Login, Received};
use scim_core::filter::{CompareOp, Filter, Leaf, Operand, Test};
use scim_core::policy::{Arrival, Decision, DeletedBy, Denial, Incoming, Known, LocalUser};
use scim_core::resource::{ConnectionId, Resource, ResourceId, TenantId};
use scim_core::schema::{Registry, ResourceTypeId};
use scim_core::store::{Load, Query, QueryTarget, ResourceStore as _};
use scim_core::text;
use sso_store::{ConnectionRecord, ScimStore};

use super::{path, ready, tenant, user_kind, user_name};
use crate::app::App;
use crate::refusal::Reject;

/// Whom a login is about, as far as SCIM knows: the id that it is linked to, else the user of that
/// name, else the only one with that e-mail address.
struct Directory<'a> {
    resources: ScimStore,
    registry: &'a Registry,
    kind: ResourceTypeId,
    tenant: TenantId,
}

impl Directory<'_> {
    fn by_id(&self, id: &str) -> Option<Resource> {
        let id = ResourceId::new(id);
        ready(
            self.resources
                .get(&self.tenant, self.kind, &id, Load::default()),
        )
        .ok()?
    }

    fn only(&self, attribute: &str, value: &str) -> Option<Resource> {
        let path = path(self.registry, self.kind, attribute)?;
        let exact = self.registry.attribute(path.leaf()).case_exact();
        let operand = Operand::Text(text::key(value, exact));
        let mut target = QueryTarget::all(self.kind);
        let test = Test::Compare(CompareOp::Eq, operand);
        target.filter = Some(Filter::Leaf(Leaf::new(path, test)));
        let page = ready(self.resources.find(&self.tenant, &Query::new(target, 2))).ok()?;
        let mut found = page.resources.into_iter();
        match (found.next(), found.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// The names of the groups that SCIM has the user in.
    fn groups(&self, id: &ResourceId) -> Vec<String> {
        let load = Load {
            groups: true,
            ..Load::default()
        };
        let found = ready(self.resources.get(&self.tenant, self.kind, id, load));
        let groups = found.ok().flatten().and_then(|user| user.groups);
        groups
            .into_iter()
            .flatten()
            .filter_map(|group| group.display)
            .collect()
    }

    fn is_buried(&self, name: &str) -> bool {
        let Some(path) = path(self.registry, self.kind, "userName") else {
            return false;
        };
        let stone = self
            .resources
            .tombstone(&self.tenant, self.kind, path.leaf(), name);
        matches!(ready(stone), Ok(Some(_)))
    }
}

/// Decides about a login by what SCIM says of the user, and gives the id of the resource that it is
/// the same person as.
pub(crate) fn admit(
    app: &App,
    record: &ConnectionRecord,
    login: &Login,
    linked: Option<&str>,
    received: &Received,
) -> Result<Option<String>, Box<Reject>> {
    let Some(name_id) = login.subject().name_id() else {
        return Ok(None);
    };
    let service = app.scim.service(app)?;
    let registry = service.registry();
    let Some(kind) = user_kind(registry) else {
        return Ok(None);
    };
    let directory = Directory {
        resources: service.store().clone(),
        registry,
        kind,
        tenant: tenant(&record.name),
    };
    let found = match linked {
        Some(id) => directory.by_id(id),
        None => directory
            .only("userName", name_id.value())
            .or_else(|| directory.only("emails.value", name_id.value())),
    };
    let connection = ConnectionId::new(record.name.as_str());
    let user = found.map(|user| LocalUser {
        id: user.id.clone(),
        user_name: user_name(registry, &user.document).to_owned(),
        active: user.document.is_active(registry),
        roles: std::collections::BTreeSet::new(),
        connection: Some(connection.clone()),
    });
    let groups = match &record.settings.groups_attribute {
        // An attribute that is not there names no group; one that is not text says nothing
        Some(name) => login.attributes().texts(name).ok().map(|names| {
            let names = names.into_iter().map(str::to_owned);
            names.collect::<Vec<_>>()
        }),
        None => user.as_ref().map(|user| directory.groups(&user.id)),
    };
    let gone = user.is_none() && (linked.is_some() || directory.is_buried(name_id.value()));
    let incoming = Incoming {
        arrival: Arrival::Login,
        connection: &connection,
        // The name is SCIM's to change, not a login's
        user_name: user
            .as_ref()
            .map_or(name_id.value(), |user| user.user_name.as_str()),
        active: true,
        groups: groups.as_deref(),
    };
    let known = Known {
        linked: user.as_ref(),
        named: None,
        tombstone: gone.then_some(DeletedBy::IdentityProvider),
        local_administrators: 1,
    };
    let refuse = |denial: Denial| {
        let hint = match denial {
            Denial::CreationOff => {
                "This connection makes no users at their first login: provision the user by SCIM first."
            }
            Denial::RequiredGroup => {
                "The user is in none of the groups that this connection asks for; assign one at the identity provider."
            }
            _ => {
                "The identity provider has deactivated or deleted this user by SCIM; it can activate the user again."
            }
        };
        Err(Reject::ours(denial.code(), "idp", hint, received))
    };
    match record.settings.provisioning.decide(&incoming, &known) {
        Decision::Deny(denial) => refuse(denial),
        // Whoever is not admitted any more; the account itself is SCIM's to change
        Decision::Disable(_) | Decision::Delete(_) => refuse(Denial::RequiredGroup),
        _ => Ok(user.map(|user| user.id.as_str().to_owned())),
    }
}
