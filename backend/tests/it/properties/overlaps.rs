//! Double booking and conflicts, beside a loop over every pair.

use super::for_all;
use crate::support::{Kind, Outcome, Persona, Test};
use proptest::{collection::vec, prelude::*};
use rstest::rstest;
use serde_json::{Value as Json, json};

const MISSIONS: usize = 7;

/// Hours of one day: first, and first after.
type Hours = (i64, i64);

/// Something a planner does with the assignments of one person; a mission is counted from 0.
#[derive(Debug, Clone)]
enum Act {
    Accept { mission: usize, reason: bool },
    Decline { mission: usize },
    Move { mission: usize, to: Hours, reason: bool },
}

fn hours() -> impl Strategy<Value = Hours> {
    (0..12_i64, 1..6_i64).prop_map(|(from, lasts)| (from, from + lasts))
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0..MISSIONS, any::<bool>()).prop_map(|(mission, reason)| Act::Accept { mission, reason }),
        1 => (0..MISSIONS).prop_map(|mission| Act::Decline { mission }),
        2 => (0..MISSIONS, hours(), any::<bool>()).prop_map(|(mission, to, reason)| Act::Move { mission, to, reason }),
    ]
}

fn instant(hour: i64) -> String {
    format!("2026-07-10T{hour:02}:00:00Z")
}

fn period((from, to): Hours) -> Json {
    json!({ "start_at": instant(from), "end_at": instant(to) })
}

/// One mission, the person's assignment to it, and what must be true of them.
struct Call {
    mission: String,
    assignment: String,
    hours: Hours,
    accepted: bool,
}

/// The calls of one person.
struct Stage<'t> {
    manager: &'t Persona<'t>,
    user: String,
    calls: Vec<Call>,
}

impl<'t> Stage<'t> {
    async fn set(manager: &'t Persona<'t>, all: &[Hours]) -> Self {
        let user = manager.user("Nina Simone").await;
        let mut calls = Vec::new();
        for hours in all {
            let mut body = period(*hours);
            body["title"] = json!("Appel");
            let mission = manager.post("/missions", body).await.ok()["id"].as_str().unwrap().to_owned();
            let assignment = manager.assignment(&mission, &user).await;
            calls.push(Call { mission, assignment, hours: *hours, accepted: false });
        }
        Self { manager, user, calls }
    }

    /// Whether the person, accepted for `hours` by this call, would be needed twice.
    fn clashes(&self, call: usize, hours: Hours) -> bool {
        let others = self.calls.iter().enumerate().filter(|(other, one)| *other != call && one.accepted);
        others.into_iter().any(|(_, one)| one.hours.0 < hours.1 && hours.0 < one.hours.1)
    }

    async fn status(&self, call: usize, body: Json) -> Outcome {
        self.manager.post(&format!("/assignments/{}:status", self.calls[call].assignment), body).await
    }

    /// Does it, and says whether it had to be refused.
    async fn run(&mut self, act: &Act) -> (Outcome, bool) {
        match *act {
            Act::Accept { mission, reason } => {
                let call = &self.calls[mission];
                let refuse = !reason && !call.accepted && self.clashes(mission, call.hours);
                let mut body = json!({ "status": "ACCEPTED" });
                if reason {
                    body["override_reason"] = json!("renfort");
                }
                let outcome = self.status(mission, body).await;
                self.calls[mission].accepted |= !refuse;
                (outcome, refuse)
            }
            Act::Decline { mission } => {
                self.calls[mission].accepted = false;
                (self.status(mission, json!({ "status": "DECLINED" })).await, false)
            }
            Act::Move { mission, to, reason } => {
                let call = &self.calls[mission];
                let refuse = !reason && call.accepted && to != call.hours && self.clashes(mission, to);
                let mut body = period(to);
                if reason {
                    body["override_reason"] = json!("renfort");
                }
                let outcome = self.manager.patch(&format!("/missions/{}", call.mission), body).await;
                if !refuse {
                    self.calls[mission].hours = to;
                }
                (outcome, refuse)
            }
        }
    }

    /// Every pair that overlaps, in the order of the list.
    fn wanted(&self) -> Vec<(String, String, String, String)> {
        let accepted = || self.calls.iter().filter(|call| call.accepted);
        let key = |call: &Call| (call.hours.0, call.assignment.clone());
        let mut pairs = Vec::new();
        for a in accepted() {
            for b in accepted().filter(|b| key(a) < key(b) && b.hours.0 < a.hours.1) {
                pairs.push((key(b), key(a), b.hours.0, a.hours.1.min(b.hours.1)));
            }
        }
        pairs.sort();
        pairs.into_iter().map(|(b, a, from, to)| (a.1, b.1, instant(from), instant(to))).collect()
    }

    async fn assert_conflicts(&self, after: &Act) {
        let shown = self.manager.get(&format!("/conflicts/user/{}", self.user)).await.ok();
        assert_eq!(pairs(&shown["conflicts"]), self.wanted(), "after {after:?}");
    }

    /// The same by the list of the whole org, page by page.
    async fn assert_pages(&self) {
        let mut found = Vec::new();
        let mut next = Some("/conflicts?limit=3".to_owned());
        while let Some(path) = next {
            let page = self.manager.get(&path).await;
            let own = page
                .ok()
                .as_array()
                .unwrap()
                .iter()
                .filter(|pair| pair["user_id"] == self.user)
                .cloned()
                .collect();
            found.extend(pairs(&Json::Array(own)));
            next = page.next_page();
        }
        assert_eq!(found, self.wanted());
    }
}

fn pairs(shown: &Json) -> Vec<(String, String, String, String)> {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let pair = |pair: &Json| {
        assert_eq!(pair["override_reason"], "renfort");
        (text(&pair["a1"]), text(&pair["a2"]), text(&pair["overlap_start"]), text(&pair["overlap_end"]))
    };
    shown.as_array().unwrap().iter().map(pair).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn exactly_the_pairs_that_overlap_are_refused_or_listed(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    let test = Test::start(db).await;
    let manager = test.manager().await;
    for_all(20, (vec(hours(), MISSIONS), vec(act(), 10..40)), async |(all, acts)| {
        let mut stage = Stage::set(&manager, &all).await;
        for act in &acts {
            let (outcome, refuse) = stage.run(act).await;
            match refuse {
                true => drop(outcome.refused(400, "schedule_conflict")),
                false => drop(outcome.ok()),
            }
            stage.assert_conflicts(act).await;
        }
        stage.assert_pages().await;
    });
}
