//! `signed_metadata …`: metadata that have to be signed with the key of `keys/sp.key.pem`.

use idp_config::{IdentityProvider, TrustPolicy};
use saml_xml::{SignOptions, TrustAnchors, sign_enveloped};
use sso_testkit::FakeIdp;
use time::OffsetDateTime;

use crate::vectors::signing_key as key;

/// Reads them, as the words say.
///
/// # Errors
/// The reason code.
///
/// # Panics
/// When they cannot be made.
pub fn run(idp: &FakeIdp, now: OffsetDateTime, argument: &str) -> Result<(), &'static str> {
    let has = |word: &str| argument.split_whitespace().any(|found| found == word);
    let metadata = idp.metadata_xml();
    let mut xml = metadata.replacen(" entityID=", " ID=\"_m\" entityID=", 1);
    if let Some(days) = [("valid_14_days", 14), ("valid_60_days", 60)]
        .into_iter()
        .find_map(|(word, days)| has(word).then_some(days))
    {
        let until = saml_xml::types::format_date_time(now + time::Duration::days(days));
        xml = xml.replacen(
            " entityID=",
            &format!(" validUntil=\"{until}\" entityID="),
            1,
        );
    }
    let signer = key(if has("rogue") { "rogue" } else { "sp" });
    let mut signed = sign_enveloped(&xml, "_m", &signer, &SignOptions::default()).expect("signed");
    if has("unsigned") {
        signed = metadata;
    }
    if has("changed") {
        signed = signed.replace("Location=\"https://", "Location=\"https://evil.");
    }
    if has("wrapped") {
        // A signed entity within an unsigned root: the root's own signature is what counts
        let start = signed.find("<md:EntityDescriptor").expect("the entity");
        signed = format!(
            "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\">{}</md:EntitiesDescriptor>",
            &signed[start..]
        );
    }
    let trusted = [key("sp").verifying_key().clone()];
    let wanted = idp.entity_id().parse().expect("an entity ID");
    let mut policy = TrustPolicy::default();
    if has("capped") {
        policy = policy.require_valid_until(time::Duration::days(28));
    }
    let read = if has("if_present") {
        IdentityProvider::from_metadata_xml_signed_or_not
    } else {
        IdentityProvider::from_signed_metadata_xml
    };
    read(
        signed.as_bytes(),
        Some(&wanted),
        TrustAnchors::Keys(&trusted),
        &policy,
        now,
    )
    .map(drop)
    .map_err(|error| error.code())
}
