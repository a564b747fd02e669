use proptest::prelude::*;
use serde_json::{Value as Json, json};
use time::OffsetDateTime;

use super::*;
use crate::dialect::{Dialect, Preset};
use crate::document::{Keep, Reader};
use crate::error::ScimError;
use crate::resource::{Resource, ResourceId};
use crate::schema::{ENTERPRISE_USER, Registry, RegistryBuilder, USER};

fn registry() -> Registry {
    let schema = r#"{"id":"urn:example:x","attributes":[{"name":"level","type":"integer"},{"name":"ratio","type":"decimal"},
        {"name":"tags","multiValued":true},{"name":"since","type":"dateTime"}]}"#;
    RegistryBuilder::standard()
        .schema_json(schema)
        .unwrap()
        .extend("User", "urn:example:x", false)
        .build()
        .unwrap()
}

fn sample(registry: &Registry) -> Resource {
    let json = json!({"schemas": [USER], "userName": "Bjensen", "externalId": "AbC", "active": true,
        "name": {"familyName": "O'Malley", "givenName": "Änne"}, "title": "100%_\\ sure",
        "emails": [{"type": "work", "value": "b@x.com", "primary": true}, {"type": "home", "value": "b@home.org"}],
        "x509Certificates": [{"value": "AAAA"}],
        ENTERPRISE_USER: {"department": "Sales", "manager": {"value": "M1"}},
        "urn:example:x": {"level": 9007199254740993_i64, "ratio": 0.5, "tags": ["One", "two"],
            "since": "2026-01-31T13:00:00+01:00"}});
    let dialect = Dialect::default();
    let kind = registry.resource_type_by_name("User").unwrap().id();
    let document = Reader::new(registry, kind, &dialect, Keep::Writable)
        .document(&json)
        .unwrap();
    Resource::new(
        ResourceId::new("Id-1"),
        document,
        OffsetDateTime::UNIX_EPOCH,
    )
}

fn resolve(registry: &Registry, dialect: &Dialect, text: &str) -> Result<Filter, ScimError> {
    let expr = Expr::parse(text, &FilterLimits::default())?;
    let kind = registry.resource_type_by_name("User").unwrap().id();
    Resolver::new(registry, kind, dialect).filter(&expr)
}

fn matches(text: &str) -> bool {
    let registry = registry();
    let dialect = Preset::Strict.dialect();
    resolve(&registry, &dialect, text)
        .unwrap()
        .matches(&registry, &sample(&registry))
}

fn code(preset: Preset, text: &str) -> &'static str {
    resolve(&registry(), &preset.dialect(), text).map_or_else(|e| e.code(), |_| "ok")
}

#[test]
fn reference_semantics_true() {
    for text in [
        r#"userName eq "bJENSEN""#,
        r#"USERNAME EQ "bjensen" AND active eq true"#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "bj""#,
        r#"name.familyName co "o'm""#,
        r#"name.givenName eq "ÄNNE""#,
        r#"name.givenName eq "A\u0308nne""#,
        r#"externalId eq "AbC""#,
        r#"emails co "HOME.ORG""#,
        r#"emails.type eq "work" and emails.value ew ".org""#,
        r#"emails[type eq "work" and value ew "x.com"]"#,
        r#"emails[not (type eq "work")]"#,
        r#"title co "%_\\ ""#,
        r#"not (title pr and nickName pr)"#,
        r#"nickName ne "x""#,
        r#"nickName eq null and userName ne null"#,
        r#"emails[type ne "work"]"#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "M1""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "M1""#,
        r#"urn:example:x:level eq 9007199254740993 and urn:example:x:level gt 9007199254740992"#,
        r#"urn:example:x:ratio lt 1 and urn:example:x:ratio ge 5e-1"#,
        r#"urn:example:x:tags eq "ONE" and urn:example:x:tags[value eq "two"]"#,
        r#"urn:example:x:since eq "2026-01-31T12:00:00Z" and urn:example:x:since lt "2026-01-31T12:30:00Z""#,
        r#"meta.created le "1970-01-01T00:00:00Z" and meta.resourceType eq "User""#,
        r#"id eq "Id-1" and schemas eq "urn:ietf:params:scim:schemas:core:2.0:User""#,
        r#"name pr and emails pr and x509Certificates.value eq "AAAA""#,
        r#"userName eq "x" or userName eq "bjensen" and active eq true"#,
        r#"(userName eq "x" or userName eq "bjensen") and active eq true"#,
        r#"name[familyName eq "o'malley"]"#,
    ] {
        assert!(matches(text), "{text}");
    }
}

#[test]
fn reference_semantics_false() {
    for text in [
        r#"externalId eq "abc""#,
        r#"id eq "id-1""#,
        r#"emails[type eq "work" and value ew ".org"]"#,
        r#"emails.value ne "b@x.com""#,
        r#"userName ne "BJENSEN""#,
        r#"nickName co """#,
        r#"urn:example:x:level eq 9007199254740992"#,
        r#"active ne true"#,
        r#"title co "100__""#,
    ] {
        assert!(!matches(text), "{text}");
    }
}

#[test]
fn refuses_with_the_exact_code_and_never_drops() {
    let strict = |text| code(Preset::Strict, text);
    for text in [
        "",
        " ",
        "userName",
        "userName eq",
        "userName xx 1",
        "userName eq \"a",
        "(userName pr",
        "userName pr)",
        "userName pr and",
        "not userName pr",
        "emails[type pr",
        "emails[]",
        "userName eq \"\\q\"",
        "1a pr",
        "userName eq \"a\"x",
        "emails[emails[type pr]]",
        "emails[type eq \"work\"].value eq \"x\"",
        "userName. pr",
    ] {
        assert_eq!(strict(text), "filter.syntax", "{text}");
    }
    assert_eq!(
        strict("title pr and shoeSize eq 1"),
        "filter.attribute_unknown"
    );
    assert_eq!(
        strict("title pr or name.shoe pr"),
        "filter.attribute_unknown"
    );
    assert_eq!(strict("emails[shoe pr]"), "filter.attribute_unknown");
    assert_eq!(strict("manager pr"), "filter.attribute_unknown");
    assert_eq!(strict(ENTERPRISE_USER), "filter.syntax");
    for text in [
        "active gt true",
        "x509Certificates.value lt \"A\"",
        "meta.created co \"2026\"",
        "name eq \"x\"",
        "userName[value pr]",
    ] {
        assert_eq!(strict(text), "filter.operator", "{text}");
    }
    for text in [
        "userName eq 1",
        "active eq \"True\"",
        "active eq 1",
        "userName eq bob",
        "meta.created gt \"soon\"",
        "userName gt null",
        "urn:example:x:level eq 1.5",
    ] {
        assert_eq!(strict(text), "filter.value", "{text}");
    }
    for text in [
        "password pr",
        "password eq \"x\"",
        "not (password sw \"a\")",
        "title pr or password ne null",
    ] {
        assert_eq!(code(Preset::Lenient, text), "filter.secret", "{text}");
    }
    assert_eq!(strict("meta.location pr"), "filter.computed");
    assert_eq!(strict("groups.$ref pr"), "filter.computed");
}

#[test]
fn limits_have_their_codes() {
    let strict = |text: &str| code(Preset::Strict, text);
    assert_eq!(
        strict(&format!("{}title pr{}", "(".repeat(64), ")".repeat(64))),
        "ok"
    );
    assert_eq!(
        strict(&format!("{}title pr{}", "(".repeat(65), ")".repeat(65))),
        "filter.too_deep"
    );
    assert_eq!(strict(&"(".repeat(8000)), "filter.too_deep");
    assert_eq!(strict(&vec!["title pr"; 256].join(" or ")), "ok");
    assert_eq!(
        strict(&vec!["title pr"; 257].join(" or ")),
        "filter.too_many_terms"
    );
    assert_eq!(
        strict(&format!("title eq \"{}\"", "x".repeat(8192))),
        "filter.too_long"
    );
}

#[test]
fn quirks_are_understood_where_the_dialect_says_so() {
    let registry = registry();
    let dialect = Dialect::default();
    for text in [
        "externalId eq AbC",
        r#"emails[type eq "work"].value eq "b@x.com""#,
        r#"emails[primary eq "True"].value sw "b@""#,
        r#"id eq "Id-1" and manager eq "M1""#,
        "userName eq Bjensen and active eq True",
    ] {
        assert!(
            resolve(&registry, &dialect, text)
                .unwrap()
                .matches(&registry, &sample(&registry)),
            "{text}"
        );
    }
}

#[test]
fn attributes_of_other_resource_types_have_no_value() {
    let registry = registry();
    let dialect = Preset::Strict.dialect();
    let [user, group] =
        ["User", "Group"].map(|name| registry.resource_type_by_name(name).unwrap().id());
    let on_group = |text: &str| {
        let both = [user, group];
        let expr = Expr::parse(text, &FilterLimits::default()).unwrap();
        Resolver::new(&registry, group, &dialect)
            .among(&both)
            .filter(&expr)
            .map_err(|e| e.code())
    };
    assert_eq!(on_group("userName eq \"x\""), Ok(Filter::Const(false)));
    assert_eq!(on_group("userName ne \"x\""), Ok(Filter::Const(true)));
    assert_eq!(on_group("userName eq null"), Ok(Filter::Const(true)));
    assert_eq!(on_group("userName ne null"), Ok(Filter::Const(false)));
    assert_eq!(on_group("shoe pr"), Err("filter.attribute_unknown"));
}

#[test]
fn sort_keys_take_the_primary_and_put_missing_last() {
    let registry = registry();
    let dialect = Dialect::default();
    let kind = registry.resource_type_by_name("User").unwrap().id();
    let resource = sample(&registry);
    let key = |name: &str| {
        let sort = Resolver::new(&registry, kind, &dialect)
            .sort(name, false)
            .map_err(|e| e.code())?;
        Ok::<_, &str>(sort.key(
            &registry,
            &[resource.document.attributes(), &resource.derived(&registry)],
        ))
    };
    assert_eq!(key("emails"), Ok(Some(SortValue::Text("b@x.com".into()))));
    assert_eq!(key("userName"), Ok(Some(SortValue::Text("bjensen".into()))));
    assert_eq!(key("meta.lastModified"), Ok(Some(SortValue::Instant(0))));
    assert_eq!(key("nickName"), Ok(None));
    assert_eq!(key("name"), Err("sort.attribute"));
    assert_eq!(key("shoe"), Err("sort.attribute"));
    assert_eq!(key("groups"), Err("sort.attribute"));
    assert_eq!(key("password"), Err("filter.secret"));
    let (one, none) = (Some(SortValue::Integer(1)), None::<SortValue>);
    assert!(compare_keys((one.as_ref(), "b"), (none.as_ref(), "a"), false).is_lt());
    assert!(compare_keys((one.as_ref(), "b"), (none.as_ref(), "a"), true).is_gt());
}

#[test]
fn paths_follow_their_grammar() {
    let parse = |text: &str| {
        PathExpr::parse(text, &FilterLimits::default())
            .map(|p| p.to_string())
            .map_err(|e| e.code())
    };
    for text in [
        "members",
        "name.familyName",
        r#"emails[type eq "work"]"#,
        r#"addresses[type eq "work"].street"#,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
    ] {
        assert_eq!(parse(text).as_deref(), Ok(text));
    }
    for text in [
        "",
        "a b",
        ".a",
        "a.",
        "a[type pr].",
        "a[type pr].b.c",
        "a[type pr]b",
        "a..",
        "[type pr]",
    ] {
        assert_eq!(parse(text), Err("path.syntax"), "{text}");
    }
    assert_eq!(parse("a[type eq"), Err("filter.syntax"));
    assert_eq!(parse("a[type pr"), Err("filter.syntax"));
}

fn literal() -> impl Strategy<Value = Literal> + Clone {
    prop_oneof![
        any::<String>().prop_map(Literal::Text),
        any::<i64>().prop_map(|n| Literal::Number(n.to_string())),
        any::<bool>().prop_map(Literal::Boolean),
        Just(Literal::Null),
        "[a-z@.]{1,8}"
            .prop_filter("keywords", |w| !["true", "false", "null"]
                .contains(&w.as_str()))
            .prop_map(Literal::Bare),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    let name = prop_oneof![
        "[a-zA-Z][a-zA-Z0-9_-]{0,8}",
        "urn:x:2\\.0:[A-Z]:[a-z]{1,4}\\.[a-z]{1,4}"
    ];
    let op = prop::sample::select(Operator::ALL.map(|(_, op)| op).to_vec());
    let compare = (name.clone(), op, literal()).prop_map(|(path, op, value)| Expr::Compare {
        path,
        op,
        value,
    });
    let leaf = prop_oneof![compare.clone(), name.clone().prop_map(Expr::Present)];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.clone().prop_map(|e| Expr::Not(Box::new(e))),
            (name.clone(), inner, prop::option::of(compare.clone())).prop_map(
                |(path, filter, then)| {
                    Expr::ValuePath {
                        path,
                        filter: Box::new(filter),
                        then: then.map(Box::new),
                    }
                }
            ),
        ]
    })
}

proptest! {
    #[test]
    fn printing_and_parsing_round_trips(expr in expr()) {
        let limits = FilterLimits { bytes: usize::MAX, ..FilterLimits::default() };
        prop_assert_eq!(Expr::parse(&expr.to_string(), &limits).unwrap(), expr);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z\\[\\]()\" .:1-9]{0,60}|\\PC{0,40}") {
        let registry = registry();
        let _: Result<Filter, _> = resolve(&registry, &Dialect::default(), &text);
        let _: Result<PathExpr, _> = PathExpr::parse(&text, &FilterLimits::default());
    }
}

#[test]
fn json_of_the_sample_is_unchanged() {
    let registry = registry();
    let json = sample(&registry).document.to_json(&registry);
    assert_eq!(
        json["urn:example:x"]["since"],
        Json::from("2026-01-31T13:00:00+01:00"),
        "kept as sent"
    );
}
