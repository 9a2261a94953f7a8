//! How many SQL statements a request costs does not depend on how much there is. The counts stand here, so that one
//! more is seen in review; BEGIN and COMMIT are not counted.

use crate::support::{Kind, Persona, Test};
use coulisses::db::Origin;
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// Every list, with a query that finds only what [`Plan::fill`] makes where it can, and its statements. The first is
/// always the caller's authority.
const LISTS: [(&str, &str, u64); 13] = [
    ("/assignments", "", 2),
    ("/audit", "", 3),
    ("/auth/sessions", "", 2),
    ("/availabilities", "", 2),
    ("/availability", "", 2),
    ("/conflicts", "", 4),
    ("/conflicts/user/{uid}", "", 5),
    ("/invitations", "", 2),
    ("/missions", "", 2),
    ("/orgs/members", "", 2),
    ("/projects", "?q=Projet", 2),
    ("/users", "?q=Personne", 4),
    ("/users/{id}/calendar", "?include=missions", 4),
];
/// What else is read, and its statements.
const SINGLES: [(&str, u64); 20] = [
    ("/assignments/{id}", 2),
    ("/auth/me", 3),
    ("/auth/sessions/{id}", 2),
    ("/availabilities/{id}", 2),
    ("/availability/{id}", 2),
    ("/invitations/verify", 1),
    ("/invitations/{id}", 2),
    ("/missions/{id}", 2),
    ("/orgs/current", 2),
    ("/orgs/members/{account_id}", 2),
    ("/projects/{id}", 2),
    ("/rates/user/{uid}", 4),
    ("/rbac_demo/admin", 1),
    ("/rbac_demo/any", 1),
    ("/rbac_demo/manager", 1),
    ("/rbac_demo/owner", 1),
    ("/rbac_demo/scoped/{org_id}", 1),
    ("/users/{id}", 4),
    ("/users/{id}/calendar", 3),
    ("/users/{id}/profile", 4),
];
/// The bulk calls, and their statements.
const BULKS: [(&str, u64); 3] = [
    ("/projects/{id}/missions:bulk_create", 8),
    ("/assignments:bulk_create", 11),
    ("/invitations:bulk_create", 10),
];
/// A mission that moves onto what its people are taken by, that moves back, and that is called off.
const MOVES: [u64; 3] = [17, 17, 13];
/// Few rows, and many.
const FEW: usize = 1;
const MANY: usize = 40;

/// Ids of the first object of each kind.
#[derive(Default)]
struct Plan {
    project: String,
    mission: String,
    assignment: String,
    availability: String,
    invitation: String,
    account: String,
    session: String,
    token: String,
}

impl Plan {
    /// `rows` of everything that can be listed, and the first object of each kind with as many parts as there can be of
    /// it, at most `rows`.
    async fn fill(test: &Test, owner: &Persona<'_>, rows: usize) -> Self {
        let user = test.tech_user.to_string();
        let parts: Vec<_> = (0..rows).map(|i| format!("part {i}")).collect();
        let roles: Vec<_> = parts.iter().map(|name| json!({ "role_name": name })).collect();
        let day = |i: usize, hour: &str| format!("2026-{:02}-{:02}T{hour}:00Z", 8 + i / 28, 1 + i % 28);
        let mut plan = Self::default();
        for i in (0..rows).rev() {
            let project = owner.project(&format!("Projet {i}")).await;
            let roles = if i == 0 { roles.clone() } else { Vec::new() };
            let missions = json!([
                { "title": "Matin", "start_at": day(i, "08:00"), "end_at": day(i, "12:00"), "roles": roles },
                { "title": "Midi", "start_at": day(i, "11:00"), "end_at": day(i, "13:00") },
            ]);
            let bulk = owner.post(&format!("/projects/{project}/missions:bulk_create"), missions).await.ok();
            let mission = |n: usize| bulk["ids"][n].as_str().unwrap().to_owned();
            for n in 0..2 {
                let accepted = json!({
                    "mission_id": mission(n), "user_id": user, "status": "ACCEPTED", "override_reason": if n == 0 { None } else { Some("both") },
                });
                owner.post("/assignments", accepted).await.ok();
            }
            let person = json!({ "name": format!("Personne {i}"), "skills": parts, "tags": parts });
            let person = id(&owner.post("/users", person).await.ok());
            plan.assignment = owner.assignment(&mission(0), &person).await;
            (plan.invitation, plan.token) = owner.invitation(&plan.assignment).await;
            let period = json!({ "user_id": user, "start_at": day(i, "06:00"), "end_at": day(i, "20:00") });
            plan.availability = id(&owner.post("/availabilities", period).await.ok());
            owner.post_empty(&format!("/availabilities/{}:approve", plan.availability)).await.ok();
            let member = json!({ "email": format!("member{i}@rideau.example"), "role": "tech" });
            let added = owner.post("/orgs/members", member).await.ok();
            plan.account = added["account_id"].as_str().expect("an id").to_owned();
            test.owner().await;
            plan.session = id(&owner.get("/auth/sessions").await.ok()[0]);
            (plan.project, plan.mission) = (project, mission(0));
        }
        let rates: Json =
            parts.iter().map(|part| (part.clone(), json!(1))).collect::<serde_json::Map<_, _>>().into();
        let profile = json!({ "skills": parts, "tags": parts, "rate_profile": rates });
        owner.put(&format!("/users/{user}/profile"), profile).await.ok();
        plan
    }

    fn path(&self, test: &Test, template: &str) -> String {
        let id = match template.split('/').nth(1) {
            Some("projects") => self.project.clone(),
            Some("missions") => self.mission.clone(),
            Some("assignments") => self.assignment.clone(),
            Some("availabilities" | "availability") => self.availability.clone(),
            Some("invitations") => self.invitation.clone(),
            Some("orgs") => self.account.clone(),
            Some("auth") => self.session.clone(),
            _ => test.tech_user.to_string(),
        };
        let token =
            if template == "/invitations/verify" { format!("?token={}", self.token) } else { String::new() };
        let path = template.replace("{org_id}", &test.org.to_string());
        path.replace("{id}", &id).replace("{uid}", &id).replace("{account_id}", &id) + &token
    }
}

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

/// What a request costs, and its answer.
async fn cost(test: &Test, request: impl AsyncFnOnce() -> crate::support::Outcome) -> (u64, Json) {
    let before = test.app.db.statements();
    let answer = request().await.ok();
    (test.app.db.statements() - before, answer)
}

fn length(list: &Json) -> usize {
    let items = ["members", "conflicts"].iter().find_map(|name| list.get(name)).unwrap_or(list);
    items.as_array().expect("an array").len()
}

#[rstest]
#[tokio::test]
async fn a_list_costs_the_same_with_one_row_and_with_forty(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let mut costs = Vec::new();
    for rows in [FEW, MANY] {
        let test = Test::start(db).await;
        let owner = test.owner().await;
        let plan = Plan::fill(&test, &owner, rows).await;
        let mut of_rows = Vec::new();
        for (template, query, _) in LISTS {
            let path = format!("{}{query}", plan.path(&test, template));
            let (cost, list) = cost(&test, async || owner.get(&path).await).await;
            let found = length(&list);
            assert!(if rows == FEW { found <= 20 } else { found >= MANY }, "{template} has {found}");
            of_rows.push((template, query, cost));
        }
        costs.push(of_rows);
    }
    assert_eq!(costs[0], costs[1], "with few rows, with many");
    assert_eq!(costs[0], LISTS, "the table above");
}

#[rstest]
#[tokio::test]
async fn reading_one_object_costs_the_same_however_much_hangs_on_it(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let mut costs = Vec::new();
    for rows in [FEW, MANY] {
        let test = Test::start(db).await;
        let owner = test.owner().await;
        let plan = Plan::fill(&test, &owner, rows).await;
        let mut of_rows = Vec::new();
        for (template, _) in SINGLES {
            let path = plan.path(&test, template);
            of_rows.push((template, cost(&test, async || owner.get(&path).await).await.0));
        }
        costs.push(of_rows);
    }
    assert_eq!(costs[0], costs[1], "with few parts, with many");
    assert_eq!(costs[0], SINGLES, "the table above");
}

#[rstest]
#[tokio::test]
async fn a_bulk_call_costs_the_same_with_2_items_and_with_a_hundred(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let (project, user) = (owner.project("Festival").await, test.tech_user.to_string());
    let mut costs = Vec::new();
    for items in [2, 100, 1000] {
        let mission = |i| {
            let roles = [json!({ "role_name": "son", "quota": 2 })];
            json!({ "title": format!("Set {i}"), "start_at": "2026-08-01T10:00:00Z", "end_at": "2026-08-01T12:00:00Z", "roles": roles })
        };
        let missions: Vec<_> = (0..items).map(mission).collect();
        let path = BULKS[0].0.replace("{id}", &project);
        let (of_missions, created) = cost(&test, async || owner.post(&path, json!(missions)).await).await;
        let ids = created["ids"].as_array().unwrap();
        let asked: Vec<_> =
            ids.iter().map(|id| json!({ "mission_id": id, "user_id": user, "role_name": "son" })).collect();
        let (of_assignments, created) =
            cost(&test, async || owner.post(BULKS[1].0, json!(asked)).await).await;
        let ids = created["ids"].as_array().unwrap();
        let links: Vec<_> = ids.iter().map(|id| json!({ "assignment_id": id })).collect();
        let (of_invitations, created) =
            cost(&test, async || owner.post(BULKS[2].0, json!(links)).await).await;
        assert_eq!(length(&created), items);
        costs.push([of_missions, of_assignments, of_invitations]);
    }
    assert_eq!(costs[0], costs[1], "with 2 items, with 100");
    assert_eq!(costs[0], BULKS.map(|(_, statements)| statements), "the table above");
    // Of each kind of row a hundred are inserted at once: nine more times the missions, their roles, the entries and what they say.
    let inserts = [4, 3, 3];
    let most = std::array::from_fn(|i| costs[0][i] + 9 * inserts[i]);
    assert_eq!(costs[2], most, "with 1000");
}

/// A mission moves onto others that its people are taken by, and back.
#[rstest]
#[tokio::test]
async fn a_move_costs_the_same_with_2_people_and_with_20(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let owner = test.owner().await;
    let mut costs = Vec::new();
    for people in [2, 20] {
        let taken = owner.mission("Concert", "20:00", "22:00").await;
        let moved = owner.mission("Montage", "08:00", "10:00").await;
        for i in 0..people {
            let person = owner.user(&format!("Personne {i}")).await;
            for mission in [&taken, &moved] {
                let body = json!({ "mission_id": mission, "user_id": person, "status": "ACCEPTED" });
                owner.post("/assignments", body).await.ok();
            }
        }
        let path = format!("/missions/{moved}");
        let onto = json!({ "start_at": "2026-07-10T21:00:00Z", "end_at": "2026-07-10T23:00:00Z", "override_reason": "both" });
        let back = json!({ "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T10:00:00Z" });
        let (there, _) = cost(&test, async || owner.patch(&path, onto).await).await;
        let (again, _) = cost(&test, async || owner.patch(&path, back).await).await;
        let (cancelled, _) = cost(&test, async || owner.post_empty(&format!("{path}:cancel")).await).await;
        costs.push([there, again, cancelled]);
    }
    assert_eq!(costs[0], costs[1], "with 2 people, with 20");
    assert_eq!(costs[0], MOVES, "the counts above");
}

#[test]
fn no_reading_route_and_no_bulk_route_is_left_out_above() {
    let document = coulisses::app::routes().1;
    let (mut lists, mut singles, mut bulks) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (path, item) in document["paths"].as_object().expect("paths") {
        let Some(path) = path.strip_prefix("/api/v1") else { continue };
        if path.ends_with(":bulk_create") {
            bulks.insert(path);
        }
        let read = &item["get"];
        if read.is_null() || read["tags"][0] == "system" {
            continue;
        }
        let schema = &read["responses"]["200"]["content"]["application/json"]["schema"];
        if schema["type"] == "array" {
            lists.insert(path)
        } else {
            singles.insert(path)
        };
    }
    let counted: BTreeSet<_> = LISTS.iter().map(|(path, ..)| *path).collect();
    assert_eq!(lists.difference(&counted).collect::<Vec<_>>(), Vec::<&&str>::new(), "lists");
    let counted = counted.into_iter().chain(SINGLES.iter().map(|(path, _)| *path)).collect();
    assert_eq!(lists.union(&singles).copied().collect::<BTreeSet<_>>(), counted);
    assert_eq!(bulks, BULKS.iter().map(|(path, _)| *path).collect());
}

/// What all of the above stands on.
#[rstest]
#[tokio::test]
async fn every_statement_is_counted_inside_transactions_too(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    async fn ask(db: &impl ConnectionTrait) {
        db.query_one_raw(Statement::from_string(db.get_database_backend(), "SELECT 1 AS n")).await.unwrap();
    }
    let test = Test::start(db).await;
    let db = test.app.db.clone();
    let counted = |before: u64| db.statements() - before;
    let before = db.statements();
    ask(&db).await;
    assert_eq!(counted(before), 1);
    let snapshot = db.read().await.unwrap();
    for _ in 0..3 {
        ask(&snapshot).await;
    }
    drop(snapshot);
    assert_eq!(counted(before), 4);
    let tx = db.write(Origin::system()).await.unwrap();
    for _ in 0..5 {
        ask(&tx).await;
    }
    tx.commit().await.unwrap();
    assert_eq!(counted(before), 9);
    ask(&db.clone()).await;
    assert_eq!(counted(before), 10);
}
