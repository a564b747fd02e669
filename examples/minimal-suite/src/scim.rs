//! A user's and a group's life by SCIM, and what is refused.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Program;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

struct Answer {
    status: u16,
    challenge: String,
    body: Value,
}

impl Answer {
    /// Status and scimType.
    fn refusal(&self) -> (u16, Option<&str>) {
        assert_eq!(self.body["schemas"], json!([ERROR]));
        assert_eq!(self.body["status"], json!(self.status.to_string()));
        (self.status, self.body["scimType"].as_str())
    }
}

fn send(program: &Program, token: Option<&str>, method: &str, path: &str, body: &Value) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into();
    let url = program.url(&format!("/api/scim{path}"));
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let text = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let request = request.header("content-type", "application/scim+json");
    let mut response = agent.run(request.body(text).unwrap()).unwrap();
    let header = |name| {
        let value: Option<&ureq::http::HeaderValue> = response.headers().get(name);
        value.map_or("", |value| value.to_str().unwrap()).to_owned()
    };
    let (kind, challenge) = (header("content-type"), header("www-authenticate"));
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap();
    let body = if text.is_empty() {
        Value::Null
    } else {
        assert_eq!(kind, "application/scim+json", "{status} {text}");
        serde_json::from_str(&text).unwrap()
    };
    Answer {
        status,
        challenge,
        body,
    }
}

fn patch(operation: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]})
}

/// Made, found, changed, put into a group, gone.
pub fn a_lifecycle(program: &str) {
    let program = Program::start(program);
    let token = program.printed("Authorization: Bearer ");
    let send = |method, path: &str, body| send(&program, Some(&token), method, path, &body);

    let ann = json!({"userName": "ann@example.test", "emails": [{"value": "ann@example.test"}]});
    let made = send("POST", "/Users", ann.clone());
    assert_eq!(made.status, 201, "{}", made.body);
    let id = made.body["id"].as_str().unwrap();
    let user = format!("/Users/{id}");
    assert_eq!(
        made.body["meta"]["location"],
        json!(program.url(&format!("/api/scim{user}")))
    );
    let again = send("POST", "/Users", ann);
    assert_eq!(again.refusal(), (409, Some("uniqueness")));

    let found = send(
        "GET",
        "/Users?filter=userName%20eq%20%22ANN@example.test%22",
        Value::Null,
    );
    assert_eq!(
        (found.status, &found.body["totalResults"]),
        (200, &json!(1))
    );
    assert_eq!(found.body["Resources"][0]["id"], json!(id));
    let none = send(
        "GET",
        "/Users?filter=userName%20eq%20%22bob%22",
        Value::Null,
    );
    assert_eq!((none.status, &none.body["totalResults"]), (200, &json!(0)));
    let unknown = send("GET", "/Users?filter=shoeSize%20eq%201", Value::Null);
    assert_eq!(unknown.refusal(), (400, Some("invalidFilter")));

    let off = json!({"op": "replace", "path": "active", "value": false});
    let changed = send("PATCH", &user, patch(&off));
    assert_eq!(
        (changed.status, &changed.body["active"]),
        (200, &json!(false))
    );
    let id_is_ours = json!({"op": "replace", "path": "id", "value": "x"});
    let refused = send("PATCH", &user, patch(&id_is_ours));
    assert_eq!(refused.refusal(), (400, Some("mutability")));

    let group = json!({"displayName": "staff", "members": [{"value": id}]});
    let group = send("POST", "/Groups", group);
    assert_eq!(group.status, 201, "{}", group.body);
    let path = format!("/Groups/{}", group.body["id"].as_str().unwrap());
    let member = send("GET", &user, Value::Null);
    assert_eq!(member.body["groups"][0]["display"], json!("staff"));
    let leave = json!({"op": "remove", "path": format!("members[value eq \"{id}\"]")});
    let left = send("PATCH", &path, patch(&leave));
    assert!(matches!(left.status, 200 | 204), "{}", left.status);
    let empty = send("GET", &path, Value::Null);
    assert_eq!((empty.status, empty.body.get("members")), (200, None));

    assert_eq!(send("DELETE", &user, Value::Null).status, 204);
    let gone = send("GET", &user, Value::Null);
    assert_eq!(gone.refusal(), (404, None));
    let nowhere = send("GET", "/Nowhere", Value::Null);
    assert_eq!(nowhere.refusal(), (404, None));
}

/// Whoever has none, or another, is told what to send, and changes nothing.
pub fn without_a_token(program: &str) {
    let program = Program::start(program);
    let ann = json!({"userName": "ann@example.test"});
    let none = send(&program, None, "POST", "/Users", &ann);
    assert_eq!(none.refusal(), (401, None));
    assert_eq!(none.challenge, "Bearer realm=\"scim\"");

    let token = program.printed("Authorization: Bearer ");
    let other = format!("{}A", &token[..token.len() - 1]);
    let other = if other == token {
        format!("{}B", &token[..token.len() - 1])
    } else {
        other
    };
    let wrong = send(&program, Some(&other), "POST", "/Users", &ann);
    assert_eq!(wrong.refusal(), (401, None));
    assert!(
        wrong.challenge.contains("error=\"invalid_token\""),
        "{}",
        wrong.challenge
    );

    let all = send(&program, Some(&token), "GET", "/Users", &Value::Null);
    assert_eq!((all.status, &all.body["totalResults"]), (200, &json!(0)));
}

/// Whether it says so itself or not.
pub fn too_large_is_refused(program: &str) {
    const MOST: usize = 1024 * 1024;
    let program = Program::start(program);
    let token = program.printed("Authorization: Bearer ");
    let post = |credential: &str, length: &str, body: &[u8]| {
        let mut stream = TcpStream::connect(program.address()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        write!(
            stream,
            "POST /api/scim/Users HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{credential}\
             content-type: application/scim+json\r\n{length}\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        (head[..12].to_owned(), body["status"].clone())
    };
    let credential = format!("authorization: Bearer {token}\r\n");
    let refused = ("HTTP/1.1 413".to_owned(), json!("413"));
    // The answer comes before the body is sent
    let length = format!("content-length: {}", MOST + 1);
    assert_eq!(post(&credential, &length, b""), refused);
    let chunk = [
        format!("{:x}\r\n", MOST + 1).as_bytes(),
        &vec![b' '; MOST + 1],
    ]
    .concat();
    assert_eq!(
        post(&credential, "transfer-encoding: chunked", &chunk),
        refused
    );
    // A stranger's is not even measured
    let unauthorized = ("HTTP/1.1 401".to_owned(), json!("401"));
    assert_eq!(post("", &length, b""), unauthorized);
}
