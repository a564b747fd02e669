//! SAML metadata (SAML Metadata §2), read for one thing: whom to trust as identity provider.

mod idp_role;
mod keys;
mod select;
mod sniff;
#[cfg(test)]
mod tests;
mod validity;

use saml_xml::{
    AlgorithmPolicy, Document, Element, Limits, TrustAnchors, signature_child, verify_enveloped,
};
use time::OffsetDateTime;

pub(crate) use self::select::speaks_saml2;
pub(crate) use self::validity::{Validity, check_not_expired, read as read_validity};

use crate::provider::Trust;
use crate::{
    ConfigError, ConfigErrorKind, EntityId, IdentityProvider, TrustPolicy, Warning, WarningKind,
};

pub(crate) const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
pub(crate) const DS: &str = saml_xml::DSIG_NAMESPACE;

/// The most bytes of metadata that are read: 4 MiB. The metadata of one identity provider is
/// 2 to 70 KiB (Entra ID, with its WS-Federation roles, is the largest seen); this leaves room for
/// the group of a small federation.
pub const MAX_METADATA_BYTES: usize = 4 * 1024 * 1024;

/// Elements, texts and attributes: 400,000, as many to a byte as [`Limits::default`] gives a
/// message.
pub(crate) const MAX_NODES: usize = 400_000;

/// What is asked of the document's own signature.
#[derive(Clone, Copy)]
pub(crate) enum Signer<'a> {
    /// Nothing: whoever hands the document in vouches for it.
    None,
    /// It verifies, if it is there.
    IfSigned(TrustAnchors<'a>),
    /// It is there, and verifies.
    Required(TrustAnchors<'a>),
}

pub(crate) fn read(
    xml: &[u8],
    wanted: Option<&EntityId>,
    signer: Signer<'_>,
    policy: &TrustPolicy,
    now: OffsetDateTime,
) -> Result<IdentityProvider, ConfigError> {
    if xml.len() > MAX_METADATA_BYTES {
        return Err(ConfigError::new(ConfigErrorKind::TooLarge)
            .expected(format!("at most {MAX_METADATA_BYTES} bytes"))
            .actual(format!("{} bytes", xml.len())));
    }
    sniff::refuse_what_is_no_xml(xml)?;
    let limits = Limits {
        bytes: MAX_METADATA_BYTES,
        nodes: MAX_NODES,
        ..Limits::default()
    };
    let document = Document::parse(xml.to_vec(), &limits).map_err(ConfigError::xml)?;
    let verified = match signer {
        Signer::None => false,
        Signer::IfSigned(_) if !has_signature(document.root()) => false,
        Signer::IfSigned(anchors) | Signer::Required(anchors) => {
            verify(&document, anchors)?;
            true
        }
    };
    from_document(&document, wanted, verified, policy, now)
}

/// SAML Metadata §3: the signature of the root covers the whole document, so that whatever is read
/// of it is what was verified.
fn verify(document: &Document, signer: TrustAnchors<'_>) -> Result<(), ConfigError> {
    let root = document.root();
    let at = document.text_pos(root.span().start);
    match signature_child(root) {
        Ok(None) => return Err(ConfigError::new(ConfigErrorKind::SignatureMissing).at(at)),
        Ok(Some(_)) => {}
        Err(error) => {
            return Err(ConfigError::new(ConfigErrorKind::SignatureInvalid)
                .actual(error.code())
                .at(at));
        }
    }
    verify_enveloped(root, signer, &AlgorithmPolicy::default())
        .map(drop)
        .map_err(|error| {
            ConfigError::new(ConfigErrorKind::SignatureInvalid)
                .actual(error.code())
                .at(error.at().unwrap_or(at))
        })
}

fn from_document(
    document: &Document,
    wanted: Option<&EntityId>,
    verified: bool,
    policy: &TrustPolicy,
    now: OffsetDateTime,
) -> Result<IdentityProvider, ConfigError> {
    let context = Context {
        document,
        policy,
        now,
    };
    let found = select::entity(&context, wanted)?;
    let groups = validity::read(&context, Validity::UNBOUNDED, found.groups.iter().copied());
    let mut parts = found.groups.iter().copied().chain([found.entity]);
    let unverified = !verified && parts.any(has_signature);
    let around = Around {
        validity: groups?,
        unverified,
    };
    from_entity(&context, found.entity, found.entity_id, around)
}

/// What the groups around an entity say.
#[derive(Clone, Copy)]
pub(crate) struct Around {
    pub(crate) validity: Validity,
    /// There is a signature, and nobody looked at it.
    pub(crate) unverified: bool,
}

/// Reads one entity, wherever it stands.
pub(crate) fn from_entity(
    context: &Context<'_>,
    entity: Element<'_>,
    entity_id: EntityId,
    around: Around,
) -> Result<IdentityProvider, ConfigError> {
    let role = select::idp_role(context, entity)?;
    let validity = validity::read(context, around.validity, [entity, role].into_iter())?;
    if let Some(at_most) = context.policy.max_validity {
        validity::check_capped(context, validity.until, at_most, entity)?;
    }
    let mut warnings = Vec::new();
    if around.unverified {
        warnings.push(Warning::new(WarningKind::SignatureNotVerified));
    }
    let keys = keys::signing_keys(context, role, &mut warnings)?;
    let endpoints = idp_role::endpoints(context, role, &mut warnings)?;
    Ok(IdentityProvider {
        entity_id,
        sso: endpoints.sso,
        slo: endpoints.slo,
        trust: Trust::Keys(keys),
        name_id_formats: idp_role::name_id_formats(role),
        scopes: crate::scope::read(entity, role),
        want_authn_requests_signed: idp_role::want_authn_requests_signed(context, role)?,
        valid_until: validity.until,
        cache_duration: validity.cache,
        warnings,
    })
}

/// What every step needs to judge and to say where.
pub(crate) struct Context<'a> {
    pub(crate) document: &'a Document,
    pub(crate) policy: &'a TrustPolicy,
    pub(crate) now: OffsetDateTime,
}

impl Context<'_> {
    /// An error at the start tag of `element`.
    pub(crate) fn refuse(&self, kind: ConfigErrorKind, element: Element<'_>) -> ConfigError {
        self.locate(ConfigError::new(kind), element)
    }

    fn locate(&self, error: ConfigError, element: Element<'_>) -> ConfigError {
        error.at(self.document.text_pos(element.span().start))
    }
}

pub(crate) fn has_signature(element: Element<'_>) -> bool {
    element.children().any(|child| child.is(DS, "Signature"))
}
