//! What SCIM costs over HTTP: a portal of its own, on a database of its own, durable writes.
//!
//! ```text
//! cargo build --release -p portal
//! cargo run --release --manifest-path benches/Cargo.toml --bin scim -- target/release/portal [USERS] [DATABASE]
//! ```
//!
//! `DATABASE` is what `portal --database` takes; without it a SQLite file in a temporary folder. An empty
//! PostgreSQL is at hand with `tests/postgres.sh sh -c '… scim target/release/portal 10000 "$DATABASE_URL"'`.
//!
//! Users come in by Bulk, 1,000 a request; then each row is asked for many times over one connection
//! that stays open, and the best and the middle of them are printed. Posting is measured with 24 clients:
//! all of one customer, and each of a customer of its own, whose rows are further apart. The limit of
//! requests a second is off.

#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    reason = "measuring is what a benchmark does"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const ADDRESS: &str = "127.0.0.1:18571";
const TENANTS: usize = 24;
const POSTS: usize = 200;
const ASKED: usize = 60;
const GROUP: usize = 50_000;

type Error = Box<dyn std::error::Error + Send + Sync>;

struct Portal(Child);

impl Drop for Portal {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// One connection that stays open.
struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Client {
    fn new(token: &str) -> Result<Self, Error> {
        let stream = TcpStream::connect(ADDRESS)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            token: token.to_owned(),
        })
    }

    fn send(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Error> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} /api/scim{path} HTTP/1.1\r\nhost: {ADDRESS}\r\nauthorization: Bearer {}\r\n\
             content-type: application/scim+json\r\ncontent-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status: u16 = line.split(' ').nth(1).unwrap_or_default().parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer)?;
        if !(200..300).contains(&status) {
            let text = String::from_utf8_lossy(&answer).into_owned();
            return Err(format!("{method} {path}: {status} {text}").into());
        }
        Ok(serde_json::from_slice(&answer).unwrap_or(Value::Null))
    }
}

fn user(number: usize) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": format!("user{number}@example.test"),
        "externalId": format!("external-{number}"),
        "displayName": format!("User Number {number}"),
        "name": { "givenName": "User", "familyName": format!("Number {number}") },
        "emails": [{ "type": "work", "primary": true, "value": format!("user{number}@example.test") }],
    })
}

fn bulk(client: &mut Client, operations: Vec<Value>) -> Result<Vec<String>, Error> {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": operations,
    });
    let answer = client.send("POST", "/Bulk", Some(&body))?;
    let done = answer["Operations"].as_array().cloned().unwrap_or_default();
    let ids = done.iter().map(|operation| {
        let location = operation["location"].as_str().unwrap_or_default();
        location.rsplit('/').next().unwrap_or_default().to_owned()
    });
    Ok(ids.collect())
}

/// Milliseconds: the best and the middle.
fn time(mut work: impl FnMut(usize) -> Result<(), Error>) -> Result<(f64, f64), Error> {
    let mut times = Vec::with_capacity(ASKED);
    for round in 0..ASKED {
        let start = Instant::now();
        work(round)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok((times.first().copied().unwrap_or_default(), middle))
}

fn row(name: &str, budget: &str, (best, middle): (f64, f64)) {
    println!("  {name:<44} best {best:8.3} ms   middle {middle:8.3} ms   budget {budget}");
}

/// Users made in a second, by a client for each token.
fn post(name: &str, from: usize, tokens: Vec<String>) -> Result<(), Error> {
    let count = tokens.len() * POSTS;
    let start = Instant::now();
    let clients: Vec<_> = tokens
        .into_iter()
        .enumerate()
        .map(|(client, token)| {
            std::thread::spawn(move || -> Result<(), Error> {
                let mut connection = Client::new(&token)?;
                for number in 0..POSTS {
                    let number = from + number * TENANTS + client;
                    connection.send("POST", "/Users", Some(&user(number)))?;
                }
                Ok(())
            })
        })
        .collect();
    for client in clients {
        client.join().map_err(|_| "a client failed")??;
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("  POST /Users, durable, {name}: {rate:.0} a second, budget 3000");
    Ok(())
}

fn portal(
    binary: &Path,
    folder: &Path,
    database: &str,
    arguments: &[&str],
) -> Result<String, Error> {
    let output = Command::new(binary)
        .args(["--database", database])
        .args(arguments)
        .current_dir(folder)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn tenant(binary: &Path, folder: &Path, database: &str, number: usize) -> Result<String, Error> {
    let (name, sha256) = (format!("t{number}"), "ab".repeat(32));
    portal(
        binary,
        folder,
        database,
        &[
            "connection",
            "add",
            &name,
            "--label",
            "T",
            "--fingerprint",
            &sha256,
            "--idp-entity-id",
            "urn:idp",
            "--sso-url",
            "https://idp.example.test/sso",
        ],
    )?;
    portal(binary, folder, database, &["scim-token", "create", &name])
}

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let binary = arguments.next().ok_or("usage: scim PORTAL [USERS]")?;
    let binary = std::fs::canonicalize(binary)?;
    let users: usize = arguments.next().map_or(Ok(10_000), |n| n.parse())?;
    let database = arguments
        .next()
        .unwrap_or_else(|| "sqlite:portal.db".to_owned());
    let folder = std::env::temp_dir().join(format!("scim-bench-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let outcome = run(&binary, &folder, &database, users);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

/// Milliseconds that writing four kilobytes and flushing them takes, in the middle.
fn flush(folder: &Path) -> Result<f64, Error> {
    let mut file = std::fs::File::create(folder.join("flush"))?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let start = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}

fn run(binary: &Path, folder: &Path, database: &str, users: usize) -> Result<(), Error> {
    let tokens: Vec<String> = (0..TENANTS)
        .map(|number| tenant(binary, folder, database, number))
        .collect::<Result<_, _>>()?;
    let _portal = Portal(
        Command::new(binary)
            .args(["--database", database])
            .args(["--listen", ADDRESS, "--dev-idp", "off", "--scim-rate", "0"])
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    );
    let begun = Instant::now();
    while TcpStream::connect(ADDRESS).is_err() {
        if begun.elapsed() > Duration::from_secs(20) {
            return Err("the portal does not answer".into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    println!(
        "on {}; a flush of this disk takes {:.2} ms",
        database.split(':').next().unwrap_or_default(),
        flush(folder)?
    );
    let first = tokens.first().ok_or("a token")?;
    let mut client = Client::new(first)?;

    let start = Instant::now();
    let mut ids = Vec::with_capacity(users);
    for from in (0..users).step_by(1000) {
        let operations = (from..users.min(from + 1000)).map(|number| {
            json!({ "method": "POST", "path": "/Users", "bulkId": number.to_string(), "data": user(number) })
        });
        ids.extend(bulk(&mut client, operations.collect())?);
    }
    let loaded = start.elapsed().as_secs_f64();
    println!(
        "{users} users by Bulk: {loaded:.1} s, {:.0} a second",
        users as f64 / loaded
    );

    let filters = [
        ("userName eq", "userName%20eq%20%22USER{}@example.test%22"),
        ("externalId eq", "externalId%20eq%20%22external-{}%22"),
        (
            "emails.value eq",
            "emails.value%20eq%20%22user{}@example.test%22",
        ),
        (
            "emails[type eq and value eq]",
            "emails%5Btype%20eq%20%22work%22%20and%20value%20eq%20%22user{}@example.test%22%5D",
        ),
    ];
    for (name, filter) in filters {
        let measured = time(|round| {
            let filter = filter.replace("{}", &(round * 97 % users).to_string());
            let found = client.send("GET", &format!("/Users?filter={filter}"), None)?;
            if found["totalResults"] == 1 {
                Ok(())
            } else {
                Err(format!("{name}: {found}").into())
            }
        })?;
        row(name, "0.5 at 10 k, 1 at 1 M", measured);
    }
    let measured = time(|_| client.send("GET", "/Users?count=100", None).map(drop))?;
    row("first page of 100", "3 at 10 k", measured);
    let middle = users / 2;
    let measured = time(|_| {
        client
            .send(
                "GET",
                &format!("/Users?count=100&startIndex={middle}"),
                None,
            )
            .map(drop)
    })?;
    row("page of 100 in the middle, by index", "3 at 10 k", measured);
    let measured = time(|_| {
        client
            .send("GET", "/Users?count=100&sortBy=userName", None)
            .map(drop)
    })?;
    row(
        "first page of 100, sorted by userName",
        "3 at 10 k",
        measured,
    );
    let mut cursor = String::new();
    let measured = time(|_| {
        let page = client.send("GET", &format!("/Users?count=100&cursor={cursor}"), None)?;
        page["nextCursor"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut cursor);
        Ok(())
    })?;
    row("page of 100 by cursor", "flat", measured);

    // A group of many: members that exist
    while ids.len() < GROUP {
        let from = ids.len();
        let operations = (from..GROUP.min(from + 1000)).map(|number| {
            json!({ "method": "POST", "path": "/Users", "bulkId": number.to_string(), "data": user(number) })
        });
        ids.extend(bulk(&mut client, operations.collect())?);
    }
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Everybody",
    });
    let group = client.send("POST", "/Groups", Some(&group))?;
    let path = format!("/Groups/{}", group["id"].as_str().unwrap_or_default());
    let patch = |op: &str, ids: &[String]| {
        let members: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": op, "path": "members", "value": members }],
        })
    };
    ids.truncate(GROUP);
    let (last, most) = ids.split_last().ok_or("users")?;
    for part in most.chunks(500) {
        client.send("PATCH", &path, Some(&patch("add", part)))?;
    }
    let one = std::slice::from_ref(last);
    let measured = time(|round| {
        let op = if round % 2 == 0 { "add" } else { "remove" };
        client.send("PATCH", &path, Some(&patch(op, one))).map(drop)
    })?;
    row(
        &format!("PATCH one member of {}", most.len()),
        "2",
        measured,
    );
    let measured = time(|round| {
        let id = most.get(round * 31).map(String::as_str).unwrap_or_default();
        let filter =
            format!("/Groups?filter=members.value%20eq%20%22{id}%22&excludedAttributes=members");
        client.send("GET", &filter, None).map(drop)
    })?;
    row(
        "groups of a member (members.value eq)",
        "0.5 at 10 k, 1 at 1 M",
        measured,
    );

    // Numbers that nobody has
    let (one, many) = (vec![first.clone(); TENANTS], tokens.clone());
    post("24 clients of one customer", 10_000_000, one)?;
    post("24 clients of 24 customers", 20_000_000, many)?;
    Ok(())
}
