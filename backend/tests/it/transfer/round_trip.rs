//! From one database to the other and back.

use super::{Season, checksum, cli_of, export, lines, path, rows};
use crate::{
    cli::Cli,
    support::{Kind, Test, TestDatabase},
};
use coulisses::db::{Database, migrations};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;

/// The season has rows of all that the program does by itself, too.
#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_season_moves_from_a_file_to_Postgres_and_back() {
    let season = Season::get();
    for table in ["mails", "mail_items", "audit_log", "audit_details", "jobs", "assignments", "invitations"] {
        assert!(!rows(&season.export, table).is_empty(), "the season has no {table}");
    }
    let server = Season::imported(Kind::Postgres).await;
    let (from_server, checksum_there) = export(&server, "server.jsonl");
    assert_eq!(checksum_there, season.checksum);
    let file = Cli::with_database(Kind::Sqlite).await;
    file.run(&["import", "--in", path(&from_server)]).ok();
    let (back, checksum_back) = export(&file, "back.jsonl");
    assert_eq!(checksum_back, season.checksum);
    // The lines themselves, but for the instant in the header.
    assert_eq!(lines(&back)[1..], lines(&season.export)[1..]);
    for cli in [&server, &file] {
        cli.run(&["migrate", "status"])
            .ok()
            .iter()
            .for_each(|line| assert!(line.starts_with("applied"), "{line}"));
    }
}

/// An override lets somebody be taken twice; without one nobody comes after. The ids are in the other order.
#[rstest]
#[tokio::test]
async fn who_is_taken_twice_on_purpose_moves_too(
    #[values(Kind::Sqlite, Kind::Postgres)] from: Kind,
    #[values(Kind::Sqlite, Kind::Postgres)] to: Kind,
) {
    let test = Test::start(from).await;
    let manager = test.manager().await;
    let user = manager.user("Nina").await;
    let overlapping = manager.mission("Balances", "11:00", "13:00").await;
    let first = manager.assignment(&overlapping, &user).await;
    let mission = manager.mission("Montage", "08:00", "12:00").await;
    test.pass_seconds(1);
    let second = manager.assignment(&mission, &user).await;
    assert!(first < second);
    // As an answer by link, and one that a planner lets through.
    for (start, reason) in [("08:00", "NULL"), ("11:00", "'both'")] {
        let start = crate::support::at(&format!("2026-07-10T{start}:00Z")).as_micros();
        let accepted = format!("status = 'ACCEPTED', conflict_override = {reason}");
        test.execute(&format!("UPDATE assignments SET {accepted} WHERE starts_at = {start}")).await;
    }
    let source = cli_of(&test);
    let (file, there) = export(&source, "twice.jsonl");
    let cli = Cli::with_database(to).await;
    cli.run(&["import", "--in", path(&file)]).ok();
    assert_eq!(checksum(&cli), there);
}

/// Texts that JSON, SQL or a collation could bend.
#[rstest]
#[tokio::test]
async fn every_text_and_number_stays_what_it_is(
    #[values(Kind::Sqlite, Kind::Postgres)] from: Kind,
    #[values(Kind::Sqlite, Kind::Postgres)] to: Kind,
) {
    let test = Test::start(from).await;
    let manager = test.owner().await;
    for (number, skill) in ["b", "B", "é", "a b", "z", "Œ", "ß", "𝄞"].iter().enumerate() {
        let person = json!({
            "name": format!("Zoé \"l'Éclair\" \\ {number} 𝄞"), "skills": [skill, "É1", "a-b"], "bio": "x",
            "legal_ids": { "n": 1e300, "m": -0.0, "é": [null, true, 9_007_199_254_740_993_i64] },
        });
        manager.post("/users", person).await.ok();
    }
    let bio = "a\tb\r\nc \u{1}\u{7f}\u{2028} ''";
    let odd = format!(
        "UPDATE users SET bio = '{bio}', legal_ids = '{{\"a\":1.50, \"a\":  2}}' WHERE bio IS NOT NULL"
    );
    test.execute(&odd).await;
    let source = cli_of(&test);
    let (file, there) = export(&source, "texts.jsonl");
    assert!(rows(&file, "users").iter().any(|user| user["legal_ids"] == "{\"a\":1.50, \"a\":  2}"));
    let cli = Cli::with_database(to).await;
    cli.run(&["import", "--in", path(&file)]).ok();
    assert_eq!(checksum(&cli), there);
}

/// What somebody read under a version just before a write may be what the write made: the version may not come again.
#[rstest]
#[tokio::test]
async fn no_cached_list_of_before_is_found_afterwards(#[values(Kind::Sqlite, Kind::Postgres)] to: Kind) {
    let test = Test::start(Kind::Sqlite).await;
    test.manager().await.project("Tournée").await;
    let source = cli_of(&test);
    let (file, _) = export(&source, "versions.jsonl");
    let sql = "SELECT projects FROM list_versions UNION ALL SELECT missions FROM list_versions";
    let read = async |db: &Database| {
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
        rows.expect(sql)
            .iter()
            .map(|row| row.try_get_by_index::<i64>(0).expect("a version"))
            .collect::<Vec<_>>()
    };
    let before = read(&test.app.db).await;
    let cli = Cli::with_database(to).await;
    cli.run(&["import", "--in", path(&file)]).ok();
    let after = read(&cli.database().open().await).await;
    assert_eq!(after.len(), 2 * 2, "both orgs have versions of both lists: {after:?}");
    assert!(after.iter().all(|version| *version != 0 && !before.contains(version)), "{before:?} {after:?}");
}

/// Made before a migration, imported after it. At the eighth step JSON was no text in PostgreSQL, and names had other keys.
#[rstest]
#[tokio::test]
async fn an_export_of_an_older_schema_is_brought_up_to_date(
    #[values(Kind::Sqlite, Kind::Postgres)] from: Kind,
    #[values(Kind::Sqlite, Kind::Postgres)] to: Kind,
    #[values(8, 17)] steps: usize,
    #[values(false, true)] filled: bool,
) {
    let database = TestDatabase::empty(from).await;
    let db = database.open().await;
    migrations::up(&db, Some(steps)).await.expect("an older schema");
    let id = |n: u8| {
        let hex = format!("{n:02x}").repeat(16);
        if from == Kind::Sqlite { format!("x'{hex}'") } else { format!("'{hex}'::uuid") }
    };
    let (org, user, project) = (id(1), id(2), id(3));
    for sql in [
        format!("INSERT INTO orgs (id, name, name_key, timezone, created_at, updated_at) VALUES ({org}, 'Rideau  bis', 'rideau  bis', 'Europe/Paris', 1, 1)"),
        format!(
            "INSERT INTO users (org_id, id, first_name, last_name, sort_key, name_search, employment_type, active, legal_ids, created_at,
                updated_at) VALUES ({org}, {user}, 'Zoé', 'Éclair', 'x', 'x', 'CDI', TRUE, '{{\"nss\": 5}}', 7, 8)"
        ),
        format!("INSERT INTO projects VALUES ({org}, {project}, 'Été', 'été', 'x', 'ACTIVE', NULL, NULL, NULL, 7, 8)"),
    ] {
        db.execute_unprepared(&sql).await.expect(&sql);
    }
    db.close().await.expect("it is closed");
    let old = Cli::new(&[("DATABASE_URL", &database.url)]);
    let (file, _) = export(&old, "old.jsonl");
    let cli = if filled { Season::imported(to).await } else { Cli::with_database(to).await };
    let import: &[_] =
        if filled { &["import", "--replace", "--in", path(&file)] } else { &["import", "--in", path(&file)] };
    cli.run(import).ok();
    let states = cli.run(&["migrate", "status"]);
    assert!(states.ok().iter().all(|line| line.starts_with("applied")));
    let (now, _) = export(&cli, "now.jsonl");
    let (orgs, users) = (rows(&now, "orgs"), rows(&now, "users"));
    assert_eq!(
        (orgs.len(), users.len(), rows(&now, "projects").len(), rows(&now, "mails").len()),
        (1, 1, 1, 0)
    );
    assert_eq!(
        (&orgs[0]["locale"], &orgs[0]["name_key"]),
        (&json!("fr"), &json!(if steps < 17 { "rideau bis" } else { "rideau  bis" }))
    );
    let ids: serde_json::Value =
        serde_json::from_str(users[0]["legal_ids"].as_str().expect("a text")).expect("JSON");
    assert_eq!((ids, &users[0]["first_name"]), (json!({ "nss": 5 }), &json!("Zoé")));
    // The guards that were taken back with the rows are there again.
    let db = cli.database().open().await;
    let entry = "INSERT INTO audit_log (org_id, id, actor_kind, action, object_type, created_at) SELECT id, id, 'system', 'x', 'x', 1 FROM orgs";
    db.execute_unprepared(entry).await.expect("an entry");
    db.execute_unprepared("UPDATE audit_log SET action = 'y'").await.expect_err("it is never changed");
}
