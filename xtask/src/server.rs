//! The real server with the demonstration's season, on a port and a database of its own.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cargo;
use crate::cleanup::Cleanup;
use crate::process::Process;
use crate::servers::{detach, free_port, tail, temporary_directory};

const START_LIMIT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Where a server keeps its data.
pub(crate) struct Databases {
    pub(crate) database_url: String,
    pub(crate) redis_url: String,
}

/// What is built: quickly, or to be quick.
#[derive(Clone, Copy)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// What is built for development: the packages that `cargo xtask test` selects, and examples beside the program. Cargo
/// gives dependencies the features that all of these ask for together, so they are compiled once for the servers of
/// drills, for examples and for tests; the program alone would have them compiled anew.
const FOR_DEVELOPMENT: [&str; 9] =
    ["--workspace", "--exclude", "bench", "--bin", "coulisses", "--example", "jobs", "--example", "papers"];

/// Builds the program.
pub(crate) fn build(profile: Profile, cleanup: &Cleanup) -> Result<PathBuf> {
    println!("==> building the server");
    match profile {
        Profile::Dev => build_with(&FOR_DEVELOPMENT, "coulisses", cleanup),
        Profile::Release => build_with(&["--release", "--package", "coulisses"], "coulisses", cleanup),
    }
}

/// Builds what the benchmarks compare with, to be quick.
pub(crate) fn build_floor(cleanup: &Cleanup) -> Result<PathBuf> {
    build_with(&["--release", "--package", "bench"], "floor", cleanup)
}

/// Builds an example of the product, for development.
pub(crate) fn build_example(example: &str, cleanup: &Cleanup) -> Result<PathBuf> {
    build_with(&FOR_DEVELOPMENT, example, cleanup)
}

/// Builds what is selected, and tells where the program of this name is.
fn build_with(selection: &[&str], program: &str, cleanup: &Cleanup) -> Result<PathBuf> {
    let mut command = cargo::command("build");
    command.args(["--locked", "--message-format", "json-render-diagnostics"]).args(selection);
    let mut output = None;
    let build = Process::start_with(command.stdout(Stdio::piped()), cleanup, |child| {
        output = child.stdout.take();
    })?;
    let output = BufReader::new(output.context("cargo has no output")?);
    let messages = serde_json::Deserializer::from_reader(output).into_iter::<Value>();
    let programs: Vec<PathBuf> = messages
        .filter_map(Result::ok)
        .filter(|message| message["target"]["name"] == program)
        .filter_map(|message| Some(message.get("executable")?.as_str()?.into()))
        .collect();
    let built = build.wait(None)?.is_some_and(|status| status.success());
    ensure!(built, "{program} cannot be built: see above");
    programs.into_iter().next_back().with_context(|| format!("cargo built no program named {program}"))
}

pub(crate) struct Server {
    process: Process,
    program: PathBuf,
    environment: Environment,
    /// Outside the repository, so that nobody's `.env` counts.
    directory: PathBuf,
    log: PathBuf,
    pub(crate) url: String,
}

impl Server {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(
        program: &Path,
        on: Option<Databases>,
        log: &Path,
        cleanup: &Cleanup,
    ) -> Result<Self> {
        Self::start_with(program, on, Environment::new(), log, cleanup)
    }

    /// The same with more in its environment.
    pub(crate) fn start_with(
        program: &Path,
        on: Option<Databases>,
        more: Environment,
        log: &Path,
        cleanup: &Cleanup,
    ) -> Result<Self> {
        let directory = temporary_directory(cleanup)?;
        let port = free_port()?;
        let on = on.unwrap_or_else(|| Databases {
            database_url: format!("sqlite:///{}", directory.join("season.db").display()),
            redis_url: "fakeredis://".into(),
        });
        let mut environment = environment(port, on);
        // So that one machine can play many.
        environment.push(("TRUSTED_PROXIES", "127.0.0.1".into()));
        environment.extend(more);
        let server = Self::launch(program, &["demo", "--migrate"], (environment, directory), log, cleanup)?;
        server.wait_until_ready()?;
        Ok(server)
    }

    /// Starts it with these arguments, this environment and in this directory.
    pub(crate) fn launch(
        program: &Path,
        arguments: &[&str],
        (environment, directory): (Environment, PathBuf),
        log: &Path,
        cleanup: &Cleanup,
    ) -> Result<Self> {
        let url = environment.iter().find(|(name, _)| *name == "PUBLIC_URL").map(|(_, url)| url.clone());
        let url = url.context("a server needs its PUBLIC_URL")?;
        let output = File::create(log).context("cannot write the server's log")?;
        let mut command = command(program, &environment, &directory, arguments);
        command.stdout(output.try_clone()?).stderr(output);
        let process = Process::start(detach(&mut command), cleanup)?;
        let (program, log) = (program.to_path_buf(), log.to_path_buf());
        Ok(Self { process, program, environment, directory, log, url })
    }

    pub(crate) fn wait_until_ready(&self) -> Result<()> {
        let limit = Instant::now() + START_LIMIT;
        while !self.is_ready() {
            let ended = self.process.has_ended()?;
            ensure!(!ended && Instant::now() < limit, "the server did not start:\n{}", tail(&self.log));
            sleep(POLL_INTERVAL);
        }
        Ok(())
    }

    /// Whether it runs and /readyz says 200.
    pub(crate) fn is_ready(&self) -> bool {
        let mut ask = command(&self.program, &self.environment, &self.directory, &["healthcheck"]);
        ask.stdout(Stdio::null()).stderr(Stdio::null());
        let answers = ask.status().is_ok_and(|status| status.success());
        answers && matches!(self.process.has_ended(), Ok(false))
    }

    /// What a command of the program prints, over the same database.
    pub(crate) fn output(&self, arguments: &[&str]) -> Result<String> {
        let output = command(&self.program, &self.environment, &self.directory, arguments).output()?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Resident memory now and at most, in KiB, where the system tells (Linux).
    pub(crate) fn memory_kib(&self) -> Option<(u64, u64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().ok()
        };
        Some((field("VmRSS")?, field("VmHWM")?))
    }

    /// What the system calls it.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it; where it logged.
    pub(crate) fn stop(self) -> PathBuf {
        self.kill();
        self.log
    }

    /// As a service manager does, by SIGTERM; waits for its end, which has to be in good order.
    #[cfg(unix)]
    pub(crate) fn terminate(&self, limit: Duration) -> Result<()> {
        signal(self.id(), "-TERM")?;
        let ended = self.process.wait(Some(limit))?;
        let status = ended.with_context(|| format!("the server did not stop within {limit:?}"))?;
        ensure!(status.success(), "the server stopped with {status}:\n{}", tail(&self.log));
        Ok(())
    }

    /// At once, by SIGKILL.
    pub(crate) fn kill(&self) {
        self.process.stop();
    }
}

/// Sends a signal to a process.
#[cfg(unix)]
pub(crate) fn signal(process: u32, name: &str) -> Result<()> {
    let sent = Command::new("kill").args([name, &process.to_string()]).status();
    ensure!(sent.is_ok_and(|status| status.success()), "kill {name} {process} failed");
    Ok(())
}

/// Variables and their values.
pub(crate) type Environment = Vec<(&'static str, String)>;

/// That of a server on a developer's machine which listens on `port`.
pub(crate) fn environment(port: u16, on: Databases) -> Environment {
    vec![
        ("ENV", "dev".into()),
        ("DATABASE_URL", on.database_url),
        ("REDIS_URL", on.redis_url),
        ("BACKEND_HOST", "127.0.0.1".into()),
        ("BACKEND_PORT", port.to_string()),
        ("PUBLIC_URL", format!("http://127.0.0.1:{port}")),
        ("LOG_LEVEL", "INFO".into()),
        ("LOG_FORMAT", "json".into()),
        // Longer than any run.
        ("ACCESS_TOKEN_MINUTES", "1440".into()),
    ]
}

/// A command of the program; nothing of the caller's environment decides what it does.
pub(crate) fn command(
    program: &Path,
    environment: &[(&'static str, String)],
    directory: &Path,
    arguments: &[&str],
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
    command
}
