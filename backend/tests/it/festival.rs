//! The main job on real data: both festivals planned through the API, each stage with its technician, who answers by
//! link.

use crate::support::{Kind, NOW, Test};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

const RUNNING_ORDERS: &str = include_str!("../../data/festival-running-orders.csv");

struct Set {
    event: String,
    day: String,
    stage: String,
    act: String,
    start: String,
    end: String,
}

fn sets() -> Vec<Set> {
    let lines = csv::Reader::from_reader(RUNNING_ORDERS.as_bytes()).into_records().map(Result::unwrap);
    lines
        .map(|line| {
            let [event, day, stage, act, start, end] = std::array::from_fn(|i| line[i].to_owned());
            Set { event, day, stage, act, start, end }
        })
        .collect()
}

#[rstest]
#[tokio::test]
async fn both_festivals_are_planned_staffed_and_answered(#[values(Kind::Sqlite, Kind::Postgres)] db: Kind) {
    let test = Test::start(db).await;
    // Before the first of them: what is over is not answered any more.
    let spring: jiff::Timestamp = "2015-05-01T08:00:00Z".parse().expect("an instant");
    let now: jiff::Timestamp = NOW.parse().expect("an instant");
    test.pass_seconds(spring.as_second() - now.as_second());
    let manager = test.manager().await;
    let sets = sets();
    assert_eq!(sets.len(), 225);

    // Two projects, their missions in bulk.
    let mut missions: Vec<(&Set, String)> = Vec::new();
    for event in ["Wacken Open Air 2015", "Hellfest Open Air 2015"] {
        let project = manager.project(event).await;
        let of_event: Vec<&Set> = sets.iter().filter(|set| set.event == event).collect();
        let body: Vec<Json> = of_event
            .iter()
            .map(|set| json!({ "title": set.act, "location": set.stage, "start_at": set.start, "end_at": set.end }))
            .collect();
        let bulk = manager.post(&format!("/projects/{project}/missions:bulk_create"), json!(body)).await.ok();
        assert_eq!(bulk["created"], of_event.len());
        let ids = bulk["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
        missions.extend(of_event.into_iter().zip(ids));
    }
    assert_eq!(missions.len(), 225);

    // One technician a stage, asked for every set on it, answering by link.
    let mut technicians: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for (set, _) in &missions {
        technicians.entry((&set.event, &set.stage)).or_default();
    }
    for ((_, stage), technician) in &mut technicians {
        *technician = manager.user(&format!("Régie {stage}")).await;
    }
    for (set, mission) in &missions {
        let stage = (set.event.as_str(), set.stage.as_str());
        let assignment = manager.assignment(mission, &technicians[&stage]).await;
        let (id, token) = manager.invitation(&assignment).await;
        let answer = test.anonymous().post_empty(&format!("/invitations/{id}/accept?token={token}")).await;
        assert_eq!(answer.ok()["accepted"], true, "{} on {}", set.act, set.stage);
    }
    for technician in technicians.values() {
        let conflicts = manager.get(&format!("/conflicts/user/{technician}")).await.ok();
        assert_eq!(conflicts["conflicts"], json!([]));
    }
    let accepted = manager.get("/assignments?status=ACCEPTED&limit=1000").await.ok();
    assert_eq!(accepted.as_array().unwrap().len(), 225);

    on_two_stages_at_once(&test, &missions, &technicians).await;
    across_midnight(&test, &missions).await;
}

/// Every technician is asked for every set of another stage that runs while their own does, and cannot take one.
async fn on_two_stages_at_once(
    test: &Test,
    missions: &[(&Set, String)],
    technicians: &BTreeMap<(&str, &str), String>,
) {
    let manager = test.manager().await;
    let overlap = |a: &Set, b: &Set| a.start < b.end && b.start < a.end;
    let mut refused = 0;
    for (stage, technician) in technicians {
        let own = |set: &Set| (set.event.as_str(), set.stage.as_str()) == *stage;
        let Some((other, mission)) = missions
            .iter()
            .find(|(set, _)| !own(set) && missions.iter().any(|(mine, _)| own(mine) && overlap(mine, set)))
        else {
            continue;
        };
        let assignment = manager.assignment(mission, technician).await;
        let (id, token) = manager.invitation(&assignment).await;
        let answer = test.anonymous().post_empty(&format!("/invitations/{id}/accept?token={token}")).await;
        let problem = answer.refused(400, "schedule_conflict");
        let clash = problem["conflicts"][0]["mission_title"].as_str().unwrap();
        let mine = missions.iter().any(|(set, _)| own(set) && set.act == clash && overlap(set, other));
        assert!(mine, "{clash} does not clash with {}", other.act);
        assert_eq!(manager.status_of(&assignment).await, "INVITED");
        refused += 1;
    }
    assert!(refused >= 10, "only {refused} stages run at the same time as another");
}

/// A set after midnight keeps its instant, in the API and on the invitation's page.
async fn across_midnight(test: &Test, missions: &[(&Set, String)]) {
    let manager = test.manager().await;
    let mut crossing = 0;
    for (set, mission) in missions {
        if set.end[..10] == set.day {
            continue;
        }
        let shown = manager.get(&format!("/missions/{mission}")).await.ok();
        for (name, published) in [("start_at", &set.start), ("end_at", &set.end)] {
            let shown: jiff::Timestamp = shown[name].as_str().unwrap().parse().unwrap();
            assert_eq!(shown, published.parse().unwrap(), "{name} of {}", set.act);
        }
        crossing += 1;
    }
    assert!(crossing >= 10, "only {crossing} sets end after midnight");
}

#[rstest]
#[tokio::test]
async fn back_to_back_is_fine_and_one_microsecond_more_is_not(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let user = manager.user("Nina Simone").await;
    let mission = async |start: &str, end: &str| {
        let body = json!({ "title": "Set", "start_at": start, "end_at": end });
        manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned()
    };
    let accept = async |mission: &str| {
        let body = json!({ "mission_id": mission, "user_id": user, "status": "ACCEPTED" });
        manager.post("/assignments", body).await
    };
    let first = mission("2015-07-30T22:00:00+02:00", "2015-07-31T00:30:00+02:00").await;
    let next = mission("2015-07-31T00:30:00+02:00", "2015-07-31T02:00:00+02:00").await;
    let early = mission("2015-07-31T00:29:59.999999+02:00", "2015-07-31T00:30:00+02:00").await;
    accept(&first).await.ok();
    accept(&next).await.ok();
    accept(&early).await.refused(400, "schedule_conflict");
}

#[rstest]
#[tokio::test]
async fn a_festival_is_staffed_by_candidates_moved_by_a_day_and_moved_back(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let spring: jiff::Timestamp = "2015-05-01T08:00:00Z".parse().expect("an instant");
    let now: jiff::Timestamp = NOW.parse().expect("an instant");
    test.pass_seconds(spring.as_second() - now.as_second());
    let planner = test.manager().await;
    let project = planner.project("Wacken Open Air 2015").await;
    // As many as one request moves.
    let sets: Vec<Set> =
        sets().into_iter().filter(|set| set.event == "Wacken Open Air 2015").take(200).collect();
    assert!(sets.len() > 50, "{}", sets.len());
    let mission = |set: &Set| {
        json!({
            "title": set.act, "location": set.stage, "start_at": set.start, "end_at": set.end,
            "roles": [{ "role_name": "son", "quota": 1 }],
        })
    };
    let body: Vec<Json> = sets.iter().map(mission).collect();
    let bulk = planner.post(&format!("/projects/{project}/missions:bulk_create"), json!(body)).await.ok();
    let missions: Vec<&str> = bulk["ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    for number in 1..=12 {
        let person = json!({ "name": format!("Sonorisateur {number}"), "skills": ["son"] });
        planner.post("/users", person).await.ok();
    }

    // For each set the best, who is free: nobody is taken twice. Films that run all day come first, as whoever plans does it.
    let length = |set: &Set| {
        let [start, end] = [&set.start, &set.end].map(|at| at.parse::<jiff::Timestamp>().unwrap());
        end.duration_since(start)
    };
    let mut longest_first: Vec<_> = sets.iter().zip(&missions).collect();
    longest_first.sort_by_key(|(set, _)| std::cmp::Reverse(length(set)));
    for (_, mission) in longest_first {
        let best = planner.get(&format!("/missions/{mission}/candidates?limit=1")).await.ok();
        let best = &best["candidates"][0];
        let codes: Vec<_> =
            best["reasons"].as_array().unwrap().iter().map(|one| one["code"].clone()).collect();
        assert!(codes.contains(&json!("free")) && codes.contains(&json!("skilled")), "{best}");
        let assign = json!({
            "type": "assign", "mission_id": mission, "user_id": best["user_id"], "status": "ACCEPTED",
        });
        planner.post("/planning:apply", json!({ "commands": [assign] })).await.ok();
    }
    let window = "from=2015-06-01T00:00:00Z&to=2015-08-01T00:00:00Z";
    let shown = async |planner: &crate::support::Persona<'_>| {
        let mut plan = planner.get(&format!("/planning?{window}")).await.ok();
        assert_eq!(plan["conflicts"], json!([]));
        plan.as_object_mut().unwrap().remove("version");
        for list in ["missions", "assignments"] {
            for one in plan[list].as_array_mut().unwrap() {
                one.as_object_mut().unwrap().remove("updated_at");
            }
        }
        plan
    };
    let before = shown(&planner).await;
    let coverage = planner.get(&format!("/projects/{project}/coverage?by=role")).await.ok();
    assert_eq!((&coverage["total"]["accepted"], &coverage["total"]["open"]), (&json!(sets.len()), &json!(0)));

    // One day later, all of it at once: each set begins where another one of the same person was.
    let day = |instant: &str| {
        let moved = instant.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_hours(24);
        moved.to_string()
    };
    let last_first = sets.iter().zip(&missions).rev();
    let commands: Vec<Json> = last_first
        .map(|(set, mission)| {
            json!({ "type": "move", "mission_id": mission, "start_at": day(&set.start), "end_at": day(&set.end),
                    "override_reason": "all of it moves" })
        })
        .collect();
    let applied = planner.post("/planning:apply", json!({ "commands": commands })).await.ok();
    let after = shown(&planner).await;
    for (was, is) in before["missions"].as_array().unwrap().iter().zip(after["missions"].as_array().unwrap())
    {
        assert_eq!(is["start_at"], day(was["start_at"].as_str().unwrap()));
    }
    assert!(after["assignments"].as_array().unwrap().iter().all(|one| one["needs_confirmation"] == true));
    let undone = planner.post("/planning:undo", json!({ "undo": applied["undo"] })).await.ok();
    assert_eq!(shown(&planner).await, before);
    planner.post("/planning:undo", json!({ "undo": undone["undo"] })).await.ok();
    assert_eq!(shown(&planner).await, after);
}
