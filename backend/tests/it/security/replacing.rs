//! What another program can do to a SQLite file: without foreign keys and without triggers for the rows that REPLACE
//! deletes, which are settings of a connection. The guards hold all the same.

use super::dump;
use crate::support::{Kind, Test};
use coulisses::db::DatabaseUrl;
use sea_orm::sqlx::{
    AssertSqlSafe, Connection, Executor, Row, SqliteConnection, sqlite::SqliteConnectOptions,
};
use serde_json::json;

/// A connection as any other program would open it.
async fn plain(test: &Test) -> SqliteConnection {
    let DatabaseUrl::Sqlite(file) = &test.app.config.database_url else { panic!("not SQLite") };
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
    let mut connection = SqliteConnection::connect_with(&options).await.expect("the file opens");
    for setting in ["recursive_triggers", "foreign_keys"] {
        assert_eq!(number(&mut connection, &format!("PRAGMA {setting}")).await, 0, "{setting}");
    }
    connection
}

async fn number(connection: &mut SqliteConnection, sql: &str) -> i64 {
    connection.fetch_one(AssertSqlSafe(sql)).await.expect(sql).get(0)
}

async fn refused(connection: &mut SqliteConnection, name: &str, sql: &str) {
    let error =
        connection.execute(AssertSqlSafe(sql)).await.err().unwrap_or_else(|| panic!("{sql} was let through"));
    assert!(error.to_string().contains(name), "{sql}: {error}");
}

const MEMBER: &str = "org_memberships (org_id, id, account_id, role, is_active, created_at, updated_at)";

/// Whoever the plan needs for each guard to have something to guard.
async fn planned() -> Test {
    let test = Test::start(Kind::Sqlite).await;
    let manager = test.manager().await;
    let mission = json!({
        "title": "Générale", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
        "roles": [{ "role_name": "son", "quota": 2 }],
    });
    let mission = manager.post("/missions", mission).await.ok();
    for name in ["Nina Simone", "Juliette Gréco"] {
        let user = manager.user(name).await;
        let call = json!({ "mission_id": mission["id"], "user_id": user, "role_name": "son" });
        let assignment = manager.post("/assignments", call).await.ok();
        let (invitation, token) = manager.invitation(assignment["id"].as_str().expect("an id")).await;
        let accept = format!("/invitations/{invitation}/accept");
        test.anonymous().post(&accept, json!({ "token": token })).await.ok();
        let away =
            json!({ "user_id": user, "start_at": "2026-07-10T06:00:00Z", "end_at": "2026-07-10T20:00:00Z" });
        let declared = manager.post("/availabilities", away).await.ok();
        let approve = format!("/availabilities/{}:approve", declared["id"].as_str().expect("an id"));
        manager.post_empty(&approve).await.ok();
    }
    test
}

#[tokio::test]
async fn another_program_gets_past_no_guard_by_replacing() {
    let test = planned().await;
    let mut connection = plain(&test).await;
    let before = dump(&test, Kind::Sqlite).await;
    let rideau = "(SELECT id FROM orgs WHERE name_key = 'théâtre du rideau')";
    let owner = "SELECT rowid, * FROM org_memberships WHERE role = 'owner' ORDER BY rowid LIMIT 1";
    let insert_member = |rowid: &str, org: &str, id: &str, account: &str| {
        let columns = MEMBER.replacen('(', "(rowid, ", 1);
        format!(
            "REPLACE INTO {columns} SELECT {rowid}, {org}, {id}, {account}, 'tech', 1, 0, 0 FROM ({owner})"
        )
    };
    let entry = "'account', 'forged', 'org', 0 FROM audit_log ORDER BY rowid LIMIT 1";
    let columns = "org_id, id, actor_kind, action, object_type, created_at";
    let (one, another) = (
        "(SELECT min(rowid) FROM invitations)",
        "(SELECT max(rowid) FROM invitations WHERE answer IS NOT NULL)",
    );
    for (name, sql) in [
        ("audit_is_immutable", format!("REPLACE INTO audit_log ({columns}) SELECT org_id, id, {entry}")),
        ("audit_is_immutable", format!("REPLACE INTO audit_log (rowid, {columns}) SELECT rowid, org_id, randomblob(16), {entry}")),
        ("audit_is_immutable", "INSERT OR REPLACE INTO audit_log SELECT * FROM audit_log".into()),
        ("audit_is_immutable", "UPDATE OR REPLACE audit_log SET (org_id, id) = (SELECT org_id, max(id) FROM audit_log)".into()),
        ("audit_is_immutable", "REPLACE INTO audit_details SELECT audit_id, NULL, '{}', created_at, org_id FROM audit_details".into()),
        (
            "audit_is_immutable",
            "REPLACE INTO audit_details (rowid, org_id, audit_id, created_at) SELECT rowid, org_id, randomblob(16), 0 FROM audit_details".into(),
        ),
        (
            "audit_is_immutable",
            "UPDATE OR REPLACE audit_details SET rowid = rowid + 1, before = NULL, after = NULL WHERE rowid = 1".into(),
        ),
        ("org_memberships_last_owner", insert_member("NULL", "org_id", "id", "randomblob(16)")),
        ("org_memberships_last_owner", insert_member("rowid", "org_id", "randomblob(16)", "randomblob(16)")),
        ("org_memberships_last_owner", insert_member("rowid", "randomblob(16)", "randomblob(16)", "randomblob(16)")),
        ("UNIQUE constraint failed", insert_member("NULL", "org_id", "randomblob(16)", "account_id")),
        (
            "org_memberships_last_owner",
            format!(
                "UPDATE OR REPLACE org_memberships SET account_id = (SELECT account_id FROM ({owner}))
                WHERE org_id = {rideau} AND role = 'tech'"
            ),
        ),
        (
            "org_memberships_last_owner",
            format!(
                "UPDATE OR REPLACE org_memberships SET id = (SELECT id FROM ({owner}))
                WHERE org_id = {rideau} AND role = 'tech'"
            ),
        ),
        (
            "org_memberships_last_owner",
            format!(
                "UPDATE OR REPLACE org_memberships SET rowid = (SELECT min(rowid) FROM org_memberships WHERE role = 'owner')
                WHERE org_id = {rideau} AND role = 'tech'"
            ),
        ),
        (
            "invitations_answered_once",
            "REPLACE INTO invitations (org_id, id, assignment_id, token_hash, expires_at, created_at, updated_at)
                SELECT org_id, id, assignment_id, token_hash, expires_at, created_at, updated_at FROM invitations".into(),
        ),
        (
            "invitations_answered_once",
            "REPLACE INTO invitations (rowid, org_id, id, assignment_id, token_hash, expires_at, created_at, updated_at)
                SELECT rowid, org_id, randomblob(16), assignment_id, token_hash, 0, 0, 0 FROM invitations".into(),
        ),
        (
            "invitations_answered_once",
            format!(
                "UPDATE OR REPLACE invitations SET id = (SELECT id FROM invitations WHERE rowid = {another}) WHERE rowid = {one}"
            ),
        ),
        (
            "invitations_answered_once",
            format!("UPDATE OR REPLACE invitations SET rowid = {another} WHERE rowid = {one}"),
        ),
        (
            "mission_roles_quota",
            "REPLACE INTO mission_roles SELECT org_id, id, mission_id, role_name, name_key, 1, position, created_at
                FROM mission_roles WHERE quota = 2".into(),
        ),
        (
            "assignments_quota",
            "REPLACE INTO assignments SELECT org_id, randomblob(16), mission_id, randomblob(16), mission_role_id, status,
                note, decline_reason, conflict_override, starts_at, ends_at, created_at, updated_at, 0, 0, NULL, NULL, NULL FROM assignments".into(),
        ),
        (
            "assignments_no_double_booking",
            "REPLACE INTO assignments SELECT org_id, randomblob(16), randomblob(16), user_id, NULL, status,
                note, decline_reason, conflict_override, starts_at, ends_at, created_at, updated_at, 0, 0, NULL, NULL, NULL FROM assignments".into(),
        ),
        ("assignments_stay_in_their_org", "UPDATE OR REPLACE assignments SET org_id = randomblob(16)".into()),
        (
            "availabilities_no_overlap",
            "REPLACE INTO availabilities SELECT org_id, randomblob(16), user_id, starts_at, ends_at, status, note,
                created_at, updated_at, kind, NULL FROM availabilities".into(),
        ),
        ("availabilities_stay_in_their_org", "UPDATE OR REPLACE availabilities SET org_id = randomblob(16)".into()),
    ] {
        refused(&mut connection, name, &sql).await;
    }
    assert_eq!(dump(&test, Kind::Sqlite).await, before);
}

/// A role without people becomes the one with them, under a smaller quota.
#[tokio::test]
async fn a_role_does_not_take_over_more_people_than_it_wants() {
    let test = planned().await;
    let mut connection = plain(&test).await;
    let small = "INSERT INTO mission_roles SELECT org_id, randomblob(16), mission_id, 'petit', 'petit', 1, 2, created_at
        FROM mission_roles WHERE quota = 2";
    connection.execute(small).await.expect(small);
    let take_over = "UPDATE OR REPLACE mission_roles SET id = (SELECT id FROM mission_roles WHERE quota = 2) WHERE quota = 1";
    refused(&mut connection, "mission_roles_quota", take_over).await;
}

/// Of two owners either may go, not both by one row in the way of both.
#[tokio::test]
async fn two_owners_are_not_replaced_by_one_row() {
    let test = planned().await;
    let mut connection = plain(&test).await;
    let second = "UPDATE org_memberships SET role = 'owner' WHERE role = 'admin'";
    connection.execute(second).await.expect(second);
    let org = "(SELECT min(org_id) FROM org_memberships)";
    let owners =
        format!("SELECT * FROM org_memberships WHERE org_id = {org} AND role = 'owner' AND is_active");
    let row = |role: &str, id: &str, account: &str| {
        format!(
            "REPLACE INTO {MEMBER} SELECT {org}, (SELECT {id} FROM ({owners})), (SELECT {account} FROM ({owners})),
            '{role}', 1, 0, 0"
        )
    };
    refused(&mut connection, "UNIQUE constraint failed", &row("tech", "min(id)", "max(account_id)")).await;
    let replaced = row("tech", "min(id)", "min(account_id)");
    connection.execute(AssertSqlSafe(replaced.as_str())).await.expect(&replaced);
    let left = number(&mut connection, &format!("SELECT count(*) FROM ({owners})")).await;
    assert_eq!(left, 1, "one of two may go");
}

#[tokio::test]
async fn what_nothing_guards_is_written_as_ever() {
    let test = planned().await;
    let mut connection = plain(&test).await;
    for sql in [
        "INSERT INTO audit_log (org_id, id, actor_kind, action, object_type, created_at) VALUES (zeroblob(16), randomblob(16), 'system', 'x', 'y', 0)",
        "INSERT INTO audit_details (org_id, audit_id, created_at) SELECT org_id, id, 0 FROM audit_log WHERE action = 'x'",
        "UPDATE audit_details SET before = NULL, after = NULL",
        "REPLACE INTO mission_roles SELECT org_id, id, mission_id, role_name, name_key, 3, position, created_at FROM mission_roles",
        "UPDATE org_memberships SET updated_at = updated_at + 1, role = 'manager' WHERE role = 'tech'",
        "REPLACE INTO org_memberships (org_id, id, account_id, role, is_active, created_at, updated_at)
            SELECT org_id, id, account_id, 'admin', 1, 0, 0 FROM org_memberships WHERE role = 'manager'",
        "UPDATE invitations SET updated_at = updated_at + 1",
    ] {
        connection.execute(sql).await.expect(sql);
    }
    let owner = test.owner().await;
    let again = json!({ "email": "owner@rideau.example", "role": "tech" });
    owner.post("/orgs/members", again).await.refused(409, "duplicate");
}
