//! The text of a value: all of it, and nothing but it. P01, P02, P15 to P17, P19, S13.

use super::canonical::set_name_id;
use super::{Base, Book, EACH, EVIL_NAME_ID, Message};
use crate::message::Signs;
use crate::surgery::{append, prepend, replace, set_content};

pub(super) fn cases(book: &mut Book) {
    split(book);
    mixed(book);
    verbatim(book);
    injected(book);
}

const WHOLE: &str = "admin@corp.example.evil.example";

/// An IdP that signed the whole name; the attacker splits it where canonicalisation does not see it.
fn split(book: &mut Book) {
    for (row, kind, node) in [("P01", "comment", "<!---->"), ("P01", "long_comment", "<!-- x -->"), ("P02", "cdata", "<![CDATA[]]>")] {
        book.row(row);
        super::yields(
            book.accepted(&format!("{kind}_in_name_id_is_read_whole"), EACH, move |b| {
                let Message::Xml(xml) = b.said(|f| set_name_id(f, WHOLE)) else { return Message::Xml(Vec::new()) };
                let split = WHOLE.replace(".evil", &format!("{node}.evil"));
                replace(&String::from_utf8_lossy(&xml), WHOLE, &split).into()
            }),
            WHOLE,
        );
        book.refused(&format!("{kind}_in_audience"), EACH, "conditions.audience_mismatch", move |b| {
            let other = format!("{}.evil.example", b.sp_entity_id);
            let Message::Xml(xml) = b.said(|f| {
                if let Some(a) = &mut f.assertion {
                    a.audiences = vec![vec![other.clone()]];
                }
            }) else {
                return Message::Xml(Vec::new());
            };
            let split = format!("{}{node}.evil.example", b.sp_entity_id);
            replace(&String::from_utf8_lossy(&xml), &other, &split).into()
        });
        book.refused(&format!("{kind}_in_issuer"), EACH, "response.issuer_mismatch", move |b| {
            let other = format!("{}.evil.example", b.idp.entity_id());
            let Message::Xml(xml) = b.said(|f| {
                f.issuer = Some(other.clone());
                if let Some(a) = &mut f.assertion {
                    a.issuer = Some(other.clone());
                }
            }) else {
                return Message::Xml(Vec::new());
            };
            let split = format!("{}{node}.evil.example", b.idp.entity_id());
            replace(&String::from_utf8_lossy(&xml), &other, &split).into()
        });
    }
    book.row("P02");
    super::yields(
        book.accepted("cdata_around_the_tail", EACH, |b| {
            let Message::Xml(xml) = b.said(|f| set_name_id(f, WHOLE)) else { return Message::Xml(Vec::new()) };
            let split = WHOLE.replace(".evil.example", "<![CDATA[.evil.example]]>");
            replace(&String::from_utf8_lossy(&xml), WHOLE, &split).into()
        }),
        WHOLE,
    );
    book.accepted("cdata_in_attribute_value", EACH, |b| {
        let Message::Xml(xml) = b.genuine().into() else { return Message::Xml(Vec::new()) };
        replace(&String::from_utf8_lossy(&xml), "engineering", "engin<![CDATA[eer]]>ing").into()
    });
}

fn mixed(book: &mut Book) {
    book.row("P15");
    book.refused("element_in_name_id", EACH, "subject.name_id_malformed", |b| {
        b.assertion_text(|xml| set_content(&xml, "saml:NameID", "a<x>b</x>"))
    });
    book.refused("name_id_in_name_id", EACH, "subject.name_id_malformed", |b| {
        b.assertion_text(|xml| prepend(&xml, "saml:NameID", &format!("<saml:NameID>{EVIL_NAME_ID}</saml:NameID>")))
    });
    book.refused("element_in_response_issuer", EACH, "response.issuer_malformed", |b| {
        b.response_text(|xml| prepend(&xml, "saml:Issuer", "<x></x>"))
    });
    book.refused("element_in_assertion_issuer", EACH, "assertion.issuer_malformed", |b| {
        b.assertion_text(|xml| prepend(&xml, "saml:Issuer", "<x></x>"))
    });
    book.refused("element_in_audience", EACH, "conditions.audience_mismatch", |b| {
        b.assertion_text(|xml| append(&xml, "saml:Audience", "<x></x>"))
    });
    book.accepted("name_id_in_attribute_value", EACH, |b| {
        b.assertion_text(|xml| {
            prepend(&xml, "saml:AttributeStatement", &format!(
                "<saml:Attribute Name=\"eduPersonTargetedID\"><saml:AttributeValue><saml:NameID>{EVIL_NAME_ID}\
                 </saml:NameID></saml:AttributeValue></saml:Attribute>"
            ))
        })
    });
}

fn verbatim(book: &mut Book) {
    book.row("P16");
    for (name, value) in [
        ("decomposed", "ame\u{301}lie@example.test"),
        ("full_width", "\u{ff41}lice@example.test"),
        ("zero_width", "ali\u{200b}ce@example.test"),
        ("right_to_left", "\u{202e}tset.elpmaxe@ecila"),
        ("look_alike_at", "alice\u{ff20}example.test"),
        ("upper_case", "ALICE@EXAMPLE.TEST"),
        ("turkish", "\u{130}stanbul"),
    ] {
        super::yields(book.accepted(name, EACH, move |b| b.said(|f| set_name_id(f, value))), value);
    }
    book.row("P17");
    for (name, value) in [
        ("leading", "  alice@example.test"),
        ("trailing", "alice@example.test\n"),
        ("inside", "alice  example"),
        ("no_break_space", "\u{a0}alice"),
    ] {
        super::yields(book.accepted(&format!("name_id_{name}"), EACH, move |b| b.said(|f| set_name_id(f, value))), value);
    }
    book.accepted("around_issuer", EACH, |b| {
        let padded = |text: &str| format!("\n  {text}\n");
        b.said(|f| {
            f.issuer = Some(padded(b.idp.entity_id()));
            if let Some(a) = &mut f.assertion {
                a.issuer = Some(padded(b.idp.entity_id()));
            }
        })
    });
    book.accepted("around_audience", EACH, |b| {
        b.said(|f| {
            if let Some(a) = &mut f.assertion {
                a.audiences = vec![vec![format!("\n\t{} ", b.sp_entity_id)]];
            }
        })
    });
    book.refused("no_break_space_in_audience", EACH, "conditions.audience_mismatch", |b| {
        b.said(|f| {
            if let Some(a) = &mut f.assertion {
                a.audiences = vec![vec![format!("\u{a0}{}", b.sp_entity_id)]];
            }
        })
    });
    book.refused("around_response_id", EACH, "scalar.id", |b| with_response_id(b, " _response-1 "));
    book.refused("newline_in_assertion_id", &[Signs::Response], "scalar.id", |b| {
        Base { assertion_id: "_assertion\n1".to_owned(), ..b.clone() }.genuine().into()
    });
}

fn with_response_id(b: &Base, id: &str) -> Message {
    if b.signs == Signs::Assertion {
        return Base { response_id: id.to_owned(), ..b.clone() }.genuine().into();
    }
    // the signature has to refer to something: an IdP that is wrong in one way, not in two
    Base { response_id: id.to_owned(), signs: Signs::Assertion, ..b.clone() }.genuine().into()
}

/// An IdP that lets its users write markup, and one that escapes as it should.
fn injected(book: &mut Book) {
    book.row("P19");
    super::yields(
        book.accepted("escaped_markup_is_text", EACH, |b| {
            b.said(|f| set_name_id(f, "</saml:NameID><saml:NameID>mallory"))
        }),
        "</saml:NameID><saml:NameID>mallory",
    );
    book.accepted("escaped_markup_in_attribute", EACH, |b| {
        b.said(|f| {
            if let Some(a) = &mut f.assertion {
                a.attributes.push(("x".to_owned(), vec!["</saml:AttributeValue></saml:Attribute>&#0;".to_owned()]));
            }
        })
    });
    book.refused("second_name_id", EACH, "subject.name_id_multiple", |b| {
        b.assertion_text(|xml| {
            replace(&xml, "</saml:NameID>", &format!("</saml:NameID><saml:NameID>{EVIL_NAME_ID}</saml:NameID>"))
        })
    });
    book.accepted("second_attribute_is_shown", EACH, |b| {
        b.said(|f| {
            if let Some(a) = &mut f.assertion {
                a.attributes.push(("groups".to_owned(), vec!["admin".to_owned()]));
            }
        })
    });
    book.row("S13");
    book.accepted("one_name_two_formats", EACH, |b| {
        b.assertion_text(|xml| {
            append(&xml, "saml:AttributeStatement", "<saml:Attribute FriendlyName=\"email\" Name=\"email\" \
                NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\"><saml:AttributeValue>second</saml:AttributeValue></saml:Attribute>")
        })
    });
    book.accepted("friendly_name_collides", EACH, |b| {
        b.assertion_text(|xml| {
            append(&xml, "saml:AttributeStatement", "<saml:Attribute FriendlyName=\"email\" Name=\"other\">\
                <saml:AttributeValue>mallory</saml:AttributeValue></saml:Attribute>")
        })
    });
    book.accepted("attribute_without_value", EACH, |b| {
        b.assertion_text(|xml| append(&xml, "saml:AttributeStatement", "<saml:Attribute Name=\"none\"></saml:Attribute>"))
    });
    book.refused("attribute_without_name", EACH, "attribute.name_missing", |b| {
        b.assertion_text(|xml| {
            append(&xml, "saml:AttributeStatement", "<saml:Attribute><saml:AttributeValue>v</saml:AttributeValue></saml:Attribute>")
        })
    });
    book.refused("foreign_child_in_statement", EACH, "attribute.unexpected_child", |b| {
        b.assertion_text(|xml| append(&xml, "saml:AttributeStatement", "<x:Attribute xmlns:x=\"urn:x\" Name=\"role\"></x:Attribute>"))
    });
    book.refused("encrypted_attribute", EACH, "attribute.encrypted", |b| {
        b.assertion_text(|xml| append(&xml, "saml:AttributeStatement", "<saml:EncryptedAttribute></saml:EncryptedAttribute>"))
    });
}
