//! `cargo xtask drill jobs`: is each job carried out once, whoever is killed meanwhile?

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::cargo;
use crate::cleanup::Cleanup;
use crate::process::Process;
use crate::server::{self, Databases};
use crate::servers::{Servers, tail, temporary_directory};

/// Instances that share the jobs.
const INSTANCES: usize = 2;
/// Between two kills. Not a multiple of anything that an instance does.
const BETWEEN: Duration = Duration::from_millis(937);
/// The longest that the rest may take after the last kill.
const PATIENCE: Duration = Duration::from_secs(400);

#[derive(Args)]
pub(crate) struct Options {
    /// Jobs that are due at once
    #[arg(long, default_value_t = 10_000, value_name = "NUMBER")]
    jobs: u64,
    /// How often one of the two instances is killed and started again
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    kills: usize,
    /// Leave out PostgreSQL
    #[arg(long)]
    sqlite_only: bool,
}

/// What `check` of `backend/examples/jobs.rs` prints.
struct Traces {
    left: u64,
    ended: u64,
    ends: u64,
    attempts: u64,
    unended: u64,
    overlapping: u64,
}

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let cleanup = Cleanup::install()?;
    let program = server::build_example("jobs", &cleanup)?;
    let servers = if options.sqlite_only { None } else { Some(Servers::start(&cleanup)?) };
    let logs = cargo::target_directory()?.join("drill");
    fs::create_dir_all(&logs).context("cannot create a directory under target")?;
    let directory = temporary_directory(&cleanup)?;
    let mut passed = true;
    for postgres in [None].into_iter().chain(servers.as_ref().map(Some)) {
        let (name, url) = match postgres {
            Some(servers) => ("postgresql", servers.new_database("jobs")?),
            None => ("sqlite", format!("sqlite:///{}", directory.join("jobs.db").display())),
        };
        let drill = Drill {
            program: program.clone(),
            url,
            directory: directory.clone(),
            logs: logs.clone(),
            cleanup: &cleanup,
        };
        drill.run("fill", &[&options.jobs.to_string()])?;
        let begin = Instant::now();
        let mut instances = (0..INSTANCES).map(|number| drill.work(number)).collect::<Result<Vec<_>>>()?;
        for kill in 0..options.kills {
            sleep(BETWEEN);
            instances[kill % INSTANCES].0.stop();
            instances[kill % INSTANCES] = drill.work(kill % INSTANCES)?;
        }
        let left = drill.check()?.left;
        ensure!(left > 0, "all was done before the last kill: take more --jobs");
        println!(
            "{name:<10}  {} kills in {:.0} s, {left} jobs left",
            options.kills,
            begin.elapsed().as_secs_f64()
        );
        let killed = Instant::now();
        while drill.check()?.left > 0 {
            if killed.elapsed() > PATIENCE {
                bail!("{} jobs are left:\n{}", drill.check()?.left, tail(&instances[0].1));
            }
            sleep(Duration::from_secs(1));
        }
        let seconds = begin.elapsed().as_secs_f64();
        for (process, log) in &instances {
            terminate(process)?;
            let status = process.wait(Some(Duration::from_secs(30)))?;
            ensure!(status.is_some_and(|status| status.success()), "a worker did not stop:\n{}", tail(log));
        }
        let Traces { left, ended, ends, attempts, unended, overlapping } = drill.check()?;
        println!(
            "{name:<10}  {ended} of {} jobs ended, {ends} ends, {attempts} attempts ({unended} killed), {overlapping} at the \
            same time as another of their job, {seconds:.0} s",
            options.jobs
        );
        passed &= left == 0 && ended == options.jobs && ends == options.jobs && overlapping == 0;
    }
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn terminate(process: &Process) -> Result<()> {
    let sent = Command::new("kill").arg(process.id().to_string()).status().context("kill does not start")?;
    ensure!(sent.success(), "a worker has ended by itself");
    Ok(())
}

struct Drill<'a> {
    program: PathBuf,
    url: String,
    directory: PathBuf,
    logs: PathBuf,
    cleanup: &'a Cleanup,
}

impl Drill<'_> {
    fn work(&self, number: usize) -> Result<(Process, PathBuf)> {
        let log = self.logs.join(format!("jobs-{number}.log"));
        let output = File::options().create(true).append(true).open(&log).context("cannot write a log")?;
        let mut command = self.command("work", &[]);
        command.stdout(output.try_clone()?).stderr(output);
        Ok((Process::start(&mut command, self.cleanup)?, log))
    }

    fn check(&self) -> Result<Traces> {
        let line = self.run("check", &[])?;
        let numbers = line.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        let [left, ended, ends, attempts, unended, overlapping] = numbers[..] else {
            bail!("the check prints {line}")
        };
        Ok(Traces { left, ended, ends, attempts, unended, overlapping })
    }

    /// What a command prints, when it succeeds.
    fn run(&self, what: &str, arguments: &[&str]) -> Result<String> {
        let output = self.command(what, arguments).output().context("the program does not start")?;
        ensure!(output.status.success(), "`{what}` failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    fn command(&self, what: &str, arguments: &[&str]) -> Command {
        let databases = Databases { database_url: self.url.clone(), redis_url: "fakeredis://".into() };
        let environment = server::environment(0, databases);
        let arguments: Vec<_> = [what].into_iter().chain(arguments.iter().copied()).collect();
        server::command(&self.program, &environment, &self.directory, &arguments)
    }
}
