//! What every measurement takes: the programs, the databases' servers, and how long to measure.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::http::Http;
use super::load::{self, Counted, Load};
use crate::cargo;
use crate::cleanup::Cleanup;
use crate::server::{self, Databases, Environment, Profile, build_floor};
use crate::servers::{Servers, temporary_directory};

/// The one login; a new password for each run.
pub(super) const EMAIL: &str = "bench@people.example";

/// How long to measure.
#[derive(Clone, Copy)]
pub(super) struct Effort {
    pub(super) rounds: u32,
    pub(super) seconds: u64,
}

pub(super) struct Stage<'a> {
    pub(super) cleanup: &'a Cleanup,
    pub(super) servers: Servers,
    pub(super) product: PathBuf,
    pub(super) floor: PathBuf,
    pub(super) wrk: PathBuf,
    /// Where logs and what is sent stay.
    pub(super) directory: PathBuf,
    /// Where SQLite files are, and nobody's `.env`.
    pub(super) home: PathBuf,
    pub(super) http: Http,
    pub(super) password: String,
    secrets: [String; 2],
    effort: Effort,
}

/// What `floor fill` wrote.
#[derive(Deserialize)]
pub(super) struct Filled {
    pub(super) orgs: Vec<String>,
    pub(super) projects: Vec<String>,
    /// Some missions, with the place of their org.
    pub(super) missions: Vec<(usize, String)>,
    pub(super) users: Vec<String>,
    pub(super) assignments: Vec<String>,
    /// To list from: as RFC 3339 down to the second, and in seconds.
    pub(super) instants: Vec<(String, i64)>,
}

impl<'a> Stage<'a> {
    /// Builds the programs and starts the servers.
    pub(super) fn set(effort: Effort, cleanup: &'a Cleanup) -> Result<Self> {
        let wrk = load::wrk()?;
        let product = server::build(Profile::Release, cleanup)?;
        println!("==> building the floor");
        let floor = build_floor(cleanup)?;
        let directory = cargo::target_directory()?.join("bench");
        fs::create_dir_all(&directory).context("cannot create a directory under target")?;
        Ok(Self {
            cleanup,
            servers: Servers::start(cleanup)?,
            product,
            floor,
            wrk,
            directory,
            home: temporary_directory(cleanup)?,
            http: Http::new(),
            password: secret()?,
            secrets: [secret()?, secret()?],
            effort,
        })
    }

    /// A new database on PostgreSQL, with the product's schema.
    pub(super) fn postgres(&self, name: &str) -> Result<String> {
        let server = &self.servers.postgres_url;
        self.floor(&["create", "--database", server, "--name", name])?;
        let url = server.rsplit_once('/').map(|(server, _)| format!("{server}/{name}"));
        let url = url.context("the server's URL names no database")?;
        self.product(&url, &["migrate", "up"])?;
        Ok(url)
    }

    /// A new SQLite file with the product's schema.
    pub(super) fn sqlite(&self, name: &str) -> Result<String> {
        let url = format!("sqlite:///{}", self.home.join(name).display());
        self.product(&url, &["migrate", "up"])?;
        Ok(url)
    }

    /// Founds the login's own org; the token that sets its password.
    pub(super) fn found(&self, database: &str) -> Result<String> {
        let said = self.product(database, &["org", "create", "--name", "Bench", "--owner-email", EMAIL])?;
        let token = said.split_once("token=").map(|(_, token)| token.trim().to_owned());
        token.context("`org create` printed no link to set a password")
    }

    /// Fills a database; `words` say with what.
    pub(super) fn fill(&self, database: &str, words: &str) -> Result<Filled> {
        let database = as_floor_names(database);
        let words = words.split(' ').chain(["--email", EMAIL]);
        let arguments: Vec<_> = ["fill", "--database", database].into_iter().chain(words).collect();
        serde_json::from_str(&self.floor(&arguments)?).context("`floor fill` printed something else")
    }

    /// Runs a command of the floor; what it printed.
    pub(super) fn floor(&self, arguments: &[&str]) -> Result<String> {
        run(Command::new(&self.floor).args(arguments))
    }

    fn product(&self, database: &str, arguments: &[&str]) -> Result<String> {
        let on = Databases { database_url: database.to_owned(), redis_url: "fakeredis://".into() };
        run(&mut server::command(&self.product, &self.environment(0, on), &self.home, arguments))
    }

    /// That of the product on `port`, with this run's secrets.
    pub(super) fn environment(&self, port: u16, on: Databases) -> Environment {
        let mut environment = server::environment(port, on);
        let [secret_key, invites_secret] = self.secrets.clone();
        environment.extend([("SECRET_KEY", secret_key), ("INVITES_SECRET", invites_secret)]);
        // Of 32 bulk requests most wait for one of ten connections, longer than anybody should have to.
        environment.push(("DB_ACQUIRE_TIMEOUT_MS", "20000".into()));
        environment
    }

    /// Where something of that name is kept.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// One run, which is not counted: caches and pools are filled, statements prepared.
    pub(super) fn warm(&self, load: &mut Load) -> Result<Counted> {
        load.run(&self.wrk, 1)
    }

    /// The seconds that a load is measured in all.
    pub(super) fn seconds(&self) -> f64 {
        (u64::from(self.effort.rounds) * self.effort.seconds) as f64
    }

    /// Measures both in turn; the median of each.
    pub(super) fn in_turn(
        &self,
        (one, other): (&mut Load, &mut Load),
        figure: impl Fn(&Counted) -> f64,
    ) -> Result<(f64, f64)> {
        let (mut ones, mut others) = (Vec::new(), Vec::new());
        for _ in 0..self.effort.rounds {
            ones.push(figure(&one.run(&self.wrk, self.effort.seconds)?));
            others.push(figure(&other.run(&self.wrk, self.effort.seconds)?));
        }
        Ok((median(ones), median(others)))
    }
}

/// The one in the middle, which an odd round does not move.
pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The floor takes the path of a SQLite file.
pub(super) fn as_floor_names(database: &str) -> &str {
    database.strip_prefix("sqlite:///").unwrap_or(database)
}

/// Sixty-four random digits.
fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system has no randomness to give")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn run(command: &mut Command) -> Result<String> {
    let name = Path::new(command.get_program()).display().to_string();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} failed: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
