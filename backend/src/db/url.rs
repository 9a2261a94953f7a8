//! Database URLs, plain or in the SQLAlchemy style of the first backend.

use std::{fmt, path::PathBuf, str::FromStr};
use url::Url;

#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file on this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL server, with its credentials.
    Postgres(Url),
}

/// Why a URL cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DatabaseUrlError {
    /// In-memory SQLite: every connection of the pool would see its own empty database.
    #[error(
        "an in-memory SQLite database cannot be served; name a file, for example sqlite:///./backend/dev.db"
    )]
    Memory,
    #[error("must start with sqlite:/// or postgresql://")]
    Scheme,
    /// A PostgreSQL URL that does not parse.
    #[error(
        "is not a valid PostgreSQL URL; the form is postgresql://user:password@host:5432/database, with @ : / ? # and % of the password percent-encoded (%40 %3A %2F %3F %23 %25)"
    )]
    Form,
    /// It is unclear where the password ends.
    #[error(
        "has an @ too many or in the wrong place: write those of the password as %40, and : / ? # and % as %3A %2F %3F %23 %25"
    )]
    Ambiguous,
}

/// The default of the first backend, relative to the working directory.
impl Default for DatabaseUrl {
    fn default() -> Self {
        Self::Sqlite("./backend/dev.db".into())
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        let (scheme, rest) = text.split_once(':').ok_or(DatabaseUrlError::Scheme)?;
        // SQLAlchemy names the driver after a plus sign; only the database matters here.
        match scheme.split('+').next().unwrap_or(scheme) {
            "sqlite" => {
                // Three slashes before a relative path, four before an absolute one; sqlx's own form has two or none.
                let path = rest.strip_prefix("///").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
                let path = path.split('?').next().unwrap_or(path);
                // SQLite itself reads `file:` as a URI, which can name memory as well.
                if path.is_empty() || path == ":memory:" || path.starts_with("file:") {
                    Err(DatabaseUrlError::Memory)
                } else {
                    Ok(Self::Sqlite(path.into()))
                }
            }
            "postgres" | "postgresql" => {
                if hides_a_password(rest) {
                    return Err(DatabaseUrlError::Ambiguous);
                }
                let url = Url::parse(&format!("postgres:{rest}")).map_err(|_| DatabaseUrlError::Form)?;
                if url.has_host() { Ok(Self::Postgres(url)) } else { Err(DatabaseUrlError::Form) }
            }
            _ => Err(DatabaseUrlError::Scheme),
        }
    }
}

/// Whether a URL (after its scheme) may have part of a password outside its userinfo: with a second `@`, with one after the
/// first of `/ ? #`, which then was part of the password, or with a fragment, which servers do not have.
pub fn hides_a_password(rest: &str) -> bool {
    let rest = rest.trim_start_matches('/');
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let behind = &rest[authority.len()..];
    authority.matches('@').count() > 1 || behind.contains(['@', '#'])
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Without the password: safe to log.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:///{}", path.display()),
            Self::Postgres(url) => {
                let mut shown = url.clone();
                if url.password().is_some() && shown.set_password(Some("***")).is_err() {
                    return f.write_str("postgres://***");
                }
                // A password may also hide in the query (`?password=`).
                shown.set_query(None);
                shown.fmt(f)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_styles() {
        let sqlite = |path: &str| Ok(DatabaseUrl::Sqlite(path.into()));
        assert_eq!("sqlite:///./backend/dev.db".parse(), sqlite("./backend/dev.db"));
        assert_eq!("sqlite:////var/lib/x.db".parse(), sqlite("/var/lib/x.db"));
        assert_eq!("sqlite+pysqlite:///C:/x.db".parse(), sqlite("C:/x.db"));
        assert_eq!("sqlite:x.db?mode=rwc".parse(), sqlite("x.db"));
        for url in ["postgres://u:p@h/d", "postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"] {
            assert_eq!(url.parse::<DatabaseUrl>().unwrap().to_string(), "postgres://u:***@h/d");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for memory in [
            "sqlite::memory:",
            "sqlite://",
            "sqlite:///:memory:",
            "sqlite:///file::memory:",
            "sqlite:file:x?mode=memory",
        ] {
            assert_eq!(memory.parse::<DatabaseUrl>(), Err(DatabaseUrlError::Memory), "{memory}");
        }
        assert_eq!("mysql://h/d".parse::<DatabaseUrl>(), Err(DatabaseUrlError::Scheme));
        for ambiguous in
            ["postgres://u:p@ss@h/d", "postgres://u:p@s/s@h:1/d", "postgres://u:p@h/d?password=a@b"]
        {
            assert_eq!(ambiguous.parse::<DatabaseUrl>(), Err(DatabaseUrlError::Ambiguous), "{ambiguous}");
        }
        for cut in ["p#ss", "p/ss", "p?ss", "12/34ss", "12#34ss", "12?34ss", "/ss", "#"] {
            let url = format!("postgres://u:{cut}@h/d");
            assert_eq!(url.parse::<DatabaseUrl>(), Err(DatabaseUrlError::Ambiguous), "{url}");
        }
        assert_eq!("postgres:nonsense".parse::<DatabaseUrl>(), Err(DatabaseUrlError::Form));
    }
}
