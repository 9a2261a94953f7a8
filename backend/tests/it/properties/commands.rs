//! What a check of commands says is what carrying them out does.

use super::for_all;
use crate::support::{Kind, NOW, Persona, Test, at};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value as Json, json};

/// A command over three missions and three people: which, and of what.
#[derive(Debug, Clone)]
struct Drawn {
    kind: usize,
    mission: usize,
    user: usize,
    assignment: usize,
    status: &'static str,
    invite: bool,
    hour: i64,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let status = prop::sample::select(vec!["INVITED", "ACCEPTED", "DECLINED", "CANCELLED"]);
    // A status more often: its table has the most ways.
    let kind = prop::sample::select(vec![0, 1, 1, 1, 2, 3, 4, 5, 6, 7]);
    (kind, 0..3_usize, 0..3_usize, 0..4_usize, status, any::<bool>(), 0..6_i64).prop_map(
        |(kind, mission, user, assignment, status, invite, hour)| Drawn {
            kind,
            mission,
            user,
            assignment,
            status,
            invite,
            hour,
        },
    )
}

/// A day of its own, with three missions of two hours that overlap, of which one has a single place.
struct Day {
    start: i64,
    missions: Vec<String>,
    users: Vec<String>,
    assignments: Vec<String>,
}

impl Day {
    async fn of(planner: &Persona<'_>, number: i64, on: &[(usize, usize)]) -> Self {
        let start = number * 86_400;
        let (mut missions, mut users, mut assignments) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..3 {
            let (from, to) = Self::hours(start, i);
            let quota = (i == 0).then_some(1);
            let body = json!({ "title": format!("M{i}"), "start_at": from, "end_at": to, "roles": [{ "role_name": "son", "quota": quota }] });
            missions.push(planner.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned());
            users.push(planner.user(&format!("P{number} {i}")).await);
        }
        let (from, to) = Self::hours(start, 1);
        let away = json!({ "user_id": users[0], "kind": "unavailable", "start_at": from, "end_at": to });
        planner.post("/availabilities", away).await.ok();
        for (mission, user) in on {
            let body = json!({ "mission_id": missions[*mission], "user_id": users[*user] });
            let made = planner.post("/assignments", body).await;
            if made.status == 200 {
                assignments.push(made.ok()["id"].as_str().unwrap().to_owned());
            }
        }
        Self { start, missions, users, assignments }
    }

    fn hours(start: i64, hour: i64) -> (String, String) {
        let from = at(NOW).plus_seconds(start + hour * 3600);
        (from.to_string(), from.plus_seconds(2 * 3600).to_string())
    }

    fn command(&self, drawn: &Drawn) -> Json {
        let Drawn { kind, mission, user, assignment, status, invite, hour } = drawn;
        let (mission, user) = (&self.missions[*mission], &self.users[*user]);
        // One in four is none.
        let there = self.assignments.get(assignment % self.assignments.len().max(1));
        let assignment = there.filter(|_| *assignment < 3).unwrap_or(&self.users[0]);
        let (start_at, end_at) = Self::hours(self.start, *hour);
        match kind {
            0 => {
                json!({ "type": "assign", "mission_id": mission, "user_id": user, "status": status, "invite": invite })
            }
            1 => json!({ "type": "set_status", "assignment_id": assignment, "status": status }),
            2 => {
                json!({ "type": "reassign", "assignment_id": assignment, "user_id": user, "invite": invite })
            }
            3 => json!({ "type": "move", "mission_id": mission, "start_at": start_at, "end_at": end_at }),
            4 => {
                json!({ "type": "copy", "mission_ids": [mission], "shift_days": 1, "with_people": if *invite { "invited" } else { "none" } })
            }
            5 => json!({ "type": "remove", "assignment_id": assignment }),
            6 => json!({ "type": "confirm", "assignment_id": assignment }),
            _ => json!({ "type": "invite", "assignment_ids": [assignment] }),
        }
    }
}

/// Of each command: code, person and sentence of each warning. Ids of what a check made are other ones.
fn warnings(results: &Json) -> Vec<Vec<Json>> {
    let of_one = |one: &Json| {
        let shown = one["warnings"].as_array().expect("warnings").iter();
        let mut shown: Vec<_> =
            shown.map(|one| json!([one["code"], one["user_id"], one["detail"]])).collect();
        shown.sort_by_key(Json::to_string);
        shown
    };
    results.as_array().expect("results").iter().map(of_one).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_says_what_carrying_out_does(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let pairs = prop::collection::vec((0..3_usize, 0..3_usize), 0..4);
    for_all(40, (pairs, prop::collection::vec(drawn(), 1..5)), async |(on, drawn)| {
        let day = Day::of(&planner, 3 + 3 * i64::from(test.number()), &on).await;
        let commands: Vec<_> = drawn.iter().map(|one| day.command(one)).collect();
        let body = json!({ "commands": commands });
        let (from, _) = Day::hours(day.start, 0);
        let (_, to) = Day::hours(day.start, 60);
        let shown = async || planner.get(&format!("/planning?from={from}&to={to}")).await.ok();
        let before = shown().await;
        let verdicts = planner.post("/planning:check", body.clone()).await.ok()["results"].clone();
        let warned = warnings(&verdicts);
        let verdicts: Vec<_> = verdicts.as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
        assert_eq!(shown().await, before, "{body}");
        let applied = planner.post("/planning:apply", body.clone()).await;
        if verdicts.iter().all(Json::is_null) {
            let applied = applied.ok();
            assert_eq!(applied["results"].as_array().map(Vec::len), Some(verdicts.len()));
            assert_eq!(warnings(&applied["results"]), warned, "{body}");
            planner.post("/planning:undo", json!({ "undo": applied["undo"] })).await.ok();
            assert_eq!(shown().await["missions"], before["missions"], "{body}");
            planner.post("/planning:apply", body.clone()).await.ok();
        } else {
            let errors = applied.json()["errors"].clone();
            let codes: Vec<_> = (0..verdicts.len())
                .map(|index| {
                    let of_command = |error: &&Json| {
                        let pointer = error["pointer"].as_str().unwrap_or_default();
                        pointer.split('/').nth(2) == Some(&index.to_string())
                    };
                    errors
                        .as_array()
                        .unwrap()
                        .iter()
                        .find(of_command)
                        .map_or(Json::Null, |error| error["code"].clone())
                })
                .collect();
            let as_said = |(said, done): (&Json, &Json)| {
                // Of a member that is wrong the command has the code of all such mistakes.
                said == done || (said == "validation_failed" && done == "invalid")
            };
            assert!(verdicts.iter().zip(&codes).all(as_said), "{body}: {verdicts:?}, {codes:?}");
            assert_eq!(shown().await, before, "{body}");
        }
        assert_eq!(planner.get("/conflicts").await.ok(), json!([]), "{body}");
    });
}

/// The call that does the same as a command, if there is one: path, body, and whether it is a PATCH.
fn single(command: &Json) -> Option<(String, Json, bool)> {
    let id = |member: &str| command[member].as_str().expect("an id");
    let without = |members: &[&str]| {
        let mut body = command.clone();
        members.iter().for_each(|member| drop(body.as_object_mut().expect("an object").remove(*member)));
        body
    };
    match command["type"].as_str()? {
        "assign" if command["invite"] == false => {
            Some(("/assignments".into(), without(&["type", "invite"]), false))
        }
        "set_status" => Some((
            format!("/assignments/{}:status", id("assignment_id")),
            without(&["type", "assignment_id"]),
            false,
        )),
        "confirm" => Some((format!("/assignments/{}/confirm", id("assignment_id")), json!({}), false)),
        "move" => Some((format!("/missions/{}", id("mission_id")), without(&["type", "mission_id"]), true)),
        "copy" if command["with_people"] == "none" => {
            let mission = command["mission_ids"][0].as_str().expect("an id");
            Some((format!("/missions/{mission}:duplicate"), json!({ "shift_days": 1 }), false))
        }
        "invite" => Some((
            "/invitations:bulk_create".into(),
            json!([{ "assignment_id": command["assignment_ids"][0] }]),
            false,
        )),
        _ => None,
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_may_be_what_its_call_may_be(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let pairs = prop::collection::vec((0..3_usize, 0..3_usize), 1..4);
    for_all(40, (pairs, prop::collection::vec(drawn(), 8..16)), async |(on, drawn)| {
        let day = Day::of(&planner, 3 + 3 * i64::from(test.number()), &on).await;
        for command in drawn.iter().map(|one| day.command(one)) {
            let body = json!({ "commands": [command] });
            let Some((path, alone, patch)) = single(&command) else {
                // So that the next one meets another state.
                planner.post("/planning:apply", body).await;
                continue;
            };
            let verdict = planner.post("/planning:check", body).await.ok()["results"][0].clone();
            let done =
                if patch { planner.patch(&path, alone).await } else { planner.post(&path, alone).await };
            let code = match done.json()["code"].as_str() {
                // What a command names in its body, the call names in its path.
                Some("not_found") => json!("unknown_reference"),
                code => json!(code),
            };
            assert_eq!((&verdict["code"], verdict["ok"] == true), (&code, done.status == 200), "{command}");
            assert_eq!(
                &verdict["conflicts_total"],
                &json!(done.json()["conflicts_total"].as_u64().unwrap_or(0))
            );
        }
    });
}

/// All that a planner sees, without what an undo may change.
async fn everything(planner: &Persona<'_>, day: &Day) -> Json {
    let (from, _) = Day::hours(day.start, -24);
    let (_, to) = Day::hours(day.start, 60);
    let mut plan = planner.get(&format!("/planning?from={from}&to={to}")).await.ok();
    plan["all_assignments"] = every(planner, "/assignments?limit=200").await;
    plan["all_invitations"] = every(planner, "/invitations?limit=200").await;
    forget(&mut plan);
    plan
}

async fn every(planner: &Persona<'_>, path: &str) -> Json {
    let mut all = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = planner.get(&path).await;
        all.extend(page.ok().as_array().expect("a list").clone());
        next = page.next_page();
    }
    // Two that were changed at one instant have no order of their own.
    all.sort_by_key(|one| one["id"].as_str().map(str::to_owned));
    Json::Array(all)
}

fn forget(value: &mut Json) {
    match value {
        Json::Object(members) => {
            for changing in ["version", "updated_at"] {
                members.remove(changing);
            }
            members.values_mut().for_each(forget);
        }
        Json::Array(items) => items.iter_mut().for_each(forget),
        _ => {}
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_is_as_it_was(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    let planner = test.manager().await;
    let (admin, outsider) = (test.admin().await, test.other_owner().await);
    let pairs = prop::collection::vec((0..3_usize, 0..3_usize), 0..4);
    let commands = || prop::collection::vec(drawn(), 1..6);
    let between = prop::option::weighted(0.4, drawn());
    for_all(60, (pairs, commands(), commands(), between), async |(on, first, drawn, between)| {
        let day = Day::of(&planner, 3 + 4 * i64::from(test.number()), &on).await;
        // Some history: answers, links, moves with an override.
        for one in first.iter().map(|one| day.command(one)) {
            planner.post("/planning:apply", json!({ "commands": [overriding(one)] })).await;
        }
        let before = everything(&planner, &day).await;
        let mut commands = Vec::new();
        // As many as may be: each is kept if all of them together may.
        for one in drawn.iter().map(|one| overriding(day.command(one))) {
            commands.push(one);
            let body = json!({ "commands": commands });
            let verdicts = planner.post("/planning:check", body).await.ok();
            if verdicts["results"].as_array().unwrap().iter().any(|one| one["ok"] == false) {
                commands.pop();
            }
        }
        if commands.is_empty() {
            return;
        }
        let said = json!(commands).to_string();
        let undo =
            planner.post("/planning:apply", json!({ "commands": commands })).await.ok()["undo"].clone();
        let after = everything(&planner, &day).await;
        for stranger in [&admin, &outsider] {
            let refused = stranger.post("/planning:undo", json!({ "undo": undo })).await;
            refused.refused(404, "unknown_reference");
        }
        if let Some(between) = between {
            admin.post("/planning:apply", json!({ "commands": [overriding(day.command(&between))] })).await;
            let with_it = everything(&planner, &day).await;
            let undone = planner.post("/planning:undo", json!({ "undo": undo })).await;
            if undone.status != 200 {
                assert!([400, 409].contains(&undone.status.as_u16()), "{undone:?}");
                assert_eq!(everything(&planner, &day).await, with_it, "{said}");
            }
            if with_it != after {
                return;
            }
            if undone.status != 200 {
                // It changed nothing that is seen, as a link that is made anew.
                return;
            }
            assert_eq!(everything(&planner, &day).await, before, "{said}");
            return;
        }
        let undone = planner.post("/planning:undo", json!({ "undo": undo })).await.ok();
        assert_eq!(everything(&planner, &day).await, before, "{said}");
        // Once only, unless there was nothing to take back.
        let again = planner.post("/planning:undo", json!({ "undo": undo })).await;
        if before != after {
            again.refused(409, "changed_since");
        }
        let redone = planner.post("/planning:undo", json!({ "undo": undone["undo"] })).await.ok();
        assert_eq!(everything(&planner, &day).await, after, "{said}");
        planner.post("/planning:undo", json!({ "undo": redone["undo"] })).await.ok();
        assert_eq!(everything(&planner, &day).await, before, "{said}");
    });
}

/// So that people are accepted over others.
fn overriding(mut command: Json) -> Json {
    if command["status"] == "ACCEPTED" || command["type"] == "move" {
        command["override_reason"] = json!("knows it");
        command.as_object_mut().expect("an object").remove("invite");
    }
    command
}
