//! What a SCIM client is told when a request is refused.
//!
//! The error *is* the wire format (RFC 7644 §3.12): a status, an optional `scimType` and a detail that says what to do.
//! On top of it every rule has a stable code (`area.rule`) for logs and tests.

use serde_json::{Value as Json, json};

/// The detail error keywords of RFC 7644 §3.12 (table 9) and RFC 9865 §2.1 (table 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are the standard's own keywords")]
pub enum ScimType {
    InvalidFilter,
    TooMany,
    Uniqueness,
    Mutability,
    InvalidSyntax,
    InvalidPath,
    NoTarget,
    InvalidValue,
    InvalidVers,
    Sensitive,
    InvalidCursor,
    ExpiredCursor,
    InvalidCount,
}

impl ScimType {
    /// The keyword as it stands in the `scimType` member.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident => $code:literal, $status:literal, $kind:expr;)+) => {
        /// Which rule refused the request. One rule, one stable code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason { $($(#[doc = $doc])+ $name,)+ }

        impl Reason {
            /// Every reason, for tables and coverage checks.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable code, `area.rule`.
            pub const fn code(self) -> &'static str { match self { $(Self::$name => $code,)+ } }

            /// The HTTP status this rule answers with.
            pub const fn status(self) -> u16 { match self { $(Self::$name => $status,)+ } }

            /// The `scimType` keyword, where the standard has one for this case.
            pub const fn scim_type(self) -> Option<ScimType> {
                use ScimType::*;
                match self { $(Self::$name => $kind,)+ }
            }
        }
    };
}

reasons! {
    /// The body is not JSON.
    JsonSyntax => "json.syntax", 400, Some(InvalidSyntax);
    /// The JSON is nested deeper than the limit.
    JsonDepth => "json.depth", 400, Some(InvalidSyntax);
    /// A member name occurs twice in one object.
    JsonDuplicate => "json.duplicate_member", 400, Some(InvalidSyntax);
    /// The message has not the shape its schema demands.
    MessageShape => "message.shape", 400, Some(InvalidSyntax);
    /// The body is larger than the limit.
    BodyTooLarge => "request.body_too_large", 413, None;
    /// The content type is not application/scim+json or application/json.
    ContentType => "request.content_type", 415, None;
    /// A query parameter cannot be decoded or has a wrong value.
    QueryParameter => "request.query_parameter", 400, Some(InvalidValue);
    /// No such endpoint.
    EndpointUnknown => "request.endpoint_unknown", 404, None;
    /// The endpoint does not take this method.
    MethodNotAllowed => "request.method_not_allowed", 405, None;
    /// The path names a protocol version that is not spoken here.
    Version => "request.version", 400, Some(InvalidVers);
    /// What is asked is not allowed to anybody.
    Forbidden => "request.forbidden", 403, None;
    /// The scopes of the token do not reach this far.
    ScopeInsufficient => "token.insufficient_scope", 403, None;
    /// No valid credential.
    Unauthorized => "request.unauthorized", 401, None;
    /// The tenant sends more than it may.
    RateLimited => "request.rate_limited", 429, None;
    /// `/Me` without a subject behind the credential.
    MeNotImplemented => "me.not_implemented", 501, None;
    /// No resource with this id.
    ResourceNotFound => "resource.not_found", 404, None;
    /// A unique attribute's value is taken.
    Uniqueness => "resource.uniqueness", 409, Some(Uniqueness);
    /// If-Match (or a bulk operation's version) does not match.
    Precondition => "resource.precondition", 412, None;
    /// The resource kept changing while the request was applied.
    Contention => "resource.contention", 409, None;
    /// The store failed.
    Storage => "store.failed", 500, None;
    /// `schemas` is missing, empty or lacks the resource's own schema.
    SchemasMissing => "schemas.missing", 400, Some(InvalidValue);
    /// `schemas` names a schema this resource type has not.
    SchemasUnknown => "schemas.unknown", 400, Some(InvalidValue);
    /// An attribute no schema of the resource type defines.
    AttributeUnknown => "attribute.unknown", 400, Some(InvalidSyntax);
    /// A required attribute has no value.
    AttributeRequired => "attribute.required", 400, Some(InvalidValue);
    /// A value of the wrong type.
    ValueType => "value.type", 400, Some(InvalidValue);
    /// A value outside canonicalValues, where those are binding.
    ValueCanonical => "value.canonical", 400, Some(InvalidValue);
    /// More than one value is primary.
    ValuePrimary => "value.primary", 400, Some(InvalidValue);
    /// A read-only attribute would change.
    MutabilityReadOnly => "mutability.read_only", 400, Some(Mutability);
    /// An immutable attribute would change.
    MutabilityImmutable => "mutability.immutable", 400, Some(Mutability);
    /// A PATCH would take a required attribute away.
    MutabilityRequired => "mutability.required", 400, Some(Mutability);
    /// The filter does not follow the grammar.
    FilterSyntax => "filter.syntax", 400, Some(InvalidFilter);
    /// The filter is longer than the limit.
    FilterTooLong => "filter.too_long", 400, Some(InvalidFilter);
    /// The filter is nested deeper than the limit.
    FilterTooDeep => "filter.too_deep", 400, Some(InvalidFilter);
    /// The filter has more terms than the limit.
    FilterTooManyTerms => "filter.too_many_terms", 400, Some(InvalidFilter);
    /// The filter names an attribute that does not exist.
    FilterAttribute => "filter.attribute_unknown", 400, Some(InvalidFilter);
    /// The operator does not fit the attribute's type.
    FilterOperator => "filter.operator", 400, Some(InvalidFilter);
    /// The comparison value does not fit the attribute's type.
    FilterValue => "filter.value", 400, Some(InvalidFilter);
    /// The attribute is never returned; answering would leak it.
    FilterSecret => "filter.secret", 400, Some(InvalidFilter);
    /// The attribute is computed when a resource is shown and cannot be searched.
    FilterComputed => "filter.computed", 400, Some(InvalidFilter);
    /// `sortBy` names something that cannot be sorted by.
    SortAttribute => "sort.attribute", 400, Some(InvalidPath);
    /// `attributes` and `excludedAttributes` together.
    ProjectionBoth => "projection.both", 400, Some(InvalidValue);
    /// The path does not follow the grammar.
    PathSyntax => "path.syntax", 400, Some(InvalidPath);
    /// The path names an attribute that does not exist.
    PathAttribute => "path.attribute_unknown", 400, Some(InvalidPath);
    /// The path has a filter where none can stand.
    PathFilter => "path.filter", 400, Some(InvalidPath);
    /// Remove without a path, or a path whose filter matches nothing.
    PatchNoTarget => "patch.no_target", 400, Some(NoTarget);
    /// `op` is not add, remove or replace.
    PatchOperation => "patch.operation", 400, Some(InvalidSyntax);
    /// add or replace without a value, or remove with one.
    PatchValue => "patch.value", 400, Some(InvalidValue);
    /// More operations than the limit.
    PatchTooMany => "patch.too_many", 400, Some(InvalidValue);
    /// A member that does not exist.
    MemberUnknown => "member.unknown", 400, Some(InvalidValue);
    /// The cursor was not made here, or for another query.
    CursorInvalid => "cursor.invalid", 400, Some(InvalidCursor);
    /// The cursor is too old.
    CursorExpired => "cursor.expired", 400, Some(ExpiredCursor);
    /// `count` is not the number the cursor was made with.
    CursorCount => "cursor.count", 400, Some(InvalidCount);
    /// The bulk request has too many operations.
    BulkTooMany => "bulk.too_many", 413, None;
    /// A bulk operation lacks a member or has a wrong one.
    BulkOperation => "bulk.operation", 400, Some(InvalidSyntax);
    /// A bulkId that no operation of this request defines.
    BulkIdUnknown => "bulk.id_unknown", 400, Some(InvalidValue);
    /// Two operations define the same bulkId.
    BulkIdDuplicate => "bulk.id_duplicate", 400, Some(InvalidValue);
    /// The operation this one refers to failed.
    BulkDependency => "bulk.dependency_failed", 409, None;
    /// The provisioning policy makes no users this way.
    PolicyCreationOff => "policy.creation_off", 403, None;
    /// None of the groups that the provisioning policy asks for.
    PolicyRequiredGroup => "policy.required_group", 403, None;
    /// A deleted user, who is not to come back by itself.
    PolicyTombstone => "policy.tombstone", 403, None;
    /// A user who does not come from this connection has the name.
    PolicyNameTaken => "policy.name_taken", 409, Some(Uniqueness);
    /// The user is deactivated.
    PolicyDeactivated => "policy.deactivated", 403, None;
    /// The last local administrator would be gone.
    PolicyLastAdministrator => "policy.last_administrator", 409, None;
    /// The user is changed at the identity provider, not here.
    PolicyLocked => "policy.locked", 403, None;
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

/// A refused request: the rule and what the client should do about it.
///
/// The detail names attributes, positions and limits, never values a user typed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}: {detail}")]
pub struct ScimError {
    reason: Reason,
    detail: String,
    allow: Option<&'static str>,
}

impl ScimError {
    /// An error of this rule. `detail` must hold no secret and no personal data.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self {
            reason,
            detail: detail.into(),
            allow: None,
        }
    }

    /// The endpoint takes other methods: RFC 9110 §15.5.6 has the answer name them.
    pub(crate) fn not_allowed(allow: &'static str) -> Self {
        let detail = format!("This endpoint takes {allow}.");
        Self {
            allow: Some(allow),
            ..Self::new(Reason::MethodNotAllowed, detail)
        }
    }

    pub(crate) const fn allow(&self) -> Option<&'static str> {
        self.allow
    }

    /// The rule.
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The stable code of the rule.
    pub const fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.reason.status()
    }

    /// What went wrong and what to do.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The same error, its detail opened by where it happened.
    #[must_use]
    pub(crate) fn within(mut self, place: &str) -> Self {
        self.detail = format!("{place}: {}", self.detail);
        self
    }

    /// The body of the error response (RFC 7644 §3.12).
    pub fn to_json(&self) -> Json {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status().to_string(),
            "detail": self.detail,
        });
        if let (Some(kind), Some(object)) = (self.reason.scim_type(), body.as_object_mut()) {
            object.insert("scimType".into(), kind.as_str().into());
        }
        body
    }
}

/// A name out of a request, fit for details and logs: shortened, without control characters, and cut before a filter,
/// whose values may be personal.
pub(crate) fn shown(name: &str) -> String {
    const MOST: usize = 120;
    let name = name.split(['[', '"']).next().unwrap_or_default();
    let mut text: String = name
        .chars()
        .filter(|c| !c.is_control())
        .take(MOST)
        .collect();
    if name.chars().count() > MOST {
        text.push('…');
    }
    text
}
