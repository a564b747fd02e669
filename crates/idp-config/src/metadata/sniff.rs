//! What people paste instead of metadata, told apart before the parser says "not well-formed".

use crate::{ConfigError, ConfigErrorKind};

pub(super) fn refuse_what_is_no_xml(bytes: &[u8]) -> Result<(), ConfigError> {
    let text = bytes
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(bytes)
        .trim_ascii();
    let starts = |prefix: &[u8]| {
        text.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let kind = if text.is_empty() {
        ConfigErrorKind::Empty
    } else if is_html(text) {
        ConfigErrorKind::Html
    } else if starts(b"https://") || starts(b"http://") {
        ConfigErrorKind::IsUrl
    } else if starts(b"-----BEGIN CERTIFICATE") || starts(b"MII") {
        ConfigErrorKind::IsCertificate
    } else {
        return Ok(());
    };
    Err(kind.into())
}

/// Whether the first markup after comments and an XML declaration opens a web page.
fn is_html(mut text: &[u8]) -> bool {
    loop {
        text = text.trim_ascii_start();
        let end: &[u8] = if text.starts_with(b"<!--") {
            b"-->"
        } else if text.starts_with(b"<?") {
            b"?>"
        } else {
            break;
        };
        match text.windows(end.len()).position(|window| window == end) {
            Some(at) => text = text.get(at + end.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    let word: Vec<u8> = text.iter().take(16).map(u8::to_ascii_lowercase).collect();
    word.starts_with(b"<!doctype html")
        || word.strip_prefix(b"<html").is_some_and(|rest| {
            rest.first()
                .is_none_or(|next| next.is_ascii_whitespace() || matches!(next, b'>' | b'/'))
        })
}
