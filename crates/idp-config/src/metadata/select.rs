//! Which entity of the document is meant, and which role of it.

use saml_xml::Element;

use super::{Context, MD};
use crate::error::excerpt;
use crate::{ConfigError, ConfigErrorKind, EntityId};

/// How deep groups may lie in groups: 8. Aggregates of federations use two or three.
const MAX_GROUP_DEPTH: usize = 8;

/// How many entity IDs an error lists for the administrator to choose from.
const LISTED: usize = 5;

const SAML2_PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

/// The entity, and the groups around it from the root inwards.
pub(super) struct Found<'d> {
    pub(super) entity: Element<'d>,
    pub(super) entity_id: EntityId,
    pub(super) groups: Vec<Element<'d>>,
}

pub(super) fn entity<'d>(
    context: &Context<'d>,
    wanted: Option<&EntityId>,
) -> Result<Found<'d>, ConfigError> {
    let root = context.document.root();
    if root.is(MD, "EntityDescriptor") {
        let entity_id = entity_id(context, root)?;
        return match wanted {
            Some(wanted) if *wanted != entity_id => Err(context
                .refuse(ConfigErrorKind::EntityIdMismatch, root)
                .expected(excerpt(wanted.as_str()))
                .actual(excerpt(entity_id.as_str()))),
            _ => Ok(Found {
                entity: root,
                entity_id,
                groups: Vec::new(),
            }),
        };
    }
    if root.is(MD, "EntitiesDescriptor") {
        return in_groups(context, root, wanted);
    }
    let kind = match root.local_name() {
        "html" => ConfigErrorKind::Html,
        _ => ConfigErrorKind::WrongRoot,
    };
    Err(context
        .refuse(kind, root)
        .expected("EntityDescriptor or EntitiesDescriptor of SAML 2.0 metadata")
        .actual(format!(
            "{} of namespace {}",
            excerpt(root.local_name()),
            excerpt(root.namespace())
        )))
}

fn in_groups<'d>(
    context: &Context<'d>,
    root: Element<'d>,
    wanted: Option<&EntityId>,
) -> Result<Found<'d>, ConfigError> {
    let mut found: Option<Found<'d>> = None;
    let mut offered = Vec::new();
    // Groups yet to look into, each with the groups around it
    let mut pending = vec![vec![root]];
    while let Some(path) = pending.pop() {
        let Some(&group) = path.last() else { continue };
        if path.len() > MAX_GROUP_DEPTH {
            return Err(context
                .refuse(ConfigErrorKind::NestedTooDeep, group)
                .expected(format!("at most {MAX_GROUP_DEPTH} groups around an entity")));
        }
        for child in group.children() {
            if child.is(MD, "EntitiesDescriptor") {
                pending.push(path.iter().copied().chain([child]).collect());
            } else if child.is(MD, "EntityDescriptor") {
                let Some(id) = child.attribute("entityID") else {
                    continue;
                };
                if child.children().any(|role| role.is(MD, "IDPSSODescriptor")) {
                    offered.push(id);
                }
                if wanted.is_none_or(|wanted| wanted.as_str() != id) {
                    continue;
                }
                // SAML Metadata §2.3.2: entityID is the unique identifier of the entity; taking
                // the first or the last would let whoever adds one choose
                if found.is_some() {
                    return Err(context
                        .refuse(ConfigErrorKind::EntityIdDuplicate, child)
                        .actual(excerpt(id)));
                }
                let entity_id = entity_id(context, child)?;
                found = Some(Found {
                    entity: child,
                    entity_id,
                    groups: path.clone(),
                });
            }
        }
    }
    let found_instead = || match offered.len() {
        0 => "no identity provider".to_owned(),
        n => {
            let listed: Vec<String> = offered.iter().take(LISTED).map(|id| excerpt(id)).collect();
            let more = if n > LISTED { ", …" } else { "" };
            format!("{}{more}", listed.join(", "))
        }
    };
    match (found, wanted) {
        (Some(found), _) => Ok(found),
        (None, Some(wanted)) => Err(context
            .refuse(ConfigErrorKind::EntityIdNotFound, root)
            .expected(excerpt(wanted.as_str()))
            .actual(found_instead())),
        (None, None) => Err(context
            .refuse(ConfigErrorKind::EntityIdNeeded, root)
            .expected("the entity ID that is meant")
            .actual(found_instead())),
    }
}

/// SAML Metadata §2.3.2: entityID is required.
fn entity_id(context: &Context<'_>, entity: Element<'_>) -> Result<EntityId, ConfigError> {
    match entity.attribute("entityID") {
        Some(id) => EntityId::new(id).map_err(|error| context.locate(error, entity)),
        None => Err(context.refuse(ConfigErrorKind::EntityIdMissing, entity)),
    }
}

/// The one IDPSSODescriptor that speaks SAML 2.0.
pub(super) fn idp_role<'d>(
    context: &Context<'_>,
    entity: Element<'d>,
) -> Result<Element<'d>, ConfigError> {
    let roles = || {
        entity
            .children()
            .filter(|child| child.is(MD, "IDPSSODescriptor"))
    };
    // SAML Metadata §2.4.1: protocolSupportEnumeration is a white-space separated list of URIs
    let mut fitting = roles().filter(|role| speaks_saml2(*role));
    match (fitting.next(), fitting.next()) {
        (Some(role), None) => Ok(role),
        // The standard allows it; which keys and endpoints belong together is then for the one who
        // reads to guess, and a guess must not decide whom to trust
        (Some(_), Some(second)) => Err(context.refuse(ConfigErrorKind::SeveralIdpRoles, second)),
        (None, _) => Err(match roles().next() {
            Some(role) => context
                .refuse(ConfigErrorKind::ProtocolUnsupported, role)
                .expected(SAML2_PROTOCOL)
                .actual(excerpt(
                    role.attribute("protocolSupportEnumeration")
                        .unwrap_or_default(),
                )),
            None if entity
                .children()
                .any(|child| child.is(MD, "SPSSODescriptor")) =>
            {
                context.refuse(ConfigErrorKind::ServiceProviderOnly, entity)
            }
            None => context.refuse(ConfigErrorKind::NoIdpRole, entity),
        }),
    }
}

/// Whether a role is one of SAML 2.0.
pub(crate) fn speaks_saml2(role: Element<'_>) -> bool {
    let list = role.attribute("protocolSupportEnumeration");
    list.is_some_and(|list| {
        list.split_ascii_whitespace()
            .any(|uri| uri == SAML2_PROTOCOL)
    })
}
