//! How the vectors are made: a federation that is right, and what is done to it.

use std::collections::BTreeMap;

use super::{UNIVERSITY, certificate, replace, sign, signed_by};

fn idp(entity_id: &str, inside: &str, key: &str, after: &str) -> String {
    format!(
        "<md:EntityDescriptor entityID=\"{entity_id}\">{inside}\n  <md:IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{after}\n\
         \x20   <md:KeyDescriptor use=\"signing\"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\n\
         \x20   <md:SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example/sso\"/>\n\
         \x20 </md:IDPSSODescriptor>",
        certificate(key)
    )
}

/// The federation of the vectors, unsigned.
pub(crate) fn federation() -> String {
    let ui = "<md:Extensions><mdui:UIInfo xmlns:mdui=\"urn:oasis:names:tc:SAML:metadata:ui\">\
        <mdui:DisplayName xml:lang=\"en\">Example University</mdui:DisplayName>\
        <mdui:DisplayName xml:lang=\"de\">Universität Beispiel</mdui:DisplayName>\
        <mdui:Keywords xml:lang=\"en\">campus new+town</mdui:Keywords>\
        <mdui:Logo width=\"80\" height=\"60\">https://idp.university.example/logo.png</mdui:Logo>\
        <mdui:Logo width=\"8\" height=\"8\">data:image/png;base64,AAAA</mdui:Logo>\
        </mdui:UIInfo></md:Extensions>";
    let registered = "<md:Extensions><mdrpi:RegistrationInfo xmlns:mdrpi=\"urn:oasis:names:tc:SAML:metadata:rpi\" registrationAuthority=\"https://federation.example\"/></md:Extensions>";
    let hidden = "<md:Extensions><mdattr:EntityAttributes xmlns:mdattr=\"urn:oasis:names:tc:SAML:metadata:attribute\"><saml:Attribute xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" Name=\"http://macedir.org/entity-category\" NameFormat=\"urn:oasis:names:tc:SAML:2.0:attrname-format:uri\"><saml:AttributeValue>http://refeds.org/category/hide-from-discovery</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions>";
    let college = "<md:Organization><md:OrganizationName xml:lang=\"en\">c</md:OrganizationName><md:OrganizationDisplayName xml:lang=\"en\">Example College</md:OrganizationDisplayName><md:OrganizationURL xml:lang=\"en\">https://college.example</md:OrganizationURL></md:Organization>";
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" ID=\"_federation\" Name=\"https://federation.example\" validUntil=\"2026-12-15T12:00:00Z\" cacheDuration=\"PT6H\">\n\
         <!-- members -->\n{}</md:EntityDescriptor>\n\
         <md:EntityDescriptor entityID=\"https://sp.example\"><md:SPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://sp.example/acs\" index=\"1\"/></md:SPSSODescriptor></md:EntityDescriptor>\n\
         <md:EntitiesDescriptor Name=\"colleges\" cacheDuration=\"PT1H\">\n{}{college}</md:EntityDescriptor>\n{}</md:EntityDescriptor>\n</md:EntitiesDescriptor>\n</md:EntitiesDescriptor>\n",
        idp(UNIVERSITY, registered, "idp_ec_p256", ui),
        idp("https://idp.college.example", "", "idp_ec_p384", ""),
        idp("https://test.college.example", hidden, "idp_ec_p384", ""),
    )
}

/// The file's name and its content.
pub(crate) fn recipes() -> BTreeMap<&'static str, String> {
    let base = federation();
    let good = sign(&base);
    let start = good.find("<ds:Signature ").unwrap();
    let end = good.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let signature = &good[start..end];
    let end_tag = "</md:EntitiesDescriptor>\n</md:EntitiesDescriptor>";
    let evil = format!(
        "{}</md:EntityDescriptor>",
        idp("https://evil.example", "", "rogue", "")
    );
    let again = format!("{}</md:EntityDescriptor>", idp(UNIVERSITY, "", "rogue", ""));
    let in_root = |what: &str| format!("</md:EntitiesDescriptor>\n{what}</md:EntitiesDescriptor>");
    let outer = "<md:EntitiesDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_outer\" validUntil=\"2026-12-15T12:00:00Z\">";
    let inner = good.split_once("?>\n").unwrap().1.trim_end();
    let first = "<!-- members -->";
    let until = "validUntil=\"2026-12-15T12:00:00Z\"";
    let nested = |n: usize| {
        format!(
            "{}{}",
            "<md:EntitiesDescriptor>".repeat(n),
            "</md:EntitiesDescriptor>".repeat(n)
        )
    };
    let hostile = |what: &str| replace(&good, first, what);
    BTreeMap::from([
        ("accepted__federation", good.clone()),
        ("accepted__line_ends_comments_and_sections", {
            let odd = replace(
                &base,
                "Example University",
                "<![CDATA[Example]]> <!-- < -->University",
            );
            sign(&odd).replace('\n', "\r\n")
        }),
        (
            "accepted__valid_until_at_the_cap",
            sign(&replace(
                &base,
                until,
                "validUntil=\"2026-12-29T12:00:00Z\"",
            )),
        ),
        (
            "accepted__group_that_expired",
            sign(&replace(
                &base,
                "Name=\"colleges\"",
                "Name=\"colleges\" validUntil=\"2026-11-01T00:00:00Z\"",
            )),
        ),
        (
            "accepted__eight_groups",
            sign(&replace(&base, first, &nested(7))),
        ),
        ("metadata.signature_missing__unsigned", base.clone()),
        ("metadata.signature_missing__moved_to_the_end", {
            let without = [&good[..start], &good[end..]].concat();
            replace(&without, end_tag, &in_root(signature))
        }),
        ("metadata.signature_missing__after_an_entity", {
            let without = [&good[..start], &good[end..]].concat();
            replace(&without, first, &format!("{evil}{signature}"))
        }),
        (
            "metadata.signature_missing__wrapped_in_an_unsigned_group",
            format!("{outer}{inner}{evil}</md:EntitiesDescriptor>"),
        ),
        (
            "metadata.signature_invalid__wrapped_with_a_copy_of_the_signature",
            format!("{outer}{signature}{inner}{evil}</md:EntitiesDescriptor>"),
        ),
        (
            "metadata.not_well_formed__wrapped_with_a_copy_and_the_id",
            format!(
                "{}{signature}{inner}{evil}</md:EntitiesDescriptor>",
                outer.replace("_outer", "_federation")
            ),
        ),
        (
            "metadata.signature_invalid__rogue_key",
            signed_by(&base, "rogue"),
        ),
        (
            "metadata.signature_invalid__entity_added_first",
            hostile(&evil),
        ),
        (
            "metadata.signature_invalid__entity_added_last",
            replace(&good, end_tag, &in_root(&evil)),
        ),
        (
            "metadata.signature_invalid__key_replaced",
            replace(&good, &certificate("idp_ec_p256"), &certificate("rogue")),
        ),
        (
            "metadata.signature_invalid__second_signature",
            replace(&good, end_tag, &in_root(signature)),
        ),
        (
            "metadata.signature_invalid__valid_until_extended",
            replace(&good, until, "validUntil=\"2026-12-16T12:00:00Z\""),
        ),
        (
            "metadata.signature_invalid__validity_of_an_entity_removed",
            {
                let short = replace(
                    &base,
                    "Name=\"colleges\"",
                    "Name=\"colleges\" validUntil=\"2026-12-02T00:00:00Z\"",
                );
                replace(&sign(&short), " validUntil=\"2026-12-02T00:00:00Z\"", "")
            },
        ),
        (
            "metadata.not_well_formed__entity_after_the_root",
            format!("{good}{evil}"),
        ),
        (
            "metadata.not_well_formed__duplicate_id",
            sign(&base).replace(first, "<md:EntityDescriptor ID=\"_federation\"/>"),
        ),
        ("metadata.not_well_formed__doctype", hostile("<!DOCTYPE x>")),
        (
            "metadata.not_well_formed__cut_off",
            good[..good.len() - 30].to_owned(),
        ),
        (
            "metadata.not_well_formed__a_thousand_deep",
            hostile(&format!(
                "<a>{}{}</a>",
                "<a>".repeat(1_000),
                "</a>".repeat(1_000)
            )),
        ),
        (
            "metadata.valid_until_missing__root",
            sign(&replace(&base, until, "")),
        ),
        (
            "metadata.valid_until_too_far__one_second",
            sign(&replace(
                &base,
                until,
                "validUntil=\"2026-12-29T12:00:01Z\"",
            )),
        ),
        (
            "metadata.valid_until_too_far__year_9999",
            sign(&replace(
                &base,
                until,
                "validUntil=\"9999-12-31T23:59:59Z\"",
            )),
        ),
        (
            "metadata.expired__aggregate",
            sign(&replace(
                &base,
                until,
                "validUntil=\"2026-12-01T11:00:00Z\"",
            )),
        ),
        (
            "metadata.cache_duration_malformed__aggregate",
            sign(&replace(&base, "PT6H", "-PT6H")),
        ),
        (
            "metadata.entity_id_duplicate__aggregate",
            sign(&replace(&base, end_tag, &in_root(&again))),
        ),
        (
            "metadata.nested_too_deep__nine_groups",
            sign(&replace(&base, first, &nested(8))),
        ),
        (
            "metadata.aggregate_limit__one_entity_of_megabytes",
            hostile(
                "<md:EntityDescriptor entityID=\"x\"><!-- spaces: 4200000 --></md:EntityDescriptor>",
            ),
        ),
        (
            "metadata.wrong_root__entity",
            replace(&good, "<md:EntitiesDescriptor", "<md:EntityDescriptor"),
        ),
        (
            "stream.wrong_root__another_namespace",
            good.replace("SAML:2.0:metadata", "SAML:1.0:metadata"),
        ),
        ("stream.signature_not_first__after_extensions", {
            let without = [&good[..start], &good[end..]].concat();
            replace(&without, first, &format!("<md:Extensions/>{signature}"))
        }),
        (
            "stream.part_too_large__white_space_between",
            hostile("<!-- spaces: 4200000 -->"),
        ),
        (
            "stream.nested_too_deep__a_hundred_groups",
            hostile(&nested(100)),
        ),
        (
            "stream.too_many_ids__a_quarter_million",
            hostile("<!-- ids: 250001 -->"),
        ),
    ])
}
