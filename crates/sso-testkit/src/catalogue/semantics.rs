//! The rules of the Response, the Assertion and its conditions. S01, S02, S04 to S06, S10, S11, S15 to S17,
//! S19 to S21.

use super::{Base, Book, EACH, RESPONSE_ONLY, WITH_RESPONSE};
use crate::ResponseFields;
use crate::message::{AssertionFields, SUCCESS, Signs};
use crate::surgery::{
    add_attribute, after, append, before, get, prepend, remove, remove_attribute, replace, replace_element, set_attribute,
    set_content,
};

pub(super) fn cases(book: &mut Book) {
    conditions(book);
    destination(book);
    issuer(book);
    answers(book);
    status(book);
    statements(book);
    versions_and_ids(book);
    order(book);
}

fn assertion(change: impl Fn(&mut AssertionFields)) -> impl Fn(&mut ResponseFields) {
    move |fields| {
        if let Some(assertion) = &mut fields.assertion {
            change(assertion);
        }
    }
}

fn conditions(book: &mut Book) {
    book.row("S01");
    book.refused("no_conditions", EACH, "conditions.missing", |b| b.assertion_text(|xml| remove(&xml, "saml:Conditions")));
    book.refused("no_audience_restriction", EACH, "conditions.audience_missing", |b| {
        b.said(assertion(|a| a.audiences.clear()))
    });

    book.row("S02");
    for (name, audience) in [
        ("other_sp", "https://other-sp.example.test/metadata"),
        ("prefix", "https://sp.example.test/saml"),
        ("suffix", "https://sp.example.test/saml/metadata/"),
        ("upper_case", "https://SP.example.test/saml/metadata"),
        ("default_port", "https://sp.example.test:443/saml/metadata"),
        ("percent_encoded", "https://sp.example.test/saml/%6Detadata"),
        ("empty", ""),
    ] {
        book.refused(name, EACH, "conditions.audience_mismatch", move |b| {
            b.said(assertion(|a| a.audiences = vec![vec![audience.to_owned()]]))
        });
    }
    book.refused("no_audience_in_restriction", EACH, "conditions.audience_mismatch", |b| {
        b.said(assertion(|a| a.audiences = vec![vec![]]))
    });
    book.refused("and_over_restrictions", EACH, "conditions.audience_mismatch", |b| {
        let ours = b.sp_entity_id.clone();
        b.said(assertion(|a| a.audiences = vec![vec![ours.clone()], vec!["https://other.example.test/".to_owned()]]))
    });
    book.accepted("or_over_audiences", EACH, |b| {
        let ours = b.sp_entity_id.clone();
        b.said(assertion(|a| a.audiences = vec![vec!["https://other.example.test/".to_owned(), ours.clone()]]))
    });
    book.accepted("two_restrictions_that_name_us", EACH, |b| {
        let ours = b.sp_entity_id.clone();
        b.said(assertion(|a| {
            a.audiences = vec![vec![ours.clone()], vec!["urn:other".to_owned(), ours.clone()]];
        }))
    });

    book.row("S16");
    book.accepted("one_time_use", EACH, |b| {
        b.assertion_text(|xml| append(&xml, "saml:Conditions", "<saml:OneTimeUse></saml:OneTimeUse>"))
    });
    book.accepted("proxy_restriction", EACH, |b| {
        b.assertion_text(|xml| append(&xml, "saml:Conditions", "<saml:ProxyRestriction Count=\"0\"></saml:ProxyRestriction>"))
    });
    for (name, element) in [("one_time_use", "<saml:OneTimeUse></saml:OneTimeUse>"), ("proxy_restriction", "<saml:ProxyRestriction></saml:ProxyRestriction>")] {
        book.refused(&format!("{name}_twice"), EACH, "conditions.repeated", move |b| {
            b.assertion_text(|xml| append(&xml, "saml:Conditions", &element.repeat(2)))
        });
    }
    for (name, element) in [
        ("extension", "<saml:Condition xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xmlns:x=\"urn:x\" xsi:type=\"x:Weekday\"></saml:Condition>"),
        ("foreign", "<x:OneTimeUse xmlns:x=\"urn:x\"></x:OneTimeUse>"),
        ("text", "text"),
    ] {
        book.refused(&format!("unknown_{name}"), EACH, "conditions.unknown", move |b| {
            b.assertion_text(|xml| append(&xml, "saml:Conditions", element))
        });
    }
}

fn destination(book: &mut Book) {
    book.row("S04");
    for (name, url) in [
        ("other", "https://other-sp.example.test/acs"),
        ("empty", ""),
        ("trailing_slash", "https://sp.example.test/saml/consume/"),
        ("query", "https://sp.example.test/saml/consume?x=1"),
        ("http", "http://sp.example.test/saml/consume"),
    ] {
        book.refused(name, EACH, "response.destination_mismatch", move |b| {
            b.said(|f| f.destination = Some(url.to_owned()))
        });
    }
    book.refused("missing_though_signed", WITH_RESPONSE, "response.destination_missing", |b| b.said(|f| f.destination = None));
    book.accepted("missing_and_unsigned", &[Signs::Assertion], |b| b.said(|f| f.destination = None));
}

fn issuer(book: &mut Book) {
    book.row("S05");
    book.refused("missing_in_assertion", EACH, "assertion.issuer_missing", |b| b.said(assertion(|a| a.issuer = None)));
    book.refused("missing_in_signed_response", WITH_RESPONSE, "response.issuer_missing", |b| b.said(|f| f.issuer = None));
    book.accepted("missing_in_unsigned_response", &[Signs::Assertion], |b| b.said(|f| f.issuer = None));
    book.refused("other_in_assertion", EACH, "assertion.issuer_mismatch", |b| {
        b.said(assertion(|a| a.issuer = Some("https://other.example.test/".to_owned())))
    });
    book.refused("other_in_response", EACH, "response.issuer_mismatch", |b| {
        b.said(|f| f.issuer = Some("https://other.example.test/".to_owned()))
    });
    book.refused("other_in_both", EACH, "response.issuer_mismatch", |b| {
        b.said(|f| {
            f.issuer = Some("https://other.example.test/".to_owned());
            assertion(|a| a.issuer = Some("https://other.example.test/".to_owned()))(f);
        })
    });
    book.refused("upper_case", EACH, "assertion.issuer_mismatch", |b| {
        b.said(assertion(|a| a.issuer = a.issuer.as_ref().map(|i| i.to_uppercase())))
    });
    let entity = "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\"";
    book.accepted("format_entity", EACH, move |b| b.assertion_text(|xml| add_attribute(&xml, "saml:Issuer", entity)));
    let other = "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\"";
    book.refused("format_other_in_assertion", EACH, "assertion.issuer_malformed", move |b| {
        b.assertion_text(|xml| add_attribute(&xml, "saml:Issuer", other))
    });
    book.refused("format_other_in_response", EACH, "response.issuer_malformed", move |b| {
        b.response_text(|xml| add_attribute(&xml, "saml:Issuer", other))
    });
    book.refused("other_idp_with_its_own_key", EACH, "signature.unknown_key", |b| {
        // a trusted IdP of another connection: right keys there, wrong ones here
        let rogue = b.rogue_key();
        b.answer()
            .mutate(|f| {
                f.issuer = Some("https://other.example.test/".to_owned());
                assertion(|a| a.issuer = Some("https://other.example.test/".to_owned()))(f);
            })
            .key(&rogue)
            .to_xml()
            .into()
    });
    book.refused("our_issuer_with_another_idps_key", EACH, "signature.unknown_key", |b| {
        let rogue = b.rogue_key();
        b.answer().key(&rogue).to_xml().into()
    });
}

fn answers(book: &mut Book) {
    book.row("S06");
    book.refused("missing_in_assertion", EACH, "subject.in_response_to_missing", |b| {
        b.said(assertion(|a| a.in_response_to = None))
    });
    book.refused("other_in_assertion", EACH, "subject.in_response_to_mismatch", |b| {
        b.said(assertion(|a| a.in_response_to = Some("_other".to_owned())))
    });
    book.refused("other_in_response", EACH, "response.in_response_to_mismatch", |b| {
        b.said(|f| f.in_response_to = Some("_other".to_owned()))
    });
    book.refused("other_in_both", EACH, "response.in_response_to_mismatch", |b| {
        b.said(|f| {
            f.in_response_to = Some("_other".to_owned());
            assertion(|a| a.in_response_to = Some("_other".to_owned()))(f);
        })
    });
    book.refused("other_case", EACH, "subject.in_response_to_mismatch", |b| {
        b.said(assertion(|a| a.in_response_to = a.in_response_to.as_ref().map(|id| id.to_uppercase())))
    });

    book.row("S15");
    let cases = book.refused("not_allowed", EACH, "request.unsolicited_not_allowed", unsolicited);
    super::each(cases, |setting| setting.unsolicited = true);
    let cases = book.accepted("allowed", EACH, unsolicited);
    super::each(cases, |setting| {
        setting.unsolicited = true;
        setting.allow_unsolicited = true;
    });
    let cases = book.refused("with_in_response_to", EACH, "request.unsolicited_in_response_to", |b| b.genuine().into());
    super::each(cases, |setting| {
        setting.unsolicited = true;
        setting.allow_unsolicited = true;
    });
    let cases = book.refused("with_in_response_to_in_assertion", EACH, "request.unsolicited_in_response_to", |b| {
        b.said(|f| f.in_response_to = None)
    });
    super::each(cases, |setting| {
        setting.unsolicited = true;
        setting.allow_unsolicited = true;
    });
}

fn unsolicited(b: &Base) -> super::Message {
    b.said(|f| {
        f.in_response_to = None;
        assertion(|a| a.in_response_to = None)(f);
    })
}

fn status(book: &mut Book) {
    const RESPONDER: &str = "urn:oasis:names:tc:SAML:2.0:status:Responder";
    book.row("S10");
    book.refused("not_success_with_assertion", EACH, "status.not_success", |b| b.said(|f| f.status = vec![RESPONDER.to_owned()]));
    book.refused("success_under_responder", EACH, "status.not_success", |b| {
        b.said(|f| f.status = vec![RESPONDER.to_owned(), SUCCESS.to_owned()])
    });
    book.refused("without_assertion", RESPONSE_ONLY, "status.not_success", |b| {
        b.said(|f| {
            f.status = vec![RESPONDER.to_owned(), "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed".to_owned()];
            f.status_message = Some("no such user".to_owned());
            f.assertion = None;
        })
    });
    book.refused("without_assertion_unsigned", &[Signs::Assertion], "status.not_success", |b| {
        b.said(|f| {
            f.status = vec!["urn:oasis:names:tc:SAML:2.0:status:Requester".to_owned()];
            f.assertion = None;
        })
    });
    book.refused("success_without_assertion", RESPONSE_ONLY, "response.assertion_missing", |b| b.said(|f| f.assertion = None));
    book.refused("no_status_code", EACH, "status.malformed", |b| b.said(|f| f.status = vec![]));
    book.refused("no_status", EACH, "status.missing", |b| b.response_text(|xml| remove(&xml, "samlp:Status")));
    book.refused("no_value", EACH, "status.malformed", |b| {
        b.response_text(|xml| remove_attribute(&xml, "samlp:StatusCode", "Value"))
    });
    book.refused("two_status_codes", EACH, "status.malformed", |b| {
        b.response_text(|xml| {
            let code = get(&xml, "samlp:StatusCode");
            after(&xml, "samlp:StatusCode", &code)
        })
    });
    book.refused("two_statuses", EACH, "response.child_order", |b| {
        b.response_text(|xml| {
            let status = get(&xml, "samlp:Status");
            after(&xml, "samlp:Status", &status)
        })
    });
    book.refused("other_case", EACH, "status.not_success", |b| {
        b.response_text(|xml| replace(&xml, SUCCESS, &SUCCESS.to_lowercase()))
    });
}

fn statements(book: &mut Book) {
    book.row("S11");
    book.refused("no_authn_statement", EACH, "authn.statement_missing", |b| {
        b.assertion_text(|xml| remove(&xml, "saml:AuthnStatement"))
    });
    book.accepted("two_authn_statements", EACH, |b| {
        b.assertion_text(|xml| {
            let second = set_attribute(&get(&xml, "saml:AuthnStatement"), "saml:AuthnStatement", "SessionIndex", "_second");
            after(&xml, "saml:AuthnStatement", &second)
        })
    });
    book.refused("no_authn_instant", EACH, "authn.instant_missing", |b| b.said(assertion(|a| a.authn_instant = None)));
    book.refused("no_authn_context", EACH, "authn.malformed", |b| b.assertion_text(|xml| remove(&xml, "saml:AuthnContext")));
    book.refused("two_authn_contexts", EACH, "authn.malformed", |b| {
        b.assertion_text(|xml| {
            let context = get(&xml, "saml:AuthnContext");
            after(&xml, "saml:AuthnContext", &context)
        })
    });
    book.accepted("no_attribute_statement", EACH, |b| b.said(assertion(|a| a.attributes.clear())));
    book.accepted("no_session_index", EACH, |b| b.said(assertion(|a| a.session_index = None)));

    book.row("S19");
    let cases = book.refused("weaker_than_asked_for", EACH, "authn.context_mismatch", |b| b.genuine().into());
    super::each(cases, |setting| setting.authn_context = true);
    let cases = book.refused("missing_though_asked_for", EACH, "authn.context_mismatch", |b| {
        b.assertion_text(|xml| {
            replace_element(&xml, "saml:AuthnContextClassRef", "<saml:AuthnContextDeclRef>urn:x</saml:AuthnContextDeclRef>")
        })
    });
    super::each(cases, |setting| setting.authn_context = true);
    let cases = book.accepted("as_asked_for", EACH, |b| {
        b.said(assertion(|a| a.authn_context = Some(super::STRONG_CONTEXT.to_owned())))
    });
    super::each(cases, |setting| setting.authn_context = true);
}

fn versions_and_ids(book: &mut Book) {
    book.row("S17");
    for (name, version) in [("1_1", Some("1.1")), ("2_1", Some("2.1")), ("2", Some("2")), ("missing", None), ("space", Some(" 2.0"))] {
        let version = version.map(str::to_owned);
        let other = version.clone();
        book.refused(&format!("response_{name}"), EACH, "response.version", move |b| {
            b.said(|f| f.version.clone_from(&version))
        });
        book.refused(&format!("assertion_{name}"), EACH, "assertion.version", move |b| {
            b.said(assertion(|a| a.version.clone_from(&other)))
        });
    }

    book.row("S20");
    for (name, id) in [
        ("empty", String::new()),
        ("digit_first", "1abc".to_owned()),
        ("space", "_a b".to_owned()),
        ("quote", "_a'b".to_owned()),
        ("colon", "a:b".to_owned()),
        ("newline", "_a\nb".to_owned()),
        ("too_long", "_".repeat(2_000)),
    ] {
        let other = id.clone();
        book.refused(&format!("response_{name}"), &[Signs::Assertion], "scalar.id", move |b| {
            Base { response_id: id.clone(), ..b.clone() }.genuine().into()
        });
        book.refused(&format!("assertion_{name}"), RESPONSE_ONLY, "scalar.id", move |b| {
            Base { assertion_id: other.clone(), ..b.clone() }.genuine().into()
        });
    }
    book.refused("response_missing", &[Signs::Assertion], "response.id_missing", |b| {
        b.response_text(|xml| remove_attribute(&xml, "samlp:Response", "ID"))
    });
    book.refused("assertion_missing", RESPONSE_ONLY, "assertion.id_missing", |b| {
        b.assertion_text(|xml| remove_attribute(&xml, "saml:Assertion", "ID"))
    });
    book.accepted("forty_upper_case", EACH, |b| {
        Base {
            response_id: "A1B2C3D4E5F6G7H8I9J0KLMNOPQRSTUVWXYZ0123".to_owned(),
            assertion_id: "Z1B2C3D4E5F6G7H8I9J0KLMNOPQRSTUVWXYZ0123".to_owned(),
            ..b.clone()
        }
        .genuine()
        .into()
    });
}

fn order(book: &mut Book) {
    book.row("S21");
    book.refused("status_after_assertion", EACH, "response.child_order", |b| {
        b.response_text(|xml| {
            let status = get(&xml, "samlp:Status");
            append(&remove(&xml, "samlp:Status"), "samlp:Response", &status)
        })
    });
    book.refused("issuer_after_status", &[Signs::Assertion], "response.child_order", |b| {
        b.response_text(|xml| {
            let issuer = get(&xml, "saml:Issuer");
            after(&remove(&xml, "saml:Issuer"), "samlp:Status", &issuer)
        })
    });
    book.refused("conditions_before_subject", EACH, "assertion.child_order", |b| {
        b.assertion_text(|xml| {
            let conditions = get(&xml, "saml:Conditions");
            before(&remove(&xml, "saml:Conditions"), "saml:Subject", &conditions)
        })
    });
    book.refused("two_subjects", EACH, "assertion.child_order", |b| {
        b.assertion_text(|xml| {
            let subject = get(&xml, "saml:Subject");
            after(&xml, "saml:Subject", &subject)
        })
    });
    book.refused("two_conditions", EACH, "assertion.child_order", |b| {
        b.assertion_text(|xml| {
            let conditions = get(&xml, "saml:Conditions");
            after(&xml, "saml:Conditions", &conditions)
        })
    });
    book.refused("text_in_response", EACH, "response.unexpected_child", |b| b.response_text(|xml| append(&xml, "samlp:Response", "text")));
    book.refused("text_in_assertion", EACH, "assertion.unexpected_child", |b| {
        b.assertion_text(|xml| append(&xml, "saml:Assertion", "text"))
    });
    book.refused("unknown_saml_element", EACH, "assertion.unexpected_child", |b| {
        b.assertion_text(|xml| append(&xml, "saml:Assertion", "<saml:Invented></saml:Invented>"))
    });
    book.accepted("statements_in_any_order", EACH, |b| {
        b.assertion_text(|xml| {
            let statement = get(&xml, "saml:AuthnStatement");
            append(&remove(&xml, "saml:AuthnStatement"), "saml:Assertion", &statement)
        })
    });
    book.accepted("extensions", EACH, |b| {
        b.response_text(|xml| {
            before(&xml, "samlp:Status", "<samlp:Extensions><x:e xmlns:x=\"urn:x\"></x:e></samlp:Extensions>")
        })
    });
    book.accepted("status_detail", EACH, |b| {
        b.response_text(|xml| {
            append(&xml, "samlp:Status", "<samlp:StatusDetail><x:e xmlns:x=\"urn:x\"></x:e></samlp:StatusDetail>")
        })
    });
    book.refused("empty_issuer", EACH, "assertion.issuer_mismatch", |b| {
        b.assertion_text(|xml| set_content(&xml, "saml:Issuer", ""))
    });
    book.refused("text_in_subject", EACH, "subject.unexpected_child", |b| {
        b.assertion_text(|xml| prepend(&xml, "saml:Subject", "text"))
    });
}
