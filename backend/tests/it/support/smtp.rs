//! A real mail server (`tests/smtp_server.py`) for each test that needs one.

use serde_json::Value as Json;
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

/// Ends when dropped.
pub struct Smtp {
    child: Child,
    _input: Option<ChildStdin>,
    folder: tempfile::TempDir,
    ports: Vec<u16>,
}

/// A mail as Python's email package reads it.
#[derive(Debug, Clone)]
pub struct Received(Json);

impl Smtp {
    /// In clear, for everybody.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With the script's options.
    pub fn start_with(options: &[&str]) -> Self {
        let python = std::env::var("TEST_SMTP").expect("TEST_SMTP is not set: run `cargo xtask test`");
        let folder = tempfile::tempdir().expect("a folder");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smtp_server.py");
        let mut command = Command::new(python);
        command.arg(script).arg(folder.path()).args(options);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the mail server starts");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        output.read_line(&mut line).expect("its ports");
        let ports: Vec<_> = line.split_whitespace().map(|port| port.parse().expect("a port")).collect();
        assert!(!ports.is_empty(), "it ended");
        Self { _input: child.stdin.take(), child, folder, ports }
    }

    /// The port that speaks TLS after STARTTLS, or not at all.
    pub fn port(&self) -> u16 {
        self.ports[0]
    }

    /// The port that speaks TLS at once.
    pub fn tls_port(&self) -> u16 {
        self.ports[1]
    }

    /// `SMTP_URL` without TLS.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port())
    }

    /// The authority that issued its certificate.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// How it misbehaves from now on, as `tests/smtp_server.py` describes it; `[]` for not at all.
    pub fn rules(&self, rules: &[&str]) {
        let unfinished = self.folder.path().join("rules.new");
        std::fs::write(&unfinished, rules.join("\n")).expect("rules are written");
        std::fs::rename(unfinished, self.folder.path().join("rules")).expect("rules are in force");
    }

    /// Waits until a client waits for it.
    pub async fn until_it_hangs(&self) {
        let hanging = self.folder.path().join("hanging");
        while !hanging.exists() {
            tokio::task::yield_now().await;
        }
    }

    /// What has arrived, in that order.
    pub fn mails(&self) -> Vec<Received> {
        let entries = std::fs::read_dir(self.folder.path().join("messages")).expect("its messages");
        let mut files: Vec<_> = entries.map(|entry| entry.expect("a message").path()).collect();
        files.sort();
        let read = |file| std::fs::read_to_string(file).expect("a message");
        files.iter().map(|file| Received(serde_json::from_str(&read(file)).expect("JSON"))).collect()
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Received {
    /// `from`, `to`, `user`, `tls`, `connection`, `text`, `html`, …: see `tests/smtp_server.py`.
    pub fn get(&self, member: &str) -> &Json {
        &self.0[member]
    }

    /// Its only header of that name, decoded.
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.0["headers"].as_array().expect("headers");
        let mut values =
            headers.iter().filter(|header| header[0] == name).filter_map(|header| header[1].as_str());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} occurs twice");
        value
    }

    /// Its plain text.
    pub fn text(&self) -> &str {
        self.0["text"].as_str().expect("a text")
    }

    /// Its HTML.
    pub fn html(&self) -> &str {
        self.0["html"].as_str().expect("an HTML part")
    }
}
