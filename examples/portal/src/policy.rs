//! A provisioning policy as an administrator types it: one pattern a line, `group = role`.

use scim_core::policy::{Deprovision, GroupPattern, ProvisioningPolicy};

use crate::connections::Refused;

/// The most lines of one list, and the longest line.
const MAX_LINES: usize = 200;
const MAX_LINE: usize = 256;

/// What is to be different; `None` leaves it.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a plain parameter list")]
pub struct PolicyChange {
    /// Whether a login of somebody unknown makes a user.
    pub create_on_first_login: Option<bool>,
    /// Whether SCIM makes users.
    pub create_by_scim: Option<bool>,
    /// The groups that are taken over.
    pub groups_include: Option<Vec<String>>,
    /// The groups that are not.
    pub groups_exclude: Option<Vec<String>>,
    /// One of these is needed.
    pub groups_require: Option<Vec<String>>,
    /// `group = role`
    pub roles_by_group: Option<Vec<String>>,
    /// The roles of users whose groups give none.
    pub default_roles: Option<Vec<String>>,
    /// `disable`, `delete` or `none`
    pub deprovision: Option<String>,
    /// Whether users from the identity provider cannot be edited here.
    pub lock_provisioned: Option<bool>,
    /// Whether a local user of the same name becomes the identity provider's.
    pub adopt_local_users: Option<bool>,
}

fn lines(list: &[String]) -> Result<Vec<String>, Refused> {
    let lines: Vec<String> = list
        .iter()
        .map(|line| line.trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect();
    let long =
        |line: &String| line.chars().count() > MAX_LINE || line.chars().any(char::is_control);
    if lines.len() > MAX_LINES || lines.iter().any(long) {
        return Err(Refused::Setting(
            "A list of groups or roles has at most 200 lines of at most 256 characters.",
        ));
    }
    Ok(lines)
}

fn patterns(list: &[String]) -> Result<Vec<GroupPattern>, Refused> {
    Ok(lines(list)?.into_iter().map(GroupPattern::new).collect())
}

impl PolicyChange {
    /// Changes a policy.
    ///
    /// # Errors
    /// [`Refused::Setting`].
    pub fn apply(&self, policy: &mut ProvisioningPolicy) -> Result<(), Refused> {
        for (new, old) in [
            (
                self.create_on_first_login,
                &mut policy.create_on_first_login,
            ),
            (self.create_by_scim, &mut policy.create_by_scim),
            (self.lock_provisioned, &mut policy.lock_provisioned),
            (self.adopt_local_users, &mut policy.adopt_local_users),
        ] {
            *old = new.unwrap_or(*old);
        }
        for (new, old) in [
            (&self.groups_include, &mut policy.groups_include),
            (&self.groups_exclude, &mut policy.groups_exclude),
            (&self.groups_require, &mut policy.groups_require),
        ] {
            if let Some(new) = new {
                *old = patterns(new)?;
            }
        }
        if let Some(roles) = &self.default_roles {
            policy.default_roles = lines(roles)?;
        }
        if let Some(roles) = &self.roles_by_group {
            policy.roles_by_group = lines(roles)?
                .iter()
                .map(|line| {
                    // A group's name may hold the sign, a role does not
                    let (group, role) = line.rsplit_once('=').unwrap_or_default();
                    let (group, role) = (group.trim(), role.trim());
                    if group.is_empty() || role.is_empty() {
                        return Err(Refused::Setting(
                            "A role by group is written GROUP=ROLE; the group may hold * for any text.",
                        ));
                    }
                    Ok((GroupPattern::new(group), role.to_owned()))
                })
                .collect::<Result<_, _>>()?;
        }
        if let Some(word) = &self.deprovision {
            policy.deprovision = match word.as_str() {
                "disable" => Deprovision::Disable,
                "delete" => Deprovision::Delete,
                "none" => Deprovision::None,
                _ => return Err(Refused::Setting("Deprovision is disable, delete or none.")),
            };
        }
        Ok(())
    }
}

/// Patterns, one a line.
pub(crate) fn text_of(patterns: &[GroupPattern]) -> String {
    let lines: Vec<&str> = patterns.iter().map(GroupPattern::as_str).collect();
    lines.join("\n")
}

/// Roles by group, one a line.
pub(crate) fn text_of_roles(policy: &ProvisioningPolicy) -> String {
    let lines = policy.roles_by_group.iter();
    let lines: Vec<String> = lines
        .map(|(group, role)| format!("{} = {role}", group.as_str()))
        .collect();
    lines.join("\n")
}
