//! The command line: one file a command. Exit status 0, 1 (it failed) or 2 (it was called wrongly); every error is one
//! sentence that says what to do.

mod config;
mod demo;
mod healthcheck;
mod member;
mod migrate;
mod org;
mod serve;

use crate::{
    app::{self, App, StartError},
    clock::Clock,
    config::{Config, ConfigError},
    db::{DatabaseUrl, migrations::MigrationError},
    error::Error,
    openapi,
    random::Random,
};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use std::{cell::RefCell, collections::HashMap, env::VarError, io::Write, process::ExitCode};

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
    Demo(serve::Serve),
    /// Change the database's schema, or see where it stands.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Manage organisations.
    #[command(subcommand)]
    Org(org::Org),
    /// Manage who may sign in to an organisation.
    #[command(subcommand)]
    Member(member::Member),
    /// Ask a running server whether it can serve; for containers.
    Healthcheck,
    /// Print the settings in effect, with secrets masked.
    Config {
        #[command(flatten)]
        listed: Listed,
    },
    /// Print the OpenAPI document of the API.
    Openapi,
}

/// What a command can fail with.
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

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        let cause = error.cause().map(|cause| format!(" ({cause})")).unwrap_or_default();
        Self::Refused(format!("{error}{cause}"))
    }
}

/// Parses the arguments and runs the command.
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
    if let Some(Command::Openapi) = command {
        // It depends on no setting.
        print(&openapi::text(&app::routes().1));
        return Ok(());
    }
    let config = load_config()?;
    match command.unwrap_or_else(|| Command::Serve(serve::Serve::default())) {
        Command::Serve(serve) => serve.run(config).await,
        Command::Demo(serve) => demo::run(serve, config).await,
        Command::Migrate(migrate) => migrate.run(config).await,
        Command::Org(org) => org.run(config).await,
        Command::Member(member) => member.run(config).await,
        Command::Healthcheck => healthcheck::run(&config).await,
        Command::Config { listed } => config::run(&config, &listed),
        Command::Openapi => Ok(()),
    }
}

/// A `.env` file is a developer's convenience: its names count only where the environment has none, and only in
/// ENV=dev.
fn load_config() -> Result<Config, CliError> {
    let dev = std::env::var("ENV").map_or(true, |env| env.eq_ignore_ascii_case("dev") || env.is_empty());
    let file = if dev { read_env_file()? } else { HashMap::new() };
    let not_text = RefCell::new(Vec::new());
    let config = Config::from_lookup(&|name| match std::env::var(name) {
        Ok(value) => Some(value),
        Err(VarError::NotPresent) => file.get(name).cloned(),
        Err(VarError::NotUnicode(_)) => {
            let mut named = not_text.borrow_mut();
            if !named.iter().any(|known| known == name) {
                named.push(name.to_owned());
            }
            None
        }
    });
    match not_text.into_inner().as_slice() {
        [] => Ok(config?),
        names => Err(CliError::Refused(format!("{} must be UTF-8", names.join(", ")))),
    }
}

fn read_env_file() -> Result<HashMap<String, String>, CliError> {
    let wrong =
        |error| CliError::Refused(format!("the file .env cannot be read: {error}; correct or remove it"));
    match dotenvy::dotenv_iter() {
        Ok(lines) => lines.collect::<Result<_, _>>().map_err(wrong),
        Err(error) if error.not_found() => Ok(HashMap::new()),
        Err(error) => Err(wrong(error)),
    }
}

/// For commands that look at a database or change what is in it: to create it would hide that another one was meant.
fn must_exist(config: &Config) -> Result<(), CliError> {
    match &config.database_url {
        DatabaseUrl::Sqlite(file) if matches!(file.try_exists(), Ok(false)) => {
            let missing = format!("there is no database file {}; check DATABASE_URL", file.display());
            Err(CliError::Refused(missing))
        }
        _ => Ok(()),
    }
}

/// The program's state, for a command that needs the database.
async fn start(config: Config) -> Result<App, CliError> {
    Ok(App::start(config, Clock::system(), random()?).await?)
}

fn random() -> Result<Random, CliError> {
    Random::system()
        .map_err(|error| CliError::Refused(format!("the system has no randomness to give: {error}")))
}

/// How a list is printed.
#[derive(Debug, Args)]
struct Listed {
    /// As JSON, as the API has it, instead of a table.
    #[arg(long)]
    json: bool,
}

impl Listed {
    /// Prints the items, each in a line of its own unless JSON is wanted.
    fn print<T: Serialize>(&self, items: &[T], line: impl Fn(&T) -> String) -> Result<(), CliError> {
        if self.json {
            let text = serde_json::to_string_pretty(items).map_err(Error::internal)?;
            say(&text);
        } else {
            items.iter().for_each(|item| say(&line(item)));
        }
        Ok(())
    }
}

/// Prints a line; a closed pipe ends the command quietly, as other tools do.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The same without a line's end of its own.
fn print(text: &str) {
    let _ = write!(std::io::stdout(), "{text}");
}

fn fail(message: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "coulisses: {message}");
    ExitCode::FAILURE
}
