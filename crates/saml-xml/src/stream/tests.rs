use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

use super::output::Output;
use super::*;
use crate::types::encode_base64;
use crate::{
    C14nOptions, DSIG_NAMESPACE, Document, SignOptions, SigningKey, danger, exclusive_c14n,
    sign_enveloped, verify_enveloped,
};

const GROUP: (&str, &str) = ("urn:g", "g");

/// The start tags of groups and all elements, as text that says what was read.
#[derive(Default)]
struct Seen(Vec<String>);

impl StreamVisitor for Seen {
    type Error = StreamError;
    fn open_group(&mut self, group: Part<'_>) -> Result<(), StreamError> {
        self.0.push(format!("({}", tag(group.element())));
        Ok(())
    }
    fn element(&mut self, part: Part<'_>) -> Result<(), StreamError> {
        let mut out = Vec::new();
        exclusive_c14n(part.element(), &C14nOptions::default(), &mut out).unwrap();
        self.0.push(String::from_utf8(out).unwrap());
        Ok(())
    }
    fn close_group(&mut self) {
        self.0.push(")".to_owned());
    }
}

fn tag(element: crate::Element<'_>) -> String {
    let attributes: Vec<_> = element
        .attributes()
        .map(|a| format!("{{{}}}{}={}", a.namespace(), a.local_name(), a.value()))
        .collect();
    format!("{} {}", element.local_name(), attributes.join(" "))
}

fn key() -> SigningKey {
    let rng = ring::rand::SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng).unwrap();
    SigningKey::from_pkcs8_der(pkcs8.as_ref()).unwrap()
}

fn verify_with(
    xml: &[u8],
    key: &VerifyingKey,
    limits: StreamLimits,
    mut size: impl FnMut() -> usize,
) -> Result<Vec<String>, StreamError> {
    let keys = [key.clone()];
    let anchors = TrustAnchors::Keys(&keys);
    let policy = AlgorithmPolicy::default();
    let mut verifier = StreamVerifier::new(GROUP, anchors, policy, limits, Seen::default());
    let mut rest = xml;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(size().clamp(1, rest.len()));
        if let Err(error) = verifier.push(piece) {
            assert_eq!(verifier.push(b"x").as_ref(), Err(&error));
            return Err(error);
        }
        rest = after;
    }
    verifier.finish().map(|v| v.into_inner().0)
}

fn verify(xml: &[u8], key: &VerifyingKey) -> Result<Vec<String>, StreamError> {
    let whole = verify_with(xml, key, StreamLimits::default(), || usize::MAX);
    let single = verify_with(xml, key, StreamLimits::default(), || 1);
    assert_eq!(whole, single, "{}", String::from_utf8_lossy(xml));
    whole
}

fn verify_whole(xml: &[u8], key: &VerifyingKey) -> bool {
    let keys = [key.clone()];
    Document::parse(xml.to_vec(), &StreamLimits::default().part).is_ok_and(|document| {
        verify_enveloped(
            document.root(),
            TrustAnchors::Keys(&keys),
            &AlgorithmPolicy::default(),
        )
        .is_ok()
    })
}

fn sign(xml: &str, key: &SigningKey) -> String {
    sign_enveloped(xml, "_r", key, &SignOptions::default()).unwrap()
}

/// Numbers that only look random, so that a failure can be seen again.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % most
    }
    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }
}

const MISC: &[&str] = &[
    "",
    "",
    " ",
    "\n  ",
    "\r\n",
    "\r",
    "x",
    "é\u{10FFFF}",
    "&amp;&#13;&lt;",
    "<!-- c -->",
    "<!-- <g> ' -->",
    "<![CDATA[<e>]]]]><![CDATA[>&]]>",
    "]] >",
    "a<!---->b",
    "<![CDATA[]]>",
];
const DECLARED: &[&str] = &[
    "",
    "",
    "",
    " xmlns:a='urn:a'",
    " xmlns:b=\"urn:b\"",
    " xmlns:a='urn:b'",
    " xmlns:g='urn:g'",
    " xmlns:b='urn:b?x&amp;y'",
];
const ATTRIBUTES: &[&str] = &[
    "",
    "",
    " x='1'",
    " y='a>b' x=\"'\"",
    " xml:lang='de'",
    " z='\r\n\t&#10;&quot;'",
    " x='/'",
];

/// An element that uses what is bound to `a` and `b` around it, or declares them itself.
fn random_element(random: &mut Random, depth: usize, out: &mut String) {
    let prefix = random.of(&["", "", "a:", "b:", "g:"]);
    let declared = match prefix {
        "a:" if random.below(2) == 0 => " xmlns:a='urn:a2'",
        _ => random.of(&[
            "",
            "",
            " xmlns='urn:d'",
            " xmlns=''",
            " xmlns:c='urn:c' c:q='1'",
        ]),
    };
    let local = random.of(&["e", "e", "g2", "Signature2", "f"]);
    let attributes = random.of(ATTRIBUTES);
    let space = random.of(&["", " ", "\n"]);
    if random.below(4) == 0 {
        *out += &format!("<{prefix}{local}{declared}{attributes}{space}/>");
        return;
    }
    *out += &format!("<{prefix}{local}{declared}{attributes}{space}>");
    for _ in 0..random.below(4) {
        *out += random.of(MISC);
        if depth < 4 {
            random_element(random, depth + 1, out);
        }
    }
    *out += random.of(MISC);
    *out += &format!("</{prefix}{local}{space}>");
}

fn random_group(random: &mut Random, depth: usize, out: &mut String) {
    let (prefix, bound) = if random.below(2) == 0 {
        ("", " xmlns='urn:g'")
    } else {
        ("g:", " xmlns:g='urn:g'")
    };
    let declared = if depth == 0 {
        // So that every prefix used below is bound
        let g = if prefix.is_empty() {
            " xmlns:g='urn:g'"
        } else {
            ""
        };
        format!("{bound}{g} xmlns:a='urn:a' xmlns:b='urn:b' ID='_r'")
    } else {
        let more = random.of(DECLARED);
        let clash = more.starts_with(" xmlns:g") && bound.starts_with(" xmlns:g");
        format!("{bound}{}", if clash { "" } else { more })
    };
    let attributes = random.of(ATTRIBUTES);
    *out += &format!("<{prefix}g{declared}{attributes}>");
    for _ in 0..random.below(5) {
        *out += random.of(MISC);
        match random.below(4) {
            0 if depth < 3 => random_group(random, depth + 1, out),
            // Named like a group, in another namespace
            1 => *out += "<a:g><e xmlns=''/></a:g>",
            _ => random_element(random, 0, out),
        }
    }
    *out += random.of(MISC);
    *out += &format!("</{prefix}g>");
}

fn random_document(seed: u64) -> (String, Random) {
    let mut random = Random(seed);
    let mut xml = random
        .of(&[
            "",
            "\u{FEFF}",
            "<?xml version='1.0' encoding=\"UTF-8\"?>\n",
            "<!-- > -->\r\n",
        ])
        .to_owned();
    random_group(&mut random, 0, &mut xml);
    xml += random.of(&["", "\n", "<!-- after -->\r\n"]);
    (xml, random)
}

#[test]
fn canonical_octets_are_those_of_the_whole_document() {
    for seed in 0..4000 {
        let (xml, mut random) = random_document(seed);
        let prefixes = random.of(&["", "", "a", "#default", "a b g #default", "b missing xml"]);
        let document = Document::parse(xml.clone().into_bytes(), &Limits::default())
            .unwrap_or_else(|e| panic!("{seed}: {e}: {xml}"));
        let mut whole = Vec::new();
        let options = C14nOptions::default().inclusive(prefixes);
        exclusive_c14n(document.root(), &options, &mut whole).unwrap();

        let mut reader = Reader::new(GROUP, None, StreamLimits::default(), Seen::default());
        reader.prefixes = prefixes.to_owned();
        reader.output = Output::Bytes(Vec::new());
        let mut rest = xml.as_bytes();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at((1 + random.below(40)).min(rest.len()));
            reader
                .push(piece)
                .unwrap_or_else(|e| panic!("{seed}: {e}: {xml}"));
            rest = after;
        }
        let Output::Bytes(streamed) = &reader.output else {
            panic!()
        };
        assert_eq!(
            String::from_utf8_lossy(streamed),
            String::from_utf8_lossy(&whole),
            "{seed}: {xml}"
        );
        reader.finish().unwrap();
    }
}

#[test]
fn signed_documents_verify_and_changed_ones_do_not() {
    let key = key();
    let public = key.verifying_key();
    for seed in 0..300 {
        let (xml, mut random) = random_document(seed);
        let xml = sign(&xml, &key);
        let chunks = verify_with(xml.as_bytes(), public, StreamLimits::default(), || {
            1 + random.below(100)
        });
        let seen = chunks.unwrap_or_else(|e| panic!("{seed}: {e}: {xml}"));
        assert_eq!(verify(xml.as_bytes(), public), Ok(seen));
        for _ in 0..20 {
            let mut changed = xml.clone().into_bytes();
            let at = random.below(changed.len());
            match random.below(3) {
                0 => drop(changed.remove(at)),
                1 => changed[at] = b"<>&'\"/ x\n"[random.below(9)],
                _ => changed.insert(at, b"<>&'\"/ x\n"[random.below(9)]),
            }
            assert_eq!(
                verify(&changed, public).is_ok(),
                verify_whole(&changed, public),
                "{seed}: {}",
                String::from_utf8_lossy(&changed)
            );
        }
    }
}

const SMALL: &str = "<?xml version=\"1.0\"?>\n<!-- c --><g xmlns=\"urn:g\" xmlns:p='urn:p' ID=\"_r\" a='1'>\r\n\
    <e p:n=\"&amp;\" ID='_1'><![CDATA[<]]> t</e>\n<g ID='_2'><!-- in --><e/></g><p:g/></g>\n<!-- end -->";

#[test]
fn no_byte_can_be_changed_that_the_signature_covers() {
    let key = key();
    let xml = sign(SMALL, &key);
    let seen = verify(xml.as_bytes(), key.verifying_key()).unwrap();
    let mut accepted = 0;
    for at in 0..xml.len() {
        for flip in [0x01, 0x02, 0x10, 0x20, 0x80, 0xFF] {
            let mut changed = xml.clone().into_bytes();
            changed[at] ^= flip;
            let verdict = verify(&changed, key.verifying_key());
            let whole = verify_whole(&changed, key.verifying_key());
            let shown = String::from_utf8_lossy(&changed);
            assert_eq!(verdict.is_ok(), whole, "{at} {flip}: {shown}");
            if let Ok(content) = verdict {
                assert_eq!(content, seen, "{at} {flip}: {shown}");
                accepted += 1;
            }
        }
    }
    // Characters of comments, quotes and the like, and no more of them
    assert!((1..xml.len()).contains(&accepted), "{accepted}");
    for length in 0..xml.len() - "\n<!-- end -->".len() {
        assert!(
            verify(&xml.as_bytes()[..length], key.verifying_key()).is_err(),
            "{length}"
        );
    }
}

#[test]
fn a_prefix_list_counts_for_every_piece() {
    let key = key();
    let xml = "<g xmlns='urn:g' xmlns:p='urn:p' xmlns:q='urn:q' ID='_r'><e/><g xmlns:p='urn:p2'><e xmlns:q='urn:q2'/></g></g>";
    let document = Document::parse(xml.as_bytes().to_vec(), &Limits::default()).unwrap();
    let mut canonical = Vec::new();
    let options = C14nOptions::default().inclusive("p q");
    exclusive_c14n(document.root(), &options, &mut canonical).unwrap();
    let digest = encode_base64(ring::digest::digest(&ring::digest::SHA256, &canonical).as_ref());
    let exc = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let algorithm = key.algorithm().uri();
    let info = |namespace: &str| {
        format!(
            "<ds:SignedInfo{namespace}><ds:CanonicalizationMethod Algorithm=\"{exc}\"></ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{algorithm}\"></ds:SignatureMethod>\
             <ds:Reference URI=\"#_r\"><ds:Transforms>\
             <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>\
             <ds:Transform Algorithm=\"{exc}\"><ec:InclusiveNamespaces xmlns:ec=\"{exc}\" PrefixList=\"p q\"></ec:InclusiveNamespaces></ds:Transform></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        )
    };
    let namespace = format!(" xmlns:ds=\"{DSIG_NAMESPACE}\"");
    let value = encode_base64(&key.sign(info(&namespace).as_bytes()).unwrap());
    let signature = format!(
        "<ds:Signature{namespace}>{}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>",
        info("")
    );
    let signed = xml.replacen("ID='_r'>", &format!("ID='_r'>{signature}"), 1);
    assert!(verify_whole(signed.as_bytes(), key.verifying_key()));
    assert_eq!(
        verify(signed.as_bytes(), key.verifying_key())
            .unwrap()
            .len(),
        6
    );
}

#[track_caller]
fn refuses(xml: &str, key: &SigningKey, code: &str) {
    let verdict = verify(xml.as_bytes(), key.verifying_key());
    assert_eq!(verdict.map_err(|e| e.code()), Err(code), "{xml}");
}

#[test]
fn what_is_wrapped_added_or_moved_is_refused_by_name() {
    let key = key();
    let xml = sign("<g xmlns='urn:g' ID='_r'><e ID='_1'/></g>", &key);
    let start = xml.find("<ds:Signature ").unwrap();
    let end = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let (signature, unsigned) = (&xml[start..end], [&xml[..start], &xml[end..]].concat());

    refuses(&unsigned, &key, "stream.signature_not_first");
    refuses(
        &unsigned.replace("<e ID='_1'/>", ""),
        &key,
        "stream.signature_not_first",
    );
    refuses(
        "<g xmlns='urn:g' ID='_r'/>",
        &key,
        "stream.signature_not_first",
    );
    let moved = unsigned.replace("</g>", &format!("{signature}</g>"));
    refuses(&moved, &key, "stream.signature_not_first");
    refuses(
        &format!("<g xmlns='urn:g' ID='_o'>{xml}</g>"),
        &key,
        "stream.signature_not_first",
    );
    refuses(
        &format!("<g xmlns='urn:g' ID='_o'>{signature}{xml}</g>"),
        &key,
        "signature.reference_uri",
    );
    refuses(
        &format!("<g xmlns='urn:g' ID='_r'>{signature}{xml}</g>"),
        &key,
        "xml.duplicate_id",
    );
    refuses(
        &format!(
            "<g xmlns='urn:g' ID='_r'>{signature}{}</g>",
            unsigned.replace("_r", "_i")
        ),
        &key,
        "signature.digest_mismatch",
    );
    refuses(
        &xml.replace("</ds:Signature>", "</ds:Signature><e/>"),
        &key,
        "signature.digest_mismatch",
    );
    refuses(
        &xml.replace("</g>", "<e/></g>"),
        &key,
        "signature.digest_mismatch",
    );
    refuses(
        &xml.replace("</g>", "<e ID='_1'/></g>"),
        &key,
        "xml.duplicate_id",
    );
    refuses(
        &xml.replace("</g>", "<e ID='_r'/></g>"),
        &key,
        "xml.duplicate_id",
    );
    refuses(
        &xml.replace("</g>", "<e><f ID='_1'/></e></g>"),
        &key,
        "xml.duplicate_id",
    );
    refuses(
        &xml.replace("</g>", &format!("{signature}</g>")),
        &key,
        "signature.duplicate",
    );
    refuses(&format!("{xml}<e/>"), &key, "xml.multiple_roots");
    refuses(&format!("{xml}{xml}"), &key, "xml.multiple_roots");
    refuses(&format!("<e/>{xml}"), &key, "stream.wrong_root");
    refuses(&format!("{xml} x"), &key, "xml.content_outside_root");
    refuses(&format!("{xml}</g>"), &key, "xml.content_outside_root");
    refuses(&xml.replace("urn:g", "urn:h"), &key, "stream.wrong_root");
    refuses("", &key, "xml.empty");
    refuses("</g>", &key, "xml.content_outside_root");
    refuses(
        &xml.replace("<e ID", "<!DOCTYPE x><e ID"),
        &key,
        "xml.doctype",
    );
    refuses(
        &xml.replace("<e ID", "<?x?><e ID"),
        &key,
        "xml.processing_instruction",
    );
    refuses(
        &xml.replace("<e ID='_1'/>", "</g><g><e/>"),
        &key,
        "xml.multiple_roots",
    );
    refuses(
        &xml.replace("<e ID='_1'/>", "<e></f></e>"),
        &key,
        "xml.mismatched_tag",
    );
    refuses(
        &xml.replace("<e ID='_1'/>", "<g><e/></h>"),
        &key,
        "xml.mismatched_tag",
    );
    let stranger = self::key();
    refuses(&xml, &stranger, "signature.unknown_key");
}

#[test]
fn nothing_is_digested_before_the_signature_is_that_of_a_trusted_key() {
    let (key, stranger) = (key(), key());
    // The error comes with the last byte of the signature, whatever follows
    let xml = sign("<g xmlns='urn:g' ID='_r'><e/></g>", &key);
    let end = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let keys = [stranger.verifying_key().clone()];
    let anchors = TrustAnchors::Keys(&keys);
    let (policy, limits) = (AlgorithmPolicy::default(), StreamLimits::default());
    let mut verifier = StreamVerifier::new(GROUP, anchors, policy, limits, Seen::default());
    assert_eq!(verifier.push(&xml.as_bytes()[..end - 1]), Ok(()));
    let error = verifier.push(b">").unwrap_err();
    assert_eq!(error.code(), "signature.unknown_key");
}

#[test]
fn every_budget_has_its_own_code() {
    let key = key();
    let with = |inner: &str, limits: StreamLimits| {
        let xml = sign(&format!("<g xmlns='urn:g' ID='_r'>{inner}</g>"), &key);
        verify_with(xml.as_bytes(), key.verifying_key(), limits, || 50).map_err(|e| e.code())
    };
    let limits = |bytes| StreamLimits {
        part: Limits {
            bytes,
            ..Limits::default()
        },
        groups: 3,
        ids: 4,
    };
    assert!(with(&"<e/>".repeat(5000), limits(2000)).is_ok());
    let large = format!("<e>{}</e>", "x".repeat(2000));
    assert_eq!(with(&large, limits(2000)), Err("stream.part_too_large"));
    assert_eq!(
        with(&" ".repeat(2001), limits(2000)),
        Err("stream.part_too_large")
    );
    assert!(with("<g><g><e/></g></g>", limits(2000)).is_ok());
    assert_eq!(
        with("<g><g><g/><g><e/></g></g></g>", limits(2000)),
        Err("stream.nested_too_deep")
    );
    let ids = |n: usize| {
        (0..n)
            .map(|n| format!("<e ID='_{n}'/>"))
            .collect::<String>()
    };
    assert!(with(&ids(3), limits(2000)).is_ok());
    assert_eq!(with(&ids(4), limits(2000)), Err("stream.too_many_ids"));
    // The genuine signature lets a stranger come this far, and no further
    let deep = sign("<g xmlns='urn:g' ID='_r'><e/></g>", &key);
    let deep = deep.replace("<e/>", &"<d>".repeat(100_000));
    let verdict = verify(deep.as_bytes(), key.verifying_key());
    assert_eq!(verdict.unwrap_err().code(), "xml.limit_depth");
    let deep = format!(
        "{}{}</g>",
        deep.trim_end_matches("</g>"),
        "</d>".repeat(100_000)
    );
    refuses(&deep, &key, "xml.limit_depth");
}

#[test]
fn errors_point_into_the_whole_document() {
    let xml = "<g xmlns='urn:g'>\n<e/>\n <g><e/>é<e>&bad;</e></g></g>";
    let mut stream = danger::read_unsigned_stream(GROUP, StreamLimits::default(), Seen::default());
    let error = xml.bytes().find_map(|b| stream.push(&[b]).err()).unwrap();
    assert_eq!(error.code(), "xml.undefined_entity");
    let whole = Document::parse(xml.as_bytes().to_vec(), &Limits::default()).unwrap_err();
    assert_eq!(error.at(), whole.at());
    assert!(stream.buffered() < 100);
}

#[test]
fn an_unsigned_stream_reads_the_same_elements() {
    let read = |xml: &str| {
        let mut stream =
            danger::read_unsigned_stream(GROUP, StreamLimits::default(), Seen::default());
        stream.push(xml.as_bytes())?;
        stream.finish().map(|seen| seen.0)
    };
    assert_eq!(
        read("<g xmlns='urn:g' a='1'><g/><e/></g>").unwrap(),
        [
            "(g {}a=1",
            "<g xmlns=\"urn:g\"></g>",
            "<e xmlns=\"urn:g\"></e>",
            ")"
        ]
    );
    assert_eq!(read("<g xmlns='urn:g'/> ").unwrap(), ["(g ", ")"]);
    assert_eq!(
        read("<g xmlns='urn:g'>").unwrap_err().code(),
        "xml.unexpected_end"
    );
    assert_eq!(
        read("<g xmlns='urn:g'><e></e").unwrap_err().code(),
        "xml.unexpected_end"
    );
    assert_eq!(
        read("<g xmlns='urn:g'/><!--").unwrap_err().code(),
        "xml.unexpected_end"
    );
}
