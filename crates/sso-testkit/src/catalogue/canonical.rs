//! Canonicalisation: where two readers of the same bytes see two documents. C01 to C10.

use super::{Base, Book, EACH, Message, RESPONSE_ONLY, WITH_ASSERTION};
use crate::message::Signs;
use crate::signer::{KeyInfoRecipe, ReferenceRecipe, SignatureRecipe, algorithm, transform};
use crate::surgery::{add_attribute, after, get, prepend, replace, replace_element, set_content};

/// SHA-256 of nothing, base64: what a canonicaliser that fails silently digests.
const DIGEST_OF_NOTHING: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

pub(super) fn cases(book: &mut Book) {
    refused(book);
    accepted(book);
}

fn refused(book: &mut Book) {
    book.row("C01");
    for shape in EACH {
        // on a signed Response it is the signed element itself that is changed
        let proof = if *shape == Signs::Response { super::Proof::SignedInfo } else { super::Proof::Element };
        book.push("relative_namespace", &[*shape], "xml.relative_namespace", proof, |b| {
            add_attribute(&b.genuine(), "samlp:Response", "xmlns:example=\"1\"").into()
        });
    }
    book.refused("relative_namespace_over_nothing", RESPONSE_ONLY, "xml.relative_namespace", |b| {
        // the whole attack: digest of nothing, and the IdP's signature over nothing
        add_attribute(&over_nothing(b), "samlp:Response", "xmlns:example=\"1\"").into()
    });
    book.refused("digest_and_signature_over_nothing", &[Signs::Assertion, Signs::Response], "signature.unknown_key", |b| {
        let xml = over_nothing(b);
        // without the certificate in it, nobody can tell that the key was the IdP's
        crate::surgery::remove(&xml, "ds:KeyInfo").into()
    });
    book.kept("digest_over_nothing", EACH, "signature.digest_mismatch", |b| {
        let key = b.idp.key();
        b.composed(|recipe, _, id| recipe.signature(key, &recipe.signed_info(key, &[recipe.reference(id, b"")])))
    });

    book.row("C02").kept("control_character_in_namespace", EACH, "xml.namespace_uri", |b| {
        add_attribute(&b.genuine(), "saml:Assertion", "xmlns:example=\"http://example.com&#x80;\"").into()
    });

    book.row("C03");
    for (name, element) in [("double_colon", "x::y"), ("two_colons", "a:b:c"), ("leading_colon", ":y")] {
        book.refused(name, EACH, "xml.name", move |b| {
            let hidden = format!("<{element} xmlns:x=\"urn:x\" xmlns:a=\"urn:a\"></{element}>");
            prepend(&b.genuine(), "samlp:Status", &hidden).into()
        });
    }
    for shape in EACH {
        // on a signed Response it is the signed element itself that is changed
        let proof = if *shape == Signs::Response { super::Proof::SignedInfo } else { super::Proof::Element };
        book.push("attribute_double_colon", &[*shape], "xml.name", proof, |b| {
            add_attribute(&b.genuine(), "samlp:Status", "xmlns:x=\"urn:x\" x::y=\"1\"").into()
        });
    }
    book.wrapped("directive", EACH, "xml.doctype", |b| {
        format!("<!DOCTYPE x [<!ENTITY a \"]>\"><!--\">]>{}", b.genuine()).into()
    });

    book.refused("trailing_colon", EACH, "xml.syntax", |b| {
        prepend(&b.genuine(), "samlp:Status", "<x: xmlns:x=\"urn:x\"></x:>").into()
    });

    book.row("C04");
    book.kept("inclusive_method", EACH, "signature.canonicalization_method", |b| {
        b.signed_as(|r| r.canonicalization = algorithm::INC_C14N.to_owned())
    });
    book.kept("inclusive_transform", EACH, "signature.transforms", |b| {
        b.signed_as(|r| r.transforms = Some(vec![transform(algorithm::ENVELOPED), transform(algorithm::INC_C14N)]))
    });
    book.kept("inclusive_under_new_ancestor", &[Signs::Assertion], "signature.transforms", |b| {
        let Message::Xml(xml) =
            b.signed_as(|r| r.transforms = Some(vec![transform(algorithm::ENVELOPED), transform(algorithm::INC_C14N)]))
        else {
            return Message::Xml(Vec::new());
        };
        let xml = String::from_utf8_lossy(&xml).into_owned();
        add_attribute(&xml, "samlp:Response", "xmlns:added=\"urn:example:added\" xml:lang=\"en\"").into()
    });

    book.row("C05");
    for element in ["ds:DigestValue", "ds:SignatureValue"] {
        let name = element.trim_start_matches("ds:").to_lowercase();
        for (kind, node) in [("comment", "<!--evil=-->"), ("cdata", "<![CDATA[]]>")] {
            book.refused(&format!("{kind}_in_{name}"), EACH, "signature.malformed", move |b| {
                prepend(&b.genuine(), element, node).into()
            });
        }
        book.refused(&format!("element_in_{name}"), EACH, "signature.malformed", move |b| {
            prepend(&b.genuine(), element, "<ds:X></ds:X>").into()
        });
    }
    // in a certificate that is trusted by its fingerprint
    let cases = book.refused("element_in_x509certificate", EACH, "signature.certificate_missing", |b| {
        prepend(&b.genuine(), "ds:X509Certificate", "<ds:X></ds:X>").into()
    });
    super::each(cases, |setting| setting.fingerprint = true);

    book.row("C06");
    book.kept("method_with_comments", EACH, "signature.canonicalization_method", |b| {
        b.signed_as(|r| r.canonicalization = algorithm::EXC_C14N_WITH_COMMENTS.to_owned())
    });
    book.kept("transform_with_comments", EACH, "signature.transforms", |b| {
        b.signed_as(|r| {
            r.transforms =
                Some(vec![transform(algorithm::ENVELOPED), transform(algorithm::EXC_C14N_WITH_COMMENTS)]);
        })
    });

    book.row("C09");
    for shape in EACH {
        // on a signed Response it is the signed element itself that is changed
        let proof = if *shape == Signs::Response { super::Proof::SignedInfo } else { super::Proof::Element };
        book.push("one_namespace_two_prefixes", &[*shape], "xml.duplicate_attribute", proof, |b| {
            add_attribute(&b.genuine(), "samlp:Status", "xmlns:a=\"urn:x\" xmlns:b=\"urn:x\" a:x=\"1\" b:x=\"2\"").into()
        });
    }
    for shape in EACH {
        // on a signed Response it is the signed element itself that is changed
        let proof = if *shape == Signs::Response { super::Proof::SignedInfo } else { super::Proof::Element };
        book.push("the_same_name", &[*shape], "xml.duplicate_attribute", proof, |b| {
            add_attribute(&b.genuine(), "samlp:Response", "Version=\"2.0\"").into()
        });
    }
}

/// The digest of nothing in a SignedInfo, and the IdP's signature over nothing as its value.
fn over_nothing(b: &Base) -> String {
    let key = b.idp.key();
    let Message::Xml(xml) = b.composed(|recipe, _, id| {
        let mut reference = ReferenceRecipe::to_id(id, b"");
        reference.digest = saml_xml::types::decode_base64(DIGEST_OF_NOTHING).expect("base64");
        let info = recipe.signed_info(key, &[reference]);
        recipe.signature_with_value(key, &info, &key.sign(key.default_algorithm(), b""))
    }) else {
        return String::new();
    };
    String::from_utf8_lossy(&xml).into_owned()
}

fn accepted(book: &mut Book) {
    book.row("C07");
    super::yields(
        book.accepted("carriage_return_reference", EACH, |b| {
            b.said(|f| set_name_id(f, "alice\rexample"))
        }),
        "alice\rexample",
    );
    book.accepted("crlf_file", EACH, |b| {
        // signed as the IdP's parser sees it, with LF; sent through a system that makes it CRLF
        let lf = b.answer().edit_assertion(|xml| replace(&xml, "><", ">\n<"));
        lf.to_xml().replace('\n', "\r\n").into()
    });
    book.accepted("literal_carriage_return", EACH, |b| {
        b.answer().edit_assertion(|xml| replace(&xml, "><", ">\n<")).to_xml().replace('\n', "\r").into()
    });
    book.accepted("tab_reference_in_attribute", EACH, |b| {
        b.said(|f| {
            if let Some(a) = &mut f.assertion {
                a.attributes.push(("with\ttab".to_owned(), vec!["v".to_owned()]));
            }
        })
    });
    book.accepted("newline_in_attribute_is_a_space", EACH, |b| {
        let said = b.said(|f| {
            if let Some(a) = &mut f.assertion {
                a.attributes.push(("with space".to_owned(), vec!["v".to_owned()]));
            }
        });
        let Message::Xml(xml) = said else { return said };
        replace(&String::from_utf8_lossy(&xml), "with space", "with\nspace").into()
    });
    book.accepted("single_quotes_and_spaces_in_tags", EACH, |b| {
        replace(&b.genuine(), "<saml:Subject>", "<saml:Subject  >").replace(" Version=\"2.0\"", "\n Version = '2.0' ").into()
    });
    book.accepted("empty_element_tags", EACH, |b| {
        replace(&b.genuine(), "></samlp:StatusCode>", "/>").replace("></saml:SubjectConfirmationData>", " />").into()
    });
    book.accepted("white_space_in_base64", EACH, |b| {
        let xml = b.genuine();
        let value = get(&xml, "ds:SignatureValue");
        let wrapped: String = value.as_bytes()["<ds:SignatureValue>".len()..value.len() - "</ds:SignatureValue>".len()]
            .chunks(64)
            .map(|line| format!("{}\r\n", String::from_utf8_lossy(line)))
            .collect();
        set_content(&xml, "ds:SignatureValue", &wrapped).into()
    });

    book.row("C08");
    let spots = "<saml:AttributeStatement><saml:Attribute Name=\"x\"><saml:AttributeValue>";
    for (name, value) in [
        ("default_redeclared", "<a xmlns=\"urn:a\"><b xmlns=\"urn:b\"><c xmlns=\"urn:a\">v</c></b></a>"),
        ("default_undeclared", "<a xmlns=\"urn:a\"><b xmlns=\"\">v</b></a>"),
        ("shadowed_prefix", "<p:a xmlns:p=\"urn:a\"><p:b xmlns:p=\"urn:b\"><p:c xmlns:p=\"urn:a\"></p:c></p:b></p:a>"),
        ("unused_prefixes", "<a xmlns:u=\"urn:u\" xmlns:v=\"urn:v\">v</a>"),
        ("one_uri_two_prefixes", "<p:a xmlns:p=\"urn:a\" xmlns:q=\"urn:a\" q:x=\"1\"><q:b p:y=\"2\"></q:b></p:a>"),
        (
            "attributes_sorted_by_uri",
            "<a xmlns:z=\"urn:a\" xmlns:a=\"urn:z\" a:one=\"1\" z:two=\"2\" plain=\"3\" xml:lang=\"en\">v</a>",
        ),
        ("prefix_declared_far_above", "<saml:x><saml:y></saml:y></saml:x>"),
    ] {
        book.accepted(name, EACH, move |b| {
            b.answer()
                .edit_assertion(|xml| {
                    let statement =
                        format!("{spots}{value}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>");
                    if crate::surgery::count(&xml, "saml:AttributeStatement") > 0 {
                        replace_element(&xml, "saml:AttributeStatement", &statement)
                    } else {
                        after(&xml, "saml:AuthnStatement", &statement)
                    }
                })
                .to_xml()
                .into()
        });
    }
    book.accepted("prefix_list_for_xsi_type", EACH, |b| {
        let recipe = SignatureRecipe { prefix_list: Some("xs".to_owned()), ..SignatureRecipe::default() };
        b.answer()
            .recipe(recipe)
            .edit_assertion(|xml| {
                let xml = add_attribute(&xml, "saml:Assertion", "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"");
                let type_ = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"xs:string\"";
                xml.replace("<saml:AttributeValue>", &format!("<saml:AttributeValue {type_}>"))
            })
            .to_xml()
            .into()
    });
    book.accepted("moved_under_other_ancestors", WITH_ASSERTION, |b| {
        if b.signs == Signs::Both {
            return b.response_text(|xml| add_attribute(&xml, "samlp:Response", "xmlns:added=\"urn:example:added\""));
        }
        let xml = add_attribute(&b.genuine(), "samlp:Response", "xmlns:added=\"urn:example:added\" xml:lang=\"en\"");
        xml.into()
    });
    book.accepted("default_namespace_for_all", EACH, |b| {
        // the way .NET writes it: no prefixes at all
        b.answer()
            .edit_assertion(|xml| xml.replace("<saml:", "<").replace("</saml:", "</").replace("xmlns:saml=", "xmlns="))
            .recipe(SignatureRecipe { key_info: KeyInfoRecipe::Absent, ..SignatureRecipe::default() })
            .to_xml()
            .into()
    });

    book.row("C10");
    for offset in 0..3 {
        let long = format!("{}{}", "x".repeat(offset), "\u{20ac}".repeat(11_000));
        book.accepted(&format!("multi_byte_text_offset_{offset}"), EACH, move |b| {
            b.said(|f| {
                if let Some(a) = &mut f.assertion {
                    a.attributes.push(("long".to_owned(), vec![long.clone()]));
                }
            })
        });
    }
}

pub(super) fn set_name_id(fields: &mut crate::ResponseFields, name_id: &str) {
    if let Some(assertion) = &mut fields.assertion {
        assertion.name_id = Some(name_id.to_owned());
    }
}
