//! Copies of a SQLite database, made while it is in use, and put back.

use super::{
    TransferError,
    draft::Draft,
    swap::{Place, texts},
};
use crate::{
    clock::Clock,
    db::{Database, DatabaseUrl, List, Pool, migrations, renew_versions},
    random::Random,
};
use sea_orm::sqlx::{self, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use sea_orm_migration::SchemaManager;
use std::{path::Path, time::Duration};

/// A copy that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub bytes: u64,
    /// The last step of its schema.
    pub step: String,
}

/// Copies the database as it is at one instant to `out`, and checks the copy. Readers and writers go on meanwhile.
///
/// # Errors
/// When the database is none of ours or damaged, or `out` is there already (unless `replace`) or cannot be written.
pub async fn backup(database: &Path, out: &Path, replace: bool) -> Result<Copied, TransferError> {
    let mut source = open(&writable(database)).await.map_err(refused("open", database))?;
    step(&mut source, database).await?;
    // SQLite writes into an empty file, which is for its owner only from the beginning.
    let draft = Draft::create(out, replace, &DatabaseUrl::Sqlite(database.to_owned()))?;
    copy(&mut source, draft.beside()).await.map_err(refused("copy", database))?;
    source.close().await.map_err(refused("close", database))?;
    let step = check(draft.beside()).await?;
    Ok(Copied { bytes: draft.complete()?, step })
}

/// Puts a copy in the place of the database, with its schema as it is: `serve` migrates it. Cached lists of another history
/// are not found under it.
///
/// # Errors
/// When the copy is damaged, none of ours or newer than this program; when there is a database already (unless `replace`) or
/// another program has it open. The database is as before then.
pub async fn restore(
    from: &Path,
    database: &Path,
    replace: bool,
    random: Random,
    waits: impl FnOnce(),
) -> Result<Copied, TransferError> {
    if !replace && std::fs::exists(database).map_err(TransferError::file("read", database))? {
        return Err(TransferError::Refused(format!(
            "there is a database {} already: name another file in DATABASE_URL, or add --replace to lose what it has for good",
            database.display()
        )));
    }
    let step = check(from).await?;
    let place = Place::claim(database, waits).await?;
    let new = place.new_file()?;
    let mut source = open(&readable(from)).await.map_err(refused("open", from))?;
    copy(&mut source, &new).await.map_err(refused("copy", from))?;
    source.close().await.map_err(refused("close", from))?;
    renew(&new, random).await?;
    Ok(Copied { bytes: place.replace(&new).await?, step })
}

async fn renew(new: &Path, random: Random) -> Result<(), TransferError> {
    let limits =
        Pool { max_connections: 1, acquire_timeout: Duration::from_secs(10), statement_timeout: None };
    let url = DatabaseUrl::Sqlite(new.to_owned());
    let db = Database::connect(&url, limits, Clock::system(), random.clone()).await?;
    let schema = SchemaManager::new(db.connection());
    let mut lists = Vec::new();
    for list in List::ALL {
        // A copy from before its step has none.
        if schema.has_table("list_versions").await? && schema.has_column("list_versions", list.word()).await?
        {
            lists.push(list);
        }
    }
    if !lists.is_empty() {
        renew_versions(&db, &random, None, &lists).await?;
    }
    Ok(db.close().await?)
}

fn writable(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(5))
}

/// Without a `-wal` nobody writes to it, and it may lie where nothing can be written.
fn readable(path: &Path) -> SqliteConnectOptions {
    let mut wal = path.as_os_str().to_owned();
    wal.push("-wal");
    let is_used = std::fs::exists(wal).unwrap_or(true);
    writable(path).read_only(true).immutable(!is_used)
}

async fn open(options: &SqliteConnectOptions) -> Result<SqliteConnection, sqlx::Error> {
    SqliteConnection::connect_with(options).await
}

/// `VACUUM INTO` reads one snapshot; writers go on.
async fn copy(source: &mut SqliteConnection, to: &Path) -> Result<(), sqlx::Error> {
    let to = to.to_str().ok_or_else(|| {
        sqlx::Error::Io(std::io::Error::other("the name of the new file is not UTF-8; choose another"))
    })?;
    sqlx::query("VACUUM INTO ?1").bind(to).execute(source).await.map(|_| ())
}

/// The last step of a copy that is whole and ours.
async fn check(path: &Path) -> Result<String, TransferError> {
    if !std::fs::exists(path).map_err(TransferError::file("read", path))? {
        return Err(TransferError::Refused(format!("there is no file {}", path.display())));
    }
    let mut copy = open(&readable(path)).await.map_err(refused("open", path))?;
    let step = step(&mut copy, path).await?;
    let found = match texts(&mut copy, "PRAGMA integrity_check(3)").await {
        Ok(found) => found.join("; ").replace('\n', "; "),
        Err(error) => error.to_string(),
    };
    if found != "ok" {
        let damaged = format!("{} is damaged, so nothing was done with it: {found}", path.display());
        return Err(TransferError::Refused(damaged));
    }
    copy.close().await.map_err(refused("close", path))?;
    Ok(step)
}

/// The last step of a database that is ours and not newer than this program.
async fn step(database: &mut SqliteConnection, path: &Path) -> Result<String, TransferError> {
    let has_steps =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('seaql_migrations', 'orgs')";
    let refused = |what: String| TransferError::Refused(format!("{} {what}", path.display()));
    if texts(database, has_steps).await.map_err(|error| refused(format!("cannot be read ({error})")))?.len()
        < 2
    {
        return Err(refused("is no database of coulisses".into()));
    }
    let steps = texts(database, "SELECT version FROM seaql_migrations ORDER BY version").await;
    let steps = steps.map_err(|error| refused(format!("cannot be read ({error})")))?;
    if let Some(step) = migrations::unknown(&steps).last() {
        return Err(refused(format!(
            "was made by a newer coulisses (it has the step {step}, and this program is {}): upgrade this program first",
            env!("CARGO_PKG_VERSION")
        )));
    }
    steps.last().cloned().ok_or_else(|| refused("is no database of coulisses".into()))
}

fn refused(verb: &'static str, path: &Path) -> impl FnOnce(sqlx::Error) -> TransferError {
    let path = path.to_owned();
    move |error| TransferError::Refused(format!("cannot {verb} the database {}: {error}", path.display()))
}
