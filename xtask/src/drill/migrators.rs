//! `cargo xtask drill migrators`: do all succeed that migrate one database at once?

use std::fmt;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::cargo;
use crate::cleanup::Cleanup;
use crate::process::Process;
use crate::server::{self, Databases, Environment, Profile, Server};
use crate::servers::{Servers, free_port, tail, temporary_directory};

/// The longest that a process may take, with all that it waits for.
const LIMIT: Duration = Duration::from_secs(60);
/// By so much later another process is killed in each round.
const LATER: Duration = Duration::from_millis(7);

#[derive(Args)]
pub(crate) struct Options {
    /// Rounds of each kind, on a new database each
    #[arg(long, default_value_t = 12, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Processes that begin at once
    #[arg(long, default_value_t = 4, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(2..))]
    processes: u32,
    /// Leave out PostgreSQL
    #[arg(long)]
    sqlite_only: bool,
}

/// What the processes of a round do.
#[derive(Clone, Copy)]
enum Kind {
    Up,
    UpAndOneIsKilled,
    Down,
    Serve,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Up, Self::UpAndOneIsKilled, Self::Down, Self::Serve];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Up => "up",
            Self::UpAndOneIsKilled => "up, one is killed",
            Self::Down => "down --all",
            Self::Serve => "serve --migrate",
        })
    }
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build(Profile::Dev, &cleanup)?;
    let servers = if options.sqlite_only { None } else { Some(Servers::start(&cleanup)?) };
    let logs = cargo::target_directory()?.join("drill");
    fs::create_dir_all(&logs).context("cannot create a directory under target")?;
    let drill = Drill {
        program,
        directory: temporary_directory(&cleanup)?,
        logs,
        processes: options.processes,
        cleanup: &cleanup,
    };
    let mut passed = true;
    for postgres in [None].into_iter().chain(servers.as_ref().map(Some)) {
        let name = if postgres.is_some() { "postgresql" } else { "sqlite" };
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            let (mut all, mut succeeded) = (0, 0);
            for round in 0..options.rounds {
                let database = format!("{name}_{number}_{round}");
                let url = match postgres {
                    Some(servers) => servers.new_database(&database)?,
                    None => format!("sqlite:///{}", drill.directory.join(format!("{database}.db")).display()),
                };
                let counted = drill.round(kind, &url, LATER * round)?;
                all += counted.0;
                succeeded += counted.1;
            }
            passed &= succeeded == all;
            println!("{name:<10}  {kind:<17}  {succeeded:>4} of {all} succeeded");
        }
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Drill<'a> {
    program: PathBuf,
    directory: PathBuf,
    logs: PathBuf,
    processes: u32,
    cleanup: &'a Cleanup,
}

impl Drill<'_> {
    /// How many processes there were that nobody killed, and how many of them succeeded. The schema must be whole at the end.
    fn round(&self, kind: Kind, url: &str, later: Duration) -> Result<(u32, u32)> {
        let (all, mut succeeded) = match kind {
            Kind::Up => self.migrate(url, "up", None)?,
            Kind::UpAndOneIsKilled => self.migrate(url, "up", Some(later))?,
            Kind::Down => {
                self.migrate(url, "up", None)?;
                self.migrate(url, "down --all", None)?
            }
            Kind::Serve => self.serve(url)?,
        };
        if !matches!(kind, Kind::Up | Kind::Serve) && self.run(url, "migrate up").is_err() {
            succeeded = 0;
        }
        let status = self.run(url, "migrate status")?;
        ensure!(!status.is_empty(), "`migrate status` lists no step");
        if let Some(line) = status.lines().find(|line| !line.starts_with("applied")) {
            println!("the schema is not whole: {line}");
            succeeded = 0;
        }
        Ok((all, succeeded))
    }

    fn migrate(&self, url: &str, what: &str, kill_after: Option<Duration>) -> Result<(u32, u32)> {
        let started = (0..self.processes).map(|number| {
            let log = self.log(number);
            let output = File::create(&log).context("cannot write a log")?;
            let mut command = self.command(url, &format!("migrate {what}"), 0);
            command.stdout(output.try_clone()?).stderr(output);
            Ok((Process::start(&mut command, self.cleanup)?, log))
        });
        let mut started = started.collect::<Result<Vec<_>>>()?;
        if let Some(after) = kill_after {
            sleep(after);
            started.remove(0).0.stop();
        }
        let mut succeeded = 0;
        for (process, log) in &started {
            match process.wait(Some(LIMIT))? {
                Some(status) if status.success() => succeeded += 1,
                Some(_) => println!("{}", tail(log)),
                None => bail!("`migrate {what}` does not end:\n{}", tail(log)),
            }
        }
        Ok((u32::try_from(started.len())?, succeeded))
    }

    fn serve(&self, url: &str) -> Result<(u32, u32)> {
        let start = |number| {
            let place = (self.environment(url, free_port()?), self.directory.clone());
            Server::launch(&self.program, &["serve", "--migrate"], place, &self.log(number), self.cleanup)
        };
        let servers = (0..self.processes).map(start).collect::<Result<Vec<_>>>()?;
        let mut succeeded = 0;
        for server in servers {
            match server.wait_until_ready() {
                Ok(()) => succeeded += 1,
                Err(error) => println!("{error}"),
            }
            server.stop();
        }
        Ok((self.processes, succeeded))
    }

    /// What a command prints, when it succeeds.
    fn run(&self, url: &str, arguments: &str) -> Result<String> {
        let output = self.command(url, arguments, 0).output().context("the program does not start")?;
        ensure!(output.status.success(), "`{arguments}` failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    fn command(&self, url: &str, arguments: &str, port: u16) -> Command {
        let arguments: Vec<_> = arguments.split(' ').collect();
        server::command(&self.program, &self.environment(url, port), &self.directory, &arguments)
    }

    fn environment(&self, url: &str, port: u16) -> Environment {
        server::environment(
            port,
            Databases { database_url: url.to_owned(), redis_url: "fakeredis://".into() },
        )
    }

    fn log(&self, number: u32) -> PathBuf {
        self.logs.join(format!("migrators-{number}.log"))
    }
}
