//! `coulisses migrate distribute`: where it refuses, and what it sends where it does not. There is no such PostgreSQL among the
//! tests' servers: a plain one stands in, whose functions have the names of the extension's and only note their calls.

use crate::{
    cli::Cli,
    support::{Kind, Test, by_org, together},
};
use coulisses::{
    app,
    db::{
        distribution::{FIRST, REFERENCE, distribute},
        migrations::Exclusive,
    },
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::time::Duration;

#[rstest]
#[case::Sqlite(
    Kind::Sqlite,
    "SQLite is one file on one machine; only a PostgreSQL with the extension citus distributes tables"
)]
#[case::Postgres(
    Kind::Postgres,
    "this PostgreSQL does not have the extension citus; create it on every server and add the workers (docs/scaling.md), or stay with one PostgreSQL"
)]
#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn it_is_refused_where_nothing_can_be_distributed(#[case] db: Kind, #[case] sentence: &str) {
    let cli = Cli::with_database(db).await;
    // SQLite has no file yet, and PostgreSQL no schema.
    assert_ne!(cli.run(&["migrate", "distribute"]).failed(), sentence);
    cli.run(&["migrate", "up"]).ok();
    assert_eq!(cli.run(&["migrate", "distribute"]).failed(), sentence);
    assert!(cli.run(&["migrate", "status"]).ok().iter().all(|line| line.starts_with("applied")));
}

/// In the schema of the tables: names are looked up there, too. That a table is moved with a foreign key or a trigger on it is
/// refused, as the extension does.
const STAND_IN: &str = r#"
    SET allow_system_table_mods = on;
    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        SELECT 99999, 'citus', extowner, extnamespace, false, '0' FROM pg_extension WHERE extname = 'plpgsql';
    CREATE TABLE calls (number serial, call text NOT NULL);
    CREATE TABLE pg_dist_node (groupid integer, isactive boolean, shouldhaveshards boolean);
    CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod "char");
    CREATE FUNCTION note(call text, moved text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND moved::regclass IN (conrelid, confrelid))
            OR EXISTS (SELECT FROM pg_trigger WHERE tgrelid = moved::regclass) THEN
            RAISE EXCEPTION '% is referred to, or has a trigger', moved;
        END IF;
        INSERT INTO calls (call) VALUES (call || ' ' || moved);
    END $$;
    CREATE FUNCTION create_reference_table(moved text) RETURNS void LANGUAGE sql AS $$ SELECT note('reference', moved) $$;
    CREATE FUNCTION create_distributed_table(moved text, by text, colocate_with text) RETURNS void LANGUAGE sql AS $$
        SELECT note('by ' || by || ' with ' || colocate_with, moved);
        INSERT INTO pg_dist_partition VALUES (moved, 'h') $$;
    CREATE FUNCTION citus_add_local_table_to_metadata(moved text) RETURNS void LANGUAGE sql AS $$ SELECT note('local', moved) $$;
    CREATE FUNCTION truncate_local_data_after_distributing_table(moved text) RETURNS void LANGUAGE sql AS $$
        SELECT note('truncate', moved) $$;
    CREATE FUNCTION run_command_on_workers(command text)
        RETURNS TABLE (nodename text, nodeport integer, success boolean, result text) LANGUAGE sql AS $$
        INSERT INTO calls (call) VALUES (substring(command from 'SET lock_timeout = \d+'));
        SELECT 'worker-1', 5432, true, 'DO' $$;
    RESET allow_system_table_mods;
"#;

/// All foreign keys and triggers, as they are created.
const DEFINITIONS: &str = "
    SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) AS line FROM pg_constraint
        WHERE contype = 'f' AND connamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1";

async fn lines(test: &Test, sql: &str) -> Vec<String> {
    let rows = test.rows(sql).await;
    rows.iter().map(|row| row["line"].as_str().expect("a text").to_owned()).collect()
}

async fn try_to(test: &Test) -> Result<(), String> {
    let schema = Exclusive::of(&test.app.db, || {}).await.expect("the lock");
    let done = distribute(&schema, Some(Duration::from_secs(5)), |_| {}).await;
    schema.release().await.expect("the lock is released");
    done.map_err(|error| error.to_string())
}

#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn each_table_is_moved_without_its_references_and_guards_which_come_back_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let before = lines(&test, DEFINITIONS).await;
    test.execute(STAND_IN).await;
    let refused = try_to(&test).await.expect_err("jobs need a place");
    assert!(refused.contains("citus_set_coordinator_host"), "{refused}");
    test.execute("INSERT INTO pg_dist_node VALUES (0, true, false)").await;
    let refused = try_to(&test).await.expect_err("rows need one");
    assert!(refused.contains("citus_add_node"), "{refused}");
    test.execute("INSERT INTO pg_dist_node VALUES (1, true, true)").await;
    assert_eq!(lines(&test, "SELECT call AS line FROM calls").await, Vec::<String>::new());

    try_to(&test).await.expect("it is distributed");
    let mut expected = vec!["SET lock_timeout = 5000".to_owned()];
    expected.extend(REFERENCE.iter().map(|table| format!("reference {table}")));
    let others = || by_org::distributed().iter().filter(|table| **table != FIRST);
    expected.push(format!("by org_id with none {FIRST}"));
    expected.extend(others().map(|table| format!("by org_id with {FIRST} {table}")));
    expected.push("local jobs".into());
    expected
        .extend(REFERENCE.iter().chain(&[FIRST]).chain(others()).map(|table| format!("truncate {table}")));
    let calls = "SELECT call AS line FROM calls ORDER BY number";
    assert_eq!(lines(&test, calls).await, expected);
    let kept: Vec<_> = before.iter().filter(|line| !line.contains("org_memberships_last_owner")).collect();
    assert_eq!(kept.len(), before.len() - 1);
    assert_eq!(lines(&test, DEFINITIONS).await.iter().collect::<Vec<_>>(), kept);

    // Once is enough.
    try_to(&test).await.expect("nothing is left to do");
    assert_eq!(lines(&test, calls).await, expected);
    // Instances find out when they start.
    assert!(!test.app.db.is_distributed());
    let config = (*test.app.config).clone();
    let another = app::start(config, test.clock.clone(), coulisses::random::Random::seeded(9)).await;
    assert!(another.expect("another instance starts").db.is_distributed());
}

#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn a_refusal_in_the_middle_leaves_everything_as_it_was_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let before = lines(&test, DEFINITIONS).await;
    test.execute(STAND_IN).await;
    test.execute("INSERT INTO pg_dist_node VALUES (0, true, false), (1, true, true)").await;
    test.execute("DROP FUNCTION citus_add_local_table_to_metadata").await;
    let refused = try_to(&test).await.expect_err("a function is missing");
    assert!(refused.contains("citus_add_local_table_to_metadata"), "{refused}");
    assert_eq!(lines(&test, DEFINITIONS).await, before);
    assert_eq!(
        lines(&test, "SELECT call AS line FROM calls WHERE call LIKE 'by %'").await,
        Vec::<String>::new()
    );
}

/// Without the trigger: where the tables are distributed it is left out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn the_program_alone_keeps_the_last_owner_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    test.app
        .db
        .execute_unprepared("DROP TRIGGER org_memberships_last_owner ON org_memberships")
        .await
        .unwrap();
    let (one, two) = (test.owner().await, test.admin().await);
    let me = async |who: &crate::support::Persona<'_>| {
        let me = who.get("/auth/me").await.ok();
        format!("/orgs/members/{}", me["id"].as_str().expect("an id"))
    };
    let (of_one, of_two) = (me(&one).await, me(&two).await);
    test.open_all_connections().await;
    for _ in 0..5 {
        one.patch(&of_two, json!({ "role": "owner" })).await.ok();
        let acts = vec![(one.clone(), of_two.clone()), (two.clone(), of_one.clone())];
        let demote = async |(who, whom): (crate::support::Persona<'_>, String)| {
            who.patch(&whom, json!({ "role": "admin" })).await.status
        };
        let answers = together(acts.into_iter().map(demote)).await;
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        two.patch(&of_one, json!({ "role": "owner" })).await;
        one.patch(&of_two, json!({ "role": "admin" })).await.ok();
    }
    one.patch(&of_one, json!({ "role": "admin" })).await.refused(409, "last_owner");
    one.delete(&of_one).await.refused(409, "last_owner");
}
