//! Octets that are not what they say they are. P06, P07, P18.

use super::{Book, EACH, Message};
use crate::message::{Signs, form_body};
use crate::surgery::{prepend, replace, set_content};

const ONE: &[Signs] = &[Signs::Assertion];

pub(super) fn cases(book: &mut Book) {
    encodings(book);
    characters(book);
    base64(book);
}

fn encodings(book: &mut Book) {
    book.row("P06");
    book.accepted("declared_utf_8", EACH, |b| format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{}", b.genuine()).into());
    book.accepted("byte_order_mark", EACH, |b| format!("\u{feff}{}", b.genuine()).into());
    book.refused("utf_16_with_mark", ONE, "xml.encoding", |b| {
        let mut out = vec![0xff, 0xfe];
        out.extend(b.genuine().encode_utf16().flat_map(u16::to_le_bytes));
        out.into()
    });
    book.refused("utf_16_without_mark", ONE, "xml.encoding", |b| {
        b.genuine().encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>().into()
    });
    book.refused("utf_32", ONE, "xml.character", |b| {
        b.genuine().chars().flat_map(|c| u32::from(c).to_be_bytes()).collect::<Vec<u8>>().into()
    });
    book.refused("latin_1_octets", ONE, "xml.encoding", |b| {
        let mut xml = b.genuine().into_bytes();
        let at = xml.windows(7).position(|w| w == b"Alice E").expect("a name") + 5;
        xml[at] = 0xe9;
        xml.into()
    });
    book.refused("overlong", ONE, "xml.encoding", |b| {
        let mut xml = b.genuine().into_bytes();
        let at = xml.windows(7).position(|w| w == b"Alice E").expect("a name") + 5;
        xml.splice(at..=at, [0xc0, 0xa0]);
        xml.into()
    });
    book.refused("surrogate_octets", ONE, "xml.encoding", |b| {
        let mut xml = b.genuine().into_bytes();
        let at = xml.windows(7).position(|w| w == b"Alice E").expect("a name") + 5;
        xml.splice(at..=at, [0xed, 0xa0, 0x80]);
        xml.into()
    });
    for (name, declared) in [("iso_8859_1", "ISO-8859-1"), ("utf_16", "UTF-16"), ("utf_7", "UTF-7"), ("ebcdic", "IBM037")] {
        book.wrapped(&format!("declared_{name}"), EACH, "xml.encoding_declaration", move |b| {
            format!("<?xml version=\"1.0\" encoding=\"{declared}\"?>{}", b.genuine()).into()
        });
    }
    book.wrapped("xml_1_1", EACH, "xml.declaration", |b| format!("<?xml version=\"1.1\"?>{}", b.genuine()).into());
    book.wrapped("mark_after_declaration", EACH, "xml.content_outside_root", |b| {
        format!("<?xml version=\"1.0\"?>\u{feff}{}", b.genuine()).into()
    });
    book.refused("utf_7", ONE, "xml.content_outside_root", |b| {
        b.genuine().replace('<', "+ADw-").replace('>', "+AD4-").into()
    });
    book.refused("ebcdic_octets", ONE, "xml.encoding", |_| {
        // "<?xml version" in EBCDIC
        vec![0x4c, 0x6f, 0xa7, 0x94, 0x93, 0x40, 0xa5, 0x85, 0x99, 0xa2, 0x89, 0x96, 0x95].into()
    });
}

fn characters(book: &mut Book) {
    book.row("P07");
    for (name, text) in [
        ("nul", "\0"),
        ("bell", "\u{7}"),
        ("escape", "\u{1b}"),
        ("noncharacter_fffe", "\u{fffe}"),
        ("noncharacter_ffff", "\u{ffff}"),
    ] {
        book.refused(&format!("raw_{name}"), ONE, "xml.character", move |b| {
            prepend(&b.genuine(), "saml:NameID", text).into()
        });
        book.refused(&format!("raw_{name}_signed_by_idp"), EACH, "xml.character", move |b| {
            b.assertion_text(|xml| prepend(&xml, "saml:NameID", text))
        });
    }
    for (name, text) in [
        ("nul", "&#0;"),
        ("bell", "&#x7;"),
        ("surrogate", "&#xD800;"),
        ("noncharacter", "&#xFFFE;"),
        ("too_large", "&#x110000;"),
        ("overflow", "&#99999999999999999999;"),
        ("empty", "&#;"),
        ("capital_x", "&#X41;"),
    ] {
        book.refused(&format!("reference_{name}"), EACH, "xml.character_reference", move |b| {
            b.assertion_text(|xml| prepend(&xml, "saml:NameID", text))
        });
    }
    for (name, text) in [("undefined", "&nbsp;"), ("case", "&AMP;"), ("external", "&x;")] {
        book.refused(&format!("entity_{name}"), EACH, "xml.undefined_entity", move |b| {
            b.assertion_text(|xml| prepend(&xml, "saml:NameID", text))
        });
    }
}

fn form(name: &str, value: &str) -> Message {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair(name, value);
    Message::Form(form.finish().into_bytes())
}

fn base64(book: &mut Book) {
    book.row("P18");
    let encode = |b: &super::Base| saml_xml::types::encode_base64(b.genuine().as_bytes());
    book.accepted("line_breaks", ONE, move |b| {
        let lines: Vec<String> =
            encode(b).as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        form("SAMLResponse", &lines.join("\r\n"))
    });
    book.refused("url_safe", ONE, "scalar.base64", move |b| {
        // a message whose base64 surely has a character of the alphabet's end in it
        let octets = [b.genuine().as_bytes(), "<!--\u{fbf0}\u{fbff}\u{fbef}-->".as_bytes()].concat();
        form("SAMLResponse", &saml_xml::types::encode_base64(&octets).replace('+', "-").replace('/', "_"))
    });
    book.refused("no_padding", ONE, "scalar.base64", move |b| {
        let xml = pad_to(&b.genuine(), 1);
        form("SAMLResponse", saml_xml::types::encode_base64(xml.as_bytes()).trim_end_matches('='))
    });
    book.refused("trailing_bits", ONE, "scalar.base64", move |b| {
        let text = saml_xml::types::encode_base64(pad_to(&b.genuine(), 2).as_bytes());
        // the last character before "=" has two bits that mean nothing and must be zero
        let (head, _) = text.split_at(text.len() - 2);
        let last = text.as_bytes()[text.len() - 2];
        form("SAMLResponse", &format!("{head}{}=", char::from(last + 1)))
    });
    book.refused("data_after_padding", ONE, "scalar.base64", move |b| {
        let text = saml_xml::types::encode_base64(pad_to(&b.genuine(), 1).as_bytes());
        form("SAMLResponse", &format!("{text}AAAA"))
    });
    for (name, prefix) in [("data_url", "data:text/xml;base64,"), ("nul", "\0"), ("quote", "\"")] {
        book.refused(name, ONE, "scalar.base64", move |b| form("SAMLResponse", &format!("{prefix}{}", encode(b))));
    }
    book.refused("lost_plus_signs", ONE, "scalar.base64", move |b| {
        // a proxy that decodes and encodes again turns "+" into a space, and the length no longer fits
        let octets = [b.genuine().as_bytes(), "<!--\u{fbf0}\u{fbff}\u{fbef}-->".as_bytes()].concat();
        let text = saml_xml::types::encode_base64(&octets);
        Message::Form(format!("SAMLResponse={}", replace(&text, "+", " ").replace('=', "%3D").replace(' ', "+")).into_bytes())
    });
    book.refused("xml_not_encoded", ONE, "scalar.base64", |b| form("SAMLResponse", &b.genuine()));
    book.refused("twice_encoded", ONE, "xml.content_outside_root", move |b| Message::Form(form_body(encode(b).as_bytes(), None).into_bytes()));
    for element in ["ds:SignatureValue", "ds:DigestValue"] {
        let name = element.trim_start_matches("ds:").to_lowercase();
        book.refused(&format!("{name}_not_base64"), EACH, "signature.malformed", move |b| {
            set_content(&b.genuine(), element, "not!base64").into()
        });
    }
}

/// Spaces after the document, so that its base64 ends with `pad` padding characters fewer than three.
fn pad_to(xml: &str, rest: usize) -> String {
    let mut out = xml.to_owned();
    while out.len() % 3 != rest {
        out.push(' ');
    }
    out
}
