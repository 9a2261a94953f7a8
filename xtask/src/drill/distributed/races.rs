//! What many do at the same moment, half of them through each instance (`backend/tests/it/races.rs`).

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use super::client::Answer;
use super::{Row, Through};

/// Of each way.
const OF_EACH: usize = 40;
const QUOTA: usize = 3;
const PEOPLE: usize = 40;

enum Who {
    Planner,
    Technician,
}

/// Whose request, its method, path and body.
type Request = (Who, &'static str, String, Value);

/// One person, 40 missions at the same time to be asked for, 40 to be put on, and 40 apart that are moved there: by link, by
/// themselves, by the planner, put there, and by moving. 200 requests, one acceptance.
pub(super) fn overlapping_missions(through: &[Through], round: u32) -> Result<Row> {
    use Who::{Planner, Technician};
    let planner = &through[0].planner;
    let me = through[0].technician.get("/auth/me")?;
    let person = me["user_id"].as_str().context("the technician is no user")?.to_owned();
    let project = planner.make("/projects", &json!({ "name": format!("All at once {round}") }))?;
    let day = |day: usize, hour: usize| format!("20{}-07-{:02}T{hour:02}:00:00Z", 30 + round, 1 + day);
    let mission = |title: String, start: String, end: String| json!({ "title": title, "start_at": start, "end_at": end });
    let mut missions: Vec<_> =
        (0..2 * OF_EACH).map(|i| mission(format!("At once {i}"), day(0, 10), day(0, 12))).collect();
    missions.extend(
        (0..OF_EACH)
            .map(|i| mission(format!("Apart {i}"), day(1 + i / 20, i % 20), day(1 + i / 20, i % 20 + 1))),
    );
    let path = format!("/projects/{project}/missions:bulk_create");
    let missions = planner.make_all(&path, &json!(missions))?;
    let put = |mission: &str| json!({ "mission_id": mission, "user_id": person, "status": "ACCEPTED" });
    for mission in &missions[2 * OF_EACH..] {
        planner.make("/assignments", &put(mission))?;
    }
    let mut requests: Vec<Request> = Vec::new();
    for i in 0..OF_EACH {
        let asked = json!({ "mission_id": missions[i], "user_id": person });
        let assignment = planner.make("/assignments", &asked)?;
        let link = planner.expect("POST", "/invitations", &json!({ "assignment_id": assignment }))?;
        let text = |name: &str| link[name].as_str().unwrap_or_default();
        let there = json!({ "start_at": day(0, 11), "end_at": day(0, 12) });
        requests.extend([
            (
                Planner,
                "POST",
                format!("/invitations/{}/accept?token={}", text("id"), text("token")),
                Value::Null,
            ),
            (Technician, "POST", format!("/assignments/{assignment}/accept"), Value::Null),
            (Planner, "POST", format!("/assignments/{assignment}:status"), json!({ "status": "ACCEPTED" })),
            (Planner, "POST", "/assignments".into(), put(&missions[OF_EACH + i])),
            (Planner, "PATCH", format!("/missions/{}", missions[2 * OF_EACH + i]), there),
        ]);
    }
    let number = requests.len();
    let answers = at_once(through, requests)?;
    let mut there = Vec::new();
    for one in through {
        let window = format!("from={}&to={}", day(0, 10), day(0, 12));
        let found = one.planner.get(&format!("/assignments?user_id={person}&status=ACCEPTED&{window}"))?;
        there.push(found.as_array().context("a list")?.len());
    }
    // The same assignment may be accepted several ways.
    let refused = |answer: &Answer| answer.told() == "400 schedule_conflict";
    let expected = answers.iter().all(|answer| answer.status == 200 || refused(answer));
    Ok(Row {
        tried: format!("race {round}: {number} ways into overlapping missions"),
        must_hold: "one is accepted; 400 for the others",
        seen: format!("{there:?} accepted; {}", told(&answers)),
        holds: there.iter().all(|accepted| *accepted == 1) && expected,
    })
}

/// 40 people, three places.
pub(super) fn one_quota(through: &[Through], round: u32) -> Result<Row> {
    let planner = &through[0].planner;
    let mission = json!({
        "title": format!("Quota {round}"), "start_at": "2028-08-01T10:00:00Z", "end_at": "2028-08-01T12:00:00Z",
        "roles": [{ "role_name": "plateau", "quota": QUOTA }],
    });
    let mission = planner.make("/missions", &mission)?;
    let mut requests: Vec<Request> = Vec::new();
    for i in 0..PEOPLE {
        let person = planner.make("/users", &json!({ "name": format!("Racer {round} {i}") }))?;
        let assignment =
            planner.make("/assignments", &json!({ "mission_id": mission, "user_id": person }))?;
        requests.push((
            Who::Planner,
            "POST",
            format!("/assignments/{assignment}:status"),
            json!({ "status": "ACCEPTED" }),
        ));
    }
    let answers = at_once(through, requests)?;
    let accepted = answers.iter().filter(|answer| answer.status == 200).count();
    let expected = answers.iter().all(|answer| answer.status == 200 || answer.told() == "409 quota_reached");
    let role = planner.get(&format!("/missions/{mission}"))?["roles"][0].clone();
    Ok(Row {
        tried: format!("race {round}: {PEOPLE} people for {QUOTA} places"),
        must_hold: "3 are accepted, and counted; 409 for the others",
        seen: format!("{} counted; {}", role["accepted"], told(&answers)),
        holds: accepted == QUOTA && role["accepted"] == QUOTA && expected,
    })
}

/// Sends all at the same moment, in turn through each instance.
fn at_once(through: &[Through], requests: Vec<Request>) -> Result<Vec<Answer>> {
    let start = Barrier::new(requests.len());
    thread::scope(|scope| {
        let senders: Vec<_> = (requests.into_iter().zip(through.iter().cycle()))
            .map(|((who, method, path, body), through)| {
                let start = &start;
                let client = match who {
                    Who::Planner => &through.planner,
                    Who::Technician => &through.technician,
                };
                scope.spawn(move || {
                    start.wait();
                    client.send(method, &path, &body)
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().map_err(|_| anyhow!("a sender panicked"))?).collect()
    })
}

/// How many answers there were of each kind.
fn told(answers: &[Answer]) -> String {
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for answer in answers {
        *kinds.entry(answer.told()).or_default() += 1;
    }
    kinds.iter().map(|(kind, times)| format!("{times} × {kind}")).collect::<Vec<_>>().join(", ")
}
