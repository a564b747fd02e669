//! What RFC 7644 asks of every request and every answer.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::dialect::Preset;
use crate::error::{Reason, ScimError};
use crate::resource::ResourceId;
use crate::schema::{ENTERPRISE_USER, GROUP, USER};
use crate::service::Request;
use crate::testing::{Bench, code};

const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

#[test]
fn me_takes_every_verb_of_a_resource() {
    let mut bench = Bench::new(Preset::Strict);
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"] {
        let response = bench.call(method, "/Me", &Json::Null);
        assert_eq!(
            (response.status, code(&response).as_str()),
            (501, "me.not_implemented")
        );
    }
    let id = bench.user("ann");
    let kind = bench
        .service
        .registry()
        .resource_type_by_name("User")
        .unwrap()
        .id();
    bench.connection.subject = Some((kind, ResourceId::new(&id)));
    let put = json!({"schemas": [USER], "userName": "ann", "title": "t"});
    let patch = json!({"schemas": [PATCH],
        "Operations": [{"op": "add", "path": "nickName", "value": "n"}]});
    let at = format!("https://sp.example/scim/Users/{id}");
    for (method, body) in [
        ("GET", &Json::Null),
        ("HEAD", &Json::Null),
        ("PUT", &put),
        ("PATCH", &patch),
    ] {
        let response = bench.call(method, "/Me?attributes=title", body);
        assert_eq!(
            (response.status, response.header("location")),
            (200, Some(at.as_str())),
            "{method}"
        );
    }
    let user = bench.get(&format!("/Users/{id}")).body.unwrap();
    assert_eq!(
        (&user["title"], &user["nickName"]),
        (&json!("t"), &json!("n"))
    );
    let post = bench.call("POST", "/Me", &put);
    assert_eq!(
        (post.status, post.header("allow")),
        (405, Some("GET, HEAD, PUT, PATCH, DELETE")),
        "nobody registers here"
    );
    let old = Request::new("DELETE", "/Me").with_header("If-Match", "W/\"1\"");
    assert_eq!(code(&bench.send(&old)), "resource.precondition");
    assert_eq!(bench.call("DELETE", "/Me", &Json::Null).status, 204);
    assert_eq!(code(&bench.get("/Me")), "resource.not_found");
    assert_eq!(
        code(&bench.get(&format!("/Users/{id}"))),
        "resource.not_found"
    );
}

#[test]
fn unknown_methods_are_answered_with_those_there_are() {
    let bench = Bench::new(Preset::Strict);
    let id = bench.user("ann");
    for method in ["OPTIONS", "TRACE", "CONNECT", "get", "BREW", ""] {
        for path in [
            "/",
            "/Users",
            "/Bulk",
            "/.search",
            "/Users/.search",
            "/Schemas",
            "/ServiceProviderConfig",
        ]
        .into_iter()
        .map(ToOwned::to_owned)
        .chain([format!("/Users/{id}")])
        {
            let response = bench.call(method, &path, &Json::Null);
            assert_eq!(
                code(&response),
                "request.method_not_allowed",
                "{method} {path}"
            );
            assert_eq!(response.status, 405);
            assert!(
                response
                    .header("allow")
                    .is_some_and(|allow| !allow.is_empty())
            );
        }
        assert_eq!(bench.call(method, "/Robots", &Json::Null).status, 404);
    }
}

#[test]
fn what_a_query_names_and_nobody_knows_is_ignored() {
    let bench = Bench::new(Preset::Strict);
    let id = bench.user("ann");
    for path in [
        "/Users?aadOptscim062020=1&shoe=7&",
        "/Users?&&=",
        "/?x",
        &format!("/Users/{id}?shoe=7"),
    ] {
        assert_eq!(bench.get(path).status, 200, "{path}");
    }
    // RFC 7644 §4: the discovery endpoints ignore sorts and pages, too
    let all = bench.get("/Schemas").body.unwrap();
    let paged = bench
        .get("/Schemas?startIndex=2&count=1&sortBy=name&attributes=id")
        .body
        .unwrap();
    assert_eq!(all, paged);
    assert_eq!(all["totalResults"], 3);
}

#[test]
fn every_refusal_has_the_form_of_an_error() {
    let mut codes = BTreeSet::new();
    for reason in Reason::ALL {
        assert!(codes.insert(reason.code()), "{reason} twice");
        assert!((400..=501).contains(&reason.status()), "{reason}");
        let body = ScimError::new(*reason, "why").to_json();
        assert_eq!(
            body["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
        );
        assert_eq!(body["status"], reason.status().to_string(), "a string");
        assert_eq!(body["detail"], "why");
        // RFC 7644 §3.12, table 9: keywords are for 400, and uniqueness for 409
        let kind = body.get("scimType").and_then(Json::as_str);
        assert_eq!(kind, reason.scim_type().map(crate::error::ScimType::as_str));
        match kind {
            Some("uniqueness") => assert_eq!(reason.status(), 409),
            Some(_) => assert_eq!(reason.status(), 400, "{reason}"),
            None => assert_ne!(reason.status(), 400, "{reason}"),
        }
    }
}

#[test]
fn the_configuration_has_every_required_member() {
    let bench = Bench::new(Preset::Strict);
    let config = bench.get("/ServiceProviderConfig").body.unwrap();
    assert_eq!(
        config["schemas"],
        json!(["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"])
    );
    for feature in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        assert!(config[feature]["supported"].is_boolean(), "{feature}");
    }
    assert!(config["bulk"]["maxOperations"].is_u64() && config["bulk"]["maxPayloadSize"].is_u64());
    assert!(config["filter"]["maxResults"].is_u64());
    for scheme in config["authenticationSchemes"].as_array().unwrap() {
        for member in ["type", "name", "description"] {
            assert!(scheme[member].is_string(), "{member}");
        }
    }
    let types = bench.get("/ResourceTypes").body.unwrap();
    for kind in types["Resources"].as_array().unwrap() {
        for member in ["name", "endpoint", "schema", "description"] {
            assert!(kind[member].is_string(), "{member}");
        }
        let schema = kind["schema"].as_str().unwrap();
        assert_eq!(
            bench.get(&format!("/Schemas/{schema}")).body.unwrap()["id"],
            schema
        );
        for extension in kind["schemaExtensions"].as_array().unwrap() {
            let schema = extension["schema"].as_str().unwrap();
            assert_eq!(bench.get(&format!("/Schemas/{schema}")).status, 200);
            assert!(extension["required"].is_boolean());
        }
    }
}

#[test]
fn every_published_attribute_tells_all_its_characteristics() {
    fn check(attribute: &Json, path: &str) {
        for (member, is) in [
            ("name", attribute["name"].is_string()),
            ("type", attribute["type"].is_string()),
            ("multiValued", attribute["multiValued"].is_boolean()),
            (
                "description",
                attribute["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
            ),
            ("required", attribute["required"].is_boolean()),
            ("caseExact", attribute["caseExact"].is_boolean()),
            ("mutability", attribute["mutability"].is_string()),
            ("returned", attribute["returned"].is_string()),
            ("uniqueness", attribute["uniqueness"].is_string()),
        ] {
            assert!(is, "{path}: {member}");
        }
        let exact = ["reference", "binary"].contains(&attribute["type"].as_str().unwrap());
        assert!(
            !exact || attribute["caseExact"] == true,
            "{path}: RFC 7643 §2.3.6, §2.3.7"
        );
        assert_eq!(
            attribute["type"] == "reference",
            attribute.get("referenceTypes").is_some(),
            "{path}"
        );
        for part in attribute["subAttributes"].as_array().into_iter().flatten() {
            check(part, &format!("{path}.{}", part["name"]));
        }
    }
    let bench = Bench::new(Preset::Strict);
    let schemas = bench.get("/Schemas").body.unwrap();
    let mut seen = Vec::new();
    for schema in schemas["Resources"].as_array().unwrap() {
        let id = schema["id"].as_str().unwrap();
        seen.push(id.to_owned());
        assert!(schema["name"].is_string() && schema["description"].is_string());
        for attribute in schema["attributes"].as_array().unwrap() {
            check(attribute, &format!("{id}:{}", attribute["name"]));
        }
    }
    assert_eq!(seen, [USER, GROUP, ENTERPRISE_USER]);
}

/// Whether a document is as its schema says.
fn follows(document: &Json, attributes: &Json, place: &str) {
    let attributes = attributes.as_array().unwrap();
    for (name, value) in document.as_object().unwrap() {
        // Common attributes are in no schema
        if place.is_empty() && ["schemas", "meta", "id"].contains(&name.as_str()) {
            continue;
        }
        let attribute = attributes
            .iter()
            .find(|attribute| attribute["name"] == name.as_str());
        let attribute = attribute.unwrap_or_else(|| panic!("{place}.{name} is in no schema"));
        assert_eq!(
            value.is_array(),
            attribute["multiValued"] == true,
            "{place}.{name}"
        );
        let one = std::slice::from_ref(value);
        for value in value.as_array().map_or(one, Vec::as_slice) {
            let fits = match attribute["type"].as_str().unwrap() {
                "string" | "reference" => value.is_string(),
                "boolean" => value.is_boolean(),
                "integer" => value.is_i64(),
                "complex" => {
                    follows(
                        value,
                        &attribute["subAttributes"],
                        &format!("{place}.{name}"),
                    );
                    true
                }
                _ => false,
            };
            assert!(fits, "{place}.{name}: {value}");
        }
    }
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute["required"] == true)
    {
        let name = attribute["name"].as_str().unwrap();
        assert!(document.get(name).is_some(), "{place}.{name} is required");
    }
}

#[test]
fn the_discovery_documents_have_schemas_of_their_own() {
    let bench = Bench::new(Preset::Strict);
    let core = "urn:ietf:params:scim:schemas:core:2.0:";
    let schema = |name: &str| {
        let body = bench.get(&format!("/Schemas/{core}{name}")).body.unwrap();
        assert_eq!(body["id"], format!("{core}{name}"));
        assert_eq!(
            body["meta"]["location"],
            format!("https://sp.example/scim/Schemas/{core}{name}")
        );
        body
    };
    let of_schemas = schema("Schema");
    let config = bench.get("/ServiceProviderConfig").body.unwrap();
    follows(&config, &schema("ServiceProviderConfig")["attributes"], "");
    for kind in bench.get("/ResourceTypes").body.unwrap()["Resources"]
        .as_array()
        .unwrap()
    {
        follows(kind, &schema("ResourceType")["attributes"], "");
    }
    let resources = bench.get("/Schemas").body.unwrap()["Resources"]
        .as_array()
        .unwrap()
        .clone();
    let own = ["Schema", "ServiceProviderConfig", "ResourceType"].map(schema);
    for schema in resources.iter().chain(&own[1..]) {
        follows(schema, &of_schemas["attributes"], "");
    }
    // Not in the list, from which clients make their mappings
    assert_eq!(resources.len(), 3);
    assert_eq!(
        code(&bench.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:Robot")),
        "resource.not_found"
    );
}

#[test]
fn a_filter_is_never_answered_by_less_than_it_says() {
    let bench = Bench::new(Preset::Strict);
    bench.user("ann");
    for (filter, reason) in [
        ("userName%20regex%20%22a%22", "filter.syntax"),
        (
            "userName%20eq%20%22ann%22%20and%20shoe%20eq%201",
            "filter.attribute_unknown",
        ),
        ("active%20gt%20true", "filter.operator"),
        ("", "filter.syntax"),
    ] {
        let response = bench.get(&format!("/Users?filter={filter}"));
        assert_eq!(code(&response), reason);
        assert_eq!(response.status, 400);
        assert_eq!(response.body.unwrap()["scimType"], "invalidFilter");
    }
    // RFC 7644 §3.4.2.1: what another type has, this one has no value of
    let filter = "displayName%20eq%20%22g%22%20or%20userName%20eq%20%22ann%22";
    bench.group("g", &[]);
    assert_eq!(
        bench.get(&format!("/?filter={filter}")).body.unwrap()["totalResults"],
        2
    );
    let members = bench.get("/?filter=members%20pr").body.unwrap();
    assert_eq!(
        (&members["totalResults"], &members["Resources"]),
        (&json!(0), &json!([]))
    );
}

#[test]
fn adding_what_is_there_keeps_version_and_time() {
    let bench = Bench::new(Preset::Strict);
    let id = bench.user("ann");
    let path = format!("/Users/{id}");
    let meta = bench.get(&path).body.unwrap()["meta"].clone();
    assert_eq!(meta["created"], meta["lastModified"]);
    let patch = |value: &str| {
        let patch = json!({"schemas": [PATCH],
            "Operations": [{"op": "add", "path": "userName", "value": value}]});
        bench.call("PATCH", &path, &patch).body.unwrap()["meta"].clone()
    };
    assert_eq!(patch("ann"), meta);
    let changed = patch("bob");
    assert_eq!(changed["version"], "W/\"2\"");
    assert_ne!(changed["lastModified"], changed["created"]);
}

#[test]
fn a_deleted_resource_is_gone_for_every_verb_and_conflicts_with_nothing() {
    let bench = Bench::new(Preset::Strict);
    let id = bench.user("ann");
    let path = format!("/Users/{id}");
    assert_eq!(bench.call("DELETE", &path, &Json::Null).status, 204);
    let put = json!({"schemas": [USER], "userName": "ann"});
    let patch = json!({"schemas": [PATCH], "Operations": [{"op": "remove", "path": "title"}]});
    for (method, body) in [
        ("GET", &Json::Null),
        ("HEAD", &Json::Null),
        ("PUT", &put),
        ("PATCH", &patch),
        ("DELETE", &Json::Null),
    ] {
        let response = bench.call(method, &path, body);
        assert_eq!(
            (response.status, code(&response).as_str()),
            (404, "resource.not_found")
        );
    }
    assert_eq!(bench.get("/Users").body.unwrap()["totalResults"], 0);
    let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]});
    assert_eq!(
        bench.call("POST", "/.search", &search).body.unwrap()["totalResults"],
        0
    );
    assert_ne!(bench.user("ann"), id);
    // RFC 7644 §3.5.1: PUT makes nothing
    let unknown = bench.call("PUT", "/Users/2819c223", &put);
    assert_eq!(code(&unknown), "resource.not_found");
}
