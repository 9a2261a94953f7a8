//! Processes that migrate one database at the same time: one does, the others wait, and all of them succeed.

use crate::{
    cli::{Cli, Serving, all_steps},
    support::{AT_MOST, Kind, TestDatabase},
};
use coulisses::{
    clock::Clock,
    db::{Database, Origin, Pool, Tx},
    random::Random,
};
use rstest::rstest;
use sea_orm::{
    ConnectionTrait, Statement,
    sqlx::{Connection, Executor, SqliteConnection, sqlite::SqliteConnectOptions},
};
use std::{
    fs::{File, TryLockError},
    io::{BufRead, BufReader, Read},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

const WAITING: &str = "another coulisses is migrating; waiting";
const AT_ONCE: usize = 4;
const ROUNDS: usize = 4;

/// Does the same in several threads at once.
fn at_once<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(&work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("the thread ends well")).collect()
    })
}

fn assert_applied(cli: &Cli) {
    let status = cli.run(&["migrate", "status"]);
    let applied = status.ok().iter().filter(|line| line.starts_with("applied")).count();
    assert_eq!(applied, all_steps());
}

/// How many steps a process says that it took, when all it says besides is that it waited.
fn steps(lines: &[&str], done: &str) -> usize {
    let (named, said): (Vec<&str>, Vec<&str>) = lines
        .iter()
        .filter(|line| **line != WAITING)
        .partition(|line| line.starts_with(&format!("{done}  ")));
    let [line] = said[..] else { panic!("{lines:?}") };
    let (steps, rest) = line.split_once(" step").expect(line);
    assert_eq!(rest.trim_start_matches('s').trim(), done);
    assert_eq!(steps, named.len().to_string(), "each is named");
    named.len()
}

#[rstest]
#[tokio::test]
async fn all_of_several_that_begin_at_once_succeed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    for _ in 0..ROUNDS {
        let cli = Cli::with_database(db).await;
        let up = at_once(|| steps(&cli.run(&["migrate", "up"]).ok(), "applied"));
        assert_eq!(up.iter().sum::<usize>(), all_steps(), "{up:?}");
        assert_applied(&cli);
        let down = at_once(|| steps(&cli.run(&["migrate", "down", "--all"]).ok(), "taken back"));
        assert_eq!(down.iter().sum::<usize>(), all_steps(), "{down:?}");
        // The second way up meets what the way down left: a file in use, and the record of the steps.
        at_once(|| cli.run(&["migrate", "up"]).ok().len());
        assert_applied(&cli);
    }
}

#[cfg(unix)]
#[rstest]
#[tokio::test]
async fn all_servers_that_start_at_once_on_an_empty_database_serve(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
    #[values(&["serve", "--migrate"], &["demo", "--migrate"])] arguments: &[&str],
) {
    let cli = Cli::with_database(db).await;
    let serving = at_once(|| Serving::start(&cli, arguments));
    assert_applied(&cli);
    for server in serving {
        let (status, rest) = server.terminate();
        assert_eq!(status, Some(0), "{rest}");
    }
}

/// Whoever migrates stops at its first step for as long as this lives.
async fn in_the_way(db: Kind, database: &TestDatabase) -> (Database, Tx) {
    let connection = database.open().await;
    let tx = connection.write(Origin::system()).await.expect("a transaction");
    if db == Kind::Postgres {
        tx.execute_unprepared("CREATE TABLE seaql_migrations (x integer)").await.expect("a table");
    }
    (connection, tx)
}

/// Until a process has the right to migrate.
async fn until_one_migrates(db: Kind, cli: &Cli, connection: &Database) {
    let begin = Instant::now();
    let file = cli.database.as_ref().expect("a database").url.trim_start_matches("sqlite:///").to_owned();
    loop {
        let migrating = match db {
            // Missing until somebody takes it.
            Kind::Sqlite => File::open(format!("{file}-migrating"))
                .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))),
            Kind::Postgres => {
                let locks = "SELECT count(*) AS n FROM pg_locks JOIN pg_database d ON d.oid = database
                    WHERE locktype = 'advisory' AND granted AND datname = current_database()";
                let statement = Statement::from_string(connection.get_database_backend(), locks);
                let row = connection.query_one_raw(statement).await.expect(locks).expect("a row");
                row.try_get::<i64>("", "n").expect("a number") > 0
            }
        };
        if migrating {
            return;
        }
        assert!(begin.elapsed() < AT_MOST, "nobody migrates");
        tokio::task::yield_now().await;
    }
}

fn start(cli: &Cli) -> Child {
    cli.command(&["migrate", "up"]).stdout(Stdio::piped()).spawn().expect("the program starts")
}

/// A process that is killed keeps nobody waiting; whoever waited says so, and goes on.
#[rstest]
#[tokio::test]
async fn who_waits_says_so_and_goes_on_when_the_other_is_killed(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let cli = Cli::with_database(db).await;
    let (connection, tx) = in_the_way(db, cli.database.as_ref().expect("a database")).await;
    let mut first = start(&cli);
    until_one_migrates(db, &cli, &connection).await;
    // Whoever only looks waits for nobody.
    let status = cli.run(&["migrate", "status"]);
    assert!(status.ok().iter().all(|line| line.starts_with("missing")), "{:?}", status.ok());

    let mut second = start(&cli);
    let mut lines = BufReader::new(second.stdout.take().expect("its output"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("its output is read");
    assert_eq!(line.trim_end(), WAITING);
    assert!(second.try_wait().expect("it is asked").is_none(), "it waits");

    first.kill().expect("it is killed");
    first.wait().expect("it has ended");
    drop(tx);
    // What it did is undone behind it.
    connection.close().await.expect("the connection is closed");
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("its output is read");
    assert_eq!(rest.lines().last(), Some(&*format!("{} steps applied", all_steps())));
    assert!(second.wait().expect("it ends").success());
    assert_applied(&cli);
}

#[rstest]
#[tokio::test]
async fn the_lock_is_the_same_whatever_the_file_is_called(#[values(Kind::Sqlite)] db: Kind) {
    let cli = Cli::with_database(db).await;
    cli.run(&["migrate", "up"]).ok();
    let file = cli.database.as_ref().expect("a database").url.trim_start_matches("sqlite:///").to_owned();
    let locked = File::options().write(true).open(format!("{file}-migrating")).expect("the lock's file");
    locked.lock().expect("it is locked");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&file, cli.folder().join("link.db")).expect("a link");
    #[cfg(not(unix))]
    std::fs::hard_link(&file, cli.folder().join("link.db")).expect("a link");
    let other =
        Cli::new(&[("DATABASE_URL", &format!("sqlite:///{}", cli.folder().join("link.db").display()))]);
    let mut waiting = start(&other);
    let mut lines = BufReader::new(waiting.stdout.take().expect("its output"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("its output is read");
    assert_eq!(line.trim_end(), WAITING);
    drop(locked);
    assert!(waiting.wait().expect("it ends").success());
}

/// While another connection writes to a new file, it cannot be turned to WAL, and SQLite does not wait for that.
#[tokio::test]
async fn a_new_file_that_others_are_opening_is_opened() {
    let database = TestDatabase::empty(Kind::Sqlite).await;
    let options = SqliteConnectOptions::new()
        .filename(database.url.trim_start_matches("sqlite:///"))
        .create_if_missing(true);
    let mut writer = SqliteConnection::connect_with(&options).await.expect("the file opens");
    for sql in ["CREATE TABLE other (x)", "BEGIN IMMEDIATE"] {
        writer.execute(sql).await.expect(sql);
    }
    let url = database.url.parse().expect("a URL");
    let pool = Pool { max_connections: 1, acquire_timeout: AT_MOST, statement_timeout: None };
    let mut opening =
        tokio::spawn(async move { Database::connect(&url, pool, Clock::system(), Random::seeded(1)).await });
    let failed = tokio::time::timeout(Duration::from_millis(300), &mut opening).await;
    assert!(failed.is_err(), "{failed:?}");
    writer.execute("COMMIT").await.expect("it has written");
    opening.await.expect("no panic").expect("the file opens");
}
