//! Quotas, beside a counter that goes through everyone each time.

use super::for_all;
use crate::support::{Kind, Persona, Test};
use proptest::{collection::vec, option, prelude::*};
use rstest::rstest;
use serde_json::{Value as Json, json};

const PEOPLE: usize = 5;
const ROLES: [&str; 3] = ["son", "lumiere", "plateau"];

/// Something a planner does; a person and a role are counted from 0.
#[derive(Debug, Clone)]
enum Act {
    Assign { person: usize, role: Option<usize>, accepted: bool },
    Status { person: usize, to: &'static str },
    Role { person: usize, role: Option<usize> },
    Quota { role: usize, quota: Option<usize> },
    Delete { person: usize },
}

fn act() -> impl Strategy<Value = Act> {
    let (person, role) = (0..PEOPLE, 0..ROLES.len());
    let status = prop::sample::select(vec!["INVITED", "ACCEPTED", "ACCEPTED", "DECLINED", "CANCELLED"]);
    prop_oneof![
        4 => (person.clone(), option::of(role.clone()), any::<bool>())
            .prop_map(|(person, role, accepted)| Act::Assign { person, role, accepted }),
        5 => (person.clone(), status).prop_map(|(person, to)| Act::Status { person, to }),
        1 => (person.clone(), option::of(role.clone())).prop_map(|(person, role)| Act::Role { person, role }),
        2 => (role, option::of(1..4_usize)).prop_map(|(role, quota)| Act::Quota { role, quota }),
        1 => person.prop_map(|person| Act::Delete { person }),
    ]
}

/// One assignment of a person at a time: its id, its role, where it stands.
#[derive(Clone)]
struct Assigned {
    id: String,
    role: Option<usize>,
    status: &'static str,
}

/// What must come of it, reckoned apart.
struct Model {
    quotas: Vec<Option<usize>>,
    people: Vec<Option<Assigned>>,
}

impl Model {
    fn count(&self, role: usize, status: &str) -> usize {
        let assigned = self.people.iter().flatten();
        assigned.filter(|one| one.role == Some(role) && one.status == status).count()
    }

    fn is_full(&self, role: Option<usize>) -> bool {
        let Some(role) = role else { return false };
        self.quotas[role].is_some_and(|quota| self.count(role, "ACCEPTED") >= quota)
    }

    /// The role of the mission that someone takes: the only one by itself.
    fn taken(&self, role: Option<usize>) -> Result<Option<usize>, &'static str> {
        match role {
            Some(role) if role >= self.quotas.len() => Err("unknown_reference"),
            None if self.quotas.len() == 1 => Ok(Some(0)),
            role => Ok(role),
        }
    }
}

const ALLOWED: [(&str, &str); 8] = [
    ("INVITED", "ACCEPTED"),
    ("INVITED", "DECLINED"),
    ("INVITED", "CANCELLED"),
    ("ACCEPTED", "DECLINED"),
    ("ACCEPTED", "CANCELLED"),
    ("DECLINED", "INVITED"),
    ("DECLINED", "ACCEPTED"),
    ("CANCELLED", "INVITED"),
];

/// A mission of its own, its people, and the model of both.
struct Stage<'t> {
    manager: &'t Persona<'t>,
    mission: String,
    people: Vec<String>,
    model: Model,
}

impl Stage<'_> {
    fn roles(&self) -> Json {
        let role = |(name, quota): (&&str, &Option<usize>)| json!({ "role_name": name, "quota": quota });
        ROLES.iter().zip(&self.model.quotas).map(role).collect()
    }

    /// Does it, and gives the code of the refusal, or nothing, beside what it should have been.
    async fn run(&mut self, act: &Act) -> Option<(Option<String>, Option<&'static str>)> {
        let (outcome, wanted) = match *act {
            Act::Assign { person, role, accepted } => {
                // A new one is only made when the person has none: what becomes of the old one is not what this is about.
                let status = if accepted { "ACCEPTED" } else { "INVITED" };
                let body = json!({
                    "mission_id": self.mission, "user_id": self.people[person], "status": status, "role_name": role.map(|role| ROLES[role]),
                });
                if self.model.people[person]
                    .as_ref()
                    .is_some_and(|one| !matches!(one.status, "INVITED" | "ACCEPTED"))
                {
                    return None;
                }
                let outcome = self.manager.post("/assignments", body).await;
                let wanted = match self.model.taken(role) {
                    Err(code) => Some(code),
                    Ok(_) if self.model.people[person].is_some() => Some("already_assigned"),
                    Ok(role) if accepted && self.model.is_full(role) => Some("quota_reached"),
                    Ok(role) => {
                        let id = outcome.json()["id"].as_str().unwrap_or_default().to_owned();
                        self.model.people[person] = Some(Assigned { id, role, status });
                        None
                    }
                };
                (outcome, wanted)
            }
            Act::Status { person, to } => {
                let one = self.model.people[person].clone()?;
                let path = format!("/assignments/{}:status", one.id);
                let outcome = self.manager.post(&path, json!({ "status": to })).await;
                let wanted = if one.status == to {
                    None
                } else if !ALLOWED.contains(&(one.status, to)) {
                    Some("invalid_transition")
                } else if to == "ACCEPTED" && self.model.is_full(one.role) {
                    Some("quota_reached")
                } else {
                    self.model.people[person] = Some(Assigned { status: to, ..one });
                    None
                };
                (outcome, wanted)
            }
            Act::Role { person, role } => {
                let one = self.model.people[person].clone()?;
                let body = json!({ "role_name": role.map(|role| ROLES[role]) });
                let outcome = self.manager.patch(&format!("/assignments/{}", one.id), body).await;
                let wanted = match self.model.taken(role) {
                    Err(code) => Some(code),
                    Ok(role) if role == one.role => None,
                    Ok(role) if one.status == "ACCEPTED" && self.model.is_full(role) => Some("quota_reached"),
                    Ok(role) => {
                        self.model.people[person] = Some(Assigned { role, ..one });
                        None
                    }
                };
                (outcome, wanted)
            }
            Act::Quota { role, quota } => {
                let role = role % self.model.quotas.len();
                let before = std::mem::replace(&mut self.model.quotas[role], quota);
                let path = format!("/missions/{}", self.mission);
                let outcome = self.manager.patch(&path, json!({ "roles": self.roles() })).await;
                let too_low = quota.is_some_and(|quota| quota < self.model.count(role, "ACCEPTED"));
                if too_low {
                    self.model.quotas[role] = before;
                }
                (outcome, too_low.then_some("quota_below_accepted"))
            }
            Act::Delete { person } => {
                let one = self.model.people[person].take()?;
                (self.manager.delete(&format!("/assignments/{}", one.id)).await, None)
            }
        };
        let refused =
            (!outcome.status.is_success()).then(|| outcome.json()["code"].as_str().unwrap().to_owned());
        Some((refused, wanted))
    }

    async fn assert_counts(&self, after: &Act) {
        let shown = self.manager.get(&format!("/missions/{}", self.mission)).await.ok();
        for (role, quota) in self.model.quotas.iter().enumerate() {
            let counted = json!({ "quota": quota, "invited": self.model.count(role, "INVITED"), "accepted": self.model.count(role, "ACCEPTED") });
            let found = &shown["roles"][role];
            let found = json!({ "quota": found["quota"], "invited": found["invited"], "accepted": found["accepted"] });
            assert_eq!(found, counted, "{} after {after:?}", ROLES[role]);
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_quota_lets_in_exactly_as_many_as_a_count_of_everyone_allows(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    let plans = (vec(option::of(1..3_usize), 1..=ROLES.len()), vec(act(), 10..40));
    for_all(12, plans, async |(quotas, acts)| {
        // People of its own: where a case before ended does not matter.
        let mut people = Vec::new();
        for i in 0..PEOPLE {
            people.push(manager.user(&format!("Person {i}")).await);
        }
        let model = Model { quotas, people: vec![None; PEOPLE] };
        let mut stage = Stage { manager: &manager, mission: String::new(), people, model };
        let body = json!({
            "title": "Montage", "start_at": "2026-07-10T08:00:00Z", "end_at": "2026-07-10T12:00:00Z", "roles": stage.roles(),
        });
        stage.mission = manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned();
        for act in &acts {
            let Some((refused, wanted)) = stage.run(act).await else { continue };
            assert_eq!(refused.as_deref(), wanted, "{act:?}");
            stage.assert_counts(act).await;
        }
    });
}
