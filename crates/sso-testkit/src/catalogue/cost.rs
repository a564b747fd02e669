//! What a message may cost before it is refused. D03 to D10.

use std::io::Write as _;

use super::{Base, Book, EACH, Message, WITH_ASSERTION};
use crate::message::{Signs, form_body};
use crate::signer::{DSIG, KeyInfoRecipe, ReferenceRecipe, algorithm};
use crate::surgery::{add_attribute, append, before, remove, replace, set_content};

const ONE: &[Signs] = &[Signs::Assertion];

pub(super) fn cases(book: &mut Book) {
    floods(book);
    sizes(book);
    amplification(book);
    missing_parts(book);
}

fn floods(book: &mut Book) {
    book.row("D03");
    book.wrapped("attributes_65", ONE, "xml.limit_attributes", |b| attributes(b, 65));
    book.refused("attributes_80000", ONE, "xml.limit_attributes", |b| attributes(b, 80_000 / 2));
    book.row("D04");
    book.refused("namespaces_on_one_element", ONE, "xml.limit_attributes", |b| {
        let many: Vec<String> = (0..5_000).map(|n| format!("xmlns:n{n}=\"urn:n{n}\"")).collect();
        add_attribute(&b.genuine(), "samlp:Status", &many.join(" ")).into()
    });
    book.refused("namespaces_over_many_elements", ONE, "xml.limit_namespaces", |b| {
        let mut nested = String::new();
        for level in 0..12 {
            nested.push_str("<x");
            for n in 0..40 {
                nested.push_str(&format!(" xmlns:n{level}_{n}=\"urn:n{n}\""));
            }
            nested.push('>');
        }
        nested.push_str(&"</x>".repeat(12));
        append(&b.genuine(), "samlp:Status", &nested).into()
    });
    book.row("D05");
    book.wrapped("depth_100", ONE, "xml.limit_depth", |b| depth(b, 100));
    book.refused("depth_100000", ONE, "xml.limit_depth", |b| depth(b, 100_000));
    book.refused("nodes_1000000", ONE, "xml.limit_nodes", |b| {
        append(&b.genuine(), "samlp:Status", &"<x/>".repeat(150_000)).into()
    });
    book.refused("unclosed_100000", ONE, "xml.limit_depth", |_| "<a>".repeat(100_000).into());
}

fn attributes(b: &Base, count: usize) -> Message {
    let many: Vec<String> = (0..count).map(|n| format!("a{n}=\"\"")).collect();
    add_attribute(&b.genuine(), "samlp:Status", &many.join(" ")).into()
}

fn depth(b: &Base, levels: usize) -> Message {
    let bomb = [("<a>").repeat(levels), ("</a>").repeat(levels)].concat();
    append(&b.genuine(), "samlp:Status", &bomb).into()
}

fn deflate(octets: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(octets).and_then(|()| out.finish()).expect("deflate into memory")
}

fn sizes(book: &mut Book) {
    book.row("D06");
    book.refused("deflated_response_is_not_inflated", ONE, "xml.encoding", |b| deflate(b.genuine().as_bytes()).into());
    book.refused("bomb_is_not_inflated", ONE, "xml.encoding", |_| deflate(&vec![b' '; 10 << 20]).into());
    book.refused("zlib_is_not_inflated", ONE, "xml.encoding", |b| {
        let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        out.write_all(b.genuine().as_bytes()).and_then(|()| out.finish()).expect("deflate into memory").into()
    });
    book.refused("gzip_is_not_inflated", ONE, "xml.encoding", |b| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        out.write_all(b.genuine().as_bytes()).and_then(|()| out.finish()).expect("deflate into memory").into()
    });

    book.row("D07");
    book.refused("huge_base64", ONE, "decode.too_large", |_| {
        Message::Form([b"SAMLResponse=".as_slice(), &vec![b'A'; 4 << 20]].concat())
    });
    book.refused("huge_other_parameter", ONE, "decode.too_large", |b| {
        let form = form_body(b.genuine().as_bytes(), None);
        Message::Form([form.as_bytes(), b"&x=", &vec![b'A'; 4 << 20]].concat())
    });
    book.refused("many_parameters", ONE, "decode.too_many_parameters", |b| {
        let form = form_body(b.genuine().as_bytes(), None);
        Message::Form(format!("{form}{}", "&a=1".repeat(1_000)).into_bytes())
    });
    book.refused("large_document", ONE, "xml.limit_bytes", |b| {
        // under the limit of the form, over that of the document
        let xml = append(&b.genuine(), "samlp:Status", "<!---->");
        let padding = "x".repeat((1 << 20) + 1 - xml.len());
        replace(&xml, "<!---->", &format!("<!--{padding}-->")).into()
    });
    book.accepted("two_thousand_group_values", EACH, |b| {
        b.said(|f| {
            if let Some(a) = &mut f.assertion {
                let groups = (0..2_000).map(|n| format!("group-{n:040}")).collect();
                a.attributes.push(("memberOf".to_owned(), groups));
            }
        })
    });
}

/// Work that grows with what the attacker writes. D08, D09.
fn amplification(book: &mut Book) {
    book.row("D08");
    book.refused("signatures_1000", WITH_ASSERTION, "signature.duplicate", |b| {
        let xml = b.genuine();
        before(&xml, "saml:Subject", &format!("<ds:Signature xmlns:ds=\"{DSIG}\"></ds:Signature>").repeat(1_000)).into()
    });
    book.kept("references_1000", EACH, "signature.reference_count", |b| {
        let key = b.idp.key();
        b.composed(|recipe, octets, id| {
            let references: Vec<ReferenceRecipe> =
                std::iter::repeat_with(|| recipe.reference(id, octets)).take(1_000).collect();
            recipe.signature(key, &recipe.signed_info(key, &references))
        })
    });
    book.accepted("certificates_1000_are_not_looked_at", EACH, |b| {
        let one = format!("<ds:X509Certificate>{}</ds:X509Certificate>", b.rogue_key().certificate_base64());
        b.signed_as(|r| r.key_info = KeyInfoRecipe::Raw(format!("<ds:X509Data>{}</ds:X509Data>", one.repeat(100))))
    });
    let cases = book.refused("certificates_100_by_fingerprint", ONE, "signature.certificate_mismatch", |b| {
        let one = format!("<ds:X509Certificate>{}</ds:X509Certificate>", b.rogue_key().certificate_base64());
        b.signed_as(|r| r.key_info = KeyInfoRecipe::Raw(format!("<ds:X509Data>{}</ds:X509Data>", one.repeat(100))))
    });
    super::each(cases, |setting| setting.fingerprint = true);
    book.row("D09");
    book.accepted("one_long_comment", ONE, |b| {
        append(&b.genuine(), "samlp:Status", &format!("<!--{}-->", "x ".repeat(200_000))).into()
    });
    book.accepted("many_comments_in_a_value", EACH, |b| {
        replace(&b.genuine(), "engineering", &format!("engin{}eering", "<!---->".repeat(5_000))).into()
    });
    book.refused("references_to_characters", ONE, "signature.digest_mismatch", |b| {
        set_content(&b.genuine(), "saml:NameID", &"&#65;".repeat(100)).into()
    });
}

/// Whatever can be missing. D10.
fn missing_parts(book: &mut Book) {
    book.row("D10");
    book.accepted("no_key_info", EACH, |b| b.signed_as(|r| r.key_info = KeyInfoRecipe::Absent));
    for element in ["ds:SignedInfo", "ds:SignatureValue", "ds:DigestValue", "ds:DigestMethod"] {
        let name = element.trim_start_matches("ds:").to_lowercase();
        book.refused(&format!("no_{name}"), EACH, "signature.malformed", move |b| remove(&b.genuine(), element).into());
    }
    book.refused("no_reference", EACH, "signature.reference_count", |b| remove(&b.genuine(), "ds:Reference").into());
    book.refused("no_canonicalizationmethod", EACH, "signature.malformed", |b| {
        remove(&b.genuine(), "ds:CanonicalizationMethod").into()
    });
    book.refused("no_signaturemethod", EACH, "signature.malformed", |b| {
        remove(&b.genuine(), "ds:SignatureMethod").into()
    });
    book.refused("empty_signature", EACH, "signature.malformed", |b| set_content(&b.genuine(), "ds:Signature", "").into());
    book.refused("empty_signature_value", EACH, "signature.malformed", |b| {
        set_content(&b.genuine(), "ds:SignatureValue", "").into()
    });
    book.refused("empty_digest_value", EACH, "signature.malformed", |b| {
        set_content(&b.genuine(), "ds:DigestValue", "").into()
    });
    book.refused("short_digest_value", EACH, "signature.digest_mismatch", |b| {
        let key = b.idp.key();
        b.composed(|recipe, octets, id| {
            let mut reference = recipe.reference(id, octets);
            reference.digest.truncate(8);
            recipe.signature(key, &recipe.signed_info(key, &[reference]))
        })
    });
    book.refused("short_signature_value", EACH, "signature.value_mismatch", |b| {
        set_content(&b.genuine(), "ds:SignatureValue", "AAAA").into()
    });
    let cases = book.refused("odd_length_ecdsa", EACH, "signature.value_mismatch", |b| {
        let key = b.idp.key();
        b.composed(|recipe, octets, id| {
            let info = recipe.signed_info(key, &[recipe.reference(id, octets)]);
            let mut value = key.sign(algorithm::ECDSA_SHA256, info.as_bytes());
            value.pop();
            recipe.signature_with_value(key, &info, &value)
        })
    });
    super::each(cases, |setting| setting.key = Some(crate::KeyKind::EcP256));
    for (name, xml, code) in [
        ("nothing", "", "xml.empty"),
        ("space", " ", "xml.empty"),
        ("only_a_comment", "<!--x-->", "xml.unexpected_end"),
        ("less_than", "<", "xml.unexpected_end"),
        ("only_a_declaration", "<?xml version=\"1.0\"?>", "xml.unexpected_end"),
        ("end_tag", "</a>", "xml.content_outside_root"),
        ("not_xml", "{\"json\":true}", "xml.content_outside_root"),
        ("empty_response", "<Response/>", "response.root"),
    ] {
        book.refused(name, ONE, code, move |_| xml.to_owned().into());
    }
    book.refused("truncated", EACH, "xml.unexpected_end", |b| {
        let xml = b.genuine();
        xml[..xml.len() / 2].to_owned().into()
    });
    for (name, from, to, code) in [
        ("mismatched_tag", "</saml:Subject>", "</saml:Subjekt>", "xml.mismatched_tag"),
        ("no_equals", " ID=\"_response-1\"", " ID \"_response-1\"", "xml.syntax"),
        ("no_quotes", " ID=\"_response-1\"", " ID=_response-1", "xml.syntax"),
        ("no_space_between_attributes", "\" ID=\"_response-1\"", "\"ID=\"_response-1\"", "xml.syntax"),
        ("less_than_in_attribute", " ID=\"_response-1\"", " ID=\"_resp<onse-1\"", "xml.less_than_in_attribute"),
        ("double_hyphen_comment", "<saml:Subject>", "<saml:Subject><!-- a -- b -->", "xml.comment"),
        ("cdata_end_in_text", "engineering", "engin]]>eering", "xml.cdata_end_in_text"),
        ("ampersand_alone", "engineering", "engin & eering", "xml.undefined_entity"),
        ("digit_name", "<saml:Subject>", "<saml:Subject><1></1>", "xml.name"),
    ] {
        book.refused(name, ONE, code, move |b| replace(&b.genuine(), from, to).into());
    }
}
