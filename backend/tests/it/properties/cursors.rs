//! Pages, while rows come and go between them: what is there all the while is seen exactly once, in order.

use super::for_all;
use crate::operations::{House, declared, lists};
use crate::support::{Kind, NOW, Outcome, Persona, Test, at};
use coulisses::http::MAX_URI_BYTES;
use proptest::{collection::vec, prelude::*};
use rstest::rstest;
use serde_json::{Value as Json, json};
use std::{
    cell::Cell,
    collections::{HashSet, VecDeque},
};

/// What happens between two pages.
#[derive(Debug, Clone, Copy)]
enum Event {
    Come,
    /// The row that was seen last: the one that the cursor names.
    GoLast,
    /// Any row.
    Go(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![3 => Just(Event::Come), 2 => Just(Event::GoLast), 2 => (0..1000_usize).prop_map(Event::Go)]
}

/// Makes and removes rows of every list.
struct World<'t> {
    test: &'t Test,
    owner: Persona<'t>,
    made: Cell<i64>,
}

impl World<'_> {
    /// An hour that no other row has; later ones come before and after earlier ones.
    fn hour(&self) -> Json {
        let number = self.made.replace(self.made.get() + 1);
        assert!(number < 5000, "hours are distinct up to here");
        let hour = number * 1237 % 5000;
        self.test.clock.set(at(NOW).plus_seconds(hour));
        let start = at("2027-01-01T00:00:00Z").plus_seconds(hour * 3600);
        json!({ "start_at": start, "end_at": start.plus_seconds(3600) })
    }

    async fn post(&self, path: &str, mut period: Json, more: Json) -> String {
        period.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.owner.post(path, period).await.ok()["id"].as_str().unwrap().to_owned()
    }

    /// Someone on a new mission.
    async fn assign(&self, period: &Json, user: &str, more: Json) -> String {
        let mission = self.post("/missions", period.clone(), json!({ "title": "Montage" })).await;
        self.post("/assignments", more, json!({ "mission_id": mission, "user_id": user })).await
    }

    async fn come(&self, list: &str) {
        let (period, number) = (self.hour(), self.made.get());
        let user = self.test.tech_user.to_string();
        match list {
            "/projects" | "/audit" => drop(self.owner.project(&long_name("Projet", number)).await),
            "/missions" => drop(self.post(list, period, json!({ "title": "Montage" })).await),
            "/users" => drop(self.owner.user(&long_name("Personne", number * 7 % 11)).await),
            "/orgs/members" => {
                let role = ["tech", "manager", "admin"][usize::try_from(number % 3).unwrap()];
                let email = format!("{}{number}@rideau.example", "é".repeat(200));
                drop(self.owner.post(list, json!({ "email": email, "role": role })).await.ok());
            }
            "/auth/sessions" => drop(self.test.owner().await),
            "/assignments" => drop(self.assign(&period, &user, json!({})).await),
            "/activity" => drop(self.assign(&period, &user, json!({ "status": "ACCEPTED" })).await),
            "/invitations" => {
                let assignment = self.assign(&period, &user, json!({})).await;
                self.owner.invitation(&assignment).await;
            }
            "/mails" => {
                let assignment = self.assign(&period, &user, json!({})).await;
                let (invitation, _) = self.owner.invitation(&assignment).await;
                let org = self.test.org.to_string();
                self.test.queue_mail(&org, &invitation, &user, "nina@rideau.example").await;
            }
            "/availabilities" | "/availability" => {
                drop(self.post(list, period, json!({ "user_id": user })).await)
            }
            "/conflicts" | "/conflicts/user/{uid}" => {
                let person = if list == "/conflicts" { self.owner.user("Nina Simone").await } else { user };
                self.assign(&period, &person, json!({ "status": "ACCEPTED" })).await;
                let both = json!({ "status": "ACCEPTED", "override_reason": "both" });
                self.assign(&period, &person, both).await;
            }
            "/users/{id}/calendar" if number % 2 == 0 => {
                drop(self.assign(&period, &user, json!({ "status": "ACCEPTED" })).await)
            }
            "/users/{id}/calendar" => {
                let id = self.post("/availabilities", period, json!({ "user_id": user })).await;
                self.owner.post_empty(&format!("/availabilities/{id}:approve")).await.ok();
            }
            // As is declared.
            other => {
                let mut house = House::of_tech(self.test, &self.owner);
                let call = declared().iter().find(|one| one.name() == format!("POST /api/v1{other}"));
                house.id(call.and_then(|call| call.declared.makes).expect("a list of what is made")).await;
            }
        }
    }

    /// Whether the row could go: what was done stays in the log, what was mailed is kept, and the session that asks stays, too.
    async fn go(&self, list: &str, row: &Json) -> bool {
        let id = |member: &str| row[member].as_str().unwrap_or_default().to_owned();
        let cancel = async |assignment: String| {
            self.owner
                .post(&format!("/assignments/{assignment}:status"), json!({ "status": "CANCELLED" }))
                .await
        };
        let gone: Outcome = match list {
            "/audit" | "/activity" | "/mails" => return false,
            "/auth/sessions" if row["current"] == true => return false,
            "/invitations" => self.owner.delete(&format!("/assignments/{}", id("assignment_id"))).await,
            "/conflicts" | "/conflicts/user/{uid}" => cancel(id("a2")).await,
            "/orgs/members" if row["role"] == "owner" => return false,
            "/orgs/members" => self.owner.delete(&format!("{list}/{}", id("account_id"))).await,
            "/users" if row["account_id"].is_string() => return false,
            "/users/{id}/calendar" if row["kind"] == "mission" => cancel(id("id")).await,
            "/users/{id}/calendar" => self.owner.delete(&format!("/availabilities/{}", id("id"))).await,
            _ => self.owner.delete(&format!("{list}/{}", id("id"))).await,
        };
        // Missions and people that another list's rows hang on stay.
        if matches!((list, gone.status.as_u16()), ("/missions" | "/users", 409)) {
            return false;
        }
        gone.ok();
        true
    }

    fn path(&self, list: &str, limit: usize) -> String {
        let more = if list.ends_with("/calendar") { "&include=missions" } else { "" };
        let user = self.test.tech_user.to_string();
        format!("{}?limit={limit}{more}", list.replace("{id}", &user).replace("{uid}", &user))
    }

    async fn walk(&self, list: &str, limit: usize, events: Vec<Event>) {
        let before = rows(&self.owner.get(&self.path(list, 1000)).await.ok());
        let (mut events, mut gone, mut seen) = (VecDeque::from(events), HashSet::new(), Vec::new());
        let mut path = Some(self.path(list, limit));
        while let Some(here) = path {
            let page = self.owner.get(&here).await;
            let rows = rows(&page.ok());
            assert!(rows.len() <= limit, "{here}");
            assert!(seen.len() <= before.len() + 100, "{list} by {limit} does not end: {seen:#?}");
            seen.extend(rows.iter().map(key));
            path = page.next_page();
            assert!(path.as_ref().is_none_or(|path| path.len() <= MAX_URI_BYTES), "{path:?}");
            let going = match events.pop_front() {
                Some(Event::Come) => {
                    self.come(list).await;
                    None
                }
                Some(Event::GoLast) => before.iter().find(|row| Some(&key(row)) == seen.last()),
                Some(Event::Go(which)) => before.get(which % before.len()),
                None => None,
            };
            if let Some(row) = going.filter(|row| !gone.contains(&key(row)))
                && self.go(list, row).await
            {
                gone.insert(key(row));
            }
        }
        let once: HashSet<_> = seen.iter().collect();
        assert_eq!(once.len(), seen.len(), "{list}: every row once: {seen:#?}");
        let there: Vec<_> = before.iter().map(key).filter(|key| !gone.contains(key)).collect();
        let all_the_while: HashSet<_> = there.iter().collect();
        let seen: Vec<_> = seen.iter().filter(|key| all_the_while.contains(key)).collect();
        assert_eq!(seen, there.iter().collect::<Vec<_>>(), "{list} by {limit}");
    }
}

/// What tells a row from the others.
fn key(row: &Json) -> String {
    // Of members their login, which people have, too.
    let names = if row["id"].is_string() { &["id"][..] } else { &["a1", "a2", "account_id"] };
    names.iter().map(|name| row[name].as_str().unwrap_or_default()).collect()
}

/// The rows of a list, also where they are a member of an object.
fn rows(list: &Json) -> Vec<Json> {
    let array = ["members", "conflicts"].iter().find_map(|name| list.get(name)).unwrap_or(list);
    array.as_array().unwrap().clone()
}

/// As long as a name may be; each letter folds to eighteen.
fn long_name(what: &str, number: i64) -> String {
    let start = if number % 2 == 0 { String::new() } else { format!("{what} {number} ") };
    let end = format!(" {number}");
    let room = 200 - start.chars().count() - end.chars().count();
    format!("{start}{}{end}", "\u{fdfa}".repeat(room))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_there_all_the_while_is_seen_once_and_in_order(
    #[values(Kind::Sqlite, Kind::Postgres)] db: Kind,
) {
    // The clock wanders further than a token lasts by default.
    let test = Test::start_with(db, &[("ACCESS_TOKEN_MINUTES", "1440")]).await;
    let world = World { test: &test, owner: test.owner().await, made: Cell::new(0) };
    for list in lists() {
        for_all(3, (3..8_usize, 1..4_usize, vec(event(), 3..8)), async |(rows, limit, events)| {
            for _ in 0..rows {
                world.come(list).await;
            }
            world.walk(list, limit, events).await;
        });
    }
}
