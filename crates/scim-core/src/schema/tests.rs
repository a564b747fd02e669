use super::*;

fn path(registry: &Registry, kind: &str, name: &str) -> Option<String> {
    match registry.resolve(registry.resource_type_by_name(kind)?.id(), name)? {
        Resolved::Attribute(path) => Some(registry.attribute(path.leaf()).path().to_owned()),
        Resolved::Extension(schema) => Some(registry.schema(schema).urn().to_owned()),
    }
}

#[test]
fn the_standard_registry_builds_and_is_complete() {
    let registry = RegistryBuilder::standard().build().unwrap();
    let counts: Vec<_> = registry
        .schemas()
        .iter()
        .map(|s| (s.urn(), s.attributes().len()))
        .collect();
    assert_eq!(counts, [(USER, 21), (GROUP, 2), (ENTERPRISE_USER, 6)]);
    assert_eq!(
        Registry::standard().attributes().len(),
        registry.attributes().len()
    );
    let common = registry.common();
    for (id, name) in [
        (common.schemas, "schemas"),
        (common.external_id, "externalId"),
        (common.version, "meta.version"),
    ] {
        assert_eq!(registry.attribute(id).path(), name);
    }
}

#[test]
fn verified_errata_and_the_text_over_the_listing() {
    let registry = Registry::standard();
    let at = |path: &str| registry.attribute_by_path(path).unwrap();
    assert!(
        at(&format!("{GROUP}:displayName")).required(),
        "erratum 5368"
    );
    assert_eq!(
        at(&format!("{USER}:groups.$ref"))
            .definition
            .reference_types,
        ["Group"],
        "erratum 8471"
    );
    assert_eq!(
        at(&format!("{USER}:addresses.primary")).kind(),
        AttributeType::Boolean
    );
    assert!(at(&format!("{USER}:profileUrl")).case_exact());
    assert!(at(&format!("{USER}:x509Certificates.value")).case_exact());
    assert!(at("externalId").case_exact());
    assert!(!at(&format!("{USER}:userName")).case_exact());
    assert_eq!(at(&format!("{USER}:password")).returned(), Returned::Never);
}

#[test]
fn names_resolve_in_any_case_with_and_without_urn() {
    let registry = Registry::standard();
    let full = |tail: &str| Some(format!("{USER}:{tail}"));
    assert_eq!(path(&registry, "User", "USERNAME"), full("userName"));
    assert_eq!(
        path(
            &registry,
            "User",
            &format!("{}:Name.FamilyName", USER.to_uppercase())
        ),
        full("name.familyName")
    );
    assert_eq!(
        path(
            &registry,
            "User",
            &format!("{ENTERPRISE_USER}:manager.value")
        ),
        Some(format!("{ENTERPRISE_USER}:manager.value"))
    );
    assert_eq!(
        path(&registry, "User", ENTERPRISE_USER),
        Some(ENTERPRISE_USER.to_owned())
    );
    assert_eq!(path(&registry, "User", "department"), None);
    assert_eq!(path(&registry, "Group", "userName"), None);
    assert_eq!(
        path(&registry, "Group", "meta.lastModified"),
        Some("meta.lastModified".into())
    );
    assert_eq!(path(&registry, "User", "name.nothing"), None);
    let user = registry.resource_type_by_name("User").unwrap().id();
    assert!(matches!(
        registry.resolve_unprefixed(user, "manager"),
        Some(Resolved::Attribute(_))
    ));
}

#[test]
fn faulty_schemas_are_refused_with_their_code() {
    let code = |schema: &str| match RegistryBuilder::standard().schema_json(schema) {
        Err(error) => error.code(),
        Ok(builder) => builder.build().map_or_else(|error| error.code(), |_| "ok"),
    };
    assert_eq!(code("{"), "schema.syntax");
    assert_eq!(code(r#"{"id":"badge","attributes":[]}"#), "schema.name");
    assert_eq!(
        code(r#"{"id":"urn:x:y","attributes":[{"name":"1a"}]}"#),
        "schema.name"
    );
    assert_eq!(
        code(r#"{"id":"urn:x:y","attributes":[{"name":"a"},{"name":"A"}]}"#),
        "schema.duplicate"
    );
    assert_eq!(
        code(&format!(
            r#"{{"id":"{}","attributes":[]}}"#,
            USER.to_uppercase()
        )),
        "schema.duplicate"
    );
    assert_eq!(
        code(r#"{"id":"urn:x:y","attributes":[{"name":"a","type":"complex"}]}"#),
        "schema.sub_attributes"
    );
    let nested = r#"{"id":"urn:x:y","attributes":[{"name":"a","type":"complex","subAttributes":[
        {"name":"b","type":"complex","subAttributes":[{"name":"c"}]}]}]}"#;
    assert_eq!(code(nested), "schema.sub_attributes");
    assert_eq!(
        RegistryBuilder::standard()
            .extend("Robot", ENTERPRISE_USER, false)
            .build()
            .unwrap_err()
            .code(),
        "schema.unknown"
    );
    assert_eq!(
        RegistryBuilder::standard()
            .extend("User", "urn:x:y", false)
            .build()
            .unwrap_err()
            .code(),
        "schema.unknown"
    );
    assert_eq!(
        RegistryBuilder::standard()
            .unique("nothing")
            .build()
            .unwrap_err()
            .code(),
        "schema.unknown"
    );
}

#[test]
fn discovery_documents_have_no_null_and_name_themselves() {
    let registry = RegistryBuilder::standard()
        .unique(&format!("{GROUP}:displayName"))
        .build()
        .unwrap();
    for schema in registry.schemas() {
        let document = registry.schema_document("https://x/scim", schema);
        assert!(!document.to_string().contains("null"));
        assert_eq!(
            document["meta"]["location"],
            format!("https://x/scim/Schemas/{}", schema.urn())
        );
    }
    let group = registry.schema_document("", registry.schema_by_urn(GROUP).unwrap());
    assert_eq!(group["attributes"][0]["uniqueness"], "server");
    let user = registry
        .resource_type_document("https://x", registry.resource_type_by_name("user").unwrap());
    assert_eq!(user["schemaExtensions"][0]["schema"], ENTERPRISE_USER);
}
