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
fn cursors_walk_back_to_the_first_page() {
    for sort in ["", "sortBy=userName&", "sortBy=title&sortOrder=descending&"] {
        let bench = bench(12);
        let ask = |cursor: &str| {
            let response = bench.get(&format!("/Users?{sort}count=5&cursor={cursor}"));
            assert_eq!(response.status, 200, "{:?}", response.body);
            let body = response.body.unwrap();
            let text = |name: &str| body[name].as_str().map(ToOwned::to_owned);
            assert_eq!(body["totalResults"], 12);
            let (next, previous) = (text("nextCursor"), text("previousCursor"));
            (names(&body), next, previous)
        };
        let (first, next, previous) = ask("");
        assert_eq!(previous, None, "RFC 9865 §2: never on the first page");
        let (second, next, previous) = ask(&next.unwrap());
        let previous = previous.unwrap();
        let (third, end, last) = ask(&next.unwrap());
        assert_eq!((first.len(), second.len(), third.len()), (5, 5, 2));
        assert_eq!(end, None);
        // Back from the end, and from the middle
        let (again, next, before) = ask(&last.unwrap());
        assert_eq!(again, second, "{sort}");
        assert_eq!(ask(&next.unwrap()).0, third, "{sort}");
        let (again, next, none) = ask(&before.unwrap());
        assert_eq!((&again, none), (&first, None), "{sort}");
        assert_eq!(ask(&next.unwrap()).0, second, "{sort}");
        assert_eq!(ask(&previous).0, first, "{sort}");
    }
}

#[test]
fn what_comes_or_goes_between_pages_is_neither_skipped_nor_shown_twice() {
    let bench = bench(12);
    let ask = |cursor: &str| {
        let path = format!("/Users?sortBy=userName&count=5&cursor={cursor}");
        let body = bench.get(&path).body.unwrap();
        let text = |name: &str| body[name].as_str().map(ToOwned::to_owned);
        (names(&body), text("nextCursor"), text("previousCursor"))
    };
    let ids: Vec<String> = bench.get("/Users?sortBy=userName").body.unwrap()["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["id"].as_str().unwrap().to_owned())
        .collect();
    let delete = |id: &String| {
        let response = bench.call("DELETE", &format!("/Users/{id}"), &Json::Null);
        assert_eq!(response.status, 204);
    };
    let next = ask("").1.unwrap();
    let (second, next, previous) = ask(&next);
    let (next, previous) = (next.unwrap(), previous.unwrap());
    assert_eq!(second[0], "user005");
    // The very resources that the cursors name go, and another one comes in between
    delete(&ids[5]);
    delete(&ids[9]);
    bench.user("user0095");
    bench.user("user0045");
    assert_eq!(ask(&next).0, ["user0095", "user010", "user011"]);
    let back = ["user001", "user002", "user003", "user004", "user0045"];
    assert_eq!(ask(&previous).0, back);
    // With nothing left before it, an empty page leads to the new beginning
    ids[..5].iter().for_each(delete);
    bench.get("/Users");
    let gone = bench.get("/Users?filter=userName%20eq%20%22user0045%22");
    delete(
        &gone.body.unwrap()["Resources"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned(),
    );
    let (none, next, previous) = ask(&previous);
    assert_eq!((none.len(), previous), (0, None));
    let (first, _, previous) = ask(&next.unwrap());
    assert_eq!((first[0].as_str(), previous), ("user006", None));
}

#[test]
fn cursors_are_sealed_and_no_page_has_no_results() {
    let bench = bench(3);
    let body = bench
        .get("/Users?sortBy=userName&count=2&cursor")
        .body
        .unwrap();
    let cursor = body["nextCursor"].as_str().unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, cursor);
    let text = String::from_utf8_lossy(&bytes.unwrap()).into_owned();
    assert!(!text.contains("user001"), "RFC 9865 §5.2: {text}");
    let again = bench
        .get("/Users?sortBy=userName&count=2&cursor")
        .body
        .unwrap();
    assert_ne!(again["nextCursor"].as_str(), Some(cursor));
    let empty = bench.get("/Users?count=0&cursor").body.unwrap();
    assert_eq!(
        (&empty["totalResults"], &empty["Resources"]),
        (&json!(3), &json!([]))
    );
    assert!(empty.get("nextCursor").is_none());
    let many = bench.get("/Users?count=100000&cursor").body.unwrap();
    assert_eq!(many["itemsPerPage"], 3);
}

#[test]
fn a_cursor_and_a_start_index_are_two_ways_of_paging() {
    let bench = bench(3);
    assert_eq!(bench.get("/Users?cursor&startIndex=1").status, 200);
    let both = bench.get("/Users?cursor&startIndex=2");
    assert_eq!(code(&both), "request.query_parameter");
    assert_eq!(both.body.unwrap()["scimType"], "invalidValue");
    // RFC 9865 §2.4: the method that nobody names is the one ServiceProviderConfig says
    let body = bench.get("/Users?count=2").body.unwrap();
    assert!(body.get("nextCursor").is_none() && body["startIndex"] == 1);
    let config = bench.get("/ServiceProviderConfig").body.unwrap();
    assert_eq!(
        config["pagination"],
        json!({"cursor": true, "index": true, "defaultPaginationMethod": "index",
            "defaultPageSize": 100, "maxPageSize": 1000, "cursorTimeout": 3600})
    );
    let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "cursor": "", "count": 2});
    let page = bench.call("POST", "/Users/.search", &search).body.unwrap();
    let mut next = search.clone();
    next["cursor"] = page["nextCursor"].clone();
    let page = bench.call("POST", "/Users/.search", &next).body.unwrap();
    assert_eq!(names(&page), ["user002"]);
    assert!(page["previousCursor"].is_string() && page.get("nextCursor").is_none());
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
