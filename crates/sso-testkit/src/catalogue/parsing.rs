//! What a parser must refuse before anything is read. P03 to P05, P08 to P14.

use super::{Base, Book, EACH, EVIL_NAME_ID, WITH_ASSERTION};
use crate::message::Signs;
use crate::surgery::{add_attribute, append, before, get, prepend, remove, replace, replace_element, set_content};

pub(super) fn cases(book: &mut Book) {
    doctype(book);
    processing_instructions(book);
    roots(book);
    namespaces(book);
}

fn doctype(book: &mut Book) {
    book.row("P04").wrapped("id_via_entity", EACH, "xml.doctype", |b| {
        let xml = b.genuine();
        let (name, id) = b.signed_element();
        let copy = remove(&get(&xml, name), "ds:Signature");
        let copy = crate::surgery::set_attribute(&copy, name, "ID", &format!("&B;{}", &id[1..]));
        let xml = crate::surgery::set_attribute(&xml, name, "ID", "&idViaEntity;");
        let object = format!("<ds:Object xmlns:ds=\"{}\">{copy}{}</ds:Object>", crate::signer::DSIG, get(&b.genuine(), name));
        let xml = append(&xml, "ds:Signature", &object);
        format!("<!DOCTYPE response [<!ENTITY idViaEntity \"{id}\"><!ENTITY B \"&#x5f;\">]>{xml}").into()
    });
    book.row("P05");
    for (name, declaration) in [
        ("file", "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"),
        ("http", "<!DOCTYPE r SYSTEM \"http://169.254.169.254/evil.dtd\">"),
        ("parameter_entity", "<!DOCTYPE r [<!ENTITY % p SYSTEM \"http://169.254.169.254/\">%p;]>"),
        ("public", "<!DOCTYPE r PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">"),
    ] {
        book.wrapped(name, EACH, "xml.doctype", move |b| format!("{declaration}{}", b.genuine()).into());
    }
    book.wrapped("after_declaration", EACH, "xml.doctype", |b| {
        format!("<?xml version=\"1.0\"?>\n<!DOCTYPE r>\n{}", b.genuine()).into()
    });
    // XInclude is an element like any other, in a place where none may be
    book.wrapped("xinclude", &[Signs::Assertion], "response.unexpected_child", |b| {
        let include = "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"></xi:include>";
        append(&b.genuine(), "samlp:Response", include).into()
    });

    book.row("P09").wrapped("two_documents", &[Signs::Response], "xml.doctype", |b| {
        let genuine = b.genuine();
        let evil = set_content(&genuine, "saml:NameID", EVIL_NAME_ID);
        let (evil_head, evil_tail) = evil.split_at(evil.len() - "</samlp:Response>".len());
        format!("<!DOCTYPE response SYSTEM 'x\"><!--'>{evil_head}<![CDATA[-->{genuine}<!--]]>-->{evil_tail}").into()
    });
    book.row("P10").wrapped("attlist_namespace", &[Signs::Assertion], "xml.doctype", |b| {
        let declaration = "<!DOCTYPE Response [<!ATTLIST Signature xmlns CDATA #FIXED \
                           \"http://www.w3.org/2000/09/xmldsig#\" xmlns CDATA \"block\">]>";
        let hidden = "<samlp:StatusDetail><Signature></Signature></samlp:StatusDetail>";
        format!("{declaration}{}", append(&b.genuine(), "samlp:Status", hidden)).into()
    });
    book.row("P11").wrapped("default_id", EACH, "xml.doctype", |b| {
        format!("<!DOCTYPE r [<!ATTLIST Assertion ID CDATA \"evil\">]>{}", b.genuine()).into()
    });
    book.row("D01");
    book.wrapped("billion_laughs", EACH, "xml.doctype", |b| {
        let mut entities = "<!ENTITY a0 \"lol\">".to_owned();
        for n in 1..10 {
            entities.push_str(&format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10)));
        }
        format!("<!DOCTYPE r [{entities}]>{}", b.genuine()).into()
    });
    book.wrapped("cycle", EACH, "xml.doctype", |b| {
        format!("<!DOCTYPE r [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]>{}", b.genuine()).into()
    });
    book.row("D02").wrapped("one_long_entity", EACH, "xml.doctype", |b| {
        format!("<!DOCTYPE r [<!ENTITY a \"{}\">]>{}", "a".repeat(50_000), b.genuine()).into()
    });
}

fn processing_instructions(book: &mut Book) {
    book.row("P03");
    const SPLIT: &str = "admin<?x?>.evil";
    book.refused("name_id_signed_by_idp", EACH, "xml.processing_instruction", |b| {
        b.assertion_text(|xml| set_content(&xml, "saml:NameID", SPLIT))
    });
    book.refused("name_id", EACH, "xml.processing_instruction", |b| {
        set_content(&b.genuine(), "saml:NameID", SPLIT).into()
    });
    for (name, pi) in [("stylesheet", "<?xml-stylesheet href=\"x\"?>"), ("empty", "<?x?>"), ("second_declaration", "<?xml version=\"1.0\"?>")] {
        let code = "xml.processing_instruction";
        book.wrapped(&format!("in_status_{name}"), &[Signs::Assertion], code, move |b| {
            prepend(&b.genuine(), "samlp:Status", pi).into()
        });
    }
    book.wrapped("before_root", EACH, "xml.processing_instruction", |b| format!("<?x y?>{}", b.genuine()).into());
    book.wrapped("after_root", EACH, "xml.processing_instruction", |b| format!("{}<?x y?>", b.genuine()).into());
}

fn roots(book: &mut Book) {
    book.row("P08");
    book.wrapped("name_id_first", EACH, "xml.multiple_roots", |b| {
        format!("<NameID>{EVIL_NAME_ID}</NameID>{}", b.genuine()).into()
    });
    book.wrapped("two_documents", EACH, "xml.multiple_roots", |b| {
        let genuine = b.genuine();
        let other = b.answer().sign(Signs::Nothing).to_xml().replace(" ID=\"_", " ID=\"_evil");
        format!("{genuine}{other}").into()
    });
    book.wrapped("text_after", EACH, "xml.content_outside_root", |b| format!("{}text", b.genuine()).into());
    book.wrapped("text_before", EACH, "xml.content_outside_root", |b| format!("text{}", b.genuine()).into());
    book.wrapped("cdata_after", EACH, "xml.content_outside_root", |b| format!("{}<![CDATA[x]]>", b.genuine()).into());
    book.accepted("white_space_and_comments_around", EACH, |b| format!("\n<!--x-->{}\n<!--y-->\n", b.genuine()).into());
}

fn namespaces(book: &mut Book) {
    book.row("P12");
    for (name, element, attribute, code) in [
        ("response.id_missing", "samlp:Response", "samlp:ID=\"_genuine\"", "response.foreign_attribute"),
        ("response_destination", "samlp:Response", "samlp:Destination=\"https://evil.test/\"", "response.foreign_attribute"),
    ] {
        book.refused(name, EACH, code, move |b| b.response_text(|xml| add_attribute(&xml, element, attribute)));
        // unsigned around a signed Assertion: the attacker's to write
        book.wrapped(&format!("{name}_by_attacker"), &[Signs::Assertion], code, move |b| {
            add_attribute(&b.genuine(), element, attribute).into()
        });
    }
    for (name, element, attribute) in [
        ("assertion.id_missing", "saml:Assertion", "saml:ID=\"_genuine\""),
        ("recipient", "saml:SubjectConfirmationData", "saml:Recipient=\"https://evil.test/\""),
        ("method", "saml:SubjectConfirmation", "xmlns:x=\"urn:x\" x:Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\""),
        ("not_on_or_after", "saml:Conditions", "saml:NotOnOrAfter=\"2099-01-01T00:00:00Z\""),
    ] {
        book.refused(name, EACH, "response.foreign_attribute", move |b| {
            b.assertion_text(|xml| add_attribute(&xml, element, attribute))
        });
    }

    book.row("P13");
    for (name, code, attribute) in [
        ("xml_rebound", "xml.reserved_prefix", "xmlns:xml=\"urn:evil\""),
        ("xmlns_declared", "xml.reserved_prefix", "xmlns:xmlns=\"urn:evil\""),
        ("other_prefix_for_xml", "xml.reserved_prefix", "xmlns:a=\"http://www.w3.org/XML/1998/namespace\""),
        ("other_prefix_for_xmlns", "xml.reserved_prefix", "xmlns:a=\"http://www.w3.org/2000/xmlns/\""),
        ("prefix_undeclared", "xml.empty_namespace", "xmlns:a=\"\""),
        ("unbound_attribute_prefix", "xml.unbound_prefix", "nobody:a=\"1\""),
    ] {
        book.wrapped(name, &[Signs::Assertion], code, move |b| {
            add_attribute(&b.genuine(), "samlp:Response", attribute).into()
        });
    }
    book.wrapped("unbound_element_prefix", &[Signs::Assertion], "xml.unbound_prefix", |b| {
        append(&b.genuine(), "samlp:Status", "<nobody:x></nobody:x>").into()
    });
    book.wrapped("colon_element", &[Signs::Assertion], "xml.name", |b| {
        append(&b.genuine(), "samlp:Status", "<:r/>").into()
    });
    book.refused("prefixes_swapped", EACH, "response.root", |b| {
        // the prefixes of the two SAML namespaces exchanged: only the prefix says it is a Response
        b.genuine().replace(crate::PROTOCOL, "urn:x").replace(crate::ASSERTION, crate::PROTOCOL).into()
    });

    book.row("P14");
    for (name, open) in [("no_namespace", "<Assertion xmlns=\"\">"), ("attacker_namespace", "<Assertion xmlns=\"urn:evil\">")] {
        book.wrapped(&format!("assertion_{name}_beside"), WITH_ASSERTION, "response.unexpected_child", move |b| {
            before(&b.genuine(), "saml:Assertion", &format!("{open}{}</Assertion>", subject())).into()
        });
        book.refused(&format!("assertion_{name}_alone"), &[Signs::Response], "response.unexpected_child", move |b| {
            b.response_text(|xml| replace_element(&xml, "saml:Assertion", &format!("{open}{}</Assertion>", subject())))
        });
    }
    book.refused("response_in_assertion_namespace", EACH, "response.root", in_other_namespace);
    book.refused("name_id_in_other_namespace", EACH, "subject.unexpected_child", |b| {
        b.assertion_text(|xml| {
            let name_id = format!("<x:NameID xmlns:x=\"urn:evil\">{EVIL_NAME_ID}</x:NameID>");
            prepend(&xml, "saml:Subject", &name_id)
        })
    });
}

fn subject() -> String {
    format!("<Subject><NameID>{EVIL_NAME_ID}</NameID></Subject>")
}

fn in_other_namespace(b: &Base) -> super::Message {
    let xml = replace(&b.genuine(), "<samlp:Response ", &format!("<saml:Response xmlns:saml=\"{}\" ", crate::ASSERTION));
    replace(&xml, "</samlp:Response>", "</saml:Response>").into()
}
