//! How many SQL statements a request costs does not depend on how much there is. The counts stand where the operations are
//! declared, so that one more is seen in review; BEGIN and COMMIT are not counted.

use crate::operations::{House, Operation, declared, fill, ids, operations};
use crate::support::{Kind, Persona, Test};
use coulisses::db::Origin;
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// The bulk calls, in the order in which one's answer is the next one's question.
const BULKS: [&str; 3] =
    ["/projects/{id}/missions:bulk_create", "/assignments:bulk_create", "/invitations:bulk_create"];
/// A mission that moves onto what its people are taken by, that moves back, and that is called off.
const MOVES: [u64; 3] = [22, 20, 13];
/// Few rows, and many.
const FEW: usize = 1;
const MANY: usize = 40;

/// What an operation is declared to cost.
type Cost = (String, &'static str, u64);

/// Each list, with a query that finds only what [`Plan::fill`] makes where it can.
fn lists() -> Vec<Cost> {
    let list = |one: &Operation| one.list_statements().map(|(query, count)| (one.name(), query, count));
    declared().iter().filter_map(list).collect()
}

/// What else is read.
fn singles() -> Vec<Cost> {
    let single = |one: &Operation| one.single_statements().map(|count| (one.name(), "", count));
    declared().iter().filter_map(single).collect()
}

fn bulks() -> [u64; 3] {
    BULKS.map(|path| {
        let bulk = declared().iter().find(|one| one.template.ends_with(path)).expect(path);
        bulk.declared.statements.expect(path)
    })
}

/// The first object of each kind, by the names that declarations have for them.
#[derive(Default)]
struct Plan(HashMap<String, String>);

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
            let assignment = owner.assignment(&mission(0), &person).await;
            let (invitation, token) = owner.invitation(&assignment).await;
            let period = json!({ "user_id": user, "start_at": day(i, "06:00"), "end_at": day(i, "20:00") });
            let availability = id(&owner.post("/availabilities", period).await.ok());
            owner.post_empty(&format!("/availabilities/{availability}:approve")).await.ok();
            let member = json!({ "email": format!("member{i}@rideau.example"), "role": "tech" });
            let added = owner.post("/orgs/members", member).await.ok();
            let account = added["account_id"].as_str().expect("an id").to_owned();
            test.owner().await;
            let session = id(&owner.get("/auth/sessions").await.ok()[0]);
            let key = async |path: String| {
                let shown = owner.post_empty(&format!("{path}/calendar_key")).await.ok();
                shown["key"].as_str().expect("a key").to_owned()
            };
            let user_key = key(format!("/users/{user}")).await;
            let project_key = key(format!("/projects/{project}")).await;
            let known = [
                ("org", test.org.to_string()),
                ("user", user.clone()),
                ("project", project),
                ("mission", mission(0)),
                ("assignment", assignment),
                ("invitation", invitation),
                ("token", token),
                ("availability", availability),
                ("account", account),
                ("session", session),
                ("user-key", user_key),
                ("project-key", project_key),
            ];
            let known_names = known.each_ref().map(|(name, _)| *name);
            plan.0.extend(known.into_iter().map(|(name, id)| (name.to_owned(), id)));
            // What has nothing to do with the others is made as its declaration says, in each round.
            let mut house = House::of_tech(test, owner);
            for name in ids().into_iter().filter(|name| known_names.iter().all(|known| known != name)) {
                let id = house.id(&name).await;
                plan.0.insert(name, id);
            }
        }
        let rates: Json =
            parts.iter().map(|part| (part.clone(), json!(1))).collect::<serde_json::Map<_, _>>().into();
        let profile = json!({ "skills": parts, "tags": parts, "rate_profile": rates });
        owner.put(&format!("/users/{user}/profile"), profile).await.ok();
        plan
    }

    /// The address of what is counted, with this query instead of the one that it is declared with.
    async fn address(&self, name: &str, query: &str) -> String {
        let operation = declared().iter().find(|one| one.name() == name).expect(name);
        let call = &operation.declared;
        let whole = format!("{}{query}", if operation.lists() { call.path() } else { &call.address });
        let thing = |thing: &str| self.0.get(thing).cloned();
        fill(&whole, async |hole| thing(hole).unwrap_or_else(|| panic!("{name}: nothing is called <{hole}>")))
            .await
    }
}

fn id(object: &Json) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

/// What a request costs, and its answer where that is JSON.
async fn cost(test: &Test, request: impl AsyncFnOnce() -> crate::support::Outcome) -> (u64, Json) {
    let before = test.app.db.statements();
    let answer = request().await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let json = if answer.header("content-type").starts_with("text/") { Json::Null } else { answer.json() };
    (test.app.db.statements() - before, json)
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
        for (name, query, _) in lists() {
            let path = plan.address(&name, query).await;
            let (cost, list) = cost(&test, async || owner.get(&path).await).await;
            let found = length(&list);
            // Making one of everything leaves some rows in lists of other things.
            assert!((found >= MANY) == (rows == MANY), "{name} has {found} where {rows} were made");
            of_rows.push((name, query, cost));
        }
        costs.push(of_rows);
    }
    assert_eq!(costs[0], costs[1], "with few rows, with many");
    assert_eq!(costs[0], lists(), "as declared");
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
        for (name, query, _) in singles() {
            let path = plan.address(&name, query).await;
            let (cost, _) = cost(&test, async || owner.get(&path).await).await;
            of_rows.push((name, query, cost));
        }
        costs.push(of_rows);
    }
    assert_eq!(costs[0], costs[1], "with few parts, with many");
    assert_eq!(costs[0], singles(), "as declared");
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
        let path = BULKS[0].replace("{id}", &project);
        let (of_missions, created) = cost(&test, async || owner.post(&path, json!(missions)).await).await;
        let ids = created["ids"].as_array().unwrap();
        let asked: Vec<_> =
            ids.iter().map(|id| json!({ "mission_id": id, "user_id": user, "role_name": "son" })).collect();
        let (of_assignments, created) = cost(&test, async || owner.post(BULKS[1], json!(asked)).await).await;
        let ids = created["ids"].as_array().unwrap();
        let links: Vec<_> = ids.iter().map(|id| json!({ "assignment_id": id })).collect();
        let (of_invitations, created) = cost(&test, async || owner.post(BULKS[2], json!(links)).await).await;
        assert_eq!(length(&created), items);
        costs.push([of_missions, of_assignments, of_invitations]);
    }
    assert_eq!(costs[0], costs[1], "with 2 items, with 100");
    assert_eq!(costs[0], bulks(), "as declared");
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
    let (lists, singles) = (lists(), singles());
    for operation in operations() {
        let name = operation.name();
        let is_among = |counted: &[Cost]| counted.iter().any(|(one, ..)| *one == name);
        if operation.template.ends_with(":bulk_create") {
            assert!(BULKS.iter().any(|bulk| operation.template.ends_with(bulk)), "{name}");
        }
        let outside = operation.writes() || operation.json["tags"][0] == "system";
        let schema = &operation.json["responses"]["200"]["content"]["application/json"]["schema"];
        let is_list = schema["type"] == "array" || operation.lists();
        let counted = is_among(if is_list { &lists } else { &singles });
        assert_eq!(counted, !outside, "{name}");
    }
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
