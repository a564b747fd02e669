//! A login is decided by the same policy as SCIM: the same user, refused when deactivated or deleted,
//! made at the first login where that is allowed.

use saml_sp::{Login, Received};
use scim_core::filter::{CompareOp, Filter, Leaf, Operand, Test};
use scim_core::policy::{Arrival, Decision, DeletedBy, Denial, Incoming, Known};
use scim_core::resource::{ConnectionId, Resource, TenantId};
use scim_core::store::{Query, QueryTarget, ResourceStore as _, StoreError};
use scim_core::text;
use sso_store::{Account, AccountStatus, ConnectionRecord, ProvisionedBy, UserKey};
use time::OffsetDateTime;

use super::change::{Change, apply, group_names, is_linked, report, summary, tombstone, user_of};
use super::{Desk, failed};
use crate::random;
use crate::refusal::Reject;

/// Who came in.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// Our number for the NameID; none where it is for one session only.
    pub(crate) user: Option<i64>,
    /// The roles, where there is no account to ask.
    pub(crate) roles: Vec<String>,
}

impl Desk {
    /// The only SCIM user with that value.
    fn only(&self, connection: &str, attribute: &str, value: &str) -> Option<Resource> {
        let path = self.path(attribute)?;
        let exact = self.registry.attribute(path.leaf()).case_exact();
        let operand = Operand::Text(text::key(value, exact));
        let mut target = QueryTarget::all(self.kind()?);
        let test = Test::Compare(CompareOp::Eq, operand);
        target.filter = Some(Filter::Leaf(Leaf::new(path, test)));
        let tenant = TenantId::new(connection);
        let page = crate::scim::ready(self.resources.find(&tenant, &Query::new(target, 2))).ok()?;
        let mut found = page.resources.into_iter();
        match (found.next(), found.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// The account that a login is about: the one that its NameID is linked to, else that of the SCIM
    /// user of the name or of the only one with that e-mail address, else the one of that name at
    /// this connection.
    fn account_for(
        &self,
        record: &ConnectionRecord,
        key: Option<&UserKey<'_>>,
        name: &str,
        now: OffsetDateTime,
    ) -> Result<Option<Account>, StoreError> {
        let connection = record.name.as_str();
        let linked = key
            .map(|key| self.store.account_id_of(key))
            .transpose()
            .map_err(|e| failed(&e))?
            .flatten();
        if let Some(id) = linked {
            let account = self.store.account(id).map_err(|e| failed(&e))?;
            let Some(scim_id) = account.as_ref().and_then(|a| a.scim_id.as_deref()) else {
                return Ok(account);
            };
            self.settle_now(record.into(), &[scim_id], false, now)?;
            return self.store.account(id).map_err(|e| failed(&e));
        }
        let found = self
            .only(connection, "userName", name)
            .or_else(|| self.only(connection, "emails.value", name));
        if let Some(user) = found {
            let id = user.id.as_str();
            self.settle_now(record.into(), &[id], false, now)?;
            let account = self.store.account_of_scim(connection, id);
            return account.map_err(|e| failed(&e));
        }
        let named = self.store.account_named(Some(connection), name);
        // A living account of that name and another NameID is somebody else
        Ok(named
            .map_err(|e| failed(&e))?
            .filter(|account| account.is_gone() || !is_linked(account)))
    }
}

/// Decides about a login, and does what is decided.
pub(crate) fn admit(
    desk: &Desk,
    record: &ConnectionRecord,
    login: &Login,
    key: Option<&UserKey<'_>>,
    received: &Received,
    now: OffsetDateTime,
) -> Result<Admission, Box<Reject>> {
    let admitted = desk
        .store
        .alone(|| decide(desk, record, login, key, received, now));
    admitted.map_err(Box::<Reject>::from)?
}

fn decide(
    desk: &Desk,
    record: &ConnectionRecord,
    login: &Login,
    key: Option<&UserKey<'_>>,
    received: &Received,
    now: OffsetDateTime,
) -> Result<Admission, Box<Reject>> {
    let Some(name_id) = login.subject().name_id() else {
        return Ok(Admission::default());
    };
    let unavailable = |error: StoreError| {
        Box::new(Reject {
            internal: true,
            keep: false,
            summary: error.to_string(),
            ..*Reject::ours(
                "store.failed",
                "us",
                "The database did not answer.",
                received,
            )
        })
    };
    let name = name_id.value();
    let mut account = desk
        .account_for(record, key, name, now)
        .map_err(unavailable)?;
    let place = account.as_ref().and_then(|a| a.scim_id.clone());
    let _held = desk.hold(std::iter::once(place.as_deref().unwrap_or(name)));
    if let Some(id) = account.as_ref().map(|account| account.id) {
        account = desk.store.account(id)?;
    }
    let groups = match &record.settings.groups_attribute {
        // An attribute that is not there names no group; one that is not text says nothing
        Some(name) => login.attributes().texts(name).ok().map(|names| {
            let names = names.into_iter().map(str::to_owned);
            names.collect::<Vec<_>>()
        }),
        None => match account.as_ref().and_then(|a| a.scim_id.as_deref()) {
            Some(id) => {
                let user = desk.resource(record.name.as_str(), id);
                user.map_err(unavailable)?.as_ref().map(group_names)
            }
            None => None,
        },
    };
    // Whom SCIM has deleted, a login does not bring back
    let gone = account
        .as_ref()
        .is_some_and(|a| a.is_gone() && a.status != AccountStatus::Active);
    let user = account
        .as_ref()
        .filter(|a| is_linked(a) && !gone)
        .map(user_of);
    let local = match &user {
        Some(_) => None,
        None => desk.local(name).map_err(unavailable)?,
    };
    let stone = account.as_ref().and_then(tombstone);
    let incoming = Incoming {
        arrival: Arrival::Login,
        connection: &ConnectionId::new(record.name.as_str()),
        // The name is SCIM's to change, not a login's
        user_name: account.as_ref().map_or(name, |account| &account.name),
        active: true,
        groups: groups.as_deref(),
    };
    let known = Known {
        linked: user.as_ref(),
        named: local.as_ref(),
        tombstone: stone.or(gone.then_some(DeletedBy::IdentityProvider)),
        local_administrators: desk
            .administrators_if(local.is_some())
            .map_err(unavailable)?,
    };
    let refuse = |denial: Denial| {
        let mut reject = Reject::ours(denial.code(), "idp", denial.hint(), received);
        reject.account = account.as_ref().map(|account| account.id);
        Err(reject)
    };
    let decision = record.settings.provisioning.decide(&incoming, &known);
    match &decision {
        Decision::Deny(denial) => return refuse(*denial),
        // Whoever is not admitted any more is not let in. The account stays as it is: only SCIM could
        // ever open it again, and a later login may show the group
        Decision::Disable(_) | Decision::Delete(_) | Decision::Wait => {
            return refuse(Denial::RequiredGroup);
        }
        _ => {}
    }
    let adopt = matches!(decision, Decision::Update { adopt: true, .. });
    let before = match (&local, adopt) {
        (Some(local), true) => desk.stored(&local.id).map_err(unavailable)?,
        _ => account.clone(),
    };
    let fresh = || Account::new(Some(record.name.as_str()), name, ProvisionedBy::Login, now);
    let mut change = apply(&decision, &incoming, before, fresh, now);
    if adopt {
        change.account.connection = Some(record.name.as_str().to_owned());
        change.account.provisioned_by = ProvisionedBy::Login;
        change.account.roles_pinned = false;
    }
    let roles = change.account.roles.iter().cloned().collect();
    let Some(key) = key else {
        // An identifier for one session makes no account
        return Ok(Admission { user: None, roles });
    };
    let user = desk.store.seen_user(key, now)?;
    let id = write(desk, record, user, &change, now).map_err(unavailable)?;
    desk.store.link_user(user, id)?;
    Ok(Admission {
        user: Some(user),
        roles,
    })
}

fn write(
    desk: &Desk,
    record: &ConnectionRecord,
    user: i64,
    change: &Change,
    now: OffsetDateTime,
) -> Result<i64, StoreError> {
    if let Some(before) = &change.before {
        if change.is_needed() {
            desk.write(record.into(), std::slice::from_ref(change), "login", now)?;
        }
        return Ok(before.id);
    }
    let Some((event, denial)) = change.event else {
        return Err(StoreError::new("a new account without an event"));
    };
    let reference = random::code(2).unwrap_or_default();
    // The number comes with the account
    let text = summary(event, denial, None, &change.account, "login");
    let mut entry = sso_store::NewLogEntry::new(now, event, reference, text);
    entry.connection = Some(record.name.as_str());
    let report = report(change, "login");
    entry.report = Some(&report);
    desk.store
        .open_account(user, &change.account, &entry)
        .map_err(|error| failed(&error))
}
