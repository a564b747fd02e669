//! Metadata Query Protocol: the URL of one entity at a server that knows many
//! (draft-young-md-query, draft-young-md-query-saml).

use std::fmt::Write as _;

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use saml_xml::VerifyingKey;
use url::Url;

use crate::{ConfigError, ConfigErrorKind, EntityId, MetadataRefresher, TrustPolicy};

/// How the entity is named in the request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MdqName {
    /// The entity ID itself, percent-encoded.
    #[default]
    EntityId,
    /// `{sha1}` and the SHA-1 of the entity ID in hexadecimal: for servers, or proxies before them,
    /// that cannot deal with encoded slashes. It names, it protects nothing.
    Sha1,
}

/// The URL to fetch an entity's metadata from, for a
/// [`MetadataRefresher`]. Give the refresher the entity ID too, and the
/// key that the server signs with.
///
/// # Errors
/// `config.url_malformed` when the base cannot have a path, or the entity ID is dots alone.
///
/// ```
/// use idp_config::{MdqName, mdq_url};
///
/// let base = "https://mdq.federation.example/".parse()?;
/// let entity = "https://idp.example/idp/shibboleth".parse()?;
/// assert_eq!(
///     mdq_url(&base, &entity, MdqName::EntityId)?.as_str(),
///     "https://mdq.federation.example/entities/https%3A%2F%2Fidp.example%2Fidp%2Fshibboleth",
/// );
/// assert_eq!(
///     mdq_url(&base, &"http://example.org/service".parse()?, MdqName::Sha1)?.as_str(),
///     "https://mdq.federation.example/entities/%7Bsha1%7D11d72e8cf351eb6c75c721e838f469677ab41bdb",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn mdq_url(base: &Url, entity_id: &EntityId, name: MdqName) -> Result<Url, ConfigError> {
    let mut path = base.path().trim_end_matches('/').to_owned();
    path.push_str("/entities/");
    match name {
        MdqName::EntityId => encode(&mut path, entity_id.as_str()),
        MdqName::Sha1 => {
            encode(&mut path, "{sha1}");
            let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, entity_id.as_str().as_bytes());
            for octet in digest.as_ref() {
                // Writing to a String cannot fail
                let _ = write!(path, "{octet:02x}");
            }
        }
    }
    let mut url = base.clone();
    // A path of dots alone would be taken for a step upwards
    if url.cannot_be_a_base() || entity_id.as_str().chars().all(|c| c == '.') {
        return Err(ConfigErrorKind::UrlMalformed.into());
    }
    url.set_path(&path);
    Ok(url)
}

impl MetadataRefresher {
    /// Starts with nothing, for one entity at an MDQ server: the URL of [`mdq_url`], the entity ID that
    /// the answer must be about, and the key that it must be signed with.
    ///
    /// # Errors
    /// As [`mdq_url`] and [`MetadataRefresher::new`].
    ///
    /// ```
    /// use idp_config::{FetchResponse, MdqName, MetadataRefresher, Poll, TrustPolicy};
    /// use saml_xml::Certificate;
    /// use time::macros::datetime;
    ///
    /// # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/keys/idp.crt.pem"));
    /// let federation = Certificate::from_pem(pem)?.key()?;
    /// let base = "https://mdq.federation.example".parse()?;
    /// let entity = "https://idp.example".parse()?;
    /// let policy = TrustPolicy::default();
    /// let mut refresher =
    ///     MetadataRefresher::from_mdq(&base, entity, MdqName::EntityId, federation, policy)?;
    ///
    /// let now = datetime!(2026-12-01 12:00 UTC);
    /// let Poll::Fetch(request) = refresher.poll(now) else { panic!("nothing was fetched yet") };
    /// assert_eq!(request.url.path(), "/entities/https%3A%2F%2Fidp.example");
    /// # let body = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/metadata/accepted__jumpcloud.xml")).to_vec();
    /// // An answer that is not signed is not believed
    /// let answer = FetchResponse { status: 200, body, ..FetchResponse::default() };
    /// let error = refresher.handle_response(answer, now, 0).unwrap_err();
    /// assert_eq!(error.code(), "metadata.signature_missing");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_mdq(
        base: &Url,
        entity_id: EntityId,
        name: MdqName,
        signer: VerifyingKey,
        policy: TrustPolicy,
    ) -> Result<Self, ConfigError> {
        let url = mdq_url(base, &entity_id, name)?;
        Ok(Self::new(url, Some(entity_id), policy)?.require_signature(signer))
    }
}

/// Everything but the unreserved characters of RFC 3986 §2.3.
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}
