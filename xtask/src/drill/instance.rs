//! One of several servers over one database, which is killed or stopped, and started again at the same address.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::latency;
use super::smtp::Smtp;
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Environment, Server};
use crate::servers::{free_port, temporary_directory};

/// The longest until all is sent: what was tried in vain for minutes waits for the next try, and what a killed instance held
/// for the end of its lease.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

pub(super) struct Instance<'a> {
    program: &'a Path,
    environment: Environment,
    directory: PathBuf,
    log: PathBuf,
    cleanup: &'a Cleanup,
    pub(super) server: Server,
}

impl<'a> Instance<'a> {
    /// Starts it, at an address that it keeps. The first, number 0, makes the season.
    pub(super) fn start(
        (name, number): (&str, usize),
        program: &'a Path,
        (on, more): (Databases, Environment),
        cleanup: &'a Cleanup,
    ) -> Result<Self> {
        let mut environment = server::environment(free_port()?, on);
        environment.extend(more);
        let (directory, log) = (temporary_directory(cleanup)?, super::log(&format!("{name}-{number}"))?);
        let arguments: &[_] = if number == 0 { &["demo", "--migrate"] } else { &["serve"] };
        let at = (environment.clone(), directory.clone());
        let server = Server::launch(program, arguments, at, &log, cleanup)?;
        server.wait_until_ready()?;
        Ok(Self { program, environment, directory, log, cleanup, server })
    }

    /// The same, with a mail server of the tests.
    pub(super) fn start_mailing(
        number: usize,
        program: &'a Path,
        database_url: &str,
        smtp: &Smtp,
        cleanup: &'a Cleanup,
    ) -> Result<Self> {
        let on = Databases { database_url: database_url.to_owned(), redis_url: "fakeredis://".into() };
        let more = vec![
            ("SMTP_URL", smtp.url()),
            ("MAIL_FROM", "crew@coulisses.example".into()),
            ("MAIL_GATHER_SECONDS", "0".into()),
        ];
        Self::start(("mail", number), program, (on, more), cleanup)
    }

    /// Kills it first.
    pub(super) fn start_again(&mut self) -> Result<()> {
        self.server.kill();
        self.launch()
    }

    /// As a service manager does: SIGTERM, its end in good order, and a new start. How long it took to stop.
    #[cfg(unix)]
    pub(super) fn restart(&mut self, limit: Duration) -> Result<Duration> {
        let begin = Instant::now();
        self.server.terminate(limit)?;
        let took = begin.elapsed();
        self.launch().map(|()| took)
    }

    /// Stops it and starts another program in its place.
    #[cfg(unix)]
    pub(super) fn replace(&mut self, program: &'a Path, limit: Duration) -> Result<()> {
        self.server.terminate(limit)?;
        self.program = program;
        self.launch()
    }

    /// What a command of another program prints, with the settings of this instance.
    pub(super) fn output_of(&self, program: &Path, arguments: &[&str]) -> Result<String> {
        let output = server::command(program, &self.environment, &self.directory, arguments).output()?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    fn launch(&mut self) -> Result<()> {
        let at = (self.environment.clone(), self.directory.clone());
        self.server = Server::launch(self.program, &["serve"], at, &self.log, self.cleanup)?;
        self.server.wait_until_ready()
    }
}

/// What a signed-in planner is answered.
pub(super) fn get(url: &str, authorization: &str, path: &str) -> Result<Value> {
    let mut answer =
        latency::agent().get(format!("{url}/api/v1{path}")).header("Authorization", authorization).call()?;
    let body: Value = answer.body_mut().read_json()?;
    ensure!(answer.status() == 200, "{path} is answered {} {body}", answer.status());
    Ok(body)
}

pub(super) fn until_all_is_sent(url: &str) -> Result<()> {
    let (authorization, begin) = (latency::planner(url)?, Instant::now());
    while get(url, &authorization, "/mails?state=queued&limit=1")? != json!([]) {
        ensure!(begin.elapsed() < PATIENCE, "after {PATIENCE:?} mails are still queued");
        sleep(Duration::from_millis(500));
    }
    Ok(())
}
