//! The dialect of each identity provider we know.

use serde::{Deserialize, Serialize};

use super::{Dialect, OnInactiveConflict, PatchReply, Unknown, UnknownMembers};

/// A named dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Preset {
    /// RFC 7643 and 7644 to the letter.
    Strict,
    /// Everything that can be understood without guessing.
    #[default]
    Lenient,
    /// Microsoft Entra ID, with and without `aadOptscim062020`.
    Entra,
    /// Okta.
    Okta,
    /// JumpCloud.
    JumpCloud,
    /// PingOne and PingFederate.
    Ping,
    /// Google Workspace.
    Google,
    /// OneLogin.
    OneLogin,
}

impl Preset {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Strict,
        Self::Lenient,
        Self::Entra,
        Self::Okta,
        Self::JumpCloud,
        Self::Ping,
        Self::Google,
        Self::OneLogin,
    ];

    /// The name, as on a command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Lenient => "lenient",
            Self::Entra => "entra",
            Self::Okta => "okta",
            Self::JumpCloud => "jumpcloud",
            Self::Ping => "ping",
            Self::Google => "google",
            Self::OneLogin => "onelogin",
        }
    }

    /// The preset of this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|p| p.as_str().eq_ignore_ascii_case(name))
    }

    /// The switches.
    pub const fn dialect(self) -> Dialect {
        let mut dialect = LENIENT;
        match self {
            Self::Strict => return STRICT,
            // The wire shapes of these two are hardly documented: tolerate all, assume nothing.
            Self::Lenient | Self::Google | Self::OneLogin => {}
            Self::Entra => {
                dialect.null_as_absent = true;
                dialect.patch_reply = PatchReply::NoContent;
                dialect.patch_reply_group = PatchReply::NoContent;
            }
            // Re-assigning a person after deactivation is a fresh POST with the same userName.
            Self::Okta => dialect.on_inactive_conflict = OnInactiveConflict::Revive,
            // The connection test makes the same user again and again; minimal PUTs carry no externalId.
            Self::JumpCloud => dialect.on_inactive_conflict = OnInactiveConflict::Revive,
            // Cannot clear an attribute; sends two primary e-mails: both are Lenient already.
            Self::Ping => dialect.null_as_absent = true,
        }
        dialect
    }
}

const STRICT: Dialect = Dialect {
    operation_case: false,
    string_booleans: false,
    scalar_coercion: false,
    remove_with_value: false,
    create_missing: false,
    remove_missing: false,
    pathless_dotted: false,
    complex_shapes: false,
    single_for_list: false,
    null_in_lists: false,
    null_as_absent: false,
    bare_filter_values: false,
    value_path_sub_filter: false,
    unprefixed_extensions: false,
    unknown_attributes: Unknown::Refuse,
    unknown_schemas: Unknown::Refuse,
    schemas_optional: false,
    put_keeps_external_id: false,
    put_keeps_members: false,
    first_primary: false,
    canonical_values: true,
    patch_reply: PatchReply::Resource,
    patch_reply_group: PatchReply::Resource,
    lower_case_endpoints: false,
    plus_as_space: false,
    content_type_optional: false,
    on_inactive_conflict: OnInactiveConflict::Conflict,
    unknown_members: UnknownMembers::Refuse,
};

const LENIENT: Dialect = Dialect {
    operation_case: true,
    string_booleans: true,
    scalar_coercion: true,
    remove_with_value: true,
    create_missing: true,
    remove_missing: true,
    pathless_dotted: true,
    complex_shapes: true,
    single_for_list: true,
    null_in_lists: true,
    null_as_absent: false,
    bare_filter_values: true,
    value_path_sub_filter: true,
    unprefixed_extensions: true,
    unknown_attributes: Unknown::Drop,
    unknown_schemas: Unknown::Drop,
    schemas_optional: true,
    put_keeps_external_id: true,
    put_keeps_members: true,
    first_primary: true,
    canonical_values: false,
    patch_reply: PatchReply::Resource,
    patch_reply_group: PatchReply::ResourceIfSmall,
    lower_case_endpoints: true,
    plus_as_space: true,
    content_type_optional: true,
    on_inactive_conflict: OnInactiveConflict::Conflict,
    // A group may be pushed before, or with more people than, the users assigned to the application.
    unknown_members: UnknownMembers::Defer,
};

/// The preset a request looks like, from marks that only one identity provider leaves. A hint for an administrator;
/// never act on it unasked.
pub fn suggest(user_agent: Option<&str>, query: Option<&str>, body: &[u8]) -> Option<Preset> {
    let holds = |mark: &str| {
        body.windows(mark.len())
            .any(|part| part.eq_ignore_ascii_case(mark.as_bytes()))
    };
    if user_agent.is_some_and(|agent| agent.starts_with("Okta SCIM Client")) {
        return Some(Preset::Okta);
    }
    if query.is_some_and(|q| q.contains("aadOptscim"))
        || holds("schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM")
    {
        return Some(Preset::Entra);
    }
    let id = serde_json::from_slice::<serde_json::Value>(body).ok();
    let id = id
        .as_ref()
        .and_then(|v| v.get("externalId"))
        .and_then(|v| v.as_str());
    // JumpCloud's externalId is the 24 hexadecimal digits of an ObjectId.
    id.is_some_and(|id| id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit()))
        .then_some(Preset::JumpCloud)
}
