//! The command line: one file per command. The exit status is 0, 1 (failed) or 2 (wrong arguments); every error is one
//! sentence that says what to do.

mod backup;
mod config;
mod demo;
mod export;
mod healthcheck;
mod import;
mod jobs;
mod member;
mod migrate;
mod org;
mod progress;
mod restore;
mod serve;
mod user;

use crate::{
    app::{self, StartError},
    clock::Clock,
    config::{Config, ConfigError},
    db::{DatabaseUrl, migrations::MigrationError},
    error::Error,
    openapi,
    random::Random,
    state::App,
    transfer::TransferError,
};
use clap::{Args, CommandFactory, Parser, Subcommand};
use serde::Serialize;
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    env::VarError,
    io::{ErrorKind, Write},
    process::ExitCode,
};

/// Plans the crews of live shows.
#[derive(Debug, Parser)]
#[command(name = "coulisses", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and its pages (the default).
    Serve(serve::Serve),
    /// Fill an empty database with a season to look at, then serve.
    Demo(demo::Demo),
    /// Change the database's schema, or see where it stands.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Manage organisations.
    #[command(subcommand)]
    Org(org::Org),
    /// Manage who may sign in to an organisation.
    #[command(subcommand)]
    Member(member::Member),
    /// Give people a copy of what is known about them, or forget who they were.
    #[command(subcommand)]
    User(user::User),
    /// See what was to be done later and is not, and try it again.
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    /// Copy a SQLite database to a file while it is in use.
    Backup(backup::Backup),
    /// Put such a copy in the place of the database.
    Restore(restore::Restore),
    /// Write what is stored as JSON lines, which go into SQLite and PostgreSQL.
    Export(export::Export),
    /// Read such an export into a database, all of it or nothing.
    Import(import::Import),
    /// Ask a running server whether it can serve; for containers.
    Healthcheck,
    /// Print the settings in effect, with secrets masked.
    Config {
        #[command(flatten)]
        listed: Listed,
    },
    /// Print the OpenAPI document of the API.
    Openapi {
        /// Leave out what is deprecated, for generators of clients.
        #[arg(long)]
        without_deprecated: bool,
    },
}

#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Start(Box<StartError>),
    #[error("{0}")]
    Refused(String),
    #[error("the database refused: {0}")]
    Database(#[from] sea_orm::DbErr),
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
}

impl From<StartError> for CliError {
    fn from(error: StartError) -> Self {
        Self::Start(Box::new(error))
    }
}

impl From<TransferError> for CliError {
    fn from(error: TransferError) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let cause = error.cause().map(|cause| format!(" ({cause})")).unwrap_or_default();
        Self::Refused(format!("{error}{cause}"))
    }
}

/// The whole command line, for manual pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    match runtime.block_on(execute(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

async fn execute(command: Option<Command>) -> Result<(), CliError> {
    if let Some(Command::Openapi { without_deprecated }) = command {
        // Before the settings are read: it needs none, and works with invalid ones.
        let document = app::document();
        let document = if without_deprecated { openapi::without_deprecated(document) } else { document };
        print(&openapi::text(&document));
        return Ok(());
    }
    let given = Variables::read()?;
    let settings = match &command {
        Some(Command::Demo(demo)) if demo.open_to_network => {
            demo::open::settings(&|name| given.variable(name), &random()?)?
        }
        _ => HashMap::new(),
    };
    let config = given.config(&settings)?;
    if command.as_ref().is_some_and(Command::uses_the_database) && config.database_is_default {
        // If DATABASE_URL was forgotten in this terminal, the command would change another database than meant.
        config.doubts().first().into_iter().for_each(|doubt| warn(doubt));
    }
    match command.unwrap_or_else(|| Command::Serve(serve::Serve::default())) {
        Command::Serve(serve) => serve.run(config).await,
        Command::Demo(demo) => demo.run(config, &settings).await,
        Command::Migrate(migrate) => migrate.run(config).await,
        Command::Org(org) => org.run(config).await,
        Command::Member(member) => member.run(config).await,
        Command::User(user) => user.run(config).await,
        Command::Jobs(jobs) => jobs.run(config).await,
        Command::Backup(backup) => backup.run(&config).await,
        Command::Restore(restore) => restore.run(&config).await,
        Command::Export(export) => export.run(&config).await,
        Command::Import(import) => import.run(&config).await,
        Command::Healthcheck => healthcheck::run(&config).await,
        Command::Config { listed } => config::run(&config, &listed),
        Command::Openapi { .. } => Ok(()),
    }
}

impl Command {
    /// Reads or changes it, and is no server.
    fn uses_the_database(&self) -> bool {
        match self {
            Self::Migrate(_) | Self::Org(_) | Self::Member(_) | Self::User(_) | Self::Jobs(_) => true,
            Self::Backup(_) | Self::Restore(_) | Self::Export(_) | Self::Import(_) => true,
            Self::Serve(_)
            | Self::Demo(_)
            | Self::Healthcheck
            | Self::Config { .. }
            | Self::Openapi { .. } => false,
        }
    }
}

/// The environment, and in ENV=dev also a `.env` file, for variables that the environment does not have.
struct Variables {
    file: HashMap<String, String>,
    /// Names of variables whose values are not UTF-8.
    not_text: RefCell<BTreeSet<String>>,
}

impl Variables {
    fn read() -> Result<Self, CliError> {
        let dev = std::env::var("ENV").map_or(true, |env| env.eq_ignore_ascii_case("dev") || env.is_empty());
        let file = if dev { read_env_file()? } else { HashMap::new() };
        Ok(Self { file, not_text: RefCell::default() })
    }

    fn variable(&self, name: &str) -> Option<String> {
        match std::env::var(name) {
            Ok(value) => Some(value),
            Err(VarError::NotPresent) => self.file.get(name).cloned(),
            Err(VarError::NotUnicode(_)) => {
                self.not_text.borrow_mut().insert(name.to_owned());
                None
            }
        }
    }

    /// `first` takes precedence over the variables.
    fn config(&self, first: &HashMap<String, String>) -> Result<Config, CliError> {
        let config = Config::from_lookup(&|name| first.get(name).cloned().or_else(|| self.variable(name)));
        let not_text = self.not_text.borrow();
        if not_text.is_empty() {
            return Ok(config?);
        }
        let names: Vec<_> = not_text.iter().map(String::as_str).collect();
        Err(CliError::Refused(format!("{} must be UTF-8", names.join(", "))))
    }
}

fn read_env_file() -> Result<HashMap<String, String>, CliError> {
    match dotenvy::dotenv_iter() {
        Ok(lines) => lines.collect::<Result<_, _>>().map_err(|error| unreadable(".env", &error)),
        Err(error) if error.not_found() => Ok(HashMap::new()),
        Err(error) => Err(unreadable(".env", &error)),
    }
}

/// Describes an error in a file of settings without quoting the line, which may contain a secret.
fn unreadable(file: &str, error: &dotenvy::Error) -> CliError {
    CliError::Refused(match error {
        dotenvy::Error::LineParse(line, _) => {
            let name = line.split('=').next().unwrap_or_default().trim_start_matches("export ").trim();
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let of =
                if is_name && line.contains('=') { format!("the line of {name}") } else { "a line".into() };
            format!(
                "{of} in the file {file} is not NAME=value; put a value with spaces, quotes or # between single quotes, and save the \
                    file as UTF-8 without a byte order mark"
            )
        }
        other => format!("the file {file} cannot be read: {other}; correct or remove it"),
    })
}

/// For commands that need an existing database: SQLite would create a missing file, and hide a wrong DATABASE_URL.
fn must_exist(config: &Config) -> Result<(), CliError> {
    match &config.database_url {
        DatabaseUrl::Sqlite(file) if matches!(file.try_exists(), Ok(false)) => {
            let missing = format!("there is no database file {}; check DATABASE_URL", file.display());
            Err(CliError::Refused(missing))
        }
        _ => Ok(()),
    }
}

/// Builds the state, for commands that need the database.
async fn start(config: Config) -> Result<App, CliError> {
    Ok(app::start(config, Clock::system(), random()?).await?)
}

fn random() -> Result<Random, CliError> {
    Random::system()
        .map_err(|error| CliError::Refused(format!("the system has no randomness to give: {error}")))
}

/// How a list is printed.
#[derive(Debug, Args)]
struct Listed {
    /// As a JSON array.
    #[arg(long)]
    json: bool,
}

impl Listed {
    /// Prints the items as JSON, or as one line each.
    fn print<T: Serialize>(&self, items: &[T], line: impl Fn(&T) -> String) -> Result<(), CliError> {
        let text = if self.json {
            serde_json::to_string_pretty(items).map_err(|error| Error::internal(error))? + "\n"
        } else {
            items.iter().map(|item| line(item) + "\n").collect()
        };
        print_all(&text, "the list")
    }
}

/// Prints a text of which a part must not look like all of it.
fn print_all(text: &str, what: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::Io { what: format!("{what} could not be printed"), source })
        }
        _ => Ok(()),
    }
}

/// Prints a line; errors, such as a closed pipe, are ignored.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The same without a line break.
fn print(text: &str) {
    let _ = write!(std::io::stdout(), "{text}");
}

fn warn(message: &str) {
    let _ = writeln!(std::io::stderr(), "coulisses: {message}");
}

fn fail(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "coulisses: {message}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without_help(command: &clap::Command, found: &mut Vec<String>) {
        if command.get_about().is_none() {
            found.push(command.get_name().to_owned());
        }
        let silent = command.get_arguments().filter(|argument| argument.get_help().is_none());
        found.extend(silent.map(|argument| format!("{} {}", command.get_name(), argument.get_id())));
        command.get_subcommands().for_each(|command| without_help(command, found));
    }

    #[test]
    fn every_command_and_argument_says_what_it_is() {
        let mut found = Vec::new();
        without_help(&command(), &mut found);
        assert!(found.is_empty(), "no help: {found:?}");
    }
}
