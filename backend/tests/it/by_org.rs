//! What lets the tables be distributed by org: each statement says whose rows it is about, in every table, and so does each
//! key. The statements of all other tests are looked at, too (`support/by_org.rs`).

use crate::support::{
    Kind, Sample, Test,
    by_org::{self, distributed, nameless, schema},
    operations,
    source::sources,
};
use coulisses::{
    db::{
        List,
        distribution::{FIRST, LOCAL, REFERENCE},
        renew_versions,
    },
    http::idempotency,
    random::Random,
    resources::{invitations, mails},
};
use rstest::rstest;
use sea_orm::DbBackend;
use serde_json::json;
use std::collections::BTreeSet;

/// Keys of distributed tables that have no org: none, since one org's rows would be compared with those of another server.
const KEYS_WITHOUT_ORG: [&str; 0] = [];

/// The table and the columns of a line such as `primary key users (org_id, id)`.
fn key(line: &str) -> Option<(&str, &str)> {
    let of = match line.strip_prefix("primary key ") {
        Some(of) => of,
        None => line.strip_prefix("unique index ")?.split_once(" on ")?.1,
    };
    let (table, columns) = of.split_once(" (")?;
    Some((table, columns.split(')').next().unwrap_or_default()))
}

#[test]
fn every_table_is_where_it_was_decided_to_be() {
    let tables: BTreeSet<_> = schema()
        .filter_map(|line| line.strip_prefix("column ")?.split_once('.').map(|(table, _)| table))
        .chain(["seaql_migrations"])
        .collect();
    let decided = || distributed().iter().chain(&REFERENCE).chain(&LOCAL).copied();
    assert_eq!(
        tables,
        decided().collect(),
        "one without org_id: db/distribution.rs, and why, docs/decisions/distribution.md"
    );
    assert_eq!(decided().count(), tables.len(), "one place for each");
    assert!(distributed().contains(FIRST));
}

#[test]
fn every_unique_key_of_a_distributed_table_has_the_org() {
    let keys: Vec<_> = schema().filter_map(key).filter(|(table, _)| distributed().contains(table)).collect();
    assert!(keys.len() > distributed().len(), "{keys:?}");
    for (table, columns) in keys {
        let with_org = columns.split(", ").any(|column| column == "org_id");
        assert!(with_org || KEYS_WITHOUT_ORG.contains(&table), "{table} ({columns})");
    }
}

#[test]
fn every_reference_stays_on_its_server() {
    let mut references = 0;
    for line in schema().filter_map(|line| line.strip_prefix("foreign key ")) {
        let (from, to) = line.split_once(" to ").expect("a target");
        let (from, target) =
            (from.split(' ').next().unwrap_or_default(), to.split(' ').next().unwrap_or_default());
        references += 1;
        assert!(to.contains("on update no action"), "a cascade would write the org: {line}");
        if distributed().contains(&target) {
            let with_org = line.matches("(org_id, ").count() == 2;
            assert!(distributed().contains(&from) && with_org, "{line}");
        } else {
            assert!(REFERENCE.contains(&target), "{line}");
        }
    }
    assert!(references > 20, "{references}");
}

/// What sends several commands in one text, or could.
const OLD_WAYS: [&str; 2] = ["dialect(manager, ", "execute_unprepared("];

#[test]
fn later_steps_send_one_command_at_a_time() {
    let mut steps = 0;
    for (path, source) in sources("src/db/migrations") {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.split('_').nth(1).and_then(|number| number.parse::<u32>().ok());
        if number.is_some_and(|number| number > 21) {
            let old = OLD_WAYS.iter().find(|old| source.contains(**old));
            assert_eq!(old, None, "{name}: use command, commands or index");
        }
        steps += u32::from(number.is_some());
    }
    assert!(steps > 15, "{steps}");
}

#[test]
fn a_statement_that_names_no_org_is_found() {
    let found = |sql: &str| {
        let of_both = [DbBackend::Postgres, DbBackend::Sqlite].map(|backend| {
            nameless(backend, &if backend == DbBackend::Sqlite { sql.replace("$1", "?") } else { sql.into() })
        });
        assert_eq!(of_both[0], of_both[1], "{sql}");
        of_both[0].join(" ")
    };
    for fine in [
        "SELECT id FROM users WHERE org_id = $1 AND id = $1",
        "SELECT id FROM accounts WHERE id = $1",
        "SELECT 1 FROM orgs INNER JOIN users ON orgs.id = users.org_id AND users.org_id = $1",
        "SELECT 1 FROM missions AS m LEFT JOIN projects p ON p.id = m.project_id AND (p.org_id = $1) WHERE m.org_id = $1",
        "UPDATE users SET bio = $1 WHERE users.org_id = $1 AND (id = $1)",
        "DELETE FROM users WHERE users.org_id = $1",
        "INSERT INTO users (org_id, id) VALUES ($1, $1)",
    ] {
        assert_eq!(found(fine), "", "{fine}");
    }
    for (sql, tables) in [
        ("SELECT id FROM users WHERE id = $1", "users"),
        ("SELECT id FROM users WHERE org_id = $1 OR id = $1", "users"),
        ("SELECT id FROM users WHERE org_id = id", "users"),
        (
            "SELECT 1 FROM missions m JOIN projects p ON p.org_id = m.org_id AND p.id = m.project_id WHERE m.org_id = $1",
            "projects",
        ),
        (
            "SELECT 1 FROM missions m LEFT JOIN projects p ON p.id = m.project_id WHERE m.org_id = $1 AND p.name = $1",
            "projects",
        ),
        // Of an outer join no row may be left out by a condition that holds for what is joined.
        (
            "SELECT 1 FROM missions m LEFT JOIN projects p ON p.id = m.project_id AND m.org_id = $1",
            "missions projects",
        ),
        (
            "SELECT (SELECT count(*) FROM assignments a WHERE a.org_id = m.org_id) FROM missions m WHERE m.org_id = $1",
            "assignments",
        ),
        (
            "SELECT id FROM users WHERE org_id = $1 AND id IN (SELECT user_id FROM user_tags WHERE tag = $1)",
            "user_tags",
        ),
        ("UPDATE users SET bio = $1 WHERE id = $1", "users"),
        ("DELETE FROM users WHERE id = $1", "users"),
        ("INSERT INTO users (id) VALUES ($1)", "users"),
    ] {
        assert_eq!(found(sql), tables, "{sql}");
    }
}

/// Calls everything once, and does what is done without a call.
#[rstest]
#[tokio::test]
async fn every_statement_names_its_org_and_no_exception_is_left_over(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    for operation in operations() {
        let owner = test.owner().await;
        let answer = Sample::of(&owner, &operation).await.send(&owner).await;
        assert_eq!(answer.status, 200, "{}: {}", operation.name(), answer.text);
    }
    let unknown = format!("/invitations/{}/accept", uuid::Uuid::from_u128(1));
    test.anonymous().post(&unknown, json!({ "token": "of nobody" })).await.refused(404, "not_found");
    test.pass_seconds(2 * 86_400);
    let listening = [test.org, test.other_org].map(|org| test.app.live.listen(org, uuid::Uuid::nil().into()));
    // What recurs (`app/periodic.rs`), once.
    test.app.live.look().await;
    drop(listening);
    mails::queue_digests(&test.app).await.expect("digests");
    mails::waiting(&test.app.db).await.expect("the mails that wait");
    idempotency::forget_old_answers(&test.app.db, test.app.config.retention.answers)
        .await
        .expect("old answers are deleted");
    // As an import of everything does.
    renew_versions(&test.app.db, &Random::seeded(1), None, &List::ALL).await.expect("new versions");
    let folder = tempfile::tempdir().expect("a folder");
    let mailing = Test::start_with(db, &[("MAIL_DIR", folder.path().to_str().expect("a path"))]).await;
    invitations::remind_due(&mailing.app).await.expect("reminders");
    by_org::check();
    let (unneeded, looked_at) = by_org::unneeded();
    assert!(looked_at > 150, "{looked_at} statements");
    assert_eq!(unneeded, Vec::<&str>::new(), "exceptions that no statement needs");
}
