//! The program under test, in a process of its own.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a line may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running example. It ends when this is dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    base: String,
    output: Receiver<String>,
    errors: Receiver<String>,
}

impl Program {
    /// Starts it on a free port, and waits for the line that says where it is.
    #[must_use]
    pub fn start(path: &str) -> Self {
        let mut child = Command::new(path)
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
            errors,
        };
        program.base = program.printed("Open ");
        program
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The word after `before` in the next line of its output that begins so.
    #[must_use]
    pub fn printed(&self, before: &str) -> String {
        word(&self.output, before)
    }

    /// The code of the refusal that it reports next.
    #[must_use]
    pub fn refusal(&self) -> String {
        word(&self.errors, "rejected: ")
    }
}

fn word(lines: &Receiver<String>, before: &str) -> String {
    loop {
        let line = lines
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("no line begins with {before:?}"));
        if let Some(rest) = line.strip_prefix(before) {
            return rest.split(' ').next().unwrap_or_default().to_owned();
        }
    }
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
