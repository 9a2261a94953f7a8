//! What the database refuses by itself, whoever writes: every statement here goes around the program's own rules.

use crate::support::{Kind, Test, at};
use rstest::rstest;
use sea_orm::{
    ConnectionTrait, DbErr, RuntimeErr,
    sqlx::{self, error::ErrorKind},
};
use serde_json::json;
use uuid::Uuid;

/// Why a statement is refused.
#[derive(Debug, Clone, Copy)]
enum By {
    /// A foreign key.
    Reference,
    /// A CHECK.
    Check,
    /// A unique index.
    Unique,
    /// A trigger or exclusion constraint of this name.
    Rule(&'static str),
}

/// A database with a plan in each of two orgs, and the words of its dialect.
struct Plan {
    test: Test,
    kind: Kind,
    org: String,
    other_org: String,
    user: String,
    other_user: String,
    project: String,
    other_project: String,
    mission: String,
    other_mission: String,
    assignment: String,
    other_assignment: String,
}

const NOON: &str = "2026-07-10T12:00:00Z";

fn micros(instant: &str) -> i64 {
    at(instant).as_micros()
}

fn new_id() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    Uuid::from_u128(NEXT.fetch_add(1, Ordering::Relaxed).into()).to_string()
}

impl Plan {
    async fn make(kind: Kind) -> Self {
        let test = Test::start(kind).await;
        let (org, other_org) = (test.org.to_string(), test.other_org.to_string());
        let (mine, theirs) = {
            let (manager, other) = (test.manager().await, test.other_owner().await);
            let mut plans = Vec::new();
            for who in [manager, other] {
                let user = who.user("Nina Simone").await;
                let project = who.project("Tournée").await;
                let mission = who.mission("Montage", "08:00", "12:00").await;
                let assignment = who.assignment(&mission, &user).await;
                plans.push([user, project, mission, assignment]);
            }
            let theirs = plans.pop().expect("two plans");
            (plans.pop().expect("two plans"), theirs)
        };
        let [user, project, mission, assignment] = mine;
        let [other_user, other_project, other_mission, other_assignment] = theirs;
        Self {
            test,
            kind,
            org,
            other_org,
            user,
            other_user,
            project,
            other_project,
            mission,
            other_mission,
            assignment,
            other_assignment,
        }
    }

    /// SQLite keeps ids as blobs, PostgreSQL as uuid.
    fn id(&self, id: &str) -> String {
        match self.kind {
            Kind::Sqlite => format!("x'{}'", id.replace('-', "")),
            Kind::Postgres => format!("'{id}'::uuid"),
        }
    }

    fn bytes(&self) -> &'static str {
        if self.kind == Kind::Sqlite { "x'00'" } else { "'\\x00'::bytea" }
    }

    async fn run(&self, sql: &str) -> Result<(), DbErr> {
        self.test.app.db.execute_unprepared(sql).await.map(|_| ())
    }

    async fn takes(&self, sql: &str) {
        self.run(sql).await.unwrap_or_else(|error| panic!("{error} in {sql}"));
    }

    async fn refuses(&self, by: By, sql: &str) {
        let error = self.run(sql).await.expect_err(sql);
        let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = &error
        else {
            panic!("{error:?} in {sql}");
        };
        let sqlx::Error::Database(cause) = &**cause else { panic!("{error:?} in {sql}") };
        let right = match by {
            By::Reference => matches!(cause.kind(), ErrorKind::ForeignKeyViolation),
            By::Check => matches!(cause.kind(), ErrorKind::CheckViolation),
            By::Unique => matches!(cause.kind(), ErrorKind::UniqueViolation),
            By::Rule(name) => cause.message().contains(name),
        };
        assert!(right, "{by:?} was meant, not {cause:?} of {sql}");
    }

    /// INSERT INTO a table, with the columns that every table of the planning has.
    fn insert(&self, table: &str, org: &str, columns: &[(&str, String)]) -> String {
        let mut names = String::from("org_id, created_at");
        let mut values = format!("{}, 0", self.id(org));
        if !matches!(table, "user_skills" | "user_tags" | "mission_roles") {
            names.push_str(", updated_at");
            values.push_str(", 0");
        }
        for (name, value) in columns {
            names = format!("{names}, {name}");
            values = format!("{values}, {value}");
        }
        format!("INSERT INTO {table} ({names}) VALUES ({values})")
    }

    fn mission(&self, org: &str, id: &str, project: Option<&str>, start: &str, end: &str) -> String {
        let columns = [
            ("id", self.id(id)),
            ("project_id", project.map_or("NULL".into(), |project| self.id(project))),
            ("title", "'x'".into()),
            ("search", "'x'".into()),
            ("timezone", "'UTC'".into()),
            ("starts_at", micros(start).to_string()),
            ("ends_at", micros(end).to_string()),
        ];
        self.insert("missions", org, &columns)
    }

    /// A mission of 2026-07-10 that is there.
    async fn planned(&self, from: &str, to: &str) -> Call {
        let call = Call {
            mission: new_id(),
            start: format!("2026-07-10T{from}:00Z"),
            end: format!("2026-07-10T{to}:00Z"),
        };
        self.takes(&self.mission(&self.org, &call.mission, None, &call.start, &call.end)).await;
        call
    }

    fn assign(&self, org: &str, call: &Call, user: &str, status: &str) -> String {
        self.assign_with(org, &new_id(), call, user, status, "NULL", "NULL")
    }

    #[allow(clippy::too_many_arguments, reason = "a row has that many columns")]
    fn assign_with(
        &self,
        org: &str,
        id: &str,
        call: &Call,
        user: &str,
        status: &str,
        role: &str,
        reason: &str,
    ) -> String {
        let columns = [
            ("id", self.id(id)),
            ("mission_id", self.id(&call.mission)),
            ("user_id", self.id(user)),
            ("mission_role_id", role.to_owned()),
            ("conflict_override", reason.to_owned()),
            ("status", format!("'{status}'")),
            ("starts_at", micros(&call.start).to_string()),
            ("ends_at", micros(&call.end).to_string()),
        ];
        self.insert("assignments", org, &columns)
    }

    fn role(&self, org: &str, id: &str, mission: &str, quota: &str) -> String {
        let columns = [
            ("id", self.id(id)),
            ("mission_id", self.id(mission)),
            ("role_name", "'son'".into()),
            ("name_key", format!("'{id}'")),
            ("quota", quota.to_owned()),
            ("position", "0".into()),
        ];
        self.insert("mission_roles", org, &columns)
    }

    fn availability(&self, org: &str, user: &str, status: &str, from: &str, to: &str) -> String {
        let columns = [
            ("id", self.id(&new_id())),
            ("user_id", self.id(user)),
            ("status", format!("'{status}'")),
            ("starts_at", micros(&format!("2026-07-10T{from}:00Z")).to_string()),
            ("ends_at", micros(&format!("2026-07-10T{to}:00Z")).to_string()),
        ];
        self.insert("availabilities", org, &columns)
    }

    /// A person of the org of whom nothing is planned.
    async fn someone(&self) -> String {
        self.test.manager().await.user("Miriam Makeba").await
    }
}

/// A mission with its instants.
struct Call {
    mission: String,
    start: String,
    end: String,
}

const MORNING: (&str, &str) = ("2026-07-10T08:00:00Z", NOON);

impl Call {
    fn of(mission: &str) -> Self {
        Self { mission: mission.into(), start: MORNING.0.into(), end: MORNING.1.into() }
    }
}

const DOUBLE: By = By::Rule("assignments_no_double_booking");

#[rstest]
#[tokio::test]
async fn nothing_refers_across_orgs(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let in_project = |project: &str| p.mission(&p.org, &new_id(), Some(project), MORNING.0, MORNING.1);
    p.takes(&in_project(&p.project)).await;
    p.refuses(By::Reference, &in_project(&p.other_project)).await;

    let (mine, theirs) = (Call::of(&p.mission), Call::of(&p.other_mission));
    let someone = p.someone().await;
    p.takes(&p.assign(&p.org, &mine, &someone, "DECLINED")).await;
    p.refuses(By::Reference, &p.assign(&p.org, &mine, &p.other_user, "DECLINED")).await;
    p.refuses(By::Reference, &p.assign(&p.org, &theirs, &p.user, "DECLINED")).await;
    p.refuses(By::Reference, &p.assign(&p.other_org, &mine, &p.user, "DECLINED")).await;

    let invite = |assignment: &str| {
        let columns = [
            ("id", p.id(&new_id())),
            ("assignment_id", p.id(assignment)),
            ("token_hash", p.bytes().into()),
            ("expires_at", "0".into()),
        ];
        p.insert("invitations", &p.org, &columns)
    };
    p.takes(&invite(&p.assignment)).await;
    p.refuses(By::Reference, &invite(&p.other_assignment)).await;

    for (table, word) in [("user_skills", "skill"), ("user_tags", "tag")] {
        let of = |user: &str| {
            let key = format!("{word}_key");
            let mut columns =
                vec![("user_id", p.id(user)), (word, "'son'".into()), (key.as_str(), "'son'".into())];
            if table == "user_skills" {
                columns.push(("level", "3".into()));
            }
            p.insert(table, &p.org, &columns)
        };
        p.takes(&of(&p.user)).await;
        p.refuses(By::Reference, &of(&p.other_user)).await;
    }

    p.takes(&p.role(&p.org, &new_id(), &p.mission, "NULL")).await;
    p.refuses(By::Reference, &p.role(&p.org, &new_id(), &p.other_mission, "NULL")).await;
    p.takes(&p.availability(&p.org, &p.user, "PENDING", "08:00", "09:00")).await;
    p.refuses(By::Reference, &p.availability(&p.org, &p.other_user, "PENDING", "08:00", "09:00")).await;
    p.refuses(By::Reference, &p.mission(&new_id(), &new_id(), None, MORNING.0, MORNING.1)).await;
}

#[rstest]
#[tokio::test]
async fn a_person_is_active_once_on_a_mission(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let mine = Call::of(&p.mission);
    for status in ["INVITED", "ACCEPTED"] {
        p.refuses(By::Unique, &p.assign(&p.org, &mine, &p.user, status)).await;
    }
    for status in ["DECLINED", "CANCELLED", "DECLINED"] {
        p.takes(&p.assign(&p.org, &mine, &p.user, status)).await;
    }
    p.refuses(By::Unique, "UPDATE assignments SET status = 'INVITED' WHERE status = 'CANCELLED'").await;
}

#[rstest]
#[tokio::test]
async fn accepted_missions_of_a_person_do_not_overlap(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let someone = p.someone().await;
    let day = p.planned("10:00", "12:00").await;
    p.takes(&p.assign(&p.org, &day, &someone, "ACCEPTED")).await;
    for (from, to) in
        [("09:00", "10:01"), ("10:00", "12:00"), ("10:30", "11:00"), ("11:59", "13:00"), ("08:00", "20:00")]
    {
        let clash = p.planned(from, to).await;
        p.refuses(DOUBLE, &p.assign(&p.org, &clash, &someone, "ACCEPTED")).await;
        let id = new_id();
        p.takes(&p.assign_with(&p.org, &id, &clash, &someone, "INVITED", "NULL", "NULL")).await;
        p.refuses(DOUBLE, &format!("UPDATE assignments SET status = 'ACCEPTED' WHERE id = {}", p.id(&id)))
            .await;
    }
    for (from, to) in [("08:00", "10:00"), ("12:00", "14:00")] {
        let beside = p.planned(from, to).await;
        p.takes(&p.assign(&p.org, &beside, &someone, "ACCEPTED")).await;
    }
    let clash = p.planned("09:30", "10:30").await;
    p.takes(&p.assign(&p.org, &clash, &p.user, "ACCEPTED")).await;
}

#[rstest]
#[tokio::test]
async fn only_the_row_being_written_can_override(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let someone = p.someone().await;
    let (first, second, third) = (
        p.planned("08:00", "12:00").await,
        p.planned("10:00", "14:00").await,
        p.planned("11:00", "13:00").await,
    );
    p.takes(&p.assign(&p.org, &first, &someone, "ACCEPTED")).await;
    let overriding = new_id();
    let reason = "'renfort'";
    p.takes(&p.assign_with(&p.org, &overriding, &second, &someone, "ACCEPTED", "NULL", reason)).await;
    let alone = p.planned("13:00", "15:00").await;
    p.refuses(DOUBLE, &p.assign(&p.org, &alone, &someone, "ACCEPTED")).await;
    p.refuses(DOUBLE, &p.assign(&p.org, &third, &someone, "ACCEPTED")).await;
    let clear = format!("UPDATE assignments SET conflict_override = NULL WHERE id = {}", p.id(&overriding));
    p.refuses(DOUBLE, &clear).await;
    p.refuses(By::Check, &p.assign_with(&p.org, &new_id(), &third, &someone, "INVITED", "NULL", reason))
        .await;
}

#[rstest]
#[tokio::test]
async fn an_assignment_has_the_instants_of_its_mission(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let someone = p.someone().await;
    let late = Call { start: "2026-07-10T09:00:00Z".into(), ..Call::of(&p.mission) };
    p.refuses(By::Reference, &p.assign(&p.org, &late, &someone, "INVITED")).await;
    let long = Call { end: "2026-07-10T13:00:00Z".into(), ..Call::of(&p.mission) };
    p.refuses(By::Reference, &p.assign(&p.org, &long, &someone, "INVITED")).await;
    let which = format!("WHERE id = {}", p.id(&p.assignment));
    p.refuses(By::Reference, &format!("UPDATE assignments SET ends_at = ends_at + 1 {which}")).await;
}

#[rstest]
#[tokio::test]
async fn a_move_takes_the_assignments_along_or_is_refused(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let someone = p.someone().await;
    let (first, second) = (p.planned("08:00", "10:00").await, p.planned("14:00", "16:00").await);
    p.takes(&p.assign(&p.org, &first, &someone, "ACCEPTED")).await;
    p.takes(&p.assign(&p.org, &second, &someone, "ACCEPTED")).await;
    p.takes(&p.assign(&p.org, &second, &p.user, "INVITED")).await;
    let shift = |hours: i64| {
        let micros = hours * 3_600_000_000;
        let id = p.id(&second.mission);
        format!(
            "UPDATE missions SET starts_at = starts_at + {micros}, ends_at = ends_at + {micros} WHERE id = {id}"
        )
    };
    let moved = "SELECT count(*) AS n FROM assignments a JOIN missions m ON m.org_id = a.org_id AND m.id = a.mission_id
        WHERE a.starts_at = m.starts_at AND a.ends_at = m.ends_at";
    let all = p.test.count("SELECT count(*) AS n FROM assignments").await;
    p.takes(&shift(-4)).await;
    assert_eq!(p.test.count(moved).await, all);
    let at_ten =
        format!("SELECT count(*) AS n FROM assignments WHERE starts_at = {}", micros("2026-07-10T10:00:00Z"));
    assert_eq!(p.test.count(&at_ten).await, 2);
    p.refuses(DOUBLE, &shift(-1)).await;
    assert_eq!(p.test.count(&at_ten).await, 2);
    p.takes(&format!("UPDATE assignments SET status = 'DECLINED' WHERE user_id = {}", p.id(&someone))).await;
    p.takes(&shift(-1)).await;
}

#[rstest]
#[tokio::test]
async fn a_quota_is_never_exceeded(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let (call, role, free) = (p.planned("08:00", "10:00").await, new_id(), new_id());
    p.takes(&p.role(&p.org, &role, &call.mission, "2")).await;
    p.takes(&p.role(&p.org, &free, &call.mission, "NULL")).await;
    let mut ids = Vec::new();
    for status in ["ACCEPTED", "ACCEPTED", "INVITED", "INVITED"] {
        let (id, user) = (new_id(), p.someone().await);
        p.takes(&p.assign_with(&p.org, &id, &call, &user, status, &p.id(&role), "NULL")).await;
        ids.push(p.id(&id));
    }
    let full = By::Rule("assignments_quota");
    let user = p.someone().await;
    let accepted =
        |role: &str| p.assign_with(&p.org, &new_id(), &call, &user, "ACCEPTED", &p.id(role), "NULL");
    p.refuses(full, &accepted(&role)).await;
    p.refuses(full, &format!("UPDATE assignments SET status = 'ACCEPTED' WHERE id = {}", ids[2])).await;
    let elsewhere = new_id();
    p.takes(&p.assign_with(&p.org, &elsewhere, &call, &user, "ACCEPTED", &p.id(&free), "NULL")).await;
    let back =
        format!("UPDATE assignments SET mission_role_id = {} WHERE id = {}", p.id(&role), p.id(&elsewhere));
    p.refuses(full, &back).await;

    let quota = |quota: &str| format!("UPDATE mission_roles SET quota = {quota} WHERE id = {}", p.id(&role));
    p.refuses(By::Rule("mission_roles_quota"), &quota("1")).await;
    p.refuses(By::Check, &p.role(&p.org, &new_id(), &call.mission, "0")).await;
    p.takes(&quota("2")).await;
    p.takes(&quota("NULL")).await;
    p.takes(&quota("3")).await;
    p.takes(&format!("UPDATE assignments SET status = 'ACCEPTED' WHERE id = {}", ids[2])).await;
    let last_two = format!("UPDATE assignments SET status = 'ACCEPTED' WHERE id IN ({}, {})", ids[2], ids[3]);
    p.refuses(full, &last_two).await;
}

#[rstest]
#[tokio::test]
async fn a_role_is_one_of_its_mission_and_stays_while_used(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let (call, other, role) =
        (p.planned("08:00", "10:00").await, p.planned("12:00", "14:00").await, new_id());
    p.takes(&p.role(&p.org, &role, &call.mission, "NULL")).await;
    let with = |call: &Call| p.assign_with(&p.org, &new_id(), call, &p.user, "INVITED", &p.id(&role), "NULL");
    p.refuses(By::Reference, &with(&other)).await;
    p.takes(&with(&call)).await;
    p.refuses(By::Reference, &format!("DELETE FROM mission_roles WHERE id = {}", p.id(&role))).await;
    p.refuses(By::Reference, &format!("DELETE FROM missions WHERE id = {}", p.id(&call.mission))).await;
}

#[rstest]
#[tokio::test]
async fn periods_end_after_they_start(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    for end in [NOON, "2026-07-10T11:00:00Z"] {
        p.refuses(By::Check, &p.mission(&p.org, &new_id(), None, NOON, end)).await;
    }
    for end in ["12:00", "11:00"] {
        p.refuses(By::Check, &p.availability(&p.org, &p.user, "PENDING", "12:00", end)).await;
    }
}

#[rstest]
#[tokio::test]
async fn words_and_levels_are_the_listed_ones(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let skill = |level: i32| {
        let key = format!("'{level}'");
        p.insert(
            "user_skills",
            &p.org,
            &[
                ("user_id", p.id(&p.user)),
                ("skill", key.clone()),
                ("skill_key", key),
                ("level", level.to_string()),
            ],
        )
    };
    p.takes(&skill(1)).await;
    p.takes(&skill(5)).await;
    p.refuses(By::Check, &skill(0)).await;
    p.refuses(By::Check, &skill(6)).await;
    p.refuses(By::Check, &p.availability(&p.org, &p.user, "approved", "08:00", "09:00")).await;
    p.refuses(By::Check, &p.assign(&p.org, &Call::of(&p.mission), &p.someone().await, "MAYBE")).await;
    for sql in [
        "UPDATE projects SET status = 'OPEN'",
        "UPDATE users SET employment_type = 'TEMP'",
        "UPDATE org_memberships SET role = 'superuser' WHERE role = 'tech'",
        "INSERT INTO audit_log (org_id, id, actor_kind, action, object_type, created_at) SELECT id, id, 'ghost', 'x', 'x', 0 FROM orgs",
    ] {
        p.refuses(By::Check, sql).await;
    }
    let (invitation, _) = p.test.manager().await.invitation(&p.assignment).await;
    let answer =
        format!("UPDATE invitations SET answer = 'MAYBE', answered_at = 1 WHERE id = {}", p.id(&invitation));
    p.refuses(By::Check, &answer).await;
}

#[rstest]
#[tokio::test]
async fn approved_availabilities_do_not_overlap(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let someone = p.someone().await;
    let overlap = By::Rule("availabilities_no_overlap");
    p.takes(&p.availability(&p.org, &p.user, "APPROVED", "08:00", "12:00")).await;
    p.refuses(overlap, &p.availability(&p.org, &p.user, "APPROVED", "11:00", "13:00")).await;
    p.takes(&p.availability(&p.org, &p.user, "APPROVED", "12:00", "13:00")).await;
    p.takes(&p.availability(&p.org, &someone, "APPROVED", "11:00", "13:00")).await;
    p.takes(&p.availability(&p.org, &p.user, "REJECTED", "11:00", "13:00")).await;
    let away = |from| {
        let row = p.availability(&p.org, &p.user, "APPROVED", from, "13:00");
        row.replacen("status,", "status, kind,", 1).replacen("'APPROVED',", "'APPROVED', 'unavailable',", 1)
    };
    p.takes(&away("11:00")).await;
    p.refuses(overlap, &away("12:30")).await;
    p.refuses(overlap, "UPDATE availabilities SET kind = 'available' WHERE kind = 'unavailable'").await;
    p.refuses(By::Check, "UPDATE availabilities SET kind = 'away'").await;
    p.refuses(overlap, "UPDATE availabilities SET status = 'APPROVED' WHERE status = 'REJECTED'").await;
    p.refuses(overlap, &format!("UPDATE availabilities SET user_id = {}", p.id(&p.user))).await;
}

#[rstest]
#[tokio::test]
async fn an_org_keeps_an_owner(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let last = By::Rule("org_memberships_last_owner");
    let owner = format!("WHERE role = 'owner' AND org_id = {}", p.id(&p.org));
    let ways = [
        format!("DELETE FROM org_memberships {owner}"),
        format!("UPDATE org_memberships SET role = 'admin' {owner}"),
        format!("UPDATE org_memberships SET is_active = FALSE {owner}"),
    ];
    for way in &ways {
        p.refuses(last, way).await;
    }
    let promote = |active: &str| {
        let org = p.id(&p.org);
        format!(
            "UPDATE org_memberships SET role = 'owner', is_active = {active} WHERE role = 'admin' AND org_id = {org}"
        )
    };
    p.takes(&promote("FALSE")).await;
    p.refuses(last, &format!("{} AND is_active", ways[0])).await;
    // Nor is one any help whose account has not proven it, nor may the last one become such.
    let org = p.id(&p.org);
    let pending = format!(
        "UPDATE org_memberships SET proven_at = NULL, is_active = TRUE WHERE NOT is_active AND org_id = {org}"
    );
    p.takes(&pending).await;
    for way in &ways {
        p.refuses(last, &format!("{way} AND proven_at IS NOT NULL")).await;
    }
    p.refuses(
        last,
        &format!("UPDATE org_memberships SET proven_at = NULL {owner} AND proven_at IS NOT NULL"),
    )
    .await;
    p.takes("UPDATE org_memberships SET proven_at = created_at, is_active = FALSE WHERE proven_at IS NULL")
        .await;
    let reactivate = format!("UPDATE org_memberships SET is_active = TRUE {owner}");
    p.takes(&reactivate).await;
    // Both at once leaves none, too.
    for way in &ways {
        p.refuses(last, way).await;
    }
    let manager = membership(&p, "manager").await;
    p.takes(&format!("DELETE FROM org_memberships WHERE id = {manager}")).await;
    let first = membership(&p, "owner").await;
    p.takes(&format!("DELETE FROM org_memberships WHERE id = {first}")).await;
    p.refuses(last, &ways[0]).await;
}

/// The key of a membership of this role in the first org, ready for SQL.
async fn membership(p: &Plan, role: &str) -> String {
    format!(
        "(SELECT id FROM org_memberships WHERE role = '{role}' AND org_id = {} ORDER BY id LIMIT 1)",
        p.id(&p.org)
    )
}

#[rstest]
#[tokio::test]
async fn an_answer_is_never_changed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let (invitation, _) = p.test.manager().await.invitation(&p.assignment).await;
    let set = |what: &str| format!("UPDATE invitations SET {what} WHERE id = {}", p.id(&invitation));
    p.takes(&set("answer = 'ACCEPTED', answered_at = 1")).await;
    for what in ["answer = 'DECLINED'", "answer = NULL, answered_at = NULL", "answered_at = 2"] {
        p.refuses(By::Rule("invitations_answered_once"), &set(what)).await;
    }
    p.takes(&set("answer = 'ACCEPTED', answered_at = 1, updated_at = 3")).await;
}

#[rstest]
#[tokio::test]
async fn the_audit_log_is_never_changed(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let immutable = By::Rule("audit_is_immutable");
    let before = p.test.audit_count().await;
    for sql in [
        "UPDATE audit_log SET action = 'nothing'",
        "UPDATE audit_log SET created_at = created_at",
        "DELETE FROM audit_log",
        "DELETE FROM audit_details",
        "UPDATE audit_details SET after = '{}'",
        "UPDATE audit_details SET before = NULL",
        "UPDATE audit_details SET before = '{}', after = NULL",
    ] {
        p.refuses(immutable, sql).await;
    }
    if db == Kind::Postgres {
        for sql in ["TRUNCATE audit_log CASCADE", "TRUNCATE audit_details"] {
            p.refuses(immutable, sql).await;
        }
    }
    let with_details = "SELECT count(*) AS n FROM audit_details WHERE after IS NOT NULL";
    assert!(p.test.count(with_details).await > 0);
    p.takes("UPDATE audit_details SET before = NULL, after = NULL").await;
    assert_eq!(p.test.count(with_details).await, 0);
    assert_eq!(p.test.audit_count().await, before);
}

#[rstest]
#[tokio::test]
async fn names_are_unique_in_any_case(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let p = Plan::make(db).await;
    let manager = p.test.manager().await;
    let refused = manager.post("/projects", json!({ "name": "TOURNÉE" })).await.refused(409, "duplicate");
    assert_eq!(refused["errors"][0]["pointer"], "/name");
    manager.post("/projects", json!({ "name": "Tournee" })).await.ok();
    let copy =
        |table: &str, names: &str| format!("INSERT INTO {table} (id, {names}, created_at, updated_at)");
    let id = p.id(&new_id());
    let orgs = copy("orgs", "name, name_key, timezone");
    p.refuses(By::Unique, &format!("{orgs} VALUES ({id}, 'OTHER HOUSE', 'other house', 'UTC', 0, 0)")).await;
    let accounts = copy("accounts", "email, email_key, is_active");
    let email = "'TECH@rideau.example', 'tech@rideau.example'";
    p.refuses(By::Unique, &format!("{accounts} VALUES ({id}, {email}, TRUE, 0, 0)")).await;
    let admin = p.test.admin().await;
    let again = json!({ "email": "TECH@Rideau.Example", "role": "tech" });
    admin.post("/orgs/members", again).await.refused(409, "duplicate");
    assert_eq!(
        p.test.count("SELECT count(*) AS n FROM accounts WHERE email_key = 'tech@rideau.example'").await,
        1
    );
}
