//! Which attributes an answer shows: `attributes`, `excludedAttributes` and the attributes' own `returned`.

use std::collections::BTreeSet;

use crate::error::{Reason, ScimError};
use crate::schema::{AttrId, AttrPath, Registry, Resolved, ResourceTypeId, Returned};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Default,
    Only(BTreeSet<AttrPath>),
    Except(BTreeSet<AttrPath>),
}

/// The attributes of one resource type that an answer shows (RFC 7644 §3.4.2.5, §3.9).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Projection {
    mode: Mode,
}

impl Projection {
    /// Resolves the two lists for a resource type. Names that are not attributes of it are left out: a query over
    /// several resource types names attributes that only one of them has. `[filter]` in a name is not looked at.
    ///
    /// # Errors
    /// `projection.both`.
    pub fn new(
        registry: &Registry,
        kind: ResourceTypeId,
        attributes: &[String],
        excluded: &[String],
    ) -> Result<Self, ScimError> {
        let mode = match (attributes.is_empty(), excluded.is_empty()) {
            (true, true) => Mode::Default,
            (false, true) => Mode::Only(resolve(registry, kind, attributes)),
            (true, false) => Mode::Except(resolve(registry, kind, excluded)),
            // RFC 7644 §3.4.2.5: the two are mutually exclusive.
            (false, false) => {
                let detail = "Send either `attributes` or `excludedAttributes`, not both.";
                return Err(ScimError::new(Reason::ProjectionBoth, detail));
            }
        };
        Ok(Self { mode })
    }

    /// Whether a top-level attribute is shown, in whole or in part.
    pub fn shows(&self, registry: &Registry, attr: AttrId) -> bool {
        let attribute = registry.attribute(attr);
        match (attribute.returned(), &self.mode) {
            (Returned::Always, _) => true,
            (Returned::Never, _) => false,
            (Returned::Default, Mode::Default) => true,
            (Returned::Request, Mode::Default | Mode::Except(_)) => false,
            (Returned::Default | Returned::Request, Mode::Only(set)) => {
                set.range(AttrPath { attr, sub: None }..)
                    .next()
                    .is_some_and(|path| path.attr == attr)
                    || always_part(registry, attr).is_some()
            }
            (Returned::Default, Mode::Except(set)) => {
                !set.contains(&attr.into()) || always_part(registry, attr).is_some()
            }
        }
    }

    /// Whether a part of a shown attribute is shown.
    pub fn shows_part(&self, registry: &Registry, attr: AttrId, sub: AttrId) -> bool {
        let path = AttrPath {
            attr,
            sub: Some(sub),
        };
        match (registry.attribute(sub).returned(), &self.mode) {
            (Returned::Always, _) => true,
            (Returned::Never, _) => false,
            (Returned::Default, Mode::Default) => true,
            (Returned::Request, Mode::Default | Mode::Except(_)) => false,
            (Returned::Default, Mode::Only(set)) => {
                let whole = registry.attribute(attr).returned() == Returned::Always
                    && set
                        .range(AttrPath { attr, sub: None }..)
                        .next()
                        .is_none_or(|p| p.attr != attr);
                whole || set.contains(&attr.into()) || set.contains(&path)
            }
            (Returned::Request, Mode::Only(set)) => set.contains(&path),
            (Returned::Default, Mode::Except(set)) => {
                !set.contains(&path) && !set.contains(&attr.into())
            }
        }
    }

    /// Whether the client named attributes itself.
    pub const fn is_explicit(&self) -> bool {
        matches!(self.mode, Mode::Only(_))
    }
}

fn always_part(registry: &Registry, attr: AttrId) -> Option<AttrId> {
    registry
        .attribute(attr)
        .subs()
        .iter()
        .copied()
        .find(|s| registry.attribute(*s).returned() == Returned::Always)
}

fn resolve(registry: &Registry, kind: ResourceTypeId, names: &[String]) -> BTreeSet<AttrPath> {
    let mut set = BTreeSet::new();
    for name in names {
        let name = name.trim();
        let plain = match (name.split_once('['), name.rsplit_once(']')) {
            (Some((head, _)), Some((_, tail))) => format!("{head}{tail}"),
            _ => name.to_owned(),
        };
        match registry.resolve_unprefixed(kind, &plain) {
            Some(Resolved::Attribute(path)) => {
                set.insert(path);
            }
            Some(Resolved::Extension(schema)) => {
                set.extend(
                    registry
                        .schema(schema)
                        .attributes()
                        .iter()
                        .map(|a| AttrPath::from(*a)),
                );
            }
            None => {}
        }
    }
    set
}
