//! The five-minute walk of the README: a project with three calls, a person who is asked for all of them and answers by link.
//! Two instances take turns.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Row;
use super::client::{Answer, Client};

/// What the walk's answers are, in their order: the second call overlaps the first, the third begins when the first ends.
const ANSWERS: [(&str, usize, &str); 4] = [
    ("accept", 0, "200"),
    ("accept", 1, "400 schedule_conflict"),
    ("decline", 1, "200"),
    ("accept", 2, "200"),
];
const STATUSES: [&str; 3] = ["ACCEPTED", "DECLINED", "ACCEPTED"];

pub(super) fn rows(one: &Client, other: &Client) -> Result<Vec<Row>> {
    let project = one.make("/projects", &json!({ "name": "Festival d'automne" }))?;
    let calls = json!([
        { "title": "Montage", "start_at": "2027-10-01T08:00:00+02:00", "end_at": "2027-10-01T12:00:00+02:00",
          "roles": [{ "role_name": "lumiere", "quota": 2 }] },
        { "title": "Balances", "start_at": "2027-10-01T11:00:00+02:00", "end_at": "2027-10-01T13:00:00+02:00", "role": "son" },
        { "title": "Concert", "start_at": "2027-10-01T12:00:00+02:00", "end_at": "2027-10-02T01:00:00+02:00", "role": "lumiere" },
    ]);
    let calls = other.make_all(&format!("/projects/{project}/missions:bulk_create"), &calls)?;
    let person = one.make("/users", &json!({ "name": "Zoé Éclair", "skills": ["lumiere"] }))?;
    let mut links = Vec::new();
    for call in &calls {
        let assignment = other.make("/assignments", &json!({ "mission_id": call, "user_id": person }))?;
        let link = one.expect("POST", "/invitations", &json!({ "assignment_id": assignment }))?;
        let text = |name: &str| link[name].as_str().map(str::to_owned);
        links.push((text("id").context("no id of a link")?, text("token").context("no token")?));
    }
    let mut rows = Vec::new();
    for (number, (what, call, wanted)) in ANSWERS.into_iter().enumerate() {
        let (id, token) = links.get(call).context("a link for each call")?;
        let client = if number % 2 == 0 { one } else { other };
        let answer: Answer =
            client.send("POST", &format!("/invitations/{id}/{what}?token={token}"), &Value::Null)?;
        rows.push(Row {
            tried: format!("walk: {what} call {}", call + 1),
            must_hold: wanted,
            holds: answer.told() == wanted,
            seen: answer.told(),
        });
    }
    for (name, client) in [("one", one), ("the other", other)] {
        let plan = client.get(&format!("/assignments?project_id={project}"))?;
        let plan: Vec<_> =
            plan.as_array().into_iter().flatten().filter_map(|a| a["status"].as_str()).collect();
        rows.push(Row {
            tried: format!("walk: the plan, read from {name} instance"),
            must_hold: "ACCEPTED, DECLINED, ACCEPTED",
            seen: plan.join(", "),
            holds: plan == STATUSES,
        });
    }
    rows.push(moved(one, other, &calls[0])?);
    Ok(rows)
}

/// An accepted call that moves takes its people along, at once and on both instances.
fn moved(one: &Client, other: &Client, call: &str) -> Result<Row> {
    let (start, end) = ("2027-10-01T05:00:00Z", "2027-10-01T09:00:00Z");
    one.expect("PATCH", &format!("/missions/{call}"), &json!({ "start_at": start, "end_at": end }))?;
    let there = other.get(&format!("/assignments?mission_id={call}"))?;
    let seen = |name: &str| there[0][name].as_str().unwrap_or_default().to_owned();
    Ok(Row {
        tried: "walk: call 1 is moved by an hour".into(),
        must_hold: "its assignment has the new time",
        seen: format!("{} to {}", seen("start_at"), seen("end_at")),
        holds: seen("start_at") == start && seen("end_at") == end,
    })
}
