//! The mail server of the tests (`backend/tests/smtp_server.py`) as a drill uses it: it misbehaves while it runs, and records
//! when each message came.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::cargo;
use crate::cleanup::Cleanup;
use crate::process::Process;
use crate::servers::{detach, smtp_python, temporary_directory};

pub(super) struct Smtp {
    directory: PathBuf,
    port: u16,
    /// It ends when its input does.
    _process: Process,
}

/// How it behaves.
#[derive(Clone, Copy)]
pub(super) enum Behaviour {
    Fine,
    /// By rules of the script.
    Rules(&'static [&'static str]),
    Closed,
}

/// A message that arrived, whatever it was answered.
pub(super) struct Arrival {
    pub(super) message_id: String,
    pub(super) to: String,
    pub(super) text: String,
    /// In seconds since 1970.
    pub(super) began: f64,
    pub(super) ended: f64,
    pub(super) taken: bool,
}

#[derive(Deserialize)]
struct Transaction {
    message: u32,
    began: f64,
    ended: f64,
    reply: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    to: Vec<String>,
    headers: Vec<(String, String)>,
    text: String,
}

impl Smtp {
    pub(super) fn start(cleanup: &Cleanup) -> Result<Self> {
        let directory = temporary_directory(cleanup)?;
        let script = cargo::workspace_root().join("backend/tests/smtp_server.py");
        let mut command = Command::new(smtp_python()?);
        command.arg(script).arg(&directory).arg("--record").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut output = None;
        let process = Process::start_with(detach(&mut command), cleanup, |child| {
            output = child.stdout.take();
        })?;
        let mut line = String::new();
        BufReader::new(output.context("the mail server has no output")?).read_line(&mut line)?;
        let port = line.trim().parse().context("the mail server did not start")?;
        Ok(Self { directory, port, _process: process })
    }

    pub(super) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub(super) fn behave(&self, behaviour: Behaviour) -> Result<()> {
        let rules = match behaviour {
            Behaviour::Rules(rules) => rules,
            Behaviour::Fine | Behaviour::Closed => &[],
        };
        let unfinished = self.directory.join("rules.new");
        fs::write(&unfinished, rules.join("\n"))?;
        fs::rename(unfinished, self.directory.join("rules"))?;
        let closed = self.directory.join("closed");
        match behaviour {
            Behaviour::Closed => fs::write(closed, "")?,
            _ if closed.exists() => fs::remove_file(closed)?,
            _ => {}
        }
        Ok(())
    }

    /// How many messages have been answered, or lost.
    pub(super) fn count(&self) -> usize {
        fs::read_to_string(self.directory.join("record")).map_or(0, |record| record.lines().count())
    }

    /// All of them, in the order of their ends.
    pub(super) fn arrivals(&self) -> Result<Vec<Arrival>> {
        let record = fs::read_to_string(self.directory.join("record")).context("no mail has arrived")?;
        record.lines().map(|line| arrival(&self.directory, line)).collect()
    }
}

fn arrival(directory: &Path, line: &str) -> Result<Arrival> {
    let Transaction { message, began, ended, reply } = serde_json::from_str(line)?;
    let file = directory.join(format!("messages/{message:06}.json"));
    let Message { to, headers, text } = serde_json::from_slice(&fs::read(file)?)?;
    let mut ids = headers.into_iter().filter(|(name, _)| name == "Message-ID").map(|(_, value)| value);
    let message_id = ids.next().context("a mail has no Message-ID")?;
    ensure!(to.len() == 1, "a mail to {to:?}");
    let taken = reply.is_some_and(|reply| reply.starts_with("250"));
    Ok(Arrival { message_id, to: to.concat(), text, began, ended, taken })
}
