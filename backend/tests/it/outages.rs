//! What a broken connection, a full disk or a failed statement must not break.

#[cfg(target_os = "linux")]
use crate::cli::{Cli, Serving};
use crate::support::{Kind, Persona, Test};
use coulisses::{
    db::{Database, Origin},
    error::FailureKind,
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::time::{Duration, Instant};

/// Every connection of the pool is dead after a restart of the server; nobody notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn dead_connections_are_replaced_unseen_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let manager = test.manager().await;
    test.open_all_connections().await;
    let kill = "SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    assert_eq!(test.count(kill).await, 9, "all of the pool's ten but the one that ends them");
    for i in 0..5 {
        manager.get("/projects").await.ok();
        manager.project(&format!("After the restart {i}")).await;
    }
}

async fn storage(test: &Test) -> String {
    let ready = test.anonymous().get("/readyz").await.ok();
    ready["status"]["storage"].as_str().expect("a word").to_owned()
}

async fn full_count(test: &Test) -> String {
    let text = test.anonymous().get("/metrics").await.text;
    let line = text.lines().find(|line| line.starts_with("app_storage_full_total"));
    line.expect("the metric").to_owned()
}

#[rstest]
#[case::many_pages_at_once("x".repeat(8_000))]
#[case::few_pages(String::new())]
#[tokio::test]
async fn a_full_disk_costs_no_acknowledged_write_on_sqlite(#[case] ballast: String) {
    let test = Test::start_with(Kind::Sqlite, &[("DB_MAX_CONNECTIONS", "1")]).await;
    let manager = test.manager().await;
    assert_eq!(storage(&test).await, "ok");
    // To this connection the disk has as much room as the file takes: it fails by SQLITE_FULL, as for ENOSPC.
    test.execute("PRAGMA max_page_count = 1").await;
    let mut names = (0..).map(|i| format!("Person {i}"));
    let mut add = async || {
        let person = json!({ "name": names.next(), "documents": { "ballast": ballast } });
        manager.post("/users", person).await
    };
    let mut acknowledged = 0;
    let refused = loop {
        let answer = add().await;
        if answer.status != 200 {
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < 5000, "the file did not get full");
    };
    refused.refused(503, "storage_full");
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(storage(&test).await, "full");
    assert_eq!(full_count(&test).await, "app_storage_full_total 1");

    // There is room again, also for a connection that was there before.
    test.execute("PRAGMA max_page_count = 1000000").await;
    for _ in 0..20 {
        add().await.ok();
        acknowledged += 1;
    }
    assert_eq!(storage(&test).await, "ok");
    // Only what is durable is seen from outside.
    assert_eq!(people(&another_connection(&test).await).await, acknowledged);
}

/// SQLite ends the transaction by itself when its file cannot grow. The driver's own rollback then fails, and a connection
/// in that state would only make savepoints of all that follows: acknowledged, seen by some, and gone at the next start.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_cannot_grow_costs_no_acknowledged_write_on_sqlite() {
    let cli = Cli::with_database(Kind::Sqlite).await;
    let serving = Serving::start(&cli, &["demo"]);
    let api = format!("http://127.0.0.1:{}/api/v1", serving.port);
    let client = reqwest::Client::new();
    let login = json!({ "email": "karim@rideau-rouge.example", "password": "entree-des-artistes" });
    let signed_in = client.post(format!("{api}/auth/login")).json(&login).send().await.expect("an answer");
    let signed_in: serde_json::Value = signed_in.json().await.expect("JSON");
    let token = signed_in["access_token"].as_str().expect("a token");
    let mut names = (0..).map(|i| format!("Person {i}"));
    let mut add = async || {
        let person = json!({ "name": names.next(), "bio": "x".repeat(1_500) });
        let request = client.post(format!("{api}/users")).bearer_auth(token).json(&person);
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a text"))
    };

    let mut acknowledged = 0;
    for _ in 0..3 {
        limit_file_size(&serving, "100000:");
        let (status, text) = loop {
            let answer = add().await;
            if answer.0 != 200 {
                break answer;
            }
            acknowledged += 1;
            assert!(acknowledged < 3000, "writes go on where the file cannot grow");
        };
        assert_eq!(status, 503, "{text}");
        assert!(text.contains("storage_full"), "{text}");
        for _ in 0..10 {
            match add().await {
                (200, _) => acknowledged += 1,
                (status, text) => assert_eq!(status, 503, "{text}"),
            }
        }
        limit_file_size(&serving, "unlimited:");
        for _ in 0..20 {
            let (status, text) = add().await;
            assert_eq!(status, 200, "{text}");
            acknowledged += 1;
        }
    }
    // Killed, so that nothing is saved at the end that was not before.
    drop(serving);
    let db = cli.database().open().await;
    assert_eq!(people(&db).await, acknowledged);
}

/// Files of that many bytes at most, from now on.
#[cfg(target_os = "linux")]
fn limit_file_size(serving: &Serving, bytes: &str) {
    let (pid, limit) = (serving.id().to_string(), format!("--fsize={bytes}"));
    let status = std::process::Command::new("prlimit").args(["--pid", &pid, &limit]).status();
    assert!(status.expect("prlimit (util-linux) runs").success());
}

async fn people(db: &Database) -> i64 {
    let sql = "SELECT count(*) AS n FROM users WHERE first_name = 'Person'";
    let statement = sea_orm::Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.expect("it is read").expect("a row");
    row.try_get("", "n").expect("a number")
}

async fn another_connection(test: &Test) -> Database {
    let config = &test.app.config;
    let random = coulisses::random::Random::seeded(9);
    Database::connect(&config.database_url, config.pool, test.clock.clone(), random).await.expect("it opens")
}

#[tokio::test]
async fn a_full_disk_is_news_for_a_minute() {
    let test = Test::start_with(Kind::Sqlite, &[("DB_MAX_CONNECTIONS", "1")]).await;
    let manager = test.manager().await;
    test.execute("PRAGMA max_page_count = 1").await;
    let ballast = json!({ "name": "Ballast", "documents": { "ballast": "x".repeat(8_000) } });
    while manager.post("/users", ballast.clone()).await.status == 200 {}
    test.pass_seconds(59);
    assert_eq!(storage(&test).await, "full");
    test.pass_seconds(1);
    assert_eq!(storage(&test).await, "ok");
}

async fn add(persona: &Persona<'_>, name: &str) -> crate::support::Outcome {
    persona.post("/users", json!({ "name": name })).await
}

/// `body` runs for each new row of `users`.
async fn on_new_users(test: &Test, timing: &str, body: &str) {
    let function = format!("BEGIN {body} RETURN NEW; END");
    test.execute(&format!("CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ {function} $$"))
        .await;
    test.execute(&format!("CREATE {timing} FOR EACH ROW EXECUTE FUNCTION trouble()")).await;
}

#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_full_disk_costs_no_acknowledged_write_on_Postgres() {
    let test = Test::start_with(Kind::Postgres, &[("DB_MAX_CONNECTIONS", "1")]).await;
    let manager = test.manager().await;
    on_new_users(
        &test,
        "TRIGGER trouble BEFORE INSERT ON users",
        "RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full';",
    )
    .await;
    add(&manager, "Refused").await.refused(503, "storage_full");
    assert_eq!(storage(&test).await, "full");
    test.execute("DROP TRIGGER trouble ON users").await;
    add(&manager, "Kept").await.ok();
    assert_eq!(storage(&test).await, "ok");
    assert_eq!(test.count("SELECT count(*) AS n FROM users WHERE last_name IN ('Refused', 'Kept')").await, 1);
}

/// The server ends the connection while it commits: nobody can know whether the work is durable.
#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_commit_without_an_answer_may_be_repeated_with_its_key_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let manager = test.manager().await.with_header("idempotency-key", "once");
    on_new_users(
        &test,
        "CONSTRAINT TRIGGER trouble AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED",
        "PERFORM pg_terminate_backend(pg_backend_pid());",
    )
    .await;
    let unknown = add(&manager, "Once").await;
    unknown.refused(503, "outcome_unknown");
    assert_eq!(unknown.header("retry-after"), "1");
    test.execute("DROP TRIGGER trouble ON users").await;
    for _ in 0..2 {
        add(&manager, "Once").await.ok();
    }
    assert_eq!(test.count("SELECT count(*) AS n FROM users WHERE last_name = 'Once'").await, 1);
}

/// Whoever swallows the error of a statement must not end up with half of a write, or none, taken for a whole one.
#[rstest]
#[tokio::test]
async fn a_transaction_with_a_failed_statement_is_never_committed(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    tx.execute_unprepared("UPDATE orgs SET timezone = 'UTC'").await.expect("rows are changed");
    tx.execute_unprepared("UPDATE orgs SET name_key = 'the same'").await.expect_err("names are unique");
    let after = tx.execute_unprepared("UPDATE orgs SET timezone = 'Asia/Tokyo'").await;
    after.expect_err("nothing can follow");
    let committed = tx.commit().await;
    assert!(
        committed.as_ref().is_err_and(|error| error.failure() == Some(FailureKind::Internal)),
        "{committed:?}"
    );
    assert_eq!(test.count("SELECT count(*) AS n FROM orgs WHERE timezone <> 'Europe/Paris'").await, 0);
}

/// Nobody has a connection for it, as when the server hangs.
#[rstest]
#[tokio::test]
async fn readyz_does_not_wait_for_a_database_that_hangs(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start_with(db, &[("DB_MAX_CONNECTIONS", "1")]).await;
    let held = test.app.db.read().await.expect("the only connection");
    let begun = Instant::now();
    let answer = test.anonymous().get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["status"]["db"], "down");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    drop(held);
    test.anonymous().get("/readyz").await.ok();
}

/// A program with one connection, by which something was changed for those to come.
async fn with_one_connection_after(change: &str) -> Test {
    let test = Test::start_with(Kind::Postgres, &[("DB_MAX_CONNECTIONS", "1")]).await;
    test.execute(change).await;
    test
}

/// It ends itself, and its answer with it; the next one is new.
async fn end_the_connection(test: &Test) {
    let _ = test.app.db.execute_unprepared("SELECT pg_terminate_backend(pg_backend_pid())").await;
}

/// A standby that took over, or a server that protects its last room, takes reads only: that is no defect.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_server_that_takes_no_writes_is_an_outage_on_Postgres() {
    let alter =
        "EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database())";
    let test = with_one_connection_after(&format!("DO $$ BEGIN {alter}; END $$")).await;
    let manager = test.manager().await;
    end_the_connection(&test).await;
    manager.post("/users", json!({ "name": "Nina" })).await.refused(503, "storage_full");
    manager.get("/users").await.ok();
    assert_eq!(storage(&test).await, "full");
}

/// Nor is one that is moved or shut.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_server_that_admits_nobody_is_an_outage_on_Postgres() {
    // ALTER DATABASE refuses to shut out whoever says so.
    let shut = "UPDATE pg_database SET datallowconn = false WHERE datname = current_database()";
    let test = with_one_connection_after(shut).await;
    let manager = test.manager().await;
    end_the_connection(&test).await;
    manager.get("/users").await.refused(503, "unavailable");
    manager.post("/users", json!({ "name": "Nina" })).await.refused(503, "unavailable");
}

/// What was acknowledged meanwhile would be gone with the next start.
#[tokio::test]
async fn nothing_is_written_to_a_sqlite_file_that_was_deleted_or_replaced() {
    let test = Test::start(Kind::Sqlite).await;
    let manager = test.manager().await;
    test.open_all_connections().await;
    let found = test.rows("SELECT file FROM pragma_database_list").await;
    let file = std::path::PathBuf::from(found[0]["file"].as_str().expect("a file"));
    let elsewhere = file.with_extension("elsewhere");
    let begun = test.app.db.write(coulisses::db::Origin::system()).await.expect("a transaction");
    begun.execute_unprepared("DELETE FROM projects").await.expect("done so far");
    std::fs::rename(&file, &elsewhere).expect("it is there");
    begun.commit().await.expect_err("nobody would find it again");
    let is_out = async || {
        manager.get("/users").await.refused(503, "unavailable");
        manager.post("/users", json!({ "name": "Nina" })).await.refused(503, "unavailable");
        let ready = test.anonymous().get("/readyz").await;
        assert_eq!((ready.status.as_u16(), &ready.json()["status"]["db"]), (503, &json!("down")));
    };
    is_out().await;
    assert!(!file.exists(), "it is not made anew");
    std::fs::copy(&elsewhere, &file).expect("another one");
    is_out().await;
    std::fs::rename(&elsewhere, &file).expect("it is there");
    manager.post("/users", json!({ "name": "Nina" })).await.ok();
    manager.get("/users").await.ok();
}
