//! Signature wrapping: the genuine signature verifies, and something else is read. W01 to W26.

use super::{ASSERTION_ONLY, BOTH_ONLY, Base, Book, EACH, EVIL_NAME_ID, Message, RESPONSE_ONLY, WITH_ASSERTION};
use crate::message::{ASSERTION, PROTOCOL, SUCCESS, Signs};
use crate::signer::{DSIG, SignatureRecipe, algorithm, digest_with};
use crate::surgery::{
    add_attribute, after, append, before, find, get, prepend, remove, replace, replace_element, set_attribute,
    set_content, splice,
};

pub(super) fn cases(book: &mut Book) {
    raider(book);
    several(book);
    hidden(book);
    other_messages(book);
    smuggled(book);
}

/// The eight permutations of SAMLRaider. `raider` is the tool's very output, which often repeats an ID;
/// `unique_ids` gives every copy an ID of its own, so that it is the next wall that has to hold.
fn raider(book: &mut Book) {
    book.row("W01");
    book.wrapped("raider", RESPONSE_ONLY, "xml.duplicate_id", |b| xsw_1_2(b, false, true));
    book.wrapped("unique_ids", RESPONSE_ONLY, "response.assertion_misplaced", |b| xsw_1_2(b, true, true));
    book.row("W02");
    book.wrapped("raider", RESPONSE_ONLY, "xml.duplicate_id", |b| xsw_1_2(b, false, false));
    book.wrapped("unique_ids", RESPONSE_ONLY, "response.unexpected_child", |b| xsw_1_2(b, true, false));

    book.row("W03").wrapped("raider", WITH_ASSERTION, "response.assertion_multiple", |b| {
        let xml = b.genuine();
        let evil = b.evil(&get(&xml, "saml:Assertion"));
        before(&xml, "saml:Assertion", &evil).into()
    });
    book.row("W04").wrapped("raider", WITH_ASSERTION, "response.assertion_misplaced", |b| {
        let xml = b.genuine();
        let genuine = get(&xml, "saml:Assertion");
        let evil = append(&b.evil(&genuine), "saml:Assertion", &genuine);
        replace_element(&xml, "saml:Assertion", &evil).into()
    });
    book.row("W05").wrapped("raider", WITH_ASSERTION, "response.assertion_multiple", |b| {
        let xml = b.genuine();
        let copy = remove(&get(&xml, "saml:Assertion"), "ds:Signature");
        append(&in_place(&xml), "samlp:Response", &copy).into()
    });
    book.row("W06").wrapped("raider", WITH_ASSERTION, "response.assertion_misplaced", |b| {
        let xml = b.genuine();
        let copy = remove(&get(&xml, "saml:Assertion"), "ds:Signature");
        append_to_assertion_signature(&in_place(&xml), &copy).into()
    });
    book.row("W07");
    for (name, namespace) in [("plain", "xmlns=\"\""), ("samlp", "xmlns=\"urn:oasis:names:tc:SAML:2.0:protocol\"")] {
        book.wrapped(&format!("raider_{name}"), WITH_ASSERTION, "xml.duplicate_id", move |b| {
            let xml = b.genuine();
            let evil = set_attribute(&b.evil(&get(&xml, "saml:Assertion")), "saml:Assertion", "ID", &b.assertion_id);
            before(&xml, "saml:Assertion", &format!("<Extensions {namespace}>{evil}</Extensions>")).into()
        });
        let code = if name == "plain" { "response.unexpected_child" } else { "response.child_order" };
        book.wrapped(&format!("unique_ids_{name}"), WITH_ASSERTION, code, move |b| {
            let xml = b.genuine();
            let evil = b.evil(&get(&xml, "saml:Assertion"));
            before(&xml, "saml:Assertion", &format!("<Extensions {namespace}>{evil}</Extensions>")).into()
        });
    }
    book.wrapped("reverse_in_order", WITH_ASSERTION, "response.assertion_misplaced", |b| {
        let xml = b.genuine();
        let genuine = get(&xml, "saml:Assertion");
        let xml = replace_element(&xml, "saml:Assertion", &b.evil(&genuine));
        before(&xml, "samlp:Status", &format!("<samlp:Extensions>{genuine}</samlp:Extensions>")).into()
    });
    book.wrapped("in_order", WITH_ASSERTION, "response.assertion_misplaced", |b| {
        let xml = b.genuine();
        let evil = b.evil(&get(&xml, "saml:Assertion"));
        before(&xml, "samlp:Status", &format!("<samlp:Extensions>{evil}</samlp:Extensions>")).into()
    });
    book.row("W08");
    for (name, open) in [("plain", "<Object xmlns=\"\">"), ("dsig", "<Object xmlns=\"http://www.w3.org/2000/09/xmldsig#\">")] {
        book.wrapped(&format!("raider_{name}"), WITH_ASSERTION, "response.assertion_misplaced", move |b| {
            let xml = b.genuine();
            let copy = remove(&get(&xml, "saml:Assertion"), "ds:Signature");
            append_to_assertion_signature(&in_place(&xml), &format!("{open}{copy}</Object>")).into()
        });
    }
}

/// XSW 1 (the copy inside the Signature) and 2 (the copy before it).
fn xsw_1_2(b: &Base, unique_ids: bool, inside: bool) -> Message {
    let genuine = b.genuine();
    let copy = remove(&genuine, "ds:Signature");
    let mut outer = set_attribute(&genuine, "samlp:Response", "ID", "_evil_response_ID");
    outer = set_content(&outer, "saml:NameID", EVIL_NAME_ID);
    if unique_ids {
        outer = set_attribute(&outer, "saml:Assertion", "ID", "_evil_assertion_ID");
    }
    if inside { append(&outer, "ds:Signature", &copy) } else { before(&outer, "ds:Signature", &copy) }.into()
}

/// The Assertion changed where it stands, its Signature kept.
fn in_place(xml: &str) -> String {
    let xml = set_attribute(xml, "saml:Assertion", "ID", "_evil_assertion_ID");
    set_content(&xml, "saml:NameID", EVIL_NAME_ID)
}

fn append_to_assertion_signature(xml: &str, what: &str) -> String {
    let assertion = get(xml, "saml:Assertion");
    replace_element(xml, "saml:Assertion", &append(&assertion, "ds:Signature", what))
}

/// More than one of what there must be one of.
fn several(book: &mut Book) {
    book.row("W09");
    book.wrapped("unsigned_last", WITH_ASSERTION, "response.assertion_multiple", |b| {
        let xml = b.genuine();
        let evil = b.evil(&get(&xml, "saml:Assertion")).replace("_evil_assertion_ID", "_assertion-1_attack");
        append(&xml, "samlp:Response", &evil).into()
    });
    book.wrapped("both_signed", EACH, "response.assertion_multiple", |b| {
        let mut other = b.clone();
        other.user.name_id = EVIL_NAME_ID.to_owned();
        other.assertion_id = "_assertion-2".to_owned();
        let second = get(&other.genuine(), "saml:Assertion");
        b.response_text(|xml| append(&xml, "samlp:Response", &second))
    });

    book.row("W10");
    book.kept("evil_first", WITH_ASSERTION, "signature.malformed", |b| {
        let xml = b.genuine();
        before(&tampered(&xml), "ds:SignedInfo", &forged_signed_info(b, &xml)).into()
    });
    book.kept("evil_last", WITH_ASSERTION, "signature.malformed", |b| {
        let xml = b.genuine();
        after(&tampered(&xml), "ds:SignedInfo", &forged_signed_info(b, &xml)).into()
    });
    book.kept("evil_in_wrapper", WITH_ASSERTION, "signature.malformed", |b| {
        let xml = b.genuine();
        let wrapper = format!("<WRAPPER>{}</WRAPPER>", forged_signed_info(b, &xml));
        before(&tampered(&xml), "ds:SignedInfo", &wrapper).into()
    });
    book.refused("none", WITH_ASSERTION, "signature.malformed", |b| remove(&b.genuine(), "ds:SignedInfo").into());

    book.row("W12");
    book.refused("response_value_broken", BOTH_ONLY, "signature.value_mismatch", |b| {
        let xml = b.genuine();
        let first = find(&xml, "ds:SignatureValue", 0);
        let broken = break_signature_value(&xml[first.clone()]);
        splice(&xml, first, &broken).into()
    });
    book.wrapped("response_digest_broken", BOTH_ONLY, "signature.digest_mismatch", |b| {
        set_attribute(&b.genuine(), "samlp:Response", "IssueInstant", &b.at(-1)).into()
    });
    book.refused("assertion_broken_response_good", BOTH_ONLY, "signature.digest_mismatch", |b| {
        b.response_text(|xml| set_content(&xml, "saml:NameID", EVIL_NAME_ID))
    });

    book.row("W26").refused("no_reference", EACH, "signature.reference_count", |b| {
        let key = b.idp.key();
        b.composed(|recipe, _, _| recipe.signature(key, &recipe.signed_info(key, &[])))
    });
}

/// A SignedInfo whose Reference is right for the tampered Assertion.
fn forged_signed_info(b: &Base, xml: &str) -> String {
    let evil = remove(&get(&tampered(xml), "saml:Assertion"), "ds:Signature");
    let recipe = SignatureRecipe::default();
    let (octets, _) = recipe.measure(&evil, &b.assertion_id);
    recipe.signed_info(b.idp.key(), &[recipe.reference(&b.assertion_id, &octets)])
}

/// The NameID changed, nothing else.
fn tampered(xml: &str) -> String {
    set_content(xml, "saml:NameID", EVIL_NAME_ID)
}

pub(super) fn break_signature_value(element: &str) -> String {
    let at = element.find("</").unwrap_or(0) - 8;
    let old = &element[at..=at];
    let new = if old == "A" { "B" } else { "A" };
    splice(element, at..at + 1, new)
}

/// Places to hide a signed element or its signature in.
fn hidden(book: &mut Book) {
    book.row("W11");
    for (name, target) in [("in_status", "samlp:Status"), ("after_assertion", "samlp:Response")] {
        // at the end of the Response it is a child out of order before it is a signature out of place
        let code = if target == "samlp:Response" { "response.child_order" } else { "response.signature_misplaced" };
        book.wrapped(name, ASSERTION_ONLY, code, move |b| {
            let xml = b.genuine();
            let signature = get(&xml, "ds:Signature");
            append(&remove(&xml, "ds:Signature"), target, &signature).into()
        });
    }
    book.wrapped("in_subject", ASSERTION_ONLY, "response.signature_misplaced", |b| {
        let xml = b.genuine();
        let signature = get(&xml, "ds:Signature");
        append(&remove(&xml, "ds:Signature"), "saml:Subject", &signature).into()
    });
    book.wrapped("last_in_assertion", ASSERTION_ONLY, "assertion.child_order", |b| {
        let xml = b.genuine();
        let signature = get(&xml, "ds:Signature");
        append(&remove(&xml, "ds:Signature"), "saml:Assertion", &signature).into()
    });
    book.refused("covers_data_in_assertion", ASSERTION_ONLY, "response.signature_misplaced", |b| {
        let data = SignatureRecipe::default().sign("<Data ID=\"_5\"><x></x></Data>", "_5", b.idp.key());
        let unsigned = b.answer().sign(Signs::Nothing).to_xml();
        append(&unsigned, "saml:Assertion", &data).into()
    });
    book.refused("refers_to_data_in_assertion", ASSERTION_ONLY, "signature.reference_uri", |b| {
        let recipe = SignatureRecipe::default();
        let data = "<Data ID=\"_5\"><x></x></Data>";
        let (octets, _) = recipe.measure(data, "_5");
        let key = b.idp.key();
        let signature = recipe.signature(key, &recipe.signed_info(key, &[recipe.reference("_5", &octets)]));
        let unsigned = b.answer().sign(Signs::Nothing).to_xml();
        let assertion = append(&after(&get(&unsigned, "saml:Assertion"), "saml:Issuer", &signature), "saml:Assertion", data);
        replace_element(&unsigned, "saml:Assertion", &assertion).into()
    });

    book.row("W13");
    for (name, place) in [("in_issuer", "saml:Issuer"), ("in_name_id", "saml:NameID")] {
        for shape in [Signs::Assertion, Signs::Response] {
            book.wrapped(name, &[shape], "response.assertion_misplaced", move |b| {
                let evil = attacker_response(b);
                let text = if place == "saml:Issuer" { b.idp.entity_id() } else { EVIL_NAME_ID };
                set_content(&evil, place, &format!("{text}{}", b.genuine())).into()
            });
        }
    }
    book.row("W15").wrapped("saml_response", ASSERTION_ONLY, "response.signature_misplaced", |b| {
        let xml = b.genuine();
        let signature = get(&xml, "ds:Signature");
        let unsigned = remove(&xml, "ds:Signature");
        let fake = format!("<samlp:Extensions><saml:Response xmlns:saml=\"{ASSERTION}\" ID=\"fake\">{signature}</saml:Response></samlp:Extensions>");
        before(&unsigned, "samlp:Status", &fake).into()
    });
    book.row("W16");
    book.accepted("unsigned_advice", EACH, |b| {
        b.assertion_text(|xml| {
            let inner = b.evil(&xml);
            after(&xml, "saml:Conditions", &format!("<saml:Advice>{inner}</saml:Advice>"))
        })
    });
    book.accepted("signed_advice", EACH, |b| {
        b.assertion_text(|xml| {
            let inner = SignatureRecipe::default().sign(&b.evil(&xml), "_evil_assertion_ID", b.idp.key());
            after(&xml, "saml:Conditions", &format!("<saml:Advice>{inner}</saml:Advice>"))
        })
    });
    book.row("W17").wrapped("genuine_in_extensions", &[Signs::Assertion, Signs::Response], "response.assertion_misplaced", |b| {
        let extensions = format!("<samlp:Extensions>{}</samlp:Extensions>", b.genuine());
        before(&attacker_response(b), "samlp:Status", &extensions).into()
    });
    book.row("W25");
    for (name, place) in [("foreign_in_response", "samlp:Response"), ("foreign_in_assertion", "saml:Assertion")] {
        let code = if place == "samlp:Response" { "response.unexpected_child" } else { "assertion.unexpected_child" };
        book.refused(name, EACH, code, move |b| {
            let element = "<x:Store xmlns:x=\"urn:example:x\"></x:Store>";
            if place == "samlp:Response" {
                b.response_text(|xml| append(&xml, place, element))
            } else {
                b.assertion_text(|xml| append(&xml, place, element))
            }
        });
    }
    book.wrapped("assertion_in_issuer", WITH_ASSERTION, "response.assertion_misplaced", |b| {
        let xml = b.genuine();
        let genuine = get(&xml, "saml:Assertion");
        let xml = replace_element(&xml, "saml:Assertion", &b.evil(&genuine));
        set_content(&xml, "saml:Issuer", &format!("{}{genuine}", b.idp.entity_id())).into()
    });
}

/// An unsigned Response of the attacker's own, with no ID of the genuine one.
fn attacker_response(b: &Base) -> String {
    let xml = b.answer().sign(Signs::Nothing).to_xml();
    let xml = set_attribute(&xml, "samlp:Response", "ID", "_evil_response_ID");
    let evil = b.evil(&get(&xml, "saml:Assertion"));
    replace_element(&xml, "saml:Assertion", &evil)
}

/// Signed things that are not the Response asked for. W14, W18 to W21.
fn other_messages(book: &mut Book) {
    book.row("W14");
    for (name, place) in [("in_status_detail", "StatusDetail"), ("in_extensions", "Extensions")] {
        book.refused(name, ASSERTION_ONLY, "response.signature_misplaced", move |b| {
            let other = logout_response(b);
            let hidden = format!("<samlp:{place}>{other}</samlp:{place}>");
            let evil = attacker_response(b);
            if place == "StatusDetail" { append(&evil, "samlp:Status", &hidden) } else { before(&evil, "samlp:Status", &hidden) }.into()
        });
    }
    book.refused("signature_points_to_extensions", ASSERTION_ONLY, "signature.reference_uri", |b| {
        let other = logout_response(b);
        let signature = get(&other, "ds:Signature");
        let other = remove(&other, "ds:Signature");
        let evil = after(&attacker_response(b), "saml:Issuer", &signature);
        before(&evil, "samlp:Status", &format!("<samlp:Extensions>{other}</samlp:Extensions>")).into()
    });
    book.wrapped("assertion_in_logout_request", ASSERTION_ONLY, "response.root", |b| {
        let assertion = get(&b.genuine(), "saml:Assertion");
        format!(
            "<samlp:LogoutRequest xmlns:samlp=\"{PROTOCOL}\" ID=\"_logout\" IssueInstant=\"{}\" Version=\"2.0\">{assertion}</samlp:LogoutRequest>",
            b.at(0)
        )
        .into()
    });

    book.row("W18");
    book.wrapped("issuer", ASSERTION_ONLY, "response.issuer_mismatch", |b| {
        set_content(&b.genuine(), "saml:Issuer", "https://other.example.test/").into()
    });
    book.wrapped("destination", ASSERTION_ONLY, "response.destination_mismatch", |b| {
        set_attribute(&b.genuine(), "samlp:Response", "Destination", "https://other.example.test/acs").into()
    });
    book.wrapped("in_response_to", ASSERTION_ONLY, "response.in_response_to_mismatch", |b| {
        set_attribute(&b.genuine(), "samlp:Response", "InResponseTo", "_other").into()
    });
    book.wrapped("status", ASSERTION_ONLY, "status.not_success", |b| {
        replace(&b.genuine(), SUCCESS, "urn:oasis:names:tc:SAML:2.0:status:Responder").into()
    });
    book.wrapped("encrypted_assertion_added", ASSERTION_ONLY, "response.encrypted_assertion", |b| {
        append(&b.genuine(), "samlp:Response", &encrypted_assertion()).into()
    });
    book.wrapped("wrapper_repaired_for_another_request", ASSERTION_ONLY, "subject.in_response_to_mismatch", |b| {
        let stolen = Base { request_id: "_request-of-another-browser".to_owned(), ..b.clone() };
        set_attribute(&stolen.genuine(), "samlp:Response", "InResponseTo", &b.request_id).into()
    });
    book.wrapped("wrapper_repaired_for_another_sp", ASSERTION_ONLY, "subject.recipient_mismatch", |b| {
        let stolen = Base { acs_url: "https://other-sp.example.test/acs".to_owned(), ..b.clone() };
        set_attribute(&stolen.genuine(), "samlp:Response", "Destination", &b.acs_url).into()
    });
    book.row("W19");
    book.wrapped("encrypted_first", WITH_ASSERTION, "response.encrypted_assertion", |b| {
        before(&b.genuine(), "saml:Assertion", &encrypted_assertion()).into()
    });
    book.refused("encrypted_alone", RESPONSE_ONLY, "response.encrypted_assertion", |b| {
        b.response_text(|xml| replace_element(&xml, "saml:Assertion", &encrypted_assertion()))
    });

    book.row("W20");
    for name in ["AuthnRequest", "LogoutRequest", "ArtifactResponse"] {
        book.refused(&name.to_lowercase(), ASSERTION_ONLY, "response.root", move |b| {
            signed_protocol_message(b, name, "").into()
        });
    }
    book.wrapped("artifact_response_around_response", ASSERTION_ONLY, "response.root", |b| {
        signed_protocol_message(b, "ArtifactResponse", &b.genuine()).into()
    });
    book.refused("metadata", ASSERTION_ONLY, "response.root", |b| {
        let metadata = replace(&b.idp.metadata_xml(), " entityID=", " ID=\"_metadata\" entityID=");
        SignatureRecipe::default().sign(&metadata, "_metadata", b.idp.key()).into()
    });

    book.row("W21");
    book.wrapped("bare_assertion", ASSERTION_ONLY, "response.root", |b| get(&b.genuine(), "saml:Assertion").into());
    book.refused("saml_1_1_assertion_in_response", ASSERTION_ONLY, "response.unexpected_child", |b| {
        let assertion = SignatureRecipe::default().sign(&saml_1_1_assertion(b), "_saml11", b.idp.key());
        let unsigned = b.answer().sign(Signs::Nothing).to_xml();
        replace_element(&unsigned, "saml:Assertion", &assertion).into()
    });
    book.refused("saml_1_1_response", ASSERTION_ONLY, "response.root", |b| {
        let assertion = SignatureRecipe::default().sign(&saml_1_1_assertion(b), "_saml11", b.idp.key());
        format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:1.0:protocol\" IssueInstant=\"{}\" MajorVersion=\"1\" \
             MinorVersion=\"1\" ResponseID=\"_r11\">{assertion}</samlp:Response>",
            b.at(0)
        )
        .into()
    });
}

fn saml_1_1_assertion(b: &Base) -> String {
    format!(
        "<saml1:Assertion xmlns:saml1=\"urn:oasis:names:tc:SAML:1.0:assertion\" AssertionID=\"_saml11\" IssueInstant=\"{}\" \
         Issuer=\"{}\" MajorVersion=\"1\" MinorVersion=\"1\"><saml1:AuthenticationStatement><saml1:Subject>\
         <saml1:NameIdentifier>{}</saml1:NameIdentifier></saml1:Subject></saml1:AuthenticationStatement></saml1:Assertion>",
        b.at(0),
        b.idp.entity_id(),
        b.user.name_id
    )
}

fn logout_response(b: &Base) -> String {
    signed_protocol_message(b, "LogoutResponse", "")
}

fn signed_protocol_message(b: &Base, name: &str, content: &str) -> String {
    let xml = format!(
        "<samlp:{name} xmlns:samlp=\"{PROTOCOL}\" ID=\"_other_message\" IssueInstant=\"{}\" Version=\"2.0\">\
         <saml:Issuer xmlns:saml=\"{ASSERTION}\">{}</saml:Issuer><samlp:Status><samlp:StatusCode Value=\"{SUCCESS}\">\
         </samlp:StatusCode></samlp:Status>{content}</samlp:{name}>",
        b.at(0),
        b.idp.entity_id()
    );
    SignatureRecipe::default().sign(&xml, "_other_message", b.idp.key())
}

fn encrypted_assertion() -> String {
    format!(
        "<saml:EncryptedAssertion xmlns:saml=\"{ASSERTION}\"><xenc:EncryptedData xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\">\
         <xenc:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes256-gcm\"></xenc:EncryptionMethod>\
         <xenc:CipherData><xenc:CipherValue>AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=</xenc:CipherValue></xenc:CipherData>\
         </xenc:EncryptedData></saml:EncryptedAssertion>"
    )
}

/// Extra copies of the parts a careless search finds first. W22 to W24.
fn smuggled(book: &mut Book) {
    book.row("W22");
    for (name, attribute) in [
        ("upper", "ID=\"{}\""),
        ("mixed", "Id=\"{}\""),
        ("lower", "id=\"{}\""),
        ("xml_id", "xml:id=\"{}\""),
        ("assertion.id_missing", "AssertionID=\"{}\""),
        ("wsu", "xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\" wsu:Id=\"{}\""),
    ] {
        book.wrapped(name, EACH, "xml.duplicate_id", move |b| {
            let (element, id) = b.signed_element();
            let attribute = attribute.replace("{}", id);
            let copy = format!("<samlp:Extensions xmlns:samlp=\"{PROTOCOL}\"><x:e xmlns:x=\"urn:example:x\" {attribute}></x:e></samlp:Extensions>");
            let xml = b.genuine();
            if element == "samlp:Response" {
                // beside the signed Response, in a comment's place after it: a second holder of its ID
                prepend(&format!("<samlp:Wrapper xmlns:samlp=\"{PROTOCOL}\">{xml}</samlp:Wrapper>"), "samlp:Wrapper", &copy).into()
            } else {
                before(&xml, "samlp:Status", &copy).into()
            }
        });
    }

    book.row("W23");
    for (name, place) in [("status_detail", "StatusDetail"), ("extensions", "Extensions"), ("object", "Object")] {
        let code = if place == "Object" { "signature.object" } else { "response.signature_misplaced" };
        book.kept(name, ASSERTION_ONLY, code, move |b| {
            let genuine = b.genuine();
            let evil = set_content(&genuine, "saml:NameID", EVIL_NAME_ID);
            let octets = remove(&get(&evil, "saml:Assertion"), "ds:Signature").into_bytes();
            let digest = saml_xml::types::encode_base64(&digest_with(algorithm::SHA256, &octets));
            let value = format!("<ds:DigestValue xmlns:ds=\"{DSIG}\">{digest}</ds:DigestValue>");
            let xml = match place {
                "StatusDetail" => append(&evil, "samlp:Status", &format!("<samlp:StatusDetail>{value}</samlp:StatusDetail>")),
                "Extensions" => before(&evil, "samlp:Status", &format!("<samlp:Extensions>{value}</samlp:Extensions>")),
                _ => append(&evil, "ds:Signature", &format!("<ds:Object>{value}</ds:Object>")),
            };
            xml.into()
        });
    }

    book.row("W24");
    book.wrapped("name_id_beside_assertion", ASSERTION_ONLY, "response.unexpected_child", |b| {
        let name_id = format!("<saml:NameID xmlns:saml=\"{ASSERTION}\">{EVIL_NAME_ID}</saml:NameID>");
        append(&b.genuine(), "samlp:Response", &name_id).into()
    });
    book.wrapped("subject_before_assertion", ASSERTION_ONLY, "response.unexpected_child", |b| {
        let subject = format!(
            "<saml:Subject xmlns:saml=\"{ASSERTION}\"><saml:NameID>{EVIL_NAME_ID}</saml:NameID></saml:Subject>"
        );
        before(&b.genuine(), "saml:Assertion", &subject).into()
    });
    book.refused("name_id_edited", EACH, "signature.digest_mismatch", |b| {
        set_content(&b.genuine(), "saml:NameID", EVIL_NAME_ID).into()
    });
    book.refused("attribute_added", EACH, "signature.digest_mismatch", |b| {
        let attribute = "<saml:Attribute Name=\"role\"><saml:AttributeValue>admin</saml:AttributeValue></saml:Attribute>";
        append(&b.genuine(), "saml:AttributeStatement", attribute).into()
    });
    book.refused("xml_attribute_added", EACH, "signature.digest_mismatch", |b| {
        add_attribute(&b.genuine(), "saml:NameID", "SPProvidedID=\"root\"").into()
    });
}
