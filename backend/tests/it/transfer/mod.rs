//! What is stored moves between databases and comes back as it was; what is not whole goes nowhere.

mod contents;
mod copies;
mod deletion;
#[cfg(unix)]
mod kills;
mod orgs;
#[cfg(unix)]
mod recipe;
mod refusals;
mod round_trip;

use crate::{
    cli::{Cli, Serving},
    support::{Kind, Test},
};
use serde_json::Value as Json;
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The demonstration's season in a SQLite file that nobody uses, and its export.
struct Season {
    cli: Cli,
    file: PathBuf,
    export: PathBuf,
    checksum: String,
}

impl Season {
    /// Made once for all tests.
    fn get() -> &'static Self {
        static SEASON: OnceLock<Season> = OnceLock::new();
        SEASON.get_or_init(|| {
            let cli = Cli::new(&[("DATABASE_URL", "sqlite:///./season.db")]);
            let serving = Serving::start(&cli, &["demo"]);
            assert_eq!(serving.terminate().0, Some(0));
            let (export, checksum) = export(&cli, "season.jsonl");
            let file = cli.folder().join("season.db");
            Self { cli, file, export, checksum }
        })
    }

    /// In a new database.
    async fn imported(kind: Kind) -> Cli {
        let cli = Cli::with_database(kind).await;
        cli.run(&["import", "--in", path(&Self::get().export)]).ok();
        cli
    }
}

/// A database with an org that nobody needs.
async fn filled(kind: Kind) -> Cli {
    let cli = Cli::with_database(kind).await;
    cli.run(&["migrate", "up"]).ok();
    cli.run(&["org", "create", "--name", "Rideau", "--owner-email", "o@rideau.example"]).ok();
    cli
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a name of ASCII")
}

/// Exports everything to a file in the folder of the program; its checksum.
fn export(cli: &Cli, name: &str) -> (PathBuf, String) {
    let file = cli.folder().join(name);
    let run = cli.run(&["export", "--force", "--out", path(&file)]);
    let lines = run.ok();
    (file, lines[1].strip_prefix("checksum ").expect("a checksum").to_owned())
}

/// What is in a database, by its checksum.
fn checksum(cli: &Cli) -> String {
    export(cli, "checked.jsonl").1
}

/// The program over the database of a test.
fn cli_of(test: &Test) -> Cli {
    Cli::new(&[("DATABASE_URL", &test.app.config.database_url.to_string())])
}

fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).expect("an export").lines().map(str::to_owned).collect()
}

fn write(file: &Path, lines: &[String]) {
    std::fs::write(file, lines.join("\n") + "\n").expect("a file");
}

/// The rows of a table in an export, as objects.
fn rows(file: &Path, table: &str) -> Vec<Json> {
    let lines = lines(file);
    let header: Json = serde_json::from_str(&lines[0]).expect("a header");
    let tables = header["tables"].as_array().expect("tables");
    let columns = tables.iter().find(|layout| layout["name"] == table).expect(table)["columns"].clone();
    let columns: Vec<_> = columns
        .as_array()
        .expect("columns")
        .iter()
        .map(|column| column[0].as_str().expect("a name").to_owned())
        .collect();
    let row = |line: &String| {
        let row: Json = serde_json::from_str(line).ok()?;
        let values = (row[0] == table).then(|| row[1].as_array().cloned())??;
        Some(columns.iter().cloned().zip(values).collect::<serde_json::Map<_, _>>().into())
    };
    lines.iter().filter_map(row).collect()
}
