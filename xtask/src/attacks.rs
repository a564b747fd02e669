//! The catalogue of attacks as a page, made from the catalogue itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

const TITLES: &[(char, &str)] = &[
    (
        'W',
        "Signature wrapping: the signed element is there, and another one is read",
    ),
    (
        'R',
        "References and transforms: the signature covers something else",
    ),
    ('C', "Canonicalisation: two texts with one digest, or none"),
    ('P', "Parsing and values: two readers see two documents"),
    ('D', "Denial of service: a small message that costs much"),
    ('K', "Keys and algorithms"),
    (
        'S',
        "SAML semantics: a genuine assertion in the wrong place, time or hands",
    ),
    ('B', "Bindings and browsers"),
];

/// Rows that no generated Response can show: what is tried, and the vectors or tests that show it.
const ELSEWHERE: &[(&str, &str, &[&str])] = &[
    (
        "K08",
        "weak keys in metadata",
        &[
            "tests/vectors/metadata/metadata.key_too_weak__rsa_1024.xml",
            "tests/vectors/metadata/metadata.key_unsupported__rsa_exponent_1.xml",
            "tests/vectors/metadata/metadata.key_unsupported__secp256k1.xml",
        ],
    ),
    (
        "K10",
        "certificates out of date",
        &[
            "tests/vectors/metadata/metadata.certificate_expired__2025.xml",
            "tests/vectors/metadata/metadata.certificate_not_current__expired.xml",
            "tests/vectors/metadata/metadata.certificate_not_yet_valid__2100.xml",
        ],
    ),
    (
        "K11",
        "fingerprints in every form, and what is none",
        &[
            "tests/vectors/fingerprint/config.fingerprint_sha1__value.txt",
            "tests/vectors/fingerprint/config.fingerprint_malformed__cut_off.txt",
            "tests/vectors/fingerprint/accepted__openssl_3_line.txt",
        ],
    ),
    (
        "K13",
        "a key for encryption, or of another role, verifies nothing",
        &[
            "tests/vectors/metadata/metadata.no_signing_key__encryption_only.xml",
            "tests/vectors/metadata/metadata.no_signing_key__in_another_role.xml",
        ],
    ),
    (
        "M01",
        "addresses inside, redirects, other schemes",
        &[
            "tests/vectors/fetch/fetch.address_refused__M03_cloud.json",
            "tests/vectors/fetch/fetch.scheme__M03_redirect_to_a_cloud.json",
            "tests/vectors/fetch/fetch.redirect__round_and_round.json",
        ],
    ),
    (
        "M02",
        "wrapped and moved signatures of metadata",
        &[
            "tests/vectors/aggregate/metadata.signature_missing__wrapped_in_an_unsigned_group.xml",
            "tests/vectors/aggregate/metadata.signature_invalid__wrapped_with_a_copy_of_the_signature.xml",
            "tests/vectors/scenario/metadata.signature_missing__M06_wrapped.json",
        ],
    ),
    (
        "M03",
        "another entity than the one that was there",
        &[
            "tests/vectors/metadata/metadata.entity_id_mismatch__root.xml",
            "tests/vectors/metadata/metadata.entity_id_duplicate__nested.xml",
            "tests/vectors/metadata/metadata.entity_id_needed__several.xml",
        ],
    ),
    (
        "M04",
        "keys that appear and vanish",
        &[
            "crates/idp-config/src/refresh/tests.rs::tells_what_changed",
            "crates/idp-config/src/refresh/tests.rs::what_is_no_good_changes_nothing_and_has_a_code_of_its_own",
        ],
    ),
    (
        "M05",
        "expired, endless and replayed validity",
        &[
            "tests/vectors/metadata/metadata.expired__group.xml",
            "tests/vectors/aggregate/metadata.valid_until_too_far__year_9999.xml",
            "tests/vectors/scenario/metadata.valid_until_missing__M05_capped.json",
        ],
    ),
    (
        "M06",
        "endpoints that are no endpoints",
        &[
            "tests/vectors/idp-source/config.url_scheme__javascript.json",
            "tests/vectors/idp-source/config.url_plain_http__sso.json",
        ],
    ),
    (
        "M07",
        "huge and hostile metadata",
        &[
            "tests/vectors/aggregate/metadata.aggregate_limit__one_entity_of_megabytes.xml",
            "tests/vectors/aggregate/stream.too_many_ids__a_quarter_million.xml",
            "tests/vectors/aggregate/metadata.not_well_formed__a_thousand_deep.xml",
        ],
    ),
    (
        "M08",
        "keys without a certificate",
        &[
            "tests/vectors/metadata/accepted__rsa_key_value.xml",
            "tests/vectors/metadata/metadata.no_signing_key__key_name_only.xml",
            "tests/vectors/metadata/metadata.key_value_malformed__two_moduli.xml",
        ],
    ),
    (
        "M09",
        "a fingerprint without an issuer",
        &["crates/idp-config/src/source/tests.rs::json_has_no_unknown_missing_or_mistyped_fields"],
    ),
    (
        "M10",
        "stored settings that are more than data",
        &[
            "tests/conformance/tests/config.rs::an_unknown_field_is_refused_everywhere_by_reader_and_schema",
        ],
    ),
    (
        "A01",
        "one entity ID at two customers",
        &[
            "tests/conformance/tests/two_tenants.rs::a01_keys_are_not_pooled_over_connections_of_one_entity_id",
            "tests/vectors/scenario/connection.issuer_ambiguous__A01_two_customers_one_entity_id.json",
        ],
    ),
    (
        "A02",
        "an answer brought to another customer",
        &[
            "tests/conformance/tests/two_tenants.rs::a02_an_answer_to_ones_own_request_at_the_others_connection",
            "tests/vectors/scenario/request.other_connection__A02_answer_at_the_other_tenant.json",
        ],
    ),
    (
        "A03",
        "an e-mail address of another customer's domain",
        &[
            "tests/vectors/scenario/account.email_domain__A03_another_customers.json",
            "tests/vectors/scenario/account.other_connection__A03.json",
        ],
    ),
    (
        "A04",
        "identifiers that are reused",
        &[
            "tests/vectors/scenario/account.transient_id__A04_transient.json",
            "tests/conformance/tests/two_tenants.rs::a04_one_name_id_at_two_connections_is_two_users",
        ],
    ),
    (
        "A05",
        "roles by several values",
        &["tests/vectors/scenario/attribute.not_single__A05_two_roles.json"],
    ),
    (
        "A06",
        "a deleted user who signs in",
        &["examples/portal/tests/scim.rs"],
    ),
    (
        "A07",
        "a look at a message that signs somebody in",
        &["tests/conformance/tests/two_tenants.rs::a07_looking_at_a_message_signs_nobody_in"],
    ),
    (
        "A08",
        "a key that was taken away",
        &["tests/vectors/scenario/signature.unknown_key__A08_key_taken_away.json"],
    ),
    (
        "B08",
        "another browser",
        &[
            "tests/vectors/scenario/request.other_browser__B08_cookie_lost.json",
            "tests/conformance/tests/two_tenants.rs::b08_an_answer_in_another_browser",
        ],
    ),
    (
        "B09",
        "another trusted identity provider answers",
        &[
            "tests/conformance/tests/two_tenants.rs::b09_a_request_to_one_identity_provider_answered_by_another_that_is_trusted_too",
        ],
    ),
];

/// The proofs that are not there.
#[cfg(test)]
pub(crate) fn missing(root: &std::path::Path) -> Vec<String> {
    let proofs = ELSEWHERE
        .iter()
        .flat_map(|(row, _, proofs)| proofs.iter().map(move |proof| (*row, *proof)));
    proofs
        .filter(|(_, proof)| {
            let (file, test) = match proof.split_once("::") {
                Some((file, test)) => (file, format!("fn {test}()")),
                None => (*proof, String::new()),
            };
            !std::fs::read_to_string(root.join(file)).is_ok_and(|text| text.contains(&test))
        })
        .map(|(row, proof)| format!("{row}: {proof}"))
        .collect()
}

/// How many cases a row has, and how often each code.
type Row = (usize, BTreeMap<&'static str, usize>);

/// The page.
pub(crate) fn page() -> String {
    let mut rows: BTreeMap<(usize, &str), Row> = BTreeMap::new();
    for case in sso_testkit::catalogue::catalogue() {
        let family = case.row.chars().next().unwrap_or_default();
        let order = TITLES
            .iter()
            .position(|(letter, _)| *letter == family)
            .unwrap_or(TITLES.len());
        let row = rows.entry((order, case.row)).or_default();
        row.0 += 1;
        *row.1.entry(case.code).or_default() += 1;
    }
    let mut out = String::from(
        "# The catalogue of attacks\n\nMade by `cargo xtask attacks` from `sso_testkit::catalogue`. Each case is generated \
         from a fresh message that\nis accepted first; the vector of a case is in `tests/vectors`, named after the code and \
         the row. `accepted`\nmeans that the case looks odd, is correct, and must be read whole.\n",
    );
    let mut family = usize::MAX;
    for ((order, row), (cases, codes)) in &rows {
        if *order != family {
            family = *order;
            let title = TITLES.get(family).map_or("Others", |(_, title)| title);
            let _infallible = write!(
                out,
                "\n## {title}\n\n| row | cases | verdicts |\n|---|---|---|\n"
            );
        }
        let codes: Vec<_> = codes.keys().map(|code| format!("`{code}`")).collect();
        let _infallible = writeln!(out, "| {row} | {cases} | {} |", codes.join(", "));
    }
    out.push_str(
        "\n## Metadata, customers and accounts\n\nWhat no single Response shows: vectors and tests by name.\n\n\
         | row | what is tried | shown by |\n|---|---|---|\n",
    );
    for (row, what, proofs) in ELSEWHERE {
        let proofs: Vec<_> = proofs.iter().map(|proof| format!("`{proof}`")).collect();
        let _infallible = writeln!(out, "| {row} | {what} | {} |", proofs.join(", "));
    }
    out
}
