//! A week that is as full as a board has to bear: 1000 missions of 200 people, three asked for each.

use std::cell::Cell;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::bench::http::Http;

/// Its Monday.
pub(super) const MONDAY: &str = "2027-10-04";
const PEOPLE: usize = 200;
const MISSIONS: usize = 1000;
const OF_EACH: usize = 3;
/// Items of a bulk request.
const BULK: usize = 500;

/// Who writes it.
pub(super) struct Planner<'a> {
    pub(super) http: &'a Http,
    pub(super) api: String,
    pub(super) token: String,
}

impl Planner<'_> {
    /// Writes the week into the planner's org.
    pub(super) fn fill(&self) -> Result<()> {
        let users: Vec<String> = (0..PEOPLE).map(|number| self.user(number)).collect::<Result<_>>()?;
        let project = id(&self.post("/projects", &json!({ "name": "Festival de mesure" }))?)?;
        let path = format!("/projects/{project}/missions:bulk_create");
        let mut missions = Vec::new();
        for start in (0..MISSIONS).step_by(BULK) {
            let items: Vec<Value> = (start..start + BULK).map(mission).collect();
            let made = self.post(&path, &json!(items))?;
            let ids = made["ids"].as_array().context("no ids")?.iter();
            missions.extend(ids.filter_map(|id| Some(id.as_str()?.to_owned())));
        }
        let next = Cell::new(0);
        let on = |mission: &String| {
            let user = &users[next.replace(next.get() + 1) % PEOPLE];
            json!({ "mission_id": mission, "user_id": user })
        };
        let all: Vec<Value> =
            missions.iter().flat_map(|mission| std::iter::repeat_n(mission, OF_EACH)).map(on).collect();
        for items in all.chunks(BULK) {
            self.post("/assignments:bulk_create", &json!(items))?;
        }
        Ok(())
    }

    fn user(&self, number: usize) -> Result<String> {
        let user = json!({ "first_name": format!("Prénom{number}"), "last_name": format!("Nom{number}"), "skills": ["son"] });
        id(&self.post("/users", &user)?)
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.http.post(&format!("{}{path}", self.api), Some(&self.token), body)
    }
}

/// Spread evenly over the week, of four hours.
fn mission(number: usize) -> Value {
    let hour = number * 7 * 24 / MISSIONS;
    let at = |hour: usize| format!("2027-10-{:02}T{:02}:00:00+02:00", 4 + hour / 24, hour % 24);
    json!({
        "title": format!("Mission {number}"), "location": "Grande salle",
        "start_at": at(hour), "end_at": at(hour + 4), "roles": [{ "role_name": "son", "quota": OF_EACH }],
    })
}

fn id(object: &Value) -> Result<String> {
    Ok(object["id"].as_str().context("an answer without an id")?.to_owned())
}
