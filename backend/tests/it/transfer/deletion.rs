//! An org that is deleted, of which its export and the record of what happened stay.

use super::{checksum, cli_of, path, rows};
use crate::{
    cli::Cli,
    security,
    support::{Kind, PASSWORD, Test, by_org},
};
use coulisses::{
    db::Origin,
    resources::privacy::{self, Deleted},
    transfer::{
        self, KEPT,
        scope::{WITHOUT_ROWS, stays_behind},
    },
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use serde_json::json;
use std::path::Path;

/// What was typed into the org; none of it may be left.
const TYPED: [&str; 7] = [
    "Théâtre du Rideau",
    "@rideau.example",
    "Quetzal",
    "quetzal@ybarra.example",
    "Pelléas",
    "behind the organ",
    "dentist that day",
];

/// A plan with answers, mails, links and an answer kept for repetition, and a member who is another org's, too.
async fn plan(test: &Test) {
    let owner = test.owner().await;
    let person = json!({ "name": "Quetzal Ybarra", "email": "quetzal@ybarra.example", "skills": [{ "skill": "son" }] });
    let user = owner.post("/users", person).await.ok()["id"].as_str().expect("an id").to_owned();
    let away =
        json!({ "user_id": user, "start_at": "2026-07-20T08:00:00Z", "end_at": "2026-07-20T18:00:00Z" });
    owner.post("/availabilities", away).await.ok();
    let keyed = owner.clone().with_header("idempotency-key", "once");
    keyed.post("/projects", json!({ "name": "Pelléas" })).await.ok();
    for (title, from, to) in [("Pelléas", "08:00", "12:00"), ("Italienne", "13:00", "14:00")] {
        let mission = owner.mission(title, from, to).await;
        owner.patch(&format!("/missions/{mission}"), json!({ "note": "behind the organ" })).await.ok();
        let assignment = owner.assignment(&mission, &user).await;
        let (id, token) = owner.invitation(&assignment).await;
        if title == "Italienne" {
            let path = format!("/invitations/{id}/decline?token={token}");
            test.anonymous().post(&path, json!({ "reason": "dentist that day" })).await.ok();
        }
    }
    owner.post("/orgs/members", json!({ "email": "new@rideau.example", "role": "tech" })).await.ok();
    owner.post("/orgs/members", json!({ "email": "tech@other.example", "role": "tech" })).await.ok();
    test.prove("tech@other.example").await;
    // The other org has rows in the same tables.
    let other = test.other_owner().await;
    let user = other.user("Nina Simone").await;
    other.invitation(&other.assignment(&other.mission("Montage", "08:00", "12:00").await, &user).await).await;
}

fn delete(cli: &Cli, test: &Test, more: &[&str]) -> crate::cli::Run {
    let org = test.org.to_string();
    let out = cli.folder().join("last.jsonl");
    cli.run(&[&["org", "delete", "--org", &org, "--export", path(&out)], more].concat())
}

fn export_of_other(cli: &Cli, test: &Test) -> String {
    let file = cli.folder().join("other.jsonl");
    cli.run(&["export", "--force", "--org", &test.other_org.to_string(), "--out", path(&file)]).ok();
    let text = std::fs::read_to_string(file).expect("the export");
    // Without the header, which has the time.
    text.split_once('\n').expect("lines").1.to_owned()
}

#[rstest]
#[tokio::test]
async fn a_deleted_org_leaves_its_export_and_a_record_without_words(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    plan(&test).await;
    let cli = cli_of(&test);
    let left = async || {
        let rows = security::dump(&test, db).await;
        TYPED.into_iter().filter(|typed| rows.iter().any(|row| row.contains(typed))).collect::<Vec<_>>()
    };
    assert_eq!(left().await, TYPED);
    let of_org = |file: &Path, table: &str| {
        rows(file, table).iter().filter(|row| row["org_id"] == json!(test.org)).count()
    };
    let (all, other) = (checksum(&cli), export_of_other(&cli, &test));

    let unsure = delete(&cli, &test, &[]);
    assert!(unsure.failed().contains("add --yes"), "{}", unsure.failed());
    assert_eq!(checksum(&cli), all);
    assert!(!cli.folder().join("last.jsonl").exists());

    let whole = super::export(&cli, "whole.jsonl").0;
    let run = delete(&cli, &test, &["--yes"]);
    let lines = run.ok();
    assert!(lines.iter().any(|line| line.starts_with("deleted ") && line.contains("5 logins")), "{lines:?}");
    assert_eq!(left().await, Vec::<&str>::new());
    // Deleted is what was exported, and nothing else.
    let file = cli.folder().join("last.jsonl");
    let after = super::export(&cli, "after.jsonl").0;
    assert_eq!(test.count("SELECT count(*) AS n FROM list_versions").await, 1);
    for table in by_org::distributed().iter().chain(&["org_memberships", "membership_links", "jobs"]) {
        if stays_behind(table) {
            continue;
        }
        if KEPT.iter().all(|(kept, _)| kept != table) {
            assert_eq!(of_org(&after, table), 0, "{table}");
        }
        if WITHOUT_ROWS.iter().all(|(without, _)| without != table) {
            assert_eq!(of_org(&file, table), of_org(&whole, table), "{table}");
        }
    }
    // The account's own row changed for nobody who is a member elsewhere.
    assert_eq!(export_of_other(&cli, &test), other);
    assert_eq!(of_org(&after, "audit_log"), of_org(&whole, "audit_log") + 1, "that it was deleted");
    assert_eq!(of_org(&after, "audit_details"), of_org(&whole, "audit_details"));
    let details = "SELECT count(*) AS n FROM audit_details d JOIN audit_log l ON l.id = d.audit_id AND l.action = 'org.create'
        WHERE d.after IS NULL";
    assert_eq!(test.count(details).await, 1);

    // It is nowhere any more; whoever is a member elsewhere signs in there.
    assert_eq!(cli.run(&["org", "list"]).ok().len(), 1);
    assert!(delete(&cli, &test, &["--yes", "--force"]).failed().contains("there is no organisation"));
    let login = |email: &str| json!({ "email": email, "password": PASSWORD });
    let refused = test.anonymous().post("/auth/login", login("owner@rideau.example")).await;
    refused.refused(401, "invalid_credentials");
    let elsewhere = test.anonymous().post("/auth/login", login("tech@other.example")).await.ok();
    assert_eq!(elsewhere["org_id"], json!(test.other_org));
    // Its name is free.
    let again = ["org", "create", "--name", "Théâtre du Rideau", "--owner-email", "owner@rideau.example"];
    cli.run(&again).ok();
}

#[rstest]
#[tokio::test]
async fn a_deleted_org_lives_on_in_another_database(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    plan(&test).await;
    let cli = cli_of(&test);
    delete(&cli, &test, &["--yes"]).ok();
    let file = cli.folder().join("last.jsonl");
    let back = cli.run(&["import", "--in", path(&file)]);
    assert!(back.failed().contains("was deleted from this database"), "{}", back.failed());
    let fresh = Cli::with_database(db).await;
    fresh.run(&["import", "--in", path(&file)]).ok();
    let orgs = fresh.run(&["org", "list"]);
    assert!(orgs.ok()[0].contains("Théâtre du Rideau"), "{:?}", orgs.ok());
    let members = fresh.run(&["member", "list", "--org", "Théâtre du Rideau"]);
    assert!(members.ok()[0].contains("owner@rideau.example"), "{:?}", members.ok());
}

/// Between the export and the deletion nobody writes, in any org; readers go on.
#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn nothing_is_written_while_an_org_is_deleted_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    plan(&test).await;
    let owner = test.owner().await;
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    transfer::hold_still(&tx).await.expect("the locks");
    owner.get("/users").await.ok();
    let other = test.app.db.write(Origin::system()).await.expect("a transaction");
    other.execute_unprepared("SET LOCAL lock_timeout = '50ms'").await.expect("a setting");
    let late = other.execute_unprepared("UPDATE missions SET note = 'too late'").await.expect_err("it waits");
    assert!(late.to_string().contains("lock timeout"), "{late}");
    drop(other);
    for write in ["DELETE FROM audit_log", "DELETE FROM audit_details"] {
        let other = test.app.db.write(Origin::system()).await.expect("a transaction");
        other.execute_unprepared("SET LOCAL lock_timeout = '50ms'").await.expect("a setting");
        let late = other.execute_unprepared(write).await.expect_err("it waits");
        assert!(late.to_string().contains("lock timeout"), "{late}");
    }
    let Deleted { rows, .. } = privacy::delete_org(&tx, test.org).await.expect("it is deleted");
    assert!(rows > 20, "{rows}");
    tx.commit().await.expect("it is committed");
}

/// Who changes the org or signs in to it before is in its export; who comes after finds it gone, and nobody is in a deadlock.
#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn who_writes_before_an_org_is_deleted_is_in_its_export_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    plan(&test).await;
    let cli = cli_of(&test);
    let tx = test.app.db.write(Origin::system()).await.expect("a transaction");
    // As a sign-in, and as who changes the org: first the account or the org, last the audit log.
    let account = "SELECT id FROM accounts WHERE email = 'tech@rideau.example' FOR NO KEY UPDATE";
    tx.execute_unprepared(account).await.expect("the account");
    let out = cli.folder().join("last.jsonl");
    let mut command =
        cli.command(&["org", "delete", "--org", &test.org.to_string(), "--export", path(&out), "--yes"]);
    let delete = tokio::task::spawn_blocking(move || command.output().expect("the program starts"));
    test.until_a_lock_is_waited_for().await;
    let org = test.rows("SELECT 1 AS n FROM orgs").await;
    assert_eq!(org.len(), 2, "readers go on");
    let late = test.app.db.write(Origin::system()).await.expect("a transaction");
    late.execute_unprepared("SET LOCAL lock_timeout = '200ms'").await.expect("a setting");
    let update = format!("UPDATE orgs SET contact_name = 'too late' WHERE id = '{}'", test.org);
    let waits = late.execute_unprepared(&update).await.expect_err("it waits");
    assert!(waits.to_string().contains("lock timeout"), "{waits}");
    drop(late);
    let account = "SELECT id FROM accounts WHERE email = 'tech@rideau.example'";
    let signed_in = format!(
        "INSERT INTO audit_log (org_id, id, actor_kind, action, object_type, created_at)
        SELECT '{}', id, 'system', 'session.start', 'session', 0 FROM ({account}) a",
        test.org
    );
    tx.execute_unprepared(&signed_in).await.expect("it is in nobody's way");
    tx.commit().await.expect("it is committed");
    let output = delete.await.expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let entries = rows(&out, "audit_log");
    assert!(entries.iter().any(|row| row["created_at"] == json!(0)), "the sign-in");
}
