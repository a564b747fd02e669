//! Judges one message with the library, exactly as a login would.

use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use idp_config::{EntityId, IdpSource, TrustPolicy, WarningKind};
use saml_explain::Explanation;
use saml_sp::{
    AcsForm, Connection, ConnectionId, DecryptionKey, Expected, Login, MemoryStore, PendingLogin,
    Received, Rejection, RequestStore as _, ServiceProvider, SignedPart,
};
use saml_xml::types::{decode_base64, encode_base64};
use saml_xml::{Certificate, DSIG_NAMESPACE, XmlWriter};
use time::{Duration, OffsetDateTime};

use crate::arguments::{Arguments, Part};

/// What came of a message.
pub(crate) struct Judgement {
    pub(crate) login: Option<Login>,
    pub(crate) explanation: Explanation,
    /// The message, when it is text at all.
    pub(crate) xml: Option<String>,
    pub(crate) file: String,
    /// What is worth knowing about the identity provider's side.
    pub(crate) warnings: Vec<String>,
    /// What was assumed because nobody said it.
    pub(crate) assumptions: Vec<String>,
}

pub(crate) fn judge(arguments: &Arguments) -> Result<Judgement, String> {
    if arguments.cross_check {
        return Err(
            "--cross-check needs the saml-xmlsec crate, which this build does not have".into(),
        );
    }
    let now = arguments.at.unwrap_or_else(now);
    let bytes = xml_bytes(read(&arguments.response)?)?;
    let mut builder = ServiceProvider::builder(&arguments.sp_entity_id, &arguments.acs_url);
    for path in &arguments.decryption_key {
        let pem = String::from_utf8(read(path)?).unwrap_or_default();
        let key = DecryptionKey::from_pkcs8_pem(&pem).map_err(|error| {
            format!(
                "--decryption-key {}: {}: {}",
                path.display(),
                error.code(),
                error.hint()
            )
        })?;
        builder = builder.decryption_key(key);
    }
    let sp = builder
        .build()
        .map_err(|e| format!("--sp-entity-id or --acs-url: {e}"))?;
    let encoded = encode_base64(&bytes);
    let received = sp.receive(AcsForm::fields(&encoded, None));

    let mut assumptions = Vec::new();
    let connection = connection(arguments, received.as_ref().ok(), now, &mut assumptions)?;
    let outcome = match &received {
        Ok(received) => login(arguments, &sp, &connection, received, now, &mut assumptions),
        Err(error) => Err(Rejection::from(*error)),
    };
    let (login, report) = match &outcome {
        Ok(login) => (Some(login.clone()), login.report()),
        Err(rejection) => (None, rejection.report()),
    };
    let explanation = Explanation::new(report).map_err(|e| e.to_string())?;
    Ok(Judgement {
        login,
        explanation,
        file: arguments.response.display().to_string(),
        warnings: page(&bytes).into_iter().chain(about(&connection)).collect(),
        xml: String::from_utf8(bytes).ok(),
        assumptions,
    })
}

/// A mistake of its own: what was saved is no message at all.
fn page(bytes: &[u8]) -> Option<String> {
    let start = bytes.trim_ascii_start();
    let is = |tag: &[u8]| {
        start
            .get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag))
    };
    (is(b"<!doctype html") || is(b"<html")).then(|| {
        "this is an HTML page, not a SAML Response: perhaps an error page of a proxy, or the page that was to post the form"
            .to_owned()
    })
}

/// What is worth knowing about the identity provider's side.
fn about(connection: &Connection) -> impl Iterator<Item = String> {
    let warnings = connection.identity_provider().warnings().iter();
    warnings
        // Nothing to do about it, so nothing to say
        .filter(|warning| warning.kind() != WarningKind::CertificateSelfSigned)
        .map(ToString::to_string)
}

fn login(
    arguments: &Arguments,
    sp: &ServiceProvider,
    connection: &Connection,
    received: &Received,
    now: OffsetDateTime,
    assumptions: &mut Vec<String>,
) -> Result<Login, Rejection> {
    let stores = MemoryStore::new();
    let claimed = received.hints().in_response_to();
    let request = match (&arguments.request_id, claimed) {
        (Some(id), _) => Some(id.as_str()),
        (None, Some(claimed)) if !arguments.unsolicited => {
            assumptions.push(format!(
                "a request with the ID {claimed} was made; give --request-id to check that"
            ));
            Some(claimed)
        }
        (None, None) if !arguments.unsolicited => {
            assumptions
                .push("no request was made, and the connection allows that (--unsolicited)".into());
            None
        }
        (None, _) => None,
    };
    let validated = match request {
        None => sp.validate(received, connection, Expected::Unsolicited, now)?,
        Some(id) => {
            let pending =
                pending(id, &arguments.acs_url, connection.id(), now).ok_or_else(|| {
                    Rejection::from(saml_sp::Error::from(saml_sp::Reason::from(
                        saml_sp::RequestRule::Unknown,
                    )))
                })?;
            let _put = ready(stores.put(&pending));
            sp.validate(received, connection, Expected::Request(&pending), now)?
        }
    };
    ready(validated.accept(&stores, &stores, now))
}

/// The login that the message is taken to answer, as a store would give it back.
fn pending(
    id: &str,
    acs_url: &str,
    connection: &ConnectionId,
    now: OffsetDateTime,
) -> Option<PendingLogin> {
    let nanos = |time: OffsetDateTime| i64::try_from(time.unix_timestamp_nanos()).ok();
    serde_json::from_value(serde_json::json!({
        "id": id,
        "connection": connection,
        "relay_state": "",
        "created": nanos(now.saturating_sub(Duration::minutes(1)))?,
        "expires": nanos(now.saturating_add(Duration::minutes(1)))?,
        "return_to": null,
        "acs_url": acs_url,
        "force_authn": false,
        "name_id_format": null,
        "authn_context_class_refs": [],
        "browser_binding": "",
    }))
    .ok()
}

fn connection(
    arguments: &Arguments,
    received: Option<&Received>,
    now: OffsetDateTime,
    assumptions: &mut Vec<String>,
) -> Result<Connection, String> {
    let mut policy = TrustPolicy::default();
    if arguments.danger_accept_rsa1024 {
        policy = idp_config::danger::accept_rsa1024(policy);
    }
    let source = source(arguments, received, assumptions)?;
    let idp = source
        .resolve_with(&policy, now)
        .map_err(|e| format!("the identity provider's side cannot be read: {e}"))?;
    let id = ConnectionId::new("explained").map_err(|e| e.to_string())?;
    let mut connection = Connection::new(id, idp).allow_unsolicited(true);
    if arguments.danger_accept_sha1 {
        connection = saml_sp::danger::accept_sha1(connection);
    }
    if arguments.danger_accept_rsa1024 {
        connection = saml_sp::danger::accept_rsa1024(connection);
    }
    if arguments.danger_accept_missing_audience {
        connection = saml_sp::danger::accept_missing_audience(connection);
    }
    if let Some(preset) = arguments.preset {
        connection = connection.with_preset(preset);
    }
    if let Some(part) = arguments.require_signed {
        connection = connection.require_signed(match part {
            Part::Response => SignedPart::Response,
            Part::Assertion => SignedPart::Assertion,
            Part::Both => SignedPart::Both,
        });
    }
    Ok(connection)
}

fn source(
    arguments: &Arguments,
    received: Option<&Received>,
    assumptions: &mut Vec<String>,
) -> Result<IdpSource, String> {
    // The login itself never goes to this address; a source has to have one
    const SSO_URL: &str = "https://idp.invalid/sso";

    if let Some(path) = &arguments.metadata {
        let xml = String::from_utf8(read(path)?)
            .map_err(|_| format!("{} is not UTF-8", path.display()))?;
        let entity_id = arguments
            .idp_entity_id
            .as_deref()
            .map(EntityId::new)
            .transpose();
        let entity_id = entity_id.map_err(|e| format!("--idp-entity-id: {e}"))?;
        return Ok(IdpSource::MetadataXml { xml, entity_id });
    }
    let entity_id = match &arguments.idp_entity_id {
        Some(id) => id.clone(),
        None => {
            let issuer = received
                .and_then(|r| r.hints().issuer())
                .unwrap_or("unknown");
            assumptions.push(format!(
                "{issuer:?} is the right issuer; give --idp-entity-id to check that"
            ));
            issuer.to_owned()
        }
    };
    if let Some(fingerprint) = &arguments.fingerprint {
        return IdpSource::fingerprint(&entity_id, SSO_URL, None, fingerprint)
            .map_err(|e| format!("--fingerprint: {e}"));
    }
    let path = arguments
        .certificate
        .as_deref()
        .unwrap_or_else(|| Path::new(""));
    let pem =
        String::from_utf8(read(path)?).map_err(|_| format!("{} is not PEM", path.display()))?;
    let certificate =
        Certificate::from_pem(&pem).map_err(|e| format!("{}: {e}", path.display()))?;
    let mut xml = XmlWriter::new();
    xml.start("EntityDescriptor")
        .attribute("xmlns", "urn:oasis:names:tc:SAML:2.0:metadata")
        .attribute("entityID", &entity_id);
    xml.start("IDPSSODescriptor").attribute(
        "protocolSupportEnumeration",
        "urn:oasis:names:tc:SAML:2.0:protocol",
    );
    xml.start("KeyDescriptor")
        .attribute("use", "signing")
        .start("KeyInfo")
        .attribute("xmlns", DSIG_NAMESPACE);
    xml.start("X509Data")
        .start("X509Certificate")
        .text(&encode_base64(certificate.der()));
    xml.end().end().end().end();
    xml.start("SingleSignOnService")
        .attribute("Binding", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST");
    xml.attribute("Location", SSO_URL);
    Ok(IdpSource::MetadataXml {
        xml: xml.finish(),
        entity_id: None,
    })
}

/// XML as it is, or out of base64.
fn xml_bytes(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    let text = bytes
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(&bytes)
        .trim_ascii();
    if text.is_empty() || text.starts_with(b"<") {
        return Ok(bytes);
    }
    let text = std::str::from_utf8(text).unwrap_or_default();
    let text = text.strip_prefix("SAMLResponse=").unwrap_or(text);
    let text = text
        .replace("%2B", "+")
        .replace("%2F", "/")
        .replace("%3D", "=");
    // What is neither is judged as it is, so that the verdict says what is wrong with it
    Ok(decode_base64(&text).unwrap_or(bytes))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

#[expect(clippy::disallowed_methods, reason = "this is where the time enters")]
fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Drives a future of the memory store, which never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
