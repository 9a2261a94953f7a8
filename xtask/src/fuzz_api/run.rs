//! One run of schemathesis: a database, a persona, a fresh season.

use std::fmt;
use std::fs::{self, File};
use std::io::stdout;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::log::Log;
use super::report::Report;
use crate::cargo::workspace_root;
use crate::cleanup::Cleanup;
use crate::process::Process;
use crate::server::{Databases, Server};
use crate::servers::Servers;

/// Lines of the server's log that a failed run prints.
const LOG_LINES: usize = 20;

pub(super) const DATABASES: [Database; 2] = [Database::Sqlite, Database::Postgres];
pub(super) const PERSONAS: [Persona; 2] = [Persona::Manager, Persona::Anonymous];

#[derive(Clone, Copy)]
pub(super) enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    pub(super) fn needs_servers(self) -> bool {
        matches!(self, Self::Postgres)
    }

    /// Fresh ones for each run; SQLite's file is the server's to make.
    fn start(self, cleanup: &Cleanup) -> Result<Option<Databases>> {
        if !self.needs_servers() {
            return Ok(None);
        }
        let servers = Servers::start(cleanup)?;
        Ok(Some(Databases { database_url: servers.postgres_url, redis_url: servers.redis_url }))
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        })
    }
}

/// Who asks.
#[derive(Clone, Copy)]
pub(super) enum Persona {
    Manager,
    Anonymous,
}

impl fmt::Display for Persona {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Manager => "manager",
            Self::Anonymous => "anonymous",
        })
    }
}

pub(super) struct Run<'a> {
    pub(super) database: Database,
    pub(super) persona: Persona,
    pub(super) schemathesis: &'a Path,
    pub(super) program: &'a Path,
    pub(super) directory: &'a Path,
    pub(super) limit: Duration,
    pub(super) examples: u32,
    pub(super) seed: u32,
}

/// A line of the table.
pub(super) struct Outcome {
    pub(super) database: Database,
    pub(super) persona: Persona,
    pub(super) operations: usize,
    pub(super) answered: usize,
    pub(super) cases: usize,
    pub(super) requests: usize,
    pub(super) failures: usize,
    pub(super) seconds: f64,
    pub(super) passed: bool,
}

impl Run<'_> {
    /// Prints what failed, with what it takes to see it again.
    pub(super) fn carry_out(&self, cleanup: &Cleanup) -> Result<Outcome> {
        println!("==> {} as {}", self.database, self.persona);
        let directory = self.own_directory()?;
        let server = Server::start(
            self.program,
            self.database.start(cleanup)?,
            &directory.join("server.log"),
            cleanup,
        )?;
        let begin = Instant::now();
        let mut problems = self.test(&server, &directory, cleanup)?;
        let seconds = begin.elapsed().as_secs_f64();
        if !server.is_ready() {
            problems.push("the server does not answer any more: /readyz is not 200".into());
        }
        let log = Log::read(&server.stop())?;
        if !log.errors.is_empty() {
            problems.push(format!("the server logged errors:\n{}", first_lines(&log)));
        }
        // Missing or cut off where schemathesis was stopped.
        let report = fs::read(directory.join("report.json")).unwrap_or_default();
        let report: Option<Report> = serde_json::from_slice(&report).ok();
        problems.extend(report.as_ref().map_or_else(|| vec!["there is no report".into()], Report::gaps));
        self.tell(&problems, &directory);
        Ok(Outcome {
            database: self.database,
            persona: self.persona,
            operations: report.as_ref().map_or(0, |report| report.operations.tested),
            answered: log.answered(),
            cases: report.as_ref().map_or(0, |report| report.test_cases.generated),
            requests: log.requests,
            failures: report.as_ref().map_or(0, |report| report.test_cases.unique_failures),
            seconds,
            passed: problems.is_empty(),
        })
    }

    /// Empty, and kept afterwards: what was sent and logged can be looked up.
    fn own_directory(&self) -> Result<PathBuf> {
        let directory = self.directory.join(format!("{}-{}", self.database, self.persona));
        if directory.exists() {
            fs::remove_dir_all(&directory).context("cannot delete what the last run left under target")?;
        }
        fs::create_dir_all(&directory).context("cannot create a directory under target")?;
        Ok(directory)
    }

    /// Runs schemathesis to its end; what speaks against the server, if anything.
    fn test(&self, server: &Server, directory: &Path, cleanup: &Cleanup) -> Result<Vec<String>> {
        let output = File::create(directory.join("output.txt")).context("cannot write under target")?;
        let mut command = self.command(server, directory);
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let process = Process::start(&mut command, cleanup)?;
        Ok(match process.wait(Some(self.limit))? {
            Some(status) if status.success() => vec![],
            Some(_) => vec!["schemathesis found what is printed above".into()],
            None => {
                process.stop();
                let seconds = self.limit.as_secs();
                vec![format!("not finished after {seconds} s: allow more --seconds, or fewer --examples")]
            }
        })
    }

    fn command(&self, server: &Server, directory: &Path) -> Command {
        let settings = workspace_root().join("xtask").join("fuzz-api");
        let mut command = Command::new(self.schemathesis);
        command.arg("--config-file").arg(settings.join("schemathesis.toml")).arg("--no-color").arg("run");
        command.arg(format!("{}/openapi.json", server.url));
        command.args(["--phases", "examples,coverage,fuzzing,stateful"]);
        command.args(["--seed", &self.seed.to_string(), "--max-examples", &self.examples.to_string()]);
        command.args(["--report", "json", "--report-json-path", "report.json"]);
        if let Persona::Manager = self.persona {
            command.arg("--auth-wfc").arg(settings.join("sign-ins.yaml"));
        }
        // What it writes stays here. Sets of Python iterate alike, and no proxy comes between.
        command.current_dir(directory).env("PYTHONHASHSEED", "0").env("NO_PROXY", "127.0.0.1");
        command
    }

    fn tell(&self, problems: &[String], directory: &Path) {
        if problems.is_empty() {
            return;
        }
        let output = fs::read(directory.join("output.txt")).unwrap_or_default();
        // Another run's lines must not come between these.
        let _turn = stdout().lock();
        println!("{}", String::from_utf8_lossy(&output));
        for problem in problems {
            println!("{} as {}: {problem}", self.database, self.persona);
        }
        println!(
            "the server's log, the report and this output are in {}; \
             `cargo xtask fuzz-api --seed {} --examples {}` sends the same again",
            directory.display(),
            self.seed,
            self.examples
        );
    }
}

fn first_lines(log: &Log) -> String {
    let more = log.errors.len().saturating_sub(LOG_LINES);
    let mut lines = log.errors[..log.errors.len() - more].join("\n");
    if more > 0 {
        lines.push_str(&format!("\nand {more} more lines"));
    }
    lines
}
