//! The program under test, in a process of its own.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use url::Url;

/// How long a line may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running example. It ends when this is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    base: String,
    output: Receiver<String>,
    /// What came of the output so far.
    seen: Mutex<Vec<String>>,
    errors: Receiver<String>,
}

impl Program {
    /// Starts it on a free port, and waits for the line that says where it is.
    #[must_use]
    pub fn start(path: &str) -> Self {
        Self::start_with(path, &[])
    }

    /// The same, with arguments.
    #[must_use]
    pub fn start_with(path: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(path)
            .args(arguments)
            .env("LISTEN", "127.0.0.1:0")
            .env_remove("BASE_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let output = lines(child.stdout.take().unwrap());
        let errors = lines(child.stderr.take().unwrap());
        let mut program = Self {
            child,
            base: String::new(),
            output,
            seen: Mutex::default(),
            errors,
        };
        let url = Url::parse(&program.printed("Open ")).unwrap();
        program.base = url.origin().ascii_serialization();
        program
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// The word after `before` in the line of its output that begins so.
    #[must_use]
    pub fn printed(&self, before: &str) -> String {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(word) = seen.iter().find_map(|line| word(line, before)) {
                return word;
            }
            seen.push(next(&self.output, before));
        }
    }

    /// The code of the refusal that it reports next.
    #[must_use]
    pub fn refusal(&self) -> String {
        loop {
            let line = next(&self.errors, "rejected: ");
            if let Some(code) = word(&line, "rejected: ") {
                return code;
            }
        }
    }
}

fn next(lines: &Receiver<String>, wanted: &str) -> String {
    let line = lines.recv_timeout(PATIENCE);
    line.unwrap_or_else(|_| panic!("no line begins with {wanted:?}"))
}

fn word(line: &str, before: &str) -> Option<String> {
    let rest = line.strip_prefix(before)?;
    Some(rest.split(' ').next()?.to_owned())
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    receive
}
