//! What identity providers do differently, as named switches.
//!
//! A [`Dialect`] is data: printable, comparable, stored with the connection. Every time a switch changes what a client
//! sent, a [`Rewrite`] is recorded and ends in the request log. Nothing switches dialects by itself; [`suggest`] only
//! tells which one the traffic looks like.

mod preset;
mod rewrite;

use serde::{Deserialize, Serialize};

pub use self::preset::{Preset, suggest};
pub use self::rewrite::{Rewrite, RewriteRule, Rewrites};

/// What to do with a name that no schema defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unknown {
    /// Leave it out, and say so in the log.
    Drop,
    /// Refuse the request.
    Refuse,
}

/// What to do when a new user's unique value belongs to a deactivated one of the same connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OnInactiveConflict {
    /// 409, as for any other conflict.
    Conflict,
    /// The old resource comes back under its id with the new profile, and the answer is 201.
    Revive,
}

/// How a successful PATCH is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PatchReply {
    /// 200 and the resource.
    Resource,
    /// 200 and the resource, but 204 for a group of more than a hundred members, which would have to be loaded just to
    /// be shown. RFC 7644 §3.5.2 leaves the choice to the service provider.
    ResourceIfSmall,
    /// 204, unless the client asks for `attributes`.
    NoContent,
}

/// Whether a group may name a member that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum UnknownMembers {
    /// Refuse the request.
    Refuse,
    /// Keep the name; the membership counts once the member exists.
    Defer,
}

/// The switches. [`Dialect::default`] is [`Preset::Lenient`], also for switches that a stored dialect does not know yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Dialect {
    /// `Add`, `REPLACE` count as `add`, `replace`.
    pub operation_case: bool,
    /// `"True"`, `"false"` count as booleans, in bodies and in filters.
    pub string_booleans: bool,
    /// A number or boolean where text is expected counts as text, and text that is a number as a number.
    pub scalar_coercion: bool,
    /// `remove` with a value removes those values only. Without the switch such an operation is refused, since
    /// ignoring the value would empty the attribute.
    pub remove_with_value: bool,
    /// `emails[type eq "work"].value` makes the work e-mail when there is none.
    pub create_missing: bool,
    /// `remove` whose filter matches nothing succeeds.
    pub remove_missing: bool,
    /// The value of a PATCH without path may have keys such as `name.givenName` and `urn:…:User:department`.
    pub pathless_dotted: bool,
    /// A string, a list of one or an empty string where a complex value is expected.
    pub complex_shapes: bool,
    /// A single value where a list is expected.
    pub single_for_list: bool,
    /// null inside a list is left out.
    pub null_in_lists: bool,
    /// On PUT, null keeps what an absent attribute keeps.
    pub null_as_absent: bool,
    /// Filter values without quotes: `externalId eq jyoung`.
    pub bare_filter_values: bool,
    /// `emails[type eq "work"].value eq "x"` in filters.
    pub value_path_sub_filter: bool,
    /// Extension attributes without their URN: `manager eq "x"`.
    pub unprefixed_extensions: bool,
    /// Attributes no schema defines.
    pub unknown_attributes: Unknown,
    /// URNs in `schemas` that are unknown.
    pub unknown_schemas: Unknown,
    /// `schemas` may be missing.
    pub schemas_optional: bool,
    /// PUT without externalId keeps the one there is.
    pub put_keeps_external_id: bool,
    /// PUT of a group without `members` keeps them; null or an empty list still empties the group.
    pub put_keeps_members: bool,
    /// Of several primary values the first wins.
    pub first_primary: bool,
    /// canonicalValues are binding.
    pub canonical_values: bool,
    /// How PATCH of a user (or anything but a group) is answered.
    pub patch_reply: PatchReply,
    /// How PATCH of a group is answered.
    pub patch_reply_group: PatchReply,
    /// `/users` is `/Users`.
    pub lower_case_endpoints: bool,
    /// `+` in a query string is a space.
    pub plus_as_space: bool,
    /// A body without content type counts as SCIM.
    pub content_type_optional: bool,
    /// A new user whose unique value a deactivated one holds.
    pub on_inactive_conflict: OnInactiveConflict,
    /// Members that do not exist.
    pub unknown_members: UnknownMembers,
}

impl Default for Dialect {
    fn default() -> Self {
        Preset::Lenient.dialect()
    }
}

#[cfg(test)]
mod tests;
