//! A SCIM service provider in memory, to point a client or a conformance tester at:
//! `cargo run -p scim-core --example memory_server -- 127.0.0.1:8765 lenient`.
//!
//! It shows how little lies between an HTTP server and `ScimService::handle`. No authentication, no TLS, one thread per
//! connection: for a workbench, not for the world.

use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ring::rand::{SecureRandom as _, SystemRandom};
use scim_core::dialect::Preset;
use scim_core::random::{Random, RandomError};
use scim_core::resource::{ConnectionId, TenantId};
use scim_core::schema::Registry;
use scim_core::service::{Config, Connection, CursorKey, Request, Response, ScimService};
use scim_core::store::MemoryStore;
use scim_core::token::Scopes;
use time::OffsetDateTime;

struct Entropy(SystemRandom);

impl Random for Entropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        self.0.fill(buffer).map_err(|_| RandomError)
    }
}

type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments
        .next()
        .unwrap_or_else(|| "127.0.0.1:8765".to_owned());
    let preset = arguments
        .next()
        .and_then(|name| Preset::from_name(&name))
        .unwrap_or_default();
    let registry = Arc::new(Registry::standard());
    let entropy = Arc::new(Entropy(SystemRandom::new()));
    let mut key = [0; 32];
    entropy.fill(&mut key)?;
    let config = Config::new(&format!("http://{address}"), CursorKey::new(key));
    let service = ScimService::new(
        MemoryStore::new(registry.clone()),
        registry,
        entropy,
        config,
    );
    let connection = Connection::new(
        ConnectionId::new("workbench"),
        TenantId::new("local"),
        preset,
        Scopes::all(),
    );
    let listener = TcpListener::bind(&address)?;
    println!("SCIM at http://{address}, dialect {}", preset.as_str());
    for stream in listener.incoming() {
        let (service, connection, stream) = (service.clone(), connection.clone(), stream?);
        std::thread::spawn(move || {
            if let Err(error) = serve(&stream, &service, &connection) {
                eprintln!("connection ended: {error}");
            }
        });
    }
    Ok(())
}

fn serve(
    stream: &TcpStream,
    service: &ScimService<MemoryStore>,
    connection: &Connection,
) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        #[expect(
            clippy::disallowed_methods,
            reason = "a server has a clock; the core does not"
        )]
        let now = OffsetDateTime::now_utc();
        let response = match pin!(service.handle(&request, connection, now))
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(response) => response,
            Poll::Pending => return Err("the memory store never waits".into()),
        };
        if let Some(log) = &response.log {
            println!("{}", serde_json::to_string(log)?);
        }
        write(stream, &response)?;
    }
    Ok(())
}

fn read(reader: &mut impl std::io::BufRead) -> Result<Option<Request>, Error> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let mut request = Request::new(
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        request = request.with_header(name, value.trim());
    }
    let length: u64 = request.header("content-length").unwrap_or("0").parse()?;
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok(Some(request.body(body)))
}

fn write(mut stream: &TcpStream, response: &Response) -> Result<(), Error> {
    let body = response.bytes();
    let mut head = format!("HTTP/1.1 {} SCIM\r\n", response.status);
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if response.status != 204 && response.status != 304 {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(&[head.as_bytes(), &body].concat())?;
    Ok(())
}
