//! Who it is about, and how that is confirmed. S03, S09, S12.

use super::{Base, Book, EACH};
use crate::ResponseFields;
use crate::message::{AssertionFields, BEARER};
use crate::surgery::{
    add_attribute, append, before, get, prepend, remove, replace_element, set_attribute, set_content,
};

pub(super) fn cases(book: &mut Book) {
    recipient(book);
    methods(book);
    name_id(book);
}

fn assertion(change: impl Fn(&mut AssertionFields)) -> impl Fn(&mut ResponseFields) {
    move |fields| {
        if let Some(assertion) = &mut fields.assertion {
            change(assertion);
        }
    }
}

fn recipient(book: &mut Book) {
    book.row("S03");
    book.refused("missing", EACH, "subject.recipient_missing", |b| b.said(assertion(|a| a.recipient = None)));
    for (name, url) in [
        ("other", "https://other-sp.example.test/acs"),
        ("empty", ""),
        ("trailing_slash", "https://sp.example.test/saml/consume/"),
        ("other_port", "https://sp.example.test:8443/saml/consume"),
        ("default_port", "https://sp.example.test:443/saml/consume"),
        ("upper_case_path", "https://sp.example.test/saml/Consume"),
        ("other_tenant", "https://sp.example.test/saml/consume/other"),
        ("query", "https://sp.example.test/saml/consume?tenant=1"),
    ] {
        book.refused(name, EACH, "subject.recipient_mismatch", move |b| {
            b.said(assertion(|a| a.recipient = Some(url.to_owned())))
        });
    }
}

fn methods(book: &mut Book) {
    book.row("S09");
    for (name, method) in [
        ("holder_of_key", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
        ("sender_vouches", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"),
        ("saml_1", "urn:oasis:names:tc:SAML:1.0:cm:bearer"),
        ("empty", ""),
        ("case", "urn:oasis:names:tc:SAML:2.0:cm:Bearer"),
    ] {
        book.refused(name, EACH, "subject.confirmation_method", move |b| {
            b.said(assertion(|a| a.confirmation_method = method.to_owned()))
        });
    }
    book.refused("no_confirmation", EACH, "subject.confirmation_missing", |b| {
        b.assertion_text(|xml| remove(&xml, "saml:SubjectConfirmation"))
    });
    book.refused("no_data", EACH, "subject.confirmation_data_missing", |b| {
        b.assertion_text(|xml| remove(&xml, "saml:SubjectConfirmationData"))
    });
    let wrong = |b: &Base, xml: &str| {
        let _ = b;
        let copy = get(xml, "saml:SubjectConfirmation");
        set_attribute(&copy, "saml:SubjectConfirmationData", "Recipient", "https://other.example.test/")
    };
    book.accepted("first_fails_second_passes", EACH, move |b| {
        b.assertion_text(|xml| before(&xml, "saml:SubjectConfirmation", &wrong(b, &xml)))
    });
    book.accepted("other_method_beside_bearer", EACH, |b| {
        b.assertion_text(|xml| {
            let other = "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"></saml:SubjectConfirmation>";
            before(&xml, "saml:SubjectConfirmation", other)
        })
    });
    book.refused("two_that_are_right_only_together", EACH, "subject.expired", |b| {
        // one has the right Recipient and has expired, the other is in time and for somebody else
        let expired = b.at(-3600);
        b.assertion_text(|xml| {
            let good = get(&xml, "saml:SubjectConfirmation");
            let late = set_attribute(&good, "saml:SubjectConfirmationData", "NotOnOrAfter", &expired);
            let other = set_attribute(&good, "saml:SubjectConfirmationData", "Recipient", "https://other.example.test/");
            replace_element(&xml, "saml:SubjectConfirmation", &format!("{other}{late}"))
        })
    });
    book.refused("confirmation_in_other_namespace", EACH, "subject.unexpected_child", |b| {
        b.assertion_text(|xml| {
            let other = format!("<x:SubjectConfirmation xmlns:x=\"urn:x\" Method=\"{BEARER}\"></x:SubjectConfirmation>");
            append(&xml, "saml:Subject", &other)
        })
    });
    book.accepted("address_is_not_compared", EACH, |b| {
        b.assertion_text(|xml| add_attribute(&xml, "saml:SubjectConfirmationData", "Address=\"192.0.2.1\""))
    });
}

fn name_id(book: &mut Book) {
    book.row("S12");
    book.refused("no_subject", EACH, "subject.missing", |b| b.assertion_text(|xml| remove(&xml, "saml:Subject")));
    book.refused("no_name_id", EACH, "subject.name_id_missing", |b| b.said(assertion(|a| a.name_id = None)));
    for (name, value) in [("empty", ""), ("spaces", "   "), ("newline", "\n")] {
        book.refused(name, EACH, "subject.name_id_empty", move |b| b.said(assertion(|a| a.name_id = Some(value.to_owned()))));
    }
    book.refused("too_long", EACH, "subject.name_id_too_long", |b| {
        b.said(assertion(|a| a.name_id = Some("x".repeat(2_000))))
    });
    book.refused("two", EACH, "subject.name_id_multiple", |b| {
        b.assertion_text(|xml| {
            let name_id = get(&xml, "saml:NameID");
            before(&xml, "saml:NameID", &name_id)
        })
    });
    book.refused("base_id", EACH, "subject.base_id", |b| {
        b.assertion_text(|xml| replace_element(&xml, "saml:NameID", "<saml:BaseID></saml:BaseID>"))
    });
    book.refused("encrypted_id", EACH, "subject.encrypted_id", |b| {
        b.assertion_text(|xml| replace_element(&xml, "saml:NameID", "<saml:EncryptedID></saml:EncryptedID>"))
    });
    book.refused("other_sp_name_qualifier", EACH, "subject.sp_name_qualifier", |b| {
        b.said(assertion(|a| a.sp_name_qualifier = Some("https://other-sp.example.test/".to_owned())))
    });
    book.accepted("our_sp_name_qualifier", EACH, |b| {
        let ours = b.sp_entity_id.clone();
        b.said(assertion(|a| {
            a.sp_name_qualifier = Some(ours.clone());
            a.name_qualifier = Some("https://idp.example.test/metadata".to_owned());
        }))
    });
    book.accepted("no_format", EACH, |b| b.said(assertion(|a| a.name_id_format = None)));
    book.accepted("odd_format", EACH, |b| b.said(assertion(|a| a.name_id_format = Some("not a URI".to_owned()))));
    let cases = book.refused("other_format_than_asked_for", EACH, "subject.name_id_format", |b| b.genuine().into());
    super::each(cases, |setting| setting.name_id_policy = true);
    let cases = book.accepted("format_as_asked_for", EACH, |b| {
        b.said(assertion(|a| a.name_id_format = Some(super::PERSISTENT.to_owned())))
    });
    super::each(cases, |setting| setting.name_id_policy = true);
    book.refused("element_before_name_id", EACH, "subject.unexpected_child", |b| {
        b.assertion_text(|xml| prepend(&xml, "saml:Subject", "<x:e xmlns:x=\"urn:x\"></x:e>"))
    });
    book.accepted("long_but_allowed", EACH, |b| b.said(assertion(|a| a.name_id = Some("x".repeat(256)))))
        .iter_mut()
        .for_each(|case| {
            case.name_id(&"x".repeat(256));
        });
    book.refused("cleared_after_signing", EACH, "signature.digest_mismatch", |b| {
        set_content(&b.genuine(), "saml:NameID", "").into()
    });
}
