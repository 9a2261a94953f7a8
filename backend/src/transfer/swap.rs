//! Putting another file in the place of a SQLite database. Whoever has the database open would go on writing into a file that
//! nobody finds any more, and its `-wal` would be replayed into the new one: so nobody may, and no `-wal` may be left.

use super::{TransferError, draft, scope};
use crate::db::{DatabaseUrl, migrations};
use sea_orm::sqlx::{
    AssertSqlSafe, Connection, Executor, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

/// The place of a database that is going to be replaced, or made. Nobody else uses or migrates it meanwhile.
pub(super) struct Place {
    path: PathBuf,
    /// What is there now, open for us alone.
    old: Option<SqliteConnection>,
    _lock: File,
}

impl Place {
    /// Waits for a process that migrates, and refuses if any has the database open.
    pub async fn claim(path: &Path, waits: impl FnOnce()) -> Result<Self, TransferError> {
        let path = real(path)?;
        let lock = migrations::lock_file_of(&path, waits).await?;
        let old = if fs::exists(&path).map_err(TransferError::file("read", &path))? {
            Some(alone(&path).await?)
        } else {
            no_remains(&path)?;
            None
        };
        Ok(Self { path, old, _lock: lock })
    }

    /// Whether what is there has rows of any table.
    pub async fn has_rows(&mut self) -> Result<bool, TransferError> {
        let Some(old) = &mut self.old else { return Ok(false) };
        let tables = texts(
            old,
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'",
        )
        .await?;
        for table in tables.iter().filter(|table| !scope::stays_behind(table)) {
            let any = format!("SELECT 1 FROM \"{}\" LIMIT 1", table.replace('"', "\"\""));
            let any =
                sea_orm::sqlx::query(AssertSqlSafe(any)).fetch_optional(&mut *old).await.map_err(wrapped)?;
            if any.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A new file beside it, for its owner only, of which nothing is left from before. SQLite makes an empty file a database.
    pub fn new_file(&self) -> Result<PathBuf, TransferError> {
        let new = draft::beside(&self.path, "new");
        for ending in ["", "-wal", "-shm", "-journal"] {
            match fs::remove_file(with_ending(&new, ending)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(TransferError::file("remove", &new)(error));
                }
                _ => {}
            }
        }
        let file = draft::private(File::options().write(true).create_new(true)).open(&new);
        file.map_err(TransferError::file("write", &new))?;
        Ok(new)
    }

    /// Puts the new file there, which is closed; its size.
    pub async fn replace(mut self, new: &Path) -> Result<u64, TransferError> {
        no_remains(new)?;
        let file = File::options().write(true).open(new).map_err(TransferError::file("open", new))?;
        if self.old.is_some() {
            like_the_old(&self.path, &file, new)?;
        }
        let size = draft::put(&file, new, &self.path)?;
        if let Some(old) = self.old.take() {
            // What it had locked has no name any more.
            old.close().await.map_err(wrapped)?;
        }
        Ok(size)
    }
}

/// Opens a database for nobody else. Leaving WAL succeeds only for the last that has it open, writes what is in the `-wal`
/// into the database, and removes it.
async fn alone(path: &Path) -> Result<SqliteConnection, TransferError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_millis(500))
        .journal_mode(SqliteJournalMode::Delete);
    let open = |source| {
        let url = DatabaseUrl::Sqlite(path.to_owned());
        TransferError::from(crate::db::ConnectError::Open { url, source })
    };
    let alone = async {
        let mut connection = SqliteConnection::connect_with(&options).await?;
        connection.execute("BEGIN EXCLUSIVE").await?;
        Ok(connection)
    };
    match alone.await {
        Err(error) if is_busy(&error) => Err(TransferError::Refused(format!(
            "another program has the database {} open: stop the server that uses it, then try again",
            path.display()
        ))),
        opened => opened.map_err(open),
    }
}

fn is_busy(error: &sea_orm::sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// SQLite would replay a `-wal` into whatever database stands beside it.
fn no_remains(path: &Path) -> Result<(), TransferError> {
    for ending in ["-wal", "-journal"] {
        let remains = with_ending(path, ending);
        if fs::exists(&remains).map_err(TransferError::file("read", &remains))? {
            return Err(TransferError::Refused(format!(
                "{} belongs to a database that is not there: move it away first",
                remains.display()
            )));
        }
    }
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// With links resolved, as SQLite does: the file is replaced, not the link to it.
fn real(path: &Path) -> Result<PathBuf, TransferError> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder =
                path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let folder = fs::canonicalize(folder).map_err(TransferError::file("find the folder", folder))?;
            let name = path.file_name().ok_or_else(|| {
                TransferError::Refused(format!("{} names no file; correct DATABASE_URL", path.display()))
            })?;
            Ok(folder.join(name))
        }
        found => found.map_err(TransferError::file("find", path)),
    }
}

/// Whoever could use the old file must be able to use the new one: root may put back what a service's user works with.
#[cfg(unix)]
fn like_the_old(old: &Path, file: &File, new: &Path) -> Result<(), TransferError> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let was = fs::metadata(old).map_err(TransferError::file("read", old))?;
    let is = file.metadata().map_err(TransferError::file("read", new))?;
    file.set_permissions(was.permissions()).map_err(TransferError::file("change the mode of", new))?;
    if (was.uid(), was.gid()) != (is.uid(), is.gid()) {
        fchown(file, Some(was.uid()), Some(was.gid())).map_err(|error| {
            TransferError::Refused(format!(
                "the owner of {} could not be given the new file ({error}): run this as that user",
                old.display()
            ))
        })?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn like_the_old(_: &Path, _: &File, _: &Path) -> Result<(), TransferError> {
    Ok(())
}

fn wrapped(error: sea_orm::sqlx::Error) -> TransferError {
    TransferError::Refused(format!("SQLite refused: {error}"))
}

/// What a pragma or a query of one value returns.
pub(super) async fn texts(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> Result<Vec<String>, TransferError> {
    let rows = sea_orm::sqlx::query(sql).fetch_all(connection).await.map_err(wrapped)?;
    rows.iter().map(|row| row.try_get::<String, _>(0)).collect::<Result<_, _>>().map_err(wrapped)
}
