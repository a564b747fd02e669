//! Users as an administrator sees them: those that signed in and those that SCIM made, each once.

use std::collections::BTreeMap;

use sso_store::{DbError, Store};
use time::OffsetDateTime;

use crate::scim;

/// One user of one connection.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) connection: String,
    /// The NameID, or the userName of somebody who never signed in.
    pub(crate) name: String,
    pub(crate) format: Option<String>,
    /// `active`, `deactivated` or `deleted` by SCIM; `active` where SCIM knows nothing.
    pub(crate) state: &'static str,
    /// The SCIM resource.
    pub(crate) scim_id: Option<String>,
    pub(crate) first_login: Option<OffsetDateTime>,
    pub(crate) latest_login: Option<OffsetDateTime>,
}

/// Everybody, by connection and name.
pub(crate) fn list(store: &Store) -> Result<Vec<Person>, DbError> {
    let mut provisioned = BTreeMap::new();
    for connection in store.connections()? {
        for user in scim::users(store, &connection.name)? {
            let key = (connection.name.as_str().to_owned(), user.id.clone());
            provisioned.insert(key, user);
        }
    }
    let mut people = Vec::new();
    for user in store.users()? {
        let linked = user.scim_id.clone().map(|id| (user.connection.clone(), id));
        let state = match linked.as_ref().map(|key| provisioned.remove(key)) {
            Some(None) => "deleted",
            Some(Some(user)) => state(&user),
            None => "active",
        };
        people.push(Person {
            connection: user.connection,
            name: user.name_id,
            format: user.format,
            state,
            scim_id: user.scim_id,
            first_login: Some(user.first_seen),
            latest_login: Some(user.last_seen),
        });
    }
    people.extend(
        provisioned
            .into_iter()
            .map(|((connection, id), user)| Person {
                connection,
                state: state(&user),
                name: user.user_name,
                format: None,
                scim_id: Some(id),
                first_login: None,
                latest_login: None,
            }),
    );
    people.sort_by(|a, b| (&a.connection, &a.name).cmp(&(&b.connection, &b.name)));
    Ok(people)
}

fn state(user: &scim::Provisioned) -> &'static str {
    if user.active { "active" } else { "deactivated" }
}
