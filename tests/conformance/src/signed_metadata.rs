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
    let xml = metadata.replacen(" entityID=", " ID=\"_m\" entityID=", 1);
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
    IdentityProvider::from_signed_metadata_xml(
        signed.as_bytes(),
        Some(&wanted),
        TrustAnchors::Keys(&trusted),
        &TrustPolicy::default(),
        now,
    )
    .map(drop)
    .map_err(|error| error.code())
}
