//! The HTTP Redirect binding, SAML Bindings §3.4.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use saml_xml::SigningKey;
use saml_xml::types::encode_base64;
use url::Url;

use crate::error::Error;
use crate::reason::ConnectionRule;

pub(crate) fn encode(
    destination: &Url,
    parameter: &str,
    xml: &str,
    relay_state: Option<&str>,
    key: Option<&SigningKey>,
) -> Result<Url, Error> {
    // SAML Bindings §3.4.4.1: DEFLATE (RFC 1951, no header), base64, URL encoding
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    let compressed = deflate
        .write_all(xml.as_bytes())
        .and_then(|()| deflate.finish());
    let compressed = compressed.map_err(|_| Error::from(ConnectionRule::SigningFailed))?;
    let mut query = format!("{parameter}=");
    percent_encode(&mut query, &encode_base64(&compressed));
    if let Some(relay_state) = relay_state {
        query.push_str("&RelayState=");
        percent_encode(&mut query, relay_state);
    }
    if let Some(key) = key {
        // §3.4.4.1: the signature covers SAMLRequest, RelayState and SigAlg in this order, in the
        // encoded form in which they are sent
        query.push_str("&SigAlg=");
        percent_encode(&mut query, key.algorithm().uri());
        let signature = key
            .sign(query.as_bytes())
            .map_err(|_| Error::from(ConnectionRule::SigningFailed))?;
        query.push_str("&Signature=");
        percent_encode(&mut query, &encode_base64(&signature));
    }
    let mut url = destination.clone();
    extend_query(&mut url, &query);
    Ok(url)
}

/// One more parameter, after those that are there.
pub(super) fn append(url: &mut Url, name: &str, value: &str) {
    let mut pair = String::new();
    percent_encode(&mut pair, name);
    pair.push('=');
    percent_encode(&mut pair, value);
    extend_query(url, &pair);
}

/// An endpoint may have a query of its own; ours goes after it.
fn extend_query(url: &mut Url, query: &str) {
    let whole = match url.query().filter(|own| !own.is_empty()) {
        Some(own) => format!("{own}&{query}"),
        None => query.to_owned(),
    };
    url.set_query(Some(&whole));
}

/// Encodes everything but the unreserved characters of RFC 3986 §2.3, so that no later encoder
/// finds anything to change in octets that are signed.
fn percent_encode(out: &mut String, value: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let digit = |nibble: u8| {
                HEX.get(usize::from(nibble))
                    .copied()
                    .map_or('0', char::from)
            };
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}
