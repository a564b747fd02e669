use crate::{C14nOptions, Document, Limits, exclusive_c14n};

fn canonical(xml: &str, local: &str, prefixes: &str) -> String {
    let document = Document::parse(xml.as_bytes().to_vec(), &Limits::default()).unwrap();
    let element = document
        .elements()
        .find(|e| e.local_name() == local)
        .unwrap();
    let mut out = Vec::new();
    exclusive_c14n(
        element,
        &C14nOptions::default().inclusive(prefixes),
        &mut out,
    )
    .unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn only_visibly_used_namespaces_are_written() {
    // the example of Exclusive C14N §2.2
    let xml = "<n0:local xmlns:n0='foo:bar' xmlns:n3='ftp://example.org'>\
               <n1:elem2 xmlns:n1='http://example.net' xml:lang='en'>\
               <n3:stuff xmlns:n3='ftp://example.org'/></n1:elem2></n0:local>";
    assert_eq!(
        canonical(xml, "elem2", ""),
        "<n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\">\
         <n3:stuff xmlns:n3=\"ftp://example.org\"></n3:stuff></n1:elem2>"
    );
}

#[test]
fn listed_prefixes_are_inclusive() {
    let xml = "<r xmlns='urn:d' xmlns:a='urn:a' xmlns:b='urn:b'><b:x><b:y xmlns:a='urn:a2'/><b:z/></b:x></r>";
    assert_eq!(
        canonical(xml, "x", "a"),
        "<b:x xmlns:a=\"urn:a\" xmlns:b=\"urn:b\"><b:y xmlns:a=\"urn:a2\"></b:y><b:z></b:z></b:x>"
    );
    assert_eq!(
        canonical(xml, "x", "#default nowhere"),
        "<b:x xmlns=\"urn:d\" xmlns:b=\"urn:b\"><b:y></b:y><b:z></b:z></b:x>"
    );
}

#[test]
fn default_namespaces_come_and_go() {
    let xml = "<a xmlns='urn:1'><b xmlns=''><c xmlns='urn:1'/><d/></b><e/></a>";
    assert_eq!(
        canonical(xml, "a", ""),
        "<a xmlns=\"urn:1\"><b xmlns=\"\"><c xmlns=\"urn:1\"></c><d></d></b><e></e></a>"
    );
    // nothing to undeclare at the apex
    assert_eq!(
        canonical(xml, "b", ""),
        "<b><c xmlns=\"urn:1\"></c><d></d></b>"
    );
}

#[test]
fn prefixes_rebound_at_depth_are_written_again() {
    let xml = "<p:a xmlns:p='urn:1'><p:b xmlns:p='urn:2'><p:c xmlns:p='urn:1'/></p:b><p:d/></p:a>";
    assert_eq!(
        canonical(xml, "a", ""),
        "<p:a xmlns:p=\"urn:1\"><p:b xmlns:p=\"urn:2\"><p:c xmlns:p=\"urn:1\"></p:c></p:b><p:d></p:d></p:a>"
    );
}

#[test]
fn attributes_sort_by_namespace_name_then_local_name() {
    let xml =
        "<e xmlns:b='urn:a' xmlns:a='urn:b' b:attr='1' a:attr='2' attr2='3' attr='4' xml:z='5'/>";
    assert_eq!(
        canonical(xml, "e", ""),
        "<e xmlns:a=\"urn:b\" xmlns:b=\"urn:a\" attr=\"4\" attr2=\"3\" xml:z=\"5\" b:attr=\"1\" a:attr=\"2\"></e>"
    );
}

#[test]
fn text_and_values_have_one_escaping() {
    let xml = "<a x='&lt;&gt;&amp;&quot;&apos;&#9;&#10;&#13;'>&lt;&gt;&amp;\"'&#9;&#13;\r\n<![CDATA[<x>]]><!-- gone --></a>";
    assert_eq!(
        canonical(xml, "a", ""),
        "<a x=\"&lt;>&amp;&quot;'&#x9;&#xA;&#xD;\">&lt;&gt;&amp;\"'\t&#xD;\n&lt;x&gt;</a>"
    );
}

#[test]
fn a_subtree_can_be_left_out() {
    let document = Document::parse(b"<a>1<s>2</s>3</a>".to_vec(), &Limits::default()).unwrap();
    let s = document.root().children().next().unwrap();
    let mut out = Vec::new();
    exclusive_c14n(
        document.root(),
        &C14nOptions::default().without(s),
        &mut out,
    )
    .unwrap();
    assert_eq!(out, b"<a>13</a>");
    let error = exclusive_c14n(s, &C14nOptions::default().without(s), &mut Vec::new()).unwrap_err();
    assert_eq!(error.code(), "xml.empty_canonical_form");
}

#[test]
fn canonical_form_is_a_fixed_point() {
    let xml =
        "<a xmlns='urn:1' xmlns:p='urn:2' p:q='&#13;'><b xmlns=''/><p:c>\u{1F600}&#13;</p:c></a>";
    let once = canonical(xml, "a", "");
    assert_eq!(canonical(&once, "a", ""), once);
}

#[test]
fn long_text_of_many_byte_characters_stays_whole() {
    let text = "x".to_owned() + &"ä€😀".repeat(4000);
    let canonical = canonical(&format!("<a>{text}</a>"), "a", "");
    assert_eq!(canonical, format!("<a>{text}</a>"));
}

/// Elements written in canonical form are copied as they stand, but only where the declaration
/// they need was written, and only while nothing stands between them.
#[test]
fn lists_of_plain_elements_are_written_as_any_other() {
    let around = |list: &str| format!("<p:l xmlns:p=\"urn:p\">{list}</p:l>");
    for (list, expected) in [
        ("<p:i>1</p:i><p:i></p:i><p:i>ä b</p:i>", None),
        ("<p:i>1</p:i> <p:i>2</p:i>\n<p:j>3</p:j>", None),
        ("<p:i>1</p:i><p:i>2</p:j>", Some("xml.mismatched_tag")),
        ("<p:i>1</p:i><q:i>2</q:i>", Some("xml.unbound_prefix")),
        (
            "<p:i>1</p:i><p:i >2</p:i >",
            Some("<p:i>1</p:i><p:i>2</p:i>"),
        ),
        (
            "<p:i>a&#97;</p:i><p:i>&lt;</p:i>",
            Some("<p:i>aa</p:i><p:i>&lt;</p:i>"),
        ),
        (
            "<p:i>1<!-- --></p:i><p:i><![CDATA[2]]></p:i>",
            Some("<p:i>1</p:i><p:i>2</p:i>"),
        ),
        (
            "<p:i>a>b</p:i><p:i>a\r\nb</p:i>",
            Some("<p:i>a&gt;b</p:i><p:i>a\nb</p:i>"),
        ),
        // The same prefix means another namespace in between
        (
            "<p:i>1</p:i><n xmlns:p='urn:q'><p:i>2</p:i><p:i>3</p:i></n><p:i>4</p:i>",
            Some(
                "<p:i>1</p:i><n><p:i xmlns:p=\"urn:q\">2</p:i><p:i xmlns:p=\"urn:q\">3</p:i></n><p:i>4</p:i>",
            ),
        ),
        (
            "<d xmlns='urn:d'><i>1</i><u xmlns=''><i>2</i></u></d>",
            Some("<d xmlns=\"urn:d\"><i>1</i><u xmlns=\"\"><i>2</i></u></d>"),
        ),
    ] {
        let expected = expected.unwrap_or(list);
        match Document::parse(around(list).into_bytes(), &Limits::default()) {
            Err(error) => assert_eq!(error.code(), expected, "{list}"),
            Ok(_) => assert_eq!(
                canonical(&around(list), "l", ""),
                around(expected),
                "{list}"
            ),
        }
    }
}

#[test]
fn one_item_of_a_list_can_be_left_out_or_stand_alone() {
    let xml = "<p:l xmlns:p=\"urn:p\"><p:i>1</p:i><p:i>2</p:i><p:i>3</p:i></p:l>";
    let document = Document::parse(xml.into(), &Limits::default()).unwrap();
    let second = document.root().children().nth(1).unwrap();
    let mut out = Vec::new();
    let without = C14nOptions::default().without(second);
    exclusive_c14n(document.root(), &without, &mut out).unwrap();
    assert_eq!(
        out,
        "<p:l xmlns:p=\"urn:p\"><p:i>1</p:i><p:i>3</p:i></p:l>".as_bytes()
    );
    out.clear();
    exclusive_c14n(second, &C14nOptions::default(), &mut out).unwrap();
    assert_eq!(out, "<p:i xmlns:p=\"urn:p\">2</p:i>".as_bytes());
    assert_eq!(second.text(), Some("2"));
    assert!(
        !second.child_text_is_blank()
            && second.has_name_of(document.root().children().next().unwrap())
    );
}
