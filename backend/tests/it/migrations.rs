//! The schema goes up and down, on an empty database and over data, and is the same on both databases.

use crate::support::{Kind, Persona, Test, TestDatabase};
use coulisses::{
    auth::hash_secret,
    db::{
        Database,
        migrations::{self, Migrator},
    },
    resources::{accounts, orgs},
    text::{EmailKey, NameKey},
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use sea_orm_migration::MigratorTrait;
use serde_json::json;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

async fn lines(db: &Database, sql: &str) -> BTreeSet<String> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.expect(sql);
    rows.iter().map(|row| row.try_get("", "line").expect("a text")).collect()
}

/// How many steps are taken back with the one of this name.
fn back_through(name: &str) -> u32 {
    let all = Migrator::migrations();
    let kept = all.iter().position(|step| step.name() == name).expect("a step of this name");
    u32::try_from(all.len() - kept).expect("a number of steps")
}

async fn down(db: &Database, steps: Option<u32>) {
    Migrator::down(db.connection(), steps).await.expect("steps are taken back");
}

async fn last_step(db: &Database) -> String {
    let applied = Migrator::get_applied_migrations(db.connection()).await.expect("the record of migrations");
    applied.last().expect("a step").name().to_owned()
}

/// Everything in the database but its record of migrations.
async fn objects(kind: Kind, db: &Database) -> BTreeSet<String> {
    let sql = match kind {
        Kind::Sqlite => {
            "SELECT type || ' ' || name AS line FROM sqlite_master
            WHERE name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations'"
        }
        Kind::Postgres => {
            "SELECT 'relation ' || c.relname AS line FROM pg_class c
                WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'seaql_migrations%'
            UNION ALL
            SELECT 'function ' || p.proname FROM pg_proc p
                WHERE p.pronamespace = 'public'::regnamespace
                    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
            UNION ALL
            SELECT 'trigger ' || t.tgname FROM pg_trigger t WHERE NOT t.tgisinternal
            UNION ALL
            SELECT 'enum ' || t.typname FROM pg_type t
                WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('d', 'e')"
        }
    };
    lines(db, sql).await
}

/// Tables, columns, keys and indexes, one fact per line, in words that both databases share. What only one of them has
/// (triggers, exclusion constraints) has tests of what it does.
async fn schema(kind: Kind, db: &Database) -> BTreeSet<String> {
    let sql = match kind {
        Kind::Sqlite => {
            r#"WITH t AS (SELECT name FROM sqlite_master
                WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'seaql_migrations')
            SELECT 'column ' || t.name || '.' || c.name || CASE c."notnull" WHEN 1 THEN ' not null' ELSE ' null' END AS line
                FROM t, pragma_table_info(t.name) c
            UNION ALL
            SELECT 'primary key ' || t.name || ' (' || group_concat(c.name, ', ' ORDER BY c.pk) || ')'
                FROM t, pragma_table_info(t.name) c WHERE c.pk > 0 GROUP BY t.name
            UNION ALL
            SELECT CASE i."unique" WHEN 1 THEN 'unique index ' ELSE 'index ' END || i.name || ' on ' || t.name || ' ('
                    || (SELECT group_concat(k.name, ', ' ORDER BY k.seqno) FROM pragma_index_info(i.name) k) || ')'
                    || CASE i.partial WHEN 1 THEN ' partial' ELSE '' END
                FROM t, pragma_index_list(t.name) i WHERE i.origin <> 'pk'
            UNION ALL
            SELECT 'foreign key ' || t.name || ' (' || group_concat(f."from", ', ' ORDER BY f.seq) || ') to ' || f."table"
                    || ' (' || group_concat(f."to", ', ' ORDER BY f.seq) || ') on update ' || lower(f.on_update)
                    || ' on delete ' || lower(f.on_delete)
                FROM t, pragma_foreign_key_list(t.name) f GROUP BY t.name, f.id"#
        }
        Kind::Postgres => {
            "WITH t AS (SELECT oid, relname::text AS name FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'seaql_migrations'),
            i AS (SELECT t.name AS on_table, x.*, c.relname::text AS name, (
                    SELECT string_agg(a.attname::text, ', ' ORDER BY k.n)
                    FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(attnum, n)
                    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
                ) AS columns FROM t JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class c ON c.oid = x.indexrelid)
            SELECT 'column ' || t.name || '.' || a.attname || CASE WHEN a.attnotnull THEN ' not null' ELSE ' null' END AS line
                FROM t JOIN pg_attribute a ON a.attrelid = t.oid WHERE a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT 'primary key ' || on_table || ' (' || columns || ')' FROM i WHERE indisprimary
            UNION ALL
            SELECT CASE WHEN indisunique THEN 'unique index ' ELSE 'index ' END || name || ' on ' || on_table
                    || ' (' || columns || ')' || CASE WHEN indpred IS NULL THEN '' ELSE ' partial' END
                FROM i WHERE NOT indisprimary AND NOT indisexclusion
            UNION ALL
            SELECT 'foreign key ' || t.name || ' (' || (
                    SELECT string_agg(a.attname::text, ', ' ORDER BY k.n)
                    FROM unnest(f.conkey) WITH ORDINALITY k(attnum, n)
                    JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.attnum
                ) || ') to ' || f.confrelid::regclass || ' (' || (
                    SELECT string_agg(a.attname::text, ', ' ORDER BY k.n)
                    FROM unnest(f.confkey) WITH ORDINALITY k(attnum, n)
                    JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.attnum
                ) || ') on update ' || CASE f.confupdtype WHEN 'c' THEN 'cascade' WHEN 'a' THEN 'no action' ELSE 'other' END
                    || ' on delete ' || CASE f.confdeltype WHEN 'c' THEN 'cascade' WHEN 'a' THEN 'no action' ELSE 'other' END
                FROM t JOIN pg_constraint f ON f.conrelid = t.oid AND f.contype = 'f'"
        }
    };
    lines(db, sql).await
}

#[rstest]
#[tokio::test]
async fn the_schema_is_the_recorded_one(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let database = TestDatabase::create(db).await;
    let found = schema(db, &database.open().await).await;
    insta::assert_snapshot!("schema", Vec::from_iter(found).join("\n"));
}

#[rstest]
#[tokio::test]
async fn both_databases_have_the_same_schema(#[values(Kind::Postgres)] db: Kind) {
    let (sqlite, other) = (TestDatabase::create(Kind::Sqlite).await, TestDatabase::create(db).await);
    let sqlite = schema(Kind::Sqlite, &sqlite.open().await).await;
    let other = schema(db, &other.open().await).await;
    assert!(sqlite.len() > 100, "{sqlite:#?}");
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    assert_eq!((only(&sqlite, &other), only(&other, &sqlite)), (Vec::new(), Vec::new()));
}

#[rstest]
#[tokio::test]
async fn taking_everything_back_leaves_nothing_of_ours(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let database = TestDatabase::empty(db).await;
    let connection = database.open().await;
    assert_eq!(objects(db, &connection).await, BTreeSet::new());
    migrations::up(&connection, None).await.expect("the schema");
    let whole = objects(db, &connection).await;
    assert!(whole.iter().any(|object| object.contains("audit_log_immutable")), "{whole:#?}");
    down(&connection, None).await;
    assert_eq!(objects(db, &connection).await, BTreeSet::new());
    migrations::up(&connection, None).await.expect("the schema comes back");
    assert_eq!(objects(db, &connection).await, whole);
}

/// Steps that bring nothing and change what is there.
const CHANGES: [&str; 10] = [
    "m20261126_000009_json_as_text",
    "m20261126_000013_canonical_keys",
    "m20261126_000016_calendar_days",
    "m20261126_000017_search",
    // Columns, and the text of a trigger.
    "m20261127_000022_deleted_orgs",
    "m20261127_000023_planning",
    // A column, and the guard that compares it.
    "m20261128_000024_availability_kinds",
    "m20261128_000025_series",
    "m20261128_000026_crew",
    "m20261128_000028_account_locale",
];

/// What was stored to be searched by an older program is found by what a newer one asks for.
#[rstest]
#[tokio::test]
async fn what_is_searched_is_rebuilt_both_ways(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    // More than are read at once.
    let people = json!([{ "title": "x", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T09:00:00Z", "location": "L’Œuvre" }]);
    let many: Vec<_> = std::iter::repeat_n(people[0].clone(), 501).collect();
    let project = manager.project("Été d’Ɓala").await;
    manager.post(&format!("/projects/{project}/missions:bulk_create"), json!(many)).await.ok();
    let zoe = json!({ "first_name": "Jean-Luc", "last_name": "O’Brien", "email": "jl@x.example", "phone": "+33 6 12" });
    manager.post("/users", zoe).await.ok();
    let columns = [
        ("projects", "name_search"),
        ("missions", "search"),
        ("users", "name_search"),
        ("users", "contact_search"),
    ];
    let stored = async |columns: [(&'static str, &'static str); 4]| {
        let mut all = Vec::new();
        for (table, column) in columns {
            let sql = format!("SELECT {column} AS found FROM {table} ORDER BY org_id, id");
            let rows = test
                .app
                .db
                .query_all_raw(Statement::from_string(test.app.db.get_database_backend(), sql))
                .await;
            let rows = rows.expect("rows").into_iter();
            all.push(
                rows.map(|row| row.try_get::<Option<String>>("", "found").expect("a text"))
                    .collect::<Vec<_>>(),
            );
        }
        all
    };
    let before = stored(columns).await;
    assert!(before[1].iter().all(|found| found.as_deref() == Some("x l oeuvre loeuvre")), "{:?}", before[1]);
    down(&test.app.db, Some(back_through("m20261126_000017_search"))).await;
    let older = stored([
        ("projects", "name_search"),
        ("missions", "title_search"),
        ("users", "name_search"),
        ("users", "email_search"),
    ])
    .await;
    assert!(older[1].iter().all(|found| found.as_deref() == Some("x")));
    assert!(
        older[2].contains(&Some("jean-luc o’brien".into()))
            && older[3].contains(&Some("jl@x.example".into())),
        "{older:?}"
    );
    migrations::up(&test.app.db, None).await.expect("the schema");
    assert_eq!(stored(columns).await, before);
}

/// All of October in Paris lasts an hour more than 31 times 24 hours.
#[rstest]
#[tokio::test]
async fn a_month_of_the_calendar_stays_while_days_have_24_hours_again(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let october = json!({
        "title": "Octobre", "start_at": "2026-10-01T00:00:00+02:00", "end_at": "2026-11-01T00:00:00+01:00",
    });
    let mission = test.manager().await.post("/missions", october).await.ok();
    let path = format!("/missions/{}", mission["id"].as_str().expect("an id"));
    let steps = Migrator::migrations();
    let first = steps.iter().position(|step| step.name().contains("000016")).expect("the step");
    down(&test.app.db, u32::try_from(steps.len() - first).ok()).await;
    let write = || test.app.db.execute_unprepared("UPDATE missions SET ends_at = ends_at");
    write().await.expect_err("it is too long for this schema");
    migrations::up(&test.app.db, None).await.expect("the schema");
    write().await.expect("it is not too long any more");
    assert_eq!(test.manager().await.get(&path).await.ok()["end_at"], "2026-10-31T23:00:00Z");
}

/// Over the spring change 31 times 24 hours are an hour more than 31 days, and were allowed.
#[rstest]
#[tokio::test]
async fn what_was_not_too_long_when_it_was_made_can_be_changed(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let march =
        |end: &str| json!({ "title": "Mars", "start_at": "2026-03-01T00:00:00+01:00", "end_at": end });
    let mission = manager.post("/missions", march("2026-04-01T00:00:00+02:00")).await.ok();
    let user = manager.user("Zoé").await;
    let mut declared = march("2026-04-01T00:00:00+02:00");
    declared["user_id"] = json!(user);
    declared.as_object_mut().expect("an object").remove("title");
    let availability = manager.post("/availabilities", declared).await.ok();
    let path = |list: &str, of: &serde_json::Value| format!("/{list}/{}", of["id"].as_str().expect("an id"));
    let (mission, availability) = (path("missions", &mission), path("availabilities", &availability));
    for table in ["missions", "availabilities"] {
        test.execute(&format!("UPDATE {table} SET ends_at = ends_at + 3600000000")).await;
    }
    for kept in [&mission, &availability] {
        assert_eq!(manager.patch(kept, json!({ "note": "vu" })).await.ok()["end_at"], "2026-03-31T23:00:00Z");
        let longer = json!({ "end_at": "2026-04-01T00:30:00+02:00" });
        assert_eq!(manager.patch(kept, longer).await.wrong_members(), ["/end_at"]);
    }
    for how in [json!({}), json!({ "shift_days": 0 }), json!({ "start_at": "2026-02-28T23:00:00Z" })] {
        manager.post(&format!("{mission}:duplicate"), how).await.ok();
    }
}

#[rstest]
#[tokio::test]
async fn each_step_takes_back_what_it_brought(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let database = TestDatabase::empty(db).await;
    let connection = database.open().await;
    let mut states = vec![objects(db, &connection).await];
    for _ in Migrator::migrations() {
        migrations::up(&connection, Some(1)).await.expect("a step");
        states.push(objects(db, &connection).await);
    }
    for (pair, step) in states.windows(2).zip(Migrator::migrations()) {
        let brings = !CHANGES.contains(&step.name());
        assert!(pair[0].is_subset(&pair[1]) && (pair[0] != pair[1]) == brings, "{}", step.name());
    }
    migrations::up(&connection, None).await.expect("nothing is left to do");
    while let Some(state) = states.pop() {
        assert_eq!(objects(db, &connection).await, state);
        if !states.is_empty() {
            down(&connection, Some(1)).await;
        }
    }
}

/// A plan with a row in every table of the planning; the assignment is ACCEPTED.
async fn fill(test: &Test) -> (String, String) {
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let profile = json!({ "skills": ["son"], "tags": ["bobino"], "rate_profile": { "jour": 250 } });
    manager.put(&format!("/users/{user}/profile"), profile).await.ok();
    let project = manager.project("Tournée").await;
    let mission = manager
        .post(
            "/missions",
            json!({ "project_id": project, "role": "son", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z" }),
        )
        .await
        .ok();
    let assignment = manager.assignment(mission["id"].as_str().unwrap(), &user).await;
    let (invitation, token) = manager.invitation(&assignment).await;
    test.anonymous().post(&format!("/invitations/{invitation}/accept"), json!({ "token": token })).await.ok();
    let period =
        json!({ "user_id": user, "start_at": "2026-07-10T06:00:00Z", "end_at": "2026-07-10T20:00:00Z" });
    let declared = manager.post("/availabilities", period).await.ok();
    manager.post_empty(&format!("/availabilities/{}:approve", declared["id"].as_str().unwrap())).await.ok();
    (user, assignment)
}

const PLANNING: [&str; 9] = [
    "users",
    "user_skills",
    "user_tags",
    "availabilities",
    "projects",
    "missions",
    "mission_roles",
    "assignments",
    "invitations",
];

async fn counts(test: &Test, tables: &[&str]) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in tables {
        counts.push(test.count(&format!("SELECT count(*) AS n FROM {table}")).await);
    }
    counts
}

#[rstest]
#[tokio::test]
async fn going_down_step_by_step_keeps_the_rows_of_the_steps_that_stay(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    fill(&test).await;
    let connection = &test.app.db;
    let whole = objects(db, connection).await;
    let planned = counts(&test, &PLANNING).await;
    assert!(planned.iter().all(|rows| *rows > 0), "{planned:?}");
    let accounts = ["orgs", "accounts", "org_memberships", "sessions"];
    let logins = counts(&test, &accounts).await;
    for _above_the_planning in 0..back_through("m20261123_000003_guards") {
        down(connection, Some(1)).await;
        assert_eq!(counts(&test, &PLANNING).await, planned);
    }
    down(connection, Some(1)).await;
    assert_eq!(counts(&test, &accounts).await, logins);
    down(connection, Some(1)).await;
    assert_eq!(objects(db, connection).await, BTreeSet::new());
    migrations::up(connection, None).await.expect("the schema comes back");
    assert_eq!(objects(db, connection).await, whole);
}

#[rstest]
#[tokio::test]
async fn the_guards_come_back_over_a_plan(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let (user, assignment) = fill(&test).await;
    down(&test.app.db, Some(back_through("m20261123_000003_guards"))).await;
    migrations::up(&test.app.db, Some(1)).await.expect("the guards");
    migrations::up(&test.app.db, None).await.expect("the audit log");
    let manager = test.manager().await;
    assert_eq!(manager.status_of(&assignment).await, "ACCEPTED");
    let clash = manager.mission("Balance", "11:00", "13:00").await;
    let taken = json!({ "mission_id": clash, "user_id": user, "status": "ACCEPTED" });
    manager.post("/assignments", taken).await.refused(400, "schedule_conflict");
    let sql = "UPDATE assignments SET status = 'INVITED', starts_at = ends_at";
    test.app.db.execute_unprepared(sql).await.expect_err("the instants are the mission's");
    assert_eq!(test.audit_count().await, 1, "the new log has the one mission created since");
}

/// A key as the program made it before there was a canonical form.
fn old_key(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfc().collect()
}

#[rstest]
#[tokio::test]
async fn what_was_stored_under_an_old_key_is_found_under_the_canonical_one(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let (manager, owner) = (test.manager().await, test.owner().await);
    let mut ids = Vec::new();
    for name in ["Été", "Hiver", "Automne"] {
        ids.push(manager.project(name).await);
    }
    let mission = json!({ "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z",
        "roles": [{ "role_name": "son" }] });
    let mission = manager.post("/missions", mission).await.ok()["id"].as_str().unwrap().to_owned();
    let nina = manager
        .post("/users", json!({ "name": "Nina Simone", "skills": ["son"], "tags": ["nuit"] }))
        .await
        .ok();
    let nina = nina["id"].as_str().unwrap().to_owned();
    down(&test.app.db, Some(back_through("m20261126_000013_canonical_keys"))).await;
    // As the program before would have stored them: a twin of the technician, and names beside names.
    let (twin, tech) = ("\u{200b}tech@rideau.example", "tech@rideau.example");
    let other = "zoé\u{ad}@rideau.example";
    for (from, to) in [("admin@rideau.example", twin), ("manager@rideau.example", other)] {
        let set = format!("email = '{to}', email_key = '{}'", old_key(to));
        test.execute(&format!("UPDATE accounts SET {set} WHERE email_key = '{from}'")).await;
    }
    let org = "Théâtre  du Rideau";
    let set = format!("name = '{org}', name_key = '{}'", old_key(org));
    test.execute(&format!("UPDATE orgs SET {set} WHERE name <> 'Other House'")).await;
    for (from, to) in [("Hiver", "\u{feff}Été"), ("Automne", "ΟΔΟΣ\u{a0}1")] {
        let set = format!("name = '{to}', name_key = '{}'", old_key(to));
        test.execute(&format!("UPDATE projects SET {set} WHERE name = '{from}'")).await;
    }
    for change in [
        "UPDATE mission_roles SET role_name = 's\u{200b}on', name_key = 's\u{200b}on'",
        "UPDATE user_skills SET skill = 's\u{200b}on', skill_key = 's\u{200b}on'",
        "UPDATE user_tags SET tag = 'de  nuit', tag_key = 'de  nuit'",
    ] {
        test.execute(change).await;
    }

    for _over_and_over in 0..2 {
        migrations::up(&test.app.db, None).await.expect("the keys");
        let found = async |email: &str| {
            accounts::by_email(&test.app.db, &EmailKey::of(email)).await.unwrap().map(|account| account.email)
        };
        assert_eq!(found(tech).await.as_deref(), Some(tech), "the twin does not take its place");
        assert_eq!(found(&format!("{tech}~2")).await.as_deref(), Some(twin));
        for spelling in [other, "ZOÉ@rideau.example"] {
            assert_eq!(found(spelling).await.as_deref(), Some(other));
        }
        for name in [org, "théâtre du rideau"] {
            assert_eq!(orgs::find_by_name(&test.app.db, &NameKey::of(name)).await.unwrap(), test.org);
        }
        let taken = async |name: &str| manager.post("/projects", json!({ "name": name })).await;
        for name in ["été", "Été~2", "οδος 1"] {
            taken(name).await.refused(409, "duplicate");
        }
        for filter in ["skill=son", "tag=de%20nuit", "tag=de%20%20nuit"] {
            assert_eq!(manager.get(&format!("/users?{filter}")).await.ok()[0]["id"], nina, "{filter}");
        }
        // The person is put on the role under its plain name.
        let assigned = json!({ "mission_id": mission, "user_id": nina, "role_name": "son" });
        let assigned = manager.post("/assignments", assigned).await.ok()["id"].as_str().unwrap().to_owned();
        manager.delete(&format!("/assignments/{assigned}")).await.ok();
        for id in &ids {
            owner.get(&format!("/projects/{id}")).await.ok();
        }
        // The program before finds what it stored.
        down(&test.app.db, Some(back_through("m20261126_000013_canonical_keys"))).await;
        for (table, text, key) in [
            ("accounts", "email", "email_key"),
            ("projects", "name", "name_key"),
            ("orgs", "name", "name_key"),
        ] {
            for row in test.rows(&format!("SELECT {text} AS t, {key} AS k FROM {table}")).await {
                assert_eq!(row["k"], old_key(row["t"].as_str().unwrap()), "{table}");
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn memberships_that_exist_stay_open_and_those_that_wait_do_not_open_by_going_down(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    const STEP: &str = "m20261126_000014_pending_memberships";
    let test = Test::start(db).await;
    let stranger = test.other_owner().await;
    down(&test.app.db, Some(back_through(STEP))).await;
    test.execute("UPDATE accounts SET password_hash = NULL WHERE email_key = 'admin@rideau.example'").await;
    // Links that were handed out before: for a first password, and by the operator for another one.
    let handed = [("admin@rideau.example", "a first link"), ("manager@rideau.example", "the operator's")];
    let expires = test.clock.now().plus_seconds(60).as_micros();
    for (email, token) in handed {
        let hash: String = hash_secret(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let hash = if db == Kind::Sqlite { format!("x'{hash}'") } else { format!("'\\x{hash}'::bytea") };
        test.execute(&format!(
            "INSERT INTO password_tokens (id, account_id, purpose, token_hash, expires_at, created_at)
            SELECT id, id, 'welcome', {hash}, {expires}, 0 FROM accounts WHERE email_key = '{email}'"
        ))
        .await;
    }
    migrations::up(&test.app.db, None).await.expect("pending memberships");
    let waiting = "SELECT count(*) AS n FROM org_memberships WHERE proven_at IS NULL";
    assert_eq!(test.count(waiting).await, 0);
    for (email, token) in handed {
        let set = json!({ "token": token, "new_password": "cinq actes et un prologue" });
        test.anonymous().post("/auth/reset/confirm", set).await.ok();
        let login = json!({ "email": email, "password": "cinq actes et un prologue", "org_id": test.org });
        test.anonymous().post("/auth/login", login).await.ok();
    }

    test.execute("DELETE FROM membership_links").await;
    // One that waits would open; that of a new login waits for its first password as it did before.
    for email in ["tech@rideau.example", "nina@other.example"] {
        stranger.post("/orgs/members", json!({ "email": email, "role": "tech" })).await.ok();
    }
    let losses = migrations::losses(&test.app.db, &[STEP.to_owned()]).await.expect("rows are counted");
    assert!(losses.contains(&format!("{STEP}: 1 pending membership, to be removed")), "{losses:?}");
    down(&test.app.db, Some(back_through(STEP))).await;
    let members = "SELECT count(*) AS n FROM org_memberships m JOIN accounts a ON a.id = m.account_id
        WHERE a.email IN ('tech@rideau.example', 'nina@other.example')";
    assert_eq!(test.count(members).await, 2, "each where they were, and not the one whom a stranger added");
    let links = "SELECT count(*) AS n FROM password_tokens t JOIN accounts a ON a.id = t.account_id
        WHERE t.used_at IS NULL AND a.email IN ('tech@rideau.example', 'nina@other.example')";
    assert_eq!(test.count(links).await, 1, "that of the new login");
    migrations::up(&test.app.db, None).await.expect("it comes back");
    assert_eq!((test.count(waiting).await, test.count(members).await), (0, 2));
}

#[rstest]
#[tokio::test]
async fn what_going_down_would_lose_is_counted(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    fill(&test).await;
    let steps = vec!["m20261123_000002_planning".to_owned()];
    let losses = migrations::losses(&test.app.db, &steps).await.expect("tables are counted");
    assert!(losses.contains(&"m20261123_000002_planning: 1 row of assignments".to_owned()), "{losses:?}");
    assert!(losses.iter().all(|line| !line.contains("accounts")), "{losses:?}");
    let guards = vec!["m20261123_000003_guards".to_owned()];
    assert_eq!(
        migrations::losses(&test.app.db, &guards).await.expect("tables are counted"),
        Vec::<String>::new()
    );
}

#[rstest]
#[tokio::test]
async fn two_may_migrate_at_once(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let database = TestDatabase::empty(db).await;
    let (one, other) = (database.open().await, database.open().await);
    let (first, second) = tokio::join!(migrations::up(&one, None), migrations::up(&other, None));
    first.expect("one migrates");
    second.expect("the other waits and finds it done");
    let applied = Migrator::get_applied_migrations(one.connection()).await.expect("the record of migrations");
    assert_eq!(applied.len(), Migrator::migrations().len());
}

/// What is in a column that holds JSON, as text.
const JSON: &str = "SELECT count(*) AS n FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'jsonb'";

#[rstest]
#[tokio::test]
async fn json_stays_what_it_is_over_the_step_to_text_and_back(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let body = r#"{"name":"Nina Simone","legal_ids":{"b":[5e-324,-0.1,10928588.983213553,18446744073709551615],
        "a":1.7976931348623157e308,"é\u0001\"":{"zz":null,"z":true}}}"#;
    let created = owner.send(axum::http::Method::POST, "/users", Some(body.into())).await;
    let path = format!("/users/{}", created.ok()["id"].as_str().unwrap());
    let rates = json!({ "rate_profile": { "jour": 250.5 } });
    owner.put(&format!("/rates/user/{}", path.trim_start_matches("/users/")), rates.clone()).await.ok();
    owner.patch(&path, json!({ "phone": "1" })).await.ok();
    let read = async |owner: &Persona<'_>| {
        let profile = owner.get(&format!("{path}/profile")).await.ok();
        (owner.get(&path).await.text, profile["rate_profile"].clone(), owner.get("/audit").await.ok())
    };
    let before = read(&owner).await;
    for damaged in ["not json", r#"{"a":"\\u0000"}"#] {
        let person = owner.user("Damaged").await;
        let id = person.replace('-', "");
        let of_person = if db == Kind::Sqlite { format!("id = x'{id}'") } else { format!("id = '{id}'") };
        test.execute(&format!("UPDATE users SET legal_ids = '{damaged}' WHERE {of_person}")).await;
    }
    for _twice in 0..2 {
        down(&test.app.db, Some(back_through("m20261126_000009_json_as_text"))).await;
        if db == Kind::Postgres {
            assert_eq!(test.count(JSON).await, 5);
        }
        test.app
            .db
            .execute_unprepared("UPDATE audit_details SET after = '{}'")
            .await
            .expect_err("it is immutable");
        migrations::up(&test.app.db, None).await.expect("the step to text");
        test.app
            .db
            .execute_unprepared("UPDATE audit_details SET after = '{}'")
            .await
            .expect_err("it is immutable");
        if db == Kind::Postgres {
            assert_eq!(test.count(JSON).await, 0);
        }
        // PostgreSQL does not carry out what it prepared for other types.
        let owner = owner.clone().at(&test.second_instance().await);
        let (user, rates, audit) = read(&owner).await;
        assert_eq!((&user, &rates), (&before.0, &before.1));
        let audit =
            audit.as_array().expect("entries").iter().filter(|entry| entry["after"]["name"] != "Damaged");
        assert!(audit.eq(before.2.as_array().expect("entries")));
        let listed = owner.get("/users").await.ok();
        let damaged = listed.as_array().expect("people").iter().filter(|person| person["name"] == "Damaged");
        let shown: BTreeSet<_> = damaged.map(|person| person["legal_ids"].to_string()).collect();
        assert!(shown.contains(r#"{"unreadable":"not json"}"#), "{shown:?}");
    }
}

/// The fourth step creates two tables, and finds that the second exists.
#[rstest]
#[tokio::test]
async fn a_step_that_fails_leaves_the_schema_as_it_was(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let database = TestDatabase::empty(db).await;
    let connection = database.open().await;
    migrations::up(&connection, Some(3)).await.expect("the guards");
    connection.execute_unprepared("CREATE TABLE audit_details (x integer)").await.expect("another's table");
    let before = objects(db, &connection).await;
    let failed = migrations::up(&connection, None).await.expect_err("its name is taken").to_string();
    assert!(failed.contains("audit_details"), "{failed}");
    assert_eq!(objects(db, &connection).await, before);
    assert_eq!(last_step(&connection).await, "m20261123_000003_guards");
    connection.execute_unprepared("DROP TABLE audit_details").await.expect("another's table");
    migrations::up(&connection, None).await.expect("everything");
    assert!(Migrator::migrations().iter().all(|step| step.use_transaction() == Some(true)));
}

/// Taking the step back forgets which orgs were deleted: what is left of them would be orgs without a name.
#[rstest]
#[tokio::test]
async fn who_goes_back_is_told_of_deleted_orgs(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    const STEP: &str = "m20261127_000022_deleted_orgs";
    let test = Test::start(db).await;
    let losses =
        async || migrations::losses(&test.app.db, &[STEP.to_owned()]).await.expect("orgs are counted");
    assert_eq!(losses().await, Vec::<String>::new());
    let tx = test.app.db.write(coulisses::db::Origin::system()).await.expect("a transaction");
    coulisses::resources::privacy::delete_org(&tx, test.org).await.expect("it is deleted");
    tx.commit().await.expect("it is committed");
    assert_eq!(losses().await, [format!("{STEP}: 1 org that would not count as deleted any more")]);
}

/// As a database whose tables are distributed: it takes no new column that has a CHECK.
const NO_CHECKED_COLUMNS: &str = "
    CREATE FUNCTION refuse_checked_columns() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_query() ~* 'ADD COLUMN .*CHECK' THEN
            RAISE EXCEPTION 'a new column has a CHECK';
        END IF;
    END $$;
    CREATE EVENT TRIGGER refuse_checked_columns ON ddl_command_start WHEN TAG IN ('ALTER TABLE')
        EXECUTE FUNCTION refuse_checked_columns()";

#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn the_kind_of_availabilities_is_checked_by_a_command_of_its_own_on_Postgres() {
    let database = TestDatabase::create(Kind::Postgres).await;
    let connection = database.open().await;
    down(&connection, Some(back_through("m20261128_000024_availability_kinds"))).await;
    connection.execute_unprepared(NO_CHECKED_COLUMNS).await.expect("an event trigger");
    migrations::up(&connection, None).await.expect("the schema");
    let check = "SELECT pg_get_constraintdef(oid) AS line FROM pg_constraint
        WHERE conrelid = 'availabilities'::regclass AND conname = 'availabilities_kind_check'";
    let check = lines(&connection, check).await;
    assert!(check.iter().any(|check| check.contains("unavailable")), "{check:?}");
    down(&connection, Some(back_through("m20261128_000024_availability_kinds"))).await;
}

/// Writers lock assignments and invitations before the audit log: whoever has begun ends before the step.
#[tokio::test]
#[allow(non_snake_case, reason = "the name tells which database it needs")]
async fn the_step_to_activity_and_a_writer_do_not_wait_for_each_other_on_Postgres() {
    let test = Test::start(Kind::Postgres).await;
    let connection = test.app.db.connection();
    down(&test.app.db, Some(back_through("m20261128_000027_activity") - 1)).await;
    for up in [false, true] {
        let writer = test.app.db.write(coulisses::db::Origin::system()).await.expect("a transaction");
        writer.execute_unprepared("LOCK TABLE assignments IN ROW EXCLUSIVE MODE").await.expect("the lock");
        let step = async {
            match up {
                true => Migrator::up(connection, Some(1)).await,
                false => Migrator::down(connection, Some(1)).await,
            }
        };
        let write = async {
            test.until_a_lock_is_waited_for().await;
            let audit_log = "LOCK TABLE audit_log IN ROW EXCLUSIVE MODE";
            writer.execute_unprepared(audit_log).await.expect("the step has not locked it");
            writer.commit().await.expect("it is committed");
        };
        let (step, ()) = tokio::join!(step, write);
        step.expect("the step is taken when the writer has ended");
    }
    migrations::up(&test.app.db, None).await.expect("the schema");
}
