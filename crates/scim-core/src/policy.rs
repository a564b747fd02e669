//! Who becomes a user, with which roles, and what happens when the identity provider says goodbye.
//!
//! [`ProvisioningPolicy::decide`] is one pure function for both ways a user arrives: the first login and SCIM. It is
//! given what is known, and it says what to do; the caller does it in one transaction. [`crate::accounts`] asks it about
//! every SCIM request.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error::Reason;
use crate::resource::{ConnectionId, ResourceId};
use crate::text::fold;

/// A group name with `*` for any text, compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupPattern(String);

impl GroupPattern {
    /// A pattern.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a group name fits.
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (fold(&self.0), fold(name));
        let mut parts = pattern.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else {
            return false;
        };
        let middle: Vec<&str> = parts.collect();
        let Some((last, middle)) = middle.split_last() else {
            return rest.is_empty();
        };
        for part in middle {
            let Some((_, after)) = rest.split_once(part) else {
                return false;
            };
            rest = after;
        }
        rest.ends_with(last)
    }
}

/// What happens to a user whom the identity provider deactivates, deletes or no longer lets in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Deprovision {
    /// The user is kept and cannot log in.
    #[default]
    Disable,
    /// The user is deleted.
    Delete,
    /// Nothing: an administrator decides.
    None,
}

/// How users of one connection are provisioned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ProvisioningPolicy {
    /// Whether a login of somebody unknown makes a user.
    pub create_on_first_login: bool,
    /// Whether SCIM makes users.
    pub create_by_scim: bool,
    /// The groups that are taken over.
    pub groups_include: Vec<GroupPattern>,
    /// The groups that are not, even if included.
    pub groups_exclude: Vec<GroupPattern>,
    /// One of these is needed to be let in; none are needed if the list is empty.
    pub groups_require: Vec<GroupPattern>,
    /// The roles groups give.
    pub roles_by_group: Vec<(GroupPattern, String)>,
    /// The roles of users whose groups give none.
    pub default_roles: Vec<String>,
    /// The role that makes an administrator.
    pub administrator_role: String,
    /// What happens to users who leave.
    pub deprovision: Deprovision,
    /// Whether users from the identity provider cannot be edited here.
    pub lock_provisioned: bool,
    /// Whether a local user of the same name becomes the identity provider's. Whoever runs the identity provider can
    /// then take that account over.
    pub adopt_local_users: bool,
}

impl Default for ProvisioningPolicy {
    fn default() -> Self {
        Self {
            create_on_first_login: true,
            create_by_scim: true,
            groups_include: vec![GroupPattern::new("*")],
            groups_exclude: Vec::new(),
            groups_require: Vec::new(),
            roles_by_group: Vec::new(),
            default_roles: Vec::new(),
            administrator_role: "admin".to_owned(),
            deprovision: Deprovision::Disable,
            lock_provisioned: true,
            adopt_local_users: false,
        }
    }
}

/// By which way a user arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Arrival {
    /// A login that was accepted.
    Login,
    /// A SCIM request.
    Scim,
}

/// What the identity provider says about a user.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "every member is an input the caller must think of"
)]
pub struct Incoming<'a> {
    /// By which way.
    pub arrival: Arrival,
    /// The connection.
    pub connection: &'a ConnectionId,
    /// The name.
    pub user_name: &'a str,
    /// Whether the user is active. False for a deactivation or a deletion.
    pub active: bool,
    /// The names of the user's groups; `None` if the request says nothing of groups.
    pub groups: Option<&'a [String]>,
}

/// A user as known here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "every member is an input the caller must think of"
)]
pub struct LocalUser {
    /// The id.
    pub id: ResourceId,
    /// The name.
    pub user_name: String,
    /// Whether the user may log in.
    pub active: bool,
    /// The roles.
    pub roles: BTreeSet<String>,
    /// The connection the user comes from; `None` for a local user.
    pub connection: Option<ConnectionId>,
}

/// Who deleted a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DeletedBy {
    /// The identity provider.
    IdentityProvider,
    /// An administrator here.
    Administrator,
}

/// What is known here.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "every member is an input the caller must think of"
)]
pub struct Known<'a> {
    /// The user behind the persistent link: the SCIM id, the externalId, a persistent NameID. One found by name only
    /// where both names come from this connection and nothing else is linked to that user: its identity provider
    /// vouches for both.
    pub linked: Option<&'a LocalUser>,
    /// The user of the incoming name, if there is one.
    pub named: Option<&'a LocalUser>,
    /// Who deleted the user that had this link or name, if one was.
    pub tombstone: Option<DeletedBy>,
    /// How many active local administrators there are.
    pub local_administrators: usize,
}

/// Why nobody is let in or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denial {
    /// The policy makes no users this way.
    CreationOff,
    /// None of the required groups.
    RequiredGroup,
    /// An administrator, or the identity provider before a mere login, has deleted this user.
    Tombstone,
    /// Another user has the name.
    NameTaken,
    /// The user is deactivated.
    Deactivated,
    /// The last local administrator would be gone.
    LastAdministrator,
    /// The user comes from the identity provider and is changed there, not here.
    Locked,
}

impl Denial {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        self.reason().code()
    }

    /// What to change, and where: fit to be a SCIM error's detail. No name of anybody is in it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::CreationOff => {
                "This connection makes no users this way; an administrator of the service can turn it on in the connection's provisioning policy."
            }
            Self::RequiredGroup => {
                "The user is in none of the groups that this connection asks for; assign one at the identity provider."
            }
            Self::Tombstone => {
                "This user was deleted; only an administrator of the service can restore the user."
            }
            Self::NameTaken => {
                "A user of this service who does not come from this connection has the name; rename one of the two, or allow this connection to adopt local users."
            }
            Self::Deactivated => {
                "The user is deactivated; the identity provider can activate the user again, or an administrator who had deactivated the user."
            }
            Self::LastAdministrator => {
                "This user is the last local administrator; add another one first."
            }
            Self::Locked => {
                "This user comes from the identity provider; make the change there, or unlock the connection's users in its provisioning policy."
            }
        }
    }

    /// The rule by which a SCIM request is refused for this.
    pub const fn reason(self) -> Reason {
        match self {
            Self::CreationOff => Reason::PolicyCreationOff,
            Self::RequiredGroup => Reason::PolicyRequiredGroup,
            Self::Tombstone => Reason::PolicyTombstone,
            Self::NameTaken => Reason::PolicyNameTaken,
            Self::Deactivated => Reason::PolicyDeactivated,
            Self::LastAdministrator => Reason::PolicyLastAdministrator,
            Self::Locked => Reason::PolicyLocked,
        }
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Make a user.
    Create {
        /// With these roles.
        roles: BTreeSet<String>,
        /// In these groups.
        groups: Vec<String>,
    },
    /// Change a user.
    Update {
        /// Who.
        id: ResourceId,
        /// The new name.
        rename: Option<String>,
        /// The roles from now on; `None` to leave them.
        roles: Option<BTreeSet<String>>,
        /// The groups from now on; `None` to leave them.
        groups: Option<Vec<String>>,
        /// Whether the user becomes active again.
        activate: bool,
        /// Whether a local user becomes the connection's.
        adopt: bool,
    },
    /// Keep the user from logging in, and end the sessions.
    Disable(ResourceId),
    /// Delete the user, and end the sessions.
    Delete(ResourceId),
    /// Nothing is to be done.
    Nothing,
    /// SCIM may keep what it says of the user, but the user is let in only once a required group has the user.
    Wait,
    /// Nothing may be done; a login is refused.
    Deny(Denial),
}

impl ProvisioningPolicy {
    /// Decides.
    pub fn decide(&self, incoming: &Incoming<'_>, known: &Known<'_>) -> Decision {
        // A request that says nothing of groups cannot show a required one, but takes none away from a known user.
        let admitted = match incoming.groups {
            Some(groups) => self.admits(groups),
            None => self.groups_require.is_empty() || known.linked.is_some(),
        };
        match known.linked {
            Some(user) if !incoming.active || !admitted => {
                let decision = self.leave(user, known);
                match (incoming.arrival, incoming.active) {
                    // Whoever is not let in any more learns so at once, whatever becomes of the user.
                    (Arrival::Login, true) if decision == Decision::Nothing => {
                        Decision::Deny(Denial::RequiredGroup)
                    }
                    _ => decision,
                }
            }
            Some(user) => self.update(incoming, known, user),
            None if !incoming.active => Decision::Nothing,
            None => self.arrive(incoming, known, admitted),
        }
    }

    fn admits(&self, groups: &[String]) -> bool {
        self.groups_require.is_empty()
            || groups.iter().any(|group| any(&self.groups_require, group))
    }

    fn leave(&self, user: &LocalUser, known: &Known<'_>) -> Decision {
        if self.is_last_administrator(user, known.local_administrators) {
            return Decision::Deny(Denial::LastAdministrator);
        }
        match self.deprovision {
            Deprovision::Disable if user.active => Decision::Disable(user.id.clone()),
            Deprovision::Delete => Decision::Delete(user.id.clone()),
            Deprovision::Disable | Deprovision::None => Decision::Nothing,
        }
    }

    fn update(&self, incoming: &Incoming<'_>, known: &Known<'_>, user: &LocalUser) -> Decision {
        // Only SCIM may bring a deactivated user back; a login is not a statement about the account.
        if !user.active && incoming.arrival == Arrival::Login {
            return Decision::Deny(Denial::Deactivated);
        }
        // The link decides who it is; the name follows it, and no second user is made.
        let differs = user.user_name != incoming.user_name;
        if differs && known.named.is_some_and(|other| other.id != user.id) {
            return Decision::Deny(Denial::NameTaken);
        }
        let adopt = user.connection.is_none();
        if adopt && self.is_last_administrator(user, known.local_administrators) {
            return Decision::Deny(Denial::LastAdministrator);
        }
        Decision::Update {
            id: user.id.clone(),
            rename: differs.then(|| incoming.user_name.to_owned()),
            roles: incoming.groups.map(|groups| self.roles(groups)),
            groups: incoming.groups.map(|groups| self.groups(groups)),
            activate: !user.active,
            adopt,
        }
    }

    fn arrive(&self, incoming: &Incoming<'_>, known: &Known<'_>, admitted: bool) -> Decision {
        let allowed = match incoming.arrival {
            Arrival::Login => self.create_on_first_login,
            Arrival::Scim => self.create_by_scim,
        };
        // The identity provider may take its own deletion back by SCIM (connection tests do); a login may not.
        let buried = match known.tombstone {
            Some(DeletedBy::Administrator) => true,
            Some(DeletedBy::IdentityProvider) => incoming.arrival == Arrival::Login,
            None => false,
        };
        let adopts = |user: &LocalUser| user.connection.is_none() && self.adopt_local_users;
        match known.named {
            // A user of this name without the link is somebody else until an administrator says otherwise.
            Some(user) if !adopts(user) => Decision::Deny(Denial::NameTaken),
            _ if buried => Decision::Deny(Denial::Tombstone),
            None if !allowed => Decision::Deny(Denial::CreationOff),
            // SCIM makes a user before it puts the user into groups.
            _ if !admitted => match incoming.arrival {
                Arrival::Login => Decision::Deny(Denial::RequiredGroup),
                Arrival::Scim => Decision::Wait,
            },
            Some(user) => self.update(incoming, known, user),
            None => {
                let groups = incoming.groups.unwrap_or_default();
                Decision::Create {
                    roles: self.roles(groups),
                    groups: self.groups(groups),
                }
            }
        }
    }

    /// The roles that groups give.
    pub fn roles(&self, groups: &[String]) -> BTreeSet<String> {
        let taken = self.groups(groups);
        let given = self
            .roles_by_group
            .iter()
            .filter(|(pattern, _)| taken.iter().any(|group| pattern.matches(group)));
        let roles: BTreeSet<String> = given.map(|(_, role)| role.clone()).collect();
        if roles.is_empty() {
            self.default_roles.iter().cloned().collect()
        } else {
            roles
        }
    }

    /// The groups that are taken over.
    pub fn groups(&self, groups: &[String]) -> Vec<String> {
        let taken =
            |group: &&String| any(&self.groups_include, group) && !any(&self.groups_exclude, group);
        groups.iter().filter(taken).cloned().collect()
    }

    /// Whether an administrator may change a user here: delete or disable (`roles` is `None`), or give these roles.
    ///
    /// # Errors
    /// [`Denial::Locked`], [`Denial::LastAdministrator`].
    pub fn edit_locally(
        &self,
        user: &LocalUser,
        roles: Option<&BTreeSet<String>>,
        local_administrators: usize,
    ) -> Result<(), Denial> {
        if !self.may_edit_locally(user) {
            return Err(Denial::Locked);
        }
        let stays = roles.is_some_and(|roles| roles.contains(&self.administrator_role));
        if !stays && self.is_last_administrator(user, local_administrators) {
            return Err(Denial::LastAdministrator);
        }
        Ok(())
    }

    /// Whether a user may be edited here.
    pub const fn may_edit_locally(&self, user: &LocalUser) -> bool {
        user.connection.is_none() || !self.lock_provisioned
    }

    /// Whether nobody could administrate without this user. Ask it before every local deletion, deactivation and
    /// change of roles.
    pub fn is_last_administrator(&self, user: &LocalUser, local_administrators: usize) -> bool {
        let is_one = user.connection.is_none()
            && user.active
            && user.roles.contains(&self.administrator_role);
        is_one && local_administrators <= 1
    }
}

fn any(patterns: &[GroupPattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

#[cfg(test)]
mod tests;
