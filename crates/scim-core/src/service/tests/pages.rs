use serde_json::{Value as Json, json};
use time::OffsetDateTime;

use crate::dialect::Preset;
use crate::schema::USER;
use crate::service::Request;
use crate::testing::{Bench, code, now};

fn bench(users: usize) -> Bench {
    let bench = Bench::new(Preset::Lenient);
    for index in 0..users {
        let body = json!({"schemas": [USER], "userName": format!("user{index:03}"), "externalId": format!("e{index}"),
            "title": if index % 2 == 0 { "even" } else { "odd" }});
        bench.make("/Users", &body);
    }
    bench
}

fn names(body: &Json) -> Vec<String> {
    body["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u["userName"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn index_pages_count_from_one_and_say_what_they_hold() {
    let bench = bench(25);
    let body = bench.get("/Users?startIndex=21&count=10").body.unwrap();
    assert_eq!(
        (
            &body["totalResults"],
            &body["itemsPerPage"],
            &body["startIndex"]
        ),
        (&json!(25), &json!(5), &json!(21))
    );
    assert_eq!(names(&body)[0], "user020");
    let body = bench.get("/Users?startIndex=-3&count=2").body.unwrap();
    assert_eq!(
        (names(&body), &body["startIndex"]),
        (vec!["user000".to_owned(), "user001".to_owned()], &json!(1))
    );
    for query in ["count=0", "count=-1"] {
        let body = bench.get(&format!("/Users?{query}")).body.unwrap();
        assert_eq!(
            (&body["totalResults"], &body["Resources"]),
            (&json!(25), &json!([]))
        );
    }
    let empty = bench
        .get("/Users?filter=userName+eq+%22b0b5-random-guid%22")
        .body
        .unwrap();
    assert_eq!(
        (&empty["totalResults"], &empty["Resources"]),
        (&json!(0), &json!([])),
        "200 and empty, never 404"
    );
}

#[test]
fn cursors_walk_to_the_end_and_belong_to_their_query() {
    let bench = bench(25);
    let query = "filter=title%20eq%20%22even%22&sortBy=userName&sortOrder=descending&count=5";
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let body = bench
            .get(&format!("/Users?{query}&cursor={cursor}"))
            .body
            .unwrap();
        assert!(body.get("startIndex").is_none());
        seen.extend(names(&body));
        match body["nextCursor"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    let wanted: Vec<String> = (0..25)
        .rev()
        .filter(|i| i % 2 == 0)
        .map(|i| format!("user{i:03}"))
        .collect();
    assert_eq!(seen, wanted);
    assert!(
        cursor
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)),
        "RFC 9865 §2: unreserved only"
    );
    let with =
        |query: &str, cursor: &str| code(&bench.get(&format!("/Users?{query}&cursor={cursor}")));
    assert_eq!(
        with(&query.replace("even", "odd"), &cursor),
        "cursor.invalid"
    );
    assert_eq!(
        with(&query.replace("descending", "ascending"), &cursor),
        "cursor.invalid"
    );
    assert_eq!(
        with(&query.replace("count=5", "count=6"), &cursor),
        "cursor.count"
    );
    assert_eq!(
        with(
            query,
            &cursor.replace(|c: char| c.is_ascii_uppercase(), "a")
        ),
        "cursor.invalid"
    );
    assert_eq!(with(query, "x"), "cursor.invalid");
    let late = OffsetDateTime::UNIX_EPOCH + time::Duration::hours(2);
    let request = Request::new("GET", &format!("/Users?{query}&cursor={cursor}"));
    assert_eq!(
        code(&now(bench.service.handle(
            &request,
            &bench.connection,
            late
        ))),
        "cursor.expired"
    );
    let mut other = Bench {
        service: bench.service.clone(),
        connection: bench.connection.clone(),
        at: bench.at.clone(),
    };
    other.connection.tenant = crate::resource::TenantId::new("other");
    assert_eq!(
        code(&other.get(&format!("/Users?{query}&cursor={cursor}"))),
        "cursor.invalid"
    );
}

#[test]
fn search_by_post_at_a_type_and_at_the_root() {
    let bench = bench(3);
    bench.group("user001", &[]);
    let search = |path: &str, more: Json| {
        let mut body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        bench.call("POST", path, &body)
    };
    let body = search("/Users/.search", json!({"filter": "userName sw \"USER\"", "attributes": ["userName"], "count": 2, "cursor": ""})).body.unwrap();
    assert_eq!(
        (
            names(&body).len(),
            body["nextCursor"].is_string(),
            body["Resources"][0].get("meta")
        ),
        (2, true, None)
    );
    let both = search(
        "/.search",
        json!({"filter": "userName eq \"user001\" or displayName eq \"user001\"", "sortBy": "id"}),
    )
    .body
    .unwrap();
    let kinds: Vec<_> = both["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["meta"]["resourceType"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["User", "Group"]);
    assert_eq!(
        bench
            .get("/?filter=meta.resourceType+eq+%22Group%22")
            .body
            .unwrap()["totalResults"],
        1
    );
    assert_eq!(
        code(&search("/.search", json!({"filter": "shoe pr"}))),
        "filter.attribute_unknown"
    );
    assert_eq!(
        code(&search("/.search", json!({"filter": 1}))),
        "message.shape"
    );
    assert_eq!(
        code(&search("/.search", json!({"sortOrder": "sideways"}))),
        "request.query_parameter"
    );
    assert_eq!(
        code(&search("/Users/.search", json!({"filter": "password pr"}))),
        "filter.secret"
    );
    assert_eq!(
        code(&search("/Users/.search", json!({"sortBy": "password"}))),
        "filter.secret"
    );
}

#[test]
fn a_plus_is_a_space_only_where_the_dialect_says_so() {
    let lenient = bench(1);
    assert_eq!(
        lenient
            .get("/Users?filter=userName+eq+%22user000%22")
            .body
            .unwrap()["totalResults"],
        1
    );
    let strict = Bench::new(Preset::Strict);
    assert_eq!(
        code(&strict.get("/Users?filter=userName+eq+%22user000%22")),
        "filter.syntax"
    );
    strict.user("a+b");
    assert_eq!(
        strict
            .get("/Users?filter=userName%20eq%20%22a+b%22")
            .body
            .unwrap()["totalResults"],
        1
    );
}
