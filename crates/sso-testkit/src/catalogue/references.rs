//! What a signature refers to, and through which transforms. R01 to R12.

use super::{Base, Book, EACH, EVIL_NAME_ID, Message, WITH_ASSERTION};
use crate::signer::{DSIG, KeyInfoRecipe, ReferenceRecipe, SignatureRecipe, algorithm, digest_with, transform};
use crate::surgery::{after, append, before, count, find, get, prepend, remove, remove_attribute, replace, set_content, splice};

pub(super) fn cases(book: &mut Book) {
    counts(book);
    uris(book);
    transforms(book);
    structure(book);
}

/// A Reference of the IdP's for something else, with its own digest.
fn to_other(uri: &str) -> ReferenceRecipe {
    let mut reference = ReferenceRecipe::to_id("", b"<x></x>");
    reference.uri = Some(uri.to_owned());
    reference
}

fn with_references(b: &Base, references: impl Fn(ReferenceRecipe) -> Vec<ReferenceRecipe>) -> Message {
    let key = b.idp.key();
    b.composed(|recipe, octets, id| {
        recipe.signature(key, &recipe.signed_info(key, &references(recipe.reference(id, octets))))
    })
}

fn counts(book: &mut Book) {
    book.row("R01");
    book.kept("genuine_first", EACH, "signature.reference_count", |b| {
        with_references(b, |genuine| vec![genuine, to_other("#_evil_assertion_ID")])
    });
    book.kept("genuine_last", EACH, "signature.reference_count", |b| {
        with_references(b, |genuine| vec![to_other("#_evil_assertion_ID"), genuine])
    });
    book.kept("the_same_twice", EACH, "signature.reference_count", |b| {
        with_references(b, |genuine| vec![genuine.clone(), genuine])
    });
    // without a new signature over SignedInfo: the attacker's cheap try
    book.refused("added_by_attacker", EACH, "signature.reference_count", |b| {
        let xml = b.genuine();
        let reference = get(&xml, "ds:Reference");
        append(&xml, "ds:SignedInfo", &reference).into()
    });
}

fn uris(book: &mut Book) {
    book.row("R02");
    book.kept("empty", EACH, "signature.reference_uri", |b| b.signed_as(|r| r.uri = Some(Some(String::new()))));
    book.kept("absent", EACH, "signature.reference_uri", |b| b.signed_as(|r| r.uri = Some(None)));

    book.row("R03");
    for (name, uri) in [
        ("absent_id", "#_nobody"),
        ("bare_hash", "#"),
        ("hash_space", "# "),
        ("query", "?x"),
        ("no_hash", "_assertion-1"),
        ("space_after", "#_assertion-1 "),
        ("percent_encoded", "#%5Fassertion-1"),
    ] {
        book.kept(name, EACH, "signature.reference_uri", move |b| {
            b.signed_as(|r| r.uri = Some(Some(uri.to_owned())))
        });
    }
    book.kept("no_id_on_assertion", super::ASSERTION_ONLY, "signature.reference_id", |b| {
        remove_attribute(&b.genuine(), "saml:Assertion", "ID").into()
    });
    book.kept("lower_case_id_on_assertion", super::ASSERTION_ONLY, "signature.reference_id", |b| {
        replace(&b.genuine(), " ID=\"_assertion-1\"", " id=\"_assertion-1\"").into()
    });

    book.row("R04");
    for (name, uri) in [
        ("root", "#xpointer(/)"),
        ("id", "#xpointer(id('_assertion-1'))"),
        ("element", "#element(/1/3)"),
    ] {
        book.kept(name, EACH, "signature.reference_uri", move |b| {
            b.signed_as(|r| r.uri = Some(Some(uri.to_owned())))
        });
    }
    // an element that really has the pointer as its ID
    for (name, id) in [("literal_xpointer", "xpointer(/)"), ("literal_element", "element(/1/3)")] {
        book.kept(name, WITH_ASSERTION, "signature.reference_id", move |b| {
            Base { assertion_id: id.to_owned(), ..b.clone() }.genuine().into()
        });
    }

    book.row("R05");
    for (name, uri) in [
        ("xpath", "#x'] or eval('1') or /[@ID='_assertion-1"),
        ("quote", "#_assertion-1' or '1'='1"),
        ("braces", "#{_assertion-1}"),
    ] {
        book.kept(name, EACH, "signature.reference_uri", move |b| {
            b.signed_as(|r| r.uri = Some(Some(uri.to_owned())))
        });
    }
    for (name, id) in [("quote_in_id", "_a' or '1'='1"), ("bracket_in_id", "_a[1]"), ("brace_in_id", "{_a}")] {
        book.kept(name, WITH_ASSERTION, "signature.reference_id", move |b| {
            Base { assertion_id: id.to_owned(), ..b.clone() }.genuine().into()
        });
    }

    book.row("R08");
    for (name, first) in [("evil_first", true), ("evil_last", false)] {
        book.wrapped(name, WITH_ASSERTION, "xml.duplicate_id", move |b| {
            let xml = b.genuine();
            let genuine = get(&xml, "saml:Assertion");
            let evil = set_content(&remove(&genuine, "ds:Signature"), "saml:NameID", EVIL_NAME_ID);
            if first { before(&xml, "saml:Assertion", &evil) } else { append(&xml, "samlp:Response", &evil) }.into()
        });
    }

    book.row("R09");
    for (name, uri) in [
        ("http", "http://169.254.169.254/latest/meta-data/"),
        ("mapped_ipv6", "http://[::ffff:169.254.169.254]/"),
        ("file", "file:///etc/passwd"),
        ("relative", "metadata.xml"),
    ] {
        book.kept(name, EACH, "signature.reference_uri", move |b| {
            b.signed_as(|r| r.uri = Some(Some(uri.to_owned())))
        });
    }
    // KeyInfo is not covered by the signature, so anybody can put a URL there. Nothing ever reads it:
    // the configured key verifies the message, and the verdict is the same with it and without.
    book.accepted("retrieval_method_is_never_followed", EACH, |b| {
        b.signed_as(|r| {
            r.key_info = KeyInfoRecipe::Raw(
                "<ds:RetrievalMethod URI=\"http://169.254.169.254/key\" \
                 Type=\"http://www.w3.org/2000/09/xmldsig#X509Data\"></ds:RetrievalMethod>"
                    .to_owned(),
            );
        })
    });

    book.row("R10");
    book.kept("manifest", EACH, "signature.object", |b| {
        let key = b.idp.key();
        b.composed(|recipe, octets, id| {
            let inner = recipe.signed_info(key, &[recipe.reference(id, octets)]);
            let inner = &inner[inner.find("<ds:Reference").unwrap_or(0)..inner.len() - "</ds:SignedInfo>".len()];
            let manifest = format!("<ds:Manifest xmlns:ds=\"{DSIG}\" Id=\"_manifest\">{inner}</ds:Manifest>");
            let mut reference = ReferenceRecipe::to_id("_manifest", manifest.as_bytes());
            reference.transforms = vec![transform(algorithm::EXC_C14N)];
            let recipe = SignatureRecipe { trailing: format!("<ds:Object>{manifest}</ds:Object>"), ..recipe.clone() };
            recipe.signature(key, &recipe.signed_info(key, &[reference]))
        })
    });
    book.kept("manifest_beside", WITH_ASSERTION, "signature.reference_uri", |b| {
        b.signed_as(|r| r.uri = Some(Some("#_manifest".to_owned())))
    });
}

fn transforms(book: &mut Book) {
    let xpath = |uri: &str, expression: &str, element: &str, namespace: &str| {
        format!("<ds:Transform Algorithm=\"{uri}\"><{element}{namespace}>{expression}</{element}></ds:Transform>")
    };
    book.row("R06");
    for (name, added) in [
        ("xpath", xpath(algorithm::XPATH, "ancestor-or-self::saml:Issuer", "ds:XPath", "")),
        ("xpath_true", xpath(algorithm::XPATH, "not(ancestor-or-self::saml:NameID)", "ds:XPath", "")),
        (
            "filter2",
            xpath(
                algorithm::XPATH_FILTER2,
                "//saml:Issuer",
                "f:XPath",
                " xmlns:f=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"intersect\"",
            ),
        ),
    ] {
        book.kept(name, EACH, "signature.transforms", move |b| {
            let added = added.clone();
            b.signed_as(move |r| {
                r.transforms = Some(vec![transform(algorithm::ENVELOPED), added, transform(algorithm::EXC_C14N)]);
            })
        });
    }

    book.row("R07");
    let enveloped = || transform(algorithm::ENVELOPED);
    let c14n = || transform(algorithm::EXC_C14N);
    for (name, list) in [
        ("three", vec![enveloped(), c14n(), c14n()]),
        ("no_enveloped", vec![c14n()]),
        ("no_c14n", vec![enveloped()]),
        ("none", vec![]),
        ("wrong_order", vec![c14n(), enveloped()]),
        ("enveloped_twice", vec![enveloped(), enveloped()]),
        ("unknown", vec![enveloped(), transform("urn:example:transform")]),
        ("base64", vec![enveloped(), transform(algorithm::BASE64)]),
        ("decrypt", vec![transform(algorithm::DECRYPT), c14n()]),
        (
            "xslt",
            vec![
                format!(
                    "<ds:Transform Algorithm=\"{}\"><xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" \
                     version=\"1.0\"><xsl:template match=\"/\"></xsl:template></xsl:stylesheet></ds:Transform>",
                    algorithm::XSLT
                ),
                c14n(),
            ],
        ),
        ("foreign_child", vec![enveloped(), "<x:Transform xmlns:x=\"urn:example:x\"></x:Transform>".to_owned()]),
    ] {
        book.kept(name, EACH, "signature.transforms", move |b| {
            let list = list.clone();
            b.signed_as(move |r| r.transforms = Some(list))
        });
    }
    book.refused("no_transforms_element", EACH, "signature.transforms", |b| {
        remove(&b.genuine(), "ds:Transforms").into()
    });

    book.row("R11");
    for (name, prefixes) in [
        ("default", "#default"),
        ("usual", "xs"),
        ("repeated", "saml saml saml"),
        ("unbound", "nobody samlp"),
        ("tabs", "xs \t saml"),
    ] {
        book.accepted(&format!("prefix_list_{name}"), EACH, move |b| {
            b.signed_as(|r| r.prefix_list = Some(prefixes.to_owned()))
        });
    }
    book.kept("prefix_list_huge", EACH, "signature.inclusive_namespaces", |b| {
        let list: Vec<String> = (0..10_000).map(|n| format!("p{n}")).collect();
        b.signed_as(|r| r.prefix_list = Some(list.join(" ")))
    });
    book.kept("wrong_namespace", EACH, "signature.inclusive_namespaces", |b| {
        inclusive(b, "<ec:InclusiveNamespaces xmlns:ec=\"urn:example:ec\" PrefixList=\"saml\"></ec:InclusiveNamespaces>")
    });
    book.kept("twice", EACH, "signature.inclusive_namespaces", |b| {
        let one = "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"saml\">\
                   </ec:InclusiveNamespaces>";
        inclusive(b, &one.repeat(2))
    });
}

fn inclusive(b: &Base, child: &str) -> Message {
    let transform = format!("<ds:Transform Algorithm=\"{}\">{child}</ds:Transform>", algorithm::EXC_C14N);
    b.signed_as(move |r| r.transforms = Some(vec![self::transform(algorithm::ENVELOPED), transform]))
}

/// Two of what there must be one of, inside a Signature whose SignedInfo is signed as it stands.
fn structure(book: &mut Book) {
    book.row("R12");
    for (element, code) in [
        ("ds:CanonicalizationMethod", "signature.malformed"),
        ("ds:SignatureMethod", "signature.reference_count"),
        ("ds:DigestMethod", "signature.malformed"),
        ("ds:DigestValue", "signature.malformed"),
    ] {
        let name = element.trim_start_matches("ds:").to_lowercase();
        book.kept(&name, EACH, code, move |b| {
            let key = b.idp.key();
            b.composed(|recipe, octets, id| {
                let info = recipe.signed_info(key, &[recipe.reference(id, octets)]);
                let copy = get(&info, element);
                recipe.signature(key, &after(&info, element, &copy))
            })
        });
    }
    book.kept("signaturevalue", EACH, "signature.malformed", |b| {
        let xml = b.genuine();
        let copy = get(&xml, "ds:SignatureValue");
        after(&xml, "ds:SignatureValue", &copy).into()
    });
    book.kept("keyinfo", EACH, "signature.malformed", |b| {
        let xml = b.genuine();
        let copy = get(&xml, "ds:KeyInfo");
        after(&xml, "ds:KeyInfo", &copy).into()
    });
    book.refused("digest_value_first", EACH, "signature.malformed", |b| {
        let xml = b.genuine();
        let forged = format!(
            "<ds:DigestValue>{}</ds:DigestValue>",
            saml_xml::types::encode_base64(&digest_with(algorithm::SHA256, b"forged"))
        );
        before(&xml, "ds:DigestValue", &forged).into()
    });
    book.wrapped("signature_twice", EACH, "signature.duplicate", |b| {
        let xml = b.genuine();
        let range = find(&xml, "ds:Signature", 0);
        let copy = xml[range.clone()].to_owned();
        splice(&xml, range.end..range.end, &copy).into()
    });
    book.wrapped("text_in_signature", EACH, "signature.malformed", |b| {
        prepend(&b.genuine(), "ds:Signature", "text").into()
    });
    book.kept("signature_missing_under_both", super::BOTH_ONLY, "signature.digest_mismatch", |b| {
        // the Response's own signature is kept, the Assertion's taken away: the Response was signed with it
        let xml = b.genuine();
        assert_eq!(count(&xml, "ds:Signature"), 2, "both are signed");
        let inner = find(&xml, "ds:Signature", 1);
        splice(&xml, inner, "").into()
    });
}
