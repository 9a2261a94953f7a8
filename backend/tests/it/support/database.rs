//! A database for one test, copied from one that was migrated once.

use coulisses::{
    clock::Clock,
    db::{Database, DatabaseUrl, Pool, migrations},
    random::Random,
};
use sea_orm::sqlx::{Connection, Executor, PgConnection};
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// The database a test runs on; every test of a rule that a database takes part in runs on both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server, which `cargo xtask test` starts.
    Postgres,
}

/// Gone when dropped (a PostgreSQL database goes with its throw-away server).
pub struct TestDatabase {
    /// How to reach it.
    pub url: String,
    _folder: Option<TempDir>,
}

const POOL: Pool = Pool {
    max_connections: 2,
    acquire_timeout: Duration::from_secs(30),
    statement_timeout: Some(Duration::from_secs(30)),
};

impl TestDatabase {
    /// With the whole schema and no rows.
    pub async fn create(kind: Kind) -> Self {
        super::by_org::watch();
        match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                let file = folder.path().join("test.db");
                std::fs::copy(sqlite_template().await, &file).expect("the template is copied");
                Self { url: sqlite_url(&file), _folder: Some(folder) }
            }
            Kind::Postgres => {
                let template = postgres_template().await;
                Self { url: create_postgres(&format!("TEMPLATE {template}")).await, _folder: None }
            }
        }
    }

    /// Without a schema.
    pub async fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                Self { url: sqlite_url(&folder.path().join("test.db")), _folder: Some(folder) }
            }
            Kind::Postgres => Self { url: create_postgres("TEMPLATE template0").await, _folder: None },
        }
    }

    /// A SQLite file that somebody else made, or nobody yet.
    pub fn at(file: PathBuf) -> Self {
        Self { url: sqlite_url(&file), _folder: None }
    }

    /// Panics when something is still to be done, or was given up: a test ends with what it began. A database that is out of
    /// order by then, or has no schema, has no jobs.
    pub fn check_no_job_is_left(&self) {
        let url = self.url.clone();
        let counted = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let pool = Pool { acquire_timeout: Duration::from_secs(2), ..POOL };
                let url: DatabaseUrl = url.parse().expect("a database URL");
                let db = Database::connect(&url, pool, Clock::system(), Random::seeded(1)).await.ok()?;
                let left = coulisses::jobs::left(&db).await.ok();
                db.close().await.ok().and(left)
            })
        });
        let left = counted.join().expect("the jobs are counted");
        assert!(left.is_none_or(|left| left == 0), "{left:?} jobs are left");
    }

    /// Opens it.
    pub async fn open(&self) -> Database {
        open(&self.url).await
    }
}

async fn open(url: &str) -> Database {
    let url: DatabaseUrl = url.parse().expect("a database URL");
    Database::connect(&url, POOL, Clock::system(), Random::seeded(1)).await.expect("the database opens")
}

fn sqlite_url(file: &std::path::Path) -> String {
    format!("sqlite:///{}", file.display())
}

async fn sqlite_template() -> PathBuf {
    static TEMPLATE: OnceCell<(PathBuf, TempDir)> = OnceCell::const_new();
    let make = async || {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("template.db");
        let db = open(&sqlite_url(&file)).await;
        migrations::up(&db, None).await.expect("the schema");
        db.close().await.expect("the template is closed");
        (file, folder)
    };
    TEMPLATE.get_or_init(make).await.0.clone()
}

fn server() -> String {
    std::env::var("TEST_POSTGRES_URL").expect(
        "TEST_POSTGRES_URL is not set: run `cargo xtask test`, which starts a PostgreSQL, or `--sqlite-only`",
    )
}

async fn create_postgres(how: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut server_connection = PgConnection::connect(&server()).await.expect("the test server answers");
    let sql = format!("CREATE DATABASE {name} {how}");
    // The names are made here, of letters and digits.
    server_connection.execute(sea_orm::sqlx::AssertSqlSafe(sql)).await.expect("a database is created");
    server_connection.close().await.expect("the connection is closed");
    let mut url = url::Url::parse(&server()).expect("TEST_POSTGRES_URL is a URL");
    url.set_path(&name);
    url.into()
}

async fn postgres_template() -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let make = async || {
        let url = create_postgres("TEMPLATE template0").await;
        let db = open(&url).await;
        migrations::up(&db, None).await.expect("the schema");
        // A template can only be copied while nobody is connected to it.
        db.close().await.expect("the template is closed");
        url.rsplit('/').next().expect("a database name").to_owned()
    };
    TEMPLATE.get_or_init(make).await.clone()
}

/// One hash for all personas: hashing is slow on purpose.
pub async fn password_hash() -> String {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let make = async || {
        let passwords = coulisses::auth::Passwords::start(Random::seeded(2)).expect("hashing works");
        let password = coulisses::auth::NewPassword::parse(super::PASSWORD).expect("a password");
        passwords.hash(password, "owner@rideau.example", None).await.expect("a hash")
    };
    HASH.get_or_init(make).await.clone()
}
