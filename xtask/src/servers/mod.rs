//! Throw-away database servers for one run of the tests.
//!
//! [`Servers::start`] installs what is missing, starts PostgreSQL, Redis and ChromeDriver on free ports in a
//! temporary directory, and leaves their end to [`Cleanup`]. Prometheus, the mail server and nginx are started by their tests.

mod chromium;
mod install;
mod postgres;
mod programs;
mod prometheus;
mod readers;
mod redis;

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

pub(crate) use self::postgres::{Durability, Held, Postgres, is_root};
pub(crate) use self::programs::{Version, on_path, version_of};
use self::readers::Readers;
pub(crate) use self::redis::Redis;
use crate::{cargo, cleanup::Cleanup, node::Node, python};

/// The variables that tell the tests of each.
const VARIABLES: [&str; 11] = [
    "TEST_POSTGRES_URL",
    "TEST_POSTGRES_PROGRAMS",
    "TEST_REDIS_URL",
    "TEST_PROMETHEUS",
    "TEST_SMTP",
    "TEST_CHROMEDRIVER_URL",
    "TEST_AXE",
    "TEST_NGINX",
    "TEST_NODE",
    "TEST_ICALENDAR",
    "TEST_ICAL_JS",
];

/// What `backend/tests/smtp_server.py` imports.
const SMTP_REQUIREMENTS: &str = include_str!("../../smtp/requirements.txt");

/// Starts ChromeDriver alone; its URL.
pub(crate) fn browser_driver(directory: &Path, cleanup: &Cleanup) -> Result<String> {
    chromium::start(&install::ensure_browsing()?.chromium, directory, cleanup)
}

/// Three running servers, and the programs of others.
pub(crate) struct Servers {
    pub(crate) postgres_url: String,
    pub(crate) postgres_version: String,
    pub(crate) redis_url: String,
    pub(crate) redis_version: String,
    psql: PathBuf,
    prometheus: PathBuf,
    prometheus_version: String,
    /// The Python that runs the mail server.
    smtp: PathBuf,
    chromedriver_url: String,
    chromedriver_version: String,
    /// The script that looks for what keeps people from using a page.
    axe: PathBuf,
    nginx: PathBuf,
    node: Node,
    readers: Readers,
}

impl Servers {
    pub(crate) fn start(cleanup: &Cleanup) -> Result<Self> {
        let programs = install::ensure()?;
        let smtp = smtp_python()?;
        let browsing = install::ensure_browsing()?;
        let scripts = cargo::target_directory()?.join("browser");
        let node = Node::find()?;
        node.modules(&scripts, &cargo::workspace_root().join("xtask").join("browser"), cleanup)?;
        let readers = Readers::install(&node, cleanup)?;
        let directory = temporary_directory(cleanup)?;
        let postgres_url = Postgres::start(&programs.postgres, Durability::None, &directory, cleanup)?.url;
        let redis_url = Redis::start(&programs.redis, &directory, cleanup)?.url;
        let chromedriver_url = chromium::start(&browsing.chromium, &directory, cleanup)?;
        Ok(Self {
            postgres_url,
            postgres_version: programs.postgres.version.to_string(),
            redis_url,
            redis_version: programs.redis.version.to_string(),
            psql: programs.postgres.directory.join("psql"),
            prometheus: programs.prometheus.program,
            prometheus_version: programs.prometheus.version.to_string(),
            smtp,
            chromedriver_url,
            chromedriver_version: browsing.chromium.version.to_string(),
            axe: scripts.join("node_modules").join("axe-core").join("axe.min.js"),
            nginx: browsing.nginx,
            node,
            readers,
        })
    }

    /// Makes another, empty database and returns its URL; the name is one of ours, of letters, digits and underscores.
    pub(crate) fn new_database(&self, name: &str) -> Result<String> {
        let mut psql = Command::new(&self.psql);
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--command",
            &format!("CREATE DATABASE {name}"),
            &self.postgres_url,
        ]);
        let output = psql.stdin(Stdio::null()).output().context("cannot run psql")?;
        ensure!(output.status.success(), "no new database: {}", String::from_utf8_lossy(&output.stderr));
        let server = self.postgres_url.rsplit_once('/').map(|(server, _)| server);
        Ok(format!("{}/{name}", server.context("the server's URL names no database")?))
    }

    /// Tells the tests where they are.
    pub(crate) fn tell(&self, tests: &mut Command) {
        let values = [
            self.postgres_url.as_ref(),
            self.psql.parent().unwrap_or(&self.psql).as_os_str(),
            self.redis_url.as_ref(),
            self.prometheus.as_os_str(),
            self.smtp.as_os_str(),
            self.chromedriver_url.as_ref(),
            self.axe.as_os_str(),
            self.nginx.as_os_str(),
            self.node.program().as_os_str(),
            self.readers.python.as_os_str(),
            self.readers.ical_js.as_os_str(),
        ];
        tests.envs(VARIABLES.into_iter().zip(values));
    }

    /// Keeps from the tests what the caller's environment says.
    pub(crate) fn tell_of_none(tests: &mut Command) {
        for name in VARIABLES {
            tests.env_remove(name);
        }
    }

    /// Which they are.
    pub(crate) fn versions(&self) -> String {
        let Self { postgres_version, redis_version, prometheus_version, chromedriver_version, .. } = self;
        format!(
            "PostgreSQL {postgres_version}, Redis {redis_version} and ChromeDriver {chromedriver_version} started; \
             Prometheus {prometheus_version} found"
        )
    }
}

/// The Python that runs `backend/tests/smtp_server.py`.
pub(crate) fn smtp_python() -> Result<PathBuf> {
    let directory = cargo::target_directory()?.join("smtp");
    Ok(python::programs(&directory, "aiosmtpd", SMTP_REQUIREMENTS)?.join("python"))
}

/// What a script of `xtask/smtp` prints about a directory.
pub(crate) fn smtp_script(name: &str, directory: &Path) -> Result<String> {
    let script = cargo::workspace_root().join("xtask/smtp").join(name);
    let output = Command::new(smtp_python()?).arg(script).arg(directory).stdin(Stdio::null()).output()?;
    ensure!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// Only a PostgreSQL, for what happens to it.
pub(crate) fn start_postgres(durability: Durability, cleanup: &Cleanup) -> Result<Postgres> {
    let programs = install::ensure()?;
    Postgres::start(&programs.postgres, durability, &temporary_directory(cleanup)?, cleanup)
}

/// Only a Redis.
pub(crate) fn start_redis(cleanup: &Cleanup) -> Result<Redis> {
    let programs = install::ensure()?;
    Redis::start(&programs.redis, &temporary_directory(cleanup)?, cleanup)
}

/// The nginx of this system, installed when it is missing.
pub(crate) fn ensure_nginx() -> Result<PathBuf> {
    Ok(install::ensure_browsing()?.nginx)
}

pub(crate) fn temporary_directory(cleanup: &Cleanup) -> Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("coulisses-test-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The account PostgreSQL runs as must be able to pass through it.
        builder.permissions(fs::Permissions::from_mode(0o755));
    }
    cleanup.start(|actions| {
        let directory = builder.tempdir().context("cannot create a temporary directory")?;
        let path = directory.path().to_path_buf();
        actions.push(Box::new(move || {
            let path = directory.path().to_path_buf();
            if let Err(error) = directory.close() {
                eprintln!("warning: {} could not be deleted: {error}", path.display());
            }
        }));
        Ok(path)
    })
}

/// A port nobody listens on now.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// Keeps Ctrl-C on the terminal from reaching the server: [`Cleanup`] ends it in good order.
pub(crate) fn detach(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// The last lines of a server's log, for an error message.
pub(crate) fn tail(log: &Path) -> String {
    const LINES: usize = 20;
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
