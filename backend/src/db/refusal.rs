//! Explains why a database cannot be opened, and what to do about it.

use super::DatabaseUrl;
use sea_orm::sqlx::{Error, error::DatabaseError};
use std::{io, path::Path};

pub(super) fn told(url: &DatabaseUrl, error: &Error) -> String {
    match (url, error) {
        (DatabaseUrl::Sqlite(path), Error::Database(error)) => sqlite(path, &**error),
        (DatabaseUrl::Postgres(_), Error::Database(error)) => postgres(&**error),
        (DatabaseUrl::Postgres(_), Error::Io(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            "the connection was refused, because nothing listens there: start the server, or check host and port in DATABASE_URL"
                .into()
        }
        (DatabaseUrl::Postgres(_), Error::PoolTimedOut) => {
            "it did not answer in time; check host and port in DATABASE_URL, or raise DB_ACQUIRE_TIMEOUT_MS".into()
        }
        (DatabaseUrl::Postgres(_), Error::Configuration(error)) => {
            format!("DATABASE_URL cannot be used: {error}")
        }
        (DatabaseUrl::Postgres(_), Error::Io(error)) if error.to_string().contains("lookup") => {
            "there is no host of that name, or no way to ask for it; check the host in DATABASE_URL".into()
        }
        _ => format!("{error}; check DATABASE_URL and that the server runs"),
    }
}

/// By the lower byte of SQLite's result codes (<https://www.sqlite.org/rescode.html>).
fn sqlite(path: &Path, error: &dyn DatabaseError) -> String {
    let code = error.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff);
    match (code, path.metadata()) {
        (Some(14), Ok(found)) if found.is_dir() => "it is a folder: name a file in it in DATABASE_URL".into(),
        (Some(14), Ok(_)) => "the program's user may not open it: let them read and write the file and its folder".into(),
        (Some(14), Err(failed)) if failed.kind() == io::ErrorKind::PermissionDenied => {
            "the program's user may not look into its folder: let them read and write it".into()
        }
        (Some(14), Err(_)) => {
            "it cannot be created there: let the program's user write its folder, or name another file in DATABASE_URL".into()
        }
        (Some(8), _) => "it may only be read: let the program's user write the file and its folder".into(),
        (Some(13), _) => "its disk is full: make room, or name a file on another disk in DATABASE_URL".into(),
        (Some(26), _) => "it is not a SQLite database: check DATABASE_URL".into(),
        (Some(11), _) => "it is damaged: put back a copy that was made whole, with its -wal file if it has one".into(),
        _ => format!("{error}; check DATABASE_URL"),
    }
}

/// By SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn postgres(error: &dyn DatabaseError) -> String {
    let what = match error.code().as_deref() {
        Some("28P01" | "28000") => "check user and password in DATABASE_URL",
        Some("3D000") => "create that database, or correct its name in DATABASE_URL",
        Some("53300") => "it has no connection left: raise its max_connections, or lower DB_MAX_CONNECTIONS",
        _ => "check DATABASE_URL and the server's log",
    };
    format!("{error}; {what}")
}
