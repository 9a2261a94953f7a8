//! A throw-away PostgreSQL in a temporary directory.

mod account;
mod installation;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};

use anyhow::{Context, Result, ensure};

use self::account::Account;
pub(crate) use self::account::is_root;
pub(crate) use self::installation::Installation;
use super::{detach, free_port, tail};
use crate::cleanup::Cleanup;
use crate::process::Process;

const USER: &str = "coulisses";

/// How long `pg_ctl` waits for the server to accept connections.
const START_SECONDS: &str = "30";

const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
";

/// What must outlive the server.
#[derive(Clone, Copy)]
pub(crate) enum Durability {
    /// Nothing here survives the run, so nothing needs to reach the disk.
    None,
    /// What it confirmed outlives the server, not the machine.
    Server,
}

impl Durability {
    fn settings(self) -> &'static str {
        match self {
            Self::None => "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\n",
            Self::Server => "fsync = off\n",
        }
    }
}

/// A running server; [`Cleanup`] ends it.
pub(crate) struct Postgres {
    cluster: Cluster,
    /// Of its database `postgres`, as its superuser.
    pub(crate) url: String,
}

impl Postgres {
    /// Initialises a database cluster below `directory` and starts its server.
    pub(crate) fn start(
        installed: &Installation,
        durability: Durability,
        directory: &Path,
        cleanup: &Cleanup,
    ) -> Result<Self> {
        // A signal waits for its end: initdb would go on writing into a directory being deleted.
        let cluster = cleanup.start(|_| Cluster::create(&installed.directory, directory))?;
        let port = free_port()?;
        cluster.configure(port, durability)?;
        let stopped = cluster.clone();
        cleanup.start(|actions| {
            // Noted first: a server that is too slow for us may come up all the same.
            actions.push(Box::new(move || stopped.stop()));
            cluster.start()?;
            Ok(Self { url: format!("postgres://{USER}@127.0.0.1:{port}/postgres"), cluster })
        })
    }

    /// Ends the server: `fast` rolls everything back in good order, `immediate` is like a crash.
    pub(crate) fn stop(&self, mode: &str) -> Result<()> {
        let stopped = self.cluster.pg_ctl("stop", &["-m", mode], None)?;
        ensure!(stopped, "PostgreSQL did not stop:\n{}", tail(&self.cluster.output));
        Ok(())
    }

    /// Starts the server again.
    pub(crate) fn start_again(&self) -> Result<()> {
        self.cluster.start()
    }

    /// Creates a database whose files are in a directory, and returns its URL.
    pub(crate) fn create_database_in(&self, name: &str, directory: &Path) -> Result<String> {
        self.cluster.account.give(directory)?;
        let place = directory.to_str().context("the directory's name is not Unicode")?;
        for sql in [
            format!("CREATE TABLESPACE {name} LOCATION '{place}'"),
            format!("CREATE DATABASE {name} TABLESPACE {name}"),
        ] {
            self.sql(&sql)?;
        }
        let (server, _) = self.url.rsplit_once('/').context("the server's URL names no database")?;
        Ok(format!("{server}/{name}"))
    }

    /// What a statement returns in the database of [`Postgres::url`], a line each row.
    pub(crate) fn sql(&self, sql: &str) -> Result<String> {
        let arguments = ["-X", "-q", "-A", "-t", "-d", &self.url, "-c", sql];
        let done = self.cluster.run("psql", &arguments, None)?;
        ensure!(done, "{sql} failed:\n{}", tail(&self.cluster.output));
        Ok(fs::read_to_string(&self.cluster.output)?.trim().to_owned())
    }

    /// Begins a transaction with a statement; it is rolled back when what is returned is dropped.
    pub(crate) fn hold(&self, sql: &str, cleanup: &Cleanup) -> Result<Held> {
        let mut psql = self.cluster.account.command(&self.cluster.programs.join("psql"));
        psql.args(["-X", "-q", "-d", &self.url]).current_dir(&self.cluster.home);
        psql.stdin(Stdio::piped()).stdout(Stdio::null());
        let mut input = None;
        let process = Process::start_with(detach(&mut psql), cleanup, |child| input = child.stdin.take())?;
        let mut input = input.context("psql has no input")?;
        writeln!(input, "BEGIN; {sql};")?;
        Ok(Held { input: Some(input), process })
    }
}

/// A transaction that is open.
pub(crate) struct Held {
    /// psql ends with its input.
    input: Option<ChildStdin>,
    process: Process,
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.input.take());
        if let Err(error) = self.process.wait(None) {
            eprintln!("warning: psql did not end: {error}");
        }
    }
}

#[derive(Clone)]
struct Cluster {
    programs: PathBuf,
    account: Account,
    /// Belongs to the account the server runs as.
    home: PathBuf,
    data: PathBuf,
    /// What `initdb` and `pg_ctl` print.
    output: PathBuf,
}

impl Cluster {
    fn create(programs: &Path, directory: &Path) -> Result<Self> {
        let home = directory.join("postgresql");
        let cluster = Self {
            programs: programs.to_path_buf(),
            account: Account::choose()?,
            data: home.join("data"),
            output: directory.join("pg_ctl.log"),
            home,
        };
        fs::create_dir(&cluster.home).context("cannot create a directory for PostgreSQL")?;
        cluster.account.give(&cluster.home)?;
        // Collations that every machine has and that sort alike on each of them.
        let locale = if cfg!(target_os = "linux") { "C.UTF-8" } else { "C" };
        let options =
            ["-U", USER, "-A", "trust", "--encoding", "UTF8", "--locale", locale, "--no-sync", "-D"];
        let created = cluster.run("initdb", &options, Some(&cluster.data))?;
        ensure!(created, "initdb failed:\n{}", tail(&cluster.output));
        Ok(cluster)
    }

    fn configure(&self, port: u16, durability: Durability) -> Result<()> {
        let file = self.data.join("postgresql.conf");
        let mut file = OpenOptions::new().append(true).open(file).context("initdb left no configuration")?;
        writeln!(file, "{SETTINGS}{}port = {port}", durability.settings())?;
        Ok(())
    }

    fn start(&self) -> Result<()> {
        let log = self.home.join("server.log");
        // `pg_ctl` rather than `postgres` itself: it waits until the server is ready, and on
        // Windows it drops the administrator's rights that the server refuses to run with.
        let started = self.pg_ctl("start", &["-w", "-t", START_SECONDS, "-l"], Some(&log))?;
        ensure!(started, "PostgreSQL did not start:\n{}\n{}", tail(&self.output), tail(&log));
        Ok(())
    }

    fn stop(&self) {
        if !self.data.join("postmaster.pid").exists() {
            return;
        }
        if !matches!(self.pg_ctl("stop", &["-m", "immediate"], None), Ok(true)) {
            eprintln!("warning: a PostgreSQL server of the tests may still run:\n{}", tail(&self.output));
        }
    }

    fn pg_ctl(&self, action: &str, options: &[&str], last: Option<&Path>) -> Result<bool> {
        let data = self.data.to_str().context("the temporary directory's name is not Unicode")?;
        let arguments = [&[action, "-D", data], options].concat();
        self.run("pg_ctl", &arguments, last)
    }

    /// Runs a program to its end; whether it succeeded.
    fn run(&self, program: &str, arguments: &[&str], last: Option<&Path>) -> Result<bool> {
        // A file, not a pipe: on Windows the server inherits it and would keep a pipe open.
        let output = File::create(&self.output)?;
        let mut command = self.account.command(&self.programs.join(program));
        command.args(arguments).args(last).current_dir(&self.home).stdin(Stdio::null());
        command.stdout(output.try_clone()?).stderr(output);
        let status = detach(&mut command).status();
        Ok(status.with_context(|| format!("cannot run {program}"))?.success())
    }
}
