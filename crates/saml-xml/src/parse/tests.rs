use crate::error::XmlErrorKind::{self, *};
use crate::{Document, Limits};

fn parse(xml: &str) -> Result<Document, XmlErrorKind> {
    Document::parse(xml.as_bytes().to_vec(), &Limits::default()).map_err(|e| e.kind())
}

#[track_caller]
fn refuses(xml: &str, kind: XmlErrorKind) {
    assert_eq!(parse(xml).err(), Some(kind), "{xml}");
}

#[track_caller]
fn text_of(xml: &str) -> String {
    let document = parse(xml).unwrap();
    document.root().text().unwrap().to_owned()
}

#[test]
fn refuses_what_is_not_well_formed() {
    for (xml, kind) in [
        ("", Empty),
        (" \n", Empty),
        ("<!-- only -->", UnexpectedEnd),
        ("<a>", UnexpectedEnd),
        ("<a", UnexpectedEnd),
        ("<a x", UnexpectedEnd),
        ("<a x='1", UnexpectedEnd),
        ("<", UnexpectedEnd),
        ("<a></b>", MismatchedTag),
        ("<a></ab>", MismatchedTag),
        ("<x:a xmlns:x='urn:x' xmlns:y='urn:x'></y:a>", MismatchedTag),
        ("</a>", ContentOutsideRoot),
        ("<a/><b/>", MultipleRoots),
        ("<a/>text", ContentOutsideRoot),
        ("text<a/>", ContentOutsideRoot),
        ("<a/><![CDATA[x]]>", ContentOutsideRoot),
        ("<a/>&amp;", ContentOutsideRoot),
        ("< a/>", Syntax),
        ("<a / >", Syntax),
        ("<a x=1/>", Syntax),
        ("<a x='1'y='2'/>", Syntax),
        ("<a x/>", Syntax),
        ("<a></a b>", Syntax),
        ("<a><!ELEMENT a></a>", Syntax),
        ("<a><![cdata[x]]></a>", Syntax),
        ("<a>]]></a>", CdataEndInText),
        ("<a x='<'/>", LessThanInAttribute),
        ("<a><!-- a -- b --></a>", Comment),
        ("<a><!-- a ---></a>", Comment),
        ("<a><!-- a</a>", UnexpectedEnd),
        ("<a><![CDATA[x</a>", UnexpectedEnd),
        ("<a x='1' x='2'/>", DuplicateAttribute),
        ("<a>&nbsp;</a>", UndefinedEntity),
        ("<a>&amp</a>", UndefinedEntity),
        ("<a>& </a>", UndefinedEntity),
        ("<a x='&lt'/>", UndefinedEntity),
        ("<a>&#0;</a>", CharacterReference),
        ("<a>&#xFFFE;</a>", CharacterReference),
        ("<a>&#xD800;</a>", CharacterReference),
        ("<a>&#x110000;</a>", CharacterReference),
        ("<a>&#;</a>", CharacterReference),
        ("<a>&#x;</a>", CharacterReference),
        ("<a>&#+65;</a>", CharacterReference),
        ("<a>&#x4 1;</a>", CharacterReference),
        ("<a>&#65</a>", CharacterReference),
        ("<a>\u{0}</a>", Character),
        ("<a>\u{1}</a>", Character),
        ("<a>\u{FFFE}</a>", Character),
        ("<a x='\u{FFFF}'/>", Character),
        ("<a><!-- \u{B} --></a>", Character),
        ("<a><![CDATA[\u{C}]]></a>", Character),
        ("\u{1}<a/>", Character),
    ] {
        refuses(xml, kind);
    }
}

#[test]
fn refuses_what_saml_never_needs() {
    for (xml, kind) in [
        ("<!DOCTYPE a><a/>", Doctype),
        ("<!doctype html><html/>", Doctype),
        ("<a><!DOCTYPE b></a>", Doctype),
        ("<a/><!DOCTYPE b>", Doctype),
        ("<?pi?><a/>", ProcessingInstruction),
        ("<a><?pi x?></a>", ProcessingInstruction),
        ("<a/><?pi?>", ProcessingInstruction),
        (" <?xml version='1.0'?><a/>", ProcessingInstruction),
        ("<?xml-stylesheet href='x'?><a/>", ProcessingInstruction),
        ("<?xml version='1.1'?><a/>", Declaration),
        ("<?xml encoding='UTF-8'?><a/>", Declaration),
        ("<?xml version='1.0' standalone='maybe'?><a/>", Declaration),
        ("<?xml version='1.0'encoding='UTF-8'?><a/>", Declaration),
        (
            "<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>",
            Declaration,
        ),
        (
            "<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
            EncodingDeclaration,
        ),
        (
            "<?xml version='1.0' encoding='UTF-16'?><a/>",
            EncodingDeclaration,
        ),
        ("<?xml version='1.0", UnexpectedEnd),
    ] {
        refuses(xml, kind);
    }
}

#[test]
fn refuses_names_that_namespaces_do_not_allow() {
    for (xml, kind) in [
        ("<a:b:c xmlns:a='urn:a'/>", Name),
        ("<x::y/>", Name),
        ("<:r/>", Name),
        ("<1a/>", Name),
        ("<a -x='1'/>", Name),
        ("<a:1 xmlns:a='urn:a'/>", Name),
        ("<a\u{D7}/>", Name),
        ("<\u{300}a/>", Name),
        ("<p:a/>", UnboundPrefix),
        ("<a p:x='1'/>", UnboundPrefix),
        ("<a><b xmlns:p='urn:p'/><p:c/></a>", UnboundPrefix),
        ("<xmlns:a/>", UnboundPrefix),
        ("<a xmlns:xml='urn:evil'/>", ReservedPrefix),
        (
            "<a xmlns:xmlns='http://www.w3.org/2000/xmlns/'/>",
            ReservedPrefix,
        ),
        (
            "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
            ReservedPrefix,
        ),
        ("<a xmlns='http://www.w3.org/2000/xmlns/'/>", ReservedPrefix),
        ("<a xmlns:p=''/>", EmptyNamespace),
        ("<a xmlns:p='1'/>", RelativeNamespace),
        ("<a xmlns='a/b:c'/>", RelativeNamespace),
        ("<a xmlns='#x'/>", RelativeNamespace),
        ("<a xmlns:p='http://example.com&#x80;'/>", NamespaceUri),
        ("<a xmlns:p='urn:with space'/>", NamespaceUri),
        ("<a xmlns:p='urn:p' xmlns:p='urn:q'/>", DuplicateAttribute),
        ("<a xmlns='urn:p' xmlns='urn:q'/>", DuplicateAttribute),
        (
            "<r xmlns:a='urn:n' xmlns:b='urn:n' a:x='1' b:x='2'/>",
            DuplicateAttribute,
        ),
    ] {
        refuses(xml, kind);
    }
    assert!(parse("<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='de'/>").is_ok());
    assert!(parse("<a x='1' p:x='2' xmlns:p='urn:p' xmlns='urn:p'/>").is_ok());
}

#[test]
fn refuses_an_identifier_that_occurs_twice_under_any_name() {
    for pair in [
        "<a ID='x'><b ID='x'/></a>",
        "<a ID='x'><b Id='x'/></a>",
        "<a ID='x'><b id='x'/></a>",
        "<a ID='x' xml:id='x'/>",
        "<a ID='x'><b AssertionID='x'/></a>",
        "<a ID='x'><b xmlns:wsu='urn:wsu' wsu:Id='x'/></a>",
        "<a ID='x'><b ID='&#120;'/></a>",
    ] {
        refuses(pair, DuplicateId);
    }
    assert!(parse("<a ID='x'><b ID='X'/></a>").is_ok());
}

#[test]
fn says_where() {
    let error =
        Document::parse(b"<a>\n  <b>\xC3\xA4</c></a>".to_vec(), &Limits::default()).unwrap_err();
    assert_eq!(error.to_string(), "xml.mismatched_tag at line 2, column 7");
    assert_eq!(error.at().offset, 11);
}

#[test]
fn encodings_other_than_utf_8_are_refused() {
    for bytes in [
        &b"\xFF\xFE<\x00a\x00/\x00>\x00"[..],
        b"\xFE\xFF\x00<\x00a\x00/\x00>",
        b"<\x00a\x00/\x00>\x00",
        b"\x00<\x00a\x00/\x00>",
        b"<a>\xE9</a>",
        b"<a>\xED\xA0\x80</a>",
        b"<a>\xC0\xBC</a>",
    ] {
        let error = Document::parse(bytes.to_vec(), &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), Encoding, "{bytes:?}");
    }
    assert!(
        parse("\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"\n standalone='no' ?>\n<a/>\n")
            .is_ok()
    );
}

#[test]
fn text_is_whole_whatever_interrupts_it() {
    assert_eq!(
        text_of("<a>admin@corp.com<!---->.evil.com</a>"),
        "admin@corp.com.evil.com"
    );
    assert_eq!(
        text_of("<a>a@corp.com<![CDATA[.evil.com]]></a>"),
        "a@corp.com.evil.com"
    );
    assert_eq!(
        text_of("<a><![CDATA[]]><!--x-->b<!--y--><![CDATA[<&]]>&lt;c<!--z--></a>"),
        "b<&<c"
    );
    assert_eq!(
        text_of("<a>&amp;<!--x-->b<!--y-->&amp;<!--z-->c</a>"),
        "&b&c"
    );
    assert_eq!(text_of("<a>x\r\ny\rz&#13;</a>"), "x\ny\nz\r");
    assert_eq!(text_of("<a><![CDATA[x\r\ny]]></a>"), "x\ny");
    assert_eq!(text_of("<a/>"), "");
    assert_eq!(
        text_of("<a>&#x41;&#66;&quot;&apos;&gt;]]&gt;</a>"),
        "AB\"'>]]>"
    );
    let document = parse("<a>one<b/>two</a>").unwrap();
    assert_eq!(document.root().text(), None);
}

#[test]
fn attribute_values_are_normalised() {
    let document = parse("<a x='1\t2\n3\r\n4\r5&#9;&#10;&#13;&lt;\"'/>").unwrap();
    assert_eq!(document.root().attribute("x"), Some("1 2 3 4 5\t\n\r<\""));
}

#[test]
fn namespaces_resolve_where_they_are_in_scope() {
    let document = parse(
        "<a xmlns='urn:1' xmlns:p='urn:2'><p:b x='1' p:x='2'/><c xmlns=''><d/></c><p:e xmlns:p='urn:3'/><f/></a>",
    )
    .unwrap();
    let names: Vec<_> = document
        .elements()
        .map(|e| (e.namespace(), e.local_name()))
        .collect();
    let expected = [
        ("urn:1", "a"),
        ("urn:2", "b"),
        ("", "c"),
        ("", "d"),
        ("urn:3", "e"),
        ("urn:1", "f"),
    ];
    assert_eq!(names, expected);
    let b = document.root().children().next().unwrap();
    assert_eq!(b.attribute("x"), Some("1"));
    assert_eq!(b.attribute_ns("urn:2", "x"), Some("2"));
    assert_eq!(b.resolve_prefix("p"), Some("urn:2"));
    assert_eq!(b.resolve_prefix(""), Some("urn:1"));
    assert_eq!(b.resolve_prefix("q"), None);
}

#[test]
fn handles_walk_their_subtree_and_know_their_place() {
    let source = "<a><b><c/>t</b> <d x='1'/></a>";
    let document = parse(source).unwrap();
    let children: Vec<_> = document
        .root()
        .children()
        .map(|e| &source[e.span()])
        .collect();
    assert_eq!(children, ["<b><c/>t</b>", "<d x='1'/>"]);
    let b = document.root().children().next().unwrap();
    assert_eq!(
        b.descendants().map(|e| e.local_name()).collect::<Vec<_>>(),
        ["b", "c"]
    );
    assert_eq!(&source[b.start_tag_span()], "<b>");
    assert!(document.root().child_text_is_blank());
    assert!(!b.child_text_is_blank());
    let d = document.root().children().nth(1).unwrap();
    assert_eq!(&source[d.attributes().next().unwrap().span()], "x='1'");
}

#[test]
fn every_budget_refuses_with_its_own_code() {
    let limits = Limits {
        bytes: 200,
        depth: 3,
        nodes: 20,
        attributes: 4,
        namespaces: 3,
    };
    for (xml, kind) in [
        ("<a>".to_owned() + &"x".repeat(200) + "</a>", LimitBytes),
        ("<a><a><a><a/></a></a></a>".to_owned(), LimitDepth),
        ("<a>".to_owned() + &"<b/>".repeat(21) + "</a>", LimitNodes),
        (
            "<a>".to_owned() + &"<b></b>".repeat(21) + "</a>",
            LimitNodes,
        ),
        (
            "<a>".to_owned() + &"<b>x</b>".repeat(11) + "</a>",
            LimitNodes,
        ),
        ("<a p='' q='' r='' s='' t=''/>".to_owned(), LimitAttributes),
        (
            "<a p='' q='' r='' s='' xmlns='urn:x'/>".to_owned(),
            LimitAttributes,
        ),
        (
            "<a xmlns:a='urn:a' xmlns:b='urn:b'><a xmlns:c='urn:c' xmlns:d='urn:d'/></a>"
                .to_owned(),
            LimitNamespaces,
        ),
    ] {
        let error = Document::parse(xml.clone().into_bytes(), &limits).unwrap_err();
        assert_eq!(error.kind(), kind, "{xml}");
    }
}
